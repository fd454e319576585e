// SPDX-License-Identifier: GPL-2.0-only
/* Gathering where things are, and putting it down. */
#include "places.h"

#include "place_kind.h"
#include "statement.h"

#include <stdlib.h>
#include <string.h>

/* As schema/008-places.sql and the views have them. */
enum {
	PART_BITS = 10,
	EPOCH_BITS = 16,
	PAIR_EPOCH_BITS = 20,
};

enum {
	SLOT_BITS = 15,
	SLOTS = 1 << SLOT_BITS,
	SLOTS_FULL = SLOTS / 4 * 3,
	ZONES_AT_ONCE = 4096,
	NO_COLUMN = -1,
};

/* A row of places or pairs. */
struct slot {
	int64_t key;
	int64_t other; /* epoch; what goes with it */
	uint64_t mask; /* or what else is to be known of a pair: see add_to_slot() */
	unsigned int kind; /* number; 0: the slot is free */
};

struct zone {
	int64_t high;
	int64_t part;
	unsigned int kind;
};

/* A kind of the table that is at hand. */
struct user {
	unsigned int number;
	const struct place_kind *kind;
	int key; /* columns, or NO_COLUMN */
	int columns[PLACE_COLUMNS];
	/* PLACE_BY_ZONE: the greatest key so far, and at the ends of the parts before */
	int64_t high;
	int64_t before;	   /* up to the last part */
	int64_t before_it; /* up to the one before that: later keys need no place here */
	int64_t told;	   /* the last zone's */
};

struct places {
	struct store *store;
	int64_t segment;
	int64_t part; /* of the row before */
	struct user users[PLACE_KINDS];
	size_t user_count;
	struct slot slots[SLOTS];
	size_t used;
	struct zone zones[ZONES_AT_ONCE];
	size_t zone_count;
};

struct places *places_new(struct store *store)
{
	struct places *places = calloc(1, sizeof(*places));

	if (places)
		places->store = store;
	return places;
}

void places_free(struct places *places)
{
	free(places);
}

void places_forget(struct places *places)
{
	memset(places->slots, 0, sizeof(places->slots));
	places->used = 0;
	places->zone_count = 0;
	places->user_count = 0;
}

int64_t places_resume(struct places *places)
{
	int64_t segment;
	int ret = statement_ask(places->store, STATEMENT_PLACED, &segment, 0);

	if (!ret)
		ret = statement_run_of(places->store, STATEMENT_ZONES_CLEAR, segment);
	return ret ? ret : segment;
}

void places_begin(struct places *places, int64_t segment)
{
	places_forget(places);
	places->segment = segment;
}

/* A table of somebody else's may lack what it takes: then it is not there. */
static bool find_columns(struct user *user, sqlite3_stmt *rows)
{
	const struct place_kind *kind = user->kind;
	size_t i;

	user->key = statement_column(rows, kind->key);
	if (kind->key && user->key == NO_COLUMN)
		return false;
	for (i = 0; i < PLACE_COLUMNS; i++) {
		user->columns[i] = statement_column(rows, kind->columns[i]);
		if (kind->columns[i] && user->columns[i] == NO_COLUMN)
			return false;
	}
	return true;
}

static void find_users(struct places *places, const char *table, sqlite3_stmt *rows)
{
	unsigned int i;

	places->user_count = 0;
	for (i = 0; i < PLACE_KINDS; i++) {
		struct user *user = &places->users[places->user_count];

		*user = (struct user){ .number = i + 1, .kind = &place_kinds[i] };
		if (!strcmp(user->kind->table, table) && find_columns(user, rows))
			places->user_count++;
	}
}

static int zone_upto(struct places *places, const struct user *user, int64_t part,
		     int64_t *high)
{
	struct binder binder = statement_bind(places->store, STATEMENT_ZONE_UPTO);

	bind_int(&binder, user->number);
	bind_int(&binder, part);
	return statement_ask(places->store, STATEMENT_ZONE_UPTO, high, 0);
}

int places_table(struct places *places, const char *table, sqlite3_stmt *rows, int64_t first)
{
	size_t i;
	int ret = 0;

	find_users(places, table, rows);
	places->part = first >> PART_BITS;
	for (i = 0; i < places->user_count && !ret; i++) {
		struct user *user = &places->users[i];

		if (user->kind->way != PLACE_BY_ZONE)
			continue;
		ret = zone_upto(places, user, places->part - 2, &user->before_it);
		if (!ret)
			ret = zone_upto(places, user, places->part - 1, &user->before);
		if (!ret)
			ret = zone_upto(places, user, places->part, &user->high);
		user->told = user->high;
	}
	return ret;
}

