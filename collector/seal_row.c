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
	bytes->hashed += bytes->used;
	bytes->used = 0;
}

void seal_put(struct seal_bytes *bytes, const void *data, size_t size)
{
	if (size > sizeof(bytes->data) - bytes->used)
		flush(bytes);
	if (size > sizeof(bytes->data)) {
		sha256_add(bytes->sha256, data, size);
		bytes->hashed += size;
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

/* Of a mark and the integer behind it; eight bytes are written, whatever counts of them. */
enum { INTEGER_MOST = 1 + 8 };

/* Return: behind it. */
static unsigned char *write_int(unsigned char *to, int64_t value)
{
	const uint64_t low_first = htole64((uint64_t)value);
	const unsigned int size = size_of(value);

	*to = (unsigned char)(MARK_INTEGER + size);
	memcpy(to + 1, &low_first, sizeof(low_first));
	return to + 1 + size;
}

/* Where the next bytes go, of which there may be @size. */
static unsigned char *make_room(struct seal_bytes *bytes, size_t size)
{
	if (sizeof(bytes->data) - bytes->used < size)
		flush(bytes);
	return bytes->data + bytes->used;
}

void seal_put_int(struct seal_bytes *bytes, int64_t value)
{
	bytes->used = (size_t)(write_int(make_room(bytes, INTEGER_MOST), value) - bytes->data);
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

/* One that is neither an integer nor NULL. */
static void put_large(struct seal_bytes *bytes, sqlite3_value *value)
{
	switch (sqlite3_value_type(value)) {
	case SQLITE_TEXT:
		/* Whatever its bytes are, they are taken as they stand. */
		return put_sized(bytes, MARK_TEXT, sqlite3_value_text(value),
				 (size_t)sqlite3_value_bytes(value));
	case SQLITE_BLOB:
		return put_sized(bytes, MARK_BLOB, sqlite3_value_blob(value),
				 (size_t)sqlite3_value_bytes(value));
	default:
		put_real(bytes, sqlite3_value_double(value));
	}
}

/*
 * The values up to the first that is neither an integer nor NULL, of which there is room for
 * all. Return: its place, or @count. Most rows have no others.
 */
static int put_small(struct seal_bytes *bytes, sqlite3_value *const *values, int from,
		     int count, uint64_t mask)
{
	unsigned char *to = make_room(bytes, (size_t)SEAL_COLUMNS * INTEGER_MOST);

	for (; from < count; from++) {
		if (!(mask >> from & 1))
			continue;
		switch (sqlite3_value_type(values[from])) {
		case SQLITE_INTEGER:
			to = write_int(to, sqlite3_value_int64(values[from]));
			continue;
		case SQLITE_NULL:
			*to++ = MARK_NULL;
			continue;
		}
		break;
	}
	bytes->used = (size_t)(to - bytes->data);
	return from;
}

void seal_put_row(struct seal_bytes *bytes, sqlite3_value *const *values, int count,
		  uint64_t mask)
{
	int at;

	while (count && sqlite3_value_type(values[count - 1]) == SQLITE_NULL)
		count--;
	at = put_small(bytes, values, 0, count, mask);
	while (at < count) {
		put_large(bytes, values[at]);
		at = put_small(bytes, values, at + 1, count, mask);
	}
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
