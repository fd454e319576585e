// SPDX-License-Identifier: GPL-2.0-only
/*
 * Acts on other processes, and on the kernel. All are seen at the attempt. Those that
 * may come in floods are counted: the first of its kind is told at once.
 */
#include "act.h"

#include "compat/arch.h"
#include "hook.h"
#include "item.h"
#include "key.h"
#include "passing.h"
#include "path.h"
#include "policy.h"
#include "ring.h"
#include "scratch.h"
#include "task.h"
#include "usermem.h"

#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kexec.h>
#include <linux/keyctl.h>
#include <linux/kernel_read_file.h>
#include <linux/magic.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/pid.h>
#include <linux/preempt.h>
#include <linux/ptrace.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/uio.h>
#include <linux/user_namespace.h>

enum {
	FOLDS = 4,
	DETAIL_MAX = 512,
	IOVECS_MAX = 16, /* of a call, that are looked at */
};

struct fold {
	u64 target;
	u64 kind; /* of value: what makes two acts differ */
	u64 process;
	u32 op; /* 0: none */
	u32 tid;
	u32 again;
	u64 first;
	u64 last;
	u64 value;
};

/* task->acts; the entry's lock. */
struct kith_acts {
	struct fold folds[FOLDS];
	unsigned int next;
};

struct act {
	u32 op;
	u64 target;
	u64 value;
	bool sums; /* value is to be added up */
	struct kith_path path;
	struct kith_path new_path;
	const char *detail;
};

/* Who may do little may try it as often as he likes, to push out what matters. */
static bool is_vital(void)
{
	return current_user_ns() == &init_user_ns &&
	       cap_raised(current_cap(), CAP_SYS_ADMIN);
}

static void emit(const struct act *act)
{
	size_t detail = act->detail ? strnlen(act->detail, DETAIL_MAX) : 0;
	struct kith_control *body;
	struct kith_record *record;
	struct kith_writer writer;

	record = kith_ring_reserve_vital(KITH_RECORD_CONTROL, sizeof(*body),
					 kith_item_space(act->path.length) +
						 kith_item_space(act->new_path.length) +
						 kith_item_space(detail),
					 is_vital());
	if (!record)
		return;
	body = kith_body(record);
	body->target = act->target;
	body->op = act->op;
	body->first = record->ts;
	body->last = record->ts;
	body->value = act->value;
	body->count = 1;
	body->flags = KITH_CONTROL_TRIED;
	writer = kith_writer(record);
	kith_put(&writer, KITH_ITEM_PATH, act->path.text, act->path.length);
	kith_put(&writer, KITH_ITEM_NEW_PATH, act->new_path.text, act->new_path.length);
	kith_put(&writer, KITH_ITEM_DETAIL, act->detail, detail);
	kith_ring_commit(record);
}

/* Context: the entry's lock, as of those below. */
static void flush_fold(struct fold *fold)
{
	struct kith_control *body;
	struct kith_record *record;

	if (!fold->again)
		return;
	record = kith_ring_reserve(KITH_RECORD_CONTROL, sizeof(*body), 0);
	if (!record)
		return;
	record->process = fold->process;
	record->tid = fold->tid;
	body = kith_body(record);
	body->target = fold->target;
	body->op = fold->op;
	body->first = fold->first;
	body->last = fold->last;
	body->value = fold->value;
	body->count = fold->again;
	body->flags = KITH_CONTROL_TRIED;
	kith_ring_commit(record);
	fold->again = 0;
}

static bool fold_again(struct kith_acts *acts, const struct act *act)
{
	u64 kind = act->sums ? 0 : act->value, now = ktime_get_boot_fast_ns();
	unsigned int i;

	for (i = 0; i < FOLDS; i++) {
		struct fold *fold = &acts->folds[i];

		if (fold->op != act->op || fold->target != act->target || fold->kind != kind)
			continue;
		if (!fold->again++) {
			fold->first = now;
			fold->value = 0;
		}
		fold->last = now;
		fold->value = act->sums ? fold->value + act->value : act->value;
		return true;
	}
	return false;
}

static void fold_first(struct kith_acts *acts, const struct act *act)
{
	struct fold *fold = &acts->folds[acts->next];

	acts->next = (acts->next + 1) % FOLDS;
	flush_fold(fold);
	*fold = (struct fold){
		.op = act->op, .target = act->target, .kind = act->sums ? 0 : act->value,
		.process = kith_key(current), .tid = current->pid,
	};
}

