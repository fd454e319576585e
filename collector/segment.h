/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Segments: what each table that is only appended to got between two moments. In the
 * file they are ranges of ids, told of by tables segments and segment_tables.
 */
#ifndef KITH_SEGMENT_H
#define KITH_SEGMENT_H

#include "store.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	SEGMENT_ROWS = 250000,
	SEGMENT_FRESH = 32, /* each so many-th begins with empty dictionaries */
};

#define SEGMENT_NS INT64_C(900000000000)

/* One that is filled, as ingest knows it. */
struct segment {
	int64_t opened;	  /* when, by the clock of the records; 0: nothing came yet */
	uint64_t records; /* that came since */
	int64_t id;	  /* that it will have */
	bool fresh;	  /* no string of an earlier one is used in it */
	int64_t base;	  /* the last one that was or is fresh */
};

/* How long it stays: the first goes first. */
enum segment_kind {
	SEGMENT_FILES,
	SEGMENT_CONVERSATIONS,
	SEGMENT_PROCESSES,
	SEGMENT_KINDS
};

/*
 * A table that segments are made of; its rows have an id that grows. The rest are columns,
 * or NULL. A row that may change is sealed when nothing comes of it any more; until then, or
 * if nobody knows when that is, its fixed columns are.
 */
struct segment_table {
	const char *name;
	const char *begin;  /* when what a row tells of began */
	const char *lasted; /* how long, as far as is known; or */
	const char *ended;  /* when it had ended */
	const char *fixed; /* those that never change, with ' ' between them; NULL: all */
	const char *open;  /* SQL: does it go on? */
};

enum { SEGMENT_TABLES = 23 };

extern const struct segment_table
	segment_tables[SEGMENT_TABLES + 1]; /* the last: name NULL */

/* What an earlier run has left open. */
int segment_open(struct store *store, struct segment *segment);

/*
 * Shall the next one begin without strings of earlier ones? Then they can be dropped. The
 * caller forgets them.
 */
bool segment_refresh(struct segment *segment);

/* Is it full, at @now? */
bool segment_is_full(struct segment *segment, int64_t now);

/* Close it, in the transaction that is open; nothing is done if it is empty. */
int segment_close(struct store *store, struct segment *segment, int64_t now);

#endif
