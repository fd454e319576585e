/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sockets of datagrams. Each is a hub: its conversations, one for each other address
 * or socket, are entries of their own, found by the hub and a key.
 */
#ifndef _KITH_DATAGRAM_H
#define _KITH_DATAGRAM_H

#include "socket.h"

/* current has made @sk, of whatever family. Context: as kith_socket_find(). */
void kith_datagram_created(const struct sock *sk);

/**
 * kith_datagram_hub() - The hub of @sk, which is made if there is none.
 * @opener: whose it is, if so; 0: not known
 *
 * Return: NULL if there is no room. Context: as kith_socket_find().
 */
struct kith_socket *kith_datagram_hub(const struct sock *sk, enum kith_protocol protocol,
				      u64 opener);

/* @user holds the socket of @hub, which was there before us. Context: as above. */
void kith_datagram_found(struct kith_socket *hub, u64 user);

/**
 * kith_datagram_enter() - Publish @peer among its hub's.
 * Return: @peer, or the same one of somebody who was faster, or NULL if there is no room;
 * then @peer is gone.
 */
struct kith_socket *kith_datagram_enter(struct kith_socket *peer);

/* @peer is the one of its hub that was used last. */
void kith_datagram_set_recent(struct kith_socket *peer);

/* @bytes in @count datagrams were sent, or received. */
static inline void kith_datagram_sent(struct kith_socket *peer, u64 bytes, u32 count)
{
	atomic64_add(bytes, &peer->sent);
	atomic64_add(count, &peer->datagrams_sent);
	WRITE_ONCE(peer->active, jiffies);
}

static inline void kith_datagram_received(struct kith_socket *peer, u64 bytes, u32 count)
{
	atomic64_add(bytes, &peer->received);
	atomic64_add(count, &peer->datagrams_received);
	WRITE_ONCE(peer->active, jiffies);
}

/* The socket of @hub is gone: so are its conversations, at the latest with the next sweep. */
void kith_datagram_close(struct kith_socket *hub);

/* @hub goes with the last of its peers. */
void kith_datagram_free(struct kith_socket *hub);

/* @socket is one of a hub's, and is not any more; or it is none. Context: its lock is held. */
void kith_datagram_leave(struct kith_socket *socket);

/*
 * kith_datagram_lingers() - The socket is gone: may another one have something of it still?
 * kith_datagram_is_over() - The socket is there, but has nothing more to say; @soon: as
 *	far as can be told now.
 */
bool kith_datagram_lingers(const struct kith_socket *socket);
bool kith_datagram_is_over(const struct kith_socket *socket, bool soon);

/*
 * Its other end is gone, and all of that one's datagrams are here: what comes from there
 * now is another socket's, with the same address.
 */
static inline bool kith_datagram_has_all(const struct kith_socket *socket)
{
	const struct kith_socket *other = READ_ONCE(socket->other);

	/* More have, if what came first was another's after all; that must not go on. */
	return other && READ_ONCE(other->finished) &&
	       atomic64_read(&other->datagrams_sent) <=
		       atomic64_read(&socket->datagrams_received);
}

/* When it was last active. */
u64 kith_datagram_ended(const struct kith_socket *socket, u64 now);

/*
 * With this end, is the other over too? A Unix socket is freed when all that it has sent
 * was taken. One of UDP leaves it to whoever receives it, who may answer.
 */
static inline bool kith_datagram_ends_both(const struct kith_socket *socket)
{
	return socket->protocol == KITH_PROTOCOL_UNIX_DGRAM;
}

#endif
