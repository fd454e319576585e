// SPDX-License-Identifier: GPL-2.0-only
/* Conversations that outlive kithd, the module's load or their last record. */
#include "program.h"
#include "recording.h"
#include "rig.h"

#include <stdlib.h>
#include <string.h>

enum { CURL = 500, NGINX = 501 };

static struct rig rig;
static uint64_t curl, nginx;

static void forge_processes(void)
{
	forge_process(&rig.forge, curl, 0, "/bin/curl");
	forge_process(&rig.forge, nginx, 0, "/bin/nginx");
}

static void begin(void)
{
	rig_open(&rig);
	curl = forge_key(RIG_AT(50), CURL);
	nginx = forge_key(RIG_AT(51), NGINX);
	forge_processes();
	rig_dumped(&rig);
	rig.forge.now = RIG_NOW + RIG_STEP;
}

static struct kith_connection *forge_open(uint64_t id)
{
	struct kith_connection *body = forge_connection(&rig.forge, id, curl, nginx);

	body->started = RIG_NOW;
	body->ended = 0;
	return body;
}

/* As another load of the module finds it. */
static struct kith_connection *forge_found(uint64_t id)
{
	struct kith_connection *body = forge_open(id);

	body->started = 0;
	body->flags |= KITH_CONNECTION_FOUND;
	body->client_isn = 0;
	body->server_isn = 0;
	body->ends[KITH_CLIENT].opener = 0;
	body->ends[KITH_SERVER].opener = 0;
	return body;
}

/* What is in the forge is what the dump has of sockets, besides all processes. */
static void dump_forged(void)
{
	static char records[FORGE_BYTES];
	size_t size = rig.forge.used;
	uint64_t now = rig.forge.now;

	memcpy(records, rig.forge.data, size);
	forge_clear(&rig.forge);
	rig.forge.now = ((const struct kith_record *)records)->ts;
	forge_process(&rig.forge, curl, 0, "/bin/curl");
	rig.forge.now -= FORGE_STEP_NS;
	forge_process(&rig.forge, nginx, 0, "/bin/nginx");
	rig.forge.now = now;
	memcpy(rig.forge.data + rig.forge.used, records, size);
	rig.forge.used += size;
	rig_dumped(&rig);
}

static void dump_without_sockets(void)
{
	forge_processes();
	rig_dumped(&rig);
}

#define ROWS                                                                          \
	"SELECT connection_id, t(started), t(ended), bytes_to_server, open, gone, incomplete" \
	" FROM connection"

START_TEST(restart_in_the_middle)
{
	begin();
	forge_open(7);
	forge_connection(&rig.forge, 8, curl, nginx);
	rig_feed(&rig);
	rig_commit(&rig);
	rig_restart(&rig);
	ck_assert_uint_eq(rig.ingest.sockets.open, 1);
	forge_open(7)->ends[KITH_SERVER].received = 120;
	dump_forged();
	forge_connection(&rig.forge, 9, curl, nginx);
	forge_open(7)->ended = rig.forge.now;
	rig_expect(&rig, ROWS, "1|0|6000|100|0|0|0\n2|1000|2000|100|0|0|0\n3|3000|4000|100|0|0|0");
	rig_close(&rig);
}
END_TEST

/* It was not committed: the module sends it again, and it is there once. */
START_TEST(again_after_a_failure)
{
	begin();
	rig.forge.ring = 1;
	forge_open(7);
	ck_assert_int_eq(rig_try(&rig), 0);
	ck_assert_int_eq(ingest_reset(&rig.ingest), 0);
	rig_attach(&rig);
	forge_connection(&rig.forge, 8, curl, nginx);
	rig_feed(&rig);
	ck_assert_int_eq(ingest_reset(&rig.ingest), 0);
	rig_attach(&rig);
	rig.forge.seqs[1] = 1;
	forge_connection(&rig.forge, 8, curl, nginx);
	forge_open(7)->ends[KITH_SERVER].received = 200;
	ck_assert_int_eq(rig_try(&rig), 0);
	ck_assert_int_eq(rig_try(&rig), 0); /* nothing of it is new */
	rig_check("SELECT connection_id, bytes_to_server FROM connection", "1|200\n2|100");
	rig_check("SELECT received FROM account WHERE class = 'connection'", "3");
	rig_close(&rig);
}
END_TEST

