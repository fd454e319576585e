// SPDX-License-Identifier: GPL-2.0-only
/* kith trace: where data went, in time, and that nothing in it can lie. */
#include "forge_file.h"
#include "program.h"
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum { PROCESSES = 5 };

static struct rig rig;
static uint64_t who[PROCESSES]; /* pids 500 to 504, /bin/a to /bin/e */

static void begin(void)
{
	int i;

	rig_open(&rig);
	for (i = 0; i < PROCESSES; i++) {
		char exe[] = "/bin/a";

		exe[5] = (char)(exe[5] + i);
		who[i] = forge_key(RIG_AT(50 + i), (uint32_t)(500 + i));
		forge_process(&rig.forge, who[i], 0, exe);
	}
	rig_dump(&rig);
	rig_caught(&rig, 0);
	rig.forge.now = RIG_NOW + FORGE_STEP_NS;
}

static void commit(void)
{
	rig_feed(&rig);
	rig_commit(&rig);
}

/* @bytes from @client to @server, and no answer. */
static struct kith_connection *forge_sends(uint64_t id, uint64_t client, uint64_t server,
					   uint64_t bytes)
{
	struct kith_connection *body =
		forge_unix(&rig.forge, id, KITH_PROTOCOL_UNIX_STREAM, FORGE_NAME("/run/b.sock"));

	body->ends[KITH_CLIENT].process = body->ends[KITH_CLIENT].opener = client;
	body->ends[KITH_SERVER].process = body->ends[KITH_SERVER].opener = server;
	body->ends[KITH_CLIENT].sent = body->ends[KITH_SERVER].received = bytes;
	body->ends[KITH_CLIENT].received = body->ends[KITH_SERVER].sent = 0;
	return body;
}

static void forge_uploads(uint64_t id, uint64_t client, uint64_t bytes)
{
	struct kith_connection *body = forge_connection(&rig.forge, id, client, 0);

	forge_one_end(&rig.forge, KITH_CLIENT);
	forge_address(body->ends[KITH_CLIENT].peer_addr, "198.51.100.7");
	body->ends[KITH_CLIENT].peer_port = 443;
	body->ends[KITH_CLIENT].sent = bytes;
	body->ends[KITH_CLIENT].received = 0;
}

/* A secret is read by a, sent to b, written, read by c, and sent to another host. */
static void forge_chain(void)
{
	forge_has_read(&rig.forge, who[0], 10, "/etc/secret", 120)->flags |= KITH_ACCESS_SENSITIVE;
	forge_sends(1, who[0], who[1], 118);
	forge_has_written(&rig.forge, who[1], 11, "/tmp/out", 119);
	forge_has_read(&rig.forge, who[2], 11, "/tmp/out", 119);
	forge_uploads(2, who[2], 130);
	commit();
}

#define AT(us) "2023-11-14T22:15:07.374" us "Z  "

START_TEST(the_whole_chain)
{
	begin();
	forge_chain();
	ck_assert_int_eq(run("kith", "trace", DB, "/etc/secret", END), 0);
	ck_assert_str_eq(printed,
		"Where it went:\n"
		"                                file /etc/secret  (inode 10)\n"
		AT("182400") "└─ file /etc/secret (sensitive)  120 B  500 /bin/a\n"
		AT("183400") "   └─ unix /run/b.sock  118 B  501 /bin/b\n"
		AT("185400") "      └─ file /tmp/out  119 B  502 /bin/c\n"
		AT("186400") "         └─ tcp 198.51.100.7:443  130 B  host 198.51.100.7\n"
		"Where it came from:\n"
		"                                file /etc/secret  (inode 10)\n");
	ck_assert_int_eq(run("kith", "trace", DB, "--back", "502", END), 0);
	ck_assert_str_eq(printed,
		"Where it came from:\n"
		"2023-11-14T22:14:15.834574848Z  502 /bin/c\n"
		AT("185400") "└─ file /tmp/out  119 B  501 /bin/b\n"
		AT("184400") "   └─ unix /run/b.sock  118 B  500 /bin/a\n"
		AT("183400") "      └─ file /etc/secret (sensitive)  120 B"
			     "  (nobody else wrote it)\n");
	rig_close(&rig);
}
END_TEST

