// SPDX-License-Identifier: GPL-2.0-only
/* Conversations of datagrams, and of sockets that have a name instead of an address. */
#include "program.h"
#include "rig.h"

#include <stdio.h>
#include <string.h>

enum { CURL = 500, NGINX = 501 };

static struct rig rig;
static uint64_t curl, nginx;

static void begin(void)
{
	rig_open(&rig);
	curl = forge_key(RIG_AT(50), CURL);
	nginx = forge_key(RIG_AT(51), NGINX);
	forge_process(&rig.forge, curl, 0, "/bin/curl");
	forge_process(&rig.forge, nginx, 0, "/bin/nginx");
	rig_dumped(&rig);
	rig.forge.now = RIG_NOW + RIG_STEP;
}

static void end(void)
{
	ck_assert_uint_eq(rig.ingest.bad_records, 0);
	rig_close(&rig);
}

/* What is forged between the two is what another load of the module finds. */
static void reload(void)
{
	rig_feed(&rig);
	rig_commit(&rig);
	rig_reload(&rig, 78);
	rig_restart(&rig);
	forge_process(&rig.forge, curl, 0, "/bin/curl");
	forge_process(&rig.forge, nginx, 0, "/bin/nginx");
	rig_dump(&rig);
}

static void reloaded(void)
{
	rig_feed(&rig);
	rig_caught(&rig, 0);
	rig_commit(&rig);
}

/* From curl to nginx. */
static struct kith_connection *forge_pair(uint64_t id, unsigned int protocol,
					  struct slice name)
{
	struct kith_connection *body = forge_unix(&rig.forge, id, protocol, name);

	body->ends[KITH_CLIENT].process = curl;
	body->ends[KITH_CLIENT].opener = curl;
	body->ends[KITH_SERVER].process = nginx;
	body->ends[KITH_SERVER].opener = nginx;
	return body;
}

/* What the wire says, what the views say, and how the flow goes. */
static const struct {
	unsigned int protocol;
	const char *name;
	const char *via;
} protocols[] = {
	{ KITH_PROTOCOL_TCP, "tcp", "tcp" },
	{ KITH_PROTOCOL_UDP, "udp", "udp" },
	{ KITH_PROTOCOL_UNIX_STREAM, "unix-stream", "unix" },
	{ KITH_PROTOCOL_UNIX_DGRAM, "unix-dgram", "unix" },
	{ KITH_PROTOCOL_UNIX_SEQPACKET, "unix-seqpacket", "unix" },
};

START_TEST(names_of_protocols)
{
	char want[128];

	begin();
	forge_connection(&rig.forge, 7, curl, nginx)->protocol =
		(uint8_t)protocols[_i].protocol;
	forge_listener(&rig.forge, 8, nginx)->protocol = (uint8_t)protocols[_i].protocol;
	snprintf(want, sizeof(want), "%s|%s", protocols[_i].name, protocols[_i].name);
	rig_expect(&rig, "SELECT c.protocol, l.protocol FROM connection c, listener l", want);
	snprintf(want, sizeof(want), "%s|100\n%s|2000", protocols[_i].via, protocols[_i].via);
	rig_check("SELECT via, bytes FROM flow ORDER BY bytes", want);
	/* nobody has made up addresses */
	rig_check("SELECT count(*) FROM connection c, listener l WHERE c.protocol LIKE 'unix-%'"
		  " AND coalesce(client_addr, client_port, server_addr, server_port,"
		  " dialled_addr, dialled_port, seen_addr, seen_port, addr, port, client_isn,"
		  " joined) IS NOT NULL", "0");
	end();
}
END_TEST

#define PLACE                                                                            \
	"SELECT client_addr, client_port, server_addr, server_port, dialled_addr, seen_addr," \
	" server_name, scope, client_id, server_id, bytes_to_server, bytes_to_client,"        \
	" datagrams_to_server, datagrams_to_client FROM connection"

