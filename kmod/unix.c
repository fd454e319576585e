// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unix sockets.
 *
 * A stream counts what is copied into it, unless its other end closes before that is
 * queued; what a process has read of that is what is not in the queue any more. A
 * datagram, or a packet of a sequence, counts when it is taken: before that its sender
 * may give it up. Pairs are not watched before they are used.
 */
#include "unix.h"

#include "compat/unix.h"
#include "connection.h"
#include "datagram.h"
#include "delivery.h"
#include "hook.h"
#include "key.h"
#include "path.h"
#include "scratch.h"
#include "use.h"

#include <linux/minmax.h>
#include <linux/pid.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <linux/uio.h>
#include <net/tcp_states.h>

enum { UNREAD_MAX = 4096 /* packets that are counted when their socket goes */ };

/* Two that are about to meet are made known once. */
static DEFINE_SPINLOCK(introduction);

static enum kith_protocol protocol_of(const struct sock *sk)
{
	switch (sk->sk_type) {
	case SOCK_STREAM:
		return KITH_PROTOCOL_UNIX_STREAM;
	case SOCK_SEQPACKET:
		return KITH_PROTOCOL_UNIX_SEQPACKET;
	default:
		return KITH_PROTOCOL_UNIX_DGRAM;
	}
}

/* As its owner wrote it, which may be relative to wherever he was. */
static struct kith_name *written_name(const struct sock *sk)
{
	/* Pairs with the release of whoever binds it. */
	const struct unix_address *address = smp_load_acquire(&unix_sk(sk)->addr);
	const char *text;
	int size;

	if (!address)
		return NULL;
	text = address->name->sun_path;
	size = address->len - offsetof(struct sockaddr_un, sun_path);
	size = min_t(int, size, sizeof(address->name->sun_path));
	if (size <= 0)
		return NULL;
	return kith_name_new(text, *text ? strnlen(text, size) : size);
}

/* It may have been bound lately. */
static void set_name(struct kith_socket *hub, const struct sock *sk)
{
	struct kith_name *name;

	if (READ_ONCE(hub->name))
		return;
	name = written_name(sk);
	if (name && cmpxchg(&hub->name, NULL, name))
		kith_name_put(name);
}

/* As the kernel has it; current is its owner. */
static struct kith_name *resolved_name(const struct sock *sk)
{
	/* As above. */
	const struct unix_address *address = smp_load_acquire(&unix_sk(sk)->addr);
	struct kith_scratch *scratch = kith_scratch();
	struct kith_path path;
	struct kith_root root;

	if (!address || !unix_sk(sk)->path.dentry || !current->fs)
		return written_name(sk);
	kith_root_of_current(&root);
	path = kith_path_resolve(&unix_sk(sk)->path, &root, scratch->path[0],
				 scratch->path[1]);
	return path.length ? kith_name_new(path.text, path.length) : written_name(sk);
}

/* Whom @sk took its other end to belong to when they met, if he is still there. */
static u64 holder_of_peer(const struct sock *sk)
{
	struct pid *pid = READ_ONCE(sk->sk_peer_pid);
	const struct task_struct *task = pid ? pid_task(pid, PIDTYPE_TGID) : NULL;

	return task ? kith_key(task) : 0;
}

/* Two new ends of one conversation, or none. */
static bool make_ends(const struct sock *client_sk, const struct sock *server_sk,
		      struct kith_socket **client, struct kith_socket **server)
{
	enum kith_protocol protocol = protocol_of(client_sk);

	*client = kith_socket_add(client_sk, protocol, KITH_CLIENT);
	if (!*client)
		return false;
	*server = kith_socket_add(server_sk, protocol, KITH_SERVER);
	if (!*server) {
		kith_socket_drop(*client);
		return false;
	}
	kith_socket_marry(*client, *server);
	(*client)->established = (*client)->started;
	(*server)->established = (*client)->started;
	(*client)->tuple.netns = kith_socket_netns(client_sk);
	(*server)->tuple.netns = kith_socket_netns(server_sk);
	return true;
}

/*
 * security_unix_stream_connect(sk, listener, newsk): nothing can go wrong any more. The
 * states of the first two are locked.
 */
KITH_ENTRY(kith_unix_connecting)
{
	const struct sock *sk = KITH_ARGUMENT(regs, 0, struct sock *);
	const struct sock *listener = KITH_ARGUMENT(regs, 1, struct sock *);
	struct kith_socket *parent = kith_socket_find(listener), *client, *server;

	kith_socket_expel(sk);
	kith_socket_expel(KITH_ARGUMENT(regs, 2, struct sock *));
	if (!make_ends(sk, KITH_ARGUMENT(regs, 2, struct sock *), &client, &server))
		return;
	client->opener = kith_key(current);
	/* Until somebody accepts it, it is his who listens. */
	if (parent)
		server->owner = parent->opener;
	server->name = parent ? kith_name_get(parent->name) : written_name(listener);
	kith_socket_publish_pair(client, server, kith_socket_publish);
}

