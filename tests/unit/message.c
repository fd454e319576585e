// SPDX-License-Identifier: GPL-2.0-only
/* Messages in packets, and broken ones. */
#include "message.h"

#include "unit.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct packet packet, other;
static int ends[2];

static void begin(void)
{
	packet.used = 0;
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
}

static bool add(int64_t id, const char *text, size_t size)
{
	const struct slice texts[MESSAGE_TEXTS] = { { text, size }, { "x", 1 } };
	struct message message = { .kind = MESSAGE_CONTAINER, .id = id };

	return packet_add(&packet, &message, texts);
}

START_TEST(as_sent_so_received)
{
	struct slice texts[MESSAGE_TEXTS];
	struct message message;
	size_t at = 0;

	begin();
	ck_assert(add(7, "first", 5));
	ck_assert(add(8, NULL, 0));
	ck_assert_int_eq(packet_receive(&other, ends[1]), -EAGAIN);
	ck_assert_int_eq(packet_send(&packet, ends[0], 0), 0);
	ck_assert_uint_eq(packet.used, 0);
	ck_assert_int_eq(packet_receive(&other, ends[1]), 1);
	ck_assert(packet_next(&other, &at, &message, texts));
	ck_assert_int_eq(message.id, 7);
	ck_assert_uint_eq(texts[0].size, 5);
	ck_assert_mem_eq(texts[0].data, "first", 5);
	ck_assert_uint_eq(texts[1].size, 1);
	ck_assert(packet_next(&other, &at, &message, texts));
	ck_assert_int_eq(message.id, 8);
	ck_assert_uint_eq(texts[0].size, 0);
	ck_assert(!packet_next(&other, &at, &message, texts));
	close(ends[0]);
	ck_assert_int_eq(packet_receive(&other, ends[1]), 0);
}
END_TEST

/* As many as there is room for, with texts that are cut. */
START_TEST(full)
{
	static char text[2 * MESSAGE_TEXT];
	struct slice texts[MESSAGE_TEXTS];
	struct message message;
	size_t at = 0, count = 0;

	begin();
	memset(text, 'a', sizeof(text));
	while (add((int64_t)count, text, sizeof(text)))
		count++;
	ck_assert_uint_eq(count, PACKET_SIZE / (sizeof(message) + MESSAGE_TEXT + 8));
	while (packet_next(&packet, &at, &message, texts)) {
		ck_assert_uint_eq(texts[0].size, MESSAGE_TEXT);
		count--;
	}
	ck_assert_uint_eq(count, 0);
}
END_TEST

/* Each cut of a packet, and each size that is not true, gives no message beyond its end. */
START_TEST(broken)
{
	struct slice texts[MESSAGE_TEXTS];
	struct message message;
	size_t size, whole;

	begin();
	ck_assert(add(1, "text", 4));
	whole = packet.used;
	for (size = 0; size < whole; size++) {
		size_t at = 0;

		packet.used = size;
		ck_assert(!packet_next(&packet, &at, &message, texts));
	}
	packet.used = whole;
	for (size = 9; size <= UINT32_MAX; size = size * 2 + 1) {
		const uint32_t claimed = (uint32_t)size;
		size_t at = 0;

		memcpy(packet.data + offsetof(struct message, sizes), &claimed,
		       sizeof(claimed));
		ck_assert(!packet_next(&packet, &at, &message, texts));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("message");

	unit_add(suite, as_sent_so_received);
	unit_add(suite, full);
	unit_add(suite, broken);
	return unit_run(suite);
}
