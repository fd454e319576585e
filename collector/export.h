/* SPDX-License-Identifier: GPL-2.0-only */
/* What kith export writes, in which form. */
#ifndef KITH_EXPORT_H
#define KITH_EXPORT_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Rows of one view that are told in one way. In the texts, which are SQL, ?2 and ?3 are
 * the times given, ?4 and ?5 name and ID of the host, or NULL.
 */
struct export_stream {
	const char *view; /* NULL: it is written whichever are */
	const char *from; /* if it is not just the view */
	const char *columns;
	const char *when;   /* the time that a row tells of */
	const char *stored; /* NULL, or what is in order of time if that is not */
	const char *where;
};

enum export_shape {
	EXPORT_OBJECTS,	  /* as document.h has it */
	EXPORT_ROWS,	  /* JSON */
	EXPORT_TABLE,	  /* CSV */
	EXPORT_DOCUMENTS, /* JSON that the view has made */
};

struct export_format {
	const char *name;
	enum export_shape shape;
	const char *head; /* NULL, or an expression of SQL: what stands before all */
	const char *foot;
	const char *between; /* objects */
	const char *behind;  /* each */
	bool once;	     /* those with the same id */
	const char *unnamed; /* what a document begins with that names no host, */
	const char *host;    /* and the members that do */
	const char *host_id;
	const struct export_stream *streams;
	size_t count;
};

extern const struct export_format export_ndjson, export_csv, export_ecs, export_ocsf,
	export_perfetto, export_stix;

/* NULL: there is none of that name. */
const struct export_format *export_find(const char *name);
bool export_has_view(const struct export_format *format, const char *view);

enum { EXPORT_VIEWS = 16, EXPORT_SQL = 12288 };

struct export {
	const struct export_format *format;
	const char *views[EXPORT_VIEWS];
	size_t view_count; /* 0: all */
	int64_t since;
	int64_t until;
	const char *host;    /* NULL: not known */
	const char *host_id; /* likewise */
	bool sort;
};

/* Is this one of those that are asked for? */
bool export_wants(const struct export *export, const struct export_stream *stream);

/* The statement that reads a stream: the time first. Return: its size, or more than @room. */
size_t export_sql(const struct export *export, const struct export_stream *stream, char *sql,
		  size_t room);

/* What the texts call: see export_functions.c. Return: exit status. */
int export_offer_functions(sqlite3 *db);

/* Return: exit status, after saying on stderr what is wrong. */
int export_run(const struct export *export, sqlite3 *db, FILE *stream);

#endif
