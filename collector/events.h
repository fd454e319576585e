/* SPDX-License-Identifier: GPL-2.0-only */
/* What kith timeline shows. */
#ifndef KITH_EVENTS_H
#define KITH_EVENTS_H

#include "idset.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct events {
	bool some; /* only those of these processes and files */
	struct idset processes;
	struct idset files;
	int64_t since;
	int64_t until;
	size_t limit; /* the latest so many */
	bool json;
};

/* Return: exit status. */
int events_print(struct events *events, sqlite3 *db);

#endif
