// SPDX-License-Identifier: GPL-2.0-only
/* Rows as objects of a shape that names of columns give; and what the texts call. */
#include "document.h"

#include "export.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is written of the rows of @sql; the caller frees it. */
static char *document_of(const char *sql, struct document *document)
{
	sqlite3_stmt *row = NULL;
	char *text = NULL;
	sqlite3 *db;
	size_t size;
	int code;

	document->stream = open_memstream(&text, &size);
	ck_assert_ptr_nonnull(document->stream);
	ck_assert_int_eq(sqlite3_open(":memory:", &db), SQLITE_OK);
	ck_assert_int_eq(export_offer_functions(db), 0);
	ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &row, NULL) == SQLITE_OK, "%s: %s", sql,
		      sqlite3_errmsg(db));
	while ((code = sqlite3_step(row)) == SQLITE_ROW)
		document_write(document, row, 0);
	ck_assert_int_eq(code, SQLITE_DONE);
	sqlite3_finalize(row);
	sqlite3_close(db);
	fclose(document->stream);
	return text;
}

static void check_document(const char *sql, struct document *document, const char *want)
{
	char *have = document_of(sql, document);

	ck_assert_msg(!strcmp(have, want), "%s\nwant:\n%s\nhave:\n%s", sql, want, have);
	free(have);
}

static const struct {
	const char *sql;
	const char *want;
} objects[] = {
	{ "SELECT 1 AS a", "{'a':1}\n" },
	{ "VALUES (1), (2)", "{'column1':1}\n{'column1':2}\n" },
	/* nested, and out again */
	{ "SELECT 1 AS 'a.b'", "{'a':{'b':1}}\n" },
	{ "SELECT 1 AS 'a.b.c', 2 AS 'a.b.d', 3 AS 'a.e', 4 AS f",
	  "{'a':{'b':{'c':1,'d':2},'e':3},'f':4}\n" },
	{ "SELECT 1 AS a, 2 AS 'b.c.d.e', 3 AS 'f.c.d.e'",
	  "{'a':1,'b':{'c':{'d':{'e':2}}},'f':{'c':{'d':{'e':3}}}}\n" },
	/* names that begin alike are not the same */
	{ "SELECT 1 AS 'ab.c', 2 AS 'a.c', 3 AS 'abc.c'",
	  "{'ab':{'c':1},'a':{'c':2},'abc':{'c':3}}\n" },
	{ "SELECT 1 AS 'a.b.c', 2 AS 'a.bc.c', 3 AS 'a.b'",
	  "{'a':{'b':{'c':1},'bc':{'c':2},'b':3}}\n" },
	/* what is not known, and objects that have nothing else */
	{ "SELECT 1 AS a, NULL AS b, NULL AS 'c.d', 2 AS e", "{'a':1,'e':2}\n" },
	{ "SELECT 1 AS a, NULL AS 'b.c', 2 AS 'b.d', NULL AS 'b.e'", "{'a':1,'b':{'d':2}}\n" },
	/* lists */
	{ "SELECT 'x' AS 'a*'", "{'a':['x']}\n" },
	{ "SELECT 1 AS 'a*', NULL AS 'a*', 2 AS 'a*', 3 AS b", "{'a':[1,2],'b':3}\n" },
	{ "SELECT 1 AS 'a*', 2 AS 'b*', 3 AS 'c.d*', 4 AS 'c.d*', 5 AS 'e.d*'",
	  "{'a':[1],'b':[2],'c':{'d':[3,4]},'e':{'d':[5]}}\n" },
	{ "SELECT 1 AS a, NULL AS 'b*'", "{'a':1}\n" },
	/* kinds */
	{ "SELECT 0 AS 'a?', 1 AS 'b?', NULL AS 'c?', 4 AS 'd?'",
	  "{'a':false,'b':true,'d':true}\n" },
	{ "SELECT 1700000000123456789 AS '@t@'", "{'@t':'2023-11-14T22:13:20.123456789Z'}\n" },
	{ "SELECT 1700000000123456789 AS 't%', 5 AS 'u%', 0 AS 'v%'",
	  "{'t':1700000000123456.789,'u':0.005,'v':0.000}\n" },
	{ "SELECT column1 AS a, 9 AS 'n#' FROM (VALUES (5), (6))",
	  "{'a':5,'n':1}\n{'a':6,'n':2}\n" },
	{ "SELECT 1.5 AS a, -0.25 AS b, 1e999 AS c", "{'a':1.5,'b':-0.25,'c':9e999}\n" },
	{ "SELECT x'00ff22' AS a, char(10) AS 'b'", "{'a':'\\u0000\\udcff\\'','b':'\\u000a'}\n" },
	/* several objects; without its first column there is none */
	{ "SELECT 1 AS a, NULL AS '|', 2 AS b, NULL AS '|', NULL AS c, 3 AS d, NULL AS '|',"
	  " 4 AS 'e.f'",
	  "{'a':1}\n{'b':2}\n{'e':{'f':4}}\n" },
	{ "SELECT NULL AS a, 1 AS b", "" },
	{ "SELECT 1 AS a, 1 AS 'n#', NULL AS '|', 2 AS a, 1 AS 'n#'",
	  "{'a':1,'n':1}\n{'a':2,'n':1}\n" },
};

