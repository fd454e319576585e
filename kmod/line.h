/* SPDX-License-Identifier: GPL-2.0-only */
/* What a line of an account says. */
#ifndef _KITH_LINE_H
#define _KITH_LINE_H

#include <linux/types.h>

struct kith_line;

/* Another number when there is more to tell. */
u64 kith_line_sum(const struct kith_line *line);

/* What nothing has come of is not told: a write that failed, say. */
bool kith_line_is_silent(const struct kith_line *line);

/* Return: is there room for it? Context: kith_hook_enter(), and the account's lock. */
bool kith_line_tell(struct kith_line *line, u32 flags);

#endif
