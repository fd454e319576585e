// SPDX-License-Identifier: GPL-2.0-only
/* The table of threads: a fixed hash of entries that readers walk under RCU. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "task.h"

#include "act.h"
#include "change.h"
#include "credential.h"
#include "hook.h"
#include "sweep.h"

#include <linux/atomic.h>
#include <linux/hash.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

enum {
	LOCKS = 256,
	TASKS_MIN = 64,
	TASKS_MAX = 4 << 20, /* PID_MAX_LIMIT: more threads there cannot be */
	TASKS_PER_BUCKET = 16,
};

static unsigned int tasks_max;
module_param(tasks_max, uint, 0444);
MODULE_PARM_DESC(tasks_max,
		 "threads whose credentials are watched, at most (0: as many as there can be)");

struct hlist_head *kith_task_buckets;
unsigned int kith_task_bucket_shift;
static unsigned int bucket_bits;
static spinlock_t locks[LOCKS]; /* for writers; bucket i has locks[i % LOCKS] */
static struct kmem_cache *cache;
static atomic_t count = ATOMIC_INIT(0);
static atomic64_t untracked = ATOMIC64_INIT(0);

u32 kith_task_count(void)
{
	return atomic_read(&count);
}

u32 kith_task_max(void)
{
	return tasks_max;
}

u64 kith_task_untracked(void)
{
	return atomic64_read(&untracked);
}

static unsigned int bucket_of(const struct task_struct *task)
{
	return kith_task_hash(task);
}

static spinlock_t *lock_of(unsigned int bucket)
{
	return &locks[bucket % LOCKS];
}

static void free_entry(struct rcu_head *head)
{
	struct kith_task *entry = container_of(head, struct kith_task, rcu);

	kith_file_release(entry);
	kith_change_release(entry);
	kith_act_release(entry);
	kfree(entry->folds);
	kfree(entry->scripts);
	kmem_cache_free(cache, entry);
}

static struct kith_task *new_entry(struct task_struct *task)
{
	struct kith_task *entry;

	if (atomic_inc_return(&count) > tasks_max)
		goto err_count;
	entry = kmem_cache_alloc(cache, GFP_NOWAIT | __GFP_NOWARN | __GFP_ZERO);
	if (!entry)
		goto err_count;
	spin_lock_init(&entry->lock);
	entry->task = task;
	entry->epoch = kith_credential_epoch();
	entry->swept = kith_sweep_number();
	entry->now = &entry->shadows[0];
	entry->next = &entry->shadows[1];
	kith_credential_read(entry->now, task);
	return entry;

err_count:
	atomic_dec(&count);
	atomic64_inc(&untracked);
	return NULL;
}

struct kith_task *kith_task_add(struct task_struct *task)
{
	unsigned int bucket = bucket_of(task);
	struct kith_task *entry, *fresh;

	entry = kith_task_find(task);
	if (entry)
		return entry;
	fresh = new_entry(task);
	if (!fresh)
		return NULL;
	spin_lock(lock_of(bucket));
	entry = kith_task_find(task);
	if (!entry)
		hlist_add_head_rcu(&fresh->node, &kith_task_buckets[bucket]);
	spin_unlock(lock_of(bucket));
	if (!entry)
		return fresh;
	/* Somebody was faster; nobody else has seen ours. */
	kmem_cache_free(cache, fresh);
	atomic_dec(&count);
	return entry;
}

struct kith_task *kith_task_add_new(struct task_struct *task)
{
	struct kith_task *entry = kith_task_find(task);

	if (entry)
		kith_task_remove(entry);
	return kith_task_add(task);
}

static void unlink_entry(struct kith_task *entry)
{
	hlist_del_init_rcu(&entry->node);
	atomic_dec(&count);
	call_rcu(&entry->rcu, free_entry);
}

void kith_task_remove(struct kith_task *entry)
{
	spinlock_t *lock = lock_of(bucket_of(entry->task));

	spin_lock(lock);
	if (!hlist_unhashed(&entry->node))
		unlink_entry(entry);
	spin_unlock(lock);
}

void kith_task_purge(u32 sweep)
{
	struct hlist_node *next;
	struct kith_task *entry;
	unsigned int i;

	for (i = 0; i < 1U << bucket_bits; i++) {
		if (hlist_empty(&kith_task_buckets[i]))
			continue;
		spin_lock(lock_of(i));
		hlist_for_each_entry_safe(entry, next, &kith_task_buckets[i], node)
			if (entry->swept != sweep)
				unlink_entry(entry);
		spin_unlock(lock_of(i));
		cond_resched();
	}
}

void kith_task_each(void (*look)(struct kith_task *entry))
{
	struct kith_task *entry;
	unsigned int i;

	for (i = 0; i < 1U << bucket_bits; i++) {
		if (hlist_empty(&kith_task_buckets[i]))
			continue;
		kith_hook_enter();
		hlist_for_each_entry_rcu(entry, &kith_task_buckets[i], node)
			look(entry);
		kith_hook_leave();
		cond_resched();
	}
}

/*
 * As many as the memory is good for by the kernel's own rule (set_max_threads()
 * in kernel/fork.c: an eighth of it may be stacks), so that nobody can make so
 * many threads that one is not watched.
 */
static unsigned int threads_possible(void)
{
	u64 threads = ((u64)totalram_pages() << PAGE_SHIFT) / (THREAD_SIZE * 8UL);

	return clamp_t(u64, threads, TASKS_MIN, TASKS_MAX);
}

int kith_task_init(void)
{
	unsigned int i;

	if (!tasks_max)
		tasks_max = threads_possible();
	if (tasks_max < TASKS_MIN || tasks_max > TASKS_MAX) {
		pr_err("tasks_max must be from %d to %d\n", TASKS_MIN, TASKS_MAX);
		return -EINVAL;
	}
	bucket_bits = order_base_2(DIV_ROUND_UP(tasks_max, TASKS_PER_BUCKET));
	kith_task_bucket_shift = 64 - bucket_bits;
	kith_task_buckets = kvmalloc_array(1U << bucket_bits, sizeof(*kith_task_buckets),
					   GFP_KERNEL);
	if (!kith_task_buckets)
		return -ENOMEM;
	for (i = 0; i < 1U << bucket_bits; i++)
		INIT_HLIST_HEAD(&kith_task_buckets[i]);
	for (i = 0; i < LOCKS; i++)
		spin_lock_init(&locks[i]);
	cache = kmem_cache_create("kith_task", sizeof(struct kith_task), 0, 0, NULL);
	if (!cache) {
		kvfree(kith_task_buckets);
		return -ENOMEM;
	}
	return 0;
}

/* No hook and no sweep may be left. */
void kith_task_exit(void)
{
	kith_task_purge(0);
	rcu_barrier();
	kmem_cache_destroy(cache);
	kvfree(kith_task_buckets);
}