START_TEST(a_socket_with_a_path)
{
	begin();
	forge_pair(7, KITH_PROTOCOL_UNIX_STREAM, FORGE_NAME("/run/nginx.sock"));
	rig_expect(&rig, PLACE, "-|-|-|-|-|-|/run/nginx.sock|same-host|1|2|100|2000|-|-");
	rig_check("SELECT source_id, target_id, via, object, bytes FROM flow ORDER BY bytes",
		  "1|2|unix|/run/nginx.sock|100\n2|1|unix|/run/nginx.sock|2000");
	end();
}
END_TEST

/* Abstract names, and whatever else may be in one. */
static const struct {
	struct slice name;
	const char *want;
} names[] = {
	{ FORGE_NAME(""), "-" },
	{ FORGE_NAME("\0"), "@" },
	{ FORGE_NAME("\0/tmp/.X11-unix/X0"), "@/tmp/.X11-unix/X0" },
	{ FORGE_NAME("\0a\0b\0"), "@a@b@" },
	{ FORGE_NAME("/run/\xff\x1b[2J -> x"), "/run/\xff\x1b[2J -> x" },
};

START_TEST(names_of_sockets)
{
	struct kith_listener *listener;

	begin();
	forge_pair(7, KITH_PROTOCOL_UNIX_SEQPACKET, names[_i].name);
	listener = forge_listener(&rig.forge, 8, nginx);
	listener->protocol = KITH_PROTOCOL_UNIX_SEQPACKET;
	forge_item(&rig.forge, KITH_ITEM_SOCKET_NAME, names[_i].name.data,
		   names[_i].name.size);
	rig_expect(&rig, "SELECT server_name FROM connection", names[_i].want);
	rig_check("SELECT name FROM listener WHERE addr IS NULL AND port IS NULL",
		  names[_i].want);
	rig_check("SELECT DISTINCT object FROM flow",
		  *names[_i].want == '-' ? "unnamed" : names[_i].want);
	end();
}
END_TEST

/* Longer than any that the kernel knows: it is cut, and told from others. */
START_TEST(a_huge_name)
{
	static char name[50000];
	struct slice slice = { name, sizeof(name) };

	begin();
	memset(name, 'x', sizeof(name));
	forge_pair(7, KITH_PROTOCOL_UNIX_STREAM, slice);
	rig_feed(&rig);
	slice.size = 4096;
	forge_pair(8, KITH_PROTOCOL_UNIX_STREAM, slice);
	slice.size = 4095;
	forge_pair(9, KITH_PROTOCOL_UNIX_STREAM, slice);
	rig_expect(&rig, "SELECT length(server_name), route_id FROM connection",
		   "4096|1\n4096|1\n4095|2");
	end();
}
END_TEST

/* Of one name there is one route; what a record says of addresses beside it is nothing. */
START_TEST(routes_of_names)
{
	struct kith_connection *body;

	begin();
	forge_pair(7, KITH_PROTOCOL_UNIX_STREAM, FORGE_NAME("/a"));
	body = forge_pair(8, KITH_PROTOCOL_UNIX_STREAM, FORGE_NAME("/a"));
	memset(body->ends[KITH_CLIENT].addr, 0xff, 34);
	body->ends[KITH_SERVER].peer_port = 7;
	forge_pair(9, KITH_PROTOCOL_UNIX_STREAM, FORGE_NAME("/b"));
	forge_pair(10, KITH_PROTOCOL_UNIX_STREAM, FORGE_NAME(""));
	forge_pair(11, KITH_PROTOCOL_UNIX_DGRAM, FORGE_NAME("/a"));
	/* TCP has no names */
	forge_connection(&rig.forge, 12, curl, nginx);
	forge_text(&rig.forge, KITH_ITEM_SOCKET_NAME, "/a");
	rig_expect(&rig, "SELECT route_id, server_name, client_port FROM connection",
		   "1|/a|-\n1|/a|-\n2|/b|-\n3|-|-\n4|/a|-\n5|-|40000");
	rig_check("SELECT count(*) FROM routes", "5");
	end();
}
END_TEST

