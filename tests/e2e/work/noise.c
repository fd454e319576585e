// SPDX-License-Identifier: GPL-2.0-only
/*
 * noise COUNT: on each processor, so many changes of credentials, no two alike,
 * that any user can make: root of a user namespace plays with its inheritable set.
 */
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int play(int processor, long count)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct sets[2];
	cpu_set_t here;
	long i;

	CPU_ZERO(&here);
	CPU_SET(processor, &here);
	if (sched_setaffinity(0, sizeof(here), &here))
		return 1;
	if (setresuid(1001, 1001, 1001) || unshare(CLONE_NEWUSER))
		return 1;
	for (i = 0; i < count; i++) {
		if (syscall(SYS_capget, &header, sets))
			return 1;
		sets[0].inheritable = (unsigned int)i & sets[0].permitted;
		sets[1].inheritable = (unsigned int)(i >> 20) & sets[1].permitted;
		if (syscall(SYS_capset, &header, sets))
			return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN), i;
	int status, failed = 0;

	if (argc != 2)
		return 2;
	for (i = 0; i < processors; i++)
		if (!fork())
			_exit(play((int)i, atol(argv[1])));
	while (wait(&status) > 0)
		failed |= status;
	return failed != 0;
}
