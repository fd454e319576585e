// SPDX-License-Identifier: GPL-2.0-only
/*
 * The live processes, as PROCESS records.
 *
 * A process's memory is read in a kernel thread that borrows its address
 * space, with the same no-fault copies as in the hooks: a page that is not
 * there is not waited for, so nobody can hang the dump with memory that never
 * comes (userfaultfd, FUSE), as ps(1) can be hung.
 */
#include "snapshot.h"

#include "cgroup.h"
#include "compat/fs.h"
#include "genl.h"
#include "image.h"
#include "item.h"
#include "key.h"
#include "path.h"
#include "roster.h"
#include "usermem.h"

#include <linux/completion.h>
#include <linux/file.h>
#include <linux/fs_struct.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <net/genetlink.h>

enum {
	ARGV_MAX = 4096,
	ENV_MAX = 2048,
	/* exe, cwd, comm, cgroup, env, namespaces and argv, at their longest */
	RECORD_BYTES = sizeof(struct kith_record) + sizeof(struct kith_process) +
		       3 * (PATH_MAX + 8) + (TASK_COMM_LEN + 8) + (ENV_MAX + 8) +
		       (sizeof(struct kith_namespaces) + 8) + (ARGV_MAX + 8) + 8,
	CHUNK_BYTES = 20 * 1024,
	MESSAGE_BYTES = CHUNK_BYTES + 256,
};

struct chunk {
	struct list_head node;
	u32 used;
	u8 data[CHUNK_BYTES];
};

struct snapshot {
	struct list_head chunks;
	struct completion done;
	struct task_struct *thread;
	int error;
};

/* One process while it is looked at. */
struct subject {
	u64 key;
	struct kith_process body;
	struct kith_namespaces ns;
	struct kith_path exe;
	struct kith_path cwd;
	char comm[TASK_COMM_LEN];
	size_t argv_size;
	size_t env_size;
	size_t cgroup_size;
	char exe_text[PATH_MAX];
	char cwd_text[PATH_MAX];
	char cgroup[PATH_MAX];
	char env[ENV_MAX];
	char argv[ARGV_MAX];
};

static void read_memory(struct subject *subject, struct mm_struct *mm)
{
	struct kith_image *image = &subject->body.image;
	struct kith_env env;
	size_t size;

	kthread_use_mm(mm);
	env = kith_image_env(mm, subject->env, sizeof(subject->env));
	size = min_t(size_t, kith_image_argv_size(image, mm), ARGV_MAX);
	subject->argv_size = kith_user_copy(subject->argv,
					    (const void __user *)mm->arg_start, size);
	kthread_unuse_mm(mm);
	subject->env_size = env.size;
	if (env.known)
		image->known |= KITH_KNOWN_ENV;
	if (env.truncated)
		image->flags |= KITH_IMAGE_ENV_TRUNCATED;
	/* There may be no arguments at all. */
	if (subject->argv_size || !size)
		image->known |= KITH_KNOWN_ARGV;
	if (subject->argv_size < image->argv_size)
		image->flags |= KITH_IMAGE_ARGV_TRUNCATED;
}

static void read_exe(struct subject *subject, struct mm_struct *mm)
{
	struct file *file = kith_mm_exe_file(mm);

	if (!file)
		return;
	kith_image_file(&subject->body.image, file);
	subject->exe = kith_path_plain(&file->f_path, subject->exe_text);
	if (subject->exe.length)
		subject->body.image.known |= KITH_KNOWN_EXE;
	fput(file);
}

/* What another task may give up at any time, so what needs its lock. */
static void read_locked(struct subject *subject, struct task_struct *task)
{
	struct path cwd = {};

	task_lock(task);
	if (task->fs)
		get_fs_pwd(task->fs, &cwd);
	rcu_read_lock();
	if (task->nsproxy) {
		kith_image_namespaces(&subject->ns, task);
		subject->body.image.known |= KITH_KNOWN_NS;
	}
	rcu_read_unlock();
	task_unlock(task);
	if (!cwd.dentry)
		return;
	subject->cwd = kith_path_plain(&cwd, subject->cwd_text);
	if (subject->cwd.length)
		subject->body.image.known |= KITH_KNOWN_CWD;
	path_put(&cwd);
}

/* What leads to other tasks. Return: is @task still there? */
static bool read_kin(struct subject *subject, struct task_struct *task)
{
	struct kith_image *image = &subject->body.image;
	bool alive;

	rcu_read_lock();
	alive = pid_alive(task);
	if (!alive)
		goto out;
	subject->key = kith_key(task);
	kith_image_fill(image, task, rcu_dereference(task->real_cred));
	image->cgroup = kith_cgroup_path(task, subject->cgroup, sizeof(subject->cgroup),
					 &subject->cgroup_size);
	subject->body.start = task->group_leader->start_boottime;
	subject->body.pid = task->tgid;
out:
	rcu_read_unlock();
	return alive;
}

static bool read_subject(struct subject *subject, struct task_struct *task)
{
	struct kith_image *image = &subject->body.image;
	struct mm_struct *mm;

	memset(subject, 0, offsetof(struct subject, exe_text));
	if (!read_kin(subject, task))
		return false;
	get_task_comm(subject->comm, task);
	read_locked(subject, task);
	if (task->flags & PF_KTHREAD)
		image->flags |= KITH_IMAGE_KTHREAD;
	image->known |= KITH_KNOWN_ROOT;
	mm = get_task_mm(task);
	if (!mm)
		return true;
	read_exe(subject, mm);
	read_memory(subject, mm);
	/* The last one to let go waits for FUSE and AIO: that must not be us. */
	mmput_async(mm);
	return true;
}

