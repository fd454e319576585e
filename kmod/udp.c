// SPDX-License-Identifier: GPL-2.0-only
/*
 * UDP. A datagram counts where it is given to IP, and where a process takes it: what is
 * refused before, or only looked at (MSG_PEEK), does not.
 */
#include "udp.h"

#include "connection.h"
#include "datagram.h"
#include "flight.h"
#include "hook.h"
#include "key.h"
#include "use.h"

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/jhash.h>
#include <linux/minmax.h>
#include <linux/random.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/inet_sock.h>
#include <net/tcp_states.h>

enum {
	DIGEST_BYTES = 128,
	TRIES = 8, /* datagrams, each way, by which an end may find its other one */
};

/* A datagram as the socket sees it. */
struct datagram {
	struct in6_addr addr; /* our own */
	struct in6_addr peer_addr;
	u16 port;
	u16 peer_port;
	u32 bytes;
	const struct udphdr *place;
	u32 linear; /* how many bytes after that can be read */
	u32 label;  /* what else nobody translates: the IPv4 ID, or the flow label */
};

static u64 factors[3] __read_mostly;

void kith_udp_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(factors); i++)
		factors[i] = get_random_u64() | 1;
}

static bool is_udp(const struct sock *sk)
{
	return sk && sk->sk_protocol == IPPROTO_UDP && sk->sk_type == SOCK_DGRAM &&
	       (sk->sk_family == AF_INET || sk->sk_family == AF_INET6);
}

/* Nobody who may choose addresses can make many keys lead to one bucket. */
static u64 key_of(const struct in6_addr *addr, u16 port)
{
	const u64 *words = (const u64 *)addr;

	return words[0] * factors[0] + words[1] * factors[1] + (port + 1) * factors[2];
}

static u32 label_of(const struct sk_buff *skb)
{
	if (ip_hdr(skb)->version == 4)
		return (__force u32)ip_hdr(skb)->id;
	return (__force u32)ip6_flowlabel(ipv6_hdr(skb));
}

/* Something that a datagram has in common at both ends. */
static u32 digest_of(const struct datagram *datagram)
{
	u32 bytes = min3(datagram->bytes, datagram->linear, (u32)DIGEST_BYTES);

	return jhash(datagram->place + 1, bytes,
		     jhash_2words(datagram->bytes, datagram->label, factors[0])) | 1;
}

/* Does that of an end say enough? */
static bool is_telling(const struct datagram *datagram)
{
	return datagram->bytes && datagram->linear >= min_t(u32, datagram->bytes, DIGEST_BYTES);
}

bool kith_udp_fits(const struct kith_socket *one, const struct kith_socket *two)
{
	return one->protocol == KITH_PROTOCOL_UDP && one->digest &&
	       one->digest == two->digest &&
	       !ipv6_addr_equal(&one->tuple.addr, &one->tuple.peer_addr);
}

bool kith_udp_may_follow(const struct kith_socket *one, const struct kith_socket *two)
{
	return one->protocol == KITH_PROTOCOL_UDP &&
	       !(one->digest && one->digest == two->digest);
}

static struct kith_socket *new_peer(struct kith_socket *hub, const struct datagram *datagram,
				    u64 key, enum kith_side side)
{
	struct kith_socket *peer = kith_socket_add_peer(hub, key, side);

	if (!peer)
		return NULL;
	peer->tuple.addr = datagram->addr;
	peer->tuple.peer_addr = datagram->peer_addr;
	peer->tuple.port = datagram->port;
	peer->tuple.peer_port = datagram->peer_port;
	peer->digest = is_telling(datagram) ? digest_of(datagram) : 0;
	peer->opener = hub->opener;
	return kith_datagram_enter(peer);
}

/* Is it alone, but so young that it may find its other end? */
static bool is_lonely(const struct kith_socket *peer, enum kith_side side)
{
	const atomic64_t *count = side == KITH_CLIENT ? &peer->datagrams_sent :
							&peer->datagrams_received;

	return !READ_ONCE(peer->other) && atomic64_read(count) < TRIES;
}

