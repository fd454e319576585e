// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: operation NAME [MILLISECONDS]
 *
 * Repeats one operation for a while of CLOCK_MONOTONIC (a second and 200 ms), after a
 * warm-up of a tenth of that, and prints how often, and the nanoseconds that the
 * processors ran for it and for what it left to do to others (see busy.h). In a guest
 * whose clock counts instructions, nanoseconds are instructions.
 */
#include "busy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WINDOW_MS = 1200 };

static void check(long result, const char *what)
{
	if (result >= 0)
		return;
	perror(what);
	exit(1);
}

static void op_getppid(void)
{
	syscall(SYS_getppid);
}

/* Away from root and back: two changes of credentials. */
static void op_seteuid(void)
{
	check(seteuid(1000), "seteuid");
	check(seteuid(0), "seteuid");
}

static void await(pid_t child)
{
	check(child, "fork");
	check(waitpid(child, NULL, 0), "waitpid");
}

static void op_fork(void)
{
	pid_t child = fork();

	if (!child)
		_exit(0);
	await(child);
}

/* This program itself, which is static, and then ends at once. */
static void op_exec(void)
{
	pid_t child = vfork();

	if (!child) {
		execl("/proc/self/exe", "operation", "--an", "argument", (char *)NULL);
		_exit(127);
	}
	await(child);
}

static void op_open(void)
{
	int file = open("/etc/passwd", O_RDONLY);

	check(file, "open");
	close(file);
}

static int reopen(const char *path, int flags)
{
	int file = open(path, flags, 0600);

	check(file, path);
	return file;
}

/* One byte of a file that has no bytes of its own. */
static void op_read1(void)
{
	static int file = -1;
	char byte;

	if (file < 0)
		file = reopen("/dev/zero", O_RDONLY);
	check(read(file, &byte, 1), "read");
}

static void op_filerw(void)
{
	static char page[4096];
	static int file = -1;

	if (file < 0)
		file = reopen("/tmp/kith-filerw", O_RDWR | O_CREAT | O_TRUNC);
	check(pwrite(file, page, sizeof(page), 0), "pwrite");
	check(pread(file, page, sizeof(page), 0), "pread");
}

static void op_openclose(void)
{
	static bool made;

	if (!made)
		close(reopen("/tmp/kith-openclose", O_RDWR | O_CREAT));
	made = true;
	close(reopen("/tmp/kith-openclose", O_RDONLY));
}

static void op_openwrclose(void)
{
	static char bytes[100];
	int file = reopen("/tmp/kith-openwrclose", O_RDWR | O_CREAT | O_TRUNC);

	check(write(file, bytes, sizeof(bytes)), "write");
	close(file);
}

/* There, and the next time back. */
static void op_rename(void)
{
	static const char *const names[] = { "/tmp/kith-rename-a", "/tmp/kith-rename-b" };
	static unsigned int count;

	if (!count)
		close(reopen(names[0], O_WRONLY | O_CREAT));
	check(rename(names[count % 2], names[(count + 1) % 2]), "rename");
	count++;
}

