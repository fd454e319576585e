/* SPDX-License-Identifier: GPL-2.0-only */
/* Conversations and listeners: when they are told of, and how. */
#ifndef _KITH_CONNECTION_H
#define _KITH_CONNECTION_H

#include "socket.h"

/*
 * The socket of @socket is going: take its final figures. The conversation is
 * told of when the other end is finished too. @error: errno that ended it, or 0.
 * @unread: bytes of what it counts as received that nobody has read.
 * Context: RCU read section, without the lock; the socket is still there.
 */
void kith_connection_finish(struct kith_socket *socket, int error, u64 unread);

/* The socket of @socket is being freed; its end should have been seen. As above. */
void kith_connection_freed(struct kith_socket *socket);

/*
 * Tell of what goes on, if it has not been told as it is: kith_connection_report()
 * what is due, in its own time, kith_connection_flush() all of it as far as there is
 * room. Context: process; only one kith_connection_report() at a time.
 */
void kith_connection_report(void);
void kith_connection_flush(void);

/* After this no socket is looked at any more but by its own hooks. May sleep. */
void kith_connection_close(void);

/* GET_SOCKETS */
struct netlink_callback;
struct sk_buff;
int kith_connection_dump_start(struct netlink_callback *cb);
int kith_connection_dump(struct sk_buff *skb, struct netlink_callback *cb);

#endif