START_TEST(as_json)
{
	begin();
	forge_chain();
	ck_assert_int_eq(run("kith", "trace", DB, "-fj", "/bin/a", END), 0);
	check_in("{\"direction\":\"forward\",\"depth\":0,\"step\":0,\"parent\":null,", printed);
	check_in("\"depth\":1,\"step\":1,\"parent\":0,\"source_id\":1,\"target_id\":2,"
		 "\"via\":\"unix\",\"object\":\"/run/b.sock\",\"written_as\":null,\"first\":"
		 "1700000107374183400,\"last\":1700000107374184400,\"when\":1700000107374183400,"
		 "\"bytes\":118,\"at_most\":0,\"count\":1,\"process_id\":2,\"pid\":501,"
		 "\"exe\":\"/bin/b\",\"comm\":\"b\",\"container\":null,\"started\":",
		 printed);
	check_in("\"depth\":3,\"step\":3,\"parent\":2,\"source_id\":3,\"target_id\":null,"
		 "\"via\":\"tcp\",\"object\":\"198.51.100.7:443\",",
		 printed);
	check_in("\"host\":\"198.51.100.7\",", printed);
	check_in("\"again\":null,\"more\":0,\"more_by\":null}\n", printed);
	rig_close(&rig);
}
END_TEST

/* What left before it came cannot be it. */
START_TEST(in_order_of_time)
{
	begin();
	forge_sends(1, who[1], who[2], 10);
	forge_has_written(&rig.forge, who[1], 11, "/tmp/early", 10);
	forge_has_read(&rig.forge, who[3], 11, "/tmp/early", 10);
	forge_sends(2, who[0], who[1], 20);
	forge_sends(3, who[1], who[4], 30);
	commit();
	ck_assert_int_eq(run("kith", "trace", DB, "-f", "500", END), 0);
	ck_assert_str_eq(printed,
		"Where it went:\n"
		"2023-11-14T22:14:13.687091200Z  500 /bin/a\n"
		AT("185400") "└─ unix /run/b.sock  20 B  501 /bin/b\n"
		AT("186400") "   └─ unix /run/b.sock  30 B  504 /bin/e\n");
	ck_assert_int_eq(run("kith", "trace", DB, "-b", "502", END), 0);
	ck_assert_str_eq(printed,
		"Where it came from:\n"
		"2023-11-14T22:14:15.834574848Z  502 /bin/c\n"
		AT("183400") "└─ unix /run/b.sock  10 B  501 /bin/b\n");
	rig_close(&rig);
}
END_TEST

/* Of what goes on for long, some went before. */
START_TEST(at_most)
{
	begin();
	forge_sends(1, who[1], who[2], 10)->started = RIG_NOW - FORGE_STEP_NS;
	rig.forge.now += FORGE_STEP_NS;
	forge_sends(2, who[0], who[1], 20);
	forge_sends(1, who[1], who[2], 500)->started = RIG_NOW - FORGE_STEP_NS;
	forge_sends(4, who[1], who[3], 30)->started = RIG_NOW;
	commit();
	ck_assert_int_eq(run("kith", "trace", DB, "-f", "500", END), 0);
	check_in(AT("184400") "   └─ unix /run/b.sock  at most 30 B  503 /bin/d\n", printed);
	rig_close(&rig);
}
END_TEST

START_TEST(circles)
{
	begin();
	forge_sends(1, who[0], who[1], 10);
	forge_sends(2, who[1], who[2], 10);
	forge_sends(3, who[2], who[0], 10);
	forge_sends(4, who[0], who[2], 10);
	commit();
	ck_assert_int_eq(run("kith", "trace", DB, "-f", "500", END), 0);
	ck_assert_str_eq(printed,
		"Where it went:\n"
		"2023-11-14T22:14:13.687091200Z  500 /bin/a\n"
		AT("182400") "├─ unix /run/b.sock  10 B  501 /bin/b\n"
		AT("183400") "│  └─ unix /run/b.sock  10 B  502 /bin/c\n"
		AT("184400") "│     └─ unix /run/b.sock  10 B  500 /bin/a  (followed elsewhere)\n"
		AT("185400") "└─ unix /run/b.sock  10 B  502 /bin/c  (followed elsewhere)\n");
	ck_assert_int_eq(run("kith", "trace", DB, "-fj", "500", END), 0);
	check_in("\"again\":0,\"more\":0,", printed);
	check_in("\"again\":3,\"more\":0,", printed);
	rig_close(&rig);
}
END_TEST

