// SPDX-License-Identifier: GPL-2.0-only
/*
 * talk-uring: conversations and pipes by io_uring alone, and the truth about them.
 *
 *	talk-uring serve HOW WHERE LOG		until it is told to stop
 *	talk-uring call HOW WHERE PROCESSES COUNT LOG
 *	talk-uring stop WHERE
 *	talk-uring pipe HOW COUNT LOG
 *
 * WHERE: ADDRESS,PORT (TCP), a path, or @ and an abstract name (Unix streams).
 * HOW: plain; async (all is left to workers of the kernel); poll (a thread of the
 * kernel looks for work, so that there are no calls). Exit status: 77 if the kernel
 * has no io_uring or none for us, 78 if not this way. LOG:
 *
 *	nonce,side,pid,name,addr,port,peer_addr,peer_port,sent,received
 *
 * and of pipes that of pipes.
 */
#include <errno.h>
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/truth.h"

enum { ENTRIES = 8, IDLE_MS = 50, NO_URING = 77, NOT_SO = 78, PIPE_PART = 30000 };

/* One end of a conversation, and what moved. */
struct end {
	int socket;
	uint64_t nonce;
	uint64_t sent, received;
};

struct calls {
	const char *where;
	long count;
};

static const char *how;
static struct io_uring ring;
static char bytes[LARGEST];

static void make_ring(void)
{
	struct io_uring_params params = { .sq_thread_idle = IDLE_MS };
	int error;

	if (!strcmp(how, "poll"))
		params.flags = IORING_SETUP_SQPOLL;
	error = -io_uring_queue_init_params(ENTRIES, &ring, &params);
	if (error == ENOSYS || error == EPERM) {
		printf("no io_uring here: %s\n", strerror(error));
		exit(NO_URING);
	}
	check(-error, "io_uring_queue_init");
	if (!strcmp(how, "poll") && !(params.features & IORING_FEAT_SQPOLL_NONFIXED)) {
		puts("no threads that poll for files which were not registered");
		exit(NOT_SO);
	}
}

static struct io_uring_sqe *entry(void)
{
	return io_uring_get_sqe(&ring);
}

/* Return: what the call it stands for would have returned; -1 sets errno. */
static int result_of(struct io_uring_sqe *sqe)
{
	struct io_uring_cqe *cqe;
	int result, error;

	if (!strcmp(how, "async"))
		sqe->flags |= IOSQE_ASYNC;
	check(io_uring_submit(&ring), "io_uring_submit");
	while ((error = io_uring_wait_cqe(&ring, &cqe)) == -EINTR)
		;
	check(error, "io_uring_wait_cqe");
	result = cqe->res;
	io_uring_cqe_seen(&ring, cqe);
	if (result >= 0)
		return result;
	errno = -result;
	return -1;
}

static int send_once(struct end *end, void *data, size_t size)
{
	struct iovec part = { data, size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	struct io_uring_sqe *sqe = entry();

	if (end->nonce % 3 == 0)
		io_uring_prep_send(sqe, end->socket, data, size, MSG_NOSIGNAL);
	else if (end->nonce % 3 == 1)
		io_uring_prep_sendmsg(sqe, end->socket, &message, MSG_NOSIGNAL);
	else
		io_uring_prep_write(sqe, end->socket, data, (unsigned int)size, 0);
	return result_of(sqe);
}

static int receive_once(struct end *end, void *data, size_t size)
{
	struct iovec part = { data, size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	struct io_uring_sqe *sqe = entry();

	if (end->nonce % 3 == 0)
		io_uring_prep_recv(sqe, end->socket, data, size, 0);
	else if (end->nonce % 3 == 1)
		io_uring_prep_recvmsg(sqe, end->socket, &message, 0);
	else
		io_uring_prep_read(sqe, end->socket, data, (unsigned int)size, 0);
	return result_of(sqe);
}

static void end_gives(struct end *end, void *data, size_t size)
{
	char *at = data;

	while (size) {
		int done = send_once(end, at, size);

		check(done, "sending");
		at += done;
		size -= (size_t)done;
		end->sent += (uint64_t)done;
	}
}

static void end_takes(struct end *end, void *data, size_t size)
{
	char *at = data;

	while (size) {
		int done = receive_once(end, at, size);

		check(done, "receiving");
		if (!done)
			quit("talk-uring: %zu bytes too few", size);
		at += done;
		size -= (size_t)done;
		end->received += (uint64_t)done;
	}
}

static void end_awaits_end(struct end *end)
{
	char byte = 0;

	check(receive_once(end, &byte, 1), "receiving the end");
}

static void describe(int socket_, int peer, char *text, size_t size)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);

	if (peer)
		check(getpeername(socket_, (struct sockaddr *)&address, &length),
		      "getpeername");
	else
		check(getsockname(socket_, (struct sockaddr *)&address, &length),
		      "getsockname");
	if (address.ss_family == AF_UNIX)
		snprintf(text, size, ",");
	else
		describe_address(text, size, &address);
}

static void write_truth(const struct end *end, const char *side, const char *where)
{
	char here[64], there[64];

	describe(end->socket, 0, here, sizeof(here));
	describe(end->socket, 1, there, sizeof(there));
	tell("%llu,%s,%d,%s,%s,%s,%llu,%llu", (unsigned long long)end->nonce, side,
	     (int)getpid(), strchr(where, ',') ? "" : where, here, there,
	     (unsigned long long)end->sent, (unsigned long long)end->received);
}

