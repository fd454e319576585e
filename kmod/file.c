// SPDX-License-Identifier: GPL-2.0-only
/* Files: what each process reads from them and writes into them. */
#include "file.h"

#include "account.h"
#include "act.h"
#include "async.h"
#include "compat/fs.h"
#include "hook.h"
#include "iter.h"
#include "object.h"
#include "pipe.h"
#include "policy.h"
#include "task.h"
#include "worth.h"

#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/mman.h>
#include <linux/uio.h>

void kith_file_settle(struct kith_task *task, const struct task_struct *thread)
{
	unsigned int way;

	spin_lock(&task->lock);
	for (way = 0; way < KITH_FILE_WAYS; way++)
		kith_filecall_look(&task->files[way], thread, way);
	spin_unlock(&task->lock);
}

void kith_file_leave(struct kith_task *task)
{
	unsigned int way;

	spin_lock(&task->lock);
	for (way = 0; way < KITH_FILE_WAYS; way++)
		kith_filecall_turn(&task->files[way], way, NULL);
	spin_unlock(&task->lock);
	kith_account_leave(task->account);
	task->account = NULL;
}

void kith_file_release(struct kith_task *task)
{
	unsigned int way;

	for (way = 0; way < KITH_FILE_WAYS; way++)
		kith_line_put(task->files[way].line);
	kith_account_leave(task->account);
}

/*
 * The entry of current, which is @task if there is one, with its account. NULL: no room, or
 * it is past its end.
 */
static struct kith_task *enter_account(struct kith_task *task)
{
	if (!kith_policy_wants(KITH_CLASS_FILE))
		return NULL;
	if (!task && !(current->flags & PF_EXITING))
		task = kith_task_add(current);
	if (!task || !current->fs || !current->nsproxy)
		return NULL;
	if (!task->account)
		task->account = kith_account_join();
	return task->account ? task : NULL;
}

struct kith_account *kith_file_account(void)
{
	struct kith_task *task = enter_account(kith_task_find(current));

	return task ? task->account : NULL;
}

/* Whoever else has written to the file meanwhile. */
static __always_inline bool is_same(const struct kith_filecall *call, const struct inode *inode)
{
	return kith_filecall_is_of(call, inode) && (call->own || call->turn == kith_object_turn());
}

/* Its data is another file's: on overlayfs. */
static bool is_stacked(const struct file *file)
{
	return file->f_path.dentry->d_flags & DCACHE_OP_REAL;
}

/* What lies on a block device has data of its own, which is the cheaper thing to see. */
static bool is_simple(const struct file *file)
{
	const struct inode *inode = file_inode(file);

	if (!S_ISREG(inode->i_mode))
		return false;
	return inode->i_sb->s_bdev || (!is_stacked(file) && !kith_object_is_pseudo(inode));
}

/* Who writes has to say so again when somebody else has written since @turn. */
static void set_file(struct kith_filecall *call, const struct inode *inode, u32 turn)
{
	call->inode = inode;
	call->number = inode->i_ino;
	call->generation = inode->i_generation;
	call->turn = turn;
}

/* Of another file than before. Return: is there a line? */
static bool turn_to(struct kith_task *task, const struct file *file, enum kith_file_way way)
{
	const struct inode *inode = file_inode(file);
	struct kith_filecall *call = &task->files[way];
	u32 turn = kith_object_turn();
	struct kith_line *line = kith_worth_line(task->account, file, way, 0);

	spin_lock(&task->lock);
	kith_filecall_turn(call, way, line);
	spin_unlock(&task->lock);
	set_file(call, inode, turn + (way == KITH_FILE_WRITE && kith_object_turn() != turn));
	if (!line)
		call->inode = NULL;
	call->own = line && line->kind == KITH_LINE_FILE && way == KITH_FILE_READ;
	call->simple = is_simple(file);
	return line;
}

static u64 left_of(const struct inode *inode, loff_t at, size_t size)
{
	loff_t end = i_size_read(inode);

	if (!end && kith_object_is_pseudo(inode))
		return size;
	return at < end ? min_t(u64, size, end - at) : 0;
}

