// SPDX-License-Identifier: GPL-2.0-only
/* One writer per database. */
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

static int open_lock(const char *database, int flags)
{
	char path[PATH_MAX];
	int descriptor;

	if (snprintf(path, sizeof(path), "%s.lock", database) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	descriptor = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0640);
	return descriptor < 0 ? -errno : descriptor;
}

int lock_take(const char *database)
{
	int descriptor = open_lock(database, O_RDWR | O_CREAT), ret;

	if (descriptor < 0)
		return descriptor;
	if (flock(descriptor, LOCK_EX | LOCK_NB)) {
		ret = errno == EWOULDBLOCK ? -EBUSY : -errno;
		close(descriptor);
		return ret;
	}
	if (ftruncate(descriptor, 0) || dprintf(descriptor, "%d\n", getpid()) < 0) {
		ret = -errno;
		close(descriptor);
		return ret;
	}
	return descriptor;
}

static pid_t read_pid(int descriptor)
{
	char text[16] = "";
	int pid = 0;

	if (pread(descriptor, text, sizeof(text) - 1, 0) < 0)
		return -errno;
	return sscanf(text, "%d", &pid) == 1 ? pid : -EIO;
}

/* A shared lock can be had only while nobody holds it for writing. */
pid_t lock_holder(const char *database)
{
	int descriptor = open_lock(database, O_RDONLY);
	pid_t pid;

	if (descriptor == -ENOENT)
		return 0;
	if (descriptor < 0)
		return descriptor;
	pid = flock(descriptor, LOCK_SH | LOCK_NB) ? read_pid(descriptor) : 0;
	close(descriptor);
	return pid;
}
