// SPDX-License-Identifier: GPL-2.0-only
/*
 * talk: conversations over TCP, and the truth about them.
 *
 *	talk serve MODE ADDRESS PORT LOG	until it is told to stop
 *	talk call ADDRESS PORT PROCESSES COUNT LOG
 *	talk stop ADDRESS PORT
 *
 * MODE: single, thread, fork, prefork, pass (the one who accepts hands each socket
 * to another process). A client sends how much it will send and wants back, both
 * sides keep to that, and either closes first, or resets. Each end of each
 * conversation is a line of LOG:
 *
 *	nonce,side,pid,addr,port,peer_addr,peer_port,sent,received
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/serve.h"
#include "lib/truth.h"

/* Who closes, by the nonce: the client, the server, or the client by a reset. */
enum farewell {
	CLIENT_CLOSES,
	SERVER_CLOSES,
	CLIENT_RESETS,
	CLIENT_SHUTS_DOWN,
	FAREWELLS
};

static char bytes[LARGEST + 1];

/* Before it is closed: afterwards it has no addresses. */
static void write_truth(int socket, const struct request *request, int server)
{
	size_t up = sizeof(*request) + request->up, down = request->down;
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);
	char here[64], there[64];

	check(getsockname(socket, (struct sockaddr *)&address, &size), "getsockname");
	describe_address(here, sizeof(here), &address);
	size = sizeof(address);
	check(getpeername(socket, (struct sockaddr *)&address, &size), "getpeername");
	describe_address(there, sizeof(there), &address);
	tell("%llu,%s,%d,%s,%s,%zu,%zu", (unsigned long long)request->nonce,
	     server ? "server" : "client", (int)getpid(), here, there, server ? down : up,
	     server ? up : down);
}

/* It comes when it comes: whoever asks all the time asks as it comes, too. */
static void await_reset(int socket)
{
	char byte;

	while (recv(socket, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN)
		;
}

static int answer(int socket, pid_t opener)
{
	struct request request;
	char *buffer = malloc(LARGEST + 1);

	(void)opener;
	if (!buffer)
		exit(1);
	take(socket, &request, sizeof(request));
	take(socket, buffer, request.up);
	write_truth(socket, &request, 1);
	give(socket, buffer, request.down);
	free(buffer);
	if (!request.nonce)
		return 0;
	/* A reset comes when it comes. */
	if (request.nonce % FAREWELLS == CLIENT_CLOSES ||
	    request.nonce % FAREWELLS == CLIENT_SHUTS_DOWN)
		await_end(socket);
	else if (request.nonce % FAREWELLS == CLIENT_RESETS)
		await_reset(socket);
	check(close(socket), "close");
	return 1;
}

static void answer_all(const char *mode, const char *text, const char *port)
{
	struct sockaddr_storage address;
	socklen_t size = parse_address(&address, text, port);
	int listener = socket(address.ss_family, SOCK_STREAM, 0), one = 1;

	check(listener, "socket");
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	check(bind(listener, (struct sockaddr *)&address, size), "bind");
	check(listen(listener, 512), "listen");
	puts("ready");
	fflush(stdout);
	serve(mode, listener, answer);
}

static int call(const struct sockaddr_storage *address, socklen_t size)
{
	int socket_ = socket(address->ss_family, SOCK_STREAM, 0), result;

	check(socket_, "socket");
	/* Where ports are few, one has to wait for them. */
	while ((result = connect(socket_, (const struct sockaddr *)address, size)) < 0 &&
	       errno == EADDRNOTAVAIL)
		usleep(10000);
	check(result, "connect");
	return socket_;
}

static void converse(int socket, const struct request *request)
{
	static char buffer[LARGEST + 1];
	struct linger linger = { 1, 0 };

	give(socket, request, sizeof(*request));
	give(socket, bytes, request->up);
	take(socket, buffer, request->down);
	write_truth(socket, request, 0);
	switch ((enum farewell)(request->nonce % FAREWELLS)) {
	case SERVER_CLOSES:
		await_end(socket);
		break;
	case CLIENT_RESETS:
		setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
		break;
	case CLIENT_SHUTS_DOWN:
		check(shutdown(socket, SHUT_WR), "shutdown");
		await_end(socket);
		break;
	default:
		break;
	}
	check(close(socket), "close");
}

struct calls {
	struct sockaddr_storage address;
	socklen_t size;
	long count;
};

static void call_often(long index, void *context)
{
	const struct calls *calls = context;
	long i;

	(void)index;
	for (i = 1; i <= calls->count; i++) {
		struct request request = {
			.nonce = nonce(i),
			.up = amount(LARGEST),
			.down = amount(LARGEST),
		};

		converse(call(&calls->address, calls->size), &request);
	}
}

static void stop(const char *text, const char *port)
{
	struct request request = { 0 };
	struct sockaddr_storage address;
	socklen_t size = parse_address(&address, text, port);
	int socket = call(&address, size);

	give(socket, &request, sizeof(request));
	recv(socket, &request, 1, 0);
	close(socket);
}

int main(int argc, char **argv)
{
	struct calls calls;

	if (argc == 6 && !strcmp(argv[1], "serve")) {
		open_log(argv[5]);
		answer_all(argv[2], argv[3], argv[4]);
	} else if (argc == 7 && !strcmp(argv[1], "call")) {
		open_log(argv[6]);
		calls.size = parse_address(&calls.address, argv[2], argv[3]);
		calls.count = number_of(argv[5]);
		return !in_children(number_of(argv[4]), call_often, &calls);
	} else if (argc == 4 && !strcmp(argv[1], "stop")) {
		stop(argv[2], argv[3]);
	} else {
		fputs("usage: talk serve MODE ADDRESS PORT LOG | call ADDRESS PORT PROCESSES"
		      " COUNT LOG | stop ADDRESS PORT\n",
		      stderr);
		return 2;
	}
	return 0;
}