void places_late(struct places *places, const char *table, sqlite3_stmt *rows)
{
	find_users(places, table, rows);
}

static size_t slot_of(unsigned int kind, int64_t key, int64_t other)
{
	uint64_t hash = (uint64_t)key * UINT64_C(0x9e3779b97f4a7c15);

	hash = (hash ^ hash >> 29 ^ ((uint64_t)other << 8 | kind)) * UINT64_C(0xbf58476d1ce4e5b9);
	return hash >> (64 - SLOT_BITS);
}

/* Of pairs by paths it is the second path, if all of them have the same, else 0. */
static void add_to_slot(struct slot *slot, uint64_t mask)
{
	switch (place_kinds[slot->kind - 1].way) {
	case PLACE_BY_PATHS:
		if (slot->mask != mask)
			slot->mask = 0;
		break;
	case PLACE_BY_PROCESS:
		if (slot->mask > mask)
			slot->mask = mask; /* the least id of a row */
		break;
	default:
		slot->mask |= mask;
	}
}

/* There is room: see places_is_full(). */
static void put(struct places *places, unsigned int kind, int64_t key, int64_t other,
		uint64_t mask)
{
	size_t at = slot_of(kind, key, other);
	struct slot *slot = &places->slots[at];

	while (slot->kind && (slot->key != key || slot->other != other || slot->kind != kind)) {
		at = (at + 1) % SLOTS;
		slot = &places->slots[at];
	}
	if (!slot->kind) {
		*slot = (struct slot){
			.key = key, .other = other, .mask = mask, .kind = kind
		};
		places->used++;
	} else {
		add_to_slot(slot, mask);
	}
}

static void put_place(struct places *places, const struct user *user, int64_t key, int64_t id)
{
	put(places, user->number, key, id >> EPOCH_BITS,
	    UINT64_C(1) << (id >> PART_BITS & ((1 << (EPOCH_BITS - PART_BITS)) - 1)));
}

static void put_pair(struct places *places, const struct user *user, int64_t key,
		     int64_t other, sqlite3_value *const *values, int64_t id)
{
	int64_t more = 0;

	if (user->kind->way == PLACE_BY_PATHS)
		more = sqlite3_value_int64(values[user->columns[1]]);
	else if (user->kind->way == PLACE_BY_PROCESS)
		more = id;
	put(places, user->number, key, other, (uint64_t)more);
}

static bool is_pair(const struct place_kind *kind)
{
	return kind->way != PLACE_BY_KEY && kind->way != PLACE_BY_ZONE;
}

/* Is the row one of the kind's, and by which key? */
static bool find_key(const struct user *user, sqlite3_value *const *values, int64_t *key,
		     int64_t *other)
{
	const struct place_kind *kind = user->kind;
	sqlite3_value *looked[PLACE_COLUMNS] = { NULL };
	size_t i;

	*key = 0;
	*other = 0;
	if (user->key != NO_COLUMN) {
		if (sqlite3_value_type(values[user->key]) != SQLITE_INTEGER)
			return false;
		*key = sqlite3_value_int64(values[user->key]);
	}
	for (i = 0; i < PLACE_COLUMNS && user->columns[i] != NO_COLUMN; i++)
		looked[i] = values[user->columns[i]];
	if (kind->is_one && !kind->is_one(looked))
		return false;
	if (kind->make_key)
		*key = kind->make_key(looked);
	if (is_pair(kind))
		*other = sqlite3_value_int64(looked[0]);
	return true;
}

static void tell_zones(struct places *places)
{
	size_t i;

	for (i = 0; i < places->user_count; i++) {
		struct user *user = &places->users[i];

		if (user->high == user->told)
			continue;
		places->zones[places->zone_count++] =
			(struct zone){ user->high, places->part, user->number };
		user->told = user->high;
	}
}

/* The rows of a part are over. */
static void go_to_part(struct places *places, int64_t part)
{
	const bool next = part == places->part + 1;
	size_t i;

	tell_zones(places);
	for (i = 0; i < places->user_count; i++) {
		struct user *user = &places->users[i];

		user->before_it = next ? user->before : user->high;
		user->before = user->high;
	}
	places->part = part;
}

void places_row(struct places *places, sqlite3_value *const *values, int64_t id)
{
	int64_t key, other;
	size_t i;

	if (id >> PART_BITS != places->part)
		go_to_part(places, id >> PART_BITS);
	for (i = 0; i < places->user_count; i++) {
		struct user *user = &places->users[i];

		if (!find_key(user, values, &key, &other))
			continue;
		switch (user->kind->way) {
		case PLACE_BY_ZONE:
			if (key <= user->before_it)
				put_place(places, user, key, id);
			if (key > user->high)
				user->high = key;
			break;
		case PLACE_BY_KEY:
			put_place(places, user, key, id);
			break;
		default:
			put_pair(places, user, key, other, values, id);
		}
	}
}

