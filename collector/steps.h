/* SPDX-License-Identifier: GPL-2.0-only */
/* How kith trace shows what it has found. */
#ifndef KITH_STEPS_H
#define KITH_STEPS_H

#include "trace.h"

#include <sqlite3.h>
#include <stdbool.h>

/* Return: exit status. */
int steps_prepare(sqlite3 *db, sqlite3_stmt **row);

/* One line with the statement @row. @path: of a file that all begins with. */
int steps_print(sqlite3 *db, sqlite3_stmt *row, const struct trace *trace, uint32_t number,
		const char *path, bool json);

/* How many there would be below @number besides. */
void steps_print_more(const struct trace *trace, uint32_t number);

#endif
