// SPDX-License-Identifier: GPL-2.0-only
/*
 * UDP. A datagram counts where it is given to IP, and where a process takes it: what is
 * refused before, or only looked at (MSG_PEEK), does not.
 */
#include "udp.h"

#include "connection.h"
#include "datagram.h"
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

enum { DIGEST_BYTES = 128 };

/* A datagram as the socket sees it. */
struct datagram {
	struct in6_addr addr; /* our own */
	struct in6_addr peer_addr;
	u16 port;
	u16 peer_port;
	u32 bytes;
	const u8 *data;
	u32 linear; /* how many bytes of it can be read */
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

/* Something that the first datagram has in common at both ends. */
static u32 digest_of(const struct datagram *datagram)
{
	u32 bytes = min_t(u32, datagram->bytes, DIGEST_BYTES);

	if (!bytes || datagram->linear < bytes)
		return 0;
	return jhash(datagram->data, bytes, factors[0] ^ datagram->bytes) | 1;
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
	struct kith_socket *peer = kith_socket_add_peer(hub, key, side), *published;

	if (!peer)
		return NULL;
	peer->tuple.addr = datagram->addr;
	peer->tuple.peer_addr = datagram->peer_addr;
	peer->tuple.port = datagram->port;
	peer->tuple.peer_port = datagram->peer_port;
	peer->digest = digest_of(datagram);
	peer->opener = hub->opener;
	published = kith_datagram_enter(peer);
	if (published == peer)
		kith_socket_join_by_tuple(peer);
	return published;
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
	    READ_ONCE(peer->user) != kith_key(current) || is_other(peer, side))
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

	peer = recent_peer(skb->sk, &addrs[1], ntohs(udp->dest), KITH_CLIENT);
	if (!peer) {
		const struct datagram datagram = {
			.addr = addrs[0],
			.peer_addr = addrs[1],
			.port = ntohs(udp->source),
			.peer_port = ntohs(udp->dest),
			.bytes = skb->len - before,
			.data = skb->data + before,
			.linear = skb_headlen(skb) > before ? skb_headlen(skb) - before : 0,
		};

		peer = peer_of(skb->sk, &datagram, KITH_CLIENT);
	}
	if (peer)
		kith_datagram_sent(peer, skb->len - before, count_of(skb));
}

/* ip_send_skb(net, skb) */
void kith_udp_sent4(struct kith_ftrace_regs *regs)
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
void kith_udp_sent6(struct kith_ftrace_regs *regs)
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
			.data = skb->data,
			.linear = skb_headlen(skb),
		};

		peer = peer_of(sk, &datagram, KITH_SERVER);
	}
	if (peer)
		kith_datagram_received(peer, skb->len, count_of(skb));
}

/* skb_consume_udp(sk, skb, len): len is negative if it was only looked at. */
void kith_udp_received(struct kith_ftrace_regs *regs)
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
void kith_udp_released(struct kith_ftrace_regs *regs)
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
