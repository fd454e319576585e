// SPDX-License-Identifier: GPL-2.0-only
/*
 * talk-dgram: conversations by Unix datagrams, and the truth about them.
 *
 *	talk-dgram serve MODE NAME LOG		until it is told to stop
 *	talk-dgram call MODE NAME PROCESSES COUNT LOG
 *	talk-dgram stop NAME
 *
 * serve MODE: single, prefork (processes that share a socket: for callers that are
 * brief). NAME: a path, or @ and an abstract name. call MODE:
 *
 *	path		bound to a path, so that it gets answers
 *	abstract	bound to a name that the kernel finds
 *	unbound		asks nothing, closes at once
 *	brief		asks by one datagram
 *	inherit		a child uses the parent's socket
 *	pair		a socketpair, of which a child has the other end; NAME is ignored
 *
 * The lines of LOG are those of talk-unix.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/datagram.h"
#include "lib/serve.h"
#include "lib/truth.h"

enum { DATAGRAMS = 15, DATAGRAM = 8192 };

struct calls {
	const char *mode;
	long count;
};

static const char *name;
static pid_t opener;

static int is(const char *a, const char *b)
{
	return !strcmp(a, b);
}

/* Does not wait at first, and then does: a queue holds ten, as a rule. */
static ssize_t send_one(int socket_, const struct talk *talk, const void *data,
			size_t size)
{
	const struct sockaddr *to =
		talk->peer_size ? (const struct sockaddr *)&talk->peer : NULL;
	ssize_t done = sendto(socket_, data, size, MSG_DONTWAIT | MSG_NOSIGNAL, to,
			      talk->peer_size);

	if (done < 0 && errno == EAGAIN)
		done = sendto(socket_, data, size, MSG_NOSIGNAL, to, talk->peer_size);
	return done;
}

static void send_some(int socket_, struct talk *talk, int count, int wanted)
{
	static char buffer[DATAGRAM];

	while (count--) {
		size_t size = sizeof(struct head) +
			      (size_t)random() % (DATAGRAM - sizeof(struct head));
		struct head head = { talk->head.nonce, (uint32_t)size, (uint16_t)count,
				     (uint16_t)wanted };
		ssize_t done;

		memcpy(buffer, &head, sizeof(head));
		done = send_one(socket_, talk, buffer, size);
		/* Who does not want to read it all has closed. */
		if (done < 0 && errno != EAGAIN)
			return;
		check(done, "sendto");
		talk->sent += (uint64_t)done;
	}
}

/* Read one into *talk. */
static void take_one(int socket_, struct talk *talk)
{
	static char buffer[DATAGRAM];
	struct sockaddr_storage peer;
	socklen_t size = sizeof(peer);
	ssize_t done;

	if (random() % 3 == 0)
		check(recv(socket_, buffer, sizeof(buffer), MSG_PEEK), "peek");
	done = recvfrom(socket_, buffer, sizeof(buffer), 0, (struct sockaddr *)&peer,
			&size);
	check(done, "recvfrom");
	if ((size_t)done < sizeof(talk->head))
		quit("talk-dgram: a broken datagram");
	memcpy(&talk->head, buffer, sizeof(talk->head));
	talk->peer = peer;
	talk->peer_size = size;
	talk->received = (uint64_t)done;
	talk->datagrams = 1;
}

static void write_truth(const struct talk *talk, const char *side)
{
	tell("%llu,%s,%d,%d,unix-dgram,%s,%llu,%llu,%u",
	     (unsigned long long)talk->head.nonce, side, (int)getpid(), (int)opener, name,
	     (unsigned long long)talk->sent, (unsigned long long)talk->received,
	     talk->datagrams);
}

/* Return: go on? */
static int serve_one(int socket_, int connected)
{
	struct talk one = { 0 }, *talk;

	take_one(socket_, &one);
	if (!one.head.nonce)
		return 0;
	talk = find_talk(one.head.nonce);
	talk->head = one.head;
	talk->peer = one.peer;
	talk->peer_size = connected ? 0 : one.peer_size;
	talk->received += one.received;
	talk->datagrams++;
	if (one.head.left)
		return 1;
	send_some(socket_, talk, one.head.wanted, 0);
	write_truth(talk, "server");
	talk->datagrams = 0;
	return !connected;
}

static void serve_single(int socket_)
{
	while (serve_one(socket_, 0))
		;
}

