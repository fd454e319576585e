// SPDX-License-Identifier: GPL-2.0-only
/* Streams: each record is stored once, whatever stops, starts or breaks. */
#include "rig.h"

#include "source.h"

#include <stdlib.h>
#include <string.h>

enum { SHELL = 500, CHILD = 501 };

static struct rig rig;
static uint64_t shell, child;

static void begin(void)
{
	rig_open(&rig);
	shell = forge_key(RIG_AT(50), SHELL);
	child = forge_key(RIG_NOW, CHILD);
}

#define COUNTS                                                                   \
	"SELECT (SELECT count(*) FROM process), (SELECT count(*) FROM execution),"  \
	" (SELECT count(*) FROM credential), (SELECT count(*) FROM sensor)"

static void forge_some(void)
{
	forge_fork(&rig.forge, shell, child);
	FORGE_EXEC(&rig.forge, child, shell, "/bin/ls", "ls");
	forge_credential(&rig.forge, child, KITH_CAUSE_SETUID, 0, 1000);
	forge_sensor(&rig.forge, KITH_SENSOR_POLICY, "x");
	forge_exit(&rig.forge, child, 0);
}

START_TEST(a_record_that_comes_again)
{
	begin();
	forge_some();
	ck_assert_int_eq(rig_try(&rig), 0);
	ck_assert_int_eq(rig_try(&rig), 0);
	rig_check(COUNTS, "2|1|1|1");
	rig_close(&rig);
}
END_TEST

START_TEST(a_record_that_comes_again_before_the_commit)
{
	begin();
	forge_some();
	rig_feed(&rig);
	rig.forge.now = RIG_NOW;
	rig.forge.seqs[0] = 0;
	forge_some();
	rig_feed(&rig);
	rig_commit(&rig);
	rig_check(COUNTS, "2|1|1|1");
	rig_close(&rig);
}
END_TEST

START_TEST(a_record_that_comes_again_after_a_restart)
{
	begin();
	forge_some();
	ck_assert_int_eq(rig_try(&rig), 0);
	rig_restart(&rig);
	ck_assert_uint_eq(rig.ingest.seqs[0], 5);
	ck_assert_uint_eq(rig.ingest.seqs[1], 0);
	ck_assert_int_eq(rig_try(&rig), 0);
	rig_check(COUNTS, "2|1|1|1");
	/* and what is new is not taken for old */
	forge_clear(&rig.forge);
	forge_fork(&rig.forge, shell, forge_key(RIG_AT(101), 502));
	rig_expect(&rig, COUNTS, "3|1|1|1");
	rig_close(&rig);
}
END_TEST

/* Each ring counts for itself; KITH_NO_RING does not count. */
START_TEST(rings)
{
	begin();
	rig.forge.ring = 3;
	forge_exec_failed(&rig.forge, shell, 2, "/a");
	rig.forge.ring = 1;
	forge_exec_failed(&rig.forge, shell, 2, "/b");
	forge_exec_failed(&rig.forge, shell, 2, "/c");
	rig.forge.ring = KITH_NO_RING;
	forge_exec_failed(&rig.forge, shell, 2, "/d");
	rig_expect(&rig, "SELECT exe FROM execution ORDER BY ts", "/a\n/b\n/c\n/d");
	rig_check("SELECT ring, seq FROM positions ORDER BY ring", "1|2\n3|1");
	rig_restart(&rig);
	ck_assert_uint_eq(rig.ingest.seqs[0], 0);
	ck_assert_uint_eq(rig.ingest.seqs[1], 2);
	ck_assert_uint_eq(rig.ingest.seqs[2], 0);
	ck_assert_uint_eq(rig.ingest.seqs[3], 1);
	rig_close(&rig);
}
END_TEST

/* Numbers are modulo 2^32: where a ring stands when we first meet it is chance. */
static const uint32_t firsts[] = { 1, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe,
				   0xffffffff };

START_TEST(numbers_go_round)
{
	begin();
	rig.forge.seqs[0] = firsts[_i] - 1;
	forge_some();
	ck_assert_int_eq(rig_try(&rig), 0);
	rig_check(COUNTS, "2|1|1|1");
	ck_assert_int_eq(rig_try(&rig), 0);
	rig_restart(&rig);
	ck_assert_uint_eq(rig.ingest.seqs[0], firsts[_i] + 4);
	ck_assert_int_eq(rig_try(&rig), 0);
	rig_check(COUNTS, "2|1|1|1");
	rig_close(&rig);
}
END_TEST