static void listens(const struct sock *sk, u64 user, bool found)
{
	struct kith_socket *socket = kith_socket_add(sk, protocol_of(sk), KITH_SERVER);

	if (!socket)
		return;
	socket->role = KITH_LISTENS;
	socket->found = found;
	socket->opener = user;
	socket->tuple.netns = kith_socket_netns(sk);
	socket->name = found ? written_name(sk) : resolved_name(sk);
	kith_socket_publish(socket);
}

/* security_socket_listen(sock, backlog), maybe not for the first time */
KITH_ENTRY(kith_unix_listening)
{
	const struct sock *sk = READ_ONCE(KITH_ARGUMENT(regs, 0, struct socket *)->sk);

	if (sk->sk_family != AF_UNIX || sk->sk_type == SOCK_DGRAM)
		return;
	/* It will be refused to any other. */
	if (READ_ONCE(sk->sk_state) == TCP_CLOSE && READ_ONCE(unix_sk(sk)->addr) &&
	    !kith_socket_find(sk))
		listens(sk, kith_key(current), false);
}

void kith_unix_accepted(const struct sock *sk)
{
	struct kith_socket *socket = kith_socket_find(sk);

	if (socket)
		WRITE_ONCE(socket->opener, kith_key(current));
}

/* @sk is @user's, who sends on it, or does not; its state and its peer's stay. */
static void introduce(const struct sock *sk, const struct sock *peer, u64 user, bool sends)
{
	const struct unix_sock *here = unix_sk(sk), *there = unix_sk(peer);
	/* Who has been accepted has the name of who listens. */
	bool paired = !READ_ONCE(here->addr) && !READ_ONCE(there->addr);
	bool is_client = paired ? sends : !READ_ONCE(here->addr);
	struct kith_socket *client, *server, *mine, *others;

	if (!make_ends(is_client ? sk : peer, is_client ? peer : sk, &client, &server))
		return;
	mine = is_client ? client : server;
	others = is_client ? server : client;
	mine->owner = user;
	others->owner = holder_of_peer(sk);
	if (paired) {
		/* That is who made it. */
		mine->opener = others->owner;
		others->opener = others->owner;
	}
	client->found = !paired;
	server->found = !paired;
	server->name = paired ? NULL : written_name(is_client ? peer : sk);
	kith_socket_publish_pair(client, server, kith_socket_publish);
}

/*
 * A socket that is one of a pair, or older than the module: both ends are made known.
 * With its state locked, @sk keeps its peer.
 */
static struct kith_socket *meet(struct sock *sk, u64 user, bool sends)
{
	const struct sock *peer;

	if (!kith_socket_has_room())
		return NULL;
	unix_state_lock(sk);
	peer = unix_sk(sk)->peer;
	if (peer && peer != sk) {
		spin_lock(&introduction);
		if (!kith_socket_find(sk) && !kith_socket_find(peer))
			introduce(sk, peer, user, sends);
		spin_unlock(&introduction);
	}
	unix_state_unlock(sk);
	return kith_socket_find(sk);
}

/* Who is the first to use it leaves nothing to others. Packets count when they are taken. */
static u64 unread_of(const struct kith_socket *socket, struct sock *sk)
{
	return READ_ONCE(socket->user) && sk->sk_type == SOCK_STREAM ? kith_unix_unread(sk) : 0;
}

/* The entry of a stream or of packets, which current uses from now on. */
static struct kith_socket *use(struct sock *sk, bool sends)
{
	struct kith_socket *socket = kith_socket_find(sk);
	u64 user = kith_key(current);

	if (!socket)
		socket = meet(sk, user, sends);
	if (socket && READ_ONCE(socket->user) != user)
		kith_use_begin(socket, user, unread_of(socket, sk));
	return socket;
}

static void send(struct sock *sk, const struct sk_buff *skb, u32 bytes)
{
	struct kith_socket *socket = use(sk, true);

	if (socket)
		kith_delivery_begin(socket, sk, skb, bytes);
}

/* skb_copy_datagram_from_iter(skb, ...): what a stream sends is being copied. */
KITH_ENTRY(kith_unix_copied)
{
	const struct sk_buff *skb = KITH_ARGUMENT(regs, 0, struct sk_buff *);
	struct sock *sk = skb->sk;

	if (!sk || sk->sk_family != AF_UNIX)
		return;
	if (sk->sk_type == SOCK_STREAM)
		send(sk, skb, skb->len);
	else if (sk->sk_type == SOCK_SEQPACKET)
		use(sk, true);
}

