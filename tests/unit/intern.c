// SPDX-License-Identifier: GPL-2.0-only
/* Dictionaries: the same bytes, the same id; bounded; no ids used twice. */
#include "intern.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct intern intern;

/* The id of an exact copy of @size bytes, which is gone afterwards. */
static int64_t id_of(const void *data, size_t size, bool *fresh)
{
	void *copy = unit_exact(data, size);
	int64_t id = intern_id(&intern, copy, size, fresh);

	free(copy);
	return id;
}

START_TEST(same_bytes_same_id)
{
	bool fresh;

	intern_init(&intern, 1 << 20, 1);
	ck_assert_int_eq(id_of("abc", 3, &fresh), 1);
	ck_assert(fresh);
	ck_assert_int_eq(id_of("abc", 3, &fresh), 1);
	ck_assert(!fresh);
	ck_assert_int_eq(id_of("abd", 3, &fresh), 2);
	ck_assert(fresh);
	ck_assert_int_eq(id_of("abc", 3, &fresh), 1);
	ck_assert(!fresh);
	intern_free(&intern);
}
END_TEST

/* Bytes of any value count, and so does the length. */
static const struct {
	const char *data;
	size_t size;
} values[] = {
	{ "", 0 },	 { "\0", 1 },	  { "\0\0", 2 },    { "a", 1 },	    { "a\0", 2 },
	{ "a\0b", 3 },	 { "a\0c", 3 },	  { "\xff", 1 },    { "\xff\xfe", 2 },
};

START_TEST(tells_values_apart)
{
	int64_t ids[UNIT_COUNT(values)];
	size_t i;
	bool fresh;

	intern_init(&intern, 1 << 20, 100);
	for (i = 0; i < UNIT_COUNT(values); i++) {
		ids[i] = id_of(values[i].data, values[i].size, &fresh);
		ck_assert(fresh);
		ck_assert_int_eq(ids[i], 100 + (int64_t)i);
	}
	for (i = 0; i < UNIT_COUNT(values); i++) {
		ck_assert_int_eq(id_of(values[i].data, values[i].size, &fresh), ids[i]);
		ck_assert(!fresh);
	}
	intern_free(&intern);
}
END_TEST

/* Far more than fit: it stays bounded, and an id is given to one value alone. */
START_TEST(forgets_when_full)
{
	enum { VALUES = 20000, ROOM = 64 << 10 };
	int64_t last = 0;
	char text[32];
	bool fresh;
	int i;

	intern_init(&intern, ROOM, 1);
	for (i = 0; i < VALUES; i++) {
		size_t size = (size_t)snprintf(text, sizeof(text), "value %d", i);
		int64_t id = id_of(text, size, &fresh);

		ck_assert(fresh);
		ck_assert_int_gt(id, last);
		ck_assert_uint_le(intern.room, ROOM);
		ck_assert_uint_le(intern.place_count * sizeof(*intern.places), ROOM / 2);
		ck_assert_int_eq(id_of(text, size, &fresh), id);
		last = id;
	}
	ck_assert_uint_lt(intern.count, VALUES);
	ck_assert_int_gt(id_of("value 0", 7, &fresh), last);
	ck_assert(fresh);
	intern_free(&intern);
}
END_TEST

START_TEST(takes_a_value_larger_than_its_room)
{
	char large[4096];
	bool fresh;
	int64_t id;

	memset(large, 'x', sizeof(large));
	intern_init(&intern, 100, 1);
	id = id_of(large, sizeof(large), &fresh);
	ck_assert_int_gt(id, 0);
	ck_assert(fresh);
	ck_assert_int_gt(id_of("small", 5, &fresh), id);
	ck_assert(fresh);
	intern_free(&intern);
}
END_TEST

START_TEST(goes_on_after_clear)
{
	bool fresh;

	intern_init(&intern, 1 << 20, 7);
	ck_assert_int_eq(id_of("a", 1, &fresh), 7);
	intern_clear(&intern);
	ck_assert_uint_eq(intern.count, 0);
	ck_assert_uint_eq(intern.used, 0);
	ck_assert_int_eq(id_of("a", 1, &fresh), 8);
	ck_assert(fresh);
	intern_free(&intern);
}
END_TEST

/* Once it has been full it takes no memory any more. */
START_TEST(keeps_its_memory)
{
	const char *bytes = NULL;
	const uint32_t *places = NULL;
	char text[32];
	bool fresh;
	int i;

	intern_init(&intern, 16 << 10, 1);
	for (i = 0; i < 5000; i++) {
		if (i == 1000) {
			bytes = intern.values;
			places = intern.places;
		}
		id_of(text, (size_t)snprintf(text, sizeof(text), "value %d", i), &fresh);
		ck_assert(fresh);
	}
	ck_assert_ptr_eq(intern.values, bytes);
	ck_assert_ptr_eq(intern.places, places);
	intern_free(&intern);
}
END_TEST

START_TEST(hashes_by_content)
{
	ck_assert_uint_eq(intern_hash("abc", 3), intern_hash("abcd", 3));
	ck_assert_uint_ne(intern_hash("abc", 3), intern_hash("abd", 3));
	ck_assert_uint_ne(intern_hash("abc", 3), intern_hash("abc", 2));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("intern");

	unit_add(suite, same_bytes_same_id);
	unit_add(suite, tells_values_apart);
	unit_add(suite, forgets_when_full);
	unit_add(suite, takes_a_value_larger_than_its_room);
	unit_add(suite, goes_on_after_clear);
	unit_add(suite, keeps_its_memory);
	unit_add(suite, hashes_by_content);
	return unit_run(suite);
}
