// SPDX-License-Identifier: GPL-2.0-only
/* When the live processes are asked for again. */
#include "redump.h"

#include "unit.h"

#include <stdio.h>

/*
 * From a clock that stands at an hour, each 100 ms for five minutes. Losses are told
 * from @from to @to, seconds, and again from @from2 to @to2. Return: when it was due,
 * "5,65" say.
 */
static const struct {
	int from, to;
	int from2, to2;
	const char *want;
} cases[] = {
	{ 0, -1, 0, -1, "" },
	{ 10, 10, 0, -1, "15.0 " },
	{ 10, 12, 0, -1, "17.0 " },
	{ 10, 12, 14, 15, "20.0 " },
	/* a flood that goes on */
	{ 10, 200, 0, -1, "70.0 130.1 190.2 250.2 " },
	/* not too often */
	{ 10, 10, 20, 20, "15.0 75.0 " },
	{ 10, 10, 72, 73, "15.0 78.0 " },
	{ 10, 10, 100, 100, "15.0 105.0 " },
};

START_TEST(when_it_is_due)
{
	struct redump redump = { .losses = 0 };
	uint64_t losses = 0;
	char have[256] = "";
	size_t used = 0;
	int tick;

	for (tick = 0; tick < 3000; tick++) {
		if ((tick >= cases[_i].from * 10 && tick <= cases[_i].to * 10) ||
		    (tick >= cases[_i].from2 * 10 && tick <= cases[_i].to2 * 10))
			losses++;
		if (redump_due(&redump, losses, 3600000 + tick * 100))
			used += (size_t)snprintf(have + used, sizeof(have) - used, "%d.%d ",
						 tick / 10, tick % 10);
	}
	ck_assert_str_eq(have, cases[_i].want);
}
END_TEST

/* The dump that comes with it makes up for what was lost before. */
START_TEST(a_new_stream)
{
	struct redump redump = { .losses = 0 };

	ck_assert(!redump_due(&redump, 1, 1000));
	redump_restart(&redump);
	ck_assert(!redump_due(&redump, 1, 100000));
	ck_assert(!redump_due(&redump, 2, 100100));
	ck_assert(redump_due(&redump, 2, 105100));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("redump");

	unit_add_rows(suite, when_it_is_due, UNIT_COUNT(cases));
	unit_add(suite, a_new_stream);
	return unit_run(suite);
}
