/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the rows about a thing are (schema/008-places.sql): gathered in memory while a
 * segment is sealed, and put down in the order of their keys, a few thousand at once.
 */
#ifndef KITH_PLACES_H
#define KITH_PLACES_H

#include "store.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

struct places;

/* NULL: no memory. */
struct places *places_new(struct store *store);
void places_free(struct places *places);

/*
 * The last segment that is done: what an attempt has left of later ones goes. Below 0: an
 * error. No transaction may be open.
 */
int64_t places_resume(struct places *places);

/*
 * @segment comes. Then each of its tables, whose columns are those of @rows, with the first
 * id that it has there.
 */
void places_begin(struct places *places, int64_t segment);
int places_table(struct places *places, const char *table, sqlite3_stmt *rows, int64_t first);

/*
 * Row @id of the table, by increasing ids; or one of any segment that was late, after
 * places_late(). @values: its columns.
 */
void places_row(struct places *places, sqlite3_value *const *values, int64_t id);
void places_late(struct places *places, const char *table, sqlite3_stmt *rows);
int places_late_row(struct places *places, sqlite3_value *const *values, int64_t id);

/* The table is over, or what was late of it. */
void places_table_end(struct places *places);

/* Is so much gathered that places_write() is due? Is nothing? */
bool places_is_full(const struct places *places);
bool places_is_empty(const struct places *places);

/* Put down what is gathered, in the transaction that is open. */
int places_write(struct places *places);

/* The segment is over: the same, in the transaction that is open. */
int places_end(struct places *places);

/* What was gathered is forgotten: it comes again. */
void places_forget(struct places *places);

#endif
