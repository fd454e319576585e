// SPDX-License-Identifier: GPL-2.0-only
/* What kith talks asks the database, and how it shows the answers. */
#include "query.h"
#include "run.h"
#include "talks.h"
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define OF(column, side) "(SELECT " column " FROM process WHERE process_id = " side "_id)"
#define OF_ROUTE(column) "(SELECT " column " FROM routes WHERE id = route_id)"
#define CONTAINER(side)                                                             \
	"(SELECT name FROM container WHERE runtime IS NOT NULL AND container_id = " \
	OF("container_id", side) ")"

#define GROUP_BY_PROGRAM                                                                  \
	"client_exe, client_id IS NULL, client_container, server_exe, server_id IS NULL," \
	" server_container, protocol"

/* What is known of who is on one side of a row; of all who are, in a group of rows. */
#define PROGRAM(side, role)                                                       \
	OF("exe", side) " AS " role "_exe, " OF("pid", side) " AS " role "_pid, " \
	CONTAINER(side) " AS " role "_container"
#define PROCESSES(role)                                                      \
	role "_exe, count(DISTINCT " role "_id) AS " role "_processes,"      \
	" iif(count(DISTINCT " role "_id) = 1, max(" role "_pid), NULL) AS " \
	role "_pid"

/*
 * How often and when: grouped first by what stands in the row itself, for then there
 * is less to look up, and then by programs.
 */
#define COUNTED                                                        \
	"count(*) AS times, sum(open) AS open, min(started) AS since," \
	" max(coalesce(ended, started)) AS until"
#define SUMMED                                                                          \
	"SELECT min(since) AS since, max(until) AS until, sum(times) AS conversations," \
	" sum(open) AS open, " PROCESSES("client")

/* One row for each pair of programs and place; %s: with, where. */
static const char grouped[] =
	"WITH %s talk AS MATERIALIZED (SELECT client_id, server_id, route_id, scope,"
	" established, iif(established, NULL, error) AS error,"
	" " COUNTED ", total(bytes_to_server) AS to_server,"
	" total(bytes_to_client) AS to_client FROM connection WHERE started <= ?3 AND"
	" " QUERY_LASTED_SINCE("connection") " AND %s GROUP BY 1, 2, 3, 4, 5, 6)"
	" " SUMMED ", count(DISTINCT client_host) AS client_hosts,"
	" iif(count(DISTINCT client_host) = 1, max(client_host), NULL) AS client_addr,"
	" " PROCESSES("server") ","
	" protocol, server_addr, server_port, CAST(total(to_server) AS INTEGER) AS"
	" bytes_to_server, CAST(total(to_client) AS INTEGER) AS bytes_to_client, scope,"
	" established, error, server_name, client_container, server_container"
	" FROM (SELECT *, " PROGRAM("client", "client") ", " PROGRAM("server", "server") ","
	" iif(client_id IS NULL, " OF_ROUTE("client_addr") ", NULL) AS client_host,"
	" " OF_ROUTE("server_addr") " AS server_addr, " OF_ROUTE("server_port") " AS server_port,"
	" " OF_ROUTE("name") " AS server_name, (SELECT name FROM protocols WHERE id = "
	OF_ROUTE("protocol") ") AS protocol"
	" FROM talk) GROUP BY " GROUP_BY_PROGRAM ", server_addr, server_port, server_name,"
	" scope, established, error ORDER BY established DESC, since, until";

/* What moved through pipes from one process to another: nothing comes back. */
#define PIPES "flow JOIN pipe USING (pipe_id) WHERE pipe_id IS NOT NULL"