/* So that it can be read: ' is written for ". */
static char *with_quotes(const char *text)
{
	char *copy = strdup(text), *at;

	ck_assert_ptr_nonnull(copy);
	for (at = copy; (at = strchr(at, '\'')); at++)
		*at = '"';
	return copy;
}

START_TEST(shapes)
{
	struct document document = { .between = "", .behind = "\n" };
	char *want = with_quotes(objects[_i].want);

	check_document(objects[_i].sql, &document, want);
	free(want);
}
END_TEST

START_TEST(between_objects)
{
	struct document document = { .between = ",", .behind = "" };

	check_document("SELECT NULL AS a, NULL AS '|', 1 AS a, NULL AS '|', NULL AS a, NULL AS '|',"
		       " 2 AS a, NULL AS '|', NULL AS a",
		       &document, "{\"a\":1},{\"a\":2}");
}
END_TEST

/* By their ids alone; and what has none comes as often as it likes. */
START_TEST(once)
{
	struct document document = { .between = "", .behind = "\n" };

	ck_assert_int_eq(document_once(&document), 0);
	check_document("SELECT 'x' AS id, column1 AS b, NULL AS '|', 1 AS b FROM (VALUES (1), (2))",
		       &document, "{\"id\":\"x\",\"b\":1}\n{\"b\":1}\n{\"b\":1}\n");
	check_document("SELECT 'x' AS id, NULL AS '|', 'y' AS id", &document, "{\"id\":\"y\"}\n");
	document_clear(&document);
	check_document("SELECT 'x' AS id", &document, "{\"id\":\"x\"}\n");
}
END_TEST

/* However many there are, what is remembered of them is bounded: some come again. */
START_TEST(once_for_a_while)
{
	struct document document = { .between = "", .behind = "\n" };
	char *text;

	ck_assert_int_eq(document_once(&document), 0);
	free(document_of("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
			 " WHERE i < 1000000) SELECT 'x' || i AS id FROM n",
			 &document));
	text = document_of("SELECT 'x1' AS id, NULL AS '|', 'x1000000' AS id", &document);
	ck_assert_str_eq(text, "{\"id\":\"x1\"}\n");
	free(text);
	document_clear(&document);
}
END_TEST

static const struct {
	const char *sql;
	const char *want;
} calls[] = {
	{ "basename('/bin/cat')", "cat" },
	{ "basename('cat')", "cat" },
	{ "basename('/')", "/" },
	{ "basename('/a/')", "/a/" },
	{ "basename('')", NULL },
	{ "basename(NULL)", NULL },
	{ "dirname('/usr/bin/cat')", "/usr/bin" },
	{ "dirname('/cat')", "/" },
	{ "dirname('/')", NULL },
	{ "dirname('cat')", NULL },
	{ "dirname('')", NULL },
	{ "dirname(NULL)", NULL },
	{ "utc(1700000000123456789)", "2023-11-14T22:13:20.123456Z" },
	{ "utc(0)", "1970-01-01T00:00:00.000000Z" },
	{ "utc(-1)", "1969-12-31T23:59:59.999999Z" },
	{ "utc(NULL)", NULL },
	/* an example of the standard, section 2.9; and what another tool makes */
	{ "stix_id('ipv4-addr', 'value', '198.51.100.3')",
	  "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4" },
	{ "stix_id('ipv6-addr', 'value', '2001:db8::1')",
	  "ipv6-addr--6469e3a9-b053-5e34-a025-9396ae051d26" },
	{ "stix_id('autonomous-system', 'number', 15139)",
	  "autonomous-system--3aa27478-50b5-5ab8-9da9-cdc12b657fff" },
	{ "stix_id('ipv4-addr', 'value', NULL)", NULL },
	{ "stix_id('file', 'name', NULL, 'parent_directory_ref', NULL)", NULL },
	{ "stix_id(NULL, 'name', 'x')", NULL },
	{ "stix_id()", NULL },
	{ "kith_id('process', 'x', NULL)", NULL },
	{ "kith_id(NULL)", NULL },
	{ "kith_id('a', 'b', 'c') = kith_id('a', 'b', 'c')", "1" },
	{ "kith_id('a', 'b', 'c') = kith_id('a', 'bc')", "0" },
	{ "kith_id('a', 1) <> stix_id('a', 'a', 1)", "1" },
};

START_TEST(functions)
{
	struct document document = { .between = "", .behind = "" };
	char *sql = NULL, *want = NULL;

	ck_assert_int_gt(asprintf(&sql, "SELECT CAST(%s AS TEXT) AS 'a'", calls[_i].sql), 0);
	if (calls[_i].want)
		ck_assert_int_gt(asprintf(&want, "{\"a\":\"%s\"}", calls[_i].want), 0);
	check_document(sql, &document, want ? want : "");
	free(sql);
	free(want);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("document");

	unit_add_rows(suite, shapes, UNIT_COUNT(objects));
	unit_add(suite, between_objects);
	unit_add(suite, once);
	unit_add(suite, once_for_a_while);
	unit_add_rows(suite, functions, UNIT_COUNT(calls));
	return unit_run(suite);
}
