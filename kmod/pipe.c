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
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/pipe_fs_i.h>
#include <linux/sched/signal.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/uio.h>

enum {
	PIPES_MAX = 16384,
	USERS_MAX = 64, /* of one pipe that are told apart */
	THREADS_MAX = 4096, /* of a process that are looked at when a pipe goes */
};

#define AGAIN_NS (60 * NSEC_PER_SEC)

struct kith_pipe_user {
	struct kith_pipe_user *next;
	u64 process; /* 0: of those that there was no room for */
	atomic64_t moved[KITH_PIPE_WAYS];
	const struct task_struct *last[KITH_PIPE_WAYS]; /* thread; identity only */
	bool shared; /* not only one thread */
	u64 first;
	u64 active;
	bool spliced[KITH_PIPE_WAYS]; /* it has moved more than was counted */
};

struct pipe {
	struct hlist_node node;
	struct rcu_head rcu;
	const struct pipe_inode_info *info; /* identity only, but in kith_pipe_freed() */
	spinlock_t lock; /* for who adds users */
	struct kith_pipe_user *users; /* only ever more, at the front */
	unsigned int count;
	struct kith_name *path; /* of a FIFO */
	u64 id;
	u64 inode;
	u64 started;
	u64 ended;
	u64 left; /* bytes in it, when it ended */
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
	const struct kith_pipe_user *one[KITH_PIPE_WAYS];
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

