// SPDX-License-Identifier: GPL-2.0-only
/* Files: what each process reads from them and writes into them. */
#include "file.h"

#include "account.h"
#include "compat/arch.h"
#include "compat/fs.h"
#include "hook.h"
#include "iter.h"
#include "object.h"
#include "pipe.h"
#include "policy.h"
#include "ring.h"
#include "task.h"
#include "worth.h"

#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/mman.h>
#include <linux/uio.h>

static u64 bytes_of(const struct task_struct *task, enum kith_file_way way)
{
	return way == KITH_FILE_READ ? READ_ONCE(task->ioac.rchar) : READ_ONCE(task->ioac.wchar);
}

static u64 calls_of(const struct task_struct *task, enum kith_file_way way)
{
	return way == KITH_FILE_READ ? READ_ONCE(task->ioac.syscr) : READ_ONCE(task->ioac.syscw);
}

static u32 upper(enum kith_file_way way)
{
	return way == KITH_FILE_READ ? KITH_ACCESS_UPPER_READ : KITH_ACCESS_UPPER_WRITTEN;
}

static void credit(struct kith_line *line, enum kith_file_way way, u64 bytes)
{
	atomic64_add(bytes, &line->moved[way]);
	atomic64_inc(&line->calls[way]);
	WRITE_ONCE(line->active, jiffies);
}

/*
 * What the last call has moved. One call since: exactly what the thread has moved more.
 * More than one: at most that, and what it could. None: the kernel does not count it.
 */
static u64 moved_by(const struct kith_file_call *call, const struct task_struct *thread,
		    enum kith_file_way way, bool *counted)
{
	u64 calls = calls_of(thread, way) - call->calls;
	u64 bytes = bytes_of(thread, way) - call->bytes;

	*counted = true;
	if (call->mode == KITH_CALL_SPLICE_IN || call->mode == KITH_CALL_SPLICE_OUT) {
		*counted = false;
		return call->most;
	}
	/* From outside, the bytes of a second call may be there, and the call not yet. */
	if (calls == 1 && thread == current)
		return bytes;
	if (calls) {
		/* If it moved less than it could, others may have moved the rest. */
		*counted = bytes >= call->most;
		return min(bytes, call->most);
	}
	if (call->mode == KITH_CALL_WHOLE)
		return 0; /* it failed before anything was moved */
	*counted = false;
	return call->most;
}

/* Once: others may do so as well. */
static void settle(struct kith_file_call *call, const struct task_struct *thread,
		   enum kith_file_way way)
{
	u32 pending = READ_ONCE(call->pending);
	bool counted;
	u64 bytes;

	if (!pending)
		return;
	bytes = moved_by(call, thread, way, &counted);
	if (cmpxchg(&call->pending, pending, 0) != pending)
		return;
	if (!counted)
		kith_line_mark(call->line, upper(way));
	credit(call->line, way, bytes);
}

void kith_file_settle(struct kith_task *task, const struct task_struct *thread)
{
	unsigned int way;

	spin_lock(&task->lock);
	for (way = 0; way < KITH_FILE_WAYS; way++) {
		struct kith_file_call *call = &task->files[way];

		/* Pairs with the release of who begins a call: is that over? */
		if (smp_load_acquire(&call->pending) && calls_of(thread, way) != call->calls)
			settle(call, thread, way);
	}
	spin_unlock(&task->lock);
}

static void forget(struct kith_file_call *call)
{
	kith_line_put(call->line);
	memset(call, 0, sizeof(*call));
}

void kith_file_leave(struct kith_task *task)
{
	unsigned int way;

	spin_lock(&task->lock);
	for (way = 0; way < KITH_FILE_WAYS; way++) {
		struct kith_file_call *call = &task->files[way];

		if (!call->line)
			continue;
		settle(call, task->task, way);
		kith_line_amend(call->line);
		forget(call);
	}
	spin_unlock(&task->lock);
}

void kith_file_release(struct kith_task *task)
{
	unsigned int way;

	for (way = 0; way < KITH_FILE_WAYS; way++)
		forget(&task->files[way]);
	kith_account_put(task->account);
	task->account = NULL;
}

/* The entry of current, with its account. NULL: no room, or it is past its end. */
static struct kith_task *enter_account(void)
{
	struct kith_task *task = kith_task_find(current);