START_TEST(gaps_are_no_repetition)
{
	begin();
	forge_fork(&rig.forge, shell, child);
	rig.forge.seqs[0] += 1000000;
	forge_exit(&rig.forge, child, 0);
	rig_expect(&rig, "SELECT t(ended) FROM process WHERE pid = 501", "1000");
	rig_close(&rig);
}
END_TEST

START_TEST(what_was_not_committed_is_void)
{
	begin();
	forge_some();
	rig_feed(&rig);
	ck_assert_int_eq(ingest_reset(&rig.ingest), 0);
	rig_attach(&rig);
	ck_assert_uint_eq(rig.ingest.seqs[0], 0);
	rig_check(COUNTS, "0|0|0|0");
	rig.forge.now = RIG_NOW;
	rig.forge.seqs[0] = 0;
	forge_some();
	rig_expect(&rig, COUNTS, "2|1|1|1");
	rig_check("SELECT class, received FROM account WHERE received ORDER BY class",
		  "credential|1\nexecution|1\nprocess|2\nsensor|1");
	rig_close(&rig);
}
END_TEST

/* All that is known of a process is known after a restart. */
#define KNOWN                                                                     \
	"SELECT process_id, parent_id, boot_id, pid, started, exe, hex(argv), cwd,"  \
	" script, uid, euid, gid, loginuid, session, container_id, unit, exe_origin," \
	" incomplete, creator_id, ns_pid, comm, kernel_thread, unexplained, gone,"   \
	" clone_flags, execution_id, exe_device, exe_inode, env, egid,"             \
	" cap_permitted, cap_effective, tty, sid, mnt_ns, pid_ns, net_ns, user_ns," \
	" cgroup_ns, ipc_ns, uts_ns, cgroup_path FROM process ORDER BY process_id"

static void forge_detailed(void)
{
	const struct kith_namespaces inner = { 11, 12, 13, 14, 15, 16, 17, 0 };
	struct kith_fork *fork;
	struct kith_image *image;

	forge_cgroup(&rig.forge, 7, "/system.slice/docker-thing\xff.scope");
	fork = forge_fork(&rig.forge, shell, child);
	fork->parent = forge_key(RIG_AT(40), 400);
	fork->flags = 0x8000;
	fork->known = KITH_FORK_FLAGS;
	image = FORGE_EXEC(&rig.forge, child, shell, "/opt/\xff\nexe", "x\0\xff\x1b");
	image->ns_pid = 3;
	image->euid = 0;
	image->egid = 5;
	image->loginuid = UINT32_MAX;
	image->tty = 5;
	image->sid = 6;
	image->cap_permitted = 0x1ff;
	forge_text(&rig.forge, KITH_ITEM_CWD, "/root");
	forge_text(&rig.forge, KITH_ITEM_SCRIPT, "/x");
	forge_text(&rig.forge, KITH_ITEM_ENV, "A=b");
	forge_item(&rig.forge, KITH_ITEM_NAMESPACES, &inner, sizeof(inner));
	forge_credential(&rig.forge, child, KITH_CAUSE_NONE, 1000, 1000)->flags =
		KITH_CREDENTIAL_UNEXPLAINED;
}

START_TEST(a_restart_knows_the_living)
{
	char *before, *after;

	begin();
	forge_detailed();
	rig_feed(&rig);
	rig_commit(&rig);
	before = rig_rows(KNOWN);
	rig_restart(&rig);
	ck_assert_uint_eq(rig.ingest.state.alive, 3);
	forge_exit(&rig.forge, child, 1 << 8);
	forge_exit(&rig.forge, shell, 2 << 8);
	forge_exit(&rig.forge, forge_key(RIG_AT(40), 400), 3 << 8);
	rig_feed(&rig);
	rig_commit(&rig);
	after = rig_rows(KNOWN);
	ck_assert_str_eq(after, before);
	rig_check("SELECT pid, exit_code FROM process ORDER BY pid", "400|3\n500|2\n501|1");
	free(before);
	free(after);
	rig_close(&rig);
}
END_TEST

