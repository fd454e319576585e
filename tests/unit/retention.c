// SPDX-License-Identifier: GPL-2.0-only
/* How long history stays: what goes, what stays, in which order, and that it is told. */
#include "retention.h"

#include "program.h"
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY INT64_C(86400000000000)

static struct rig rig;
static uint64_t keys[4];
static uint64_t number;

static int64_t now(void)
{
	return rig.offset + (int64_t)rig.forge.now;
}

/* A process that lives, with a child that has ended, and its conversation, pipe and files. */
static void live(unsigned int life)
{
	const uint64_t child = forge_key(rig.forge.now, 600 + life);

	forge_fork(&rig.forge, keys[0], child);
	FORGE_EXEC(&rig.forge, child, keys[0], "/bin/child", "child");
	forge_write(&rig.forge, ++number, child, 20 + life, 10);
	forge_change(&rig.forge, child, KITH_CHANGE_UNLINK, 20 + life);
	forge_pipe(&rig.forge, ++number, keys[0], child);
	forge_connection(&rig.forge, ++number, child, keys[0]);
	forge_exit(&rig.forge, child, 0);
	rig_feed(&rig);
}

/* So many segments, a day between each and the next. */
static void make(unsigned int segments)
{
	unsigned int i;

	rig_open(&rig);
	keys[0] = forge_key(RIG_AT(50), 500);
	forge_process(&rig.forge, keys[0], 0, "/bin/a");
	rig_dumped(&rig);
	rig.forge.now = RIG_NOW + RIG_STEP;
	for (i = 0; i < segments; i++) {
		live(i);
		rig_seal(&rig);
		rig.forge.now += (uint64_t)DAY;
	}
}

static void keep(const struct retention_limits *limits)
{
	struct retention *retention = retention_new(rig.store, limits);
	int ret;

	ck_assert_ptr_nonnull(retention);
	do
		ret = retention_step(retention, now());
	while (ret > 0);
	ck_assert_int_eq(ret, 0);
	retention_free(retention);
}

static void end(void)
{
	rig_check("PRAGMA integrity_check", "ok");
	rig_close(&rig);
	ck_assert_int_eq(run("kith", "verify", "--exit-code", DB, END), 0);
}

#define COUNTS                                                                         \
	"SELECT (SELECT count(*) FROM accesses), (SELECT count(*) FROM changes),"      \
	" (SELECT count(*) FROM connections), (SELECT count(*) FROM pipes),"           \
	" (SELECT count(*) FROM processes), (SELECT count(*) FROM executions)"

/* Nothing is too old, each kind is, or all are. */
static const struct age {
	struct retention_limits limits;
	const char *left;
	const char *told;
} ages[] = {
	{ { .days = { 0, 0, 0 } }, "4|4|4|4|5|5", "" },
	{ { .days = { 5, 5, 5 } }, "4|4|4|4|5|5", "" },
	{ { .days = { 3, 0, 0 } },
	  "2|2|4|4|5|5",
	  "file folds of segments 1 to 2, 4 rows: older than 3 days" },
	{ { .days = { 0, 4, 0 } },
	  "4|4|3|3|5|5",
	  "conversations of segments 1 to 1, 2 rows: older than 4 days" },
	{ { .days = { 3, 3, 3 } },
	  "2|2|2|2|3|3",
	  "file folds of segments 1 to 2, 4 rows: older than 3 days\n"
	  "conversations of segments 1 to 2, 4 rows: older than 3 days\n"
	  "processes of segments 1 to 2, 6 rows: older than 3 days" },
};

START_TEST(too_old)
{
	make(4);
	rig_check(COUNTS, "4|4|4|4|5|5");
	keep(&ages[_i].limits);
	rig_check(COUNTS, ages[_i].left);
	rig_check("SELECT detail FROM sensor WHERE event = 'dropped' ORDER BY rowid",
		  ages[_i].told);
	end();
}
END_TEST

/* What is known of a file that was executed goes with the execution. */
START_TEST(hashes)
{
	const struct retention_limits limits = { .days = { 3, 3, 3 } };

	make(4);
	rig_write("INSERT INTO executable_hashes SELECT id, 1 FROM executions");
	keep(&limits);
	rig_check("SELECT count(*), count(e.id) FROM executable_hashes"
		  " LEFT JOIN executions e ON e.id = execution",
		  "3|3");
	end();
}
END_TEST

