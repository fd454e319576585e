// SPDX-License-Identifier: GPL-2.0-only
/* Answers as tables, JSON and CSV; and what is refused, with which exit status. */
#include "query.h"

#include "lock.h"
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

static sqlite3 *open_database(void)
{
	struct store *store;
	sqlite3 *db;

	ck_assert_int_eq(store_open(&store, unit_path("kith.db")), 0);
	store_close(store);
	ck_assert_int_eq(query_open(&db, unit_path("kith.db")), 0);
	return db;
}

/* What @sql prints; the caller frees it. */
static char *answer(const char *sql, enum format format)
{
	sqlite3 *db = open_database();
	sqlite3_stmt *statement;
	char *text;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	ck_assert_int_eq(query_prepare(db, &statement, sql), 0);
	ck_assert_int_eq(query_print(db, statement, format, stream), 0);
	fclose(stream);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return text;
}

static void check_answer(const char *sql, enum format format, const char *want)
{
	char *have = answer(sql, format);

	ck_assert_msg(!strcmp(have, want), "%s\nwant:\n%s\nhave:\n%s", sql, want, have);
	free(have);
}

static const struct {
	const char *sql;
	const char *want;
} json[] = {
	{ "SELECT 1 AS a WHERE 0", "" },
	{ "SELECT 1 AS a", "{\"a\":1}\n" },
	{ "SELECT NULL AS a, '' AS b", "{\"a\":null,\"b\":\"\"}\n" },
	{ "SELECT -9223372036854775808 AS a", "{\"a\":-9223372036854775808}\n" },
	{ "SELECT 1.5 AS a, -0.25 AS b", "{\"a\":1.5,\"b\":-0.25}\n" },
	{ "SELECT 1e999 AS a, -1e999 AS b", "{\"a\":9e999,\"b\":-9e999}\n" },
	{ "SELECT '1' AS a", "{\"a\":\"1\"}\n" },
	{ "VALUES (1), (2)", "{\"column1\":1}\n{\"column1\":2}\n" },
	{ "SELECT 'a' || char(10, 27) || '\"' AS a", "{\"a\":\"a\\u000a\\u001b\\\"\"}\n" },
	{ "SELECT x'00ff41' AS a", "{\"a\":\"\\u0000\\udcffA\"}\n" },
	{ "SELECT 1 AS \"a\"\"b\n\"", "{\"a\\\"b\\u000a\":1}\n" },
};

START_TEST(prints_json)
{
	check_answer(json[_i].sql, FORMAT_JSON, json[_i].want);
}
END_TEST

static const struct {
	const char *sql;
	const char *want;
} csv[] = {
	{ "SELECT 1 AS a WHERE 0", "a\r\n" },
	{ "SELECT 1 AS a, 'x' AS b", "a,b\r\n1,x\r\n" },
	{ "SELECT NULL AS a, '' AS b, 2 AS c", "a,b,c\r\n,,2\r\n" },
	{ "SELECT 'a,b' AS \"x,y\"", "\"x,y\"\r\n\"a,b\"\r\n" },
	{ "SELECT 'say \"x\"' AS a", "a\r\n\"say \"\"x\"\"\"\r\n" },
	{ "SELECT 'a' || char(10) || 'b' AS a", "a\r\n\"a\nb\"\r\n" },
	{ "SELECT 'a' || char(13) AS a", "a\r\n\"a\r\"\r\n" },
	{ "SELECT CAST(x'ff1b41' AS TEXT) AS a", "a\r\n\xff\x1b" "A\r\n" },
};

START_TEST(prints_csv)
{
	check_answer(csv[_i].sql, FORMAT_CSV, csv[_i].want);
}
END_TEST

static const struct {
	const char *sql;
	const char *want;
} tables[] = {
	{ "SELECT 1 AS a WHERE 0", "" },
	{ "SELECT 1 AS a, 22 AS b", "a  b\n1  22\n" },
	{ "VALUES ('long', 1), ('x', 22)", "column1  column2\nlong     1\nx        22\n" },
	{ "SELECT NULL AS a, 1 AS b", "a  b\n   1\n" },
	{ "SELECT 'a' || char(10, 27) AS a", "a\na\\n\\x1b\n" },
	{ "SELECT '' AS a, 1 AS b", "a   b\n\"\"  1\n" },
	{ "SELECT 'x  0' AS a, 'y z' AS b", "a          b\n\"x \\x200\"  \"y z\"\n" },
	/* a character of several bytes takes one column */
	{ "VALUES (char(252, 8364), 1), ('abc', 2)",
	  "column1  column2\n\xc3\xbc\xe2\x82\xac       1\nabc      2\n" },
};

