// SPDX-License-Identifier: GPL-2.0-only
/* Pipes and FIFOs: rows, who used them, what flowed, and that nothing odd gets in. */
#include "program.h"
#include "rig.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { FIRST = 500, PROCESSES = 4 };

static struct rig rig;
static uint64_t keys[PROCESSES]; /* their ids are one more than their places */

static void forge_processes(void)
{
	static const char *const exes[] = { "/bin/a", "/bin/b", "/bin/c", "/bin/d" };
	unsigned int i;

	for (i = 0; i < PROCESSES; i++) {
		keys[i] = forge_key(RIG_AT(50 + i), FIRST + i);
		forge_process(&rig.forge, keys[i], 0, exes[i]);
	}
	rig_dump(&rig);
}

static void begin(void)
{
	rig_open(&rig);
	forge_processes();
	rig_caught(&rig, 0);
	rig_commit(&rig);
	rig.forge.now = RIG_NOW + RIG_STEP;
}

static void end(void)
{
	ck_assert_uint_eq(rig.ingest.bad_records, 0);
	rig_close(&rig);
}

#define ROW                                                                             \
	"SELECT pipe_id, fifo, path, inode, device, t(started), t(ended), open, gone,"  \
	" incomplete, writer_id, reader_id, written, read, inexact, boot_id FROM pipe"

START_TEST(one_writer_one_reader)
{
	begin();
	forge_pipe(&rig.forge, 7, keys[0], keys[1]);
	rig_expect(&rig, ROW, "1|0|-|70007|13|0|1000|0|0|0|1|2|4096|4000|0|1");
	rig_check("SELECT source_id, target_id, via, object, t(first), t(last), bytes,"
		  " connection_id, pipe_id FROM flow",
		  "1|2|pipe|pipe:[70007]|0|1000|4000|-|1");
	rig_check("SELECT received FROM account WHERE class = 'connection'", "1");
	end();
}
END_TEST

START_TEST(a_fifo)
{
	begin();
	forge_fifo(&rig.forge, 7, keys[0], keys[1], "/tmp/fifo")->flags |= KITH_PIPE_INEXACT;
	/* a pipe has no path, whatever a record says */
	forge_pipe(&rig.forge, 8, keys[0], keys[1])->read = 4096;
	forge_text(&rig.forge, KITH_ITEM_PATH, "/tmp/fifo");
	rig_expect(&rig, "SELECT fifo, path, inexact, read FROM pipe",
		   "1|/tmp/fifo|1|4000\n0|-|0|4096");
	rig_check("SELECT via, object, bytes FROM flow", "fifo|/tmp/fifo|4000\n"
							 "pipe|pipe:[70008]|4096");
	end();
}
END_TEST

/* One row, which each record brings up to date, before a commit and after. */
START_TEST(goes_on)
{
	struct kith_pipe *body;

	begin();
	body = forge_fifo(&rig.forge, 7, keys[0], 0, "/tmp/fifo");
	body->ended = 0;
	body->read = 0;
	rig_feed(&rig);
	ck_assert_uint_eq(rig.ingest.sockets.open, 1);
	if (_i) {
		rig_commit(&rig);
		rig_check(ROW, "1|1|/tmp/fifo|70007|13|0|-|1|0|0|1|-|4096|0|0|1");
		rig_check("SELECT count(*) FROM flow", "0");
		rig_restart(&rig);
		ck_assert_uint_eq(rig.ingest.sockets.open, 1);
	}
	/* with less: the path is known */
	body = forge_pipe(&rig.forge, 7, keys[0], keys[2]);
	body->flags = KITH_PIPE_FIFO;
	body->started = 0;
	rig_expect(&rig, ROW, "1|1|/tmp/fifo|70007|13|0|2000|0|0|0|1|3|4096|4000|0|1");
	ck_assert_uint_eq(rig.ingest.sockets.open, 0);
	rig_check("SELECT count(number) FROM pipes", "0");
	end();
}
END_TEST

/* Who else used it; at the latest record the sums are those of then. */
START_TEST(several)
{
	begin();
	forge_pipe(&rig.forge, 7, 0, 0)->ended = 0;
	forge_pipe_use(&rig.forge, 7, keys[0], 10, 0);
	forge_pipe_use(&rig.forge, 7, keys[1], 0, 9);
	rig_feed(&rig);
	rig_commit(&rig);
	forge_pipe(&rig.forge, 7, 0, 0);
	forge_pipe_use(&rig.forge, 7, keys[0], 20, 0);
	forge_pipe_use(&rig.forge, 7, keys[1], 0, 15);
	forge_pipe_use(&rig.forge, 7, keys[2], 5, 0);
	forge_pipe_use(&rig.forge, 7, 0, 3, 0);
	rig_expect(&rig, "SELECT pipe_id, process_id, written, read, last > first FROM pipe_use"
			 " ORDER BY process_id",
		   "1|-|3|0|1\n1|1|20|0|1\n1|2|0|15|1\n1|3|5|0|1");
	rig_check("SELECT writer_id, reader_id FROM pipe", "-|-");
	end();
}
END_TEST

