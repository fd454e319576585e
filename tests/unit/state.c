// SPDX-License-Identifier: GPL-2.0-only
/* Who is alive, who changed, and who of the dead is still remembered. */
#include "state.h"

#include "unit.h"

static struct state state;

static void add(uint64_t first, uint64_t count)
{
	uint64_t key;

	for (key = first; key < first + count; key++)
		ck_assert_ptr_nonnull(state_add(&state, key));
}

static void end(uint64_t key)
{
	struct process *process = state_find(&state, key);

	ck_assert_ptr_nonnull(process);
	process->lived = 1;
	state_end(&state, process);
}

START_TEST(a_new_process)
{
	struct process *process;

	state_init(&state);
	process = state_add(&state, 42);
	ck_assert_uint_eq(process->key, 42);
	ck_assert_int_eq(process->lived, -1);
	ck_assert_int_eq(process->clone_flags, -1);
	ck_assert_int_eq(process->id, 0);
	ck_assert_uint_eq(process->flags, 0);
	ck_assert(!process->stored && !process->dirty && !process->listed);
	ck_assert_uint_eq(state.alive, 1);
	state_clear(&state);
}
END_TEST

START_TEST(finds_by_key)
{
	static const uint64_t keys[] = { 1, 2, UINT64_C(1) << 32, UINT64_C(2) << 32,
					 UINT64_MAX };
	size_t i;

	state_init(&state);
	for (i = 0; i < UNIT_COUNT(keys); i++)
		state_add(&state, keys[i])->id = (int64_t)i + 1;
	for (i = 0; i < UNIT_COUNT(keys); i++)
		ck_assert_int_eq(state_find(&state, keys[i])->id, (int64_t)i + 1);
	ck_assert_ptr_null(state_find(&state, 3));
	ck_assert_ptr_null(state_find(&state, 0));
	state_clear(&state);
	ck_assert_ptr_null(state_find(&state, 1));
	ck_assert_uint_eq(state.alive, 0);
}
END_TEST

/* Each that was touched stands in the list, once. */
START_TEST(remembers_who_changed)
{
	struct process *a, *b;

	state_init(&state);
	a = state_add(&state, 1);
	b = state_add(&state, 2);
	state_add(&state, 3);
	state_touch(&state, a);
	state_touch(&state, b);
	state_touch(&state, a);
	ck_assert_ptr_eq(state.dirty, b);
	ck_assert_ptr_eq(b->next_dirty, a);
	ck_assert_ptr_null(a->next_dirty);
	ck_assert(a->dirty && b->dirty && !state_find(&state, 3)->dirty);
	state_clear(&state);
}
END_TEST

START_TEST(keeps_the_last_dead)
{
	state_init(&state);
	add(1, STATE_ENDED + 10);
	for (uint64_t key = 1; key <= STATE_ENDED + 5; key++)
		end(key);
	ck_assert_uint_eq(state.alive, 5);
	ck_assert_uint_eq(state.ended, STATE_ENDED + 5);
	/* not before it is asked to: they may have to be stored */
	ck_assert_ptr_nonnull(state_find(&state, 1));
	state_expire(&state);
	ck_assert_uint_eq(state.ended, STATE_ENDED);
	ck_assert_ptr_null(state_find(&state, 1));
	ck_assert_ptr_null(state_find(&state, 5));
	ck_assert_ptr_nonnull(state_find(&state, 6));
	ck_assert_ptr_nonnull(state_find(&state, STATE_ENDED + 10));
	ck_assert_uint_eq(state.alive, 5);
	state_clear(&state);
}
END_TEST

/* The order is that of their ends. */
START_TEST(expires_in_the_order_of_ends)
{
	state_init(&state);
	add(1, STATE_ENDED + 1);
	for (uint64_t key = STATE_ENDED + 1; key; key--)
		end(key);
	state_expire(&state);
	ck_assert_ptr_null(state_find(&state, STATE_ENDED + 1));
	ck_assert_ptr_nonnull(state_find(&state, 1));
	state_clear(&state);
}
END_TEST

/* Memory of the dead is used again, and nothing of them shines through. */
START_TEST(the_dead_make_room)
{
	struct process *process;
	uint64_t key;

	state_init(&state);
	for (key = 1; key <= UINT64_C(4) * STATE_ENDED; key++) {
		process = state_add(&state, key);
		ck_assert_int_eq(process->id, 0);
		ck_assert_int_eq(process->comm[0], '\0');
		ck_assert(!process->stored);
		process->id = (int64_t)key;
		process->comm[0] = 'x';
		process->stored = true;
		end(key);
		if (key % 1000 == 0)
			state_expire(&state);
	}
	state_expire(&state);
	ck_assert_uint_eq(HASH_COUNT(state.by_key), STATE_ENDED);
	ck_assert_ptr_nonnull(state.spare);
	state_clear(&state);
}
END_TEST

START_TEST(expires_all_that_has_ended_and_more_comes)
{
	state_init(&state);
	state_expire(&state);
	add(1, 1);
	end(1);
	state_expire(&state);
	ck_assert_ptr_eq(state.ended_first, state.ended_last);
	add(2, 1);
	end(2);
	ck_assert_ptr_eq(state.ended_first->next_ended, state.ended_last);
	ck_assert_uint_eq(state.alive, 0);
	state_clear(&state);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("state");

	unit_add(suite, a_new_process);
	unit_add(suite, finds_by_key);
	unit_add(suite, remembers_who_changed);
	unit_add(suite, keeps_the_last_dead);
	unit_add(suite, expires_in_the_order_of_ends);
	unit_add(suite, the_dead_make_room);
	unit_add(suite, expires_all_that_has_ended_and_more_comes);
	return unit_run(suite);
}
