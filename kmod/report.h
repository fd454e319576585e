/* SPDX-License-Identifier: GPL-2.0-only */
/* Telling of what goes on: conversations, listeners, pipes. */
#ifndef _KITH_REPORT_H
#define _KITH_REPORT_H

#include <linux/types.h>

struct netlink_callback;
struct sk_buff;

/*
 * Tell of what goes on, if it has not been told as it is: kith_report_sweep()
 * what is due, in its own time, kith_report_flush() all of it as far as there is
 * room. Context: process; only one kith_report_sweep() at a time.
 */
void kith_report_sweep(void);
void kith_report_flush(void);

/* Context: kith_hook_enter(). */
bool kith_report_is_closed(void);

/* After this no socket, pipe or thread is looked at any more but by its own hooks. May sleep. */
void kith_report_close(void);

/* GET_SOCKETS */
int kith_report_dump_start(struct netlink_callback *cb);
int kith_report_dump(struct sk_buff *skb, struct netlink_callback *cb);

#endif
