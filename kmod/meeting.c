// SPDX-License-Identifier: GPL-2.0-only
/* Where the two ends of a conversation meet: by a number that both know, their pair. */
#include "meeting.h"

#include "socket.h"
#include "udp.h"

#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/spinlock.h>

enum { LOOKS_MAX = 256 /* at others that wait where one does */ };

struct meeting {
	struct hlist_head waiting; /* by pair */
	spinlock_t lock;	   /* of all entries whose pair is here */
};

static struct meeting *meetings __read_mostly; /* as many as there are buckets */
static u64 factor __read_mostly; /* odd */

/* Who may choose numbers cannot make many lead to the same place. */
static u32 meeting_of(u64 pair)
{
	return (pair * factor) >> kith_socket_table.shift;
}

void kith_socket_marry(struct kith_socket *client, struct kith_socket *server)
{
	server->id = client->id;
	server->pair = client->pair;
	server->meeting = client->meeting;
	server->other = client;
	client->other = server;
}

/* With the lock of both, which is one: nobody follows one to the other meanwhile. */
void kith_socket_publish_pair(struct kith_socket *client, struct kith_socket *server,
			      struct kith_socket *(*publish)(struct kith_socket *socket))
{
	unsigned long flags;
	u32 meeting = client->meeting;

	spin_lock_irqsave(&meetings[meeting].lock, flags);
	if (publish(client) != client)
		kith_socket_drop(server);
	else if (publish(server) != server)
		client->other = NULL;
	spin_unlock_irqrestore(&meetings[meeting].lock, flags);
}

unsigned long kith_socket_lock(struct kith_socket *socket) __acquires(socket)
{
	unsigned long flags;

	for (;;) {
		u32 meeting = READ_ONCE(socket->meeting);

		spin_lock_irqsave(&meetings[meeting].lock, flags);
		if (READ_ONCE(socket->meeting) == meeting)
			return flags;
		spin_unlock_irqrestore(&meetings[meeting].lock, flags);
	}
}

static void unlock_meeting(u32 meeting, unsigned long flags) __releases(meeting)
{
	spin_unlock_irqrestore(&meetings[meeting].lock, flags);
}

void kith_socket_unlock(struct kith_socket *socket, unsigned long flags) __releases(socket)
{
	unlock_meeting(socket->meeting, flags);
}

static bool is_reverse(const struct kith_tuple *a, const struct kith_tuple *b)
{
	return a->port == b->peer_port && a->peer_port == b->port &&
	       ipv6_addr_equal(&a->addr, &b->peer_addr) &&
	       ipv6_addr_equal(&a->peer_addr, &b->addr);
}

/*
 * The same pair is no proof: who sees one of the numbers may choose the other. Those
 * of a client and a server must be the same each; two clients that called each other
 * see them the other way round, and each other's addresses, which no NAT survives.
 */
static bool fit(const struct kith_socket *one, const struct kith_socket *two)
{
	const u32 *a = one->isn, *b = two->isn;

	if (one->pair != two->pair || one == two || one->by_tuple != two->by_tuple ||
	    one->protocol != two->protocol)
		return false;
	if (one->by_tuple && one->tuple.netns != two->tuple.netns)
		return kith_udp_fits(one, two) && is_reverse(&one->tuple, &two->tuple);
	if (one->by_tuple)
		return is_reverse(&one->tuple, &two->tuple);
	if (one->side != two->side)
		return a[KITH_CLIENT] == b[KITH_CLIENT] && a[KITH_SERVER] == b[KITH_SERVER];
	return a[KITH_CLIENT] == b[KITH_SERVER] && a[KITH_SERVER] == b[KITH_CLIENT] &&
	       one->tuple.netns == two->tuple.netns && is_reverse(&one->tuple, &two->tuple);
}

/* Two that called each other are a client, who was first, and a server. */
static void link_ends(struct kith_socket *first, struct kith_socket *second)
{
	/* What has been told by a number goes on by it. */
	if (second->reported || (!first->reported && second->side == KITH_CLIENT))
		first->id = second->id;
	second->id = first->id;
	if (first->side == second->side)
		second->side = first->side == KITH_CLIENT ? KITH_SERVER : KITH_CLIENT;
	first->other = second;
	second->other = first;
}

bool kith_socket_unlock_for(struct kith_socket *socket, u64 pair, bool by_tuple,
			    unsigned long flags) __releases(socket)
{
	u32 before = socket->meeting;
	bool alone = !socket->finished && !socket->other;

	if (alone) {
		hlist_del_init(&socket->waiting);
		socket->by_tuple = by_tuple;
		socket->pair = pair;
		WRITE_ONCE(socket->meeting, meeting_of(pair));
	}
	unlock_meeting(before, flags);
	return alone;
}

