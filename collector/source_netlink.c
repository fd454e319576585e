// SPDX-License-Identifier: GPL-2.0-only
/* Records from the module: libmnl for the stream, libnl for the rest. */
#include "clock.h"
#include "control.h"
#include "log.h"
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	RECEIVE_BYTES = 128 * 1024, /* a batch is less than 64 KiB */
	/*
	 * Room for what the module sends while we are busy. What does not fit
	 * waits in its rings, so this is no more than a cushion.
	 */
	SOCKET_BYTES = 8 << 20,
	SILENCE_MS = 2000, /* after so long without a batch we ask for the module */
	LOOKS = 12,	   /* at the module's counters: some fall between two records */
	LOOKS_APART_NS = 700000,
};

enum phase { DETACHED, ATTACHED, DUMPED, DUMPED_AGAIN, COUNTED, STREAMING };

struct netlink_source {
	struct source source;
	struct control *control;
	struct mnl_socket *socket;
	enum phase phase;
	int family;
	uint64_t load;
	uint64_t number; /* of the last batch */
	uint32_t seq;	 /* of our requests */
	int64_t heard;	 /* ms, of the last batch or probe */
	char *dump;
	size_t dump_size;
	struct ingest_count counts[LOOKS * KITH_CLASSES];
	struct kith_position *positions;
	char *buffer;
};

static struct netlink_source *downcast(struct source *source)
{
	return (struct netlink_source *)source;
}

static void forget_dump(struct netlink_source *netlink)
{
	free(netlink->dump);
	netlink->dump = NULL;
	netlink->dump_size = 0;
}

static void detach(struct netlink_source *netlink)
{
	control_close(netlink->control);
	netlink->control = NULL;
	if (netlink->socket)
		mnl_socket_close(netlink->socket);
	netlink->socket = NULL;
	forget_dump(netlink);
	free(netlink->positions);
	netlink->positions = NULL;
	netlink->phase = DETACHED;
}

static int read_boot_id(char *uuid, size_t size)
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	int ret = 0;

	if (!file)
		return -errno;
	if (!fgets(uuid, (int)size, file))
		ret = -EIO;
	else
		uuid[strcspn(uuid, "\n")] = '\0';
	fclose(file);
	return ret;
}

static int open_socket(struct netlink_source *netlink)
{
	const int size = SOCKET_BYTES, one = 1;
	int descriptor;

	netlink->socket = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!netlink->socket)
		return -errno;
	if (mnl_socket_bind(netlink->socket, 0, MNL_SOCKET_AUTOPID))
		return -errno;
	descriptor = mnl_socket_get_fd(netlink->socket);
	if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		return -errno;
	/* A full socket makes the module wait; it is no error of ours. */
	if (mnl_socket_setsockopt(netlink->socket, NETLINK_NO_ENOBUFS, (void *)&one,
				  sizeof(one)))
		return -errno;
	return 0;
}

static int attach(struct netlink_source *netlink, struct stream_info *info)
{
	struct control_info module;
	int ret = control_open(&netlink->control);

	if (!ret)
		ret = control_info(netlink->control, &module);
	if (!ret && module.abi != KITH_ABI_VERSION)
		ret = -EPROTO;
	if (!ret)
		ret = open_socket(netlink);
	*info = (struct stream_info){ .rings = 0 };
	if (!ret)
		ret = read_boot_id(info->boot, sizeof(info->boot));
	if (ret)
		return ret;
	snprintf(info->version, sizeof(info->version), "%s", module.version);
	info->load = module.load;
	info->loaded_ns = module.loaded_ns;
	info->boot_ns = (int64_t)module.boot_ns;
	info->real_ns = (int64_t)module.real_ns;
	info->rings = module.rings;
	netlink->load = module.load;
	netlink->family = control_family(netlink->control);
	netlink->number = 0;
	netlink->phase = ATTACHED;
	return 0;
}

static struct nlmsghdr *new_request(struct netlink_source *netlink, void *buffer,
				    int command, uint16_t flags)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *header;

	message->nlmsg_type = (uint16_t)netlink->family;
	message->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	message->nlmsg_seq = ++netlink->seq;
	header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	header->cmd = (uint8_t)command;
	header->version = KITH_ABI_VERSION;
	return message;
}

