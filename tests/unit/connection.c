// SPDX-License-Identifier: GPL-2.0-only
/* What records of conversations make of rows: both ends, one, none that make sense. */
#include "rig.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CURL = 500, NGINX = 501, WORKER = 502 };

static struct rig rig;
static uint64_t curl, nginx, worker;

static void begin(void)
{
	rig_open(&rig);
	curl = forge_key(RIG_AT(50), CURL);
	nginx = forge_key(RIG_AT(51), NGINX);
	worker = forge_key(RIG_AT(52), WORKER);
	/* so that their numbers are 1, 2 and 3 */
	forge_process(&rig.forge, curl, 0, "/bin/curl");
	forge_process(&rig.forge, nginx, 0, "/bin/nginx");
	forge_process(&rig.forge, worker, 0, "/bin/worker");
	rig_dumped(&rig);
	rig.forge.now = RIG_NOW + RIG_STEP;
}

static void end(void)
{
	ck_assert_uint_eq(rig.ingest.bad_records, 0);
	rig_close(&rig);
}

#define ENDS "SELECT client_id, client_addr, client_port, server_id, server_addr, server_port"

START_TEST(both_ends)
{
	begin();
	forge_connection(&rig.forge, 7, curl, nginx);
	rig_expect(&rig, ENDS ", server_name, protocol, t(started), t(ended), bytes_to_server,"
			      " bytes_to_client, scope FROM connection",
		   "1|10.0.0.1|40000|2|10.0.0.2|80|-|tcp|0|1000|100|2000|same-host");
	rig_check("SELECT client_opener_id, server_opener_id, established, error, joined,"
		  " dialled_addr, dialled_port, seen_addr, seen_port, client_netns, server_netns,"
		  " open, gone, incomplete, boot_id FROM connection",
		  "1|2|1|-|isn|10.0.0.2|80|10.0.0.1|40000|4026531840|4026531840|0|0|0|1");
	rig_check("SELECT client_isn, server_isn FROM connection", "3000000007|4000000007");
	rig_check("SELECT received FROM account WHERE class = 'connection'", "1");
	end();
}
END_TEST

static const struct {
	unsigned int side;
	const char *ends;
	const char *more;
} one_ended[] = {
	{ KITH_CLIENT, "1|10.0.0.1|40000|-|10.0.0.2|80",
	  "-|10.0.0.2|80|-|-|4026531840|-|1|-|private" },
	{ KITH_SERVER, "-|10.0.0.1|40000|2|10.0.0.2|80",
	  "-|-|-|10.0.0.1|40000|-|4026531840|-|2|private" },
};

START_TEST(one_end)
{
	begin();
	forge_connection(&rig.forge, 7, curl, nginx);
	forge_one_end(&rig.forge, one_ended[_i].side);
	rig_expect(&rig, ENDS " FROM connection", one_ended[_i].ends);
	rig_check("SELECT joined, dialled_addr, dialled_port, seen_addr, seen_port, client_netns,"
		  " server_netns, client_opener_id, server_opener_id, scope FROM connection",
		  one_ended[_i].more);
	end();
}
END_TEST

/* What came is what the receiver says; without him, what the sender knows. */
static const struct {
	int side; /* that alone is known, -1: both are */
	const char *want;
} counted[] = {
	{ -1, "30|20" },
	{ KITH_CLIENT, "10|20" },
	{ KITH_SERVER, "30|40" },
};

START_TEST(bytes)
{
	struct kith_connection *body;

	begin();
	body = forge_connection(&rig.forge, 7, curl, nginx);
	body->ends[KITH_CLIENT].sent = 10;
	body->ends[KITH_CLIENT].received = 20;
	body->ends[KITH_SERVER].received = 30;
	body->ends[KITH_SERVER].sent = 40;
	if (counted[_i].side >= 0)
		forge_one_end(&rig.forge, (unsigned int)counted[_i].side);
	rig_expect(&rig, "SELECT bytes_to_server, bytes_to_client FROM connection",
		   counted[_i].want);
	end();
}
END_TEST