/* The answer of a server is nothing new to its client. */
START_TEST(answers)
{
	begin();
	forge_connection(&rig.forge, 1, who[0], who[1]);
	commit();
	ck_assert_int_eq(run("kith", "trace", DB, "500", END), 0);
	ck_assert_str_eq(printed,
		"Where it went:\n"
		"2023-11-14T22:14:13.687091200Z  500 /bin/a\n"
		AT("182400") "└─ tcp 10.0.0.2:80  100 B  501 /bin/b\n"
		"Where it came from:\n"
		"2023-11-14T22:14:13.687091200Z  500 /bin/a\n"
		AT("183400") "└─ tcp 10.0.0.2:80  2000 B  501 /bin/b\n");
	rig_close(&rig);
}
END_TEST

static const struct {
	const char *option;
	const char *value;
	const char *last; /* line */
	int lines;
} bounds[] = {
	{ "--depth", "1", "                                   └─ and 1 more (--depth)\n", 4 },
	{ "--depth", "2", " 119 B  502 /bin/c\n                                      └─ and 1 more"
			  " (--depth)\n", 5 },
	{ "--limit", "2", "                                   └─ and 1 more (--limit)\n", 4 },
	{ "--depth", "3", "host 198.51.100.7\n", 5 },
};

static int count_lines(void)
{
	const char *at = printed;
	int lines = 0;

	while ((at = strchr(at, '\n')))
		at++, lines++;
	return lines;
}

START_TEST(bounded)
{
	begin();
	forge_chain();
	ck_assert_int_eq(run("kith", "trace", DB, "-f", "500", bounds[_i].option,
			     bounds[_i].value, END),
			 0);
	check_in(bounds[_i].last, printed);
	ck_assert_int_eq(count_lines(), bounds[_i].lines);
	rig_close(&rig);
}
END_TEST

/* Of many those stay that lead on; a process above has a branch to what was left out. */
START_TEST(wide)
{
	uint64_t i;

	begin();
	for (i = 0; i < 30; i++) {
		char path[32];

		snprintf(path, sizeof(path), "/tmp/%d", (int)i);
		forge_has_written(&rig.forge, who[0], 100 + i, path, 5);
	}
	forge_sends(1, who[0], who[1], 10);
	commit();
	ck_assert_int_eq(run("kith", "trace", DB, "-f", "--width", "3", "500", END), 0);
	ck_assert_str_eq(printed,
		"Where it went:\n"
		"2023-11-14T22:14:13.687091200Z  500 /bin/a\n"
		AT("182400") "├─ file /tmp/0  5 B  (nobody else read it)\n"
		AT("183400") "├─ file /tmp/1  5 B  (nobody else read it)\n"
		AT("212400") "├─ unix /run/b.sock  10 B  501 /bin/b\n"
		"                                └─ and 28 more (--width)\n");
	ck_assert_int_eq(run("kith", "trace", DB, "-fj", "--width", "3", "500", END), 0);
	check_in("\"more\":28,\"more_by\":\"width\"}\n", printed);
	rig_close(&rig);
}
END_TEST

/* Written by one name, renamed, read and executed by the other. */
START_TEST(renamed)
{
	begin();
	forge_has_written(&rig.forge, who[0], 11, "/tmp/part", 50);
	forge_renames(&rig.forge, who[0], 11, "/tmp/part", "/tmp/whole");
	forge_has_read(&rig.forge, who[1], 11, "/tmp/whole", 50);
	forge_executes(&rig.forge, who[2], 11, "/tmp/whole");
	commit();
	ck_assert_int_eq(run("kith", "trace", DB, "-f", "500", END), 0);
	check_in("├─ file /tmp/whole written as /tmp/part  50 B  501 /bin/b\n", printed);
	check_in("└─ exec /tmp/whole written as /tmp/part  502 /tmp/whole\n", printed);
	ck_assert_int_eq(run("kith", "trace", DB, "/tmp/part", END), 0);
	check_in("called /tmp/whole  (inode 11)\nWhere it went:\n", printed);
	check_in("├─ file /tmp/whole  50 B  501 /bin/b\n", printed);
	check_in("└─ exec /tmp/whole  502 /tmp/whole\n", printed);
	check_in("└─ file /tmp/part  50 B  500 /bin/a\n", printed);
	ck_assert_int_eq(run("kith", "trace", DB, "--back", "/tmp/whole", END), 0);
	check_in("called /tmp/part  (inode 11)\n", printed);
	check_in("└─ file /tmp/part  50 B  500 /bin/a\n", printed);
	rig_close(&rig);
}
END_TEST

