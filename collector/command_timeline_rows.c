// SPDX-License-Identifier: GPL-2.0-only
/* What kith timeline asks the database, and how it shows the answers. */
#include "events.h"
#include "log.h"
#include "query.h"
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

/* ?1: all are meant. */
#define BY(process)	"(?1 OR is_meant(" process "))"
#define BY_OR_ON(a, b)	"(?1 OR is_meant(" a ") OR is_meant(" b "))"
/* Of @id, which is a column of where the event is, and would be one of view process too. */
#define OF(column, id) \
	"(SELECT of_it FROM (SELECT process_id AS its_id, " column " AS of_it FROM process)" \
	" WHERE its_id = " id ")"
#define CHANGED(column) \
	"iif(" column "_from IS " column "_to, NULL, " column "_from) AS " column "_from," \
	" iif(" column "_from IS " column "_to, NULL, " column "_to) AS " column "_to"
#define TEXT(column)                                       \
	"coalesce((SELECT value FROM paths WHERE id = " column ")," \
	" (SELECT value FROM strings WHERE id = " column "))"

/* Whose conversation it is shown as: the server's only if the client is not meant. */
#define SPEAKER                                                                        \
	"iif(client_id IS NULL OR NOT ?1 AND NOT is_meant(client_id) AND"              \
	" is_meant(server_id), server_id, client_id)"
#define LISTENER "iif(" SPEAKER " IS client_id, server_id, client_id)"

/*
 * Where events are, when each was, whose it is, what it is, what more is told of it,
 * and which are meant. What nobody asks for is not looked up while they are counted.
 */