/* What a call that asks for @size can move. */
static u64 most_of(const struct file *file, loff_t at, size_t size, enum kith_file_way way)
{
	const struct inode *inode = file_inode(file), *real;
	u64 most;

	if (way == KITH_FILE_WRITE || !S_ISREG(inode->i_mode))
		return size;
	most = left_of(inode, at, size);
	if (likely(!is_stacked(file)))
		return most;
	/* What it says of a file that is just being written is of before. */
	real = d_real_inode(file->f_path.dentry);
	return real ? max(most, left_of(real, at, size)) : most;
}

static struct kith_filecall *come(struct kith_task *task, const struct file *file,
				  enum kith_file_way way)
{
	struct kith_filecall *call = task ? &task->files[way] : NULL;

	if (likely(call && is_same(call, file_inode(file))))
		return call;
	task = enter_account(task);
	return task && turn_to(task, file, way) ? &task->files[way] : NULL;
}

static bool is_part(struct kith_task *task, const struct file *file, u64 most,
		    enum kith_file_way way)
{
	return task && kith_filecall_is_within(&task->files[way], file_inode(file), most, way);
}

/* May it have more to read when it comes to that than it has now? */
static bool may_grow(const struct file *file, u64 most, size_t size)
{
	return most < size && inode_is_open_for_write(file_inode(file));
}

static noinline void begin(struct kith_task *task, const struct kiocb *iocb,
			   const struct iov_iter *iter, enum kith_file_way way)
{
	const struct file *file = iocb->ki_filp;
	size_t size = iov_iter_count(iter);
	u64 most = most_of(file, iocb->ki_pos, size, way);
	bool last = may_grow(file, most, size);
	struct kith_filecall *call;

	/* Opened by a file system, for one of its own. */
	if (file->f_mode & FMODE_NOACCOUNT || is_part(task, file, most, way))
		return;
	call = come(task, file, way);
	if (!call)
		return;
	if (unlikely(!is_sync_kiocb((struct kiocb *)iocb))) {
		kith_filecall_settle(call, way);
		kith_async_begin(iocb, iter, call->line, way);
	} else if (last || !kith_filecall_goes_on(call, current, most, way)) {
		if (call->simple)
			kith_filecall_return(call, i_size_read(file_inode(file)));
		kith_filecall_settle(call, way);
		call->end = i_size_read(file_inode(file));
		kith_filecall_begin(call, way, most, size,
				    last ? KITH_FILECALL_LAST : KITH_FILECALL_PLAIN);
	}
}

/* The same again: nothing here may call anything, that is what it costs. */
static __always_inline bool goes_on(struct kith_task *task, const struct task_struct *thread,
				    const struct file *file, const struct kiocb *iocb,
				    const struct iov_iter *iter, enum kith_file_way way)
{
	const struct inode *inode = file_inode(file);
	size_t size = iov_iter_count(iter);
	struct kith_filecall *call;

	if (!task || !is_sync_kiocb((struct kiocb *)iocb))
		return false;
	call = &task->files[way];
	if (!is_same(call, inode))
		return false;
	/* Near the end of the file what can be read is less. */
	if (way == KITH_FILE_READ &&
	    (!call->simple || i_size_read(inode) - iocb->ki_pos < (loff_t)size))
		return false;
	return kith_filecall_goes_on(call, thread, size, way);
}

/*
 * Whoever reads many files, one after the other, has the same line for most of them: then
 * the last call is no more over than if this one were of the same file. Return: is it so?
 */
static bool reads_next(struct kith_task *task, const struct kiocb *iocb,
		       const struct iov_iter *iter)
{
	const struct file *file = iocb->ki_filp;
	const struct inode *inode = file_inode(file);
	loff_t most = i_size_read(inode) - iocb->ki_pos;
	loff_t size = iov_iter_count(iter);
	u32 turn = kith_object_turn();
	struct kith_filecall *call;

	if (!task || !is_sync_kiocb((struct kiocb *)iocb) || file->f_mode & FMODE_NOACCOUNT)
		return false;
	call = &task->files[KITH_FILE_READ];
	if (!call->line || is_same(call, inode) || most <= 0 || may_grow(file, most, size) ||
	    !kith_filecall_may_go_on(call, kith_filecall_calls_of(current, KITH_FILE_READ)))
		return false;
	if (!kith_policy_wants(KITH_CLASS_FILE) || !is_simple(file) ||
	    !kith_worth_joins(task->account, file, call->line))
		return false;
	set_file(call, inode, turn);
	call->simple = true;
	return kith_filecall_goes_on(call, current, min(most, size), KITH_FILE_READ);
}

