// SPDX-License-Identifier: GPL-2.0-only
/*
 * connect: connections to itself, one after another.
 *
 *	connect tcp|unix COUNT
 */
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/truth.h"

static const struct sockaddr_in over_tcp = {
	.sin_family = AF_INET,
	.sin_port = 0x391c, /* 7225, as the wire has it */
	.sin_addr.s_addr = 0x0100007f,
};
static const struct sockaddr_un over_unix = { .sun_family = AF_UNIX,
					      .sun_path = "\0kith.connect" };

static void once(int listener, const struct sockaddr *address, socklen_t size)
{
	/* With a reset no port has to wait until it can be used again. */
	const struct linger reset = { 1, 0 };
	int caller = socket(address->sa_family, SOCK_STREAM, 0), called;
	char byte = 0;

	check(caller, "socket");
	check(setsockopt(caller, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), "SO_LINGER");
	check(connect(caller, address, size), "connect");
	called = accept(listener, NULL, NULL);
	check(called, "accept");
	check(write(caller, &byte, 1), "write");
	check(read(called, &byte, 1), "read");
	close(called);
	close(caller);
}

int main(int argc, char **argv)
{
	const struct sockaddr *address = (const struct sockaddr *)&over_unix;
	socklen_t size = offsetof(struct sockaddr_un, sun_path) + sizeof("\0kith.connect") - 1;
	long count = argc == 3 ? atol(argv[2]) : 0;
	int listener;

	if (count <= 0) {
		fputs("usage: connect tcp|unix COUNT\n", stderr);
		return 2;
	}
	if (!strcmp(argv[1], "tcp")) {
		address = (const struct sockaddr *)&over_tcp;
		size = sizeof(over_tcp);
	}
	listener = socket(address->sa_family, SOCK_STREAM, 0);
	check(listener, "socket");
	check(bind(listener, address, size), "bind");
	check(listen(listener, 16), "listen");
	while (count--)
		once(listener, address, size);
	return 0;
}
