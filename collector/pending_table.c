// SPDX-License-Identifier: GPL-2.0-only
/* The rows that wait, as SQLite sees them: virtual tables. */
#include "pending_table.h"

#include <stdlib.h>

/* More rows of one kind in a row are worth a statement of their own. */
enum { STRETCH_ROWS = 64 };

struct connection {
	sqlite3_vtab base;
	struct pending *pending;
	const struct pending_table *table;
};

/* What a module is registered with, and the module: it knows its columns. */
struct registration {
	struct pending *pending;
	const struct pending_table *table;
	sqlite3_module module;
};

static struct pending_array *array_of(const struct pending_table *table,
				      struct pending *pending)
{
	return (void *)((char *)pending + table->offset);
}

/* How many rows from @row on are plain, up to @end; @first is the first of all. */
static size_t count_plain(const struct pending_table *table, const char *row, const char *end,
			  const char *first, size_t most)
{
	size_t count = 0;

	if (!table->is_plain)
		return 0;
	for (; row < end && count < most && table->is_plain(row, row == first);
	     row += table->row_size)
		count++;
	return count;
}

/* Up to where rows of all kinds go, until there are many plain ones. */
static const char *find_plain(const struct pending_table *table, const char *row,
			      const char *end)
{
	while (row < end) {
		const size_t count = count_plain(table, row, end, NULL, STRETCH_ROWS);

		if (count == STRETCH_ROWS)
			return row;
		row += (count + 1) * table->row_size;
	}
	return end;
}

enum pending_rows pending_next(struct pending *pending, enum pending_name name)
{
	const struct pending_table *table = &pending_tables[name];
	struct pending_array *array = array_of(table, pending);
	const char *row = array->data + array->until, *end = array->data + array->used;
	size_t plain;

	array->from = array->until;
	if (row == end)
		return PENDING_NONE;
	plain = count_plain(table, row, end, array->data, SIZE_MAX);
	if (plain >= STRETCH_ROWS || row + plain * table->row_size == end) {
		array->until += plain * table->row_size;
		return PENDING_PLAIN;
	}
	if (table->is_plain)
		end = find_plain(table, row + (plain + 1) * table->row_size, end);
	array->until = (size_t)(end - array->data);
	return PENDING_ANY;
}

static int connect(sqlite3 *db, void *registration_, int argc, const char *const *argv,
		   sqlite3_vtab **result, char **error)
{
	const struct registration *registration = registration_;
	struct connection *connection = calloc(1, sizeof(*connection));

	(void)argc, (void)argv, (void)error;
	if (!connection)
		return SQLITE_NOMEM;
	connection->pending = registration->pending;
	connection->table = registration->table;
	*result = &connection->base;
	return sqlite3_declare_vtab(db, registration->table->declaration);
}

static int disconnect(sqlite3_vtab *connection)
{
	free(connection);
	return SQLITE_OK;
}

static int best_index(sqlite3_vtab *connection, sqlite3_index_info *info)
{
	(void)connection;
	info->estimatedCost = 1000;
	return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *base, sqlite3_vtab_cursor **result)
{
	const struct connection *connection = (const struct connection *)base;
	struct pending_cursor *cursor = calloc(1, sizeof(*cursor));

	if (!cursor)
		return SQLITE_NOMEM;
	cursor->pending = connection->pending;
	cursor->table = connection->table;
	*result = &cursor->base;
	return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *cursor)
{
	free(cursor);
	return SQLITE_OK;
}

static int filter(sqlite3_vtab_cursor *base, int number, const char *text, int argc,
		  sqlite3_value **argv)
{
	struct pending_cursor *cursor = (struct pending_cursor *)base;
	const struct pending_array *array = array_of(cursor->table, cursor->pending);

	(void)number, (void)text, (void)argc, (void)argv;
	cursor->row = array->data + array->from;
	cursor->end = array->data + array->until;
	return SQLITE_OK;
}

static int next(sqlite3_vtab_cursor *base)
{
	struct pending_cursor *cursor = (struct pending_cursor *)base;

	cursor->row += cursor->table->row_size;
	return SQLITE_OK;
}

static int eof(sqlite3_vtab_cursor *base)
{
	const struct pending_cursor *cursor = (const struct pending_cursor *)base;

	return cursor->row == cursor->end;
}

static int rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *id)
{
	(void)base;
	*id = 0;
	return SQLITE_OK;
}

/* Without xCreate: the tables are there without being made. xColumn is each one's own. */
static const sqlite3_module module = {
	.xConnect = connect,
	.xBestIndex = best_index,
	.xDisconnect = disconnect,
	.xOpen = open_cursor,
	.xClose = close_cursor,
	.xFilter = filter,
	.xNext = next,
	.xEof = eof,
	.xRowid = rowid,
};

int pending_register(sqlite3 *db, struct pending *pending)
{
	size_t i;
	int code = SQLITE_OK;

	for (i = 0; i < PENDING_TABLES && code == SQLITE_OK; i++) {
		struct registration *registration = malloc(sizeof(*registration));

		if (!registration)
			return SQLITE_NOMEM;
		*registration =
			(struct registration){ pending, &pending_tables[i], module };
		registration->module.xColumn = pending_tables[i].column;
		/* Freed by SQLite, even when it fails. */
		code = sqlite3_create_module_v2(db, pending_tables[i].name,
						&registration->module, registration, free);
	}
	return code;
}
