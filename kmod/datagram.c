// SPDX-License-Identifier: GPL-2.0-only
/* Sockets of datagrams, and when their conversations are over. */
#include "datagram.h"

#include "connection.h"
#include "key.h"
#include "ring.h"
#include "udp.h"

#include <linux/jiffies.h>
#include <linux/timekeeping.h>

enum {
	CLOSE_NOW = 64, /* conversations that are ended with their socket; others later */
	HUB_SHARE = 16, /* one socket may take this part of all entries */
};

/* As long as netfilter remembers them. */
#define IDLE (120 * HZ)

/* For answers to who has gone already. */
#define LATE	   (2 * HZ)
#define LATE_FLUSH (HZ / 4)

struct kith_socket *kith_datagram_hub(const struct sock *sk, enum kith_protocol protocol,
				      u64 opener)
{
	struct kith_socket *hub = kith_socket_find(sk);

	if (hub)
		return kith_socket_is_hub(hub) ? hub : NULL;
	hub = kith_socket_add(sk, protocol, KITH_SERVER);
	if (!hub)
		return NULL;
	hub->role = KITH_HUB;
	INIT_HLIST_HEAD(&hub->peers);
	spin_lock_init(&hub->peers_lock);
	hub->opener = opener;
	hub->tuple.netns = kith_socket_netns(sk);
	return kith_socket_publish(hub);
}

void kith_datagram_found(struct kith_socket *hub, u64 user)
{
	hub->found = true;
	WRITE_ONCE(hub->opener, user);
}

void kith_datagram_created(const struct sock *sk)
{
	if (sk->sk_type != SOCK_DGRAM)
		return;
	if (sk->sk_family == AF_UNIX)
		kith_datagram_hub(sk, KITH_PROTOCOL_UNIX_DGRAM, kith_key(current));
	else
		kith_udp_held(sk, kith_key(current), false);
}

struct kith_socket *kith_datagram_enter(struct kith_socket *peer)
{
	struct kith_socket *hub = peer->hub, *published;
	unsigned long flags;

	peer->tuple.netns = hub->tuple.netns;
	peer->established = peer->started;
	peer->active = jiffies;
	spin_lock_irqsave(&hub->peers_lock, flags);
	if (hub->closed || hub->peer_count >= kith_socket_max() / HUB_SHARE)
		goto err_hub;
	hlist_add_head(&peer->kin, &hub->peers);
	hub->peer_count++;
	published = kith_socket_publish(peer);
	if (published != peer) {
		hlist_del_init(&peer->kin);
		hub->peer_count--;
	}
	spin_unlock_irqrestore(&hub->peers_lock, flags);
	return published;
err_hub:
	spin_unlock_irqrestore(&hub->peers_lock, flags);
	kith_ring_lose(KITH_CLASS_CONNECTION, KITH_LOSS_UNTRACKED, 1);
	kith_socket_drop(peer);
	return NULL;
}

/* One that has left meanwhile would be found for ever. */
void kith_datagram_set_recent(struct kith_socket *peer)
{
	struct kith_socket *hub = peer->hub;
	unsigned long flags;

	spin_lock_irqsave(&hub->peers_lock, flags);
	if (!hlist_unhashed(&peer->kin))
		WRITE_ONCE(hub->recent, peer);
	spin_unlock_irqrestore(&hub->peers_lock, flags);
}

void kith_datagram_free(struct kith_socket *hub)
{
	unsigned long flags;
	bool last;

	spin_lock_irqsave(&hub->peers_lock, flags);
	hub->closed = true;
	last = hlist_empty(&hub->peers);
	spin_unlock_irqrestore(&hub->peers_lock, flags);
	if (last)
		kith_socket_free(hub);
}

void kith_datagram_leave(struct kith_socket *socket)
{
	struct kith_socket *hub;
	bool last;

	if (!kith_socket_is_peer(socket) || hlist_unhashed(&socket->kin))
		return;
	hub = socket->hub;
	spin_lock(&hub->peers_lock);
	hlist_del_init(&socket->kin);
	hub->peer_count--;
	if (hub->recent == socket)
		WRITE_ONCE(hub->recent, NULL);
	last = hub->closed && hlist_empty(&hub->peers);
	spin_unlock(&hub->peers_lock);
	if (last)
		kith_socket_free(hub);
}

static struct kith_socket *first_peer(struct kith_socket *hub)
{
	struct kith_socket *peer;
	unsigned long flags;

	spin_lock_irqsave(&hub->peers_lock, flags);
	peer = hlist_entry_safe(hub->peers.first, struct kith_socket, kin);
	spin_unlock_irqrestore(&hub->peers_lock, flags);
	return peer;
}

void kith_datagram_close(struct kith_socket *hub)
{
	unsigned int i;

	for (i = 0; i < CLOSE_NOW; i++) {
		struct kith_socket *peer = first_peer(hub);

		if (!peer)
			break;
		kith_connection_finish(peer, 0, 0);
	}
	kith_connection_finish(hub, 0, 0);
}

static bool is_idle(const struct kith_socket *socket, unsigned long time)
{
	return time_is_before_jiffies(READ_ONCE(socket->active) + time);
}

bool kith_datagram_lingers(const struct kith_socket *socket)
{
	const struct kith_tuple *tuple = &socket->tuple;

	return socket->protocol == KITH_PROTOCOL_UDP && socket->side == KITH_CLIENT &&
	       ipv6_addr_equal(&tuple->addr, &tuple->peer_addr) &&
	       !is_idle(socket, IDLE);
}

bool kith_datagram_is_over(const struct kith_socket *socket, bool soon)
{
	if (!kith_socket_is_peer(socket))
		return false;
	if (kith_datagram_has_all(socket) && is_idle(socket, soon ? LATE_FLUSH : LATE))
		return true;
	return READ_ONCE(socket->hub->closed) || is_idle(socket, IDLE);
}

u64 kith_datagram_ended(const struct kith_socket *socket, u64 now)
{
	return now - jiffies_to_nsecs(jiffies - READ_ONCE(socket->active));
}
