/* SPDX-License-Identifier: GPL-2.0-only */
/* Paths as the kernel knows them, from the root of their mount namespace. */
#ifndef _KITH_PATH_H
#define _KITH_PATH_H

#include <linux/path.h>
#include <linux/types.h>

struct kith_path {
	const char *text; /* in the caller's buffer */
	size_t length;	  /* 0: not known */
	bool part;	  /* it may start elsewhere than at the root of the namespace */
};

/* What the paths of current start at. */
struct kith_root {
	struct path path;
	struct path cwd;
	struct path init; /* of pid 1 */
	bool chrooted;	/* it is not the root of its mount namespace */
	bool reachable; /* but we can tell where it lies */
};

/* Context: RCU read section; @root is valid until its end. */
void kith_root_of_current(struct kith_root *root);

/**
 * kith_path_resolve() - The name of @path, with current's chroot before it if it is there.
 * @buffer: PATH_MAX bytes, which the result points into
 * @spare: PATH_MAX bytes
 *
 * The kernel's marks stay: " (deleted)" behind it, "/memfd:" before it.
 * Context: RCU read section; current->fs is there.
 */
struct kith_path kith_path_resolve(const struct path *path,
				   const struct kith_root *root, char *buffer,
				   char *spare);

/* As seen from current's own root directory, whatever that is. */
struct kith_path kith_path_plain(const struct path *path, char *buffer);

#endif
