// SPDX-License-Identifier: GPL-2.0-only
/* Records of conversations and listeners. */
#include "tell.h"

#include "item.h"
#include "tcp.h"
#include "udp.h"
#include "unix.h"
#include "use.h"

#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/timekeeping.h>

static void put_end(struct kith_connection *body, struct kith_socket *socket)
{
	struct kith_end *end = &body->ends[socket->side];
	struct kith_moved moved = kith_use_count(socket);

	body->flags |= KITH_CONNECTION_CLIENT << socket->side;
	/* Of a Unix stream it would have to be known how much is not read yet. */
	if (socket->protocol != KITH_PROTOCOL_UNIX_STREAM)
		kith_use_credit(socket, moved, 0);
	end->process = kith_use_process(socket);
	end->opener = socket->opener;
	end->sent = moved.sent;
	end->received = moved.received;
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

	return !socket->other && tuple->port && socket->established &&
	       socket->side == KITH_CLIENT &&
	       tuple->port == tuple->peer_port &&
	       ipv6_addr_equal(&tuple->addr, &tuple->peer_addr);
}

static void put_uses(struct kith_sink *sink, struct kith_socket *socket, u64 id)
{
	const struct kith_usage *uses = kith_uses(socket), *mainly;
	u64 now = ktime_get_boot_fast_ns();
	unsigned int i;

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
		body->first = max(now - jiffies_to_nsecs(jiffies - uses[i].first),
				  socket->started);
		body->last = now - jiffies_to_nsecs(jiffies - uses[i].last);
		body->side = socket->side;
		kith_sink_end(sink, record);
	}
}

u64 kith_tell_mark(const struct kith_connection *body)
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

/*
 * Two that met by their addresses may turn out to have the same numbers: of two sockets
 * that two ACKs made of one request, the one that stayed had come second, and waited.
 */
static bool is_by_tuple(const struct kith_socket *socket, const struct kith_socket *other)
{
	if (!socket->by_tuple)
		return false;
	return socket->protocol != KITH_PROTOCOL_TCP || socket->found || other->found ||
	       memcmp(socket->isn, other->isn, sizeof(socket->isn));
}

/* @body is zeroed. */
static void fill(struct kith_connection *body, struct kith_socket *end, u64 ended)
{
	struct kith_socket *socket = first_of(end), *other = socket->other;

	body->id = socket->id;
	body->started = socket->found ? 0 : socket->started;
	body->ended = ended;
	body->client_isn = socket->isn[KITH_CLIENT];
	body->server_isn = socket->isn[KITH_SERVER];
	body->protocol = socket->protocol;
	body->error = socket->error;
	if (socket->established)
		body->flags |= KITH_CONNECTION_ESTABLISHED;
	if (socket->found)
		body->flags |= KITH_CONNECTION_FOUND;
	put_end(body, socket);
	if (is_self(socket))
		put_self(body, socket);
	if (!other)
		return;
	if (!body->error)
		body->error = other->error;
	if (is_by_tuple(socket, other))
		body->flags |= KITH_CONNECTION_BY_TUPLE;
	put_end(body, other);
}

void kith_tell_fill(struct kith_connection *body, struct kith_socket *end, u64 ended)
{
	memset(body, 0, sizeof(*body));
	fill(body, end, ended);
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

static noinline_for_stack void put_datagrams(struct kith_datagrams *item,
					     const struct kith_socket *socket)
{
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

/* @body: what it is told to be; NULL: as it stands, see kith_tell_fill(). */
static bool tell(struct kith_sink *sink, struct kith_socket *socket,
		 const struct kith_connection *body, u64 ended)
{
	const struct kith_name *name = name_of(socket);
	size_t datagrams = has_datagrams(socket) ? sizeof(struct kith_datagrams) : 0;
	struct kith_record *record;
	struct kith_writer writer;
	u64 id;

	record = kith_sink_begin(sink, KITH_RECORD_CONNECTION, sizeof(*body),
				 kith_item_space(name ? name->size : 0) +
					 kith_item_space(datagrams));
	if (!record)
		return false;
	if (body)
		memcpy(kith_body(record), body, sizeof(*body));
	else
		fill(kith_body(record), socket, ended);
	id = ((struct kith_connection *)kith_body(record))->id;
	writer = kith_writer(record);
	if (name)
		kith_put(&writer, KITH_ITEM_SOCKET_NAME, name->text, name->size);
	if (datagrams)
		put_datagrams(kith_put_head(&writer, KITH_ITEM_DATAGRAMS, datagrams),
			      socket);
	kith_sink_end(sink, record);
	if (socket->use_count > 1)
		put_uses(sink, socket, id);
	if (socket->other && socket->other->use_count > 1)
		put_uses(sink, socket->other, id);
	return true;
}

bool kith_tell_connection(struct kith_sink *sink, struct kith_socket *socket,
			  const struct kith_connection *body)
{
	return tell(sink, socket, body, 0);
}

bool kith_tell_listener(struct kith_sink *sink, const struct kith_socket *socket, u64 ended)
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

bool kith_tell_listens(struct kith_socket *socket)
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

bool kith_tell_is_silent(const struct kith_socket *socket)
{
	return !socket->tuple.port && kith_unix_is_silent(socket);
}

void kith_tell(struct kith_sink *sink, struct kith_socket *socket, u64 ended)
{
	if (socket->role != KITH_TALKS) {
		if (kith_tell_listens(socket))
			kith_tell_listener(sink, socket, ended);
	} else if (!kith_tell_is_silent(socket)) {
		tell(sink, socket, NULL, ended);
	}
}
