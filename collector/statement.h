/* SPDX-License-Identifier: GPL-2.0-only */
/* The store's prepared statements. */
#ifndef KITH_STATEMENT_H
#define KITH_STATEMENT_H

#include "pending.h"
#include "record.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

enum statement {
	STATEMENT_BEGIN,
	STATEMENT_COMMIT,
	STATEMENT_LAST,
	STATEMENT_BOOT_FIND,
	STATEMENT_BOOT_ADD,
	STATEMENT_LOAD_FIND,
	STATEMENT_LOAD_ADD,
	STATEMENT_LOAD_DUMPED,
	STATEMENT_LOAD_LATEST,
	STATEMENT_POSITION,
	STATEMENT_POSITIONS,
	STATEMENT_POSITIONS_CLEAR,
	STATEMENT_PROCESSES,
	STATEMENT_PROCESSES_PLAIN,
	STATEMENT_PROCESS_UPDATE,
	STATEMENT_CONTEXT,
	STATEMENT_STRINGS,
	STATEMENT_STRINGS_PLAIN,
	STATEMENT_PATHS,
	STATEMENT_PATHS_PLAIN,
	STATEMENT_NAMESPACES,
	STATEMENT_EXECUTABLE,
	STATEMENT_CONTAINER,
	STATEMENT_CONTAINER_FIND,
	STATEMENT_CONTAINER_GET,
	STATEMENT_EXECUTIONS,
	STATEMENT_EXECUTIONS_PLAIN,
	STATEMENT_ROUTES,
	STATEMENT_CONNECTIONS,
	STATEMENT_CONNECTIONS_PLAIN,
	STATEMENT_RUNS,
	STATEMENT_CONNECTION_UPDATE,
	STATEMENT_CONNECTION_FIND,
	STATEMENT_CONNECTIONS_OPEN,
	STATEMENT_CONNECTIONS_CLOSE,
	STATEMENT_LISTENER,
	STATEMENT_LISTENER_GONE,
	STATEMENT_LISTENERS_OPEN,
	STATEMENT_LISTENERS_CLOSE,
	STATEMENT_USE,
	STATEMENT_PIPES,
	STATEMENT_PIPES_PLAIN,
	STATEMENT_PIPE_UPDATE,
	STATEMENT_PIPE_FIND,
	STATEMENT_PIPES_OPEN,
	STATEMENT_PIPES_CLOSE,
	STATEMENT_PIPE_USE,
	STATEMENT_FILES,
	STATEMENT_FILES_PLAIN,
	STATEMENT_ACCESSES,
	STATEMENT_ACCESS_UPDATE,
	STATEMENT_ACCESSES_OPEN,
	STATEMENT_ACCESSES_FORGET,
	STATEMENT_ACCESSES_ENDED,
	STATEMENT_ACCESS_OPEN,
	STATEMENT_ACCESS_CLOSE,
	STATEMENT_WRITER_FIND,
	STATEMENT_CHANGES,
	STATEMENT_CHANGES_PLAIN,
	STATEMENT_SOCKET_MADE,
	STATEMENT_CONTROL,
	STATEMENT_CREDENTIAL_SET,
	STATEMENT_CREDENTIAL,
	STATEMENT_CGROUP_MOVE,
	STATEMENT_SENSOR_EVENT,
	STATEMENT_SENSOR_EVENT_FIND,
	STATEMENT_RECEIVED,
	STATEMENT_RECEIVED_OF,
	STATEMENT_ACCOUNT,
	STATEMENT_LOSS_TOTAL,
	STATEMENT_LOSS,
	STATEMENT_LOSS_EXTEND,
	STATEMENT_LOSS_REMEMBER,
	STATEMENT_SEEN,
	STATEMENT_SET_SEEN,
	STATEMENT_SHIFT_SEEN,
	STATEMENT_LIVING_CLEAR,
	STATEMENT_LIVING_ADD,
	STATEMENT_LIVING_UPTO,
	STATEMENT_LIVING,
	STATEMENT_ENDED,
	STATEMENT_SEGMENT,
	STATEMENT_SEGMENT_LAST,
	STATEMENT_SEGMENT_TABLE,
	STATEMENT_SEGMENT_CLOSED,
	STATEMENT_SEGMENT_RANGE,
	STATEMENT_SEGMENT_COUNTED,
	STATEMENT_SEGMENT_SEAL,
	STATEMENT_PLACE,
	STATEMENT_PAIR,
	STATEMENT_PAIR_OF_FILE,
	STATEMENT_ZONE,
	STATEMENT_ZONES_CLEAR,
	STATEMENT_ZONE_UPTO,
	STATEMENT_ZONE_OF,
	STATEMENT_PLACED,
	STATEMENT_SET_PLACED,
	STATEMENT_PLACED_UPTO,
	STATEMENT_LATE,
	STATEMENT_LATE_FIND,
	STATEMENT_LATE_OVER,
	STATEMENT_SEGMENT_DROPPED,
	STATEMENT_PAGES,
	STATEMENT_PAGES_SPARE,
	STATEMENT_PAGE_SIZE,
	STATEMENT_DROPPING,
	STATEMENT_DROPPED,
	STATEMENT_DROP_BEGUN,
	STATEMENT_PRINCIPAL,
	STATEMENT_CONTAINER_NAMES,
	STATEMENT_HASH_FIND,
	STATEMENT_HASH,
	STATEMENT_HASHES,
	STATEMENT_EXECUTABLE_HASH,
	STATEMENT_UNANSWERED,
	STATEMENTS,
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
	struct pending pending;
	char error[256];
	bool damaged; /* SQLite has met something that it did not write */
};