START_TEST(a_restart_goes_on_where_it_stopped)
{
	begin();
	FORGE_EXEC(&rig.forge, shell, 0, "/bin/sh", "sh");
	forge_fork(&rig.forge, shell, child);
	rig_feed(&rig);
	rig_commit(&rig);
	rig_restart(&rig);
	FORGE_EXEC(&rig.forge, child, shell, "/bin/ls", "ls");
	forge_cgroup(&rig.forge, 8, "/b.service");
	rig_feed(&rig);
	rig_commit(&rig);
	rig_restart(&rig);
	forge_cgroup(&rig.forge, 7, "/a.service");
	forge_fork(&rig.forge, child, forge_key(RIG_AT(101), 502));
	rig_expect(&rig, "SELECT p.pid, q.pid, p.exe, p.argv, p.unit FROM process p"
			 " LEFT JOIN process q ON q.process_id = p.parent_id ORDER BY p.pid",
		   "500|-|/bin/sh|sh|a.service\n"
		   "501|500|/bin/ls|ls|a.service\n"
		   "502|501|/bin/ls|ls|a.service");
	rig_check("SELECT cgroup, path FROM container ORDER BY cgroup",
		  "7|/a.service\n8|/b.service");
	rig_check("SELECT count(*) FROM loads", "1");
	rig_check("SELECT count(*) FROM boot", "1");
	rig_close(&rig);
}
END_TEST

START_TEST(the_dead_are_not_found_again)
{
	begin();
	forge_some();
	ck_assert_int_eq(rig_try(&rig), 0);
	rig_restart(&rig);
	ck_assert_uint_eq(rig.ingest.state.alive, 1);
	ck_assert_ptr_null(state_find(&rig.ingest.state, child));
	ck_assert_ptr_nonnull(state_find(&rig.ingest.state, shell));
	rig_close(&rig);
}
END_TEST

/* Whether there was a commit between the two or not. */
START_TEST(two_boots_with_the_same_keys)
{
	begin();
	FORGE_EXEC(&rig.forge, shell, 0, "/bin/first", "first");
	forge_cgroup(&rig.forge, 7, "/first.service");
	rig_feed(&rig);
	if (_i)
		rig_commit(&rig);
	rig_reboot(&rig, '2');
	rig_attach(&rig);
	ck_assert_uint_eq(rig.ingest.state.alive, 0);
	forge_cgroup(&rig.forge, 7, "/second.service");
	FORGE_EXEC(&rig.forge, shell, 0, "/bin/second", "second");
	rig_expect(&rig, "SELECT pid, boot_id, exe, unit FROM process ORDER BY boot_id",
		   "500|1|/bin/first|first.service\n500|2|/bin/second|second.service");
	rig_check("SELECT p.boot_id, p.exe, e.exe FROM execution e"
		  " JOIN process p USING (process_id) ORDER BY p.boot_id",
		  "1|/bin/first|/bin/first\n2|/bin/second|/bin/second");
	rig_check("SELECT boot_id, path FROM container ORDER BY boot_id",
		  "1|/first.service\n2|/second.service");
	rig_check("SELECT uuid FROM boot ORDER BY boot_id",
		  "11111111-1111-4111-8111-111111111111\n"
		  "22222222-1111-4111-8111-111111111111");
	rig_restart(&rig);
	ck_assert_uint_eq(rig.ingest.state.alive, 1);
	rig_close(&rig);
}
END_TEST

/* A reload in the same boot: numbers begin at 1 again, processes are the same. */
START_TEST(the_module_is_loaded_anew)
{
	begin();
	forge_fork(&rig.forge, shell, child);
	rig_feed(&rig);
	rig_commit(&rig);
	rig_reload(&rig, 78);
	rig_attach(&rig);
	ck_assert_uint_eq(rig.ingest.seqs[0], 0);
	forge_exit(&rig.forge, child, 0);
	rig_expect(&rig, "SELECT pid, exit_code, boot_id FROM process ORDER BY pid",
		   "500|-|1\n501|0|1");
	rig_check("SELECT ring, seq FROM positions", "0|1");
	rig_check("SELECT count(*) FROM loads", "2");
	rig_close(&rig);
}
END_TEST

START_TEST(positions_of_another_load_are_not_ours)
{
	begin();
	forge_some();
	rig_feed(&rig);
	rig_commit(&rig);
	rig_reload(&rig, 78);
	rig_attach(&rig);
	rig.info.load = 77; /* which was the one before: its positions are gone */
	rig_attach(&rig);
	ck_assert_uint_eq(rig.ingest.seqs[0], 0);
	rig_close(&rig);
}
END_TEST

/* Somebody sets the clock: what comes later has the new time, what was has the old. */
START_TEST(the_clock_is_set)
{
	const int64_t hour = INT64_C(3600000000000);

	begin();
	forge_fork(&rig.forge, shell, child);
	rig_feed(&rig);
	rig.offset += hour;
	FORGE_EXEC(&rig.forge, child, shell, "/bin/ls", "ls");
	forge_exit(&rig.forge, child, 0);
	rig_expect(&rig, "SELECT t(started), t(ended) FROM process WHERE pid = 501",
		   "0|3600000002000");
	rig_check("SELECT t(ts) FROM execution", "3600000001000");
	rig_close(&rig);
}
END_TEST