/* There was one writer until the second one came. */
START_TEST(several_in_the_end)
{
	begin();
	forge_pipe(&rig.forge, 7, keys[0], keys[1])->ended = 0;
	rig_feed(&rig);
	rig_commit(&rig);
	rig_check("SELECT source_id, target_id, bytes FROM flow", "1|2|4000");
	forge_pipe(&rig.forge, 7, 0, 0)->ended = 0;
	forge_pipe_use(&rig.forge, 7, keys[0], 4096, 0);
	forge_pipe_use(&rig.forge, 7, keys[1], 0, 4100);
	forge_pipe_use(&rig.forge, 7, keys[2], 4, 0);
	rig_expect(&rig, "SELECT source_id, target_id, bytes FROM flow", "1|2|4096\n3|2|4");
	end();
}
END_TEST

/* As GET_SOCKETS tells: with those that are older than the module. */
START_TEST(in_the_dump)
{
	begin();
	forge_pipe(&rig.forge, 7, keys[0], keys[1])->ended = 0;
	forge_pipe(&rig.forge, 8, keys[0], keys[1])->ended = 0;
	rig_feed(&rig);
	forge_processes();
	rig.forge.ring = KITH_NO_RING;
	forge_pipe(&rig.forge, 8, keys[0], keys[1])->ended = 0;
	forge_pipe(&rig.forge, 9, 0, 0)->started = 0;
	((struct kith_pipe *)(forge_last(&rig.forge) + 1))->ended = 0;
	forge_pipe_use(&rig.forge, 9, keys[2], 5, 0);
	forge_pipe_use(&rig.forge, 9, keys[3], 0, 5);
	rig_dumped(&rig);
	rig_check("SELECT pipe_id, open, gone, incomplete FROM pipe",
		  "1|0|1|0\n2|1|0|0\n3|1|0|1");
	rig_check("SELECT source_id, target_id, bytes FROM flow WHERE pipe_id = 3", "3|4|5");
	ck_assert_uint_eq(rig.ingest.sockets.open, 2);
	end();
}
END_TEST

/* By process: so much written, so much read. */
static const struct {
	uint64_t moved[PROCESSES][2];
	const char *flows;
} shares[] = {
	/* one writer: what each has read */
	{ { { 100, 0 }, { 0, 60 }, { 0, 40 } }, "1|2|60\n1|3|40" },
	{ { { 100, 0 }, { 0, 50 }, { 0, 40 } }, "1|2|50\n1|3|40" },
	/* one reader: what each has written */
	{ { { 100, 0 }, { 50, 0 }, { 0, 140 } }, "1|3|100\n2|3|50" },
	/* a share, by what they read */
	{ { { 100, 0 }, { 50, 0 }, { 0, 90 }, { 0, 60 } }, "1|3|60\n1|4|40\n2|3|30\n2|4|20" },
	/* nobody sends to himself */
	{ { { 100, 50 }, { 100, 150 } }, "1|2|75\n2|1|25" },
	{ { { 100, 100 } }, "" },
	/* as large as can be */
	{ { { INT64_MAX, 0 }, { INT64_MAX, 0 }, { 0, UINT64_MAX }, { 0, INT64_MAX } },
	  "1|3|4611686018427387904\n1|4|4611686018427387904\n2|3|4611686018427387904\n"
	  "2|4|4611686018427387904" },
};

START_TEST(flows_of_several)
{
	unsigned int i;

	begin();
	forge_pipe(&rig.forge, 7, 0, 0);
	for (i = 0; i < PROCESSES; i++)
		if (shares[_i].moved[i][0] || shares[_i].moved[i][1])
			forge_pipe_use(&rig.forge, 7, keys[i], shares[_i].moved[i][0],
				       shares[_i].moved[i][1]);
	rig_expect(&rig, "SELECT source_id, target_id, bytes FROM flow ORDER BY 1, 2",
		   shares[_i].flows);
	end();
}
END_TEST

