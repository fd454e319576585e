// SPDX-License-Identifier: GPL-2.0-only
/* Dictionaries: byte strings to the ids of their rows. */
#include "intern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { PLACES_LEAST = 64, ROOM_LEAST = 4096 };

struct intern_value {
	int64_t id;
	uint32_t hash;
	uint32_t size;
	char bytes[];
};

/*
 * The keys are chosen by those that are watched: without the seed they cannot choose keys
 * that collide.
 */
static uint64_t seed(void)
{
	static uint64_t value;

	while (!value)
		if (getrandom(&value, sizeof(value), 0) != sizeof(value))
			value = 0;
	return value;
}

uint64_t intern_hash(const void *data, size_t size)
{
	return XXH3_64bits_withSeed(data, size, seed());
}

void intern_init(struct intern *intern, size_t max_bytes, int64_t next_id)
{
	*intern = (struct intern){ .max_bytes = max_bytes, .next_id = next_id };
}

void intern_clear(struct intern *intern)
{
	if (intern->count)
		memset(intern->places, 0, intern->place_count * sizeof(*intern->places));
	intern->count = 0;
	intern->used = 0;
	intern->last = 0;
}

void intern_free(struct intern *intern)
{
	intern_clear(intern);
	free(intern->values);
	free(intern->places);
	intern->values = NULL;
	intern->places = NULL;
	intern->room = 0;
	intern->place_count = 0;
}

static struct intern_value *value_at(const struct intern *intern, uint32_t place)
{
	return (struct intern_value *)(void *)(intern->values + place - 1);
}

static bool is(const struct intern_value *value, const void *data, size_t size)
{
	return value->size == size && !memcmp(value->bytes, data, size);
}

/* Where a value with @hash may stand first; the others follow. */
static size_t first_place(const struct intern *intern, uint32_t hash)
{
	return hash & (intern->place_count - 1);
}

static void put_place(struct intern *intern, uint32_t hash, uint32_t place)
{
	size_t at = first_place(intern, hash);

	while (intern->places[at])
		at = (at + 1) & (intern->place_count - 1);
	intern->places[at] = place;
}

/* 0: it is not there. */
static uint32_t find(const struct intern *intern, uint32_t hash, const void *data,
		     size_t size)
{
	size_t at;
	uint32_t place;

	if (!intern->count)
		return 0;
	for (at = first_place(intern, hash); (place = intern->places[at]);
	     at = (at + 1) & (intern->place_count - 1)) {
		const struct intern_value *value = value_at(intern, place);

		if (value->hash == hash && is(value, data, size))
			return place;
	}
	return 0;
}

static size_t size_of(size_t size)
{
	const size_t align = _Alignof(struct intern_value);

	return (sizeof(struct intern_value) + size + align - 1) / align * align;
}

/* Twice as many places, for all that are there. */
static int add_places(struct intern *intern)
{
	const size_t count = intern->place_count ? 2 * intern->place_count : PLACES_LEAST;
	uint32_t *places = calloc(count, sizeof(*places));
	size_t at;

	if (!places)
		return -ENOMEM;
	free(intern->places);
	intern->places = places;
	intern->place_count = count;
	for (at = 0; at < intern->used;) {
		const struct intern_value *value = value_at(intern, (uint32_t)at + 1);

		put_place(intern, value->hash, (uint32_t)at + 1);
		at += size_of(value->size);
	}
	return 0;
}

static int add_room(struct intern *intern, size_t size)
{
	size_t room = intern->room ? intern->room : ROOM_LEAST;
	char *values;

	while (room < intern->used + size)
		room *= 2;
	values = realloc(intern->values, room);
	if (!values)
		return -ENOMEM;
	intern->values = values;
	intern->room = room;
	return 0;
}

/* Of what there is, and of the places that it takes: there are two for each, or four. */
static size_t bytes_with(const struct intern *intern, size_t size)
{
	return intern->used + size_of(size) + (intern->count + 1) * 4 * sizeof(uint32_t);
}

static struct intern_value *add(struct intern *intern, const void *data, size_t size,
				uint32_t hash)
{
	const size_t whole = size_of(size);
	struct intern_value *value;

	if (2 * (intern->count + 1) > intern->place_count && add_places(intern))
		return NULL;
	if (intern->used + whole > intern->room && add_room(intern, whole))
		return NULL;
	intern->last = (uint32_t)intern->used + 1;
	value = value_at(intern, intern->last);
	value->id = intern->next_id++;
	value->hash = hash;
	value->size = (uint32_t)size;
	if (size)
		memcpy(value->bytes, data, size);
	intern->used += whole;
	intern->count++;
	put_place(intern, hash, intern->last);
	return value;
}

int64_t intern_id(struct intern *intern, const void *data, size_t size, bool *fresh)
{
	const struct intern_value *value;
	uint32_t hash, place;

	*fresh = false;
	if (intern->last && is(value_at(intern, intern->last), data, size))
		return value_at(intern, intern->last)->id;
	hash = (uint32_t)intern_hash(data, size);
	place = find(intern, hash, data, size);
	if (place) {
		intern->last = place;
		return value_at(intern, place)->id;
	}
	if (bytes_with(intern, size) > intern->max_bytes)
		intern_clear(intern);
	value = add(intern, data, size, hash);
	if (!value)
		return -ENOMEM;
	*fresh = true;
	return value->id;
}
