/* SPDX-License-Identifier: GPL-2.0-only */
/* What names a process for the whole of a boot; see "Records" in uapi.h. */
#ifndef _KITH_KEY_H
#define _KITH_KEY_H

#include <kith/uapi.h>
#include <linux/bits.h>
#include <linux/sched.h>

#define KITH_KEY_TIME_MASK GENMASK_ULL(62 - KITH_KEY_PID_BITS, 0)

/**
 * kith_key() - Key of the process that @task is a thread of.
 *
 * Computed from what the kernel keeps anyway, so it needs no table and is the
 * same after a reload. When a thread that is not the first calls exec, the
 * kernel hands the first one's start time and pid on to it: the key stays.
 *
 * Context: @task is current, or RCU read section and not yet released.
 */
static inline u64 kith_key(const struct task_struct *task)
{
	const struct task_struct *leader = READ_ONCE(task->group_leader);
	u64 time = leader->start_boottime >> KITH_KEY_SHIFT;

	return (time & KITH_KEY_TIME_MASK) << KITH_KEY_PID_BITS | (u32)leader->tgid;
}

/**
 * kith_parent_key() - Key of @task's parent, whoever that is now.
 * Context: RCU read section.
 */
static inline u64 kith_parent_key(const struct task_struct *task)
{
	return kith_key(rcu_dereference(task->real_parent));
}

#endif
