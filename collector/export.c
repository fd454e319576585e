// SPDX-License-Identifier: GPL-2.0-only
/* What kith export writes: rows of several streams, merged by their times. */
#include "export.h"

#include "document.h"
#include "log.h"
#include "query.h"
#include "text.h"

#include <errno.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum { FORMATS = 6, STREAMS = 24 };

static const struct export_format *const formats[FORMATS] = {
	&export_ndjson,
	&export_csv,
	&export_ecs,
	&export_ocsf,
	&export_perfetto,
	&export_stix,
};

/* Columns of a row: when it is from, of rows of views the view, and then what is told. */
enum { AT, TOLD, TOLD_OF_VIEW };

/* A stream that is being read. */
struct reading {
	sqlite3_stmt *row;
	int64_t at; /* when the present row is from */
};

struct job {
	const struct export *export;
	sqlite3 *db;
	struct reading readings[STREAMS];
	size_t count;
	bool named; /* a table has the names of its columns */
	struct document document;
	char *named_host; /* NULL, or what documents begin with instead of format->unnamed */
};

const struct export_format *export_find(const char *name)
{
	size_t i;

	for (i = 0; i < FORMATS; i++)
		if (!strcmp(formats[i]->name, name))
			return formats[i];
	return NULL;
}

bool export_has_view(const struct export_format *format, const char *view)
{
	size_t i;

	for (i = 0; i < format->count; i++)
		if (format->streams[i].view && !strcmp(format->streams[i].view, view))
			return true;
	return false;
}

bool export_wants(const struct export *export, const struct export_stream *stream)
{
	size_t i;

	if (!stream->view || !export->view_count)
		return true;
	for (i = 0; i < export->view_count; i++)
		if (!strcmp(stream->view, export->views[i]))
			return true;
	return false;
}

size_t export_sql(const struct export *export, const struct export_stream *stream, char *sql,
		  size_t room)
{
	const char *at = stream->stored && !export->sort ? stream->stored : stream->when;

	return (size_t)snprintf(sql, room, "SELECT %s, %s FROM %s WHERE %s%s", at,
				stream->columns, stream->from ? stream->from : stream->view,
				stream->where, export->sort ? " ORDER BY 1" : "");
}

static void bind_text(sqlite3_stmt *statement, int number, const char *text)
{
	sqlite3_bind_text(statement, number, text, -1, SQLITE_STATIC);
}

static int prepare(const struct job *job, sqlite3_stmt **statement, const char *sql)
{
	int status = query_prepare(job->db, statement, sql);

	if (status)
		return status;
	sqlite3_bind_int64(*statement, 2, job->export->since);
	sqlite3_bind_int64(*statement, 3, job->export->until);
	bind_text(*statement, 4, job->export->host);
	bind_text(*statement, 5, job->export->host_id);
	return 0;
}

/* Go on to the next row; a stream that has none is taken out. */
static int advance(struct job *job, size_t number)
{
	struct reading *reading = &job->readings[number];
	int code = sqlite3_step(reading->row);

	if (code == SQLITE_ROW) {
		reading->at = sqlite3_column_int64(reading->row, AT);
		return 0;
	}
	if (code != SQLITE_DONE)
		return query_failed(job->db);
	sqlite3_finalize(reading->row);
	memmove(reading, reading + 1, (--job->count - number) * sizeof(*reading));
	return 0;
}

static int begin_stream(struct job *job, const struct export_stream *stream)
{
	char sql[EXPORT_SQL];
	size_t size = export_sql(job->export, stream, sql, sizeof(sql));
	int status;

	if (size >= sizeof(sql) || job->count == STREAMS) {
		log_error("cannot export view %s: there is no room for it", stream->view);
		return EX_SOFTWARE;
	}
	status = prepare(job, &job->readings[job->count].row, sql);
	if (status)
		return status;
	if (job->export->format->shape == EXPORT_TABLE && !job->named)
		query_print_csv(job->readings[0].row, TOLD_OF_VIEW, true, job->document.stream);
	job->named = true;
	job->count++;
	return advance(job, job->count - 1);
}

