/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pipes and FIFOs: who wrote how much into each, and who read it.
 *
 * Hooks are at the entry of read and write, where nobody knows what will come of it. So
 * each thread has a cell in each pipe that it uses, which keeps the kernel's count of the
 * bytes that it had read and written before its last call (current->ioac): its next call,
 * or the end of the thread or of the pipe, settles what the last one has moved.
 */
#ifndef _KITH_PIPE_H
#define _KITH_PIPE_H

#include "entry.h"

#include <linux/types.h>

enum { KITH_PIPE_BUCKETS = 1024 };

enum kith_pipe_way { KITH_PIPE_WRITE, KITH_PIPE_READ, KITH_PIPE_WAYS };

struct file;
struct kith_task;
struct kith_sink;
struct pipe_inode_info;
struct kith_pipe_cell;

/* Where a thread has something to settle, one way. */
struct kith_pipe_debt {
	const struct pipe_inode_info *info; /* identity only, never followed */
	u64 id;			     /* of the pipe; 0: nowhere */
	struct kith_pipe_cell *cell; /* valid while the pipe has that id */
};

/* Hooks; see the table in hook.c. */
kith_entry_fn kith_pipe_reading;
kith_entry_fn kith_pipe_writing;
kith_entry_fn kith_pipe_fifo_reading;
kith_entry_fn kith_pipe_fifo_writing;
kith_entry_fn kith_pipe_freed;

/* current splices from @in into @out; one is a pipe, or both. Context: kith_hook_enter(). */
void kith_pipe_splicing(struct file *in, struct file *out);

/* No hook may be left. */
void kith_pipe_exit(void);

/* The thread @task ends. Context: RCU read section. */
void kith_pipe_settle(struct kith_task *task);

/* The number of the pipe, or 0: nothing has moved through it. Context: RCU read section. */
u64 kith_pipe_id(const struct pipe_inode_info *info);

/*
 * Tell of those that something moves through, what has changed since; @all: not only
 * what is due. Context: process.
 */
void kith_pipe_report(bool all);

/* Those of one bucket. Context: kith_hook_enter(). */
void kith_pipe_show(unsigned int bucket, struct kith_sink *sink);

#endif
