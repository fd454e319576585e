// SPDX-License-Identifier: GPL-2.0-only
/* Runs of like conversations, and how SQLite reads them. */
#include "run.h"

#include <string.h>
#include <xxhash.h>

enum { DIGITS = 20 /* of the greatest number */ };

bool run_takes(const struct store_connection *connection)
{
	return !connection->number && connection->lasted >= 0 && connection->started >= 0;
}

struct run_key run_key(const struct store_connection *connection)
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

static uint32_t faded(uint32_t seen, uint32_t commits)
{
	return commits < 32 ? seen >> commits : 0;
}

struct run_slot *run_slot(struct run_slot *slots, uint32_t commit, const struct run_key *key)
{
	struct run_slot *slot = &slots[XXH3_64bits(key, sizeof(*key)) % RUN_SLOTS];

	if (memcmp(&slot->key, key, sizeof(*key)))
		*slot = (struct run_slot){ .key = *key, .commit = commit };
	if (slot->commit != commit) {
		slot->seen = faded(slot->seen, commit - slot->commit);
		slot->commit = commit;
		slot->run = 0;
	}
	slot->seen++;
	return slot;
}

int64_t run_add(struct run *run, const struct store_connection *connection)
{
	const uint64_t isns = (uint64_t)connection->isns;
	const unsigned int at = run->count++;

	run->values[RUN_STARTED][at] = connection->started;
	run->values[RUN_LASTED][at] = connection->lasted;
	run->values[RUN_PORTS][at] = store_connection_ports(connection);
	run->values[RUN_TO_SERVER][at] = connection->to_server;
	run->values[RUN_TO_CLIENT][at] = connection->to_client;
	run->values[RUN_HIGH][at] = (int64_t)(isns >> 32);
	run->values[RUN_LOW][at] = (int64_t)(isns & UINT32_MAX);
	return run->id + at;
}

static int64_t least(const struct run *run, const int64_t *values)
{
	int64_t result = values[0];
	unsigned int i;

	for (i = 1; i < run->count; i++)
		if (values[i] < result)
			result = values[i];
	return result;
}

static int64_t most(const struct run *run, const int64_t *values)
{
	int64_t result = values[0];
	unsigned int i;

	for (i = 1; i < run->count; i++)
		if (values[i] > result)
			result = values[i];
	return result;
}

static size_t digits_of(uint64_t number)
{
	size_t digits = 0;

	for (; number; number /= 10)
		digits++;
	return digits;
}

/* What each has more than the least, in decimal digits, as many for each as the most needs. */
static void put_more(const struct run *run, const int64_t *values, sqlite3_context *result)
{
	char text[RUN_SIZE * DIGITS];
	const int64_t base = least(run, values);
	const size_t width = digits_of((uint64_t)(most(run, values) - base));
	unsigned int i;

	for (i = 0; i < run->count; i++) {
		uint64_t more = (uint64_t)(values[i] - base);
		char *at = text + (i + 1) * width, *begin = text + i * width;

		for (; at > begin; more /= 10)
			*--at = (char)('0' + more % 10);
	}
	if (width)
		sqlite3_result_blob(result, text, (int)(run->count * width), SQLITE_TRANSIENT);
}

static int64_t sum(const struct run *run, enum run_field field)
{
	uint64_t result = 0;
	unsigned int i;

	for (i = 0; i < run->count; i++)
		result += (uint64_t)run->values[field][i];
	return result > INT64_MAX ? INT64_MAX : (int64_t)result;
}

static int64_t last_end(const struct run *run)
{
	int64_t result = 0;
	unsigned int i;

	for (i = 0; i < run->count; i++) {
		uint64_t ended = (uint64_t)run->values[RUN_STARTED][i] +
				 (uint64_t)run->values[RUN_LASTED][i];

		if ((int64_t)ended > result)
			result = (int64_t)ended;
	}
	return result;
}

static void put_id(sqlite3_context *result, int64_t id)
{
	if (id)
		sqlite3_result_int64(result, id);
}

static void put_opener(sqlite3_context *result, int64_t opener, int64_t user)
{
	if (opener != user)
		sqlite3_result_int64(result, opener);
}

/* What is not put is NULL. */
void run_column(const struct run *run, int which, sqlite3_context *result)
{
	enum { COMMON = 12 };
	const int64_t *values;

	switch (which) {
	case 0:
		return sqlite3_result_int64(result, run->id);
	case 1:
		return sqlite3_result_int64(result, run->count);
	case 2:
		return sqlite3_result_int64(result, run->key.route);
	case 3:
		return put_id(result, run->key.client);
	case 4:
		return put_id(result, run->key.server);
	case 5:
		return put_opener(result, run->key.client_opener, run->key.client);
	case 6:
		return put_opener(result, run->key.server_opener, run->key.server);
	case 7:
		return sqlite3_result_int64(result, run->key.flags);
	case 8:
		return sqlite3_result_int64(result, run->key.load);
	case 9:
		return sqlite3_result_int64(result, last_end(run));
	case 10:
		return sqlite3_result_int64(result, sum(run, RUN_TO_SERVER));
	case 11:
		return sqlite3_result_int64(result, sum(run, RUN_TO_CLIENT));
	default:
		values = run->values[(which - COMMON) / 2];
		if (which % 2)
			put_more(run, values, result);
		else
			sqlite3_result_int64(result, least(run, values));
	}
}
