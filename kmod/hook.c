// SPDX-License-Identifier: GPL-2.0-only
/* The hook table, and attaching and detaching what it names. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "hook.h"

#include "cgroup.h"
#include "credential.h"
#include "datagram.h"
#include "delivery.h"
#include "exec.h"
#include "family.h"
#include "passing.h"
#include "pipe.h"
#include "process.h"
#include "ring.h"
#include "socket.h"
#include "tcp.h"
#include "udp.h"
#include "unix.h"

#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/string.h>

#define EXECS_MAX 65536U

static unsigned int execs = 1024;
module_param(execs, uint, 0444);
MODULE_PARM_DESC(execs,
		 "executions that may be in the kernel at once before failures go unseen (1024)");

static char *without;
module_param(without, charp, 0444);
MODULE_PARM_DESC(without,
		 "symbols, with commas between, that are not hooked even if they are there");

static DEFINE_MUTEX(tally_lock); /* protects reported_missed, and the detaching */
DEFINE_PER_CPU(u64, kith_hook_hits_here[KITH_AT_COUNT]);

#define EXECVE_HOOK(where, call)                                         \
	{                                                                \
		.event = "failed exec", .symbol = (where),               \
		.kind = KITH_HOOK_KRETPROBE,                             \
		.class = KITH_CLASS_FAILED_EXEC, .called = (call),       \
		.returned = kith_exec_returned,                          \
		.data_size = sizeof(struct kith_exec_call),              \
		.loses = "failed executions by this system call",        \
	}

