// SPDX-License-Identifier: GPL-2.0-only
/*
 * knock: tries every command of the module, and to listen to its family, and
 * writes what came of each: "NAME errno". Without CAP_NET_ADMIN in the initial
 * user namespace each must be refused.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <kith/uapi.h>
#include <linux/netlink.h>

struct message {
	struct nlmsghdr head;
	struct genlmsghdr genl;
	char data[2048];
};

static int descriptor;

static void add(struct message *message, unsigned short type, const void *data, size_t size)
{
	struct nlattr attribute = { (unsigned short)(NLA_HDRLEN + size), type };
	char *at = (char *)message + NLMSG_ALIGN(message->head.nlmsg_len);

	memcpy(at, &attribute, sizeof(attribute));
	memcpy(at + NLA_HDRLEN, data, size);
	message->head.nlmsg_len = (unsigned int)(NLMSG_ALIGN(message->head.nlmsg_len) +
						 NLA_ALIGN(NLA_HDRLEN + size));
}

static struct message begin(unsigned short type, int command, int flags)
{
	struct message message = {
		.head = { .nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN), .nlmsg_type = type,
			  .nlmsg_flags = (unsigned short)(NLM_F_REQUEST | NLM_F_ACK | flags) },
		.genl = { .cmd = (unsigned char)command, .version = 1 },
	};

	return message;
}

/* Send and give the errno of the answer; *answer gets the first message. */
static int ask(struct message *message, struct message *answer)
{
	struct message buffer;
	struct nlmsgerr error;
	ssize_t size;

	if (send(descriptor, message, message->head.nlmsg_len, 0) < 0)
		return errno;
	size = recv(descriptor, &buffer, sizeof(buffer), 0);
	if (size < (ssize_t)sizeof(buffer.head))
		return EIO;
	if (answer)
		*answer = buffer;
	if (buffer.head.nlmsg_type != NLMSG_ERROR)
		return 0;
	memcpy(&error, NLMSG_DATA(&buffer.head), sizeof(error));
	return -error.error;
}

/* The family's number from the controller, which anyone may ask; 0: none. */
static unsigned short find_family(void)
{
	struct message message = begin(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0), answer;
	const char *at, *end;

	add(&message, CTRL_ATTR_FAMILY_NAME, KITH_FAMILY, sizeof(KITH_FAMILY));
	if (ask(&message, &answer) || answer.head.nlmsg_type == NLMSG_ERROR)
		return 0;
	end = (const char *)&answer + answer.head.nlmsg_len;
	for (at = answer.data; at + NLA_HDRLEN <= end;) {
		struct nlattr attribute;
		unsigned short family;

		memcpy(&attribute, at, sizeof(attribute));
		if (attribute.nla_type == CTRL_ATTR_MCAST_GROUPS)
			printf("GROUPS %d\n", 0);
		if (attribute.nla_type == CTRL_ATTR_FAMILY_ID) {
			memcpy(&family, at + NLA_HDRLEN, sizeof(family));
			return family;
		}
		at += NLA_ALIGN(attribute.nla_len);
	}
	return 0;
}

/* Each command on a socket of its own, so that no answer is taken for another's. */
static int open_socket(void)
{
	if (descriptor)
		close(descriptor);
	descriptor = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
	return descriptor < 0 ? errno : 0;
}

int main(void)
{
	static const struct {
		const char *name;
		int command;
		int flags;
	} commands[] = {
		{ "GET_INFO", KITH_CMD_GET_INFO, 0 },
		{ "SUBSCRIBE", KITH_CMD_SUBSCRIBE, 0 },
		{ "UNSUBSCRIBE", KITH_CMD_UNSUBSCRIBE, 0 },
		{ "ACK", KITH_CMD_ACK, 0 },
		{ "FLUSH", KITH_CMD_FLUSH, 0 },
		{ "GET_POLICY", KITH_CMD_GET_POLICY, 0 },
		{ "SET_POLICY", KITH_CMD_SET_POLICY, 0 },
		{ "GET_STATS", KITH_CMD_GET_STATS, 0 },
		{ "GET_HOOKS", KITH_CMD_GET_HOOKS, NLM_F_DUMP },
		{ "GET_PROCESSES", KITH_CMD_GET_PROCESSES, NLM_F_DUMP },
		{ "GET_SOCKETS", KITH_CMD_GET_SOCKETS, NLM_F_DUMP },
		{ "EVENTS", KITH_CMD_EVENTS, 0 },
	};
	unsigned short family;
	size_t i;

	if (open_socket())
		return 1;
	family = find_family();
	if (!family) {
		puts("FAMILY none");
		return 0;
	}
	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		struct message message = begin(family, commands[i].command, commands[i].flags);

		if (open_socket())
			return 1;
		printf("%s %d\n", commands[i].name, ask(&message, NULL));
	}
	return 0;
}
