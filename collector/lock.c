// SPDX-License-Identifier: GPL-2.0-only
/* One writer per database. */
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int open_lock(const char *database, int flags)
{
	char path[PATH_MAX];
	int descriptor;

	if (snprintf(path, sizeof(path), "%s.lock", database) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	descriptor = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (descriptor < 0)
		return -errno;
	return descriptor;
}

/* The whole file, for whom has opened it: unlike flock(2) it can be looked at. */
static struct flock whole_file(void)
{
	return (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET };
}

int lock_take(const char *database)
{
	int descriptor = open_lock(database, O_RDWR | O_CREAT), ret;
	struct flock lock = whole_file();

	if (descriptor < 0)
		return descriptor;
	if (fcntl(descriptor, F_OFD_SETLK, &lock)) {
		ret = errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
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
	long pid;

	if (pread(descriptor, text, sizeof(text) - 1, 0) < 0)
		return -errno;
	pid = strtol(text, NULL, 10);
	return pid > 0 && pid <= INT_MAX ? (pid_t)pid : -EIO;
}

pid_t lock_holder(const char *database)
{
	int descriptor = open_lock(database, O_RDONLY);
	struct flock lock = whole_file();
	pid_t pid;

	if (descriptor == -ENOENT)
		return 0;
	if (descriptor < 0)
		return descriptor;
	if (fcntl(descriptor, F_OFD_GETLK, &lock))
		pid = -errno;
	else
		pid = lock.l_type == F_UNLCK ? 0 : read_pid(descriptor);
	close(descriptor);
	return pid;
}
