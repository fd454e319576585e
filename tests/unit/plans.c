// SPDX-License-Identifier: GPL-2.0-only
/* How SQLite goes about the queries that people ask: by keys, and without copies. */
#include "rig.h"

#include <glob.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What views make: numbers of parts, what was ever executed, segments; and streams of rows. */
static bool is_of_views(const char *name)
{
	static const char *const names[] = { "part",	"fresh",   "epoch",   "pair",
					     "ran",	"program", "script",  "segment",
					     "file_act", "(subquery" };
	size_t i;

	for (i = 0; i < UNIT_COUNT(names); i++)
		if (!strncmp(name, names[i], strlen(names[i])))
			return true;
	return false;
}

/* Does @sql ask for a copy of @name, or find its rows step by step? */
static bool is_copy(const char *sql, const char *name)
{
	static const char *const forms[] = { "\n%s AS MATERIALIZED (", "\n%s AS (", "\n%s(" };
	char copy[64];
	size_t i;

	for (i = 0; i < UNIT_COUNT(forms); i++) {
		snprintf(copy, sizeof(copy), forms[i], name);
		if (strstr(sql, copy))
			return true;
	}
	return false;
}

/*
 * Does @sql ask for a copy of @name, or is that another name of one? The two tables of view
 * connection are one there, t, without what it looks up: that is copied where need be.
 */
static bool is_meant(const char *sql, const char *name)
{
	char copy[32], alias[32];
	const char *at = sql;

	if (!strcmp(name, "t") || is_of_views(name) || is_copy(sql, name))
		return true;
	for (; (at = strchr(at, ' ')) != NULL; at++)
		if (sscanf(at, " JOIN %31[a-z_] %31[a-z_]", copy, alias) +
				    sscanf(at, " FROM %31[a-z_] %31[a-z_]", copy, alias) >=
			    2 &&
		    !strcmp(alias, name) && (is_copy(sql, copy) || is_of_views(copy)))
			return true;
	return false;
}

/*
 * A whole view copied, or an index made for one question, grows with the database;
 * but what the statement calls MATERIALIZED grows with the answer.
 */
