// SPDX-License-Identifier: GPL-2.0-only
/*
 * For tests only: does to credentials what a kernel exploit does. Whoever writes
 * to /proc/forge becomes root, or makes another process root, by
 *
 *	write [PID]	overwriting the ids and capabilities in place
 *	group [PID]	the same, only the group, which becomes 65534
 *	swap		pointing the task at another set
 *	subjective	the same, but only the pointer that its own acts go by
 *	list		overwriting the first of its supplementary groups, by 27
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

static void set_group(struct cred *cred, gid_t gid)
{
	cred->gid = KGIDT_INIT(gid);
	cred->egid = cred->gid;
	cred->sgid = cred->gid;
	cred->fsgid = cred->gid;
}

static void set_root(struct cred *cred)
{
	cred->uid = GLOBAL_ROOT_UID;
	cred->euid = cred->uid;
	cred->suid = cred->uid;
	cred->fsuid = cred->uid;
	cred->cap_permitted = cred->cap_bset;
	cred->cap_effective = cred->cap_bset;
}

/* In a set that others may be reading, which is what exploits do. */
static struct cred *seize(struct task_struct *task)
{
	return (struct cred *)rcu_dereference_protected(task->real_cred, 1);
}

/*
 * Another set in place of current's: root's ids, but the books (ucounts) of the
 * old one, so that the kernel does not complain of them later.
 */
static int swap_creds(void)
{
	struct cred *cred = prepare_creds();

	if (!cred)
		return -ENOMEM;
	set_root(cred);
	get_cred(cred);
	/* The old set's references are left behind: a test may leak them. */
	rcu_assign_pointer(current->real_cred, cred);
	rcu_assign_pointer(current->cred, cred);
	return 0;
}

/* What a fork copies. */
static int swap_subjective(void)
{
	struct cred *cred = prepare_creds();

	if (!cred)
		return -ENOMEM;
	set_root(cred);
	rcu_assign_pointer(current->cred, cred);
	return 0;
}

static int write_list(void)
{
	struct group_info *groups = seize(current)->group_info;

	if (!groups->ngroups)
		return -EINVAL;
	groups->gid[0] = KGIDT_INIT(27);
	return 0;
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
	if (!strcmp(deed, "swap"))
		return swap_creds() ?: size;
	if (!strcmp(deed, "subjective"))
		return swap_subjective() ?: size;
	if (!strcmp(deed, "list"))
		return write_list() ?: size;
	task = target_of(pid);
	if (!task)
		return -ESRCH;
	if (!strcmp(deed, "write"))
		set_root(seize(task));
	else if (!strcmp(deed, "group"))
		set_group(seize(task), 65534);
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
