// SPDX-License-Identifier: GPL-2.0-only
/* Segments: when they are closed, what is in them, and when that is sealed. */
#include "segment.h"

#include "rig.h"
#include "seal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rig rig;
static uint64_t keys[2];

static void begin(void)
{
	rig_open(&rig);
	keys[0] = forge_key(RIG_AT(50), 500);
	keys[1] = forge_key(RIG_AT(51), 501);
	forge_process(&rig.forge, keys[0], 0, "/bin/a");
	forge_process(&rig.forge, keys[1], keys[0], "/bin/b");
	rig_dumped(&rig);
	rig.forge.now = RIG_NOW + RIG_STEP;
}

static int64_t now(void)
{
	return rig.offset + (int64_t)rig.forge.now;
}

static void write_to(uint64_t inode)
{
	static uint64_t id;

	forge_write(&rig.forge, ++id, keys[0], inode, 10);
	rig_feed(&rig);
	rig_commit(&rig);
}

#define RANGES(table)                                                             \
	"SELECT segment_id, first_id, last_id, rows, t(first), t(last), sealed FROM " \
	"segment WHERE name = '" table "' ORDER BY segment_id"

START_TEST(filled)
{
	begin();
	write_to(1);
	rig_check(RANGES("accesses"), "1|1|9223372036854775807|-|-|-|0");
	rig_check("SELECT count(*), count(DISTINCT name) FROM segment", "23|23");
	rig_close(&rig);
}
END_TEST

START_TEST(closed_and_sealed)
{
	begin();
	write_to(1);
	write_to(2);
	rig_seal(&rig);
	write_to(3);
	rig_seal(&rig);
	rig_check(RANGES("accesses"), "1|1|2|2|0|2000|1\n2|3|3|1|2000|3000|1\n"
				      "3|4|9223372036854775807|-|-|-|0");
	/* The second one got no process. */
	rig_check("SELECT segment, first_id, last_id, rows FROM segment_tables"
		  " WHERE name = 'processes'",
		  "1|1|2|2");
	rig_check("SELECT id, typeof(seal), length(seal) FROM segments", "1|blob|32\n2|blob|32");
	rig_close(&rig);
}
END_TEST

START_TEST(closed_with_nothing_in_it)
{
	begin();
	rig_seal(&rig);
	rig_seal(&rig);
	rig_check("SELECT max(id) FROM segments", "1");
	rig_close(&rig);
}
END_TEST

/* By time, by the number of records, or not. */
static const struct fill {
	uint64_t later;
	uint64_t records;
	const char *closed;
} fills[] = {
	{ SEGMENT_NS - RIG_STEP, 0, "0" },
	{ SEGMENT_NS, 0, "1" },
	{ 0, SEGMENT_ROWS - 3, "0" },
	{ 0, SEGMENT_ROWS, "1" },
};

START_TEST(full)
{
	begin();
	write_to(1);
	rig.forge.now += fills[_i].later - RIG_STEP;
	rig.ingest.segment.records += fills[_i].records;
	write_to(2);
	rig_check("SELECT count(*) FROM segments", fills[_i].closed);
	rig_close(&rig);
}
END_TEST

START_TEST(goes_on_after_a_restart)
{
	begin();
	write_to(1);
	rig_restart(&rig);
	rig_check("SELECT count(*) FROM segments", "0");
	ck_assert_uint_gt(rig.ingest.segment.records, 0);
	write_to(2);
	rig_seal(&rig);
	rig_check("SELECT first_id, last_id FROM segment_tables WHERE name = 'accesses'", "1|2");
	rig_close(&rig);
}
END_TEST

START_TEST(another_load_is_another_segment)
{
	begin();
	write_to(1);
	rig_reload(&rig, 78);
	rig_attach(&rig);
	rig_check("SELECT count(*) FROM segments", "1");
	rig_close(&rig);
}
END_TEST

/* Not before a minute has passed, unless nothing comes any more, or the clock was set back. */
START_TEST(sealed_when_nothing_is_late)
{
	struct seal *seal;
	int64_t closed;
	int ret;

	begin();
	write_to(1);
	closed = now();
	ck_assert_int_eq(ingest_close_segment(&rig.ingest, closed), 0);
	seal = seal_new(rig.store, false);
	ck_assert_int_eq(seal_step(seal, closed, false), 0);
	ck_assert_int_eq(seal_step(seal, closed + SEAL_LATE_NS - 1, false), 0);
	rig_check("SELECT count(seal) FROM segments", "0");
	do
		ret = seal_step(seal, _i ? closed - 1 : closed + SEAL_LATE_NS, false);
	while (ret > 0);
	ck_assert_int_eq(ret, 0);
	rig_check("SELECT count(seal) FROM segments", "1");
	seal_free(seal);
	rig_close(&rig);
}
END_TEST

/* Who has changed a table finds that told of, and nothing else unsealed. */
static const struct odd_table {
	const char *sql;
	const char *said;
} odd_tables[] = {
	{ "PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql ="
	  " replace(sql, ' id ', ' ID ') WHERE name = 'accesses'; PRAGMA schema_version = 999",
	  "table accesses in segment 2: it has no column id" },
	{ "ALTER TABLE accesses RENAME TO others",
	  "table accesses in segment 2: no such table: main.accesses" },
};

