// SPDX-License-Identifier: GPL-2.0-only
/* Attaching and detaching what the hook table names. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "hook.h"

#include "async.h"
#include "credential.h"
#include "process.h"
#include "ring.h"

#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/string.h>

#define EXECS_MAX 65536U

enum { CHANGES_AT_ONCE = 128 /* more that wait for a disk are told of as unsure */ };

static unsigned int execs = 1024;
module_param(execs, uint, 0444);
MODULE_PARM_DESC(execs,
		 "executions that may be in the kernel at once before failures go unseen (1024)");

static char *without;
module_param(without, charp, 0444);
MODULE_PARM_DESC(without,
		 "symbols, with commas between, that are not hooked even if they are there");

static DEFINE_MUTEX(tally_lock); /* protects reported_missed, and the detaching */

void kith_hook_tally(void)
{
	unsigned int i;

	mutex_lock(&tally_lock);
	for (i = 0; i < KITH_AT_COUNT; i++) {
		u64 missed = kith_hook_missed(i);
		u64 fresh = missed - kith_hooks[i].reported_missed;

		if (kith_hooks[i].error)
			continue;
		if (fresh)
			kith_ring_lose(kith_hooks[i].class, KITH_LOSS_MISSED, fresh);
		kith_hooks[i].reported_missed = missed;
	}
	mutex_unlock(&tally_lock);
}

static void match_tracepoint(struct tracepoint *tracepoint, void *hook_)
{
	struct kith_hook *hook = hook_;

	if (!strcmp(tracepoint->name, hook->symbol))
		hook->tracepoint = tracepoint;
}

static int attach_tracepoint(struct kith_hook *hook)
{
	hook->tracepoint = NULL;
	for_each_kernel_tracepoint(match_tracepoint, hook);
	if (!hook->tracepoint || !hook->callback)
		return -ENOENT;
	return tracepoint_probe_register(hook->tracepoint, hook->callback, NULL);
}

/* ftrace_free_filter() is not exported everywhere; an empty filter holds nothing. */
static int forget_filter(struct ftrace_ops *ops)
{
	return ftrace_set_filter(ops, NULL, 0, 1);
}

static int add_to_filter(struct ftrace_ops *ops, const char *symbol)
{
	char name[KSYM_NAME_LEN];
	int ret;

	strscpy(name, symbol, sizeof(name));
	ret = ftrace_set_filter(ops, name, strlen(name), 0);
	return ret > 0 ? -ENOENT : ret;
}

/*
 * The core takes a failed allocation in ftrace_set_filter() for success, and
 * leaves the filter empty, which means every function there is. Every empty
 * filter is the same object, the one that forgetting leaves behind.
 */
static int set_filter(struct ftrace_ops *ops, const char *symbol)
{
	const struct ftrace_hash *empty;
	int ret;

	ret = forget_filter(ops);
	if (ret)
		return ret;
	empty = rcu_access_pointer(ops->func_hash->filter_hash);
	ret = add_to_filter(ops, symbol);
	if (ret)
		return ret;
	if (rcu_access_pointer(ops->func_hash->filter_hash) == empty)
		return -ENOMEM;
	return 0;
}

/*
 * PERMANENT: while we are loaded, nobody can switch function hooks off with
 * kernel.ftrace_enabled (the kernel answers EBUSY): a credential change that
 * we do not see would look like an exploit later.
 */
static int attach_ftrace(struct kith_hook *hook)
{
	const char *const *other;
	int ret;

	memset(&hook->ops, 0, sizeof(hook->ops));
	hook->ops.func = hook->entry;
	hook->ops.private = (void *)(hook - kith_hooks);
	hook->ops.flags = KITH_FTRACE_FLAGS | FTRACE_OPS_FL_PERMANENT;
	if (hook->unless && !set_filter(&hook->ops, hook->unless)) {
		hook->needless = true;
		forget_filter(&hook->ops);
		return -ENOENT;
	}
	ret = set_filter(&hook->ops, hook->symbol);
	if (ret && hook->instead && !set_filter(&hook->ops, hook->instead)) {
		hook->symbol = hook->instead;
		ret = 0;
	}
	for (other = hook->others; other && *other; other++)
		if (!(ret ? set_filter(&hook->ops, *other) : add_to_filter(&hook->ops, *other)))
			ret = 0;
	if (ret) {
		forget_filter(&hook->ops);
		return ret;
	}
	ret = register_ftrace_function(&hook->ops);
	if (ret)
		forget_filter(&hook->ops);
	return ret;
}

