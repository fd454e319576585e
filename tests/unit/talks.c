// SPDX-License-Identifier: GPL-2.0-only
/* kith talks: who is meant, what is shown, and that nothing in it can lie. */
#include "program.h"
#include "rig.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

enum { CURL = 500, NGINX = 501, WORKER = 502, OTHER = 503, HEIR = 504 };

static struct rig rig;
static uint64_t curl, nginx, worker, other, heir;

#define DOCKER "/system.slice/docker-" ID ".scope"
#define ID     "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void begin(void)
{
	rig_open(&rig);
	curl = forge_key(RIG_AT(50), CURL);
	nginx = forge_key(RIG_AT(51), NGINX);
	worker = forge_key(RIG_AT(52), WORKER);
	other = forge_key(RIG_AT(53), OTHER);
	heir = forge_key(RIG_AT(54), HEIR);
	forge_process(&rig.forge, curl, 0, "/bin/curl");
	forge_process(&rig.forge, nginx, 0, "/sbin/nginx");
	forge_process(&rig.forge, worker, 0, "/sbin/nginx");
	forge_process(&rig.forge, other, 0, "/bin/other");
	forge_process(&rig.forge, heir, 0, "/sbin/nginx");
	rig_dump(&rig);
	rig_caught(&rig, 0);
	forge_cgroup(&rig.forge, 100, DOCKER);
	forge_attach(&rig.forge, nginx, nginx, 100);
	rig_feed(&rig);
	rig.forge.now = RIG_NOW;
}

static void commit(void)
{
	rig_feed(&rig);
	rig_commit(&rig);
}

static struct kith_connection *forge_refused(uint64_t id)
{
	struct kith_connection *body = forge_connection(&rig.forge, id, curl, 0);

	forge_one_end(&rig.forge, KITH_CLIENT);
	body->flags &= (uint8_t)~KITH_CONNECTION_ESTABLISHED;
	body->error = ECONNREFUSED;
	body->ends[KITH_CLIENT].peer_port = 81;
	return body;
}

/* One of each kind. */
static void forge_all(void)
{
	struct kith_connection *body;

	forge_connection(&rig.forge, 1, curl, nginx);
	forge_connection(&rig.forge, 2, curl, worker);
	forge_refused(3);
	body = forge_connection(&rig.forge, 4, 0, nginx);
	forge_one_end(&rig.forge, KITH_SERVER);
	forge_address(body->ends[KITH_SERVER].peer_addr, "198.51.100.7");
	body = forge_connection(&rig.forge, 5, other, 0);
	forge_one_end(&rig.forge, KITH_CLIENT);
	forge_address(body->ends[KITH_CLIENT].peer_addr, "2001:db8::5");
	body->ends[KITH_CLIENT].peer_port = 443;
	body->ended = 0;
	commit();
}

#define NOW "2023-11-14T22:15:07.374"

START_TEST(grouped)
{
	begin();
	forge_all();
	forge_connection(&rig.forge, 6, curl, heir);
	commit();
	ck_assert_int_eq(run("kith", "talks", DB, END), 0);
	ck_assert_str_eq(printed,
			 NOW "181400Z  " NOW "182400Z       1  /bin/curl[500] -> "
			     "/sbin/nginx[501] in 0123456789ab  tcp 10.0.0.2:80  100 B there,"
			     " 2000 B back  same-host\n"
			 NOW "182400Z  " NOW "187400Z       2  /bin/curl[500] -> "
			     "/sbin/nginx[2 processes]  tcp 10.0.0.2:80  200 B there, 4000 B back"
			     "  same-host\n"
			 NOW "184400Z  " NOW "185400Z       1  198.51.100.7 -> /sbin/nginx[501]"
			     " in 0123456789ab  tcp 10.0.0.2:80  100 B there, 2000 B back  public\n"
			 NOW "185400Z  goes on                              1  /bin/other[503] -> "
			     "tcp [2001:db8::5]:443  100 B there, 2000 B back  public\n"
			 NOW "183400Z  " NOW "184400Z       1  /bin/curl[500] -> tcp 10.0.0.2:81"
			     "  FAILED: Connection refused  private\n");
	ck_assert_int_eq(run("kith", "talks", DB, "--json", END), 0);
	check_in("\"conversations\":2,\"open\":0,\"client_exe\":\"/bin/curl\","
		 "\"client_processes\":1,\"client_pid\":500,\"client_hosts\":0,"
		 "\"client_addr\":null,\"server_exe\":\"/sbin/nginx\",\"server_processes\":2,"
		 "\"server_pid\":null,\"protocol\":\"tcp\",\"server_addr\":\"10.0.0.2\","
		 "\"server_port\":80,\"bytes_to_server\":200,\"bytes_to_client\":4000,"
		 "\"scope\":\"same-host\",\"established\":1,\"error\":null,"
		 "\"server_name\":null,\"client_container\":null,"
		 "\"server_container\":null}\n",
		 printed);
	rig_close(&rig);
}
END_TEST

