// SPDX-License-Identifier: GPL-2.0-only
/* Who uses an end of a conversation, and what moved meanwhile. */
#include "use.h"

#include "tcp.h"
#include "unix.h"

#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

enum { USES_FEW = 4 /* how many users there is room for at first */ };

void kith_use_count(const struct kith_socket *socket, u64 *sent, u64 *received)
{
	if (socket->protocol == KITH_PROTOCOL_TCP && !socket->finished) {
		kith_tcp_count(socket, sent, received);
	} else if (socket->protocol == KITH_PROTOCOL_UNIX_STREAM) {
		kith_unix_count(socket, sent, received);
	} else {
		*sent = atomic64_read(&socket->sent);
		*received = atomic64_read(&socket->received);
	}
}

struct kith_usage *kith_uses(struct kith_socket *socket)
{
	return socket->uses ? socket->uses : &socket->use;
}

/* The counters are read while others change them: they may seem to go back by one. */
static u64 fresh(u64 now, u64 *before)
{
	u64 more = (s64)(now - *before) > 0 ? now - *before : 0;

	*before += more;
	return more;
}

void kith_use_credit(struct kith_socket *socket, u64 sent, u64 received, bool others)
{
	struct kith_usage *usage = &kith_uses(socket)[socket->use_last];

	/* Nobody asks how much it was while there is only one; see kith_use_begin(). */
	if (socket->use_count <= 1 && !others)
		return;
	usage->sent += fresh(sent, &socket->credited_sent);
	usage->received += fresh(received, &socket->credited_received);
}

static u64 moved(const struct kith_usage *usage)
{
	return usage->sent + usage->received;
}

const struct kith_usage *kith_use_main(struct kith_socket *socket)
{
	const struct kith_usage *uses = kith_uses(socket), *most;
	unsigned int i;

	if (socket->use_count <= 1)
		return socket->use_count ? uses : NULL;
	most = &uses[socket->use_last];
	for (i = 0; i < socket->use_count; i++)
		if (uses[i].user && moved(&uses[i]) > moved(most))
			most = &uses[i];
	return most;
}

u64 kith_use_process(struct kith_socket *socket)
{
	const struct kith_usage *usage = kith_use_main(socket);

	if (usage && usage->user)
		return usage->user;
	return socket->opener ? socket->opener : socket->owner;
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
		if (moved(&uses[i]) < moved(least))
			least = &uses[i];
	rest->user = 0;
	rest->sent += least->sent;
	rest->received += least->received;
	memset(least, 0, sizeof(*least));
	return least;
}

/* The slot of @user. NULL: no memory. */
static struct kith_usage *usage_of(struct kith_socket *socket, u64 user, u64 now)
{
	struct kith_usage *uses = kith_uses(socket), *usage;
	unsigned int i;

	for (i = 0; i < socket->use_count; i++)
		if (uses[i].user == user)
			return &uses[i];
	if (socket->use_count == KITH_USES_MAX) {
		usage = evict(uses);
	} else {
		if (socket->use_count && socket->use_count >= max_t(u8, socket->use_room, 1) &&
		    !extend_uses(socket))
			return NULL;
		usage = &kith_uses(socket)[socket->use_count++];
	}
	usage->user = user;
	usage->first = now;
	return usage;
}

/* Without memory it stays with the last one until his next message. */
void kith_use_begin(struct kith_socket *socket, u64 user, u64 unread)
{
	u64 now = ktime_get_boot_fast_ns(), sent, received;
	struct kith_usage *usage;
	unsigned long flags;

	kith_socket_lock(socket, &flags);
	if (socket->finished || socket->role != KITH_TALKS)
		goto out;
	if (socket->use_count) {
		kith_use_count(socket, &sent, &received);
		kith_use_credit(socket, sent, received - min(received, unread), true);
	}
	usage = usage_of(socket, user, now);
	if (!usage)
		goto out;
	usage->last = now;
	socket->use_last = usage - kith_uses(socket);
	WRITE_ONCE(socket->user, user);
out:
	kith_socket_unlock(socket, flags);
}