static const char grouped_pipes[] =
	"WITH %s talk AS MATERIALIZED (SELECT source_id, target_id, via, path,"
	" " COUNTED ", total(bytes) AS bytes FROM " PIPES
	" AND started <= ?3 AND " QUERY_LASTED_SINCE("pipe") " AND %s GROUP BY 1, 2, 3, 4)"
	" " SUMMED ", 0 AS client_hosts, NULL AS client_addr, " PROCESSES("server") ","
	" protocol, NULL AS server_addr, NULL AS server_port, CAST(total(bytes) AS INTEGER)"
	" AS bytes_to_server, NULL AS bytes_to_client, NULL AS scope, 1 AS established,"
	" NULL AS error, server_name, client_container, server_container"
	" FROM (SELECT *, source_id AS client_id, target_id AS server_id, via AS protocol,"
	" path AS server_name, " PROGRAM("source", "client") ", " PROGRAM("target", "server")
	" FROM talk) GROUP BY " GROUP_BY_PROGRAM ", server_name ORDER BY since, until";

enum grouped_column {
	G_SINCE, G_UNTIL, G_TIMES, G_OPEN, G_CLIENT_EXE, G_CLIENTS, G_CLIENT_PID, G_HOSTS,
	G_CLIENT_ADDR, G_SERVER_EXE, G_SERVERS, G_SERVER_PID, G_PROTOCOL, G_ADDR, G_PORT,
	G_TO_SERVER, G_TO_CLIENT, G_SCOPE, G_ESTABLISHED, G_ERROR, G_NAME,
	G_CLIENT_CONTAINER, G_SERVER_CONTAINER,
};

#define EACH                                                                       \
	"SELECT connection_id, started, ended, open, gone,"                        \
	" client_id, " OF("pid", "client") " AS client_pid, " OF("exe", "client")  \
	" AS client_exe, client_addr, client_port,"                                \
	" server_id, " OF("pid", "server") " AS server_pid, " OF("exe", "server")  \
	" AS server_exe, server_addr, server_port, protocol, bytes_to_server,"     \
	" bytes_to_client, scope, established, error, dialled_addr, dialled_port," \
	" seen_addr, seen_port, server_name, " CONTAINER("client")                 \
	" AS client_container, " CONTAINER("server") " AS server_container,"       \
	" NULL AS pipe_id FROM connection WHERE"
#define EACH_PIPE                                                                       \
	"SELECT NULL AS connection_id, started, ended, open, gone,"                     \
	" source_id AS client_id, " OF("pid", "source") " AS client_pid, "              \
	OF("exe", "source") " AS client_exe, NULL AS client_addr, NULL AS client_port," \
	" target_id AS server_id, " OF("pid", "target") " AS server_pid, "              \
	OF("exe", "target") " AS server_exe, NULL AS server_addr, NULL AS server_port," \
	" via AS protocol, bytes AS bytes_to_server, NULL AS bytes_to_client,"          \
	" NULL AS scope, 1 AS established, NULL AS error, NULL AS dialled_addr,"        \
	" NULL AS dialled_port, NULL AS seen_addr, NULL AS seen_port,"                  \
	" path AS server_name, " CONTAINER("source") " AS client_container, "           \
	CONTAINER("target") " AS server_container, pipe_id FROM " PIPES " AND"

#define WITH "WITH %s unused AS (SELECT 1) "

enum each_column {
	E_ID, E_STARTED, E_ENDED, E_OPEN, E_GONE, E_CLIENT, E_CLIENT_PID, E_CLIENT_EXE,
	E_CLIENT_ADDR, E_CLIENT_PORT, E_SERVER, E_SERVER_PID, E_SERVER_EXE, E_ADDR, E_PORT,
	E_PROTOCOL, E_TO_SERVER, E_TO_CLIENT, E_SCOPE, E_ESTABLISHED, E_ERROR,
	E_DIALLED_ADDR, E_DIALLED_PORT, E_SEEN_ADDR, E_SEEN_PORT, E_NAME,
	E_CLIENT_CONTAINER, E_SERVER_CONTAINER, E_PIPE,
};

