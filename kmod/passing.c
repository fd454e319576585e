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
	struct list_head older; /* among all */
	const struct file *file; /* identity only: while it is on its way it stays */
	u64 sender;
	unsigned long sent; /* jiffies, the last time */
	unsigned int times; /* it has been sent, and not been received */
};

static DEFINE_HASHTABLE(passages, 8); /* the latest first */
static DEFINE_SPINLOCK(lock);
static LIST_HEAD(all); /* the latest first */
static unsigned int count;

static bool is_taking(void)
{
#ifdef __NR_pidfd_getfd
	bool ia32;

	return kith_syscall(&ia32) == __NR_pidfd_getfd;
#else
	return false;
#endif
}

static void forget(struct passage *passage)
{
	hash_del(&passage->node);
	list_del(&passage->older);
	kfree(passage);
	count--;
}

/* Return: false if it has not sent @file before. */
static bool repeat(const struct file *file, u64 sender)
{
	struct passage *passage;

	hash_for_each_possible(passages, passage, node, (uintptr_t)file) {
		if (passage->file != file || passage->sender != sender)
			continue;
		passage->times++;
		passage->sent = jiffies;
		return true;
	}
	return false;
}

static void add(const struct file *file, u64 sender)
{
	struct passage *passage;

	passage = kmalloc(sizeof(*passage), GFP_NOWAIT | __GFP_NOWARN);
	if (!passage) {
		kith_ring_lose(KITH_CLASS_CONTROL, KITH_LOSS_UNTRACKED, 1);
		return;
	}
	passage->file = file;
	passage->sender = sender;
	passage->sent = jiffies;
	passage->times = 1;
	hash_add(passages, &passage->node, (uintptr_t)file);
	list_add(&passage->older, &all);
	count++;
}

/* The oldest makes room: it is the least likely to be received still. */
static void remember(const struct file *file)
{
	u64 sender = kith_key(current);

	spin_lock(&lock);
	if (repeat(file, sender))
		goto out;
	if (count == ON_THEIR_WAY_MAX) {
		forget(list_last_entry(&all, struct passage, older));
		kith_ring_lose(KITH_CLASS_CONTROL, KITH_LOSS_UNTRACKED, 1);
	}
	add(file, sender);
out:
	spin_unlock(&lock);
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
		if (!--passage->times)
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
KITH_ENTRY(kith_passing_sending)
{
	const struct sock *sk = READ_ONCE(KITH_ARGUMENT(regs, 0, struct socket *)->sk);
	struct msghdr *msg = KITH_ARGUMENT(regs, 1, struct msghdr *);
	struct cmsghdr *cmsg;
	unsigned int n, sum = 0, looks = 0;

	if (!sk || sk->sk_family != AF_UNIX)
		return;
	for_each_cmsghdr(cmsg, msg) {
		if (!CMSG_OK(msg, cmsg) || ++looks > SCM_MAX_FD)
			return;
		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		n = (cmsg->cmsg_len - sizeof(*cmsg)) / sizeof(int);
		sum += n;
		/* More than that are refused. */
		if (n > SCM_MAX_FD || sum > SCM_MAX_FD)
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
	body->first = record->ts;
	body->last = record->ts;
	body->count = 1;
	writer = kith_writer(record);
	kith_put(&writer, KITH_ITEM_PATH, path.text, path.length);
	kith_ring_commit(record);
}

/* security_file_receive(file): current gets it. */
KITH_ENTRY(kith_passing_received)
{
	const struct file *file = KITH_ARGUMENT(regs, 0, struct file *);
	struct kith_task *mine = kith_task_find(current);
	u64 here = kith_key(current), there;

	if (!current->fs)
		return;
	if (is_taking()) {
		/* Of itself: then nobody asks whether it may. */
		there = mine ? mine->accessed : 0;
		if (mine)
			mine->accessed = 0;
		if (there && there != here)
			emit(KITH_CONTROL_FD_TAKE, here, there, file);
		return;
	}
	there = recall(file);
	if (there != here)
		emit(KITH_CONTROL_FD_PASS, there, here, file);
}

void kith_passing_accessing(const struct task_struct *child)
{
	struct kith_task *mine = is_taking() ? kith_task_find(current) : NULL;

	if (mine && pid_alive(child))
		mine->accessed = kith_key(child);
}

static void expire(bool every)
{
	struct passage *passage;
	struct hlist_node *next;
	unsigned int i;

	spin_lock(&lock);
	hash_for_each_safe(passages, i, next, passage, node)
		if (every || time_is_before_jiffies(passage->sent + EXPIRE))
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
