// SPDX-License-Identifier: GPL-2.0-only
/* The rows that wait, as SQLite sees them: virtual tables. */
#include "pending.h"

#include "address.h"
#include "column.h"
#include "protocol.h"

#include <stdlib.h>
#include <string.h>

/* One virtual table: what it is to SQLite, and where its values are. */
struct table {
	const char *name;
	const char *declaration;
	size_t row_size;
	size_t offset; /* of its array in struct pending */
	void (*column)(const struct pending *pending, const void *row, int column,
		       sqlite3_context *result);
};

struct connection {
	sqlite3_vtab base;
	const struct pending *pending;
	const struct table *table;
};

struct cursor {
	sqlite3_vtab_cursor base;
	const struct pending *pending;
	const struct table *table;
	const char *row;
	const char *end;
};

static void process_column(const struct pending *pending, const void *row, int column,
			   sqlite3_context *result)
{
	const struct process *process = ((const struct pending_process *)row)->process;
	bool ended = process->lived >= 0;

	switch (column) {
	case 0:
		return column_int(result, process->id);
	case 1:
		return column_int(result, pending->boot);
	case 2:
		return column_int(result, (int64_t)process->key);
	case 3:
		return column_id(result, store_process_ns_pid(process));
	case 4:
		return column_id(result, process->parent);
	case 5:
		return column_id(result, store_process_creator(process));
	case 6:
		return column_int(result, process->started);
	case 7:
		return column_nonnegative(result, process->lived);
	case 8:
		return column_nonnegative(result, ended ? (int64_t)process->status : -1);
	case 9:
		return column_nonnegative(result, ended ? process->runtime : -1);
	case 10:
		return column_nonnegative(result, ended ? process->max_rss : -1);
	case 11:
		return column_id(result, process->execution);
	case 12:
		return column_id(result, process->context_id);
	case 13:
		return column_nonnegative(result, process->clone_flags);
	case 14:
		return column_int(result, process->flags);
	case 15:
		if (*process->comm)
			sqlite3_result_text(result, process->comm, -1, SQLITE_STATIC);
		return;
	case 16:
		return column_nonnegative(result, process->plain_reads);
	default:
		column_nonnegative(result, process->plain_bytes);
	}
}

static void execution_column(const struct pending *pending, const void *row, int column,
			     sqlite3_context *result)
{
	const struct store_execution *execution = row;

	(void)pending;
	switch (column) {
	case 0:
		return column_int(result, execution->id);
	case 1:
		return column_int(result, execution->ts);
	case 2:
		return column_int(result, execution->process);
	case 3:
		return column_id(result, execution->parent);
	case 4:
		return column_id(result, execution->executable);
	case 5:
		return column_id(result, execution->argv);
	case 6:
		return column_id(result, execution->cwd);
	case 7:
		return column_id(result, execution->script);
	case 8:
		return column_id(result, execution->via);
	case 9:
		return column_id(result, execution->env);
	case 10:
		return column_id(result, execution->context);
	case 11:
		return column_int(result, execution->flags);
	case 12:
		return column_int(result, execution->unknown);
	case 13:
		return column_nonnegative(result, execution->argv_size);
	case 14:
		return column_id(result, execution->error);
	case 15:
		return column_id(result, execution->live);
	default:
		column_id(result, execution->file);
	}
}

static void put_characters(const struct pending *pending, sqlite3_context *result,
			   size_t offset, size_t size)
{
	sqlite3_result_text(result, size ? pending->characters.data + offset : "", (int)size,
			    SQLITE_STATIC);
}

static void string_column(const struct pending *pending, const void *row, int column,
			  sqlite3_context *result)
{
	const struct pending_string *string = row;

	if (column)
		put_characters(pending, result, string->offset, string->size);
	else
		column_int(result, string->id);
}

static void put_address(sqlite3_context *result, const uint8_t *address)
{
	char text[ADDRESS_TEXT];

	sqlite3_result_text(result, address_text(text, address), -1, SQLITE_TRANSIENT);
}

/* NULL if it is @usual. */
static void put_other_address(sqlite3_context *result, const uint8_t *address,
			      const uint8_t *usual)
{
	if (memcmp(address, usual, ADDRESS_BYTES))
		put_address(result, address);
}

