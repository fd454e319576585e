// SPDX-License-Identifier: GPL-2.0-only
/* kith talks: who talked to whom. */
#include "command.h"
#include "log.h"
#include "query.h"
#include "question.h"
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

static const char doc[] =
	"Shows who talked to whom: which program with which, how often, and how much; and "
	"what was tried in vain. WHAT is a process (a pid, #ID, the path of an executable or "
	"script, a name), a container or unit, an address, :PORT, or ADDRESS:PORT of either "
	"end.\vAn address of IPv6 that has a port stands in brackets: [2001:db8::1]:443.";

enum { OPTION_EACH = 'e', OPTION_FOLLOW = 'f', POLL_NS = 250000000, OPEN_MAX = 65536 };

static const struct argp_option options[] = {
	{ "each", OPTION_EACH, NULL, 0, "one line for each conversation", 0 },
	{ "follow", OPTION_FOLLOW, NULL, 0,
	  "each as it is stored, and again when it is over, until interrupted", 0 },
	{ 0 },
};

struct arguments {
	struct common common;
	const char *what;
	bool each;
	bool follow;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->common;
		return 0;
	case OPTION_EACH:
		arguments->each = true;
		return 0;
	case OPTION_FOLLOW:
		arguments->follow = true;
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->what)
			argp_error(state, "one WHAT, please");
		arguments->what = text;
		return 0;
	case ARGP_KEY_END:
		if (arguments->follow && arguments->common.until != INT64_MAX)
			argp_error(state, "--follow has no end: not with --until");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

#define OF(column, side) "(SELECT " column " FROM process WHERE process_id = " side "_id)"
#define OF_ONE(column) "(SELECT " column " FROM connection WHERE connection_id = one)"

/*
 * One row for each pair of programs and place; %s: with, where. First by what stands in
 * the row itself: then there is less to look up.
 */
static const char grouped[] =
	"WITH %s talk AS MATERIALIZED (SELECT client_id, server_id, route_id, scope,"
	" established, iif(established, NULL, error) AS error, min(connection_id) AS one,"
	" count(*) AS times, sum(open) AS open, min(started) AS since,"
	" max(coalesce(ended, started)) AS until, total(bytes_to_server) AS to_server,"
	" total(bytes_to_client) AS to_client FROM connection WHERE started <= ?3 AND"
	" " QUERY_LASTED_SINCE("connection") " AND %s GROUP BY 1, 2, 3, 4, 5, 6)"
	" SELECT min(since) AS since, max(until) AS until, sum(times) AS conversations,"
	" sum(open) AS open, client_exe, count(DISTINCT client_id) AS client_processes,"
	" iif(count(DISTINCT client_id) = 1, max(client_pid), NULL) AS client_pid,"
	" count(DISTINCT client_host) AS client_hosts,"
	" iif(count(DISTINCT client_host) = 1, max(client_host), NULL) AS client_addr,"
	" server_exe, count(DISTINCT server_id) AS server_processes,"
	" iif(count(DISTINCT server_id) = 1, max(server_pid), NULL) AS server_pid,"
	" protocol, server_addr, server_port, CAST(total(to_server) AS INTEGER) AS"
	" bytes_to_server, CAST(total(to_client) AS INTEGER) AS bytes_to_client, scope,"
	" established, error FROM (SELECT *, " OF("exe", "client") " AS client_exe,"
	" " OF("pid", "client") " AS client_pid, " OF("exe", "server")
	" AS server_exe, " OF("pid", "server") " AS server_pid,"
	" iif(client_id IS NULL, " OF_ONE("client_addr") ", NULL) AS client_host,"
	" " OF_ONE("server_addr") " AS server_addr, " OF_ONE("server_port") " AS server_port,"
	" " OF_ONE("protocol") " AS protocol FROM talk)"
	" GROUP BY client_exe, client_id IS NULL, server_exe, server_id IS NULL, protocol,"
	" server_addr, server_port, scope, established, error"
	" ORDER BY established DESC, since, until";

