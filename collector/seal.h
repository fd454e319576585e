/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Seals: what closed segments hold is counted and hashed, a little at a time. The seal of
 * a segment is a SHA-256 over the one before it and all that it is made of, so that the
 * last of them, the head of the chain, stands for all (docs/decisions.md 24).
 */
#ifndef KITH_SEAL_H
#define KITH_SEAL_H

#include "store.h"

#include <stdbool.h>
#include <stdint.h>

struct seal;

/* A segment is sealed when so long ago was closed that nothing comes of what had ended. */
#define SEAL_LATE_NS INT64_C(60000000000)

/* @tell: of each seal in the log. NULL: no memory. */
struct seal *seal_new(struct store *store, bool tell);
void seal_free(struct seal *seal);

/*
 * A little of what is to be done at @now, by the clock of the records: a few thousand rows
 * are looked at. @all: what was closed just now too, since nothing comes any more. No
 * transaction may be open. Return: 1 if something was done, 0 if there is nothing to do, or
 * an error, after which the segment is begun anew.
 */
int seal_step(struct seal *seal, int64_t now, bool all);

#endif