START_TEST(one_end_of_a_pair)
{
	begin();
	forge_pair(7, KITH_PROTOCOL_UNIX_STREAM, FORGE_NAME(""));
	forge_one_end(&rig.forge, KITH_CLIENT);
	rig_expect(&rig, PLACE, "-|-|-|-|-|-|-|same-host|1|-|100|2000|-|-");
	rig_check("SELECT count(*) FROM flow", "0");
	end();
}
END_TEST

/* What came, if the receiver is known; else what was sent. */
static const struct {
	int side; /* that alone is known, -1: both are */
	const char *want;
} counted[] = {
	{ -1, "30|20|3|2" },
	{ KITH_CLIENT, "10|20|1|2" },
	{ KITH_SERVER, "30|40|3|4" },
};

START_TEST(datagrams)
{
	const struct kith_datagrams count = { .sent = { 1, 4 }, .received = { 2, 3 } };
	struct kith_connection *body;

	begin();
	body = forge_connection(&rig.forge, 7, curl, nginx);
	body->protocol = KITH_PROTOCOL_UDP;
	body->ends[KITH_CLIENT].sent = 10;
	body->ends[KITH_CLIENT].received = 20;
	body->ends[KITH_SERVER].received = 30;
	body->ends[KITH_SERVER].sent = 40;
	forge_item(&rig.forge, KITH_ITEM_DATAGRAMS, &count, sizeof(count));
	if (counted[_i].side >= 0)
		forge_one_end(&rig.forge, (unsigned int)counted[_i].side);
	rig_expect(&rig, "SELECT bytes_to_server, bytes_to_client, datagrams_to_server,"
			 " datagrams_to_client FROM connection", counted[_i].want);
	rig_check("SELECT client_isn, server_isn FROM connection", "-|-");
	end();
}
END_TEST

/* More than there is room for, an item that is too short, none at all. */
START_TEST(odd_numbers_of_datagrams)
{
	const uint64_t one = 1;

	begin();
	forge_pair(7, KITH_PROTOCOL_UNIX_DGRAM, FORGE_NAME("/dev/log"));
	forge_datagrams(&rig.forge, UINT64_MAX, UINT64_C(1) << 32);
	forge_pair(8, KITH_PROTOCOL_UNIX_DGRAM, FORGE_NAME("/dev/log"));
	forge_item(&rig.forge, KITH_ITEM_DATAGRAMS, &one, sizeof(one));
	forge_pair(9, KITH_PROTOCOL_UNIX_DGRAM, FORGE_NAME("/dev/log"));
	forge_pair(10, KITH_PROTOCOL_UNIX_DGRAM, FORGE_NAME("/dev/log"));
	forge_datagrams(&rig.forge, 0, 1);
	rig_expect(&rig, "SELECT datagrams_to_server, datagrams_to_client FROM connection",
		   "4294967295|4294967295\n0|0\n0|0\n0|1");
	end();
}
END_TEST

/* A row that is told again, before the commit and after it. */
START_TEST(goes_on)
{
	begin();
	forge_pair(7, KITH_PROTOCOL_UNIX_DGRAM, FORGE_NAME("/dev/log"))->ended = 0;
	forge_datagrams(&rig.forge, 5, 0);
	rig_feed(&rig);
	if (_i)
		rig_commit(&rig);
	forge_pair(7, KITH_PROTOCOL_UNIX_DGRAM, FORGE_NAME("/dev/log"));
	forge_datagrams(&rig.forge, 9, 1);
	rig_expect(&rig, PLACE, "-|-|-|-|-|-|/dev/log|same-host|1|2|100|2000|9|1");
	rig_check("SELECT open, gone, t(ended) FROM connection", "0|0|2000");
	end();
}
END_TEST

