// SPDX-License-Identifier: GPL-2.0-only
/* Records of processes to rows, as the contract's views show them. */
#include "rig.h"

#include <stdio.h>

enum { SHELL = 500, CHILD = 501, OTHER = 502 };

static struct rig rig;
static uint64_t shell, child, other;

static void begin(void)
{
	rig_open(&rig);
	shell = forge_key(RIG_AT(50), SHELL);
	child = forge_key(RIG_NOW, CHILD);
	other = forge_key(RIG_NOW + RIG_STEP, OTHER);
}

#define LIFE                                                                   \
	"SELECT p.pid, q.pid, t(p.started), t(p.ended), p.exit_code, p.exit_signal," \
	" p.exe, p.argv, p.uid, p.euid, p.gid, p.incomplete"                       \
	" FROM process p LEFT JOIN process q ON q.process_id = p.parent_id"       \
	" ORDER BY p.pid"
#define EXECUTIONS                                                              \
	"SELECT t(e.ts), p.pid, q.pid, e.exe, e.argv, e.script, e.env, e.uid,"      \
	" e.euid, e.error FROM execution e JOIN process p USING (process_id)"       \
	" LEFT JOIN process q ON q.process_id = e.parent_id ORDER BY e.ts"

START_TEST(a_life)
{
	begin();
	forge_fork(&rig.forge, shell, child);
	FORGE_EXEC(&rig.forge, child, shell, "/usr/bin/ls", "ls\0-l\0/tmp");
	forge_exit(&rig.forge, child, 3 << 8);
	rig_expect(&rig, LIFE,
		   "500|-|-53687091200|-|-|-|-|-|-|-|-|1\n"
		   "501|500|0|2000|3|-|/usr/bin/ls|ls -l /tmp|1000|1000|1000|0");
	rig_check(EXECUTIONS,
		  "1000|501|500|/usr/bin/ls|ls -l /tmp|-|-|1000|1000|-");
	rig_close(&rig);
}
END_TEST

/* Each record in a transaction of its own: updates instead of one insert. */
START_TEST(a_life_in_many_commits)
{
	begin();
	forge_fork(&rig.forge, shell, child);
	rig_expect(&rig, LIFE " LIMIT 1 OFFSET 1",
		   "501|500|0|-|-|-|-|-|1000|1000|1000|0");
	FORGE_EXEC(&rig.forge, child, shell, "/usr/bin/ls", "ls");
	rig_expect(&rig, LIFE " LIMIT 1 OFFSET 1",
		   "501|500|0|-|-|-|/usr/bin/ls|ls|1000|1000|1000|0");
	forge_exit(&rig.forge, child, 0);
	rig_expect(&rig, LIFE " LIMIT 1 OFFSET 1",
		   "501|500|0|2000|0|-|/usr/bin/ls|ls|1000|1000|1000|0");
	rig_check("SELECT count(*) FROM process", "2");
	rig_check("SELECT count(*) FROM execution", "1");
	rig_close(&rig);
}
END_TEST

/* Status as wait(2) gives it: exit code, signal, core. */
static const struct {
	uint32_t status;
	const char *want;
} ends[] = {
	{ 0, "0|-|0" },	       { 1 << 8, "1|-|0" },	 { 255 << 8, "255|-|0" },
	{ 9, "-|9|0" },	       { 11 | 128, "-|11|1" },	 { 64, "-|64|0" },
};

START_TEST(ends_of_lives)
{
	begin();
	forge_fork(&rig.forge, shell, child);
	forge_exit(&rig.forge, child, ends[_i].status);
	rig_expect(&rig, "SELECT exit_code, exit_signal, core_dumped FROM process WHERE pid = 501",
		   ends[_i].want);
	rig_close(&rig);
}
END_TEST

START_TEST(exit_counts_what_was_used)
{
	struct kith_exit *exit;

	begin();
	forge_fork(&rig.forge, shell, child);
	exit = forge_exit(&rig.forge, child, 0);
	exit->runtime_ns = 123456789;
	exit->max_rss = 4 << 20;
	rig_expect(&rig, "SELECT cpu_ns, max_rss FROM process WHERE pid = 501",
		   "123456789|4194304");
	rig_close(&rig);
}
END_TEST

/* Either thread may be the one that could sum up what all have read. */
START_TEST(exit_twice)
{
	begin();
	forge_fork(&rig.forge, shell, child);
	forge_exit(&rig.forge, child, 1 << 8)->plain_reads = 3;
	if (_i) {
		rig_feed(&rig);
		rig_commit(&rig);
	}
	forge_exit(&rig.forge, child, 2 << 8);
	rig_expect(&rig, "SELECT t(ended), exit_code FROM process WHERE pid = 501", "2000|2");
	rig_check("SELECT count(*) FROM process", "2");
	rig_check("SELECT plain_reads FROM process WHERE pid = 501", "3");
	ck_assert_uint_eq(rig.ingest.state.alive, 1);
	ck_assert_uint_eq(rig.ingest.state.ended, 1);
	rig_close(&rig);
}
END_TEST

START_TEST(exec_of_an_unknown_process)
{
	begin();
	FORGE_EXEC(&rig.forge, shell, other, "/bin/sh", "sh");
	rig_expect(&rig,
		   "SELECT pid, t(started), exe, uid, incomplete FROM process ORDER BY pid",
		   "500|-53687091200|/bin/sh|1000|1\n"
		   "502|0|-|-|1");
	rig_close(&rig);
}
END_TEST

/*
 * A key holds the start modulo 2^55 ns: a process that has run since before the
 * last lap began, one that was born in it, and one on a young machine.
 */
