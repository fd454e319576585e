// SPDX-License-Identifier: GPL-2.0-only
/* Records of sockets that no module sends, too many of them, and rows that others take. */
#include "rig.h"

#include <errno.h>
#include <string.h>

enum { CURL = 500, NGINX = 501 };

static struct rig rig;
static uint64_t curl, nginx;

static void dump_processes(void)
{
	forge_process(&rig.forge, curl, 0, "/bin/curl");
	forge_process(&rig.forge, nginx, 0, "/bin/nginx");
	rig_dumped(&rig);
}

static void begin(void)
{
	rig_open(&rig);
	curl = forge_key(RIG_AT(50), CURL);
	nginx = forge_key(RIG_AT(51), NGINX);
	dump_processes();
	rig.forge.now = RIG_NOW + RIG_STEP;
}

static void forge_open(uint64_t id)
{
	forge_connection(&rig.forge, id, curl, nginx)->ended = 0;
}

/* Things that no module says. */
static void forge_nonsense(int what)
{
	struct kith_connection *body = NULL;
	struct kith_listener *listener;

	switch (what) {
	case 0:
		forge_connection(&rig.forge, 0, curl, nginx);
		break;
	case 1:
		body = forge_connection(&rig.forge, 7, curl, nginx);
		body->flags = KITH_CONNECTION_ESTABLISHED | KITH_CONNECTION_FOUND;
		break;
	case 2: /* one that is a listener */
		forge_connection(&rig.forge, 5, curl, nginx);
		break;
	case 3: /* one that is a conversation */
		forge_listener(&rig.forge, 6, nginx);
		break;
	case 4:
		listener = forge_listener(&rig.forge, 0, nginx);
		listener->ended = 1;
		break;
	case 5:
		forge_use(&rig.forge, 6, KITH_SIDES, nginx);
		break;
	case 6:
		forge_use(&rig.forge, 6, 0xffffffff, nginx);
		break;
	case 7: /* a pipe has no sides */
		forge_use(&rig.forge, 8, KITH_SERVER, nginx);
		break;
	case 8:
		forge_pipe(&rig.forge, 0, curl, nginx);
		break;
	case 9: /* one that is a conversation */
		forge_pipe(&rig.forge, 6, curl, nginx);
		break;
	case 10: /* one that is a pipe */
		forge_connection(&rig.forge, 8, curl, nginx);
		break;
	case 11:
		forge_listener(&rig.forge, 8, nginx);
		break;
	case 12: /* nobody made them */
		forge_made(&rig.forge, 0, 17, 3, 0);
		break;
	case 13: /* none */
		forge_made(&rig.forge, nginx, 17, 3, 0)->count = 0;
		break;
	default:
		forge_use(&rig.forge, 5, KITH_CLIENT, nginx);
	}
}

enum { NONSENSES = 15 };

START_TEST(nonsense)
{
	begin();
	forge_listener(&rig.forge, 5, nginx);
	forge_open(6);
	forge_pipe(&rig.forge, 8, curl, nginx)->ended = 0;
	rig_feed(&rig);
	forge_nonsense(_i);
	rig_feed(&rig);
	rig_commit(&rig);
	ck_assert_uint_eq(rig.ingest.bad_records, 1);
	rig_check("SELECT (SELECT count(*) FROM connection), (SELECT count(*) FROM listener),"
		  " (SELECT count(*) FROM connection_use), (SELECT count(*) FROM pipe),"
		  " (SELECT count(*) FROM pipe_use), (SELECT count(*) FROM socket_made)",
		  "1|1|0|1|0|0");
	rig_check("SELECT received FROM account WHERE class = 'connection'", "4");
	rig_close(&rig);
}
END_TEST

