// SPDX-License-Identifier: GPL-2.0-only
/* kithd and its helper: what is asked, told and stored, whoever of the two ends. */
#include "names.h"

#include "clock.h"
#include "helper.h"
#include "locate.h"
#include "rig.h"

#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define ABD	"a52d159f262b2c6ddb724a61840befc36eb30c88877a4030b65cbe86298449c9"
#define CHANGED "may have been changed since"
#define ABC	"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static struct rig rig;
static struct names *names;
static uint64_t shell;

/* What happens now happens a minute from now, and so after all that the test makes. */
static void begin(void)
{
	rig_open(&rig);
	rig.offset = clock_wall_ns() - (int64_t)RIG_NOW + 60000000000;
	shell = forge_key(RIG_AT(50), 0);
	ck_assert_int_eq(names_open(&names, rig.store), 0);
	rig.ingest.names = names;
	names_reset(names, rig.store, rig.ingest.last_execution);
}

static void end(void)
{
	rig_close(&rig);
	names_close(names);
}

/* The same, when something is stored already. */
static void begin_again(void)
{
	begin();
	rig_reload(&rig, rig.info.load + 1);
	rig_attach(&rig);
}

static void make(const char *name, const char *text)
{
	FILE *file = fopen(unit_path(name), "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

/* The shell executes the file @name. */
static void execute(const char *name)
{
	const char *path = unit_path(name);
	struct kith_image *image = FORGE_EXEC(&rig.forge, shell, 0, path, "x");
	struct stat status;

	ck_assert_int_eq(stat(path, &status), 0);
	image->inode = status.st_ino;
	image->device = (uint32_t)(major(status.st_dev) << 20 | minor(status.st_dev));
}

static void feed(void)
{
	rig_feed(&rig);
	names_send(names);
}

/* Take what is told, until @sql gives @want; on a busy machine the helper waits for all else. */
static void await(const char *sql, const char *want)
{
	const int64_t until = clock_steady_ms() + 200000;

	for (;;) {
		struct pollfd descriptor = { .fd = names_descriptor(names),
					     .events = POLLIN };
		char *have;
		bool done;

		names_send(names);
		poll(&descriptor, 1, 50);
		ck_assert_int_eq(ingest_names(&rig.ingest), 0);
		rig_commit(&rig);
		have = rig_rows(sql);
		done = !strcmp(have, want);
		free(have);
		if (done)
			return;
		if (clock_steady_ms() > until)
			rig_check(sql, want);
	}
}

/* The only child of @pid, once it has one. */
static pid_t child_of(pid_t pid)
{
	char path[64], text[32] = "";

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	while (!*text) {
		FILE *file = fopen(path, "r");

		ck_assert_ptr_nonnull(file);
		if (!fgets(text, sizeof(text), file))
			usleep(1000);
		fclose(file);
	}
	return (pid_t)strtol(text, NULL, 10);
}

static pid_t worker(void)
{
	return child_of(child_of(getpid()));
}

/* Until it does nothing more, which is not at once. */
static void halt(void)
{
	char path[64], state = '?';

	snprintf(path, sizeof(path), "/proc/%d/stat", worker());
	kill(worker(), SIGSTOP);
	while (state != 'T') {
		FILE *file = fopen(path, "r");

		ck_assert_ptr_nonnull(file);
		ck_assert_int_eq(fscanf(file, "%*d (%*[^)]) %c", &state), 1);
		fclose(file);
	}
}

#define RESULT \
	"SELECT coalesce(exe_sha256, exe_hash_note) FROM execution ORDER BY execution_id"

START_TEST(hashes_of_what_was_executed)
{
	begin();
	make("file", "abc");
	execute("file");
	feed();
	await(RESULT, ABC);
	rig_check("SELECT count(*), sum(exe_sha256 = '" ABC "'), count(exe_hash_note),"
		  " sum(exe_package = '') FROM process",
		  "1|1|0|1");
	rig_check("SELECT Hashes, sha256 FROM sigma_process_creation",
		  "SHA256=" ABC "|" ABC);
	execute("file");
	execute("file");
	feed();
	await(RESULT, ABC "\n" ABC "\n" ABC);
	rig_check("SELECT count(*) FROM hashes WHERE sha256 IS NOT NULL", "1");
	end();
}
END_TEST

/* Who has another root, or may have, can call anything /bin/ls. */
START_TEST(no_package_by_another_root)
{
	struct kith_image *image;
	struct stat status;
	int i;

	begin();
	ck_assert_int_eq(stat("/bin/sh", &status), 0);
	for (i = 0; i < 4; i++) {
		image = FORGE_EXEC(&rig.forge, shell, 0, "/bin/sh", "x");
		image->inode = status.st_ino + (i == 3);
		image->device =
			(uint32_t)(major(status.st_dev) << 20 | minor(status.st_dev));
		if (i == 1)
			image->flags |= KITH_IMAGE_CHROOT;
		if (i == 2)
			image->known &= ~(uint32_t)KITH_KNOWN_ROOT;
	}
	feed();
	await("SELECT exe_package IS NOT NULL, exe_sha256 IS NOT NULL FROM execution"
	      " WHERE exe_sha256 NOT NULL OR exe_hash_note NOT NULL ORDER BY execution_id",
	      "1|1\n0|1\n0|1\n0|0");
	end();
}
END_TEST

START_TEST(no_file_no_hash)
{
	begin();
	FORGE_EXEC(&rig.forge, shell, 0, "/nowhere/at/all", "x");
	feed();
	await(RESULT, "gone");
	end();
}
END_TEST

/* After a restart it is told at once, as it stands in the database. */
START_TEST(hashes_are_known_after_a_restart)
{
	begin();
	make("file", "abc");
	execute("file");
	feed();
	await(RESULT, ABC);
	end();
	rig_write(
		"UPDATE hashes SET sha256 = replace(sha256, 'b', 'c') WHERE sha256 NOT NULL");
	begin_again();
	execute("file");
	feed();
	await("SELECT count(*), count(DISTINCT exe_sha256), min(exe_sha256) = replace('" ABC
	      "', 'b', 'c') FROM execution WHERE exe_sha256 NOT NULL",
	      "2|1|1");
	end();
}
END_TEST

/* What it had not taken yet the next one takes. */
START_TEST(the_worker_dies_before_it_is_asked)
{
	begin();
	make("file", "abc");
	halt();
	execute("file");
	feed();
	kill(worker(), SIGKILL);
	await(RESULT, ABC);
	end();
}
END_TEST

/* What it had taken is lost, and that is said. */
START_TEST(the_worker_dies_at_work)
{
	begin();
	make("file", "abc");
	execute("file");
	feed();
	await(RESULT, ABC);
	make("large", "x");
	ck_assert_int_eq(truncate(unit_path("large"), 255 << 20), 0);
	execute("large");
	feed();
	usleep(500000);
	kill(worker(), SIGKILL);
	await(RESULT, ABC "\nthe helper ended");
	/* and life goes on */
	execute("file");
	feed();
	await("SELECT exe_sha256 FROM execution ORDER BY execution_id DESC LIMIT 1", ABC);
	end();
}
END_TEST

START_TEST(nobody_is_left)
{
	begin();
	kill(child_of(getpid()), SIGKILL);
	make("file", "abc");
	execute("file");
	feed();
	await(RESULT, "the helper ended");
	execute("file");
	feed();
	await(RESULT, "the helper ended\nnot asked");
	ck_assert_int_eq(names_descriptor(names), -1);
	end();
}
END_TEST

START_TEST(kithd_stops)
{
	begin();
	halt();
	make("file", "abc");
	execute("file");
	feed();
	names_stop(names);
	rig_commit(&rig);
	rig_check(RESULT, "kithd stopped");
	end();
}
END_TEST

START_TEST(kithd_is_killed)
{
	begin();
	halt();
	make("file", "abc");
	execute("file");
	feed();
	rig_commit(&rig);
	rig_check(RESULT, "-");
	end();
	begin_again();
	FORGE_EXEC(&rig.forge, shell, 0, "/nowhere", "x");
	feed();
	await(RESULT, "not asked\ngone");
	end();
}
END_TEST

/* Answers to what was rolled back are not for what gets the same numbers. */
START_TEST(what_was_rolled_back)
{
	begin();
	make("file", "abc");
	rig_commit(&rig);
	halt();
	execute("file");
	feed();
	ck_assert_int_eq(ingest_reset(&rig.ingest), 0);
	rig_attach(&rig);
	FORGE_EXEC(&rig.forge, shell, 0, "/nowhere", "x");
	feed();
	kill(worker(), SIGCONT);
	await(RESULT, "gone");
	end();
}
END_TEST

/* The file is known, and nobody answers. */
static void begin_halted(void)
{
	begin();
	make("file", "abc");
	usleep(50000);
	rig.offset = clock_wall_ns() - (int64_t)RIG_NOW;
	execute("file");
	feed();
	await(RESULT, ABC);
	halt();
}

/* When it is time for a question for all who wait. */
static void ask(void)
{
	usleep(150000);
	ck_assert_int_eq(names_patience(names), 0);
	names_send(names);
}

START_TEST(asked_for_all)
{
	int i;

	begin_halted();
	ck_assert_int_eq(names_patience(names), -1);
	for (i = 0; i < 300; i++)
		execute("file");
	feed();
	ask();
	kill(worker(), SIGCONT);
	await("SELECT count(*), sum(exe_sha256 = '" ABC "') FROM execution", "301|301");
	ck_assert_int_eq(names_patience(names), -1);
	end();
}
END_TEST

/* Who executed it before gets nothing of what it is since, and the other way round. */
START_TEST(changed_between_two)
{
	begin_halted();
	execute("file");
	execute("file");
	feed();
	usleep(50000);
	make("file", "abd");
	usleep(50000);
	rig.offset += INT64_C(600000000000);
	execute("file");
	feed();
	ask();
	kill(worker(), SIGCONT);
	await(RESULT, ABC "\n" CHANGED "\n" CHANGED "\n" ABD);
	end();
}
END_TEST

START_TEST(the_worker_dies_and_many_wait)
{
	begin_halted();
	execute("file");
	execute("file");
	feed();
	ask();
	execute("file");
	feed();
	kill(worker(), SIGKILL);
	/* What the worker had not read yet is for the next one. */
	await("SELECT count(*), sum(coalesce(exe_sha256 = '" ABC "',"
	      " exe_hash_note = 'the helper ended')) FROM execution",
	      "4|4");
	execute("file");
	feed();
	await("SELECT exe_sha256 FROM execution ORDER BY execution_id DESC LIMIT 1", ABC);
	end();
}
END_TEST

START_TEST(kithd_stops_and_many_wait)
{
	begin_halted();
	execute("file");
	execute("file");
	feed();
	names_stop(names);
	rig_commit(&rig);
	rig_check(RESULT, ABC "\nkithd stopped\nkithd stopped");
	end();
}
END_TEST

/* What waited when all was rolled back is not answered by what was asked before. */
START_TEST(rolled_back_and_many_wait)
{
	begin_halted();
	execute("file");
	feed();
	ask();
	ck_assert_int_eq(ingest_reset(&rig.ingest), 0);
	rig_attach(&rig);
	FORGE_EXEC(&rig.forge, shell, 0, "/nowhere", "x");
	feed();
	kill(worker(), SIGCONT);
	await(RESULT, ABC "\ngone");
	end();
}
END_TEST

/* Nothing waits for the helper: what it cannot take is said to be too many. */
START_TEST(more_than_can_wait)
{
	int i, j;

	begin();
	make("file", "abc");
	halt();
	for (i = 0; i < 20; i++) {
		for (j = 0; j < 500; j++)
			execute("file");
		feed();
	}
	rig_commit(&rig);
	kill(worker(), SIGCONT);
	await("SELECT count(*), count(*) FILTER (WHERE exe_hash_note = 'too many') > 1000,"
	      " count(*) FILTER (WHERE exe_sha256 = '" ABC "') > 1000,"
	      " count(*) FILTER (WHERE coalesce(exe_sha256, exe_hash_note) IS NULL)"
	      " FROM execution",
	      "10000|1|1|0");
	end();
}
END_TEST

/* Of the two capabilities that are the helper's: those that process @pid has in @which. */
static uint64_t rights(pid_t pid, const char *which)
{
	char path[64], line[256];
	uint64_t sets = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, which, strlen(which)))
			sets = strtoull(line + strlen(which), NULL, 16);
	fclose(file);
	return sets &
	       (UINT64_C(1) << CAP_DAC_READ_SEARCH | UINT64_C(1) << CAP_SYS_PTRACE);
}

