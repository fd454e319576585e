// SPDX-License-Identifier: GPL-2.0-only
/* The subscription, with a module that is made up: who is refused, and who is not. */
#include "source.h"

#include "control.h"
#include "unit.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FAMILY = 30, OUR_PORT = 100, OTHER_PORT = 200, MESSAGES = 4 };

/* What the module holds, and what waits in our socket. */
static struct {
	uint32_t subscriber;
	unsigned int stats; /* times it was asked for them */
	struct {
		_Alignas(8) char data[256];
		size_t size;
	} queue[MESSAGES];
	unsigned int queued, taken;
	/* how it answers SUBSCRIBE */
	int refusal;
	uint32_t subscribed;
	bool batch_first;
} module;

static struct nlmsghdr *put_message(uint16_t type)
{
	struct nlmsghdr *message;

	ck_assert_uint_lt(module.queued, MESSAGES);
	message = mnl_nlmsg_put_header(module.queue[module.queued].data);
	message->nlmsg_type = type;
	return message;
}

static void send_message(const struct nlmsghdr *message)
{
	module.queue[module.queued++].size = message->nlmsg_len;
}

static void send_batch(void)
{
	const struct kith_batch batch = { .number = 1 };
	struct nlmsghdr *message = put_message(FAMILY);
	struct genlmsghdr *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

	header->cmd = KITH_CMD_EVENTS;
	mnl_attr_put(message, KITH_A_BATCH, sizeof(batch), &batch);
	send_message(message);
}

static void send_answer(int error)
{
	struct nlmsghdr *message = put_message(NLMSG_ERROR);
	struct nlmsgerr *answer = mnl_nlmsg_put_extra_header(message, sizeof(*answer));

	answer->error = error;
	send_message(message);
}

int control_open(struct control **result)
{
	*result = NULL;
	return 0;
}

void control_close(struct control *control)
{
	(void)control;
}

int control_family(const struct control *control)
{
	(void)control;
	return FAMILY;
}

int control_info(struct control *control, struct control_info *info)
{
	(void)control;
	*info = (struct control_info){ .abi = KITH_ABI_VERSION,
				       .rings = 1,
				       .subscriber = module.subscriber };
	return 0;
}

int control_stats(struct control *control, struct control_counters *counters)
{
	(void)control;
	memset(counters, 0, sizeof(*counters));
	module.stats++;
	return 0;
}

int control_flush(struct control *control, struct kith_position **positions, size_t *count,
		  struct control_counters *counters)
{
	(void)control, (void)counters;
	*positions = NULL;
	*count = 0;
	return 0;
}

int control_processes(struct control *control,
		      int (*take)(void *context, const void *records, size_t size),
		      void *context)
{
	(void)control, (void)take, (void)context;
	return 0;
}

int control_sockets(struct control *control,
		    int (*take)(void *context, const void *records, size_t size),
		    void *context)
{
	(void)control, (void)take, (void)context;
	return 0;
}

/* A descriptor that poll(2) finds readable; nothing is read from it. */
struct mnl_socket *mnl_socket_open2(int bus, int flags)
{
	int *fd = malloc(sizeof(*fd));

	(void)bus, (void)flags;
	ck_assert_ptr_nonnull(fd);
	*fd = eventfd(1, EFD_CLOEXEC);
	return (struct mnl_socket *)fd;
}

int mnl_socket_bind(struct mnl_socket *nl, unsigned int groups, pid_t pid)
{
	(void)nl, (void)groups, (void)pid;
	return 0;
}

int mnl_socket_get_fd(const struct mnl_socket *nl)
{
	return *(const int *)nl;
}

unsigned int mnl_socket_get_portid(const struct mnl_socket *nl)
{
	(void)nl;
	return OUR_PORT;
}

int mnl_socket_setsockopt(const struct mnl_socket *nl, int type, void *buf, socklen_t len)
{
	(void)nl, (void)type, (void)buf, (void)len;
	return 0;
}

int setsockopt(int fd, int level, int optname, const void *optval, socklen_t optlen)
{
	(void)fd, (void)level, (void)optname, (void)optval, (void)optlen;
	return 0;
}

int mnl_socket_close(struct mnl_socket *nl)
{
	close(*(int *)nl);
	free(nl);
	return 0;
}

/* The module answers before this returns. */
ssize_t mnl_socket_sendto(const struct mnl_socket *nl, const void *req, size_t size)
{
	const struct genlmsghdr *header = mnl_nlmsg_get_payload(req);

	(void)nl;
	if (header->cmd != KITH_CMD_SUBSCRIBE)
		return (ssize_t)size;
	module.subscriber = module.subscribed;
	if (module.batch_first)
		send_batch();
	send_answer(-module.refusal);
	return (ssize_t)size;
}

ssize_t recvfrom(int fd, void *restrict buf, size_t n, int flags,
		 struct sockaddr *restrict addr, socklen_t *restrict addr_len)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	size_t size;

	(void)fd, (void)flags;
	if (module.taken == module.queued) {
		errno = EAGAIN;
		return -1;
	}
	size = module.queue[module.taken].size;
	ck_assert_uint_le(size, n);
	memcpy(buf, module.queue[module.taken++].data, size);
	memcpy(addr, &kernel, sizeof(kernel));
	*addr_len = sizeof(kernel);
	return (ssize_t)size;
}

static struct source *begin(void)
{
	struct source_event event;
	struct source *source;

	ck_assert_int_eq(source_netlink_open(&source), 0);
	ck_assert_int_eq(source_next(source, 0, &event), 0);
	ck_assert_int_eq(event.kind, SOURCE_STREAM);
	return source;
}

static const struct {
	uint32_t subscriber;
	int refusal;
} refusals[] = { { OTHER_PORT, EBUSY }, { 0, ESHUTDOWN }, { 0, EPERM } };

/* Nothing more is asked of the module, and it begins with STREAM again. */
START_TEST(refused)
{
	const uint32_t seqs[1] = { 0 };
	struct source *source = begin();
	struct source_event event;

	module.refusal = refusals[_i].refusal;
	module.subscribed = refusals[_i].subscriber;
	ck_assert_int_eq(source_start(source, seqs, 1), -refusals[_i].refusal);
	ck_assert_uint_eq(module.stats, 0);
	ck_assert_int_eq(source_next(source, 0, &event), 0);
	ck_assert_int_eq(event.kind, SOURCE_STREAM);
	source_close(source);
}
END_TEST

/* The module is quick: its first records stand before its answer. */
START_TEST(subscribed)
{
	static const enum source_event_kind kinds[] = { SOURCE_DUMP, SOURCE_COUNTED,
							SOURCE_CAUGHT, SOURCE_BATCH,
							SOURCE_IDLE };
	const uint32_t seqs[1] = { 0 };
	struct source *source = begin();
	struct source_event event;
	size_t i;

	module.subscribed = OUR_PORT;
	module.batch_first = true;
	ck_assert_int_eq(source_start(source, seqs, 1), 0);
	ck_assert_uint_gt(module.stats, 0);
	for (i = 0; i < UNIT_COUNT(kinds); i++) {
		ck_assert_int_eq(source_next(source, 0, &event), 0);
		ck_assert_int_eq(event.kind, kinds[i]);
	}
	source_close(source);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("source_netlink");

	unit_add_rows(suite, refused, UNIT_COUNT(refusals));
	unit_add(suite, subscribed);
	return unit_run(suite);
}
