// SPDX-License-Identifier: GPL-2.0-only
/*
 * Full and broken disks, and kill -9: whatever fails wherever, afterwards each
 * record is stored exactly once.
 */
#include "rig.h"

#include "disk.h"
#include "statement.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void remove_database(void)
{
	unlink(unit_path("kith.db"));
	unlink(unit_path("kith.db-wal"));
	unlink(unit_path("kith.db-shm"));
	unlink(unit_path("kith.db-journal"));
}

/* Enough that SQLite copies its log to the file some times. */
enum { LIVES = 300, TEXT = 2000, PIDS = 1000, LOG_PAGES = 100, RECORDS = 7, LASTS = 60 };

/* So few that each write can fail; the log is copied to the file then too. */
enum { FEW = 4, FEW_PAGES = 10 };

static struct rig rig;

/* A short conversation; one that lasts, and the end of the one that began long before. */
static void forge_talks(unsigned int life, uint64_t client, uint64_t server)
{
	forge_connection(&rig.forge, 100000 + life, client, server);
	forge_connection(&rig.forge, 200000 + life, client, server)->ended = 0;
	if (life < LASTS)
		forge_listener(&rig.forge, 300000 + life, server);
	else
		forge_connection(&rig.forge, 200000 + life - LASTS, client, server);
}

/* The lives from @first on, as one batch; some of each kind of record. */
static void forge_lives(unsigned int first, unsigned int count)
{
	static char argv[TEXT];
	uint64_t shell = forge_key(RIG_AT(1), 500), child;
	unsigned int i;

	for (i = first; i < first + count; i++) {
		memset(argv, 'a' + (int)(i % 26), sizeof(argv));
		snprintf(argv, sizeof(argv), "%u", i);
		child = forge_key(rig.forge.now, PIDS + i);
		forge_fork(&rig.forge, shell, child);
		forge_exec(&rig.forge, child, shell, "/bin/x", argv, sizeof(argv));
		forge_credential(&rig.forge, child, KITH_CAUSE_SETUID, 0, i);
		forge_loss(&rig.forge, 0, KITH_CLASS_PROCESS, KITH_LOSS_FULL, i + 1);
		forge_talks(i, child, shell);
		forge_exit(&rig.forge, child, 0);
	}
}

/* Feed lives 0 to @count - 1 in transactions of 50. Return: the first error. */
static int feed_lives(unsigned int count)
{
	unsigned int i;
	int ret = 0;

	rig.forge.now = RIG_NOW;
	memset(rig.forge.seqs, 0, sizeof(rig.forge.seqs));
	for (i = 0; i < count && !ret; i += 50) {
		forge_clear(&rig.forge);
		forge_lives(i, count - i < 50 ? count - i : 50);
		ret = rig_try(&rig);
	}
	forge_clear(&rig.forge);
	return ret;
}

/* Of each life there is everything, once. */
static void check_lives(unsigned int count)
{
	char want[128];

	snprintf(want, sizeof(want), "%u|%u|%u|%u|%u", count, count, count, count, count);
	rig_check("SELECT count(*), count(DISTINCT pid), count(ended), count(exe), count(parent_id)"
		  " FROM process WHERE pid >= 1000",
		  want);
	snprintf(want, sizeof(want), "%u|%u|%u|%u", count, count, count, count);
	rig_check("SELECT (SELECT count(*) FROM execution),"
		  " (SELECT count(DISTINCT argv) FROM execution),"
		  " (SELECT count(*) FROM credential WHERE uid_to = tid - 1000),"
		  " (SELECT coalesce(sum(lost), 0) FROM loss)",
		  want);
	snprintf(want, sizeof(want), "execution|%u\nprocess|%u", count, 2 * count);
	rig_check("SELECT class, received FROM account"
		  " WHERE class IN ('process', 'execution') ORDER BY class",
		  want);
	snprintf(want, sizeof(want), "%u|%u|%u|%u", 2 * count, count < LASTS ? count : LASTS,
		 count, count < LASTS ? count : LASTS);
	rig_check("SELECT count(*), coalesce(sum(open), 0), count(DISTINCT client_isn) / 2,"
		  " (SELECT count(*) FROM listener) FROM connection",
		  want);
	rig_check("PRAGMA integrity_check", "ok");
}

/* As the daemon does after an error: begin again at what is stored. */
static void recover_and_finish(unsigned int count)
{
	ck_assert_int_eq(ingest_reset(&rig.ingest), 0);
	rig_attach(&rig);
	ck_assert_int_eq(feed_lives(count), 0);
	check_lives(count);
}