START_TEST(odd)
{
	const struct odd_table *odd_table = &odd_tables[_i];
	struct seal *seal;
	int ret;

	begin();
	write_to(1);
	rig_seal(&rig);
	rig_write("INSERT INTO segments (id, closed) VALUES (2, 1);"
		  "INSERT INTO segment_tables (name, segment, first_id, last_id)"
		  " VALUES ('accesses', 2, 2, 2), ('changes', 2, 2, 2)");
	rig_write(odd_table->sql);
	seal = seal_new(rig.store, false);
	do
		ret = seal_step(seal, now(), true);
	while (ret > 0);
	ck_assert_int_eq(ret, 0);
	seal_free(seal);
	rig_check("SELECT count(seal) FROM segments", "2");
	rig_check("SELECT count(digest) FROM segment_tables WHERE segment = 2", "1");
	rig_check("SELECT detail FROM sensor_events WHERE event = 'segment damaged' LIMIT 1",
		  odd_table->said);
	rig_close(&rig);
}
END_TEST

/* Long texts are no longer step than many short ones are. */
START_TEST(long_texts)
{
	struct seal *seal;
	int steps = 0, ret;

	begin();
	write_to(1);
	rig_seal(&rig);
	rig_write("INSERT INTO segments (id, closed) VALUES (2, 1);"
		  "INSERT INTO segment_tables (name, segment, first_id, last_id)"
		  " VALUES ('strings', 2, 1001, 1064);"
		  "WITH RECURSIVE n(i) AS (SELECT 1001 UNION ALL SELECT i + 1 FROM n"
		  " WHERE i < 1064) INSERT INTO strings (id, value)"
		  " SELECT i, printf('%.*c', 1 << 20, 'x') FROM n");
	seal = seal_new(rig.store, false);
	while ((ret = seal_step(seal, now(), true)) > 0)
		steps++;
	ck_assert_int_eq(ret, 0);
	ck_assert_int_ge(steps, 16);
	seal_free(seal);
	rig_check("SELECT rows, length(digest) FROM segment_tables WHERE segment = 2", "64|32");
	rig_close(&rig);
}
END_TEST

/* A process that lives is sealed when it has ended. */
START_TEST(late)
{
	begin();
	rig_seal(&rig);
	rig_check("SELECT name, id, segment FROM late_rows WHERE name = 'processes'",
		  "processes|1|-\nprocesses|2|-");
	forge_exit(&rig.forge, keys[1], 0);
	rig_feed(&rig);
	rig_seal(&rig);
	rig_check("SELECT id, segment FROM late_rows WHERE name = 'processes'", "1|-\n2|-");
	write_to(1);
	rig_seal(&rig);
	rig_check("SELECT id, segment, length(digest) FROM late_rows WHERE name = 'processes'",
		  "1|-|-\n2|2|32");
	rig_close(&rig);
}
END_TEST

/* Texts of files are ranges of ids, beyond those that were strings before there were any. */
START_TEST(paths)
{
	begin();
	write_to(1);
	rig_check("SELECT value FROM paths", "/f/1");
	rig_check("SELECT path FROM file_access WHERE NOT executed", "/f/1");
	rig_check("SELECT count(*) FROM strings WHERE value = '/f/1'", "0");
	rig_write("INSERT INTO strings (id, value) VALUES (900, '/old'); DELETE FROM paths;"
		  "UPDATE meta SET value = 900 WHERE name = 'paths_from';"
		  "UPDATE accesses SET path = 900");
	rig_check("SELECT path FROM file_access WHERE NOT executed", "/old");
	rig_restart(&rig);
	write_to(2);
	rig_check("SELECT id, value FROM paths", "901|/f/2");
	rig_close(&rig);
}
END_TEST

/* From time to time what comes uses nothing of what came before. */
START_TEST(begins_anew)
{
	int i;

	begin();
	for (i = 0; i < SEGMENT_FRESH + 1; i++) {
		write_to(7);
		rig_seal(&rig);
		rig_feed(&rig);
		write_to(8);
	}
	rig_check("SELECT group_concat(id) FROM segments WHERE strings", "1,32");
	rig_check("SELECT count(*), count(DISTINCT value) FROM paths", "4|2");
	rig_check("SELECT count(*), min(segment), max(segment) FROM files", "2|32|32");
	rig_close(&rig);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("segment");

	unit_add(suite, filled);
	unit_add(suite, closed_and_sealed);
	unit_add(suite, closed_with_nothing_in_it);
	unit_add_rows(suite, full, UNIT_COUNT(fills));
	unit_add(suite, goes_on_after_a_restart);
	unit_add(suite, another_load_is_another_segment);
	unit_add_rows(suite, sealed_when_nothing_is_late, 2);
	unit_add(suite, long_texts);
	unit_add_rows(suite, odd, UNIT_COUNT(odd_tables));
	unit_add(suite, late);
	unit_add(suite, paths);
	unit_add(suite, begins_anew);
	return unit_run(suite);
}
