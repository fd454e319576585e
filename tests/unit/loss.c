// SPDX-License-Identifier: GPL-2.0-only
/* Losses: running totals become intervals, each counted once. */
#include "rig.h"

#include <stdio.h>

static struct rig rig;

#define LOSS                                                                      \
	"SELECT t(from_ts), t(to_ts), boot_id, cpu, class, cause, lost FROM loss"   \
	" WHERE cause <> 'not-loaded' ORDER BY to_ts, cpu, class"
#define UNWATCHED                                                                 \
	"SELECT t(from_ts), t(to_ts), boot_id, cpu, class, lost FROM loss"          \
	" WHERE cause = 'not-loaded' ORDER BY to_ts"

/* A report of the losses from @first to @last, since RIG_NOW. */
static void report(uint64_t total, uint64_t first, uint64_t last)
{
	struct kith_loss *loss =
		forge_loss(&rig.forge, 1, KITH_CLASS_EXECUTION, KITH_LOSS_FULL, total);

	loss->first = RIG_NOW + first;
	loss->last = RIG_NOW + last;
}

START_TEST(a_loss)
{
	rig_open(&rig);
	report(5, 100, 900);
	rig_expect(&rig, LOSS, "100|900|1|1|execution|ring-full|5");
	rig_close(&rig);
}
END_TEST

START_TEST(what_is_new_of_a_total)
{
	rig_open(&rig);
	report(5, 100, 900);
	rig_feed(&rig);
	report(8, 20000000000, 20000000900);
	rig_expect(&rig, LOSS,
		   "100|900|1|1|execution|ring-full|5\n"
		   "20000000000|20000000900|1|1|execution|ring-full|3");
	rig_close(&rig);
}
END_TEST

/* A flood is one row as long as it lasts, also beyond a restart. */
START_TEST(a_loss_that_goes_on)
{
	rig_open(&rig);
	report(5, 100, 900);
	rig_feed(&rig);
	report(8, 1000, 1900);
	rig_feed(&rig);
	rig_commit(&rig);
	rig_restart(&rig);
	report(9, 9000000000, 9000000900);
	rig_expect(&rig, LOSS, "100|9000000900|1|1|execution|ring-full|9");
	rig_close(&rig);
}
END_TEST

START_TEST(a_report_that_comes_again)
{
	rig_open(&rig);
	report(5, 100, 900);
	report(5, 100, 900);
	rig_feed(&rig);
	rig_commit(&rig);
	report(5, 100, 950);
	rig_expect(&rig, LOSS, "100|900|1|1|execution|ring-full|5");
	rig_close(&rig);
}
END_TEST

/*
 * The reports between the last that we stored and this one went to nobody. The
 * sum is right, and the interval holds all of it: it begins where we knew.
 */
START_TEST(the_first_report_after_a_restart)
{
	rig_open(&rig);
	report(5, 100, 900);
	rig_feed(&rig);
	rig_commit(&rig);
	rig_restart(&rig);
	report(9, 20000000000, 20000000900);
	rig_feed(&rig);
	report(10, 40000000000, 40000000000);
	rig_expect(&rig, LOSS,
		   "100|900|1|1|execution|ring-full|5\n"
		   "900|20000000900|1|1|execution|ring-full|4\n"
		   "40000000000|40000000000|1|1|execution|ring-full|1");
	rig_check("SELECT sum(lost) FROM loss", "10");
	rig_close(&rig);
}
END_TEST

/* It was told that nothing was new: what came after is exact again. */
START_TEST(the_first_report_after_a_restart_is_known)
{
	rig_open(&rig);
	report(5, 100, 900);
	rig_feed(&rig);
	rig_commit(&rig);
	rig_restart(&rig);
	report(5, 100, 900);
	rig_feed(&rig);
	report(9, 20000000000, 20000000900);
	rig_expect(&rig, LOSS " LIMIT 1 OFFSET 1",
		   "20000000000|20000000900|1|1|execution|ring-full|4");
	rig_close(&rig);
}
END_TEST

/* They need not all fit into the first batch. */
START_TEST(a_late_first_report_after_a_restart)
{
	rig_open(&rig);
	report(5, 100, 900);
	rig_feed(&rig);
	rig_commit(&rig);
	rig_restart(&rig);
	forge_loss(&rig.forge, 0, KITH_CLASS_PROCESS, KITH_LOSS_FULL, 1);
	rig_feed(&rig);
	report(9, 20000000000, 20000000900);
	rig_expect(&rig, LOSS " LIMIT 1 OFFSET 2", "900|20000000900|1|1|execution|ring-full|4");
	rig_close(&rig);
}
END_TEST