START_TEST(the_clock_is_set_back)
{
	begin();
	forge_fork(&rig.forge, shell, child);
	rig_feed(&rig);
	rig.offset -= INT64_C(3600000000000);
	forge_exit(&rig.forge, child, 0);
	rig_expect(&rig, "SELECT t(started), t(ended), exit_code FROM process WHERE pid = 501",
		   "0|0|0");
	rig_close(&rig);
}
END_TEST

/* What is behind a broken record in its batch is lost; the next batch is not. */
START_TEST(a_broken_record)
{
	begin();
	forge_fork(&rig.forge, shell, child);
	FORGE_EXEC(&rig.forge, child, shell, "/bin/ls", "ls");
	forge_last(&rig.forge)->size = 12;
	rig_feed(&rig);
	ck_assert_uint_eq(rig.ingest.bad_records, 1);
	forge_exit(&rig.forge, child, 0);
	rig_expect(&rig, COUNTS, "2|0|0|0");
	rig_check("SELECT t(ended) FROM process WHERE pid = 501", "2000");
	ck_assert_uint_eq(rig.ingest.bad_records, 1);
	rig_close(&rig);
}
END_TEST

START_TEST(a_batch_cut_in_the_middle)
{
	size_t first;

	begin();
	forge_fork(&rig.forge, shell, child);
	first = rig.forge.used;
	forge_exit(&rig.forge, child, 0);
	rig.forge.used = first + (rig.forge.used - first) / 2;
	rig_expect(&rig, COUNTS, "2|0|0|0");
	ck_assert_uint_eq(rig.ingest.bad_records, 1);
	rig_check("SELECT t(ended) FROM process WHERE pid = 501", "-");
	rig_close(&rig);
}
END_TEST

START_TEST(an_empty_batch)
{
	begin();
	rig_expect(&rig, COUNTS, "0|0|0|0");
	ck_assert_uint_eq(rig.ingest.bad_records, 0);
	rig_close(&rig);
}
END_TEST

START_TEST(a_note)
{
	begin();
	ck_assert_int_eq(ingest_note(&rig.ingest, RIG_BOOT + (int64_t)RIG_NOW, "collector started",
				     NULL),
			 0);
	ck_assert_int_eq(ingest_note(&rig.ingest, RIG_BOOT + (int64_t)RIG_NOW + 1, "thing", "why"),
			 0);
	rig_commit(&rig);
	rig_check("SELECT t(ts), event, detail, boot_id FROM sensor ORDER BY ts",
		  "0|collector started|-|1\n1|thing|why|1");
	rig_close(&rig);
}
END_TEST

#define CLOCK "SELECT t(ts), event, detail, boot_id FROM sensor WHERE event = 'clock set'"

static void feed_one(void)
{
	forge_sensor(&rig.forge, KITH_SENSOR_POLICY, NULL);
	rig_feed(&rig);
	rig_commit(&rig);
}

START_TEST(a_clock_that_is_set_is_told)
{
	begin();
	feed_one();
	rig.offset -= INT64_C(1000000000);
	feed_one();
	rig_check(CLOCK, "");
	rig.offset += INT64_C(3600000000000);
	feed_one();
	rig_check(CLOCK,
		  "3599000003000|clock set|from 2023-11-14T22:15:06.374185400Z"
		  " to 2023-11-14T23:15:06.374185400Z|1");
	feed_one();
	rig_check("SELECT count(*) FROM (" CLOCK ")", "1");
	rig_close(&rig);
}
END_TEST

/* Nobody looked when it was; and it is told once. */
START_TEST(the_clock_was_set_meanwhile)
{
	begin();
	feed_one();
	rig.offset -= INT64_C(3600000000000);
	rig.forge.now = RIG_AT(200);
	rig.info.boot_ns = (int64_t)rig.forge.now;
	rig.info.real_ns = (int64_t)rig.forge.now + rig.offset;
	if (_i)
		rig_attach(&rig);
	else
		rig_restart(&rig);
	rig_check("SELECT ts - 1700000000000000000, boot_id, detail FROM sensor"
		  " WHERE event = 'clock set'",
		  "-3385251635200|1|from 2023-11-14T22:16:54.748364800Z"
		  " to 2023-11-14T21:16:54.748364800Z");
	rig.info.boot_ns++;
	rig.info.real_ns++;
	rig_restart(&rig);
	rig_attach(&rig);
	feed_one();
	rig_restart(&rig);
	rig_check("SELECT count(*) FROM (" CLOCK ")", "1");
	rig_close(&rig);
}
END_TEST