START_TEST(each)
{
	begin();
	forge_all();
	ck_assert_int_eq(run("kith", "talks", DB, "--each", END), 0);
	ck_assert_str_eq(printed,
			 NOW "181400Z  " NOW "182400Z  /bin/curl[500] 10.0.0.1:40000 -> "
			     "/sbin/nginx[501] in 0123456789ab 10.0.0.2:80  tcp  100 B there,"
			     " 2000 B back  same-host  #1\n"
			 NOW "182400Z  " NOW "183400Z  /bin/curl[500] 10.0.0.1:40000 -> "
			     "/sbin/nginx[502] 10.0.0.2:80  tcp  100 B there, 2000 B back"
			     "  same-host  #2\n"
			 NOW "183400Z  " NOW "184400Z  /bin/curl[500] 10.0.0.1:40000 -> "
			     "10.0.0.2:81  tcp  FAILED: Connection refused  private  #3\n"
			 NOW "184400Z  " NOW "185400Z  198.51.100.7:40000 -> /sbin/nginx[501]"
			     " in 0123456789ab 10.0.0.2:80  tcp  100 B there, 2000 B back"
			     "  public  #4\n"
			 NOW "185400Z  goes on                         /bin/other[503]"
			     " 10.0.0.1:40000 -> [2001:db8::5]:443  tcp  100 B there, 2000 B back"
			     "  public  #5\n");
	ck_assert_int_eq(run("kith", "talks", DB, "--each", "--json", ":81", END), 0);
	check_in("{\"connection_id\":3,\"started\":", printed);
	check_in("\"established\":0,\"error\":111,", printed);
	ck_assert_int_eq(run("kith", "talks", DB, "--each", "--json", "198.51.100.7", END), 0);
	check_in("\"client_container\":null,\"server_container\":\"" ID "\",\"pipe_id\":null}\n",
		 printed);
	rig_close(&rig);
}
END_TEST

/* Which conversations are meant: their keys, in order. */
static const struct {
	const char *what;
	const char *ids; /* NULL: nothing is known by that name */
} questions[] = {
	{ "500", "123" },
	{ "502", "2" },
	{ "#2", "14" },
	{ "#4", "5" },
	{ "/bin/curl", "123" },
	{ "nginx", "124" },
	{ "/sbin/nginx", "124" },
	{ "other", "5" },
	{ ID, "14" },
	{ "0123456789abcdef", "14" },
	{ "0123456789a", NULL },
	{ "thing.service", "1235" },
	{ "10.0.0.1", "1235" },
	{ "10.0.0.2", "1234" },
	{ "::ffff:10.0.0.2", "1234" },
	{ "198.51.100.7", "4" },
	{ "2001:DB8::5", "5" },
	{ "[2001:db8::5]", "5" },
	{ "[2001:db8::5]:443", "5" },
	{ "[2001:db8::5]:44", "" },
	{ "10.9.9.9", "" },
	{ ":80", "124" },
	{ ":81", "3" },
	{ ":40000", "12345" },
	{ ":1", "" },
	{ "::1", "" },
	{ "/opt/backdoor", "5" },
	{ "backdoor", "5" },
	{ "10.0.0.2:80", "124" },
	{ "10.0.0.2:81", "3" },
	{ "10.0.0.1:40000", "1235" },
	{ "10.0.0.1:80", "" },
	{ ":99999", NULL },
	{ ":", NULL },
	{ "[::1", NULL },
	{ "10.0.0.2:x", NULL },
	{ "99999", NULL },
	{ "nobody", NULL },
	{ "' OR 1 --", NULL },
	{ "%", NULL },
};

