// SPDX-License-Identifier: GPL-2.0-only
/* Conversations: how far they go, with whom, who listens, and who has come from where. */
#include "learner.h"

#include "address.h"
#include "protocol.h"

#include <stdio.h>
#include <string.h>

enum { HOURS_OF_BLOCK = 4 };

static unsigned int scope_of(const struct store_connection *row)
{
	return row->flags >> CONNECTION_SCOPE_SHIFT & 3;
}

static bool is_metadata(const uint8_t *address)
{
	struct normal text;

	normal_clear(&text);
	normal_address(&text, address);
	return !strcmp(text.text, "metadata");
}

static unsigned int kind_of_reach(unsigned int scope, const uint8_t *address)
{
	if (scope <= SCOPE_HOST)
		return RISK_REACH_HOST;
	if (is_metadata(address))
		return RISK_REACH_METADATA;
	return scope == SCOPE_PRIVATE ? RISK_REACH_PRIVATE : RISK_REACH_PUBLIC;
}

static const char *protocol_name(unsigned int protocol)
{
	return protocol == KITH_PROTOCOL_TCP ? "tcp " : "udp ";
}

/* How far: "public tcp 443". */
static int sign_reach(struct learner *learner, struct sign *sign,
		      const struct kith_connection *body, unsigned int scope)
{
	static const char *const scopes[] = { "container ", "host ", "private ", "public " };
	const struct kith_end *client = &body->ends[KITH_CLIENT];
	struct normal text;

	normal_clear(&text);
	normal_put(&text, scopes[scope]);
	normal_put(&text, protocol_name(body->protocol));
	normal_port(&text, client->peer_port);
	sign->template_ = TEMPLATE_REACH;
	sign->kind = kind_of_reach(scope, client->peer_addr);
	sign->levels = 4;
	sign->of[0] = LEVEL_HOST;
	sign->of[1] = LEVEL_DESCENT;
	sign->of[2] = LEVEL_PROGRAM;
	sign->of[3] = LEVEL_WORKLOAD;
	sign->text = text.text;
	sign->object = learner_text(learner, &text);
	return learner_sign(learner, sign);
}

/* With whom: a workload of this host, or a network. */
static int sign_peer(struct learner *learner, struct sign *sign,
		     const struct kith_connection *body, unsigned int scope,
		     const struct actor *server)
{
	const struct kith_end *client = &body->ends[KITH_CLIENT];
	char name[NORMAL_MAX];
	struct normal text;

	normal_clear(&text);
	if (server)
		normal_put(&text, ledger_name(&learner->ledger, server->workload, name,
					      sizeof(name)));
	else
		normal_address(&text, client->peer_addr);
	normal_put(&text, " ");
	normal_port(&text, client->peer_port);
	sign->template_ = TEMPLATE_PEER;
	sign->kind = scope <= SCOPE_HOST    ? RISK_PEER_HOST :
		     scope == SCOPE_PRIVATE ? RISK_PEER_PRIVATE :
					      RISK_PEER_PUBLIC;
	sign->levels = 4;
	sign->text = text.text;
	sign->object = learner_text(learner, &text);
	return learner_sign(learner, sign);
}

static int dialled(struct learner *learner, struct actor *client, const struct actor *server,
		   const struct kith_connection *body, const struct store_connection *row)
{
	const struct kith_end *end = &body->ends[KITH_CLIENT];
	const unsigned int scope = scope_of(row);
	char address[ADDRESS_TEXT], what[ADDRESS_TEXT + 16];
	struct sign sign = {
		.actor = client,
		.source = "connection",
		.row = row->id,
		.at = row->started,
		.process = row->client,
		.verb = "reached",
	};
	uint64_t peer;
	int ret;

	memcpy(&peer, end->peer_addr + 8, sizeof(peer));
	peer = server ? server->workload : peer ^ actor_join(&learner->actors, scope, 3);
	if (learner_seen(learner, client->who,
			 actor_join(&learner->actors, peer,
				    (uint64_t)end->peer_port << 8 | body->protocol)))
		return 0;
	snprintf(what, sizeof(what), "%s:%u", address_text(address, end->peer_addr),
		 end->peer_port);
	sign.what = (struct slice){ what, strlen(what) };
	ret = sign_reach(learner, &sign, body, scope);
	sign.verb = "talked to";
	return ret ? ret : sign_peer(learner, &sign, body, scope, server);
}

