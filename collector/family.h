/* SPDX-License-Identifier: GPL-2.0-only */
/* Who descends from whom. */
#ifndef KITH_FAMILY_H
#define KITH_FAMILY_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

struct family {
	int64_t *ids; /* process_id, ascending */
	size_t count;
};

/*
 * @roots, and all that descends from them. A child may well have a smaller id
 * than its parent: if the record of its birth was lost it may be met first.
 * Return: exit status, after saying on stderr what is wrong if it is not 0.
 */
int family_of(sqlite3 *db, const int64_t *roots, size_t count, struct family *family);
void family_clear(struct family *family);

#endif