/* What a third had emptied in between was not read. */
START_TEST(emptied)
{
	begin();
	forge_has_written(&rig.forge, who[0], 11, "/tmp/x", 50);
	rig.forge.now += FORGE_STEP_NS;
	forge_has_written(&rig.forge, who[1], 11, "/tmp/x", 60)->flags |= KITH_ACCESS_TRUNCATED;
	forge_has_read(&rig.forge, who[2], 11, "/tmp/x", 60);
	commit();
	ck_assert_int_eq(run("kith", "trace", DB, "-b", "502", END), 0);
	check_in("└─ file /tmp/x  60 B  501 /bin/b\n", printed);
	ck_assert_ptr_null(strstr(printed, "/bin/a"));
	rig_close(&rig);
}
END_TEST

/* What a process chose cannot pass for what is known. */
START_TEST(liars)
{
	const char *path = "/tmp/x  9 B  1 /bin/ok\n\x1b[2J\u202e";

	begin();
	FORGE_EXEC(&rig.forge, who[1], 0, "/tmp/b\x1b]0;x\a (followed elsewhere)", "x");
	forge_has_written(&rig.forge, who[0], 11, "/tmp/a\x9b", 50);
	forge_has_read(&rig.forge, who[1], 11, path, 50);
	commit();
	ck_assert_int_eq(run("kith", "trace", DB, "-f", "500", END), 0);
	check_in("└─ file \"/tmp/x \\x209 B \\x201 /bin/ok\\n\\x1b[2J\\u{202e}\" written as "
		 "/tmp/a\\x9b  50 B  501 \"/tmp/b\\x1b]0;x\\x07 (followed elsewhere)\"\n",
		 printed);
	ck_assert_int_eq(run("kith", "trace", DB, path, END), 0);
	check_in("called /tmp/a\\x9b  (inode 11)\n", printed);
	check_in(" file \"/tmp/x \\x209 B \\x201 /bin/ok\\n\\x1b[2J\\u{202e}\"  (inode 11)\n",
		 printed);
	ck_assert_ptr_null(strchr(printed, '\x1b'));
	ck_assert_int_eq(run("kith", "trace", DB, "-j", path, END), 0);
	ck_assert_ptr_null(strchr(printed, '\x1b'));
	rig_close(&rig);
}
END_TEST

/* What one step finds is what view flow has. */
START_TEST(as_view_flow)
{
	unsigned int seed = 1;
	int i, steps = 0;
	char want[32];

	begin();
	for (i = 0; i < 200; i++) {
		const uint64_t process = who[rand_r(&seed) % PROCESSES];
		const uint64_t inode = 100 + (uint64_t)rand_r(&seed) % 20;
		const int kind = rand_r(&seed) % 5;

		if (kind < 2)
			forge_has_read(&rig.forge, process, inode, "/tmp/x", 10);
		else if (kind < 4)
			forge_has_written(&rig.forge, process, inode, "/tmp/x", 20)->flags |=
				kind == 3 ? KITH_ACCESS_TRUNCATED : 0;
		else
			forge_has_read(&rig.forge, process, inode, "/tmp/x", 30)->first -=
				UINT64_C(10) * FORGE_STEP_NS;
	}
	commit();
	for (i = 0; i < PROCESSES; i++) {
		const char *at = printed;
		char pid[16];

		snprintf(pid, sizeof(pid), "%d", 500 + i);
		ck_assert_int_eq(run("kith", "trace", DB, "-fj", "--depth", "1", "--width",
				     "1000", pid, END),
				 0);
		while ((at = strstr(at, "\"target_id\":"))) {
			at += strlen("\"target_id\":");
			steps += *at != 'n';
		}
	}
	snprintf(want, sizeof(want), "%d", steps);
	rig_check("SELECT count(*) FROM (SELECT DISTINCT source_id, target_id, file FROM flow"
		  " JOIN accesses r ON r.process = target_id AND r.first + r.lasted = last)",
		  want);
	ck_assert_int_gt(steps, 50);
	rig_close(&rig);
}
END_TEST

static const char *const others[] = { "pipe", "fifo", "vm_read", "vm_write" };

