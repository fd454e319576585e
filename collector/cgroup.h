/* SPDX-License-Identifier: GPL-2.0-only */
/* What a cgroup's path says about the container or unit in it. */
#ifndef KITH_CGROUP_H
#define KITH_CGROUP_H

#include <stddef.h>

struct cgroup_names {
	char runtime[24]; /* "" if it is no container we know */
	char name[128];	  /* id or name of the container, else of the unit; "" */
	char unit[128];	  /* systemd's, right behind the slices; "" */
};

/*
 * @path: in the unified hierarchy, @size bytes, from the kernel but with names
 * that others chose. Names that do not fit are cut.
 */
void cgroup_parse(const char *path, size_t size, struct cgroup_names *names);

#endif
