/* SPDX-License-Identifier: GPL-2.0-only */
/* What the virtual tables of waiting rows are made of: pending_table.c and pending_column.c. */
#ifndef KITH_PENDING_TABLE_H
#define KITH_PENDING_TABLE_H

#include "pending.h"

#include <stdbool.h>

/* One virtual table: what it is to SQLite, and where its values are. */
struct pending_table {
	const char *name;
	const char *declaration;
	size_t row_size;
	size_t offset; /* of its array in struct pending */
	/* Called for each value: a function of all tables that calls another costs a tenth. */
	int (*column)(sqlite3_vtab_cursor *cursor, sqlite3_context *result, int which);
	bool (*is_plain)(const void *row, bool first); /* or NULL: none is */
};

struct pending_cursor {
	sqlite3_vtab_cursor base;
	struct pending *pending;
	const struct pending_table *table;
	const char *row;
	const char *end;
};

extern const struct pending_table pending_tables[PENDING_TABLES];

#endif
