// SPDX-License-Identifier: GPL-2.0-only
/* Records of conversations, and of who takes part in them and in pipes. */
#include "apply_socket.h"

#include "address.h"
#include "learner.h"
#include "protocol.h"

#include <errno.h>
#include <string.h>

enum { BOTH_ENDS = CONNECTION_CLIENT | CONNECTION_SERVER };

/* If it is open, it has been told of, be it by the dump or since that was made. */
static struct subject look_up(struct ingest *ingest, uint64_t number, uint64_t ts)
{
	struct socket *open = sockets_find(&ingest->sockets, number);
	const struct closed_socket *closed;

	if (open) {
		if (ts >= ingest->dump_first)
			open->listed = true;
		return (struct subject){ .open = open, .id = open->id, .kind = open->kind };
	}
	closed = sockets_find_closed(&ingest->sockets, number);
	if (closed)
		return (struct subject){ .id = closed->id,
					 .kind = closed->kind,
					 .over = !closed->gone };
	return (struct subject){ .id = 0 };
}

struct subject subject_find(struct ingest *ingest, uint64_t number, enum socket_kind kind,
			    uint64_t ts)
{
	struct subject subject = look_up(ingest, number, ts);

	subject.wrong = subject.id && subject.kind != kind;
	return subject;
}

