// SPDX-License-Identifier: GPL-2.0-only
#include "serve.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "truth.h"

enum { WORKERS = 4, STOPPED = 9, SOON_MS = 300 };

static answer_fn *answer;
static atomic_int busy;

static int accept_one(int listener)
{
	int socket = accept(listener, NULL, NULL);

	check(socket, "accept");
	return socket;
}

static void serve_single(int listener)
{
	while (answer(accept_one(listener), getpid()))
		;
}

static void *answer_in_thread(void *socket)
{
	answer((int)(intptr_t)socket, getpid());
	busy--;
	return NULL;
}

/* The first bytes tell whether to stop; they stay where they are. */
static int is_last(int socket)
{
	struct request request;

	check(recv(socket, &request, sizeof(request), MSG_PEEK | MSG_WAITALL), "peek");
	return !request.nonce;
}

static void serve_thread(int listener)
{
	int socket;

	while (!is_last(socket = accept_one(listener))) {
		pthread_t thread;

		busy++;
		check(-pthread_create(&thread, NULL, answer_in_thread,
				      (void *)(intptr_t)socket),
		      "pthread_create");
		pthread_detach(thread);
	}
	while (busy)
		usleep(1000);
}

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
	struct pollfd ready = { .fd = listener, .events = POLLIN };

	check(poll(&ready, 1, SOON_MS), "poll");
	return ready.revents ? accept_one(listener) : -1;
}

static void serve_fork(int listener)
{
	pid_t opener = getpid(), child;

	while (!is_told()) {
		int socket = accept_soon(listener);

		if (socket < 0)
			continue;
		child = fork();
		check(child, "fork");
		if (!child)
			_exit(answer(socket, opener) ? 0 : STOPPED);
		close(socket);
	}
	while (wait(NULL) > 0)
		;
}

void serve_together(int socket, void (*work)(int socket))
{
	pid_t workers[WORKERS];
	int i;

	for (i = 0; i < WORKERS; i++) {
		workers[i] = fork();
		check(workers[i], "fork");
		if (!workers[i]) {
			work(socket);
			_exit(0);
		}
	}
	check(waitpid(-1, NULL, 0), "waitpid");
	for (i = 0; i < WORKERS; i++)
		kill(workers[i], SIGTERM);
	while (wait(NULL) > 0)
		;
}

static void serve_prefork(int listener)
{
	serve_together(listener, serve_single);
}

static void serve_pass(int listener)
{
	pid_t opener = getpid(), worker;
	int pair[2];

	check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
	worker = fork();
	check(worker, "fork");
	if (!worker) {
		while (answer(receive_file(pair[1]), opener))
			;
		_exit(STOPPED);
	}
	while (!is_told()) {
		int socket = accept_soon(listener);

		if (socket < 0)
			continue;
		pass_file(pair[0], socket);
		close(socket);
	}
}

void serve(const char *mode, int listener, answer_fn *answer_)
{
	static const struct {
		const char *name;
		void (*serve)(int listener);
	} modes[] = { { "single", serve_single },
		      { "thread", serve_thread },
		      { "fork", serve_fork },
		      { "prefork", serve_prefork },
		      { "pass", serve_pass } };
	size_t i;

	answer = answer_;
	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (!strcmp(modes[i].name, mode)) {
			modes[i].serve(listener);
			return;
		}
	quit("%s: no such way to serve", mode);
}
