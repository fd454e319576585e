// SPDX-License-Identifier: GPL-2.0-only
/* One writer, whoever else looks. */
#include "lock.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *database(void)
{
	return unit_path("kith.db");
}

static pid_t start(void (*run)(void))
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (!pid) {
		run();
		_exit(0);
	}
	return pid;
}

static void stop(pid_t pid)
{
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(one_holder)
{
	int first, second;

	ck_assert_int_eq(lock_holder(database()), 0);
	first = lock_take(database());
	ck_assert_int_ge(first, 0);
	ck_assert_int_eq(lock_holder(database()), getpid());
	ck_assert_int_eq(lock_take(database()), -EBUSY);
	ck_assert_int_eq(lock_holder(database()), getpid());
	close(first);
	ck_assert_int_eq(lock_holder(database()), 0);
	second = lock_take(database());
	ck_assert_int_ge(second, 0);
	close(second);
}
END_TEST

static void hold(void)
{
	if (lock_take(database()) < 0)
		_exit(1);
	for (;;)
		pause();
}

START_TEST(a_holder_that_is_killed)
{
	pid_t pid = start(hold), holder;
	int lock;

	while (!(holder = lock_holder(database())) || holder == -EIO)
		usleep(1000);
	ck_assert_int_eq(holder, pid);
	ck_assert_int_eq(lock_take(database()), -EBUSY);
	stop(pid);
	ck_assert_int_eq(lock_holder(database()), 0);
	lock = lock_take(database());
	ck_assert_int_ge(lock, 0);
	close(lock);
}
END_TEST

/* A shorter pid leaves nothing of a longer one. */
START_TEST(an_old_file)
{
	char path[PATH_MAX];
	FILE *file;
	int lock;

	snprintf(path, sizeof(path), "%s.lock", database());
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs("99999999999\nand more\n", file);
	fclose(file);
	ck_assert_int_eq(lock_holder(database()), 0);
	lock = lock_take(database());
	ck_assert_int_ge(lock, 0);
	ck_assert_int_eq(lock_holder(database()), getpid());
	close(lock);
}
END_TEST

static void look(void)
{
	for (;;)
		lock_holder(database());
}

/* kith status looks who holds it: a daemon that starts then must not be refused. */
START_TEST(looking_does_not_lock)
{
	pid_t pids[2] = { start(look), start(look) };
	int i, refused = 0;

	for (i = 0; i < 20000; i++) {
		int lock = lock_take(database());

		refused += lock < 0;
		close(lock);
	}
	stop(pids[0]);
	stop(pids[1]);
	ck_assert_int_eq(refused, 0);
}
END_TEST

START_TEST(a_symbolic_link)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s.lock", database());
	ck_assert_int_eq(symlink(unit_path("victim"), path), 0);
	ck_assert_int_eq(lock_take(database()), -ELOOP);
	ck_assert_int_ne(access(unit_path("victim"), F_OK), 0);
	ck_assert_int_eq(lock_holder(database()), -ELOOP);
}
END_TEST

START_TEST(no_directory)
{
	ck_assert_int_eq(lock_take(unit_path("nowhere/kith.db")), -ENOENT);
	ck_assert_int_eq(lock_holder(unit_path("nowhere/kith.db")), 0);
}
END_TEST

START_TEST(a_long_path)
{
	char path[PATH_MAX + 10];

	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[PATH_MAX - 2] = '\0';
	ck_assert_int_eq(lock_take(path), -ENAMETOOLONG);
	ck_assert_int_eq(lock_holder(path), -ENAMETOOLONG);
}
END_TEST

/* It is for whom the database is for. */
START_TEST(mode)
{
	char path[PATH_MAX];
	struct stat status;
	int lock;

	umask(0);
	lock = lock_take(database());
	snprintf(path, sizeof(path), "%s.lock", database());
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq(status.st_mode & 0777, 0640);
	ck_assert_int_eq(fcntl(lock, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	close(lock);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lock");

	unit_add(suite, one_holder);
	unit_add(suite, a_holder_that_is_killed);
	unit_add(suite, an_old_file);
	unit_add(suite, looking_does_not_lock);
	unit_add(suite, a_symbolic_link);
	unit_add(suite, no_directory);
	unit_add(suite, a_long_path);
	unit_add(suite, mode);
	return unit_run(suite);
}
