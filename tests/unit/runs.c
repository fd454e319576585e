// SPDX-License-Identifier: GPL-2.0-only
/* Conversations by the thousand between two processes: few rows, and nothing left out. */
#include "rig.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { CURL = 500, NGINX = 501, MANY = 200 };

static struct rig rig;
static uint64_t curl, nginx;
static uint64_t random_state;

static void begin(void)
{
	rig_open(&rig);
	curl = forge_key(RIG_AT(50), CURL);
	nginx = forge_key(RIG_AT(51), NGINX);
	forge_process(&rig.forge, curl, 0, "/bin/curl");
	forge_process(&rig.forge, nginx, 0, "/bin/nginx");
	rig_dumped(&rig);
	rig.forge.now = RIG_NOW + RIG_STEP;
	random_state = 42;
}

static void end(void)
{
	ck_assert_uint_eq(rig.ingest.bad_records, 0);
	rig_close(&rig);
}

/* xorshift64*, Vigna 2014; of any number of bits */
static uint64_t draw(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * UINT64_C(2685821657736338717) >> (random_state >> 7) % 64;
}

static struct kith_connection *forge_like(uint64_t id, unsigned int protocol)
{
	struct kith_connection *body;
	const struct slice name = FORGE_NAME("/run/s");

	if (protocol == KITH_PROTOCOL_TCP || protocol == KITH_PROTOCOL_UDP) {
		body = forge_connection(&rig.forge, id, curl, nginx);
		body->protocol = (uint8_t)protocol;
		body->ends[KITH_CLIENT].port = (uint16_t)draw();
		body->ends[KITH_SERVER].peer_port = (uint16_t)draw();
		return body;
	}
	body = forge_unix(&rig.forge, id, protocol, name);
	body->ends[KITH_CLIENT].process = body->ends[KITH_CLIENT].opener = curl;
	body->ends[KITH_SERVER].process = body->ends[KITH_SERVER].opener = nginx;
	return body;
}

/* One with numbers of all sizes. */
static void forge_any(uint64_t id, unsigned int protocol)
{
	struct kith_connection *body = forge_like(id, protocol);

	body->started -= draw() % RIG_STEP;
	body->ended = body->started + (draw() >> 16);
	body->ends[KITH_SERVER].received = draw();
	body->ends[KITH_CLIENT].received = draw();
	body->client_isn = (uint32_t)draw();
	body->server_isn = (uint32_t)draw();
	if (protocol == KITH_PROTOCOL_UDP)
		forge_datagrams(&rig.forge, draw(), draw());
}

#define ALL                                                                                \
	"SELECT protocol, t(started), t(ended), client_id, client_addr, client_port,"      \
	" server_id, server_addr, server_port, server_name, bytes_to_server,"              \
	" bytes_to_client, scope, client_opener_id, server_opener_id, established, error," \
	" joined, seen_port, client_isn, server_isn, open, gone, incomplete, boot_id,"     \
	" datagrams_to_server, datagrams_to_client FROM connection ORDER BY connection_id"

/* What the view says of @count such, if they are committed together or one by one. */
static char *tell(unsigned int protocol, unsigned int count, bool apart)
{
	unsigned int i;

	begin();
	for (i = 0; i < count; i++) {
		forge_any(i + 1, protocol);
		if (!apart && i % 50 < 49)
			continue;
		rig_feed(&rig);
		if (apart)
			rig_commit(&rig);
	}
	rig_feed(&rig);
	rig_commit(&rig);
	return rig_rows(ALL);
}

static const unsigned int protocols[] = {
	KITH_PROTOCOL_TCP,
	KITH_PROTOCOL_UDP,
	KITH_PROTOCOL_UNIX_STREAM,
};

/* Whether they share rows or not, the view says the same. */
START_TEST(nothing_left_out)
{
	char *together, *apart;

	together = tell(protocols[_i], MANY, false);
	rig_check("SELECT sum(count), max(count), count(*), count(DISTINCT route)"
		  " FROM connection_runs",
		  "193|36|6|1");
	rig_check("SELECT count(*), count(DISTINCT connection_id), count(run_id),"
		  " sum(connection_id BETWEEN run_id AND run_id + 35) FROM connection",
		  "200|200|193|193");
	end();
	ck_assert_int_eq(unlink(unit_path("kith.db")), 0);
	apart = tell(protocols[_i], MANY, true);
	rig_check("SELECT count(*) FROM connection_runs", "0");
	end();
	ck_assert_str_eq(together, apart);
	free(together);
	free(apart);
}
END_TEST