int kith_hook_extend(unsigned int i, unsigned long address)
{
	int ret = -ESHUTDOWN;

	mutex_lock(&tally_lock);
	if (!kith_hooks[i].error)
		ret = ftrace_set_filter_ip(&kith_hooks[i].ops, address, 0, 0);
	mutex_unlock(&tally_lock);
	return ret;
}

static int attach_kretprobe(struct kith_hook *hook)
{
	int ret;

	memset(&hook->kretprobe, 0, sizeof(hook->kretprobe));
	hook->kretprobe.kp.symbol_name = hook->symbol;
	hook->kretprobe.entry_handler = hook->called;
	hook->kretprobe.handler = hook->returned;
	hook->kretprobe.data_size = hook->data_size;
	hook->kretprobe.maxactive = hook->data_size ? execs : CHANGES_AT_ONCE;
	hook->reported_missed = 0;
	ret = register_kretprobe(&hook->kretprobe);
	if (!ret || !hook->instead || hook->symbol == hook->instead)
		return ret;
	hook->symbol = hook->instead;
	return attach_kretprobe(hook);
}

/* Does the administrator want to do without it? */
static bool is_unwanted(const char *symbol)
{
	const char *at = without;
	size_t length = strlen(symbol);

	while (at && *at) {
		if (!strncmp(at, symbol, length) && (at[length] == ',' || !at[length]))
			return true;
		at = strchr(at, ',');
		at = at ? at + 1 : NULL;
	}
	return false;
}

static int attach(struct kith_hook *hook)
{
	if (is_unwanted(hook->symbol) || (hook->instead && is_unwanted(hook->instead)))
		return -ECANCELED;
	switch (hook->kind) {
	case KITH_HOOK_TRACEPOINT:
		return attach_tracepoint(hook);
	case KITH_HOOK_FTRACE:
		return attach_ftrace(hook);
	case KITH_HOOK_KRETPROBE:
		return attach_kretprobe(hook);
	default:
		return -EINVAL;
	}
}

/* Nobody may rely on it from the beginning of this. */
static void detach(struct kith_hook *hook)
{
	if (hook->error)
		return;
	mutex_lock(&tally_lock);
	WRITE_ONCE(hook->error, -ESHUTDOWN);
	mutex_unlock(&tally_lock);
	switch (hook->kind) {
	case KITH_HOOK_TRACEPOINT:
		tracepoint_probe_unregister(hook->tracepoint, hook->callback, NULL);
		break;
	case KITH_HOOK_FTRACE:
		unregister_ftrace_function(&hook->ops);
		forget_filter(&hook->ops);
		break;
	case KITH_HOOK_KRETPROBE:
		unregister_kretprobe(&hook->kretprobe);
		break;
	default:
		break;
	}
}

/*
 * Credentials before processes: a thread's entry is made at fork, and from
 * then on every change must be seen.
 */
