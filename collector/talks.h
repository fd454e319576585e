/* SPDX-License-Identifier: GPL-2.0-only */
/* What kith talks asks the database, and how it shows the answers. */
#ifndef KITH_TALKS_H
#define KITH_TALKS_H

#include <sqlite3.h>
#include <stdbool.h>

enum talks_kind { TALKS_CONNECTIONS, TALKS_PIPES, TALKS_KINDS };

/*
 * Each but `again` has two %s, for what stands in a condition: with, and that of its
 * kind. ?4: the last key that was shown; of `again` the key.
 */
struct talks_queries {
	const char *grouped;
	const char *each;
	const char *newer;
	const char *again;
	const char *newest; /* the last key there is */
	const char *before; /* that before the first that began at ?1 or later */
	int key;	    /* column of all but `grouped` */
};

extern const struct talks_queries talks_queries[TALKS_KINDS];

void talks_print_group(sqlite3_stmt *row);

/* A row of `each` and the like; does it go on? */
void talks_print_each(sqlite3_stmt *row);
bool talks_is_open(sqlite3_stmt *row);

#endif
