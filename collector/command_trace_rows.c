// SPDX-License-Identifier: GPL-2.0-only
/* How kith trace shows what it has found. */
#include "query.h"
#include "steps.h"
#include "text.h"

#include <inttypes.h>
#include <stdio.h>

enum { BRANCHES = 40 /* shown before a line */, TIME_WIDTH = 30 };

/* In the order of the parameters. Those that are not bound are NULL. */
enum parameter {
	P_DIRECTION = 1, P_DEPTH, P_STEP, P_PARENT, P_SOURCE, P_TARGET, P_KIND, P_PROCESS, P_FILE,
	P_KEY, P_FIRST, P_LAST, P_WHEN, P_BYTES, P_AT_MOST, P_COUNT, P_AGAIN, P_MORE, P_CAUSE,
	P_CONNECTION, P_PIPE, P_PATH, P_SENSITIVE,
};

/* ?7: enum hop_kind; ?8 the process, ?9 the file, ?10 the key. */
#define OF_PROCESS(column) "(SELECT " column " FROM process WHERE process_id = ?8)"
#define KIND_OF_FILE                                                                  \
	"(SELECT CASE kind WHEN 6 THEN 'memfd' WHEN 7 THEN 'shm' WHEN 8 THEN 'queue'" \
	" WHEN 9 THEN 'queue' ELSE 'file' END FROM files WHERE id = ?9)"
#define PATH_OF(condition)                                                                    \
	"(SELECT coalesce((SELECT value FROM paths WHERE id = path), (SELECT value FROM"     \
	" strings WHERE id = path)) FROM (SELECT path FROM accesses WHERE " condition "))"
#define ADDRESS(side)                                                            \
	"iif(instr(" side "_addr, ':'), '[' || " side "_addr || ']', " side "_addr)"
#define WRITTEN_AS PATH_OF("file = ?9 AND writes IS NOT NULL AND process = ?5 LIMIT 1")
#define OBJECT                                                                            \
	"CASE ?7 WHEN 0 THEN (SELECT coalesce(server_name, " ADDRESS("server")            \
	" || ':' || server_port, 'unnamed') FROM connection WHERE connection_id = ?10)"   \
	" WHEN 1 THEN (SELECT coalesce(path, 'pipe:[' || inode || ']') FROM pipe WHERE"   \
	" pipe_id = ?10) WHEN 2 THEN 'memory' WHEN 3 THEN (SELECT path || iif(files > 1," \
	" ' and ' || (files - 1) || ' more', '') FROM folded_read WHERE access_id = ?10)" \
	" WHEN 5 THEN (SELECT exe FROM execution WHERE execution_id = ?10)"               \
	" ELSE coalesce(?22, " PATH_OF("id = ?10") ", (SELECT 'inode ' || inode FROM"     \
	" files WHERE id = ?9)) END"

static const char of_step[] =
	"SELECT ?1 AS direction, ?2 AS depth, ?3 AS step, ?4 AS parent, ?5 AS source_id,"
	" ?6 AS target_id, CASE ?7 WHEN 0 THEN (SELECT iif(protocol LIKE 'unix%', 'unix',"
	" protocol) FROM connection WHERE connection_id = ?10) WHEN 1 THEN (SELECT iif(fifo,"
	" 'fifo', 'pipe') FROM pipe WHERE pipe_id = ?10) WHEN 2 THEN 'vm' WHEN 5 THEN 'exec'"
	" WHEN 3 THEN 'file' ELSE " KIND_OF_FILE " END AS via, " OBJECT " AS object,"
	" nullif(iif(?7 IN (4, 5), " WRITTEN_AS ", NULL), " OBJECT ") AS written_as,"
	" ?11 AS first, ?12 AS last, ?13 AS \"when\", ?14 AS bytes, ?15 AS at_most,"
	" ?16 AS count, ?8 AS process_id, " OF_PROCESS("pid") " AS pid, " OF_PROCESS("exe")
	" AS exe, " OF_PROCESS("comm") " AS comm, (SELECT name FROM container WHERE"
	" runtime IS NOT NULL AND container_id = " OF_PROCESS("container_id") ") AS container,"
	" " OF_PROCESS("started") " AS started, iif(?7 IN (4, 5, 6), ?9, NULL) AS file_id,"
	" ?20 AS connection_id, ?21 AS pipe_id,"
	" (SELECT iif(scope LIKE 'same-%', NULL, iif(client_id IS NULL, client_addr,"
	" server_addr)) FROM connection WHERE connection_id = ?20 AND ?8 IS NULL) AS host,"
	" ?23 AS sensitive, (SELECT inode FROM files WHERE ?7 IN (4, 5, 6) AND id = ?9) AS inode,"
	" ?17 AS again, ?18 AS more, ?19 AS more_by";

