/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a runtime of containers calls a container, and what image it is of: by the files
 * in which the runtime keeps its state.
 */
#ifndef KITH_RUNTIME_H
#define KITH_RUNTIME_H

#include "cgroup.h"

#include <stdbool.h>

struct runtime_names {
	char name[256]; /* all of them "" if not known */
	char image[512];
	char pod[512]; /* of Kubernetes NAMESPACE/NAME, of Podman its ID */
};

/*
 * Look for the container that is @cgroup by its path @path, below directory @root, a
 * descriptor. Return: false, nothing is known of it.
 */
bool runtime_find(int root, const struct cgroup_names *cgroup, const char *path,
		  struct runtime_names *names);

#endif
