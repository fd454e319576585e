/* SPDX-License-Identifier: GPL-2.0-only */
/* Acts on other processes, and on the kernel. */
#ifndef _KITH_ACT_H
#define _KITH_ACT_H

#include "entry.h"

struct file;
struct kith_acts;
struct kith_task;
struct module;

/* Hooks; see the table in hook.c. */
kith_entry_fn kith_act_accessing;
kith_entry_fn kith_act_killing;
kith_entry_fn kith_act_vm;
kith_entry_fn kith_act_proc_mem;
void kith_act_module_loaded(void *data, struct module *module);
void kith_act_module_freed(void *data, struct module *module);
kith_entry_fn kith_act_bpf;
kith_entry_fn kith_act_mounting;
kith_entry_fn kith_act_moving_mount;
kith_entry_fn kith_act_unmounting;
kith_entry_fn kith_act_pivoting;
kith_entry_fn kith_act_chroot;
kith_entry_fn kith_act_setns;
kith_entry_fn kith_act_unshare;
kith_entry_fn kith_act_loading_data;
kith_entry_fn kith_act_reading_file;
kith_entry_fn kith_act_keyctl;
kith_entry_fn kith_act_sysctl;

/* When @file is opened to be written to; see file.c. */
void kith_act_opened(const struct file *file);

/* As those of change.h. */
void kith_act_flush(struct kith_task *task);
void kith_act_release(struct kith_task *task);

#endif
