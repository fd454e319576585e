/* SPDX-License-Identifier: GPL-2.0-only */
/* Message queues: who sends and who receives, and how much. */
#ifndef _KITH_QUEUE_H
#define _KITH_QUEUE_H

#include "entry.h"

/* Hooks; see the table in hook.c. */
kith_entry_fn kith_queue_sending;
kith_entry_fn kith_queue_receiving;

#endif
