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
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LARGEST = 100000, WORKERS = 4 };

struct request {
	uint64_t nonce; /* 0: stop */
	uint32_t up;	/* bytes after this, to the server */
	uint32_t down;
};

/* Who closes, by the nonce: the client, the server, or the client by a reset. */
enum farewell { CLIENT_CLOSES, SERVER_CLOSES, CLIENT_RESETS, CLIENT_SHUTS_DOWN, FAREWELLS };

static int log_file;
static char bytes[LARGEST + 1];

static void check(long result, const char *what)
{
	if (result >= 0)
		return;
	perror(what);
	exit(1);
}

static void give(int socket, const void *data, size_t size)
{
	const char *at = data;

	while (size) {
		ssize_t done = send(socket, at, size, MSG_NOSIGNAL);

		check(done, "send");
		at += done;
		size -= (size_t)done;
	}
}

static void take(int socket, void *data, size_t size)
{
	char *at = data;

	while (size) {
		ssize_t done = recv(socket, at, size, 0);

		check(done, "recv");
		if (!done) {
			fprintf(stderr, "talk: %zu bytes too few\n", size);
			exit(1);
		}
		at += done;
		size -= (size_t)done;
	}
}

static void await_end(int socket)
{
	char byte;

	check(recv(socket, &byte, 1, 0), "recv at the end");
}

static void describe(char *text, size_t size, const struct sockaddr_in6 *address)
{
	char name[INET6_ADDRSTRLEN];

	if (address->sin6_family == AF_INET) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;

		inet_ntop(AF_INET, &v4->sin_addr, name, sizeof(name));
		snprintf(text, size, "%s,%u", name, ntohs(v4->sin_port));
	} else {
		inet_ntop(AF_INET6, &address->sin6_addr, name, sizeof(name));
		/* As the database writes them. */
		snprintf(text, size, "%s,%u", strncmp(name, "::ffff:", 7) ? name : name + 7,
			 ntohs(address->sin6_port));
	}
}

/* Before it is closed: afterwards it has no addresses. */
static void write_truth(int socket, const struct request *request, int server)
{
	size_t up = sizeof(*request) + request->up, down = request->down;
	struct sockaddr_in6 address;
	socklen_t size = sizeof(address);
	char here[64], there[64], line[256];
	int length;

	check(getsockname(socket, (struct sockaddr *)&address, &size), "getsockname");
	describe(here, sizeof(here), &address);
	size = sizeof(address);
	check(getpeername(socket, (struct sockaddr *)&address, &size), "getpeername");
	describe(there, sizeof(there), &address);
	length = snprintf(line, sizeof(line), "%llu,%s,%d,%s,%s,%zu,%zu\n",
			  (unsigned long long)request->nonce, server ? "server" : "client",
			  (int)getpid(), here, there, server ? down : up, server ? up : down);
	check(write(log_file, line, (size_t)length), "write");
}

/* Return: go on? */
static int answer(int socket)
{
	struct request request;
	char *buffer = malloc(LARGEST + 1);

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
		(void)!recv(socket, &request, 1, 0);
	check(close(socket), "close");
	return 1;
}

static void *answer_in_thread(void *socket)
{
	answer((int)(intptr_t)socket);
	return NULL;
}

static int accept_one(int listener)
{
	int socket = accept(listener, NULL, NULL);

	check(socket, "accept");
	return socket;
}

/* The first bytes tell whether to stop; they stay where they are. */
static int is_last(int socket)
{
	struct request request;

	check(recv(socket, &request, sizeof(request), MSG_PEEK | MSG_WAITALL), "peek");
	return !request.nonce;
}

static void serve_single(int listener)
{
	while (answer(accept_one(listener)))
		;
}

static void serve_thread(int listener)
{
	for (;;) {
		int socket = accept_one(listener);
		pthread_t thread;

		if (is_last(socket)) {
			sleep(1);
			return;
		}
		check(-pthread_create(&thread, NULL, answer_in_thread, (void *)(intptr_t)socket),
		      "pthread_create");
		pthread_detach(thread);
	}
}

enum { STOPPED = 9 };

/* Has a child been told to stop? */
static int is_told(void)
{
	int status;

	while (waitpid(-1, &status, WNOHANG) > 0)
		if (WIFEXITED(status) && WEXITSTATUS(status) == STOPPED)
			return 1;
	return 0;
}

/* Return: -1 after a while without a call. */
static int accept_soon(int listener)
{
	struct timeval patience = { .tv_usec = 300000 };

	setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return accept(listener, NULL, NULL);
}