START_TEST(prints_tables)
{
	check_answer(tables[_i].sql, FORMAT_TABLE, tables[_i].want);
}
END_TEST

/* Longer than 80 columns: 79 and an ellipsis, whatever bytes they take. */
static const struct {
	const char *piece;
	size_t pieces;
	bool cut;
} widths[] = {
	{ "x", 80, false },		{ "x", 81, true },
	{ "x", 5000, true },		{ "\xc3\xbc", 80, false },
	{ "\xc3\xbc", 81, true },	{ "\xf0\x9f\x90\x9a", 80, false },
	{ "\xf0\x9f\x90\x9a", 81, true }, { "\xf0\x9f\x90\x9a", 500, true },
};

START_TEST(cuts_wide_cells)
{
	size_t i, size = strlen(widths[_i].piece);
	char *sql = calloc(1, 30000), *want = calloc(1, 30000);

	ck_assert_ptr_nonnull(sql);
	ck_assert_ptr_nonnull(want);
	strcpy(want, "a\n");
	strcpy(sql, "SELECT '");
	for (i = 0; i < widths[_i].pieces; i++) {
		memcpy(sql + 8 + i * size, widths[_i].piece, size);
		if (i < (widths[_i].cut ? 79 : 80))
			strcat(want, widths[_i].piece);
	}
	strcat(sql, "' AS a");
	strcat(want, widths[_i].cut ? "\xe2\x80\xa6\n" : "\n");
	check_answer(sql, FORMAT_TABLE, want);
	free(sql);
	free(want);
}
END_TEST

START_TEST(cuts_what_is_quoted)
{
	char want[200] = "a\n\"";
	int i;

	for (i = 0; i < 38; i++)
		strcat(want, "x ");
	check_answer("SELECT replace(printf('%050d', 0), '0', 'x ') AS a", FORMAT_TABLE,
		     strcat(want, "x\xe2\x80\xa6\"\n"));
}
END_TEST

/* One statement, which only reads. */
static const struct {
	const char *sql;
	int prepared;
	int printed;
	const char *why;
} statements[] = {
	{ "SELECT 1", 0, 0, "" },
	{ "SELECT 1;", 0, 0, "" },
	{ " SELECT 1 ; ;\n", 0, 0, "" },
	{ "SELECT 1;\r\n", 0, 0, "" },
	{ "SELECT 1; -- the end\n/* really */", 0, 0, "" },
	{ "-- a head\nSELECT 1", 0, 0, "" },
	{ "", 2, 0, "not one statement" },
	{ "-- nothing", 2, 0, "not one statement" },
	{ ";", 2, 0, "not one statement" },
	{ "SELECT 1; SELECT 2", 2, 0, "not one statement" },
	{ "SELECT 1; nonsense", 2, 0, "not one statement" },
	{ "SELEC 1", 2, 0, "syntax error" },
	{ "SELECT nonesuch FROM process", 2, 0, "no such column" },
	{ "SELECT * FROM \"nothing\x1b[2J\"", 2, 0, "\\x1b[2J" },
	{ "SELECT abs(-9223372036854775808)", 0, 2, "integer overflow" },
	{ "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9)"
	  " SELECT sum(i), count(*) FROM n",
	  0, 0, "" },
	{ "SELECT value FROM json_each('[1, 2]')", 0, 0, "" },
	{ "EXPLAIN QUERY PLAN SELECT * FROM process", 0, 0, "" },
	{ "SELECT c.name FROM sqlite_schema v, pragma_table_info(v.name) c", 0, 0, "" },
	{ "PRAGMA user_version", 0, 0, "" },
	{ "PRAGMA table_info(process)", 0, 0, "" },
	{ "PRAGMA integrity_check", 0, 0, "" },
	{ "DELETE FROM meta", EX_NOPERM, 0, "would not only read" },
	{ "INSERT INTO meta VALUES (1, 2)", EX_NOPERM, 0, "not authorized" },
	{ "CREATE TEMP TABLE t (x)", EX_NOPERM, 0, "not authorized" },
	/* a transaction of reads: kith status --wait-synced needs one */
	{ "BEGIN", 0, 0, "" },
	{ "ATTACH ':memory:' AS x", EX_NOPERM, 0, "not authorized" },
	{ "UPDATE sqlite_schema SET sql = ''", EX_NOPERM, 0, "may not be modified" },
	{ "DELETE FROM process", EX_NOPERM, 0, "would not only read: cannot modify process" },
	{ "INSERT INTO loss VALUES (1)", EX_NOPERM, 0, "would not only read" },
	{ "DELETE FROM nonesuch", 2, 0, "no such table" },
	{ "PRAGMA query_only = 0", EX_NOPERM, 0, "not authorized" },
	{ "PRAGMA trusted_schema = 1", EX_NOPERM, 0, "not authorized" },
	{ "PRAGMA wal_checkpoint", EX_NOPERM, 0, "not authorized" },
	{ "SELECT load_extension('/x')", 2, 0, "not authorized" },
};

