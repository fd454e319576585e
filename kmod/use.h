/* SPDX-License-Identifier: GPL-2.0-only */
/* Who uses an end of a conversation, and what moved meanwhile. */
#ifndef _KITH_USE_H
#define _KITH_USE_H

#include "socket.h"
#include "tcp.h"
#include "unix.h"

/*
 * The process @user uses @socket from now on. @unread: how many bytes of what has come
 * it will be who reads them. Context: RCU read section, without the lock.
 */
void kith_use_begin(struct kith_socket *socket, u64 user, u64 unread);

/* The same, if it is another than the last; of what has come nothing is unread. */
static inline void kith_use(struct kith_socket *socket, u64 user)
{
	if (READ_ONCE(socket->user) != user)
		kith_use_begin(socket, user, 0);
}

/* The rest: with the lock held. */

/* What has moved. */
static inline struct kith_moved kith_use_count(const struct kith_socket *socket)
{
	if (socket->protocol == KITH_PROTOCOL_TCP && !socket->finished)
		return kith_tcp_count(socket);
	if (socket->protocol == KITH_PROTOCOL_UNIX_STREAM)
		return kith_unix_count(socket);
	return (struct kith_moved){
		.sent = atomic64_read(&socket->sent),
		.received = atomic64_read(&socket->received),
	};
}

/* What has moved since the last user was credited, but for what is unread, is his. */
void kith_use_credit_last(struct kith_socket *socket, struct kith_moved moved, u64 unread);

/* While there is only one, nobody asks how much it was. */
static inline void kith_use_credit(struct kith_socket *socket, struct kith_moved moved,
				   u64 unread)
{
	if (socket->use_count > 1)
		kith_use_credit_last(socket, moved, unread);
}

/* All who have used it, use_count of them, if that is more than one. */
static inline struct kith_usage *kith_uses(struct kith_socket *socket)
{
	return socket->uses ? socket->uses : &socket->use;
}

/* The one of them who moved most; of several, the last. */
const struct kith_usage *kith_use_main(struct kith_socket *socket);

/* Whose end it is, by that; or else by who has opened it. */
static inline u64 kith_use_process(struct kith_socket *socket)
{
	u64 user = socket->use_count > 1 ? kith_use_main(socket)->user : socket->user;

	if (user)
		return user;
	return socket->opener ? socket->opener : socket->owner;
}

#endif
