// SPDX-License-Identifier: GPL-2.0-only
/* kith trace: where data went, and where it came from. */
#include "argument.h"
#include "command.h"
#include "idset.h"
#include "log.h"
#include "query.h"
#include "select.h"
#include "steps.h"
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum { DEPTH = 8, WIDTH = 20, LIMIT = 500, PROCESSES = 100, MANY = 1000000 };

static const char doc[] =
	"Shows where the data of FILE or PROCESS went, and where it came from: through files, "
	"pipes, sockets and memory, from process to process, as far as time allows. FILE is "
	"a path, and stands for all files that ever had it, by whatever name they were used. "
	SELECT_HELP "\vA path that no file is known by is that of an executable.";

enum { OPTION_DEPTH = 256, OPTION_WIDTH, OPTION_LIMIT };

static const struct argp_option options[] = {
	{ "forward", 'f', NULL, 0, "only where it went", 0 },
	{ "back", 'b', NULL, 0, "only where it came from", 0 },
	{ "depth", OPTION_DEPTH, "N", 0, "at most so many steps (default 8)", 0 },
	{ "width", OPTION_WIDTH, "N", 0, "at most so many from each process (default 20)", 0 },
	{ "limit", OPTION_LIMIT, "N", 0, "at most so many each way (default 500)", 0 },
	{ 0 },
};

struct arguments {
	struct common common;
	const char *what;
	bool forward;
	bool back;
	uint32_t depth;
	uint32_t width;
	uint32_t limit;
};

/* From 1 up; so many that memory is the limit is a mistake. */
static uint32_t parse_number(const char *text, struct argp_state *state)
{
	uint64_t number = argument_number(text, state);

	if (!number || number > MANY)
		argp_error(state, "must be from 1 to %d: %s", MANY, text);
	return (uint32_t)number;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->common;
		return 0;
	case 'f':
		arguments->forward = true;
		return 0;
	case 'b':
		arguments->back = true;
		return 0;
	case OPTION_DEPTH:
		arguments->depth = parse_number(text, state);
		return 0;
	case OPTION_WIDTH:
		arguments->width = parse_number(text, state);
		return 0;
	case OPTION_LIMIT:
		arguments->limit = parse_number(text, state);
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->what)
			argp_error(state, "one FILE or PROCESS, please");
		arguments->what = text;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which FILE or PROCESS?");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* What it begins with. */
struct origin {
	struct place *places;
	size_t count;
	size_t more; /* of files */
	bool many;   /* or there are more processes */
	struct idset files;
};

static int take_places(struct origin *origin, const int64_t *ids, size_t count, bool files)
{
	size_t i;

	origin->places = calloc(count + 1, sizeof(*origin->places));
	if (!origin->places) {
		log_error("cannot follow what moved: out of memory");
		return EX_OSERR;
	}
	for (i = 0; i < count; i++) {
		if (files)
			origin->places[i].file = ids[i];
		else
			origin->places[i].process = ids[i];
	}
	origin->count = count;
	return 0;
}

static int find_processes(struct origin *origin, sqlite3 *db, const struct arguments *arguments)
{
	int64_t *ids = NULL;
	size_t count = 0;
	int status = select_processes(db, arguments->what, &arguments->common, &ids, &count,
				      PROCESSES + 1);

	origin->many = count > PROCESSES;
	if (!status)
		status = take_places(origin, ids, origin->many ? PROCESSES : count, false);
	free(ids);
	return status;
}

static int find_origin(struct origin *origin, sqlite3 *db, const struct arguments *arguments)
{
	const struct idset *files = &origin->files;
	size_t count;
	int status = 0;

	if (*arguments->what == '/')
		status = idset_files(&origin->files, db, arguments->what);
	if (status)
		return status;
	if (!files->count)
		return find_processes(origin, db, arguments);
	count = files->count < arguments->limit ? files->count : arguments->limit;
	origin->more = files->count - count;
	return take_places(origin, files->ids, count, true);
}

/* What those files were called, and since when that is known. */
static const char names[] =
	"SELECT file_id, coalesce((SELECT value FROM paths WHERE id = name),"
	" (SELECT value FROM strings WHERE id = name)) AS name, min(ts) AS since,"
	" (SELECT inode FROM files WHERE id = file_id) AS inode"
	" FROM (SELECT file AS file_id, path AS name, first AS ts FROM accesses WHERE"
	" NOT flags >> 15 & 1 AND is_meant(file) UNION ALL SELECT file, path, ts FROM changes"
	" WHERE error IS NULL AND op IN (1, 2, 3, 5) AND is_meant(file) UNION ALL SELECT file,"
	" new_path, ts FROM changes WHERE error IS NULL AND op IN (2, 3, 5) AND is_meant(file))"
	" WHERE name IS NOT NULL GROUP BY file_id, name ORDER BY file_id, since";