/* unix_stream_sendpage(sock, ...), until 6.4: it may have to wait for room. */
KITH_ENTRY(kith_unix_sending_page)
{
	use(READ_ONCE(KITH_ARGUMENT(regs, 0, struct socket *)->sk), true);
}

/*
 * skb_append_pagefrags(skb, page, offset, size): then, with the state of its peer locked,
 * it is sent, but for one that takes no more pages.
 */
KITH_ENTRY(kith_unix_page_appended)
{
	struct sk_buff *skb = KITH_ARGUMENT(regs, 0, struct sk_buff *);
	int frags = skb_shinfo(skb)->nr_frags;
	struct kith_socket *socket;

	if (!skb->sk || skb->sk->sk_family != AF_UNIX)
		return;
	if (frags >= MAX_SKB_FRAGS &&
	    !skb_can_coalesce(skb, frags, KITH_ARGUMENT(regs, 1, struct page *),
			      KITH_ARGUMENT(regs, 2, int)))
		return;
	socket = kith_socket_find(skb->sk);
	if (socket)
		atomic64_add(KITH_ARGUMENT(regs, 3, size_t), &socket->sent);
}

/* skb_splice_from_iter(skb, iter, most, ...), since 6.5: what is spliced is not copied. */
KITH_ENTRY(kith_unix_spliced)
{
	const struct sk_buff *skb = KITH_ARGUMENT(regs, 0, struct sk_buff *);
	struct sock *sk = skb->sk;
	const struct iov_iter *iter = KITH_ARGUMENT(regs, 1, struct iov_iter *);

	if (sk && sk->sk_family == AF_UNIX)
		send(sk, skb,
		     min_t(size_t, iov_iter_count(iter), KITH_ARGUMENT(regs, 2, ssize_t)));
}

/* unix_stream_recvmsg(sock, ...), unix_stream_splice_read(sock, ...) */
KITH_ENTRY(kith_unix_receiving)
{
	use(READ_ONCE(KITH_ARGUMENT(regs, 0, struct socket *)->sk), false);
}

static struct kith_socket *new_peer(struct kith_socket *hub, const struct kith_socket *other,
				    enum kith_side side)
{
	struct kith_socket *peer = kith_socket_add_peer(hub, (uintptr_t)other, side);

	if (peer)
		peer->opener = hub->opener;
	return peer;
}

static struct kith_socket *find_peer(const struct kith_socket *hub,
				     const struct kith_socket *other)
{
	return kith_socket_find_peer(hub, (uintptr_t)other, &in6addr_any, 0);
}

static void acquaint(struct kith_socket *from, struct kith_socket *to, u64 holder)
{
	struct kith_socket *client = new_peer(from, to, KITH_CLIENT), *server;

	if (!client)
		return;
	server = new_peer(to, from, KITH_SERVER);
	if (!server) {
		kith_socket_drop(client);
		return;
	}
	kith_socket_marry(client, server);
	server->owner = holder;
	server->name = kith_name_get(to->name);
	kith_socket_publish_pair(client, server, kith_datagram_enter);
}

/* The conversation of @from with @to, which is there already or begins. */
static struct kith_socket *obtain_peer(struct kith_socket *from, struct kith_socket *to,
				       u64 holder)
{
	struct kith_socket *peer = find_peer(from, to);

	if (peer)
		return peer;
	spin_lock(&introduction);
	if (!find_peer(from, to))
		acquaint(from, to, holder);
	spin_unlock(&introduction);
	return find_peer(from, to);
}

/*
 * security_unix_may_send(sock, other): a datagram is about to go there, or will. The
 * other's state is locked.
 */
KITH_ENTRY(kith_unix_may_send)
{
	const struct socket *there = KITH_ARGUMENT(regs, 1, struct socket *);
	const struct sock *sk = READ_ONCE(KITH_ARGUMENT(regs, 0, struct socket *)->sk);
	const struct sock *other = there ? READ_ONCE(there->sk) : NULL;
	struct kith_socket *from, *to, *peer;
	u64 user = kith_key(current);

	if (!sk || !other || sk == other || sk->sk_type != SOCK_DGRAM)
		return;
	from = kith_datagram_hub(sk, KITH_PROTOCOL_UNIX_DGRAM, user);
	to = kith_datagram_hub(other, KITH_PROTOCOL_UNIX_DGRAM, 0);
	if (!from || !to)
		return;
	set_name(to, other);
	peer = obtain_peer(from, to, holder_of_peer(sk));
	if (peer)
		kith_use(peer, user);
}