	if (!kith_policy_wants(KITH_CLASS_FILE))
		return NULL;
	if (!task && !(current->flags & PF_EXITING))
		task = kith_task_add(current);
	if (!task || !current->fs || !current->nsproxy)
		return NULL;
	if (!task->account)
		task->account = kith_account_get();
	return task->account ? task : NULL;
}

static bool is_same(const struct kith_file_call *call, const struct inode *inode)
{
	return call->inode == inode && call->number == inode->i_ino &&
	       call->generation == inode->i_generation &&
	       (call->own || call->turn == kith_object_turn());
}

/* Of another file than before. Return: is there a line? */
static bool turn_to(struct kith_task *task, const struct file *file, enum kith_file_way way)
{
	const struct inode *inode = file_inode(file);
	struct kith_file_call *call = &task->files[way];
	u32 turn = kith_object_turn();
	struct kith_line *line = kith_worth_line(task->account, file, way, 0);

	spin_lock(&task->lock);
	if (call->line) {
		settle(call, current, way);
		kith_line_put(call->line);
	}
	call->line = line;
	call->inode = line ? inode : NULL;
	call->number = inode->i_ino;
	call->generation = inode->i_generation;
	/* Who writes has to say so again when somebody else has written. */
	call->turn = turn + (way == KITH_FILE_WRITE && kith_object_turn() != turn);
	call->own = line && line->kind == KITH_LINE_FILE && way == KITH_FILE_READ;
	spin_unlock(&task->lock);
	return line;
}

/* The system call that current is in: one that failed leaves no other trace. */
static int system_call(void)
{
	bool ia32;

	return kith_syscall(&ia32);
}

static void arm(struct kith_file_call *call, enum kith_file_way way, u64 most,
		enum kith_file_mode mode)
{
	u32 pending = call->last + 1 ? call->last + 1 : 1;

	call->bytes = bytes_of(current, way);
	call->calls = calls_of(current, way);
	call->most = most;
	call->mode = mode;
	if (mode != KITH_CALL_PLAIN)
		call->number_of_call = system_call();
	call->last = pending;
	/* Who sees it sees the rest. */
	smp_store_release(&call->pending, pending);
}

/* What a call that asks for @size can move. */
static u64 most_of(const struct inode *inode, loff_t at, size_t size, enum kith_file_way way)
{
	loff_t end;

	if (way == KITH_FILE_WRITE || !S_ISREG(inode->i_mode))
		return size;
	end = i_size_read(inode);
	if (!end && kith_object_is_pseudo(inode))
		return size;
	return at < end ? min_t(u64, size, end - at) : 0;
}

/* A call of a file system within one that is watched as a whole. */
static bool is_within(struct kith_file_call *call, const struct inode *inode, u64 most,
		      enum kith_file_way way)
{
	if (call->mode == KITH_CALL_PLAIN || !call->pending || call->inode != inode ||
	    call->calls != calls_of(current, way) || call->number_of_call != system_call())
		return false;
	if (call->mode == KITH_CALL_SPLICE_OUT)
		WRITE_ONCE(call->most, call->most + most);
	return true;
}

static struct kith_file_call *come(const struct file *file, enum kith_file_way way)
{
	struct kith_task *task = kith_task_find(current);
	struct kith_file_call *call = task ? &task->files[way] : NULL;

	if (likely(call && is_same(call, file_inode(file))))
		return call;
	task = enter_account();
	return task && turn_to(task, file, way) ? &task->files[way] : NULL;
}

/* Whoever else has written to the file meanwhile. */
static bool is_part(const struct file *file, u64 most, enum kith_file_way way)
{
	struct kith_task *task = kith_task_find(current);

	return task && unlikely(task->files[way].mode != KITH_CALL_PLAIN) &&
	       is_within(&task->files[way], file_inode(file), most, way);
}

static void begin(const struct kiocb *iocb, const struct iov_iter *iter, enum kith_file_way way)
{
	const struct file *file = iocb->ki_filp;
	struct kith_file_call *call;
	u64 most;

	/* What exec reads is what it executes. */
	if (current->in_execve)
		return;
	most = most_of(file_inode(file), iocb->ki_pos, iov_iter_count(iter), way);
	if (is_part(file, most, way))
		return;
	call = come(file, way);
	if (!call)
		return;
	settle(call, current, way);
	if (unlikely(!is_sync_kiocb((struct kiocb *)iocb))) {
		kith_iter_asynchronous(iocb, iter, call->line, way, most);
		return;
	}
	arm(call, way, most, KITH_CALL_PLAIN);
}

