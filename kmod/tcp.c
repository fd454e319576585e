// SPDX-License-Identifier: GPL-2.0-only
/*
 * TCP: where its conversations begin and end.
 *
 * Nothing here runs for a packet. A client is met in tcp_connect(), a server's
 * socket when it is cloned from the listening one, the process that accepts it
 * when it is grafted, and the end of each when its state becomes TCP_CLOSE,
 * which is before the socket loses its counters.
 */
#include "tcp.h"

#include "connection.h"
#include "hook.h"
#include "key.h"
#include "use.h"

#include <linux/minmax.h>
#include <linux/tcp.h>
#include <linux/timekeeping.h>
#include <net/inet_sock.h>
#include <net/request_sock.h>
#include <net/tcp_states.h>

static bool is_tcp(const struct sock *sk)
{
	return sk->sk_protocol == IPPROTO_TCP &&
	       (sk->sk_family == AF_INET || sk->sk_family == AF_INET6);
}

/* The clone has not got its addresses yet. */
static void set_requested_tuple(struct kith_tuple *tuple, const struct sock *sk,
				const struct inet_request_sock *request)
{
	tuple->port = request->ir_num;
	tuple->peer_port = ntohs(request->ir_rmt_port);
	tuple->netns = kith_socket_netns(sk);
#if IS_ENABLED(CONFIG_IPV6)
	if (request->ireq_family == AF_INET6) {
		tuple->addr = request->ir_v6_loc_addr;
		tuple->peer_addr = request->ir_v6_rmt_addr;
		return;
	}
#endif
	ipv6_addr_set_v4mapped(request->ir_loc_addr, &tuple->addr);
	ipv6_addr_set_v4mapped(request->ir_rmt_addr, &tuple->peer_addr);
}

/* The same for both ends; which of the two numbers is whose they may see otherwise. */
static u64 pair_of(const struct kith_socket *socket)
{
	u32 a = socket->isn[KITH_CLIENT], b = socket->isn[KITH_SERVER];

	return (u64)min(a, b) << 32 | max(a, b);
}

void kith_tcp_name(struct kith_socket *socket)
{
	if (!socket->tuple.port)
		kith_socket_set_tuple(&socket->tuple, socket->sk);
}

/*
 * Sequence numbers cover the SYN and the FIN, and the counters with them: take both
 * off. What is on its way counts as sent, or one could send it all and reset.
 */
struct kith_moved kith_tcp_count(const struct kith_socket *socket)
{
	const struct tcp_sock *tcp = tcp_sk(socket->sk);
	u32 next = READ_ONCE(tcp->snd_nxt), unacked = next - READ_ONCE(tcp->snd_una);
	u8 state = READ_ONCE(socket->sk->sk_state);
	bool fin_queued = 1 << state & (TCPF_FIN_WAIT1 | TCPF_FIN_WAIT2 | TCPF_CLOSING |
					TCPF_LAST_ACK);

	struct kith_moved moved = {
		.sent = READ_ONCE(tcp->bytes_acked) + unacked,
		.received = READ_ONCE(tcp->bytes_received),
	};

	if (fin_queued && next == READ_ONCE(tcp->write_seq) && moved.sent)
		moved.sent--;
	/* The SYN of a socket that was cloned was confirmed before it was there. */
	if (socket->counts_syn && moved.sent)
		moved.sent--;
	if (sock_flag(socket->sk, SOCK_DONE) && moved.received)
		moved.received--;
	return moved;
}

/* In tcp_connect(): the tuple and our first sequence number are final. */
KITH_ENTRY(kith_tcp_connecting)
{
	const struct sock *sk = KITH_ARGUMENT(regs, 0, struct sock *);
	struct kith_socket *socket;

	if (!is_tcp(sk))
		return;
	kith_socket_expel(sk);
	socket = kith_socket_add(sk, KITH_PROTOCOL_TCP, KITH_CLIENT);
	if (!socket)
		return;
	kith_socket_set_tuple(&socket->tuple, sk);
	socket->isn[KITH_CLIENT] = tcp_sk(sk)->write_seq;
	socket->counts_syn = true;
	socket->opener = kith_key(current);
	kith_socket_publish(socket);
}

/* In a softirq; current is anybody. */
KITH_ENTRY(kith_tcp_cloned)
{
	const struct sock *sk = KITH_ARGUMENT(regs, 0, struct sock *);
	const struct request_sock *request = KITH_ARGUMENT(regs, 1, struct request_sock *);
	const struct sock *listener = READ_ONCE(request->rsk_listener);
	struct kith_socket *socket, *parent;

	if (!is_tcp(sk))
		return;
	kith_socket_expel(sk);
	socket = kith_socket_add(sk, KITH_PROTOCOL_TCP, KITH_SERVER);
	if (!socket)
		return;
	set_requested_tuple(&socket->tuple, sk, inet_rsk(request));
	socket->isn[KITH_CLIENT] = tcp_rsk(request)->rcv_isn;
	socket->isn[KITH_SERVER] = tcp_rsk(request)->snt_isn;
	socket->established = socket->started;
	/* Until somebody accepts it, it is his who listens. */
	parent = listener ? kith_socket_find(listener) : NULL;
	if (parent)
		socket->owner = parent->opener;
	kith_socket_set_pair(socket, pair_of(socket));
	socket = kith_socket_publish(socket);
	/* The client knows before it sends what makes us, unless by fast open. */
	kith_socket_meet(socket, 0, tcp_rsk(request)->tfo_listener);
	if (!tcp_rsk(request)->tfo_listener)
		kith_socket_join_by_tuple(socket);
}

