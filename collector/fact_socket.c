// SPDX-License-Identifier: GPL-2.0-only
/* The store's rows of conversations and of who listens. */
#include "address.h"
#include "protocol.h"
#include "statement.h"
#include "store.h"

#include <errno.h>
#include <string.h>

int store_route(struct store *store, int64_t id, const struct route *route,
		struct slice name)
{
	return pending_add_route(&store->pending, id, route, name);
}

int store_connection(struct store *store, struct store_connection *connection, int64_t *last)
{
	return pending_add_connection(&store->pending, connection, last);
}

static int update_connection(struct store *store, const struct store_connection *connection)
{
	struct binder binder = statement_bind(store, STATEMENT_CONNECTION_UPDATE);

	bind_int(&binder, connection->id);
	bind_int(&binder, connection->started);
	bind_nonnegative(&binder, connection->lasted);
	bind_int(&binder, connection->route);
	bind_id(&binder, connection->client);
	bind_id(&binder, connection->server);
	bind_other(&binder, connection->client_opener, connection->client);
	bind_other(&binder, connection->server_opener, connection->server);
	bind_nonnegative(&binder, store_connection_ports(connection));
	bind_int(&binder, connection->to_server);
	bind_int(&binder, connection->to_client);
	bind_id(&binder, connection->isns);
	bind_int(&binder, store_connection_flags(connection));
	bind_int(&binder, connection->load);
	bind_id(&binder, connection->number);
	return statement_run(store, STATEMENT_CONNECTION_UPDATE);
}

/* One that waits for the commit is brought up to date where it is. */
int store_connection_update(struct store *store, const struct store_connection *connection)
{
	struct store_connection *waiting = pending_connection(&store->pending, connection->id);

	if (!waiting)
		return update_connection(store, connection);
	*waiting = *connection;
	return 0;
}

/* In the order of the table's columns. */
static struct store_connection read_connection(struct reader *reader)
{
	struct store_connection connection;
	int64_t ports, flags;

	connection.id = read_int(reader);
	connection.started = read_int(reader);
	connection.lasted = read_or(reader, -1);
	connection.route = read_int(reader);
	connection.client = read_int(reader);
	connection.server = read_int(reader);
	connection.client_opener = read_or(reader, connection.client);
	connection.server_opener = read_or(reader, connection.server);
	ports = read_or(reader, -1);
	connection.portless = ports < 0;
	connection.client_port = (uint16_t)ports;
	connection.seen_port = (uint16_t)(ports >> 16 ^ ports);
	connection.to_server = read_int(reader);
	connection.to_client = read_int(reader);
	connection.isns = read_int(reader);
	flags = read_int(reader);
	connection.flags = flags & ((1u << CONNECTION_ERROR_SHIFT) - 1);
	connection.error = (uint16_t)(flags >> CONNECTION_ERROR_SHIFT);
	connection.load = read_int(reader);
	connection.number = read_int(reader);
	return connection;
}

int store_connection_find(struct store *store, int64_t id,
			  struct store_connection *connection)
{
	const struct store_connection *waiting = pending_connection(&store->pending, id);
	struct binder binder = statement_bind(store, STATEMENT_CONNECTION_FIND);
	struct reader reader = statement_read(store, STATEMENT_CONNECTION_FIND);
	int ret;

	if (waiting) {
		*connection = *waiting;
		return 0;
	}
	bind_int(&binder, id);
	ret = statement_row(store, STATEMENT_CONNECTION_FIND);
	if (ret <= 0)
		return ret ? ret : -ENOENT;
	*connection = read_connection(&reader);
	statement_reset(store, STATEMENT_CONNECTION_FIND);
	return 0;
}

/* The address in the present column, or if that is NULL, or no address, @usual. */
static void read_address(struct reader *reader, uint8_t *address, const uint8_t *usual)
{
	const char *text = read_text(reader);

	if (!*text || address_parse(address, text))
		memcpy(address, usual, ADDRESS_BYTES);
}

static struct route read_route(struct reader *reader)
{
	static const uint8_t none[ADDRESS_BYTES];
	struct route route;

