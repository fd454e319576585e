// SPDX-License-Identifier: GPL-2.0-only
/* A list of the threads or processes that live at one moment. */
#include "roster.h"

#include "compat/sched.h"

#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

/* Count all, and take those that fit into @room. Context: RCU read section. */
static size_t take(struct kith_roster *roster, size_t room, struct task_struct *task)
{
	if (roster->count < room) {
		get_task_struct(task);
		roster->tasks[roster->count] = task;
	}
	return ++roster->count;
}

static void take_threads(struct kith_roster *roster, size_t room)
{
	struct task_struct *process, *thread;

	for_each_process(process)
		kith_for_each_thread(process, thread)
			if (!thread->exit_state)
				take(roster, room, thread);
}

static void take_processes(struct kith_roster *roster, size_t room)
{
	struct task_struct *process, *thread;

	for_each_process(process)
		kith_for_each_thread(process, thread)
			if (!thread->exit_state) {
				take(roster, room, thread);
				break;
			}
}

int kith_roster_call(struct kith_roster *roster, bool threads)
{
	size_t room = 256;

	for (;;) {
		roster->count = 0;
		roster->tasks = kvmalloc_array(room, sizeof(*roster->tasks), GFP_KERNEL);
		if (!roster->tasks)
			return -ENOMEM;
		rcu_read_lock();
		if (threads)
			take_threads(roster, room);
		else
			take_processes(roster, room);
		rcu_read_unlock();
		if (roster->count <= room)
			return 0;
		swap(roster->count, room);
		kith_roster_dismiss(roster);
		room += room / 8;
	}
}

void kith_roster_dismiss(struct kith_roster *roster)
{
	size_t i;

	for (i = 0; i < roster->count; i++)
		put_task_struct(roster->tasks[i]);
	kvfree(roster->tasks);
	roster->tasks = NULL;
	roster->count = 0;
}
