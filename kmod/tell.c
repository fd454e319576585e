// SPDX-License-Identifier: GPL-2.0-only
/* Records of conversations and listeners. */
#include "tell.h"

#include "item.h"
#include "tcp.h"
#include "udp.h"
#include "unix.h"
#include "use.h"

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

	return tuple->port && !socket->other && socket->established &&
	       socket->side == KITH_CLIENT &&
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

void kith_tell_fill(struct kith_connection *body, struct kith_socket *end, u64 ended)
{
	struct kith_socket *socket = first_of(end);

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

bool kith_tell_connection(struct kith_sink *sink, struct kith_socket *socket,
			  const struct kith_connection *body)
{
	const struct kith_name *name = name_of(socket);
	size_t datagrams = has_datagrams(socket) ? sizeof(struct kith_datagrams) : 0;
	struct kith_record *record;
	struct kith_writer writer;

	record = kith_sink_begin(sink, KITH_RECORD_CONNECTION, sizeof(*body),
				 kith_item_space(name ? name->size : 0) +
					 kith_item_space(datagrams));
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
	struct kith_connection body;

	if (socket->role != KITH_TALKS) {
		if (kith_tell_listens(socket))
			kith_tell_listener(sink, socket, ended);
	} else if (!kith_tell_is_silent(socket)) {
		kith_tell_fill(&body, socket, ended);
		kith_tell_connection(sink, socket, &body);
	}
}