static int dialled_unix(struct learner *learner, const struct actor *client,
			const struct record *record, const struct store_connection *row)
{
	const struct slice name = record->items[KITH_ITEM_SOCKET_NAME];
	struct normal text;
	struct sign sign = {
		.actor = client,
		.template_ = TEMPLATE_PEER,
		.kind = RISK_PEER_HOST,
		.levels = 4,
		.of = { LEVEL_HOST, LEVEL_DESCENT, LEVEL_PROGRAM, LEVEL_WORKLOAD },
		.text = text.text,
		.source = "connection",
		.row = row->id,
		.at = row->started,
		.process = row->client,
		.verb = "talked to socket",
		.what = name,
	};

	if (!name.size || *name.data != '/' ||
	    learner_seen(learner, client->who,
			 actor_hash_of(&learner->actors, name.data, name.size)))
		return 0;
	normal_clear(&text);
	normal_put(&text, "unix ");
	normal_path(&text, name);
	sign.object = learner_text(learner, &text);
	return learner_sign(learner, &sign);
}

/* Somebody from outside: @server faces others from now on. */
static int served(struct learner *learner, struct actor *server,
		  const struct kith_connection *body, const struct store_connection *row)
{
	const struct kith_end *end = &body->ends[KITH_SERVER];
	const unsigned int scope = scope_of(row);
	struct normal text;
	struct sign sign = {
		.actor = server,
		.template_ = TEMPLATE_SERVE,
		.kind = RISK_SERVE,
		.levels = 4,
		.of = { LEVEL_HOST, LEVEL_DESCENT, LEVEL_PROGRAM, LEVEL_WORKLOAD },
		.text = text.text,
		.source = "connection",
		.row = row->id,
		.at = row->started,
		.process = row->server,
		.verb = "served port",
	};

	server->flags |= ACTOR_FACING;
	if (learner_seen(learner, server->who,
			 actor_join(&learner->actors, (uint64_t)end->port << 8 | scope, 4)))
		return 0;
	normal_clear(&text);
	normal_put(&text, protocol_name(body->protocol));
	normal_port(&text, end->port);
	sign.what = (struct slice){ text.text + 4, text.size - 4 };
	normal_put(&text, scope == SCOPE_PRIVATE ? " to private" :
			  scope == SCOPE_PUBLIC	 ? " to public" :
						   " to the host");
	sign.object = learner_text(learner, &text);
	return learner_sign(learner, &sign);
}

static int sign_hour(struct learner *learner, const struct sign *session, int64_t at)
{
	/* The epoch began on a Thursday; whole hours of UTC are near enough. */
	const int64_t hours = at / LEARNER_HOUR_NS;
	const unsigned int weekday = (unsigned int)((hours / 24 + 3) % 7);
	const unsigned int block = (unsigned int)(hours % 24) / HOURS_OF_BLOCK;
	struct sign sign = *session;
	struct normal text;
	char words[32];

	snprintf(words, sizeof(words), "%s from %02u:00", weekday < 5 ? "weekday" : "weekend",
		 block * HOURS_OF_BLOCK);
	normal_clear(&text);
	normal_put(&text, words);
	sign.template_ = TEMPLATE_HOUR;
	sign.kind = RISK_HOUR;
	sign.text = text.text;
	sign.object = learner_text(learner, &text);
	sign.verb = "let somebody in on a";
	sign.what = (struct slice){ text.text, text.size };
	return learner_sign(learner, &sign);
}