static void print_name(sqlite3_stmt *row, bool json)
{
	char when[48];

	if (json) {
		query_print_json(row, stdout);
		putchar('\n');
		return;
	}
	printf("%s  called ", text_time(when, sizeof(when), sqlite3_column_int64(row, 2)));
	text_print_word(stdout, (const char *)sqlite3_column_text(row, 1),
			(size_t)sqlite3_column_bytes(row, 1));
	printf("  (inode %" PRId64 ")\n", (int64_t)sqlite3_column_int64(row, 3));
}

/* Those of @what itself are told only where there are others. */
static int print_names(struct origin *origin, sqlite3 *db,
		       const struct arguments *arguments)
{
	sqlite3_stmt *row = NULL;
	int status = 0, code = SQLITE_DONE;

	if (!origin->files.count)
		return 0;
	status = idset_offer(&origin->files, db, "is_meant");
	if (!status)
		status = query_prepare(db, &row, names);
	while (!status && (code = sqlite3_step(row)) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(row, 1);

		if (name && strcmp(name, arguments->what) != 0)
			print_name(row, arguments->common.json);
	}
	if (!status && code != SQLITE_DONE)
		status = query_failed(db);
	sqlite3_finalize(row);
	return status;
}

/* Depth first, without recursion: chains can be very long. */
static int print_steps(const struct trace *trace, sqlite3 *db, sqlite3_stmt *row,
		       const struct arguments *arguments)
{
	const bool json = arguments->common.json;
	uint32_t at = trace->count ? 0 : TRACE_NONE;
	int status = 0;

	while (!status && at != TRACE_NONE) {
		const struct step *step = &trace->steps[at];

		status = steps_print(db, row, trace, at, arguments->what, json);
		if (step->child != TRACE_NONE) {
			at = step->child;
			continue;
		}
		for (;;) {
			if (trace->steps[at].more && !json)
				steps_print_more(trace, at);
			if (trace->steps[at].next != TRACE_NONE)
				break;
			at = trace->steps[at].parent;
			if (at == TRACE_NONE)
				return status;
		}
		at = trace->steps[at].next;
	}
	return status;
}

static int follow(const struct origin *origin, const struct moves *moves, bool forward,
		  sqlite3 *db, const struct arguments *arguments)
{
	struct trace trace = {
		.forward = forward,
		.start = forward ? arguments->common.since : arguments->common.until,
		.depth = arguments->depth,
		.width = arguments->width,
		.limit = arguments->limit,
	};
	sqlite3_stmt *row = NULL;
	int status = steps_prepare(db, &row);

	if (!status && !trace_follow(&trace, moves, origin->places, origin->count)) {
		log_error("cannot follow what moved: out of memory");
		status = EX_OSERR;
	}
	if (!status && !arguments->common.json)
		puts(forward ? "Where it went:" : "Where it came from:");
	if (!status)
		status = print_steps(&trace, db, row, arguments);
	sqlite3_finalize(row);
	trace_clear(&trace);
	return status;
}

static int answer(struct origin *origin, sqlite3 *db, const struct arguments *arguments)
{
	const bool both = arguments->forward == arguments->back;
	struct moves moves;
	int status = moves_read(&moves, db, &arguments->common);

	if (!status)
		status = print_names(origin, db, arguments);
	if (!status && (both || arguments->forward))
		status = follow(origin, &moves, true, db, arguments);
	if (!status && (both || arguments->back))
		status = follow(origin, &moves, false, db, arguments);
	moves_clear(&moves);
	if (!status && origin->more)
		log_warning("%zu more files had that path: see --limit", origin->more);
	if (!status && origin->many)
		log_warning("more processes are known as %s: only the youngest %d are followed",
			    arguments->what, PROCESSES);
	return status;
}

static int run(const struct arguments *arguments)
{
	struct origin origin = { .count = 0 };
	sqlite3 *db;
	int status = query_open(&db, arguments->common.database);

	if (!status)
		status = find_origin(&origin, db, arguments);
	if (!status)
		status = answer(&origin, db, arguments);
	free(origin.places);
	idset_clear(&origin.files);
	sqlite3_close(db);
	return status;
}

int command_trace(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "FILE|PROCESS", doc, command_children,
					  NULL, NULL };
	struct arguments arguments = { .depth = DEPTH, .width = WIDTH, .limit = LIMIT };

	common_init(&arguments.common);
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	return run(&arguments);
}
