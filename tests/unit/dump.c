// SPDX-License-Identifier: GPL-2.0-only
/* The dump of live processes, merged into the stream by time. */
#include "rig.h"

enum { SHELL = 500, CHILD = 501, OTHER = 502 };

static struct rig rig;
static uint64_t shell, child, other;

static void begin(void)
{
	rig_open(&rig);
	shell = forge_key(RIG_AT(50), SHELL);
	child = forge_key(RIG_NOW, CHILD);
	other = forge_key(RIG_AT(60), OTHER);
}

#define LIVES                                                                  \
	"SELECT p.pid, q.pid, t(p.started), t(p.ended), p.exe, p.incomplete, p.gone" \
	" FROM process p LEFT JOIN process q ON q.process_id = p.parent_id"       \
	" ORDER BY p.pid"

static struct kith_image *image_of_last(void)
{
	return &((struct kith_exec *)(forge_last(&rig.forge) + 1))->image;
}

START_TEST(a_first_start)
{
	begin();
	forge_process(&rig.forge, forge_key(0, 1), 0, "/sbin/init");
	forge_process(&rig.forge, shell, forge_key(0, 1), "/bin/sh")->start += 77;
	forge_process(&rig.forge, forge_key(0, 2), 0, NULL)->image.flags = KITH_IMAGE_KTHREAD;
	forge_text(&rig.forge, KITH_ITEM_COMM, "kthreadd");
	rig_dumped(&rig);
	rig_check("SELECT p.pid, q.pid, t(p.started), p.exe, p.comm, p.kernel_thread,"
		  " p.incomplete FROM process p"
		  " LEFT JOIN process q ON q.process_id = p.parent_id ORDER BY p.pid",
		  "1|-|-107374182400|/sbin/init|init|0|0\n"
		  "2|-|-107374182400|-|kthreadd|1|0\n"
		  "500|1|-53687091123|/bin/sh|sh|0|0");
	rig_check("SELECT unit, uid FROM process WHERE pid = 500", "thing.service|1000");
	/* they were not seen to exec */
	rig_check("SELECT count(*) FROM execution", "0");
	rig_check("SELECT dumped IS NOT NULL FROM loads", "1");
	rig_close(&rig);
}
END_TEST

/* Children may stand before their parents in it. */
START_TEST(a_parent_that_comes_later)
{
	begin();
	forge_process(&rig.forge, shell, other, "/bin/sh");
	forge_process(&rig.forge, other, 0, "/sbin/sshd");
	rig_dumped(&rig);
	rig_check(LIVES,
		  "500|502|-53687091200|-|/bin/sh|0|0\n"
		  "502|-|-42949672960|-|/sbin/sshd|0|0");
	rig_close(&rig);
}
END_TEST

/*
 * The dump was read at 3000. The stream has an exec before, which the dump
 * repeats, or one after it, which stands.
 */
static const struct {
	uint64_t exec;
	const char *dumped;
	const char *streamed;
	const char *want;
} merges[] = {
	{ 1000, "/bin/same", "/bin/same", "/bin/same" },
	{ 1000, "/bin/lost", "/bin/early", "/bin/lost" },
	{ 5000, "/bin/before", "/bin/after", "/bin/after" },
	{ 5000, "/bin/same", "/bin/same", "/bin/same" },
};

START_TEST(stream_and_dump_by_time)
{
	begin();
	rig.forge.now = RIG_NOW + 3000;
	forge_process(&rig.forge, shell, 0, merges[_i].dumped);
	rig_dump(&rig);
	rig_caught(&rig, 2);
	rig.forge.now = RIG_NOW + merges[_i].exec;
	FORGE_EXEC(&rig.forge, shell, 0, merges[_i].streamed, "x");
	rig.forge.now = RIG_NOW + 9000;
	forge_sensor(&rig.forge, KITH_SENSOR_POLICY, NULL);
	rig_feed(&rig);
	rig_commit(&rig);
	rig_check("SELECT exe FROM process", merges[_i].want);
	rig_check("SELECT exe FROM execution", merges[_i].streamed);
	rig_close(&rig);
}
END_TEST