int statement_prepare_all(struct store *store);
void statement_finalize_all(struct store *store);

/*
 * Binding, from the first parameter on; an id of 0, a number below 0 and a slice
 * without bytes are NULL. What is bound must stay until the statement has run.
 */
struct binder {
	sqlite3_stmt *statement;
	int next;
};

struct binder statement_bind(struct store *store, enum statement which);
void bind_int(struct binder *binder, int64_t value);
void bind_id(struct binder *binder, int64_t id);
void bind_null(struct binder *binder);
void bind_nonnegative(struct binder *binder, int64_t value);
void bind_other(struct binder *binder, int64_t value, int64_t usual); /* usual: NULL */
void bind_text(struct binder *binder, const char *text); /* NULL is NULL */
void bind_slice(struct binder *binder, struct slice slice);
void bind_digest(struct binder *binder, const unsigned char *digest); /* SHA-256; NULL too */

/* Run a statement that gives no rows. */
int statement_run(struct store *store, enum statement which);
int statement_run_of(struct store *store, enum statement which, int64_t parameter);

/*
 * SQLite numbers the rows of some INSERTs, which it does from the last one on if nobody else
 * has written: was the last one @last, as we took it?
 */
int statement_numbered(struct store *store, int64_t last);

/* Next row: 1, none left: 0 (and reset), or an error (and reset). */
int statement_row(struct store *store, enum statement which);
void statement_reset(struct store *store, enum statement which);

/* The number that it says first, of what is bound already; @otherwise if it says nothing. */
int statement_ask(struct store *store, enum statement which, int64_t *value, int64_t otherwise);

/* Where the column of @rows is that is called @name; -1: there is none, or @name is NULL. */
int statement_column(sqlite3_stmt *rows, const char *name);

/* Columns of the present row, one after the other; NULL is 0 and "". */
struct reader {
	sqlite3_stmt *statement;
	int next;
};

struct reader statement_read(struct store *store, enum statement which);
int64_t read_int(struct reader *reader);
int64_t read_or(struct reader *reader, int64_t otherwise); /* of NULL */
const char *read_text(struct reader *reader);

/* store.c: what @code of SQLite means to callers, with its words kept. */
int store_fail(struct store *store, int code);

/* For what is done too seldom to stay prepared; @sql may be several for the first. */
int store_execute(struct store *store, const char *sql);
int store_prepare(struct store *store, sqlite3_stmt **statement, const char *sql);

#endif