/* A function of its own: if it were in move(), what goes on would cost more. */
static noinline void read_other(struct kith_task *task, const struct kiocb *iocb,
				const struct iov_iter *iter)
{
	if (!reads_next(task, iocb, iter))
		begin(task, iocb, iter, KITH_FILE_READ);
}

/*
 * Is @function the one that was entered at @ip? File systems call each other's: only
 * that of the file itself counts. Where a function's hook is differs by a few bytes.
 */
static bool is_own(const void *function, unsigned long ip)
{
	return ip - (unsigned long)function <= 16;
}

static __always_inline void move(const struct file *file, const struct kiocb *iocb,
				 const struct iov_iter *iter, enum kith_file_way way)
{
	const struct task_struct *thread = current;
	struct kith_task *task;

	/* What exec reads is what it executes. */
	if (unlikely(thread->in_execve))
		return;
	task = kith_task_find(thread);
	if (likely(goes_on(task, thread, file, iocb, iter, way)))
		return;
	if (way == KITH_FILE_READ)
		read_other(task, iocb, iter);
	else
		begin(task, iocb, iter, way);
}

void notrace kith_file_reading(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			       struct kith_ftrace_regs *regs)
{
	const struct kiocb *iocb = KITH_ARGUMENT(regs, 0, struct kiocb *);
	const struct file *file = iocb->ki_filp;

	if (!is_own(file->f_op->read_iter, ip))
		return;
	kith_hook_enter();
	kith_entry_hit(ops);
	move(file, iocb, KITH_ARGUMENT(regs, 1, struct iov_iter *), KITH_FILE_READ);
	kith_hook_leave();
}

void notrace kith_file_writing(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			       struct kith_ftrace_regs *regs)
{
	const struct kiocb *iocb = KITH_ARGUMENT(regs, 0, struct kiocb *);
	const struct file *file = iocb->ki_filp;

	if (!is_own(file->f_op->write_iter, ip))
		return;
	kith_hook_enter();
	kith_entry_hit(ops);
	move(file, iocb, KITH_ARGUMENT(regs, 1, struct iov_iter *), KITH_FILE_WRITE);
	kith_hook_leave();
}

static bool is_watched(const struct file *file)
{
	const struct inode *inode = file_inode(file);

	return (S_ISREG(inode->i_mode) || S_ISBLK(inode->i_mode)) &&
	       !(file->f_mode & FMODE_NOACCOUNT);
}

/* Something that is no call: it counts at once. */
static void mark(const struct file *file, enum kith_file_way way, u32 flags)
{
	struct kith_task *task;
	struct kith_line *line;

	/* Most of what is mapped is libraries. */
	if (way == KITH_FILE_READ && kith_worth_is_plain(file))
		return;
	task = enter_account(kith_task_find(current));
	line = task ? kith_worth_line(task->account, file, way, flags) : NULL;
	if (!line)
		return;
	if (line->kind == KITH_LINE_FILE)
		kith_line_mark(line, flags);
	WRITE_ONCE(line->active, jiffies);
	kith_line_put(line);
}

/* security_file_open(file): nothing speaks against it. */
KITH_ENTRY(kith_file_opened)
{
	const struct file *file = KITH_ARGUMENT(regs, 0, struct file *);
	u32 flags = 0;

	if (!is_watched(file))
		return;
	kith_iter_meet(file);
	if (file->f_mode & FMODE_WRITE)
		kith_act_opened(file);
	if (file->f_mode & FMODE_CREATED)
		flags |= KITH_ACCESS_CREATED;
	else if (file->f_flags & O_TRUNC && file->f_mode & FMODE_WRITE)
		flags |= KITH_ACCESS_TRUNCATED;
	if (file->f_flags & __O_TMPFILE)
		flags |= KITH_ACCESS_CREATED | KITH_ACCESS_TMPFILE;
	if (likely(!flags))
		return;
	/* Before overlayfs has copied it, which file it will be is not known. */
	if (flags == KITH_ACCESS_TRUNCATED && file->f_path.dentry->d_flags & DCACHE_OP_REAL)
		return;
	mark(file, KITH_FILE_WRITE, flags);
}

