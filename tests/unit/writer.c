// SPDX-License-Identifier: GPL-2.0-only
/* A database that is damaged: what of it is left, and what comes in its place. */
#include "writer.h"

#include "lock.h"
#include "program.h"
#include "rig.h"
#include "statement.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

static struct rig rig;

/* With a lock file, as kithd leaves it, but no log, which would heal what is damaged. */
static void make_database(void)
{
	unsigned int i;

	ck_assert_int_eq(close(open(unit_path("kith.db.lock"), O_CREAT | O_WRONLY, 0640)), 0);
	rig_open(&rig);
	for (i = 0; i < 50; i++)
		FORGE_EXEC(&rig.forge, forge_key(rig.forge.now, 500 + i), 0, "/bin/x", "x");
	rig_feed(&rig);
	rig_commit(&rig);
	rig_close(&rig);
	ck_assert_int_eq(unlink(unit_path("kith.db-wal")), 0);
	ck_assert_int_eq(unlink(unit_path("kith.db-shm")), 0);
}

static void overwrite(const char *name, off_t at, const void *data, size_t size)
{
	int file = open(unit_path(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0640);

	ck_assert_int_ge(file, 0);
	ck_assert_int_eq((int)pwrite(file, data, size, at), (int)size);
	close(file);
}

static void destroy_header(void)
{
	overwrite("kith.db", 0, "this is not what it was", 23);
}

static void zero_header(void)
{
	static const char nothing[4096];

	overwrite("kith.db", 0, nothing, sizeof(nothing));
}

/* Behind the hundred bytes of the header: the tree that has the schema. */
static void spoil_schema(void)
{
	overwrite("kith.db", 100, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
}

static void cut_short(void)
{
	ck_assert_int_eq(truncate(unit_path("kith.db"), 3 * 4096 + 100), 0);
}

static void cut_to_pieces(void)
{
	ck_assert_int_eq(truncate(unit_path("kith.db"), 50), 0);
}

/* SQLite would delete the log of it. */
static void empty_it(void)
{
	overwrite("kith.db-wal", 0, "what is in the log", 18);
	ck_assert_int_eq(truncate(unit_path("kith.db"), 0), 0);
}

static void (*const damages[])(void) = {
	destroy_header, zero_header, spoil_schema, cut_short, cut_to_pieces, empty_it,
};

/* The one file that was set aside. */
static const char *find_aside(void)
{
	static char found[4200];
	glob_t files;

	ck_assert_int_eq(glob(unit_path("kith.db.corrupt-*Z"), 0, NULL, &files), 0);
	ck_assert_uint_eq(files.gl_pathc, 1);
	snprintf(found, sizeof(found), "%s", files.gl_pathv[0]);
	globfree(&files);
	return found;
}

static char *read_bytes(const char *path, size_t *size)
{
	char *data = malloc(1 << 22);
	FILE *file = fopen(path, "r");

	ck_assert_ptr_nonnull(data);
	ck_assert_ptr_nonnull(file);
	*size = fread(data, 1, 1 << 22, file);
	fclose(file);
	return data;
}

/* Byte for byte what was found; the fresh one works, and tells of it. */
START_TEST(at_the_start)
{
	struct writer writer = { .may_set_aside = true };
	char *before, *after, *said_, want[4300];
	size_t size, still;

	make_database();
	damages[_i]();
	before = read_bytes(unit_path("kith.db"), &size);
	unit_capture_stderr();
	ck_assert_int_eq(writer_open(&writer, unit_path("kith.db")), 0);
	said_ = unit_stderr();
	ck_assert(!writer.may_set_aside);
	writer_close(&writer);
	after = read_bytes(find_aside(), &still);
	ck_assert_uint_eq(still, size);
	ck_assert_mem_eq(after, before, size);
	snprintf(want, sizeof(want), "is damaged: it is kept as %s, and a fresh one begun\n",
		 find_aside());
	ck_assert_msg(strstr(said_, want) != NULL, "%s", said_);
	snprintf(want, sizeof(want), "database set aside|%s|0", find_aside());
	rig_check("SELECT event, detail, (SELECT count(*) FROM execution) FROM sensor", want);
	free(before);
	free(after);
	free(said_);
}
END_TEST

/* The log goes with its database. */
START_TEST(with_its_log)
{
	struct writer writer = { .may_set_aside = true };
	char log[4300], *text;

	make_database();
	overwrite("kith.db-wal", 0, "what is in the log", 18);
	destroy_header();
	unit_capture_stderr();
	ck_assert_int_eq(writer_open(&writer, unit_path("kith.db")), 0);
	free(unit_stderr());
	writer_close(&writer);
	snprintf(log, sizeof(log), "%s-wal", find_aside());
	text = unit_read(log);
	ck_assert_int_eq(strncmp(text, "what is in the log", 18), 0);
	free(text);
}
END_TEST

/* Killed when only the log had its new name: the rest follows, be it damaged or not. */
START_TEST(half_moved)
{
	struct writer writer = { .may_set_aside = true };
	char log[4300], *text;

	make_database();
	overwrite("kith.db.corrupt-20260101T000000Z-wal", 0, "what is in the log", 18);
	if (_i)
		destroy_header();
	unit_capture_stderr();
	ck_assert_int_eq(writer_open(&writer, unit_path("kith.db")), 0);
	text = unit_stderr();
	check_in("was damaged: it is kept as ", text);
	free(text);
	writer_close(&writer);
	snprintf(log, sizeof(log), "database set aside|%s|0", find_aside());
	ck_assert_ptr_nonnull(strstr(log, "kith.db.corrupt-20260101T000000Z|0"));
	rig_check("SELECT event, detail, (SELECT count(*) FROM execution) FROM sensor", log);
}
END_TEST

/* Killed when all had its new name, and nobody had been told: it is told, once. */
START_TEST(moved_and_not_told)
{
	struct writer writer;
	char want[4300];
	int i;

	make_database();
	ck_assert_int_eq(rename(unit_path("kith.db"),
				unit_path("kith.db.corrupt-20260101T000000Z")),
			 0);
	for (i = 0; i < 2; i++) {
		writer = (struct writer){ .may_set_aside = true };
		ck_assert_int_eq(writer_open(&writer, unit_path("kith.db")), 0);
		writer_close(&writer);
	}
	snprintf(want, sizeof(want), "database set aside|%s", find_aside());
	rig_check("SELECT event, detail FROM sensor", want);
}
END_TEST

/* One that has been written since stays, whatever log of another stands beside it. */
START_TEST(not_what_is_in_use)
{
	struct writer writer = { .may_set_aside = true };

	make_database();
	overwrite("kith.db.corrupt-20260101T000000Z-wal", 0, "what is in the log", 18);
	overwrite("kith.db-wal", 0, "", 0);
	ck_assert_int_eq(writer_open(&writer, unit_path("kith.db")), 0);
	writer_close(&writer);
	rig_check("SELECT count(*) FROM execution", "50");
}
END_TEST

/* A child of who was killed may have the lock a little longer. */
START_TEST(not_free_at_once)
{
	struct writer writer = { .lock = -1, .may_set_aside = true };
	const int held = lock_take(unit_path("kith.db"));
	const pid_t child = fork();

	ck_assert_int_ge(held, 0);
	if (!child) {
		(void)poll(NULL, 0, 200);
		_exit(0);
	}
	ck_assert_int_gt(child, 0);
	close(held);
	ck_assert_int_eq(lock_take(unit_path("kith.db")), -EBUSY);
	ck_assert_int_eq(writer_open(&writer, unit_path("kith.db")), 0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	writer_close(&writer);
}
END_TEST

/* Who may not is told the reason, and nothing is touched. */
START_TEST(not_by_everybody)
{
	struct writer writer = { .may_set_aside = false };
	glob_t files;
	char *said_;

	make_database();
	damages[_i]();
	unit_capture_stderr();
	ck_assert_int_eq(writer_open(&writer, unit_path("kith.db")), -EUCLEAN);
	said_ = unit_stderr();
	check_in("cannot open database ", said_);
	writer_close(&writer);
	ck_assert_int_eq(glob(unit_path("kith.db.corrupt-*"), 0, NULL, &files), GLOB_NOMATCH);
	free(said_);
}
END_TEST

/* What has no lock beside it was never ours. */
START_TEST(not_a_file_of_others)
{
	struct writer writer = { .may_set_aside = true };

	overwrite("kith.db", 0, "root:x:0:0", 10);
	unit_capture_stderr();
	ck_assert_int_eq(writer_open(&writer, unit_path("kith.db")), -EUCLEAN);
	free(unit_stderr());
	writer_close(&writer);
	ck_assert_int_ne(access(unit_path("kith.db.lock"), F_OK), 0);
	ck_assert_int_eq(access(unit_path("kith.db"), F_OK), 0);
}
END_TEST

/* A disk that damages one after another is not filled with what it has damaged. */
START_TEST(not_for_ever)
{
	struct writer writer;
	char name[64], *said_;
	int i;

	make_database();
	destroy_header();
	for (i = 0; i < WRITER_ASIDE_MAX; i++) {
		snprintf(name, sizeof(name), "kith.db.corrupt-2026010%dT000000Z", i);
		overwrite(name, 0, "x", 1);
	}
	writer = (struct writer){ .may_set_aside = true };
	unit_capture_stderr();
	ck_assert_int_eq(writer_open(&writer, unit_path("kith.db")), -EUCLEAN);
	said_ = unit_stderr();
	check_in("8 have been before and stand beside it", said_);
	writer_close(&writer);
	free(said_);
	ck_assert_int_eq(unlink(unit_path(name)), 0);
	writer = (struct writer){ .may_set_aside = true };
	unit_capture_stderr();
	ck_assert_int_eq(writer_open(&writer, unit_path("kith.db")), 0);
	ck_assert_int_eq(writer_set_aside(&writer), -EUCLEAN);
	free(unit_stderr());
	writer_close(&writer);
}
END_TEST

/* In a directory where nothing can be renamed it says so, and nothing has moved. */
START_TEST(not_where_it_may_not)
{
	if (getuid())
		return;
	make_database();
	overwrite("kith.db-wal", 0, "log", 3);
	destroy_header();
	open_to_all();
	ck_assert_int_eq(chmod(unit_path("kith.db"), 0666), 0);
	ck_assert_int_eq(chmod(unit_path("kith.db.lock"), 0666), 0);
	as_nobody = true;
	ck_assert_int_eq(run("kithd", DB, "--config", "/dev/null", END), EX_NOPERM);
	check_in("cannot set the damaged database ", said);
	check_in("Permission denied", said);
	ck_assert_int_eq(access(unit_path("kith.db"), F_OK), 0);
	ck_assert_int_eq(access(unit_path("kith.db-wal"), F_OK), 0);
}
END_TEST

/* kithd as it runs for good; --replay and --synthetic have somebody who can decide. */
START_TEST(by_kithd)
{
	pid_t pid;
	int i;

	make_database();
	destroy_header();
	ck_assert_int_eq(run("kithd", DB, "--config", "/dev/null", "--synthetic", "8", END),
			 EX_IOERR);
	check_in("kith.db: file is not a database", said);
	pid = run_begin("kithd", DB, "--config", "/dev/null", END);
	for (i = 0; i < 200 && (i < 4 || !strstr(said, "a fresh one begun")); i++) {
		usleep(50000);
		run_look();
	}
	check_in("a fresh one begun", said);
	ck_assert_int_eq(kill(pid, SIGTERM), 0);
	ck_assert_int_eq(run_end(pid), access("/sys/module/kith", F_OK) ? 0 : EX_NOPERM);
	ck_assert_str_ne(find_aside(), "");
	ck_assert_int_eq(run("kith", "sql", DB, "SELECT event FROM sensor", END), 0);
	check_in("database set aside", printed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("writer");

	unit_add_rows(suite, at_the_start, UNIT_COUNT(damages));
	unit_add(suite, with_its_log);
	unit_add_rows(suite, half_moved, 2);
	unit_add(suite, moved_and_not_told);
	unit_add(suite, not_what_is_in_use);
	unit_add(suite, not_free_at_once);
	unit_add_rows(suite, not_by_everybody, UNIT_COUNT(damages));
	unit_add(suite, not_a_file_of_others);
	unit_add(suite, not_for_ever);
	unit_add(suite, not_where_it_may_not);
	unit_add(suite, by_kithd);
	return unit_run(suite);
}
