// SPDX-License-Identifier: GPL-2.0-only
/* Pipes and FIFOs: who wrote how much into each, and who read it. */
#include "pipe.h"

#include "cell.h"
#include "hook.h"
#include "ledger.h"
#include "path.h"
#include "report.h"
#include "ring.h"
#include "scratch.h"
#include "task.h"

#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/kdev_t.h>
#include <linux/log2.h>
#include <linux/magic.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/pipe_fs_i.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/uio.h>

enum { PIPES_SHARE = 4 /* as many as sockets may be watched, by that */ };

#define AGAIN_NS (60 * NSEC_PER_SEC)

static struct hlist_head buckets[KITH_PIPE_BUCKETS];
static DEFINE_SPINLOCK(table); /* for writers */
static atomic_t count = ATOMIC_INIT(0);

static struct hlist_head *bucket_of(const struct pipe_inode_info *info)
{
	return &buckets[hash_ptr((void *)info, ilog2(KITH_PIPE_BUCKETS))];
}

static struct pipe *find(const struct pipe_inode_info *info)
{
	struct pipe *pipe;

	hlist_for_each_entry_rcu(pipe, bucket_of(info), node)
		if (pipe->info == info)
			return pipe;
	return NULL;
}

u64 kith_pipe_id(const struct pipe_inode_info *info)
{
	const struct pipe *pipe = find(info);

	return pipe ? pipe->id : 0;
}

static void free_rcu_pipe(struct rcu_head *head)
{
	struct pipe *pipe = container_of(head, struct pipe, rcu);

	while (pipe->cells) {
		struct kith_pipe_cell *cell = pipe->cells;

		pipe->cells = cell->next;
		kfree(cell);
	}
	kith_name_put(pipe->path);
	kfree(pipe);
	atomic_dec(&count);
}

/* The name of a FIFO, as current finds it. */
static void set_path(struct pipe *pipe, const struct file *file)
{
	struct kith_scratch *scratch = kith_scratch();
	struct kith_path path;
	struct kith_root root;

	if (!current->fs)
		return;
	kith_root_of_current(&root);
	path = kith_path_resolve(&file->f_path, &root, scratch->path[0], scratch->path[1]);
	pipe->path = kith_name_new(path.text, path.length);
}

static struct pipe *new_pipe(const struct pipe_inode_info *info, const struct file *file)
{
	const struct inode *inode = file_inode(file);
	struct pipe *pipe = NULL;

	if ((u32)atomic_inc_return(&count) <= kith_socket_max() / PIPES_SHARE)
		pipe = kzalloc(sizeof(*pipe), GFP_NOWAIT | __GFP_NOWARN);
	if (!pipe) {
		atomic_dec(&count);
		kith_ring_lose(KITH_CLASS_CONNECTION, KITH_LOSS_UNTRACKED, 1);
		return NULL;
	}
	pipe->info = info;
	spin_lock_init(&pipe->lock);
	pipe->id = kith_socket_new_id();
	pipe->inode = inode->i_ino;
	pipe->device = MAJOR(inode->i_sb->s_dev) << 20 | MINOR(inode->i_sb->s_dev);
	pipe->fifo = inode->i_sb->s_magic != PIPEFS_MAGIC;
	pipe->started = ktime_get_boot_fast_ns();
	if (pipe->fifo)
		set_path(pipe, file);
	return pipe;
}

/* An entry that nobody would remove would outlive its pipe. */
static struct pipe *add(const struct pipe_inode_info *info, const struct file *file)
{
	struct pipe *pipe, *same;

	if (!kith_hook_attached(KITH_AT_PIPE_FREE))
		return NULL;
	pipe = new_pipe(info, file);
	if (!pipe)
		return NULL;
	spin_lock(&table);
	same = find(info);
	if (!same)
		hlist_add_head_rcu(&pipe->node, bucket_of(info));
	spin_unlock(&table);
	if (!same)
		return pipe;
	call_rcu(&pipe->rcu, free_rcu_pipe);
	return same;
}

/* What the thread @task has to settle elsewhere than with @pipe, or anywhere. */
static void settle_debt(struct kith_task *task, const struct task_struct *thread,
			enum kith_pipe_way way, const struct pipe *but)
{
	struct kith_pipe_debt *debt = &task->pipes[way];
	struct pipe *pipe;