/* security_mmap_file(file, prot, flags) */
KITH_ENTRY(kith_file_mapped)
{
	const struct file *file = KITH_ARGUMENT(regs, 0, struct file *);
	unsigned long protection = KITH_ARGUMENT(regs, 1, unsigned long);
	unsigned long type = KITH_ARGUMENT(regs, 2, unsigned long) & MAP_TYPE;
	u32 flags = KITH_ACCESS_MAPPED;

	if (!file || !is_watched(file) || current->in_execve)
		return;
	kith_iter_meet(file);
	if (protection & PROT_EXEC)
		flags |= KITH_ACCESS_EXECUTABLE;
	if (type == MAP_SHARED || type == MAP_SHARED_VALIDATE) {
		flags |= KITH_ACCESS_SHARED;
		if (protection & PROT_WRITE)
			flags |= KITH_ACCESS_WRITABLE;
	}
	mark(file, flags & KITH_ACCESS_WRITABLE ? KITH_FILE_WRITE : KITH_FILE_READ, flags);
}

static void prepare(const struct file *file, enum kith_file_way way, u64 most, u64 asked,
		    enum kith_file_mode mode)
{
	struct kith_task *task = kith_task_find(current);
	struct kith_filecall *call;

	if (!is_watched(file))
		return;
	/*
	 * copy_file_range(2) may come to do what sendfile(2) does; or it has failed before it
	 * began, and is called again.
	 */
	if (mode == KITH_FILECALL_WHOLE && is_part(task, file, 0, way)) {
		call = &task->files[way];
		kith_filecall_raise(call, most, asked);
		return;
	}
	call = come(task, file, way);
	if (!call)
		return;
	kith_filecall_settle(call, way);
	kith_filecall_begin(call, way, most, asked, mode);
}

/* A kernel thread's account says nothing: then what the file systems are asked for counts. */
static bool is_counted(void)
{
	return !(current->flags & PF_KTHREAD);
}

/* Of @length bytes from one file to another, as many as there are. */
static void copying(struct kith_ftrace_regs *regs, loff_t at)
{
	const struct file *in = KITH_ARGUMENT(regs, 0, struct file *);
	const struct file *out = KITH_ARGUMENT(regs, 2, struct file *);
	size_t size = KITH_ARGUMENT(regs, 4, size_t);
	u64 most = most_of(in, at, size, KITH_FILE_READ);
	u64 asked = may_grow(in, most, size) ? size : most;

	if (!is_counted())
		return;
	prepare(in, KITH_FILE_READ, most, asked, KITH_FILECALL_WHOLE);
	prepare(out, KITH_FILE_WRITE, most, asked, KITH_FILECALL_WHOLE);
}

/* do_splice_direct(in, position, out, position, length, flags): sendfile(2) */
KITH_ENTRY(kith_file_sending)
{
	copying(regs, *KITH_ARGUMENT(regs, 1, const loff_t *));
}

/*
 * splice_file_to_pipe(in, pipe, position, length, flags): sendfile(2) into a pipe. Before
 * 5.12 do_splice_to(in, position, pipe, length, flags).
 */
KITH_ENTRY(kith_file_to_pipe)
{
	const struct kith_hook *hook = kith_hook_get(KITH_AT_FILE_TO_PIPE);
	unsigned int where = hook->symbol == hook->instead ? 1 : 2;
	const struct file *in = KITH_ARGUMENT(regs, 0, const struct file *);
	loff_t at = *KITH_ARGUMENT(regs, where, const loff_t *);
	size_t size = KITH_ARGUMENT(regs, 3, size_t);
	u64 most = most_of(in, at, size, KITH_FILE_READ);

	if (is_counted())
		prepare(in, KITH_FILE_READ, most, may_grow(in, most, size) ? size : most,
			KITH_FILECALL_WHOLE);
}

/*
 * What is watched as a whole is over: it has moved @bytes, or (-1) its return was missed,
 * unless what begins now is a part of it (@within).
 */