/* Has the user come from there before, on other days? */
static bool is_known_source(const struct learner *learner, const struct sign *sign)
{
	const uint64_t context =
		actor_join(&learner->actors, (uint64_t)TEMPLATE_SESSION << 8 | LEVEL_USER,
			   sign->user);
	const struct model_edge *edge =
		model_find_edge(&learner->model, context, sign->object);

	return edge && !edge->pending && edge->days >= 2;
}

/* The child of a door by which somebody came; who he is, what he runs first tells. */
static int came(struct learner *learner, struct actor *door, const struct kith_connection *body,
		const struct store_connection *row)
{
	struct actor *root = learner_root(learner, door);
	char address[ADDRESS_TEXT];
	struct normal text;
	struct sign sign = {
		.actor = root,
		.template_ = TEMPLATE_SESSION,
		.kind = scope_of(row) == SCOPE_PUBLIC ? RISK_SESSION_PUBLIC :
							RISK_SESSION_PRIVATE,
		.levels = 2,
		.of = { LEVEL_HOST, LEVEL_USER },
		.user = root->loginuid + UINT64_C(1),
		.text = text.text,
		.source = "connection",
		.row = row->id,
		.at = row->started,
		.process = row->server,
		.verb = "let somebody in from",
	};
	int ret;

	if (root->loginuid == UINT32_MAX || !(root->traits & TRAIT_DOOR))
		return 0;
	address_text(address, body->ends[KITH_SERVER].peer_addr);
	sign.what = (struct slice){ address, strlen(address) };
	normal_clear(&text);
	normal_address(&text, body->ends[KITH_SERVER].peer_addr);
	sign.object = learner_text(learner, &text);
	root->source = sign.object;
	if (is_known_source(learner, &sign))
		root->flags |= ACTOR_KNOWN;
	ret = learner_sign(learner, &sign);
	return ret ? ret : sign_hour(learner, &sign, row->started);
}

int learner_connection(struct learner *learner, const struct record *record,
		       const struct store_connection *row)
{
	const struct kith_connection *body = record->body;
	struct actor *client = NULL, *server = NULL;
	int ret = 0;

	if (row->flags & CONNECTION_CLIENT)
		client = learner_actor(learner, body->ends[KITH_CLIENT].process);
	if (row->flags & CONNECTION_SERVER)
		server = learner_actor(learner, body->ends[KITH_SERVER].process);
	if (protocol_is_unix(body->protocol))
		return client ? dialled_unix(learner, client, record, row) : 0;
	if (client)
		ret = dialled(learner, client, server, body, row);
	if (!ret && server && server != client)
		ret = served(learner, server, body, row);
	if (!ret && server && !client && server->traits & TRAIT_DOOR)
		ret = came(learner, server, body, row);
	return ret;
}

int learner_listener(struct learner *learner, const struct record *record,
		     const struct store_listener *row, int64_t id)
{
	const struct kith_listener *body = record->body;
	struct actor *actor = learner_actor(learner, body->process);
	struct normal text;
	struct sign sign = {
		.actor = actor,
		.template_ = TEMPLATE_SERVE,
		.kind = RISK_SERVE,
		.levels = 4,
		.of = { LEVEL_HOST, LEVEL_DESCENT, LEVEL_PROGRAM, LEVEL_WORKLOAD },
		.text = text.text,
		.source = "listener",
		.row = id,
		.at = row->started,
		.process = row->process,
		.verb = "listens on",
	};

	if (!actor || body->ended || protocol_is_unix(body->protocol))
		return 0;
	normal_clear(&text);
	normal_put(&text, "listen ");
	normal_put(&text, protocol_name(body->protocol));
	normal_port(&text, body->port);
	normal_put(&text, address_is_loopback(body->addr) ? " for the host" : " for all");
	sign.what = (struct slice){ text.text + 7, text.size - 7 };
	sign.object = learner_text(learner, &text);
	/* What a client binds to be answered is no service. */
	if (body->protocol == KITH_PROTOCOL_UDP && body->port >= 32768)
		return 0;
	return learner_sign(learner, &sign);
}