static void route_column(const struct pending *pending, const void *row_, int column,
			 sqlite3_context *result)
{
	const struct pending_route *row = row_;
	const struct route *route = &row->route;

	if (column >= 2 && column <= 4 && protocol_is_unix(route->protocol))
		return;
	switch (column) {
	case 0:
		return column_int(result, row->id);
	case 1:
		return column_int(result, route->protocol);
	case 2:
		return put_address(result, route->client_addr);
	case 3:
		return put_address(result, route->server_addr);
	case 4:
		return column_int(result, route->server_port);
	case 5:
		return column_id(result, route->client_netns);
	case 6:
		return column_id(result, route->server_netns);
	case 7:
		return put_other_address(result, route->dialled_addr, route->server_addr);
	case 8:
		return column_other(result, route->dialled_port, route->server_port);
	case 9:
		return put_other_address(result, route->seen_addr, route->client_addr);
	default:
		if (row->name_size)
			put_characters(pending, result, row->name, row->name_size);
	}
}

/* SQLite gives the next id by itself, and need not look whether it is there. */
static void put_connection_id(const struct pending *pending,
			      const struct store_connection *connection,
			      sqlite3_context *result)
{
	if ((const void *)connection == pending->connections.data ||
	    connection[-1].id + 1 != connection->id)
		column_int(result, connection->id);
}

static void connection_column(const struct pending *pending, const void *row, int column,
			      sqlite3_context *result)
{
	const struct store_connection *connection = row;

	switch (column) {
	case 0:
		return put_connection_id(pending, connection, result);
	case 1:
		return column_int(result, connection->started);
	case 2:
		return column_nonnegative(result, connection->lasted);
	case 3:
		return column_int(result, connection->route);
	case 4:
		return column_id(result, connection->client);
	case 5:
		return column_id(result, connection->server);
	case 6:
		return column_other(result, connection->client_opener, connection->client);
	case 7:
		return column_other(result, connection->server_opener, connection->server);
	case 8:
		return column_nonnegative(result, store_connection_ports(connection));
	case 9:
		return column_int(result, connection->to_server);
	case 10:
		return column_int(result, connection->to_client);
	case 11:
		return column_id(result, connection->isns);
	case 12:
		return column_int(result, store_connection_flags(connection));
	case 13:
		return column_int(result, connection->load);
	default:
		column_id(result, connection->number);
	}
}

static void runs_column(const struct pending *pending, const void *row, int column,
			sqlite3_context *result)
{
	(void)pending;
	run_column(row, column, result);
}

/* Without the id: SQLite gives the next one. */
static void pipe_column(const struct pending *pending, const void *row, int column,
			sqlite3_context *result)
{
	const struct store_pipe *pipe = row;

	(void)pending;
	switch (column) {
	case 0:
		return column_int(result, pipe->started);
	case 1:
		return column_nonnegative(result, pipe->lasted);
	case 2:
		return column_id(result, pipe->writer);
	case 3:
		return column_id(result, pipe->reader);
	case 4:
		return column_int(result, pipe->written);
	case 5:
		return column_other(result, pipe->read, pipe->written);
	case 6:
		return column_int(result, pipe->inode);
	case 7:
		return column_int(result, pipe->device);
	case 8:
		return column_id(result, pipe->path);
	case 9:
		return column_int(result, pipe->flags);
	case 10:
		return column_int(result, pipe->load);
	default:
		column_id(result, pipe->number);
	}
}

/* Without the id, as those of pipes. */
static void access_column(const struct pending *pending, const void *row, int column,
			  sqlite3_context *result)
{
	const struct store_access *access = row;

	(void)pending;
	switch (column) {
	case 0:
		return column_int(result, access->process);
	case 1:
		return column_id(result, access->file);
	case 2:
		return column_id(result, access->path);
	case 3:
		return column_int(result, access->first);
	case 4:
		return column_int(result, access->last);
	case 5:
		return column_nonnegative(result, access->reads);
	case 6:
		return column_nonnegative(result, access->bytes_read);
	case 7:
		return column_nonnegative(result, access->writes);
	case 8:
		return column_nonnegative(result, access->bytes_written);
	case 9:
		return column_id(result, access->writer);
	default:
		column_int(result, store_access_flags(access));
	}
}