static const struct {
	uint64_t now;
	uint64_t start;
} laps[] = {
	{ RIG_AT(100), RIG_AT(7) },
	{ (UINT64_C(1) << 55) + RIG_AT(5), (UINT64_C(1) << 55) - RIG_AT(3) },
	{ (UINT64_C(1) << 55) + RIG_AT(5), (UINT64_C(1) << 55) + RIG_AT(3) },
	{ (UINT64_C(3) << 55) + RIG_AT(1), (UINT64_C(2) << 55) + RIG_AT(2) },
};

START_TEST(a_key_tells_the_start)
{
	char want[32];

	begin();
	rig.forge.now = laps[_i].now;
	FORGE_EXEC(&rig.forge, forge_key(laps[_i].start, SHELL), 0, "/bin/sh", "sh");
	snprintf(want, sizeof(want), "%lld", (long long)(laps[_i].start - RIG_NOW));
	rig_expect(&rig, "SELECT t(started) FROM process", want);
	rig_close(&rig);
}
END_TEST

/* What a fork tells of a process whose creator was not known, and no more. */
START_TEST(fork_from_an_unknown_process)
{
	begin();
	forge_fork(&rig.forge, shell, child);
	rig_expect(&rig,
		   "SELECT uid, euid, gid, egid, cap_permitted, cap_effective, loginuid,"
		   " session, tty, sid, exe, argv FROM process WHERE pid = 501",
		   "1000|1000|1000|-|-|-|-|-|-|-|-|-");
	rig_close(&rig);
}
END_TEST

START_TEST(fork_inherits)
{
	begin();
	FORGE_EXEC(&rig.forge, shell, 0, "/bin/sh", "sh\0-c\0x");
	forge_fork(&rig.forge, shell, child);
	rig_expect(&rig, "SELECT exe, argv, comm FROM process WHERE pid = 501",
		   "/bin/sh|sh -c x|sh");
	rig_check("SELECT count(*) FROM execution", "1");
	rig_close(&rig);
}
END_TEST

START_TEST(fork_with_another_parent)
{
	struct kith_fork *fork;

	begin();
	fork = forge_fork(&rig.forge, shell, child);
	fork->parent = other;
	fork->flags = 0x8000;
	fork->known = KITH_FORK_FLAGS;
	fork->ns_pid = 3;
	rig_expect(&rig,
		   "SELECT p.pid, q.pid, c.pid, p.ns_pid, p.clone_flags, p.kernel_thread"
		   " FROM process p JOIN process q ON q.process_id = p.parent_id"
		   " JOIN process c ON c.process_id = p.creator_id",
		   "501|502|500|3|32768|0");
	rig_close(&rig);
}
END_TEST

START_TEST(fork_of_a_kernel_thread)
{
	struct kith_fork *fork;

	begin();
	fork = forge_fork(&rig.forge, shell, child);
	fork->flags = 0x8000; /* not valid without KITH_FORK_FLAGS */
	fork->known = KITH_FORK_KTHREAD;
	rig_expect(&rig, "SELECT kernel_thread, clone_flags, ns_pid FROM process WHERE pid = 501",
		   "1|-|501");
	rig_close(&rig);
}
END_TEST

/* Its creator's own creator comes later in the stream, out of an interrupt. */
START_TEST(fork_after_the_exec_of_its_child)
{
	begin();
	FORGE_EXEC(&rig.forge, child, shell, "/bin/ls", "ls");
	forge_fork(&rig.forge, shell, child)->start = RIG_NOW;
	rig_expect(&rig, LIFE " LIMIT 1 OFFSET 1",
		   "501|500|0|-|-|-|/bin/ls|ls|1000|1000|1000|0");
	rig_close(&rig);
}
END_TEST

START_TEST(namespaces)
{
	const struct kith_namespaces inner = { 11, 12, 13, 14, 15, 16, 17, 99 };
	const struct kith_namespaces outer = { 1, 2, 3, 4, 0, 6, 7, 0 };

	begin();
	FORGE_EXEC(&rig.forge, shell, 0, "/bin/sh", "sh");
	forge_item(&rig.forge, KITH_ITEM_NAMESPACES, &outer, sizeof(outer));
	forge_fork(&rig.forge, shell, child);
	forge_fork(&rig.forge, shell, other);
	forge_item(&rig.forge, KITH_ITEM_NAMESPACES, &inner, sizeof(inner));
	rig_expect(&rig,
		   "SELECT pid, mnt_ns, pid_ns, net_ns, user_ns, cgroup_ns, ipc_ns, uts_ns"
		   " FROM process ORDER BY pid",
		   "500|1|2|3|4|-|6|7\n"
		   "501|1|2|3|4|-|6|7\n"
		   "502|11|12|13|14|15|16|17");
	rig_close(&rig);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("apply");

	unit_add(suite, a_life);
	unit_add(suite, a_life_in_many_commits);
	unit_add_rows(suite, ends_of_lives, UNIT_COUNT(ends));
	unit_add(suite, exit_counts_what_was_used);
	unit_add_rows(suite, exit_twice, 2);
	unit_add(suite, exec_of_an_unknown_process);
	unit_add_rows(suite, a_key_tells_the_start, UNIT_COUNT(laps));
	unit_add(suite, fork_from_an_unknown_process);
	unit_add(suite, fork_inherits);
	unit_add(suite, fork_with_another_parent);
	unit_add(suite, fork_of_a_kernel_thread);
	unit_add(suite, fork_after_the_exec_of_its_child);
	unit_add(suite, namespaces);
	return unit_run(suite);
}
