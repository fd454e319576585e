// SPDX-License-Identifier: GPL-2.0-only
/* kith sql: ask the database. */
#include "command.h"
#include "query.h"

#include <errno.h>

static const char doc[] =
	"Runs one SQL statement on the database, for reading. The views are described "
	"in kith-schema(5). :since and :until in it are the times given, or the limits "
	"of time.\v"
	"Example: kith sql \"SELECT ts, cause, uid_from, uid_to FROM credential WHERE "
	"unexplained\"";

enum { OPTION_CSV = 256 };

static const struct argp_option options[] = {
	{ "csv", OPTION_CSV, NULL, 0, "comma-separated values", 0 },
	{ 0 },
};

struct arguments {
	struct common common;
	enum format format;
	const char *sql;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->common;
		return 0;
	case OPTION_CSV:
		arguments->format = FORMAT_CSV;
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->sql)
			argp_error(state, "one statement at a time, please: quote it");
		arguments->sql = text;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which statement?");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void bind(sqlite3_stmt *statement, const char *name, int64_t value)
{
	int index = sqlite3_bind_parameter_index(statement, name);

	if (index)
		sqlite3_bind_int64(statement, index, value);
}

static int run(const struct arguments *arguments)
{
	sqlite3_stmt *statement = NULL;
	sqlite3 *db;
	int status = query_open(&db, arguments->common.database);

	if (!status)
		status = query_prepare(db, &statement, arguments->sql);
	if (!status) {
		bind(statement, ":since", arguments->common.since);
		bind(statement, ":until", arguments->common.until);
		status = query_print(db, statement, arguments->format, stdout);
	}
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return status;
}

int command_sql(int argc, char **argv)
{
	static const struct argp_child children[] = { { &command_common, 0, NULL, 0 },
						      { 0 } };
	static const struct argp argp = { options, parse, "STATEMENT", doc, children, NULL,
					  NULL };
	struct arguments arguments = { .sql = NULL };

	common_init(&arguments.common);
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	if (arguments.common.json)
		arguments.format = FORMAT_JSON;
	return run(&arguments);
}