void kith_socket_set_pair(struct kith_socket *socket, u64 pair)
{
	socket->pair = pair;
	socket->meeting = meeting_of(pair);
}

/* What has been told by two numbers stays two. */
static bool is_it(const struct kith_socket *other, const struct kith_socket *socket, u64 id)
{
	return other->id == id && other != socket && !(other->reported && socket->reported);
}

/*
 * Several fit where a port is used again before what came from it is read: of these the
 * one that began with the same datagram, or else the first, whose datagrams come first.
 */
static struct kith_socket *find_other(const struct meeting *meeting,
				      const struct kith_socket *socket, u64 id)
{
	struct kith_socket *other, *first = NULL;
	unsigned int looks = 0;

	hlist_for_each_entry(other, &meeting->waiting, waiting) {
		if (id && is_it(other, socket, id))
			return other;
		if (!id && fit(other, socket)) {
			first = other;
			if (!kith_udp_may_follow(other, socket))
				break;
		}
		if (++looks == LOOKS_MAX)
			break;
	}
	return first;
}

static void wait_for_other(struct kith_socket *socket)
{
	hlist_add_head(&socket->waiting, &meetings[socket->meeting].waiting);
	kith_socket_mark(socket->meeting);
}

void kith_socket_meet(struct kith_socket *socket, u64 id, bool wait)
{
	struct kith_socket *other;
	unsigned long flags;

	flags = kith_socket_lock(socket);
	/* Somebody may have been faster, with this pair or another. */
	if (socket->finished || socket->other || !hlist_unhashed(&socket->waiting))
		goto out;
	other = find_other(&meetings[socket->meeting], socket, id);
	if (other) {
		hlist_del_init(&other->waiting);
		other->by_tuple = socket->by_tuple;
		link_ends(other, socket);
	} else if (wait) {
		wait_for_other(socket);
	}
out:
	kith_socket_unlock(socket, flags);
}

void kith_socket_join(struct kith_socket *socket, u64 pair, u64 id, bool by_tuple, bool wait)
{
	unsigned long flags = kith_socket_lock(socket);

	if (kith_socket_unlock_for(socket, pair, by_tuple, flags))
		kith_socket_meet(socket, id, wait);
}

void kith_socket_part(struct kith_socket *socket)
{
	struct kith_socket *other = socket->other;

	if (!other)
		return;
	socket->other = NULL;
	other->other = NULL;
	wait_for_other(other);
}

/* The same for both ends. */
static u64 pair_of_tuple(const struct kith_tuple *tuple)
{
	u32 here = kith_socket_hash(&tuple->addr, 4, tuple->port);
	u32 there = kith_socket_hash(&tuple->peer_addr, 4, tuple->peer_port);

	return (u64)min(here, there) << 32 | max(here, there);
}

void kith_socket_join_by_tuple(struct kith_socket *socket)
{
	if (!READ_ONCE(socket->other))
		kith_socket_join(socket, pair_of_tuple(&socket->tuple), 0, true, true);
}

void kith_socket_look_again(struct kith_socket *socket)
{
	const u64 pair = READ_ONCE(socket->pair);

	kith_socket_join(socket, pair_of_tuple(&socket->tuple), 0, true, false);
	kith_socket_join(socket, pair, 0, false, true);
}

void kith_socket_walk_finished(unsigned int bucket,
			       bool (*look)(struct kith_socket *socket, void *context),
			       void *context)
{
	struct meeting *meeting = &meetings[bucket];
	struct kith_socket *socket;
	struct hlist_node *next;
	unsigned long flags;

	if (hlist_empty(&meeting->waiting))
		return;
	spin_lock_irqsave(&meeting->lock, flags);
	hlist_for_each_entry_safe(socket, next, &meeting->waiting, waiting)
		if (socket->finished && !look(socket, context))
			break;
	spin_unlock_irqrestore(&meeting->lock, flags);
}

bool kith_meeting_is_empty(unsigned int bucket)
{
	return hlist_empty(&meetings[bucket].waiting);
}

int kith_meeting_init(void)
{
	unsigned int i;

	factor = get_random_u64() | 1;
	meetings = kvmalloc_array(kith_socket_buckets(), sizeof(*meetings), GFP_KERNEL);
	if (!meetings)
		return -ENOMEM;
	for (i = 0; i < kith_socket_buckets(); i++) {
		INIT_HLIST_HEAD(&meetings[i].waiting);
		spin_lock_init(&meetings[i].lock);
	}
	return 0;
}

void kith_meeting_exit(void)
{
	kvfree(meetings);
}