static const struct source {
	const char *from;
	const char *ts;
	const char *process;
	const char *what;
	const char *details;
	const char *meant;
} sources[] = {
	{ "loss", "from_ts", "NULL", "'LOST'", "class, cause, lost, to_ts AS until",
	  "to_ts >= ?5 AND from_ts <= ?6" },
	{ "sensor", "ts", "NULL", "'sensor'", "event, detail", "ts BETWEEN ?5 AND ?6" },
	{ "process", "started", "process_id", "'born'",
	  "parent_id, " OF("pid", "parent_id") " AS parent_pid, creator_id",
	  "NOT ?1 AND is_meant(process_id)" },
	{ "execution", "ts", "process_id", "iif(error IS NULL, 'exec', 'exec failed')",
	  "exe, argv, script, uid, nullif(euid, uid) AS euid, error, execution_id",
	  "(?1 OR is_meant(process_id) OR is_file(file_id))" },
	{ "credential", "ts", "process_id",
	  "iif(unexplained, 'UNEXPLAINED CREDENTIALS', 'credentials')",
	  "cause, " CHANGED("uid") ", " CHANGED("euid") ", " CHANGED("gid") ", "
	  CHANGED("caps") ", " CHANGED("userns") ", nullif(count, 1) AS count",
	  BY("process_id") },
	{ "cgroup_move m", "ts", "target_id", "'moved'",
	  "(SELECT path FROM container c WHERE c.container_id = m.container_id) AS cgroup,"
	  " process_id AS mover_id, " OF("pid", "process_id") " AS mover_pid",
	  BY_OR_ON("process_id", "target_id") },
	{ "listener", "started", "process_id", "'listen'",
	  "protocol, addr, port, name, ended, listener_id", BY("process_id") },
	{ "connection", "started", SPEAKER,
	  "iif(established OR open, iif(" SPEAKER " IS client_id, 'connect', 'accept'),"
	  " 'connect failed')",
	  "protocol, coalesce(server_name, server_addr) AS server, server_port AS port,"
	  " iif(client_id IS NULL, client_addr, NULL) AS client, " OF("pid", LISTENER)
	  " AS with_pid, " OF("exe", LISTENER) " AS with_exe, bytes_to_server,"
	  " bytes_to_client, ended, error, connection_id",
	  "(?1 OR is_meant(client_id) OR is_meant(server_id) OR is_meant(client_opener_id) OR"
	  " is_meant(server_opener_id) OR connection_id IN (SELECT connection_id FROM"
	  " connection_use WHERE NOT ?1 AND is_meant(process_id)))" },
	{ "pipe", "started", "coalesce(writer_id, reader_id)", "iif(fifo, 'fifo', 'pipe')",
	  "path, reader_id, " OF("pid", "reader_id") " AS reader_pid, "
	  OF("exe", "reader_id") " AS reader_exe, written, ended, pipe_id",
	  "(?1 OR is_meant(writer_id) OR is_meant(reader_id) OR pipe_id IN (SELECT pipe_id FROM"
	  " pipe_use WHERE NOT ?1 AND is_meant(process_id)))" },
	{ "accesses", "first", "process",
	  "CASE WHEN flags & 1 THEN 'create' WHEN writes IS NOT NULL THEN 'write' ELSE 'read'"
	  " END",
	  TEXT("path") " AS path, iif(writes IS NULL, NULL, bytes_written) AS written,"
	  " iif(reads IS NULL, NULL, bytes_read) AS read, nullif(flags >> 9 & 1, 0) AS truncated,"
	  " nullif(flags >> 10 & 1, 0) AS sensitive, nullif(first + lasted, first) AS last,"
	  " id AS access_id",
	  "NOT flags >> 15 & 1 AND ((flags & 1025 OR writes IS NOT NULL) AND " BY("process")
	  " OR is_file(file))" },
	{ "file_change", "ts", "process_id", "op || iif(error IS NULL, '', ' failed')",
	  "path, new_path, detail, error, nullif(count, 1) AS count, change_id",
	  "change_id IS NOT NULL AND (?1 OR is_meant(process_id) OR is_file(file_id) OR"
	  " is_file(replaced_id))" },
	{ "control", "ts", "process_id", "coalesce(op, 'control')",
	  "target_id, " OF("pid", "target_id") " AS target_pid, " OF("exe", "target_id")
	  " AS target_exe, detail, nullif(count, 1) AS count, nullif(tried, 0) AS tried",
	  "(?1 AND op IS NOT 'sensor' OR NOT ?1 AND (is_meant(process_id) OR"
	  " is_meant(target_id)))" },
	/* at the end: of several things at one time it is the last */
	{ "process", "ended", "process_id", "'exit'",
	  "exit_code, exit_signal, printf('%.3f', (ended - started) / 1e9) AS seconds",
	  "ended IS NOT NULL AND " BY("process_id") },
};

enum { SOURCES = sizeof(sources) / sizeof(*sources), C_TS = 0, C_PID = 2, C_COMM, C_WHAT, DETAILS };

struct event {
	int64_t ts;
	size_t number; /* in the order they were read */
	char *line;    /* as it is shown: escaped, or JSON */
};

struct timeline {
	struct events *events;
	sqlite3 *db;
	int64_t *latest; /* a heap of times, the earliest on top */
	size_t kept;
	size_t total;
	int64_t born; /* of those who are meant the first, and when the last ended */
	int64_t gone;
	struct event *shown;
	size_t count;
	size_t room;
};

static int out_of_memory(void)
{
	log_error("cannot show what happened: out of memory");
	return EX_OSERR;
}

static void swap(int64_t *a, int64_t *b)
{
	int64_t other = *a;

	*a = *b;
	*b = other;
}

static void sink(int64_t *heap, size_t count)
{
	size_t at = 0, child;

	while ((child = 2 * at + 1) < count) {
		child += child + 1 < count && heap[child + 1] < heap[child];
		if (heap[at] <= heap[child])
			return;
		swap(&heap[at], &heap[child]);
		at = child;
	}
}

/* Of all times the latest are kept. */
static void count_time(struct timeline *timeline, int64_t ts)
{
	int64_t *heap = timeline->latest;
	size_t at;

	timeline->total++;
	if (timeline->kept == timeline->events->limit) {
		if (ts <= heap[0])
			return;
		heap[0] = ts;
		sink(heap, timeline->kept);
		return;
	}
	at = timeline->kept++;
	for (heap[at] = ts; at && heap[at] < heap[(at - 1) / 2]; at = (at - 1) / 2)
		swap(&heap[at], &heap[(at - 1) / 2]);
}