static void wait_for_other(struct kith_socket *peer)
{
	if (!kith_socket_waits(peer))
		kith_socket_join_by_tuple(peer);
}

/* It has sent a datagram: whoever gets that is the other end. */
static void send_off(struct kith_socket *peer, const struct datagram *datagram)
{
	wait_for_other(peer);
	kith_flight_begin(datagram->place, digest_of(datagram), peer);
}

/* It has got a datagram: whoever has sent that is the other end. */
static void pick_up(struct kith_socket *peer, const struct datagram *datagram)
{
	struct kith_flight flight;

	if (kith_flight_end(datagram->place, digest_of(datagram), &flight))
		kith_socket_join(peer, flight.pair, flight.id, false, false);
	wait_for_other(peer);
}

/* What comes from who is gone, but for what he has sent, is another's. */
static bool is_other(const struct kith_socket *peer, enum kith_side side)
{
	return side == KITH_SERVER && kith_datagram_has_all(peer);
}

/*
 * The conversation that a datagram belongs to, after whose it is has been looked at.
 * @side: that of an end which begins with this
 */
static struct kith_socket *peer_of(const struct sock *sk, const struct datagram *datagram,
				   enum kith_side side)
{
	u64 key = key_of(&datagram->peer_addr, datagram->peer_port), user = kith_key(current);
	struct kith_socket *hub = kith_datagram_hub(sk, KITH_PROTOCOL_UDP, user), *peer;

	if (!hub)
		return NULL;
	peer = kith_socket_find_peer(hub, key, &datagram->peer_addr, datagram->peer_port);
	if (peer && is_other(peer, side)) {
		kith_connection_finish(peer, 0, 0);
		peer = NULL;
	}
	if (!peer)
		peer = new_peer(hub, datagram, key, side);
	if (!peer)
		return NULL;
	kith_use(peer, user);
	kith_datagram_set_recent(peer);
	return peer;
}

/* The same, if the last datagram of the socket was of it too, and current's. */
static struct kith_socket *recent_peer(const struct sock *sk, const struct in6_addr *addr,
				       u16 port, enum kith_side side)
{
	const struct kith_socket *hub = kith_socket_find(sk);
	struct kith_socket *peer;

	if (!hub || !kith_socket_is_hub(hub))
		return NULL;
	peer = READ_ONCE(hub->recent);
	if (!peer || peer->tuple.peer_port != port ||
	    !ipv6_addr_equal(&peer->tuple.peer_addr, addr) || READ_ONCE(peer->finished) ||
	    READ_ONCE(peer->user) != kith_key(current) || is_lonely(peer, side) ||
	    is_other(peer, side))
		return NULL;
	return peer;
}

/* More than one may be segments of one buffer. */
static u32 count_of(const struct sk_buff *skb)
{
	return max_t(u32, skb_shinfo(skb)->gso_segs, 1);
}

/* @skb begins with its IP header. @addrs: source and destination */
static void sent(const struct sk_buff *skb, const struct in6_addr *addrs)
{
	const struct udphdr *udp = udp_hdr(skb);
	u32 before = skb_transport_offset(skb) + sizeof(*udp);
	struct kith_socket *peer;

	kith_flight_forget(udp);
	peer = recent_peer(skb->sk, &addrs[1], ntohs(udp->dest), KITH_CLIENT);
	if (!peer) {
		const struct datagram datagram = {
			.addr = addrs[0],
			.peer_addr = addrs[1],
			.port = ntohs(udp->source),
			.peer_port = ntohs(udp->dest),
			.bytes = skb->len - before,
			.place = udp,
			.linear = skb_headlen(skb) > before ? skb_headlen(skb) - before : 0,
			.label = label_of(skb),
		};

		peer = peer_of(skb->sk, &datagram, KITH_CLIENT);
		if (peer && is_lonely(peer, KITH_CLIENT))
			send_off(peer, &datagram);
	}
	if (peer)
		kith_datagram_sent(peer, skb->len - before, count_of(skb));
}

