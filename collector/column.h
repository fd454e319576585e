/* SPDX-License-Identifier: GPL-2.0-only */
/* Values of virtual tables. What is not put is NULL. */
#ifndef KITH_COLUMN_H
#define KITH_COLUMN_H

#include <sqlite3.h>
#include <stdint.h>

static inline void column_int(sqlite3_context *result, int64_t value)
{
	sqlite3_result_int64(result, value);
}

/* @usual is NULL. */
static inline void column_other(sqlite3_context *result, int64_t value, int64_t usual)
{
	if (value != usual)
		column_int(result, value);
}

static inline void column_id(sqlite3_context *result, int64_t id)
{
	column_other(result, id, 0);
}

static inline void column_nonnegative(sqlite3_context *result, int64_t value)
{
	if (value >= 0)
		column_int(result, value);
}

#endif