static void deliver(struct kith_socket *to, u32 bytes)
{
	kith_datagram_received(to, bytes, 1);
	if (to->other)
		kith_datagram_sent(to->other, bytes, 1);
}

/* The entry that a packet belongs to, which @sk has got. */
static struct kith_socket *receiver_of(const struct sock *sk, const struct sk_buff *skb)
{
	struct kith_socket *socket = kith_socket_find(sk), *from;

	if (!socket || !kith_socket_is_hub(socket))
		return socket;
	from = skb->sk ? kith_socket_find(skb->sk) : NULL;
	return from ? find_peer(socket, from) : NULL;
}

/* skb_free_datagram(sk, skb): it was taken out of the queue, or, if it is there, peeked at. */
KITH_ENTRY(kith_unix_taken)
{
	const struct sock *sk = KITH_ARGUMENT(regs, 0, struct sock *);
	const struct sk_buff *skb = KITH_ARGUMENT(regs, 1, struct sk_buff *);
	struct kith_socket *socket;

	/* Streams come here when they are accepted. */
	if (sk->sk_family != AF_UNIX || sk->sk_type == SOCK_STREAM || skb->next)
		return;
	socket = receiver_of(sk, skb);
	if (!socket)
		return;
	kith_use(socket, kith_key(current));
	deliver(socket, skb->len);
}

/* What has come counts, even if nobody will read it. */
static void take_unread(struct sock *sk)
{
	struct sk_buff_head *queue = &sk->sk_receive_queue;
	struct kith_socket *socket;
	const struct sk_buff *skb;
	unsigned int looks = 0;

	spin_lock(&queue->lock);
	skb_queue_walk(queue, skb) {
		socket = receiver_of(sk, skb);
		if (socket)
			deliver(socket, skb->len);
		if (++looks == UNREAD_MAX)
			break;
	}
	spin_unlock(&queue->lock);
}

/* It ends when all that it has sent was taken; its address goes now. */
static void close_hub(struct kith_socket *hub)
{
	unsigned long flags;

	flags = kith_socket_lock(hub);
	if (!hub->finished)
		set_name(hub, hub->sk);
	hub->gone = true;
	kith_socket_unlock(hub, flags);
}

/* unix_release_sock(sk, embryo) */
KITH_ENTRY(kith_unix_released)
{
	struct sock *sk = KITH_ARGUMENT(regs, 0, struct sock *);
	struct kith_socket *socket = kith_socket_find(sk);
	u64 unread = 0;

	if (!socket)
		return;
	if (sk->sk_type == SOCK_STREAM)
		unread = kith_delivery_end(socket, sk);
	else if (socket->role != KITH_LISTENS)
		take_unread(sk);
	if (kith_socket_is_hub(socket))
		close_hub(socket);
	else
		kith_connection_finish(socket, 0, unread);
}

void kith_unix_found(struct sock *sk, u64 user)
{
	struct kith_socket *socket = kith_socket_find(sk);

	if (!socket && sk->sk_type == SOCK_DGRAM)
		socket = kith_datagram_hub(sk, KITH_PROTOCOL_UNIX_DGRAM, user);
	else if (!socket && sk->sk_state == TCP_LISTEN)
		listens(sk, user, true);
	else if (!socket)
		socket = meet(sk, user, false);
	/* Of several holders, the youngest: it was made to serve it. */
	if (socket && socket->role == KITH_TALKS && socket->found)
		WRITE_ONCE(socket->owner, user);
	if (socket && kith_socket_is_hub(socket))
		kith_datagram_found(socket, user);
}

struct kith_moved kith_unix_count(const struct kith_socket *socket)
{
	const struct kith_socket *other = socket->other;

	return (struct kith_moved){
		.sent = atomic64_read(&socket->sent),
		.received = other ? atomic64_read(&other->sent) : 0,
	};
}

static bool has_moved(const struct kith_socket *socket)
{
	return atomic64_read(&socket->sent) || atomic64_read(&socket->received) ||
	       atomic64_read(&socket->datagrams_sent) ||
	       atomic64_read(&socket->datagrams_received);
}

bool kith_unix_is_silent(const struct kith_socket *socket)
{
	const struct kith_socket *other = socket->other;
	bool named = socket->name || (other && other->name);

	if (named && socket->protocol != KITH_PROTOCOL_UNIX_DGRAM)
		return false;
	return !has_moved(socket) && !(other && has_moved(other));
}

bool kith_unix_listens(struct kith_socket *hub)
{
	/* An address goes before the hook at the end of its socket. */
	if (!hub->gone && kith_hook_attached(KITH_AT_UNIX_RELEASE))
		set_name(hub, hub->sk);
	return READ_ONCE(hub->name);
}
