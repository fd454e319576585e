// SPDX-License-Identifier: GPL-2.0-only
/* The rows that a table has in a segment. */
#include "seal_table.h"

#include <stdio.h>
#include <string.h>

static int find_column(sqlite3_stmt *rows, const char *name)
{
	int i;

	for (i = 0; name && i < sqlite3_column_count(rows); i++)
		if (!strcmp(sqlite3_column_name(rows, i), name))
			return i;
	return -1;
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

static uint64_t find_fixed(sqlite3_stmt *rows, const char *names)
{
	uint64_t fixed = 0;
	int i;

	if (!names)
		return UINT64_MAX;
	for (i = 0; i < sqlite3_column_count(rows); i++)
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
	at->fixed = find_fixed(at->rows, table->fixed);
	at->id = find_column(at->rows, "id");
	at->begin = find_column(at->rows, table->begin);
	at->lasted = find_column(at->rows, table->lasted);
	at->ended = find_column(at->rows, table->ended);
	return SQLITE_OK;
}

#define COLUMNS "SELECT t.*, %s FROM "

static const char *is_open(const struct segment_table *table)
{
	return table->open ? table->open : "0";
}

int seal_table_open(struct seal_table *at, sqlite3 *db, const struct segment_table *table)
{
	char sql[256];

	*at = (struct seal_table){ .unknown = INT64_MAX };
	snprintf(sql, sizeof(sql),
		 COLUMNS "main.%s t WHERE t.id BETWEEN ?1 AND ?2 ORDER BY t.id LIMIT ?3",
		 is_open(table), table->name);
	return open_rows(at, db, table, sql);
}

int seal_table_open_late(struct seal_table *at, sqlite3 *db,
			 const struct segment_table *table)
{
	char sql[512];

	*at = (struct seal_table){ .unknown = INT64_MIN };
	snprintf(sql, sizeof(sql),
		 COLUMNS
		 "main.late_rows l CROSS JOIN main.%s t ON t.id = l.id"
		 " WHERE l.name = '%s' AND l.segment IS NULL"
		 " AND l.id BETWEEN ?1 AND ?2 AND NOT (%s) ORDER BY l.id LIMIT ?3",
		 is_open(table), table->name, table->name, is_open(table));
	return open_rows(at, db, table, sql);
}

void seal_table_close(struct seal_table *at)
{
	sqlite3_finalize(at->rows);
	at->rows = NULL;
}

void seal_table_seek(struct seal_table *at, int64_t from, int64_t to, int64_t most)
{
	sqlite3_reset(at->rows);
	sqlite3_bind_int64(at->rows, 1, from);
	sqlite3_bind_int64(at->rows, 2, to);
	sqlite3_bind_int64(at->rows, 3, most);
}

int seal_table_next(struct seal_table *at)
{
	int code = sqlite3_step(at->rows);

	if (code == SQLITE_ROW)
		at->count = seal_values(at->rows, at->values) - 1;
	return code;
}

int64_t seal_table_id(const struct seal_table *at)
{
	return sqlite3_value_int64(at->values[at->id]);
}

static bool read_value(const struct seal_table *at, int column, int64_t *value)
{
	if (column < 0 || sqlite3_value_type(at->values[column]) != SQLITE_INTEGER)
		return false;
	*value = sqlite3_value_int64(at->values[column]);
	return true;
}

static bool find_end(const struct seal_table *at, int64_t *end)
{
	int64_t begin, lasted;

	if (at->lasted < 0)
		return read_value(at, at->ended, end);
	if (!read_value(at, at->begin, &begin) || !read_value(at, at->lasted, &lasted))
		return false;
	*end = (int64_t)((uint64_t)begin + (uint64_t)lasted);
	return true;
}

bool seal_table_is_late(const struct seal_table *at)
{
	int64_t end;

	if (sqlite3_value_int(at->values[at->count]))
		return true;
	if (!at->table->open || (at->lasted < 0 && at->ended < 0))
		return false;
	return (find_end(at, &end) ? end : at->unknown) > at->recent;
}

static void take_time(struct seal_count *count, int64_t time)
{
	if (time < count->first)
		count->first = time;
	if (time > count->last)
		count->last = time;
}

void seal_table_count(const struct seal_table *at, struct seal_count *count)
{
	int64_t time;

	count->rows++;
	if (read_value(at, at->begin, &time))
		take_time(count, time);
	if (find_end(at, &time))
		take_time(count, time);
}

/* One that may change at any time has no more than its fixed columns. */
void seal_table_put(const struct seal_table *at, struct seal_bytes *bytes, bool whole)
{
	seal_put_row(bytes, at->values, at->count,
		     whole && at->table->open ? UINT64_MAX : at->fixed);
}