START_TEST(a_total_that_was_not_committed)
{
	rig_open(&rig);
	report(5, 100, 900);
	rig_feed(&rig);
	ck_assert_int_eq(ingest_reset(&rig.ingest), 0);
	rig_attach(&rig);
	report(6, 100, 950);
	rig_expect(&rig, LOSS, "100|950|1|1|execution|ring-full|6");
	rig_close(&rig);
}
END_TEST

/* Totals are by load, CPU, class and cause. */
START_TEST(totals_of_their_own)
{
	unsigned int class_, cause;

	rig_open(&rig);
	for (class_ = 0; class_ < KITH_CLASSES; class_++)
		for (cause = 0; cause < KITH_LOSS_CAUSES; cause++)
			forge_loss(&rig.forge, 3, class_, cause, 1 + class_ * 10 + cause);
	forge_loss(&rig.forge, 4, KITH_CLASS_PROCESS, KITH_LOSS_FULL, 7);
	rig_feed(&rig);
	rig_commit(&rig);
	rig_check("SELECT class, cause, lost FROM loss WHERE cpu = 3"
		  " AND class IN ('process', 'cgroup', 'failed-exec') ORDER BY lost",
		  "process|ring-full|1\n"
		  "process|no-collector|2\n"
		  "process|hook-missed|3\n"
		  "process|untracked|4\n"
		  "cgroup|ring-full|31\n"
		  "cgroup|no-collector|32\n"
		  "cgroup|hook-missed|33\n"
		  "cgroup|untracked|34\n"
		  "failed-exec|ring-full|51\n"
		  "failed-exec|no-collector|52\n"
		  "failed-exec|hook-missed|53\n"
		  "failed-exec|untracked|54");
	rig_check("SELECT count(*) FROM loss WHERE cpu = 3", "40");
	rig_check("SELECT lost FROM loss WHERE cpu = 4", "7");
	rig_close(&rig);
}
END_TEST

START_TEST(a_class_and_a_cause_of_a_newer_module)
{
	rig_open(&rig);
	forge_loss(&rig.forge, 0, 77, 66, 5);
	rig_expect(&rig, LOSS, "0|0|1|0|unknown|unknown|5");
	rig_close(&rig);
}
END_TEST

START_TEST(a_total_as_large_as_can_be)
{
	rig_open(&rig);
	report(UINT64_MAX, 1, 2);
	rig_feed(&rig);
	rig_commit(&rig);
	report(UINT64_MAX, 1, 2);
	rig_expect(&rig, "SELECT count(*) FROM loss WHERE cause <> 'not-loaded'", "1");
	rig_close(&rig);
}
END_TEST

/* A module loaded anew counts from 0; nobody watched in between. */
START_TEST(another_load)
{
	rig_open(&rig);
	report(5, 100, 900);
	rig_feed(&rig);
	rig_commit(&rig);
	rig.forge.now = RIG_NOW + 10000;
	rig_reload(&rig, 78);
	rig_attach(&rig);
	report(4, 11000, 11900);
	rig_expect(&rig, LOSS,
		   "100|900|1|1|execution|ring-full|5\n"
		   "11000|11900|1|1|execution|ring-full|4");
	rig_close(&rig);
}
END_TEST

/* From the boot to the first load, and from the last record of one load to the next. */
START_TEST(unwatched)
{
	rig_open(&rig);
	rig_check(UNWATCHED, "-107374182400|-96636764160|1|-|all|-");
	forge_sensor(&rig.forge, KITH_SENSOR_LOADED, NULL);
	rig_feed(&rig);
	rig_commit(&rig);
	rig.forge.now = RIG_NOW + 10000;
	rig_reload(&rig, 78);
	rig_attach(&rig);
	rig_check(UNWATCHED,
		  "-107374182400|-96636764160|1|-|all|-\n"
		  "0|10000|1|-|all|-");
	/* the same load again: its rings have kept what there was */
	rig_restart(&rig);
	rig_check("SELECT count(*) FROM loss", "2");
	rig_close(&rig);
}
END_TEST

