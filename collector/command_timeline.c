// SPDX-License-Identifier: GPL-2.0-only
/* kith timeline: everything in order of time. */
#include "argument.h"
#include "command.h"
#include "events.h"
#include "family.h"
#include "log.h"
#include "query.h"
#include "question.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum { LIMIT = 200, LIMIT_MAX = 10000000 };

static const char doc[] =
	"Shows everything in order of time: what was executed and how it ended, changes of "
	"credentials, conversations, files that were written, and acts on others; of the whole "
	"host, or of WHAT: a process (a pid, #ID, the path of an executable or script, a name), a "
	"container or unit, or the path of a file.\vOf many events the latest.";

enum { OPTION_LIMIT = 'n', OPTION_TREE = 't' };

static const struct argp_option options[] = {
	{ "limit", OPTION_LIMIT, "N", 0, "the latest so many (default 200)", 0 },
	{ "tree", OPTION_TREE, NULL, 0, "the descendants of the processes too", 0 },
	{ 0 },
};

struct arguments {
	struct common common;
	const char *what;
	size_t limit;
	bool tree;
};

static size_t parse_limit(const char *text, struct argp_state *state)
{
	uint64_t limit = argument_number(text, state);

	if (!limit || limit > LIMIT_MAX)
		argp_error(state, "must be from 1 to %d: %s", LIMIT_MAX, text);
	return (size_t)limit;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->common;
		return 0;
	case OPTION_LIMIT:
		arguments->limit = parse_limit(text, state);
		return 0;
	case OPTION_TREE:
		arguments->tree = true;
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->what)
			argp_error(state, "one WHAT, please");
		arguments->what = text;
		return 0;
	case ARGP_KEY_END:
		if (arguments->tree && !arguments->what)
			argp_error(state, "--tree: of WHAT?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int find_processes(struct idset *processes, sqlite3 *db, const struct question *question,
			  const struct common *common)
{
	sqlite3_stmt *statement = NULL;
	char sql[1024];
	int status;

	snprintf(sql, sizeof(sql),
		 "SELECT process_id FROM process WHERE %s AND started <= ?3"
		 " AND " QUERY_LIVED_SINCE,
		 question->process);
	status = query_prepare(db, &statement, sql);
	if (!status) {
		question_bind(question, statement, common);
		status = idset_read(processes, db, statement);
	}
	sqlite3_finalize(statement);
	return status;
}

/* They become that, and all that descends from them. */
static int add_descendants(struct idset *processes, sqlite3 *db)
{
	struct family family;
	int status = family_of(db, processes->ids, processes->count, &family);

	if (status)
		return status;
	idset_clear(processes);
	processes->ids = family.ids;
	processes->count = family.count;
	return 0;
}

static int find(struct events *events, sqlite3 *db, const struct arguments *arguments)
{
	struct question question;
	int status;

	if (!arguments->what)
		return 0;
	events->some = true;
	question_understand(&question, arguments->what);
	if (question.connection) {
		log_error("%s is no process, container, unit or file: see kith talks",
			  arguments->what);
		return 2;
	}
	status = find_processes(&events->processes, db, &question, &arguments->common);
	if (!status && question.path)
		status = idset_files(&events->files, db, arguments->what);
	if (!status && !events->processes.count && !events->files.count) {
		log_error("no process, container, unit or file is known as %s",
			  arguments->what);
		status = EX_NOINPUT;
	}
	if (!status && arguments->tree)
		status = add_descendants(&events->processes, db);
	return status;
}

static int run(const struct arguments *arguments)
{
	const struct common *common = &arguments->common;
	struct events events = {
		.since = common->since,
		.until = common->until,
		.limit = arguments->limit,
		.json = common->json,
	};
	sqlite3 *db;
	int status = query_open(&db, common->database);

	/* all that is asked sees the same */
	if (!status && sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
		status = query_failed(db);
	if (!status)
		status = find(&events, db, arguments);
	if (!status)
		status = events_print(&events, db);
	idset_clear(&events.processes);
	idset_clear(&events.files);
	sqlite3_close(db);
	return status;
}

int command_timeline(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "[WHAT]", doc, command_children, NULL,
					  NULL };
	struct arguments arguments = { .limit = LIMIT };

	common_init(&arguments.common);
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	return run(&arguments);
}