static struct chunk *chunk_with_room(struct snapshot *snapshot, size_t size)
{
	struct chunk *chunk;

	if (!list_empty(&snapshot->chunks)) {
		chunk = list_last_entry(&snapshot->chunks, struct chunk, node);
		if (CHUNK_BYTES - chunk->used >= size)
			return chunk;
	}
	if (size > CHUNK_BYTES)
		return NULL;
	chunk = kvmalloc(sizeof(*chunk), GFP_KERNEL);
	if (!chunk)
		return NULL;
	chunk->used = 0;
	list_add_tail(&chunk->node, &snapshot->chunks);
	return chunk;
}

static int write_subject(struct snapshot *snapshot, const struct subject *subject)
{
	size_t comm = strlen(subject->comm);
	size_t first = sizeof(struct kith_record) + sizeof(subject->body);
	size_t size = ALIGN(first + kith_item_space(subject->exe.length) +
				    kith_item_space(subject->cwd.length) +
				    kith_item_space(comm) +
				    kith_item_space(subject->cgroup_size) +
				    kith_item_space(subject->env_size) +
				    kith_item_space(sizeof(subject->ns)) +
				    kith_item_space(subject->argv_size), 8);
	struct chunk *chunk = chunk_with_room(snapshot, size);
	struct kith_record *record;
	struct kith_writer writer;

	BUILD_BUG_ON(RECORD_BYTES > CHUNK_BYTES);
	if (!chunk)
		return -ENOMEM;
	record = kith_loose_record(chunk->data + chunk->used, KITH_RECORD_PROCESS,
				   sizeof(subject->body), size);
	record->process = subject->key;
	memcpy(kith_body(record), &subject->body, sizeof(subject->body));
	writer = kith_writer(record);
	kith_put(&writer, KITH_ITEM_EXE, subject->exe.text, subject->exe.length);
	kith_put(&writer, KITH_ITEM_CWD, subject->cwd.text, subject->cwd.length);
	kith_put(&writer, KITH_ITEM_COMM, subject->comm, comm);
	kith_put(&writer, KITH_ITEM_CGROUP, subject->cgroup, subject->cgroup_size);
	kith_put(&writer, KITH_ITEM_ENV, subject->env, subject->env_size);
	kith_put(&writer, KITH_ITEM_NAMESPACES, &subject->ns, sizeof(subject->ns));
	kith_put(&writer, KITH_ITEM_ARGV, subject->argv, subject->argv_size);
	chunk->used += size;
	return 0;
}

static int take(struct snapshot *snapshot)
{
	struct kith_roster roster;
	struct subject *subject;
	size_t i;
	int ret;

	subject = kvmalloc(sizeof(*subject), GFP_KERNEL);
	if (!subject)
		return -ENOMEM;
	ret = kith_roster_call(&roster, false);
	for (i = 0; !ret && i < roster.count; i++) {
		if (read_subject(subject, roster.tasks[i]))
			ret = write_subject(snapshot, subject);
		cond_resched();
	}
	kith_roster_dismiss(&roster);
	kvfree(subject);
	return ret;
}

static int run(void *snapshot_)
{
	struct snapshot *snapshot = snapshot_;

	snapshot->error = take(snapshot);
	complete(&snapshot->done);
	return 0;
}

static void free_snapshot(struct snapshot *snapshot)
{
	struct chunk *chunk, *next;

	list_for_each_entry_safe(chunk, next, &snapshot->chunks, node)
		kvfree(chunk);
	kfree(snapshot);
}

int kith_snapshot_start(struct netlink_callback *cb)
{
	struct snapshot *snapshot = kzalloc(sizeof(*snapshot), GFP_KERNEL);
	int ret;

	if (!snapshot)
		return -ENOMEM;
	INIT_LIST_HEAD(&snapshot->chunks);
	init_completion(&snapshot->done);
	snapshot->thread = kthread_create(run, snapshot, "kith_snapshot");
	if (IS_ERR(snapshot->thread)) {
		ret = PTR_ERR(snapshot->thread);
		goto err_thread;
	}
	/* The reference lets kthread_stop() wait for a thread that has ended. */
	get_task_struct(snapshot->thread);
	wake_up_process(snapshot->thread);
	wait_for_completion(&snapshot->done);
	kthread_stop(snapshot->thread);
	put_task_struct(snapshot->thread);
	ret = snapshot->error;
	if (ret)
		goto err_thread;
	cb->args[0] = (long)snapshot;
	cb->min_dump_alloc = MESSAGE_BYTES;
	return 0;

err_thread:
	free_snapshot(snapshot);
	return ret;
}

int kith_snapshot_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct snapshot *snapshot = (struct snapshot *)cb->args[0];
	struct chunk *chunk;
	void *header;

	chunk = list_first_entry_or_null(&snapshot->chunks, struct chunk, node);
	if (!chunk)
		return 0;
	header = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			     &kith_genl_family, NLM_F_MULTI, KITH_CMD_GET_PROCESSES);
	if (!header)
		return -EMSGSIZE;
	if (nla_put(skb, KITH_A_RECORDS, chunk->used, chunk->data)) {
		genlmsg_cancel(skb, header);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	list_del(&chunk->node);
	kvfree(chunk);
	return skb->len;
}

int kith_snapshot_done(struct netlink_callback *cb)
{
	if (cb->args[0])
		free_snapshot((struct snapshot *)cb->args[0]);
	return 0;
}
