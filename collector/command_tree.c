// SPDX-License-Identifier: GPL-2.0-only
/* kith tree: processes and their descendants. */
#include "command.h"
#include "family.h"
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
	COLUMNS " WHERE process_id IN (SELECT id FROM late_rows WHERE name = 'processes'"
		" AND segment IS NULL UNION ALL SELECT id FROM processes WHERE id >"
		" (SELECT last FROM placed WHERE name = 'processes'))"
		" AND ended IS NULL AND NOT gone AND boot_id = (SELECT max(boot_id) FROM boot)"
		" AND (?1 OR NOT kernel_thread) ORDER BY started";
static const char lived[] =
	COLUMNS " WHERE started <= ?3 AND " QUERY_LIVED_SINCE
		" AND (?1 OR NOT kernel_thread) ORDER BY started";
static const char member[] = COLUMNS " WHERE process_id = ?4";

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

static bool is_known(sqlite3_stmt *row, int column)
{
	return sqlite3_column_type(row, column) != SQLITE_NULL;
}

static void print_word(sqlite3_stmt *row, int column, FILE *stream)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	if (text)
		text_print_word(stream, text, (size_t)sqlite3_column_bytes(row, column));
}

static void print_column(sqlite3_stmt *row, int column, FILE *stream)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	if (text)
		text_print(stream, text, (size_t)sqlite3_column_bytes(row, column));
}

/* What the process chose: it stands at the end of the line, and forges nothing. */
static void print_image(sqlite3_stmt *row, FILE *stream)
{
	bool argv = is_known(row, ARGV);

	if (is_known(row, EXE)) {
		print_word(row, EXE, stream);
	} else if (sqlite3_column_int(row, KERNEL) && is_known(row, COMM)) {
		fputc('[', stream);
		print_column(row, COMM, stream);
		fputc(']', stream);
		return;
	} else if (argv) {
		fputs("(path unknown)", stream);
	} else {
		fputs(is_known(row, COMM) ? "(unknown) called " : "(unknown)", stream);
		print_column(row, COMM, stream);
		return;
	}
	fputs(argv ? ": " : " (arguments unknown)", stream);
	print_column(row, ARGV, stream);
}

static const char *user_name(sqlite3_stmt *row, int column, char *text, size_t size)
{
	if (!is_known(row, column))
		return "unknown";
	snprintf(text, size, "%" PRId64, (int64_t)sqlite3_column_int64(row, column));
	return text;
}

/* Nothing for root alone. */
static void print_users(sqlite3_stmt *row, FILE *stream)
{
	char uid_text[24], euid_text[24];
	const char *uid = user_name(row, UID, uid_text, sizeof(uid_text));
	const char *euid = user_name(row, EUID, euid_text, sizeof(euid_text));

	if (strcmp(uid, euid))
		fprintf(stream, " (uid %s as %s)", uid, euid);
	else if (strcmp(uid, "0"))
		fprintf(stream, " (uid %s)", uid);
}

/* "1234 (uid 1000) [0.1 s] /usr/bin/x: x --with y" */
static void print_row(sqlite3_stmt *row, FILE *stream)
{
	fprintf(stream, "%d", sqlite3_column_int(row, PID));
	print_users(row, stream);
	if (sqlite3_column_int(row, UNEXPLAINED))
		fputs(" UNEXPLAINED CREDENTIALS", stream);
	print_fate(row, stream);
	fputc(' ', stream);
	print_image(row, stream);
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

/* Return: an exit status. */
static int step(sqlite3 *db, sqlite3_stmt *rows, bool *there)
{
	int code = sqlite3_step(rows);

	*there = code == SQLITE_ROW;
	return *there || code == SQLITE_DONE ? 0 : query_failed(db);
}

/* Add all that @rows gives. */
static int grow(struct forest *forest, sqlite3 *db, sqlite3_stmt *rows, bool json)
{
	bool there;
	int status;

	while (!(status = step(db, rows, &there)) && there)
		add(forest, sqlite3_column_int64(rows, ID), sqlite3_column_int64(rows, PARENT),
		    line_of(rows, json));
	return status;
}

/* Add those of @ids, in the order of their keys. */
static int grow_members(struct forest *forest, sqlite3 *db, sqlite3_stmt *row,
			const struct family *family, bool json)
{
	int status = 0;
	size_t i;

	for (i = 0; !status && i < family->count; i++) {
		sqlite3_bind_int64(row, 4, family->ids[i]);
		status = grow(forest, db, row, json);
		sqlite3_reset(row);
	}
	return status;
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

static const char *choose(const struct arguments *arguments)
{
	if (arguments->what)
		return member;
	if (arguments->common.since != INT64_MIN || arguments->common.until != INT64_MAX)
		return lived;
	return living;
}

/* All rows of the query; or if somebody asks for PROCESS, those of its family. */
static int fill(struct forest *forest, sqlite3 *db, const struct arguments *arguments)
{
	const struct common *common = &arguments->common;
	struct family family = { .count = 0 };
	sqlite3_stmt *rows = NULL;
	int64_t *roots = NULL;
	size_t count = 0;
	int status = query_prepare(db, &rows, choose(arguments));

	if (!status && arguments->what)
		status = select_processes(db, arguments->what, common, &roots, &count, 1000);
	if (!status && arguments->what)
		status = family_of(db, roots, count, &family);
	if (!status) {
		sqlite3_bind_int(rows, 1, arguments->kernel ? 1 : 0);
		sqlite3_bind_int64(rows, 2, common->since);
		sqlite3_bind_int64(rows, 3, common->until);
	}
	if (!status && arguments->what)
		status = grow_members(forest, db, rows, &family, common->json);
	else if (!status)
		status = grow(forest, db, rows, common->json);
	sqlite3_finalize(rows);
	family_clear(&family);
	free(roots);
	return status;
}

static int run(const struct arguments *arguments)
{
	struct forest forest = { .failed = false };
	sqlite3 *db;
	int status = query_open(&db, arguments->common.database);

	if (!status)
		status = fill(&forest, db, arguments);
	if (!status && forest.failed) {
		log_error("cannot show the tree: out of memory");
		status = EX_OSERR;
	}
	if (!status) {
		link_nodes(&forest);
		print_forest(&forest, arguments->common.json);
	}
	clear(&forest);
	sqlite3_close(db);
	return status;
}

int command_tree(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "[PROCESS]", doc, command_children, NULL,
					  NULL };
	struct arguments arguments = { .what = NULL };

	common_init(&arguments.common);
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	return run(&arguments);
}
