// SPDX-License-Identifier: GPL-2.0-only
/* kith timeline: what is in it, in which order, and that nothing in it can lie. */
#include "forge_file.h"
#include "program.h"
#include "rig.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static struct rig rig;
static uint64_t shell, child, other;

#define DOCKER "/system.slice/docker-" ID ".scope"
#define ID     "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void begin(void)
{
	rig_open(&rig);
	shell = forge_key(RIG_AT(50), 500);
	other = forge_key(RIG_AT(51), 502);
	forge_process(&rig.forge, shell, 0, "/bin/sh");
	forge_process(&rig.forge, other, 0, "/sbin/other");
	rig_dump(&rig);
	rig_caught(&rig, 0);
	forge_cgroup(&rig.forge, 100, DOCKER);
	forge_attach(&rig.forge, other, other, 100);
	rig_feed(&rig);
	rig.forge.now = RIG_NOW + FORGE_STEP_NS;
}

static void commit(void)
{
	rig_feed(&rig);
	rig_commit(&rig);
}

/* One of each kind, in order. */
static void forge_all(void)
{
	child = forge_key(rig.forge.now, 501);
	forge_fork(&rig.forge, shell, child);
	forge_exec_failed(&rig.forge, child, ENOENT, "/sbin/cat");
	FORGE_EXEC(&rig.forge, child, shell, "/bin/cat", "cat\0/etc/secret");
	forge_credential(&rig.forge, child, KITH_CAUSE_SETUID, 1000, 0);
	rig.forge.now += FORGE_STEP_NS;
	forge_has_read(&rig.forge, child, 10, "/etc/secret", 120)->flags |= KITH_ACCESS_SENSITIVE;
	rig.forge.now += FORGE_STEP_NS;
	forge_has_read(&rig.forge, child, 12, "/etc/motd", 7);
	rig.forge.now += FORGE_STEP_NS;
	forge_has_written(&rig.forge, child, 11, "/tmp/part", 50)->flags |= KITH_ACCESS_CREATED;
	forge_renames(&rig.forge, child, 11, "/tmp/part", "/tmp/whole");
	rig.forge.now += FORGE_STEP_NS;
	forge_connection(&rig.forge, 1, child, other);
	rig.forge.now += FORGE_STEP_NS;
	forge_listener(&rig.forge, 2, other);
	rig.forge.now += FORGE_STEP_NS;
	forge_pipe(&rig.forge, 3, shell, other);
	forge_control(&rig.forge, other, KITH_CONTROL_SIGNAL, child, NULL)->value = 9;
	forge_exit(&rig.forge, child, 9);
	commit();
}