/* Who lives stays, with what he runs, and those that he descends from. */
START_TEST(who_stays)
{
	const struct retention_limits limits = { .days = { 1, 1, 1 } };
	uint64_t middle, child;

	rig_open(&rig);
	keys[0] = forge_key(RIG_AT(50), 500);
	forge_process(&rig.forge, keys[0], 0, "/bin/a");
	rig_dumped(&rig);
	rig.forge.now = RIG_NOW + RIG_STEP;
	middle = forge_key(rig.forge.now, 501);
	forge_fork(&rig.forge, keys[0], middle);
	FORGE_EXEC(&rig.forge, middle, keys[0], "/bin/middle", "middle\0-x");
	rig_feed(&rig);
	rig.forge.now += RIG_AT(1);
	child = forge_key(rig.forge.now, 502);
	forge_fork(&rig.forge, middle, child);
	forge_exit(&rig.forge, middle, 0);
	forge_fork(&rig.forge, keys[0], forge_key(rig.forge.now, 503));
	forge_exit(&rig.forge, forge_key(rig.forge.now - RIG_STEP, 503), 0);
	rig_feed(&rig);
	rig_commit(&rig);
	rig_check("SELECT count(*) FROM processes", "4");
	rig_seal(&rig);
	rig.forge.now += 3 * (uint64_t)DAY / 2;
	live(0);
	rig_seal(&rig);
	keep(&limits);
	rig_check("SELECT pid, argv FROM process ORDER BY pid",
		  "500|\n501|middle -x\n502|middle -x\n600|child");
	rig_seal(&rig);
	end();
}
END_TEST

/* What goes on stays, with its path. */
START_TEST(what_goes_on)
{
	const struct retention_limits limits = { .days = { 1, 1, 1 } };
	unsigned int i;

	make(1);
	forge_access(&rig.forge, ++number, keys[0], 77)->flags = 0;
	for (i = 0; i < SEGMENT_FRESH; i++) {
		live(1 + i);
		rig_seal(&rig);
		rig.forge.now += (uint64_t)DAY;
	}
	keep(&limits);
	rig_check("SELECT count(*) FROM segment WHERE dropped AND name = 'paths'", "31");
	rig_check("SELECT path FROM file_access WHERE NOT executed ORDER BY path",
		  "/f/52\n/f/77");
	rig_check("SELECT value FROM paths ORDER BY value", "/f/51\n/f/52\n/f/77");
	rig_check("SELECT inode FROM files ORDER BY inode", "51\n52\n77");
	rig_seal(&rig);
	end();
}
END_TEST

/* Ages are believed if a day of segments has no gap between two of them. */
enum { DAYS = 100 };

static const struct clock {
	const char *sql;
	unsigned int later; /* days that pass then */
	const char *left;
} clocks[] = {
	{ "SELECT 1", 0, "97" },
	/* What comes behind the last one is a gap too. */
	{ "SELECT 1", 1, "100" },
	/* A step forward, or a host that was off: all that was before it is kept for a day. */
	{ "UPDATE segments SET closed = closed - 900 * 86400000000000 WHERE id < 6", 0,
	  "100" },
	{ "UPDATE segments SET closed = closed - 900 * 86400000000000 WHERE id < 5", 0,
	  "96" },
	/* A clock that was in the future, or in the past, for a while. */
	{ "UPDATE segments SET closed = 9000000000000000000 WHERE id = 50", 0, "100" },
	{ "UPDATE segments SET closed = 9000000000000000000 WHERE id = 2", 0, "97" },
	{ "UPDATE segments SET closed = 1 WHERE id = 100", 0, "100" },
	{ "UPDATE segments SET closed = -9223372036854775807 - 1 WHERE id = 50", 0,
	  "100" },
};

START_TEST(wrong_clock)
{
	const struct clock *clock = &clocks[_i];
	const struct retention_limits limits = { .days = { DAYS - 2, 0, 0 } };

	make(DAYS);
	rig_write(clock->sql);
	rig.forge.now += clock->later * (uint64_t)DAY;
	keep(&limits);
	rig_check("SELECT count(*) FROM accesses", clock->left);
	rig_close(&rig);
}
END_TEST

/* Not what the limit of the disk keeps, either. */
START_TEST(wrong_clock_on_a_full_disk)
{
	const struct retention_limits limits = { .free_mib = 1 << 30 };

	make(9);
	rig.forge.now += 300 * (uint64_t)DAY;
	keep(&limits);
	rig_check(COUNTS, "9|9|9|9|10|10");
	end();
}
END_TEST