int subject_remember(struct ingest *ingest, const struct subject *subject, uint64_t number,
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

int subject_refuse(struct ingest *ingest)
{
	ingest->bad_records++;
	return 0;
}

struct slice subject_name(const struct record *record, char *buffer)
{
	struct slice name = record->items[KITH_ITEM_SOCKET_NAME];
	size_t i;

	if (name.size > DICTIONARY_NAME)
		name.size = DICTIONARY_NAME;
	for (i = 0; i < name.size; i++)
		buffer[i] = (char)(name.data[i] ? name.data[i] : '@');
	return (struct slice){ buffer, name.size };
}

static int64_t max(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

_Static_assert((int)CONNECTION_CLIENT == (int)KITH_CONNECTION_CLIENT &&
		       (int)CONNECTION_SERVER == (int)KITH_CONNECTION_SERVER &&
		       (int)CONNECTION_ESTABLISHED == (int)KITH_CONNECTION_ESTABLISHED,
	       "flags_of() takes them as they are");

/* What the database keeps of the module's flags. */
static uint32_t flags_of(const struct kith_connection *body)
{
	uint32_t flags = body->flags & (BOTH_ENDS | CONNECTION_ESTABLISHED);

	if (body->flags & KITH_CONNECTION_BY_TUPLE && (flags & BOTH_ENDS) == BOTH_ENDS)
		flags |= CONNECTION_BY_TUPLE;
	if (!body->started)
		flags |= CONNECTION_INCOMPLETE;
	return flags;
}

/* Who was where, and nothing else, whatever the record holds. */
static void set_unix_route(const struct kith_connection *body, struct route *route)
{
	memset(route, 0, sizeof(*route));
	route->client_netns = body->ends[KITH_CLIENT].netns;
	route->server_netns = body->ends[KITH_SERVER].netns;
	route->protocol = body->protocol;
}

/*
 * The ends as they are, and where one is not known, as the other takes it to be.
 * At least one is.
 */
static void set_route(const struct kith_connection *body, const struct store_connection *row,
		      struct route *route)
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
}

/* The client's, as itself and as the server has it. Unix sockets have none. */
static void set_ports(const struct kith_connection *body, struct store_connection *row)
{
	const struct kith_end *client = &body->ends[KITH_CLIENT];
	const struct kith_end *server = &body->ends[KITH_SERVER];

	row->portless = protocol_is_unix(body->protocol);
	if (row->portless)
		return;
	row->client_port = row->flags & CONNECTION_CLIENT ? client->port : server->peer_port;
	row->seen_port = row->flags & CONNECTION_SERVER ? server->peer_port : client->port;
}

/* What came is what the receiver counts; without him, what the sender knows to have come. */
static void set_bytes(const struct kith_connection *body, struct store_connection *row)
{
	const struct kith_end *client = &body->ends[KITH_CLIENT];
	const struct kith_end *server = &body->ends[KITH_SERVER];

	row->to_server = apply_bytes(row->flags & CONNECTION_SERVER ? server->received :
								    client->sent);
	row->to_client = apply_bytes(row->flags & CONNECTION_CLIENT ? client->received :
								    server->sent);
}

static uint64_t saturate(uint64_t count)
{
	return count > UINT32_MAX ? UINT32_MAX : count;
}

/* How many came, as set_bytes() has it, where streams have their initial numbers. */
static void set_datagrams(const struct record *record, struct store_connection *row)
{
	const struct slice item = record->items[KITH_ITEM_DATAGRAMS];
	struct kith_datagrams count = { { 0 }, { 0 } };
	uint64_t to_server, to_client;

	if (item.size >= sizeof(count))
		memcpy(&count, item.data, sizeof(count));
	to_server = row->flags & CONNECTION_SERVER ? count.received[KITH_SERVER] :
						     count.sent[KITH_CLIENT];
	to_client = row->flags & CONNECTION_CLIENT ? count.received[KITH_CLIENT] :
						     count.sent[KITH_SERVER];
	row->isns = (int64_t)(saturate(to_server) << 32 | saturate(to_client));
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

/* How far it reaches beyond the end on @side, the only one that is known. */
static enum scope scope_beyond(const struct kith_connection *body, enum kith_side side)
{
	const struct kith_end *end = &body->ends[side];

	if (protocol_is_unix(body->protocol) || address_is_loopback(end->peer_addr) ||
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
		*scope = scope_beyond(body, flags & CONNECTION_CLIENT ? KITH_CLIENT :
									KITH_SERVER);
		return 0;
	}
	ret = is_one_container(ingest, places, &one);
	*scope = one ? SCOPE_CONTAINER : SCOPE_HOST;
	return ret;
}

/* Apart: of the others none shall pay for the name. */
__attribute__((noinline)) static int
find_unix_route(struct ingest *ingest, const struct record *record,
		struct store_connection *row)
{
	char name[DICTIONARY_NAME];
	struct route route;

	set_unix_route(record->body, &route);
	row->route = dictionary_named_route(&ingest->dictionary, &route,
					    subject_name(record, name));
	return row->route < 0 ? (int)row->route : 0;
}

static int find_route(struct ingest *ingest, const struct record *record,
		      struct store_connection *row)
{
	const struct kith_connection *body = record->body;
	struct route route;

	if (protocol_is_unix(body->protocol))
		return find_unix_route(ingest, record, row);
	set_route(body, row, &route);
	row->route = dictionary_route(&ingest->dictionary, &route);
	return row->route < 0 ? (int)row->route : 0;
}

/* What a conversation has of its own, however like others it is; the flags are there. */
static void set_own(struct ingest *ingest, const struct record *record,
		    struct store_connection *row)
{
	const struct kith_connection *body = record->body;
	uint64_t started = body->started ? body->started : body->ended;

	row->started = ingest_wall(ingest, started ? started : record->head.ts);
	row->number = body->ended ? 0 : (int64_t)body->id;
	set_bytes(body, row);
	set_ports(body, row);
	if (protocol_has_datagrams(body->protocol))
		set_datagrams(record, row);
	else if (!row->portless)
		row->isns = (int64_t)((uint64_t)body->client_isn << 32 | body->server_isn);
}

/* Who, where, how far, and with which outcome. */
static int find_kind(struct ingest *ingest, const struct record *record,
		     struct store_connection *row)
{
	const struct kith_connection *body = record->body;
	struct places places = { 0, 0 };
	enum scope scope;
	int ret;

	*row = (struct store_connection){
		.load = ingest->load.id,
		.flags = flags_of(body),
		.error = body->error,
	};
	ret = set_processes(ingest, record, row, &places);
	if (!ret)
		ret = find_scope(ingest, body, row->flags, &places, &scope);
	if (ret)
		return ret;
	row->flags |= (uint32_t)scope << CONNECTION_SCOPE_SHIFT;
	return find_route(ingest, record, row);
}

/* The row of a record, but for its id, and for when it ended. */
static int make_row(struct ingest *ingest, const struct record *record,
		    struct store_connection *row)
{
	int ret = 0;

	if (alike_is(&ingest->alike, record)) {
		*row = ingest->alike.row;
	} else {
		ret = find_kind(ingest, record, row);
		if (!ret)
			alike_remember(&ingest->alike, record, row);
	}
	if (!ret)
		set_own(ingest, record, row);
	return ret;
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
	row->portless = before->portless;
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

	if (!(body->flags & KITH_CONNECTION_FOUND) || !protocol_outlives_load(body->protocol))
		return 0;
	if (row->flags & CONNECTION_CLIENT)
		ends[count++] = end_of(body, KITH_CLIENT);
	if (row->flags & CONNECTION_SERVER)
		ends[count++] = end_of(body, KITH_SERVER);
	return sockets_adopt(&ingest->sockets, row->isns, ends, count);
}

static int put_connection(struct ingest *ingest, const struct kith_connection *body,
			  struct store_connection *row, int64_t id)
{
	struct store_connection before;
	int ret;

	if (!id) {
		set_lasted(ingest, body, row);
		return store_connection(ingest->store, row, &ingest->last_connection);
	}
	ret = store_connection_find(ingest->store, id, &before);
	row->id = id;
	if (ret)
		return ret == -ENOENT ? 0 : ret; /* deleted, or told of twice */
	merge(row, &before);
	set_lasted(ingest, body, row);
	return store_connection_update(ingest->store, row);
}

int apply_connection(struct ingest *ingest, const struct record *record)
{
	const struct kith_connection *body = record->body;
	struct subject subject = subject_find(ingest, body->id, SOCKET_CONNECTION,
					      record->head.ts);
	struct store_connection row;
	int ret;

	if (!body->id || !(body->flags & BOTH_ENDS) || subject.wrong)
		return subject_refuse(ingest);
	/* The dump may have looked just before the end. */
	if (subject.over && !body->ended)
		return 0;
	ret = make_row(ingest, record, &row);
	if (ret)
		return ret;
	if (!subject.id)
		subject.id = adopt_connection(ingest, body, &row);
	ret = put_connection(ingest, body, &row, subject.id);
	if (!ret && ingest->learner)
		ret = learner_connection(ingest->learner, record, &row);
	if (ret)
		return ret;
	return subject_remember(ingest, &subject, body->id, SOCKET_CONNECTION, row.id,
				!body->ended);
}


static int put_use(struct ingest *ingest, enum socket_kind kind, const struct store_use *use)
{
	return kind == SOCKET_PIPE ? store_pipe_use(ingest->store, use) :
				     store_use(ingest->store, use);
}

/* Of a conversation or pipe whose own record was lost nothing is known. */
int apply_use(struct ingest *ingest, const struct record *record)
{
	const struct kith_use *body = record->body;
	const struct subject subject = look_up(ingest, body->id, record->head.ts);
	struct store_use use = {
		.subject = subject.id,
		.sent = apply_bytes(body->sent),
		.received = apply_bytes(body->received),
		.first = ingest_wall(ingest, body->first),
		.last = ingest_wall(ingest, body->last),
		.side = body->side,
	};

	if (body->side >= KITH_SIDES || subject.kind == SOCKET_LISTENER ||
	    (subject.kind == SOCKET_PIPE && body->side))
		return subject_refuse(ingest);
	if (!subject.id)
		return 0;
	use.process = apply_id(ingest, body->user, record->head.ts);
	return use.process < 0 ? (int)use.process : put_use(ingest, subject.kind, &use);
}
