/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The file that was executed: by the process that runs it, be it deleted or in a
 * container, or by its path, in a mount namespace that is alive. Whoever made it may have
 * put anything in its place, so nothing is opened but regular files, and of these only
 * the one with the device and inode that the kernel told of.
 */
#ifndef KITH_LOCATE_H
#define KITH_LOCATE_H

#include "message.h"

#include <sys/stat.h>

enum { LOCATE_NAMESPACES = 256, LOCATE_PIDS = 4 };

struct locator {
	int root;	/* of this machine, as its first process has it */
	uint32_t mntns; /* of that; 0: not known */
	/* A path has come to @device. false: it goes no further. NULL: it may go anywhere. */
	bool (*enter)(void *context, uint32_t device);
	void *context;
	/* Who has lately executed something there, the last one first. */
	struct {
		uint32_t mntns;
		uint32_t pids[LOCATE_PIDS];
	} lately[LOCATE_NAMESPACES];
};

void locator_init(struct locator *locator);
void locator_clear(struct locator *locator);

/*
 * Open what @asked names, whose path is @path. *why: WHY_NOTHING, or what is to be known
 * of it. *at_path: it was there, as locate_is_at() finds it. Return: a descriptor, and
 * *status is that of the file; or -1, and *why says why.
 */
int locate(struct locator *locator, const struct message *asked, struct slice path,
	   struct stat *status, enum why *why, bool *at_path);

/* Does @path lead to what @asked names, from the root of this machine? */
bool locate_is_at(const struct locator *locator, const struct message *asked,
		  const char *path);

/* Is it the root of this machine where @asked was executed? */
bool locate_is_host(const struct locator *locator, const struct message *asked);

/* In ns since the epoch. */
int64_t locate_ns(struct timespec time);

enum { LOCATE_LINKS = 40 }; /* as many as the kernel follows */

/*
 * Open the regular file @path below the directory @root, out of which no link leads, and at
 * most @links are followed: what else stands there is not touched. Return: a descriptor, or
 * a negative errno: -EINVAL, it is no regular file.
 */
int locate_open(int root, const char *path, unsigned int links, struct stat *status);

#endif
