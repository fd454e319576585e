// SPDX-License-Identifier: GPL-2.0-only
/* What was done to a sealed database, and what kith verify says of it. */
#include "verify.h"

#include "program.h"
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rig rig;
static uint64_t keys[3];

/* Three segments: two processes live in the first, one of which ends in the second. */
static void make(void)
{
	rig_open(&rig);
	keys[0] = forge_key(RIG_AT(50), 500);
	keys[1] = forge_key(RIG_AT(51), 501);
	forge_process(&rig.forge, keys[0], 0, "/bin/a");
	forge_process(&rig.forge, keys[1], keys[0], "/bin/b");
	rig_dumped(&rig);
	rig.forge.now = RIG_NOW + RIG_STEP;
	forge_write(&rig.forge, 1, keys[0], 11, 10);
	forge_write(&rig.forge, 2, keys[0], 12, 10);
	forge_pipe(&rig.forge, 3, keys[0], keys[1]);
	forge_connection(&rig.forge, 4, keys[0], keys[1]);
	forge_change(&rig.forge, keys[0], KITH_CHANGE_UNLINK, 11);
	rig_feed(&rig);
	rig_seal(&rig);
	forge_exit(&rig.forge, keys[1], 0);
	forge_write(&rig.forge, 5, keys[0], 13, 10);
	rig_feed(&rig);
	rig_seal(&rig);
	forge_write(&rig.forge, 6, keys[0], 14, 10);
	rig_feed(&rig);
	rig_seal(&rig);
	rig_close(&rig);
}

START_TEST(as_it_was)
{
	make();
	ck_assert_int_eq(run("kith", "verify", "--exit-code", DB, END), 0);
	check_in("3 of 3 segments are sealed", printed);
	check_in("1 rows were sealed when they were over", printed);
	check_in("Nothing was changed.", printed);
	ck_assert_int_eq(run("kith", "verify", "--json", DB, END), 0);
	check_in("{\"faults\":0,\"segments\":3,\"sealed\":3", printed);
}
END_TEST

#define SWAP(table, column)                                              \
	"UPDATE " table " SET " column " = 9 WHERE " column " = 2;"      \
	"UPDATE " table " SET " column " = 2 WHERE " column " = 3;"      \
	"UPDATE " table " SET " column " = 3 WHERE " column " = 9;"

/* SQLite finds it by any case. */
#define RENAME_ID                                                                \
	"PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql ="             \
	" replace(sql, ' id ', ' ID ') WHERE name = 'accesses'; PRAGMA writable_schema = 0"

