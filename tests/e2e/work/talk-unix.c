// SPDX-License-Identifier: GPL-2.0-only
/*
 * talk-unix: conversations over Unix sockets, and the truth about them.
 *
 *	talk-unix serve TYPE MODE NAME LOG	until it is told to stop
 *	talk-unix call TYPE NAME PROCESSES COUNT LOG
 *	talk-unix stop TYPE NAME
 *	talk-unix pair TYPE PROCESSES COUNT LOG
 *
 * TYPE: stream, seqpacket. MODE: see lib/serve.h. NAME: a path, or @ and an abstract
 * name. pair: both ends of a socketpair are used by children of who made it, or one
 * by himself; of some nothing is made.
 *
 * By the nonce each end sends by another call, some of them little by little into a
 * buffer that is full; some look before they read; and it ends in one of many ways.
 * Each end is a line of LOG:
 *
 *	nonce,side,pid,opener,protocol,name,sent,received,packets
 *
 * where sent is what the calls said, received what was read, by so many packets.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/serve.h"
#include "lib/truth.h"

enum { PACKET = 4000, SMALL_BUFFER = 4096, MAX_FAILURES = 1000 };

/* How it ends, by the nonce. */
enum farewell {
	CLIENT_CLOSES,
	SERVER_CLOSES,
	CLIENT_SHUTS_DOWN,
	CLIENT_DIES,   /* killed while all is open */
	CLIENT_LEAVES, /* before it has read all */
	CHILD_SPEAKS,  /* who connects lets a child do it */
	FAREWELLS,
};

/* One end of a conversation, and what moved. */
struct end {
	int socket;
	uint64_t nonce;
	uint64_t sent, received;
	unsigned int packets; /* that were read */
};

static int type;
static const char *protocol, *name;
static char bytes[LARGEST];

static enum farewell farewell(uint64_t nonce_)
{
	return (enum farewell)(nonce_ % FAREWELLS);
}

static ssize_t by_writev(int socket_, char *data, size_t size)
{
	struct iovec parts[2] = { { data, size / 3 },
				  { data + size / 3, size - size / 3 } };

	return writev(socket_, parts, 2);
}

