// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ingest loop, when the database gives trouble: a disk that is full, broken or
 * read-only, one that damages, and others who lock or read it.
 */
#include "module.h"

#include "disk.h"
#include "rig.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void limit_files(rlim_t bytes)
{
	const struct rlimit limit = { bytes, RLIM_INFINITY };

	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void lift_limit(void)
{
	limit_files(RLIM_INFINITY);
}

/* For two seconds no file may grow. */
static void fill_disk(void)
{
	limit_files(100 << 10);
	module.heal = lift_limit;
	alarm(2);
}

/* It says so once, tries again, and goes on without anybody's help. */
START_TEST(the_database_cannot_grow)
{
	char *said;

	module.when = 100;
	module.what = fill_disk;
	said = module_run(NULL, NULL);
	module_check_stored();
	ck_assert_uint_ge(module.restarts, 1);
	ck_assert_msg(module_times("cannot write database ", said) == 1 &&
			      module_times("kith.db: disk I/O error; trying again", said) == 1 &&
			      module_times("kith.db can be written again", said) == 1,
		      "%s", said);
	free(said);
}
END_TEST

static int fault;

static void break_disk(void)
{
	disk_break(fault, 1);
	module.heal = disk_heal;
	alarm(2);
}

/* Full, broken or read-only, in the middle of a write or not: it is the same. */
START_TEST(the_disk_fails)
{
	char *said;

	disk_install();
	fault = _i;
	module.when = 100;
	module.what = break_disk;
	said = module_run(NULL, NULL);
	module_check_stored();
	rig_check("PRAGMA integrity_check", "ok");
	ck_assert_uint_ge(module.restarts, 1);
	ck_assert_msg(module_times("cannot write database ", said) == 1 &&
			      module_times("kith.db can be written again", said) == 1,
		      "%s", said);
	free(said);
}
END_TEST

/* Somebody else in the database. */
static sqlite3 *other;

static void others_do(const char *sql)
{
	if (!other)
		ck_assert_int_eq(sqlite3_open(unit_path("kith.db"), &other), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(other, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void let_go(void)
{
	if (!other)
		return;
	others_do("ROLLBACK");
	sqlite3_close(other);
	other = NULL;
}

static void lock_database(void)
{
	others_do("BEGIN IMMEDIATE");
	module.heal = let_go;
	alarm(6);
}

/* For longer than it waits: kithd is the only one that should, but root does as he likes. */
START_TEST(the_database_is_locked)
{
	char *said;

	module.when = 1;
	module.what = lock_database;
	said = module_run(NULL, NULL);
	module_check_stored();
	ck_assert_msg(module_times("kith.db: database is locked; trying again", said) == 1 &&
			      module_times("kith.db can be written again", said) == 1,
		      "%s", said);
	free(said);
}
END_TEST

static void make_database(void)
{
	static struct rig rig;

	rig_open(&rig);
	FORGE_EXEC(&rig.forge, forge_key(RIG_AT(50), 500), 0, "/bin/x", "x");
	rig_feed(&rig);
	rig_commit(&rig);
	rig_close(&rig);
}

/* One page in the middle, which is met when it is read for the start, or written to. */
static const struct {
	const char *table;
	const char *says;
} damages[] = {
	{ "executions", "kith.db: database disk image is malformed; stopped\n" },
	{ "received", "kith.db: database disk image is malformed; trying again every second\n" },
};

/* It sets the database aside and loses nothing. */
START_TEST(the_database_is_damaged)
{
	char *said;

	make_database();
	rig_damage(damages[_i].table);
	said = module_run(NULL, NULL);
	module_check_stored();
	ck_assert_msg(module_times(damages[_i].says, said) == 1 &&
			      module_times("kith.db is damaged: it is kept as ", said) == 1,
		      "%s", said);
	rig_check("SELECT event, boot_id IS NULL FROM sensor ORDER BY rowid",
		  "database set aside|1\ncollector started|0\ncollector stopped|0");
	free(said);
}
END_TEST

/* The number of rows, and what the same commit says that it is, are of one moment. */
static void read_for_ever(void)
{
	static const char sql[] =
		"SELECT (SELECT count(*) FROM executions),"
		" coalesce((SELECT sum(count) FROM received WHERE class = 1), 0),"
		" coalesce((SELECT max(seq) FROM positions), 0)";
	unsigned int looks = 0;
	sqlite3_stmt *statement;
	sqlite3 *db;

	if (sqlite3_open_v2(unit_path("kith.db"), &db, SQLITE_OPEN_READONLY, NULL) ||
	    sqlite3_prepare_v2(db, sql, -1, &statement, NULL))
		_exit(99);
	for (;; looks++) {
		int64_t rows;

		sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
		if (sqlite3_step(statement) != SQLITE_ROW)
			_exit(98);
		rows = sqlite3_column_int64(statement, 0);
		if (rows != sqlite3_column_int64(statement, 1) ||
		    rows != sqlite3_column_int64(statement, 2))
			_exit(97);
		sqlite3_reset(statement);
		if (looks % 8 == 7)
			usleep(300000);
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
		if (rows == MODULE_LIVES)
			_exit(looks < 5 ? 96 : 0);
	}
}

static pid_t reader;

static void begin_to_read(void)
{
	reader = fork();
	ck_assert_int_ge(reader, 0);
	if (!reader)
		read_for_ever();
}

/* Readers with long transactions see whole commits, and hold nobody up. */
START_TEST(somebody_reads)
{
	char *said;
	int status;

	module_operations.next = module_next_slowly;
	module.when = 1;
	module.what = begin_to_read;
	said = module_run(NULL, NULL);
	module_check_stored();
	ck_assert_uint_eq(module.restarts, 0);
	ck_assert_int_eq(waitpid(reader, &status, 0), reader);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%x", (unsigned int)status);
	ck_assert_str_eq(said, "kith: connected to module version test\n");
	free(said);
}
END_TEST

/* More than a long log is, behind the back of one that reads. */
static void read_long(void)
{
	sqlite3 *db;

	others_do("BEGIN; SELECT * FROM meta");
	ck_assert_int_eq(sqlite3_open(unit_path("kith.db"), &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db,
				      "CREATE TABLE junk AS WITH RECURSIVE n(i) AS (SELECT 1 UNION"
				      " ALL SELECT i + 1 FROM n WHERE i < 18000)"
				      " SELECT zeroblob(4000) FROM n",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(db);
}

static int reading_next(struct source *source, int timeout, struct source_event *event)
{
	if (module.next == MODULE_LIVES / 2)
		let_go();
	return module_next_slowly(source, timeout, event);
}

/* A log that cannot begin anew is told of, once, and is small again when it can. */
START_TEST(somebody_reads_for_long)
{
	struct stat log;
	char *said;

	module_operations.next = reading_next;
	module.when = 1;
	module.what = read_long;
	said = module_run(NULL, NULL);
	module_check_stored();
	ck_assert_msg(module_times("in one long transaction; it grows until", said) == 1 &&
			      module_times("kith.db is small again", said) == 1,
		      "%s", said);
	free(said);
	ck_assert_int_eq(stat(unit_path("kith.db-wal"), &log), 0);
	ck_assert_int_le(log.st_size, STORE_LOG_MAX);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("endure");

	unit_add(suite, the_database_cannot_grow);
	unit_add_rows(suite, the_disk_fails, DISK_FAULTS);
	unit_add(suite, the_database_is_locked);
	unit_add_rows(suite, the_database_is_damaged, UNIT_COUNT(damages));
	unit_add(suite, somebody_reads);
	unit_add(suite, somebody_reads_for_long);
	return unit_run(suite);
}
