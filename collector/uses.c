// SPDX-License-Identifier: GPL-2.0-only
/* Which rows are about what: made of sealed segments, a little at a time. */
#include "uses.h"

#include "clock.h"
#include "log.h"
#include "statement.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	STEP_MS = 10,
	PART_BITS = 14,
};

#define PART "t.id >> 14"

/* What schema/views-uses.sql asks for, in the order of uses.kind, from 1 on. */
static const struct use_kind {
	const char *table;
	const char *
		part; /* 0: rows of a process come while it lives, and so stand together */
	const char *key;
	const char *only; /* which rows */
} kinds[] = {
	{ .table = "connections", .part = PART, .key = "route", .only = "" },
	{ .table = "accesses", .part = PART, .key = "path", .only = "" },
	{ .table = "accesses",
	  .part = PART,
	  .key = "file",
	  .only = " AND t.writes IS NULL" },
	{ .table = "changes", .part = PART, .key = "file", .only = "" },
	{ .table = "changes", .part = PART, .key = "other", .only = "" },
	{ .table = "changes", .part = PART, .key = "path", .only = "" },
	{ .table = "changes", .part = PART, .key = "new_path", .only = "" },
	{ .table = "accesses", .part = "0", .key = "process", .only = "" },
	{ .table = "changes", .part = "0", .key = "process", .only = "" },
	{ .table = "connections", .part = "0", .key = "client", .only = "" },
	{ .table = "connections", .part = "0", .key = "server", .only = "" },
};

enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

struct uses {
	struct store *store;
	bool off;	 /* the database is damaged where they are */
	int64_t segment; /* that is worked at; 0: not known yet */
	size_t kind;
	bool begun; /* the kind is: these are known */
	int64_t from;
	int64_t to;
};

/* A row is told of by %1$d kind, %2$s table, %3$s key, %4$s which, %5$s part. */
#define PUT   "INSERT OR IGNORE INTO uses SELECT %1$d, %5$s, t.%3$s, t.id"
#define WHICH " AND t.%3$s IS NOT NULL%4$s"

/* What may still change is not put down before it is over. */
static const char put_rows[] =
	PUT " FROM %2$s t WHERE t.id BETWEEN ?1 AND ?2" WHICH
	    " AND t.id NOT IN (SELECT id FROM late_rows WHERE name = '%2$s'"
	    "  AND id BETWEEN ?1 AND ?2) ORDER BY 3";
static const char put_late[] = PUT " FROM late_rows l CROSS JOIN %2$s t ON t.id = l.id"
				   " WHERE l.segment = ?1 AND l.name = '%2$s'" WHICH;
static const char put_back[] =
	PUT " FROM late_rows l CROSS JOIN %2$s t ON t.id = l.id"
	    " WHERE l.name = '%2$s' AND l.id BETWEEN ?1 AND ?2"
	    " AND l.segment <= (SELECT value FROM meta WHERE name = 'indexed')" WHICH;
static const char take_rows[] = "DELETE FROM uses WHERE (kind, part, key, id) IN"
				" (SELECT %1$d, %5$s, t.%3$s, t.id FROM %2$s t"
				" WHERE t.id BETWEEN ?1 AND ?2" WHICH ")";

struct uses *uses_new(struct store *store)
{
	struct uses *uses = calloc(1, sizeof(*uses));

	if (uses)
		uses->store = store;
	return uses;
}

void uses_free(struct uses *uses)
{
	free(uses);
}

/* What @format says of kinds[@kind], with @first and @second for ?1 and ?2. */
static int run(struct store *store, const char *format, size_t kind, int64_t first,
	       int64_t second)
{
	const struct use_kind *use = &kinds[kind];
	sqlite3_stmt *statement;
	char sql[512];
	int code, ret;

	snprintf(sql, sizeof(sql), format, (int)kind + 1, use->table, use->key, use->only,
		 use->part);
	ret = store_prepare(store, &statement, sql);
	if (ret)
		return ret;
	sqlite3_bind_int64(statement, 1, first);
	if (sqlite3_bind_parameter_count(statement) > 1)
		sqlite3_bind_int64(statement, 2, second);
	code = sqlite3_step(statement);
	sqlite3_finalize(statement);
	return code == SQLITE_DONE ? 0 : store_fail(store, code);
}

