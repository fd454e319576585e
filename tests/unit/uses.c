// SPDX-License-Identifier: GPL-2.0-only
/* What table uses leads to, before it is made, while it is, and when rows are dropped. */
#include "uses.h"

#include "forge_file.h"
#include "rig.h"
#include "statement.h"

static struct rig rig;

static const uint64_t parent = RIG_AT(50);

START_TEST(nothing_to_do)
{
	struct uses *uses;

	rig_open(&rig);
	uses = uses_new(rig.store);
	ck_assert_ptr_nonnull(uses);
	ck_assert_int_eq(uses_step(uses), 0);
	uses_free(uses);
	rig_close(&rig);
}
END_TEST

static void act(unsigned int i, uint64_t *number)
{
	const uint64_t child = forge_key(rig.forge.now, 600 + i);

	forge_fork(&rig.forge, forge_key(parent, 500), child);
	forge_write(&rig.forge, ++*number, child, 20 + i, 10);
	forge_change(&rig.forge, child, KITH_CHANGE_UNLINK, 20 + i);
	forge_connection(&rig.forge, ++*number, child, forge_key(parent, 500));
	forge_exit(&rig.forge, child, 0);
	rig_feed(&rig);
}

static void execute(const char *sql)
{
	ck_assert_int_eq(store_execute(rig.store, sql), 0);
}

static void begin(void)
{
	rig_open(&rig);
	forge_process(&rig.forge, forge_key(parent, 500), 0, "/bin/a");
	rig_dumped(&rig);
	rig.forge.now = RIG_NOW + RIG_STEP;
}

/* The same answers from rows alone, from both, and from what is indexed alone. */
START_TEST(rows_and_uses)
{
	uint64_t number = 0;

	begin();
	act(0, &number);
	rig_commit(&rig);
	rig_check("SELECT count(*) FROM uses", "0");
	rig_check_uses();
	rig_seal(&rig);
	rig_check_uses();
	rig_check("SELECT kind, count(*) FROM uses GROUP BY 1",
		  "1|1\n2|1\n4|1\n6|1\n8|1\n9|1\n10|1\n11|1");
	act(1, &number);
	rig_commit(&rig);
	rig_check_uses();
	rig_check("SELECT count(*) FROM uses WHERE kind = 8", "1");
	rig_seal(&rig);
	rig_check_uses();
	rig_check("SELECT count(*) FROM uses WHERE kind = 8", "2");
	rig_check("SELECT value FROM meta WHERE name = 'indexed'", "2");
	rig_close(&rig);
}
END_TEST

/* Who goes on is found all the same, and stands in uses when it is over. */
START_TEST(what_goes_on)
{
	uint64_t number = 0;

	begin();
	act(0, &number);
	rig_commit(&rig);
	/* as if it was open when it was sealed */
	execute("UPDATE connections SET number = 7, load = 1");
	rig_seal(&rig);
	rig_check("SELECT count(*) FROM uses WHERE kind IN (1, 10, 11)", "0");
	rig_check("SELECT count(*) FROM late_use WHERE name = 'connections'", "1");
	rig_check_uses();
	execute("UPDATE connections SET number = NULL");
	act(1, &number);
	rig_commit(&rig);
	rig_check_uses();
	rig_seal(&rig);
	rig_check("SELECT count(*) FROM uses WHERE kind IN (1, 10, 11)", "6");
	rig_check("SELECT count(*) FROM late_use WHERE name = 'connections'", "0");
	rig_check_uses();
	rig_close(&rig);
}
END_TEST

/* What a kill leaves: rows that are down, and a segment that is not. */
START_TEST(gone_on_with)
{
	uint64_t number = 0;

	begin();
	act(0, &number);
	rig_commit(&rig);
	rig_seal(&rig);
	execute("UPDATE meta SET value = 0 WHERE name = 'indexed'");
	execute("UPDATE indexed SET last = 0 WHERE kind > 5");
	execute("DELETE FROM uses WHERE kind > 6");
	act(1, &number);
	rig_commit(&rig);
	rig_seal(&rig);
	rig_check_uses();
	rig_check("SELECT value FROM meta WHERE name = 'indexed'", "2");
	rig_close(&rig);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("uses");

	unit_add(suite, nothing_to_do);
	unit_add(suite, rows_and_uses);
	unit_add(suite, what_goes_on);
	unit_add(suite, gone_on_with);
	return unit_run(suite);
}
