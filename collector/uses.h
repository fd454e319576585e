/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Table uses: which rows are about what is used at any time. It is made of other tables
 * when their segments are sealed, a little at a time and in order, which costs a fraction
 * of what an index costs that is kept with each row (docs/decisions.md 26).
 */
#ifndef KITH_USES_H
#define KITH_USES_H

#include "store.h"

#include <stdint.h>

struct uses;

/* NULL: no memory. */
struct uses *uses_new(struct store *store);
void uses_free(struct uses *uses);

/*
 * A little of what is to be done. No transaction may be open. Return: 1 if something was
 * done, 0 if there is nothing to do, or an error, after which it goes on from the last
 * commit.
 */
int uses_step(struct uses *uses);

/*
 * Rows of @table from @from to @to are about to be dropped; and some of them, which stand
 * in late_rows now, have stayed. In the transaction that drops them.
 */
int uses_forget(struct store *store, const char *table, int64_t from, int64_t to);
int uses_restore(struct store *store, const char *table, int64_t from, int64_t to);

#endif