	if (!debt->id || (but && debt->id == but->id))
		return;
	pipe = find(debt->info);
	if (pipe && pipe->id == debt->id && READ_ONCE(debt->cell->thread) == thread)
		kith_cell_settle(pipe, debt->cell, thread, way);
	debt->id = 0;
}

/* The cells that it has left for good may be others'. */
static void leave(const struct task_struct *thread, const struct kith_pipe_debt *debt)
{
	const struct pipe *pipe = debt->id ? find(debt->info) : NULL;

	if (pipe && pipe->id == debt->id)
		cmpxchg(&debt->cell->thread, thread, NULL);
}

void kith_pipe_settle(struct kith_task *task)
{
	unsigned int way;

	struct kith_pipe_debt debts[KITH_PIPE_WAYS];

	memcpy(debts, task->pipes, sizeof(debts));
	for (way = 0; way < KITH_PIPE_WAYS; way++)
		settle_debt(task, task->task, way, NULL);
	for (way = 0; way < KITH_PIPE_WAYS; way++)
		leave(task->task, &debts[way]);
}

static struct pipe *obtain(struct file *file)
{
	const struct pipe_inode_info *info = file->private_data;
	struct pipe *pipe = find(info);

	return pipe ? pipe : add(info, file);
}

/* Buffers in use, out of @most. Others may change that at any time. */
static unsigned int used_of(const struct pipe_inode_info *info, unsigned int *most)
{
	unsigned int used = READ_ONCE(info->head) - READ_ONCE(info->tail);

	*most = READ_ONCE(info->max_usage);
	return min(used, *most);
}

/* Will it write all that it is asked to? */
static bool is_whole(const struct kiocb *iocb, const struct pipe_inode_info *info, size_t size)
{
	unsigned int most, used;

	if (!(iocb->ki_flags & IOCB_NOWAIT) && !(iocb->ki_filp->f_flags & O_NONBLOCK))
		return true;
	used = used_of(info, &most);
	return size <= (size_t)(most - used) << PAGE_SHIFT;
}

/* A call that the kernel does not count: of io_uring, say. */
static void assume(struct pipe *pipe, struct kith_pipe_cell *cell, const struct kiocb *iocb,
		   size_t size, enum kith_pipe_way way)
{
	struct kith_call *call = &cell->calls[way];
	const struct pipe_inode_info *info = iocb->ki_filp->private_data;
	unsigned int most, used = used_of(info, &most);

	/* First it tries whether it would have to wait, and comes again if so. */
	if (iocb->ki_flags & IOCB_NOWAIT && (way == KITH_PIPE_READ ? !used : used == most)) {
		WRITE_ONCE(call->tried, true);
		return;
	}
	if (way == KITH_PIPE_READ || !is_whole(iocb, info, size))
		WRITE_ONCE(pipe->inexact[way], true);
	WRITE_ONCE(call->moved, call->moved + size);
}

/* current's cell, when it has settled what it did elsewhere. NULL: there is no room. */
static struct kith_pipe_cell *come(struct pipe *pipe, enum kith_pipe_way way)
{
	/* The threads of io_uring are born without our seeing it. */
	struct kith_task *task = kith_task_add(current);
	struct kith_pipe_cell *cell;

	if (!task)
		return NULL;
	settle_debt(task, current, way, pipe);
	cell = kith_cell_take(pipe);
	if (!cell)
		return NULL;
	task->pipes[way] = (struct kith_pipe_debt){ pipe->info, pipe->id, cell };
	WRITE_ONCE(pipe->recent[way], cell);
	return cell;
}

/* The cell that was the last to move something this way, if that is current's. */
static struct kith_pipe_cell *recent(struct pipe *pipe, enum kith_pipe_way way)
{
	struct kith_pipe_cell *cell = READ_ONCE(pipe->recent[way]);

	/* With something to settle here, there is nothing elsewhere. */
	if (cell && READ_ONCE(cell->thread) == current && READ_ONCE(cell->calls[way].pending))
		return cell;
	return NULL;
}

/* Since 6.15 a FIFO has functions of its own, which call, or include, those of pipes. */
static bool is_again(const struct kith_call *call, enum kith_pipe_way way, const void *iter)
{
	return call->fifo == iter && call->pending && call->calls == kith_calls_of(current, way);
}

