/* SPDX-License-Identifier: GPL-2.0-only */
/* What is told of a pipe: who wrote, who read, and how much. */
#ifndef _KITH_LEDGER_H
#define _KITH_LEDGER_H

#include "cell.h"
#include "sink.h"

/* What there is to tell of a pipe: its sums. */
struct kith_ledger {
	u64 moved[KITH_PIPE_WAYS];
	unsigned int users[KITH_PIPE_WAYS];
	u64 one[KITH_PIPE_WAYS]; /* the last of them */
	bool spliced[KITH_PIPE_WAYS];
};

void kith_ledger_add_up(const struct pipe *pipe, struct kith_ledger *sum);

/* After it was added up. Return: was there room, or nothing to tell? */
bool kith_ledger_tell(struct kith_sink *sink, const struct pipe *pipe,
		      struct kith_ledger *sum);

#endif
