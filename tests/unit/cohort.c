// SPDX-License-Identifier: GPL-2.0-only
/* Who waits with whom, and what is asked for them. */
#include "cohort.h"

#include "unit.h"

#include <string.h>

static struct cohorts cohorts;
static const struct slice path = { "/bin/true", 9 };

static struct cohort *get(int64_t executable, uint64_t mntns)
{
	const struct cohort_key key = { executable, 1, mntns };
	const struct message asked = { .inode = (uint64_t)executable };

	return cohort_get(&cohorts, &key, &asked, path);
}

static bool join(struct cohort *cohort, int64_t id, int64_t ts, uint32_t pid)
{
	const struct message asked = { .id = id, .ts = ts, .pid = pid };

	return cohort_join(&cohorts, cohort, &asked);
}

START_TEST(one_of_each)
{
	struct cohort *cohort = get(7, 1);

	ck_assert_ptr_nonnull(cohort);
	ck_assert_ptr_eq(get(7, 1), cohort);
	ck_assert_ptr_eq(cohort_find(&cohorts, cohort->number), cohort);
	ck_assert_ptr_ne(get(7, 2), cohort);
	ck_assert_ptr_null(cohort_find(&cohorts, 0));
}
END_TEST

START_TEST(the_question_is_for_all)
{
	struct cohort *cohort = get(7, 1);
	struct message message;

	ck_assert(join(cohort, 10, 600, 1));
	ck_assert(join(cohort, 11, 500, 2));
	ck_assert(join(cohort, 12, 700, 3));
	cohort_question(&cohorts, cohort, &message);
	ck_assert_int_eq(message.id, 10);
	ck_assert_int_eq(message.ts, 500);
	ck_assert_uint_eq(message.pid, 3);
	ck_assert_uint_eq(message.inode, 7);
	ck_assert_uint_eq(message.cohort, cohort->number);
	ck_assert(cohort_is_asked(&cohorts, cohort, 10));
	ck_assert(!cohort_is_asked(&cohorts, cohort, 11));
	/* who comes now is not meant */
	ck_assert(join(cohort, 13, 800, 4));
	ck_assert(cohort_leave(&cohorts, cohort, &message));
	ck_assert_int_eq(message.id, 10);
	ck_assert(cohort_leave(&cohorts, cohort, &message));
	ck_assert(cohort_leave(&cohorts, cohort, &message));
	ck_assert_int_eq(message.id, 12);
	ck_assert_uint_eq(message.pid, 3);
	ck_assert(!cohort_leave(&cohorts, cohort, &message));
	ck_assert_uint_eq(cohorts.waiting, 1);
	cohort_question(&cohorts, cohort, &message);
	ck_assert_int_eq(message.id, 13);
}
END_TEST

/* Who waits keeps his cohort; who does not may lose it, and its number is nobody's then. */
START_TEST(more_groups_than_places)
{
	struct cohort *first = get(1, 1);
	const uint32_t number = first->number;
	int64_t i;

	ck_assert(join(first, 1, 1, 1));
	for (i = 2; i < INT64_C(64) * COHORTS; i++)
		get(i, 1);
	ck_assert_ptr_eq(cohort_find(&cohorts, number), first);
	ck_assert_int_eq(first->key.executable, 1);
	cohorts_clear(&cohorts);
	for (i = 1; i < INT64_C(64) * COHORTS; i++)
		get(i, 1);
	ck_assert_ptr_null(cohort_find(&cohorts, number));
}
END_TEST

START_TEST(more_members_than_places)
{
	struct cohort *cohort = get(7, 1);
	struct message message;
	int i, j;

	for (j = 0; j < 3; j++) {
		for (i = 0; i < COHORT_MEMBERS; i++)
			ck_assert(join(cohort, i + 1, 1, 1));
		ck_assert(!join(cohort, COHORT_MEMBERS + 1, 1, 1));
		cohort_question(&cohorts, cohort, &message);
		for (i = 0; cohort_leave(&cohorts, cohort, &message); i++)
			ck_assert_int_eq(message.id, i + 1);
		ck_assert_int_eq(i, COHORT_MEMBERS);
		ck_assert_uint_eq(cohorts.waiting, 0);
	}
}
END_TEST

START_TEST(long_paths_have_no_group)
{
	const struct cohort_key key = { 7, 1, 1 };
	const struct message asked = { .inode = 7 };
	char text[COHORT_PATH];

	memset(text, 'x', sizeof(text));
	ck_assert_ptr_null(cohort_get(&cohorts, &key, &asked, (struct slice){ text, 0 }));
	ck_assert_ptr_null(
		cohort_get(&cohorts, &key, &asked, (struct slice){ text, COHORT_PATH }));
	ck_assert_ptr_nonnull(
		cohort_get(&cohorts, &key, &asked, (struct slice){ text, COHORT_PATH - 1 }));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cohort");

	unit_add(suite, one_of_each);
	unit_add(suite, the_question_is_for_all);
	unit_add(suite, more_groups_than_places);
	unit_add(suite, more_members_than_places);
	unit_add(suite, long_paths_have_no_group);
	return unit_run(suite);
}