/* What is to be known of a call when it is to be settled. */
static __always_inline void note(struct kith_call *call, const struct kiocb *iocb,
				 const struct pipe_inode_info *info,
				 const struct iov_iter *iter, enum kith_pipe_way way)
{
	size_t size = iov_iter_count(iter);

	if (way == KITH_PIPE_WRITE) {
		/* Nothing can be written if nobody can read it. */
		if (!READ_ONCE(info->readers))
			size = 0;
		call->whole = is_whole(iocb, info, size);
	}
	call->most = size;
}

/*
 * The same thread again, which has called nothing else that the kernel counts this way:
 * then its last call has moved all that it has moved more. While it is here the pipe stays.
 */
static __always_inline bool goes_on(struct pipe *pipe, const struct kiocb *iocb,
				    const struct pipe_inode_info *info,
				    const struct iov_iter *iter, enum kith_pipe_way way)
{
	struct kith_pipe_cell *cell = READ_ONCE(pipe->recent[way]);
	const struct task_struct *thread = current;
	u64 bytes = kith_bytes_of(thread, way), calls = kith_calls_of(thread, way);
	struct kith_call *call;

	if (!cell || READ_ONCE(cell->thread) != thread)
		return false;
	call = &cell->calls[way];
	if (call->pending != KITH_CALL_PENDING || call->calls + 1 != calls ||
	    !is_sync_kiocb((struct kiocb *)iocb))
		return false;
	WRITE_ONCE(call->moved, call->moved + bytes - call->bytes);
	call->bytes = bytes;
	call->calls = calls;
	note(call, iocb, info, iter, way);
	WRITE_ONCE(cell->active, jiffies);
	return true;
}

/* @fifo: by a FIFO's own function */
static void begin(const struct kiocb *iocb, const struct iov_iter *iter,
		  enum kith_pipe_way way, bool fifo)
{
	struct pipe *pipe = obtain(iocb->ki_filp);
	struct kith_pipe_cell *cell;
	struct kith_call *call;

	if (!pipe)
		return;
	cell = recent(pipe, way);
	if (!cell)
		cell = come(pipe, way);
	if (!cell)
		return;
	call = &cell->calls[way];
	if (!fifo && is_again(call, way, iter))
		return;
	kith_cell_settle(pipe, cell, current, way);
	WRITE_ONCE(cell->active, jiffies);
	if (!is_sync_kiocb((struct kiocb *)iocb)) {
		assume(pipe, cell, iocb, iov_iter_count(iter), way);
		return;
	}
	call->bytes = kith_bytes_of(current, way);
	call->calls = kith_calls_of(current, way);
	note(call, iocb, iocb->ki_filp->private_data, iter, way);
	call->fifo = fifo ? iter : NULL;
	/* Who sees it sees the rest. */
	smp_store_release(&call->pending, fifo ? KITH_CALL_FIFO : KITH_CALL_PENDING);
}

static __always_inline void move(struct kith_ftrace_regs *regs, enum kith_pipe_way way)
{
	const struct kiocb *iocb = KITH_ARGUMENT(regs, 0, struct kiocb *);
	const struct iov_iter *iter = KITH_ARGUMENT(regs, 1, struct iov_iter *);
	const struct pipe_inode_info *info = iocb->ki_filp->private_data;
	struct pipe *pipe = find(info);

	if (!pipe || !goes_on(pipe, iocb, info, iter, way))
		begin(iocb, iter, way, false);
}

static void move_in_fifo(struct kith_ftrace_regs *regs, enum kith_pipe_way way)
{
	begin(KITH_ARGUMENT(regs, 0, struct kiocb *),
	      KITH_ARGUMENT(regs, 1, struct iov_iter *), way, true);
}

KITH_ENTRY(kith_pipe_reading)
{
	move(regs, KITH_PIPE_READ);
}

KITH_ENTRY(kith_pipe_writing)
{
	move(regs, KITH_PIPE_WRITE);
}

KITH_ENTRY(kith_pipe_fifo_reading)
{
	move_in_fifo(regs, KITH_PIPE_READ);
}

KITH_ENTRY(kith_pipe_fifo_writing)
{
	move_in_fifo(regs, KITH_PIPE_WRITE);
}

static void spliced(struct file *file, enum kith_pipe_way way)
{
	struct kith_pipe_cell *cell;
	struct pipe *pipe;

	fmode_t mode = way == KITH_PIPE_READ ? FMODE_READ : FMODE_WRITE;

	if (!S_ISFIFO(file_inode(file)->i_mode) || !(file->f_mode & mode))
		return;
	pipe = obtain(file);
	cell = pipe ? kith_cell_take(pipe) : NULL;
	if (!cell)
		return;
	WRITE_ONCE(cell->calls[way].spliced, true);
	WRITE_ONCE(cell->active, jiffies);
}

