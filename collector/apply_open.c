// SPDX-License-Identifier: GPL-2.0-only
/* What is open: as the database has it when a stream begins, and as a dump has it. */
#include "apply_socket.h"

#include "address.h"
#include "protocol.h"

#include <errno.h>
#include <string.h>

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

static int pipe_gone(struct ingest *ingest, int64_t id)
{
	struct store_pipe row;
	int ret = store_pipe_find(ingest->store, id, &row);

	if (ret)
		return ret == -ENOENT ? 0 : ret;
	row.flags |= PIPE_GONE;
	row.number = 0;
	return store_pipe_update(ingest->store, &row);
}

static int socket_gone(struct ingest *ingest, unsigned int kind, int64_t id)
{
	if (kind == SOCKET_LISTENER)
		return store_listener_gone(ingest->store, id);
	return kind == SOCKET_PIPE ? pipe_gone(ingest, id) : connection_gone(ingest, id);
}

/* What an earlier load of the module told of and this one did not find. */
static int bury_orphans(struct ingest *ingest)
{
	const struct orphan *orphan;
	int ret = 0;

	for (orphan = ingest->sockets.orphans; orphan && !ret; orphan = orphan->next)
		if (!orphan->taken)
			ret = socket_gone(ingest, orphan->kind, orphan->id);
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

static int still_open(struct ingest *ingest, int64_t number, enum socket_kind kind, int64_t id)
{
	return sockets_open(&ingest->sockets, (uint64_t)number, kind, id) ? 0 : -ENOMEM;
}

static int take_connection(void *ingest_, const struct store_connection *connection,
			   const struct route *route)
{
	struct ingest *ingest = ingest_;
	struct socket_end ends[KITH_SIDES];
	size_t count = 0;

	if (connection->load == ingest->load.id)
		return still_open(ingest, connection->number, SOCKET_CONNECTION,
				  connection->id);
	if (connection->flags & CONNECTION_CLIENT && protocol_outlives_load(route->protocol))
		ends[count++] = stored_end(connection, route, KITH_CLIENT);
	if (connection->flags & CONNECTION_SERVER && protocol_outlives_load(route->protocol))
		ends[count++] = stored_end(connection, route, KITH_SERVER);
	return sockets_orphan(&ingest->sockets, SOCKET_CONNECTION, connection->id,
			      connection->isns, ends, count);
}

static int take_listener(void *ingest_, int64_t id, const struct store_listener *listener)
{
	struct ingest *ingest = ingest_;
	struct socket_end end = apply_listener_end(listener);

	if (listener->load == ingest->load.id)
		return still_open(ingest, listener->number, SOCKET_LISTENER, id);
	return sockets_orphan(&ingest->sockets, SOCKET_LISTENER, id, 0, &end, 1);
}

/* Another load counts what moves through it anew. */
static int take_pipe(void *ingest_, const struct store_pipe *pipe)
{
	struct ingest *ingest = ingest_;

	if (pipe->load == ingest->load.id)
		return still_open(ingest, pipe->number, SOCKET_PIPE, pipe->id);
	return sockets_orphan(&ingest->sockets, SOCKET_PIPE, pipe->id, 0, NULL, 0);
}

int apply_load_sockets(struct ingest *ingest)
{
	int ret;

	sockets_clear(&ingest->sockets);
	ret = store_open_connections(ingest->store, ingest->load.boot, take_connection, ingest);
	if (!ret)
		ret = store_open_listeners(ingest->store, ingest->load.boot, take_listener,
					   ingest);
	if (!ret)
		ret = store_open_pipes(ingest->store, ingest->load.boot, take_pipe, ingest);
	return ret;
}
