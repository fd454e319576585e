/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When to ask for the live processes again: after a loss of ends of processes, once
 * it is over, or has gone on for long, but not too often. Times are ms of a clock
 * that is not set.
 */
#ifndef KITH_REDUMP_H
#define KITH_REDUMP_H

#include <stdbool.h>
#include <stdint.h>

enum {
	REDUMP_QUIET_MS = 5000,	 /* then a loss is over */
	REDUMP_APART_MS = 60000, /* between two, and at most from the loss on */
};

struct redump {
	uint64_t losses; /* that we know of */
	int64_t first;	 /* when we met the first since the last dump; 0: there is none */
	int64_t last;
	int64_t done; /* 0: never */
};

/* A new stream has begun, with a dump. */
void redump_restart(struct redump *redump);

/* There have been @losses in all. Is it time? Then it is taken to be done. */
bool redump_due(struct redump *redump, uint64_t losses, int64_t now);

#endif