/* Each end has its own view of the other where addresses are translated in between. */
START_TEST(translated)
{
	struct kith_connection *body;

	begin();
	body = forge_connection(&rig.forge, 7, curl, nginx);
	forge_address(body->ends[KITH_CLIENT].addr, "172.17.0.2");
	forge_address(body->ends[KITH_CLIENT].peer_addr, "192.0.2.1");
	body->ends[KITH_CLIENT].peer_port = 8080;
	body->ends[KITH_CLIENT].netns = 11;
	forge_address(body->ends[KITH_SERVER].addr, "172.17.0.3");
	forge_address(body->ends[KITH_SERVER].peer_addr, "172.17.0.1");
	body->ends[KITH_SERVER].peer_port = 50000;
	body->ends[KITH_SERVER].netns = 12;
	body->flags |= KITH_CONNECTION_BY_TUPLE;
	rig_expect(&rig, ENDS " FROM connection", "1|172.17.0.2|40000|2|172.17.0.3|80");
	rig_check("SELECT dialled_addr, dialled_port, seen_addr, seen_port, client_netns,"
		  " server_netns, joined, scope FROM connection",
		  "192.0.2.1|8080|172.17.0.1|50000|11|12|tuple|same-host");
	end();
}
END_TEST

START_TEST(ipv6)
{
	struct kith_connection *body;

	begin();
	body = forge_connection(&rig.forge, 7, curl, nginx);
	forge_address(body->ends[KITH_SERVER].addr, "2001:db8::1");
	forge_address(body->ends[KITH_CLIENT].peer_addr, "2001:db8::1");
	forge_address(body->ends[KITH_SERVER].peer_addr, "fe80::1:0:0:2");
	forge_address(body->ends[KITH_CLIENT].addr, "fe80::1:0:0:2");
	rig_expect(&rig, "SELECT client_addr, server_addr FROM connection",
		   "fe80::1:0:0:2|2001:db8::1");
	rig_check("SELECT DISTINCT object FROM flow", "[2001:db8::1]:80");
	end();
}
END_TEST

/* Nobody has opened it, somebody else has, or nobody uses it. */
static const struct {
	uint32_t user; /* pid, 0: nobody */
	uint32_t opener;
	const char *want;
} openers[] = {
	{ CURL, CURL, "1|1" },
	{ CURL, WORKER, "1|3" },
	{ CURL, 0, "1|-" },
	{ 0, WORKER, "-|3" },
	{ 0, 0, "-|-" },
};

static uint64_t key_of(uint32_t pid)
{
	return pid == CURL ? curl : pid == WORKER ? worker : 0;
}

START_TEST(who_opened)
{
	struct kith_connection *body;

	begin();
	body = forge_connection(&rig.forge, 7, curl, nginx);
	body->ends[KITH_CLIENT].process = key_of(openers[_i].user);
	body->ends[KITH_CLIENT].opener = key_of(openers[_i].opener);
	rig_expect(&rig, "SELECT client_id, client_opener_id FROM connection",
		   openers[_i].want);
	rig_check("SELECT server_id, server_opener_id FROM connection", "2|2");
	end();
}
END_TEST

START_TEST(refused)
{
	struct kith_connection *body;

	begin();
	body = forge_connection(&rig.forge, 7, curl, nginx);
	forge_one_end(&rig.forge, KITH_CLIENT);
	body->flags &= (uint8_t)~KITH_CONNECTION_ESTABLISHED;
	body->error = ECONNREFUSED;
	body->server_isn = 0;
	body->ends[KITH_CLIENT].sent = 0;
	body->ends[KITH_CLIENT].received = 0;
	rig_expect(&rig, "SELECT established, error, bytes_to_server, bytes_to_client,"
			 " client_isn > 0, server_isn FROM connection",
		   "0|111|0|0|1|-");
	rig_check("SELECT count(*) FROM flow", "0");
	end();
}
END_TEST

/* A conversation is two flows, if both processes are known and bytes went that way. */
START_TEST(flows)
{
	struct kith_connection *body;

	begin();
	forge_connection(&rig.forge, 7, curl, nginx);
	body = forge_connection(&rig.forge, 8, curl, nginx);
	body->ends[KITH_SERVER].received = 0;
	forge_connection(&rig.forge, 9, curl, 0);
	forge_connection(&rig.forge, 10, curl, nginx);
	forge_one_end(&rig.forge, KITH_SERVER);
	rig_expect(&rig, "SELECT source_id, target_id, via, object, t(first), t(last), bytes,"
			 " connection_id FROM flow ORDER BY connection_id, source_id",
		   "1|2|tcp|10.0.0.2:80|0|1000|100|1\n"
		   "2|1|tcp|10.0.0.2:80|0|1000|2000|1\n"
		   "2|1|tcp|10.0.0.2:80|1000|2000|2000|2");
	end();
}
END_TEST

