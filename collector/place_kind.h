/* SPDX-License-Identifier: GPL-2.0-only */
/* What is to be found in tables zones, places and pairs (schema/008-places.sql). */
#ifndef KITH_PLACE_KIND_H
#define KITH_PLACE_KIND_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

enum { PLACE_COLUMNS = 3 };

enum place_way {
	PLACE_BY_KEY,  /* places: in which parts a key is */
	PLACE_BY_ZONE, /* likewise, but zones: of keys that were new there */
	PLACE_BY_PATH, /* pairs: a path that goes with a file, other than files.path; */
	PLACE_BY_PATHS, /* likewise, unless the second column is that one; */
	PLACE_BY_PROCESS, /* a process; */
	PLACE_BY_FILE, /* or a file: these tell no time */
};

/* Its number, columns zones.kind and so on, is its place in the array + 1. */
struct place_kind {
	const char *table;
	const char *key; /* column; NULL: the key is 0 */
	enum place_way way;
	/* Columns that are looked at too, or NULL; of pairs the first is what goes with the key. */
	const char *columns[PLACE_COLUMNS];
	/* Which rows; NULL: all that have a key. @values: of these columns. */
	bool (*is_one)(sqlite3_value *const *values);
	/* The key, of these columns, if it is no column. */
	int64_t (*make_key)(sqlite3_value *const *values);
};

enum { PLACE_KINDS = 35 };

extern const struct place_kind place_kinds[PLACE_KINDS];

#endif
