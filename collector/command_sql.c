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
	"of time; others are set with --set.\v"
	"Example: kith sql \"SELECT ts, cause, uid_from, uid_to FROM credential WHERE "
	"unexplained\"";

enum { OPTION_CSV = 256, VALUES = 16 };

static const struct argp_option options[] = {
	{ "csv", OPTION_CSV, NULL, 0, "comma-separated values", 0 },
	{ "file", 'f', "FILE", 0, "the statement is in FILE", 0 },
	{ "set", 's', "NAME=VALUE", 0, "what :NAME stands for", 0 },
	{ 0 },
};

struct arguments {
	struct common common;
	enum format format;
	const char *sql;
	const char *file; /* or NULL: it holds the statement */
	const char *values[VALUES]; /* NAME=VALUE */
	size_t value_count;
};

static void add_value(struct arguments *arguments, const char *text,
		      const struct argp_state *state)
{
	const char *end = strchr(text, '=');

	if (!end || end == text)
		argp_error(state, "--set wants NAME=VALUE, not '%s'", text);
	if (arguments->value_count == VALUES)
		argp_error(state, "at most %d values, please", VALUES);
	arguments->values[arguments->value_count++] = text;
}

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
	case 's':
		add_value(arguments, text, state);
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

/* What --set says of parameter @name; NULL: nothing. */
static const char *value_of(const struct arguments *arguments, const char *name)
{
	const size_t size = strlen(name);
	size_t i;

	for (i = arguments->value_count; i--;)
		if (!strncmp(arguments->values[i], name, size) &&
		    arguments->values[i][size] == '=')
			return arguments->values[i] + size + 1;
	return NULL;
}

/* One without a value would be NULL, which nobody has meant. */
static int bind(sqlite3_stmt *statement, const struct arguments *arguments)
{
	int i, count = sqlite3_bind_parameter_count(statement);

	for (i = 1; i <= count; i++) {
		const char *name = sqlite3_bind_parameter_name(statement, i);
		const char *value = name && *name == ':' ? value_of(arguments, name + 1) : NULL;

		if (value) {
			query_bind(statement, i, value);
		} else if (name && !strcmp(name, ":since")) {
			sqlite3_bind_int64(statement, i, arguments->common.since);
		} else if (name && !strcmp(name, ":until")) {
			sqlite3_bind_int64(statement, i, arguments->common.until);
		} else if (name && !strcmp(name, ":most")) {
			sqlite3_bind_null(statement, i); /* as many as the query finds enough */
		} else {
			log_error("cannot understand the query: only :since, :until, :most "
				  "and what --set says have a value, not %s",
				  name ? name : "?");
			return 2;
		}
	}
	return 0;
}

static int run(const struct arguments *arguments)
{
	sqlite3_stmt *statement = NULL;
	sqlite3 *db;
	int status = query_open(&db, arguments->common.database);

	if (!status)
		status = query_prepare(db, &statement, arguments->sql);
	if (!status)
		status = bind(statement, arguments);
	if (!status)
		status = query_print(db, statement, arguments->format, stdout);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return status;
}

/* The whole of a file. Return: exit status, after saying on stderr what is wrong. */
static int read_file(const char *path, char **text)
{
	FILE *stream = fopen(path, "re");
	size_t room = 0;
	int error = 0;

	if (!stream) {
		error = errno;
		log_error("cannot open %s: %s", path, strerror(error));
		return error == EACCES || error == EPERM ? EX_NOPERM : EX_IOERR;
	}
	if (getdelim(text, &room, '\0', stream) < 0) {
		error = errno;
		log_error("cannot read %s: %s", path,
			  ferror(stream) ? strerror(error) : "it is empty");
		error = EX_IOERR;
	}
	fclose(stream);
	return error;
}

int command_sql(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "STATEMENT", doc, command_children, NULL,
					  NULL };
	struct arguments arguments = { .sql = NULL };
	char *text = NULL;
	int status = 0;

	common_init(&arguments.common);
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	if (arguments.common.json)
		arguments.format = FORMAT_JSON;
	if (arguments.file) {
		status = read_file(arguments.file, &text);
		arguments.sql = text;
	}
	if (!status)
		status = run(&arguments);
	free(text);
	return status;
}
