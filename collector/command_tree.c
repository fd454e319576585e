// SPDX-License-Identifier: GPL-2.0-only
/* kith tree: processes and their descendants. */
#include "command.h"
#include "log.h"
#include "query.h"
#include "select.h"
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define HASH_NONFATAL_OOM 1
#define uthash_fatal(message) abort()
#include <uthash.h>

enum { BRANCHES = 40 /* shown before a line */ };

static const char doc[] =
	"Shows who started what: all processes that live now, or the descendants of "
	"PROCESS, dead ones too. " SELECT_HELP
	"\vWith --since or --until and no PROCESS: all that lived in that time.";

static const struct argp_option options[] = {
	{ "threads", 'k', NULL, 0, "kernel threads too", 0 },
	{ 0 },
};

struct arguments {
	struct common common;
	const char *what;
	bool kernel;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->common;
		return 0;
	case 'k':
		arguments->kernel = true;
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->what)
			argp_error(state, "one PROCESS, please");
		arguments->what = text;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

struct node {
	UT_hash_handle hh;
	int64_t id;
	int64_t parent_id;
	struct node *parent;
	struct node *first, *last; /* children */
	struct node *next;	   /* sibling, or root */
	char *line;		   /* as it is shown: escaped, or JSON */
};

struct forest {
	struct node *by_id;
	struct node *first, *last; /* roots */
	bool failed;
};

static struct node *find(struct forest *forest, int64_t id)
{
	struct node *node;

	HASH_FIND(hh, forest->by_id, &id, sizeof(id), node);
	return node;
}

static void append(struct node **first, struct node **last, struct node *node)
{
	if (*last)
		(*last)->next = node;
	else
		*first = node;
	*last = node;
}

/* @line becomes the forest's. */
static void add(struct forest *forest, int64_t id, int64_t parent_id, char *line)
{
	struct node *node = calloc(1, sizeof(*node));

	if (!node || !line) {
		free(node);
		free(line);
		forest->failed = true;
		return;
	}
	node->id = id;
	node->parent_id = parent_id;
	node->line = line;
	HASH_ADD(hh, forest->by_id, id, sizeof(node->id), node);
}

/* A parent may stand behind its child, if it was met later. */
static void link_nodes(struct forest *forest)
{
	struct node *node;

	for (node = forest->by_id; node; node = node->hh.next) {
		node->parent = find(forest, node->parent_id);
		if (node->parent)
			append(&node->parent->first, &node->parent->last, node);
		else
			append(&forest->first, &forest->last, node);
	}
}

static void clear(struct forest *forest)
{
	struct node *node = forest->by_id, *next;

	HASH_CLEAR(hh, forest->by_id);
	for (; node; node = next) {
		next = node->hh.next;
		free(node->line);
		free(node);
	}
}

/* In the order of the columns of the queries below. */
enum column {
	ID, PARENT, PID, EXE, ARGV, COMM, UID, EUID, STARTED, ENDED, CODE, SIGNAL, GONE,
	UNEXPLAINED, KERNEL,
};

#define COLUMNS                                                                 \
	"SELECT process_id, parent_id, pid, exe, argv, comm, uid, euid, started," \
	" ended, exit_code, exit_signal, gone, unexplained, kernel_thread FROM process"

static const char living[] =
	COLUMNS " WHERE ended IS NULL AND NOT gone AND boot_id = (SELECT max(boot_id) FROM boot)"
		" AND (?1 OR NOT kernel_thread) ORDER BY started";
static const char lived[] =
	COLUMNS " WHERE started <= ?3 AND " QUERY_LIVED_SINCE
		" AND (?1 OR NOT kernel_thread) ORDER BY started";
/* Ids grow: what descends from a process stands behind it. */
static const char descended[] = COLUMNS " WHERE process_id >= ?4 ORDER BY process_id";

static void print_fate(sqlite3_stmt *row, FILE *stream)
{
	int64_t started = sqlite3_column_int64(row, STARTED);

	if (sqlite3_column_type(row, ENDED) != SQLITE_NULL)
		fprintf(stream, " [%.3f s",
			(double)(sqlite3_column_int64(row, ENDED) - started) / 1e9);
	else if (sqlite3_column_int(row, GONE))
		fputs(" [ended unseen", stream);
	else
		return;
	if (sqlite3_column_type(row, SIGNAL) != SQLITE_NULL)
		fprintf(stream, ", signal %d", sqlite3_column_int(row, SIGNAL));
	else if (sqlite3_column_int(row, CODE))
		fprintf(stream, ", exit %d", sqlite3_column_int(row, CODE));
	fputc(']', stream);
}

static void print_column(sqlite3_stmt *row, int column, FILE *stream)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	if (text)
		text_print(stream, text, (size_t)sqlite3_column_bytes(row, column));
}

