/* SPDX-License-Identifier: GPL-2.0-only */
/* What is hashed of a row. */
#ifndef KITH_SEAL_ROW_H
#define KITH_SEAL_ROW_H

#include "sha256.h"

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Bytes on their way to be hashed. Each value has its type and its size before it, so that
 * no two rows are the same bytes.
 */
struct seal_bytes {
	struct sha256 *sha256;
	size_t used;
	unsigned char data[4096];
};

void seal_put(struct seal_bytes *bytes, const void *data, size_t size);
void seal_put_int(struct seal_bytes *bytes, int64_t value);
void seal_put_text(struct seal_bytes *bytes, const char *text);

enum { SEAL_COLUMNS = 64 };

/* The present row's values, good until the next step. Return: how many. */
int seal_values(sqlite3_stmt *statement, sqlite3_value *values[SEAL_COLUMNS]);

/*
 * @count values of a row: those that are in @mask, bit 0 for the first. NULLs behind the
 * last value are left out: tables get columns at their end.
 */
void seal_put_row(struct seal_bytes *bytes, sqlite3_value *const *values, int count,
		  uint64_t mask);

/* All of the present row of @statement. */
void seal_put_all(struct seal_bytes *bytes, sqlite3_stmt *statement);

/* The digest of all since the last one. 0 or -ENOMEM. */
int seal_end(struct seal_bytes *bytes, unsigned char digest[SHA256_SIZE]);

#endif