/* What is open is one row, which each record brings up to date, before a commit and after. */
static void one_that_goes_on(bool commit)
{
	struct kith_connection *body;
	uint64_t started;

	begin();
	body = forge_connection(&rig.forge, 7, curl, 0);
	started = body->started;
	body->ended = 0;
	body->flags &= (uint8_t)~KITH_CONNECTION_ESTABLISHED;
	forge_one_end(&rig.forge, KITH_CLIENT);
	rig_feed(&rig);
	if (commit) {
		rig_commit(&rig);
		rig_check(ENDS ", t(ended), open, established FROM connection",
			  "1|10.0.0.1|40000|-|10.0.0.2|80|-|1|0");
	}
	forge_connection(&rig.forge, 8, curl, nginx);
	body = forge_connection(&rig.forge, 7, curl, nginx);
	body->started = started;
	body->ended = 0;
	body->ends[KITH_SERVER].received = 150;
	rig_feed(&rig);
	ck_assert_uint_eq(rig.ingest.sockets.open, 1);
	if (commit) {
		rig_commit(&rig);
		rig_check("SELECT connection_id, server_id, bytes_to_server, t(ended), open, scope"
			  " FROM connection ORDER BY 1",
			  "1|2|150|-|1|same-host\n2|2|100|2000|0|same-host");
	}
	body = forge_connection(&rig.forge, 7, worker, nginx);
	body->started = started;
	body->ends[KITH_SERVER].received = 160;
	rig_expect(&rig, ENDS ", t(started), t(ended), bytes_to_server, open, established,"
			      " client_opener_id FROM connection WHERE connection_id = 1",
		   "3|10.0.0.1|40000|2|10.0.0.2|80|0|4000|160|0|1|3");
	rig_check("SELECT count(*), sum(number) FROM connections", "2|-");
	ck_assert_uint_eq(rig.ingest.sockets.open, 0);
	end();
}

START_TEST(goes_on)
{
	one_that_goes_on(_i);
}
END_TEST

/* What a later record does not know and an earlier one did is kept. */
START_TEST(knows_less_later)
{
	struct kith_connection *body;

	begin();
	body = forge_connection(&rig.forge, 7, curl, nginx);
	body->ended = 0;
	body->flags |= KITH_CONNECTION_BY_TUPLE;
	rig_feed(&rig);
	body = forge_connection(&rig.forge, 7, 0, 0);
	body->started = rig.forge.now - 500;
	body->client_isn = 0;
	body->server_isn = 0;
	body->error = 104;
	body->flags = 0;
	body->ends[KITH_CLIENT].sent = 500;
	forge_one_end(&rig.forge, KITH_CLIENT);
	rig_expect(&rig, ENDS ", client_isn, server_isn FROM connection",
		   "1|10.0.0.1|40000|2|10.0.0.2|80|3000000007|4000000007");
	rig_check("SELECT t(started), t(ended), bytes_to_server, established, joined, scope,"
		  " server_netns, client_opener_id, server_opener_id, error FROM connection",
		  "0|2000|500|1|tuple|same-host|4026531840|1|2|104");
	end();
}
END_TEST

/* The dump may look at it just before its end, and be read after. */
START_TEST(over_is_over)
{
	begin();
	forge_connection(&rig.forge, 7, curl, nginx);
	forge_connection(&rig.forge, 7, worker, nginx)->ended = 0;
	rig_expect(&rig, "SELECT client_id, open FROM connection", "1|0");
	ck_assert_uint_eq(rig.ingest.sockets.open, 0);
	/* a later end is a better one */
	forge_connection(&rig.forge, 7, worker, nginx);
	rig_expect(&rig, "SELECT client_id, open, t(ended) FROM connection", "3|0|3000");
	end();
}
END_TEST

START_TEST(when_it_began_is_not_known)
{
	struct kith_connection *body;

	begin();
	body = forge_connection(&rig.forge, 7, curl, nginx);
	body->started = 0;
	body->ended = 0;
	forge_connection(&rig.forge, 8, curl, nginx)->started = 0;
	rig_expect(&rig, "SELECT t(started), t(ended), incomplete FROM connection", "1000|-|1\n"
										  "2000|2000|1");
	body = forge_connection(&rig.forge, 7, curl, nginx);
	body->started = 0;
	rig_expect(&rig, "SELECT t(started), t(ended), incomplete FROM connection LIMIT 1",
		   "1000|3000|1");
	end();
}
END_TEST