/* The keys behind the last # of each line. */
static void read_ids(char *ids)
{
	const char *line = printed;
	const char *end;

	for (; (end = strchr(line, '\n')); line = end + 1)
		*ids++ = end[-1];
	*ids = '\0';
}

START_TEST(what_is_meant)
{
	char ids[16];
	int status;

	begin();
	forge_all();
	FORGE_EXEC(&rig.forge, other, 0, "/opt/backdoor", "x");
	FORGE_EXEC(&rig.forge, other, 0, "/bin/other", "x");
	commit();
	status = run("kith", "talks", DB, "--each", questions[_i].what, END);
	if (!questions[_i].ids) {
		ck_assert_int_eq(status, EX_NOINPUT);
		check_in("no process, container or unit is known as ", said);
		return;
	}
	ck_assert_msg(!status, "%s: %d, %s", questions[_i].what, status, said);
	read_ids(ids);
	ck_assert_msg(!strcmp(ids, questions[_i].ids), "%s: %s instead of %s",
		      questions[_i].what, ids, questions[_i].ids);
	rig_close(&rig);
}
END_TEST

/* Whom the client dialled, and who took part in another way. */
START_TEST(who_takes_part)
{
	struct kith_connection *body;

	begin();
	body = forge_connection(&rig.forge, 1, curl, nginx);
	forge_address(body->ends[KITH_CLIENT].peer_addr, "192.0.2.1");
	body->ends[KITH_CLIENT].peer_port = 8080;
	forge_address(body->ends[KITH_SERVER].peer_addr, "172.17.0.1");
	body->ends[KITH_SERVER].opener = worker;
	forge_use(&rig.forge, 1, KITH_SERVER, other);
	commit();
	ck_assert_int_eq(run("kith", "talks", DB, "-e", "192.0.2.1:8080", END), 0);
	check_in(" -> /sbin/nginx[501] in 0123456789ab 10.0.0.2:80 (dialled 192.0.2.1:8080)  tcp  ",
		 printed);
	ck_assert_int_eq(run("kith", "talks", DB, "-e", "172.17.0.1", END), 0);
	check_in("  #1\n", printed);
	ck_assert_int_eq(run("kith", "talks", DB, "502", END), 0);
	check_in("/sbin/nginx[501]", printed);
	ck_assert_int_eq(run("kith", "talks", DB, "503", END), 0);
	check_in("/sbin/nginx[501]", printed);
	rig_close(&rig);
}
END_TEST

/* By the time they went on: ended before, begun after, open, of a boot that is over. */
START_TEST(by_time)
{
	char before[32], after[32], ids[16];

	begin();
	forge_all();
	snprintf(before, sizeof(before), "@%d", 1700000108);
	snprintf(after, sizeof(after), "@%d", 1700000106);
	ck_assert_int_eq(run("kith", "talks", DB, "-e", "--since", before, END), 0);
	read_ids(ids);
	ck_assert_str_eq(ids, "5");
	ck_assert_int_eq(run("kith", "talks", DB, "-e", "--until", after, END), 0);
	ck_assert_str_eq(printed, "");
	ck_assert_int_eq(run("kith", "talks", DB, "-e", "--since", after, "--until", before,
			     END),
			 0);
	read_ids(ids);
	ck_assert_str_eq(ids, "12345");
	rig_reboot(&rig, '2');
	rig.info.real_ns += INT64_C(1000000000);
	rig_attach(&rig);
	ck_assert_int_eq(run("kith", "talks", DB, "-e", END), 0);
	check_in("  ended unseen  ", printed);
	ck_assert_int_eq(run("kith", "talks", DB, "-e", "--since", "@1700000200", END), 0);
	ck_assert_str_eq(printed, "");
	rig_close(&rig);
}
END_TEST

