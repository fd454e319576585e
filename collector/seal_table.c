// SPDX-License-Identifier: GPL-2.0-only
/* The rows that a table has in a segment. */
#include "seal_table.h"

#include "statement.h"

#include <stdio.h>
#include <string.h>

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

/*
 * SQLite hands the values of a row over as the arguments of a function: asked for one by
 * one, as columns of a result, they cost half as much again.
 */
static const char row_function[] = "kith_row";

/* What the function gets first: nobody else can make such a pointer. */
static const char pointer_type[] = "kith_row";

static void take_row(sqlite3_context *result, int count, sqlite3_value **values)
{
	struct seal_table *at = sqlite3_value_pointer(values[0], pointer_type);
	int ret;

	if (!at)
		return;
	at->values = values + 1;
	at->count = count - 2;
	at->row = sqlite3_value_int64(at->values[at->id]);
	ret = at->take(at->context);
	if (ret < 0)
		at->error = ret;
	sqlite3_result_int(result, ret != 0);
}

int seal_table_register(sqlite3 *db)
{
	return sqlite3_create_function_v2(db, row_function, -1,
					  SQLITE_UTF8 | SQLITE_DIRECTONLY, NULL, take_row,
					  NULL, NULL, NULL);
}

static int find_columns(struct seal_table *at, sqlite3_stmt *columns)
{
	at->id = statement_column(columns, "id");
	if (at->id < 0)
		at->wrong = "it has no column id";
	if (sqlite3_column_count(columns) > SEAL_COLUMNS)
		at->wrong = "it has too many columns";
	if (at->wrong)
		return SQLITE_CORRUPT;
	at->fixed = find_fixed(columns, at->table->fixed);
	at->begin = statement_column(columns, at->table->begin);
	at->lasted = statement_column(columns, at->table->lasted);
	at->ended = statement_column(columns, at->table->ended);
	return SQLITE_OK;
}

/* "kith_row(?3, t."id", ..., OPEN)" */
static void put_call(sqlite3_str *sql, const struct seal_table *at, sqlite3_stmt *columns)
{
	int i;

	sqlite3_str_appendf(sql, "%s(?3", row_function);
	for (i = 0; i < sqlite3_column_count(columns); i++)
		sqlite3_str_appendf(sql, ", t.\"%w\"", sqlite3_column_name(columns, i));
	sqlite3_str_appendf(sql, ", %s)", at->table->open ? at->table->open : "0");
}

static int prepare_rows(struct seal_table *at, sqlite3 *db, sqlite3_stmt *columns,
			const char *from, const char *order)
{
	sqlite3_str *sql = sqlite3_str_new(db);
	char *text;
	int code = SQLITE_NOMEM;

	sqlite3_str_appendf(sql, "SELECT 1 FROM %s AND ", from);
	put_call(sql, at, columns);
	sqlite3_str_appendf(sql, " ORDER BY %s", order);
	text = sqlite3_str_finish(sql);
	if (text)
		code = sqlite3_prepare_v2(db, text, -1, &at->rows, NULL);
	sqlite3_free(text);
	if (code == SQLITE_OK)
		code = sqlite3_bind_pointer(at->rows, 3, at, pointer_type, NULL);
	return code;
}

static int open_rows(struct seal_table *at, sqlite3 *db, const char *from, const char *order)
{
	char sql[96];
	int code;

	snprintf(sql, sizeof(sql), "SELECT * FROM main.%s", at->table->name);
	code = sqlite3_prepare_v2(db, sql, -1, &at->columns, NULL);
	if (code == SQLITE_OK)
		code = find_columns(at, at->columns);
	return code == SQLITE_OK ? prepare_rows(at, db, at->columns, from, order) : code;
}

int seal_table_open(struct seal_table *at, sqlite3 *db, const struct segment_table *table)
{
	char from[96];

	*at = (struct seal_table){ .table = table, .unknown = INT64_MAX };
	snprintf(from, sizeof(from), "main.%s t WHERE t.id BETWEEN ?1 AND ?2", table->name);
	return open_rows(at, db, from, "t.id");
}

int seal_table_open_late(struct seal_table *at, sqlite3 *db,
			 const struct segment_table *table)
{
	char from[256];

	*at = (struct seal_table){ .table = table, .unknown = INT64_MIN };
	snprintf(from, sizeof(from),
		 "main.late_rows l CROSS JOIN main.%s t ON t.id = l.id"
		 " WHERE l.name = '%s' AND l.segment IS NULL AND l.id BETWEEN ?1 AND ?2",
		 table->name, table->name);
	return open_rows(at, db, from, "l.id");
}

void seal_table_close(struct seal_table *at)
{
	sqlite3_finalize(at->rows);
	sqlite3_finalize(at->columns);
	at->rows = NULL;
	at->columns = NULL;
}

const char *seal_table_error(const struct seal_table *at, sqlite3 *db)
{
	return at->wrong ? at->wrong : sqlite3_errmsg(db);
}

bool seal_table_is_damage(int code)
{
	switch (code & 0xff) {
	case SQLITE_ERROR: /* it is missing, or is another one */
	case SQLITE_CORRUPT:
		return true;
	case SQLITE_IOERR:
		return code == SQLITE_IOERR_READ || code == SQLITE_IOERR_SHORT_READ;
	default:
		return false;
	}
}

int seal_table_walk(struct seal_table *at, int64_t from, int64_t to, seal_take *take,
		    void *context, int *code)
{
	at->take = take;
	at->context = context;
	at->error = 0;
	sqlite3_bind_int64(at->rows, 1, from);
	sqlite3_bind_int64(at->rows, 2, to);
	*code = sqlite3_step(at->rows);
	sqlite3_reset(at->rows);
	if (*code == SQLITE_ROW)
		return at->error ? at->error : 1;
	return 0;
}

int64_t seal_table_id(const struct seal_table *at)
{
	return at->row;
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