static const u8 order[KITH_AT_COUNT] = {
	KITH_AT_COMMIT_CREDS,
	KITH_AT_BPRM_CHECK,
	KITH_AT_TASK_ALLOC,
	KITH_AT_EXIT,
	KITH_AT_EXEC,
	KITH_AT_FORK,
	KITH_AT_CGROUP_ATTACH,
	KITH_AT_EXECVE,
	KITH_AT_EXECVEAT,
	KITH_AT_IA32_EXECVE,
	KITH_AT_IA32_EXECVEAT,
	/* The end of a socket before its beginning: no entry may outlive it. */
	KITH_AT_SOCK_FREE,
	KITH_AT_TCP_STATE,
	KITH_AT_TCP_CLONE,
	KITH_AT_TCP_CONNECT,
	KITH_AT_SOCK_GRAFT,
	KITH_AT_UNIX_WAKE,
	KITH_AT_UNIX_RELEASE,
	KITH_AT_UDP_RELEASE,
	KITH_AT_SOCK_LISTEN,
	KITH_AT_UNIX_CONNECT,
	KITH_AT_UNIX_MAY_SEND,
	KITH_AT_UNIX_TAKE,
	KITH_AT_UNIX_COPY,
	KITH_AT_UNIX_PAGE,
	KITH_AT_UNIX_APPEND,
	KITH_AT_UDP_SEND4,
	KITH_AT_UDP_SEND6,
	KITH_AT_UDP_RECEIVE,
	KITH_AT_UNIX_SEND,
	KITH_AT_UNIX_RECEIVE,
	KITH_AT_UNIX_SPLICE,
	KITH_AT_TCP_SEND,
	KITH_AT_TCP_RECEIVE,
	KITH_AT_TCP_PAGE,
	KITH_AT_TCP_SPLICE,
	KITH_AT_SOCK_CREATE,
	KITH_AT_SCM_SEND,
	KITH_AT_PTRACE_ACCESS,
	KITH_AT_FILE_RECEIVE,
	/* Likewise. */
	KITH_AT_PIPE_FREE,
	KITH_AT_PIPE_READ,
	KITH_AT_PIPE_WRITE,
	KITH_AT_FIFO_READ,
	KITH_AT_FIFO_WRITE,
	KITH_AT_SPLICE_DONE,
	KITH_AT_SPLICE,
	KITH_AT_FILE_OPEN,
	KITH_AT_FILE_SEND,
	KITH_AT_FILE_TO_PIPE,
	KITH_AT_FILE_COPIED,
	KITH_AT_FILE_COPY,
	KITH_AT_FILE_CLONE,
	KITH_AT_AIO_COMPLETE,
	KITH_AT_URING_COMPLETE,
	KITH_AT_FILE_READ,
	KITH_AT_FILE_WRITE,
	KITH_AT_FILE_MAP,
	KITH_AT_RENAME_DONE,
	KITH_AT_RENAME,
	KITH_AT_UNLINK_DONE,
	KITH_AT_UNLINK,
	KITH_AT_RMDIR_DONE,
	KITH_AT_RMDIR,
	KITH_AT_MKDIR_DONE,
	KITH_AT_MKDIR,
	KITH_AT_LINK_DONE,
	KITH_AT_LINK,
	KITH_AT_SYMLINK_DONE,
	KITH_AT_SYMLINK,
	KITH_AT_MKNOD_DONE,
	KITH_AT_MKNOD,
	KITH_AT_CHMOD,
	KITH_AT_CHOWN,
	KITH_AT_TRUNCATE,
	KITH_AT_FTRUNCATE,
	KITH_AT_UTIMES,
	KITH_AT_SETXATTR,
	KITH_AT_REMOVEXATTR,
	KITH_AT_TASK_KILL,
	KITH_AT_VM_RW,
	KITH_AT_PROC_MEM,
	KITH_AT_BPF,
	KITH_AT_MOUNT,
	KITH_AT_MOVE_MOUNT,
	KITH_AT_UMOUNT,
	KITH_AT_PIVOT_ROOT,
	KITH_AT_CHROOT,
	KITH_AT_SETNS,
	KITH_AT_UNSHARE,
	KITH_AT_LOAD_DATA,
	KITH_AT_READ_FILE,
	KITH_AT_KEYCTL,
	KITH_AT_SYSCTL,
	KITH_AT_MODULE_LOAD,
	KITH_AT_MODULE_FREE,
};

int kith_hook_init(void)
{
	unsigned int i;

	execs = clamp(execs, 1U, EXECS_MAX);
	kith_hooks[KITH_AT_EXIT].callback = kith_process_exited();
	kith_hooks[KITH_AT_URING_COMPLETE].callback = kith_async_uring();
	for (i = 0; i < KITH_AT_COUNT; i++)
		kith_hooks[i].error = -ENODEV;
	for (i = 0; i < KITH_AT_COUNT; i++) {
		struct kith_hook *hook = &kith_hooks[order[i]];

		hook->error = attach(hook);
		if (!hook->error || hook->needless)
			continue;
		if (!hook->loses) {
			int ret = hook->error;

			pr_err("%s: cannot attach: error %d; required for %s\n",
			       hook->symbol, ret, hook->event);
			kith_hook_exit();
			return ret;
		}
		pr_warn("%s: cannot attach: error %d; not known without it: %s\n",
			hook->symbol, hook->error, hook->loses);
	}
	return 0;
}

void kith_hook_exit(void)
{
	int i;

	/*
	 * With one hook gone and others there nothing can be judged: an exec is no
	 * exec, and threads end without being forgotten.
	 */
	kith_credential_trust(false);
	synchronize_rcu();
	kith_hook_tally();
	for (i = KITH_AT_COUNT - 1; i >= 0; i--)
		detach(&kith_hooks[order[i]]);
	tracepoint_synchronize_unregister();
}
