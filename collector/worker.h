/* SPDX-License-Identifier: GPL-2.0-only */
/* What the helper process does: it answers what kithd asks, until that is gone. */
#ifndef KITH_WORKER_H
#define KITH_WORKER_H

#include "hash.h"

enum { WORKER_REFUSED = 64 };

/*
 * Shared with the worker to come. What a worker was busy with when it hung, and ended by
 * its alarm, the next ones leave alone.
 */
struct worker_board {
	uint64_t busy; /* device of the file, WORKER_USERS, or 0 */
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

/* Return: when kithd has closed its end of @descriptor, or an error. */
int worker_run(int descriptor, struct worker_board *board, const struct hash_known *known,
	       size_t count);

#endif