/* What has a run_id was never open. */
const struct talks_queries talks_queries[TALKS_KINDS] = {
	[TALKS_CONNECTIONS] = {
		grouped,
		WITH EACH " started <= ?3 AND " QUERY_LASTED_SINCE("connection")
		" AND %s ORDER BY started, connection_id",
		WITH EACH " connection_id > ?4 AND (run_id IS NULL OR run_id > ?4 - "
		RUN_SIZE_TEXT ")"
		" AND %s ORDER BY connection_id",
		EACH " connection_id = ?4 AND run_id IS NULL AND NOT open",
		"SELECT max(connection_id) FROM connection",
		"SELECT min(connection_id) - 1 FROM connection WHERE started >= ?1",
		E_ID,
	},
	[TALKS_PIPES] = {
		grouped_pipes,
		WITH EACH_PIPE " started <= ?3 AND " QUERY_LASTED_SINCE("pipe")
		" AND %s ORDER BY started, pipe_id",
		WITH EACH_PIPE " pipe_id > ?4 AND %s ORDER BY pipe_id",
		EACH_PIPE " pipe_id = ?4 AND NOT open",
		"SELECT max(pipe_id) FROM pipe",
		"SELECT min(pipe_id) - 1 FROM pipe WHERE started >= ?1",
		E_PIPE,
	},
};

static bool is_null(sqlite3_stmt *row, int column)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL;
}

static void print_time(sqlite3_stmt *row, int column)
{
	char when[48];

	fputs(text_time(when, sizeof(when), sqlite3_column_int64(row, column)), stdout);
}

/* What was chosen by whoever has named a file or socket. */
static void print_word(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	if (text)
		text_print_word(stdout, text, (size_t)sqlite3_column_bytes(row, column));
	else
		fputs("(unknown)", stdout);
}

static void print_address(sqlite3_stmt *row, int addr, int port)
{
	const char *text = (const char *)sqlite3_column_text(row, addr);
	bool brackets = text && strchr(text, ':');

	fputs(brackets ? "[" : "", stdout);
	print_word(row, addr);
	printf("%s:%d", brackets ? "]" : "", sqlite3_column_int(row, port));
}

enum { ID_SIZE = 64, ID_SHOWN = 12 };

/* " in web", of whoever is in a container. Of an ID as much as runtimes show. */
static void print_container(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);
	size_t size = (size_t)sqlite3_column_bytes(row, column);

	if (!text)
		return;
	if (size == ID_SIZE && strspn(text, "0123456789abcdef") == size)
		size = ID_SHOWN;
	fputs(" in ", stdout);
	text_print_word(stdout, text, size);
}

/* Through a pipe nothing comes back. */
static void print_bytes(sqlite3_stmt *row, int to_server)
{
	printf("  %" PRId64 " B there", (int64_t)sqlite3_column_int64(row, to_server));
	if (!is_null(row, to_server + 1))
		printf(", %" PRId64 " B back",
		       (int64_t)sqlite3_column_int64(row, to_server + 1));
}

/* "100 B there, 2000 B back, same-host", or why it was in vain. */
static void print_result(sqlite3_stmt *row, int to_server, bool open)
{
	const int scope = to_server + 2, established = to_server + 3, error = to_server + 4;

	if (sqlite3_column_int(row, established))
		print_bytes(row, to_server);
	else if (open)
		fputs("  not yet established", stdout);
	else
		fputs("  FAILED", stdout);
	if (!is_null(row, error))
		printf(": %s", strerror(sqlite3_column_int(row, error)));
	if (is_null(row, scope))
		return;
	fputs("  ", stdout);
	print_word(row, scope);
}

/* "  tcp", and of a Unix socket or FIFO its name, if it has one. */
static void print_protocol(sqlite3_stmt *row, int protocol, int name)
{
	fputs("  ", stdout);
	print_word(row, protocol);
	if (is_null(row, name))
		return;
	putchar(' ');
	print_word(row, name);
}

/* One side of a group: what it runs; in brackets always which process, or how many. */
static void print_program(sqlite3_stmt *row, int exe, int count, int pid, int container)
{
	print_word(row, exe);
	if (is_null(row, pid))
		printf("[%d processes]", sqlite3_column_int(row, count));
	else
		printf("[%d]", sqlite3_column_int(row, pid));
	print_container(row, container);
}

