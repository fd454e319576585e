/* SPDX-License-Identifier: GPL-2.0-only */
/* What of the scheduler's headers a module cannot use everywhere. */
#ifndef _KITH_COMPAT_SCHED_H
#define _KITH_COMPAT_SCHED_H

#include <linux/rculist.h>
#include <linux/sched/signal.h>

/*
 * for_each_thread(): with PROVE_RCU the kernel's own (6.8) names tasklist_lock,
 * which modules cannot link to. Context: RCU read section.
 */
#define kith_for_each_thread(process, thread) \
	list_for_each_entry_rcu(thread, &(process)->signal->thread_head, thread_node)

#endif
