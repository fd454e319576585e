// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: echo CLIENTS CONNECTIONS MESSAGES
 *
 * A server that echoes over a Unix socket, and clients that each connect so many times,
 * one after the other, and let so many messages of 64 bytes come back each time.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct sockaddr_un address = { AF_UNIX, "\0kith-echo" };

static void check(long result, const char *what)
{
	if (result >= 0)
		return;
	perror(what);
	exit(1);
}

static void serve(int listener)
{
	char message[64];
	ssize_t size;
	int client;

	for (;;) {
		client = accept(listener, NULL, NULL);
		check(client, "accept");
		while ((size = read(client, message, sizeof(message))) > 0)
			check(write(client, message, (size_t)size), "write");
		close(client);
	}
}

static void visit(long messages)
{
	int server = socket(AF_UNIX, SOCK_STREAM, 0);
	char message[64] = { 0 };
	long i;

	check(connect(server, (const struct sockaddr *)&address, sizeof(address)), "connect");
	for (i = 0; i < messages; i++) {
		check(write(server, message, sizeof(message)), "write");
		check(read(server, message, sizeof(message)), "read");
	}
	close(server);
}

static pid_t start_server(void)
{
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	pid_t server;

	check(bind(listener, (const struct sockaddr *)&address, sizeof(address)), "bind");
	check(listen(listener, 128), "listen");
	server = fork();
	if (!server)
		serve(listener);
	close(listener);
	check(server, "fork");
	return server;
}

int main(int argc, char **argv)
{
	long clients, connections, i;
	int status, failed = 0;
	pid_t server, child;

	if (argc != 4)
		return 2;
	clients = atol(argv[1]);
	connections = atol(argv[2]);
	server = start_server();
	for (i = 0; i < clients; i++) {
		child = fork();
		check(child, "fork");
		if (child)
			continue;
		while (connections--)
			visit(atol(argv[3]));
		_exit(0);
	}
	for (i = 0; i < clients; i++) {
		wait(&status);
		failed |= status;
	}
	kill(server, SIGTERM);
	return failed ? 1 : 0;
}
