/* SPDX-License-Identifier: GPL-2.0-only */
/* Where data went, or where it came from, step by step. */
#ifndef KITH_TRACE_H
#define KITH_TRACE_H

#include "hops.h"

enum { TRACE_NONE = UINT32_MAX };

enum trace_end {
	TRACE_GOES_ON, /* what follows from it is below it, all but `more` steps */
	TRACE_OUTSIDE, /* it leads to another host, or rests in a file */
	TRACE_AGAIN,   /* it stands below another step, `again` */
};

enum trace_cause { TRACE_WIDTH, TRACE_DEPTH, TRACE_LIMIT };

/* One step, or many alike: to or from the same process, by the same object. */
struct step {
	struct place place; /* where that leads */
	uint32_t parent;
	uint32_t child; /* the first of them */
	uint32_t next;	/* of the same parent, in order of time */
	uint32_t depth;
	uint32_t again;
	enum trace_end end;
	enum trace_cause cause; /* of more */
	size_t more;
	enum hop_kind kind;
	int64_t object;
	int64_t key; /* of one of them */
	int64_t first;
	int64_t last;
	int64_t when;  /* forward: the first time that it can have come; else the last that
			* it can have left; INT64_MIN, INT64_MAX: whenever */
	int64_t bytes; /* -1: not known */
	size_t count;
	bool at_most; /* some of the bytes went before, or came later */
	bool sensitive;
};

struct trace {
	bool forward;
	int64_t start; /* when those who begin have it; if not forward, until when */
	uint32_t depth;
	uint32_t width;
	uint32_t limit; /* of steps */
	struct step *steps;
	uint32_t count;
};

/*
 * From @places on. Of what one process has at some time, only what it sends at that time
 * or later can tell; each is followed once, from the earliest time that it has any.
 * Return: false if there is no memory for it.
 */
bool trace_follow(struct trace *trace, const struct moves *moves, const struct place *places,
		  size_t count);
void trace_clear(struct trace *trace);

#endif
