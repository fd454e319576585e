// SPDX-License-Identifier: GPL-2.0-only
/* Pipes and FIFOs: who wrote how much into each, and who read it. */
#include "pipe.h"

#include "hook.h"
#include "item.h"
#include "key.h"
#include "path.h"
#include "ring.h"
#include "scratch.h"
#include "sink.h"
#include "socket.h"
#include "task.h"

#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/kdev_t.h>
#include <linux/log2.h>
#include <linux/magic.h>
#include <linux/minmax.h>
#include <linux/pipe_fs_i.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/uio.h>

enum {
	PIPES_MAX = 16384,
	CELLS_MAX = 64, /* of one pipe */
};

#define AGAIN_NS (60 * NSEC_PER_SEC)

/* The last call of the thread, one way, and all before. */
struct call {
	u64 moved;   /* what is settled */
	u64 bytes;   /* that the thread had moved that way before the last */
	u64 calls;   /* and how often */
	size_t most; /* the last can have moved */
	unsigned int pending; /* it is not settled */
	bool whole;	  /* it moves all that, or nothing */
	bool spliced;	  /* what was moved besides is not counted */
	bool tried;	  /* by io_uring, and may have moved something then */
	const void *fifo; /* it came by a FIFO's own function, with this */
};

/* What one thread does with a pipe; when it has ended, another of its process. */
struct kith_pipe_cell {
	struct kith_pipe_cell *next;
	u64 process; /* 0: of several that there was no room for any more */
	const struct task_struct *thread; /* NULL: it has ended */
	u64 first;
	unsigned long active; /* jiffies */
	u64 told;	      /* of what it has moved, both ways */
	struct call calls[KITH_PIPE_WAYS];
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

/* What there is to tell of a pipe: its sums. */
struct sum {
	u64 moved[KITH_PIPE_WAYS];
	unsigned int users[KITH_PIPE_WAYS];
	u64 one[KITH_PIPE_WAYS]; /* the last of them */
	bool spliced[KITH_PIPE_WAYS];
};

static struct hlist_head *buckets;
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

	if (atomic_inc_return(&count) <= PIPES_MAX)
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

static struct kith_pipe_cell *first_cell(const struct pipe *pipe)
{
	return smp_load_acquire(&pipe->cells);
}

static struct kith_pipe_cell *find_cell(const struct pipe *pipe,
					const struct task_struct *thread)
{
	struct kith_pipe_cell *cell;

	for (cell = first_cell(pipe); cell; cell = cell->next)
		if (READ_ONCE(cell->thread) == thread)
			return cell;
	return NULL;
}

/* The rest: context: pipe->lock. One that a thread of @process has left. */
static struct kith_pipe_cell *find_left(const struct pipe *pipe, u64 process)
{
	struct kith_pipe_cell *cell;

	for (cell = pipe->cells; cell; cell = cell->next)
		if (cell->process == process && !cell->thread)
			return cell;
	return NULL;
}

static u64 settled(const struct kith_pipe_cell *cell)
{
	return cell->calls[KITH_PIPE_WRITE].moved + cell->calls[KITH_PIPE_READ].moved;
}

/* Nobody has used it lately: who might is not between taking it and saying so. */
static bool is_idle(const struct kith_pipe_cell *cell)
{
	return cell->process && !READ_ONCE(cell->calls[KITH_PIPE_WRITE].pending) &&
	       !READ_ONCE(cell->calls[KITH_PIPE_READ].pending) &&
	       time_is_before_jiffies(READ_ONCE(cell->active) + HZ);
}

/*
 * Let go of the idle one that has moved least. What of it was told stands; of the rest
 * only how much it was is told.
 */
static struct kith_pipe_cell *reclaim(struct pipe *pipe)
{
	struct kith_pipe_cell *cell, *rest = NULL, *least = NULL;
	unsigned int way;