/* Of each line what comes behind the process. */
static void read_kinds(char *kinds)
{
	char *line, *rest;

	*kinds = '\0';
	for (line = strtok_r(printed, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		const char *kind = strstr(line + 32, "  ");
		const char *end = kind ? strstr(kind + 2, "  ") : NULL;

		ck_assert_msg(kind != NULL, "%s", line);
		kind += 2;
		strncat(kinds, kind, end ? (size_t)(end - kind) : strlen(kind));
		strcat(kinds, "\n");
	}
}

static const struct {
	const char *words[3];
	const char *kinds;
} questions[] = {
	{ { "501" },
	  "born\nexec failed\nexec\ncredentials\nread\ncreate\nrename\nconnect\nsignal\nexit\n" },
	{ { "/bin/cat" },
	  "born\nexec failed\nexec\ncredentials\nread\ncreate\nrename\nconnect\nsignal\nexit\n" },
	{ { "500" }, "born\npipe\n" },
	{ { "500", "--tree" },
	  "born\nborn\nexec failed\nexec\ncredentials\nread\ncreate\nrename\nconnect\npipe\n"
	  "signal\nexit\n" },
	{ { "502" }, "born\nmoved\naccept\nlisten\npipe\nsignal\n" },
	{ { "0123456789ab" }, "born\nmoved\naccept\nlisten\npipe\nsignal\n" },
	{ { "/tmp/whole" }, "create\nrename\n" },
	{ { "/tmp/part" }, "create\nrename\n" },
	{ { "/etc/motd" }, "read\n" },
	{ { "501", "--until", "@1700000107.3741845" }, "born\nexec failed\n" },
	{ { "501", "--since", "@1700000107.374194" }, "connect\nsignal\nexit\n" },
};

START_TEST(what_is_meant)
{
	char kinds[1024];
	const char *const *of = questions[_i].words;

	begin();
	forge_all();
	rig_write("DELETE FROM losses; DELETE FROM sensor_events");
	ck_assert_int_eq(run("kith", "timeline", DB, of[0], of[1], of[2], END), 0);
	read_kinds(kinds);
	ck_assert_str_eq(kinds, questions[_i].kinds);
	rig_close(&rig);
}
END_TEST

START_TEST(what_is_shown)
{
	begin();
	forge_all();
	ck_assert_int_eq(run("kith", "timeline", DB, "501", END), 0);
	check_in("Z  501 cat  born  parent_id=1  parent_pid=500  creator_id=1\n", printed);
	check_in("Z  501 cat  exec failed  exe=/sbin/cat  ", printed);
	check_in("Z  501 cat  exec  exe=/bin/cat  argv=\"cat /etc/secret\"  uid=1000  ", printed);
	check_in("  credentials  cause=setuid  uid_from=1000  uid_to=0  ", printed);
	check_in("  read  path=/etc/secret  read=120  sensitive=1  last=2023-11-14T22:15:07.3741",
		 printed);
	check_in("  create  path=/tmp/part  written=50  last=", printed);
	check_in("  rename  path=/tmp/part  new_path=/tmp/whole  change_id=1\n", printed);
	check_in("  connect  protocol=tcp  server=10.0.0.2  port=80  with_pid=502"
		 "  with_exe=/sbin/other  bytes_to_server=100  bytes_to_client=2000  ended=2023-",
		 printed);
	check_in("Z  502 other  signal  target_id=3  target_pid=501  target_exe=/bin/cat"
		 "  detail=\"signal 9\"\n",
		 printed);
	check_in("Z  501 cat  exit  exit_signal=9  seconds=0.000\n", printed);
	ck_assert_int_eq(run("kith", "timeline", DB, "--json", "/bin/cat", END), 0);
	check_in("{\"ts\":1700000107374186400,\"process_id\":3,\"pid\":501,\"comm\":\"cat\","
		 "\"what\":\"credentials\",\"cause\":\"setuid\",\"uid_from\":1000,",
		 printed);
	rig_close(&rig);
}
END_TEST

/* All of the host, and what the sensor did and lost. */
START_TEST(of_the_host)
{
	begin();
	forge_sensor(&rig.forge, KITH_SENSOR_LOADED, "test");
	forge_loss(&rig.forge, 1, KITH_CLASS_EXECUTION, KITH_LOSS_FULL, 7);
	forge_all();
	ck_assert_int_eq(run("kith", "timeline", DB, END), 0);
	check_in("  LOST  class=execution  cause=ring-full  lost=7  until=2023-", printed);
	check_in("Z  - -  sensor  event=\"module loaded\"  detail=test\n", printed);
	check_in("  exec  exe=/bin/cat  ", printed);
	check_in("  listen  protocol=tcp  addr=10.0.0.2  port=80  ", printed);
	ck_assert_ptr_null(strstr(printed, "/etc/motd"));
	ck_assert_ptr_null(strstr(printed, "  born  "));
	rig_close(&rig);
}
END_TEST

/* Each line begins with a time, and none with one before that of the last. */
static int check_order(void)
{
	const char *line = printed;
	const char *end;
	int lines = 0;

	for (; (end = strchr(line, '\n')); line = end + 1, lines++)
		ck_assert(!lines || !end[1] || strncmp(line, end + 1, 30) <= 0);
	return lines;
}

START_TEST(in_order_of_time)
{
	begin();
	forge_all();
	ck_assert_int_eq(run("kith", "timeline", DB, END), 0);
	ck_assert_int_gt(check_order(), 10);
	rig_close(&rig);
}
END_TEST

START_TEST(the_latest)
{
	int i;

	begin();
	for (i = 0; i < 300; i++)
		FORGE_EXEC(&rig.forge, other, 0, "/bin/x", "x");
	commit();
	ck_assert_int_eq(run("kith", "timeline", DB, "502", "-n", "5", END), 0);
	check_in("and 297 more before (--limit)\n2023-", printed);
	ck_assert_ptr_nonnull(strstr(printed, "execution_id=302\n"));
	ck_assert_ptr_null(strstr(printed, "execution_id=297\n"));
	ck_assert_int_eq(run("kith", "timeline", DB, "502", END), 0);
	check_in("and 102 more before (--limit)\n2023-", printed);
	ck_assert_int_eq(run("kith", "timeline", DB, "502", "--json", "-n", "5", END), 0);
	check_in("{\"ts\":null,\"what\":\"more\",\"count\":297}\n{\"ts\":1700", printed);
	ck_assert_int_eq(run("kith", "timeline", DB, "502", "-n", "302", END), 0);
	ck_assert_ptr_null(strstr(printed, "more before"));
	/* all at one time: no more than asked for */
	rig_write("UPDATE executions SET ts = 1700000200000000000");
	ck_assert_int_eq(run("kith", "timeline", DB, "502", "-n", "5", END), 0);
	check_in("and 297 more before (--limit)\n", printed);
	ck_assert_int_eq(check_order(), 6);
	rig_close(&rig);
}
END_TEST

/* What a process chose cannot pass for what is known. */
START_TEST(liars)
{
	begin();
	FORGE_EXEC(&rig.forge, other, 0, "/tmp/a  exit  b\x1b[2J\nx", "y\0z=1");
	forge_has_written(&rig.forge, other, 11, "/tmp/\u202e  exec  exe=/bin/ok", 5);
	forge_renames(&rig.forge, other, 11, "\n2023-11-14T22:15:07Z  1 x  exec", "/tmp/\x9b");
	commit();
	ck_assert_int_eq(run("kith", "timeline", DB, "502", END), 0);
	check_in("  exec  exe=\"/tmp/a \\x20exit \\x20b\\x1b[2J\\nx\"  argv=\"y z=1\"  ", printed);
	check_in(" \"a \\x20exit \\x20b\\x1b[2J\\n\"  ", printed);
	check_in("  write  path=\"/tmp/\\u{202e} \\x20exec \\x20exe=/bin/ok\"  written=5", printed);
	check_in("  rename  path=\"\\n2023-11-14T22:15:07Z \\x201 x \\x20exec\""
		 "  new_path=/tmp/\\x9b  ",
		 printed);
	ck_assert_ptr_null(strchr(printed, '\x1b'));
	ck_assert_int_eq(run("kith", "timeline", DB, "502", "-j", END), 0);
	ck_assert_ptr_null(strchr(printed, '\x1b'));
	rig_close(&rig);
}
END_TEST

static const char *const nobodies[] = { "/no/such", "99999", "nobody", "#77", "' OR 1 --" };

START_TEST(nothing_to_tell)
{
	begin();
	commit();
	rig_write("DELETE FROM losses; DELETE FROM sensor_events; DELETE FROM cgroup_moves");
	ck_assert_int_eq(run("kith", "timeline", DB, END), 0);
	ck_assert_str_eq(printed, "");
	ck_assert_int_eq(run("kith", "timeline", DB, nobodies[_i], END), EX_NOINPUT);
	check_in("no process, container, unit or file is known as ", said);
	ck_assert_str_eq(printed, "");
	rig_close(&rig);
}
END_TEST

START_TEST(an_answer_that_is_lost)
{
	begin();
	forge_all();
	to_full_disk = true;
	ck_assert_int_eq(run("kith", "timeline", DB, END), EX_IOERR);
	ck_assert_str_eq(said, "kith: cannot write the answer: No space left on device\n");
	rig_close(&rig);
}
END_TEST

static const char *const tables[] = { "connections", "accesses", "executions", "losses" };

START_TEST(a_damaged_database)
{
	begin();
	forge_all();
	rig_close(&rig);
	rig_damage(tables[_i]);
	ck_assert_int_eq(run("kith", "timeline", DB, END), EX_IOERR);
	check_in("database disk image is malformed", said);
	ck_assert_str_eq(printed, "");
}
END_TEST

START_TEST(usage)
{
	begin();
	ck_assert_int_eq(run("kith", "timeline", DB, "a", "b", END), 2);
	check_in("one WHAT", said);
	ck_assert_int_eq(run("kith", "timeline", DB, "--tree", END), 2);
	check_in("--tree: of WHAT?", said);
	ck_assert_int_eq(run("kith", "timeline", DB, "--limit", "0", END), 2);
	check_in("must be from 1 to 10000000: 0", said);
	ck_assert_int_eq(run("kith", "timeline", DB, "10.0.0.1:80", END), 2);
	check_in("see kith talks", said);
	rig_close(&rig);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("timeline");

	unit_add_rows(suite, what_is_meant, UNIT_COUNT(questions));
	unit_add(suite, what_is_shown);
	unit_add(suite, of_the_host);
	unit_add(suite, in_order_of_time);
	unit_add(suite, the_latest);
	unit_add(suite, liars);
	unit_add_rows(suite, nothing_to_tell, UNIT_COUNT(nobodies));
	unit_add(suite, an_answer_that_is_lost);
	unit_add_rows(suite, a_damaged_database, UNIT_COUNT(tables));
	unit_add(suite, usage);
	return unit_run(suite);
}
