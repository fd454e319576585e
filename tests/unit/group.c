// SPDX-License-Identifier: GPL-2.0-only
/* Who waits with whom, and what is asked for them. */
#include "group.h"

#include "unit.h"

#include <string.h>

static struct groups groups;
static const struct slice path = { "/bin/true", 9 };

static struct group *get(int64_t executable, uint64_t mntns)
{
	const struct group_key key = { executable, 1, mntns };
	const struct message asked = { .inode = (uint64_t)executable };

	return group_get(&groups, &key, &asked, path);
}

static bool join(struct group *group, int64_t id, int64_t ts, uint32_t pid)
{
	const struct message asked = { .id = id, .ts = ts, .pid = pid };

	return group_join(&groups, group, &asked);
}

START_TEST(one_of_each)
{
	struct group *group = get(7, 1);

	ck_assert_ptr_nonnull(group);
	ck_assert_ptr_eq(get(7, 1), group);
	ck_assert_ptr_eq(group_find(&groups, group->number), group);
	ck_assert_ptr_ne(get(7, 2), group);
	ck_assert_ptr_null(group_find(&groups, 0));
}
END_TEST

START_TEST(the_question_is_for_all)
{
	struct group *group = get(7, 1);
	struct message message;

	ck_assert(join(group, 10, 600, 1));
	ck_assert(join(group, 11, 500, 2));
	ck_assert(join(group, 12, 700, 3));
	group_question(&groups, group, &message);
	ck_assert_int_eq(message.id, 10);
	ck_assert_int_eq(message.ts, 500);
	ck_assert_uint_eq(message.pid, 3);
	ck_assert_uint_eq(message.inode, 7);
	ck_assert_uint_eq(message.group, group->number);
	ck_assert(group_is_asked(&groups, group, 10));
	ck_assert(!group_is_asked(&groups, group, 11));
	/* who comes now is not meant */
	ck_assert(join(group, 13, 800, 4));
	ck_assert(group_leave(&groups, group, &message));
	ck_assert_int_eq(message.id, 10);
	ck_assert(group_leave(&groups, group, &message));
	ck_assert(group_leave(&groups, group, &message));
	ck_assert_int_eq(message.id, 12);
	ck_assert_uint_eq(message.pid, 3);
	ck_assert(!group_leave(&groups, group, &message));
	ck_assert_uint_eq(groups.waiting, 1);
	group_question(&groups, group, &message);
	ck_assert_int_eq(message.id, 13);
}
END_TEST

/* Who waits keeps his group; who does not may lose it, and its number is nobody's then. */
START_TEST(more_groups_than_places)
{
	struct group *first = get(1, 1);
	const uint32_t number = first->number;
	int64_t i;

	ck_assert(join(first, 1, 1, 1));
	for (i = 2; i < INT64_C(64) * GROUPS; i++)
		get(i, 1);
	ck_assert_ptr_eq(group_find(&groups, number), first);
	ck_assert_int_eq(first->key.executable, 1);
	groups_clear(&groups);
	for (i = 1; i < INT64_C(64) * GROUPS; i++)
		get(i, 1);
	ck_assert_ptr_null(group_find(&groups, number));
}
END_TEST

START_TEST(more_members_than_places)
{
	struct group *group = get(7, 1);
	struct message message;
	int i, j;

	for (j = 0; j < 3; j++) {
		for (i = 0; i < GROUP_MEMBERS; i++)
			ck_assert(join(group, i + 1, 1, 1));
		ck_assert(!join(group, GROUP_MEMBERS + 1, 1, 1));
		group_question(&groups, group, &message);
		for (i = 0; group_leave(&groups, group, &message); i++)
			ck_assert_int_eq(message.id, i + 1);
		ck_assert_int_eq(i, GROUP_MEMBERS);
		ck_assert_uint_eq(groups.waiting, 0);
	}
}
END_TEST

START_TEST(long_paths_have_no_group)
{
	const struct group_key key = { 7, 1, 1 };
	const struct message asked = { .inode = 7 };
	char text[GROUP_PATH];

	memset(text, 'x', sizeof(text));
	ck_assert_ptr_null(group_get(&groups, &key, &asked, (struct slice){ text, 0 }));
	ck_assert_ptr_null(
		group_get(&groups, &key, &asked, (struct slice){ text, GROUP_PATH }));
	ck_assert_ptr_nonnull(
		group_get(&groups, &key, &asked, (struct slice){ text, GROUP_PATH - 1 }));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("group");

	unit_add(suite, one_of_each);
	unit_add(suite, the_question_is_for_all);
	unit_add(suite, more_groups_than_places);
	unit_add(suite, more_members_than_places);
	unit_add(suite, long_paths_have_no_group);
	return unit_run(suite);
}