/* Of the one end that is known; the other address leads nowhere else, or far away. */
static const struct {
	const char *addr;
	const char *peer;
	const char *want;
} scopes[] = {
	{ "10.0.0.1", "8.8.8.8", "public" },
	{ "8.8.4.4", "10.0.0.9", "private" },
	{ "10.0.0.1", "100.64.1.1", "private" },
	{ "10.0.0.1", "127.0.0.1", "same-host" },
	{ "127.0.0.1", "127.8.8.8", "same-host" },
	{ "::1", "::1", "same-host" },
	{ "8.8.8.8", "8.8.8.8", "same-host" },
	{ "0.0.0.0", "0.0.0.0", "same-host" },
	{ "10.0.0.1", "0.0.0.0", "private" },
	{ "2001:db8::1", "fe80::1", "private" },
	{ "2001:db8::1", "fd00::1", "private" },
	{ "fd00::1", "2001:db8::1", "public" },
	{ "10.0.0.1", "224.0.0.1", "private" },
};

START_TEST(scope_of_one_end)
{
	struct kith_connection *body;
	unsigned int side;

	begin();
	for (side = KITH_CLIENT; side < KITH_SIDES; side++) {
		body = forge_connection(&rig.forge, 7 + side, curl, nginx);
		forge_one_end(&rig.forge, side);
		forge_address(body->ends[side].addr, scopes[_i].addr);
		forge_address(body->ends[side].peer_addr, scopes[_i].peer);
	}
	rig_expect(&rig, "SELECT DISTINCT scope FROM connection", scopes[_i].want);
	end();
}
END_TEST

#define DOCKER(letter)                                                                   \
	"/system.slice/docker-" letter "0123456789abcdef0123456789abcdef0123456789abcdef" \
	"0123456789abcde.scope"

/* Paths of the control groups of both; a runtime makes containers, systemd does not. */
static const struct {
	const char *client;
	const char *server; /* NULL: the same group */
	const char *want;
} houses[] = {
	{ DOCKER("a"), DOCKER("a"), "same-container" },
	{ DOCKER("a"), NULL, "same-container" },
	{ DOCKER("a"), DOCKER("b"), "same-host" },
	{ DOCKER("a") "/init.scope", DOCKER("a") "/system.slice/x.service", "same-container" },
	{ "/system.slice/x.service", "/system.slice/x.service", "same-host" },
	{ "/system.slice/x.service", NULL, "same-host" },
	{ "/system.slice/x.service", DOCKER("a"), "same-host" },
	{ DOCKER("a"), "/system.slice/x.service", "same-host" },
	{ "/", "/", "same-host" },
};

static void move_to(uint64_t process, uint64_t cgroup, const char *path)
{
	if (path)
		forge_cgroup(&rig.forge, cgroup, path);
	forge_attach(&rig.forge, process, process, cgroup);
}

START_TEST(scope_of_containers)
{
	begin();
	move_to(curl, 100, houses[_i].client);
	move_to(nginx, houses[_i].server ? 101 : 100, houses[_i].server);
	forge_connection(&rig.forge, 7, curl, nginx);
	rig_expect(&rig, "SELECT scope FROM connection", houses[_i].want);
	/* the paths are read from the database then */
	rig_restart(&rig);
	forge_connection(&rig.forge, 8, curl, nginx);
	rig_expect(&rig, "SELECT scope FROM connection WHERE connection_id = 2",
		   houses[_i].want);
	end();
}
END_TEST

/* What was told once goes for that time: who moves on was there then. */
START_TEST(scope_of_a_mover)
{
	begin();
	move_to(curl, 100, DOCKER("a"));
	move_to(nginx, 100, NULL);
	forge_connection(&rig.forge, 7, curl, nginx)->ended = 0;
	move_to(nginx, 101, DOCKER("b"));
	forge_connection(&rig.forge, 8, curl, nginx);
	forge_connection(&rig.forge, 7, curl, nginx);
	rig_expect(&rig, "SELECT scope FROM connection", "same-container\nsame-host");
	end();
}
END_TEST