	route.protocol = (uint32_t)read_int(reader);
	read_address(reader, route.client_addr, none);
	read_address(reader, route.server_addr, none);
	route.server_port = (uint16_t)read_int(reader);
	route.client_netns = (uint32_t)read_int(reader);
	route.server_netns = (uint32_t)read_int(reader);
	read_address(reader, route.dialled_addr, route.server_addr);
	route.dialled_port = (uint16_t)read_or(reader, route.server_port);
	read_address(reader, route.seen_addr, route.client_addr);
	return route;
}

int store_open_connections(struct store *store, int64_t boot,
			   int (*take)(void *context,
				       const struct store_connection *connection,
				       const struct route *route),
			   void *context)
{
	struct binder binder = statement_bind(store, STATEMENT_CONNECTIONS_OPEN);
	int ret = statement_run_of(store, STATEMENT_CONNECTIONS_CLOSE, boot);

	bind_int(&binder, boot);
	while (!ret && (ret = statement_row(store, STATEMENT_CONNECTIONS_OPEN)) > 0) {
		struct reader reader = statement_read(store, STATEMENT_CONNECTIONS_OPEN);
		const struct store_connection connection = read_connection(&reader);
		const struct route route = read_route(&reader);

		ret = take(context, &connection, &route);
		if (ret)
			statement_reset(store, STATEMENT_CONNECTIONS_OPEN);
	}
	return ret;
}

int store_listener(struct store *store, int64_t id, const struct store_listener *listener)
{
	struct binder binder = statement_bind(store, STATEMENT_LISTENER);
	const bool named = protocol_is_unix(listener->protocol);
	char addr[ADDRESS_TEXT];

	bind_int(&binder, id);
	bind_int(&binder, listener->load);
	bind_id(&binder, listener->number);
	bind_id(&binder, listener->process);
	bind_int(&binder, listener->protocol);
	bind_text(&binder, named ? NULL : address_text(addr, listener->addr));
	bind_nonnegative(&binder, named ? -1 : listener->port);
	bind_id(&binder, listener->netns);
	bind_int(&binder, listener->started);
	bind_other(&binder, listener->ended, INT64_MIN);
	bind_int(&binder, listener->flags);
	bind_slice(&binder, listener->name);
	return statement_run(store, STATEMENT_LISTENER);
}

int store_listener_gone(struct store *store, int64_t id)
{
	return statement_run_of(store, STATEMENT_LISTENER_GONE, id);
}

static struct store_listener read_listener(struct reader *reader)
{
	static const uint8_t none[ADDRESS_BYTES];
	struct store_listener listener;

	listener.load = read_int(reader);
	listener.number = read_int(reader);
	listener.process = read_int(reader);
	listener.protocol = (uint8_t)read_int(reader);
	read_address(reader, listener.addr, none);
	listener.port = (uint16_t)read_int(reader);
	listener.netns = (uint32_t)read_int(reader);
	listener.started = read_int(reader);
	listener.ended = read_or(reader, INT64_MIN);
	listener.flags = (uint32_t)read_int(reader);
	listener.name.data = read_text(reader);
	listener.name.size = strlen(listener.name.data);
	return listener;
}

int store_open_listeners(struct store *store, int64_t boot,
			 int (*take)(void *context, int64_t id,
				     const struct store_listener *listener),
			 void *context)
{
	struct binder binder = statement_bind(store, STATEMENT_LISTENERS_OPEN);
	int ret = statement_run_of(store, STATEMENT_LISTENERS_CLOSE, boot);

	bind_int(&binder, boot);
	while (!ret && (ret = statement_row(store, STATEMENT_LISTENERS_OPEN)) > 0) {
		struct reader reader = statement_read(store, STATEMENT_LISTENERS_OPEN);
		int64_t id = read_int(&reader);
		const struct store_listener listener = read_listener(&reader);

		ret = take(context, id, &listener);
		if (ret)
			statement_reset(store, STATEMENT_LISTENERS_OPEN);
	}
	return ret;
}

int store_use(struct store *store, const struct store_use *use)
{
	struct binder binder = statement_bind(store, STATEMENT_USE);

	bind_int(&binder, use->subject);
	bind_int(&binder, use->side);
	bind_int(&binder, use->process);
	bind_int(&binder, use->sent);
	bind_int(&binder, use->received);
	bind_int(&binder, use->first);
	bind_int(&binder, use->last);
	return statement_run(store, STATEMENT_USE);
}