/* What may come again and again. */
static void tell_folded(const struct act *act)
{
	struct kith_task *task;
	bool again = false;

	if (!kith_policy_wants(KITH_CLASS_CONTROL))
		return;
	task = kith_task_find(current);
	if (task && !task->acts)
		/* Who sees it sees that it is empty. */
		smp_store_release(&task->acts,
				  kzalloc(sizeof(*task->acts), GFP_NOWAIT | __GFP_NOWARN));
	if (task && task->acts) {
		spin_lock(&task->lock);
		again = fold_again(task->acts, act);
		if (!again)
			fold_first(task->acts, act);
		spin_unlock(&task->lock);
	}
	if (!again)
		emit(act);
}

void kith_act_flush(struct kith_task *task)
{
	unsigned int i;

	if (!READ_ONCE(task->acts))
		return;
	spin_lock(&task->lock);
	for (i = 0; i < FOLDS; i++)
		flush_fold(&task->acts->folds[i]);
	spin_unlock(&task->lock);
}

void kith_act_release(struct kith_task *task)
{
	kfree(task->acts);
}

/* Of another process than current's; 0: of that, or of one that has gone. */
static u64 other_key(const struct task_struct *task)
{
	return pid_alive(task) && task->tgid != current->tgid ? kith_key(task) : 0;
}

/* Is current in the system call with that number, or that one of 32-bit programs? */
static bool is_calling(int number, int ia32_number)
{
	bool ia32;
	int now = kith_syscall(&ia32);

	return now == (ia32 ? ia32_number : number);
}

#define IS_CALLING(name) is_calling(__NR_##name, KITH_IA32_NR(name))

static void tell_setns(u64 target, u32 types)
{
	tell_folded(&(struct act){ .op = KITH_CONTROL_SETNS, .target = target, .value = types });
}

/* security_ptrace_access_check(child, mode) */
KITH_ENTRY(kith_act_accessing)
{
	const struct task_struct *child = KITH_ARGUMENT(regs, 0, struct task_struct *);
	unsigned int mode = KITH_ARGUMENT(regs, 1, unsigned int);
	u64 target;

	kith_passing_accessing(child);
	if (IS_CALLING(setns)) {
		tell_setns(other_key(child), kith_syscall_argument(1));
		return;
	}
	/* Reading of /proc/PID, as ps does, is no act; process_vm_*(2) tell themselves. */
	if (!(mode & PTRACE_MODE_ATTACH) || IS_CALLING(process_vm_readv) ||
	    IS_CALLING(process_vm_writev) || IS_CALLING(pidfd_getfd))
		return;
	target = other_key(child);
	if (target)
		tell_folded(&(struct act){
			.op = KITH_CONTROL_PTRACE, .target = target, .value = mode });
}

/* security_task_kill(target, info, number, cred): somebody's, not the kernel's own */
KITH_ENTRY(kith_act_killing)
{
	const struct task_struct *task = KITH_ARGUMENT(regs, 0, struct task_struct *);
	int number = KITH_ARGUMENT(regs, 2, int);
	u64 target;

	/* 0 only asks whether it is there; a USB device's completion is an interrupt's. */
	if (!number || !in_task() || !current->mm)
		return;
	target = other_key(task);
	if (target)
		tell_folded(&(struct act){
			.op = KITH_CONTROL_SIGNAL, .target = target, .value = number });
}

/* An element of a vector in the caller's memory. Return: its bytes, or -1. */
static s64 element(const void __user *vector, unsigned long i)
{
	struct iovec one;
#ifdef CONFIG_COMPAT
	struct compat_iovec narrow;

	if (in_compat_syscall())
		return copy_from_user_nofault(&narrow, vector + i * sizeof(narrow),
					      sizeof(narrow)) ? -1 : narrow.iov_len;
#endif
	if (copy_from_user_nofault(&one, vector + i * sizeof(one), sizeof(one)))
		return -1;
	return min_t(size_t, one.iov_len, MAX_RW_COUNT);
}

/* What the caller asked for, as far as that can be read; no more than the kernel would do. */
static u64 bytes_of(const void __user *vector, unsigned long count)
{
	u64 sum = 0;
	unsigned long i;

	for (i = 0; i < min_t(unsigned long, count, IOVECS_MAX); i++) {
		s64 bytes = element(vector, i);

		if (bytes < 0)
			break;
		sum += bytes;
	}
	return min_t(u64, sum, MAX_RW_COUNT);
}