/* To himself, from nobody, of nothing: that is no flow. */
START_TEST(no_flows)
{
	struct kith_connection *body;

	begin();
	forge_pipe(&rig.forge, 7, keys[0], keys[0]);
	forge_pipe(&rig.forge, 8, keys[0], 0);
	forge_pipe(&rig.forge, 9, 0, keys[0]);
	forge_pipe(&rig.forge, 10, keys[0], keys[1])->read = 0;
	/* users of one that tells its own are not several */
	forge_pipe(&rig.forge, 11, keys[2], keys[3]);
	forge_pipe_use(&rig.forge, 11, keys[0], 5, 0);
	forge_pipe_use(&rig.forge, 11, keys[1], 0, 5);
	body = forge_connection(&rig.forge, 12, keys[0], keys[0]);
	body->ends[KITH_CLIENT].port = 1;
	rig_expect(&rig, "SELECT pipe_id, source_id, target_id FROM flow", "5|3|4");
	end();
}
END_TEST

/* Without the pipe's own record a use says nothing. */
START_TEST(a_use_of_nothing)
{
	begin();
	forge_pipe_use(&rig.forge, 7, keys[0], 5, 0);
	forge_pipe_use(&rig.forge, 0, keys[0], 5, 0);
	rig_expect(&rig, "SELECT count(*) FROM pipe_use", "0");
	rig_check("SELECT count(*) FROM connection_use", "0");
	end();
}
END_TEST

START_TEST(extremes)
{
	struct kith_pipe *body;

	begin();
	body = forge_fifo(&rig.forge, UINT64_MAX, UINT64_MAX, UINT64_MAX - 1, "\xff\n");
	memset(&body->written, 0xff, sizeof(*body) - offsetof(struct kith_pipe, written));
	body->started = UINT64_MAX;
	body->ended = 0;
	rig_feed(&rig);
	rig_commit(&rig);
	rig_restart(&rig);
	ck_assert_uint_eq(rig.ingest.sockets.open, 1);
	rig_check("SELECT fifo, path = CAST(x'ff0a' AS TEXT), inode, device, written, read,"
		  " inexact, open, gone, incomplete FROM pipe",
		  "1|1|-1|4294967295|9223372036854775807|9223372036854775807|1|1|0|0");
	rig_check("SELECT bytes FROM flow", "9223372036854775807");
	body = forge_pipe(&rig.forge, UINT64_MAX, keys[0], keys[1]);
	body->ended = 1; /* before it began */
	rig_expect(&rig, "SELECT open, ended >= started, read FROM pipe", "0|1|4000");
	end();
}
END_TEST

/* As conversations: not in the dump and not told of since, it has ended unseen. */
START_TEST(ended_unseen)
{
	begin();
	forge_pipe(&rig.forge, 7, keys[0], keys[1])->ended = 0;
	forge_pipe(&rig.forge, 8, keys[0], keys[1])->ended = 0;
	rig_feed(&rig);
	if (_i)
		rig_commit(&rig);
	forge_processes();
	forge_pipe(&rig.forge, 8, keys[0], keys[1])->ended = 0;
	rig_feed(&rig);
	rig_caught(&rig, 0);
	rig_commit(&rig);
	rig_check("SELECT open, gone, t(ended) FROM pipe", "0|1|-\n1|0|-");
	/* it was not, after all */
	forge_pipe(&rig.forge, 7, keys[0], keys[1]);
	rig_expect(&rig, "SELECT open, gone FROM pipe", "0|0\n1|0");
	end();
}
END_TEST

/* Another load has counted anew, another boot has other pipes. */
START_TEST(another_load)
{
	begin();
	forge_pipe(&rig.forge, 7, keys[0], keys[1])->ended = 0;
	rig_feed(&rig);
	rig_commit(&rig);
	if (_i)
		rig_reboot(&rig, '2');
	else
		rig_reload(&rig, 78);
	rig_restart(&rig);
	ck_assert_uint_eq(rig.ingest.sockets.open, 0);
	forge_processes();
	forge_pipe(&rig.forge, 7, keys[0], keys[1])->ended = 0;
	rig_feed(&rig);
	rig_caught(&rig, 0);
	rig_commit(&rig);
	rig_check("SELECT open, gone FROM pipe", "0|1\n1|0");
	rig_check("SELECT count(number) FROM pipes", "1");
	end();
}
END_TEST

/* A row that somebody has taken away is no reason to stop. */
START_TEST(deleted_rows)
{
	begin();
	forge_pipe(&rig.forge, 7, keys[0], keys[1])->ended = 0;
	forge_pipe(&rig.forge, 8, keys[0], keys[1])->ended = 0;
	rig_feed(&rig);
	rig_commit(&rig);
	rig_write("DELETE FROM pipes WHERE id = 1");
	forge_pipe(&rig.forge, 7, keys[0], keys[1]);
	rig_expect(&rig, "SELECT pipe_id FROM pipe", "2");
	rig_write("DELETE FROM pipes");
	forge_processes();
	rig_caught(&rig, 0);
	rig_commit(&rig);
	forge_pipe(&rig.forge, 9, keys[0], keys[1]);
	ck_assert_int_lt(rig_try(&rig), 0);
	ck_assert_str_eq(store_error(rig.store), "somebody else has changed it");
	end();
}
END_TEST

