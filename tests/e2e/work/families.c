// SPDX-License-Identifier: GPL-2.0-only
/*
 * families: makes sockets of all the families that there are, and writes down which.
 *
 *	families LOG
 *
 * A process of its own for each sort. Those that this kernel has are a line of LOG:
 *
 *	pid,family,type,protocol,count
 */
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/truth.h"

enum { MOST = 20 };

static const struct sort {
	const char *family_name, *type_name;
	int family, type, protocol;
} sorts[] = {
	{ "packet", "raw", AF_PACKET, SOCK_RAW, 0x300 /* htons(ETH_P_ALL) */ },
	{ "packet", "dgram", AF_PACKET, SOCK_DGRAM, 0 },
	{ "inet", "raw", AF_INET, SOCK_RAW, IPPROTO_ICMP },
	{ "inet", "raw", AF_INET, SOCK_RAW, IPPROTO_RAW },
	{ "inet", "dgram", AF_INET, SOCK_DGRAM, IPPROTO_ICMP },
	{ "inet6", "raw", AF_INET6, SOCK_RAW, IPPROTO_ICMPV6 },
	{ "netlink", "raw", AF_NETLINK, SOCK_RAW, NETLINK_ROUTE },
	{ "netlink", "dgram", AF_NETLINK, SOCK_DGRAM, NETLINK_GENERIC },
	{ "vsock", "stream", AF_VSOCK, SOCK_STREAM, 0 },
	{ "vsock", "dgram", AF_VSOCK, SOCK_DGRAM, 0 },
	{ "alg", "seqpacket", AF_ALG, SOCK_SEQPACKET, 0 },
	{ "bluetooth", "raw", AF_BLUETOOTH, SOCK_RAW, 1 },
	{ "inet", "stream", AF_INET, SOCK_STREAM, IPPROTO_SCTP },
	/* Of these conversations are told, so not that they are made. */
	{ "told", "tcp", AF_INET, SOCK_STREAM, 0 },
	{ "told", "udp", AF_INET6, SOCK_DGRAM, IPPROTO_UDP },
	{ "told", "unix", AF_UNIX, SOCK_SEQPACKET, 0 },
};

/* Flags of the type are none of its sort. */
static void make(const struct sort *sort, int count)
{
	static const int flags[] = { 0, SOCK_CLOEXEC, SOCK_NONBLOCK };
	int i;

	for (i = 0; i < count; i++) {
		int made =
			socket(sort->family, sort->type | flags[i % 3], sort->protocol);

		if (made < 0)
			_exit(0);
		close(made);
	}
	tell("%d,%s,%s,%d,%d", (int)getpid(), sort->family_name, sort->type_name,
	     sort->protocol, count);
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc != 2) {
		fputs("usage: families LOG\n", stderr);
		return 2;
	}
	open_log(argv[1]);
	for (i = 0; i < sizeof(sorts) / sizeof(*sorts); i++) {
		pid_t child = fork();

		check(child, "fork");
		if (!child) {
			make(&sorts[i], 1 + (int)(i * 7 % MOST));
			_exit(0);
		}
		check(waitpid(child, NULL, 0), "waitpid");
	}
	return 0;
}
