// SPDX-License-Identifier: GPL-2.0-only
/* The file that was executed. */
#include "locate.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { PROC_PATH = 64 };

int64_t locate_ns(struct timespec time)
{
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static uint32_t device_of(dev_t device)
{
	return (uint32_t)(major(device) << 20 | minor(device));
}

/* Of these stat(2) tells other devices than the one they are, for parts of them. */
static bool has_many_devices(int descriptor)
{
	struct statfs status;

	return !fstatfs(descriptor, &status) && (status.f_type == BTRFS_SUPER_MAGIC ||
						 status.f_type == OVERLAYFS_SUPER_MAGIC);
}

/* Is @descriptor the file that @asked means? *status is its. */
static bool is_meant(int descriptor, struct stat *status, const struct message *asked)
{
	uint32_t device;

	if (fstat(descriptor, status) || !S_ISREG(status->st_mode))
		return false;
	device = device_of(status->st_dev);
	if (status->st_ino != asked->inode &&
	    (!asked->real_inode || status->st_ino != asked->real_inode))
		return false;
	return device == asked->device || device == asked->real_device ||
	       has_many_devices(descriptor);
}

/* The mount namespace of process @pid; 0: not known. */
static uint32_t mntns_of(uint32_t pid)
{
	char path[PROC_PATH];
	struct stat status;

	snprintf(path, sizeof(path), "/proc/%u/ns/mnt", pid);
	return stat(path, &status) ? 0 : (uint32_t)status.st_ino;
}

void locator_init(struct locator *locator)
{
	memset(locator, 0, sizeof(*locator));
	locator->root = open("/proc/1/root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	locator->mntns = locator->root < 0 ? 0 : mntns_of(1);
	if (locator->root < 0) /* no permission: what we see ourselves */
		locator->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

void locator_clear(struct locator *locator)
{
	if (locator->root >= 0)
		close(locator->root);
}

bool locate_is_host(const struct locator *locator, const struct message *asked)
{
	return !asked->mntns || !locator->mntns || asked->mntns == locator->mntns;
}

/* An O_PATH descriptor opened to be read. */
static int reopen(int descriptor)
{
	char path[PROC_PATH];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
	return open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

int locate_open(int root, const char *path, uint64_t resolve, struct stat *status)
{
	const struct open_how how = { .flags = O_PATH | O_CLOEXEC,
				      .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS |
						 resolve };
	int there = (int)syscall(SYS_openat2, root, path, &how, sizeof(how)), file, error;

	if (there < 0)
		return -errno;
	if (fstat(there, status)) {
		error = -errno;
		close(there);
		return error;
	}
	if (!S_ISREG(status->st_mode)) {
		close(there);
		return -EINVAL;
	}
	file = reopen(there);
	error = -errno;
	close(there);
	return file < 0 ? error : file;
}

/* What the process runs now: it is not asked what that is called. */
static int by_process(const struct message *asked, struct stat *status)
{
	char path[PROC_PATH];
	int there, file = -1;

	snprintf(path, sizeof(path), "/proc/%u/exe", asked->pid);
	there = asked->pid ? open(path, O_PATH | O_CLOEXEC) : -1;
	if (there < 0)
		return -1;
	if (is_meant(there, status, asked))
		file = reopen(there);
	close(there);
	return file;
}

static int open_below(int root, const char *path, const struct message *asked,
		      struct stat *status, enum why *why)
{
	int file = locate_open(root, path, 0, status);

	if (file < 0) {
		*why = file == -ENOENT || file == -ENOTDIR ? WHY_GONE
		       : file == -EINVAL		   ? WHY_REPLACED
							   : WHY_UNREADABLE;
		return -1;
	}
	if (is_meant(file, status, asked))
		return file;
	close(file);
	*why = WHY_REPLACED;
	return -1;
}

/* By the root of process @pid, if it is in the mount namespace that @asked names. */
static int open_in(uint32_t pid, const char *path, const struct message *asked,
		   struct stat *status, enum why *why)
{
	char name[PROC_PATH];
	int root, file;

	if (!pid || mntns_of(pid) != asked->mntns)
		return -1;
	snprintf(name, sizeof(name), "/proc/%u/root", pid);
	root = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -1;
	file = open_below(root, path, asked, status, why);
	close(root);
	return file;
}

static int by_path(struct locator *locator, const struct message *asked, const char *path,
		   struct stat *status, enum why *why)
{
	uint32_t *pids = locator->lately[asked->mntns % LOCATE_NAMESPACES].pids;
	size_t i;
	int file;

	if (locate_is_host(locator, asked))
		return open_below(locator->root, path, asked, status, why);
	file = open_in(asked->pid, path, asked, status, why);
	for (i = 0; file < 0 && i < LOCATE_PIDS; i++)
		file = open_in(pids[i], path, asked, status, why);
	return file;
}

/* Somebody is alive there, or was a moment ago. */
static void remember(struct locator *locator, const struct message *asked)
{
	const size_t place = asked->mntns % LOCATE_NAMESPACES;
	uint32_t *pids = locator->lately[place].pids;

	if (locate_is_host(locator, asked) || !asked->pid)
		return;
	if (locator->lately[place].mntns != asked->mntns)
		memset(pids, 0, LOCATE_PIDS * sizeof(*pids));
	locator->lately[place].mntns = asked->mntns;
	if (*pids == asked->pid)
		return;
	memmove(pids + 1, pids, (LOCATE_PIDS - 1) * sizeof(*pids));
	*pids = asked->pid;
}

/*
 * Is it still what was executed? Whoever changes it changes its ctime, which nobody can
 * set. A name or mode that changed does that too: while a process runs the file nobody
 * writes to it, and its mtime is believed.
 */
static enum why judge(const struct message *asked, const struct stat *status,
		      bool running)
{
	if (locate_ns(status->st_ctim) <= asked->ts)
		return WHY_NOTHING;
	if (running && locate_ns(status->st_mtim) <= asked->ts)
		return WHY_ATTRIBUTES;
	return asked->flags & MESSAGE_FOUND ? WHY_FOUND : WHY_CHANGED;
}

int locate(struct locator *locator, const struct message *asked, struct slice path,
	   struct stat *status, enum why *why)
{
	char name[MESSAGE_TEXT + 1];
	int file = by_process(asked, status);
	bool running = file >= 0;

	*why = WHY_GONE;
	if (!running && path.size && !(asked->flags & MESSAGE_NAMELESS)) {
		memcpy(name, path.data, path.size);
		name[path.size] = '\0';
		file = by_path(locator, asked, name, status, why);
	}
	remember(locator, asked);
	if (file < 0)
		return -1;
	*why = judge(asked, status, running);
	if (*why != WHY_CHANGED)
		return file;
	close(file);
	return -1;
}
