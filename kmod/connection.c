// SPDX-License-Identifier: GPL-2.0-only
/*
 * Conversations and listeners: when they are told of, and how.
 *
 * One that is short is told of once, when both ends are finished. Of one that goes
 * on the sweep tells, and again when it has moved bytes.
 */
#include "connection.h"

#include "datagram.h"
#include "family.h"
#include "genl.h"
#include "hook.h"
#include "item.h"
#include "pipe.h"
#include "ring.h"
#include "sink.h"
#include "stream.h"
#include "tcp.h"
#include "udp.h"
#include "unix.h"
#include "use.h"

#include <linux/delay.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <net/genetlink.h>
#include <net/tcp_states.h>

enum {
	/* Reports wait, a while, for a ring that is more than half full. */
	ROOM_NAPS = 100,
	ROOM_NAP_MS = 10,
	DUMP_BYTES = 32 * 1024,
	DUMP_MESSAGE_BYTES = DUMP_BYTES + 256,
};

/* What goes on is told of again after so long. */
#define AGAIN_NS (60 * NSEC_PER_SEC)

/*
 * The end of one end is not the end of it: the other may not have been made yet,
 * since a client knows before the server does.
 */
#define LINGER_NS NSEC_PER_SEC

/* Ends that have not met by then meet by their addresses. */
#define MEET_NS (3 * NSEC_PER_SEC)

/* A clock that hooks can read may be some ns ahead of the others. */
static bool is_older(u64 since, u64 now, u64 age)
{
	return (s64)(now - since) > (s64)age;
}

/* Set while the module goes: sockets may end without our being told. */
static bool closed;

void kith_connection_close(void)
{
	WRITE_ONCE(closed, true);
	synchronize_rcu();
}

static void put_end(struct kith_end *end, struct kith_socket *socket)
{
	u64 sent, received;

	kith_use_count(socket, &sent, &received);
	/* Of a Unix stream it would have to be known how much is not read yet. */
	if (socket->protocol != KITH_PROTOCOL_UNIX_STREAM)
		kith_use_credit(socket, sent, received, false);
	end->process = kith_use_process(socket);
	end->opener = socket->opener;
	end->sent = sent;
	end->received = received;
	memcpy(end->addr, &socket->tuple.addr, sizeof(end->addr));
	memcpy(end->peer_addr, &socket->tuple.peer_addr, sizeof(end->peer_addr));
	end->port = socket->tuple.port;
	end->peer_port = socket->tuple.peer_port;
	end->netns = socket->tuple.netns;
}

/* A socket that is connected to itself is both ends. */
static void put_self(struct kith_connection *body, struct kith_socket *socket)
{
	struct kith_end *end = &body->ends[KITH_SERVER];

	*end = body->ends[KITH_CLIENT];
	end->sent = body->ends[KITH_CLIENT].received;
	end->received = body->ends[KITH_CLIENT].sent;
	body->flags |= KITH_CONNECTION_SERVER;
}

static bool is_self(const struct kith_socket *socket)
{
	const struct kith_tuple *tuple = &socket->tuple;

	return tuple->port && !socket->other && socket->established && socket->side == KITH_CLIENT &&
	       tuple->port == tuple->peer_port &&
	       ipv6_addr_equal(&tuple->addr, &tuple->peer_addr);
}

static void put_ends(struct kith_connection *body, struct kith_socket *socket)
{
	struct kith_socket *ends[KITH_SIDES] = {};
	unsigned int side;

	ends[socket->side] = socket;
	if (socket->other)
		ends[socket->other->side] = socket->other;
	for (side = 0; side < KITH_SIDES; side++) {
		if (!ends[side])
			continue;
		body->flags |= KITH_CONNECTION_CLIENT << side;
		put_end(&body->ends[side], ends[side]);
	}
	if (is_self(socket))
		put_self(body, socket);
}