/* Neither in the dump nor told of since: it ended, and nobody saw when. */
START_TEST(ended_unseen)
{
	begin();
	forge_open(7);
	forge_open(8);
	forge_listener(&rig.forge, 5, nginx);
	rig_feed(&rig);
	if (_i)
		rig_commit(&rig);
	forge_open(8)->ends[KITH_SERVER].received = 120;
	dump_forged();
	rig_check(ROWS, "1|0|-|100|0|1|0\n2|0|-|120|1|0|0");
	rig_check("SELECT open, gone FROM listener", "0|1");
	ck_assert_uint_eq(rig.ingest.sockets.open, 1);
	rig_check("SELECT count(number) FROM connections", "1");
	/* it stays away */
	rig_restart(&rig);
	ck_assert_uint_eq(rig.ingest.sockets.open, 1);
	rig_close(&rig);
}
END_TEST

/* Told of after the dump was made, or first told of since it was asked for. */
START_TEST(too_young_for_the_dump)
{
	begin();
	forge_open(7);
	forge_listener(&rig.forge, 5, nginx);
	rig_feed(&rig);
	rig.forge.now += 3000;
	forge_processes();
	rig_dump(&rig);
	rig_caught(&rig, 4);
	rig.forge.now -= 2500;
	forge_open(8);
	rig.forge.now += 2500;
	forge_open(7);
	forge_listener(&rig.forge, 5, nginx);
	rig_feed(&rig);
	rig_commit(&rig);
	rig_check("SELECT gone FROM connection", "0\n0");
	rig_check("SELECT gone FROM listener", "0");
	rig_check("SELECT dumped IS NOT NULL FROM loads", "1");
	rig_close(&rig);
}
END_TEST

/* Told of before the dump was made, and not in it. */
START_TEST(old_enough_for_the_dump)
{
	begin();
	forge_open(7);
	rig_feed(&rig);
	rig.forge.now += 3000;
	forge_processes();
	rig_dump(&rig);
	rig_caught(&rig, 2);
	rig.forge.now -= 4000;
	forge_open(7);
	rig_feed(&rig);
	rig_commit(&rig);
	rig_check("SELECT gone FROM connection", "1");
	rig_close(&rig);
}
END_TEST

/* The record came after all: of its end, or it goes on. */
START_TEST(gone_and_back)
{
	begin();
	forge_open(7);
	forge_listener(&rig.forge, 5, nginx);
	rig_feed(&rig);
	rig_commit(&rig);
	dump_without_sockets();
	rig_check("SELECT gone FROM connection UNION ALL SELECT gone FROM listener", "1\n1");
	forge_open(7);
	forge_listener(&rig.forge, 5, nginx);
	rig_expect(&rig, "SELECT open, gone FROM connection UNION ALL SELECT open, gone"
			 " FROM listener", "1|0\n1|0");
	ck_assert_uint_eq(rig.ingest.sockets.open, 2);
	dump_without_sockets();
	forge_connection(&rig.forge, 7, curl, nginx);
	forge_listener(&rig.forge, 5, nginx)->ended = rig.forge.now;
	rig_expect(&rig, "SELECT ended IS NULL, gone FROM connection UNION ALL"
			 " SELECT ended IS NULL, gone FROM listener", "0|0\n0|0");
	rig_close(&rig);
}
END_TEST

/* By both ends, or by one; what the other load did not see is kept. */
static const int known[] = { -1, KITH_CLIENT, KITH_SERVER };

START_TEST(found_by_another_load)
{
	struct kith_connection *body;

	begin();
	forge_open(7);
	body = forge_open(8);
	body->ends[KITH_CLIENT].port = 40001;
	body->ends[KITH_SERVER].peer_port = 40001;
	rig_feed(&rig);
	rig_commit(&rig);
	rig_reload(&rig, 78);
	rig_restart(&rig);
	ck_assert_uint_eq(rig.ingest.sockets.open, 0);
	forge_found(1000)->ends[KITH_SERVER].received = 333;
	if (known[_i] >= 0)
		forge_one_end(&rig.forge, (unsigned int)known[_i]);
	dump_forged();
	rig_check("SELECT connection_id, t(started), client_id, server_id, client_opener_id,"
		  " server_opener_id, client_isn, open, gone, incomplete FROM connection",
		  "1|0|1|2|1|2|3000000007|1|0|0\n2|0|1|2|1|2|3000000008|0|1|0");
	ck_assert_uint_eq(rig.ingest.sockets.open, 1);
	/* and it is known by its new number, after another restart as well */
	rig_restart(&rig);
	ck_assert_uint_eq(rig.ingest.sockets.open, 1);
	forge_found(1000)->ended = rig.forge.now;
	rig_expect(&rig, "SELECT ended IS NULL, open, gone FROM connection", "0|0|0\n1|0|1");
	rig_close(&rig);
}
END_TEST