static socklen_t address_of(struct sockaddr_storage *address, const char *where)
{
	const char *comma = strchr(where, ',');
	char text[64];

	if (!comma)
		return unix_address((struct sockaddr_un *)address, where);
	snprintf(text, sizeof(text), "%.*s", (int)(comma - where), where);
	return parse_address(address, text, comma + 1);
}

/* Return: go on? */
static int answer(int socket_, const char *where)
{
	static char buffer[LARGEST];
	struct end end = { .socket = socket_ };
	struct request request;

	end_takes(&end, &request, sizeof(request));
	if (!request.nonce)
		return 0;
	end.nonce = request.nonce;
	end_takes(&end, buffer, request.up);
	end_gives(&end, bytes, request.down);
	write_truth(&end, "server", where);
	if (request.nonce % 2)
		end_awaits_end(&end);
	check(close(socket_), "close");
	return 1;
}

static void serve(const char *where)
{
	struct sockaddr_storage address;
	socklen_t size = address_of(&address, where);
	int listener = socket(address.ss_family, SOCK_STREAM, 0), one = 1, accepted;

	check(listener, "socket");
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	check(bind(listener, (struct sockaddr *)&address, size), "bind");
	check(listen(listener, 512), "listen");
	make_ring();
	do {
		struct io_uring_sqe *sqe = entry();

		io_uring_prep_accept(sqe, listener, NULL, NULL, 0);
		accepted = result_of(sqe);
		check(accepted, "accept");
	} while (answer(accepted, where));
}

static int call(const char *where)
{
	struct io_uring_sqe *sqe = entry();
	struct sockaddr_storage address;
	socklen_t size = address_of(&address, where);
	int socket_ = socket(address.ss_family, SOCK_STREAM, 0);

	check(socket_, "socket");
	io_uring_prep_connect(sqe, socket_, (struct sockaddr *)&address, size);
	check(result_of(sqe), "connect");
	return socket_;
}

static void converse(const char *where, struct request *request)
{
	static char buffer[LARGEST];
	struct end end = { .socket = call(where), .nonce = request->nonce };

	end_gives(&end, request, sizeof(*request));
	if (request->nonce) {
		end_gives(&end, bytes, request->up);
		end_takes(&end, buffer, request->down);
		write_truth(&end, "client", where);
	}
	/* Of one that the server closes. */
	if (request->nonce % 2 == 0)
		end_awaits_end(&end);
	check(close(end.socket), "close");
}

static void call_often(long index, void *context)
{
	const struct calls *calls = context;
	long i;

	(void)index;
	make_ring();
	for (i = 1; i <= calls->count; i++) {
		struct request request = { nonce(i), amount(LARGEST), amount(LARGEST) };

		converse(calls->where, &request);
	}
}

static void stop(const char *where)
{
	struct request request = { 0 };

	how = "plain";
	make_ring();
	converse(where, &request);
}

static void tell_pipe(int file, size_t written, size_t read_)
{
	struct stat status;

	check(fstat(file, &status), "fstat");
	tell("%s,%llu,,%d,%zu,%zu", how, (unsigned long long)status.st_ino, (int)getpid(),
	     written, read_);
}

/* Every ring is of one process. */
static void write_pipe(int file)
{
	size_t size = amount(LARGEST), written;

	make_ring();
	for (written = 0; written < size;) {
		size_t part = size - written < PIPE_PART ? size - written : PIPE_PART;
		struct io_uring_sqe *sqe = entry();
		int done;

		io_uring_prep_write(sqe, file, bytes, (unsigned int)part, (uint64_t)-1);
		done = result_of(sqe);
		check(done, "write");
		written += (size_t)done;
	}
	tell_pipe(file, written, 0);
	_exit(0);
}

static void read_pipe(int file)
{
	static char buffer[LARGEST];
	size_t sum = 0;
	int done;

	make_ring();
	do {
		struct io_uring_sqe *sqe = entry();

		io_uring_prep_read(sqe, file, buffer, PIPE_PART, (uint64_t)-1);
		done = result_of(sqe);
		check(done, "read");
		sum += (size_t)done;
	} while (done);
	tell_pipe(file, 0, sum);
	_exit(0);
}

static void make_pipes(long count)
{
	int pair[2], status, i;

	while (count--) {
		check(pipe(pair), "pipe");
		if (!fork_onto(pair, 0))
			read_pipe(pair[0]);
		if (!fork_onto(pair, 1))
			write_pipe(pair[1]);
		close(pair[0]);
		close(pair[1]);
		for (i = 0; i < 2; i++) {
			check(wait(&status), "wait");
			if (status)
				exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
		}
	}
}

int main(int argc, char **argv)
{
	struct calls calls;

	if (argc > 2)
		how = argv[2];
	if (argc == 5 && !strcmp(argv[1], "serve")) {
		open_log(argv[4]);
		serve(argv[3]);
	} else if (argc == 7 && !strcmp(argv[1], "call")) {
		open_log(argv[6]);
		calls = (struct calls){ argv[3], number_of(argv[5]) };
		return !in_children(number_of(argv[4]), call_often, &calls);
	} else if (argc == 3 && !strcmp(argv[1], "stop")) {
		stop(argv[2]);
	} else if (argc == 5 && !strcmp(argv[1], "pipe")) {
		open_log(argv[4]);
		make_pipes(number_of(argv[3]));
	} else {
		fputs("usage: talk-uring serve HOW WHERE LOG | call HOW WHERE PROCESSES COUNT"
		      " LOG | stop WHERE | pipe HOW COUNT LOG\n",
		      stderr);
		return 2;
	}
	return 0;
}