/*
 * Is @function the one that was entered at @ip? File systems call each other's: only
 * that of the file itself counts. Where a function's hook is differs by a few bytes.
 */
static bool is_own(const void *function, unsigned long ip)
{
	return ip - (unsigned long)function <= 16;
}

void notrace kith_file_reading(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			       struct kith_ftrace_regs *regs)
{
	const struct kiocb *iocb = KITH_ARGUMENT(regs, 0, struct kiocb *);
	const struct file *file = iocb->ki_filp;

	/* FMODE_NOACCOUNT: opened by a file system, for one of its own. */
	if (!is_own(file->f_op->read_iter, ip) || file->f_mode & FMODE_NOACCOUNT)
		return;
	kith_hook_enter();
	kith_entry_hit(ops);
	begin(iocb, KITH_ARGUMENT(regs, 1, struct iov_iter *), KITH_FILE_READ);
	kith_hook_leave();
}

void notrace kith_file_writing(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			       struct kith_ftrace_regs *regs)
{
	const struct kiocb *iocb = KITH_ARGUMENT(regs, 0, struct kiocb *);
	const struct file *file = iocb->ki_filp;

	if (!is_own(file->f_op->write_iter, ip) || file->f_mode & FMODE_NOACCOUNT)
		return;
	kith_hook_enter();
	kith_entry_hit(ops);
	begin(iocb, KITH_ARGUMENT(regs, 1, struct iov_iter *), KITH_FILE_WRITE);
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
	task = enter_account();
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

static void prepare(const struct file *file, enum kith_file_way way, u64 most,
		    enum kith_file_mode mode)
{
	struct kith_file_call *call;

	if (!is_watched(file))
		return;
	/*
	 * copy_file_range(2) may come to do what sendfile(2) does; or it has failed before it
	 * began, and is called again.
	 */
	if (mode == KITH_CALL_WHOLE && is_part(file, 0, way)) {
		call = &kith_task_find(current)->files[way];
		WRITE_ONCE(call->most, max(call->most, most));
		return;
	}
	call = come(file, way);
	if (!call)
		return;
	settle(call, current, way);
	arm(call, way, most, mode);
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
	u64 most = most_of(file_inode(in), at, KITH_ARGUMENT(regs, 4, size_t), KITH_FILE_READ);

	if (!is_counted())
		return;
	prepare(in, KITH_FILE_READ, most, KITH_CALL_WHOLE);
	prepare(out, KITH_FILE_WRITE, most, KITH_CALL_WHOLE);
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

	if (is_counted())
		prepare(in, KITH_FILE_READ,
			most_of(file_inode(in), at, KITH_ARGUMENT(regs, 3, size_t),
				KITH_FILE_READ), KITH_CALL_WHOLE);
}

/* vfs_copy_file_range(in, position, out, position, length, flags) */
KITH_ENTRY(kith_file_copying)
{
	copying(regs, KITH_ARGUMENT(regs, 1, loff_t));
}

static void clone(const struct file *file, u64 bytes, enum kith_file_way way)
{
	struct kith_file_call *call;

	call = is_watched(file) ? come(file, way) : NULL;
	if (!call || call->mode == KITH_CALL_WHOLE)
		return;
	kith_line_mark(call->line, upper(way));
	credit(call->line, way, bytes);
}

/* vfs_clone_file_range(in, position, out, position, length, flags): all of it, if 0 */
KITH_ENTRY(kith_file_cloning)
{
	const struct file *in = KITH_ARGUMENT(regs, 0, struct file *);
	loff_t at = KITH_ARGUMENT(regs, 1, loff_t);
	const struct file *out = KITH_ARGUMENT(regs, 2, struct file *);
	u64 length = KITH_ARGUMENT(regs, 4, loff_t);

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
	loff_t at = KITH_ARGUMENT(regs, 1, void *) ? 0 : in->f_pos;

	kith_pipe_splicing(in, out);
	prepare(in, KITH_FILE_READ, most_of(file_inode(in), at, length, KITH_FILE_READ),
		KITH_CALL_SPLICE_IN);
	/* What overlayfs writes then, it writes into another file. */
	if (out->f_path.dentry->d_flags & DCACHE_OP_REAL)
		prepare(out, KITH_FILE_WRITE, length, KITH_CALL_SPLICE_IN);
	else
		prepare(out, KITH_FILE_WRITE, 0, KITH_CALL_SPLICE_OUT);
}
