// SPDX-License-Identifier: GPL-2.0-only
/* What another collector has acknowledged is found missing, once, and exactly. */
#include "reconcile.h"

#include "rig.h"

enum { SHELL = 500, CHILD = 501 };

static struct rig rig;
static uint64_t shell, child;

#define MISSING                                                                 \
	"SELECT class, cause, cpu, lost FROM loss WHERE cause = 'other-collector'"  \
	" ORDER BY class, from_ts"
#define ACCOUNT                                                                 \
	"SELECT received, lost FROM account WHERE class = 'process'"              \
	" ORDER BY load_id DESC LIMIT 1"

static void begin(void)
{
	rig_open(&rig);
	shell = forge_key(RIG_AT(50), SHELL);
	child = forge_key(RIG_NOW, CHILD);
}

/* A look at the counter of a class, 10 ms later, which takes 1 us. */
static struct ingest_count look(unsigned int class_, uint64_t emitted, uint64_t lost)
{
	rig.forge.now += 10000000;
	return (struct ingest_count){ .from = rig.forge.now,
				      .to = rig.forge.now + 1000,
				      .class_ = class_,
				      .emitted = emitted,
				      .lost = lost };
}

static void counted(const struct ingest_count *counts, size_t count)
{
	ck_assert_int_eq(ingest_counted(&rig.ingest, counts, count), 0);
	rig.forge.now += 10000000;
}

static void counted_processes(uint64_t emitted, uint64_t lost)
{
	const struct ingest_count count = look(KITH_CLASS_PROCESS, emitted, lost);

	counted(&count, 1);
}

/* A birth and a death: two records of the class. */
static void forge_life(void)
{
	child = forge_key(rig.forge.now, CHILD);
	forge_fork(&rig.forge, shell, child);
	forge_exit(&rig.forge, child, 0);
}

START_TEST(nothing_is_missing)
{
	begin();
	forge_life();
	rig_feed(&rig);
	rig_commit(&rig);
	rig_restart(&rig);
	forge_life();
	counted_processes(7, 3);
	rig_feed(&rig);
	rig_caught(&rig, rig.forge.seqs[0]);
	rig_commit(&rig);
	rig_check(MISSING, "");
	rig_close(&rig);
}
END_TEST

START_TEST(somebody_else_had_them)
{
	begin();
	forge_life();
	rig_feed(&rig);
	rig_commit(&rig);
	rig_restart(&rig);
	counted_processes(12, 3);
	rig_caught(&rig, 0);
	rig_commit(&rig);
	rig_check(MISSING, "process|other-collector|-|7");
	rig_check(ACCOUNT, "2|7");
	/* from the last record that we had until we asked */
	rig_check("SELECT t(from_ts), t(to_ts) FROM loss WHERE cause = 'other-collector'",
		  "1000|10002000");
	rig_close(&rig);
}
END_TEST

/* The total is remembered: it is stored once, and only what is new of it is added. */
START_TEST(at_each_start)
{
	begin();
	counted_processes(5, 0);
	rig_caught(&rig, 0);
	rig_commit(&rig);
	rig_restart(&rig);
	rig.forge.now += 20000000000;
	counted_processes(5, 0);
	rig_caught(&rig, 0);
	rig_commit(&rig);
	rig_check(MISSING, "process|other-collector|-|5");
	rig.forge.now += 20000000000;
	forge_life();
	rig_feed(&rig);
	rig_commit(&rig);
	rig_restart(&rig);
	counted_processes(11, 1);
	rig_caught(&rig, 0);
	rig_commit(&rig);
	rig_check(MISSING, "process|other-collector|-|5\nprocess|other-collector|-|3");
	rig_check(ACCOUNT, "2|8");
	rig_close(&rig);
}
END_TEST

/* Records that the rings still had come after the question, but are older. */
START_TEST(what_waited_in_the_rings)
{
	struct ingest_count count;

	begin();
	forge_life();
	forge_life();
	count = look(KITH_CLASS_PROCESS, 10, 0);
	counted(&count, 1);
	rig_feed(&rig);
	forge_life();
	rig_feed(&rig);
	rig_caught(&rig, rig.forge.seqs[0]);
	rig_commit(&rig);
	rig_check(MISSING, "process|other-collector|-|6");
	rig_close(&rig);
}
END_TEST

