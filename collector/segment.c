// SPDX-License-Identifier: GPL-2.0-only
/* Segments: when they are closed, and what is in them. */
#include "segment.h"

#include "statement.h"

#include <errno.h>
#include <stdio.h>

/* The one integer that @sql gives; NULL, and no row, is @otherwise. */
static int ask(struct store *store, const char *sql, int64_t otherwise, int64_t *value)
{
	sqlite3_stmt *statement;
	int code = store_prepare(store, &statement, sql);

	*value = otherwise;
	if (code)
		return code;
	code = sqlite3_step(statement);
	if (code == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL)
		*value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return code == SQLITE_ROW || code == SQLITE_DONE ? 0 : store_fail(store, code);
}

/* What @table has beyond the last segment. */
#define LAST_OF_CLOSED                                                   \
	"coalesce((SELECT last_id FROM segment_tables WHERE name = '%s'" \
	" ORDER BY segment DESC LIMIT 1), 0)"

static int count_open(struct store *store, const struct segment_table *table,
		      int64_t *rows)
{
	char sql[256];

	snprintf(sql, sizeof(sql), "SELECT max(id) - " LAST_OF_CLOSED " FROM %s",
		 table->name, table->name);
	return ask(store, sql, 0, rows);
}

int segment_open(struct store *store, struct segment *segment)
{
	const struct segment_table *table;
	int64_t rows;
	int ret = ask(store, "SELECT closed FROM segments ORDER BY id DESC LIMIT 1", 0,
		      &segment->opened);

	if (!ret)
		ret = ask(store, "SELECT max(id) + 1 FROM segments", 1, &segment->id);
	segment->records = 0;
	for (table = segment_tables; table->name && !ret; table++) {
		ret = count_open(store, table, &rows);
		if (!ret && rows > 0)
			segment->records += (uint64_t)rows;
	}
	segment->fresh = !segment->records;
	segment->base = segment->id;
	if (!ret && !segment->fresh)
		ret = ask(
			store,
			"SELECT id FROM segments WHERE strings ORDER BY id DESC LIMIT 1",
			0, &segment->base);
	return ret;
}

bool segment_is_full(struct segment *segment, int64_t now)
{
	/* The clock may have been set back since. */
	if (!segment->opened || now < segment->opened)
		segment->opened = now;
	return segment->records >= SEGMENT_ROWS || now - segment->opened >= SEGMENT_NS;
}

static int close_table(struct store *store, const struct segment_table *table, int64_t id,
		       int64_t last)
{
	struct binder binder = statement_bind(store, STATEMENT_SEGMENT_TABLE);

	bind_text(&binder, table->name);
	bind_int(&binder, id);
	bind_int(&binder, last);
	return statement_run(store, STATEMENT_SEGMENT_TABLE);
}

bool segment_refresh(struct segment *segment)
{
	if (segment->id % SEGMENT_FRESH == 0 && !segment->fresh) {
		segment->fresh = true;
		segment->base = segment->id;
		return true;
	}
	return false;
}

/* The last id of each table; 0: it is empty. */
static int find_last(struct store *store, int64_t last[SEGMENT_TABLES])
{
	struct reader reader = statement_read(store, STATEMENT_SEGMENT_LAST);
	int i, ret = statement_row(store, STATEMENT_SEGMENT_LAST);

	if (ret <= 0)
		return ret ? ret : -EIO;
	for (i = 0; i < SEGMENT_TABLES; i++)
		last[i] = read_int(&reader);
	statement_reset(store, STATEMENT_SEGMENT_LAST);
	return 0;
}

/* 1: it is closed, 0: there was nothing in it, or an error. */
static int close_all(struct store *store, const struct segment *segment, int64_t now)
{
	const int before = sqlite3_total_changes(store->db);
	int64_t last[SEGMENT_TABLES];
	struct binder binder;
	int i, ret = find_last(store, last);

	for (i = 0; i < SEGMENT_TABLES && !ret; i++)
		if (last[i])
			ret = close_table(store, &segment_tables[i], segment->id, last[i]);
	if (ret || sqlite3_total_changes(store->db) == before)
		return ret;
	binder = statement_bind(store, STATEMENT_SEGMENT);
	bind_int(&binder, segment->id);
	bind_int(&binder, now);
	bind_id(&binder, segment->fresh);
	ret = statement_run(store, STATEMENT_SEGMENT);
	return ret ? ret : 1;
}

int segment_close(struct store *store, struct segment *segment, int64_t now)
{
	int ret = close_all(store, segment, now);

	if (ret > 0)
		*segment = (struct segment){
			.opened = now,
			.id = segment->id + 1,
			.base = segment->base,
		};
	return ret < 0 ? ret : 0;
}
