// SPDX-License-Identifier: GPL-2.0-only
/* Rows as JSON objects of a shape that others have laid down. */
#include "document.h"

#include "query.h"
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { SEEN = 1 << 16 };

/* A field: its path, of which the first bytes are those of the objects it is in. */
struct field {
	const char *path;
	size_t size;
	size_t outer; /* up to the last dot */
	char kind;    /* or 0 */
};

/* An object that is being written. */
struct object {
	FILE *stream;
	struct field last;
	bool empty; /* the innermost one that is open */
};

int document_once(struct document *document)
{
	document->seen = calloc(SEEN, sizeof(*document->seen));
	return document->seen ? 0 : -ENOMEM;
}

void document_clear(struct document *document)
{
	free(document->seen);
	document->seen = NULL;
}

static struct field parse(const char *name)
{
	struct field field = { .path = name, .size = strlen(name) };
	const char *dot;

	if (field.size > 1 && strchr("*?@%#", name[field.size - 1]))
		field.kind = name[--field.size];
	dot = memrchr(name, '.', field.size);
	field.outer = dot ? (size_t)(dot - name) : 0;
	return field;
}

static bool is_same(const struct field *a, const struct field *b)
{
	return a->size == b->size && !memcmp(a->path, b->path, a->size);
}

/* How much of the objects that @a is in @b is in too. */
static size_t common(const struct field *a, const struct field *b)
{
	const size_t most = a->outer < b->outer ? a->outer : b->outer;
	size_t i, size = 0;

	for (i = 0; i < most && a->path[i] == b->path[i]; i++)
		if (a->path[i] == '.')
			size = i;
	if (i == most && (i == a->outer || a->path[i] == '.') &&
	    (i == b->outer || b->path[i] == '.'))
		size = i;
	return size;
}

static void print_name(struct object *object, const char *name, size_t size)
{
	if (!object->empty)
		fputc(',', object->stream);
	object->empty = false;
	text_print_json(object->stream, name, size);
	fputc(':', object->stream);
}

/* Close the objects that the last field was in, but for those in its first @keep bytes. */
static void leave(struct object *object, size_t keep)
{
	const struct field *last = &object->last;
	size_t i;

	if (last->kind == '*')
		fputc(']', object->stream);
	for (i = keep; i < last->outer; i++)
		if (i == keep || last->path[i] == '.')
			fputc('}', object->stream);
	if (keep < last->outer)
		object->empty = false;
}

/* Open the objects that @field is in, behind its first @from bytes. */
static void enter(struct object *object, const struct field *field, size_t from)
{
	while (from < field->outer) {
		const char *name = field->path + from + (from ? 1 : 0);
		size_t size = strcspn(name, ".");

		print_name(object, name, size);
		fputc('{', object->stream);
		object->empty = true;
		from = (size_t)(name - field->path) + size;
	}
}

static void print_value(FILE *stream, sqlite3_stmt *row, int column, char kind)
{
	const int64_t ns = sqlite3_column_int64(row, column);
	char when[48];

	switch (kind) {
	case '?':
		fputs(ns ? "true" : "false", stream);
		break;
	case '@':
		fprintf(stream, "\"%s\"", text_time(when, sizeof(when), ns));
		break;
	case '%':
		fprintf(stream, "%" PRId64 ".%03d", ns / 1000, abs((int)(ns % 1000)));
		break;
	default:
		query_print_json_value(row, column, stream);
	}
}

static void print_field(struct document *document, struct object *object,
			const struct field *field, sqlite3_stmt *row, int column)
{
	if (field->kind == '*' && object->last.kind == '*' && is_same(field, &object->last)) {
		fputc(',', object->stream);
	} else {
		size_t keep = common(&object->last, field);

		leave(object, keep);
		enter(object, field, keep);
		print_name(object, field->path + field->outer + (field->outer ? 1 : 0),
			   field->size - field->outer - (field->outer ? 1 : 0));
		if (field->kind == '*')
			fputc('[', object->stream);
	}
	if (field->kind == '#')
		fprintf(object->stream, "%" PRIu64, document->rows);
	else
		print_value(object->stream, row, column, field->kind);
	object->last = *field;
}

/* What has the same hash is taken for the same: ids are hashes themselves. */
static bool was_seen(struct document *document, sqlite3_stmt *row, int column)
{
	const void *id = sqlite3_column_text(row, column);
	uint64_t hash, *slot;

	if (!document->seen || strcmp(sqlite3_column_name(row, column), "id") || !id)
		return false;
	hash = XXH3_64bits(id, (size_t)sqlite3_column_bytes(row, column));
	slot = &document->seen[hash % SEEN];
	if (*slot == hash)
		return true;
	*slot = hash;
	return false;
}

static bool is_end(sqlite3_stmt *row, int column)
{
	return column == sqlite3_column_count(row) ||
	       !strcmp(sqlite3_column_name(row, column), "|");
}

static int end_of(sqlite3_stmt *row, int column)
{
	while (!is_end(row, column))
		column++;
	return column;
}

/* Return: where it ends. */
static int write_object(struct document *document, sqlite3_stmt *row, int column)
{
	struct object object = { .stream = document->stream,
				 .last = { .path = "" },
				 .empty = true };

	fputs(document->begun ? document->between : "", document->stream);
	document->begun = true;
	fputc('{', document->stream);
	for (; !is_end(row, column); column++) {
		struct field field = parse(sqlite3_column_name(row, column));

		if (sqlite3_column_type(row, column) != SQLITE_NULL)
			print_field(document, &object, &field, row, column);
	}
	leave(&object, 0);
	fputc('}', document->stream);
	fputs(document->behind, document->stream);
	return column;
}

void document_write(struct document *document, sqlite3_stmt *row, int first)
{
	const int columns = sqlite3_column_count(row);
	int column = first;

	document->rows++;
	for (; column < columns; column++) {
		if (sqlite3_column_type(row, column) == SQLITE_NULL ||
		    was_seen(document, row, column))
			column = end_of(row, column);
		else
			column = write_object(document, row, column);
	}
}
