/* SPDX-License-Identifier: GPL-2.0-only */
/* The chain of seals. */
#ifndef KITH_SEAL_CHAIN_H
#define KITH_SEAL_CHAIN_H

#include "sha256.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/* @digest: what the seal of @segment is by what the database says of it, whose rows are
 * not looked at, and the seal before it, @before; of the first that is 0. Return: SQLite's. */
int seal_chain_next(sqlite3 *db, struct sha256 *sha256, int64_t segment,
		    const unsigned char before[SHA256_SIZE],
		    unsigned char digest[SHA256_SIZE]);

/* The last segment that is sealed, 0: none is, and its seal. Return: SQLite's. */
int seal_chain_head(sqlite3 *db, int64_t *segment, unsigned char seal[SHA256_SIZE]);

#endif
