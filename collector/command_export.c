// SPDX-License-Identifier: GPL-2.0-only
/* kith export: what the database has of a time, in a form that others read. */
#include "command.h"
#include "export.h"
#include "log.h"
#include "query.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static const char doc[] =
	"Writes what happened in the time given to standard output, as rows of the views in "
	"kith-schema(5) (ndjson, csv), as Elastic Common Schema (ecs), Open Cybersecurity Schema "
	"Framework (ocsf), a trace for ui.perfetto.dev (perfetto), or STIX 2.1 (stix).\v"
	"Example: kith export --format ecs --since '1h ago' --class execution,connection";

enum { OPTION_HOST = 256, OPTION_SORT, NAME = 256 };

static const struct argp_option options[] = {
	{ "format", 'f', "FORMAT", 0, "ndjson (unless given), csv, ecs, ocsf, perfetto or stix",
	  0 },
	{ "class", 'c', "VIEW", 0, "only these views, VIEW,VIEW,...; csv takes one", 0 },
	{ "host", OPTION_HOST, "NAME", 0, "the name of the host that the database is of", 0 },
	{ "sort", OPTION_SORT, NULL, 0, "in order of time, whatever room that takes on disk", 0 },
	{ 0 },
};

struct arguments {
	struct common common;
	struct export export;
	char *classes;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->common;
		return 0;
	case 'f':
		arguments->export.format = export_find(text);
		if (!arguments->export.format)
			argp_error(state, "no such format: %s", text);
		return 0;
	case 'c':
		arguments->classes = text;
		return 0;
	case OPTION_HOST:
		arguments->export.host = text;
		return 0;
	case OPTION_SORT:
		arguments->export.sort = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "what is %s for?", text);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Return: exit status, after saying on stderr what is wrong. */
static int choose_views(struct export *export, char *classes)
{
	const char *format = export->format->name;
	char *rest, *view;

	for (view = classes ? strtok_r(classes, ",", &rest) : NULL; view;
	     view = strtok_r(NULL, ",", &rest)) {
		if (!export_has_view(export->format, view)) {
			log_error("cannot export %s as %s: there is no form for it", view, format);
			return 2;
		}
		if (export->view_count == EXPORT_VIEWS) {
			log_error("cannot export so many classes: at most %d, please",
				  EXPORT_VIEWS);
			return 2;
		}
		export->views[export->view_count++] = view;
	}
	if (classes && !export->view_count) {
		log_error("cannot export no class at all: --class names none");
		return 2;
	}
	if (export->format == &export_csv && export->view_count != 1) {
		log_error("cannot export as csv: it takes one view, such as --class process");
		return 2;
	}
	return 0;
}

/* The first line of a file. */
static bool read_line(const char *path, char *line)
{
	FILE *stream = fopen(path, "re");
	bool read = stream && fgets(line, NAME, stream);

	if (stream)
		fclose(stream);
	if (read)
		line[strcspn(line, "\n")] = '\0';
	return read;
}

/* Was the kernel that runs now among those that the database is of? */
static bool is_of_this_host(sqlite3 *db)
{
	sqlite3_stmt *row = NULL;
	char boot[NAME];
	bool is;

	if (!read_line("/proc/sys/kernel/random/boot_id", boot) ||
	    query_prepare(db, &row, "SELECT 1 FROM boot WHERE uuid = ?1"))
		return false;
	sqlite3_bind_text(row, 1, boot, -1, SQLITE_STATIC);
	is = sqlite3_step(row) == SQLITE_ROW;
	sqlite3_finalize(row);
	return is;
}

/* A copy may lie on any machine: its name is not that of where the rows are from. */
static void find_host(struct export *export, sqlite3 *db)
{
	static char name[NAME], id[NAME];

	if (export->host || !is_of_this_host(db))
		return;
	if (!gethostname(name, sizeof(name) - 1))
		export->host = name;
	if (read_line("/etc/machine-id", id))
		export->host_id = id;
}

static int run(struct arguments *arguments)
{
	struct export *export = &arguments->export;
	sqlite3 *db = NULL;
	int status = query_open(&db, arguments->common.database);

	/* all that is read is of one moment */
	if (!status && sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
		status = query_failed(db);
	if (!status) {
		find_host(export, db);
		status = export_run(export, db, stdout);
	}
	sqlite3_close(db);
	return status;
}

int command_export(int argc, char **argv)
{
	static const struct argp argp = { options, parse, NULL, doc, command_children, NULL, NULL };
	struct arguments arguments = { .export.format = &export_ndjson };
	int status;

	common_init(&arguments.common);
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	arguments.export.since = arguments.common.since;
	arguments.export.until = arguments.common.until;
	status = choose_views(&arguments.export, arguments.classes);
	return status ? status : run(&arguments);
}
