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

enum kith_hook_index;
struct dentry;
struct kith_changes;
struct kith_task;
struct path;

/* What an attempt is told by, before names are made of it. */
struct kith_attempt {
	u32 op;
	const struct path *dir; /* where the name is; NULL: see `at` */
	const struct path *at;
	struct dentry *dentry;
	const struct path *new_dir;
	struct dentry *new_dentry;
	const char *text; /* FILENAME, XATTR */
	u16 text_kind;
	u64 from;
	u64 to;
	u32 flags;
};

/* Hooks; see the table in hook.c. */
int kith_change_chmod(struct kretprobe_instance *instance, struct pt_regs *regs);
int kith_change_chown(struct kretprobe_instance *instance, struct pt_regs *regs);
int kith_change_truncate(struct kretprobe_instance *instance, struct pt_regs *regs);
int kith_change_ftruncate(struct kretprobe_instance *instance, struct pt_regs *regs);
int kith_change_utimes(struct kretprobe_instance *instance, struct pt_regs *regs);
int kith_change_setxattr(struct kretprobe_instance *instance, struct pt_regs *regs);
int kith_change_removexattr(struct kretprobe_instance *instance, struct pt_regs *regs);

/* The outcome of any of them, and of those of naming.h. */
int kith_change_returned(struct kretprobe_instance *instance, struct pt_regs *regs);

/*
 * kith_change_entered() - current enters a function whose return tells the outcome of what
 *	is begun in it, @hook. Return: 0, or 1 if that is to be left alone.
 * kith_change_is_within() - Is it in there? Context: kith_hook_enter(), as of the next.
 * kith_change_begin() - It tries to. Outside of such functions, it is told of as unsure.
 */
int kith_change_entered(enum kith_hook_index hook);
bool kith_change_is_within(void);
void kith_change_begin(const struct kith_attempt *attempt);

/*
 * kith_change_flush() - Tell of what was only counted. Context: kith_hook_enter(), and
 *	the thread of @task does not end meanwhile.
 * kith_change_release() - The entry goes: nobody sees it any more.
 */
void kith_change_flush(struct kith_task *task);
void kith_change_release(struct kith_task *task);

#endif
