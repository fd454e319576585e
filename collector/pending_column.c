// SPDX-License-Identifier: GPL-2.0-only
/* The values of rows that wait, as SQLite asks for them. */
#include "column.h"
#include "pending_table.h"
#include "protocol.h"

#include <string.h>

/*
 * Is the id of @row one more than that of the row before it? Then SQLite gives it by itself,
 * and need not look whether it is there; that it did is seen by the last one.
 */
static bool process_follows(const struct pending_process *row, bool first)
{
	return !first && row[-1].process->id + 1 == row->process->id;
}

static void process_value(const struct pending *pending, const void *row, int column,
			   sqlite3_context *result)
{
	const struct pending_process *waiting = row;
	const struct process *process = waiting->process;
	bool ended = process->lived >= 0;

	switch (column) {
	case 0:
		return column_int(result, pending->boot);
	case 1:
		return column_int(result, (int64_t)process->key);
	case 2:
		return column_id(result, store_process_ns_pid(process));
	case 3:
		return column_id(result, process->parent);
	case 4:
		return column_id(result, store_process_creator(process));
	case 5:
		return column_int(result, process->started);
	case 6:
		return column_nonnegative(result, process->lived);
	case 7:
		return column_nonnegative(result, ended ? (int64_t)process->status : -1);
	case 8:
		return column_nonnegative(result, ended ? process->runtime : -1);
	case 9:
		return column_nonnegative(result, ended ? process->max_rss : -1);
	case 10:
		return column_id(result, process->execution);
	case 11:
		return column_id(result, process->context_id);
	case 12:
		return column_nonnegative(result, process->clone_flags);
	case 13:
		return column_int(result, process->flags);
	case 14:
		if (*process->comm)
			sqlite3_result_text(result, process->comm, -1, SQLITE_STATIC);
		return;
	case 15:
		return column_nonnegative(result, process->plain_reads);
	case 16:
		return column_nonnegative(result, process->plain_bytes);
	default:
		if (!process_follows(waiting, row == pending->processes.data))
			column_int(result, process->id);
	}
}

/*
 * The statement for plain rows has NULL for the columns that seldom have a value, which is a
 * third of what it costs to ask for them, and leaves the id to SQLite, which takes the one
 * behind the last: @row has to follow the one before, and not to be the @first. So it is in
 * the other tables.
 */
static bool process_is_plain(const void *row, bool first)
{
	const struct pending_process *waiting = row;
	const struct process *process = waiting->process;

	return process_follows(waiting, first) && !store_process_ns_pid(process) &&
	       !store_process_creator(process) && !*process->comm;
}

/* Without the id: SQLite gives the next one. So are those of pipes, accesses and changes. */
static void execution_value(const struct pending *pending, const void *row, int column,
			     sqlite3_context *result)
{
	const struct store_execution *execution = row;

	(void)pending;
	switch (column) {
	case 0:
		return column_int(result, execution->ts);
	case 1:
		return column_int(result, execution->process);
	case 2:
		return column_id(result, execution->parent);
	case 3:
		return column_id(result, execution->executable);
	case 4:
		return column_id(result, execution->argv);
	case 5:
		return column_id(result, execution->cwd);
	case 6:
		return column_id(result, execution->script);
	case 7:
		return column_id(result, execution->via);
	case 8:
		return column_id(result, execution->env);
	case 9:
		return column_id(result, execution->context);
	case 10:
		return column_int(result, execution->flags);
	case 11:
		return column_int(result, execution->unknown);
	case 12:
		return column_nonnegative(result, execution->argv_size);
	case 13:
		return column_id(result, execution->error);
	case 14:
		return column_id(result, execution->live);
	case 15:
		return column_id(result, execution->file);
	default:
		column_id(result, execution->previous);
	}
}

static bool execution_is_plain(const void *row, bool first)
{
	const struct store_execution *execution = row;

	(void)first;
	return !execution->script && !execution->via && !execution->env &&
	       execution->argv_size < 0 && !execution->error && !execution->live;
}

static void put_characters(const struct pending *pending, sqlite3_context *result,
			   size_t offset, size_t size)
{
	sqlite3_result_text(result, size ? pending->characters.data + offset : "", (int)size,
			    SQLITE_STATIC);
}

/* As of processes. */
static bool string_follows(const struct pending_string *row, bool first)
{
	return !first && row[-1].id + 1 == row->id;
}

static void string_value(const struct pending *pending, const void *row, int column,
			  sqlite3_context *result)
{
	const struct pending_string *string = row;

	if (!column)
		put_characters(pending, result, string->offset, string->size);
	else if (!string_follows(string, row == pending->strings.data ||
						 row == pending->paths.data))
		column_int(result, string->id);
}

