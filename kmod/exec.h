/* SPDX-License-Identifier: GPL-2.0-only */
/* Executions, successful and failed. */
#ifndef _KITH_EXEC_H
#define _KITH_EXEC_H

#include "compat/arch.h"
#include "entry.h"

#include <linux/binfmts.h>
#include <linux/kprobes.h>
#include <linux/sched.h>

/* Hook: tracepoint sched_process_exec. */
void kith_exec_succeeded(void *data, struct task_struct *task, pid_t old_pid,
			 struct linux_binprm *bprm);

/* Hook: function entry of security_bprm_check(bprm). */
kith_entry_fn kith_exec_checked;

/* Hooks: the system calls. A call that is on its way: */
struct kith_exec_call {
	struct kith_execve call;
};

int kith_exec_called(struct kretprobe_instance *instance, struct pt_regs *regs);
int kith_exec_called_at(struct kretprobe_instance *instance, struct pt_regs *regs);
int kith_exec_called_ia32(struct kretprobe_instance *instance, struct pt_regs *regs);
int kith_exec_called_at_ia32(struct kretprobe_instance *instance, struct pt_regs *regs);
int kith_exec_returned(struct kretprobe_instance *instance, struct pt_regs *regs);

#endif