/* Born before the dump, and the stream tells: what the fork said stands. */
START_TEST(a_fork_before_the_dump)
{
	begin();
	rig.forge.now = RIG_NOW + 3000;
	forge_process(&rig.forge, child, other, "/bin/ls")->start = RIG_NOW;
	rig_dump(&rig);
	rig_caught(&rig, 1);
	rig.forge.now = RIG_NOW;
	forge_fork(&rig.forge, shell, child);
	rig_feed(&rig);
	rig_commit(&rig);
	rig_check(LIVES " LIMIT 1 OFFSET 1", "501|500|0|-|/bin/ls|0|0");
	rig_close(&rig);
}
END_TEST

START_TEST(an_exit_after_the_dump)
{
	begin();
	forge_process(&rig.forge, shell, 0, "/bin/sh");
	rig_dump(&rig);
	rig_caught(&rig, 1);
	forge_exit(&rig.forge, shell, 0);
	rig_feed(&rig);
	rig_commit(&rig);
	rig_check(LIVES, "500|-|-53687091200|1000|/bin/sh|0|0");
	ck_assert_uint_eq(rig.ingest.state.alive, 0);
	rig_close(&rig);
}
END_TEST

/* The dump took its time: it still had a process whose end the stream told. */
START_TEST(an_exit_before_the_dump)
{
	begin();
	rig.forge.now = RIG_NOW + 3000;
	forge_process(&rig.forge, shell, 0, "/bin/other");
	rig_dump(&rig);
	rig_caught(&rig, 2);
	rig.forge.now = RIG_NOW;
	FORGE_EXEC(&rig.forge, shell, 0, "/bin/sh", "sh");
	forge_exit(&rig.forge, shell, 1 << 8);
	rig_feed(&rig);
	rig_commit(&rig);
	rig_check(LIVES, "500|-|-53687091200|1000|/bin/sh|1|0");
	rig_close(&rig);
}
END_TEST

static void run_once(void)
{
	begin();
	FORGE_EXEC(&rig.forge, shell, 0, "/bin/sh", "sh");
	forge_fork(&rig.forge, shell, child);
	FORGE_EXEC(&rig.forge, child, shell, "/bin/ls", "ls");
	rig_feed(&rig);
	rig_commit(&rig);
}

/* After a restart those who are in the dump live on, with nothing twice. */
START_TEST(a_restart)
{
	run_once();
	rig_restart(&rig);
	forge_process(&rig.forge, shell, 0, "/bin/sh");
	forge_process(&rig.forge, child, shell, "/bin/ls")->start = RIG_NOW;
	rig_dump(&rig);
	rig_caught(&rig, 3);
	rig_commit(&rig);
	rig_check(LIVES,
		  "500|-|-53687091200|-|/bin/sh|0|0\n"
		  "501|500|1000|-|/bin/ls|0|0");
	rig_check("SELECT count(*) FROM executions", "2");
	rig_check("SELECT argv FROM process WHERE pid = 501", "ls");
	rig_close(&rig);
}
END_TEST

/* Nobody watched for a while: what the dump says of a process is newer. */
START_TEST(what_changed_meanwhile)
{
	struct kith_process *process;

	run_once();
	rig_reload(&rig, 78);
	rig_restart(&rig);
	process = forge_process(&rig.forge, shell, 0, "/bin/sh");
	process->image.uid = 0;
	process->image.euid = 33;
	process->image.cgroup = 12;
	process->image.loginuid = 1001;
	forge_text(&rig.forge, KITH_ITEM_COMM, "renamed");
	forge_process(&rig.forge, child, shell, "/bin/other");
	rig_dumped(&rig);
	rig_check("SELECT uid, euid, loginuid, comm, k.cgroup FROM process"
		  " JOIN container k USING (container_id) WHERE pid = 500",
		  "0|33|1001|renamed|12");
	rig_check("SELECT exe FROM process WHERE pid = 501", "/bin/other");
	/* nobody saw that exec */
	rig_check("SELECT exe FROM execution ORDER BY ts", "/bin/sh\n/bin/ls");
	rig_close(&rig);
}
END_TEST