/* Everything is as large as can be, or of a newer module. */
START_TEST(extremes)
{
	struct kith_connection *body;
	struct kith_listener *listener;
	struct kith_use *use;

	begin();
	body = forge_connection(&rig.forge, UINT64_MAX, UINT64_MAX, UINT64_MAX);
	memset(body->ends, 0xff, sizeof(body->ends));
	body->flags = 0xff;
	body->protocol = 0xff;
	body->error = 0xffff;
	body->client_isn = UINT32_MAX;
	body->server_isn = UINT32_MAX;
	body->ended = 0;
	body->started = UINT64_MAX;
	use = forge_use(&rig.forge, UINT64_MAX, KITH_SERVER, UINT64_MAX);
	memset(&use->sent, 0xff, 32);
	listener = forge_listener(&rig.forge, INT64_MAX, UINT64_MAX);
	memset(&listener->started, 0xff, sizeof(*listener) - 16);
	rig_feed(&rig);
	rig_commit(&rig);
	rig_restart(&rig);
	rig_check("SELECT protocol, client_addr, server_addr, server_port, client_port, seen_port,"
		  " dialled_port, bytes_to_server, bytes_to_client, scope, error, client_isn,"
		  " server_isn, client_netns, joined, established, open, incomplete"
		  " FROM connection",
		  "-|ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff|"
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff|65535|65535|65535|65535|"
		  "9223372036854775807|9223372036854775807|same-host|65535|4294967295|4294967295|"
		  "4294967295|tuple|1|1|0");
	rig_check("SELECT sent, received FROM connection_use",
		  "9223372036854775807|9223372036854775807");
	rig_check("SELECT protocol, port, netns, open FROM listener", "-|65535|4294967295|0");
	ck_assert_uint_eq(rig.ingest.sockets.open, 1);
	body = forge_connection(&rig.forge, UINT64_MAX, 0, 0);
	body->ended = 1; /* before it began, by any clock */
	rig_expect(&rig, "SELECT error, bytes_to_server, open, ended >= started FROM connection",
		   "-|100|0|1");
	rig_close(&rig);
}
END_TEST

/* Ends that come before beginnings, in whatever order they are told. */
static const struct {
	uint64_t started;
	uint64_t ended;
	const char *want;
} times[] = {
	{ RIG_NOW + 5, RIG_NOW, "5|5" },
	{ RIG_NOW, RIG_NOW, "0|0" },
	{ 1, RIG_NOW, "-107374182399|0" },
	{ UINT64_MAX, 1, "-107374182401|-107374182399" },
};

START_TEST(times_anywhere)
{
	struct kith_connection *body;

	begin();
	body = forge_connection(&rig.forge, 7, curl, nginx);
	body->started = times[_i].started;
	body->ended = times[_i].ended;
	rig_expect(&rig, "SELECT t(started), t(ended) FROM connection", times[_i].want);
	rig_close(&rig);
}
END_TEST

/* More than are remembered are over between the two; then there is no row to go on with. */
START_TEST(many)
{
	unsigned int i;

	begin();
	forge_open(1);
	for (i = 2; i < 3 * SOCKETS_CLOSED; i++) {
		forge_connection(&rig.forge, i, curl, nginx);
		if (i % 500 == 0)
			rig_feed(&rig);
		if (i % 4000 == 0)
			rig_commit(&rig);
	}
	forge_connection(&rig.forge, 1, curl, nginx);
	forge_use(&rig.forge, 2, KITH_CLIENT, nginx);
	rig_expect(&rig, "SELECT count(*), count(DISTINCT connection_id), sum(open)"
			 " FROM connection",
		   "24575|24575|0");
	rig_check("SELECT count(*) FROM connection_use", "0");
	ck_assert_uint_eq(rig.ingest.sockets.open, 0);
	rig_close(&rig);
}
END_TEST

/* A row that somebody has taken away is no reason to stop. */
START_TEST(deleted_rows)
{
	begin();
	forge_open(7);
	forge_open(8);
	rig_feed(&rig);
	rig_commit(&rig);
	rig_write("DELETE FROM connections WHERE id = 1");
	forge_connection(&rig.forge, 7, curl, nginx);
	rig_expect(&rig, "SELECT connection_id FROM connection", "2");
	rig_write("DELETE FROM connections");
	dump_processes();
	rig_check("SELECT count(*) FROM connection", "0");
	/* numbers that we know are void */
	rig_write("INSERT INTO connections (id) VALUES (1000)");
	forge_connection(&rig.forge, 9, curl, nginx);
	forge_connection(&rig.forge, 10, curl, nginx);
	ck_assert_int_eq(rig_try(&rig), -EIO);
	ck_assert_str_eq(store_error(rig.store), "somebody else has changed it");
	ck_assert_int_eq(ingest_reset(&rig.ingest), 0);
	rig_attach(&rig);
	rig_expect(&rig, "SELECT connection_id FROM connection", "1000\n1001\n1002");
	rig_close(&rig);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sockets_odd");

	unit_add_rows(suite, nonsense, NONSENSES);
	unit_add(suite, extremes);
	unit_add_rows(suite, times_anywhere, UNIT_COUNT(times));
	unit_add(suite, many);
	unit_add(suite, deleted_rows);
	return unit_run(suite);
}
