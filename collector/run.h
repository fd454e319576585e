/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs: short conversations that come by the thousand between the same two processes,
 * on the same route and with the same outcome. Those of one commit share rows of
 * connection_runs, RUN_SIZE of them a row; nothing of any of them is left out
 * (docs/decisions.md 14, schema/004-runs.sql).
 */
#ifndef KITH_RUN_H
#define KITH_RUN_H

#include "store.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/* As many as table ordinals has: two rows mostly fit in a page. */
#define RUN_SIZE      36
#define RUN_SIZE_TEXT RUN_TEXT_OF(RUN_SIZE)
#define RUN_TEXT_OF(x) RUN_TEXT_AS_IT_IS(x)
#define RUN_TEXT_AS_IT_IS(x) #x

enum {
	RUN_SLOTS = 256, /* kinds that are counted at a time */
	RUN_MANY = 8,	 /* from so many of a kind on, in this commit and lately */
};

/* What all of a run have in common. No padding. */
struct run_key {
	int64_t route;
	int64_t client;
	int64_t server;
	int64_t client_opener;
	int64_t server_opener;
	int64_t flags; /* as the column has them */
	int64_t load;
};

/* What each has of its own, as the columns of table connections; isns in two. */
enum run_field {
	RUN_STARTED,
	RUN_LASTED,
	RUN_PORTS, /* -1: none */
	RUN_TO_SERVER,
	RUN_TO_CLIENT,
	RUN_HIGH,
	RUN_LOW,
	RUN_FIELDS,
};

struct run {
	int64_t id; /* of the first; those of the others follow, RUN_SIZE are set aside */
	struct run_key key;
	unsigned int count;
	int64_t least[RUN_FIELDS];
	int64_t most[RUN_FIELDS];
	int64_t values[RUN_FIELDS][RUN_SIZE];
};

/* How many of a kind there are, of late. */
struct run_slot {
	struct run_key key;
	uint32_t commit; /* the last one that it came in */
	uint32_t seen;	 /* in it, and half of those before, and so on */
	size_t run;	 /* of this commit: 1 and its place; 0: none */
};

struct run_slots {
	struct run_slot slots[RUN_SLOTS];
	struct run_slot *last; /* that was asked for: the next often is the same */
};

/* May it be one of a run at all? */
bool run_takes(const struct store_connection *connection);

static inline struct run_key run_key(const struct store_connection *connection)
{
	return (struct run_key){
		.route = connection->route,
		.client = connection->client,
		.server = connection->server,
		.client_opener = connection->client_opener,
		.server_opener = connection->server_opener,
		.flags = store_connection_flags(connection),
		.load = connection->load,
	};
}

/* The slot of @key, which has seen one more; @commit counts up. */
struct run_slot *run_slot(struct run_slots *slots, uint32_t commit,
			  const struct run_key *key);

/* Return: its id. There must be room; in a new one count is 0. */
int64_t run_add(struct run *run, const struct store_connection *connection);

/* Column @which of pending_runs. */
void run_column(const struct run *run, int which, sqlite3_context *result);

#endif