/* All goes, kind by kind, but for what goes on. */
START_TEST(too_much)
{
	const struct retention_limits limits = { .database_mib = 1 };
	char *rows;

	make(3);
	rig_write("CREATE TABLE ballast AS SELECT zeroblob(3 << 20)");
	keep(&limits);
	rows = rig_rows("SELECT group_concat(substr(detail, 1, 5), ' ') FROM"
			" (SELECT detail FROM sensor WHERE event = 'dropped' ORDER BY rowid)");
	ck_assert_str_eq(rows, "file  file  file  conve conve conve proce proce proce");
	free(rows);
	rig_check("SELECT detail FROM sensor WHERE event = 'dropped' LIMIT 1",
		  "file folds of segments 1 to 1, 2 rows: the database is larger than 1 MiB");
	/* The last row of each stays, whose successor must not get its id again. */
	rig_check(COUNTS, "1|1|1|1|2|2");
	rig_check("SELECT count(*) FROM sensor WHERE event = 'dropped'", "9");
	rig_write("DROP TABLE ballast");
	rig_seal(&rig);
	end();
}
END_TEST

/* Who fills it has nothing deleted that is young. */
START_TEST(disk_too_full)
{
	const struct retention_limits limits = { .free_mib = 1 << 30 };

	make(9);
	keep(&limits);
	rig_check(COUNTS, "6|6|6|6|7|7");
	rig_check("SELECT substr(detail, instr(detail, ':')) FROM sensor"
		  " WHERE event = 'dropped' LIMIT 1",
		  ": less than 1073741824 MiB are left on the disk");
	rig_seal(&rig);
	end();
}
END_TEST

/* Paths have a dictionary of their own: their ids keep no string of the same id. */
START_TEST(strings_go)
{
	const struct retention_limits limits = { .days = { 0, 2, 2 } };

	make(10);
	keep(&limits);
	rig_check("SELECT count(*) FROM accesses", "10");
	rig_check("SELECT count(*) FROM strings", "2");
	rig_seal(&rig);
	end();
}
END_TEST

/* It was killed in the midst of it: what was begun is done. */
START_TEST(interrupted)
{
	const struct retention_limits limits = { .days = { 3, 3, 3 } };
	const struct retention_limits none = { .database_mib = 0 };
	struct retention *retention;

	make(4);
	retention = retention_new(rig.store, &limits);
	ck_assert_int_eq(retention_step(retention, now()), 1);
	retention_free(retention);
	rig_check("SELECT count(*) FROM sensor WHERE event = 'dropped'", "1");
	rig_check("SELECT count(*) FROM accesses", "4");
	rig_restart(&rig);
	keep(&none);
	rig_check(COUNTS, "2|2|4|4|5|5");
	rig_check("SELECT count(*) FROM meta WHERE name = 'dropping'", "0");
	end();
}
END_TEST

/* What was dropped and is there again, or was never told of. */
START_TEST(forged)
{
	const struct retention_limits limits = { .days = { 3, 0, 0 } };

	make(4);
	keep(&limits);
	rig_close(&rig);
	rig_write("INSERT INTO accesses (id, process) VALUES (1, 1)");
	ck_assert_int_eq(run("kith", "verify", "--exit-code", DB, END), 1);
	check_in("added: segment 1: accesses: row 1: was dropped, and is there", printed);
	rig_write("DELETE FROM accesses WHERE id <= 3;"
		  "UPDATE segment_tables SET dropped = (SELECT max(dropped) FROM segment_tables)"
		  " WHERE name = 'accesses' AND segment = 3");
	ck_assert_int_eq(run("kith", "verify", "--exit-code", DB, END), 1);
	check_in("dropped: segment 3: accesses: is said to be dropped", printed);
}
END_TEST

/* What tells of a drop is believed, and called verified, when it is sealed itself. */
START_TEST(told_and_sealed)
{
	const struct retention_limits limits = { .days = { 3, 0, 0 } };

	make(4);
	keep(&limits);
	ck_assert_int_eq(run("kith", "verify", "--exit-code", DB, END), 0);
	check_in("4 of those were not verified: the event that tells", printed);
	check_in("Nothing was changed in what was verified.", printed);
	ck_assert_int_eq(run("kith", "verify", "--json", DB, END), 0);
	check_in("\"dropped\":4,\"taken_on_trust\":4,", printed);
	rig_seal(&rig);
	rig_close(&rig);
	ck_assert_int_eq(run("kith", "verify", "--exit-code", DB, END), 0);
	check_in("Nothing was changed.", printed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("retention");

	unit_add_rows(suite, too_old, UNIT_COUNT(ages));
	unit_add(suite, hashes);
	unit_add(suite, who_stays);
	unit_add(suite, what_goes_on);
	unit_add_rows(suite, wrong_clock, UNIT_COUNT(clocks));
	unit_add(suite, wrong_clock_on_a_full_disk);
	unit_add(suite, too_much);
	unit_add(suite, disk_too_full);
	unit_add(suite, strings_go);
	unit_add(suite, interrupted);
	unit_add(suite, forged);
	unit_add(suite, told_and_sealed);
	return unit_run(suite);
}