static void put_uses(struct kith_sink *sink, struct kith_socket *socket, u64 id)
{
	const struct kith_usage *uses = kith_uses(socket), *mainly;
	unsigned int i;

	if (socket->use_count <= 1)
		return;
	mainly = kith_use_main(socket);
	for (i = 0; i < socket->use_count; i++) {
		struct kith_record *record;
		struct kith_use *body;

		if (&uses[i] == mainly)
			continue;
		record = kith_sink_begin(sink, KITH_RECORD_USE, sizeof(*body), 0);
		if (!record)
			return;
		body = kith_body(record);
		body->id = id;
		body->user = uses[i].user;
		body->sent = uses[i].sent;
		body->received = uses[i].received;
		body->first = uses[i].first;
		body->last = uses[i].last;
		body->side = socket->side;
		kith_sink_end(sink, record);
	}
}

/* Something that differs when what is told does. */
static u64 mark_of(const struct kith_connection *body)
{
	u64 mark = body->flags;
	unsigned int side;

	for (side = 0; side < KITH_SIDES; side++)
		mark += body->ends[side].sent + body->ends[side].received +
			body->ends[side].process;
	return mark;
}

/* The end that a conversation is told of by: the one that was there first. */
static struct kith_socket *first_of(struct kith_socket *socket)
{
	struct kith_socket *other = socket->other;

	return other && other->side == KITH_CLIENT ? other : socket;
}

static void fill(struct kith_connection *body, struct kith_socket *socket, u64 ended)
{
	memset(body, 0, sizeof(*body));
	body->id = socket->id;
	body->started = socket->found ? 0 : socket->started;
	body->ended = ended;
	body->client_isn = socket->isn[KITH_CLIENT];
	body->server_isn = socket->isn[KITH_SERVER];
	body->protocol = socket->protocol;
	body->error = socket->error;
	if (socket->other && !body->error)
		body->error = socket->other->error;
	if (socket->established)
		body->flags |= KITH_CONNECTION_ESTABLISHED;
	if (socket->other && socket->by_tuple)
		body->flags |= KITH_CONNECTION_BY_TUPLE;
	if (socket->found)
		body->flags |= KITH_CONNECTION_FOUND;
	put_ends(body, socket);
}

static const struct kith_name *name_of(const struct kith_socket *socket)
{
	const struct kith_name *name = READ_ONCE(socket->name);

	return name || !socket->other ? name : READ_ONCE(socket->other->name);
}

static bool has_datagrams(const struct kith_socket *socket)
{
	return socket->protocol == KITH_PROTOCOL_UDP ||
	       socket->protocol == KITH_PROTOCOL_UNIX_DGRAM ||
	       socket->protocol == KITH_PROTOCOL_UNIX_SEQPACKET;
}

static void put_datagrams_of(struct kith_datagrams *item, const struct kith_socket *socket)
{
	item->sent[socket->side] = atomic64_read(&socket->datagrams_sent);
	item->received[socket->side] = atomic64_read(&socket->datagrams_received);
}

static void put_datagrams(struct kith_writer *writer, const struct kith_socket *socket)
{
	struct kith_datagrams *item = kith_put_head(writer, KITH_ITEM_DATAGRAMS,
						    sizeof(*item));
	struct kith_datagrams datagrams = {};

	put_datagrams_of(&datagrams, socket);
	if (socket->other)
		put_datagrams_of(&datagrams, socket->other);
	if (is_self(socket)) {
		datagrams.sent[KITH_SERVER] = datagrams.received[KITH_CLIENT];
		datagrams.received[KITH_SERVER] = datagrams.sent[KITH_CLIENT];
	}
	memcpy(item, &datagrams, sizeof(datagrams));
}

/* Return: was there room? */
static bool tell_connection(struct kith_sink *sink, struct kith_socket *socket,
			    const struct kith_connection *body)
{
	const struct kith_name *name = name_of(socket);
	size_t datagrams = has_datagrams(socket) ? sizeof(struct kith_datagrams) : 0;
	struct kith_record *record;
	struct kith_writer writer;

	record = kith_sink_begin(sink, KITH_RECORD_CONNECTION, sizeof(*body),
		       kith_item_space(name ? name->size : 0) + kith_item_space(datagrams));
	if (!record)
		return false;
	memcpy(kith_body(record), body, sizeof(*body));
	writer = kith_writer(record);
	if (name)
		kith_put(&writer, KITH_ITEM_SOCKET_NAME, name->text, name->size);
	if (datagrams)
		put_datagrams(&writer, socket);
	kith_sink_end(sink, record);
	put_uses(sink, socket, body->id);
	if (socket->other)
		put_uses(sink, socket->other, body->id);
	return true;
}

