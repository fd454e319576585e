/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long history stays. What is too old, or too much, is dropped: file folds first, then
 * conversations, then processes, each from the oldest segment on (docs/decisions.md 23).
 */
#ifndef KITH_RETENTION_H
#define KITH_RETENTION_H

#include "segment.h"
#include "store.h"

#include <stdint.h>

/* What is set; 0: no limit. */
struct retention_limits {
	uint32_t days[SEGMENT_KINDS];
	uint32_t database_mib;
	uint32_t free_mib; /* on its disk */
};

#define RETENTION_FILES_DAYS	     90
#define RETENTION_CONVERSATIONS_DAYS 180
#define RETENTION_PROCESSES_DAYS     400
#define RETENTION_DATABASE_MIB	     8192
#define RETENTION_FREE_MIB	     256

struct retention;

/*
 * What an earlier run has begun to drop is dropped in any case. @limits NULL: none. Return
 * NULL: no memory.
 */
struct retention *retention_new(struct store *store,
				const struct retention_limits *limits);
void retention_free(struct retention *retention);

/*
 * Drop a little, some milliseconds long, of what is too much at @now, by the clock of the
 * records. No transaction may be open. Return: 1 if something was done, 0 if there is
 * nothing to do, or an error.
 */
int retention_step(struct retention *retention, int64_t now);

/* Let the next step look whether it is too much, however short ago that was done. */
void retention_look(struct retention *retention);

#endif
