/* SPDX-License-Identifier: GPL-2.0-only */
/* Files: what each process reads from them and writes into them. */
#ifndef _KITH_FILE_CALLS_H
#define _KITH_FILE_CALLS_H

#include "entry.h"
#include "filecall.h"

#include <linux/kprobes.h>

struct kith_account;
struct kith_task;
struct task_struct;

/* Hooks; see the table in hook.c. */
kith_entry_fn kith_file_reading;
kith_entry_fn kith_file_writing;
kith_entry_fn kith_file_opened;
kith_entry_fn kith_file_mapped;
kith_entry_fn kith_file_sending;
kith_entry_fn kith_file_to_pipe;
kith_entry_fn kith_file_copying;
kith_entry_fn kith_file_cloning;
kith_entry_fn kith_file_splicing;
int kith_file_sent(struct kretprobe_instance *instance, struct pt_regs *regs);
int kith_file_copied(struct kretprobe_instance *instance, struct pt_regs *regs);
int kith_file_splice_called(struct kretprobe_instance *instance, struct pt_regs *regs);
int kith_file_spliced(struct kretprobe_instance *instance, struct pt_regs *regs);

/* Where the file systems read and write, as far as their names are known. */
extern const char *const kith_file_readers[];
extern const char *const kith_file_writers[];

/* That of current's process. NULL: no room, or it is past its end. */
struct kith_account *kith_file_account(void);

/*
 * kith_file_settle() - The lines have what the thread @thread, whose entry is @task, has
 *	done. Context: RCU read section; @thread is there still.
 * kith_file_leave() - It ends. Context: kith_hook_enter(), in that thread.
 * kith_file_release() - Its entry goes: nobody sees it any more.
 */
void kith_file_settle(struct kith_task *task, const struct task_struct *thread);
void kith_file_leave(struct kith_task *task);
void kith_file_release(struct kith_task *task);

#endif