static bool string_is_plain(const void *row, bool first)
{
	const struct pending_string *string = row;

	return string_follows(string, first);
}

/* An address; "" is NULL. */
static void put_address(sqlite3_context *result, const char *text)
{
	if (*text)
		sqlite3_result_text(result, text, -1, SQLITE_STATIC);
}

static void route_value(const struct pending *pending, const void *row_, int column,
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
		return put_address(result, row->client_addr);
	case 3:
		return put_address(result, row->server_addr);
	case 4:
		return column_int(result, route->server_port);
	case 5:
		return column_id(result, route->client_netns);
	case 6:
		return column_id(result, route->server_netns);
	case 7:
		return put_address(result, row->dialled_addr);
	case 8:
		return column_other(result, route->dialled_port, route->server_port);
	case 9:
		return put_address(result, row->seen_addr);
	default:
		if (row->name_size)
			put_characters(pending, result, row->name, row->name_size);
	}
}

/* As of processes. */
static bool connection_follows(const struct store_connection *row, bool first)
{
	return !first && row[-1].id + 1 == row->id;
}

static void connection_value(const struct pending *pending, const void *row, int column,
			      sqlite3_context *result)
{
	const struct store_connection *connection = row;

	switch (column) {
	case 0:
		return column_int(result, connection->started);
	case 1:
		return column_nonnegative(result, connection->lasted);
	case 2:
		return column_int(result, connection->route);
	case 3:
		return column_id(result, connection->client);
	case 4:
		return column_id(result, connection->server);
	case 5:
		return column_other(result, connection->client_opener, connection->client);
	case 6:
		return column_other(result, connection->server_opener, connection->server);
	case 7:
		return column_nonnegative(result, store_connection_ports(connection));
	case 8:
		return column_int(result, connection->to_server);
	case 9:
		return column_int(result, connection->to_client);
	case 10:
		return column_id(result, connection->isns);
	case 11:
		return column_int(result, store_connection_flags(connection));
	case 12:
		return column_int(result, connection->load);
	case 13:
		return column_id(result, connection->number);
	default:
		if (!connection_follows(connection, row == pending->connections.data))
			column_int(result, connection->id);
	}
}

static bool connection_is_plain(const void *row, bool first)
{
	const struct store_connection *connection = row;

	return connection_follows(connection, first) &&
	       connection->client_opener == connection->client &&
	       connection->server_opener == connection->server && !connection->number;
}

static void runs_value(const struct pending *pending, const void *row, int column,
			sqlite3_context *result)
{
	(void)pending;
	run_column(row, column, result);
}

