/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the module remembers of each thread: its credentials as last seen, and
 * what one hook leaves there for a later one.
 */
#ifndef _KITH_TASK_H
#define _KITH_TASK_H

#include "file.h"
#include "pipe.h"
#include "shadow.h"

#include <kith/uapi.h>
#include <linux/cred.h>
#include <linux/hash.h>
#include <linux/list.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

struct kith_fold;

struct kith_task {
	struct hlist_node node;
	struct task_struct *task; /* identity only, never followed */
	struct rcu_head rcu;

	spinlock_t lock; /* protects the following, down to shadows */
	struct kith_shadow *now;
	struct kith_shadow *next; /* if pending: what commit_creds() was given */
	bool pending;
	bool exec_committed;	  /* by an exec that is not reported yet */
	const struct cred *committed; /* if pending: its address */
	struct kith_credential exec_from; /* if exec_committed: before it */
	u32 epoch; /* of kith_credential_epoch() when `now` was taken */
	struct kith_fold *folds;
	struct kith_shadow shadows[2]; /* now and next point to them */

	/* the thread's own, from one hook to the next; no lock */
	struct task_struct *cloned; /* child that clone_flags are for */
	u64 clone_flags;
	const struct cred *exec_cred; /* what exec is going to commit */
	bool exec_unseen;	      /* it was in an exec already when we came */
	char *scripts;		      /* paths, NUL after each, outermost first */
	u16 scripts_size;
	bool scripts_lost; /* some did not fit, or there was no memory */

	u64 accessed; /* process that it has looked into last, as a debugger may */
	struct kith_pipe_debt pipes[KITH_PIPE_WAYS];
	struct kith_filecall files[KITH_FILE_WAYS];
	struct kith_changes *changes; /* that it has made; NULL: none */
	struct kith_acts *acts;
	struct kith_account *account; /* of its process: a reference, from the first use on */

	u32 swept; /* number of the sweep that last met it */
};

/* A fixed table; here, because hooks look into it that may not even call a function. */
extern struct hlist_head *kith_task_buckets;
extern unsigned int kith_task_bucket_shift;

static inline unsigned long kith_task_hash(const struct task_struct *task)
{
	return ((u64)(uintptr_t)task * GOLDEN_RATIO_64) >> kith_task_bucket_shift;
}

int kith_task_init(void);
void kith_task_exit(void);

/*
 * kith_task_find() - The entry of @task, or NULL.
 * kith_task_add() - The same, made if need be from @task's present
 *	credentials; NULL if there is no room, which is counted.
 * kith_task_add_new() - Of a task that is being made. An entry that is there
 *	already was another task's at the same address, and goes.
 *
 * Return: an entry valid until the end of the RCU read section.
 * Context: RCU read section; @task is current, or cannot exit meanwhile.
 */
static __always_inline struct kith_task *kith_task_find(const struct task_struct *task)
{
	struct kith_task *entry;

	hlist_for_each_entry_rcu(entry, &kith_task_buckets[kith_task_hash(task)], node)
		if (entry->task == task)
			return entry;
	return NULL;
}

struct kith_task *kith_task_add(struct task_struct *task);
struct kith_task *kith_task_add_new(struct task_struct *task);

void kith_task_remove(struct kith_task *entry);

/* Drop entries that sweep number @sweep did not meet: their threads are gone. */
void kith_task_purge(u32 sweep);

/* Each entry, of threads that have not ended. Context: process. */
void kith_task_each(void (*look)(struct kith_task *entry));

u32 kith_task_count(void);
u32 kith_task_max(void);
u64 kith_task_untracked(void);

#endif
