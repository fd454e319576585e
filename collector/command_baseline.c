// SPDX-License-Identifier: GPL-2.0-only
/* kith baseline: what is usual here, shown and changed. */
#include "command.h"

#include "log.h"
#include "query.h"
#include "request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static const char doc[] =
	"Shows and changes what is usual on this host. ACTION: show [PATTERN], rows of which the "
	"context or the object fits, or a summary; diff [DATABASE], what came to be known from "
	"--since to --until, or what is known here and not there; export; import FILE, what export "
	"has printed; reset, to forget all; freeze, to judge and learn nothing more; thaw.";

enum { FIELDS = 10, LINE = 4096 };

struct arguments {
	struct common common;
	const char *words[2];
	unsigned int count;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->common;
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->count == 2)
			argp_error(state, "what is \"%s\" for?", text);
		arguments->words[arguments->count++] = text;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ?1: a word of the command, ?2, ?3: --since, --until. */
static int print_rows(sqlite3 *db, const struct arguments *arguments, const char *sql,
		      enum format format)
{
	sqlite3_stmt *rows = NULL;
	int status = query_prepare(db, &rows, sql);

	if (status)
		return status;
	if (arguments->count > 1)
		sqlite3_bind_text(rows, 1, arguments->words[1], -1, SQLITE_STATIC);
	sqlite3_bind_int64(rows, 2, arguments->common.since);
	sqlite3_bind_int64(rows, 3, arguments->common.until);
	status = query_print(db, rows, format, stdout);
	sqlite3_finalize(rows);
	return status;
}

static const char summary[] =
	"SELECT template, count(DISTINCT context_id) AS contexts, count(*) AS facts,"
	" sum(pending) AS pending, strftime('%Y-%m-%d %H:%M', min(first) / 1000000000,"
	" 'unixepoch') AS since, max(context_days) AS days FROM baseline GROUP BY template";

#define SHOWN                                                                              \
	"SELECT template, context, object, times, days, strftime('%Y-%m-%d %H:%M',"        \
	" first / 1000000000, 'unixepoch') AS first, strftime('%Y-%m-%d %H:%M',"           \
	" last / 1000000000, 'unixepoch') AS last, pending FROM baseline"

static const char shown[] = SHOWN " WHERE context GLOB ?1 OR object GLOB ?1"
				  " ORDER BY template, context, object";

/* The most special contexts say it all. */
static const char learned[] =
	SHOWN " WHERE level IN (3, 4, 5) AND first BETWEEN ?2 AND ?3"
	      " ORDER BY first, template, context, object";

static const char different[] =
	SHOWN " b WHERE level IN (3, 4, 5) AND NOT EXISTS (SELECT 1 FROM o.baseline_edges e"
	      " CROSS JOIN o.baseline_contexts c ON c.id = e.context"
	      " WHERE (SELECT text FROM o.baseline_texts WHERE id = e.object) = b.object"
	      " AND (SELECT text FROM o.baseline_texts WHERE id = c.text) = b.context"
	      " AND c.level = b.level)";

static const char exported[] =
	"SELECT coalesce((SELECT name FROM baseline_templates WHERE id = c.template), 'there')"
	" AS template, c.level, (SELECT text FROM baseline_texts WHERE id = c.text) AS context,"
	" (SELECT text FROM baseline_texts WHERE id = e.object) AS object, e.n, e.times, e.first,"
	" e.hour, e.days, c.runs FROM baseline_edges e CROSS JOIN baseline_contexts c"
	" ON c.id = e.context WHERE NOT e.pending"
	" UNION ALL SELECT 'there', level, (SELECT text FROM baseline_texts WHERE id = c.text),"
	" '-', n, 0, first, hour, days, runs FROM baseline_contexts c WHERE template = 0"
	" ORDER BY 1, 2, 3, 4";

/* Lines of texts without a tab in them: they are normalised. */
static int print_exported(sqlite3 *db)
{
	sqlite3_stmt *rows = NULL;
	int status = query_prepare(db, &rows, exported), code = SQLITE_DONE, i;

	while (!status && (code = sqlite3_step(rows)) == SQLITE_ROW)
		for (i = 0; i < FIELDS; i++)
			printf("%s%c", (const char *)sqlite3_column_text(rows, i),
			       i + 1 < FIELDS ? '\t' : '\n');
	if (!status && code != SQLITE_DONE)
		status = query_failed(db);
	sqlite3_finalize(rows);
	return status;
}