/* A recording that is stored already says nothing new, also of the clock. */
START_TEST(the_clock_was_set_in_a_recording)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		begin();
		feed_one();
		rig.offset += INT64_C(3600000000000);
		feed_one();
		rig.forge.now += 1000000;
		feed_one();
		rig_close(&rig);
	}
	rig_check("SELECT count(*) FROM (" CLOCK ")", "1");
}
END_TEST

/* Not committed: it is told again. */
START_TEST(the_clock_is_set_and_the_disk_is_full)
{
	begin();
	feed_one();
	rig.offset += INT64_C(3600000000000);
	forge_sensor(&rig.forge, KITH_SENSOR_POLICY, NULL);
	rig_feed(&rig);
	rig.info.boot_ns = (int64_t)rig.forge.now;
	rig.info.real_ns = (int64_t)rig.forge.now + rig.offset;
	ck_assert_int_eq(ingest_reset(&rig.ingest), 0);
	rig_attach(&rig);
	feed_one();
	rig_check("SELECT count(*) FROM (" CLOCK ")", "1");
	rig_close(&rig);
}
END_TEST

/* So many processes that a restart looks no longer at all of them. */
START_TEST(a_restart_finds_the_living_among_many)
{
	struct source *source;
	struct source_event event;

	begin();
	ck_assert_int_eq(source_synthetic_open(&source, 400000, 1), 0);
	ck_assert_int_eq(source_next(source, 0, &event), 0);
	rig.info = event.info;
	rig_attach(&rig);
	while (!source_next(source, 0, &event) && event.kind == SOURCE_BATCH) {
		ck_assert_int_eq(ingest_batch(&rig.ingest, &event.batch, event.data, event.size),
				 0);
		if (event.batch.number % 64 == 0)
			rig_commit(&rig);
	}
	source_close(source);
	rig_commit(&rig);
	rig_check("SELECT (SELECT value FROM meta WHERE name = 'living_upto') >= 50000,"
		  " (SELECT count(*) FROM process) > 50000",
		  "1|1");
	rig_restart(&rig);
	/* who forks the services, these, and the last command if it has not ended */
	ck_assert_ptr_nonnull(state_find(&rig.ingest.state, forge_key(1000000000, 1)));
	ck_assert_uint_ge(rig.ingest.state.alive, 41);
	ck_assert_uint_le(rig.ingest.state.alive, 42);
	rig_close(&rig);
}
END_TEST

START_TEST(records_of_a_newer_module)
{
	begin();
	forge_record(&rig.forge, 200, shell, 64);
	forge_fork(&rig.forge, shell, child);
	rig_expect(&rig, "SELECT count(*) FROM process", "2");
	ck_assert_uint_eq(rig.ingest.bad_records, 0);
	rig_close(&rig);
}
END_TEST

static void add_positions(Suite *suite)
{
	unit_add(suite, a_record_that_comes_again);
	unit_add(suite, a_record_that_comes_again_before_the_commit);
	unit_add(suite, a_record_that_comes_again_after_a_restart);
	unit_add(suite, rings);
	unit_add_rows(suite, numbers_go_round, UNIT_COUNT(firsts));
	unit_add(suite, gaps_are_no_repetition);
	unit_add(suite, what_was_not_committed_is_void);
	unit_add(suite, positions_of_another_load_are_not_ours);
}

static void add_restarts(Suite *suite)
{
	unit_add(suite, a_restart_knows_the_living);
	unit_add(suite, a_restart_goes_on_where_it_stopped);
	unit_add(suite, the_dead_are_not_found_again);
	unit_add_rows(suite, two_boots_with_the_same_keys, 2);
	unit_add(suite, the_module_is_loaded_anew);
	unit_add(suite, a_restart_finds_the_living_among_many);
}

static void add_batches(Suite *suite)
{
	unit_add(suite, the_clock_is_set);
	unit_add(suite, the_clock_is_set_back);
	unit_add(suite, a_broken_record);
	unit_add(suite, records_of_a_newer_module);
	unit_add(suite, a_batch_cut_in_the_middle);
	unit_add(suite, an_empty_batch);
	unit_add(suite, a_note);
	unit_add(suite, a_clock_that_is_set_is_told);
	unit_add_rows(suite, the_clock_was_set_meanwhile, 2);
	unit_add(suite, the_clock_was_set_in_a_recording);
	unit_add(suite, the_clock_is_set_and_the_disk_is_full);
}

int main(void)
{
	Suite *suite = suite_create("ingest");

	add_positions(suite);
	add_restarts(suite);
	add_batches(suite);
	return unit_run(suite);
}
