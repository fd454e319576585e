// SPDX-License-Identifier: GPL-2.0-only
/* Conversations and listeners: when they are over. */
#include "connection.h"

#include "datagram.h"
#include "sink.h"
#include "tcp.h"
#include "tell.h"
#include "use.h"

#include <linux/minmax.h>
#include <linux/tcp.h>
#include <linux/timekeeping.h>
#include <net/tcp_states.h>

void kith_connection_conclude(struct kith_socket *socket)
{
	struct kith_socket *other = socket->other;
	u64 ended = socket->ended;

	if (other && other->ended > ended)
		ended = other->ended;
	kith_tell(&kith_sink_ring, socket, ended);
	if (other)
		kith_socket_free_both(socket);
	else if (kith_socket_is_hub(socket))
		kith_datagram_free(socket);
	else
		kith_socket_free(socket);
}

/* One end is finished: is there another that is not, or may there be? */
static bool may_go_on(const struct kith_socket *socket)
{
	if (socket->role != KITH_TALKS)
		return false;
	if (socket->other)
		return !socket->other->finished;
	return !hlist_unhashed(&socket->waiting) &&
	       (!kith_is_older(socket->established, socket->ended, KITH_LINGER_NS) ||
		kith_datagram_lingers(socket));
}

/* These are its final figures; nobody finds it any more. */
static void retire(struct kith_socket *socket, u64 unread)
{
	const struct kith_socket *other = socket->other;
	struct kith_moved moved = kith_use_count(socket);
	u64 now;

	/* The end of the other one will be that of the conversation. */
	now = other && !other->finished ? ktime_get_coarse_boottime_ns() :
					  ktime_get_boot_fast_ns();
	kith_use_credit(socket, moved, unread);
	if (socket->protocol == KITH_PROTOCOL_TCP) {
		atomic64_set(&socket->sent, moved.sent);
		atomic64_set(&socket->received, moved.received);
	}
	socket->ended = now;
	socket->finished = true;
	kith_socket_forget(socket);
	if (!kith_socket_is_peer(socket))
		return;
	socket->ended = kith_datagram_ended(socket, now);
	kith_datagram_leave(socket);
}

void kith_connection_finish(struct kith_socket *socket, int error, u64 unread)
{
	struct kith_socket *other;
	unsigned long flags;

	flags = kith_socket_lock(socket);
	if (socket->finished)
		goto out;
	if (socket->role == KITH_LISTENS && socket->protocol == KITH_PROTOCOL_TCP)
		kith_tcp_name(socket);
	socket->error = abs(error);
	retire(socket, unread);
	other = socket->other;
	if (other && !other->finished && kith_datagram_ends_both(socket))
		retire(other, 0);
	if (!may_go_on(socket))
		kith_connection_conclude(socket);
out:
	kith_socket_unlock(socket, flags);
}

/*
 * Of two ACKs that come at once each makes a socket, and one of them is freed before
 * it has been anything: the other end is still waiting for the real one.
 */
static bool is_stillborn(const struct kith_socket *socket)
{
	return socket->side == KITH_SERVER && !socket->found && socket->role == KITH_TALKS &&
	       socket->protocol == KITH_PROTOCOL_TCP &&
	       READ_ONCE(socket->sk->sk_state) == TCP_SYN_RECV &&
	       !READ_ONCE(tcp_sk(socket->sk)->bytes_received);
}

void kith_connection_freed(struct kith_socket *socket)
{
	struct kith_socket *other;
	unsigned long flags;

	flags = kith_socket_lock(socket);
	if (socket->finished || !is_stillborn(socket)) {
		kith_socket_unlock(socket, flags);
		kith_connection_finish(socket, 0, 0);
		return;
	}
	socket->finished = true;
	other = socket->other;
	kith_socket_forget(socket);
	kith_socket_part(socket);
	kith_socket_free(socket);
	kith_socket_unlock(socket, flags);
	if (other)
		kith_socket_look_again(other);
}
