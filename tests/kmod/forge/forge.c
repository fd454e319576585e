// SPDX-License-Identifier: GPL-2.0-only
/*
 * For tests only: does to credentials what a kernel exploit does. Whoever writes
 * to /proc/forge becomes root, or makes another process root, by
 *
 *	write [PID]	overwriting the ids and capabilities in place
 *	lower [PID]	the same, towards uid 65534
 *	swap [PID]	pointing the task at the credentials of init
 *	commit		calling commit_creds() from a write(2)
 */
#include <linux/cred.h>
#include <linux/init_task.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/proc_fs.h>
#include <linux/sched/task.h>
#include <linux/uaccess.h>

static struct task_struct *target_of(pid_t pid)
{
	struct task_struct *task;

	if (!pid) {
		get_task_struct(current);
		return current;
	}
	rcu_read_lock();
	task = pid_task(find_vpid(pid), PIDTYPE_PID);
	if (task)
		get_task_struct(task);
	rcu_read_unlock();
	return task;
}

static void overwrite(struct task_struct *task, uid_t uid)
{
	struct cred *cred = (struct cred *)rcu_dereference_protected(task->real_cred, 1);

	cred->uid = cred->euid = cred->suid = cred->fsuid = KUIDT_INIT(uid);
	cred->gid = cred->egid = cred->sgid = cred->fsgid = KGIDT_INIT(uid);
	if (!uid)
		cred->cap_permitted = cred->cap_effective = cred->cap_bset;
}

/* The references of the old credentials are left behind: a test may leak them. */
static void swap_creds(struct task_struct *task)
{
	const struct cred *cred = get_task_cred(&init_task);

	get_cred(cred);
	rcu_assign_pointer(task->real_cred, cred);
	rcu_assign_pointer(task->cred, cred);
}

static int commit(void)
{
	struct cred *cred = prepare_kernel_cred(&init_task);

	return cred ? commit_creds(cred) : -ENOMEM;
}

static ssize_t forge_write(struct file *file, const char __user *from, size_t size,
			   loff_t *position)
{
	struct task_struct *task;
	char text[32] = "", deed[16] = "";
	int pid = 0;

	if (size >= sizeof(text) || copy_from_user(text, from, size))
		return -EINVAL;
	if (sscanf(text, "%15s %d", deed, &pid) < 1)
		return -EINVAL;
	if (!strcmp(deed, "commit"))
		return commit() ?: size;
	task = target_of(pid);
	if (!task)
		return -ESRCH;
	if (!strcmp(deed, "write"))
		overwrite(task, 0);
	else if (!strcmp(deed, "lower"))
		overwrite(task, 65534);
	else if (!strcmp(deed, "swap"))
		swap_creds(task);
	else
		size = -EINVAL;
	put_task_struct(task);
	return size;
}

static const struct proc_ops operations = {
	.proc_write = forge_write,
};

static int __init forge_init(void)
{
	return proc_create("forge", 0666, NULL, &operations) ? 0 : -ENOMEM;
}

static void __exit forge_exit(void)
{
	remove_proc_entry("forge", NULL);
}

module_init(forge_init);
module_exit(forge_exit);

MODULE_DESCRIPTION("Forges credentials, to test that it shows");
MODULE_LICENSE("GPL");
