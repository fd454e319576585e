// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: meter COMMAND [ARGUMENT...]
 *
 * Runs the command, and prints on stderr the nanoseconds that the processors ran for it
 * and for what it left to do to others (see busy.h).
 */
#include "busy.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	uint64_t begin, busy;
	int status;
	pid_t child;

	if (argc < 2) {
		fputs("usage: meter COMMAND [ARGUMENT...]\n", stderr);
		return 2;
	}
	busy_drain();
	begin = busy_total();
	child = fork();
	if (!child) {
		execvp(argv[1], argv + 1);
		perror(argv[1]);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status) {
		fprintf(stderr, "meter: %s failed\n", argv[1]);
		return 1;
	}
	busy = busy_total() - begin;
	busy += busy_drain();
	fprintf(stderr, "%llu\n", (unsigned long long)busy);
	return 0;
}
