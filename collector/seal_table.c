// SPDX-License-Identifier: GPL-2.0-only
/* The rows that a table has in a segment. */
#include "seal_table.h"

#include <stdio.h>
#include <string.h>

enum parameter {
	PARAMETER_FROM = 1,
	PARAMETER_TO,
	PARAMETER_MOST,
	PARAMETER_UNKNOWN, /* these two in struct segment_table's late */
	PARAMETER_RECENT,
};

enum extra { EXTRA_ID, EXTRA_BEGIN, EXTRA_END, EXTRA_LATE };

static const char *or_null(const char *expression)
{
	return expression ? expression : "NULL";
}

/* Is @name one of @list? */
static bool has_name(const char *list, const char *name)
{
	const size_t size = strlen(name);

	for (; *list; list += strcspn(list, " "), list += strspn(list, " "))
		if (!strncmp(list, name, size) && (!list[size] || list[size] == ' '))
			return true;
	return false;
}

static uint64_t find_fixed(sqlite3_stmt *rows, int columns, const char *names)
{
	uint64_t fixed = 0;
	int i;

	if (!names)
		return UINT64_MAX;
	for (i = 0; i < columns; i++)
		if (has_name(names, sqlite3_column_name(rows, i)))
			fixed |= UINT64_C(1) << i;
	return fixed;
}

static int open_rows(struct seal_table *at, sqlite3 *db,
		     const struct segment_table *table, const char *sql)
{
	int code = sqlite3_prepare_v2(db, sql, -1, &at->rows, NULL);

	if (code != SQLITE_OK)
		return code;
	at->table = table;
	at->columns = sqlite3_column_count(at->rows) - (EXTRA_LATE + 1);
	at->fixed = find_fixed(at->rows, at->columns, table->fixed);
	return SQLITE_OK;
}

#define ROWS "(SELECT *, id AS row_id, %s, %s, %s FROM main.%s) r"

int seal_table_open(struct seal_table *at, sqlite3 *db, const struct segment_table *table)
{
	char sql[512];

	*at = (struct seal_table){ .unknown = INT64_MAX };
	snprintf(sql, sizeof(sql),
		 "SELECT * FROM " ROWS
		 " WHERE row_id BETWEEN ?1 AND ?2 ORDER BY row_id LIMIT ?3",
		 or_null(table->begin), or_null(table->end), or_null(table->late),
		 table->name);
	return open_rows(at, db, table, sql);
}

int seal_table_open_late(struct seal_table *at, sqlite3 *db,
			 const struct segment_table *table)
{
	char sql[768];

	*at = (struct seal_table){ .unknown = INT64_MIN };
	snprintf(sql, sizeof(sql),
		 "SELECT r.* FROM main.late_rows l CROSS JOIN " ROWS
		 " WHERE l.name = '%s' AND l.segment IS NULL AND l.id BETWEEN ?1 AND ?2"
		 " AND r.row_id = l.id ORDER BY l.id LIMIT ?3",
		 or_null(table->begin), or_null(table->end), or_null(table->late),
		 table->name, table->name);
	return open_rows(at, db, table, sql);
}

void seal_table_settle(struct seal_table *at, int64_t recent)
{
	if (sqlite3_bind_parameter_count(at->rows) < PARAMETER_RECENT)
		return;
	sqlite3_bind_int64(at->rows, PARAMETER_UNKNOWN, at->unknown);
	sqlite3_bind_int64(at->rows, PARAMETER_RECENT, recent);
}

void seal_table_close(struct seal_table *at)
{
	sqlite3_finalize(at->rows);
	at->rows = NULL;
}

void seal_table_seek(struct seal_table *at, int64_t from, int64_t to, int64_t most)
{
	sqlite3_reset(at->rows);
	sqlite3_bind_int64(at->rows, PARAMETER_FROM, from);
	sqlite3_bind_int64(at->rows, PARAMETER_TO, to);
	sqlite3_bind_int64(at->rows, PARAMETER_MOST, most);
}

static int extra(const struct seal_table *at, enum extra which)
{
	return at->columns + (int)which;
}

int64_t seal_table_id(const struct seal_table *at)
{
	return sqlite3_column_int64(at->rows, extra(at, EXTRA_ID));
}

bool seal_table_is_late(const struct seal_table *at)
{
	return sqlite3_column_int(at->rows, extra(at, EXTRA_LATE));
}

static void take_time(const struct seal_table *at, enum extra which,
		      struct seal_count *count)
{
	const int column = extra(at, which);
	int64_t time;

	if (sqlite3_column_type(at->rows, column) != SQLITE_INTEGER)
		return;
	time = sqlite3_column_int64(at->rows, column);
	if (time < count->first)
		count->first = time;
	if (time > count->last)
		count->last = time;
}

void seal_table_count(const struct seal_table *at, struct seal_count *count)
{
	count->rows++;
	if (!at->table->begin)
		return;
	take_time(at, EXTRA_BEGIN, count);
	take_time(at, EXTRA_END, count);
}

/* One that may change at any time has no more than its fixed columns. */
void seal_table_put(const struct seal_table *at, struct seal_bytes *bytes, bool whole)
{
	seal_put_row(bytes, at->rows, at->columns,
		     whole && at->table->late ? UINT64_MAX : at->fixed);
}