/* What is not in force while the database is opened the helper has all the same. */
START_TEST(rights_of_the_helper)
{
	const uint64_t all = rights(getpid(), "CapPrm:");

	ck_assert_int_eq(helper_spare_privileges(), 0);
	ck_assert_uint_eq(rights(getpid(), "CapEff:"), 0);
	ck_assert_uint_eq(rights(getpid(), "CapPrm:"), all);
	begin();
	ck_assert_int_eq(helper_drop_privileges(), 0);
	ck_assert_uint_eq(rights(getpid(), "CapPrm:"), 0);
	ck_assert_uint_eq(rights(worker(), "CapEff:"), all);
	end();
}
END_TEST

START_TEST(names_of_users)
{
	struct kith_image *image;

	begin();
	image = FORGE_EXEC(&rig.forge, shell, 0, "/nowhere", "x");
	image->uid = 1;
	image->euid = 54321;
	image->gid = 2;
	feed();
	await("SELECT kind, number, name FROM principal ORDER BY number",
	      "user|1|daemon\ngroup|2|bin");
	rig_check("SELECT uid, euid, gid, user_name, euser_name, group_name FROM process",
		  "1|54321|2|daemon|-|bin");
	rig_check("SELECT user_name, euser_name FROM execution", "daemon|-");
	rig_check("SELECT User FROM sigma_process_creation", "54321");
	/* renamed since: history keeps the name it had */
	rig_write(
		"INSERT INTO principals SELECT kind, number, first + 600000000000, 'nobody'"
		" FROM principals WHERE kind = 1");
	rig_check("SELECT user_name FROM process", "daemon");
	end();
}
END_TEST