START_TEST(takes_one_statement_that_reads)
{
	sqlite3 *db = open_database();
	sqlite3_stmt *statement = NULL;
	FILE *stream = fopen("/dev/null", "w");
	char *said;
	int status;

	unit_capture_stderr();
	status = query_prepare(db, &statement, statements[_i].sql);
	ck_assert_int_eq(status, statements[_i].prepared);
	if (!status)
		ck_assert_int_eq(query_print(db, statement, FORMAT_TABLE, stream),
				 statements[_i].printed);
	said = unit_stderr();
	ck_assert_msg(strstr(said, statements[_i].why) != NULL, "said: %s", said);
	ck_assert_int_eq(!*said, !*statements[_i].why);
	free(said);
	fclose(stream);
	sqlite3_finalize(statement);
	sqlite3_close(db);
}
END_TEST

/* Whose statement it is, he is not to leave a file behind in the name of who runs it. */
static const char *const makers[] = { "VACUUM INTO '%s'", "ATTACH '%s' AS x",
				      "ATTACH 'file:%s?mode=rwc' AS x" };

START_TEST(makes_no_file)
{
	sqlite3 *db = open_database();
	sqlite3_stmt *statement = NULL;
	char *sql = NULL;

	ck_assert_int_gt(asprintf(&sql, makers[_i], unit_path("made")), 0);
	unit_capture_stderr();
	ck_assert_int_eq(query_prepare(db, &statement, sql) ? EX_NOPERM :
			 query_print(db, statement, FORMAT_TABLE, stdout),
			 EX_NOPERM);
	free(unit_stderr());
	ck_assert_int_ne(access(unit_path("made"), F_OK), 0);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	free(sql);
}
END_TEST

static void refuse_to_open(const char *name, int want, const char *why)
{
	sqlite3 *db;
	char *said;

	unit_capture_stderr();
	ck_assert_int_eq(query_open(&db, unit_path(name)), want);
	sqlite3_close(db);
	said = unit_stderr();
	ck_assert_msg(strstr(said, why) && strstr(said, name), "said: %s", said);
	free(said);
}

static void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

START_TEST(opens_nothing_else)
{
	sqlite3 *db;

	refuse_to_open("nothing.db", EX_IOERR, "nothing.db: No such file or directory");
	ck_assert_int_ne(access(unit_path("nothing.db"), F_OK), 0);
	write_text(unit_path("text.db"),
		   "This is no database, whatever its name says, but it is long enough for one."
		   "An SQLite file begins with sixteen bytes that say so.");
	refuse_to_open("text.db", EX_IOERR, "not a database");
	write_text(unit_path("empty.db"), "");
	refuse_to_open("empty.db", EX_IOERR, "it is not a database of Kith");
	ck_assert_int_eq(symlink("/dev/null", unit_path("null.db")), 0);
	refuse_to_open("null.db", EX_IOERR, "it is not a database of Kith");
	ck_assert_int_eq(mkdir(unit_path("directory.db"), 0700), 0);
	refuse_to_open("directory.db", EX_IOERR, "directory.db: ");
	ck_assert_int_eq(sqlite3_open(unit_path("other.db"), &db), SQLITE_OK);
	sqlite3_exec(db, "CREATE TABLE theirs (x)", NULL, NULL, NULL);
	sqlite3_close(db);
	refuse_to_open("other.db", EX_IOERR, "it is not a database of Kith");
}
END_TEST