static void check_plan(const char *sql)
{
	char *explain = NULL, *plan, *line, *rest, name[32];

	ck_assert_int_gt(asprintf(&explain, "EXPLAIN QUERY PLAN %s", sql), 0);
	plan = rig_rows(explain);
	for (line = strtok_r(plan, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		const char *at = strrchr(line, '|');

		ck_assert_ptr_nonnull(at);
		if (sscanf(at, "|MATERIALIZE %31s", name) == 1 ||
		    sscanf(at, "|CO-ROUTINE %31s", name) == 1 ||
		    (strstr(at, "AUTOMATIC") && sscanf(at, "|SEARCH %31s", name) == 1))
			ck_assert_msg(is_meant(sql, name), "%.2000s\n%s", sql, at);
		else
			ck_assert_msg(!strstr(at, "AUTOMATIC"), "%.2000s\n%s", sql, at);
	}
	free(plan);
	free(explain);
}

START_TEST(ready_queries)
{
	struct rig rig;
	glob_t found;
	size_t i;

	rig_open(&rig);
	ck_assert_int_eq(glob(TOP "/schema/queries/*.sql", 0, NULL, &found), 0);
	for (i = 0; i < found.gl_pathc; i++) {
		char *text = unit_read(found.gl_pathv[i]);
		/* its first lines are comments */
		char *sql = strstr(text, "\nWITH");

		if (!sql)
			sql = strstr(text, "\nSELECT");
		ck_assert_msg(sql != NULL, "%s", found.gl_pathv[i]);
		check_plan(sql);
		free(text);
	}
	ck_assert_uint_ge(i, 8);
	globfree(&found);
	rig_close(&rig);
}
END_TEST

static const char *const queries[] = {
	"SELECT e.ts, p.comm, p.exe, p.argv, p.unit FROM execution e"
	" LEFT JOIN process p ON p.process_id = e.parent_id",
	"SELECT * FROM execution LEFT JOIN process USING (process_id)",
	"SELECT * FROM credential LEFT JOIN process USING (process_id)",
	"SELECT c.pid, p.pid FROM process c LEFT JOIN process p ON p.process_id = c.parent_id"
	" LEFT JOIN process g ON g.process_id = p.parent_id",
	"SELECT * FROM process p LEFT JOIN container c USING (container_id)",
	"SELECT * FROM control LEFT JOIN process USING (process_id)",
	"SELECT * FROM connection c LEFT JOIN process p ON p.process_id = c.client_id"
	" LEFT JOIN process q ON q.process_id = c.server_id",
	"SELECT * FROM connection_use LEFT JOIN connection USING (connection_id)"
	" LEFT JOIN process USING (process_id)",
	"SELECT * FROM flow f JOIN process p ON p.process_id = f.source_id"
	" LEFT JOIN process q ON q.process_id = f.target_id",
	"SELECT * FROM listener LEFT JOIN process USING (process_id)",
	"SELECT * FROM pipe LEFT JOIN process p ON p.process_id = writer_id"
	" LEFT JOIN process q ON q.process_id = reader_id",
	"SELECT * FROM pipe_use LEFT JOIN pipe USING (pipe_id)"
	" LEFT JOIN process USING (process_id)",
	"SELECT * FROM socket_made LEFT JOIN process USING (process_id)",
	"SELECT c.connection_id, k.name FROM connection c"
	" LEFT JOIN container k ON k.container_id = c.server_container_id",
	"SELECT * FROM flow WHERE pipe_id = 1",
	"SELECT * FROM file_access JOIN process USING (process_id)",
	"SELECT * FROM file_change JOIN process USING (process_id)",
	"SELECT * FROM file_access LEFT JOIN process p ON p.process_id = writer_id",
	"SELECT * FROM process p LEFT JOIN connection c ON c.connection_id = p.process_id",
	"SELECT * FROM process WHERE exe = '/x' OR process_id IN"
	" (SELECT process_id FROM execution WHERE exe = '/x')",
	"SELECT p.exe, count(*) FROM execution e JOIN process p USING (process_id) GROUP BY 1",
	"SELECT * FROM file_act LEFT JOIN process USING (process_id)",
	"SELECT a.op, a.path, i.exe FROM file_act a JOIN image i USING (execution_id)",
	"SELECT * FROM connection_end LEFT JOIN process USING (process_id)",
	"SELECT c.sent, i.exe FROM connection_end c JOIN image i USING (execution_id)",
	"SELECT * FROM sigma_process_creation WHERE ParentImage LIKE '%/x' ESCAPE '\\'",
	"SELECT * FROM sigma_file_event WHERE Image LIKE '%/x' ESCAPE '\\' AND User='root'",
	"SELECT * FROM sigma_network_connection WHERE DestinationPort='4444'",
};

START_TEST(joins_of_users)
{
	struct rig rig;

	rig_open(&rig);
	check_plan(queries[_i]);
	rig_close(&rig);
}
END_TEST

/* Row by row: who takes them all away wants no copy of them in memory. */
static const char *const documents[] = {
	"SELECT event FROM ecs_event WHERE ts BETWEEN 1 AND 2",
	"SELECT event FROM ocsf_event WHERE ts BETWEEN 1 AND 2",
	"SELECT event FROM ocsf_file_activity",
};

START_TEST(documents_one_by_one)
{
	struct rig rig;
	char *plan, *sql = NULL;

	rig_open(&rig);
	ck_assert_int_gt(asprintf(&sql, "EXPLAIN QUERY PLAN %s", documents[_i]), 0);
	plan = rig_rows(sql);
	ck_assert_ptr_nonnull(strstr(plan, "SCAN a"));
	ck_assert_msg(!strstr(plan, "MATERIALIZE") && !strstr(plan, "AUTOMATIC") &&
			      !strstr(plan, "TEMP B-TREE"),
		      "%s", plan);
	free(plan);
	free(sql);
	rig_close(&rig);
}
END_TEST

/* A restart looks at what is open, not at what is over. */
START_TEST(open_ones)
{
	struct rig rig;
	char *plan;

	rig_open(&rig);
	plan = rig_rows("EXPLAIN QUERY PLAN SELECT * FROM connections WHERE number IS NOT NULL");
	ck_assert_msg(strstr(plan, "connections_open") != NULL, "%s", plan);
	free(plan);
	rig_close(&rig);
}
END_TEST

/* Only what is asked for is looked up. */
START_TEST(columns_that_nobody_asks_for)
{
	struct rig rig;
	char *plan;

	rig_open(&rig);
	plan = rig_rows("EXPLAIN QUERY PLAN SELECT process_id, parent_id, pid FROM process");
	ck_assert_ptr_nonnull(strstr(plan, "SCAN"));
	ck_assert_msg(!strstr(plan, "SEARCH") && !strchr(plan, '\n'), "%s", plan);
	free(plan);
	rig_close(&rig);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plans");

	unit_add(suite, ready_queries);
	unit_add_rows(suite, joins_of_users, UNIT_COUNT(queries));
	unit_add_rows(suite, documents_one_by_one, UNIT_COUNT(documents));
	unit_add(suite, open_ones);
	unit_add(suite, columns_that_nobody_asks_for);
	return unit_run(suite);
}
