// SPDX-License-Identifier: GPL-2.0-only
/* The file that was executed, and all that may stand in its place. */
#include "locate.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct locator locator;
static struct message asked;
static struct stat status;
static enum why why;
static bool at_path;

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return locate_ns(time);
}

/* The file of this name is what was executed just now. */
static void begin(const char *path)
{
	locator_init(&locator);
	ck_assert_int_eq(stat(path, &status), 0);
	asked = (struct message){
		.inode = status.st_ino,
		.device = (uint32_t)(major(status.st_dev) << 20 | minor(status.st_dev)),
		.ts = now() + 20000000, /* the clock of ctime goes in ticks */
	};
}

static int find(const char *path)
{
	return locate(&locator, &asked, (struct slice){ path, strlen(path) }, &status,
		      &why, &at_path);
}

static const char *make(const char *name)
{
	const char *path = unit_path(name);
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs("abc", file);
	fclose(file);
	return path;
}

/* A process that runs a copy of sleep(1), which has the name @name. */
static pid_t run(const char *name)
{
	const char *path = unit_path(name);
	char command[256];
	pid_t pid;

	snprintf(command, sizeof(command), "cp /bin/sleep %s", path);
	ck_assert_int_eq(system(command), 0);
	pid = fork();
	if (!pid) {
		execl(path, path, "60", NULL);
		_exit(1);
	}
	/* until it has executed that */
	for (;;) {
		char link[64], target[512];
		ssize_t size;

		snprintf(link, sizeof(link), "/proc/%d/exe", pid);
		size = readlink(link, target, sizeof(target) - 1);
		if (size > 0 && !strncmp(target, path, (size_t)size))
			return pid;
		usleep(1000);
	}
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	locator_clear(&locator);
}

START_TEST(by_its_path)
{
	const char *path = make("file");
	char text[4] = "";
	int file;

	begin(path);
	file = find(path);
	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(why, WHY_NOTHING);
	ck_assert_int_eq(read(file, text, 3), 3);
	ck_assert_str_eq(text, "abc");
	ck_assert(at_path);
	close(file);
	locator_clear(&locator);
}
END_TEST

START_TEST(gone)
{
	const char *path = make("file");

	begin(path);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_lt(find(path), 0);
	ck_assert_int_eq(why, WHY_GONE);
	locator_clear(&locator);
}
END_TEST

/* As whose file it is known: by its path from the root of the machine, or not at all. */
START_TEST(at_its_path)
{
	const char *path = make("file"), *kept = unit_path("kept");

	begin(path);
	ck_assert(locate_is_at(&locator, &asked, path));
	ck_assert(!locate_is_at(&locator, &asked, "/bin/true"));
	ck_assert(!locate_is_at(&locator, &asked, "/nowhere"));
	ck_assert_int_eq(rename(path, kept), 0);
	ck_assert(!locate_is_at(&locator, &asked, path));
	make("file");
	ck_assert(!locate_is_at(&locator, &asked, path));
	locator_clear(&locator);
}
END_TEST

static uint32_t entered;
static bool may_enter;

static bool enter(void *context, uint32_t device)
{
	ck_assert_ptr_eq(context, &locator);
	entered = device;
	return may_enter;
}

/* Whoever answers for the walk learns where it is, and can end it there. */
START_TEST(where_it_goes)
{
	const char *path = make("file");
	int file;

	begin(path);
	locator.enter = enter;
	locator.context = &locator;
	may_enter = true;
	file = find(path);
	ck_assert_int_ge(file, 0);
	ck_assert_uint_eq(entered, asked.device);
	close(file);
	may_enter = false;
	ck_assert_int_lt(find(path), 0);
	ck_assert_int_eq(why, WHY_SLOW);
	ck_assert(!locate_is_at(&locator, &asked, path));
	locator_clear(&locator);
}
END_TEST

/* Just before: by its coarse clock that may have been after. */
START_TEST(changed_close_before)
{
	const char *path = make("file");
	int file;

	begin(path);
	asked.ts = locate_ns(status.st_ctim) + 19000000;
	file = find(path);
	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(why, WHY_CLOSE);
	close(file);
	locator_clear(&locator);
}
END_TEST

/* The inode of a file on another device: that of a disk, then one without a disk. */
START_TEST(on_another_device)
{
	const char *path = make("file");

	begin(path);
	asked.device = _i ? 77 : 77 << 20;
	ck_assert_int_lt(find(path), 0);
	ck_assert_int_eq(why, WHY_REPLACED);
	locator_clear(&locator);
}
END_TEST

/* Written to, or only of another mode: nobody has kept it from being written to. */
START_TEST(changed_since)
{
	const char *path = make("file");

	begin(path);
	usleep(50000);
	if (_i)
		ck_assert_int_eq(chmod(path, 0755), 0);
	else
		make("file");
	ck_assert_int_lt(find(path), 0);
	ck_assert_int_eq(why, WHY_CHANGED);
	locator_clear(&locator);
}
END_TEST

/* Another file, a link to another, a FIFO, a device, a directory, a socket's place. */
START_TEST(something_else_in_its_place)
{
	const char *path = make("file"), *kept = unit_path("kept");
	struct stat before;
	time_t begun = time(NULL);

	begin(path);
	ck_assert_int_eq(rename(path, kept), 0);
	switch (_i) {
	case 0:
		make("file");
		break;
	case 1:
		ck_assert_int_eq(symlink("/etc/passwd", path), 0);
		break;
	case 2:
		ck_assert_int_eq(mkfifo(path, 0600), 0);
		break;
	case 3:
		ck_assert_int_eq(symlink("/dev/zero", path), 0);
		break;
	default:
		ck_assert_int_eq(mkdir(path, 0700), 0);
	}
	ck_assert_int_eq(lstat(path, &before), 0);
	ck_assert_int_lt(find(path), 0);
	ck_assert_int_eq(why, WHY_REPLACED);
	ck_assert_int_le(time(NULL) - begun, 5);
	locator_clear(&locator);
}
END_TEST

