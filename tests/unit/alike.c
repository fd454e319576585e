// SPDX-License-Identifier: GPL-2.0-only
/* What is taken from the conversation before is what would have been found out. */
#include "rig.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CURL = 500, NGINX = 501, FEED = 64 };

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

/* Another record, after which nothing is taken from before; or as much time without. */
static void part(bool apart)
{
	if (apart)
		forge_made(&rig.forge, curl, 16, 3, 0);
	else
		rig.forge.now += RIG_STEP;
}

static struct kith_connection *forge_of(unsigned int protocol, uint64_t id, const char *name)
{
	if (protocol == KITH_PROTOCOL_TCP)
		return forge_connection(&rig.forge, id, curl, nginx);
	return forge_unix(&rig.forge, id, protocol, (struct slice){ name, strlen(name) });
}

/* For each bit of a record: one as it is, and one in which that bit is another. */
static void forge_bits(unsigned int protocol, bool apart)
{
	size_t bit = offsetof(struct kith_connection, started) * 8;
	uint64_t id = 1;

	for (; bit < sizeof(struct kith_connection) * 8; bit++) {
		uint8_t *body;

		part(apart);
		forge_of(protocol, id++, "/run/s");
		part(apart);
		body = (uint8_t *)forge_of(protocol, id++, bit % 2 ? "/run/s" : "/run/t");
		body[bit / 8] = (uint8_t)(body[bit / 8] ^ 1 << bit % 8);
		if (bit % FEED == 0)
			rig_feed(&rig);
	}
	rig_feed(&rig);
	rig_commit(&rig);
}

#define ALL                                                                                \
	"SELECT protocol, started, ended, client_id, client_addr, client_port, server_id," \
	" server_addr, server_port, server_name, bytes_to_server, bytes_to_client, scope," \
	" client_netns, server_netns, client_opener_id, server_opener_id, established,"    \
	" error, joined, dialled_addr, dialled_port, seen_addr, seen_port, client_isn,"    \
	" server_isn, open, gone, incomplete FROM connection ORDER BY connection_id"

static char *tell(unsigned int protocol, bool apart)
{
	char *rows;

	begin();
	forge_bits(protocol, apart);
	rows = rig_rows(ALL);
	rig_close(&rig);
	ck_assert_int_eq(unlink(unit_path("kith.db")), 0);
	return rows;
}

static const unsigned int protocols[] = { KITH_PROTOCOL_TCP, KITH_PROTOCOL_UNIX_STREAM };

START_TEST(each_bit)
{
	char *together = tell(protocols[_i], false), *apart = tell(protocols[_i], true);

	ck_assert_str_eq(together, apart);
	ck_assert_uint_gt(strlen(together), 100000);
	free(together);
	free(apart);
}
END_TEST

/* What was found out and then rolled back is no more. */
START_TEST(rolled_back)
{
	begin();
	forge_connection(&rig.forge, 1, curl, nginx);
	rig_feed(&rig);
	ck_assert_int_eq(ingest_reset(&rig.ingest), 0);
	rig_attach(&rig);
	forge_connection(&rig.forge, 2, curl, nginx);
	rig_expect(&rig, "SELECT connection_id, client_addr, server_addr FROM connection",
		   "1|10.0.0.1|10.0.0.2");
	rig_close(&rig);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("alike");

	unit_add_rows(suite, each_bit, UNIT_COUNT(protocols));
	unit_add(suite, rolled_back);
	return unit_run(suite);
}