/* Return: was there room? */
static bool tell_listener(struct kith_sink *sink, const struct kith_socket *socket, u64 ended)
{
	const struct kith_name *name = READ_ONCE(socket->name);
	struct kith_listener *body;
	struct kith_record *record;
	struct kith_writer writer;

	record = kith_sink_begin(sink, KITH_RECORD_LISTENER, sizeof(*body),
		       kith_item_space(name ? name->size : 0));
	if (!record)
		return false;
	body = kith_body(record);
	body->id = socket->id;
	body->process = socket->opener;
	body->started = socket->found ? 0 : socket->started;
	body->ended = ended;
	memcpy(body->addr, &socket->tuple.addr, sizeof(body->addr));
	body->port = socket->tuple.port;
	body->protocol = socket->protocol;
	body->netns = socket->tuple.netns;
	writer = kith_writer(record);
	if (name)
		kith_put(&writer, KITH_ITEM_SOCKET_NAME, name->text, name->size);
	kith_sink_end(sink, record);
	return true;
}

/* Does it listen, as far as is known now? A TCP port may be chosen late. */
static bool is_listening(struct kith_socket *socket)
{
	if (kith_socket_is_hub(socket) && socket->finished)
		return socket->reported;
	switch (socket->protocol) {
	case KITH_PROTOCOL_TCP:
		if (!socket->finished)
			kith_tcp_name(socket);
		return socket->tuple.port;
	case KITH_PROTOCOL_UDP:
		return kith_udp_listens(socket);
	case KITH_PROTOCOL_UNIX_DGRAM:
		return kith_unix_listens(socket);
	default:
		return true;
	}
}

/* Nothing that anybody could want to know of: a pair that was not used, say. */
static bool is_silent(const struct kith_socket *socket)
{
	return !socket->tuple.port && kith_unix_is_silent(socket);
}

/* Tell of what is over, and forget it. */
static void conclude(struct kith_socket *socket)
{
	struct kith_socket *other = socket->other;
	struct kith_connection body;
	struct kith_sink ring = {};
	u64 ended = socket->ended;

	if (other && other->ended > ended)
		ended = other->ended;
	if (socket->role != KITH_TALKS) {
		if (is_listening(socket))
			tell_listener(&ring, socket, ended);
	} else if (!is_silent(socket)) {
		fill(&body, first_of(socket), ended);
		tell_connection(&ring, socket, &body);
	}
	if (other)
		kith_socket_free(other);
	if (kith_socket_is_hub(socket))
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
	       (!is_older(socket->established, socket->ended, LINGER_NS) ||
		kith_datagram_lingers(socket));
}

/* These are its final figures; nobody finds it any more. */
static void retire(struct kith_socket *socket, u64 unread)
{
	u64 now = ktime_get_boot_fast_ns(), sent, received;

	kith_use_count(socket, &sent, &received);
	if (socket->role == KITH_TALKS)
		kith_use_credit(socket, sent, received - min(received, unread), false);
	if (socket->protocol == KITH_PROTOCOL_TCP) {
		atomic64_set(&socket->sent, sent);
		atomic64_set(&socket->received, received);
	}
	socket->ended = now;
	if (!kith_socket_is_hub(socket) && socket->hub)
		socket->ended = kith_datagram_ended(socket, now);
	socket->finished = true;
	kith_socket_forget(socket);
	kith_datagram_leave(socket);
}

void kith_connection_finish(struct kith_socket *socket, int error, u64 unread)
{
	struct kith_socket *other;
	unsigned long flags;

	kith_socket_lock(socket, &flags);
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
		conclude(socket);
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
	unsigned long flags;

	kith_socket_lock(socket, &flags);
	if (socket->finished || !is_stillborn(socket)) {
		kith_socket_unlock(socket, flags);
		kith_connection_finish(socket, 0, 0);
		return;
	}
	socket->finished = true;
	kith_socket_forget(socket);
	kith_socket_part(socket);
	kith_socket_free(socket);
	kith_socket_unlock(socket, flags);
}