/* A copy of the one file, as people take it, in a directory @name of its own. */
static void make_copy(const char *name)
{
	char path[512];

	sqlite3_close(open_database());
	ck_assert_int_eq(mkdir(unit_path(name), 0700), 0);
	snprintf(path, sizeof(path), "%s/kith.db", name);
	ck_assert_int_eq(rename(unit_path("kith.db"), unit_path(path)), 0);
}

static void read_copy(const char *name)
{
	char path[512];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/kith.db", name);
	ck_assert_int_eq(query_open(&db, unit_path(path)), 0);
	ck_assert_int_eq(sqlite3_exec(db, "SELECT * FROM process", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	ck_assert_int_eq(unlink(unit_path(path)), 0);
	/* there was nothing else in it */
	ck_assert_int_eq(rmdir(unit_path(name)), 0);
}

/* Whatever its path is. */
static const char *const copies[] = { "copy", "a b", "100%", "what?mode=rwc", "a#b", "%41" };

START_TEST(leaves_a_copy_alone)
{
	make_copy(copies[_i]);
	read_copy(copies[_i]);
}
END_TEST

/* From a disk that is mounted for reading only, say. */
START_TEST(reads_where_it_cannot_write)
{
	char outer[512];
	int status;
	sqlite3 *db;

	make_copy("copy");
	ck_assert_int_eq(chmod(unit_path("copy/kith.db"), 0444), 0);
	ck_assert_int_eq(chmod(unit_path("copy"), 0555), 0);
	ck_assert_int_eq(chmod(unit_path(""), 0755), 0);
	snprintf(outer, sizeof(outer), "%s..", unit_path(""));
	ck_assert_int_eq(chmod(outer, 0755), 0);
	if (!getuid())
		ck_assert_int_eq(setuid(65534), 0);
	status = query_open(&db, unit_path("copy/kith.db"));
	sqlite3_close(db);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* What kithd commits shows to who reads meanwhile, from its first moment on. */
START_TEST(sees_what_is_written)
{
	sqlite3_stmt *statement;
	struct store *store;
	sqlite3 *db;
	int lock;

	ck_assert_int_eq(store_open(&store, unit_path("kith.db")), 0);
	store_close(store);
	remove(unit_path("kith.db-wal"));
	lock = lock_take(unit_path("kith.db"));
	ck_assert_int_ge(lock, 0);
	ck_assert_int_eq(query_open(&db, unit_path("kith.db")), 0);
	ck_assert_int_eq(store_open(&store, unit_path("kith.db")), 0);
	ck_assert_int_eq(store_begin(store), 0);
	ck_assert_int_eq(store_set_seen(store, &(struct store_seen){ .at = 7 }), 0);
	ck_assert_int_eq(store_commit(store), 0);
	ck_assert_int_eq(query_prepare(db, &statement,
				       "SELECT value FROM meta WHERE name = 'seen'"),
			 0);
	ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
	ck_assert_int_eq(sqlite3_column_int(statement, 0), 7);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	store_close(store);
	close(lock);
}
END_TEST

/* The directory of the test is its owner's alone. */
START_TEST(says_that_it_may_not)
{
	sqlite3 *db = open_database();
	int status;

	sqlite3_close(db);
	if (getuid() == 0)
		ck_assert_int_eq(setuid(65534), 0);
	else
		ck_assert_int_eq(chmod(unit_path(""), 0), 0);
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	status = query_open(&db, unit_path("kith.db"));
	sqlite3_close(db);
	chmod(unit_path(""), 0700);
	ck_assert_int_eq(status, EX_NOPERM);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("query");

	unit_add_rows(suite, prints_json, UNIT_COUNT(json));
	unit_add_rows(suite, prints_csv, UNIT_COUNT(csv));
	unit_add_rows(suite, prints_tables, UNIT_COUNT(tables));
	unit_add(suite, cuts_what_is_quoted);
	unit_add_rows(suite, cuts_wide_cells, UNIT_COUNT(widths));
	unit_add_rows(suite, makes_no_file, UNIT_COUNT(makers));
	unit_add_rows(suite, takes_one_statement_that_reads, UNIT_COUNT(statements));
	unit_add(suite, opens_nothing_else);
	unit_add_rows(suite, leaves_a_copy_alone, UNIT_COUNT(copies));
	unit_add(suite, reads_where_it_cannot_write);
	unit_add(suite, sees_what_is_written);
	unit_add(suite, says_that_it_may_not);
	return unit_run(suite);
}