	while (pipe->users) {
		struct kith_pipe_user *user = pipe->users;

		pipe->users = user->next;
		kfree(user);
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

static struct kith_pipe_user *known_user(const struct pipe *pipe, u64 process)
{
	struct kith_pipe_user *user;

	for (user = smp_load_acquire(&pipe->users); user; user = user->next)
		if (user->process == process)
			return user;
	return NULL;
}

static void add_user(struct pipe *pipe, u64 process)
{
	struct kith_pipe_user *user;

	if (pipe->count >= USERS_MAX || known_user(pipe, process))
		return;
	user = kzalloc(sizeof(*user), GFP_NOWAIT | __GFP_NOWARN);
	if (!user)
		return;
	user->process = process;
	user->first = ktime_get_boot_fast_ns();
	user->next = pipe->users;
	pipe->count++;
	smp_store_release(&pipe->users, user);
}

/* What @process moves is counted here. The last place is for all that find none. */
static struct kith_pipe_user *user_of(struct pipe *pipe, u64 process)
{
	struct kith_pipe_user *user = known_user(pipe, process);

	if (user)
		return user;
	spin_lock(&pipe->lock);
	add_user(pipe, pipe->count == USERS_MAX - 1 ? 0 : process);
	spin_unlock(&pipe->lock);
	user = known_user(pipe, process);
	return user ? user : known_user(pipe, 0);
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
static u64 moved_by(const struct kith_pipe_op *op, const struct task_struct *task,
		    enum kith_pipe_way way, bool *exact)
{
	u64 calls = calls_of(task, way) - op->calls;
	u64 bytes = bytes_of(task, way) - op->bytes;

	bytes = min_t(u64, bytes, op->most);
	*exact = calls == 1 || (op->whole && bytes == op->most);
	return bytes;
}

/* Once: the thread itself may do so while the pipe goes. */
static void credit(struct pipe *pipe, struct kith_pipe_op *op, const struct task_struct *task,
		   enum kith_pipe_way way)
{
	struct kith_pipe_user *user = op->user;
	bool exact;
	u64 bytes = moved_by(op, task, way, &exact);

	if (cmpxchg(&op->id, pipe->id, 0) != pipe->id)
		return;
	atomic64_add(bytes, &user->moved[way]);
	if (!exact)
		WRITE_ONCE(pipe->inexact[way], true);
}

static void settle(struct kith_pipe_op *op, const struct task_struct *task,
		   enum kith_pipe_way way)
{
	u64 id = READ_ONCE(op->id);
	struct pipe *pipe;

	if (!id)
		return;
	pipe = find(op->info);
	if (pipe && pipe->id == id)
		credit(pipe, op, task, way);
	else
		WRITE_ONCE(op->id, 0);
}

void kith_pipe_settle(struct kith_task *task)
{
	unsigned int way;

	for (way = 0; way < KITH_PIPE_WAYS; way++)
		settle(&task->pipe_ops[way], task->task, way);
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
static void assume(struct pipe *pipe, struct kith_pipe_user *user, const struct kiocb *iocb,
		   size_t size, enum kith_pipe_way way)
{
	unsigned int most, used = used_of(iocb->ki_filp->private_data, &most);

	/* First it tries whether it would have to wait, and comes again if so. */
	if (iocb->ki_flags & IOCB_NOWAIT && (way == KITH_PIPE_READ ? !used : used == most))
		return;
	if (way == KITH_PIPE_READ || !is_whole(iocb, size))
		WRITE_ONCE(pipe->inexact[way], true);
	atomic64_add(size, &user->moved[way]);
}

/* Since 6.15 a FIFO has functions of its own, which call, or include, those of pipes. */
static void begin(struct kith_ftrace_regs *regs, enum kith_pipe_way way, bool fifo)
{
	struct kiocb *iocb = KITH_ARGUMENT(regs, 0, struct kiocb *);
	const struct iov_iter *iter = KITH_ARGUMENT(regs, 1, struct iov_iter *);
	/* The threads of io_uring are born without our seeing it. */
	struct kith_task *task = kith_task_add(current);
	struct kith_pipe_user *user;
	struct kith_pipe_op *op;
	struct pipe *pipe;

	if (!task)
		return;
	op = &task->pipe_ops[way];
	if (!fifo && op->id && op->fifo == iter && op->calls == calls_of(current, way))
		return;
	settle(op, current, way);
	pipe = obtain(iocb->ki_filp);
	if (!pipe)
		return;
	user = op->info == pipe->info && op->user && op->user == READ_ONCE(pipe->users) ?
		       op->user : NULL;
	if (!user || user->process != kith_key(current))
		user = user_of(pipe, kith_key(current));
	if (!user)
		return;
	if (user->last[way] != current && user->last[way])
		WRITE_ONCE(user->shared, true);
	WRITE_ONCE(user->last[way], current);
	WRITE_ONCE(user->active, jiffies);
	if (!is_sync_kiocb(iocb)) {
		assume(pipe, user, iocb, iov_iter_count(iter), way);
		return;
	}
	op->info = pipe->info;
	op->user = user;
	op->bytes = bytes_of(current, way);
	op->calls = calls_of(current, way);
	op->most = can_move(iocb, way) ? iov_iter_count(iter) : 0;
	op->whole = way == KITH_PIPE_WRITE && is_whole(iocb, op->most);
	op->fifo = fifo ? iter : NULL;
	smp_store_release(&op->id, pipe->id);
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
	struct kith_pipe_user *user;
	struct pipe *pipe;

	if (!S_ISFIFO(file_inode(file)->i_mode))
		return;
	pipe = obtain(file);
	user = pipe ? user_of(pipe, kith_key(current)) : NULL;
	if (!user)
		return;
	WRITE_ONCE(user->spliced[way], true);
	WRITE_ONCE(user->active, jiffies);
}

/* do_splice(in, off_in, out, off_out, length, flags) */
void kith_pipe_splicing(struct kith_ftrace_regs *regs)
{
	spliced(KITH_ARGUMENT(regs, 0, struct file *), KITH_PIPE_READ);
	spliced(KITH_ARGUMENT(regs, 2, struct file *), KITH_PIPE_WRITE);
}

/* What the last call of a thread that is still there has moved, if it is over. */
static u64 unsettled(const struct pipe *pipe, const struct kith_pipe_user *user,
		     enum kith_pipe_way way)
{
	const struct task_struct *task = READ_ONCE(user->last[way]);
	const struct kith_task *entry = task ? kith_task_find(task) : NULL;
	const struct kith_pipe_op *op = entry ? &entry->pipe_ops[way] : NULL;
	bool exact;
	u64 bytes;

	if (!op || smp_load_acquire(&op->id) != pipe->id || op->user != user || pipe->ended)
		return 0;
	bytes = moved_by(op, task, way, &exact);
	/* One that goes on has not moved anything yet; nor one that has been settled now. */
	if (calls_of(task, way) == op->calls || READ_ONCE(op->id) != pipe->id)
		return 0;
	return bytes;
}

static void add_up(const struct pipe *pipe, struct sum *sum)
{
	const struct kith_pipe_user *user;
	unsigned int way;

	memset(sum, 0, sizeof(*sum));
	for (user = smp_load_acquire(&pipe->users); user; user = user->next) {
		for (way = 0; way < KITH_PIPE_WAYS; way++) {
			u64 moved = atomic64_read(&user->moved[way]) +
				    unsettled(pipe, user, way);
			bool used = moved || READ_ONCE(user->spliced[way]);

			sum->moved[way] += moved;
			sum->spliced[way] |= READ_ONCE(user->spliced[way]);
			sum->users[way] += used;
			if (used)
				sum->one[way] = user;
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

static bool tell_user(struct kith_sink *sink, const struct pipe *pipe,
		      const struct kith_pipe_user *user)
{
	struct kith_record *record = kith_sink_begin(sink, KITH_RECORD_USE,
						     sizeof(struct kith_use), 0);
	u64 now = ktime_get_boot_fast_ns();
	struct kith_use *body;

	if (!record)
		return false;
	body = kith_body(record);
	body->id = pipe->id;
	body->user = user->process;
	body->sent = atomic64_read(&user->moved[KITH_PIPE_WRITE]) +
		     unsettled(pipe, user, KITH_PIPE_WRITE);
	body->received = atomic64_read(&user->moved[KITH_PIPE_READ]) +
			 unsettled(pipe, user, KITH_PIPE_READ);
	body->first = user->first;
	body->last = now - jiffies_to_nsecs(jiffies - READ_ONCE(user->active));
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
	if (simple && sum->one[KITH_PIPE_WRITE])
		body->writer = sum->one[KITH_PIPE_WRITE]->process;
	if (simple && sum->one[KITH_PIPE_READ])
		body->reader = sum->one[KITH_PIPE_READ]->process;
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
	const struct kith_pipe_user *user;

	for (user = smp_load_acquire(&pipe->users); user; user = user->next)
		if (!tell_user(sink, pipe, user))
			return;
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
static void settle_last(struct pipe *pipe, const struct task_struct *task)
{
	struct kith_task *entry = task ? kith_task_find(task) : NULL;
	unsigned int way;

	for (way = 0; entry && way < KITH_PIPE_WAYS; way++)
		if (smp_load_acquire(&entry->pipe_ops[way].id) == pipe->id)
			credit(pipe, &entry->pipe_ops[way], entry->task, way);
}

static void settle_threads(struct pipe *pipe, const struct kith_pipe_user *user)
{
	pid_t tgid = user->process & (BIT(KITH_KEY_PID_BITS) - 1);
	struct task_struct *leader, *thread;
	unsigned int looks = 0;

	leader = pid_task(find_pid_ns(tgid, &init_pid_ns), PIDTYPE_TGID);
	if (!leader || kith_key(leader) != user->process)
		return;
	for_each_thread(leader, thread) {
		settle_last(pipe, thread);
		if (++looks == THREADS_MAX)
			break;
	}
}

static void settle_all(struct pipe *pipe)
{
	const struct kith_pipe_user *user;
	unsigned int way;

	for (user = pipe->users; user; user = user->next) {
		for (way = 0; way < KITH_PIPE_WAYS; way++)
			settle_last(pipe, READ_ONCE(user->last[way]));
		if (READ_ONCE(user->shared))
			settle_threads(pipe, user);
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
	/* What they have not settled is settled: their calls find the pipe no more. */
	pipe->info = NULL;
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
