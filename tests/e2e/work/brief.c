// SPDX-License-Identifier: GPL-2.0-only
/*
 * brief COUNT: processes that live as briefly as can be, without exec. Writes
 * pid,exit status of each.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char stack[16384] __attribute__((aligned(16)));

static int leave(void *status)
{
	_exit((int)(long)status);
}

int main(int argc, char **argv)
{
	long i, count = argc > 1 ? atol(argv[1]) : 1000;

	for (i = 0; i < count; i++) {
		int status;
		pid_t pid = clone(leave, stack + sizeof(stack),
				  CLONE_VM | CLONE_VFORK | SIGCHLD, (void *)(i % 200));

		if (pid < 0 || waitpid(pid, &status, 0) != pid)
			return 1;
		printf("%d,%d\n", pid, WEXITSTATUS(status));
	}
	return 0;
}
