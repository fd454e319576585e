/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What ingest_dump() was given, between the parts of the collector that merge it into the
 * stream. Functions return 0 or a negative errno.
 */
#ifndef KITH_DUMP_H
#define KITH_DUMP_H

#include <stdint.h>

struct ingest;

void dump_forget(struct ingest *ingest);

/* The stream has come to CLOCK_BOOTTIME @ts. */
int dump_apply(struct ingest *ingest, uint64_t ts);

/* If the stream has passed it, be done with it. */
int dump_settle(struct ingest *ingest);

#endif