/* The one who accepts says nothing: it is the child's. */
static void serve_fork(int listener)
{
	while (!is_told()) {
		int socket = accept_soon(listener);
		pid_t child;

		if (socket < 0)
			continue;
		child = fork();
		check(child, "fork");
		if (!child)
			_exit(answer(socket) ? 0 : STOPPED);
		close(socket);
	}
}

static void serve_prefork(int listener)
{
	pid_t workers[WORKERS];
	int i;

	for (i = 0; i < WORKERS; i++) {
		workers[i] = fork();
		check(workers[i], "fork");
		if (!workers[i]) {
			serve_single(listener);
			_exit(0);
		}
	}
	check(waitpid(-1, NULL, 0), "waitpid");
	for (i = 0; i < WORKERS; i++)
		kill(workers[i], SIGTERM);
}

static void pass(int over, int socket)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 }, byte = 'x';
	struct iovec data = { &byte, 1 };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &socket, sizeof(int));
	check(sendmsg(over, &message, 0), "sendmsg");
}

static int receive_passed(int over)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec data = { &byte, 1 };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = control,
				  .msg_controllen = sizeof(control) };
	int socket;

	check(recvmsg(over, &message, 0), "recvmsg");
	memcpy(&socket, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
	return socket;
}

static void serve_pass(int listener)
{
	int pair[2];
	pid_t worker;

	check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
	worker = fork();
	check(worker, "fork");
	if (!worker) {
		while (answer(receive_passed(pair[1])))
			;
		_exit(STOPPED);
	}
	while (!is_told()) {
		int socket = accept_soon(listener);

		if (socket < 0)
			continue;
		pass(pair[0], socket);
		close(socket);
	}
}

/* Return: its size. */
static socklen_t parse(struct sockaddr_storage *address, const char *text, const char *port)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;

	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)atoi(port));
		return sizeof(*v4);
	}
	if (inet_pton(AF_INET6, text, &v6->sin6_addr) != 1) {
		fprintf(stderr, "talk: %s: no address\n", text);
		exit(2);
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons((uint16_t)atoi(port));
	return sizeof(*v6);
}

static void serve(const char *mode, const char *text, const char *port)
{
	static const struct {
		const char *name;
		void (*serve)(int listener);
	} modes[] = { { "single", serve_single },   { "thread", serve_thread },
		      { "fork", serve_fork },	    { "prefork", serve_prefork },
		      { "pass", serve_pass } };
	struct sockaddr_storage address;
	socklen_t size = parse(&address, text, port);
	int listener = socket(address.ss_family, SOCK_STREAM, 0), one = 1;
	size_t i;

	check(listener, "socket");
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	check(bind(listener, (struct sockaddr *)&address, size), "bind");
	check(listen(listener, 512), "listen");
	puts("ready");
	fflush(stdout);
	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (!strcmp(modes[i].name, mode))
			modes[i].serve(listener);
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

/* Mostly small, at times large, never 0: an answer says that all has been read. */
static uint32_t amount(void)
{
	return 1 + (uint32_t)random() % (random() % 20 ? 2000 : LARGEST);
}

static void call_often(const char *text, const char *port, long count)
{
	struct sockaddr_storage address;
	socklen_t size = parse(&address, text, port);

	srandom((unsigned int)getpid());
	while (count--) {
		struct request request = {
			.nonce = (uint64_t)getpid() << 32 | (uint64_t)(count + 1),
			.up = amount(),
			.down = amount(),
		};

		converse(call(&address, size), &request);
	}
}

static void stop(const char *text, const char *port)
{
	struct request request = { 0 };
	struct sockaddr_storage address;
	socklen_t size = parse(&address, text, port);
	int socket = call(&address, size);

	give(socket, &request, sizeof(request));
	recv(socket, &request, 1, 0);
	close(socket);
}

static void open_log(const char *path)
{
	log_file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
	check(log_file, path);
}

int main(int argc, char **argv)
{
	long processes;

	if (argc == 6 && !strcmp(argv[1], "serve")) {
		open_log(argv[5]);
		serve(argv[2], argv[3], argv[4]);
	} else if (argc == 7 && !strcmp(argv[1], "call")) {
		open_log(argv[6]);
		for (processes = atol(argv[4]); processes > 0; processes--)
			if (!fork()) {
				call_often(argv[2], argv[3], atol(argv[5]));
				_exit(0);
			}
		for (int status; wait(&status) > 0;)
			if (status)
				return 1;
	} else if (argc == 4 && !strcmp(argv[1], "stop")) {
		open_log("/dev/null");
		stop(argv[2], argv[3]);
	} else {
		fputs("usage: talk serve MODE ADDRESS PORT LOG | call ADDRESS PORT PROCESSES"
		      " COUNT LOG | stop ADDRESS PORT\n", stderr);
		return 2;
	}
	return 0;
}