	for (cell = pipe->cells; cell; cell = cell->next) {
		if (!cell->process)
			rest = cell;
		if (is_idle(cell) && (!least || settled(cell) < settled(least)))
			least = cell;
	}
	if (!least || !rest)
		return NULL;
	for (way = 0; way < KITH_PIPE_WAYS; way++) {
		if (least->told == settled(least))
			pipe->gone[way] += least->calls[way].moved;
		else
			rest->calls[way].moved += least->calls[way].moved;
		memset(&least->calls[way], 0, sizeof(least->calls[way]));
	}
	rest->active = jiffies;
	least->thread = NULL;
	return least;
}

static struct kith_pipe_cell *new_cell(struct pipe *pipe)
{
	struct kith_pipe_cell *cell;

	if (pipe->count == CELLS_MAX)
		return reclaim(pipe);
	cell = kzalloc(sizeof(*cell), GFP_NOWAIT | __GFP_NOWARN);
	if (!cell)
		return NULL;
	cell->first = ktime_get_boot_fast_ns();
	cell->next = pipe->cells;
	pipe->count++;
	smp_store_release(&pipe->cells, cell);
	return cell;
}

static struct kith_pipe_cell *add_cell(struct pipe *pipe, u64 process)
{
	struct kith_pipe_cell *cell;

	/* The last place is for those who lose theirs. */
	if (pipe->count == CELLS_MAX - 1)
		new_cell(pipe);
	cell = new_cell(pipe);
	if (!cell)
		return NULL;
	cell->process = process;
	cell->first = ktime_get_boot_fast_ns();
	cell->active = jiffies;
	cell->told = 0;
	return cell;
}

static void count_untracked(struct pipe *pipe)
{
	if (!pipe->inexact[KITH_PIPE_WRITE] || !pipe->inexact[KITH_PIPE_READ])
		kith_ring_lose(KITH_CLASS_CONNECTION, KITH_LOSS_UNTRACKED, 1);
	pipe->inexact[KITH_PIPE_WRITE] = true;
	pipe->inexact[KITH_PIPE_READ] = true;
}

/* The cell of current. NULL: there is no room. */
static struct kith_pipe_cell *take_cell(struct pipe *pipe)
{
	struct kith_pipe_cell *cell = find_cell(pipe, current);
	u64 process = kith_key(current);

	if (cell && cell->process == process)
		return cell;
	spin_lock(&pipe->lock);
	cell = find_left(pipe, process);
	if (!cell)
		cell = add_cell(pipe, process);
	if (cell)
		WRITE_ONCE(cell->thread, current);
	else
		count_untracked(pipe);
	spin_unlock(&pipe->lock);
	return cell;
}

static u64 bytes_of(const struct task_struct *task, enum kith_pipe_way way)
{
	return way == KITH_PIPE_READ ? READ_ONCE(task->ioac.rchar) : READ_ONCE(task->ioac.wchar);
}

static u64 calls_of(const struct task_struct *task, enum kith_pipe_way way)
{
	return way == KITH_PIPE_READ ? READ_ONCE(task->ioac.syscr) : READ_ONCE(task->ioac.syscw);
}

/*
 * What the last call has moved. One call since: exactly what the thread has moved more.
 * More than one: at most that, and what it asked for.
 */
static u64 moved_by(const struct call *call, const struct task_struct *thread,
		    enum kith_pipe_way way, bool *exact)
{
	u64 calls = calls_of(thread, way) - call->calls;
	u64 bytes = min_t(u64, bytes_of(thread, way) - call->bytes, call->most);