/* @count alike, of 100 bytes to the server and 2000 to the client. */
static void forge_alike(uint64_t first, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		forge_connection(&rig.forge, first + i, curl, nginx);
}

/* A run is two flows; those that have rows of their own are two each. */
START_TEST(flows)
{
	begin();
	forge_alike(1, 7 + 10);
	rig_expect(&rig, "SELECT count(*), sum(bytes) FROM flow WHERE source_id = 1", "8|1700");
	rig_check("SELECT count(*), sum(bytes) FROM flow WHERE source_id = 2", "8|34000");
	rig_check("SELECT t(first), t(last), bytes, via, object FROM flow"
		  " WHERE source_id = 1 AND connection_id >= 8",
		  "7000|17000|1000|tcp|10.0.0.2:80");
	end();
}
END_TEST

/* Numbers go on behind those that a run has set aside, after a restart too. */
START_TEST(numbers)
{
	begin();
	forge_alike(1, 10);
	rig_expect(&rig, "SELECT group_concat(connection_id) FROM connection",
		   "1,2,3,4,5,6,7,8,9,10");
	rig_restart(&rig);
	rig_attach(&rig);
	forge_alike(11, 2);
	rig_expect(&rig, "SELECT group_concat(connection_id) FROM connection"
			 " WHERE run_id IS NULL",
		   "1,2,3,4,5,6,7,44,45");
	end();
}
END_TEST

/* They are many as long as many come: then from the first on, and no more when few do. */
START_TEST(many_of_late)
{
	unsigned int i;

	begin();
	forge_alike(1, 20);
	rig_expect(&rig, "SELECT count(*), count(run_id) FROM connection", "20|13");
	forge_alike(21, 5);
	rig_expect(&rig, "SELECT count(*), count(run_id) FROM connection", "25|18");
	for (i = 0; i < 8; i++) {
		rig_commit(&rig);
		forge_alike(30 + i, 1);
		rig_feed(&rig);
	}
	rig_commit(&rig);
	rig_check("SELECT count(*), count(run_id) FROM connection", "33|19");
	end();
}
END_TEST

/* What differs in more than numbers, or goes on, is no part of a run. */
START_TEST(not_alike)
{
	unsigned int i;

	begin();
	for (i = 0; i < 40; i++) {
		struct kith_connection *body =
			forge_connection(&rig.forge, i + 1, curl, nginx);

		if (i % 4 == 1)
			body->error = ECONNRESET;
		if (i % 4 == 2)
			body->ends[KITH_CLIENT].opener = nginx;
		if (i % 4 == 3)
			body->ended = 0;
	}
	rig_expect(&rig, "SELECT error, client_opener_id, open, count(*), count(run_id)"
			 " FROM connection GROUP BY 1, 2, 3",
		   "-|1|0|10|3\n-|1|1|10|0\n-|2|0|10|3\n104|1|0|10|3");
	rig_check("SELECT count(*), max(count) FROM connection_runs", "3|3");
	end();
}
END_TEST

/* Another user of one that is in a run, told of after its end, finds it. */
START_TEST(users)
{
	begin();
	forge_alike(1, 9);
	forge_use(&rig.forge, 9, KITH_CLIENT, nginx);
	rig_expect(&rig, "SELECT connection_id - run_id, bytes_to_client, process_id, side"
			 " FROM connection JOIN connection_use USING (connection_id)",
		   "1|2000|2|client");
	end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runs");

	unit_add_rows(suite, nothing_left_out, UNIT_COUNT(protocols));
	unit_add(suite, flows);
	unit_add(suite, numbers);
	unit_add(suite, many_of_late);
	unit_add(suite, not_alike);
	unit_add(suite, users);
	return unit_run(suite);
}