/* A link to the very file is the file. */
START_TEST(moved_behind_a_link)
{
	const char *path = make("file"), *kept = unit_path("kept");

	begin(path);
	ck_assert_int_eq(rename(path, kept), 0);
	ck_assert_int_eq(symlink(kept, path), 0);
	asked.ts += 60000000000; /* renaming is a change */
	ck_assert_int_ge(find(path), 0);
	ck_assert_int_eq(why, WHY_NOTHING);
}
END_TEST

START_TEST(deleted_while_it_runs)
{
	pid_t pid = run("sleeps");
	char digest[4] = "";
	int file;

	begin(unit_path("sleeps"));
	asked.pid = (uint32_t)pid;
	asked.flags = MESSAGE_NAMELESS;
	usleep(50000);
	ck_assert_int_eq(unlink(unit_path("sleeps")), 0);
	ck_assert_int_lt(find(" (deleted)"), 0);
	ck_assert_int_eq(why, WHY_CHANGED);
	asked.ts = now() + 20000000; /* it was executed once more, then */
	file = find(" (deleted)");
	ck_assert_int_ge(file, 0);
	ck_assert(!at_path);
	ck_assert_int_eq(why, WHY_NOTHING);
	ck_assert_int_eq(read(file, digest, 4), 4);
	ck_assert_mem_eq(digest, "\177ELF", 4);
	close(file);
	end(pid);
	ck_assert_int_lt(find(" (deleted)"), 0);
	ck_assert_int_eq(why, WHY_GONE);
}
END_TEST

/* What is in memory keeps its times when a mapping writes to it. */
START_TEST(in_memory)
{
	int from = open("/bin/sleep", O_RDONLY | O_CLOEXEC);
	int memory = memfd_create("sleeps", MFD_CLOEXEC), file;
	char *const argv[] = { "sleeps", "60", NULL }, *const envp[] = { NULL };
	char path[64];
	pid_t pid;

	ck_assert_int_gt((int)sendfile(memory, from, NULL, 16 << 20), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", memory);
	pid = fork();
	if (!pid) {
		int copy = open(path, O_RDONLY | O_CLOEXEC);

		close(memory);
		usleep(100000);
		fexecve(copy, argv, envp);
		_exit(1);
	}
	close(from);
	begin(path);
	close(memory);
	usleep(500000);
	asked.pid = (uint32_t)pid;
	asked.flags = MESSAGE_NAMELESS;
	file = find("");
	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(why, WHY_TIMELESS);
	close(file);
	end(pid);
}
END_TEST

/* It runs something else by now: what was executed is where it was. */
START_TEST(executes_another)
{
	const char *path = make("file");
	pid_t pid = run("sleeps");
	int file;

	begin(path);
	asked.pid = (uint32_t)pid;
	file = find(path);
	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(status.st_size, 3);
	close(file);
	end(pid);
}
END_TEST

/* What is found running may have been changed since; then that is said. */
START_TEST(found_running)
{
	pid_t pid = run("sleeps");
	int file;

	begin(unit_path("sleeps"));
	asked.pid = (uint32_t)pid;
	asked.flags = MESSAGE_FOUND;
	asked.ts = now() - 60000000000;
	file = find(unit_path("sleeps"));
	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(why, WHY_FOUND);
	close(file);
	end(pid);
}
END_TEST

/* Of a mount namespace that nobody lives in any more nothing is looked for in ours. */
START_TEST(in_a_namespace_that_is_gone)
{
	const char *path = make("file");

	begin(path);
	if (!locator.mntns) { /* then all is taken for ours */
		locator_clear(&locator);
		return;
	}
	asked.mntns = 1;
	asked.pid = 1;
	ck_assert_int_lt(find(path), 0);
	ck_assert_int_eq(why, WHY_GONE);
	locator_clear(&locator);
}
END_TEST

/* No link leads out of a root, and none is followed where none is to be. */
START_TEST(stays_below)
{
	int root;

	locator_init(&locator);
	ck_assert_int_eq(mkdir(unit_path("root"), 0700), 0);
	ck_assert_int_eq(symlink("/etc/passwd", unit_path("root/link")), 0);
	make("root/file");
	ck_assert_int_eq(symlink("file", unit_path("root/near")), 0);
	root = open(unit_path("root"), O_PATH | O_DIRECTORY);
	ck_assert_int_eq(locate_open(root, "link", LOCATE_LINKS, &status), -ENOENT);
	ck_assert_int_eq(locate_open(root, "../../../etc/passwd", LOCATE_LINKS, &status),
			 -ENOENT);
	ck_assert_int_ge(locate_open(root, "near", LOCATE_LINKS, &status), 0);
	ck_assert_int_eq(locate_open(root, "near", 0, &status), -ELOOP);
	locator_clear(&locator);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("locate");

	unit_add(suite, by_its_path);
	unit_add(suite, gone);
	unit_add(suite, at_its_path);
	unit_add(suite, where_it_goes);
	unit_add(suite, changed_close_before);
	unit_add_rows(suite, on_another_device, 2);
	unit_add_rows(suite, changed_since, 2);
	unit_add_rows(suite, something_else_in_its_place, 5);
	unit_add(suite, moved_behind_a_link);
	unit_add(suite, deleted_while_it_runs);
	unit_add(suite, in_memory);
	unit_add(suite, executes_another);
	unit_add(suite, found_running);
	unit_add(suite, in_a_namespace_that_is_gone);
	unit_add(suite, stays_below);
	return unit_run(suite);
}
