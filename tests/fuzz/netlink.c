// SPDX-License-Identifier: GPL-2.0-only
/*
 * A message as it comes out of the socket. The source is read with its system
 * calls swapped, since what takes a message apart is its own.
 */
#include "fuzz.h"

#include <libmnl/libmnl.h>
#include <poll.h>
#include <sys/socket.h>

static ssize_t take(int descriptor, void *to, size_t room, int flags,
		    struct sockaddr *sender, socklen_t *sender_size);

#define poll(descriptors, count, timeout) ((void)(descriptors), 1)
#define recvfrom			  take
#define mnl_socket_get_fd(socket)	  ((void)(socket), -1)
/* NOLINTNEXTLINE(bugprone-suspicious-include): see above */
#include "../../collector/source_netlink.c"

#include "record.h"

enum { FAMILY = 30 };

static const uint8_t *input;
static size_t input_size;
static uint32_t input_port;

static ssize_t take(int descriptor, void *to, size_t room, int flags,
		    struct sockaddr *sender, socklen_t *sender_size)
{
	const struct sockaddr_nl port = { .nl_family = AF_NETLINK, .nl_pid = input_port };
	size_t size = input_size < room ? input_size : room;

	(void)descriptor, (void)flags;
	FUZZ_CHECK(*sender_size >= sizeof(port));
	*sender_size = sizeof(port);
	memcpy(sender, &port, sizeof(port));
	memcpy(to, input, size);
	return (ssize_t)size;
}

/* As ingest does: whatever the head says, a record is where the bytes are. */
static void parse_all(const struct source_event *event)
{
	const char *at = event->data, *end = at + event->size;
	struct record record;
	int used;

	fuzz_touch(event->data, event->size);
	while (at < end && (used = record_parse(at, (size_t)(end - at), &record)) > 0) {
		FUZZ_CHECK((uintptr_t)record.body % 8 == 0);
		at += used;
	}
	FUZZ_CHECK(at <= end);
}

static int run(struct netlink_source *netlink, struct source_event *event, uint32_t port)
{
	input_port = port;
	return receive(netlink, 0, event);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct netlink_source netlink = { .family = FAMILY, .phase = STREAMING };
	struct source_event event = { .kind = SOURCE_IDLE };
	int ret;

	input = data;
	input_size = size;
	/* what is behind the message is nobody's */
	netlink.buffer = calloc(1, size ? size : 1);
	FUZZ_CHECK(netlink.buffer);
	/* another process's is nothing to us, the kernel's may be */
	FUZZ_CHECK(!run(&netlink, &event, 4711) && event.kind == SOURCE_IDLE);
	ret = run(&netlink, &event, 0);
	if (!ret && event.kind == SOURCE_BATCH) {
		FUZZ_CHECK((const char *)event.data >= netlink.buffer + 24 &&
			   (const char *)event.data + event.size <= netlink.buffer + size);
		parse_all(&event);
	} else {
		FUZZ_CHECK(event.kind == SOURCE_IDLE);
	}
	free(netlink.buffer);
	return 0;
}