START_TEST(shown)
{
	begin();
	forge_pipe(&rig.forge, 7, keys[0], keys[1]);
	forge_pipe(&rig.forge, 8, keys[0], keys[1]);
	forge_fifo(&rig.forge, 9, keys[2], keys[3], "/tmp/a b\x1b")->ended = 0;
	rig_feed(&rig);
	rig_commit(&rig);
	ck_assert_int_eq(run("kith", "talks", DB, END), 0);
	check_in("       2  /bin/a[500] -> /bin/b[501]  pipe  8000 B there\n", printed);
	check_in("  goes on                              1  /bin/c[502] -> /bin/d[503]  fifo"
		 " \"/tmp/a b\\x1b\"  4000 B there\n", printed);
	ck_assert_int_eq(run("kith", "talks", DB, "--each", "500", END), 0);
	check_in("  /bin/a[500] -> /bin/b[501]  pipe  4000 B there  pipe #2\n", printed);
	ck_assert_ptr_null(strstr(printed, "fifo"));
	ck_assert_int_eq(run("kith", "talks", DB, "--each", "/tmp/a b\x1b", "--json", END), 0);
	check_in("{\"connection_id\":null,\"started\":", printed);
	check_in("\"server_name\":\"/tmp/a b\\u001b\",\"client_container\":null,"
		 "\"server_container\":null,\"pipe_id\":3}\n", printed);
	ck_assert_ptr_null(strstr(printed, "/bin/a"));
	ck_assert_int_eq(run("kith", "talks", DB, "10.0.0.1", END), 0);
	ck_assert_str_eq(printed, "");
	ck_assert_int_eq(run("kith", "show", DB, "502", END), 0);
	check_in("pipe  pipe_id=3  ", printed);
	check_in("  path=\"/tmp/a b\\x1b\"  ", printed);
	end();
}
END_TEST

/* A name that more than one pipe has had; the last hundred of many. */
START_TEST(many)
{
	unsigned int i;

	begin();
	for (i = 0; i < 101; i++)
		forge_pipe(&rig.forge, 7 + i, keys[0], keys[1]);
	rig_feed(&rig);
	rig_commit(&rig);
	ck_assert_int_eq(run("kith", "show", DB, "500", END), 0);
	check_in("more pipes  pipes=1  see=\"kith talks '#1'\"\n", printed);
	end();
}
END_TEST

START_TEST(followed)
{
	pid_t pid;

	begin();
	forge_pipe(&rig.forge, 7, 0, 0)->ended = 0;
	forge_pipe_use(&rig.forge, 7, keys[0], 5, 0);
	forge_pipe_use(&rig.forge, 7, keys[1], 0, 5);
	forge_pipe_use(&rig.forge, 7, keys[2], 0, 6);
	rig_feed(&rig);
	rig_commit(&rig);
	pid = run_begin("kith", "talks", DB, "--follow", "--since", "@1", END);
	run_wait_for("  pipe  6 B there  pipe #1\n");
	forge_pipe(&rig.forge, 7, 0, 0);
	forge_pipe_use(&rig.forge, 7, keys[2], 0, 8);
	forge_fifo(&rig.forge, 8, keys[0], keys[1], "/tmp/fifo");
	rig_feed(&rig);
	rig_commit(&rig);
	run_wait_for("  fifo /tmp/fifo  4000 B there  pipe #2\n");
	ck_assert_int_eq(kill(pid, SIGINT), 0);
	ck_assert_int_eq(run_end(pid), 0);
	/* each of its readers, and once more when it was over */
	ck_assert_ptr_nonnull(strstr(printed, "  pipe  8 B there  pipe #1\n"));
	ck_assert_ptr_nonnull(strstr(strstr(printed, "  pipe  5 B there  ") + 1,
				     "  pipe  5 B there  "));
	end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pipe");

	unit_add(suite, one_writer_one_reader);
	unit_add(suite, a_fifo);
	unit_add_rows(suite, goes_on, 2);
	unit_add(suite, several);
	unit_add(suite, several_in_the_end);
	unit_add(suite, in_the_dump);
	unit_add_rows(suite, flows_of_several, UNIT_COUNT(shares));
	unit_add(suite, no_flows);
	unit_add(suite, a_use_of_nothing);
	unit_add(suite, extremes);
	unit_add_rows(suite, ended_unseen, 2);
	unit_add_rows(suite, another_load, 2);
	unit_add(suite, deleted_rows);
	unit_add(suite, shown);
	unit_add(suite, many);
	unit_add(suite, followed);
	return unit_run(suite);
}
