/* SPDX-License-Identifier: GPL-2.0-only */
/* What each thread does with a pipe; see pipe.h. */
#ifndef _KITH_CELL_H
#define _KITH_CELL_H

#include "pipe.h"
#include "socket.h"

#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

enum kith_call_state {
	KITH_CALL_SETTLED, /* what it has moved is known */
	KITH_CALL_PENDING,
	KITH_CALL_FIFO, /* pending, and came by a FIFO's own function */
};

/* The last call of the thread, one way, and all before. */
struct kith_call {
	u64 moved;   /* what is settled */
	u64 bytes;   /* that the thread had moved that way before the last */
	u64 calls;   /* and how often */
	size_t most; /* the last can have moved */
	unsigned int pending; /* enum kith_call_state */
	u64 told;    /* of what is settled */
	bool whole;	  /* it moves all that, or nothing */
	bool spliced;	  /* what was moved besides is not counted */
	bool tried;	  /* by io_uring, and may have moved something then */
	const void *fifo; /* by a FIFO's own function it came with this, or NULL */
};

/* What one thread does with a pipe; when it has ended, another of its process. */
struct kith_pipe_cell {
	struct kith_pipe_cell *next;
	u64 process; /* 0: of several that there was no room for any more */
	const struct task_struct *thread; /* NULL: it has ended */
	u64 first;
	unsigned long active; /* jiffies */
	struct kith_call calls[KITH_PIPE_WAYS];
};

struct pipe {
	struct hlist_node node;
	struct rcu_head rcu;
	const struct pipe_inode_info *info; /* identity only, but in kith_pipe_freed() */
	struct kith_pipe_cell *recent[KITH_PIPE_WAYS];
	spinlock_t lock; /* for who takes a cell */
	struct kith_pipe_cell *cells; /* only ever more, at the front */
	unsigned int count;
	struct kith_name *path; /* of a FIFO */
	u64 id;
	u64 inode;
	u64 started;
	u64 ended;
	u64 left; /* bytes in it, when it ended */
	u64 gone[KITH_PIPE_WAYS]; /* moved by those whose cells are others' now, and told */
	u64 reported;
	u64 told;
	u32 device;
	bool fifo;
	bool inexact[KITH_PIPE_WAYS]; /* something was counted by what was asked for */
};

/* All of them; more may come, at the front. */
static inline struct kith_pipe_cell *kith_cell_first(const struct pipe *pipe)
{
	/* Pairs with the release of who adds one. */
	return smp_load_acquire(&pipe->cells);
}

static inline u64 kith_bytes_of(const struct task_struct *task, enum kith_pipe_way way)
{
	return way == KITH_PIPE_READ ? READ_ONCE(task->ioac.rchar) : READ_ONCE(task->ioac.wchar);
}

static inline u64 kith_calls_of(const struct task_struct *task, enum kith_pipe_way way)
{
	return way == KITH_PIPE_READ ? READ_ONCE(task->ioac.syscr) : READ_ONCE(task->ioac.syscw);
}

/* Those of current, one way, for as long as nobody else comes. NULL: there is no room. */
struct kith_pipe_cell *kith_cell_take(struct pipe *pipe);

/* What the last call of @thread, whose cell it is, has moved, is moved. */
void kith_cell_settle(struct pipe *pipe, struct kith_pipe_cell *cell,
		      const struct task_struct *thread, enum kith_pipe_way way);

/* What it has moved is told. */
void kith_cell_told(struct kith_pipe_cell *cell);

/*
 * kith_cell_settled() - What it has moved, both ways.
 * kith_cell_moved() - One way, with the last call of its thread, if that is over.
 * kith_cell_is_there() - Is it a thread that may have something to settle still?
 */
u64 kith_cell_settled(const struct kith_pipe_cell *cell);
u64 kith_cell_moved(const struct kith_pipe_cell *cell, enum kith_pipe_way way);
bool kith_cell_is_there(const struct task_struct *thread);

#endif