enum column {
	C_DIRECTION, C_DEPTH, C_STEP, C_PARENT, C_SOURCE, C_TARGET, C_VIA, C_OBJECT, C_WRITTEN_AS,
	C_FIRST, C_LAST, C_WHEN, C_BYTES, C_AT_MOST, C_COUNT, C_PROCESS, C_PID, C_EXE, C_COMM,
	C_CONTAINER, C_STARTED, C_FILE, C_CONNECTION, C_PIPE, C_HOST, C_SENSITIVE,
	C_INODE, C_AGAIN, C_MORE, C_MORE_BY,
};

static const char *const causes[] = {
	[TRACE_WIDTH] = "--width",
	[TRACE_DEPTH] = "--depth",
	[TRACE_LIMIT] = "--limit",
};

static bool is_null(sqlite3_stmt *row, int column)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL;
}

static void print_word(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	if (text)
		text_print_word(stdout, text, (size_t)sqlite3_column_bytes(row, column));
	else
		fputs("(unknown)", stdout);
}

/* Of a step that may have been at any time: blanks. */
static void print_time(sqlite3_stmt *row, int column)
{
	char when[48] = "";

	if (!is_null(row, column))
		text_time(when, sizeof(when), sqlite3_column_int64(row, column));
	printf("%-*s  ", TIME_WIDTH, when);
}

static bool has_next(const struct trace *trace, uint32_t number)
{
	return trace->steps[number].next != TRACE_NONE ||
	       (trace->steps[number].parent != TRACE_NONE &&
		trace->steps[trace->steps[number].parent].more);
}

/* The branches that pass a line below @number. Of a long chain the last. */
static void print_branches(const struct trace *trace, uint32_t number)
{
	bool goes_on[BRANCHES] = { false };
	uint32_t count = 0, depth = trace->steps[number].depth;

	if (depth > BRANCHES)
		printf("(%" PRIu32 ") ", depth - BRANCHES);
	for (; trace->steps[number].depth && count < BRANCHES;
	     number = trace->steps[number].parent)
		goes_on[count++] = has_next(trace, number);
	while (count)
		fputs(goes_on[--count] ? "│  " : "   ", stdout);
}

static void print_branch(const struct trace *trace, uint32_t number)
{
	const uint32_t parent = trace->steps[number].parent;

	if (parent == TRACE_NONE)
		return;
	print_branches(trace, parent);
	fputs(has_next(trace, number) ? "├─ " : "└─ ", stdout);
}

/* "500 /bin/curl in web", or what is known of who is no process of this host. */
static void print_process(sqlite3_stmt *row)
{
	if (is_null(row, C_PROCESS)) {
		fputs(is_null(row, C_HOST) ? "" : "host ", stdout);
		print_word(row, C_HOST);
		return;
	}
	printf("%d ", sqlite3_column_int(row, C_PID));
	print_word(row, is_null(row, C_EXE) ? C_COMM : C_EXE);
	if (is_null(row, C_CONTAINER))
		return;
	fputs(" in ", stdout);
	print_word(row, C_CONTAINER);
}

/* "unix /run/x  100 B  (3 times)  " */
static void print_passage(sqlite3_stmt *row)
{
	print_word(row, C_VIA);
	putchar(' ');
	print_word(row, C_OBJECT);
	if (!is_null(row, C_WRITTEN_AS)) {
		fputs(" written as ", stdout);
		print_word(row, C_WRITTEN_AS);
	}
	if (sqlite3_column_int(row, C_SENSITIVE))
		fputs(" (sensitive)", stdout);
	if (!is_null(row, C_BYTES))
		printf("  %s%" PRId64 " B",
		       sqlite3_column_int(row, C_AT_MOST) ? "at most " : "",
		       (int64_t)sqlite3_column_int64(row, C_BYTES));
	if (sqlite3_column_int64(row, C_COUNT) > 1)
		printf("  (%" PRId64 " times)", (int64_t)sqlite3_column_int64(row, C_COUNT));
	fputs("  ", stdout);
}

