/* SPDX-License-Identifier: GPL-2.0-only */
/* Acts on other processes, and on the kernel. */
#ifndef _KITH_ACT_H
#define _KITH_ACT_H

#include "compat/ftrace.h"

struct kith_acts;
struct kith_task;
struct module;

/* Hooks; see the table in hook.c. */
void kith_act_accessing(struct kith_ftrace_regs *regs);
void kith_act_killing(struct kith_ftrace_regs *regs);
void kith_act_vm(struct kith_ftrace_regs *regs);
void kith_act_proc_mem(struct kith_ftrace_regs *regs);
void kith_act_module_loaded(void *data, struct module *module);
void kith_act_module_freed(void *data, struct module *module);
void kith_act_bpf(struct kith_ftrace_regs *regs);
void kith_act_mounting(struct kith_ftrace_regs *regs);
void kith_act_moving_mount(struct kith_ftrace_regs *regs);
void kith_act_unmounting(struct kith_ftrace_regs *regs);
void kith_act_pivoting(struct kith_ftrace_regs *regs);
void kith_act_chroot(struct kith_ftrace_regs *regs);
void kith_act_setns(struct kith_ftrace_regs *regs);
void kith_act_unshare(struct kith_ftrace_regs *regs);
void kith_act_loading_data(struct kith_ftrace_regs *regs);
void kith_act_reading_file(struct kith_ftrace_regs *regs);
void kith_act_keyctl(struct kith_ftrace_regs *regs);
void kith_act_sysctl(struct kith_ftrace_regs *regs);

/* As those of change.h. */
void kith_act_flush(struct kith_task *task);
void kith_act_release(struct kith_task *task);

#endif