/* Fail at the @after'th write. Return: whether it came to that. */
static bool fail_at(int row, int after, unsigned int lives, int pages)
{
	bool failed;
	int ret;

	remove_database();
	rig_open(&rig);
	sqlite3_wal_autocheckpoint(rig.store->db, pages);
	disk_break(row, after);
	ret = feed_lives(lives);
	failed = disk_fails();
	/* an error while the log is copied to the file is none: it is tried again */
	if (ret) {
		ck_assert_msg(ret == disk_faults[row].error || ret == -EIO, "%d", ret);
		ck_assert_uint_gt(strlen(store_error(rig.store)), 5);
		ck_assert(failed);
		/* nor may trying again, while it is broken, do any harm */
		if (!ingest_reset(&rig.ingest))
			ingest_attach(&rig.ingest, &rig.info);
	}
	disk_heal();
	recover_and_finish(lives);
	rig_restart(&rig);
	check_lives(lives);
	rig_close(&rig);
	return failed;
}

START_TEST(writes_fail)
{
	int after, runs = 0;

	disk_install();
	for (after = 1; fail_at(_i, after, LIVES, LOG_PAGES); after += 1 + after)
		runs++;
	ck_assert_int_ge(runs, 8);
}
END_TEST

/* Each write of a few lives, each in one of the ways: none is worse than the others. */
START_TEST(each_write_fails)
{
	int after = 1 + _i;

	disk_install();
	while (fail_at(_i, after, FEW, FEW_PAGES))
		after += DISK_FAULTS;
	ck_assert_int_ge(after, 60);
}
END_TEST

/* While the file is made: nothing is left that a later start could not finish. */
START_TEST(writes_fail_from_the_start)
{
	struct store *store;
	int after, ret, runs = 0;

	disk_install();
	for (after = 1;; after += 1 + after / 4) {
		remove_database();
		disk_break(_i, after);
		ret = store_open(&store, unit_path("kith.db"));
		if (ret)
			ck_assert_uint_gt(strlen(store_error(store)), 5);
		store_close(store);
		if (!disk_fails())
			break;
		disk_heal();
		runs++;
		rig_open(&rig);
		ck_assert_int_eq(feed_lives(100), 0);
		check_lives(100);
		rig_close(&rig);
	}
	ck_assert_int_gt(runs, 5);
	disk_heal();
}
END_TEST

/* The same without a shim: a limit on the size of files. */
START_TEST(files_may_not_grow)
{
	struct rlimit limit, old;

	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
	signal(SIGXFSZ, SIG_IGN);
	rig_open(&rig);
	ck_assert_int_eq(feed_lives(100), 0);
	limit = old;
	limit.rlim_cur = 400 << 10;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(feed_lives(LIVES), -EIO);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
	recover_and_finish(LIVES);
	rig_close(&rig);
}
END_TEST

/* What an image names is stored as it is met; that it fails is told as it is. */
START_TEST(no_room_for_an_executable)
{
	char path[3000];
	unsigned int i;
	int ret = 0;

	rig_open(&rig);
	ck_assert_int_eq(sqlite3_exec(rig.store->db, "PRAGMA max_page_count = 1", NULL, NULL, NULL),
			 SQLITE_OK);
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	for (i = 0; i < 9 && !ret; i++) {
		path[1] = (char)('a' + i);
		FORGE_EXEC(&rig.forge, forge_key(RIG_AT(1), 500), 0, path, "x");
		ret = ingest_batch(&rig.ingest, &(struct kith_batch){ .number = i + 1 },
				   rig.forge.data, rig.forge.used);
		forge_clear(&rig.forge);
	}
	ck_assert_int_eq(ret, -ENOSPC);
	rig_close(&rig);
}
END_TEST

/* Attach, and store what is not stored yet, one life a transaction, until killed. */
static void feed_until_killed(void)
{
	unsigned int i;

	rig_open(&rig);
	for (i = 0; i < PIDS * 100; i++) {
		forge_clear(&rig.forge);
		forge_lives(i, 1);
		if (rig_try(&rig))
			_exit(1);
	}
	_exit(2);
}

static void kill_one(unsigned int milliseconds)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (!pid)
		feed_until_killed();
	usleep(milliseconds * 1000);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

START_TEST(killed)
{
	unsigned int i, stored = 0;

	for (i = 0; i < 12; i++) {
		kill_one(20 + 23 * i);
		rig_open(&rig);
		/* a life is seven records of ring 0, and one of no ring */
		ck_assert_uint_eq(rig.ingest.seqs[0] % RECORDS, 0);
		ck_assert_uint_ge(rig.ingest.seqs[0] / RECORDS, stored);
		stored = rig.ingest.seqs[0] / RECORDS;
		check_lives(stored);
		rig_close(&rig);
	}
	ck_assert_uint_gt(stored, 10);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fault");

	unit_add_rows(suite, writes_fail, DISK_FAULTS);
	unit_add_rows(suite, each_write_fails, DISK_FAULTS);
	unit_add_rows(suite, writes_fail_from_the_start, DISK_FAULTS);
	unit_add(suite, files_may_not_grow);
	unit_add(suite, no_room_for_an_executable);
	unit_add(suite, killed);
	return unit_run(suite);
}