static const struct deed {
	const char *sql;
	const char *said;
} deeds[] = {
	{ "UPDATE accesses SET bytes_written = 11 WHERE id = 2",
	  "changed: segment 1: accesses: rows are not as they were sealed" },
	{ "UPDATE accesses SET path = NULL WHERE id = 2",
	  "changed: segment 1: accesses: rows are not as they were sealed" },
	{ "UPDATE paths SET value = '/f/1x' WHERE value = '/f/12'",
	  "changed: segment 1: paths: rows are not as they were sealed" },
	{ "UPDATE strings SET value = CAST(value AS BLOB) WHERE id = 1",
	  "changed: segment 1: strings: rows are not as they were sealed" },
	{ "UPDATE changes SET op = 5", "changed: segment 1: changes: rows" },
	{ "UPDATE connections SET to_server = 1", "changed: segment 1: connections: rows" },
	{ "UPDATE pipes SET written = 1", "changed: segment 1: pipes: rows" },
	{ "DELETE FROM accesses WHERE id = 2",
	  "removed: segment 1: accesses: has 1 rows, and was sealed with 2" },
	{ "DELETE FROM accesses WHERE id = 3",
	  "removed: segment 2: accesses: has 0 rows, and was sealed with 1" },
	{ "INSERT INTO pipes (id) VALUES (0)",
	  "added: pipes: 1 rows are before those of the first segment" },
	{ "INSERT INTO paths (id, value) VALUES (-7, 'a'), (-8, 'b')",
	  "added: paths: 2 rows are before those of the first segment" },
	{ "ANALYZE", NULL },
	/* It lives, but who it is never changes. */
	{ "UPDATE processes SET key = 5 WHERE id = 1",
	  "changed: segment 1: processes: rows are not as they were sealed" },
	/* It has ended in the second segment. */
	{ "UPDATE processes SET status = 1 WHERE id = 2",
	  "changed: segment 2: processes: row 2: is not as it was sealed when it was over" },
	{ "DELETE FROM processes WHERE id = 2", "removed: segment 1: processes: has 1 rows" },
	{ "UPDATE processes SET status = 1 WHERE id = 2;"
	  "UPDATE late_rows SET segment = NULL WHERE id = 2 AND name = 'processes'",
	  "changed: segment 2: its seal does not follow" },
	{ "UPDATE processes SET status = 1 WHERE id = 2;"
	  "DELETE FROM late_rows WHERE id = 2 AND name = 'processes'",
	  "changed: segment 1: processes: rows are not as they were sealed" },
	/* As if it had lived on then. */
	{ "UPDATE accesses SET bytes_written = 11 WHERE id = 2;"
	  "INSERT INTO late_rows (name, id) VALUES ('accesses', 2)",
	  "changed: segment 1: accesses: rows are not as they were sealed" },
	{ "DELETE FROM segments WHERE id = 1",
	  "removed: segment 1: up to segment 1: not there" },
	{ "DELETE FROM segments WHERE id = 2; DELETE FROM segment_tables WHERE segment = 2",
	  "removed: segment 2: up to segment 2: not there" },
	{ SWAP("segments", "id") SWAP("segment_tables", "segment"), "changed: segment 2: " },
	{ "UPDATE segments SET closed = closed + 1 WHERE id = 2",
	  "changed: segment 2: its seal does not follow" },
	{ "UPDATE segments SET seal = zeroblob(32) WHERE id = 2",
	  "changed: segment 2: its seal does not follow" },
	{ "UPDATE segments SET seal = NULL WHERE id = 2",
	  "removed: segment 3: is sealed, and the one before is not" },
	{ "UPDATE segment_tables SET digest = NULL WHERE name = 'accesses' AND segment = 2",
	  "unreadable: segment 2: accesses: could not be read when it was sealed" },
	{ "UPDATE segment_tables SET dropped = 1 WHERE name = 'accesses' AND segment = 2;"
	  "DELETE FROM accesses WHERE id = 3",
	  "dropped: segment 2: accesses: is said to be dropped, and no event says so" },
	{ "INSERT INTO sensor_events VALUES (99, 1, NULL, 'dropped', NULL,"
	  " 'file folds of segments 1 to 1, 3 rows: x');"
	  "UPDATE segment_tables SET dropped = 99 WHERE name = 'accesses' AND segment = 2;"
	  "DELETE FROM accesses WHERE id = 3",
	  "dropped: segment 2: accesses: is said to be dropped, and no event says so" },
	{ "DROP VIEW loss", "schema: view loss is missing" },
	{ "DROP VIEW loss; CREATE VIEW loss AS SELECT 1",
	  "schema: view loss is not as this version makes it" },
	{ "CREATE TRIGGER t AFTER INSERT ON processes BEGIN DELETE FROM pipes; END",
	  "schema: trigger t is none of Kith's" },
	{ "PRAGMA writable_schema = 1; INSERT INTO sqlite_schema VALUES ('trigger',"
	  " 'sqlite_evil', 'processes', 0, 'CREATE TRIGGER sqlite_evil AFTER INSERT ON"
	  " processes BEGIN DELETE FROM pipes; END')",
	  "schema: trigger sqlite_evil is none of Kith's" },
	{ "CREATE VIEW v AS SELECT 1", "schema: view v is none of Kith's" },
	/* A table that cannot be looked at, and one that can. */
	{ RENAME_ID "; UPDATE pipes SET written = 1",
	  "unreadable: segment 1: accesses: it has no column id" },
	{ RENAME_ID "; UPDATE pipes SET written = 1", "changed: segment 1: pipes: rows" },
	{ "DROP TABLE accesses", "unreadable: segment 3: accesses: no such table" },
	{ "DROP TABLE accesses; UPDATE pipes SET written = 1",
	  "changed: segment 1: pipes: rows" },
};

START_TEST(tampered)
{
	const struct deed *deed = &deeds[_i];

	make();
	rig_write(deed->sql);
	ck_assert_int_eq(run("kith", "verify", "--exit-code", DB, END), deed->said ? 1 : 0);
	check_in(deed->said ? deed->said : "Nothing was changed.", printed);
	ck_assert_int_eq(run("kith", "verify", DB, END), 0);
	ck_assert_int_eq(run("kith", "verify", "--json", "--exit-code", DB, END),
			 deed->said ? 1 : 0);
	check_in(deed->said ? "{\"fault\":\"" : "{\"faults\":0,", printed);
}
END_TEST

/* More columns than there is room for, one of which is called as one of ours is. */
START_TEST(many_columns)
{
	char sql[64];
	unsigned int i;

	make();
	for (i = 0; i < 100; i++) {
		snprintf(sql, sizeof(sql), "ALTER TABLE accesses ADD COLUMN c%u", i);
		rig_write(sql);
	}
	ck_assert_int_eq(run("kith", "verify", "--exit-code", DB, END), 1);
	check_in("unreadable: segment 1: accesses: it has too many columns", printed);
	check_in("3 of 3 segments are sealed", printed);
}
END_TEST

