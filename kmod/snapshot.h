/* SPDX-License-Identifier: GPL-2.0-only */
/* The live processes, as PROCESS records. */
#ifndef _KITH_SNAPSHOT_H
#define _KITH_SNAPSHOT_H

#include <linux/netlink.h>

/* The three callbacks of the GET_PROCESSES dump. */
int kith_snapshot_start(struct netlink_callback *cb);
int kith_snapshot_dump(struct sk_buff *skb, struct netlink_callback *cb);
int kith_snapshot_done(struct netlink_callback *cb);

#endif