static void print_text(const struct trace *trace, uint32_t number, sqlite3_stmt *row)
{
	const struct step *step = &trace->steps[number];

	print_time(row, step->parent == TRACE_NONE ? C_STARTED : C_WHEN);
	print_branch(trace, number);
	if (step->parent != TRACE_NONE)
		print_passage(row);
	if (step->place.file) {
		print_word(row, C_VIA);
		putchar(' ');
		print_word(row, C_OBJECT);
		printf("  (inode %" PRId64 ")", (int64_t)sqlite3_column_int64(row, C_INODE));
	} else if (step->end == TRACE_OUTSIDE && step->kind == HOP_ACCESS) {
		fputs(trace->forward ? "(nobody else read it)" : "(nobody else wrote it)", stdout);
	} else {
		print_process(row);
	}
	fputs(step->end == TRACE_AGAIN ? "  (followed elsewhere)\n" : "\n", stdout);
}

void steps_print_more(const struct trace *trace, uint32_t number)
{
	const struct step *step = &trace->steps[number];

	printf("%-*s  ", TIME_WIDTH, "");
	print_branches(trace, number);
	printf("└─ and %zu more (%s)\n", step->more, causes[step->cause]);
}

static void bind_time(sqlite3_stmt *row, int parameter, int64_t ns)
{
	if (ns != INT64_MIN && ns != INT64_MAX)
		sqlite3_bind_int64(row, parameter, ns);
}

static void bind_id(sqlite3_stmt *row, int parameter, int64_t id)
{
	if (id)
		sqlite3_bind_int64(row, parameter, id);
}

/* From whom to whom, which process it leads to, and how it went on. */
static void bind_ends(sqlite3_stmt *row, const struct trace *trace, const struct step *step)
{
	const bool root = step->parent == TRACE_NONE;
	const int64_t near = root ? 0 : trace->steps[step->parent].place.process;

	if (!root) {
		sqlite3_bind_int64(row, P_PARENT, step->parent);
		bind_id(row, trace->forward ? P_SOURCE : P_TARGET, near);
		bind_id(row, trace->forward ? P_TARGET : P_SOURCE, step->place.process);
	}
	bind_id(row, P_PROCESS, step->place.process);
	if (step->end == TRACE_AGAIN)
		sqlite3_bind_int64(row, P_AGAIN, step->again);
	sqlite3_bind_int64(row, P_MORE, (int64_t)step->more);
	if (step->more)
		sqlite3_bind_text(row, P_CAUSE, causes[step->cause] + 2, -1, SQLITE_STATIC);
}

static void bind_passage(sqlite3_stmt *row, const struct step *step)
{
	sqlite3_bind_int(row, P_KIND, (int)step->kind);
	sqlite3_bind_int64(row, P_FILE, step->object);
	sqlite3_bind_int64(row, P_KEY, step->key);
	bind_time(row, P_FIRST, step->first);
	bind_time(row, P_LAST, step->last);
	bind_time(row, P_WHEN, step->when);
	if (step->bytes >= 0) {
		sqlite3_bind_int64(row, P_BYTES, step->bytes);
		sqlite3_bind_int(row, P_AT_MOST, step->at_most);
	}
	sqlite3_bind_int(row, P_SENSITIVE, step->sensitive);
	sqlite3_bind_int64(row, P_COUNT, (int64_t)step->count);
	if (step->kind == HOP_CONNECTION)
		sqlite3_bind_int64(row, P_CONNECTION, step->key);
	if (step->kind == HOP_PIPE)
		sqlite3_bind_int64(row, P_PIPE, step->key);
}

static void bind(sqlite3_stmt *row, const struct trace *trace, uint32_t number,
		 const char *path)
{
	const struct step *step = &trace->steps[number];

	sqlite3_bind_text(row, P_DIRECTION, trace->forward ? "forward" : "back", -1,
			  SQLITE_STATIC);
	sqlite3_bind_int64(row, P_DEPTH, step->depth);
	sqlite3_bind_int64(row, P_STEP, number);
	bind_ends(row, trace, step);
	if (step->parent != TRACE_NONE) {
		bind_passage(row, step);
	} else if (step->place.file) {
		sqlite3_bind_int(row, P_KIND, HOP_ACCESS);
		sqlite3_bind_int64(row, P_FILE, step->place.file);
		sqlite3_bind_text(row, P_PATH, path, -1, SQLITE_STATIC);
	}
}

int steps_prepare(sqlite3 *db, sqlite3_stmt **row)
{
	return query_prepare(db, row, of_step);
}

int steps_print(sqlite3 *db, sqlite3_stmt *row, const struct trace *trace, uint32_t number,
		const char *path, bool json)
{
	int code;

	sqlite3_reset(row);
	sqlite3_clear_bindings(row);
	bind(row, trace, number, path);
	code = sqlite3_step(row);
	if (code != SQLITE_ROW)
		return query_failed(db);
	if (json) {
		query_print_json(row, stdout);
		putchar('\n');
	} else {
		print_text(trace, number, row);
	}
	return 0;
}
