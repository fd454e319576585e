// SPDX-License-Identifier: GPL-2.0-only
/*
 * storm COUNT WORKERS TARGET PREFIX: fork, exec, exit COUNT times from WORKERS
 * processes at once. Writes what it did to stdout, one line a process:
 * token,pid,creator's pid,exit status.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* One write of less than PIPE_BUF: lines of several workers do not mix. */
static void tell(const char *token, pid_t pid, int status)
{
	char line[128];
	int size = snprintf(line, sizeof(line), "%s,%d,%d,%d\n", token, pid, getpid(), status);

	if (write(STDOUT_FILENO, line, (size_t)size) != size)
		_exit(99);
}

/* A full process table (tests with a small pid_max) is waited for. */
static pid_t fork_patiently(void)
{
	pid_t pid;

	while ((pid = fork()) < 0)
		usleep(100);
	return pid;
}

static void one(const char *target, const char *token, int code)
{
	char status[8];
	int wait_status;
	pid_t pid;

	snprintf(status, sizeof(status), "%d", code);
	pid = fork_patiently();
	if (!pid) {
		execl(target, "target", token, status, (char *)NULL);
		_exit(127);
	}
	if (waitpid(pid, &wait_status, 0) != pid)
		_exit(98);
	tell(token, pid, WEXITSTATUS(wait_status));
}

static int work(long from, long count, const char *target, const char *prefix)
{
	char token[64];
	long i;

	for (i = from; i < from + count; i++) {
		snprintf(token, sizeof(token), "%s%ld", prefix, i);
		one(target, token, (int)(i % 200));
	}
	return 0;
}

int main(int argc, char **argv)
{
	long count, workers, i;
	int status, failed = 0;

	if (argc != 5)
		return 2;
	count = atol(argv[1]);
	workers = atol(argv[2]);
	if (workers == 1)
		return work(0, count, argv[3], argv[4]);
	for (i = 0; i < workers; i++)
		if (!fork_patiently())
			_exit(work(i * (count / workers), count / workers, argv[3], argv[4]));
	while (wait(&status) > 0)
		failed |= status;
	return failed ? 1 : 0;
}
