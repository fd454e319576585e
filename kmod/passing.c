// SPDX-License-Identifier: GPL-2.0-only
/*
 * Open files that pass from one process to another: by SCM_RIGHTS, from who sends to who
 * receives, and by pidfd_getfd(2).
 */
#include "passing.h"

#include "compat/arch.h"
#include "hook.h"
#include "item.h"
#include "key.h"
#include "path.h"
#include "pipe.h"
#include "ring.h"
#include "scratch.h"
#include "socket.h"
#include "task.h"

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/hashtable.h>
#include <linux/jiffies.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <net/scm.h>

enum {
	ON_THEIR_WAY_MAX = 4096,
	PATH_SHORT = 1024, /* of a file's name; its end, if it is longer */
};

#define EXPIRE (600 * HZ)

struct passage {
	struct hlist_node node;
	const struct file *file; /* identity only: while it is on its way it stays */
	u64 sender;
	unsigned long sent; /* jiffies */
};

static DEFINE_HASHTABLE(passages, 8); /* the latest first */
static DEFINE_SPINLOCK(lock);
static unsigned int count;

static void remember(const struct file *file)
{
	struct passage *passage = NULL;

	spin_lock(&lock);
	if (count < ON_THEIR_WAY_MAX)
		passage = kmalloc(sizeof(*passage), GFP_NOWAIT | __GFP_NOWARN);
	if (passage) {
		passage->file = file;
		passage->sender = kith_key(current);
		passage->sent = jiffies;
		hash_add(passages, &passage->node, (uintptr_t)file);
		count++;
	} else {
		kith_ring_lose(KITH_CLASS_CONTROL, KITH_LOSS_UNTRACKED, 1);
	}
	spin_unlock(&lock);
}

static void forget(struct passage *passage)
{
	hash_del(&passage->node);
	kfree(passage);
	count--;
}

/*
 * Who has sent @file, by the latest message that has it: an older one may never have been
 * received, and another file have the address.
 */
static u64 recall(const struct file *file)
{
	struct passage *passage;
	u64 sender = 0;

	spin_lock(&lock);
	hash_for_each_possible(passages, passage, node, (uintptr_t)file) {
		if (passage->file != file)
			continue;
		sender = passage->sender;
		forget(passage);
		break;
	}
	spin_unlock(&lock);
	return sender;
}

static void remember_all(const int *fds, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		struct file *file = fget_raw(fds[i]);

		if (!file)
			return;
		remember(file);
		fput(file);
	}
}

/* __scm_send(sock, msg, scm): the message has control data, which the kernel has copied. */
void kith_passing_sending(struct kith_ftrace_regs *regs)
{
	struct msghdr *msg = KITH_ARGUMENT(regs, 1, struct msghdr *);
	struct cmsghdr *cmsg;
	unsigned int n, looks = 0;

	for_each_cmsghdr(cmsg, msg) {
		if (!CMSG_OK(msg, cmsg) || ++looks > SCM_MAX_FD)
			return;
		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		n = (cmsg->cmsg_len - sizeof(*cmsg)) / sizeof(int);
		if (n > SCM_MAX_FD)
			return;
		remember_all((const int *)CMSG_DATA(cmsg), n);
	}
}

/* What @file is an end of, by its number. */
static u64 object_of(const struct file *file)
{
	struct inode *inode = file_inode(file);
	const struct kith_socket *socket;

	if (S_ISFIFO(inode->i_mode))
		return kith_pipe_id(file->private_data);
	if (!S_ISSOCK(inode->i_mode) || !file->private_data || !SOCKET_I(inode)->sk)
		return 0;
	socket = kith_socket_find(SOCKET_I(inode)->sk);
	return socket ? READ_ONCE(socket->id) : 0;
}

static struct kith_path path_of(const struct file *file)
{
	struct kith_path path = kith_path_plain(&file->f_path, kith_scratch()->path[0]);

	if (path.length > PATH_SHORT) {
		path.text += path.length - PATH_SHORT;
		path.length = PATH_SHORT;
	}
	return path;
}

static void emit(u32 op, u64 process, u64 target, const struct file *file)
{
	struct kith_path path = path_of(file);
	struct kith_control *body;
	struct kith_record *record;
	struct kith_writer writer;

	record = kith_ring_reserve(KITH_RECORD_CONTROL, sizeof(*body),
				   kith_item_space(path.length));
	if (!record)
		return;
	record->process = process;
	body = kith_body(record);
	body->target = target;
	body->object = object_of(file);
	body->op = op;
	writer = kith_writer(record);
	kith_put(&writer, KITH_ITEM_PATH, path.text, path.length);
	kith_ring_commit(record);
}

static bool is_taking(void)
{
#ifdef __NR_pidfd_getfd
	bool ia32;

	return kith_syscall(&ia32) == __NR_pidfd_getfd;
#else
	return false;
#endif
}

/* security_file_receive(file): current gets it. */
void kith_passing_received(struct kith_ftrace_regs *regs)
{
	const struct file *file = KITH_ARGUMENT(regs, 0, struct file *);
	const struct kith_task *mine = kith_task_find(current);
	u64 here = kith_key(current), there;

	if (!current->fs)
		return;
	if (is_taking()) {
		there = mine ? mine->accessed : 0;
		if (there != here)
			emit(KITH_CONTROL_FD_TAKE, here, there, file);
		return;
	}
	there = recall(file);
	if (there != here)
		emit(KITH_CONTROL_FD_PASS, there, here, file);
}

/* security_ptrace_access_check(child, mode): current is about to look into another process. */
void kith_passing_accessing(struct kith_ftrace_regs *regs)
{
	struct kith_task *mine = kith_task_find(current);

	if (mine)
		mine->accessed = kith_key(KITH_ARGUMENT(regs, 0, struct task_struct *));
}

static void expire(bool all)
{
	struct passage *passage;
	struct hlist_node *next;
	unsigned int i;

	spin_lock(&lock);
	hash_for_each_safe(passages, i, next, passage, node)
		if (all || time_is_before_jiffies(passage->sent + EXPIRE))
			forget(passage);
	spin_unlock(&lock);
}

void kith_passing_expire(void)
{
	kith_hook_enter();
	expire(false);
	kith_hook_leave();
}

void kith_passing_exit(void)
{
	expire(true);
}
