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

DEFINE_MUTEX(kith_hook_lock); /* and reported_missed */

void kith_hook_tally(void)
{
	unsigned int i;

	mutex_lock(&kith_hook_lock);
	for (i = 0; i < KITH_AT_COUNT; i++) {
		u64 missed = kith_hook_missed(i);
		u64 fresh = missed - kith_hooks[i].reported_missed;

		if (kith_hooks[i].error)
			continue;
		if (fresh)
			kith_ring_lose(kith_hooks[i].class, KITH_LOSS_MISSED, fresh);
		kith_hooks[i].reported_missed = missed;
	}
	mutex_unlock(&kith_hook_lock);
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
		return kith_entry_attach(hook);
	case KITH_HOOK_KRETPROBE:
		return attach_kretprobe(hook);
	default:
		return -EINVAL;
	}
}

/* Nobody may rely on it any more. Return: was it attached? */
static bool give_up(struct kith_hook *hook)
{
	if (hook->error)
		return false;
	mutex_lock(&kith_hook_lock);
	WRITE_ONCE(hook->error, -ESHUTDOWN);
	mutex_unlock(&kith_hook_lock);
	return true;
}

static void detach(struct kith_hook *hook)
{
	if (!give_up(hook))
		return;
	if (hook->kind == KITH_HOOK_TRACEPOINT)
		tracepoint_probe_unregister(hook->tracepoint, hook->callback, NULL);
	else
		kith_entry_detach(hook);
}

static void detach_rare(void)
{
	unsigned int i;

	for (i = 0; i < KITH_AT_COUNT; i++)
		if (kith_hooks[i].rare)
			give_up(&kith_hooks[i]);
	kith_entry_detach_rare();
}

/* All at once: the kernel waits for each call of this. */
static void detach_kretprobes(void)
{
	static struct kretprobe *kretprobes[KITH_AT_COUNT];
	unsigned int i, n = 0;

	for (i = 0; i < KITH_AT_COUNT; i++)
		if (kith_hooks[i].kind == KITH_HOOK_KRETPROBE && give_up(&kith_hooks[i]))
			kretprobes[n++] = &kith_hooks[i].kretprobe;
	unregister_kretprobes(kretprobes, n);
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
	KITH_AT_FILE_SENT,
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
	KITH_AT_MESSAGE_SEND,
	KITH_AT_MESSAGE_RECEIVE,
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

static void complain(const struct kith_hook *hook)
{
	if (!hook->error || hook->needless)
		return;
	if (hook->loses)
		pr_warn("%s: cannot attach: error %d; not known without it: %s\n",
			hook->symbol, hook->error, hook->loses);
	else
		pr_err("%s: cannot attach: error %d; required for %s\n", hook->symbol,
		       hook->error, hook->event);
}

/* Rare ones are prepared only. */
static int attach_each(void)
{
	unsigned int i;

	for (i = 0; i < KITH_AT_COUNT; i++) {
		struct kith_hook *hook = &kith_hooks[order[i]];

		hook->error = attach(hook);
		complain(hook);
		if (hook->error && !hook->loses)
			return hook->error;
	}
	return 0;
}

static void attach_rare(void)
{
	int ret = kith_entry_attach_rare();
	unsigned int i;

	for (i = 0; ret && i < KITH_AT_COUNT; i++)
		if (kith_hooks[i].rare && !kith_hooks[i].error) {
			kith_hooks[i].error = ret;
			complain(&kith_hooks[i]);
		}
}

int kith_hook_init(void)
{
	unsigned int i;
	int ret;

	execs = clamp(execs, 1U, EXECS_MAX);
	kith_hooks[KITH_AT_EXIT].callback = kith_process_exited();
	kith_hooks[KITH_AT_URING_COMPLETE].callback = kith_async_uring();
	for (i = 0; i < KITH_AT_COUNT; i++)
		kith_hooks[i].error = -ENODEV;
	ret = kith_entry_init();
	if (ret)
		return ret;
	ret = attach_each();
	kith_entry_attached();
	if (ret)
		kith_hook_exit();
	else
		attach_rare();
	return ret;
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
	detach_rare();
	detach_kretprobes();
	for (i = KITH_AT_COUNT - 1; i >= 0; i--)
		detach(&kith_hooks[order[i]]);
	tracepoint_synchronize_unregister();
	kith_entry_exit();
}