/* process_vm_rw(pid, local, count, remote, count, flags, writes) */
KITH_ENTRY(kith_act_vm)
{
	const void __user *local = KITH_ARGUMENT(regs, 1, const void __user *);
	unsigned long count = KITH_ARGUMENT(regs, 2, unsigned long);
	struct pid *pid = find_vpid(KITH_ARGUMENT(regs, 0, pid_t));
	const struct task_struct *task = pid ? pid_task(pid, PIDTYPE_PID) : NULL;
	u64 target = task ? other_key(task) : 0;

	if (target)
		tell_folded(&(struct act){
			.op = IS_CALLING(process_vm_writev) ? KITH_CONTROL_VM_WRITE :
								   KITH_CONTROL_VM_READ,
			.target = target, .value = bytes_of(local, count), .sums = true });
}

/* mem_rw(file, buffer, count, position, writes): /proc/PID/mem */
KITH_ENTRY(kith_act_proc_mem)
{
#ifdef CONFIG_MEMCG
	const struct file *file = KITH_ARGUMENT(regs, 0, struct file *);
	const struct mm_struct *mm = file->private_data;
	const struct task_struct *owner = mm ? rcu_dereference(mm->owner) : NULL;
	u64 target = owner ? other_key(owner) : 0;

	if (target)
		tell_folded(&(struct act){
			.op = KITH_ARGUMENT(regs, 4, int) ? KITH_CONTROL_VM_WRITE :
							    KITH_CONTROL_VM_READ,
			.target = target, .value = KITH_ARGUMENT(regs, 2, size_t),
			.sums = true });
#endif
}

void kith_act_module_loaded(void *data, struct module *module)
{
	kith_hook_enter();
	kith_hook_hit(KITH_AT_MODULE_LOAD);
	emit(&(struct act){ .op = KITH_CONTROL_MODULE_LOAD, .detail = module->name });
	kith_hook_leave();
}

void kith_act_module_freed(void *data, struct module *module)
{
	kith_hook_enter();
	kith_hook_hit(KITH_AT_MODULE_FREE);
	emit(&(struct act){ .op = KITH_CONTROL_MODULE_UNLOAD, .detail = module->name });
	kith_hook_leave();
}

/* security_bpf(command, attributes, size, ...): the kernel's own copy */
KITH_ENTRY(kith_act_bpf)
{
	const union bpf_attr *attributes = KITH_ARGUMENT(regs, 1, const union bpf_attr *);
	unsigned int size = KITH_ARGUMENT(regs, 2, unsigned int);
	char name[BPF_OBJ_NAME_LEN + 1] = "";

	if (KITH_ARGUMENT(regs, 0, int) != BPF_PROG_LOAD)
		return;
	if (size >= offsetofend(union bpf_attr, prog_name))
		memcpy(name, attributes->prog_name, BPF_OBJ_NAME_LEN);
	emit(&(struct act){
		.op = KITH_CONTROL_BPF_LOAD, .value = attributes->prog_type, .detail = name });
}

static struct kith_path resolve(const struct path *path, unsigned int buffer)
{
	struct kith_scratch *scratch = kith_scratch();
	struct kith_root root;

	if (!current->fs || !current->nsproxy)
		return (struct kith_path){};
	kith_root_of_current(&root);
	return kith_path_resolve(path, &root, scratch->path[buffer], scratch->path[2]);
}

/* security_sb_mount(source, path, type, flags, data) */
KITH_ENTRY(kith_act_mounting)
{
	const char *source = KITH_ARGUMENT(regs, 0, const char *);
	const char *type = KITH_ARGUMENT(regs, 2, const char *);
	char *detail = kith_scratch()->text;

	snprintf(detail, DETAIL_MAX, "%s, %s", source ? source : "none", type ? type : "none");
	emit(&(struct act){
		.op = KITH_CONTROL_MOUNT, .value = KITH_ARGUMENT(regs, 3, unsigned long),
		.path = resolve(KITH_ARGUMENT(regs, 1, const struct path *), 0),
		.detail = detail });
}

/* security_move_mount(from, to) */
KITH_ENTRY(kith_act_moving_mount)
{
	const struct path *from = KITH_ARGUMENT(regs, 0, const struct path *);

	emit(&(struct act){
		.op = KITH_CONTROL_MOUNT,
		.path = resolve(KITH_ARGUMENT(regs, 1, const struct path *), 0),
		.detail = from->dentry->d_sb->s_type->name });
}

/* security_sb_umount(mount, flags) */
KITH_ENTRY(kith_act_unmounting)
{
	struct vfsmount *mount = KITH_ARGUMENT(regs, 0, struct vfsmount *);
	const struct path path = { .mnt = mount, .dentry = mount->mnt_root };

	emit(&(struct act){
		.op = KITH_CONTROL_UMOUNT, .path = resolve(&path, 0),
		.value = KITH_ARGUMENT(regs, 1, unsigned int) });
}

