/* SPDX-License-Identifier: GPL-2.0-only */
/* Birth and death of processes. */
#ifndef _KITH_PROCESS_H
#define _KITH_PROCESS_H

#include "entry.h"

#include <linux/sched.h>

/* Hook: tracepoint sched_process_fork. */
void kith_process_forked(void *data, struct task_struct *parent,
			 struct task_struct *child);

/* Hook: function entry of security_task_alloc(task, clone_flags). */
kith_entry_fn kith_process_cloning;

/* Hook: a callback for tracepoint sched_process_exit, typed as this kernel wants. */
void *kith_process_exited(void);

#endif
