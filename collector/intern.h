/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dictionaries: byte strings to the ids of their rows. Bounded: when one is
 * full it forgets everything, and values that come again get a second row.
 */
#ifndef KITH_INTERN_H
#define KITH_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Values stand one behind the other, and a table of places leads to them: neither is given
 * back before intern_free(), so a dictionary that has been full once allocates nothing.
 */
struct intern {
	char *values; /* struct intern_value, each aligned */
	size_t used;
	size_t room;
	uint32_t *places; /* of values by their hash: where they begin + 1; 0: free */
	size_t place_count; /* a power of two, or 0 */
	size_t count;
	uint32_t last; /* that was asked for, as in places: the next often is the same */
	size_t max_bytes;
	int64_t next_id;
};

void intern_init(struct intern *intern, size_t max_bytes, int64_t next_id);
void intern_clear(struct intern *intern); /* it is empty, and remembers its next id */
void intern_free(struct intern *intern);

/*
 * The id of @data. *fresh: it is new, and its row has to be written.
 * Return: the id, > 0, or -ENOMEM.
 */
int64_t intern_id(struct intern *intern, const void *data, size_t size, bool *fresh);

/* A hash that nobody outside this process can foresee. */
uint64_t intern_hash(const void *data, size_t size);

#endif