/* Those of UDP and of Unix sockets the new load counts anew, so they are other rows. */
START_TEST(another_load)
{
	struct kith_connection *body;

	begin();
	forge_connection(&rig.forge, 7, curl, nginx)->ended = 0;
	body = forge_connection(&rig.forge, 8, curl, nginx);
	body->ended = 0;
	body->protocol = KITH_PROTOCOL_UDP;
	forge_pair(9, KITH_PROTOCOL_UNIX_STREAM, FORGE_NAME("/a"))->ended = 0;
	reload();
	body = forge_connection(&rig.forge, 1007, curl, nginx);
	body->ended = 0;
	body->flags |= KITH_CONNECTION_FOUND;
	body->client_isn = 0;
	body->server_isn = 0;
	body = forge_connection(&rig.forge, 1008, curl, nginx);
	body->ended = 0;
	body->flags |= KITH_CONNECTION_FOUND;
	body->protocol = KITH_PROTOCOL_UDP;
	body = forge_pair(1009, KITH_PROTOCOL_UNIX_STREAM, FORGE_NAME("/a"));
	body->ended = 0;
	body->flags |= KITH_CONNECTION_FOUND;
	reloaded();
	rig_check("SELECT connection_id, protocol, open, gone FROM connection",
		  "1|tcp|1|0\n2|udp|0|1\n3|unix-stream|0|1\n4|udp|1|0\n5|unix-stream|1|0");
	end();
}
END_TEST

static void forge_named_listener(uint64_t id, struct slice name, bool found)
{
	struct kith_listener *body = forge_listener(&rig.forge, id, nginx);

	body->protocol = KITH_PROTOCOL_UNIX_STREAM;
	if (found)
		body->started = 0;
	forge_item(&rig.forge, KITH_ITEM_SOCKET_NAME, name.data, name.size);
}

/* Who listens is found by process and name. */
START_TEST(listeners_of_another_load)
{
	begin();
	forge_named_listener(7, FORGE_NAME("/a"), false);
	forge_named_listener(8, FORGE_NAME("\0b"), false);
	reload();
	forge_named_listener(1008, FORGE_NAME("\0b"), true);
	forge_named_listener(1009, FORGE_NAME("/c"), true);
	reloaded();
	rig_check("SELECT listener_id, name, open, gone, incomplete FROM listener",
		  "1|/a|0|1|0\n2|@b|1|0|0\n3|/c|1|0|1");
	end();
}
END_TEST

/* The least busy users of an end are one, who has no key. */
START_TEST(the_rest_of_the_users)
{
	begin();
	forge_pair(7, KITH_PROTOCOL_UNIX_STREAM, FORGE_NAME("/a"));
	forge_use(&rig.forge, 7, KITH_SERVER, curl);
	forge_use(&rig.forge, 7, KITH_SERVER, 0);
	rig_expect(&rig, "SELECT side, process_id, sent FROM connection_use ORDER BY 2",
		   "server|-|7\nserver|1|7");
	end();
}
END_TEST