static void pipe_value(const struct pending *pending, const void *row, int column,
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

static bool pipe_is_plain(const void *row, bool first)
{
	const struct store_pipe *pipe = row;

	(void)first;
	return pipe->read == pipe->written && !pipe->path && !pipe->number;
}

static void access_value(const struct pending *pending, const void *row, int column,
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

static void change_value(const struct pending *pending, const void *row, int column,
			 sqlite3_context *result)
{
	const struct store_change *change = row;

	(void)pending;
	switch (column) {
	case 0:
		return column_int(result, change->ts);
	case 1:
		return column_nonnegative(result, change->lasted);
	case 2:
		return column_int(result, change->count);
	case 3:
		return column_id(result, change->process);
	case 4:
		return column_int(result, change->op);
	case 5:
		return column_id(result, change->error);
	case 6:
		return column_id(result, change->path);
	case 7:
		return column_id(result, change->new_path);
	case 8:
		return column_id(result, change->text);
	case 9:
		return column_id(result, change->file);
	case 10:
		return column_id(result, change->other);
	case 11:
		return column_int(result, change->value);
	case 12:
		return column_int(result, change->to_value);
	default:
		column_int(result, store_change_flags(change));
	}
}

static bool change_is_plain(const void *row, bool first)
{
	const struct store_change *change = row;

	(void)first;
	return !change->error && !change->text && !change->other;
}

static void file_value(const struct pending *pending, const void *row, int column,
			sqlite3_context *result)
{
	const struct store_file *waiting = row;
	const struct kith_file *file = &waiting->file;

	(void)pending;
	switch (column) {
	case 0:
		return column_int(result, waiting->id);
	case 1:
		return column_int(result, file->device);
	case 2:
		return column_int(result, (int64_t)file->inode);
	case 3:
		return column_other(result, file->real_device, file->device);
	case 4:
		return column_other(result, (int64_t)file->real_inode, (int64_t)file->inode);
	case 5:
		return column_int(result, file->generation);
	case 6:
		return column_int(result, file->kind);
	case 7:
		return column_int(result, file->mode);
	case 8:
		return column_int(result, file->owner);
	case 9:
		return column_id(result, waiting->segment);
	default:
		column_id(result, waiting->path);
	}
}

static bool file_is_plain(const void *row, bool first)
{
	const struct kith_file *file = &((const struct store_file *)row)->file;

	(void)first;
	return file->real_device == file->device && file->real_inode == file->inode;
}

/* What SQLite calls for the values of one table. */
#define COLUMN_OF(value)                                                             \
	static int value##_column(sqlite3_vtab_cursor *cursor, sqlite3_context *result, \
				  int which)                                        \
	{                                                                            \
		const struct pending_cursor *at = (const void *)cursor;              \
										     \
		value##_value(at->pending, at->row, which, result);                  \
		return SQLITE_OK;                                                    \
	}

COLUMN_OF(process)
COLUMN_OF(execution)
COLUMN_OF(string)
COLUMN_OF(route)
COLUMN_OF(connection)
COLUMN_OF(runs)
COLUMN_OF(pipe)
COLUMN_OF(access)
COLUMN_OF(file)
COLUMN_OF(change)

#define ROWS(type, array) sizeof(struct type), offsetof(struct pending, array)

const struct pending_table pending_tables[PENDING_TABLES] = {
	[PENDING_STRINGS] = {
		"pending_strings",
		"CREATE TABLE x (value, id)",
		ROWS(pending_string, strings), string_column, string_is_plain,
	},
	[PENDING_PATHS] = {
		"pending_paths",
		"CREATE TABLE x (value, id)",
		ROWS(pending_string, paths), string_column, string_is_plain,
	},
	[PENDING_EXECUTIONS] = {
		"pending_executions",
		"CREATE TABLE x (ts, process, parent, executable, argv, cwd, script,"
		" via, env, context, flags, unknown, argv_size, error, live, file,"
		" previous)",
		ROWS(store_execution, executions), execution_column, execution_is_plain,
	},
	[PENDING_PROCESSES] = {
		"pending_processes",
		"CREATE TABLE x (boot, key, ns_pid, parent, creator, started, lived,"
		" status, runtime, max_rss, execution, context, clone, flags, comm,"
		" plain_reads, plain_bytes, id)",
		ROWS(pending_process, processes), process_column, process_is_plain,
	},
	[PENDING_ROUTES] = {
		"pending_routes",
		"CREATE TABLE x (id, protocol, client_addr, server_addr, server_port,"
		" client_netns, server_netns, dialled_addr, dialled_port, seen_addr,"
		" name)",
		ROWS(pending_route, routes), route_column, NULL,
	},
	[PENDING_CONNECTIONS] = {
		"pending_connections",
		"CREATE TABLE x (started, lasted, route, client, server, client_opener,"
		" server_opener, client_port, to_server, to_client, isns, flags, load,"
		" number, id)",
		ROWS(store_connection, connections), connection_column, connection_is_plain,
	},
	[PENDING_RUNS] = {
		"pending_runs",
		"CREATE TABLE x (id, count, route, client, server, client_opener,"
		" server_opener, flags, load, ended, sum_to_server, sum_to_client,"
		" started, started_more, lasted, lasted_more, client_port, port_more,"
		" to_server, to_server_more, to_client, to_client_more, client_isn,"
		" client_more, server_isn, server_more)",
		ROWS(run, runs), runs_column, NULL,
	},
	[PENDING_PIPES] = {
		"pending_pipes",
		"CREATE TABLE x (started, lasted, writer, reader, written, read, inode,"
		" device, path, flags, load, number)",
		ROWS(store_pipe, pipes), pipe_column, pipe_is_plain,
	},
	[PENDING_ACCESSES] = {
		"pending_accesses",
		"CREATE TABLE x (process, file, path, first, lasted, reads, bytes_read,"
		" writes, bytes_written, writer, flags)",
		ROWS(store_access, accesses), access_column, NULL,
	},
	[PENDING_FILES] = {
		"pending_files",
		"CREATE TABLE x (id, device, inode, real_device, real_inode,"
		" generation, kind, mode, owner, segment, path)",
		ROWS(store_file, files), file_column, file_is_plain,
	},
	[PENDING_CHANGES] = {
		"pending_changes",
		"CREATE TABLE x (ts, lasted, count, process, op, error, path, new_path,"
		" text, file, other, value, to_value, flags)",
		ROWS(store_change, changes), change_column, change_is_plain,
	},
};