	*exact = calls == 1 || (call->whole && bytes == call->most);
	return bytes;
}

/* Once: the thread itself may do so while the pipe goes. */
static void settle(struct pipe *pipe, struct kith_pipe_cell *cell,
		   const struct task_struct *thread, enum kith_pipe_way way)
{
	struct call *call = &cell->calls[way];
	bool exact;
	u64 bytes;

	if (!READ_ONCE(call->pending))
		return;
	bytes = moved_by(call, thread, way, &exact);
	if (!xchg(&call->pending, 0))
		return;
	WRITE_ONCE(call->moved, call->moved + bytes);
	if (!exact)
		WRITE_ONCE(pipe->inexact[way], true);
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
	if (pipe && pipe->id == debt->id)
		settle(pipe, debt->cell, thread, way);
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

	for (way = 0; way < KITH_PIPE_WAYS; way++) {
		struct kith_pipe_debt debt = task->pipes[way];

		settle_debt(task, task->task, way, NULL);
		leave(task->task, &debt);
	}
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

/* Nothing can be written if nobody can read it. */
static bool can_move(const struct kiocb *iocb, enum kith_pipe_way way)
{
	const struct pipe_inode_info *info = iocb->ki_filp->private_data;

	return way == KITH_PIPE_READ || READ_ONCE(info->readers);
}

/* Will it write all that it is asked to? */
static bool is_whole(const struct kiocb *iocb, size_t size)
{
	unsigned int most, used = used_of(iocb->ki_filp->private_data, &most);

	if (!(iocb->ki_flags & IOCB_NOWAIT) && !(iocb->ki_filp->f_flags & O_NONBLOCK))
		return true;
	return size <= (size_t)(most - used) << PAGE_SHIFT;
}

/* A call that the kernel does not count: of io_uring, say. */
static void assume(struct pipe *pipe, struct kith_pipe_cell *cell, const struct kiocb *iocb,
		   size_t size, enum kith_pipe_way way)
{
	struct call *call = &cell->calls[way];
	unsigned int most, used = used_of(iocb->ki_filp->private_data, &most);

	/* First it tries whether it would have to wait, and comes again if so. */
	if (iocb->ki_flags & IOCB_NOWAIT && (way == KITH_PIPE_READ ? !used : used == most)) {
		WRITE_ONCE(call->tried, true);
		return;
	}
	if (way == KITH_PIPE_READ || !is_whole(iocb, size))
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
	cell = take_cell(pipe);
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
static bool is_again(const struct call *call, enum kith_pipe_way way, const void *iter)
{
	return call->fifo == iter && call->pending && call->calls == calls_of(current, way);
}

/*
 * The same thread again, which has called nothing else that the kernel counts this way:
 * then its last call has moved all that it has moved more. While it is here the pipe stays.
 */
static bool goes_on(struct pipe *pipe, const struct kiocb *iocb, const struct iov_iter *iter,
		    enum kith_pipe_way way)
{
	struct kith_pipe_cell *cell = READ_ONCE(pipe->recent[way]);
	u64 bytes = bytes_of(current, way);
	struct call *call;

	if (!cell || READ_ONCE(cell->thread) != current)
		return false;
	call = &cell->calls[way];
	if (!call->pending || call->calls + 1 != calls_of(current, way) || call->fifo ||
	    !is_sync_kiocb((struct kiocb *)iocb))
		return false;
	WRITE_ONCE(call->moved, call->moved + bytes - call->bytes);
	call->bytes = bytes;
	call->calls++;
	call->most = can_move(iocb, way) ? iov_iter_count(iter) : 0;
	call->whole = way == KITH_PIPE_WRITE && is_whole(iocb, call->most);
	WRITE_ONCE(cell->active, jiffies);
	return true;
}

static void begin(struct kith_ftrace_regs *regs, enum kith_pipe_way way, bool fifo)
{
	struct kiocb *iocb = KITH_ARGUMENT(regs, 0, struct kiocb *);
	const struct iov_iter *iter = KITH_ARGUMENT(regs, 1, struct iov_iter *);
	struct pipe *pipe = obtain(iocb->ki_filp);
	struct kith_pipe_cell *cell;
	struct call *call;

	if (!pipe || goes_on(pipe, iocb, iter, way))
		return;
	cell = recent(pipe, way);
	if (!cell)
		cell = come(pipe, way);
	if (!cell)
		return;
	call = &cell->calls[way];
	if (!fifo && is_again(call, way, iter))
		return;
	settle(pipe, cell, current, way);
	WRITE_ONCE(cell->active, jiffies);
	if (!is_sync_kiocb(iocb)) {
		assume(pipe, cell, iocb, iov_iter_count(iter), way);
		return;
	}
	call->bytes = bytes_of(current, way);
	call->calls = calls_of(current, way);
	call->most = can_move(iocb, way) ? iov_iter_count(iter) : 0;
	call->whole = way == KITH_PIPE_WRITE && is_whole(iocb, call->most);
	call->fifo = fifo ? iter : NULL;
	smp_store_release(&call->pending, 1);
}

void kith_pipe_reading(struct kith_ftrace_regs *regs)
{
	begin(regs, KITH_PIPE_READ, false);
}

void kith_pipe_writing(struct kith_ftrace_regs *regs)
{
	begin(regs, KITH_PIPE_WRITE, false);
}

void kith_pipe_fifo_reading(struct kith_ftrace_regs *regs)
{
	begin(regs, KITH_PIPE_READ, true);
}

void kith_pipe_fifo_writing(struct kith_ftrace_regs *regs)
{
	begin(regs, KITH_PIPE_WRITE, true);
}

static void spliced(struct file *file, enum kith_pipe_way way)
{
	struct kith_pipe_cell *cell;
	struct pipe *pipe;

	if (!S_ISFIFO(file_inode(file)->i_mode))
		return;
	pipe = obtain(file);
	cell = pipe ? take_cell(pipe) : NULL;
	if (!cell)
		return;
	WRITE_ONCE(cell->calls[way].spliced, true);
	WRITE_ONCE(cell->active, jiffies);
}

/* do_splice(in, off_in, out, off_out, length, flags) */
void kith_pipe_splicing(struct kith_ftrace_regs *regs)
{
	spliced(KITH_ARGUMENT(regs, 0, struct file *), KITH_PIPE_READ);
	spliced(KITH_ARGUMENT(regs, 2, struct file *), KITH_PIPE_WRITE);
}

/* It settles before it ends; who is watched has not, and stays until we are through. */
static bool is_there(const struct task_struct *thread)
{
	return thread == current || kith_task_find(thread);
}

/* All that the thread of @cell has moved, with its last call, if that is over. */
static u64 moved(const struct kith_pipe_cell *cell, enum kith_pipe_way way)
{
	const struct call *call = &cell->calls[way];
	const struct task_struct *thread = READ_ONCE(cell->thread);
	u64 moved = READ_ONCE(call->moved), more;
	bool exact;

	if (!thread || !smp_load_acquire(&call->pending) || !is_there(thread) ||
	    calls_of(thread, way) == call->calls)
		return moved;
	more = moved_by(call, thread, way, &exact);
	return READ_ONCE(call->moved) == moved && READ_ONCE(call->pending) ? moved + more : moved;
}

static bool is_used(const struct kith_pipe_cell *cell, enum kith_pipe_way way)
{
	const struct call *call = &cell->calls[way];

	return READ_ONCE(call->spliced) || READ_ONCE(call->tried) || moved(cell, way);
}

/* Has another cell of its process, which was told of before it, been used this way? */
static bool is_another(const struct pipe *pipe, const struct kith_pipe_cell *cell,
		       enum kith_pipe_way way)
{
	const struct kith_pipe_cell *at;

	for (at = first_cell(pipe); at != cell; at = at->next)
		if (at->process == cell->process && is_used(at, way))
			return true;
	return false;
}

static void add_up(const struct pipe *pipe, struct sum *sum)
{
	const struct kith_pipe_cell *cell;
	unsigned int way;

	memset(sum, 0, sizeof(*sum));
	for (way = 0; way < KITH_PIPE_WAYS; way++)
		sum->moved[way] = pipe->gone[way];
	for (cell = first_cell(pipe); cell; cell = cell->next) {
		for (way = 0; way < KITH_PIPE_WAYS; way++) {
			sum->moved[way] += moved(cell, way);
			sum->spliced[way] |= READ_ONCE(cell->calls[way].spliced) ||
					     READ_ONCE(cell->calls[way].tried);
			if (!is_used(cell, way) || is_another(pipe, cell, way))
				continue;
			sum->users[way]++;
			sum->one[way] = cell->process;
		}
	}
}

static bool is_sure(const struct pipe *pipe, const struct sum *sum, enum kith_pipe_way way)
{
	return !sum->spliced[way] && !READ_ONCE(pipe->inexact[way]);
}

/* What was counted on one side only is known on the other too, but for what is in it. */
static void balance(const struct pipe *pipe, struct sum *sum)
{
	u64 *written = &sum->moved[KITH_PIPE_WRITE], *read = &sum->moved[KITH_PIPE_READ];

	if (is_sure(pipe, sum, KITH_PIPE_WRITE)) {
		if (pipe->ended || !is_sure(pipe, sum, KITH_PIPE_READ))
			*read = *written - min(*written, pipe->left);
	} else if (is_sure(pipe, sum, KITH_PIPE_READ)) {
		*written = *read + pipe->left;
	} else {
		*written = max(*written, pipe->left);
		*read = *written - pipe->left;
	}
}

/* Cells of the same process are one user: the first of them tells for all. */
static bool is_told(const struct pipe *pipe, const struct kith_pipe_cell *cell)
{
	const struct kith_pipe_cell *at;

	for (at = first_cell(pipe); at != cell; at = at->next)
		if (at->process == cell->process)
			return true;
	return false;
}

static void fill_use(struct kith_use *body, const struct kith_pipe_cell *first)
{
	u64 now = ktime_get_boot_fast_ns();
	const struct kith_pipe_cell *cell;

	body->user = first->process;
	body->first = first->first;
	for (cell = first; cell; cell = cell->next) {
		u64 active = now - jiffies_to_nsecs(jiffies - READ_ONCE(cell->active));

		if (cell->process != first->process)
			continue;
		body->sent += moved(cell, KITH_PIPE_WRITE);
		body->received += moved(cell, KITH_PIPE_READ);
		body->first = min(body->first, cell->first);
		body->last = max(body->last, active);
	}
}

static bool tell_user(struct kith_sink *sink, const struct pipe *pipe,
		      const struct kith_pipe_cell *cell)
{
	struct kith_record *record = kith_sink_begin(sink, KITH_RECORD_USE,
						     sizeof(struct kith_use), 0);
	struct kith_use *body;

	if (!record)
		return false;
	body = kith_body(record);
	memset(body, 0, sizeof(*body));
	body->id = pipe->id;
	fill_use(body, cell);
	kith_sink_end(sink, record);
	return true;
}

static void fill(struct kith_pipe *body, const struct pipe *pipe, const struct sum *sum)
{
	bool simple = sum->users[KITH_PIPE_WRITE] <= 1 && sum->users[KITH_PIPE_READ] <= 1;

	memset(body, 0, sizeof(*body));
	body->id = pipe->id;
	body->started = pipe->started;
	body->ended = pipe->ended;
	if (simple) {
		body->writer = sum->one[KITH_PIPE_WRITE];
		body->reader = sum->one[KITH_PIPE_READ];
	}
	body->written = sum->moved[KITH_PIPE_WRITE];
	body->read = sum->moved[KITH_PIPE_READ];
	body->inode = pipe->inode;
	body->device = pipe->device;
	if (pipe->fifo)
		body->flags |= KITH_PIPE_FIFO;
	if (!is_sure(pipe, sum, KITH_PIPE_WRITE) && !is_sure(pipe, sum, KITH_PIPE_READ))
		body->flags |= KITH_PIPE_INEXACT;
}

static void tell_users(struct kith_sink *sink, const struct pipe *pipe)
{
	struct kith_pipe_cell *cell;

	for (cell = first_cell(pipe); cell; cell = cell->next) {
		if (!cell->process && !settled(cell))
			continue;
		if (!is_told(pipe, cell) && !tell_user(sink, pipe, cell))
			return;
		/* To a ring: whoever only asks need not keep it. */
		if (!sink->at)
			cell->told = settled(cell);
	}
}

/* Return: was there room, or nothing to tell? */
static bool tell(struct kith_sink *sink, const struct pipe *pipe, const struct sum *sum)
{
	size_t path = pipe->path ? pipe->path->size : 0;
	struct kith_record *record;
	struct kith_writer writer;

	if (!sum->users[KITH_PIPE_WRITE] && !sum->users[KITH_PIPE_READ])
		return true;
	record = kith_sink_begin(sink, KITH_RECORD_PIPE, sizeof(struct kith_pipe),
				 kith_item_space(path));
	if (!record)
		return false;
	fill(kith_body(record), pipe, sum);
	writer = kith_writer(record);
	if (path)
		kith_put(&writer, KITH_ITEM_PATH, pipe->path->text, path);
	kith_sink_end(sink, record);
	if (sum->users[KITH_PIPE_WRITE] > 1 || sum->users[KITH_PIPE_READ] > 1)
		tell_users(sink, pipe);
	return true;
}

/* No call on the pipe goes on. */
static void settle_all(struct pipe *pipe)
{
	struct kith_pipe_cell *cell;
	unsigned int way;

	for (cell = pipe->cells; cell; cell = cell->next) {
		const struct task_struct *thread = READ_ONCE(cell->thread);

		if (!thread || !is_there(thread))
			continue;
		for (way = 0; way < KITH_PIPE_WAYS; way++)
			settle(pipe, cell, thread, way);
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
void kith_pipe_freed(struct kith_ftrace_regs *regs)
{
	const struct pipe_inode_info *info = KITH_ARGUMENT(regs, 0, struct pipe_inode_info *);
	struct pipe *pipe = find(info);
	struct kith_sink ring = {};
	struct sum sum;

	if (!pipe)
		return;
	spin_lock(&table);
	hlist_del_init_rcu(&pipe->node);
	spin_unlock(&table);
	settle_all(pipe);
	pipe->left = bytes_in(info);
	pipe->ended = ktime_get_boot_fast_ns();
	add_up(pipe, &sum);
	balance(pipe, &sum);
	tell(&ring, pipe, &sum);
	call_rcu(&pipe->rcu, free_rcu_pipe);
}

static void report(struct pipe *pipe, bool all)
{
	u64 now = ktime_get_boottime_ns(), mark;
	struct kith_sink ring = {};
	struct sum sum;

	if (!all && now - (pipe->reported ? pipe->reported : pipe->started) <
			    (pipe->reported ? AGAIN_NS : NSEC_PER_SEC))
		return;
	add_up(pipe, &sum);
	mark = sum.moved[KITH_PIPE_WRITE] + sum.moved[KITH_PIPE_READ] +
	       sum.users[KITH_PIPE_WRITE] + sum.users[KITH_PIPE_READ];
	if (mark == pipe->told || !kith_ring_has_room(KITH_RING_LOW))
		return;
	balance(pipe, &sum);
	if (!tell(&ring, pipe, &sum))
		return;
	pipe->told = mark;
	pipe->reported = now;
}

void kith_pipe_report(bool all)
{
	struct pipe *pipe;
	unsigned int i;

	for (i = 0; i < KITH_PIPE_BUCKETS; i++) {
		if (hlist_empty(&buckets[i]))
			continue;
		kith_hook_enter();
		hlist_for_each_entry_rcu(pipe, &buckets[i], node)
			report(pipe, all);
		kith_hook_leave();
		cond_resched();
	}
}

void kith_pipe_show(unsigned int bucket, struct kith_sink *sink)
{
	struct pipe *pipe;
	struct sum sum;

	hlist_for_each_entry_rcu(pipe, &buckets[bucket], node) {
		add_up(pipe, &sum);
		balance(pipe, &sum);
		if (!tell(sink, pipe, &sum))
			return;
	}
}

int kith_pipe_init(void)
{
	buckets = kcalloc(KITH_PIPE_BUCKETS, sizeof(*buckets), GFP_KERNEL);
	return buckets ? 0 : -ENOMEM;
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
	kfree(buckets);
}
