// SPDX-License-Identifier: GPL-2.0-only
/* kith talks: who talked to whom. */
#include "command.h"
#include "log.h"
#include "query.h"
#include "question.h"
#include "talks.h"

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
	"end, the path or @NAME of a Unix socket, or the path of a FIFO.\vAn "
	"address of IPv6 that has a port stands in brackets: [2001:db8::1]:443.";

enum { OPTION_EACH = 'e', OPTION_FOLLOW = 'f', POLL_NS = 250000000, OPEN_MAX = 65536 };

static const struct argp_option options[] = {
	{ "each", OPTION_EACH, NULL, 0, "one line for each conversation and pipe", 0 },
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

static void print_row(sqlite3_stmt *row, bool json, void (*print)(sqlite3_stmt *row))
{
	if (!json) {
		print(row);
		return;
	}
	query_print_json(row, stdout);
	putchar('\n');
}

/* @format has two %s, for what @condition holds of @kind. */
__attribute__((format(printf, 3, 0))) static int
prepare(sqlite3 *db, sqlite3_stmt **statement, const char *format,
	const struct condition *condition, enum talks_kind kind)
{
	char sql[10240];

	snprintf(sql, sizeof(sql), format, condition->with,
		 kind == TALKS_PIPES ? condition->pipe : condition->connection);
	return query_prepare(db, statement, sql);
}

static int answer_of(sqlite3 *db, enum talks_kind kind, const struct question *question,
		     const struct arguments *arguments)
{
	const struct talks_queries *queries = &talks_queries[kind];
	struct condition condition;
	sqlite3_stmt *rows = NULL;
	int status, code = SQLITE_DONE;

	question_condition(question, false, &condition);
	status = prepare(db, &rows, arguments->each ? queries->each : queries->grouped,
			 &condition, kind);
	if (!status)
		question_bind(question, rows, &arguments->common);
	while (!status && (code = sqlite3_step(rows)) == SQLITE_ROW)
		print_row(rows, arguments->common.json,
			  arguments->each ? talks_print_each : talks_print_group);
	if (!status && code != SQLITE_DONE)
		status = query_failed(db);
	sqlite3_finalize(rows);
	return status;
}

static int answer(sqlite3 *db, const struct question *question,
		  const struct arguments *arguments)
{
	int status = answer_of(db, TALKS_CONNECTIONS, question, arguments);

	return status ? status : answer_of(db, TALKS_PIPES, question, arguments);
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
	const struct talks_queries *queries;
	sqlite3_stmt *newer;
	sqlite3_stmt *again;
	bool json;
	int64_t last;
	int64_t *open;
	size_t count;
};

/* One pipe may be several rows. */
static void remember_open(struct follower *follower)
{
	if (follower->count && follower->open[follower->count - 1] == follower->last)
		return;
	if (follower->count < OPEN_MAX)
		follower->open[follower->count++] = follower->last;
}

static int show_newer(struct follower *follower)
{
	int code;

	sqlite3_bind_int64(follower->newer, 4, follower->last);
	while ((code = sqlite3_step(follower->newer)) == SQLITE_ROW) {
		follower->last = sqlite3_column_int64(follower->newer, follower->queries->key);
		if (talks_is_open(follower->newer))
			remember_open(follower);
		print_row(follower->newer, follower->json, talks_print_each);
	}
	sqlite3_reset(follower->newer);
	return code == SQLITE_DONE ? 0 : query_failed(follower->db);
}

/* *over: it is, and has been shown. */
static int show_again(struct follower *follower, int64_t key, bool *over)
{
	int code;

	*over = false;
	sqlite3_bind_int64(follower->again, 4, key);
	while ((code = sqlite3_step(follower->again)) == SQLITE_ROW) {
		*over = true;
		print_row(follower->again, follower->json, talks_print_each);
	}
	sqlite3_reset(follower->again);
	return code == SQLITE_DONE ? 0 : query_failed(follower->db);
}

static int show_ended(struct follower *follower)
{
	size_t i, kept = 0;

	for (i = 0; i < follower->count; i++) {
		bool over;
		int status = show_again(follower, follower->open[i], &over);

		if (status)
			return status;
		if (!over)
			follower->open[kept++] = follower->open[i];
	}
	follower->count = kept;
	return 0;
}

static int follow_until_stopped(struct follower followers[TALKS_KINDS])
{
	const struct timespec pause = { .tv_nsec = POLL_NS };
	int status = 0, kind;

	while (!status && !stopped) {
		for (kind = 0; kind < TALKS_KINDS && !status; kind++) {
			status = show_ended(&followers[kind]);
			if (!status)
				status = show_newer(&followers[kind]);
		}
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
	const struct talks_queries *queries = follower->queries;
	sqlite3_stmt *statement = NULL;
	int status = query_prepare(follower->db, &statement,
				   since == INT64_MIN ? queries->newest : queries->before);

	if (status)
		return status;
	if (since != INT64_MIN)
		sqlite3_bind_int64(statement, 1, since);
	if (sqlite3_step(statement) == SQLITE_ROW)
		follower->last = sqlite3_column_int64(statement, 0);
	else
		status = query_failed(follower->db);
	sqlite3_finalize(statement);
	return status;
}

static int begin_to_follow(struct follower *follower, enum talks_kind kind,
			   const struct question *question, const struct arguments *arguments)
{
	struct condition condition;
	int status;

	follower->queries = &talks_queries[kind];
	follower->json = arguments->common.json;
	follower->open = calloc(OPEN_MAX, sizeof(*follower->open));
	if (!follower->open) {
		log_error("cannot follow: out of memory");
		return EX_OSERR;
	}
	question_condition(question, true, &condition);
	status = prepare(follower->db, &follower->newer, follower->queries->newer, &condition,
			 kind);
	if (!status)
		status = query_prepare(follower->db, &follower->again,
				       follower->queries->again);
	if (status)
		return status;
	question_bind(question, follower->newer, &arguments->common);
	return find_beginning(follower, arguments->common.since);
}

static int follow(sqlite3 *db, const struct question *question,
		  const struct arguments *arguments)
{
	const struct sigaction action = { .sa_handler = stop };
	struct follower followers[TALKS_KINDS] = { { .db = db }, { .db = db } };
	int status = 0, kind;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	for (kind = 0; kind < TALKS_KINDS && !status; kind++)
		status = begin_to_follow(&followers[kind], (enum talks_kind)kind, question,
					 arguments);
	if (!status)
		status = follow_until_stopped(followers);
	for (kind = 0; kind < TALKS_KINDS; kind++) {
		sqlite3_finalize(followers[kind].newer);
		sqlite3_finalize(followers[kind].again);
		free(followers[kind].open);
	}
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
	static const struct argp argp = { options, parse, "[WHAT]", doc, command_children, NULL,
					  NULL };
	struct arguments arguments = { .what = NULL };

	common_init(&arguments.common);
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	return run(&arguments);
}
