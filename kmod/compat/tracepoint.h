/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracepoint callbacks of the type that this kernel calls them with. */
#ifndef _KITH_COMPAT_TRACEPOINT_H
#define _KITH_COMPAT_TRACEPOINT_H

#include <linux/tracepoint.h>
#include <trace/events/sched.h>

/* 6.16 added "bool group_dead" to sched_process_exit. */
#define KITH_EXIT_HAS_GROUP_DEAD                                     \
	__builtin_types_compatible_p(typeof(trace_sched_process_exit), \
				     void(struct task_struct *, bool))

/*
 * Defines NAME, a callback for sched_process_exit, from a function
 * void FN(struct task_struct *).
 */
#define KITH_DEFINE_EXIT_CALLBACK(name, fn)                                     \
	static void __maybe_unused name##_old(void *data, struct task_struct *task) \
	{                                                                       \
		fn(task);                                                       \
	}                                                                       \
	static void __maybe_unused name##_new(void *data, struct task_struct *task, \
					      bool group_dead)                  \
	{                                                                       \
		name##_old(data, task);                                         \
	}                                                                       \
	static void *const name = __builtin_choose_expr(                        \
		KITH_EXIT_HAS_GROUP_DEAD, (void *)name##_new, (void *)name##_old)

#endif