/* security_sb_pivotroot(put_old, new_root) */
KITH_ENTRY(kith_act_pivoting)
{
	emit(&(struct act){
		.op = KITH_CONTROL_PIVOT_ROOT,
		.path = resolve(KITH_ARGUMENT(regs, 1, const struct path *), 0),
		.new_path = resolve(KITH_ARGUMENT(regs, 0, const struct path *), 1) });
}

/* security_path_chroot(path) */
KITH_ENTRY(kith_act_chroot)
{
	emit(&(struct act){
		.op = KITH_CONTROL_CHROOT,
		.path = resolve(KITH_ARGUMENT(regs, 0, const struct path *), 0) });
}

/*
 * The system call itself: setns(fd, type). By a pidfd it enters the namespaces of a
 * process, and asks whether it may: then that tells whose.
 */
KITH_ENTRY(kith_act_setns)
{
	struct file *file = fget((unsigned int)kith_syscall_argument(0));

	if (!file)
		return;
	if (file_inode(file)->i_sb->s_magic == NSFS_MAGIC)
		tell_setns(0, kith_syscall_argument(1));
	fput(file);
}

/* ksys_unshare(flags) */
KITH_ENTRY(kith_act_unshare)
{
	tell_folded(&(struct act){
		.op = KITH_CONTROL_UNSHARE, .value = KITH_ARGUMENT(regs, 0, unsigned long) });
}

/* security_kernel_load_data(what, contents): kexec_load(entry, count, segments, flags) */
KITH_ENTRY(kith_act_loading_data)
{
	if (KITH_ARGUMENT(regs, 0, unsigned int) == LOADING_KEXEC_IMAGE)
		emit(&(struct act){
			.op = KITH_CONTROL_KEXEC,
			.value = !!(kith_syscall_argument(3) & KEXEC_ON_CRASH) });
}

/* security_kernel_read_file(file, what, contents): kexec_file_load(fd, fd, size, text, flags) */
KITH_ENTRY(kith_act_reading_file)
{
	const struct file *file = KITH_ARGUMENT(regs, 0, const struct file *);

	/* kexec_file_load(kernel, initrd, size, command line, flags) */
	if (KITH_ARGUMENT(regs, 1, unsigned int) == READING_KEXEC_IMAGE && file)
		emit(&(struct act){
			.op = KITH_CONTROL_KEXEC, .path = resolve(&file->f_path, 0),
			.value = !!(kith_syscall_argument(4) & KEXEC_FILE_ON_CRASH) });
}

/* The system call itself: keyctl(operation, ...) */
KITH_ENTRY(kith_act_keyctl)
{
	u32 operation = kith_syscall_argument(0);

	switch (operation) {
	case KEYCTL_GET_KEYRING_ID:
	case KEYCTL_DESCRIBE:
	case KEYCTL_SEARCH:
	case KEYCTL_GET_SECURITY:
	case KEYCTL_GET_PERSISTENT:
		return;
	}
	tell_folded(&(struct act){ .op = KITH_CONTROL_KEYCTL, .value = operation });
}

static bool is_switch(const char *name)
{
	static const char *const names[] = {
		"core_pattern", "modprobe", "hotplug", "poweroff_cmd", "modules_disabled",
		"kexec_load_disabled", "ftrace_enabled", "kprobes-optimization", "ptrace_scope",
		"suid_dumpable", "kptr_restrict", "perf_event_paranoid", "randomize_va_space",
		"unprivileged_bpf_disabled", "unprivileged_userns_clone", "ip_forward",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* proc_sys_call_handler(iocb, iter, writes) */
KITH_ENTRY(kith_act_sysctl)
{
	const struct kiocb *iocb = KITH_ARGUMENT(regs, 0, const struct kiocb *);
	const struct path *path = &iocb->ki_filp->f_path;

	if (KITH_ARGUMENT(regs, 2, int) && is_switch((const char *)path->dentry->d_name.name))
		emit(&(struct act){ .op = KITH_CONTROL_SYSCTL, .path = resolve(path, 0) });
}

/* Of ftrace and of kprobes. Programs write what they like into the markers. */
static bool switches_tracing(const struct dentry *dentry)
{
	switch (dentry->d_sb->s_magic) {
	case TRACEFS_MAGIC:
		return strncmp((const char *)dentry->d_name.name, "trace_marker", 12) != 0;
	case DEBUGFS_MAGIC:
		return !strcmp((const char *)dentry->d_parent->d_name.name, "kprobes");
	default:
		return false;
	}
}

void kith_act_opened(const struct file *file)
{
	if (switches_tracing(file->f_path.dentry))
		emit(&(struct act){
			.op = KITH_CONTROL_SYSCTL, .path = resolve(&file->f_path, 0) });
}