static void end_whole(struct kith_task *task, long bytes, bool within)
{
	unsigned int way;

	for (way = 0; way < KITH_FILE_WAYS; way++) {
		struct kith_filecall *call = &task->files[way];

		if (call->mode <= KITH_FILECALL_LAST ||
		    (within && kith_filecall_is_within(call, call->inode, 0, way)))
			continue;
		if (bytes < 0)
			kith_filecall_settle(call, way);
		else
			kith_filecall_end(call, bytes);
	}
}

/* vfs_copy_file_range(in, position, out, position, length, flags) */
KITH_ENTRY(kith_file_copying)
{
	struct kith_task *task = kith_task_find(current);

	if (task)
		end_whole(task, -1, true);
	copying(regs, KITH_ARGUMENT(regs, 1, loff_t));
}

static void clone(const struct file *file, u64 bytes, enum kith_file_way way)
{
	struct kith_filecall *call;

	call = is_watched(file) ? come(kith_task_find(current), file, way) : NULL;
	if (!call || call->mode == KITH_FILECALL_WHOLE)
		return;
	kith_line_mark(call->line, kith_line_bound(way));
	kith_line_add(call->line, way, bytes);
}

/* vfs_clone_file_range(in, position, out, position, length, flags): all of it, if 0 */
KITH_ENTRY(kith_file_cloning)
{
	const struct file *in = KITH_ARGUMENT(regs, 0, struct file *);
	loff_t at = KITH_ARGUMENT(regs, 1, loff_t);
	const struct file *out = KITH_ARGUMENT(regs, 2, struct file *);
	u64 length = KITH_ARGUMENT(regs, 4, loff_t);

	/* cp asks every file system. */
	if (!out->f_op->remap_file_range)
		return;
	if (!length)
		length = U64_MAX;
	length = min_t(u64, length, max_t(loff_t, i_size_read(file_inode(in)) - at, 0));
	clone(in, length, KITH_FILE_READ);
	clone(out, length, KITH_FILE_WRITE);
}

/* do_splice(in, position, out, position, length, flags): one of them is a pipe, or both */
KITH_ENTRY(kith_file_splicing)
{
	struct file *in = KITH_ARGUMENT(regs, 0, struct file *);
	struct file *out = KITH_ARGUMENT(regs, 2, struct file *);
	size_t length = KITH_ARGUMENT(regs, 4, size_t);
	struct kith_task *task = kith_task_find(current);

	if (task)
		end_whole(task, -1, false);
	kith_pipe_splicing(in, out);
	prepare(in, KITH_FILE_READ, length, length, KITH_FILECALL_SPLICE_IN);
	/* What overlayfs writes then, it writes into another file. */
	if (out->f_path.dentry->d_flags & DCACHE_OP_REAL)
		prepare(out, KITH_FILE_WRITE, length, length, KITH_FILECALL_SPLICE_IN);
	else
		prepare(out, KITH_FILE_WRITE, 0, 0, KITH_FILECALL_SPLICE_OUT);
}

static int returned(enum kith_hook_index at, long ret)
{
	struct kith_task *task;

	kith_hook_enter();
	kith_hook_hit(at);
	task = kith_task_find(current);
	if (task)
		end_whole(task, max(ret, 0L), false);
	kith_hook_leave();
	return 0;
}

/* Instances are few, and a splice from one pipe or socket to another may wait for ever. */
int kith_file_splice_called(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	const struct file *in = (const struct file *)regs_get_kernel_argument(regs, 0);
	const struct file *out = (const struct file *)regs_get_kernel_argument(regs, 2);

	return !is_watched(in) && !is_watched(out);
}

int kith_file_spliced(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	return returned(KITH_AT_SPLICE_DONE, regs_return_value(regs));
}

/*
 * Of a file that was cut meanwhile less comes than there was; what the thread then moves
 * elsewhere would pass for the rest.
 */
int kith_file_sent(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	return returned(KITH_AT_FILE_SENT, regs_return_value(regs));
}

/* It may have failed before the kernel counted it, and overlayfs has it counted twice. */
int kith_file_copied(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	return returned(KITH_AT_FILE_COPIED, regs_return_value(regs));
}