struct reporter {
	struct kith_sink ring;
	u64 now;
	bool all;   /* not only what is due */
	bool heard; /* there is a subscriber */
};

/* Young ones that have not met: a number that is told cannot be taken back. */
static bool may_meet(const struct kith_socket *socket, u64 now)
{
	return socket->protocol == KITH_PROTOCOL_TCP && socket->established &&
	       !socket->other && !socket->by_tuple && !is_older(socket->established, now, MEET_NS);
}

/* Is this the end to tell of its conversation by, while that goes on? */
static bool is_speaker(const struct kith_socket *socket)
{
	const struct kith_socket *other = socket->other;

	return !other || other->finished || socket->side == KITH_CLIENT;
}

static bool is_due(const struct reporter *reporter, const struct kith_socket *socket)
{
	if (may_meet(socket, reporter->now))
		return false;
	if (reporter->all)
		return true;
	if (!socket->reported)
		return is_older(socket->started, reporter->now, NSEC_PER_SEC);
	return is_older(socket->reported, reporter->now, AGAIN_NS);
}

static void report_connection(struct reporter *reporter, struct kith_socket *socket)
{
	struct kith_socket *first = first_of(socket);
	struct kith_connection body;

	if (is_silent(socket))
		return;
	fill(&body, first, 0);
	if (socket->reported && mark_of(&body) == socket->told)
		return;
	if (!tell_connection(&reporter->ring, socket, &body))
		return;
	socket->told = mark_of(&body);
	socket->reported = reporter->now;
	if (socket->other)
		socket->other->reported = reporter->now;
}

static void report_open(struct reporter *reporter, struct kith_socket *socket)
{
	if (!reporter->heard || !is_due(reporter, socket))
		return;
	if (socket->role == KITH_TALKS) {
		report_connection(reporter, socket);
	} else if (!socket->reported) {
		if (is_listening(socket) && tell_listener(&reporter->ring, socket, 0))
			socket->reported = reporter->now;
	}
}

/*
 * Has it waited in vain for its other end, which sees the same sequence numbers?
 * Asked without the lock: kith_socket_join() looks again.
 */
static bool is_lonely(const struct kith_socket *socket, u64 now)
{
	u64 established = READ_ONCE(socket->established);

	if (socket->protocol != KITH_PROTOCOL_TCP)
		return false;
	return established && !READ_ONCE(socket->other) && !READ_ONCE(socket->by_tuple) &&
	       is_older(established, now, MEET_NS);
}

static bool look(struct kith_socket *socket, void *reporter_)
{
	struct reporter *reporter = reporter_;
	unsigned long flags;

	if (kith_datagram_is_over(socket, reporter->all)) {
		kith_connection_finish(socket, 0, 0);
		return true;
	}
	if (is_lonely(socket, reporter->now))
		kith_socket_join_by_tuple(socket);
	kith_socket_lock(socket, &flags);
	if (!socket->finished && is_speaker(socket))
		report_open(reporter, socket);
	kith_socket_unlock(socket, flags);
	return true;
}

/* Its other end has not come. */
static bool look_at_finished(struct kith_socket *socket, void *reporter_)
{
	const struct reporter *reporter = reporter_;

	/* Without room later: it has waited, and can. */
	if (reporter->heard && !kith_ring_has_room(KITH_RING_LOW))
		return false;
	if (is_older(socket->ended, reporter->now, LINGER_NS) && !kith_datagram_lingers(socket))
		conclude(socket);
	return true;
}

static void look_at(struct reporter *reporter, unsigned int bucket)
{
	reporter->now = ktime_get_boottime_ns();
	kith_hook_enter();
	if (!READ_ONCE(closed)) {
		kith_socket_walk(bucket, look, reporter);
		kith_socket_walk_finished(bucket, look_at_finished, reporter);
	}
	kith_hook_leave();
	cond_resched();
}

/*
 * Nothing may be lost for reports that can wait. But whoever does not fetch what is
 * there must not hold up the sweep: then the next one goes on from here.
 */
