// SPDX-License-Identifier: GPL-2.0-only
/* What is hashed of a row. */
#include "seal_row.h"

#include <endian.h>
#include <string.h>

/* What stands before a value. Of an integer its low bytes follow, as many as it takes. */
enum mark {
	MARK_INTEGER, /* and 1 to 8: with so many bytes */
	MARK_NULL = 16,
	MARK_REAL,
	MARK_TEXT,
	MARK_BLOB,
	MARK_END, /* of a row */
};

static void flush(struct seal_bytes *bytes)
{
	sha256_add(bytes->sha256, bytes->data, bytes->used);
	bytes->used = 0;
}

void seal_put(struct seal_bytes *bytes, const void *data, size_t size)
{
	if (size > sizeof(bytes->data) - bytes->used)
		flush(bytes);
	if (size > sizeof(bytes->data)) {
		sha256_add(bytes->sha256, data, size);
		return;
	}
	if (size)
		memcpy(bytes->data + bytes->used, data, size);
	bytes->used += size;
}

static void put_mark(struct seal_bytes *bytes, unsigned int mark)
{
	const unsigned char byte = (unsigned char)mark;

	seal_put(bytes, &byte, 1);
}

/* Bytes without which @value would be another: the sign is in the last of them. */
static unsigned int size_of(int64_t value)
{
	const uint64_t bits = (uint64_t)(value < 0 ? ~value : value) << 1 | 1;

	return (71 - (unsigned int)__builtin_clzll(bits)) / 8;
}

void seal_put_int(struct seal_bytes *bytes, int64_t value)
{
	const uint64_t low_first = htole64((uint64_t)value);
	const unsigned int size = size_of(value);
	unsigned char *at;

	if (sizeof(bytes->data) - bytes->used < 1 + sizeof(low_first))
		flush(bytes);
	at = bytes->data + bytes->used;
	*at = (unsigned char)(MARK_INTEGER + size);
	memcpy(at + 1, &low_first, sizeof(low_first));
	bytes->used += 1 + size;
}

static void put_sized(struct seal_bytes *bytes, enum mark mark, const void *data,
		      size_t size)
{
	put_mark(bytes, mark);
	seal_put_int(bytes, (int64_t)size);
	seal_put(bytes, data, size);
}

void seal_put_text(struct seal_bytes *bytes, const char *text)
{
	put_sized(bytes, MARK_TEXT, text, strlen(text));
}

static void put_real(struct seal_bytes *bytes, double value)
{
	put_mark(bytes, MARK_REAL);
	seal_put(bytes, &value, sizeof(value));
}

static void put_value(struct seal_bytes *bytes, sqlite3_value *value)
{
	switch (sqlite3_value_type(value)) {
	case SQLITE_INTEGER:
		return seal_put_int(bytes, sqlite3_value_int64(value));
	case SQLITE_TEXT:
		/* Whatever its bytes are, they are taken as they stand. */
		return put_sized(bytes, MARK_TEXT, sqlite3_value_text(value),
				 (size_t)sqlite3_value_bytes(value));
	case SQLITE_BLOB:
		return put_sized(bytes, MARK_BLOB, sqlite3_value_blob(value),
				 (size_t)sqlite3_value_bytes(value));
	case SQLITE_FLOAT:
		return put_real(bytes, sqlite3_value_double(value));
	default:
		put_mark(bytes, MARK_NULL);
	}
}

void seal_put_row(struct seal_bytes *bytes, sqlite3_value *const *values, int count,
		  uint64_t mask)
{
	int i;

	while (count && sqlite3_value_type(values[count - 1]) == SQLITE_NULL)
		count--;
	for (i = 0; i < count; i++)
		if (mask >> i & 1)
			put_value(bytes, values[i]);
	put_mark(bytes, MARK_END);
}

void seal_put_all(struct seal_bytes *bytes, sqlite3_stmt *statement)
{
	sqlite3_value *values[SEAL_COLUMNS] = { NULL };
	const int count = seal_values(statement, values);

	seal_put_row(bytes, values, count, UINT64_MAX);
}

int seal_values(sqlite3_stmt *statement, sqlite3_value *values[SEAL_COLUMNS])
{
	const int all = sqlite3_column_count(statement);
	const int count = all < SEAL_COLUMNS ? all : SEAL_COLUMNS;
	int i;

	for (i = 0; i < count; i++)
		values[i] = sqlite3_column_value(statement, i);
	return count;
}

int seal_end(struct seal_bytes *bytes, unsigned char digest[SHA256_SIZE])
{
	flush(bytes);
	return sha256_end(bytes->sha256, digest);
}