void kith_pipe_splicing(struct file *in, struct file *out)
{
	spliced(in, KITH_PIPE_READ);
	spliced(out, KITH_PIPE_WRITE);
}

/* No call on the pipe goes on. */
static void settle_all(struct pipe *pipe)
{
	struct kith_pipe_cell *cell;
	unsigned int way;

	for (cell = pipe->cells; cell; cell = cell->next) {
		const struct task_struct *thread = READ_ONCE(cell->thread);

		if (!thread || !kith_cell_is_there(thread))
			continue;
		for (way = 0; way < KITH_PIPE_WAYS; way++)
			kith_cell_settle(pipe, cell, thread, way);
	}
}

static u64 bytes_in(const struct pipe_inode_info *info)
{
	unsigned int at;
	u64 bytes = 0;

	for (at = info->tail; at != info->head; at++)
		bytes += info->bufs[at & (info->ring_size - 1)].len;
	return bytes;
}

/* free_pipe_info(info): nobody has it any more. */
KITH_ENTRY(kith_pipe_freed)
{
	const struct pipe_inode_info *info = KITH_ARGUMENT(regs, 0, struct pipe_inode_info *);
	struct pipe *pipe = find(info);
	struct kith_sink ring = {};
	struct kith_ledger sum;

	if (!pipe)
		return;
	spin_lock(&table);
	hlist_del_init_rcu(&pipe->node);
	spin_unlock(&table);
	settle_all(pipe);
	spin_lock(&pipe->lock);
	pipe->left = bytes_in(info);
	pipe->ended = ktime_get_boot_fast_ns();
	spin_unlock(&pipe->lock);
	kith_ledger_add_up(pipe, &sum);
	kith_ledger_tell(&ring, pipe, &sum);
	call_rcu(&pipe->rcu, free_rcu_pipe);
}

static void report(struct pipe *pipe, bool all)
{
	u64 now = ktime_get_boottime_ns(), mark;
	struct kith_sink ring = {};
	struct kith_ledger sum;

	if (!all && now - (pipe->reported ? pipe->reported : pipe->started) <
			    (pipe->reported ? AGAIN_NS : NSEC_PER_SEC))
		return;
	spin_lock(&pipe->lock);
	if (pipe->ended)
		goto out;
	kith_ledger_add_up(pipe, &sum);
	mark = sum.moved[KITH_PIPE_WRITE] + sum.moved[KITH_PIPE_READ] +
	       sum.users[KITH_PIPE_WRITE] + sum.users[KITH_PIPE_READ];
	if (mark == pipe->told || !kith_ring_has_room(KITH_RING_LOW))
		goto out;
	if (!kith_ledger_tell(&ring, pipe, &sum))
		goto out;
	pipe->told = mark;
	pipe->reported = now;
out:
	spin_unlock(&pipe->lock);
}

void kith_pipe_report(bool all)
{
	static DEFINE_MUTEX(one);
	struct pipe *pipe;
	unsigned int i;

	mutex_lock(&one);
	for (i = 0; i < KITH_PIPE_BUCKETS; i++) {
		if (hlist_empty(&buckets[i]))
			continue;
		kith_hook_enter();
		if (!kith_report_is_closed())
			hlist_for_each_entry_rcu(pipe, &buckets[i], node)
				report(pipe, all);
		kith_hook_leave();
		cond_resched();
	}
	mutex_unlock(&one);
}

void kith_pipe_show(unsigned int bucket, struct kith_sink *sink)
{
	struct pipe *pipe;
	struct kith_ledger sum;

	hlist_for_each_entry_rcu(pipe, &buckets[bucket], node) {
		kith_ledger_add_up(pipe, &sum);
		if (!kith_ledger_tell(sink, pipe, &sum))
			return;
	}
}

void kith_pipe_exit(void)
{
	struct hlist_node *next;
	struct pipe *pipe;
	unsigned int i;

	for (i = 0; i < KITH_PIPE_BUCKETS; i++)
		hlist_for_each_entry_safe(pipe, next, &buckets[i], node)
			call_rcu(&pipe->rcu, free_rcu_pipe);
	rcu_barrier();
}
