/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of files that are given, changed and taken away: attempts at it. See change.h. */
#ifndef _KITH_NAMING_H
#define _KITH_NAMING_H

#include "entry.h"

#include <linux/kprobes.h>

/* Hooks; see the table in hook.c. */
kith_entry_fn kith_naming_renaming;
kith_entry_fn kith_naming_unlinking;
kith_entry_fn kith_naming_rmdir;
kith_entry_fn kith_naming_mkdir;
kith_entry_fn kith_naming_linking;
kith_entry_fn kith_naming_symlinking;
kith_entry_fn kith_naming_mknod;
int kith_naming_in_rename(struct kretprobe_instance *instance, struct pt_regs *regs);
int kith_naming_in_unlink(struct kretprobe_instance *instance, struct pt_regs *regs);
int kith_naming_in_rmdir(struct kretprobe_instance *instance, struct pt_regs *regs);
int kith_naming_in_mkdir(struct kretprobe_instance *instance, struct pt_regs *regs);
int kith_naming_in_link(struct kretprobe_instance *instance, struct pt_regs *regs);
int kith_naming_in_symlink(struct kretprobe_instance *instance, struct pt_regs *regs);
int kith_naming_in_mknod(struct kretprobe_instance *instance, struct pt_regs *regs);

#endif
