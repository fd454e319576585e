// SPDX-License-Identifier: GPL-2.0-only
/* Hashes of files, whatever becomes of them meanwhile. */
#include "hasher.h"

#include "unit.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct {
	unsigned int count;
	int64_t last;
	enum why why;
	bool hashed;
	char text[SHA256_TEXT];
} told;

static struct hasher *hasher;

static void take(void *context, const struct hash_waiter *waiter,
		 const struct hash_key *key, const unsigned char *sha256, enum why why)
{
	ck_assert_ptr_null(context);
	ck_assert_ptr_nonnull(key);
	told.count++;
	told.last = waiter->id;
	told.why = why;
	told.hashed = sha256 != NULL;
	if (sha256)
		sha256_text(sha256, told.text);
}

static void begin(void)
{
	memset(&told, 0, sizeof(told));
	hasher = hasher_new(take, NULL);
	ck_assert_ptr_nonnull(hasher);
}

/* A file with @text in it. */
static const char *make(const char *text)
{
	const char *path = unit_path("file");
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
	return path;
}

static void ask_why(const char *path, int64_t id, enum why why)
{
	const struct hash_waiter waiter = { .id = id, .why = why };
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;

	ck_assert_int_eq(fstat(descriptor, &status), 0);
	hasher_ask(hasher, descriptor, &status, 1, &waiter);
}

static void ask(const char *path, int64_t id)
{
	ask_why(path, id, WHY_NOTHING);
}

static void work(void)
{
	int patience;

	while ((patience = hasher_patience(hasher)) >= 0) {
		poll(NULL, 0, patience);
		hasher_step(hasher);
	}
}