/* ?2, ?3, ?4: since, until, and the first that is shown; ?5, ?6: the lives of those meant. */
static int prepare(const struct timeline *timeline, sqlite3_stmt **rows, const char *sql,
		   int64_t first)
{
	int status = query_prepare(timeline->db, rows, sql);

	if (status)
		return status;
	sqlite3_bind_int(*rows, 1, !timeline->events->some);
	sqlite3_bind_int64(*rows, 2, timeline->events->since);
	sqlite3_bind_int64(*rows, 3, timeline->events->until);
	sqlite3_bind_int64(*rows, 4, first);
	sqlite3_bind_int64(*rows, 5, timeline->born);
	sqlite3_bind_int64(*rows, 6, timeline->gone);
	return 0;
}

static int count_events(struct timeline *timeline, const struct source *source)
{
	sqlite3_stmt *rows = NULL;
	char sql[2048];
	int status, code = SQLITE_DONE;

	snprintf(sql, sizeof(sql), "SELECT %s FROM %s WHERE %s BETWEEN ?2 AND ?3 AND %s",
		 source->ts, source->from, source->ts, source->meant);
	status = prepare(timeline, &rows, sql, 0);
	while (!status && (code = sqlite3_step(rows)) == SQLITE_ROW)
		count_time(timeline, sqlite3_column_int64(rows, 0));
	if (!status && code != SQLITE_DONE)
		status = query_failed(timeline->db);
	sqlite3_finalize(rows);
	return status;
}

static void print_word(sqlite3_stmt *row, int column, FILE *stream)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	if (text)
		text_print_word(stream, text, (size_t)sqlite3_column_bytes(row, column));
	else
		fputc('-', stream);
}

static bool is_time(const char *name)
{
	return !strcmp(name, "ended") || !strcmp(name, "last") || !strcmp(name, "until");
}

static void print_detail(sqlite3_stmt *row, int column, FILE *stream)
{
	const char *name = sqlite3_column_name(row, column);
	char when[48];

	if (sqlite3_column_type(row, column) == SQLITE_NULL)
		return;
	fprintf(stream, "  %s=", name);
	if (is_time(name))
		fputs(text_time(when, sizeof(when), sqlite3_column_int64(row, column)), stream);
	else if (!strncmp(name, "caps", 4))
		fprintf(stream, "%#" PRIx64, (uint64_t)sqlite3_column_int64(row, column));
	else
		print_word(row, column, stream);
}

/* "2026-11-21T12:00:00.000000000Z  500 curl  exec  exe=/bin/curl  ..." */
static void print_event(sqlite3_stmt *row, FILE *stream)
{
	int i, columns = sqlite3_column_count(row);
	char when[48];

	fputs(text_time(when, sizeof(when), sqlite3_column_int64(row, C_TS)), stream);
	fputs("  ", stream);
	print_word(row, C_PID, stream);
	fputc(' ', stream);
	print_word(row, C_COMM, stream);
	fprintf(stream, "  %s", (const char *)sqlite3_column_text(row, C_WHAT));
	for (i = DETAILS; i < columns; i++)
		print_detail(row, i, stream);
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
		print_event(row, stream);
	fclose(stream);
	return line;
}

static int take_event(struct timeline *timeline, sqlite3_stmt *row)
{
	struct event *event;

	if (timeline->count == timeline->room) {
		size_t room = 2 * (timeline->room + 64);

		event = realloc(timeline->shown, room * sizeof(*event));
		if (!event)
			return out_of_memory();
		timeline->shown = event;
		timeline->room = room;
	}
	event = &timeline->shown[timeline->count];
	*event = (struct event){ .ts = sqlite3_column_int64(row, C_TS),
				 .number = timeline->count,
				 .line = line_of(row, timeline->events->json) };
	if (!event->line)
		return out_of_memory();
	timeline->count++;
	return 0;
}

