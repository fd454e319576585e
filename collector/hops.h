/* SPDX-License-Identifier: GPL-2.0-only */
/* Where data can have gone from a process or file, or come from, in one step. */
#ifndef KITH_HOPS_H
#define KITH_HOPS_H

#include "moves.h"

#include <stdbool.h>

enum hop_kind {
	HOP_CONNECTION,
	HOP_PIPE,
	HOP_MEMORY,
	HOP_FOLDED,
	HOP_FILE,      /* one wrote it, another read it or may have, by memory */
	HOP_EXECUTION, /* one wrote it, another executed it */
	HOP_ACCESS,    /* between a process and a file: only the process used it, or
			* the file is where all begins */
};

/* A process, or if that is 0 a file. */
struct place {
	int64_t process;
	int64_t file;
};

struct hop {
	enum hop_kind kind;
	int64_t other; /* process, MOVES_OUTSIDE */
	int64_t object;
	int64_t key; /* of the view that has more; of a file: of who read */
	/* It left the one in this time, and came to the other in that. */
	int64_t left_first, left_last;
	int64_t came_first, came_last;
	int64_t bytes; /* -1: not known */
	bool sensitive; /* a file that not everybody may read */
};

/* Return: false if there is no memory for it. */
typedef bool hops_take(void *context, const struct hop *hop);

/*
 * Call @take for all that left @place, or if not @forward that came to it. View flow has
 * the same ones, but for executions and for what crosses the border of the host.
 */
bool hops_of(const struct moves *moves, struct place place, bool forward, hops_take *take,
	     void *context);

#endif
