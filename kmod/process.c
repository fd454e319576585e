// SPDX-License-Identifier: GPL-2.0-only
/* Birth and death of processes. */
#include "process.h"

#include "account.h"
#include "act.h"
#include "cgroup.h"
#include "change.h"
#include "compat/sched.h"
#include "compat/tracepoint.h"
#include "credential.h"
#include "hook.h"
#include "image.h"
#include "item.h"
#include "key.h"
#include "ring.h"
#include "task.h"

#include <linux/mm.h>

/*
 * An exit sums up at most so many threads that are not reaped yet; the time of
 * any further ones is missing from it.
 */
#define EXIT_THREADS 256

/* current is in clone(2) and has got this far with @task. */
KITH_ENTRY(kith_process_cloning)
{
	struct kith_task *mine = kith_task_find(current);

	if (!mine)
		return;
	mine->cloned = KITH_ARGUMENT(regs, 0, struct task_struct *);
	mine->clone_flags = KITH_ARGUMENT(regs, 1, unsigned long);
}

static void emit_fork(const struct kith_task *mine, struct task_struct *child)
{
	const struct cred *cred = rcu_dereference(child->real_cred);
	bool apart = child->nsproxy != current->nsproxy ||
		     cred->user_ns != current_real_cred()->user_ns ||
		     task_active_pid_ns(child) != task_active_pid_ns(current);
	u64 cgroup = kith_cgroup_of(child);
	struct kith_namespaces *ns;
	struct kith_record *record;
	struct kith_writer writer;
	struct kith_fork *body;

	record = kith_ring_reserve(KITH_RECORD_FORK, sizeof(*body),
				   apart ? kith_item_space(sizeof(*ns)) : 0);
	if (!record)
		return;
	body = kith_body(record);
	body->child = kith_key(child);
	body->parent = kith_parent_key(child);
	body->start = child->start_boottime;
	body->cgroup = cgroup;
	body->pid = child->tgid;
	body->ns_pid = task_tgid_nr_ns(child, task_active_pid_ns(child));
	body->uid = __kuid_val(cred->uid);
	body->euid = __kuid_val(cred->euid);
	body->gid = __kgid_val(cred->gid);
	if (child->flags & PF_KTHREAD)
		body->known |= KITH_FORK_KTHREAD;
	if (mine && mine->cloned == child) {
		body->known |= KITH_FORK_FLAGS;
		body->flags = mine->clone_flags;
	}
	if (apart) {
		writer = kith_writer(record);
		ns = kith_put_head(&writer, KITH_ITEM_NAMESPACES, sizeof(*ns));
		kith_image_namespaces(ns, child);
	}
	kith_ring_commit(record);
}

/*
 * Runs in the creator; the child is complete and cannot run before we return,
 * so nothing of its own can come earlier in the stream.
 */
void kith_process_forked(void *data, struct task_struct *parent,
			 struct task_struct *child)
{
	struct kith_task *mine, *entry;

	kith_hook_enter();
	kith_hook_hit(KITH_AT_FORK);
	mine = kith_task_find(current);
	if (mine)
		kith_credential_check(mine, current, 0);
	entry = kith_task_add_new(child);
	if (thread_group_leader(child))
		emit_fork(mine, child);
	if (mine && entry)
		kith_credential_born(mine, entry, child);
	kith_hook_leave();
}

/* Times of @task's thread group: of the dead, and of those not reaped yet. */
static void sum_times(const struct task_struct *task, struct kith_exit *body)
{
	const struct signal_struct *signal = task->signal;
	const struct task_struct *thread;
	unsigned int n = 0;

	body->runtime_ns = signal->sum_sched_runtime;
	body->user_ns = signal->utime;
	body->system_ns = signal->stime;
	kith_for_each_thread(task, thread) {
		body->runtime_ns += thread->se.sum_exec_runtime;
		body->user_ns += thread->utime;
		body->system_ns += thread->stime;
		if (++n == EXIT_THREADS)
			break;
	}
}

/* What wait(2) will tell: the group's code, or else the first thread's. */
static u32 exit_status(const struct task_struct *task)
{
	const struct signal_struct *signal = task->signal;

	if (signal->flags & SIGNAL_GROUP_EXIT)
		return signal->group_exit_code;
	return task->group_leader->exit_code;
}

static void emit_exit(const struct task_struct *task, const struct kith_plain *plain)
{
	const struct task_struct *leader = task->group_leader;
	size_t comm = strnlen(leader->comm, sizeof(leader->comm));
	struct kith_record *record;
	struct kith_writer writer;
	struct kith_exit *body;

	record = kith_ring_reserve(KITH_RECORD_EXIT, sizeof(*body), kith_item_space(comm));
	if (!record)
		return;
	body = kith_body(record);
	sum_times(task, body);
	body->max_rss = (u64)task->signal->maxrss << PAGE_SHIFT;
	body->status = exit_status(task);
	body->plain_reads = plain->reads;
	body->plain_bytes = plain->bytes;
	writer = kith_writer(record);
	kith_put(&writer, KITH_ITEM_COMM, leader->comm, comm);
	kith_ring_commit(record);
}

/*
 * Runs in each thread that exits. `live` has been counted down before: it is 0
 * in the last one, and in any other that has not come as far as this yet.
 */
static void exited(struct task_struct *task)
{
	struct kith_plain plain = {};
	struct kith_task *mine;

	kith_hook_enter();
	kith_hook_hit(KITH_AT_EXIT);
	mine = kith_task_find(task);
	if (mine) {
		kith_credential_check(mine, task, 0);
		kith_credential_flush(mine, task);
		kith_pipe_settle(mine);
		kith_file_leave(mine);
		kith_change_flush(mine);
		kith_act_flush(mine);
	}
	if (!atomic_read(&task->signal->live)) {
		kith_account_finish(&plain);
		emit_exit(task, &plain);
	}
	if (mine)
		kith_task_remove(mine);
	kith_hook_leave();
}

KITH_DEFINE_EXIT_CALLBACK(exit_callback, exited);

void *kith_process_exited(void)
{
	return exit_callback;
}
