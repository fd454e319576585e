/* SPDX-License-Identifier: GPL-2.0-only */
/* Sockets of other families than those whose conversations are told of: who makes them. */
#ifndef _KITH_FAMILY_H
#define _KITH_FAMILY_H

#include "entry.h"

/* Hook; see the table in hook.c. */
kith_entry_fn kith_family_created;

/* Tell of those that were made since. Context: process. */
void kith_family_report(void);

#endif