/* FIPS 180-4's own example; who asks again is told at once. */
START_TEST(known_ones_are_not_read_again)
{
	const char *path = make("abc");

	begin();
	ask(path, 1);
	ask(path, 2);
	ck_assert_uint_eq(told.count, 0);
	work();
	ck_assert_uint_eq(told.count, 2);
	ck_assert(told.hashed);
	ck_assert_str_eq(
		told.text,
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	memset(told.text, 0, sizeof(told.text));
	ask(path, 3);
	ck_assert_uint_eq(told.count, 3);
	ck_assert_int_eq(told.last, 3);
	ck_assert_str_eq(
		told.text,
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	hasher_free(hasher);
}
END_TEST

/* Other content at the same place is another file. */
START_TEST(changed_ones_are_read_again)
{
	begin();
	ask(make("abc"), 1);
	work();
	usleep(20000); /* the clock of ctime goes in ticks */
	ask(make("abd"), 2);
	ck_assert_uint_eq(told.count, 1);
	work();
	ck_assert_uint_eq(told.count, 2);
	ck_assert_str_eq(
		told.text,
		"a52d159f262b2c6ddb724a61840befc36eb30c88877a4030b65cbe86298449c9");
	hasher_free(hasher);
}
END_TEST

/* Where times tell nothing all is read again, by others what was known before too. */
START_TEST(what_has_no_times_is_read_again)
{
	const char *path = make("abc");

	begin();
	ask(path, 1);
	work();
	ask_why(path, 2, WHY_TIMELESS);
	ask_why(path, 3, WHY_TIMELESS);
	ck_assert_uint_eq(told.count, 1);
	work();
	ck_assert_uint_eq(told.count, 3);
	ck_assert(told.hashed);
	ck_assert_int_eq(told.why, WHY_TIMELESS);
	ask_why(path, 4, WHY_TIMELESS);
	ck_assert_uint_eq(told.count, 3);
	work();
	ck_assert_uint_eq(told.count, 4);
	hasher_free(hasher);
}
END_TEST

/* Nor does who comes get what was read of it before. */
START_TEST(what_has_no_times_is_not_shared)
{
	const char *path = make("x");

	begin();
	ck_assert_int_eq(truncate(path, 2 << 20), 0);
	ask_why(path, 1, WHY_TIMELESS);
	hasher_step(hasher);
	ask_why(path, 2, WHY_TIMELESS);
	while (!told.count)
		hasher_step(hasher);
	ck_assert_uint_eq(told.count, 1);
	work();
	ck_assert_uint_eq(told.count, 2);
	hasher_free(hasher);
}
END_TEST

START_TEST(empty)
{
	begin();
	ask(make(""), 1);
	work();
	ck_assert_str_eq(
		told.text,
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	hasher_free(hasher);
}
END_TEST

/* While it is read: it grows, shrinks, is written to. */
START_TEST(changed_while_it_is_read)
{
	const off_t sizes[] = { 4 << 20, 1 << 10, 2 << 20 }; /* the last: written to */
	const char *path = make("x");

	begin();
	ck_assert_int_eq(truncate(path, 2 << 20), 0);
	ask(path, 1);
	hasher_step(hasher);
	usleep(20000);
	ck_assert_int_eq(truncate(path, sizes[_i]), 0);
	work();
	ck_assert_uint_eq(told.count, 1);
	ck_assert(!told.hashed);
	ck_assert_int_eq(told.why, WHY_CHANGING);
	/* what was read of it is not in the next one */
	ask(make("abc"), 2);
	work();
	ck_assert_str_eq(
		told.text,
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	hasher_free(hasher);
}
END_TEST

/* Deleted, renamed, of another mode: it is what it was, and that is said. */
START_TEST(deleted_while_it_is_read)
{
	begin();
	make("abc");
	ask(unit_path("file"), 1);
	usleep(20000);
	ck_assert_int_eq(unlink(unit_path("file")), 0);
	work();
	ck_assert(told.hashed);
	ck_assert_int_eq(told.why, WHY_ATTRIBUTES);
	ck_assert_str_eq(
		told.text,
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	hasher_free(hasher);
}
END_TEST

START_TEST(too_large)
{
	const char *path = make("x");

	begin();
	ck_assert_int_eq(truncate(path, ((off_t)HASH_LARGEST_MIB << 20) + 1), 0);
	ask(path, 1);
	ck_assert_uint_eq(told.count, 1);
	ck_assert_int_eq(told.why, WHY_LARGE);
	ck_assert_int_eq(hasher_patience(hasher), -1);
	hasher_free(hasher);
}
END_TEST

/* More than can wait is told so at once; the others are told in the end. */
START_TEST(too_many)
{
	int64_t i;

	begin();
	make("abc");
	for (i = 1; i <= HASH_WAITERS + 10; i++)
		ask(unit_path("file"), i);
	ck_assert_uint_eq(told.count, 10);
	ck_assert_int_eq(told.why, WHY_MANY);
	work();
	ck_assert_uint_eq(told.count, HASH_WAITERS + 10);
	ck_assert(told.hashed);
	hasher_free(hasher);
}
END_TEST

/* A small one is not kept waiting by large ones, but for the one that is read. */
START_TEST(small_ones_first)
{
	begin();
	make("x");
	ck_assert_int_eq(rename(unit_path("file"), unit_path("large")), 0);
	ck_assert_int_eq(truncate(unit_path("large"), 3 << 20), 0);
	ask(unit_path("large"), 1);
	hasher_step(hasher);
	make("x");
	ck_assert_int_eq(rename(unit_path("file"), unit_path("larger")), 0);
	ck_assert_int_eq(truncate(unit_path("larger"), 4 << 20), 0);
	ask(unit_path("larger"), 2);
	ask(make("abc"), 3);
	while (told.count < 2)
		hasher_step(hasher);
	ck_assert_int_eq(told.last, 3);
	ck_assert_str_eq(
		told.text,
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	work();
	ck_assert_int_eq(told.last, 2);
	hasher_free(hasher);
}
END_TEST

/* A large one is not kept waiting for ever by small ones. */
START_TEST(large_ones_in_the_end)
{
	char name[16];
	int64_t i;

	begin();
	make("x");
	ck_assert_int_eq(rename(unit_path("file"), unit_path("large")), 0);
	ck_assert_int_eq(truncate(unit_path("large"), 1 << 20), 0);
	ask(unit_path("large"), 100);
	for (i = 1; i < 20; i++) {
		snprintf(name, sizeof(name), "small%d", (int)i);
		ck_assert_int_eq(rename(make("abc"), unit_path(name)), 0);
		ask(unit_path(name), i);
	}
	for (i = 0; i < 9; i++) {
		while (told.count <= (unsigned int)i)
			hasher_step(hasher);
		ck_assert_int_eq(told.last == 100, i == 8);
	}
	work();
	ck_assert_uint_eq(told.count, 20);
	hasher_free(hasher);
}
END_TEST

static int64_t now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* A quarter of a processor: a third of that is what a measurement may be off by. */
START_TEST(rests)
{
	int64_t worked, passed;

	begin();
	make("x");
	ck_assert_int_eq(truncate(unit_path("file"), 32 << 20), 0);
	worked = now(CLOCK_THREAD_CPUTIME_ID);
	passed = now(CLOCK_MONOTONIC);
	ask(unit_path("file"), 1);
	work();
	worked = now(CLOCK_THREAD_CPUTIME_ID) - worked;
	passed = now(CLOCK_MONOTONIC) - passed;
	ck_assert(told.hashed);
	ck_assert_int_le(worked * 3, passed);
	hasher_free(hasher);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hasher");

	unit_add(suite, known_ones_are_not_read_again);
	unit_add(suite, changed_ones_are_read_again);
	unit_add(suite, what_has_no_times_is_read_again);
	unit_add(suite, what_has_no_times_is_not_shared);
	unit_add(suite, empty);
	unit_add_rows(suite, changed_while_it_is_read, 3);
	unit_add(suite, deleted_while_it_is_read);
	unit_add(suite, too_large);
	unit_add(suite, too_many);
	unit_add(suite, small_ones_first);
	unit_add(suite, large_ones_in_the_end);
	unit_add(suite, rests);
	return unit_run(suite);
}