/* Almost the same: another namespace, address, port, protocol, or the port used again. */
static void change(struct kith_connection *body, int what)
{
	struct kith_end *end = &body->ends[KITH_CLIENT];

	switch (what) {
	case 0:
		end->netns++;
		break;
	case 1:
		end->addr[15]++;
		break;
	case 2:
		end->peer_addr[15]++;
		break;
	case 3:
		end->port++;
		break;
	case 4:
		end->peer_port++;
		break;
	case 5:
		body->client_isn = 4711;
		break;
	case 6:
		body->protocol++;
		break;
	default:
		body->flags &= (uint8_t)~KITH_CONNECTION_FOUND;
	}
}

enum { CHANGES = 8 };

START_TEST(not_found_by_another_load)
{
	begin();
	forge_open(7);
	rig_feed(&rig);
	rig_commit(&rig);
	rig_reload(&rig, 78);
	rig_restart(&rig);
	change(forge_found(7), _i);
	forge_one_end(&rig.forge, KITH_CLIENT);
	dump_forged();
	rig_check("SELECT open, gone FROM connection", "0|1\n1|0");
	rig_check("SELECT incomplete FROM connection", "0\n1");
	rig_close(&rig);
}
END_TEST

START_TEST(listener_found_by_another_load)
{
	begin();
	forge_listener(&rig.forge, 5, nginx);
	forge_listener(&rig.forge, 6, curl);
	forge_listener(&rig.forge, 7, nginx)->port = 443;
	rig_feed(&rig);
	rig_commit(&rig);
	rig_reload(&rig, 78);
	rig_restart(&rig);
	forge_listener(&rig.forge, 1000, nginx)->started = 0;
	forge_listener(&rig.forge, 1001, curl)->started = 0;
	dump_forged();
	rig_check("SELECT listener_id, process_id, port, t(started), open, gone, incomplete"
		  " FROM listener",
		  "1|2|80|0|1|0|0\n2|1|80|1000|1|0|0\n3|2|443|2000|0|1|0");
	ck_assert_uint_eq(rig.ingest.sockets.open, 2);
	rig_close(&rig);
}
END_TEST

/* What was open when a boot was over is so no more, and does not weigh on later ones. */
START_TEST(another_boot)
{
	begin();
	forge_open(7);
	forge_listener(&rig.forge, 5, nginx);
	rig_feed(&rig);
	rig_commit(&rig);
	rig_reboot(&rig, '2');
	rig_restart(&rig);
	ck_assert_uint_eq(rig.ingest.sockets.open, 0);
	ck_assert_ptr_null(rig.ingest.sockets.orphans);
	forge_found(7);
	dump_forged();
	rig_check("SELECT boot_id, open, gone, t(ended) FROM connection", "1|0|1|-\n2|1|0|-");
	rig_check("SELECT boot_id, open, gone FROM listener", "1|0|1");
	rig_check("SELECT number FROM connections", "-\n7");
	rig_check("SELECT number FROM listeners", "-");
	rig_close(&rig);
}
END_TEST

/* Numbers are of one load: the same ones mean something else in the next. */
START_TEST(numbers_used_again)
{
	begin();
	forge_connection(&rig.forge, 7, curl, nginx);
	forge_open(8);
	rig_feed(&rig);
	rig_commit(&rig);
	rig_reload(&rig, 78);
	rig_attach(&rig);
	forge_connection(&rig.forge, 7, nginx, curl);
	forge_connection(&rig.forge, 8, nginx, curl);
	forge_listener(&rig.forge, 9, curl);
	rig_expect(&rig, "SELECT client_id, open FROM connection", "1|0\n1|1\n2|0\n2|0");
	rig_close(&rig);
}
END_TEST

/* Who has long ended, and of whom only the row is left, may stand in a late record. */
START_TEST(the_late_dead)
{
	uint64_t dead;
	unsigned int i;

	begin();
	dead = forge_key(RIG_NOW, 1000);
	for (i = 0; i < STATE_ENDED + 100; i++) {
		uint64_t key = forge_key(RIG_NOW, 1000 + i);

		forge_fork(&rig.forge, curl, key);
		forge_exit(&rig.forge, key, 0);
		if (i % 500)
			continue;
		rig_feed(&rig);
		rig_commit(&rig);
	}
	rig_feed(&rig);
	rig_commit(&rig);
	ck_assert_ptr_null(state_find(&rig.ingest.state, dead));
	if (_i)
		rig_restart(&rig);
	forge_connection(&rig.forge, 7, dead, nginx);
	rig_expect(&rig, "SELECT p.pid, p.ended IS NOT NULL FROM connection"
			 " JOIN process p ON p.process_id = client_id", "1000|1");
	rig_check("SELECT count(*) FROM process WHERE pid = 1000", "1");
	rig_close(&rig);
}
END_TEST