static struct kith_hook hooks[KITH_AT_COUNT] = {
	[KITH_AT_FORK] = {
		.event = "fork", .symbol = "sched_process_fork",
		.kind = KITH_HOOK_TRACEPOINT, .callback = kith_process_forked,
	},
	[KITH_AT_EXEC] = {
		.event = "exec", .symbol = "sched_process_exec",
		.kind = KITH_HOOK_TRACEPOINT, .callback = kith_exec_succeeded,
	},
	[KITH_AT_EXIT] = {
		.event = "exit", .symbol = "sched_process_exit",
		.kind = KITH_HOOK_TRACEPOINT,
		/* .callback depends on the kernel: kith_process_exited() */
	},
	[KITH_AT_CGROUP_ATTACH] = {
		.event = "cgroup attach", .symbol = "cgroup_attach_task",
		.kind = KITH_HOOK_TRACEPOINT, .callback = kith_cgroup_attached,
		.loses = "moves between containers and units; each exec still tells where it is",
	},
	[KITH_AT_COMMIT_CREDS] = {
		.event = "credentials", .symbol = "commit_creds",
		.kind = KITH_HOOK_FTRACE, .entry = kith_credential_commit,
		.loses = "credential changes but those of exec; nothing is called unexplained",
	},
	[KITH_AT_BPRM_CHECK] = {
		.event = "exec", .symbol = "security_bprm_check",
		.kind = KITH_HOOK_FTRACE, .entry = kith_exec_checked,
		.loses = "paths of scripts",
	},
	[KITH_AT_TASK_ALLOC] = {
		.event = "fork", .symbol = "security_task_alloc",
		.kind = KITH_HOOK_FTRACE, .entry = kith_process_cloning,
		.loses = "flags of clone",
	},
	[KITH_AT_TCP_CONNECT] = {
		.event = "connection", .symbol = "tcp_connect",
		.kind = KITH_HOOK_FTRACE, .entry = kith_tcp_connecting,
		.loses = "who connects by TCP",
	},
	[KITH_AT_TCP_CLONE] = {
		.event = "connection", .symbol = "security_inet_csk_clone",
		.kind = KITH_HOOK_FTRACE, .entry = kith_tcp_cloned,
		.loses = "the server's end of TCP connections, until somebody accepts it",
	},
	[KITH_AT_TCP_STATE] = {
		.event = "connection", .symbol = "inet_sock_set_state",
		.kind = KITH_HOOK_TRACEPOINT, .callback = kith_tcp_state,
		.loses = "who listens, which connections come about, and how they end",
	},
	[KITH_AT_SOCK_GRAFT] = {
		.event = "connection", .symbol = "security_sock_graft",
		.kind = KITH_HOOK_FTRACE, .entry = kith_socket_grafted,
		.loses = "who accepts a connection",
	},
	[KITH_AT_SOCK_LISTEN] = {
		.event = "connection", .symbol = "security_socket_listen",
		.kind = KITH_HOOK_FTRACE, .entry = kith_unix_listening,
		.loses = "who listens on Unix sockets",
	},
	[KITH_AT_TCP_SEND] = {
		.event = "use of a socket", .symbol = "tcp_sendmsg",
		.kind = KITH_HOOK_FTRACE, .entry = kith_tcp_used,
		.loses = "who sends on a TCP socket that another has opened",
	},
	[KITH_AT_TCP_RECEIVE] = {
		.event = "use of a socket", .symbol = "tcp_recvmsg",
		.kind = KITH_HOOK_FTRACE, .entry = kith_tcp_used,
		.loses = "who receives on a TCP socket that another has opened",
	},
	[KITH_AT_TCP_PAGE] = {
		.event = "use of a socket", .symbol = "tcp_sendpage",
		.unless = "skb_splice_from_iter",
		.kind = KITH_HOOK_FTRACE, .entry = kith_tcp_used,
		.loses = "who splices into a TCP socket that another has opened",
	},
	[KITH_AT_TCP_SPLICE] = {
		.event = "use of a socket", .symbol = "tcp_splice_read",
		.kind = KITH_HOOK_FTRACE, .entry = kith_tcp_splicing,
		.loses = "who splices from a TCP socket that another has opened",
	},
	[KITH_AT_UDP_SEND4] = {
		.event = "datagram", .symbol = "ip_send_skb",
		.kind = KITH_HOOK_FTRACE, .entry = kith_udp_sent4,
		.loses = "what is sent by UDP over IPv4",
	},
	[KITH_AT_UDP_SEND6] = {
		.event = "datagram", .symbol = "ip6_send_skb",
		.kind = KITH_HOOK_FTRACE, .entry = kith_udp_sent6,
		.loses = "what is sent by UDP over IPv6",
	},
	[KITH_AT_UDP_RECEIVE] = {
		.event = "datagram", .symbol = "skb_consume_udp",
		.kind = KITH_HOOK_FTRACE, .entry = kith_udp_received,
		.loses = "what is received by UDP",
	},
	[KITH_AT_UDP_RELEASE] = {
		.event = "end of a socket", .symbol = "sk_common_release",
		.kind = KITH_HOOK_FTRACE, .entry = kith_udp_released,
		.loses = "when exactly UDP sockets are closed",
	},
	[KITH_AT_UNIX_CONNECT] = {
		.event = "connection", .symbol = "security_unix_stream_connect",
		.kind = KITH_HOOK_FTRACE, .entry = kith_unix_connecting,
		.loses = "who connects to Unix sockets, until they are used",
	},
	[KITH_AT_UNIX_MAY_SEND] = {
		.event = "datagram", .symbol = "security_unix_may_send",
		.kind = KITH_HOOK_FTRACE, .entry = kith_unix_may_send,
		.loses = "datagrams of Unix sockets",
	},
	[KITH_AT_UNIX_COPY] = {
		.event = "use of a socket", .symbol = "skb_copy_datagram_from_iter",
		.kind = KITH_HOOK_FTRACE, .entry = kith_unix_copied,
		.loses = "what is sent on Unix streams",
	},
	[KITH_AT_UNIX_SEND] = {
		.event = "use of a socket", .symbol = "skb_splice_from_iter",
		.unless = "unix_stream_sendpage",
		.kind = KITH_HOOK_FTRACE, .entry = kith_unix_spliced,
		.loses = "what is spliced into Unix streams",
	},
	[KITH_AT_UNIX_RECEIVE] = {
		.event = "use of a socket", .symbol = "unix_stream_recvmsg",
		.kind = KITH_HOOK_FTRACE, .entry = kith_unix_receiving,
		.loses = "who receives on a Unix stream that another has opened",
	},
	[KITH_AT_UNIX_SPLICE] = {
		.event = "use of a socket", .symbol = "unix_stream_splice_read",
		.kind = KITH_HOOK_FTRACE, .entry = kith_unix_receiving,
		.loses = "who splices from a Unix stream that another has opened",
	},
	[KITH_AT_UNIX_PAGE] = {
		.event = "use of a socket", .symbol = "unix_stream_sendpage",
		.unless = "skb_splice_from_iter",
		.kind = KITH_HOOK_FTRACE, .entry = kith_unix_sending_page,
		.loses = "who splices into a Unix stream that another has opened",
	},
	[KITH_AT_UNIX_APPEND] = {
		.event = "use of a socket", .symbol = "skb_append_pagefrags",
		.unless = "skb_splice_from_iter",
		.kind = KITH_HOOK_FTRACE, .entry = kith_unix_page_appended,
		.loses = "what is spliced into Unix streams",
	},
	[KITH_AT_UNIX_TAKE] = {
		.event = "datagram", .symbol = "skb_free_datagram",
		.kind = KITH_HOOK_FTRACE, .entry = kith_unix_taken,
		.loses = "what is received of Unix datagrams and packets",
	},
	[KITH_AT_UNIX_WAKE] = {
		.event = "end of a socket", .symbol = "sock_def_wakeup",
		.kind = KITH_HOOK_FTRACE, .entry = kith_delivery_woken,
		.loses = "what Unix streams could not send any more",
	},
	[KITH_AT_UNIX_RELEASE] = {
		.event = "end of a socket", .symbol = "unix_release_sock",
		.kind = KITH_HOOK_FTRACE, .entry = kith_unix_released,
		.loses = "when exactly Unix conversations end, and what was left unread",
	},
	[KITH_AT_SOCK_FREE] = {
		.event = "end of a socket", .symbol = "security_sk_free",
		.kind = KITH_HOOK_FTRACE, .entry = kith_socket_freed,
		.loses = "all conversations: sockets are not watched",
	},
	[KITH_AT_SOCK_CREATE] = {
		.event = "socket", .symbol = "security_socket_post_create",
		.kind = KITH_HOOK_FTRACE, .entry = kith_family_created,
		.loses = "sockets of other families, as to sniff; who waits for datagrams",
	},
	[KITH_AT_SCM_SEND] = {
		.event = "passed file", .symbol = "__scm_send",
		.kind = KITH_HOOK_FTRACE, .entry = kith_passing_sending,
		.loses = "who passes open files to others",
	},
	[KITH_AT_FILE_RECEIVE] = {
		.event = "passed file", .symbol = "security_file_receive",
		.kind = KITH_HOOK_FTRACE, .entry = kith_passing_received,
		.loses = "that open files are passed",
	},
	[KITH_AT_PTRACE_ACCESS] = {
		.event = "passed file", .symbol = "security_ptrace_access_check",
		.kind = KITH_HOOK_FTRACE, .entry = kith_passing_accessing,
		.loses = "from whom pidfd_getfd takes open files",
	},
	[KITH_AT_PIPE_READ] = {
		.event = "pipe", .symbol = "pipe_read",
		.instead = "anon_pipe_read",
		.kind = KITH_HOOK_FTRACE, .entry = kith_pipe_reading,
		.loses = "who reads from pipes",
	},
	[KITH_AT_PIPE_WRITE] = {
		.event = "pipe", .symbol = "pipe_write",
		.instead = "anon_pipe_write",
		.kind = KITH_HOOK_FTRACE, .entry = kith_pipe_writing,
		.loses = "who writes into pipes",
	},
	[KITH_AT_FIFO_READ] = {
		.event = "pipe", .symbol = "fifo_pipe_read",
		.unless = "pipe_read",
		.kind = KITH_HOOK_FTRACE, .entry = kith_pipe_fifo_reading,
		.loses = "who reads from FIFOs",
	},
	[KITH_AT_FIFO_WRITE] = {
		.event = "pipe", .symbol = "fifo_pipe_write",
		.unless = "pipe_write",
		.kind = KITH_HOOK_FTRACE, .entry = kith_pipe_fifo_writing,
		.loses = "who writes into FIFOs",
	},
	[KITH_AT_SPLICE] = {
		.event = "pipe", .symbol = "do_splice",
		.kind = KITH_HOOK_FTRACE, .entry = kith_pipe_splicing,
		.loses = "who splices into pipes, and out of them",
	},
	[KITH_AT_PIPE_FREE] = {
		.event = "end of a pipe", .symbol = "free_pipe_info",
		.kind = KITH_HOOK_FTRACE, .entry = kith_pipe_freed,
		.loses = "all pipes: they are not watched",
	},
	[KITH_AT_EXECVE] = EXECVE_HOOK(KITH_EXECVE, kith_exec_called),
	[KITH_AT_EXECVEAT] = EXECVE_HOOK(KITH_EXECVEAT, kith_exec_called_at),
	[KITH_AT_IA32_EXECVE] = EXECVE_HOOK(KITH_IA32_EXECVE, kith_exec_called_ia32),
	[KITH_AT_IA32_EXECVEAT] = EXECVE_HOOK(KITH_IA32_EXECVEAT,
						kith_exec_called_at_ia32),
};

