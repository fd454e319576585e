// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: operation NAME
 *
 * Repeats one operation for a second and a half of CLOCK_MONOTONIC, after a warm-up
 * of a tenth of that, and prints "COUNT NANOSECONDS". In a guest whose clock counts
 * instructions, nanoseconds are instructions.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WINDOW 1500000000ULL

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

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

static void op_connect(void)
{
	const struct linger reset = { 1, 0 };
	static struct sockaddr_in address;
	static int listener = -1;
	char byte = 0;
	int client, server;

	if (listener < 0)
		listener = listen_on(&address);
	client = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	check(connect(client, (struct sockaddr *)&address, sizeof(address)), "connect");
	server = accept(listener, NULL, NULL);
	check(write(client, &byte, 1), "write");
	check(read(server, &byte, 1), "read");
	close(server);
	close(client);
}

static const struct {
	const char *name;
	void (*run)(void);
} operations[] = {
	{ "getppid", op_getppid }, { "seteuid", op_seteuid }, { "fork", op_fork },
	{ "exec", op_exec },	   { "open", op_open },	      { "connect", op_connect },
};

/* Between two looks at the clock, a hundredth of the window. */
static uint64_t repeat(void (*run)(void), uint64_t window, uint64_t *took)
{
	uint64_t begin = now(), count = 0, step = 1, i;

	do {
		for (i = 0; i < step; i++)
			run();
		count += step;
		*took = now() - begin;
		if (*took < window / 100)
			step *= 2;
	} while (*took < window);
	return count;
}

int main(int argc, char **argv)
{
	uint64_t took, count;
	size_t i;

	if (argc == 3 && !strcmp(argv[1], "--an"))
		return 0;
	for (i = 0; argc == 2 && i < sizeof(operations) / sizeof(*operations); i++) {
		if (strcmp(argv[1], operations[i].name))
			continue;
		repeat(operations[i].run, WINDOW / 10, &took);
		count = repeat(operations[i].run, WINDOW, &took);
		printf("%llu %llu\n", (unsigned long long)count, (unsigned long long)took);
		return 0;
	}
	fprintf(stderr, "usage: operation getppid|seteuid|fork|exec|open|connect\n");
	return 2;
}