static int listen_on(struct sockaddr_in *address)
{
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t size = sizeof(*address);

	*address = (struct sockaddr_in){ .sin_family = AF_INET,
					 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	check(bind(listener, (struct sockaddr *)address, size), "bind");
	check(listen(listener, 8), "listen");
	check(getsockname(listener, (struct sockaddr *)address, &size), "getsockname");
	return listener;
}

/* 64 bytes from one end to the other of what is open. */
static void move(int from, int to)
{
	char buffer[64] = { 0 };

	check(write(from, buffer, sizeof(buffer)), "write");
	check(read(to, buffer, sizeof(buffer)), "read");
}

static void op_tcpconn(void)
{
	const struct linger reset = { 1, 0 };
	static struct sockaddr_in address;
	static int listener = -1;
	int client, server;

	if (listener < 0)
		listener = listen_on(&address);
	client = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	check(connect(client, (struct sockaddr *)&address, sizeof(address)), "connect");
	server = accept(listener, NULL, NULL);
	move(client, server);
	close(server);
	close(client);
}

static void op_tcprr(void)
{
	static int client = -1, server;
	struct sockaddr_in address;
	int listener, one = 1;

	if (client < 0) {
		listener = listen_on(&address);
		client = socket(AF_INET, SOCK_STREAM, 0);
		check(connect(client, (struct sockaddr *)&address, sizeof(address)), "connect");
		server = accept(listener, NULL, NULL);
		setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	}
	move(client, server);
}

static void op_udp(void)
{
	static struct sockaddr_in address;
	static int client = -1, server;
	socklen_t size = sizeof(address);
	char buffer[64] = { 0 };

	if (client < 0) {
		client = socket(AF_INET, SOCK_DGRAM, 0);
		server = socket(AF_INET, SOCK_DGRAM, 0);
		address.sin_family = AF_INET;
		address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		check(bind(server, (struct sockaddr *)&address, size), "bind");
		check(getsockname(server, (struct sockaddr *)&address, &size), "getsockname");
	}
	check(sendto(client, buffer, sizeof(buffer), 0, (struct sockaddr *)&address, size),
	      "sendto");
	check(recv(server, buffer, sizeof(buffer), 0), "recv");
}

static void op_unixpair(void)
{
	int pair[2];

	check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
	close(pair[0]);
	close(pair[1]);
}

static void op_unixrr(void)
{
	static int pair[2] = { -1, -1 };

	if (pair[0] < 0)
		check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
	move(pair[0], pair[1]);
}

static void op_pipe(void)
{
	static int pair[2] = { -1, -1 };

	if (pair[0] < 0)
		check(pipe(pair), "pipe");
	move(pair[1], pair[0]);
}

static void op_unixconn(void)
{
	/* Abstract: nothing of a file system in it. */
	static const struct sockaddr_un address = { AF_UNIX, "\0kith-operation" };
	static int listener = -1;
	int client, server;

	if (listener < 0) {
		listener = socket(AF_UNIX, SOCK_STREAM, 0);
		check(bind(listener, (const struct sockaddr *)&address, sizeof(address)), "bind");
		check(listen(listener, 8), "listen");
	}
	client = socket(AF_UNIX, SOCK_STREAM, 0);
	check(connect(client, (const struct sockaddr *)&address, sizeof(address)), "connect");
	server = accept(listener, NULL, NULL);
	move(client, server);
	close(client);
	close(server);
}

static const struct {
	const char *name;
	void (*run)(void);
} operations[] = {
	{ "getppid", op_getppid },   { "seteuid", op_seteuid },	  { "fork", op_fork },
	{ "exec", op_exec },	     { "open", op_open },	  { "tcpconn", op_tcpconn },
	{ "tcprr", op_tcprr },	     { "udp", op_udp },		  { "unixconn", op_unixconn },
	{ "unixpair", op_unixpair }, { "unixrr", op_unixrr },	  { "pipe", op_pipe },
	{ "read1", op_read1 },	     { "filerw", op_filerw },	  { "rename", op_rename },
	{ "openclose", op_openclose }, { "openwrclose", op_openwrclose },
};

/* Between two looks at the clock, a hundredth of the window. */
static uint64_t repeat(void (*run)(void), uint64_t window)
{
	uint64_t begin = busy_now(), count = 0, step = 1, took, i;

	do {
		for (i = 0; i < step; i++)
			run();
		count += step;
		took = busy_now() - begin;
		if (took < window / 100)
			step *= 2;
	} while (took < window);
	return count;
}

static void measure(void (*run)(void), uint64_t window)
{
	uint64_t count, begin, busy;

	repeat(run, window / 10);
	busy_drain();
	begin = busy_total();
	count = repeat(run, window);
	busy = busy_total() - begin;
	busy += busy_drain();
	printf("%llu %llu\n", (unsigned long long)count, (unsigned long long)busy);
}

static int usage(void)
{
	size_t i;

	fputs("usage: operation NAME [MILLISECONDS]; NAME is one of", stderr);
	for (i = 0; i < sizeof(operations) / sizeof(*operations); i++)
		fprintf(stderr, " %s", operations[i].name);
	fputc('\n', stderr);
	return 2;
}

int main(int argc, char **argv)
{
	unsigned long ms = argc == 3 ? strtoul(argv[2], NULL, 10) : WINDOW_MS;
	size_t i;

	if (argc == 3 && !strcmp(argv[1], "--an"))
		return 0;
	for (i = 0; argc >= 2 && i < sizeof(operations) / sizeof(*operations); i++)
		if (!strcmp(argv[1], operations[i].name) && ms) {
			measure(operations[i].run, ms * 1000000);
			return 0;
		}
	return usage();
}