START_TEST(gone)
{
	run_once();
	rig_reload(&rig, 78);
	rig_restart(&rig);
	ck_assert_uint_eq(rig.ingest.state.alive, 2);
	forge_process(&rig.forge, shell, 0, "/bin/sh");
	rig_dumped(&rig);
	rig_check("SELECT pid, t(ended), exit_code, gone FROM process ORDER BY pid",
		  "500|-|-|0\n501|-|-|1");
	ck_assert_uint_eq(rig.ingest.state.alive, 1);
	/* and it stays away */
	rig_restart(&rig);
	ck_assert_uint_eq(rig.ingest.state.alive, 1);
	rig_close(&rig);
}
END_TEST

/* An exit record that comes after all is right. */
START_TEST(gone_and_then_seen_to_end)
{
	run_once();
	rig_restart(&rig);
	forge_process(&rig.forge, shell, 0, "/bin/sh");
	rig_dump(&rig);
	rig_caught(&rig, 0);
	forge_exit(&rig.forge, child, 0);
	rig_feed(&rig);
	rig_commit(&rig);
	rig_check("SELECT exit_code, gone FROM process WHERE pid = 501", "0|0");
	ck_assert_uint_eq(rig.ingest.state.alive, 1);
	ck_assert_uint_eq(rig.ingest.state.ended, 1);
	rig_close(&rig);
}
END_TEST

/* Born while the dump was made or later, so not in it, and not gone. */
START_TEST(young_ones_are_not_gone)
{
	begin();
	rig.forge.now = RIG_NOW + 3000;
	forge_process(&rig.forge, shell, 0, "/bin/sh");
	rig_dump(&rig);
	rig_caught(&rig, 2);
	rig.forge.now = RIG_NOW + 2500;
	forge_fork(&rig.forge, shell, forge_key(RIG_NOW, 601));
	rig.forge.now = RIG_NOW + 3500;
	forge_fork(&rig.forge, shell, forge_key(RIG_NOW, 602));
	rig_feed(&rig);
	rig_commit(&rig);
	rig_check("SELECT pid, gone FROM process ORDER BY pid", "500|0\n601|0\n602|0");
	ck_assert_uint_eq(rig.ingest.state.alive, 3);
	rig_close(&rig);
}
END_TEST

/* Named by others, never seen, and not alive: it must have ended before. */
START_TEST(unknown_ones_are_gone)
{
	begin();
	rig.forge.now = RIG_NOW + 3000;
	forge_process(&rig.forge, shell, 0, "/bin/sh");
	rig_dump(&rig);
	rig_caught(&rig, 1);
	rig.forge.now = RIG_NOW;
	FORGE_EXEC(&rig.forge, shell, other, "/bin/sh", "sh");
	rig_feed(&rig);
	rig_commit(&rig);
	rig_check("SELECT pid, gone, incomplete FROM process ORDER BY pid",
		  "500|0|0\n502|1|1");
	rig_close(&rig);
}
END_TEST

/* The clock was set back or forth since: that decides nothing. */
START_TEST(gone_by_another_clock)
{
	run_once();
	rig.offset += _i ? INT64_C(3600000000000) : -INT64_C(3600000000000);
	rig_reload(&rig, 78);
	rig_restart(&rig);
	forge_process(&rig.forge, shell, 0, "/bin/sh");
	rig_dump(&rig);
	rig_caught(&rig, 1);
	forge_fork(&rig.forge, shell, forge_key(RIG_AT(101), 601));
	rig_feed(&rig);
	rig_commit(&rig);
	rig_check("SELECT pid, gone FROM process ORDER BY pid", "500|0\n501|1\n601|0");
	rig_close(&rig);
}
END_TEST

/* Until the stream has come to where the dump was made, an exit may still come. */
static const uint32_t waits[] = { 5, 0x80000005 };