/* What a process chose cannot pass for what is known. */
START_TEST(liars)
{
	begin();
	FORGE_EXEC(&rig.forge, curl, 0, "/tmp/x[1]", "x");
	FORGE_EXEC(&rig.forge, other, 0, "/tmp/a -> b\x1b[2J\n  #7", "x");
	forge_connection(&rig.forge, 1, curl, other);
	forge_connection(&rig.forge, 2, other, curl);
	commit();
	ck_assert_int_eq(run("kith", "talks", DB, END), 0);
	check_in("  /tmp/x[1][500] -> \"/tmp/a -> b\\x1b[2J\\n \\x20#7\"[503]  tcp ", printed);
	ck_assert_int_eq(run("kith", "talks", DB, "-e", END), 0);
	check_in("  \"/tmp/a -> b\\x1b[2J\\n \\x20#7\"[503] 10.0.0.1:40000 -> /tmp/x[1][500]",
		 printed);
	ck_assert_ptr_null(strchr(printed, '\x1b'));
	rig_close(&rig);
}
END_TEST

/* Over, or it goes on; the port tells it from others. */
static void forge_port(uint64_t id, uint64_t server, uint16_t port, bool open)
{
	struct kith_connection *body = forge_connection(&rig.forge, id, other, server);

	body->ends[KITH_CLIENT].port = port;
	body->ends[KITH_SERVER].peer_port = port;
	if (open)
		body->ended = 0;
}

/* It shows what is stored once it has begun: store until it does. */
static void wait_for_follower(void)
{
	uint64_t i;

	for (i = 0; i < 100; i++) {
		forge_port(1000 + i, worker, 50000, false);
		commit();
		usleep(100000);
		if (access(unit_path("printed"), F_OK))
			continue;
		run_look();
		if (strstr(printed, ":50000 -> "))
			return;
	}
	ck_abort_msg("it has not begun: %s", said);
}

START_TEST(follow)
{
	pid_t pid;

	begin();
	forge_connection(&rig.forge, 1, curl, nginx);
	commit();
	pid = run_begin("kith", "talks", DB, "--follow", _i ? "nginx" : ":80", END);
	wait_for_follower();
	forge_port(2, worker, 50002, true);
	forge_port(3, curl, 50003, false);
	commit();
	run_wait_for(":50002 -> ");
	check_in("  goes on  ", printed);
	forge_port(2, worker, 50002, false);
	forge_port(4, worker, 50004, false);
	commit();
	run_wait_for(":50004 -> ");
	ck_assert_int_eq(kill(pid, SIGINT), 0);
	ck_assert_int_eq(run_end(pid), 0);
	ck_assert_ptr_null(strstr(printed, "  #1\n"));
	if (_i)
		ck_assert_ptr_null(strstr(printed, ":50003"));
	/* it was shown again */
	ck_assert_ptr_nonnull(strstr(strstr(printed, ":50002 ->") + 1, ":50002 ->"));
	rig_close(&rig);
}
END_TEST

START_TEST(follow_since)
{
	pid_t pid;

	begin();
	forge_all();
	pid = run_begin("kith", "talks", DB, "--follow", "--json", "--since", "@1", END);
	run_wait_for("{\"connection_id\":5,");
	ck_assert_int_eq(kill(pid, SIGTERM), 0);
	ck_assert_int_eq(run_end(pid), 0);
	check_in("{\"connection_id\":1,", printed);
	rig_close(&rig);
}
END_TEST

static const char *const ways[] = { "--each", "--json", "--follow" };

/* Nobody has talked yet. */
START_TEST(nothing_to_tell)
{
	begin();
	commit();
	ck_assert_int_eq(run("kith", "talks", DB, END), 0);
	ck_assert_str_eq(printed, "");
	ck_assert_int_eq(run("kith", "talks", DB, ways[_i % 2], "500", END), 0);
	ck_assert_str_eq(printed, "");
	rig_close(&rig);
}
END_TEST

