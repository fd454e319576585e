// SPDX-License-Identifier: GPL-2.0-only
/* Runs of like conversations, and how SQLite reads them. */
#include "run.h"

#include "column.h"

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

/* The slot that @key has now, or takes from another. */
static struct run_slot *find_slot(struct run_slots *slots, const struct run_key *key)
{
	struct run_slot *slot = slots->last;

	if (slot && !memcmp(&slot->key, key, sizeof(*key)))
		return slot;
	slot = &slots->slots[XXH3_64bits(key, sizeof(*key)) % RUN_SLOTS];
	slots->last = slot;
	if (memcmp(&slot->key, key, sizeof(*key)))
		*slot = (struct run_slot){ .key = *key };
	return slot;
}

struct run_slot *run_slot(struct run_slots *slots, uint32_t commit, const struct run_key *key)
{
	struct run_slot *slot = find_slot(slots, key);

	if (slot->commit != commit) {
		slot->seen = faded(slot->seen, commit - slot->commit);
		slot->commit = commit;
		slot->run = 0;
	}
	slot->seen++;
	return slot;
}

static void put_value(struct run *run, enum run_field field, int64_t value)
{
	const bool first = !run->count;

	if (first || value < run->least[field])
		run->least[field] = value;
	if (first || value > run->most[field])
		run->most[field] = value;
	run->values[field][run->count] = value;
}

int64_t run_add(struct run *run, const struct store_connection *connection)
{
	const uint64_t isns = (uint64_t)connection->isns;

	put_value(run, RUN_STARTED, connection->started);
	put_value(run, RUN_LASTED, connection->lasted);
	put_value(run, RUN_PORTS, store_connection_ports(connection));
	put_value(run, RUN_TO_SERVER, connection->to_server);
	put_value(run, RUN_TO_CLIENT, connection->to_client);
	put_value(run, RUN_HIGH, (int64_t)(isns >> 32));
	put_value(run, RUN_LOW, (int64_t)(isns & UINT32_MAX));
	return run->id + run->count++;
}

static size_t digits_of(uint64_t number)
{
	size_t digits = 0;

	for (; number; number /= 10)
		digits++;
	return digits;
}

/* The last @width digits of @number, two at a time. */
static void put_digits(char *at, size_t width, uint64_t number)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324"
				    "25262728293031323334353637383940414243444546474849"
				    "50515253545556575859606162636465666768697071727374"
				    "75767778798081828384858687888990919293949596979899";

	for (; width > 1; width -= 2, number /= 100)
		memcpy(at + width - 2, pairs + number % 100 * 2, 2);
	if (width)
		*at = (char)('0' + number % 10);
}

/* What each has more than the least, in decimal digits, as many for each as the most needs. */
static void put_more(const struct run *run, enum run_field field, sqlite3_context *result)
{
	char text[RUN_SIZE * DIGITS];
	const int64_t base = run->least[field];
	const size_t width = digits_of((uint64_t)(run->most[field] - base));
	unsigned int i;

	if (!width)
		return;
	for (i = 0; i < run->count; i++)
		put_digits(text + i * width, width, (uint64_t)(run->values[field][i] - base));
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

void run_column(const struct run *run, int which, sqlite3_context *result)
{
	enum { COMMON = 12 };
	const enum run_field field = (enum run_field)((which - COMMON) / 2);

	switch (which) {
	case 0:
		return column_int(result, run->id);
	case 1:
		return column_int(result, run->count);
	case 2:
		return column_int(result, run->key.route);
	case 3:
		return column_id(result, run->key.client);
	case 4:
		return column_id(result, run->key.server);
	case 5:
		return column_other(result, run->key.client_opener, run->key.client);
	case 6:
		return column_other(result, run->key.server_opener, run->key.server);
	case 7:
		return column_int(result, run->key.flags);
	case 8:
		return column_int(result, run->key.load);
	case 9:
		return column_int(result, last_end(run));
	case 10:
		return column_int(result, sum(run, RUN_TO_SERVER));
	case 11:
		return column_int(result, sum(run, RUN_TO_CLIENT));
	default:
		if (which % 2)
			put_more(run, field, result);
		else
			column_int(result, run->least[field]);
	}
}
