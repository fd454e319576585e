/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading the database, beside the daemon that writes it. */
#ifndef KITH_QUERY_H
#define KITH_QUERY_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>

/*
 * A condition on a view that has boot_id: it had not ended at ?2, as far as one can
 * know. A boot that is over took all with it.
 */
#define QUERY_LASTED_SINCE(view)                                                       \
	"(" view ".ended >= ?2 OR " view ".ended IS NULL AND coalesce((SELECT min(first)" \
	" FROM boot WHERE boot.boot_id > " view ".boot_id), ?2) >= ?2)"
#define QUERY_LIVED_SINCE QUERY_LASTED_SINCE("process")

enum format { FORMAT_TABLE, FORMAT_JSON, FORMAT_CSV };

/*
 * Open @path for reading only. On failure it says why on stderr.
 * Return: an exit status, 0 if it is open.
 */
int query_open(sqlite3 **db, const char *path);

/* The same, to see also what is written from now on. */
int query_follow(sqlite3 **db, const char *path);

/* As query_open(), but it says why in @why, @size bytes, and nothing on stderr. */
int query_try_open(sqlite3 **db, const char *path, char *why, size_t size);

/* Prepare @sql, or say on stderr what is wrong with it. Return: exit status. */
int query_prepare(sqlite3 *db, sqlite3_stmt **statement, const char *sql);

/* A step of a statement has failed: say why on stderr. Return: exit status. */
int query_failed(sqlite3 *db);

/*
 * Print all rows: as a table whose columns fit (text escaped; nothing if there are
 * none), as JSON objects, one a line, or as CSV (RFC 4180, bytes as they are).
 * Return: exit status.
 */
int query_print(sqlite3 *db, sqlite3_stmt *statement, enum format format, FILE *stream);

/*
 * Give @parameter the value that somebody has written, which stays. A whole number is one,
 * as it is in a statement; else pid = :pid would never be true and pid < :pid always, for
 * columns of views have no type that would make a number of a text.
 */
void query_bind(sqlite3_stmt *statement, int parameter, const char *value);

/* The present row as a JSON object, without a newline; or that from column @first on. */
void query_print_json(sqlite3_stmt *statement, FILE *stream);
void query_print_json_from(sqlite3_stmt *statement, int first, FILE *stream);
void query_print_json_value(sqlite3_stmt *statement, int column, FILE *stream);

/* The present row, or @names of columns, from column @first on, as a line of CSV. */
void query_print_csv(sqlite3_stmt *statement, int first, bool names, FILE *stream);

#endif