/* Positions that are not 0, as an attribute. */
static int put_positions(struct nlmsghdr *message, const uint32_t *seqs, size_t rings)
{
	struct kith_position *positions = calloc(rings ? rings : 1, sizeof(*positions));
	size_t ring, count = 0;

	if (!positions)
		return -ENOMEM;
	for (ring = 0; ring < rings; ring++) {
		if (!seqs[ring])
			continue;
		positions[count].ring = (uint16_t)ring;
		positions[count++].seq = seqs[ring];
	}
	mnl_attr_put(message, KITH_A_POSITIONS, count * sizeof(*positions), positions);
	free(positions);
	return 0;
}

static int send_request(struct netlink_source *netlink, const struct nlmsghdr *message)
{
	ssize_t ret = mnl_socket_sendto(netlink->socket, message, message->nlmsg_len);

	return ret < 0 ? -errno : 0;
}

/* Room for a message with the positions of @rings rings. */
static void *request_buffer(size_t rings)
{
	return malloc(256 + rings * sizeof(struct kith_position));
}

static int collect(void *netlink_, const void *records, size_t size)
{
	struct netlink_source *netlink = netlink_;
	char *copy = realloc(netlink->dump, netlink->dump_size + size);

	if (!copy)
		return -ENOMEM;
	memcpy(copy + netlink->dump_size, records, size);
	netlink->dump = copy;
	netlink->dump_size += size;
	return 0;
}

static uint64_t boottime_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static struct ingest_count count_of(const struct kith_counters *counters, uint64_t from,
				    uint64_t to)
{
	struct ingest_count count = { .from = from,
				      .to = to,
				      .class_ = counters->class_,
				      .emitted = counters->emitted };
	unsigned int cause;

	for (cause = 0; cause < KITH_LOSS_CAUSES; cause++)
		count.lost += counters->lost[cause];
	return count;
}

