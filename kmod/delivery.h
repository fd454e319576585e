/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a Unix stream sends, until it is in the queue of the other end.
 *
 * It is counted while it is copied, and refused afterwards if the other end has closed
 * meanwhile. So the last buffer is remembered, and taken back if that is what happened: no
 * hook sees it queued, but who closes can see whether it is. Of several who send on one
 * socket at that moment only the last is remembered.
 */
#ifndef _KITH_DELIVERY_H
#define _KITH_DELIVERY_H

#include "socket.h"

/* A hook; see the table in hook.c. */
kith_entry_fn kith_delivery_woken;

/**
 * kith_delivery_begin() - @bytes are being copied into @skb, to be sent.
 * @socket: the entry of @sk
 *
 * Context: RCU read section, in the call that sends; no lock of @sk or its peer is held.
 */
void kith_delivery_begin(struct kith_socket *socket, const struct sock *sk,
			 const struct sk_buff *skb, u32 bytes);

/**
 * kith_delivery_end() - @sk is about to be closed: nobody uses it any more.
 * @socket: its entry, which is not finished yet
 *
 * Return: bytes that have come, or may come still, and nobody will read, if it has had
 * several users. Context: as above.
 */
u64 kith_delivery_end(struct kith_socket *socket, struct sock *sk);

#endif