START_TEST(an_answer_that_is_lost)
{
	begin();
	forge_all();
	to_full_disk = true;
	ck_assert_int_eq(run("kith", "talks", DB, ways[_i], "--since", "@1", END), EX_IOERR);
	ck_assert_str_eq(said, "kith: cannot write the answer: No space left on device\n");
	rig_close(&rig);
}
END_TEST

START_TEST(a_damaged_database)
{
	begin();
	forge_all();
	rig_close(&rig);
	rig_damage("connections");
	ck_assert_int_eq(run("kith", "talks", DB, ways[_i], "--since", "@1", END), EX_IOERR);
	check_in("the query failed: database disk image is malformed", said);
}
END_TEST

START_TEST(without_permission)
{
	if (getuid())
		return;
	begin();
	open_to_all();
	ck_assert_int_eq(chmod(unit_path("kith.db"), 0600), 0);
	as_nobody = true;
	ck_assert_int_eq(run("kith", "talks", DB, ways[_i], "--since", "@1", END), EX_NOPERM);
	check_in("Permission denied", said);
	rig_close(&rig);
}
END_TEST

/* A copy at rest is read as it is, but one who follows waits for a writer. */
START_TEST(follow_what_was_at_rest)
{
	pid_t pid;

	begin();
	rig_close(&rig);
	ck_assert_int_eq(unlink(unit_path("kith.db-wal")), 0);
	pid = run_begin("kith", "talks", DB, "--follow", "--since", "@1", END);
	usleep(500000);
	rig_open(&rig);
	forge_all();
	run_wait_for("  #5\n");
	ck_assert_int_eq(kill(pid, SIGINT), 0);
	ck_assert_int_eq(run_end(pid), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(usage)
{
	ck_assert_int_eq(run("kith", "talks", DB, "a", "b", END), 2);
	check_in("one WHAT", said);
	ck_assert_int_eq(run("kith", "talks", DB, "-f", "--until", "now", END), 2);
	check_in("not with --until", said);
	ck_assert_int_eq(run("kith", "talks", DB, END), EX_IOERR);
}
END_TEST

START_TEST(shown_of_a_process)
{
	unsigned int i;

	begin();
	forge_all();
	forge_listener(&rig.forge, 100, nginx);
	for (i = 0; i < 100; i++)
		forge_connection(&rig.forge, 200 + i, other, worker);
	commit();
	ck_assert_int_eq(run("kith", "show", DB, "500", END), 0);
	check_in("connection  connection_id=3  ", printed);
	check_in("  established=0  error=111  open=0  gone=0\n", printed);
	ck_assert_ptr_null(strstr(printed, "more connections"));
	ck_assert_int_eq(run("kith", "show", DB, "501", END), 0);
	check_in("listener  listener_id=1  protocol=tcp  addr=10.0.0.2  port=80  started=",
		 printed);
	ck_assert_int_eq(run("kith", "show", DB, "503", END), 0);
	check_in("more connections  connections=1  see=\"kith talks '#4'\"\n", printed);
	ck_assert_ptr_null(strstr(printed, "connection_id=5  "));
	rig_close(&rig);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("talks");

	unit_add(suite, grouped);
	unit_add(suite, each);
	unit_add_rows(suite, what_is_meant, UNIT_COUNT(questions));
	unit_add(suite, who_takes_part);
	unit_add(suite, by_time);
	unit_add(suite, liars);
	unit_add_rows(suite, follow, 2);
	unit_add(suite, follow_since);
	unit_add_rows(suite, nothing_to_tell, 2);
	unit_add_rows(suite, an_answer_that_is_lost, UNIT_COUNT(ways));
	unit_add_rows(suite, a_damaged_database, UNIT_COUNT(ways));
	unit_add_rows(suite, without_permission, UNIT_COUNT(ways));
	unit_add(suite, follow_what_was_at_rest);
	unit_add(suite, usage);
	unit_add(suite, shown_of_a_process);
	return unit_run(suite);
}
