// SPDX-License-Identifier: GPL-2.0-only
/*
 * fail-nth MODULE NAME PARAMETERS: loads it again and again, the kernel failing the
 * first allocation of it, the second, and so on, until one load meets no failure
 * any more (fault injection: /proc/thread-self/fail-nth). A load that survives
 * its failure is unloaded. Writes how many loads failed and how many survived.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LIMIT = 20000 };

static int open_control(void)
{
	int file = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);

	if (file < 0) {
		perror("fail-nth");
		exit(2);
	}
	return file;
}

static void set_fault(int control, int nth)
{
	char text[16];
	int size = snprintf(text, sizeof(text), "%d", nth);

	if (pwrite(control, text, (size_t)size, 0) != size) {
		perror("fail-nth: write");
		exit(2);
	}
}

/* What is left of the count: 0 once the fault has happened. */
static int faults_left(int control)
{
	char text[16] = "";

	if (pread(control, text, sizeof(text) - 1, 0) <= 0)
		exit(2);
	return atoi(text);
}

int main(int argc, char **argv)
{
	int control = open_control(), n, failed = 0, survived = 0;

	if (argc != 4)
		return 2;
	for (n = 1; n < LIMIT; n++) {
		int module = open(argv[1], O_RDONLY | O_CLOEXEC), left;
		long result;

		set_fault(control, n);
		result = syscall(SYS_finit_module, module, argv[3], 0);
		left = faults_left(control);
		set_fault(control, 0);
		close(module);
		if (!result && syscall(SYS_delete_module, argv[2], 0)) {
			perror("delete_module");
			return 1;
		}
		if (!result && left > 0) {
			printf("%d loads failed, %d survived a failed allocation\n", failed,
			       survived);
			return 0;
		}
		failed += result != 0;
		survived += result == 0;
	}
	fprintf(stderr, "no end after %d loads\n", LIMIT);
	return 1;
}
