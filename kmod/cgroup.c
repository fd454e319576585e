// SPDX-License-Identifier: GPL-2.0-only
/* Control groups, which tell containers and units apart. */
#include "cgroup.h"

#include "hook.h"
#include "item.h"
#include "key.h"
#include "load.h"
#include "ring.h"
#include "scratch.h"

#include <linux/hash.h>
#include <linux/kernfs.h>
#include <linux/rcupdate.h>

/*
 * Ids that have been named since the last kith_cgroup_forget(). A slot that is
 * taken by another id only means that its id is named once more.
 */
enum { NAMED_BITS = 10 };

static u64 named[1 << NAMED_BITS];
static u32 generation = 1;

void kith_cgroup_forget(void)
{
	WRITE_ONCE(generation, generation + 1);
}

/* Ids are small numbers with a generation of their own on top: mix in ours. */
static u64 mark_of(u64 id)
{
	return id ^ (u64)READ_ONCE(generation) << 48;
}

static struct cgroup *unified(const struct task_struct *task)
{
	return rcu_dereference(task->cgroups)->dfl_cgrp;
}

static void name(struct cgroup *cgroup, u64 id)
{
	/* Nobody can choose two groups that share one. */
	u64 *slot = &named[hash_64(id ^ kith_load_id(), NAMED_BITS)];
	u64 mark = mark_of(id);
	struct kith_scratch *scratch;
	struct kith_cgroup *body;
	struct kith_record *record;
	struct kith_writer writer;
	int length;

	if (likely(READ_ONCE(*slot) == mark))
		return;
	scratch = kith_scratch();
	length = kernfs_path_from_node(cgroup->kn, NULL, scratch->path[0],
				       sizeof(scratch->path[0]));
	if (length <= 0 || length >= sizeof(scratch->path[0]))
		return;
	record = kith_ring_reserve(KITH_RECORD_CGROUP, sizeof(*body),
				   kith_item_space(length));
	if (!record)
		return;
	body = kith_body(record);
	body->id = id;
	writer = kith_writer(record);
	kith_put(&writer, KITH_ITEM_CGROUP, scratch->path[0], length);
	kith_ring_commit(record);
	WRITE_ONCE(*slot, mark);
}

u64 kith_cgroup_of(const struct task_struct *task)
{
	struct cgroup *cgroup = unified(task);
	u64 id = cgroup_id(cgroup);

	name(cgroup, id);
	return id;
}

u64 kith_cgroup_path(const struct task_struct *task, char *buffer, size_t size,
		     size_t *length)
{
	struct cgroup *cgroup = unified(task);
	int ret = kernfs_path_from_node(cgroup->kn, NULL, buffer, size);

	*length = ret > 0 && ret < size ? ret : 0;
	return cgroup_id(cgroup);
}

/* Of the other hierarchies nothing is told: they do not delimit containers. */
void kith_cgroup_attached(void *data, struct cgroup *cgroup, const char *path,
			  struct task_struct *task, bool threadgroup)
{
	struct kith_cgroup_attach *body;
	struct kith_record *record;

	if (cgroup->root != &cgrp_dfl_root)
		return;
	kith_hook_enter();
	kith_hook_hit(KITH_AT_CGROUP_ATTACH);
	name(cgroup, cgroup_id(cgroup));
	record = NULL;
	/* Of one that has been reaped the leader may be gone. */
	if (pid_alive(task))
		record = kith_ring_reserve(KITH_RECORD_CGROUP_ATTACH, sizeof(*body), 0);
	if (record) {
		body = kith_body(record);
		body->target = kith_key(task);
		body->cgroup = cgroup_id(cgroup);
		kith_ring_commit(record);
	}
	kith_hook_leave();
}
