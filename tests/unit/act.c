// SPDX-License-Identifier: GPL-2.0-only
/* What processes did to others, and which sockets of other families they made. */
#include "program.h"
#include "rig.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum { GIVER = 500, TAKER = 501 };

static struct rig rig;
static uint64_t giver, taker;

static void begin(void)
{
	rig_open(&rig);
	giver = forge_key(RIG_AT(50), GIVER);
	taker = forge_key(RIG_AT(51), TAKER);
	forge_process(&rig.forge, giver, 0, "/bin/giver");
	forge_process(&rig.forge, taker, 0, "/bin/taker");
	rig_dumped(&rig);
	rig.forge.now = RIG_NOW;
}

static void end(void)
{
	ck_assert_uint_eq(rig.ingest.bad_records, 0);
	rig_close(&rig);
}

#define CONTROL "SELECT process_id, op, target_id, detail, connection_id, pipe_id FROM control"

static const struct {
	unsigned int op;
	const char *path;
	const char *want;
} acts[] = {
	{ KITH_CONTROL_FD_PASS, "/etc/shadow", "1|fd_pass|2|/etc/shadow|-|-" },
	{ KITH_CONTROL_FD_TAKE, "/etc/shadow", "1|fd_pass|2|taken: /etc/shadow|-|-" },
	{ KITH_CONTROL_FD_PASS, NULL, "1|fd_pass|2|-|-|-" },
	{ KITH_CONTROL_FD_TAKE, "\x1b\xff", "1|fd_pass|2|taken: \x1b\xff|-|-" },
	{ 4711, "/x", "1|-|2|/x|-|-" },
	{ 0, "/x", "1|-|2|/x|-|-" },
};

START_TEST(handed_over)
{
	begin();
	forge_control(&rig.forge, giver, acts[_i].op, taker, acts[_i].path);
	rig_expect(&rig, CONTROL, acts[_i].want);
	rig_check("SELECT t(ts) FROM control", "0");
	rig_check("SELECT received FROM account WHERE class = 'control'", "1");
	end();
}
END_TEST

/* Longer than any path of the kernel's. */
START_TEST(a_huge_path)
{
	static char path[50000];

	begin();
	memset(path, 'x', sizeof(path));
	forge_control(&rig.forge, giver, KITH_CONTROL_FD_PASS, taker, NULL);
	forge_item(&rig.forge, KITH_ITEM_PATH, path, sizeof(path));
	rig_expect(&rig, "SELECT length(detail) FROM control", "4096");
	end();
}
END_TEST

/* Beside acts on the sensor; who it was, or whom it was done to, may not be known. */
START_TEST(among_others)
{
	begin();
	forge_sensor(&rig.forge, KITH_SENSOR_POLICY, "x=1");
	forge_last(&rig.forge)->process = taker;
	forge_control(&rig.forge, 0, KITH_CONTROL_FD_PASS, 0, "/x");
	rig_expect(&rig, CONTROL, "2|sensor|-|policy set: x=1|-|-\n-|fd_pass|-|/x|-|-");
	end();
}
END_TEST

/* What was handed over is told of itself, if it is. */
static const struct {
	uint64_t object;
	const char *want;
} objects[] = {
	{ 7, "1|-" }, { 8, "-|1" }, { 9, "2|-" }, { 10, "-|2" }, { 11, "-|-" },
	{ 12, "-|-" }, { 0, "-|-" }, { UINT64_MAX, "-|-" },
};

START_TEST(what_was_handed_over)
{
	begin();
	forge_connection(&rig.forge, 7, giver, taker)->ended = 0;
	forge_pipe(&rig.forge, 8, giver, taker)->ended = 0;
	forge_connection(&rig.forge, 9, giver, taker);
	forge_pipe(&rig.forge, 10, giver, taker);
	forge_listener(&rig.forge, 11, giver);
	forge_control(&rig.forge, giver, KITH_CONTROL_FD_PASS, taker, "socket:[1]")->object =
		objects[_i].object;
	rig_expect(&rig, "SELECT connection_id, pipe_id FROM control", objects[_i].want);
	end();
}
END_TEST

