/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The last call of a thread that reads or writes a file, each way.
 *
 * Hooks are at the entry of the file systems' own functions, where nobody knows what
 * will come of the call. So each thread remembers its last one and what current->ioac
 * said then; the next one, or the end of the thread, settles it. What it has moved so far
 * stands beside it, and comes into the line when the thread turns to another file, ends,
 * or is looked at from outside: so a call after another one is a few additions.
 */
#ifndef _KITH_FILECALL_H
#define _KITH_FILECALL_H

#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/seqlock.h>
#include <linux/types.h>

enum kith_file_way { KITH_FILE_READ, KITH_FILE_WRITE, KITH_FILE_WAYS };

enum kith_file_mode {
	KITH_FILECALL_SETTLED,
	KITH_FILECALL_PLAIN,
	KITH_FILECALL_LAST,	  /* up to the end of a file that may grow */
	KITH_FILECALL_WHOLE,      /* of several calls of a file system: sendfile(2) and its like */
	KITH_FILECALL_SPLICE_IN,  /* of none that the kernel counts: a file into a pipe */
	KITH_FILECALL_SPLICE_OUT, /* and a pipe into a file */
};

struct kith_line;

struct kith_filecall {
	const struct inode *inode; /* identity only, with the next two */
	u64 number;
	u32 generation;
	u32 turn; /* kith_object_turn() when `line` was chosen; of a file's own: any */
	bool own;
	bool simple; /* its size says what can be read */
	s16 number_of_call; /* if it is neither settled nor PLAIN: of the system call */

	/* Written by the thread alone, within `seq`, down to `active`. */
	seqcount_t seq;
	u8 mode;   /* enum kith_file_mode */
	u64 bytes; /* that the thread had moved that way before */
	u64 calls; /* and in how many calls */
	u64 most;  /* that this one can have moved */
	loff_t end; /* of the file, if it is LAST */
	u64 asked; /* if it is not PLAIN: the same, if the file has grown meanwhile */
	u64 first_bytes; /* `bytes` less what settled calls have moved since `line` was chosen */
	u64 first_calls; /* `calls` less the number of these: one more changes neither */
	unsigned long active; /* jiffies */

	/* kith_task.lock */
	struct kith_line *line; /* a reference */
	u64 credited; /* to `line`: bytes */
	u64 counted;  /* calls */
};

static inline u64 kith_filecall_bytes_of(const struct task_struct *task, enum kith_file_way way)
{
	return way == KITH_FILE_READ ? READ_ONCE(task->ioac.rchar) : READ_ONCE(task->ioac.wchar);
}

static inline u64 kith_filecall_calls_of(const struct task_struct *task, enum kith_file_way way)
{
	return way == KITH_FILE_READ ? READ_ONCE(task->ioac.syscr) : READ_ONCE(task->ioac.syscw);
}

static inline bool kith_filecall_is_of(const struct kith_filecall *call, const struct inode *inode)
{
	return call->inode == inode && call->number == inode->i_ino &&
	       call->generation == inode->i_generation;
}

/*
 * Is nothing in doubt of the last call? The thread, which is current, has called nothing
 * else meanwhile that the kernel counts this way: @calls.
 */
static __always_inline bool kith_filecall_may_go_on(const struct kith_filecall *call, u64 calls)
{
	return call->mode == KITH_FILECALL_PLAIN && call->calls + 1 == calls;
}

/* A call of at most @most after such a one. Return: was it such a one? */
static __always_inline bool kith_filecall_goes_on(struct kith_filecall *call,
						  const struct task_struct *thread, u64 most,
						  enum kith_file_way way)
{
	u64 calls = kith_filecall_calls_of(thread, way);

	if (!kith_filecall_may_go_on(call, calls))
		return false;
	raw_write_seqcount_begin(&call->seq);
	call->bytes = kith_filecall_bytes_of(thread, way);
	call->calls = calls;
	call->most = most;
	call->active = jiffies;
	raw_write_seqcount_end(&call->seq);
	return true;
}

/* Context of these: kith_hook_enter(), in the thread. */

/* The last call is over. */
void kith_filecall_settle(struct kith_filecall *call, enum kith_file_way way);

/* The last call is over, and it has moved @bytes. */
void kith_filecall_end(struct kith_filecall *call, u64 bytes);

/* The thread is back at its file, which ends at @end: has that grown since the last call? */
void kith_filecall_return(struct kith_filecall *call, loff_t end);

/* Another one begins, after the last one is settled; @asked is not less than @most. */
void kith_filecall_begin(struct kith_filecall *call, enum kith_file_way way, u64 most,
			 u64 asked, enum kith_file_mode mode);

/* Another call of the file system, of at most @most, within one that is watched as a whole? */
bool kith_filecall_is_within(struct kith_filecall *call, const struct inode *inode, u64 most,
			     enum kith_file_way way);

/* The one that is watched as a whole can move as much as that. */
void kith_filecall_raise(struct kith_filecall *call, u64 most, u64 asked);

/* The thread has left its line for @line, whose reference it takes over. Context: the lock. */
void kith_filecall_turn(struct kith_filecall *call, enum kith_file_way way,
			struct kith_line *line);

/* The line has what @thread has moved. Context: the lock. */
void kith_filecall_look(struct kith_filecall *call, const struct task_struct *thread,
			enum kith_file_way way);

#endif
