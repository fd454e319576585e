/* SPDX-License-Identifier: GPL-2.0-only */
/* Open files that pass from one process to another. */
#ifndef _KITH_PASSING_H
#define _KITH_PASSING_H

#include "entry.h"

/* Hooks; see the table in hook.c. */
kith_entry_fn kith_passing_sending;
kith_entry_fn kith_passing_received;
kith_entry_fn kith_passing_accessing;

/* Files that nobody has received for long are forgotten. Context: process. */
void kith_passing_expire(void);

/* No hook may be left. */
void kith_passing_exit(void);

#endif