static const struct table tables[] = {
	{ "pending_processes",
	  "CREATE TABLE x (id, boot, key, ns_pid, parent, creator, started, lived, status,"
	  " runtime, max_rss, execution, context, clone, flags, comm,"
	  " plain_reads, plain_bytes)",
	  sizeof(struct pending_process), offsetof(struct pending, processes), process_column },
	{ "pending_executions",
	  "CREATE TABLE x (id, ts, process, parent, executable, argv, cwd, script, via, env,"
	  " context, flags, unknown, argv_size, error, live, file)",
	  sizeof(struct store_execution), offsetof(struct pending, executions),
	  execution_column },
	{ "pending_strings", "CREATE TABLE x (id, value)", sizeof(struct pending_string),
	  offsetof(struct pending, strings), string_column },
	{ "pending_paths", "CREATE TABLE x (id, value)", sizeof(struct pending_string),
	  offsetof(struct pending, paths), string_column },
	{ "pending_routes",
	  "CREATE TABLE x (id, protocol, client_addr, server_addr, server_port, client_netns,"
	  " server_netns, dialled_addr, dialled_port, seen_addr, name)",
	  sizeof(struct pending_route), offsetof(struct pending, routes), route_column },
	{ "pending_connections",
	  "CREATE TABLE x (id, started, lasted, route, client, server, client_opener,"
	  " server_opener, client_port, to_server, to_client, isns, flags, load, number)",
	  sizeof(struct store_connection), offsetof(struct pending, connections),
	  connection_column },
	{ "pending_runs",
	  "CREATE TABLE x (id, count, route, client, server, client_opener, server_opener,"
	  " flags, load, ended, sum_to_server, sum_to_client, started, started_more, lasted,"
	  " lasted_more, client_port, port_more, to_server, to_server_more, to_client,"
	  " to_client_more, client_isn, client_more, server_isn, server_more)",
	  sizeof(struct run), offsetof(struct pending, runs), runs_column },
	{ "pending_pipes",
	  "CREATE TABLE x (started, lasted, writer, reader, written, read, inode, device, path,"
	  " flags, load, number)",
	  sizeof(struct store_pipe), offsetof(struct pending, pipes), pipe_column },
	{ "pending_accesses",
	  "CREATE TABLE x (process, file, path, first, lasted, reads, bytes_read, writes,"
	  " bytes_written, writer, flags)",
	  sizeof(struct store_access), offsetof(struct pending, accesses), access_column },
};

/* What a module is registered with: its table and its rows. */
struct registration {
	const struct pending *pending;
	const struct table *table;
};

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
	struct cursor *cursor = calloc(1, sizeof(*cursor));

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
	struct cursor *cursor = (struct cursor *)base;
	const struct pending_array *array =
		(const void *)((const char *)cursor->pending + cursor->table->offset);

	(void)number, (void)text, (void)argc, (void)argv;
	cursor->row = array->data;
	cursor->end = array->data + array->used;
	return SQLITE_OK;
}

static int next(sqlite3_vtab_cursor *base)
{
	struct cursor *cursor = (struct cursor *)base;

	cursor->row += cursor->table->row_size;
	return SQLITE_OK;
}

static int eof(sqlite3_vtab_cursor *base)
{
	const struct cursor *cursor = (const struct cursor *)base;

	return cursor->row == cursor->end;
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *result, int which)
{
	const struct cursor *cursor = (const struct cursor *)base;

	cursor->table->column(cursor->pending, cursor->row, which, result);
	return SQLITE_OK;
}

static int rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *id)
{
	(void)base;
	*id = 0;
	return SQLITE_OK;
}

/* Without xCreate: the tables are there without being made. */
static const sqlite3_module module = {
	.xConnect = connect,
	.xBestIndex = best_index,
	.xDisconnect = disconnect,
	.xOpen = open_cursor,
	.xClose = close_cursor,
	.xFilter = filter,
	.xNext = next,
	.xEof = eof,
	.xColumn = column,
	.xRowid = rowid,
};

int pending_register(sqlite3 *db, struct pending *pending)
{
	size_t i;
	int code = SQLITE_OK;

	for (i = 0; i < sizeof(tables) / sizeof(*tables) && code == SQLITE_OK; i++) {
		struct registration *registration = malloc(sizeof(*registration));

		if (!registration)
			return SQLITE_NOMEM;
		*registration = (struct registration){ pending, &tables[i] };
		/* Freed by SQLite, even when it fails. */
		code = sqlite3_create_module_v2(db, tables[i].name, &module, registration, free);
	}
	return code;
}