START_TEST(same_routes_are_one)
{
	begin();
	forge_connection(&rig.forge, 7, curl, nginx);
	forge_connection(&rig.forge, 8, nginx, curl);
	forge_connection(&rig.forge, 9, curl, nginx)->ends[KITH_CLIENT].netns = 9;
	rig_expect(&rig, "SELECT route FROM connections", "1\n1\n2");
	rig_restart(&rig);
	forge_connection(&rig.forge, 10, curl, nginx);
	rig_expect(&rig, "SELECT max(id), count(*) FROM routes", "3|3");
	end();
}
END_TEST

START_TEST(uses)
{
	struct kith_connection *body;
	uint64_t started;

	begin();
	body = forge_connection(&rig.forge, 7, curl, nginx);
	started = body->started;
	body->ended = 0;
	forge_use(&rig.forge, 7, KITH_SERVER, worker);
	forge_use(&rig.forge, 7, KITH_CLIENT, worker);
	rig_expect(&rig, "SELECT connection_id, side, process_id, sent, received, t(first),"
			 " t(last) FROM connection_use",
		   "1|client|3|7|8|2000|3000\n1|server|3|7|8|1000|2000");
	/* told again, and after the end */
	forge_connection(&rig.forge, 7, curl, nginx)->started = started;
	forge_use(&rig.forge, 7, KITH_SERVER, worker)->sent = 70;
	rig_expect(&rig, "SELECT connection_id, side, process_id, sent FROM connection_use",
		   "1|client|3|7\n1|server|3|70");
	end();
}
END_TEST

START_TEST(use_of_the_unknown)
{
	begin();
	forge_use(&rig.forge, 7, KITH_SERVER, worker);
	rig_expect(&rig, "SELECT count(*) FROM connection_use", "0");
	rig_check("SELECT received FROM account WHERE class = 'connection'", "1");
	end();
}
END_TEST

START_TEST(listeners)
{
	struct kith_listener *body;
	uint64_t started;

	begin();
	body = forge_listener(&rig.forge, 5, nginx);
	started = body->started;
	body = forge_listener(&rig.forge, 6, 0);
	body->started = 0;
	body->netns = 0;
	forge_address(body->addr, "::");
	rig_expect(&rig, "SELECT process_id, protocol, addr, port, t(started), t(ended),"
			 " listener_id, netns, open, gone, incomplete, boot_id FROM listener",
		   "2|tcp|10.0.0.2|80|0|-|1|4026531840|1|0|0|1\n"
		   "-|tcp|::|80|2000|-|2|-|1|0|1|1");
	body = forge_listener(&rig.forge, 5, nginx);
	body->started = started;
	body->ended = rig.forge.now;
	rig_expect(&rig, "SELECT t(started), t(ended), open FROM listener",
		   "0|4000|0\n2000|-|1");
	end();
}
END_TEST

/* A listener that has begun and ended before anybody told. */
START_TEST(brief_listener)
{
	struct kith_listener *body;

	begin();
	body = forge_listener(&rig.forge, 5, nginx);
	body->ended = rig.forge.now;
	forge_listener(&rig.forge, 5, nginx);
	rig_expect(&rig, "SELECT t(started), t(ended), open FROM listener", "0|2000|0");
	end();
}
END_TEST

static void add_ends(Suite *suite)
{
	unit_add(suite, both_ends);
	unit_add_rows(suite, one_end, UNIT_COUNT(one_ended));
	unit_add_rows(suite, bytes, UNIT_COUNT(counted));
	unit_add(suite, translated);
	unit_add(suite, ipv6);
	unit_add_rows(suite, who_opened, UNIT_COUNT(openers));
	unit_add(suite, refused);
	unit_add(suite, flows);
	unit_add_rows(suite, scope_of_one_end, UNIT_COUNT(scopes));
	unit_add_rows(suite, scope_of_containers, UNIT_COUNT(houses));
	unit_add(suite, scope_of_a_mover);
	unit_add(suite, same_routes_are_one);
}

int main(void)
{
	Suite *suite = suite_create("connection");

	add_ends(suite);
	unit_add_rows(suite, goes_on, 2);
	unit_add(suite, knows_less_later);
	unit_add(suite, over_is_over);
	unit_add(suite, when_it_began_is_not_known);
	unit_add(suite, uses);
	unit_add(suite, use_of_the_unknown);
	unit_add(suite, listeners);
	unit_add(suite, brief_listener);
	return unit_run(suite);
}