enum grouped_column {
	G_SINCE, G_UNTIL, G_TIMES, G_OPEN, G_CLIENT_EXE, G_CLIENTS, G_CLIENT_PID, G_HOSTS,
	G_CLIENT_ADDR, G_SERVER_EXE, G_SERVERS, G_SERVER_PID, G_PROTOCOL, G_ADDR, G_PORT,
	G_TO_SERVER, G_TO_CLIENT, G_SCOPE, G_ESTABLISHED, G_ERROR,
};

#define EACH                                                                     \
	"SELECT connection_id, started, ended, open, gone,"                      \
	" client_id, " OF("pid", "client") " AS client_pid, " OF("exe", "client") \
	" AS client_exe, client_addr, client_port,"                              \
	" server_id, " OF("pid", "server") " AS server_pid, " OF("exe", "server") \
	" AS server_exe, server_addr, server_port, protocol, bytes_to_server,"   \
	" bytes_to_client, scope, established, error, dialled_addr, dialled_port," \
	" seen_addr, seen_port FROM connection"

/* %s: with, where. */
static const char each[] = "WITH %s unused AS (SELECT 1) " EACH
			   " WHERE started <= ?3 AND " QUERY_LASTED_SINCE("connection")
			   " AND %s ORDER BY started, connection_id";
static const char newer[] = "WITH %s unused AS (SELECT 1) " EACH
			    " WHERE connection_id > ?4 AND %s ORDER BY connection_id";
static const char again[] = EACH " WHERE connection_id = ?4 AND NOT open";