static ssize_t by_sendmsg(int socket_, char *data, size_t size)
{
	struct iovec part = { data, size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	return sendmsg(socket_, &message, MSG_NOSIGNAL);
}

static ssize_t by_write(int socket_, char *data, size_t size)
{
	return write(socket_, data, size);
}

static ssize_t by_send(int socket_, char *data, size_t size)
{
	return send(socket_, data, size, MSG_NOSIGNAL);
}

/* Little by little, where there is room for little. */
static ssize_t by_waiting(int socket_, char *data, size_t size)
{
	struct pollfd ready = { .fd = socket_, .events = POLLOUT };
	int room = SMALL_BUFFER;
	ssize_t done;

	setsockopt(socket_, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	while ((done = send(socket_, data, size, MSG_NOSIGNAL | MSG_DONTWAIT)) < 0 &&
	       errno == EAGAIN)
		check(poll(&ready, 1, -1), "poll");
	return done;
}

static int in_memory(const char *data, size_t size)
{
	int file = memfd_create("talk", MFD_CLOEXEC);

	check(file, "memfd_create");
	check(write(file, data, size), "write");
	return file;
}

static ssize_t by_sendfile(int socket_, char *data, size_t size)
{
	int file = in_memory(data, size);
	off_t begin = 0;
	ssize_t done = sendfile(socket_, file, &begin, size);

	close(file);
	return done;
}

static ssize_t by_splice(int socket_, char *data, size_t size)
{
	int pipe_[2];
	ssize_t done;

	check(pipe(pipe_), "pipe");
	if (size > PACKET)
		size = PACKET;
	check(write(pipe_[1], data, size), "write");
	done = splice(pipe_[0], NULL, socket_, NULL, size, 0);
	close(pipe_[0]);
	close(pipe_[1]);
	return done;
}

/* What could not be sent, since nobody reads any more, is not sent. Return: was all? */
static int end_gives(struct end *end, void *data, size_t size)
{
	static ssize_t (*const ways[])(int socket_, char *data, size_t size) = {
		by_send,    by_write,	 by_writev, by_sendmsg,
		by_waiting, by_sendfile, by_splice,
	};
	/* The last two cut as they like, which packets do not allow. */
	size_t count = sizeof(ways) / sizeof(*ways) - (type == SOCK_STREAM ? 0 : 2);
	char *at = data;

	while (size) {
		size_t part = type == SOCK_STREAM || size < PACKET ? size : PACKET;
		ssize_t done = ways[end->nonce / 7 % count](end->socket, at, part);

		if (done < 0 && (errno == EPIPE || errno == ECONNRESET || errno == ECONNREFUSED))
			return 0;
		check(done, "sending");
		at += done;
		size -= (size_t)done;
		end->sent += (size_t)done;
	}
	return 1;
}

static void end_takes(struct end *end, void *data, size_t size)
{
	char *at = data;

	while (size) {
		struct iovec part = { at, size };
		struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
		ssize_t done;

		if (end->nonce / 3 % 3 == 0)
			check(recv(end->socket, at, 1, MSG_PEEK), "peek");
		if (end->nonce % 3 == 0)
			done = recvmsg(end->socket, &message, 0);
		else if (end->nonce % 3 == 1)
			done = read(end->socket, at, size);
		else
			done = recv(end->socket, at, size, 0);
		/* The other has closed without reading all; what he has sent is there. */
		if (done < 0 && errno == ECONNRESET)
			continue;
		check(done, "reading");
		if (!done)
			quit("talk-unix: %zu bytes too few", size);
		at += done;
		size -= (size_t)done;
		end->received += (size_t)done;
		end->packets++;
	}
}

static void write_truth(const struct end *end, const char *side, pid_t opener)
{
	tell("%llu,%s,%d,%d,%s,%s,%llu,%llu,%u", (unsigned long long)end->nonce, side,
	     (int)getpid(), (int)opener, protocol, name, (unsigned long long)end->sent,
	     (unsigned long long)end->received, end->packets);
}

static int answer(int socket_, pid_t opener)
{
	struct request request;
	struct end end = { .socket = socket_ };
	char *buffer;

	end_takes(&end, &request, sizeof(request));
	if (!request.nonce)
		return 0;
	buffer = malloc(LARGEST);
	if (!buffer)
		exit(1);
	end.nonce = request.nonce;
	end_takes(&end, buffer, request.up);
	end_gives(&end, bytes, request.down);
	/* Who leaves does so while something is being sent. */
	if (type == SOCK_STREAM && farewell(request.nonce) == CLIENT_LEAVES)
		while (end_gives(&end, bytes, LARGEST))
			;
	write_truth(&end, "server", opener);
	free(buffer);
	/* A reset comes of what was left unread. */
	if (farewell(request.nonce) != SERVER_CLOSES)
		(void)!recv(socket_, &request, 1, 0);
	check(close(socket_), "close");
	return 1;
}

static void converse(int socket_, struct request *request, pid_t opener)
{
	static char buffer[LARGEST];
	struct end end = { .socket = socket_, .nonce = request->nonce };
	uint32_t down = request->down;

	if (farewell(request->nonce) == CLIENT_LEAVES)
		down /= 2;
	end_gives(&end, request, sizeof(*request));
	end_gives(&end, bytes, request->up);
	/* Of a packet one cannot read half. */
	if (type == SOCK_STREAM || down == request->down)
		end_takes(&end, buffer, down);
	write_truth(&end, "client", opener);
	switch (farewell(request->nonce)) {
	case SERVER_CLOSES:
		await_end(socket_);
		break;
	case CLIENT_SHUTS_DOWN:
		check(shutdown(socket_, SHUT_WR), "shutdown");
		await_end(socket_);
		break;
	case CLIENT_DIES:
		check(raise(SIGKILL), "raise");
		break;
	default:
		break;
	}
	check(close(socket_), "close");
}

static void answer_all(const char *mode)
{
	struct sockaddr_un address;
	socklen_t size = unix_address(&address, name);
	int listener = socket(AF_UNIX, type, 0);

	check(listener, "socket");
	check(bind(listener, (struct sockaddr *)&address, size), "bind");
	check(listen(listener, 512), "listen");
	serve(mode, listener, answer);
}

static int call(void)
{
	struct sockaddr_un address;
	socklen_t size = unix_address(&address, name);
	int socket_ = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	check(socket_, "socket");
	check(connect(socket_, (struct sockaddr *)&address, size), "connect");
	return socket_;
}

static struct request make_request(long number)
{
	return (struct request){ .nonce = nonce(number),
				 .up = amount(LARGEST),
				 .down = amount(LARGEST) };
}

/* In a child: to be killed, or because it only inherits. */
static void let_converse(int socket_, struct request *request)
{
	pid_t opener = getpid(), child = fork();
	int status;

	check(child, "fork");
	if (!child) {
		converse(socket_, request, opener);
		_exit(0);
	}
	check(waitpid(child, &status, 0), "waitpid");
	if (status && farewell(request->nonce) != CLIENT_DIES)
		quit("talk-unix: a child ended with %d", status);
	close(socket_);
}

static void call_often(long index, void *context)
{
	long i, count = *(const long *)context;

	(void)index;
	for (i = 1; i <= count; i++) {
		struct request request = make_request(i);
		int socket_;

		if (farewell(request.nonce) == CLIENT_DIES && i % 2) {
			/* One that has connected itself. */
			pid_t child = fork();

			check(child, "fork");
			if (!child)
				converse(call(), &request, getpid());
			check(waitpid(child, NULL, 0), "waitpid");
			continue;
		}
		socket_ = call();
		if (farewell(request.nonce) == CHILD_SPEAKS ||
		    farewell(request.nonce) == CLIENT_DIES)
			let_converse(socket_, &request);
		else
			converse(socket_, &request, getpid());
	}
}

static void answer_and_exit(int pair[2], pid_t opener)
{
	close(pair[0]);
	answer(pair[1], opener);
	_exit(0);
}

static void pair_often(long index, void *context)
{
	long i, count = *(const long *)context;

	(void)index;
	for (i = 1; i <= count; i++) {
		struct request request = make_request(i);
		pid_t child;
		int pair[2];

		check(socketpair(AF_UNIX, type, 0, pair), "socketpair");
		child = i % 9 ? fork() : -1;
		if (!child)
			answer_and_exit(pair, getppid());
		close(pair[1]);
		if (child < 0)
			close(pair[0]);
		else if (i % 2 || farewell(request.nonce) == CLIENT_DIES)
			let_converse(pair[0], &request);
		else
			converse(pair[0], &request, getpid());
		if (child > 0)
			check(waitpid(child, NULL, 0), "waitpid");
	}
}

static void stop(void)
{
	struct request request = { 0 };
	int socket_ = call();

	give(socket_, &request, sizeof(request));
	recv(socket_, &request, 1, 0);
	close(socket_);
}

static void set_type(const char *text)
{
	if (!strcmp(text, "stream"))
		type = SOCK_STREAM, protocol = "unix-stream";
	else if (!strcmp(text, "seqpacket"))
		type = SOCK_SEQPACKET, protocol = "unix-seqpacket";
	else
		quit("%s: no such type", text);
}

int main(int argc, char **argv)
{
	long count;

	signal(SIGPIPE, SIG_IGN);
	if (argc > 2)
		set_type(argv[2]);
	if (argc == 6 && !strcmp(argv[1], "serve")) {
		open_log(argv[5]);
		name = argv[4];
		answer_all(argv[3]);
	} else if (argc == 7 && !strcmp(argv[1], "call")) {
		open_log(argv[6]);
		name = argv[3];
		count = number_of(argv[5]);
		return !in_children(number_of(argv[4]), call_often, &count);
	} else if (argc == 4 && !strcmp(argv[1], "stop")) {
		name = argv[3];
		stop();
	} else if (argc == 6 && !strcmp(argv[1], "pair")) {
		open_log(argv[5]);
		name = "";
		count = number_of(argv[4]);
		return !in_children(number_of(argv[3]), pair_often, &count);
	} else {
		fputs("usage: talk-unix serve TYPE MODE NAME LOG | call TYPE NAME PROCESSES"
		      " COUNT LOG | stop TYPE NAME | pair TYPE PROCESSES COUNT LOG\n",
		      stderr);
		return 2;
	}
	return 0;
}
