/* SPDX-License-Identifier: GPL-2.0-only */
/* The rows that a table has in a segment: reading, counting and hashing them. */
#ifndef KITH_SEAL_TABLE_H
#define KITH_SEAL_TABLE_H

#include "seal_row.h"
#include "segment.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/* What there is to tell of them. */
struct seal_count {
	int64_t rows;
	int64_t first; /* INT64_MAX: no row has a time */
	int64_t last;  /* INT64_MIN: likewise */
};

/* Return: 0 to go on, 1 to stop behind this row, or an error, which stops too. */
typedef int seal_take(void *context);

struct seal_table {
	const struct segment_table *table;
	sqlite3_stmt *rows;
	sqlite3_stmt *columns; /* it is never run, and has the names */
	const char *wrong; /* with its columns, or NULL */
	uint64_t fixed;	   /* columns that never change */
	int id;		   /* where columns are, -1: there is none */
	int begin;
	int lasted;
	int ended;
	int64_t recent;	 /* what ended after it may change */
	int64_t unknown; /* the end of what ended nobody knows when */

	/* who takes the rows; see seal_table_walk() */
	seal_take *take;
	void *context;
	int error;

	/* the present row */
	sqlite3_value **values;
	int count; /* of the table's; behind them whether it goes on */
	int64_t row; /* its id */
};

/* Before anything else, once for each connection. */
int seal_table_register(sqlite3 *db);

/*
 * All of them; or those that were late and are not sealed yet. Return: SQLite's, and
 * SQLITE_CORRUPT if its columns cannot be those of a table of ours. Whatever it is,
 * seal_table_close().
 */
int seal_table_open(struct seal_table *at, sqlite3 *db,
		    const struct segment_table *table);
int seal_table_open_late(struct seal_table *at, sqlite3 *db,
			 const struct segment_table *table);
void seal_table_close(struct seal_table *at);

/* Why it was not opened, or a row of it not read; good until the next call to SQLite. */
const char *seal_table_error(const struct seal_table *at, sqlite3 *db);

/* Does what SQLite returned concern this table alone? */
bool seal_table_is_damage(int code);

/*
 * Each row by id, from @from up to @to, is given to @take, as the present one. Return: 0 if
 * that were all, 1 if @take stopped it, and an error of its own; *code is SQLite's, whose
 * errors are for the caller to judge.
 */
int seal_table_walk(struct seal_table *at, int64_t from, int64_t to, seal_take *take,
		    void *context, int *code);

/* Of the present row. May it change? If it ends after @at->recent it may. */
int64_t seal_table_id(const struct seal_table *at);
bool seal_table_is_late(const struct seal_table *at);
void seal_table_count(const struct seal_table *at, struct seal_count *count);
void seal_table_put(const struct seal_table *at, struct seal_bytes *bytes, bool whole);

#endif