static void answer_all(const char *mode)
{
	int socket_ = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct sockaddr_un address;
	socklen_t size = unix_address(&address, name);

	check(socket_, "socket");
	check(bind(socket_, (struct sockaddr *)&address, size), "bind");
	opener = getpid();
	if (is(mode, "prefork"))
		serve_together(socket_, serve_single);
	else
		serve_single(socket_);
}

static void ask(int socket_, const char *mode, uint64_t nonce_)
{
	struct talk talk = { .head = { .nonce = nonce_ } }, one;
	int count = is(mode, "brief") ? 1 : 1 + (int)random() % DATAGRAMS;
	int wanted = is(mode, "unbound") ? 0 : 1 + (int)random() % DATAGRAMS;
	int left = nonce_ % 4 ? wanted : wanted / 2;

	/* Some are connected, and so is a pair. */
	if (!is(mode, "pair")) {
		talk.peer_size = unix_address((struct sockaddr_un *)&talk.peer, name);
		if (nonce_ % 3 == 0 && !is(mode, "inherit")) {
			check(connect(socket_, (struct sockaddr *)&talk.peer,
				      talk.peer_size),
			      "connect");
			talk.peer_size = 0;
		}
	}
	send_some(socket_, &talk, count, wanted);
	while (left--) {
		take_one(socket_, &one);
		talk.received += one.received;
		talk.datagrams++;
	}
	write_truth(&talk, "client");
}

/* So that the server can answer. Return: is there a path to remove? */
static int bind_client(int socket_, const char *mode, uint64_t nonce_, char *path,
		       size_t size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (is(mode, "unbound"))
		return 0;
	if (is(mode, "abstract")) {
		check(bind(socket_, (struct sockaddr *)&address,
			   sizeof(address.sun_family)),
		      "bind");
		return 0;
	}
	snprintf(path, size, "/tmp/talk-dgram.%llu", (unsigned long long)nonce_);
	check(bind(socket_, (struct sockaddr *)&address, unix_address(&address, path)),
	      "bind");
	return 1;
}

static void call(const char *mode, uint64_t nonce_)
{
	int socket_ = socket(AF_UNIX, SOCK_DGRAM, 0), named;
	char path[64];
	pid_t child;

	check(socket_, "socket");
	opener = getpid();
	named = bind_client(socket_, mode, nonce_, path, sizeof(path));
	if (is(mode, "inherit")) {
		child = fork();
		check(child, "fork");
		if (!child) {
			ask(socket_, mode, nonce_);
			_exit(0);
		}
		check(waitpid(child, NULL, 0), "waitpid");
	} else {
		ask(socket_, mode, nonce_);
	}
	close(socket_);
	if (named)
		unlink(path);
}

static void call_pair(uint64_t nonce_)
{
	pid_t child;
	int pair[2];

	check(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), "socketpair");
	opener = getpid();
	child = fork_onto(pair, 1);
	if (!child) {
		while (serve_one(pair[1], 1))
			;
		_exit(0);
	}
	close(pair[1]);
	ask(pair[0], "pair", nonce_);
	close(pair[0]);
	check(waitpid(child, NULL, 0), "waitpid");
}

static void call_often(long index, void *context)
{
	const struct calls *calls = context;
	long i;

	(void)index;
	for (i = 1; i <= calls->count; i++) {
		if (is(calls->mode, "pair"))
			call_pair(nonce(i));
		else
			call(calls->mode, nonce(i));
	}
}

static void stop(void)
{
	struct head head = { 0 };
	struct sockaddr_un address;
	socklen_t size = unix_address(&address, name);
	int socket_ = socket(AF_UNIX, SOCK_DGRAM, 0);

	check(socket_, "socket");
	check(sendto(socket_, &head, sizeof(head), 0, (struct sockaddr *)&address, size),
	      "sendto");
	close(socket_);
}

int main(int argc, char **argv)
{
	struct calls calls;

	if (argc == 5 && is(argv[1], "serve")) {
		open_log(argv[4]);
		name = argv[3];
		answer_all(argv[2]);
	} else if (argc == 7 && is(argv[1], "call")) {
		open_log(argv[6]);
		calls.mode = argv[2];
		name = is(calls.mode, "pair") ? "" : argv[3];
		calls.count = number_of(argv[5]);
		return !in_children(number_of(argv[4]), call_often, &calls);
	} else if (argc == 3 && is(argv[1], "stop")) {
		name = argv[2];
		stop();
	} else {
		fputs("usage: talk-dgram serve MODE NAME LOG | call MODE NAME PROCESSES COUNT"
		      " LOG | stop NAME\n",
		      stderr);
		return 2;
	}
	return 0;
}