START_TEST(nobody_is_gone_too_early)
{
	run_once();
	rig_reload(&rig, 78);
	rig.forge.seqs[0] = waits[_i] - 2;
	rig_restart(&rig);
	rig.forge.now += 5000;
	forge_process(&rig.forge, shell, 0, "/bin/sh");
	rig_dump(&rig);
	rig_caught(&rig, waits[_i]);
	rig_commit(&rig);
	rig_check("SELECT gone FROM process WHERE pid = 501", "0");
	rig_check("SELECT dumped FROM loads WHERE load = 78", "-");
	rig.forge.now -= 6000;
	forge_sensor(&rig.forge, KITH_SENSOR_LOADED, NULL);
	rig_expect(&rig, "SELECT gone FROM process WHERE pid = 501", "0");
	forge_exit(&rig.forge, child, 0);
	rig_expect(&rig, "SELECT exit_code, gone FROM process WHERE pid = 501", "0|0");
	rig_check("SELECT dumped IS NOT NULL FROM loads WHERE load = 78", "1");
	rig_close(&rig);
}
END_TEST

START_TEST(a_dump_in_pieces)
{
	begin();
	forge_process(&rig.forge, shell, 0, "/bin/sh");
	rig_dump(&rig);
	forge_process(&rig.forge, other, 0, "/bin/other");
	rig_dumped(&rig);
	rig_check("SELECT pid, exe FROM process ORDER BY pid", "500|/bin/sh\n502|/bin/other");
	rig_close(&rig);
}
END_TEST

START_TEST(an_empty_dump)
{
	begin();
	ck_assert_int_eq(ingest_dump(&rig.ingest, NULL, 0), 0);
	ck_assert_int_eq(ingest_dump(&rig.ingest, NULL, 0), 0);
	forge_process(&rig.forge, shell, 0, "/bin/sh");
	rig_dump(&rig);
	ck_assert_int_eq(ingest_dump(&rig.ingest, NULL, 0), 0);
	ck_assert_int_eq(ingest_caught(&rig.ingest, NULL, 0), 0);
	rig_commit(&rig);
	rig_check("SELECT exe FROM process", "/bin/sh");
	rig_close(&rig);
}
END_TEST

START_TEST(a_broken_dump)
{
	begin();
	forge_process(&rig.forge, shell, 0, "/bin/sh");
	forge_process(&rig.forge, other, 0, "/bin/other");
	forge_last(&rig.forge)->items = 0;
	rig_dumped(&rig);
	rig_check("SELECT exe FROM process", "/bin/sh");
	ck_assert_uint_eq(rig.ingest.bad_records, 1);
	rig_close(&rig);
}
END_TEST

/* What could not be read of a process, a kernel thread say, is not made up. */
START_TEST(a_process_that_could_not_be_read)
{
	begin();
	forge_process(&rig.forge, shell, 0, NULL);
	image_of_last()->known = 0;
	rig_dumped(&rig);
	rig_check("SELECT exe, argv, kernel_thread, incomplete, uid FROM process", "-|-|0|0|1000");
	rig_close(&rig);
}
END_TEST

/* A process that exits between two dumps without our seeing it, and a new stream. */
START_TEST(two_dumps)
{
	run_once();
	rig_attach(&rig);
	forge_process(&rig.forge, shell, 0, "/bin/sh");
	forge_process(&rig.forge, child, shell, "/bin/ls");
	rig_dumped(&rig);
	rig_check("SELECT gone FROM process ORDER BY pid", "0\n0");
	rig_attach(&rig);
	forge_process(&rig.forge, shell, 0, "/bin/sh");
	rig_dumped(&rig);
	rig_check("SELECT gone FROM process ORDER BY pid", "0\n1");
	rig_close(&rig);
}
END_TEST

static void dump_two(uint64_t one, uint64_t two)
{
	forge_process(&rig.forge, one, 0, "/bin/sh");
	if (two)
		forge_process(&rig.forge, two, one, "/bin/ls");
	rig_dump(&rig);
}

/*
 * The end of a process was lost, and the next dump of the same stream has not got it.
 * Who was born since is not in it either.
 */
