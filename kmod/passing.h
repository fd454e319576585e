/* SPDX-License-Identifier: GPL-2.0-only */
/* Open files that pass from one process to another. */
#ifndef _KITH_PASSING_H
#define _KITH_PASSING_H

#include "entry.h"

struct task_struct;

/* Hooks; see the table in hook.c. */
kith_entry_fn kith_passing_sending;
kith_entry_fn kith_passing_received;

/* current is about to look into another process. Context: kith_hook_enter(). */
void kith_passing_accessing(const struct task_struct *child);

/* Files that nobody has received for long are forgotten. Context: process. */
void kith_passing_expire(void);

/* No hook may be left. */
void kith_passing_exit(void);

#endif