/* A byte of the file is another, somewhere in the rows of a table. */
START_TEST(a_byte_of_the_file)
{
	char *page;
	FILE *file;
	long at;

	make();
	page = rig_rows("SELECT rootpage FROM sqlite_schema WHERE name = 'paths'");
	rig_write("PRAGMA wal_checkpoint(TRUNCATE)");
	at = strtol(page, NULL, 10) * 4096 - 1; /* the end of the first row */
	file = fopen(unit_path("kith.db"), "r+");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fseek(file, at, SEEK_SET), 0);
	ck_assert_int_eq(fputc('X', file), 'X');
	fclose(file);
	free(page);
	ck_assert_int_eq(run("kith", "verify", "--exit-code", DB, END), 1);
	check_in("changed: segment 1: paths: rows are not as they were sealed", printed);
}
END_TEST

/* What cannot be read is told of, and the rest is looked at. */
START_TEST(a_table_that_cannot_be_read)
{
	make();
	rig_write("PRAGMA wal_checkpoint(TRUNCATE); UPDATE pipes SET written = 1;"
		  "PRAGMA wal_checkpoint(TRUNCATE)");
	rig_damage("accesses");
	ck_assert_int_eq(run("kith", "verify", "--exit-code", DB, END), 1);
	check_in("unreadable: segment 1: accesses: database disk image is malformed", printed);
	check_in("changed: segment 1: pipes: rows are not as they were sealed", printed);
}
END_TEST

static void write_head(void)
{
	FILE *file;

	ck_assert_int_eq(run("kith", "verify", "--print-head", DB, END), 0);
	check_in("kith segment 3 closed 2023-", printed);
	file = fopen(unit_path("head"), "w");
	ck_assert_ptr_nonnull(file);
	fputs(printed, file);
	fclose(file);
}

#define HEAD "--head-file", unit_path("head")

START_TEST(the_head)
{
	char seal[65];

	make();
	write_head();
	snprintf(seal, sizeof(seal), "%s", strstr(printed, "seal ") + strlen("seal "));
	ck_assert_int_eq(run("kith", "verify", "--exit-code", HEAD, DB, END), 0);
	ck_assert_int_eq(run("kith", "verify", "--exit-code", "--head", seal, DB, END), 0);
	seal[0] ^= 1;
	ck_assert_int_eq(run("kith", "verify", "--exit-code", "--head", seal, DB, END), 1);
	check_in("head: the chain does not have it", printed);
	ck_assert_int_eq(run("kith", "verify", "--head", "12", DB, END), 2);
	check_in("a seal has 64 hexadecimal digits", said);
	/* What came after it was cut off shows by it alone. */
	rig_write("DELETE FROM segments WHERE id = 3; DELETE FROM segment_tables WHERE"
		  " segment = 3; DELETE FROM accesses WHERE id = 4;"
		  "DELETE FROM paths WHERE value = '/f/14'");
	ck_assert_int_eq(run("kith", "verify", "--exit-code", DB, END), 0);
	ck_assert_int_eq(run("kith", "verify", "--exit-code", HEAD, DB, END), 1);
	check_in("head: the chain does not have it", printed);
}
END_TEST

START_TEST(without_seals)
{
	rig_open(&rig);
	rig_close(&rig);
	ck_assert_int_eq(run("kith", "verify", "--exit-code", DB, END), 0);
	check_in("0 of 0 segments are sealed", printed);
	ck_assert_int_eq(run("kith", "verify", "--print-head", DB, END), 69);
	check_in("no segment is sealed yet", said);
}
END_TEST

/* The line is one that ssh-keygen(1) signs, and whose signature it checks. */
START_TEST(signed_head)
{
	char command[1024];

	if (system("command -v ssh-keygen >/dev/null"))
		return;
	make();
	write_head();
	snprintf(command, sizeof(command),
		 "cd %s && rm -f key key.pub && ssh-keygen -q -t ed25519 -N '' -f key &&"
		 " ssh-keygen -q -Y sign -n kith -f key head 2>/dev/null &&"
		 " echo \"me $(cat key.pub)\" >signers &&"
		 " ssh-keygen -q -Y verify -n kith -f signers -I me -s head.sig <head >/dev/null &&"
		 " ! tr 0 1 <head |"
		 " ssh-keygen -q -Y verify -n kith -f signers -I me -s head.sig >/dev/null 2>&1",
		 unit_path("."));
	ck_assert_int_eq(system(command), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verify");

	unit_add(suite, as_it_was);
	unit_add_rows(suite, tampered, UNIT_COUNT(deeds));
	unit_add(suite, many_columns);
	unit_add(suite, a_byte_of_the_file);
	unit_add(suite, a_table_that_cannot_be_read);
	unit_add(suite, the_head);
	unit_add(suite, without_seals);
	unit_add(suite, signed_head);
	return unit_run(suite);
}