static int read_events(struct timeline *timeline, const struct source *source, int64_t first)
{
	sqlite3_stmt *rows = NULL;
	char sql[4096];
	int status, code = SQLITE_DONE;

	snprintf(sql, sizeof(sql),
		 "SELECT %s AS ts, %s AS process_id, " OF("pid", "%s") " AS pid, "
		 OF("comm", "%s") " AS comm, %s AS what, %s FROM %s WHERE %s BETWEEN ?4 AND ?3"
		 " AND %s",
		 source->ts, source->process, source->process, source->process, source->what,
		 source->details, source->from, source->ts, source->meant);
	status = prepare(timeline, &rows, sql, first);
	while (!status && (code = sqlite3_step(rows)) == SQLITE_ROW)
		status = take_event(timeline, rows);
	if (!status && code != SQLITE_DONE)
		status = query_failed(timeline->db);
	sqlite3_finalize(rows);
	return status;
}

static int compare(const void *a_, const void *b_)
{
	const struct event *a = a_, *b = b_;

	if (a->ts != b->ts)
		return a->ts < b->ts ? -1 : 1;
	return (a->number > b->number) - (a->number < b->number);
}

/* Several at the same time may be more than were asked for: the others go. */
static void print_all(struct timeline *timeline)
{
	const size_t limit = timeline->events->limit, count = timeline->count;
	const size_t first = count > limit ? count - limit : 0, shown = count - first;
	size_t i;

	if (count)
		qsort(timeline->shown, count, sizeof(*timeline->shown), compare);
	if (timeline->total > shown && timeline->events->json)
		printf("{\"ts\":null,\"what\":\"more\",\"count\":%zu}\n",
		       timeline->total - shown);
	else if (timeline->total > shown)
		printf("and %zu more before (--limit)\n", timeline->total - shown);
	for (i = first; i < count; i++)
		puts(timeline->shown[i].line);
}

/* What the sensor lost, or was told, while nobody lived who is meant is not of theirs. */
static int find_lives(struct timeline *timeline)
{
	sqlite3_stmt *row = NULL;
	int status = 0;

	timeline->born = INT64_MIN;
	timeline->gone = INT64_MAX;
	if (!timeline->events->some || !timeline->events->processes.count)
		return 0;
	status = query_prepare(timeline->db, &row,
			       "SELECT min(started), iif(count(ended) = count(*), max(ended),"
			       " 9223372036854775807) FROM process WHERE is_meant(process_id)");
	if (!status && sqlite3_step(row) != SQLITE_ROW)
		status = query_failed(timeline->db);
	if (!status && sqlite3_column_type(row, 0) != SQLITE_NULL) {
		timeline->born = sqlite3_column_int64(row, 0);
		timeline->gone = sqlite3_column_int64(row, 1);
	}
	sqlite3_finalize(row);
	return status;
}

static int begin(struct timeline *timeline)
{
	int status = idset_offer(&timeline->events->processes, timeline->db, "is_meant");

	if (!status)
		status = idset_offer(&timeline->events->files, timeline->db, "is_file");
	if (!status)
		status = find_lives(timeline);
	timeline->latest = calloc(timeline->events->limit, sizeof(*timeline->latest));
	return status || timeline->latest ? status : out_of_memory();
}

int events_print(struct events *events, sqlite3 *db)
{
	struct timeline timeline = { .events = events, .db = db };
	int status = begin(&timeline);
	int64_t first = events->since;
	size_t i;

	for (i = 0; !status && i < SOURCES; i++)
		status = count_events(&timeline, &sources[i]);
	if (!status && timeline.total > timeline.kept)
		first = timeline.latest[0];
	for (i = 0; !status && i < SOURCES; i++)
		status = read_events(&timeline, &sources[i], first);
	if (!status)
		print_all(&timeline);
	while (timeline.count)
		free(timeline.shown[--timeline.count].line);
	free(timeline.shown);
	free(timeline.latest);
	return status;
}
