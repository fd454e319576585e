// SPDX-License-Identifier: GPL-2.0-only
/* What a Unix stream sends, until it is in the queue of the other end. */
#include "delivery.h"

#include "compat/unix.h"

#include <linux/skbuff.h>
#include <net/sock.h>

/* It takes no more. The kernel asks the same before it queues, with its state locked. */
static bool is_deaf(const struct sock *sk)
{
	return sock_flag(sk, SOCK_DEAD) || READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN;
}

/* What became of @skb, which @socket has counted, is known. Whoever is first says so. */
static void settle(struct kith_socket *socket, const struct sk_buff *skb, bool sent)
{
	u32 bytes = READ_ONCE(socket->sending_bytes);

	if (cmpxchg(&socket->sending, skb, NULL) == skb && !sent)
		atomic64_sub(bytes, &socket->sent);
}

void kith_delivery_begin(struct kith_socket *socket, const struct sock *sk,
			 const struct sk_buff *skb, u32 bytes)
{
	/* Only the end of @sk itself, which waits for this call, changes it. */
	const struct sock *peer = READ_ONCE(unix_sk(sk)->peer);

	if (!peer)
		return;
	WRITE_ONCE(socket->sending_bytes, bytes);
	WRITE_ONCE(socket->sending, skb);
	atomic64_add(bytes, &socket->sent);
	/* Either we see that it is closed, or who closes it sees what is being sent. */
	smp_mb__after_atomic();
	if (is_deaf(peer))
		settle(socket, skb, false);
}

/* Is @skb in the queue of @sk? @memory: of all that is there */
static bool is_queued(struct sock *sk, const struct sk_buff *skb, u64 *memory)
{
	struct sk_buff_head *queue = &sk->sk_receive_queue;
	const struct sk_buff *at;
	bool found = false;

	*memory = 0;
	spin_lock(&queue->lock);
	skb_queue_walk(queue, at) {
		found |= at == skb;
		*memory += at->truesize;
	}
	spin_unlock(&queue->lock);
	return found;
}

/*
 * What @from, the other end of @sk, was sending has come, unless it has something in its
 * hands: nobody but @sk's readers, who are gone, can have taken it out of the queue.
 */
static u64 settle_arrived(struct kith_socket *from, struct sock *sk)
{
	const struct sk_buff *skb = READ_ONCE(from->sending);
	const struct sock *peer = READ_ONCE(unix_sk(sk)->peer);
	u64 held, queued;

	if (!skb || !peer)
		return 0;
	held = sk_wmem_alloc_get(peer);
	/* In this order: what is queued meanwhile is in nobody's hands. */
	smp_rmb();
	if (!is_queued(sk, skb, &queued) && held > queued)
		return READ_ONCE(from->sending_bytes);
	settle(from, skb, true);
	return 0;
}

/*
 * What @sk was sending, and neither came before its other end closed, nor is in the queue
 * there now, was refused. The queue is complete, and nobody empties it before we return.
 */
static void settle_refused(struct kith_socket *socket, struct sock *sk)
{
	const struct sk_buff *skb;
	struct sock *peer;
	u64 memory;

	unix_state_lock(sk);
	skb = READ_ONCE(socket->sending);
	peer = unix_sk(sk)->peer;
	if (skb && peer && sock_flag(peer, SOCK_DEAD))
		settle(socket, skb, is_queued(peer, skb, &memory));
	unix_state_unlock(sk);
}

/* sock_def_wakeup(sk): its other end is closed, if that is why, and not empty yet. */
KITH_ENTRY(kith_delivery_woken)
{
	struct sock *sk = KITH_ARGUMENT(regs, 0, struct sock *);
	struct kith_socket *socket;

	if (sk->sk_family != AF_UNIX || sk->sk_type != SOCK_STREAM)
		return;
	socket = kith_socket_find(sk);
	if (socket && READ_ONCE(socket->sending))
		settle_refused(socket, sk);
}

u64 kith_delivery_end(struct kith_socket *socket, struct sock *sk)
{
	struct kith_socket *other = READ_ONCE(socket->other);
	u64 held;

	/* The other end may be closing too, and not have come to wake us yet. */
	if (READ_ONCE(socket->sending))
		settle_refused(socket, sk);
	held = other ? settle_arrived(other, sk) : 0;
	/* Who is alone need not leave anything to others. */
	return socket->use_count > 1 ? held + kith_unix_unread(sk) : 0;
}