/* "1234 /usr/bin/x: x --with y (uid 1000) [0.1 s]" */
static void print_row(sqlite3_stmt *row, FILE *stream)
{
	int uid = sqlite3_column_int(row, UID), euid = sqlite3_column_int(row, EUID);

	fprintf(stream, "%d ", sqlite3_column_int(row, PID));
	if (sqlite3_column_type(row, EXE) != SQLITE_NULL) {
		print_column(row, EXE, stream);
		fputs(": ", stream);
		print_column(row, ARGV, stream);
	} else {
		fputc('[', stream);
		print_column(row, COMM, stream);
		fputc(']', stream);
	}
	if (uid != euid)
		fprintf(stream, " (uid %u as %u)", (unsigned int)uid, (unsigned int)euid);
	else if (uid)
		fprintf(stream, " (uid %u)", (unsigned int)uid);
	if (sqlite3_column_int(row, UNEXPLAINED))
		fputs(" UNEXPLAINED CREDENTIALS", stream);
	print_fate(row, stream);
}

static char *line_of(sqlite3_stmt *row, bool json)
{
	char *line = NULL;
	size_t size;
	FILE *stream = open_memstream(&line, &size);

	if (!stream)
		return NULL;
	if (json)
		query_print_json(row, stream);
	else
		print_row(row, stream);
	fclose(stream);
	return line;
}

static bool is_wanted(struct forest *forest, sqlite3_stmt *row, const int64_t *roots,
		      size_t count)
{
	int64_t id = sqlite3_column_int64(row, ID);
	size_t i;

	for (i = 0; i < count; i++)
		if (roots[i] == id)
			return true;
	return !roots || find(forest, sqlite3_column_int64(row, PARENT));
}

/* @roots: NULL: all rows */
static int grow(struct forest *forest, sqlite3_stmt *rows, const int64_t *roots,
		size_t count, bool json)
{
	while (sqlite3_step(rows) == SQLITE_ROW)
		if (is_wanted(forest, rows, roots, count))
			add(forest, sqlite3_column_int64(rows, ID),
			    sqlite3_column_int64(rows, PARENT), line_of(rows, json));
	link_nodes(forest);
	if (!forest->failed)
		return 0;
	log_error("cannot show the tree: out of memory");
	return EX_OSERR;
}

/*
 * The branches that pass the line of @node, which has @depth ancestors. Of a long
 * chain, and those who are watched may make it as long as they like, the last.
 */
static void print_branches(const struct node *node, size_t depth)
{
	bool goes_on[BRANCHES] = { false };
	size_t count = 0;

	if (depth > BRANCHES)
		printf("(%zu) ", depth - BRANCHES);
	for (node = node->parent; node->parent && count < BRANCHES - 1; node = node->parent)
		goes_on[count++] = node->next;
	while (count)
		fputs(goes_on[--count] ? "│  " : "   ", stdout);
}

static void print_node(const struct node *node, size_t depth, bool json)
{
	if (!json && node->parent) {
		print_branches(node, depth);
		fputs(node->next ? "├─ " : "└─ ", stdout);
	}
	puts(node->line);
}

/* Depth first, without recursion: chains of processes can be very long. */
static void print_forest(const struct forest *forest, bool json)
{
	const struct node *node = forest->first;
	size_t depth = 0;

	while (node) {
		print_node(node, depth, json);
		if (node->first) {
			node = node->first;
			depth++;
			continue;
		}
		for (; node && !node->next; depth--)
			node = node->parent;
		if (node)
			node = node->next;
	}
}

static int64_t oldest(const int64_t *ids, size_t count)
{
	int64_t least = INT64_MAX;

	while (count--)
		if (ids[count] < least)
			least = ids[count];
	return least;
}

static const char *choose(const struct arguments *arguments)
{
	if (arguments->what)
		return descended;
	if (arguments->common.since != INT64_MIN || arguments->common.until != INT64_MAX)
		return lived;
	return living;
}

static int run(const struct arguments *arguments)
{
	const struct common *common = &arguments->common;
	struct forest forest = { .failed = false };
	sqlite3_stmt *rows = NULL;
	int64_t *roots = NULL;
	size_t count = 0;
	sqlite3 *db;
	int status = query_open(&db, common->database);

	if (!status && arguments->what)
		status = select_processes(db, arguments->what, common, &roots, &count, 1000);
	if (!status)
		status = query_prepare(db, &rows, choose(arguments));
	if (!status) {
		sqlite3_bind_int(rows, 1, arguments->kernel ? 1 : 0);
		sqlite3_bind_int64(rows, 2, common->since);
		sqlite3_bind_int64(rows, 3, common->until);
		sqlite3_bind_int64(rows, 4, oldest(roots, count));
		status = grow(&forest, rows, roots, count, common->json);
	}
	if (!status)
		print_forest(&forest, common->json);
	clear(&forest);
	free(roots);
	sqlite3_finalize(rows);
	sqlite3_close(db);
	return status;
}

int command_tree(int argc, char **argv)
{
	static const struct argp_child children[] = { { &command_common, 0, NULL, 0 },
						      { 0 } };
	static const struct argp argp = { options, parse, "[PROCESS]", doc, children, NULL,
					  NULL };
	struct arguments arguments = { .what = NULL };

	common_init(&arguments.common);
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	return run(&arguments);
}
