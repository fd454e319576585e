/* SPDX-License-Identifier: GPL-2.0-only */
/* Control groups, which tell containers and units apart. */
#ifndef _KITH_CGROUP_H
#define _KITH_CGROUP_H

#include <linux/cgroup.h>
#include <linux/sched.h>

/**
 * kith_cgroup_of() - Id of @task's cgroup in the unified hierarchy.
 *
 * Names the id in the stream if that has not happened lately.
 * Context: inside kith_hook_enter(), no record reserved.
 */
u64 kith_cgroup_of(const struct task_struct *task);

/* The same without a record. Path of it to @buffer; *length is 0 if unknown. */
u64 kith_cgroup_path(const struct task_struct *task, char *buffer, size_t size,
		     size_t *length);

/* A name was lost, or a subscriber is new: name all ids again. Any context. */
void kith_cgroup_forget(void);

/* Hook: tracepoint cgroup_attach_task. */
void kith_cgroup_attached(void *data, struct cgroup *cgroup, const char *path,
			  struct task_struct *task, bool threadgroup);

#endif
