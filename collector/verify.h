/* SPDX-License-Identifier: GPL-2.0-only */
/* Is the database as kithd has sealed it? */
#ifndef KITH_VERIFY_H
#define KITH_VERIFY_H

#include "sha256.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/* What is wrong, and where, as far as that can be told. */
struct verify_fault {
	const char
		*kind; /* changed, removed, added, unreadable, dropped, head or schema */
	int64_t segment;   /* 0: none in particular */
	const char *table; /* or NULL */
	int64_t row;	   /* INT64_MIN: none in particular */
	const char *text;
};

struct verify_result {
	int64_t segments;
	int64_t sealed;	  /* of them */
	int64_t rows;	  /* in those, as they were when they were sealed */
	int64_t dropped;  /* of those rows */
	int64_t late;	  /* that were sealed one by one, when they were over */
	int64_t going_on; /* that are not over */
	int64_t unsealed; /* rows behind the last seal */
	int64_t faults;
	int64_t closed; /* when the last segment that is sealed was */
	bool dropping;	/* a drop is under way: what is left of it is not looked at */
	unsigned char head[SHA256_SIZE]; /* the seal of the last one that is */
};

struct verify {
	sqlite3 *db;
	const unsigned char *head; /* one that the chain must have, or NULL */
	void (*fault)(const void *context, const struct verify_fault *fault);
	const void *context;
	struct verify_result result;

	/* verify.c's own */
	struct sha256 *sha256;
	int64_t drop; /* the one under way */
	bool head_found;
};

/* Look at all of it. Return: SQLite's; SQLITE_NOMEM too. */
int verify_all(struct verify *verify);

/* verify_schema.c: are tables, views, indexes and triggers those that this version makes? */
int verify_schema(struct verify *verify);

/* verify_drop.c: is what event @event is said to have dropped what it tells of? */
int verify_drop(struct verify *verify, const char *table, int64_t segment, int64_t event);

/* Tell of a fault. */
void verify_tell(struct verify *verify, const struct verify_fault *fault);

#endif
