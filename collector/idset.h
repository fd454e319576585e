/* SPDX-License-Identifier: GPL-2.0-only */
/* Sets of keys of the database. */
#ifndef KITH_IDSET_H
#define KITH_IDSET_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct idset {
	int64_t *ids; /* ascending, each once */
	size_t count;
};

/*
 * The first column of all rows of @statement, which the caller has prepared and bound.
 * Return: exit status, after saying on stderr what is wrong if it is not 0.
 */
int idset_read(struct idset *set, sqlite3 *db, sqlite3_stmt *statement);
bool idset_has(const struct idset *set, int64_t id);
void idset_clear(struct idset *set);

/* In queries @name(id) is 1 if @set has it, else 0. Return: exit status. */
int idset_offer(struct idset *set, sqlite3 *db, const char *name);

/*
 * The files that ever had @path: those used or executed by that name, and those that were
 * given it or lost it. Return: exit status.
 */
int idset_files(struct idset *set, sqlite3 *db, const char *path);

#endif