enum each_column {
	E_ID, E_STARTED, E_ENDED, E_OPEN, E_GONE, E_CLIENT, E_CLIENT_PID, E_CLIENT_EXE,
	E_CLIENT_ADDR, E_CLIENT_PORT, E_SERVER, E_SERVER_PID, E_SERVER_EXE, E_ADDR, E_PORT,
	E_PROTOCOL, E_TO_SERVER, E_TO_CLIENT, E_SCOPE, E_ESTABLISHED, E_ERROR,
	E_DIALLED_ADDR, E_DIALLED_PORT,
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

/* What was chosen by whoever has named a file. */
static void print_word(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	if (text)
		text_print_word(stdout, text, (size_t)sqlite3_column_bytes(row, column));
	else
		fputs("(unknown)", stdout);
}

static void print_endpoint(sqlite3_stmt *row, int addr, int port)
{
	const char *text = (const char *)sqlite3_column_text(row, addr);
	bool brackets = text && strchr(text, ':');

	fputs(brackets ? "[" : "", stdout);
	print_word(row, addr);
	printf("%s:%d", brackets ? "]" : "", sqlite3_column_int(row, port));
}

/* "100 B there, 2000 B back, same-host", or why it was in vain. */
static void print_result(sqlite3_stmt *row, int to_server, bool open)
{
	const int to_client = to_server + 1, scope = to_server + 2, established = to_server + 3,
		  error = to_server + 4;

	if (sqlite3_column_int(row, established))
		printf("  %" PRId64 " B there, %" PRId64 " B back",
		       (int64_t)sqlite3_column_int64(row, to_server),
		       (int64_t)sqlite3_column_int64(row, to_client));
	else if (open)
		fputs("  not yet established", stdout);
	else
		fputs("  FAILED", stdout);
	if (!is_null(row, error))
		printf(": %s", strerror(sqlite3_column_int(row, error)));
	fputs("  ", stdout);
	print_word(row, scope);
}

/* One side of a group: what it runs; in brackets always which process, or how many. */
static void print_program(sqlite3_stmt *row, int exe, int count, int pid)
{
	print_word(row, exe);
	if (is_null(row, pid))
		printf("[%d processes]", sqlite3_column_int(row, count));
	else
		printf("[%d]", sqlite3_column_int(row, pid));
}

/* "2026-11-21T12:00:00Z  2026-11-21T12:05:00Z  12  /bin/x[501] -> /bin/y[77]  tcp ..." */
static void print_group(sqlite3_stmt *row)
{
	bool open = sqlite3_column_int(row, G_OPEN) > 0;

	print_time(row, G_SINCE);
	fputs("  ", stdout);
	if (open)
		printf("%-30s", "goes on");
	else
		print_time(row, G_UNTIL);
	printf("  %6" PRId64 "  ", (int64_t)sqlite3_column_int64(row, G_TIMES));
	if (sqlite3_column_int(row, G_CLIENTS))
		print_program(row, G_CLIENT_EXE, G_CLIENTS, G_CLIENT_PID);
	else if (is_null(row, G_CLIENT_ADDR))
		printf("%d hosts", sqlite3_column_int(row, G_HOSTS));
	else
		print_word(row, G_CLIENT_ADDR);
	fputs(" -> ", stdout);
	if (sqlite3_column_int(row, G_SERVERS)) {
		print_program(row, G_SERVER_EXE, G_SERVERS, G_SERVER_PID);
		fputs("  ", stdout);
	}
	print_word(row, G_PROTOCOL);
	putchar(' ');
	print_endpoint(row, G_ADDR, G_PORT);
	print_result(row, G_TO_SERVER, open);
	putchar('\n');
}

static void print_end(sqlite3_stmt *row, int id, int addr)
{
	if (!is_null(row, id)) {
		print_word(row, id + 2);
		printf("[%d] ", sqlite3_column_int(row, id + 1));
	}
	print_endpoint(row, addr, addr + 1);
}

static bool is_translated(sqlite3_stmt *row)
{
	const char *dialled = (const char *)sqlite3_column_text(row, E_DIALLED_ADDR);
	const char *addr = (const char *)sqlite3_column_text(row, E_ADDR);

	return dialled && addr &&
	       (strcmp(dialled, addr) != 0 || sqlite3_column_int(row, E_DIALLED_PORT) !=
						      sqlite3_column_int(row, E_PORT));
}

/* Ends with the key, for view connection has more. */
static void print_each(sqlite3_stmt *row)
{
	bool open = sqlite3_column_int(row, E_OPEN);

	print_time(row, E_STARTED);
	fputs("  ", stdout);
	if (!is_null(row, E_ENDED))
		print_time(row, E_ENDED);
	else
		printf("%-30s", open ? "goes on" : "ended unseen");
	fputs("  ", stdout);
	print_end(row, E_CLIENT, E_CLIENT_ADDR);
	fputs(" -> ", stdout);
	print_end(row, E_SERVER, E_ADDR);
	if (is_translated(row)) {
		fputs(" (dialled ", stdout);
		print_endpoint(row, E_DIALLED_ADDR, E_DIALLED_PORT);
		putchar(')');
	}
	fputs("  ", stdout);
	print_word(row, E_PROTOCOL);
	print_result(row, E_TO_SERVER, open);
	printf("  #%" PRId64 "\n", (int64_t)sqlite3_column_int64(row, E_ID));
}

static void print_row(sqlite3_stmt *row, bool json, void (*print)(sqlite3_stmt *row))
{
	if (!json) {
		print(row);
		return;
	}
	query_print_json(row, stdout);
	putchar('\n');
}

/* @format has two %s, for what @condition holds. */
__attribute__((format(printf, 3, 0))) static int
prepare(sqlite3 *db, sqlite3_stmt **statement, const char *format,
	const struct condition *condition)
{
	char sql[8192];

	snprintf(sql, sizeof(sql), format, condition->with, condition->where);
	return query_prepare(db, statement, sql);
}

static int answer(sqlite3 *db, const struct question *question,
		  const struct arguments *arguments)
{
	struct condition condition;
	sqlite3_stmt *rows = NULL;
	int status, code = SQLITE_DONE;

	question_condition(question, false, &condition);
	status = prepare(db, &rows, arguments->each ? each : grouped, &condition);
	if (!status)
		question_bind(question, rows, &arguments->common);
	while (!status && (code = sqlite3_step(rows)) == SQLITE_ROW)
		print_row(rows, arguments->common.json,
			  arguments->each ? print_each : print_group);
	if (!status && code != SQLITE_DONE)
		status = query_failed(db);
	sqlite3_finalize(rows);
	return status;
}

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

/* What has been shown, and of it what goes on: that is shown again when it is over. */
struct follower {
	sqlite3 *db;
	sqlite3_stmt *newer;
	sqlite3_stmt *again;
	bool json;
	int64_t last;
	int64_t *open;
	size_t count;
};

static int show_newer(struct follower *follower)
{
	int code;

	sqlite3_bind_int64(follower->newer, 4, follower->last);
	while ((code = sqlite3_step(follower->newer)) == SQLITE_ROW) {
		follower->last = sqlite3_column_int64(follower->newer, E_ID);
		if (sqlite3_column_int(follower->newer, E_OPEN) && follower->count < OPEN_MAX)
			follower->open[follower->count++] = follower->last;
		print_row(follower->newer, follower->json, print_each);
	}
	sqlite3_reset(follower->newer);
	return code == SQLITE_DONE ? 0 : query_failed(follower->db);
}

static int show_ended(struct follower *follower)
{
	size_t i, kept = 0;

	for (i = 0; i < follower->count; i++) {
		int code;

		sqlite3_bind_int64(follower->again, 4, follower->open[i]);
		code = sqlite3_step(follower->again);
		if (code == SQLITE_ROW)
			print_row(follower->again, follower->json, print_each);
		else
			follower->open[kept++] = follower->open[i];
		sqlite3_reset(follower->again);
		if (code != SQLITE_ROW && code != SQLITE_DONE)
			return query_failed(follower->db);
	}
	follower->count = kept;
	return 0;
}

static int follow_until_stopped(struct follower *follower)
{
	const struct timespec pause = { .tv_nsec = POLL_NS };
	int status = 0;

	while (!status && !stopped) {
		status = show_ended(follower);
		if (!status)
			status = show_newer(follower);
		if (!status)
			status = command_flush();
		if (!status)
			nanosleep(&pause, NULL);
	}
	return status;
}

/* Begin with what starts at --since; without that, with what is stored from now on. */
static int find_beginning(struct follower *follower, int64_t since)
{
	const char *sql = "SELECT max(connection_id) FROM connection";
	sqlite3_stmt *statement = NULL;
	int status;

	if (since != INT64_MIN)
		sql = "SELECT min(connection_id) - 1 FROM connection WHERE started >= ?1";
	status = query_prepare(follower->db, &statement, sql);
	if (status)
		return status;
	sqlite3_bind_int64(statement, 1, since);
	if (sqlite3_step(statement) == SQLITE_ROW)
		follower->last = sqlite3_column_int64(statement, 0);
	else
		status = query_failed(follower->db);
	sqlite3_finalize(statement);
	return status;
}

static int follow(sqlite3 *db, const struct question *question,
		  const struct arguments *arguments)
{
	const struct sigaction action = { .sa_handler = stop };
	struct follower follower = { .db = db, .json = arguments->common.json };
	struct condition condition;
	int status = 0;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	question_condition(question, true, &condition);
	follower.open = calloc(OPEN_MAX, sizeof(*follower.open));
	if (!follower.open) {
		log_error("cannot follow: out of memory");
		status = EX_OSERR;
	}
	if (!status)
		status = prepare(db, &follower.newer, newer, &condition);
	if (!status)
		status = query_prepare(db, &follower.again, again);
	if (!status)
		status = find_beginning(&follower, arguments->common.since);
	if (!status) {
		question_bind(question, follower.newer, &arguments->common);
		status = follow_until_stopped(&follower);
	}
	sqlite3_finalize(follower.newer);
	sqlite3_finalize(follower.again);
	free(follower.open);
	return status;
}

static int run(const struct arguments *arguments)
{
	const char *path = arguments->common.database;
	struct question question;
	sqlite3 *db;
	int status = arguments->follow ? query_follow(&db, path) : query_open(&db, path);

	question_understand(&question, arguments->what);
	if (!status && arguments->follow)
		status = follow(db, &question, arguments);
	else if (!status)
		status = question_check(&question, db, arguments->what, &arguments->common);
	if (!status && !arguments->follow)
		status = answer(db, &question, arguments);
	sqlite3_close(db);
	return status;
}

int command_talks(int argc, char **argv)
{
	static const struct argp_child children[] = { { &command_common, 0, NULL, 0 },
						      { 0 } };
	static const struct argp argp = { options, parse, "[WHAT]", doc, children, NULL, NULL };
	struct arguments arguments = { .what = NULL };

	common_init(&arguments.common);
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	return run(&arguments);
}