static int print_head(const struct job *job)
{
	sqlite3_stmt *row = NULL;
	char sql[1024];
	int status;

	if (!job->export->format->head)
		return 0;
	snprintf(sql, sizeof(sql), "SELECT %s", job->export->format->head);
	status = prepare(job, &row, sql);
	if (!status && sqlite3_step(row) == SQLITE_ROW)
		fputs((const char *)sqlite3_column_text(row, 0), job->document.stream);
	else if (!status)
		status = query_failed(job->db);
	sqlite3_finalize(row);
	return status;
}

/* The one that comes first; of several the one that stands first in the table. */
static size_t find_earliest(const struct job *job)
{
	size_t i, earliest = 0;

	for (i = 1; i < job->count; i++)
		if (job->readings[i].at < job->readings[earliest].at)
			earliest = i;
	return earliest;
}

/* One that begins otherwise is written as it is: who made the database made the view. */
static void print_document(const struct job *job, sqlite3_stmt *row)
{
	const char *unnamed = job->export->format->unnamed;
	const char *text = (const char *)sqlite3_column_text(row, TOLD);
	size_t size = (size_t)sqlite3_column_bytes(row, TOLD), head = strlen(unnamed);
	FILE *stream = job->document.stream;

	if (job->named_host && size >= head && !memcmp(text, unnamed, head)) {
		fputs(job->named_host, stream);
		text += head;
		size -= head;
	}
	text_finish_json(stream, text, size);
	fputc('\n', stream);
}

static void print_row(struct job *job, sqlite3_stmt *row)
{
	FILE *stream = job->document.stream;

	switch (job->export->format->shape) {
	case EXPORT_ROWS:
		query_print_json_from(row, TOLD, stream);
		fputc('\n', stream);
		break;
	case EXPORT_TABLE:
		query_print_csv(row, TOLD_OF_VIEW, false, stream);
		break;
	case EXPORT_DOCUMENTS:
		print_document(job, row);
		break;
	default:
		document_write(&job->document, row, TOLD);
	}
}

/* What cannot be written any more is not read either. */
static int print_rows(struct job *job)
{
	int status = 0;

	while (!status && job->count && !ferror(job->document.stream)) {
		size_t earliest = find_earliest(job);

		print_row(job, job->readings[earliest].row);
		status = advance(job, earliest);
	}
	return status;
}

/* Return: 0, or -ENOMEM. */
static int name_host(struct job *job)
{
	const struct export *export = job->export;
	size_t size;
	FILE *stream;

	if (!export->host || !export->format->unnamed)
		return 0;
	stream = open_memstream(&job->named_host, &size);
	if (!stream)
		return -ENOMEM;
	fprintf(stream, "{%s", export->format->host);
	text_print_json(stream, export->host, strlen(export->host));
	if (export->host_id) {
		fprintf(stream, ",%s", export->format->host_id);
		text_print_json(stream, export->host_id, strlen(export->host_id));
	}
	fputc(',', stream);
	return fclose(stream) ? -ENOMEM : 0;
}

static int begin(struct job *job)
{
	const struct export_format *format = job->export->format;
	int status = export_offer_functions(job->db);
	size_t i;

	if (!status && (name_host(job) || (format->once && document_once(&job->document)))) {
		log_error("cannot export: out of memory");
		status = EX_OSERR;
	}
	if (!status)
		status = print_head(job);
	for (i = 0; !status && i < format->count; i++)
		if (export_wants(job->export, &format->streams[i]))
			status = begin_stream(job, &format->streams[i]);
	return status;
}

/* The stream is nobody else's meanwhile: locks would be a third of the cost of a byte. */
int export_run(const struct export *export, sqlite3 *db, FILE *stream)
{
	const struct export_format *format = export->format;
	struct job job = {
		.export = export,
		.db = db,
		.document = {
			.stream = stream,
			.between = format->between ? format->between : "",
			.behind = format->behind ? format->behind : "",
		},
	};
	int status;

	__fsetlocking(stream, FSETLOCKING_BYCALLER);
	status = begin(&job);
	if (!status)
		status = print_rows(&job);
	if (!status && format->foot)
		fputs(format->foot, stream);
	while (job.count)
		sqlite3_finalize(job.readings[--job.count].row);
	document_clear(&job.document);
	free(job.named_host);
	return status;
}
