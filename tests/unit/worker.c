// SPDX-License-Identifier: GPL-2.0-only
/* What a worker leaves alone that those before it have not survived. */
#include "worker.h"

#include "clock.h"
#include "unit.h"

static struct worker_board board;

/* The worker before hung at @subject. */
static void hang(uint64_t subject)
{
	board.busy = subject;
	worker_judge(&board);
	ck_assert_uint_eq(board.busy, 0);
}

START_TEST(twice_in_a_row)
{
	hang(7);
	ck_assert(!worker_refuses(&board, 7));
	hang(7);
	ck_assert(worker_refuses(&board, 7));
	ck_assert(!worker_refuses(&board, 8));
	ck_assert(!worker_refuses(&board, 0));
}
END_TEST

START_TEST(not_long_after)
{
	hang(7);
	board.hung_until = clock_steady_ms() - 1;
	hang(7);
	ck_assert(!worker_refuses(&board, 7));
}
END_TEST

START_TEST(not_each_once)
{
	hang(7);
	hang(8);
	hang(7);
	ck_assert(!worker_refuses(&board, 7));
	ck_assert(!worker_refuses(&board, 8));
}
END_TEST

/* Who ends for other reasons, as when kithd does, was busy with nothing. */
START_TEST(with_an_end_between)
{
	hang(7);
	hang(0);
	hang(7);
	ck_assert(worker_refuses(&board, 7));
	hang(0);
	ck_assert(!worker_refuses(&board, 0));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("worker");

	unit_add(suite, twice_in_a_row);
	unit_add(suite, not_long_after);
	unit_add(suite, not_each_once);
	unit_add(suite, with_an_end_between);
	return unit_run(suite);
}