START_TEST(shown)
{
	begin();
	forge_pair(7, KITH_PROTOCOL_UNIX_STREAM, FORGE_NAME("/run/a\x1b[2J -> b"));
	forge_pair(8, KITH_PROTOCOL_UNIX_DGRAM, FORGE_NAME("\0x y"));
	forge_datagrams(&rig.forge, 1, 1);
	forge_pair(9, KITH_PROTOCOL_UNIX_STREAM, FORGE_NAME(""));
	forge_one_end(&rig.forge, KITH_SERVER);
	rig_feed(&rig);
	rig_commit(&rig);
	ck_assert_int_eq(run("kith", "talks", DB, "--each", END), 0);
	check_in("  /bin/curl[500] -> /bin/nginx[501]  unix-stream \"/run/a\\x1b[2J -> b\"  100 B"
		 " there, 2000 B back  same-host  #1\n", printed);
	check_in("  unix-dgram \"@x y\"  100 B there", printed);
	check_in("  (unknown) -> /bin/nginx[501]  unix-stream  100 B there", printed);
	ck_assert_int_eq(run("kith", "talks", DB, END), 0);
	check_in("  /bin/curl[500] -> /bin/nginx[501]  unix-dgram \"@x y\"  100 B there", printed);
	check_in("  (unknown) -> /bin/nginx[501]  unix-stream  100 B there", printed);
	ck_assert_ptr_null(strchr(printed, '\x1b'));
	ck_assert_int_eq(run("kith", "show", DB, "500", END), 0);
	check_in("server_name=\"@x y\"", printed);
	ck_assert_ptr_null(strchr(printed, '\x1b'));
	end();
}
END_TEST

#define DOCKER "/docker/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* Both in one, as a runtime made it; each is named. */
START_TEST(in_a_container)
{
	begin();
	forge_cgroup(&rig.forge, 100, DOCKER);
	forge_attach(&rig.forge, nginx, nginx, 100);
	forge_attach(&rig.forge, nginx, curl, 100);
	forge_pair(7, KITH_PROTOCOL_UNIX_STREAM, FORGE_NAME("/run/a"));
	rig_expect(&rig, "SELECT scope, client_container_id = server_container_id, k.runtime"
			 " FROM connection c JOIN container k"
			 " ON k.container_id = c.client_container_id",
		   "same-container|1|docker");
	ck_assert_int_eq(run("kith", "talks", DB, END), 0);
	check_in("  /bin/curl[500] in 0123456789ab -> /bin/nginx[501] in 0123456789ab "
		 " unix-stream /run/a  ", printed);
	end();
}
END_TEST

static const struct {
	const char *what;
	int status;
	const char *in; /* NULL: nothing */
} questions[] = {
	{ "/run/a", 0, "  #1\n" },
	{ "@b", 0, "  #2\n" },
	{ "@c", 0, NULL },
	{ "/run/listens", 0, NULL },
	{ "/run/none", 66, NULL },
	{ "/bin/curl", 0, "  #2\n" },
	{ "10.0.0.1", 0, NULL },
};

START_TEST(asked_for_by_name)
{
	begin();
	forge_pair(7, KITH_PROTOCOL_UNIX_STREAM, FORGE_NAME("/run/a"));
	forge_pair(8, KITH_PROTOCOL_UNIX_DGRAM, FORGE_NAME("\0b"));
	forge_named_listener(9, FORGE_NAME("/run/listens"), false);
	rig_feed(&rig);
	rig_commit(&rig);
	ck_assert_int_eq(run("kith", "talks", DB, "-e", questions[_i].what, END),
			 questions[_i].status);
	if (questions[_i].in)
		check_in(questions[_i].in, printed);
	else
		ck_assert_str_eq(printed, "");
	end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("unix");

	unit_add_rows(suite, names_of_protocols, UNIT_COUNT(protocols));
	unit_add(suite, a_socket_with_a_path);
	unit_add_rows(suite, names_of_sockets, UNIT_COUNT(names));
	unit_add(suite, a_huge_name);
	unit_add(suite, routes_of_names);
	unit_add(suite, one_end_of_a_pair);
	unit_add_rows(suite, datagrams, UNIT_COUNT(counted));
	unit_add(suite, odd_numbers_of_datagrams);
	unit_add_rows(suite, goes_on, 2);
	unit_add(suite, another_load);
	unit_add(suite, listeners_of_another_load);
	unit_add(suite, the_rest_of_the_users);
	unit_add(suite, shown);
	unit_add(suite, in_a_container);
	unit_add_rows(suite, asked_for_by_name, UNIT_COUNT(questions));
	return unit_run(suite);
}