/* The state changes to TCP_ESTABLISHED. Nothing but the SYN has been received yet. */
static void established(struct kith_socket *socket, const struct sock *sk)
{
	unsigned long flags;

	if (READ_ONCE(socket->established))
		return;
	flags = kith_socket_lock(socket);
	/* How long ago, only. */
	socket->established = max(socket->started, ktime_get_coarse_boottime_ns());
	if (socket->side != KITH_CLIENT || socket->found) {
		kith_socket_unlock(socket, flags);
		return;
	}
	socket->isn[KITH_SERVER] = tcp_sk(sk)->rcv_nxt - 1;
	if (kith_socket_unlock_for(socket, pair_of(socket), false, flags))
		kith_socket_meet(socket, 0, true);
}

static void listens(const struct sock *sk, u64 user, bool found)
{
	struct kith_socket *socket = kith_socket_add(sk, KITH_PROTOCOL_TCP, KITH_SERVER);

	if (!socket)
		return;
	socket->role = KITH_LISTENS;
	socket->found = found;
	socket->opener = user;
	/* The port may be chosen after this; see kith_connection_report(). */
	kith_socket_set_tuple(&socket->tuple, sk);
	kith_socket_publish(socket);
}

/* Not inlined: most changes are of no interest, and need no registers saved. */
static noinline void changed(const struct sock *sk, int before, int now)
{
	struct kith_socket *socket;

	kith_hook_enter();
	kith_hook_hit(KITH_AT_TCP_STATE);
	socket = now == TCP_LISTEN ? NULL : kith_socket_find(sk);
	if (now == TCP_LISTEN)
		listens(sk, kith_key(current), false);
	else if (socket && now == TCP_ESTABLISHED)
		established(socket, sk);
	else if (socket && before == TCP_SYN_RECV)
		kith_connection_freed(socket);
	else if (socket)
		kith_connection_finish(socket, READ_ONCE(sk->sk_err), 0);
	kith_hook_leave();
}

void kith_tcp_state(void *data, const struct sock *sk, const int before, const int now)
{
	/* Of ten changes of a conversation, four. */
	if (now != TCP_LISTEN && now != TCP_ESTABLISHED && now != TCP_CLOSE)
		return;
	if (is_tcp(sk))
		changed(sk, before, now);
}

void kith_tcp_accepted(const struct sock *sk)
{
	struct kith_socket *socket;

	if (!is_tcp(sk))
		return;
	if (!kith_socket_find(sk))
		kith_tcp_found(sk, KITH_SERVER, kith_key(current));
	socket = kith_socket_find(sk);
	if (socket)
		WRITE_ONCE(socket->opener, kith_key(current));
}

/*
 * Closed, or so far that its entry may be gone: whoever closes it takes it out of the
 * kernel's table, tells us, and changes its state only then.
 */
static bool is_closing(const struct sock *sk)
{
	/* Who does not find its entry because that is gone sees it out of the table. */
	smp_rmb();
	return READ_ONCE(sk->sk_state) == TCP_CLOSE || sk_unhashed(sk);
}

void kith_tcp_found(const struct sock *sk, enum kith_side side, u64 user)
{
	struct kith_socket *socket;

	if (!is_tcp(sk))
		return;
	socket = kith_socket_find(sk);
	if (socket) {
		/* Of several holders, the youngest: it was made to serve it. */
		if (socket->found && socket->role == KITH_TALKS)
			WRITE_ONCE(socket->owner, user);
		return;
	}
	if (sk->sk_state == TCP_LISTEN) {
		listens(sk, user, true);
		return;
	}
	if (is_closing(sk))
		return;
	socket = kith_socket_add(sk, KITH_PROTOCOL_TCP, side);
	if (!socket)
		return;
	socket->found = true;
	socket->counts_syn = side == KITH_CLIENT;
	if (sk->sk_state != TCP_SYN_SENT)
		socket->established = socket->started;
	socket->owner = user;
	kith_socket_set_tuple(&socket->tuple, sk);
	if (kith_socket_publish(socket) == socket)
		kith_socket_join_by_tuple(socket);
}

/*
 * A socket that is not known was there before us, came in a way that we do not see, or
 * found no room: then it is known from now on.
 */
static void use(const struct sock *sk)
{
	struct kith_socket *socket = kith_socket_find(sk);
	u64 user = kith_key(current);

	if (!socket)
		kith_tcp_met(sk, user);
	else
		kith_use(socket, user);
}

/* tcp_sendmsg(sk, ...), tcp_recvmsg(sk, ...), tcp_sendpage(sk, ...) */
KITH_ENTRY(kith_tcp_used)
{
	use(KITH_ARGUMENT(regs, 0, struct sock *));
}

/* tcp_splice_read(socket, ...) */
KITH_ENTRY(kith_tcp_splicing)
{
	use(READ_ONCE(KITH_ARGUMENT(regs, 0, struct socket *)->sk));
}

/* A client's port is mostly the higher one. */
void kith_tcp_met(const struct sock *sk, u64 user)
{
	bool server;

	if (!is_tcp(sk) || !kith_socket_has_room())
		return;
	server = ntohs(inet_sk(sk)->inet_sport) < ntohs(sk->sk_dport);
	kith_tcp_found(sk, server ? KITH_SERVER : KITH_CLIENT, user);
}
