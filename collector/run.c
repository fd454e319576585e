// SPDX-License-Identifier: GPL-2.0-only
/* Runs of like conversations, and how SQLite reads them. */
#include "run.h"

#include "column.h"

#include <endian.h>
#include <string.h>
#include <xxhash.h>

enum {
	DIGITS = 20, /* of the greatest number */
	EIGHT = 8,   /* digits that are made at once */
};

bool run_takes(const struct store_connection *connection)
{
	return !connection->number && connection->lasted >= 0 && connection->started >= 0;
}

static bool is_same_key(const struct run_key *a, const struct run_key *b)
{
	return a->route == b->route && a->client == b->client && a->server == b->server &&
	       a->client_opener == b->client_opener && a->server_opener == b->server_opener &&
	       a->flags == b->flags && a->load == b->load;
}

static uint32_t faded(uint32_t seen, uint32_t commits)
{
	return commits < 32 ? seen >> commits : 0;
}

/* The slot that @key has now, or takes from another. */
static struct run_slot *find_slot(struct run_slots *slots, const struct run_key *key)
{
	struct run_slot *slot = slots->last;

	if (slot && is_same_key(&slot->key, key))
		return slot;
	slot = &slots->slots[XXH3_64bits(key, sizeof(*key)) % RUN_SLOTS];
	slots->last = slot;
	if (!is_same_key(&slot->key, key))
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

/*
 * The digits of @number, which has no more than eight, as they stand in memory: two
 * numbers of four digits, then four of two, then eight of one. Of each the upper half
 * stays where it is, and what is left of it goes to the left by the width of a lane:
 * (all - upper * 100) << 16 | upper, for one, as a single multiplication.
 */
static uint64_t eight_digits(uint32_t number)
{
	uint64_t upper = number / 10000, all;

	all = ((uint64_t)number << 32) - upper * ((UINT64_C(10000) << 32) - 1);
	upper = (all * 10486 >> 20) & 0x0000007f0000007f;
	all = (all << 16) - upper * ((100 << 16) - 1);
	upper = (all * 103 >> 10) & 0x000f000f000f000f;
	all = (all << 8) - upper * ((10 << 8) - 1);
	return htole64(all | 0x3030303030303030);
}

/* The last @width digits of @number before @end, and up to seven zeros before those. */
static void put_digits(char *end, size_t width, uint64_t number)
{
	uint64_t upper = number / 100000000;
	uint64_t word = eight_digits((uint32_t)(number % 100000000));

	end -= EIGHT;
	memcpy(end, &word, EIGHT);
	for (; width > EIGHT; width--, upper /= 10)
		*--end = (char)('0' + upper % 10);
}

/* What each has more than the least, in decimal digits, as many for each as the most needs. */
static void put_more(const struct run *run, enum run_field field, sqlite3_context *result)
{
	char text[EIGHT + RUN_SIZE * DIGITS];
	const int64_t base = run->least[field];
	const size_t width = digits_of((uint64_t)(run->most[field] - base));
	char *end = text + EIGHT + run->count * width;
	unsigned int i;

	if (!width)
		return;
	/* From the last on: each clears what the one behind it has put into its place. */
	for (i = run->count; i-- > 0; end -= width)
		put_digits(end, width, (uint64_t)(run->values[field][i] - base));
	sqlite3_result_blob(result, text + EIGHT, (int)(run->count * width), SQLITE_TRANSIENT);
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