START_TEST(an_exit_that_was_lost)
{
	run_once();
	dump_two(shell, child);
	rig_caught(&rig, 3);
	ck_assert(ingest_is_settled(&rig.ingest));
	forge_fork(&rig.forge, shell, forge_key(rig.forge.now, 601));
	forge_loss(&rig.forge, 0, KITH_CLASS_PROCESS, KITH_LOSS_FULL, 2);
	rig_feed(&rig);
	ck_assert_uint_eq(rig.ingest.lost_ends, 1);
	dump_two(shell, 0);
	ck_assert(!ingest_is_settled(&rig.ingest));
	rig_caught(&rig, 5);
	forge_fork(&rig.forge, shell, forge_key(rig.forge.now, 602));
	rig_feed(&rig);
	rig_commit(&rig);
	ck_assert(ingest_is_settled(&rig.ingest));
	rig_check("SELECT pid, gone FROM process ORDER BY pid", "500|0\n501|1\n601|1\n602|0");
	rig_check("SELECT count(*), count(DISTINCT process_id) FROM execution", "2|2");
	ck_assert_uint_eq(rig.ingest.state.alive, 2);
	rig_close(&rig);
}
END_TEST

/* Until the stream has come to the second dump, an exit may still come. */
START_TEST(an_exit_that_was_only_late)
{
	run_once();
	dump_two(shell, child);
	rig_caught(&rig, 3);
	rig.forge.now += 5000;
	dump_two(shell, 0);
	rig_caught(&rig, 4);
	rig_commit(&rig);
	rig_check("SELECT gone FROM process WHERE pid = 501", "0");
	rig.forge.now -= 6000;
	forge_exit(&rig.forge, child, 0);
	rig_expect(&rig, "SELECT exit_code, gone FROM process WHERE pid = 501", "0|0");
	ck_assert(ingest_is_settled(&rig.ingest));
	rig_close(&rig);
}
END_TEST

/* Only losses that no dump makes up for ask for another. */
START_TEST(losses_that_matter)
{
	begin();
	rig.forge.now = RIG_AT(110);
	dump_two(shell, 0);
	rig_caught(&rig, 0);
	forge_loss(&rig.forge, 0, KITH_CLASS_EXECUTION, KITH_LOSS_FULL, 5);
	rig_feed(&rig);
	ck_assert_uint_eq(rig.ingest.lost_ends, 0);
	/* told again after the subscription */
	forge_loss(&rig.forge, 0, KITH_CLASS_PROCESS, KITH_LOSS_OVERWRITTEN, 5)->last =
		RIG_AT(108);
	rig_feed(&rig);
	ck_assert_uint_eq(rig.ingest.lost_ends, 0);
	forge_loss(&rig.forge, 0, KITH_CLASS_PROCESS, KITH_LOSS_MISSED, 5);
	rig_feed(&rig);
	ck_assert_uint_eq(rig.ingest.lost_ends, 1);
	rig_close(&rig);
}
END_TEST

static void add_merging(Suite *suite)
{
	unit_add(suite, a_first_start);
	unit_add(suite, a_parent_that_comes_later);
	unit_add_rows(suite, stream_and_dump_by_time, UNIT_COUNT(merges));
	unit_add(suite, a_fork_before_the_dump);
	unit_add(suite, an_exit_after_the_dump);
	unit_add(suite, an_exit_before_the_dump);
	unit_add(suite, a_restart);
	unit_add(suite, what_changed_meanwhile);
	unit_add(suite, a_dump_in_pieces);
	unit_add(suite, an_empty_dump);
	unit_add(suite, a_broken_dump);
	unit_add(suite, a_process_that_could_not_be_read);
}

static void add_ends(Suite *suite)
{
	unit_add(suite, gone);
	unit_add(suite, gone_and_then_seen_to_end);
	unit_add(suite, young_ones_are_not_gone);
	unit_add(suite, unknown_ones_are_gone);
	unit_add_rows(suite, gone_by_another_clock, 2);
	unit_add_rows(suite, nobody_is_gone_too_early, UNIT_COUNT(waits));
	unit_add(suite, two_dumps);
	unit_add(suite, an_exit_that_was_lost);
	unit_add(suite, an_exit_that_was_only_late);
	unit_add(suite, losses_that_matter);
}

int main(void)
{
	Suite *suite = suite_create("dump");

	add_merging(suite);
	add_ends(suite);
	return unit_run(suite);
}