static int attach(sqlite3 *db, const char *path)
{
	sqlite3_stmt *statement = NULL;
	int status = query_prepare(db, &statement, "ATTACH ? AS o");

	if (status)
		return status;
	sqlite3_bind_text(statement, 1, path, -1, SQLITE_STATIC);
	if (sqlite3_step(statement) != SQLITE_DONE)
		status = query_failed(db);
	sqlite3_finalize(statement);
	return status;
}

static int diff(sqlite3 *db, const struct arguments *arguments, enum format format)
{
	int status;

	if (arguments->count == 1)
		return print_rows(db, arguments, learned, format);
	status = attach(db, arguments->words[1]);
	return status ? status : print_rows(db, arguments, different, format);
}

static int look(const struct arguments *arguments)
{
	const enum format format = arguments->common.json ? FORMAT_JSON : FORMAT_TABLE;
	const char *action = arguments->count ? arguments->words[0] : "show";
	sqlite3 *db;
	int status = query_open(&db, arguments->common.database);

	if (status)
		return status;
	if (!strcmp(action, "export"))
		status = print_exported(db);
	else if (!strcmp(action, "diff"))
		status = diff(db, arguments, format);
	else
		status = print_rows(db, arguments, arguments->count > 1 ? shown : summary, format);
	sqlite3_close(db);
	return status;
}

static bool add_line(struct request *request, char *line)
{
	const char *fields[FIELDS];
	char *rest, *field = strtok_r(line, "\t\n", &rest);
	unsigned int count;

	for (count = 0; field && count < FIELDS; count++) {
		fields[count] = field;
		field = strtok_r(NULL, "\t\n", &rest);
	}
	if (count < FIELDS)
		return false;
	request_add(request, "edge", fields, FIELDS);
	return true;
}

static int read_file(struct request *request, const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned int number = 0;
	char line[LINE];
	bool good = true;

	if (!file) {
		log_error("cannot read %s: %s", path, strerror(errno));
		return EX_IOERR;
	}
	while (good && fgets(line, sizeof(line), file)) {
		number++;
		good = add_line(request, line);
	}
	fclose(file);
	if (good)
		return 0;
	log_error("%s, line %u: not of kith baseline export", path, number);
	return EX_IOERR;
}

static int change(const struct arguments *arguments)
{
	const char *action = arguments->words[0];
	const char *on[] = { strcmp(action, "thaw") ? "1" : "0" };
	struct request request = { .text = NULL };
	const char *why;
	int status = 0, ret;

	if (!strcmp(action, "import"))
		status = arguments->count > 1 ? read_file(&request, arguments->words[1]) : 2;
	else if (!strcmp(action, "reset"))
		request_add(&request, "reset", NULL, 0);
	else
		request_add(&request, "freeze", on, 1);
	if (status == 2)
		log_error("import wants a file");
	ret = status ? 0 : request_make(&request, arguments->common.database, &why);
	if (ret < 0) {
		log_error("cannot change %s: %s", arguments->common.database,
			  why ? why : strerror(-ret));
		status = ret == -EACCES || ret == -EPERM ? EX_NOPERM : EX_IOERR;
	} else if (ret) {
		log_info("kithd has it in %s.requests, and has not taken it yet",
			 arguments->common.database);
	}
	free(request.text);
	return status;
}

int command_baseline(int argc, char **argv)
{
	static const struct argp argp = { NULL, parse, "[ACTION [WORD]]", doc, command_children,
					  NULL, NULL };
	static const char *const looks[] = { "show", "diff", "export" };
	static const char *const changes[] = { "import", "reset", "freeze", "thaw" };
	struct arguments arguments = { .count = 0 };
	size_t i;

	common_init(&arguments.common);
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	if (!arguments.count)
		return look(&arguments);
	for (i = 0; i < sizeof(looks) / sizeof(*looks); i++)
		if (!strcmp(arguments.words[0], looks[i]))
			return look(&arguments);
	for (i = 0; i < sizeof(changes) / sizeof(*changes); i++)
		if (!strcmp(arguments.words[0], changes[i]))
			return change(&arguments);
	log_error("no action: %s", arguments.words[0]);
	return 2;
}
