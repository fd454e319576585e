/* SPDX-License-Identifier: GPL-2.0-only */
/* Who uses an end of a conversation, and what moved meanwhile. */
#ifndef _KITH_USE_H
#define _KITH_USE_H

#include "socket.h"

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
void kith_use_count(const struct kith_socket *socket, u64 *sent, u64 *received);

/*
 * What has moved since the last user was credited, is his. @others: there will be more
 * than the one that there has been.
 */
void kith_use_credit(struct kith_socket *socket, u64 sent, u64 received, bool others);

/* All who have used it, use_count of them. */
struct kith_usage *kith_uses(struct kith_socket *socket);

/* The one who moved most; of several, the last. NULL: nobody has used it. */
const struct kith_usage *kith_use_main(struct kith_socket *socket);

/* Whose end it is, by that; or else by who has opened it. */
u64 kith_use_process(struct kith_socket *socket);

#endif
