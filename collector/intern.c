// SPDX-License-Identifier: GPL-2.0-only
/* Dictionaries: byte strings to the ids of their rows. */
#include "intern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define XXH_INLINE_ALL
#include <xxhash.h>
/* The keys are chosen by those that are watched: without the seed they cannot
 * choose keys that collide. */
#define HASH_FUNCTION(key, length, hash) \
	((hash) = (unsigned int)XXH3_64bits_withSeed(key, length, seed()))
#define uthash_fatal(message) abort()
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

static uint64_t seed(void)
{
	static uint64_t value;

	while (!value)
		if (getrandom(&value, sizeof(value), 0) != sizeof(value))
			value = 0;
	return value;
}

struct intern_entry {
	UT_hash_handle hh;
	int64_t id;
	char key[];
};

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
	struct intern_entry *entry = intern->entries, *next;

	HASH_CLEAR(hh, intern->entries);
	intern->last = NULL;
	for (; entry; entry = next) {
		next = entry->hh.next;
		free(entry);
	}
	intern->count = 0;
	intern->bytes = 0;
}

static struct intern_entry *add(struct intern *intern, const void *data, size_t size)
{
	struct intern_entry *entry = malloc(sizeof(*entry) + size);

	if (!entry)
		return NULL;
	memcpy(entry->key, data, size);
	entry->id = intern->next_id;
	HASH_ADD_KEYPTR(hh, intern->entries, entry->key, size, entry);
	if (!entry->hh.tbl) {
		free(entry);
		return NULL;
	}
	intern->next_id++;
	intern->count++;
	intern->bytes += sizeof(*entry) + size;
	return entry;
}

int64_t intern_id(struct intern *intern, const void *data, size_t size, bool *fresh)
{
	struct intern_entry *entry;

	*fresh = false;
	entry = intern->last;
	if (entry && entry->hh.keylen == size && !memcmp(entry->key, data, size))
		return entry->id;
	HASH_FIND(hh, intern->entries, data, size, entry);
	if (entry) {
		intern->last = entry;
		return entry->id;
	}
	if (intern->bytes + sizeof(*entry) + size > intern->max_bytes)
		intern_clear(intern);
	entry = add(intern, data, size);
	if (!entry)
		return -ENOMEM;
	*fresh = true;
	return entry->id;
}
