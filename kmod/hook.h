/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hooks, as data: what each is for, where it is, and what nobody will know
 * if this kernel does not have it.
 */
#ifndef _KITH_HOOK_H
#define _KITH_HOOK_H

#include "entry.h"

#include <kith/uapi.h>
#include <linux/kprobes.h>
#include <linux/mutex.h>
#include <linux/tracepoint.h>

struct kith_hook {
	const char *event;
	const char *symbol;
	const char *loses; /* NULL: required */
	const char *instead; /* FTRACE: where it is if there is no `symbol` */
	const char *unless;  /* FTRACE: in kernels with this there is none, and no need */
	const char *const *others; /* FTRACE: symbols that are hooked as well, NULL at the end */
	bool rare; /* FTRACE: called seldom; is attached after and detached before the others */
	enum kith_hook_kind kind;
	enum kith_class class; /* of records lost when the kernel misses it */
	union {
		void *callback;	     /* TRACEPOINT: typed by the tracepoint */
		kith_entry_fn *entry; /* FTRACE */
		struct {	     /* KRETPROBE */
			kretprobe_handler_t called;
			kretprobe_handler_t returned;
			size_t data_size;
		};
	};

	/* state */
	int error; /* 0: attached */
	bool needless; /* this kernel has no use for it */
	unsigned long reported_missed;
	union {
		struct tracepoint *tracepoint;
		struct ftrace_ops ops;
		struct kretprobe kretprobe;
	};
};

/* Attach all; optional ones that cannot be are noted in their `error`. */
int kith_hook_init(void);

/* After this no handler runs any more. */
void kith_hook_exit(void);

unsigned int kith_hook_count(void);
const struct kith_hook *kith_hook_get(unsigned int i);
u64 kith_hook_hits(unsigned int i);
u64 kith_hook_missed(unsigned int i);

/* Turn newly missed calls into losses. Context: process. */
void kith_hook_tally(void);

/* For what enters by itself, tracepoints and kretprobes: count a hit of hook @i. */
static inline void kith_hook_hit(unsigned int i)
{
	this_cpu_inc(kith_hook_hits_here[i]);
}

/*
 * One function more for hook @i, which has `others`, until its module goes. Context: may
 * sleep.
 */
int kith_hook_extend(unsigned int i, unsigned long address);

/* Which hooks others ask about. */
enum kith_hook_index {
	KITH_AT_FORK,
	KITH_AT_EXEC,
	KITH_AT_EXIT,
	KITH_AT_CGROUP_ATTACH,
	KITH_AT_COMMIT_CREDS,
	KITH_AT_BPRM_CHECK,
	KITH_AT_TASK_ALLOC,
	KITH_AT_EXECVE,
	KITH_AT_EXECVEAT,
	KITH_AT_IA32_EXECVE,
	KITH_AT_IA32_EXECVEAT,
	KITH_AT_TCP_CONNECT,
	KITH_AT_TCP_CLONE,
	KITH_AT_TCP_STATE,
	KITH_AT_SOCK_GRAFT,
	KITH_AT_SOCK_LISTEN,
	KITH_AT_TCP_SEND,
	KITH_AT_TCP_RECEIVE,
	KITH_AT_TCP_PAGE,
	KITH_AT_TCP_SPLICE,
	KITH_AT_UDP_SEND4,
	KITH_AT_UDP_SEND6,
	KITH_AT_UDP_RECEIVE,
	KITH_AT_UDP_RELEASE,
	KITH_AT_UNIX_CONNECT,
	KITH_AT_UNIX_MAY_SEND,
	KITH_AT_UNIX_COPY,
	KITH_AT_UNIX_SEND,
	KITH_AT_UNIX_RECEIVE,
	KITH_AT_UNIX_SPLICE,
	KITH_AT_UNIX_PAGE,
	KITH_AT_UNIX_APPEND,
	KITH_AT_UNIX_TAKE,
	KITH_AT_UNIX_WAKE,
	KITH_AT_UNIX_RELEASE,
	KITH_AT_SOCK_FREE,
	KITH_AT_SOCK_CREATE,
	KITH_AT_SCM_SEND,
	KITH_AT_FILE_RECEIVE,
	KITH_AT_PTRACE_ACCESS,
	KITH_AT_PIPE_READ,
	KITH_AT_PIPE_WRITE,
	KITH_AT_FIFO_READ,
	KITH_AT_FIFO_WRITE,
	KITH_AT_SPLICE,
	KITH_AT_SPLICE_DONE,
	KITH_AT_PIPE_FREE,
	KITH_AT_FILE_READ,
	KITH_AT_FILE_WRITE,
	KITH_AT_FILE_OPEN,
	KITH_AT_FILE_MAP,
	KITH_AT_FILE_SEND,
	KITH_AT_FILE_TO_PIPE,
	KITH_AT_FILE_COPY,
	KITH_AT_FILE_SENT,
	KITH_AT_FILE_COPIED,
	KITH_AT_FILE_CLONE,
	KITH_AT_AIO_COMPLETE,
	KITH_AT_URING_COMPLETE,
	KITH_AT_MESSAGE_SEND,
	KITH_AT_MESSAGE_RECEIVE,
	KITH_AT_RENAME,
	KITH_AT_RENAME_DONE,
	KITH_AT_UNLINK,
	KITH_AT_UNLINK_DONE,
	KITH_AT_RMDIR,
	KITH_AT_RMDIR_DONE,
	KITH_AT_MKDIR,
	KITH_AT_MKDIR_DONE,
	KITH_AT_LINK,
	KITH_AT_LINK_DONE,
	KITH_AT_SYMLINK,
	KITH_AT_SYMLINK_DONE,
	KITH_AT_MKNOD,
	KITH_AT_MKNOD_DONE,
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
	KITH_AT_COUNT,
};

extern struct kith_hook kith_hooks[KITH_AT_COUNT];

/* Protects that they come and go: `error`, and of FTRACE the functions they are at. */
extern struct mutex kith_hook_lock;

static inline bool kith_hook_attached(enum kith_hook_index i)
{
	return !READ_ONCE(kith_hooks[i].error);
}

#endif