/* As view socket_made has it. The protocol of a packet socket is in the network's order. */
static const struct {
	uint32_t family;
	uint32_t type;
	uint32_t protocol;
	const char *want;
} made[] = {
	{ 17, 3, 3, "packet|raw|3|ETH_P_ALL" },
	{ 17, 2, 0x0806, "packet|dgram|2054|ETH_P_ARP" },
	{ 17, 10, 0xffff, "packet|packet|65535|-" },
	{ 16, 3, 16, "netlink|raw|16|NETLINK_GENERIC" },
	{ 16, 2, 0, "netlink|dgram|0|NETLINK_ROUTE" },
	{ 40, 1, 0, "vsock|stream|0|-" },
	{ 31, 3, 1, "bluetooth|raw|1|BTPROTO_HCI" },
	{ 38, 5, 0, "alg|seqpacket|0|-" },
	{ 2, 3, 1, "inet|raw|1|IPPROTO_ICMP" },
	{ 10, 3, 58, "inet6|raw|58|IPPROTO_ICMPV6" },
	{ 2, 3, 255, "inet|raw|255|IPPROTO_RAW" },
	{ 2, 1, 132, "inet|stream|132|IPPROTO_SCTP" },
	{ 21, 4, 0, "rds|rdm|0|-" },
	{ 2, 6, 33, "inet|dccp|33|IPPROTO_DCCP" },
	{ 200, 77, 4294967295, "200|77|4294967295|-" },
	{ 4294967295, 4294967295, 0, "4294967295|4294967295|0|-" },
};

START_TEST(made_sockets)
{
	uint32_t protocol = made[_i].protocol;

	if (made[_i].family == 17)
		protocol = htons((uint16_t)protocol);
	begin();
	forge_made(&rig.forge, giver, made[_i].family, made[_i].type, protocol);
	rig_expect(&rig, "SELECT family, type, protocol, protocol_name FROM socket_made",
		   made[_i].want);
	end();
}
END_TEST

/* What is alike is one row, however it is told. */
START_TEST(many_of_them)
{
	struct kith_socket_made *body;

	begin();
	body = forge_made(&rig.forge, giver, 16, 3, 0);
	body->count = UINT32_MAX;
	body = forge_made(&rig.forge, giver, 16, 3, 0);
	body->count = UINT32_MAX;
	body->first = RIG_NOW - 7000;
	body->last = RIG_NOW - 6000;
	forge_made(&rig.forge, giver, 16, 3, 9);
	forge_made(&rig.forge, taker, 16, 3, 0);
	rig_feed(&rig);
	rig_commit(&rig);
	forge_made(&rig.forge, giver, 16, 3, 0);
	rig_expect(&rig, "SELECT process_id, protocol, count, t(first), t(last) FROM socket_made",
		   "1|0|8589934591|-7000|4000\n1|9|1|1000|2000\n2|0|1|2000|3000");
	end();
}
END_TEST

START_TEST(shown)
{
	begin();
	forge_control(&rig.forge, giver, KITH_CONTROL_FD_PASS, taker, "/etc/\x1b");
	forge_made(&rig.forge, giver, 17, 3, htons(3));
	rig_feed(&rig);
	rig_commit(&rig);
	ck_assert_int_eq(run("kith", "show", DB, "500", END), 0);
	check_in("  op=fd_pass  process_id=1  target_id=2  detail=/etc/\\x1b  count=1  ", printed);
	check_in("socket made  family=packet  type=raw  protocol=3  protocol_name=ETH_P_ALL",
		 printed);
	ck_assert_int_eq(run("kith", "show", DB, "501", END), 0);
	check_in("  op=fd_pass  process_id=1  target_id=2  ", printed);
	end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("act");

	unit_add_rows(suite, handed_over, UNIT_COUNT(acts));
	unit_add(suite, a_huge_path);
	unit_add(suite, among_others);
	unit_add_rows(suite, what_was_handed_over, UNIT_COUNT(objects));
	unit_add_rows(suite, made_sockets, UNIT_COUNT(made));
	unit_add(suite, many_of_them);
	unit_add(suite, shown);
	return unit_run(suite);
}
