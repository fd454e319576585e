/* SPDX-License-Identifier: GPL-2.0-only */
/* Conversations and listeners: when they are over. */
#ifndef _KITH_CONNECTION_H
#define _KITH_CONNECTION_H

#include "socket.h"

/*
 * The end of one end is not the end of it: the other may not have been made yet,
 * since a client knows before the server does.
 */
#define KITH_LINGER_NS NSEC_PER_SEC

/* A clock that hooks can read may be some ns ahead of the others. */
static inline bool kith_is_older(u64 since, u64 now, u64 age)
{
	return (s64)(now - since) > (s64)age;
}

/*
 * The socket of @socket is going: take its final figures. The conversation is
 * told of when the other end is finished too. @error: errno that ended it, or 0.
 * @unread: bytes of what it counts as received that nobody has read.
 * Context: RCU read section, without the lock; the socket is still there.
 */
void kith_connection_finish(struct kith_socket *socket, int error, u64 unread);

/* The socket of @socket is being freed; its end should have been seen. As above. */
void kith_connection_freed(struct kith_socket *socket);

/* Tell of what is over, and forget it. Context: its lock is held. */
void kith_connection_conclude(struct kith_socket *socket);

#endif