/* A record is made while we look: was it counted? Another look was undisturbed. */
START_TEST(a_busy_host)
{
	struct ingest_count counts[3];

	begin();
	counts[0] = look(KITH_CLASS_PROCESS, 6, 0);
	forge_life();
	counts[1] = look(KITH_CLASS_PROCESS, 7, 0);
	counts[2] = look(KITH_CLASS_PROCESS, 9, 0);
	forge_life();
	counted(counts, 3);
	rig_feed(&rig);
	rig_caught(&rig, rig.forge.seqs[0]);
	rig_commit(&rig);
	rig_check(MISSING, "process|other-collector|-|5");
	rig_close(&rig);
}
END_TEST

/* No look was undisturbed: so many are missing for sure, and no more are told of. */
START_TEST(a_host_that_is_always_busy)
{
	struct ingest_count count;

	begin();
	count = look(KITH_CLASS_PROCESS, 9, 0);
	forge_life();
	counted(&count, 1);
	rig_feed(&rig);
	rig_caught(&rig, rig.forge.seqs[0]);
	rig_commit(&rig);
	rig_check(MISSING, "process|other-collector|-|7");
	rig_close(&rig);
}
END_TEST

/* A record that is not in the stream yet makes one look too high. */
START_TEST(the_least_is_right)
{
	struct ingest_count counts[2];

	begin();
	counts[0] = look(KITH_CLASS_PROCESS, 6, 0);
	counts[1] = look(KITH_CLASS_PROCESS, 5, 0);
	counted(counts, 2);
	rig_caught(&rig, 0);
	rig_commit(&rig);
	rig_check(MISSING, "process|other-collector|-|5");
	rig_close(&rig);
}
END_TEST

START_TEST(each_class)
{
	struct ingest_count counts[KITH_CLASSES + 1];
	unsigned int i;

	begin();
	for (i = 0; i <= KITH_CLASSES; i++)
		counts[i] = look(i, 10 + i, 0);
	forge_life();
	FORGE_EXEC(&rig.forge, shell, 0, "/x", "x");
	counted(counts, KITH_CLASSES + 1);
	rig_feed(&rig);
	rig_caught(&rig, rig.forge.seqs[0]);
	rig_commit(&rig);
	rig_check("SELECT class, lost FROM loss WHERE cause = 'other-collector' ORDER BY lost",
		  "process|10\nexecution|11\ncredential|12\ncgroup|13\nsensor|14\n"
		  "failed-exec|15\nconnection|16\ncontrol|17\nfile|18\nchange|19");
	rig_close(&rig);
}
END_TEST

/* Numbers that cannot be, of a recording. */
static const struct {
	uint64_t emitted;
	uint64_t lost;
} impossible[] = {
	{ 0, 0 }, { 0, 1 }, { 1, 2 }, { 0, UINT64_MAX / 2 }, { UINT64_MAX, 0 },
};

START_TEST(impossible_counts)
{
	begin();
	forge_life();
	rig_feed(&rig);
	counted_processes(impossible[_i].emitted, impossible[_i].lost);
	rig_caught(&rig, rig.forge.seqs[0]);
	rig_commit(&rig);
	rig_check(MISSING, "");
	rig_close(&rig);
}
END_TEST

START_TEST(what_was_not_committed_is_void)
{
	begin();
	counted_processes(5, 0);
	rig_caught(&rig, 0);
	ck_assert_int_eq(ingest_reset(&rig.ingest), 0);
	rig_attach(&rig);
	rig_caught(&rig, 0);
	rig_commit(&rig);
	rig_check(MISSING, "");
	rig_close(&rig);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("reconcile");

	unit_add(suite, nothing_is_missing);
	unit_add(suite, somebody_else_had_them);
	unit_add(suite, at_each_start);
	unit_add(suite, what_waited_in_the_rings);
	unit_add(suite, a_busy_host);
	unit_add(suite, a_host_that_is_always_busy);
	unit_add(suite, the_least_is_right);
	unit_add(suite, each_class);
	unit_add_rows(suite, impossible_counts, UNIT_COUNT(impossible));
	unit_add(suite, what_was_not_committed_is_void);
	return unit_run(suite);
}
