// SPDX-License-Identifier: GPL-2.0-only
/* Who uses an end of a conversation, and what moved meanwhile. */
#include "use.h"

#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/slab.h>

enum { USES_FEW = 4 /* how many users there is room for at first */ };

/* The counters are read while others change them: they may seem to go back by one. */
static u64 fresh(u64 now, u64 *before)
{
	u64 more = (s64)(now - *before) > 0 ? now - *before : 0;

	*before += more;
	return more;
}

void kith_use_credit_last(struct kith_socket *socket, struct kith_moved moved, u64 unread)
{
	struct kith_usage *usage = &kith_uses(socket)[socket->use_last];

	usage->sent += fresh(moved.sent, &socket->credited_sent);
	usage->received += fresh(moved.received - min(moved.received, unread),
				 &socket->credited_received);
}

static u64 sum_of(const struct kith_usage *usage)
{
	return usage->sent + usage->received;
}

const struct kith_usage *kith_use_main(struct kith_socket *socket)
{
	const struct kith_usage *uses = kith_uses(socket), *most = &uses[socket->use_last];
	unsigned int i;

	for (i = 0; i < socket->use_count; i++)
		if (uses[i].user && sum_of(&uses[i]) > sum_of(most))
			most = &uses[i];
	return most;
}

/* Room for more users. Return: false if there is no memory. */
static bool extend_uses(struct kith_socket *socket)
{
	u8 room = socket->uses ? KITH_USES_MAX : USES_FEW;
	struct kith_usage *uses;

	uses = kcalloc(room, sizeof(*uses), GFP_NOWAIT | __GFP_NOWARN | __GFP_ACCOUNT);
	if (!uses)
		return false;
	memcpy(uses, kith_uses(socket), socket->use_count * sizeof(*uses));
	kfree(socket->uses);
	socket->uses = uses;
	socket->use_room = room;
	return true;
}

/*
 * All slots are taken: the one who moved least joins the nameless in the last slot,
 * so that nobody can hide by letting others use the socket first.
 */
static struct kith_usage *evict(struct kith_usage *uses)
{
	struct kith_usage *rest = &uses[KITH_USES_MAX - 1], *least = uses;
	unsigned int i;

	for (i = 1; i < KITH_USES_MAX - 1; i++)
		if (sum_of(&uses[i]) < sum_of(least))
			least = &uses[i];
	rest->user = 0;
	rest->sent += least->sent;
	rest->received += least->received;
	memset(least, 0, sizeof(*least));
	return least;
}

/* The slot of @user. NULL: no memory. */
static struct kith_usage *usage_of(struct kith_socket *socket, u64 user)
{
	struct kith_usage *uses = kith_uses(socket), *usage;
	unsigned int i;

	for (i = 0; i < socket->use_count; i++)
		if (uses[i].user == user)
			return &uses[i];
	if (socket->use_count == KITH_USES_MAX) {
		usage = evict(uses);
	} else {
		if (socket->use_count >= max_t(u8, socket->use_room, 1) &&
		    !extend_uses(socket))
			return NULL;
		usage = &kith_uses(socket)[socket->use_count++];
	}
	usage->user = user;
	usage->first = jiffies;
	return usage;
}

/* Who was alone until now is the first of several. */
static void begin_list(struct kith_socket *socket)
{
	socket->use.user = socket->user;
	socket->use.last = socket->use.first;
	socket->use_count = 1;
}

/* Without memory it stays with the last one until his next message. */
static void change(struct kith_socket *socket, u64 user, u64 unread)
{
	unsigned long flags = kith_socket_lock(socket);
	struct kith_usage *usage;

	if (socket->finished || socket->role != KITH_TALKS)
		goto out;
	if (!socket->use_count)
		begin_list(socket);
	kith_use_credit_last(socket, kith_use_count(socket), unread);
	usage = usage_of(socket, user);
	if (!usage)
		goto out;
	usage->last = jiffies;
	socket->use_last = usage - kith_uses(socket);
	WRITE_ONCE(socket->user, user);
out:
	kith_socket_unlock(socket, flags);
}

void kith_use_begin(struct kith_socket *socket, u64 user, u64 unread)
{
	if (!READ_ONCE(socket->user)) {
		/* Whoever else tries now writes the same. */
		WRITE_ONCE(socket->use.first, jiffies);
		if (!cmpxchg64(&socket->user, 0, user))
			return;
	}
	change(socket, user, unread);
}