/* Nobody else can acknowledge anything any more. */
static int look_at_counters(struct netlink_source *netlink)
{
	const struct timespec pause = { .tv_nsec = LOOKS_APART_NS };
	struct ingest_count *next = netlink->counts;
	unsigned int look, class_;

	for (look = 0; look < LOOKS; look++) {
		struct control_counters counters;
		uint64_t from = boottime_ns(), to;
		int ret = control_stats(netlink->control, &counters);

		if (ret)
			return ret;
		to = boottime_ns();
		for (class_ = 0; class_ < KITH_CLASSES; class_++)
			*next++ = count_of(&counters.classes[class_], from, to);
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* Processes first: by the time that a socket is told of, its process has been. */
static int collect_dump(struct netlink_source *netlink)
{
	int ret = control_processes(netlink->control, collect, netlink);

	return ret ? ret : control_sockets(netlink->control, collect, netlink);
}

static int request_subscription(struct netlink_source *netlink, const uint32_t *seqs,
				size_t rings)
{
	struct nlmsghdr *message;
	void *buffer = request_buffer(rings);
	int ret;

	if (!buffer)
		return -ENOMEM;
	message = new_request(netlink, buffer, KITH_CMD_SUBSCRIBE, NLM_F_ACK);
	mnl_attr_put_u64(message, KITH_A_LOAD_ID, netlink->load);
	ret = put_positions(message, seqs, rings);
	if (!ret)
		ret = send_request(netlink, message);
	free(buffer);
	return ret;
}

static int netlink_acknowledge(struct source *source, const uint32_t *seqs, size_t rings)
{
	struct netlink_source *netlink = downcast(source);
	struct nlmsghdr *message;
	void *buffer;
	int ret;

	if (netlink->phase == DETACHED)
		return 0;
	buffer = request_buffer(rings);
	if (!buffer)
		return -ENOMEM;
	message = new_request(netlink, buffer, KITH_CMD_ACK, 0);
	ret = put_positions(message, seqs, rings);
	if (!ret)
		ret = send_request(netlink, message);
	free(buffer);
	return ret;
}

static int find_batch(const struct nlattr *attribute, void *found)
{
	if (mnl_attr_get_type(attribute) == KITH_A_BATCH)
		*(const struct nlattr **)found = attribute;
	return MNL_CB_OK;
}

/*
 * Is @attribute inside of the @message, and what is in it aligned to 8 as records
 * want it? libmnl rounds the length of a message up, and attributes begin at
 * multiples of 4.
 */
static bool is_batch(const struct nlmsghdr *message, const struct nlattr *attribute)
{
	const char *payload = mnl_attr_get_payload(attribute), *begin = (const char *)message;
	size_t at = (size_t)(payload - begin), size = mnl_attr_get_payload_len(attribute);

	return at % 8 == 0 && at + size <= message->nlmsg_len &&
	       size >= sizeof(struct kith_batch);
}

/* The records of an EVENTS message. */
static int take_batch(struct netlink_source *netlink, const struct nlmsghdr *message,
		      struct source_event *event)
{
	const struct nlattr *attribute = NULL;
	const char *payload;

	if (mnl_attr_parse(message, sizeof(struct genlmsghdr), find_batch, &attribute) < 0 ||
	    !attribute || !is_batch(message, attribute))
		return -EBADMSG;
	payload = mnl_attr_get_payload(attribute);
	memcpy(&event->batch, payload, sizeof(event->batch));
	if (event->batch.number != netlink->number + 1)
		log_warning("batch %llu came after batch %llu",
			    (unsigned long long)event->batch.number,
			    (unsigned long long)netlink->number);
	netlink->number = event->batch.number;
	event->kind = SOURCE_BATCH;
	event->data = payload + sizeof(event->batch);
	event->size = mnl_attr_get_payload_len(attribute) - sizeof(event->batch);
	return 0;
}

static int take_message(struct netlink_source *netlink, const struct nlmsghdr *message,
			struct source_event *event)
{
	const struct genlmsghdr *header = mnl_nlmsg_get_payload(message);

	if (message->nlmsg_type == NLMSG_ERROR) {
		const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);

		return mnl_nlmsg_get_payload_len(message) < sizeof(*error) ? -EBADMSG :
									     error->error;
	}
	if (message->nlmsg_type == netlink->family &&
	    mnl_nlmsg_get_payload_len(message) >= sizeof(*header) &&
	    header->cmd == KITH_CMD_EVENTS)
		return take_batch(netlink, message, event);
	return 0;
}

/*
 * The kernel's port is 0. Whoever may administer the network can send to ours,
 * from a container that shares the host's network too: that is not for us.
 */
static int receive(struct netlink_source *netlink, int timeout, struct source_event *event)
{
	struct pollfd wait = { .fd = mnl_socket_get_fd(netlink->socket), .events = POLLIN };
	const struct nlmsghdr *message = (const struct nlmsghdr *)netlink->buffer;
	struct sockaddr_nl sender = { .nl_pid = UINT32_MAX };
	socklen_t sender_size = sizeof(sender);
	ssize_t size;

	if (timeout && poll(&wait, 1, timeout) <= 0)
		return 0;
	size = recvfrom(wait.fd, netlink->buffer, RECEIVE_BYTES, MSG_DONTWAIT,
			(struct sockaddr *)&sender, &sender_size);
	if (size < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (sender_size != sizeof(sender) || sender.nl_pid)
		return 0;
	/* libmnl takes the length for a signed number */
	if (!mnl_nlmsg_ok(message, (int)size) || message->nlmsg_len > (size_t)size)
		return -EBADMSG;
	return take_message(netlink, message, event);
}

/*
 * The module answers before send_request() returns. It may have sent records too,
 * which would stand before the answer: so ask whom it has for its subscriber. If
 * that is not us then nothing has come but its refusal, which says why.
 */
static int confirm_subscription(struct netlink_source *netlink)
{
	struct source_event nothing;
	struct control_info module;
	int ret = control_info(netlink->control, &module);

	if (ret || module.subscriber == mnl_socket_get_portid(netlink->socket))
		return ret;
	ret = receive(netlink, SILENCE_MS, &nothing);
	return ret ? ret : -EBUSY;
}

/*
 * Subscribe, and then dump: what happens in between is in both, and the stream
 * is held against the dump by time.
 */
static int netlink_start(struct source *source, const uint32_t *seqs, size_t rings)
{
	struct netlink_source *netlink = downcast(source);
	int ret = request_subscription(netlink, seqs, rings);

	if (!ret)
		ret = confirm_subscription(netlink);
	if (!ret)
		ret = look_at_counters(netlink);
	if (!ret)
		ret = collect_dump(netlink);
	if (ret)
		detach(netlink);
	return ret;
}

/* The stream goes on meanwhile; what happens in between is in both, as above. */
static int netlink_dump(struct source *source)
{
	struct netlink_source *netlink = downcast(source);
	int ret;

	if (netlink->phase != STREAMING)
		return 0;
	ret = collect_dump(netlink);
	if (ret)
		detach(netlink);
	else
		netlink->phase = DUMPED_AGAIN;
	return ret;
}

/* How far the stream has to come until the dump is behind it. */
static int find_caught(struct netlink_source *netlink, struct source_event *event)
{
	size_t count;
	int ret;

	forget_dump(netlink);
	free(netlink->positions);
	ret = control_flush(netlink->control, &netlink->positions, &count, NULL);

	event->kind = SOURCE_CAUGHT;
	event->data = netlink->positions;
	event->size = count * sizeof(*netlink->positions);
	return ret;
}

/*
 * When nothing has come for a while: is the module there still, the same load
 * of it, and are we its subscriber? If it was unloaded our socket stays silent.
 */
static int probe(struct netlink_source *netlink, const struct source_event *event)
{
	struct control_info module;
	int64_t now = clock_steady_ms();
	int ret;

	if (event->kind == SOURCE_BATCH)
		netlink->heard = now;
	if (now - netlink->heard < SILENCE_MS)
		return 0;
	netlink->heard = now;
	ret = control_info(netlink->control, &module);
	if (ret)
		return -ENOENT;
	return module.load == netlink->load &&
			       module.subscriber == mnl_socket_get_portid(netlink->socket) ?
		       0 :
		       -ESTALE;
}

static int netlink_next(struct source *source, int timeout, struct source_event *event)
{
	struct netlink_source *netlink = downcast(source);
	int ret;

	event->kind = SOURCE_IDLE;
	event->data = NULL;
	event->size = 0;
	switch (netlink->phase) {
	case DETACHED:
		event->kind = SOURCE_STREAM;
		ret = attach(netlink, &event->info);
		break;
	case ATTACHED:
	case DUMPED_AGAIN:
		event->kind = SOURCE_DUMP;
		event->data = netlink->dump;
		event->size = netlink->dump_size;
		netlink->phase = netlink->phase == ATTACHED ? DUMPED : COUNTED;
		return 0;
	case DUMPED:
		event->kind = SOURCE_COUNTED;
		event->data = netlink->counts;
		event->size = sizeof(netlink->counts);
		netlink->phase = COUNTED;
		return 0;
	case COUNTED:
		netlink->phase = STREAMING;
		netlink->heard = clock_steady_ms();
		ret = find_caught(netlink, event);
		break;
	default:
		ret = receive(netlink, timeout, event);
		if (!ret)
			ret = probe(netlink, event);
	}
	if (ret)
		detach(netlink);
	return ret;
}

static void netlink_restart(struct source *source)
{
	detach(downcast(source));
}

static int netlink_descriptor(const struct source *source)
{
	const struct netlink_source *netlink = (const struct netlink_source *)source;

	return netlink->phase == STREAMING ? mnl_socket_get_fd(netlink->socket) : -1;
}

static void netlink_close(struct source *source)
{
	struct netlink_source *netlink = downcast(source);

	detach(netlink);
	free(netlink->buffer);
	free(netlink);
}

static const struct source_operations operations = {
	.next = netlink_next,
	.start = netlink_start,
	.acknowledge = netlink_acknowledge,
	.dump = netlink_dump,
	.restart = netlink_restart,
	.descriptor = netlink_descriptor,
	.close = netlink_close,
};

int source_netlink_open(struct source **source)
{
	struct netlink_source *netlink = calloc(1, sizeof(*netlink));

	if (!netlink)
		return -ENOMEM;
	netlink->source.operations = &operations;
	netlink->buffer = malloc(RECEIVE_BYTES);
	if (!netlink->buffer) {
		free(netlink);
		return -ENOMEM;
	}
	*source = &netlink->source;
	return 0;
}
