/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The last conversation that was told of, for the next one that is like it: the same
 * processes on the same route with the same outcome. What was found out about the one
 * holds for the other; what comes by the thousand is looked up once.
 */
#ifndef KITH_ALIKE_H
#define KITH_ALIKE_H

#include "dictionary.h"
#include "record.h"
#include "store.h"

#include <stdbool.h>
#include <stddef.h>

struct alike {
	bool known;
	struct kith_connection body; /* as it was told */
	struct store_connection row; /* what became of it */
	size_t name_size;	     /* of a Unix socket */
	char name[DICTIONARY_NAME];
};

/* Is @record, of a conversation, like the last one? Numbers, times, sums may differ. */
bool alike_is(const struct alike *alike, const struct record *record);

/* It became @row. */
void alike_remember(struct alike *alike, const struct record *record,
		    const struct store_connection *row);

/* Something else has happened, which may have changed what would be found out. */
static inline void alike_forget(struct alike *alike)
{
	alike->known = false;
}

#endif