/* The uid of a container's user is not that of a user of the host. */
START_TEST(names_in_containers)
{
	struct kith_image *image;

	begin();
	forge_cgroup(&rig.forge, 40, "/machine.slice/machine-my\\x2dbox.scope");
	image = FORGE_EXEC(&rig.forge, shell, 0, "/nowhere", "x");
	image->uid = 1;
	image->euid = 0;
	image->cgroup = 40;
	feed();
	await("SELECT count(*) FROM principal WHERE kind = 'user' AND number = 1", "1");
	rig_check("SELECT user_name, euser_name FROM process", "-|root");
	/* of which nothing more is found than what the control group says */
	await("SELECT name, image, runtime_id FROM container", "my-box|-|my\\x2dbox");
	end();
}
END_TEST

START_TEST(names_that_change)
{
	const struct slice none = { NULL, 0 };

	begin();
	ck_assert_int_eq(store_begin(rig.store), 0);
	store_principal(rig.store, PRINCIPAL_USER, 7, 10, (struct slice){ "one", 3 });
	store_principal(rig.store, PRINCIPAL_USER, 7, 20, (struct slice){ "one", 3 });
	store_principal(rig.store, PRINCIPAL_USER, 7, 30, none);
	store_principal(rig.store, PRINCIPAL_USER, 7, 40, (struct slice){ "two", 3 });
	store_principal(rig.store, PRINCIPAL_USER, 8, 40, none);
	store_container_names(rig.store, 1, 10, (struct slice){ "a", 1 }, none, none);
	store_container_names(rig.store, 1, 20, (struct slice){ "a", 1 }, none, none);
	store_container_names(rig.store, 1, 30, (struct slice){ "b", 1 }, none, none);
	ck_assert_int_eq(store_commit(rig.store), 0);
	rig_check("SELECT number, first, name FROM principal ORDER BY first",
		  "7|10|one\n7|30|-\n7|40|two");
	rig_check("SELECT first, name FROM container_names ORDER BY first", "10|a\n30|b");
	end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("names");

	unit_add(suite, hashes_of_what_was_executed);
	unit_add(suite, no_package_by_another_root);
	unit_add(suite, no_file_no_hash);
	unit_add(suite, hashes_are_known_after_a_restart);
	unit_add(suite, the_worker_dies_before_it_is_asked);
	unit_add(suite, the_worker_dies_at_work);
	unit_add(suite, nobody_is_left);
	unit_add(suite, kithd_stops);
	unit_add(suite, kithd_is_killed);
	unit_add(suite, what_was_rolled_back);
	unit_add(suite, asked_for_all);
	unit_add(suite, changed_between_two);
	unit_add(suite, the_worker_dies_and_many_wait);
	unit_add(suite, kithd_stops_and_many_wait);
	unit_add(suite, rolled_back_and_many_wait);
	unit_add(suite, more_than_can_wait);
	unit_add(suite, rights_of_the_helper);
	unit_add(suite, names_of_users);
	unit_add(suite, names_in_containers);
	unit_add(suite, names_that_change);
	return unit_run(suite);
}
