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

struct seal_table {
	const struct segment_table *table;
	sqlite3_stmt *rows;
	uint64_t fixed; /* columns that never change */
	int id;		/* where columns are, -1: there is none */
	int begin;
	int lasted;
	int ended;
	int64_t recent;	 /* what ended after it may change */
	int64_t unknown; /* the end of what ended nobody knows when */

	/* the present row */
	sqlite3_value *values[SEAL_COLUMNS];
	int count; /* of the table's; behind them whether it goes on */
};

/*
 * All of them; or those that were late, are over and not sealed yet. Return: SQLite's.
 * Whatever it is, seal_table_close().
 */
int seal_table_open(struct seal_table *at, sqlite3 *db,
		    const struct segment_table *table);
int seal_table_open_late(struct seal_table *at, sqlite3 *db,
			 const struct segment_table *table);
void seal_table_close(struct seal_table *at);

/*
 * The next rows by id, from @from up to @to, at most @most of them. seal_table_next()
 * returns SQLITE_ROW, SQLITE_DONE or an error.
 */
void seal_table_seek(struct seal_table *at, int64_t from, int64_t to, int64_t most);
int seal_table_next(struct seal_table *at);

/* Of the present row. May it change? If it ends after @at->recent it may. */
int64_t seal_table_id(const struct seal_table *at);
bool seal_table_is_late(const struct seal_table *at);
void seal_table_count(const struct seal_table *at, struct seal_count *count);
void seal_table_put(const struct seal_table *at, struct seal_bytes *bytes, bool whole);

#endif