/* ip_send_skb(net, skb) */
KITH_ENTRY(kith_udp_sent4)
{
	const struct sk_buff *skb = KITH_ARGUMENT(regs, 1, struct sk_buff *);
	struct in6_addr addrs[2];

	if (!is_udp(skb->sk))
		return;
	ipv6_addr_set_v4mapped(ip_hdr(skb)->saddr, &addrs[0]);
	ipv6_addr_set_v4mapped(ip_hdr(skb)->daddr, &addrs[1]);
	sent(skb, addrs);
}

/* ip6_send_skb(skb) */
KITH_ENTRY(kith_udp_sent6)
{
	const struct sk_buff *skb = KITH_ARGUMENT(regs, 0, struct sk_buff *);

	/* Source and destination follow each other in the header. */
	if (is_udp(skb->sk))
		sent(skb, &ipv6_hdr(skb)->saddr);
}

static void received(const struct sock *sk, const struct sk_buff *skb,
		     const struct in6_addr *addrs)
{
	const struct udphdr *udp = udp_hdr(skb);
	struct kith_socket *peer;

	peer = recent_peer(sk, &addrs[0], ntohs(udp->source), KITH_SERVER);
	if (!peer) {
		const struct datagram datagram = {
			.addr = addrs[1],
			.peer_addr = addrs[0],
			.port = ntohs(udp->dest),
			.peer_port = ntohs(udp->source),
			.bytes = skb->len,
			.place = udp,
			.linear = skb_headlen(skb),
			.label = label_of(skb),
		};

		peer = peer_of(sk, &datagram, KITH_SERVER);
		if (peer && is_lonely(peer, KITH_SERVER))
			pick_up(peer, &datagram);
	}
	if (peer)
		kith_datagram_received(peer, skb->len, count_of(skb));
}

/* skb_consume_udp(sk, skb, len): len is negative if it was only looked at. */
KITH_ENTRY(kith_udp_received)
{
	const struct sock *sk = KITH_ARGUMENT(regs, 0, struct sock *);
	const struct sk_buff *skb = KITH_ARGUMENT(regs, 1, struct sk_buff *);
	struct in6_addr addrs[2];

	/* If it is empty only the queue, where it is still, tells. */
	if (KITH_ARGUMENT(regs, 2, int) < 0 || skb->next || !is_udp(sk))
		return;
	if (skb->protocol == htons(ETH_P_IPV6)) {
		received(sk, skb, &ipv6_hdr(skb)->saddr);
		return;
	}
	ipv6_addr_set_v4mapped(ip_hdr(skb)->saddr, &addrs[0]);
	ipv6_addr_set_v4mapped(ip_hdr(skb)->daddr, &addrs[1]);
	received(sk, skb, addrs);
}

/* sk_common_release(sk): it is closed. It will be freed only when RCU lets it. */
KITH_ENTRY(kith_udp_released)
{
	const struct sock *sk = KITH_ARGUMENT(regs, 0, struct sock *);
	struct kith_socket *hub = is_udp(sk) ? kith_socket_find(sk) : NULL;

	if (hub && kith_socket_is_hub(hub))
		kith_datagram_close(hub);
}

void kith_udp_held(const struct sock *sk, u64 user, bool found)
{
	struct kith_socket *hub;

	if (!is_udp(sk))
		return;
	hub = kith_datagram_hub(sk, KITH_PROTOCOL_UDP, user);
	if (hub && found)
		kith_datagram_found(hub, user);
}

/* By a port that was asked for, and not connected. */
bool kith_udp_listens(struct kith_socket *hub)
{
	const struct sock *sk = hub->sk;

	if (!(sk->sk_userlocks & SOCK_BINDPORT_LOCK) ||
	    READ_ONCE(sk->sk_state) == TCP_ESTABLISHED)
		return false;
	kith_socket_set_tuple(&hub->tuple, sk);
	return true;
}