unsigned int kith_hook_count(void)
{
	return KITH_AT_COUNT;
}

const struct kith_hook *kith_hook_get(unsigned int i)
{
	return &hooks[i];
}

void kith_hook_hit(unsigned int i)
{
	this_cpu_inc(kith_hook_hits_here[i]);
}

u64 kith_hook_hits(unsigned int i)
{
	unsigned int cpu;
	u64 sum = 0;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(kith_hook_hits_here[i], cpu));
	return sum;
}

u64 kith_hook_missed(unsigned int i)
{
	const struct kith_hook *hook = &hooks[i];

	if (hook->kind != KITH_HOOK_KRETPROBE || hook->error)
		return 0;
	return hook->kretprobe.nmissed + hook->kretprobe.kp.nmissed;
}

void kith_hook_tally(void)
{
	unsigned int i;

	mutex_lock(&tally_lock);
	for (i = 0; i < KITH_AT_COUNT; i++) {
		u64 missed = kith_hook_missed(i);
		u64 fresh = missed - hooks[i].reported_missed;

		if (hooks[i].error)
			continue;
		if (fresh)
			kith_ring_lose(hooks[i].class, KITH_LOSS_MISSED, fresh);
		hooks[i].reported_missed = missed;
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
	if (!hook->tracepoint)
		return -ENOENT;
	return tracepoint_probe_register(hook->tracepoint, hook->callback, NULL);
}

/* ftrace_free_filter() is not exported everywhere; an empty filter holds nothing. */
static int forget_filter(struct ftrace_ops *ops)
{
	return ftrace_set_filter(ops, NULL, 0, 1);
}

/*
 * The core takes a failed allocation in ftrace_set_filter() for success, and
 * leaves the filter empty, which means every function there is. Every empty
 * filter is the same object, the one that forgetting leaves behind.
 */
static int set_filter(struct ftrace_ops *ops, const char *symbol)
{
	const struct ftrace_hash *empty;
	char name[64];
	int ret;

	ret = forget_filter(ops);
	if (ret)
		return ret;
	empty = rcu_access_pointer(ops->func_hash->filter_hash);
	strscpy(name, symbol, sizeof(name));
	ret = ftrace_set_filter(ops, name, strlen(name), 0);
	if (ret)
		return ret < 0 ? ret : -ENOENT;
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
	int ret;

	memset(&hook->ops, 0, sizeof(hook->ops));
	hook->ops.func = hook->entry;
	hook->ops.private = (void *)(hook - hooks);
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
	if (ret) {
		forget_filter(&hook->ops);
		return ret;
	}
	ret = register_ftrace_function(&hook->ops);
	if (ret)
		forget_filter(&hook->ops);
	return ret;
}

static int attach_kretprobe(struct kith_hook *hook)
{
	memset(&hook->kretprobe, 0, sizeof(hook->kretprobe));
	hook->kretprobe.kp.symbol_name = hook->symbol;
	hook->kretprobe.entry_handler = hook->called;
	hook->kretprobe.handler = hook->returned;
	hook->kretprobe.data_size = hook->data_size;
	hook->kretprobe.maxactive = execs;
	hook->reported_missed = 0;
	return register_kretprobe(&hook->kretprobe);
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
	KITH_AT_SPLICE,
};

int kith_hook_init(void)
{
	unsigned int i;

	execs = clamp(execs, 1U, EXECS_MAX);
	hooks[KITH_AT_EXIT].callback = kith_process_exited();
	for (i = 0; i < KITH_AT_COUNT; i++)
		hooks[i].error = -ENODEV;
	for (i = 0; i < KITH_AT_COUNT; i++) {
		struct kith_hook *hook = &hooks[order[i]];

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
		detach(&hooks[order[i]]);
	tracepoint_synchronize_unregister();
}
