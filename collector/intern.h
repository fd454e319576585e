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

struct intern {
	struct intern_entry *entries;
	struct intern_entry *last; /* that was asked for: the next often is the same */
	size_t count;
	size_t bytes;
	size_t max_bytes;
	int64_t next_id;
};

void intern_init(struct intern *intern, size_t max_bytes, int64_t next_id);
void intern_clear(struct intern *intern);

/*
 * The id of @data. *fresh: it is new, and its row has to be written.
 * Return: the id, > 0, or -ENOMEM.
 */
int64_t intern_id(struct intern *intern, const void *data, size_t size, bool *fresh);

/* A hash that nobody outside this process can foresee. */
uint64_t intern_hash(const void *data, size_t size);

#endif
