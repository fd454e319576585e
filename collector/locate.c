// SPDX-License-Identifier: GPL-2.0-only
/* The file that was executed. */
#include "locate.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum {
	PROC_PATH = 64,
	TICK_NS = 20000000, /* two of the slowest kernel's */
};

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

/* Such a file system has no device of its own, so its number has no major part. */
static bool is_anonymous(uint32_t device)
{
	return device && !(device >> 20);
}

/*
 * What is in memory alone keeps its times when a shared mapping writes to it, and what
 * FUSE tells of them its server makes up.
 */
static bool has_no_times(int descriptor)
{
	struct statfs status;

	if (fstatfs(descriptor, &status))
		return true;
	switch ((unsigned long)status.f_type) {
	case TMPFS_MAGIC: /* memfd_create(2) makes them there too */
	case RAMFS_MAGIC:
	case HUGETLBFS_MAGIC:
	case FUSE_SUPER_MAGIC:
		return true;
	default:
		return false;
	}
}

static bool has_device(const struct stat *status, const struct message *asked)
{
	const uint32_t device = device_of(status->st_dev);

	return device == asked->device || device == asked->real_device;
}

/* Is @descriptor the file that @asked means? *status is its. */
static bool is_meant(int descriptor, struct stat *status, const struct message *asked)
{
	if (fstat(descriptor, status) || !S_ISREG(status->st_mode))
		return false;
	if (status->st_ino != asked->inode &&
	    (!asked->real_inode || status->st_ino != asked->real_inode))
		return false;
	return has_device(status, asked) ||
	       (is_anonymous(asked->device) && has_many_devices(descriptor));
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

/* A path on its way down from a root. */
struct walk {
	const struct locator *locator; /* who is told where it goes, or NULL */
	int root;
	int here;	    /* O_PATH */
	unsigned int links; /* that may still be followed */
	char rest[2 * MESSAGE_TEXT];
};

static void go_to(struct walk *walk, int there)
{
	if (walk->here >= 0)
		close(walk->here);
	walk->here = there;
}

static int go_to_root(struct walk *walk)
{
	int there = openat(walk->root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (there < 0)
		return -errno;
	go_to(walk, there);
	return 0;
}

/* Nobody is asked who may not answer: what is known of @there will do. */
static int look(const struct walk *walk, int there, mode_t *mode)
{
	const struct locator *locator = walk->locator;
	struct statx status;

	if (statx(there, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &status))
		return -errno;
	*mode = status.stx_mode;
	if (!locator || !locator->enter)
		return 0;
	return locator->enter(locator->context, device_of(makedev(status.stx_dev_major,
								  status.stx_dev_minor)))
		       ? 0
		       : -ETIMEDOUT;
}

static bool is_at_root(const struct walk *walk)
{
	struct stat here, root;

	return !fstat(walk->here, &here) && !fstat(walk->root, &root) &&
	       here.st_ino == root.st_ino && here.st_dev == root.st_dev;
}

/* @link: a symbolic one. Where it leads to comes before the rest. */
static int follow(struct walk *walk, int link)
{
	char target[MESSAGE_TEXT], rest[sizeof(walk->rest)];
	ssize_t size = readlinkat(link, "", target, sizeof(target) - 1);
	int used;

	if (size <= 0)
		return -ENOENT;
	if (!walk->links)
		return -ELOOP;
	walk->links--;
	target[size] = '\0';
	used = snprintf(rest, sizeof(rest), "%s/%s", target, walk->rest);
	if ((size_t)used >= sizeof(rest))
		return -ENAMETOOLONG;
	memcpy(walk->rest, rest, (size_t)used + 1);
	return *target == '/' ? go_to_root(walk) : 0;
}

/* One component of it. */
static int take_step(struct walk *walk, const char *name)
{
	mode_t mode = 0;
	int there, ret;

	if (!strcmp(name, ".."))
		if (is_at_root(walk))
			return 0;
	there = openat(walk->here, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (there < 0)
		return -errno;
	ret = look(walk, there, &mode);
	if (!ret && !S_ISLNK(mode)) {
		go_to(walk, there);
		return 0;
	}
	if (!ret)
		ret = follow(walk, there);
	close(there);
	return ret;
}

/*
 * openat2(2) with RESOLVE_IN_ROOT does the same; but systemd takes that call away from
 * services that may not make set-user-ID files.
 */
static int walk_down(const struct locator *locator, int root, const char *path,
		     unsigned int links)
{
	struct walk walk = {
		.locator = locator, .root = root, .here = -1, .links = links
	};
	char name[NAME_MAX + 1];
	int ret;

	if (strlen(path) >= sizeof(walk.rest))
		return -ENAMETOOLONG;
	memcpy(walk.rest, path, strlen(path) + 1);
	ret = go_to_root(&walk);
	while (!ret) {
		const char *at = walk.rest + strspn(walk.rest, "/");
		size_t size = strcspn(at, "/");

		if (!size)
			return walk.here;
		if (size > NAME_MAX) {
			ret = -ENAMETOOLONG;
			break;
		}
		memcpy(name, at, size);
		name[size] = '\0';
		memmove(walk.rest, at + size, strlen(at + size) + 1);
		ret = take_step(&walk, name);
	}
	if (walk.here >= 0)
		close(walk.here);
	return ret;
}

static int open_regular(const struct locator *locator, int root, const char *path,
			unsigned int links, struct stat *status)
{
	int there = walk_down(locator, root, path, links), file, error;

	if (there < 0)
		return there;
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

int locate_open(int root, const char *path, unsigned int links, struct stat *status)
{
	return open_regular(NULL, root, path, links, status);
}

bool locate_is_at(const struct locator *locator, const struct message *asked,
		  const char *path)
{
	const int there = walk_down(locator, locator->root, path, LOCATE_LINKS);
	struct stat status;
	bool is;

	if (there < 0)
		return false;
	is = is_meant(there, &status, asked);
	close(there);
	return is;
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

static int open_below(const struct locator *locator, int root, const char *path,
		      const struct message *asked, struct stat *status, enum why *why)
{
	int file = open_regular(locator, root, path, LOCATE_LINKS, status);

	if (file < 0) {
		*why = file == -ENOENT || file == -ENOTDIR ? WHY_GONE
		       : file == -EINVAL		   ? WHY_REPLACED
		       : file == -ETIMEDOUT		   ? WHY_SLOW
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
static int open_in(const struct locator *locator, uint32_t pid, const char *path,
		   const struct message *asked, struct stat *status, enum why *why)
{
	char name[PROC_PATH];
	int root, file;

	if (!pid || mntns_of(pid) != asked->mntns)
		return -1;
	snprintf(name, sizeof(name), "/proc/%u/root", pid);
	root = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -1;
	file = open_below(locator, root, path, asked, status, why);
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
		return open_below(locator, locator->root, path, asked, status, why);
	file = open_in(locator, asked->pid, path, asked, status, why);
	for (i = 0; file < 0 && i < LOCATE_PIDS; i++)
		file = open_in(locator, pids[i], path, asked, status, why);
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
 * set. A name or mode that changed does that too; but a process that runs the file proves
 * nothing, for it may have executed it again, and its mtime anybody sets. The clock of
 * ctime goes in ticks, and may have stood where it was before the execution.
 */
static enum why judge(const struct message *asked, const struct stat *status, int file)
{
	const int64_t before = asked->ts - locate_ns(status->st_ctim);

	if (before < 0 && !(asked->flags & MESSAGE_FOUND))
		return WHY_CHANGED;
	if (has_no_times(file))
		return WHY_TIMELESS;
	if (before < 0)
		return WHY_FOUND;
	if (before < TICK_NS)
		return WHY_CLOSE;
	return has_device(status, asked) ? WHY_NOTHING : WHY_INODE;
}

int locate(struct locator *locator, const struct message *asked, struct slice path,
	   struct stat *status, enum why *why, bool *at_path)
{
	char name[MESSAGE_TEXT + 1];
	int file = by_process(asked, status);

	*why = WHY_GONE;
	*at_path = false;
	if (file < 0 && path.size && !(asked->flags & MESSAGE_NAMELESS)) {
		memcpy(name, path.data, path.size);
		name[path.size] = '\0';
		file = by_path(locator, asked, name, status, why);
		*at_path = file >= 0 && locate_is_host(locator, asked);
	}
	remember(locator, asked);
	if (file < 0)
		return -1;
	*why = judge(asked, status, file);
	if (*why != WHY_CHANGED)
		return file;
	close(file);
	return -1;
}