static bool wait_for_room(unsigned int *naps)
{
	while (!kith_ring_has_room(KITH_RING_LOW)) {
		if (++*naps > ROOM_NAPS)
			return false;
		kith_stream_flush();
		msleep(ROOM_NAP_MS);
	}
	return true;
}

void kith_connection_report(void)
{
	static unsigned int next;
	struct reporter reporter = { .heard = kith_stream_subscriber() };
	unsigned int i, naps = 0, buckets = kith_socket_buckets();

	for (i = 0; i < buckets; i++, next = (next + 1) % buckets) {
		if (kith_socket_bucket_is_empty(next))
			continue;
		if (reporter.heard && !wait_for_room(&naps))
			return;
		look_at(&reporter, next);
	}
	if (reporter.heard)
		kith_pipe_report(false);
}

/* Not even a moment: while this command waits, nobody can acknowledge. */
void kith_connection_flush(void)
{
	struct reporter reporter = { .all = true, .heard = kith_stream_subscriber() };
	unsigned int i;

	for (i = 0; i < kith_socket_buckets(); i++) {
		if (kith_socket_bucket_is_empty(i))
			continue;
		if (!kith_ring_has_room(KITH_RING_LOW))
			return;
		look_at(&reporter, i);
	}
	if (reporter.heard)
		kith_pipe_report(true);
	kith_family_report();
}

/* One of GET_SOCKETS. */
static bool show(struct kith_socket *socket, void *sink_)
{
	struct kith_sink *sink = sink_;
	struct kith_connection body;
	unsigned long flags;

	kith_socket_lock(socket, &flags);
	if (socket->finished || !is_speaker(socket) ||
	    may_meet(socket, ktime_get_boot_fast_ns()))
		goto out;
	if (socket->role != KITH_TALKS) {
		if (is_listening(socket))
			tell_listener(sink, socket, 0);
	} else if (!is_silent(socket)) {
		fill(&body, first_of(socket), 0);
		tell_connection(sink, socket, &body);
	}
out:
	kith_socket_unlock(socket, flags);
	return !sink->full;
}

static void show_bucket(unsigned long bucket, struct kith_sink *sink)
{
	kith_hook_enter();
	if (bucket >= kith_socket_buckets())
		kith_pipe_show(bucket - kith_socket_buckets(), sink);
	else if (!READ_ONCE(closed))
		kith_socket_walk(bucket, show, sink);
	kith_hook_leave();
}

/*
 * As many buckets as fit. One that does not fit alone is told as far as it goes:
 * a hundred conversations in one bucket of four are not to be expected.
 */
static size_t show_buckets(unsigned long *bucket, u8 *buffer, size_t size)
{
	struct kith_sink sink = { .at = buffer, .room = size };

	for (; *bucket < kith_socket_buckets() + KITH_PIPE_BUCKETS; ++*bucket) {
		struct kith_sink before = sink;

		show_bucket(*bucket, &sink);
		if (!sink.full)
			continue;
		if (before.at != buffer)
			return before.at - buffer;
		sink.full = false;
	}
	return sink.at - buffer;
}

int kith_connection_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	unsigned long bucket = cb->args[0];
	struct nlattr *attribute;
	void *header;
	u8 *buffer;
	size_t size;

	buffer = kvmalloc(DUMP_BYTES, GFP_KERNEL);
	if (!buffer)
		return -ENOMEM;
	size = show_buckets(&bucket, buffer, DUMP_BYTES);
	cb->args[0] = bucket;
	if (!size)
		goto out;
	header = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			     &kith_genl_family, NLM_F_MULTI, KITH_CMD_GET_SOCKETS);
	attribute = header ? nla_reserve(skb, KITH_A_RECORDS, size) : NULL;
	if (!attribute) {
		kvfree(buffer);
		return -EMSGSIZE;
	}
	memcpy(nla_data(attribute), buffer, size);
	genlmsg_end(skb, header);
out:
	kvfree(buffer);
	return skb->len;
}

int kith_connection_dump_start(struct netlink_callback *cb)
{
	cb->min_dump_alloc = DUMP_MESSAGE_BYTES;
	return 0;
}