/* What the statement, bound already, says first. Return: 1, 0 if it says nothing, or an error. */
static int ask(struct store *store, enum statement which, int64_t *values, int count)
{
	struct reader reader = statement_read(store, which);
	int i, ret = statement_row(store, which);

	if (ret <= 0)
		return ret;
	for (i = 0; i < count; i++)
		values[i] = read_int(&reader);
	statement_reset(store, which);
	return 1;
}

/* Is there a segment to be worked at? */
static int find(struct uses *uses)
{
	struct binder binder;
	int64_t value;
	int ret;

	if (!uses->segment) {
		ret = ask(uses->store, STATEMENT_INDEXED, &value, 1);
		if (ret <= 0)
			return ret;
		uses->segment = value + 1;
	}
	binder = statement_bind(uses->store, STATEMENT_SEGMENT_SEALED);
	bind_int(&binder, uses->segment);
	return ask(uses->store, STATEMENT_SEGMENT_SEALED, &value, 1);
}

/* Which rows of the kind's table are in the segment, and not put down yet. */
static int begin_kind(struct uses *uses)
{
	struct binder binder = statement_bind(uses->store, STATEMENT_INDEXED_RANGE);
	int64_t range[2] = { 0, -1 };
	int ret;

	bind_int(&binder, (int64_t)uses->kind + 1);
	bind_text(&binder, kinds[uses->kind].table);
	bind_int(&binder, uses->segment);
	ret = ask(uses->store, STATEMENT_INDEXED_RANGE, range, 2);
	uses->from = range[0];
	uses->to = range[1];
	uses->begun = true;
	return ret < 0 ? ret : 0;
}

/* The next part of the rows, in the order of their keys. */
static int put_part(struct uses *uses)
{
	const int64_t end = uses->from | ((1 << PART_BITS) - 1);
	const int64_t to = end < uses->to ? end : uses->to;
	struct binder binder;
	int ret = run(uses->store, put_rows, uses->kind, uses->from, to);

	if (ret)
		return ret;
	uses->from = to + 1;
	binder = statement_bind(uses->store, STATEMENT_INDEXED_LAST);
	bind_int(&binder, (int64_t)uses->kind + 1);
	bind_int(&binder, to);
	return statement_run(uses->store, STATEMENT_INDEXED_LAST);
}

/* What was late in earlier segments is over in this one. */
static int end_segment(struct uses *uses)
{
	size_t kind;
	int ret = 0;

	for (kind = 0; kind < KINDS && !ret; kind++)
		ret = run(uses->store, put_late, kind, uses->segment, 0);
	if (!ret)
		ret = statement_run_of(uses->store, STATEMENT_INDEXED_SEGMENT,
				       uses->segment);
	uses->segment++;
	uses->kind = 0;
	return ret;
}

static int go_on(struct uses *uses)
{
	if (uses->kind == KINDS)
		return end_segment(uses);
	if (!uses->begun)
		return begin_kind(uses);
	if (uses->from <= uses->to)
		return put_part(uses);
	uses->kind++;
	uses->begun = false;
	return 0;
}

/* As much as fits into a step, in a transaction. */
static int step(struct uses *uses)
{
	const int64_t deadline = clock_steady_ms() + STEP_MS;
	int ret = find(uses);

	if (ret <= 0)
		return ret;
	ret = store_begin(uses->store);
	do
		ret = ret ? ret : go_on(uses);
	while (!ret && clock_steady_ms() < deadline && (uses->kind || uses->begun));
	if (!ret)
		ret = store_commit(uses->store);
	return ret ? ret : 1;
}

int uses_step(struct uses *uses)
{
	int ret = uses->off ? 0 : step(uses);

	if (ret >= 0)
		return ret;
	/* What is in memory may be ahead of what is stored. */
	store_rollback(uses->store);
	*uses = (struct uses){ .store = uses->store, .off = ret == -EUCLEAN };
	if (!uses->off)
		return ret;
	log_error("cannot index history: %s; nothing is indexed until a restart",
		  store_error(uses->store));
	store_forgive(uses->store);
	return 0;
}

static int run_all(struct store *store, const char *format, const char *table,
		   int64_t from, int64_t to)
{
	size_t kind;
	int ret = 0;

	for (kind = 0; kind < KINDS && !ret; kind++)
		if (!strcmp(kinds[kind].table, table))
			ret = run(store, format, kind, from, to);
	return ret;
}

int uses_forget(struct store *store, const char *table, int64_t from, int64_t to)
{
	return run_all(store, take_rows, table, from, to);
}

int uses_restore(struct store *store, const char *table, int64_t from, int64_t to)
{
	return run_all(store, put_back, table, from, to);
}