/* Is it looked for there anyway? */
static int is_in_zone(struct places *places, const struct user *user, int64_t key, int64_t part)
{
	struct binder binder = statement_bind(places->store, STATEMENT_ZONE_OF);
	int64_t first;
	int ret;

	bind_int(&binder, user->number);
	bind_int(&binder, key);
	ret = statement_ask(places->store, STATEMENT_ZONE_OF, &first, INT64_MIN);
	return ret ? ret : part == first || part - 1 == first;
}

int places_late_row(struct places *places, sqlite3_value *const *values, int64_t id)
{
	int64_t key, other;
	size_t i;

	for (i = 0; i < places->user_count; i++) {
		struct user *user = &places->users[i];
		int ret = 0;

		if (!find_key(user, values, &key, &other))
			continue;
		if (user->kind->way == PLACE_BY_ZONE)
			ret = is_in_zone(places, user, key, id >> PART_BITS);
		if (ret < 0)
			return ret;
		if (ret)
			continue;
		if (is_pair(user->kind))
			put_pair(places, user, key, other, values, id);
		else
			put_place(places, user, key, id);
	}
	return 0;
}

void places_table_end(struct places *places)
{
	tell_zones(places);
	places->user_count = 0;
}

/* A row takes a slot for each kind at most; a part, a zone. */
bool places_is_full(const struct places *places)
{
	return places->used >= SLOTS_FULL || places->zone_count >= ZONES_AT_ONCE / 2;
}

bool places_is_empty(const struct places *places)
{
	return !places->used && !places->zone_count;
}

static int compare_slots(const void *a_, const void *b_)
{
	const struct slot *a = a_, *b = b_;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return (a->other > b->other) - (a->other < b->other);
}

static size_t gather_used(struct places *places)
{
	size_t i, count = 0;

	for (i = 0; i < SLOTS; i++)
		if (places->slots[i].kind)
			places->slots[count++] = places->slots[i];
	qsort(places->slots, count, sizeof(*places->slots), compare_slots);
	return count;
}

static int write_pair(struct store *store, const struct slot *slot)
{
	const enum place_way way = place_kinds[slot->kind - 1].way;
	const bool of_file = way == PLACE_BY_PATH || way == PLACE_BY_PATHS;
	const enum statement which = of_file ? STATEMENT_PAIR_OF_FILE : STATEMENT_PAIR;
	struct binder binder = statement_bind(store, which);

	bind_int(&binder, slot->kind);
	bind_int(&binder, way == PLACE_BY_FILE ? 0 : slot->other >> PAIR_EPOCH_BITS);
	bind_int(&binder, slot->key);
	bind_int(&binder, slot->other);
	bind_id(&binder, (int64_t)slot->mask);
	return statement_run(store, which);
}

static int write_slot(struct store *store, const struct slot *slot)
{
	struct binder binder;

	if (is_pair(&place_kinds[slot->kind - 1]))
		return write_pair(store, slot);
	binder = statement_bind(store, STATEMENT_PLACE);
	bind_int(&binder, slot->kind);
	bind_int(&binder, slot->key);
	bind_int(&binder, slot->other);
	bind_int(&binder, (int64_t)slot->mask);
	return statement_run(store, STATEMENT_PLACE);
}

static int write_zone(struct places *places, const struct zone *zone)
{
	struct binder binder = statement_bind(places->store, STATEMENT_ZONE);

	bind_int(&binder, zone->kind);
	bind_int(&binder, zone->high);
	bind_int(&binder, zone->part);
	bind_int(&binder, places->segment);
	return statement_run(places->store, STATEMENT_ZONE);
}

int places_write(struct places *places)
{
	const size_t count = gather_used(places);
	size_t i;
	int ret = 0;

	for (i = 0; i < count && !ret; i++)
		ret = write_slot(places->store, &places->slots[i]);
	for (i = 0; i < places->zone_count && !ret; i++)
		ret = write_zone(places, &places->zones[i]);
	memset(places->slots, 0, sizeof(places->slots));
	places->used = 0;
	places->zone_count = 0;
	return ret;
}

int places_end(struct places *places)
{
	int ret = places_write(places);

	if (!ret)
		ret = statement_run_of(places->store, STATEMENT_PLACED_UPTO, places->segment);
	return ret ? ret
		   : statement_run_of(places->store, STATEMENT_SET_PLACED, places->segment);
}