static void print_clients(sqlite3_stmt *row)
{
	if (sqlite3_column_int(row, G_CLIENTS))
		print_program(row, G_CLIENT_EXE, G_CLIENTS, G_CLIENT_PID, G_CLIENT_CONTAINER);
	else if (sqlite3_column_int(row, G_HOSTS) > 1)
		printf("%d hosts", sqlite3_column_int(row, G_HOSTS));
	else
		print_word(row, G_CLIENT_ADDR);
}

static void print_servers(sqlite3_stmt *row)
{
	if (!sqlite3_column_int(row, G_SERVERS))
		return;
	putchar(' ');
	print_program(row, G_SERVER_EXE, G_SERVERS, G_SERVER_PID, G_SERVER_CONTAINER);
	putchar(' ');
}

/* "2026-11-21T12:00:00Z  2026-11-21T12:05:00Z  12  /bin/x[501] -> /bin/y[77]  tcp ..." */
void talks_print_group(sqlite3_stmt *row)
{
	bool open = sqlite3_column_int(row, G_OPEN) > 0;

	print_time(row, G_SINCE);
	fputs("  ", stdout);
	if (open)
		printf("%-30s", "goes on");
	else
		print_time(row, G_UNTIL);
	printf("  %6" PRId64 "  ", (int64_t)sqlite3_column_int64(row, G_TIMES));
	print_clients(row);
	fputs(" ->", stdout);
	print_servers(row);
	putchar(' ');
	print_word(row, G_PROTOCOL);
	if (!is_null(row, G_ADDR)) {
		putchar(' ');
		print_address(row, G_ADDR, G_PORT);
	} else if (!is_null(row, G_NAME)) {
		putchar(' ');
		print_word(row, G_NAME);
	}
	print_result(row, G_TO_SERVER, open);
	putchar('\n');
}

/* "/bin/x[500] in web 10.0.0.1:80", or as much of it as there is. */
static void print_end(sqlite3_stmt *row, int id, int container)
{
	const int pid = id + 1, exe = id + 2, addr = id + 3, port = id + 4;

	if (!is_null(row, id)) {
		print_word(row, exe);
		printf("[%d]", sqlite3_column_int(row, pid));
		print_container(row, container);
		fputs(is_null(row, addr) ? "" : " ", stdout);
	}
	if (!is_null(row, addr))
		print_address(row, addr, port);
	else if (is_null(row, id))
		fputs("(unknown)", stdout);
}

static bool is_translated(sqlite3_stmt *row)
{
	const char *dialled = (const char *)sqlite3_column_text(row, E_DIALLED_ADDR);
	const char *addr = (const char *)sqlite3_column_text(row, E_ADDR);

	return dialled && addr &&
	       (strcmp(dialled, addr) != 0 || sqlite3_column_int(row, E_DIALLED_PORT) !=
						      sqlite3_column_int(row, E_PORT));
}

static void print_ends(sqlite3_stmt *row)
{
	print_end(row, E_CLIENT, E_CLIENT_CONTAINER);
	fputs(" -> ", stdout);
	print_end(row, E_SERVER, E_SERVER_CONTAINER);
	if (!is_translated(row))
		return;
	fputs(" (dialled ", stdout);
	print_address(row, E_DIALLED_ADDR, E_DIALLED_PORT);
	putchar(')');
}

bool talks_is_open(sqlite3_stmt *row)
{
	return sqlite3_column_int(row, E_OPEN);
}

/* Ends with the key, for views connection and pipe have more. */
void talks_print_each(sqlite3_stmt *row)
{
	const bool pipe = !is_null(row, E_PIPE), open = talks_is_open(row);

	print_time(row, E_STARTED);
	fputs("  ", stdout);
	if (!is_null(row, E_ENDED))
		print_time(row, E_ENDED);
	else
		printf("%-30s", open ? "goes on" : "ended unseen");
	fputs("  ", stdout);
	print_ends(row);
	print_protocol(row, E_PROTOCOL, E_NAME);
	print_result(row, E_TO_SERVER, open);
	printf("  %s#%" PRId64 "\n", pipe ? "pipe " : "",
	       (int64_t)sqlite3_column_int64(row, pipe ? E_PIPE : E_ID));
}
