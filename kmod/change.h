/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changes of files' names, modes, owners, sizes, attributes and times.
 *
 * An attempt is seen where the kernel has resolved the names, its outcome at the return
 * of what does the work of the system call. The same again is only counted.
 */
#ifndef _KITH_CHANGE_H
#define _KITH_CHANGE_H

#include "entry.h"

#include <linux/kprobes.h>

struct kith_changes;
struct kith_task;

/* Hooks; see the table in hook.c. */
kith_entry_fn kith_change_renaming;
kith_entry_fn kith_change_unlinking;
kith_entry_fn kith_change_rmdir;
kith_entry_fn kith_change_mkdir;
kith_entry_fn kith_change_linking;
kith_entry_fn kith_change_symlinking;
kith_entry_fn kith_change_mknod;
int kith_change_chmod(struct kretprobe_instance *instance, struct pt_regs *regs);
int kith_change_chown(struct kretprobe_instance *instance, struct pt_regs *regs);
int kith_change_truncate(struct kretprobe_instance *instance, struct pt_regs *regs);
int kith_change_ftruncate(struct kretprobe_instance *instance, struct pt_regs *regs);
int kith_change_utimes(struct kretprobe_instance *instance, struct pt_regs *regs);
int kith_change_setxattr(struct kretprobe_instance *instance, struct pt_regs *regs);
int kith_change_removexattr(struct kretprobe_instance *instance, struct pt_regs *regs);

/* The outcome of any of them. */
int kith_change_returned(struct kretprobe_instance *instance, struct pt_regs *regs);

/*
 * kith_change_flush() - Tell of what was only counted. Context: kith_hook_enter(), and
 *	the thread of @task does not end meanwhile.
 * kith_change_release() - The entry goes: nobody sees it any more.
 */
void kith_change_flush(struct kith_task *task);
void kith_change_release(struct kith_task *task);

#endif
