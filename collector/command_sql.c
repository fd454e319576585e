// SPDX-License-Identifier: GPL-2.0-only
/* kith sql: ask the database. */
#include "command.h"
#include "log.h"
#include "query.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static const char doc[] =
	"Runs one SQL statement on the database, for reading. The views are described "
	"in kith-schema(5). :since and :until in it are the times given, or the limits "
	"of time.\v"
	"Example: kith sql \"SELECT ts, cause, uid_from, uid_to FROM credential WHERE "
	"unexplained\"";

enum { OPTION_CSV = 256 };

static const struct argp_option options[] = {
	{ "csv", OPTION_CSV, NULL, 0, "comma-separated values", 0 },
	{ "file", 'f', "FILE", 0, "the statement is in FILE", 0 },
	{ 0 },
};

struct arguments {
	struct common common;
	enum format format;
	const char *sql;
	const char *file; /* or NULL: it holds the statement */
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
	case 'f':
		arguments->file = text;
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->sql || arguments->file)
			argp_error(state, "one statement at a time, please: quote it");
		arguments->sql = text;
		return 0;
	case ARGP_KEY_NO_ARGS:
		if (!arguments->file)
			argp_error(state, "which statement?");
		return 0;
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

/* The whole of a file, or NULL after saying why on stderr. */
static char *read_file(const char *path)
{
	FILE *stream = fopen(path, "re");
	char *text = NULL;
	size_t room = 0;

	if (!stream) {
		log_error("cannot open %s: %s", path, strerror(errno));
		return NULL;
	}
	if (getdelim(&text, &room, '\0', stream) < 0) {
		log_error("cannot read %s: %s", path,
			  ferror(stream) ? strerror(errno) : "it is empty");
		free(text);
		text = NULL;
	}
	fclose(stream);
	return text;
}

int command_sql(int argc, char **argv)
{
	static const struct argp_child children[] = { { &command_common, 0, NULL, 0 },
						      { 0 } };
	static const struct argp argp = { options, parse, "STATEMENT", doc, children, NULL,
					  NULL };
	struct arguments arguments = { .sql = NULL };
	char *text = NULL;
	int status;

	common_init(&arguments.common);
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	if (arguments.common.json)
		arguments.format = FORMAT_JSON;
	if (arguments.file) {
		text = read_file(arguments.file);
		if (!text)
			return EX_IOERR;
		arguments.sql = text;
	}
	status = run(&arguments);
	free(text);
	return status;
}