START_TEST(by_other_ways)
{
	begin();
	switch (_i) {
	case 0:
		forge_pipe(&rig.forge, 1, who[0], who[1]);
		break;
	case 1:
		forge_fifo(&rig.forge, 1, who[0], who[1], "/tmp/fifo");
		break;
	case 2:
		forge_control(&rig.forge, who[1], KITH_CONTROL_VM_READ, who[0], NULL)->value = 64;
		break;
	default:
		forge_control(&rig.forge, who[0], KITH_CONTROL_VM_WRITE, who[1], NULL)->value = 64;
	}
	commit();
	ck_assert_int_eq(run("kith", "trace", DB, "-f", "500", END), 0);
	check_in(_i == 0 ? "└─ pipe pipe:[70001]  4000 B  501 /bin/b\n" :
		 _i == 1 ? "└─ fifo /tmp/fifo  4000 B  501 /bin/b\n" :
			   "└─ vm memory  64 B  501 /bin/b\n",
		 printed);
	rig_close(&rig);
}
END_TEST

START_TEST(between_times)
{
	begin();
	forge_chain();
	ck_assert_int_eq(run("kith", "trace", DB, "-f", "--until", "@1700000107.3741845", "500",
			     END),
			 0);
	check_in("118 B  501 /bin/b\n", printed);
	ck_assert_ptr_null(strstr(printed, "/bin/c"));
	ck_assert_int_eq(run("kith", "trace", DB, "-f", "--since", "@1700000107.3741865", "502",
			     END),
			 0);
	check_in("at most 130 B  host", printed);
	ck_assert_int_eq(run("kith", "trace", DB, "-f", "--since", "@1700000108", "502", END), 0);
	ck_assert_int_eq(count_lines(), 2);
	rig_close(&rig);
}
END_TEST

static const char *const nobodies[] = { "/no/such", "99999", "nobody", "#77", "' OR 1 --" };

START_TEST(nothing_to_tell)
{
	begin();
	commit();
	ck_assert_int_eq(run("kith", "trace", DB, "500", END), 0);
	ck_assert_int_eq(count_lines(), 4);
	ck_assert_int_eq(run("kith", "trace", DB, nobodies[_i], END), EX_NOINPUT);
	check_in("no process is known as ", said);
	ck_assert_str_eq(printed, "");
	rig_close(&rig);
}
END_TEST

START_TEST(an_answer_that_is_lost)
{
	begin();
	forge_chain();
	to_full_disk = true;
	ck_assert_int_eq(run("kith", "trace", DB, "500", END), EX_IOERR);
	ck_assert_str_eq(said, "kith: cannot write the answer: No space left on device\n");
	rig_close(&rig);
}
END_TEST

static const char *const tables[] = { "connections", "accesses", "strings" };

START_TEST(a_damaged_database)
{
	begin();
	forge_chain();
	rig_close(&rig);
	rig_damage(tables[_i]);
	ck_assert_int_eq(run("kith", "trace", DB, "/etc/secret", END), EX_IOERR);
	check_in("database disk image is malformed", said);
}
END_TEST

START_TEST(usage)
{
	ck_assert_int_eq(run("kith", "trace", DB, END), 2);
	check_in("which FILE or PROCESS?", said);
	ck_assert_int_eq(run("kith", "trace", DB, "a", "b", END), 2);
	ck_assert_int_eq(run("kith", "trace", DB, "--depth", "0", "a", END), 2);
	check_in("must be from 1 to 1000000: 0", said);
	ck_assert_int_eq(run("kith", "trace", DB, "a", END), EX_IOERR);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trace");

	unit_add(suite, the_whole_chain);
	unit_add(suite, as_json);
	unit_add(suite, in_order_of_time);
	unit_add(suite, at_most);
	unit_add(suite, circles);
	unit_add(suite, answers);
	unit_add_rows(suite, bounded, UNIT_COUNT(bounds));
	unit_add(suite, wide);
	unit_add(suite, renamed);
	unit_add(suite, emptied);
	unit_add(suite, liars);
	unit_add(suite, as_view_flow);
	unit_add_rows(suite, by_other_ways, UNIT_COUNT(others));
	unit_add(suite, between_times);
	unit_add_rows(suite, nothing_to_tell, UNIT_COUNT(nobodies));
	unit_add(suite, an_answer_that_is_lost);
	unit_add_rows(suite, a_damaged_database, UNIT_COUNT(tables));
	unit_add(suite, usage);
	return unit_run(suite);
}
