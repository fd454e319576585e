/* SPDX-License-Identifier: GPL-2.0-only */
/* What the helper process does: it answers what kithd asks, until that is gone. */
#ifndef KITH_WORKER_H
#define KITH_WORKER_H

#include "hasher.h"

enum { WORKER_REFUSED = 64 };

/*
 * Shared with the worker to come. What two workers in a row were busy with when they hung,
 * and ended by their alarms, the next ones leave alone.
 */
struct worker_board {
	uint64_t busy;	    /* device that was entered last, WORKER_USERS, or 0 */
	uint64_t hung;	    /* what the last one to hang was busy with, or 0 */
	int64_t hung_until; /* steady ms: then that is long ago */
	struct {
		uint64_t subject;
		int64_t until; /* steady ms: the number of a device may be another's later */
	} refused[WORKER_REFUSED];
	uint32_t refusals;
	/* Executions that were asked for: how many have been taken, and the last of them. */
	uint64_t taken;
	int64_t latest;
};

/* No device has this number. */
#define WORKER_USERS (UINT64_C(1) << 32)

/* A worker begins: was the one before busy with something? */
void worker_judge(struct worker_board *board);

/* Is @subject to be left alone? */
bool worker_refuses(const struct worker_board *board, uint64_t subject);

/* Return: when kithd has closed its end of @descriptor, or an error. */
int worker_run(int descriptor, struct worker_board *board, const struct hash_known *known,
	       size_t count);

#endif
