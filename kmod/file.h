/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files: what each process reads from them and writes into them.
 *
 * Hooks are at the entry of the file systems' own functions, where nobody knows what
 * will come of the call. So each thread remembers its last call, each way, and what
 * current->ioac said then; the next one, or the end of the thread, settles it.
 */
#ifndef _KITH_FILE_CALLS_H
#define _KITH_FILE_CALLS_H

#include "entry.h"

#include <linux/types.h>

enum kith_file_way { KITH_FILE_READ, KITH_FILE_WRITE, KITH_FILE_WAYS };

enum kith_file_mode {
	KITH_CALL_PLAIN,
	KITH_CALL_WHOLE,      /* of several calls of a file system: sendfile(2) and its like */
	KITH_CALL_SPLICE_IN,  /* of none that the kernel counts: a file into a pipe */
	KITH_CALL_SPLICE_OUT, /* and a pipe into a file */
};

struct inode;
struct kith_line;
struct kith_account;
struct kith_task;
struct task_struct;

/* The last call of a thread, one way. Written by the thread; `pending` is cleared by others. */
struct kith_file_call {
	const struct inode *inode; /* identity only, with the next two */
	u64 number;
	u32 generation;
	u32 turn; /* kith_object_turn() when `line` was chosen; of a file's own: any */
	bool own;
	u8 mode;  /* enum kith_file_mode */
	s16 number_of_call; /* if that is not PLAIN: of the system call */
	u32 pending; /* 0: it is settled; else another number each time */
	u32 last;    /* of these */
	struct kith_line *line; /* a reference */
	u64 bytes; /* that the thread had moved that way before */
	u64 calls; /* and in how many calls */
	u64 most;  /* that this one can have moved */
};

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

/* Where the file systems read and write, as far as their names are known. */
extern const char *const kith_file_readers[];
extern const char *const kith_file_writers[];

/*
 * kith_file_settle() - What the thread @thread, whose entry is @task, has done is done.
 *	Context: RCU read section; @thread is there still.
 * kith_file_leave() - It ends. Context: kith_hook_enter(), in that thread.
 * kith_file_release() - Its entry goes: nobody sees it any more.
 */
void kith_file_settle(struct kith_task *task, const struct task_struct *thread);
void kith_file_leave(struct kith_task *task);
void kith_file_release(struct kith_task *task);

#endif