/* The next boot is @later by the clock; 20 units after that the module is loaded. */
static void boot_again(int64_t later)
{
	rig_open(&rig);
	forge_sensor(&rig.forge, KITH_SENSOR_LOADED, NULL);
	rig_feed(&rig);
	rig_commit(&rig);
	rig_reboot(&rig, '2');
	rig.info.boot_ns = (int64_t)RIG_AT(30);
	rig.info.loaded_ns = RIG_AT(20);
	rig.info.real_ns = RIG_BOOT + later + (int64_t)RIG_AT(30);
	rig_attach(&rig);
}

#define HOUR INT64_C(3600000000000)

START_TEST(unwatched_since_another_boot)
{
	boot_again(24 * HOUR);
	rig_check(UNWATCHED " LIMIT 1 OFFSET 1", "86292625817600|86314100654080|2|-|all|-");
	rig_close(&rig);
}
END_TEST

static const int64_t settings[] = { HOUR, -HOUR };

/* The clock was set while the module was not loaded: the gap is as long as it was. */
START_TEST(unwatched_while_the_clock_was_set)
{
	char want[128];

	rig_open(&rig);
	forge_sensor(&rig.forge, KITH_SENSOR_LOADED, NULL);
	rig_feed(&rig);
	rig_commit(&rig);
	rig.offset += settings[_i];
	rig.forge.now = RIG_NOW + 10000;
	rig_reload(&rig, 78);
	rig_restart(&rig);
	snprintf(want, sizeof(want), "%lld|%lld", (long long)settings[_i],
		 (long long)settings[_i] + 10000);
	rig_check("SELECT t(from_ts), t(to_ts) FROM losses ORDER BY id DESC LIMIT 1", want);
	rig_close(&rig);
}
END_TEST

/* What the clock said before it booted is later: then it is not known when that ended. */
START_TEST(unwatched_since_another_boot_by_a_late_clock)
{
	boot_again(-HOUR);
	rig_check("SELECT from_ts - 1700000000000000000, to_ts - from_ts, boot FROM losses"
		  " ORDER BY id DESC LIMIT 1",
		  "-3600000000000|21474836480|2");
	rig_check("SELECT count(*) FROM sensor WHERE event = 'clock set'", "0");
	rig_close(&rig);
}
END_TEST

START_TEST(the_account)
{
	rig_open(&rig);
	forge_fork(&rig.forge, 4, 5);
	FORGE_EXEC(&rig.forge, 5, 4, "/x", "x");
	forge_exec_failed(&rig.forge, 5, 2, "/y");
	forge_exit(&rig.forge, 5, 0);
	forge_cgroup(&rig.forge, 7, "/");
	forge_attach(&rig.forge, 4, 5, 7);
	forge_sensor(&rig.forge, KITH_SENSOR_POLICY, NULL);
	report(6, 0, 1);
	forge_loss(&rig.forge, 0, KITH_CLASS_EXECUTION, KITH_LOSS_MISSED, 2);
	ck_assert_int_eq(rig_try(&rig), 0);
	ck_assert_int_eq(rig_try(&rig), 0); /* nothing of it is new */
	rig_check("SELECT class, received, lost FROM account ORDER BY class",
		  "cgroup|2|0\n"
		  "change|0|0\n"
		  "connection|0|0\n"
		  "control|0|0\n"
		  "credential|0|0\n"
		  "execution|1|8\n"
		  "failed-exec|1|0\n"
		  "file|0|0\n"
		  "process|2|0\n"
		  "sensor|1|0");
	rig_close(&rig);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("loss");

	unit_add(suite, a_loss);
	unit_add(suite, a_loss_that_goes_on);
	unit_add(suite, what_is_new_of_a_total);
	unit_add(suite, a_report_that_comes_again);
	unit_add(suite, the_first_report_after_a_restart);
	unit_add(suite, the_first_report_after_a_restart_is_known);
	unit_add(suite, a_late_first_report_after_a_restart);
	unit_add(suite, a_total_that_was_not_committed);
	unit_add(suite, totals_of_their_own);
	unit_add(suite, a_class_and_a_cause_of_a_newer_module);
	unit_add(suite, a_total_as_large_as_can_be);
	unit_add(suite, another_load);
	unit_add(suite, unwatched);
	unit_add(suite, unwatched_since_another_boot);
	unit_add_rows(suite, unwatched_while_the_clock_was_set, UNIT_COUNT(settings));
	unit_add(suite, unwatched_since_another_boot_by_a_late_clock);
	unit_add(suite, the_account);
	return unit_run(suite);
}
