// SPDX-License-Identifier: GPL-2.0-only
/* Records of conversations, of who takes part in them, and of who listens. */
#include "apply.h"

#include "address.h"

#include <errno.h>
#include <string.h>

enum { BOTH_ENDS = CONNECTION_CLIENT | CONNECTION_SERVER };

/* More than a socket moves in its life. */
static int64_t bytes_of(uint64_t bytes)
{
	return bytes > INT64_MAX ? INT64_MAX : (int64_t)bytes;
}

static int64_t max(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* What the database keeps of the module's flags. */
static uint32_t flags_of(const struct kith_connection *body)
{
	uint32_t flags = 0;

	if (body->flags & KITH_CONNECTION_CLIENT)
		flags |= CONNECTION_CLIENT;
	if (body->flags & KITH_CONNECTION_SERVER)
		flags |= CONNECTION_SERVER;
	if (body->flags & KITH_CONNECTION_ESTABLISHED)
		flags |= CONNECTION_ESTABLISHED;
	if (body->flags & KITH_CONNECTION_BY_TUPLE && (flags & BOTH_ENDS) == BOTH_ENDS)
		flags |= CONNECTION_BY_TUPLE;
	if (!body->started)
		flags |= CONNECTION_INCOMPLETE;
	return flags;
}

/*
 * The ends as they are, and where one is not known, as the other takes it to be.
 * At least one is.
 */
static void set_route(const struct kith_connection *body, struct route *route,
		      struct store_connection *row)
{
	const struct kith_end *client = &body->ends[KITH_CLIENT];
	const struct kith_end *server = &body->ends[KITH_SERVER];
	const bool has_client = row->flags & CONNECTION_CLIENT;
	const bool has_server = row->flags & CONNECTION_SERVER;

	memcpy(route->client_addr, has_client ? client->addr : server->peer_addr,
	       ADDRESS_BYTES);
	memcpy(route->server_addr, has_server ? server->addr : client->peer_addr,
	       ADDRESS_BYTES);
	memcpy(route->dialled_addr, has_client ? client->peer_addr : server->addr,
	       ADDRESS_BYTES);
	memcpy(route->seen_addr, has_server ? server->peer_addr : client->addr,
	       ADDRESS_BYTES);
	route->client_netns = has_client ? client->netns : 0;
	route->server_netns = has_server ? server->netns : 0;
	route->server_port = has_server ? server->port : client->peer_port;
	route->dialled_port = has_client ? client->peer_port : server->port;
	route->protocol = body->protocol;
	row->client_port = has_client ? client->port : server->peer_port;
	row->seen_port = has_server ? server->peer_port : client->port;
}

/* What came is what the receiver counts; without him, what the sender knows to have come. */
static void set_bytes(const struct kith_connection *body, struct store_connection *row)
{
	const struct kith_end *client = &body->ends[KITH_CLIENT];
	const struct kith_end *server = &body->ends[KITH_SERVER];

	row->to_server = bytes_of(row->flags & CONNECTION_SERVER ? server->received :
								    client->sent);
	row->to_client = bytes_of(row->flags & CONNECTION_CLIENT ? client->received :
								    server->sent);
}

/* Who uses an end, and who opened it. *container: of the former; 0: not known. */
static int set_process(struct ingest *ingest, const struct record *record,
		       const struct kith_end *end, int64_t *process, int64_t *opener,
		       int64_t *container)
{
	const struct process *user = state_find(&ingest->state, end->process);

	*process = user ? user->id : apply_id(ingest, end->process, record->head.ts);
	*opener = *process;
	if (end->opener != end->process)
		*opener = apply_id(ingest, end->opener, record->head.ts);
	*container = user ? user->context.container : 0;
	return *process < 0 || *opener < 0 ? -ENOMEM : 0;
}

/* In which containers the processes at both ends are; 0: not known. */
struct places {
	int64_t client;
	int64_t server;
};

static int set_processes(struct ingest *ingest, const struct record *record,
			 struct store_connection *row, struct places *places)
{
	const struct kith_connection *body = record->body;
	int ret = 0;

	if (row->flags & CONNECTION_CLIENT)
		ret = set_process(ingest, record, &body->ends[KITH_CLIENT], &row->client,
				  &row->client_opener, &places->client);
	if (!ret && row->flags & CONNECTION_SERVER)
		ret = set_process(ingest, record, &body->ends[KITH_SERVER], &row->server,
				  &row->server_opener, &places->server);
	return ret;
}

/* Is it one container, as a runtime made it? */
static int is_one_container(struct ingest *ingest, const struct places *places, bool *result)
{
	uint64_t client, server;
	int ret;

	*result = false;
	if (!places->client || !places->server)
		return 0;
	ret = dictionary_house(&ingest->dictionary, places->client, &client);
	if (ret || !client)
		return ret;
	server = client;
	if (places->client != places->server)
		ret = dictionary_house(&ingest->dictionary, places->server, &server);
	*result = client == server;
	return ret;
}

/* How far it reaches beyond @end, the only one that is known. */
static enum scope scope_beyond(const struct kith_end *end)
{
	if (address_is_loopback(end->peer_addr) ||
	    !memcmp(end->addr, end->peer_addr, ADDRESS_BYTES))
		return SCOPE_HOST;
	return address_is_private(end->peer_addr) ? SCOPE_PRIVATE : SCOPE_PUBLIC;
}

static int find_scope(struct ingest *ingest, const struct kith_connection *body,
		      uint32_t flags, const struct places *places, enum scope *scope)
{
	bool one = false;
	int ret;

	if ((flags & BOTH_ENDS) != BOTH_ENDS) {
		*scope = scope_beyond(&body->ends[flags & CONNECTION_CLIENT ? KITH_CLIENT :
									      KITH_SERVER]);
		return 0;
	}
	ret = is_one_container(ingest, places, &one);
	*scope = one ? SCOPE_CONTAINER : SCOPE_HOST;
	return ret;
}

/* The row of a record, but for its id, and for when it ended. */
static int make_row(struct ingest *ingest, const struct record *record,
		    struct store_connection *row)
{
	const struct kith_connection *body = record->body;
	uint64_t started = body->started ? body->started : body->ended;
	struct places places = { 0, 0 };
	enum scope scope;
	struct route route;
	int ret;

	*row = (struct store_connection){
		.started = ingest_wall(ingest, started ? started : record->head.ts),
		.isns = (int64_t)((uint64_t)body->client_isn << 32 | body->server_isn),
		.load = ingest->load.id,
		.number = body->ended ? 0 : (int64_t)body->id,
		.flags = flags_of(body),
		.error = body->error,
	};
	set_route(body, &route, row);
	set_bytes(body, row);
	ret = set_processes(ingest, record, row, &places);
	if (!ret)
		ret = find_scope(ingest, body, row->flags, &places, &scope);
	if (ret)
		return ret;
	row->flags |= (uint32_t)scope << CONNECTION_SCOPE_SHIFT;
	row->route = dictionary_route(&ingest->dictionary, &route);
	return row->route < 0 ? (int)row->route : 0;
}

static void set_lasted(struct ingest *ingest, const struct kith_connection *body,
		       struct store_connection *row)
{
	row->lasted = -1;
	if (body->ended)
		row->lasted = max(0, (int64_t)((uint64_t)ingest_wall(ingest, body->ended) -
					       (uint64_t)row->started));
}

static int64_t known(int64_t id, int64_t before)
{
	return id ? id : before;
}

/* An end that was known and is not in @row: what was known of it stands. */
static void keep_ends(struct store_connection *row, const struct store_connection *before)
{
	const uint32_t kept = BOTH_ENDS | CONNECTION_BY_TUPLE;

	if (!(before->flags & BOTH_ENDS & ~row->flags))
		return;
	row->flags |= before->flags & kept;
	row->route = before->route;
	row->client_port = before->client_port;
	row->seen_port = before->seen_port;
	row->to_server = max(row->to_server, before->to_server);
	row->to_client = max(row->to_client, before->to_client);
}

/*
 * @row is later, so it is right; but what it does not know and @before did is kept:
 * another load of the module may have found less of it. It reaches no farther than it
 * ever was known to.
 */
static void merge(struct store_connection *row, const struct store_connection *before)
{
	const uint32_t scope = ~0u << CONNECTION_SCOPE_SHIFT;

	if (!(before->flags & CONNECTION_INCOMPLETE) || row->flags & CONNECTION_INCOMPLETE) {
		row->started = before->started;
		row->flags &= ~(uint32_t)CONNECTION_INCOMPLETE;
		row->flags |= before->flags & CONNECTION_INCOMPLETE;
	}
	row->client = known(row->client, before->client);
	row->server = known(row->server, before->server);
	row->client_opener = known(row->client_opener, before->client_opener);
	row->server_opener = known(row->server_opener, before->server_opener);
	row->isns = known(row->isns, before->isns);
	row->flags |= before->flags & CONNECTION_ESTABLISHED;
	keep_ends(row, before);
	if ((before->flags & scope) < (row->flags & scope))
		row->flags = (row->flags & ~scope) | (before->flags & scope);
}

static struct socket_end end_of(const struct kith_connection *body, enum kith_side side)
{
	const struct kith_end *end = &body->ends[side];
	struct socket_end key = {
		.netns = end->netns,
		.port = end->port,
		.peer_port = end->peer_port,
		.protocol = body->protocol,
		.kind = SOCKET_CONNECTION,
	};

	memcpy(key.addr, end->addr, ADDRESS_BYTES);
	memcpy(key.peer_addr, end->peer_addr, ADDRESS_BYTES);
	return key;
}

/* The row of a conversation that an earlier load of the module has told of; 0: none. */
static int64_t adopt_connection(struct ingest *ingest, const struct kith_connection *body,
				const struct store_connection *row)
{
	struct socket_end ends[KITH_SIDES];
	size_t count = 0;

	if (!(body->flags & KITH_CONNECTION_FOUND))
		return 0;
	if (row->flags & CONNECTION_CLIENT)
		ends[count++] = end_of(body, KITH_CLIENT);
	if (row->flags & CONNECTION_SERVER)
		ends[count++] = end_of(body, KITH_SERVER);
	return sockets_adopt(&ingest->sockets, row->isns, ends, count);
}

/* What is known by a number of the module. */
struct subject {
	struct socket *open;
	int64_t id; /* of its row; 0: none is known */
	bool over;  /* and we saw when */
	bool wrong; /* it is something else */
};

/* If it is open, it has been told of, be it by the dump or since that was made. */
static struct subject find_subject(struct ingest *ingest, uint64_t number,
				   enum socket_kind kind, uint64_t ts)
{
	struct socket *open = sockets_find(&ingest->sockets, number);
	const struct closed_socket *closed;

	if (open) {
		if (ts >= ingest->dump_first)
			open->listed = true;
		return (struct subject){ open, open->id, false, open->kind != kind };
	}
	closed = sockets_find_closed(&ingest->sockets, number);
	if (closed)
		return (struct subject){ NULL, closed->id, !closed->gone,
					 closed->kind != kind };
	return (struct subject){ .id = 0 };
}

/* It is @open, or over, from now on. */
static int remember(struct ingest *ingest, const struct subject *subject, uint64_t number,
		    enum socket_kind kind, int64_t id, bool open)
{
	if (!open) {
		const struct closed_socket closed = { number, id, (uint8_t)kind, false };

		return sockets_close(&ingest->sockets, subject->open, &closed);
	}
	if (subject->open)
		return 0;
	return sockets_open(&ingest->sockets, number, kind, id) ? 0 : -ENOMEM;
}

static int put_connection(struct ingest *ingest, const struct kith_connection *body,
			  struct store_connection *row, int64_t id)
{
	struct store_connection before;
	int ret;

	if (!id) {
		row->id = ++ingest->last_connection;
		set_lasted(ingest, body, row);
		return store_connection(ingest->store, row);
	}
	ret = store_connection_find(ingest->store, id, &before);
	row->id = id;
	if (ret)
		return ret == -ENOENT ? 0 : ret; /* somebody has deleted it */
	merge(row, &before);
	set_lasted(ingest, body, row);
	return store_connection_update(ingest->store, row);
}

/* A recording can hold anything. */
static int refuse(struct ingest *ingest)
{
	ingest->bad_records++;
	return 0;
}

int apply_connection(struct ingest *ingest, const struct record *record)
{
	const struct kith_connection *body = record->body;
	struct subject subject = find_subject(ingest, body->id, SOCKET_CONNECTION,
					      record->head.ts);
	struct store_connection row;
	int ret;

	if (!body->id || !(flags_of(body) & BOTH_ENDS) || subject.wrong)
		return refuse(ingest);
	/* The dump may have looked just before the end. */
	if (subject.over && !body->ended)
		return 0;
	ret = make_row(ingest, record, &row);
	if (ret)
		return ret;
	if (!subject.id)
		subject.id = adopt_connection(ingest, body, &row);
	ret = put_connection(ingest, body, &row, subject.id);
	if (ret)
		return ret;
	return remember(ingest, &subject, body->id, SOCKET_CONNECTION, row.id, !body->ended);
}

static struct socket_end end_of_listener(const struct store_listener *listener)
{
	struct socket_end key = {
		.process = listener->process,
		.netns = listener->netns,
		.port = listener->port,
		.protocol = listener->protocol,
		.kind = SOCKET_LISTENER,
	};

	memcpy(key.addr, listener->addr, ADDRESS_BYTES);
	return key;
}

static struct store_listener make_listener(struct ingest *ingest, const struct record *record)
{
	const struct kith_listener *body = record->body;
	uint64_t started = body->started ? body->started : body->ended;
	struct store_listener listener = {
		.load = ingest->load.id,
		.number = body->ended ? 0 : (int64_t)body->id,
		.started = ingest_wall(ingest, started ? started : record->head.ts),
		.ended = body->ended ? ingest_wall(ingest, body->ended) : INT64_MIN,
		.netns = body->netns,
		.flags = body->started ? 0 : CONNECTION_INCOMPLETE,
		.port = body->port,
		.protocol = body->protocol,
	};

	memcpy(listener.addr, body->addr, ADDRESS_BYTES);
	return listener;
}

int apply_listener(struct ingest *ingest, const struct record *record)
{
	const struct kith_listener *body = record->body;
	struct subject subject = find_subject(ingest, body->id, SOCKET_LISTENER,
					      record->head.ts);
	struct store_listener listener = make_listener(ingest, record);
	struct socket_end end;
	int ret;

	if (!body->id || subject.wrong)
		return refuse(ingest);
	if (subject.over && !body->ended)
		return 0;
	listener.process = apply_id(ingest, body->process, record->head.ts);
	if (listener.process < 0)
		return (int)listener.process;
	end = end_of_listener(&listener);
	if (!subject.id && !body->started)
		subject.id = sockets_adopt(&ingest->sockets, 0, &end, 1);
	if (!subject.id)
		subject.id = ++ingest->last_listener;
	ret = store_listener(ingest->store, subject.id, &listener);
	if (ret)
		return ret;
	return remember(ingest, &subject, body->id, SOCKET_LISTENER, subject.id, !body->ended);
}

/* Of a conversation whose own record was lost nothing is known. */
int apply_use(struct ingest *ingest, const struct record *record)
{
	const struct kith_use *body = record->body;
	struct subject subject = find_subject(ingest, body->id, SOCKET_CONNECTION,
					      record->head.ts);
	struct store_use use = {
		.connection = subject.id,
		.sent = bytes_of(body->sent),
		.received = bytes_of(body->received),
		.first = ingest_wall(ingest, body->first),
		.last = ingest_wall(ingest, body->last),
		.side = body->side,
	};

	if (!body->user || body->side >= KITH_SIDES || subject.wrong)
		return refuse(ingest);
	if (!subject.id)
		return 0;
	use.process = apply_id(ingest, body->user, record->head.ts);
	return use.process < 0 ? (int)use.process : store_use(ingest->store, &use);
}

/* Whoever we know of by now was there before the dump. */
void apply_begin_sockets(struct ingest *ingest)
{
	struct socket *socket;

	for (socket = ingest->sockets.by_number; socket; socket = socket->hh.next)
		socket->listed = false;
}

static int connection_gone(struct ingest *ingest, int64_t id)
{
	struct store_connection row;
	int ret = store_connection_find(ingest->store, id, &row);

	if (ret)
		return ret == -ENOENT ? 0 : ret;
	row.flags |= CONNECTION_GONE;
	row.number = 0;
	return store_connection_update(ingest->store, &row);
}

static int socket_gone(struct ingest *ingest, unsigned int kind, int64_t id)
{
	return kind == SOCKET_LISTENER ? store_listener_gone(ingest->store, id) :
					 connection_gone(ingest, id);
}

/* What an earlier load of the module told of and this one did not find. */
static int bury_orphans(struct ingest *ingest)
{
	const struct orphan *orphan;
	int ret = 0;

	for (orphan = ingest->sockets.orphans; orphan && !ret; orphan = orphan->next)
		if (!orphan->taken)
			ret = socket_gone(ingest, orphan->ends[0].key.kind, orphan->id);
	sockets_forget_orphans(&ingest->sockets);
	return ret;
}

int apply_bury_sockets(struct ingest *ingest)
{
	struct socket *socket = ingest->sockets.by_number, *next;
	int ret = bury_orphans(ingest);

	for (; socket && !ret; socket = next) {
		const struct closed_socket closed = { socket->number, socket->id, socket->kind,
						      true };

		next = socket->hh.next;
		if (socket->listed)
			continue;
		ret = socket_gone(ingest, socket->kind, socket->id);
		if (!ret)
			ret = sockets_close(&ingest->sockets, socket, &closed);
	}
	return ret;
}

static struct socket_end stored_end(const struct store_connection *connection,
				    const struct route *route, enum kith_side side)
{
	struct socket_end key = { .protocol = route->protocol, .kind = SOCKET_CONNECTION };

	if (side == KITH_CLIENT) {
		memcpy(key.addr, route->client_addr, ADDRESS_BYTES);
		memcpy(key.peer_addr, route->dialled_addr, ADDRESS_BYTES);
		key.netns = route->client_netns;
		key.port = connection->client_port;
		key.peer_port = route->dialled_port;
	} else {
		memcpy(key.addr, route->server_addr, ADDRESS_BYTES);
		memcpy(key.peer_addr, route->seen_addr, ADDRESS_BYTES);
		key.netns = route->server_netns;
		key.port = route->server_port;
		key.peer_port = connection->seen_port;
	}
	return key;
}

static int take_connection(void *ingest_, const struct store_connection *connection,
			   const struct route *route)
{
	struct ingest *ingest = ingest_;
	struct socket_end ends[KITH_SIDES];
	size_t count = 0;

	if (connection->load == ingest->load.id)
		return sockets_open(&ingest->sockets, (uint64_t)connection->number,
				    SOCKET_CONNECTION, connection->id) ?
			       0 :
			       -ENOMEM;
	if (connection->flags & CONNECTION_CLIENT)
		ends[count++] = stored_end(connection, route, KITH_CLIENT);
	if (connection->flags & CONNECTION_SERVER)
		ends[count++] = stored_end(connection, route, KITH_SERVER);
	return sockets_orphan(&ingest->sockets, connection->id, connection->isns, ends, count);
}

static int take_listener(void *ingest_, int64_t id, const struct store_listener *listener)
{
	struct ingest *ingest = ingest_;
	struct socket_end end = end_of_listener(listener);

	if (listener->load == ingest->load.id)
		return sockets_open(&ingest->sockets, (uint64_t)listener->number,
				    SOCKET_LISTENER, id) ?
			       0 :
			       -ENOMEM;
	return sockets_orphan(&ingest->sockets, id, 0, &end, 1);
}

int apply_load_sockets(struct ingest *ingest)
{
	int ret;

	sockets_clear(&ingest->sockets);
	ret = store_open_connections(ingest->store, ingest->load.boot, take_connection, ingest);
	if (ret)
		return ret;
	return store_open_listeners(ingest->store, ingest->load.boot, take_listener, ingest);
}