/* Ends may be among what was lost; sockets that are not watched are in no dump. */
static const struct {
	unsigned int class_;
	unsigned int cause;
	uint64_t want;
} losses[] = {
	{ KITH_CLASS_CONNECTION, KITH_LOSS_FULL, 1 },
	{ KITH_CLASS_CONNECTION, KITH_LOSS_OVERWRITTEN, 1 },
	{ KITH_CLASS_CONNECTION, KITH_LOSS_MISSED, 1 },
	{ KITH_CLASS_CONNECTION, KITH_LOSS_UNTRACKED, 0 },
	{ KITH_CLASS_FAILED_EXEC, KITH_LOSS_FULL, 0 },
};

START_TEST(a_loss_asks_for_a_dump)
{
	begin();
	forge_loss(&rig.forge, 0, losses[_i].class_, losses[_i].cause, 3);
	rig_feed(&rig);
	ck_assert_uint_eq(rig.ingest.lost_ends, losses[_i].want);
	rig_close(&rig);
}
END_TEST

static void record(struct recording *recording, enum source_event_kind kind, const void *data,
		   size_t size)
{
	const struct source_event event = {
		.kind = kind,
		.info = rig.info,
		.batch = { .number = 1,
			   .boot_ns = rig.forge.now,
			   .real_ns = (uint64_t)RIG_BOOT + rig.forge.now },
		.data = data,
		.size = size,
	};

	ck_assert_int_eq(recording_write(recording, &event), 0);
	forge_clear(&rig.forge);
}

/* A recording gives what life gave, and nothing more when it is taken again. */
START_TEST(replayed)
{
	const struct kith_position caught = { .ring = 0, .seq = 1 };
	struct recording *recording;
	int i;

	begin();
	forge_clear(&rig.forge);
	ck_assert_int_eq(recording_create(&recording, unit_path("recording")), 0);
	rig.info.load = 78;
	record(recording, SOURCE_STREAM, NULL, 0);
	rig.forge.ring = KITH_NO_RING;
	forge_processes();
	forge_found(7);
	forge_listener(&rig.forge, 5, nginx)->started = 0;
	record(recording, SOURCE_DUMP, rig.forge.data, rig.forge.used);
	rig.forge.ring = 0;
	forge_connection(&rig.forge, 8, curl, nginx);
	forge_found(7)->ended = rig.forge.now;
	forge_use(&rig.forge, 7, KITH_SERVER, curl);
	forge_exit(&rig.forge, curl, 0);
	record(recording, SOURCE_BATCH, rig.forge.data, rig.forge.used);
	record(recording, SOURCE_CAUGHT, &caught, sizeof(caught));
	ck_assert_int_eq(recording_close(recording), 0);
	rig_close(&rig);
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(run("kithd", DB, "--config", "/dev/null", "--replay",
				     unit_path("recording"), END),
				 0);
		rig_check("SELECT count(*) FROM process", "2");
		rig_check("SELECT connection_id, open, gone, incomplete FROM connection",
			  "1|0|0|1\n2|0|0|0");
		rig_check("SELECT connection_id, process_id FROM connection_use", "1|1");
		rig_check("SELECT count(*), sum(open) FROM listener", "1|1");
	}
}
END_TEST

static void add_restarts(Suite *suite)
{
	unit_add(suite, restart_in_the_middle);
	unit_add(suite, again_after_a_failure);
	unit_add_rows(suite, found_by_another_load, UNIT_COUNT(known));
	unit_add_rows(suite, not_found_by_another_load, CHANGES);
	unit_add(suite, listener_found_by_another_load);
	unit_add(suite, another_boot);
	unit_add(suite, numbers_used_again);
	unit_add_rows(suite, the_late_dead, 2);
}

int main(void)
{
	Suite *suite = suite_create("sockets");

	add_restarts(suite);
	unit_add_rows(suite, ended_unseen, 2);
	unit_add(suite, too_young_for_the_dump);
	unit_add(suite, old_enough_for_the_dump);
	unit_add(suite, gone_and_back);
	unit_add_rows(suite, a_loss_asks_for_a_dump, UNIT_COUNT(losses));
	unit_add(suite, replayed);
	return unit_run(suite);
}
