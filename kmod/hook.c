// SPDX-License-Identifier: GPL-2.0-only
/* The hook table. */

#include "hook.h"

#include "act.h"
#include "async.h"
#include "cgroup.h"
#include "change.h"
#include "compat/arch.h"
#include "credential.h"
#include "datagram.h"
#include "delivery.h"
#include "exec.h"
#include "family.h"
#include "file.h"
#include "naming.h"
#include "passing.h"
#include "pipe.h"
#include "process.h"
#include "queue.h"
#include "socket.h"
#include "tcp.h"
#include "udp.h"
#include "unix.h"

#include <linux/percpu.h>

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

struct kith_hook kith_hooks[KITH_AT_COUNT] = {
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
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_exec_checked,
		.loses = "paths of scripts",
	},
	[KITH_AT_TASK_ALLOC] = {
		.event = "fork", .symbol = "security_task_alloc",
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_process_cloning,
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
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_unix_listening,
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
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_tcp_used,
		.loses = "who splices into a TCP socket that another has opened",
	},
	[KITH_AT_TCP_SPLICE] = {
		.event = "use of a socket", .symbol = "tcp_splice_read",
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_tcp_splicing,
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
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_unix_spliced,
		.loses = "what is spliced into Unix streams",
	},
	[KITH_AT_UNIX_RECEIVE] = {
		.event = "use of a socket", .symbol = "unix_stream_recvmsg",
		.kind = KITH_HOOK_FTRACE, .entry = kith_unix_receiving,
		.loses = "who receives on a Unix stream that another has opened",
	},
	[KITH_AT_UNIX_SPLICE] = {
		.event = "use of a socket", .symbol = "unix_stream_splice_read",
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_unix_receiving,
		.loses = "who splices from a Unix stream that another has opened",
	},
	[KITH_AT_UNIX_PAGE] = {
		.event = "use of a socket", .symbol = "unix_stream_sendpage",
		.unless = "skb_splice_from_iter",
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_unix_sending_page,
		.loses = "who splices into a Unix stream that another has opened",
	},
	[KITH_AT_UNIX_APPEND] = {
		.event = "use of a socket", .symbol = "skb_append_pagefrags",
		.unless = "skb_splice_from_iter",
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_unix_page_appended,
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
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_family_created,
		.loses = "sockets of other families, as to sniff; who waits for datagrams",
	},
	[KITH_AT_SCM_SEND] = {
		.event = "passed file", .symbol = "__scm_send",
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_passing_sending,
		.loses = "who passes open files to others",
	},
	[KITH_AT_FILE_RECEIVE] = {
		.event = "passed file", .symbol = "security_file_receive",
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_passing_received,
		.loses = "that open files are passed",
	},
	[KITH_AT_PTRACE_ACCESS] = {
		.event = "passed file", .symbol = "security_ptrace_access_check",
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_act_accessing,
		.loses = "who debugs others, and from whom pidfd_getfd takes files",
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
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_file_splicing,
		.loses = "who splices into pipes, and out of them",
	},
	[KITH_AT_SPLICE_DONE] = {
		.event = "file", .symbol = "do_splice",
		.kind = KITH_HOOK_KRETPROBE, .class = KITH_CLASS_FILE,
		.called = kith_file_splice_called, .returned = kith_file_spliced,
		.loses = "exact counts of splice",
	},
	[KITH_AT_FILE_READ] = {
		.event = "file", .symbol = "shmem_file_read_iter",
		.others = kith_file_readers,
		.kind = KITH_HOOK_FTRACE, .entry = kith_file_reading,
		.loses = "what is read from files",
	},
	[KITH_AT_FILE_WRITE] = {
		.event = "file", .symbol = "generic_file_write_iter",
		.others = kith_file_writers,
		.kind = KITH_HOOK_FTRACE, .entry = kith_file_writing,
		.loses = "what is written into files",
	},
	[KITH_AT_FILE_OPEN] = {
		.event = "file", .symbol = "security_file_open",
		.kind = KITH_HOOK_FTRACE, .entry = kith_file_opened,
		.loses = "who creates files, and those of file systems that are new to us",
	},
	[KITH_AT_FILE_MAP] = {
		.event = "file", .symbol = "security_mmap_file",
		.kind = KITH_HOOK_FTRACE, .entry = kith_file_mapped,
		.loses = "who maps files into memory, shared memory too",
	},
	[KITH_AT_FILE_SEND] = {
		.event = "file", .symbol = "do_splice_direct",
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_file_sending,
		.loses = "exact counts of sendfile",
	},
	[KITH_AT_FILE_SENT] = {
		.event = "file", .symbol = "do_splice_direct",
		.kind = KITH_HOOK_KRETPROBE, .class = KITH_CLASS_FILE,
		.called = kith_file_splice_called, .returned = kith_file_sent,
		.loses = "exact counts of sendfile from files that get shorter",
	},
	[KITH_AT_FILE_TO_PIPE] = {
		.event = "file", .symbol = "splice_file_to_pipe",
		.instead = "do_splice_to",
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_file_to_pipe,
		.loses = "what sendfile moves into pipes",
	},
	[KITH_AT_FILE_COPY] = {
		.event = "file", .symbol = "vfs_copy_file_range",
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_file_copying,
		.loses = "exact counts of copy_file_range",
	},
	[KITH_AT_FILE_COPIED] = {
		.event = "file", .symbol = "vfs_copy_file_range",
		.kind = KITH_HOOK_KRETPROBE, .class = KITH_CLASS_FILE,
		.returned = kith_file_copied,
		.loses = "exact counts of copy_file_range that fails, or is on overlayfs",
	},
	[KITH_AT_FILE_CLONE] = {
		.event = "file", .symbol = "vfs_clone_file_range",
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_file_cloning,
		.loses = "files that come to share their data with others",
	},
	[KITH_AT_AIO_COMPLETE] = {
		.event = "file", .symbol = "aio_complete_rw",
		.kind = KITH_HOOK_FTRACE, .entry = kith_async_completed,
		.loses = "exact counts of AIO",
	},
	[KITH_AT_URING_COMPLETE] = {
		.event = "file", .symbol = "io_uring_complete",
		.kind = KITH_HOOK_TRACEPOINT,
		/* .callback depends on the kernel: kith_async_uring() */
		.loses = "exact counts of io_uring",
	},
	[KITH_AT_PIPE_FREE] = {
		.event = "end of a pipe", .symbol = "free_pipe_info",
		.kind = KITH_HOOK_FTRACE, .entry = kith_pipe_freed,
		.loses = "all pipes: they are not watched",
	},
	[KITH_AT_MESSAGE_SEND] = {
		.event = "file", .symbol = "load_msg",
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_queue_sending,
		.loses = "who sends messages to queues",
	},
	[KITH_AT_MESSAGE_RECEIVE] = {
		.event = "file", .symbol = "store_msg",
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_queue_receiving,
		.loses = "who receives messages of queues",
	},
	[KITH_AT_RENAME] = {
		.event = "change", .symbol = "security_path_rename",
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_naming_renaming,
		.loses = "renames",
	},
	[KITH_AT_RENAME_DONE] = {
		.event = "change", .symbol = "do_renameat2",
		.instead = "filename_renameat2",
		.kind = KITH_HOOK_KRETPROBE, .class = KITH_CLASS_CHANGE,
		.called = kith_naming_in_rename, .returned = kith_change_returned,
		.loses = "whether it succeeded",
	},
	[KITH_AT_UNLINK] = {
		.event = "change", .symbol = "security_path_unlink",
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_naming_unlinking,
		.loses = "removed names",
	},
	[KITH_AT_UNLINK_DONE] = {
		.event = "change", .symbol = "do_unlinkat",
		.instead = "filename_unlinkat",
		.kind = KITH_HOOK_KRETPROBE, .class = KITH_CLASS_CHANGE,
		.called = kith_naming_in_unlink, .returned = kith_change_returned,
		.loses = "whether it succeeded",
	},
	[KITH_AT_RMDIR] = {
		.event = "change", .symbol = "security_path_rmdir",
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_naming_rmdir,
		.loses = "removed directories",
	},
	[KITH_AT_RMDIR_DONE] = {
		.event = "change", .symbol = "do_rmdir",
		.instead = "filename_rmdir",
		.kind = KITH_HOOK_KRETPROBE, .class = KITH_CLASS_CHANGE,
		.called = kith_naming_in_rmdir, .returned = kith_change_returned,
		.loses = "whether it succeeded",
	},
	[KITH_AT_MKDIR] = {
		.event = "change", .symbol = "security_path_mkdir",
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_naming_mkdir,
		.loses = "new directories",
	},
	[KITH_AT_MKDIR_DONE] = {
		.event = "change", .symbol = "do_mkdirat",
		.instead = "filename_mkdirat",
		.kind = KITH_HOOK_KRETPROBE, .class = KITH_CLASS_CHANGE,
		.called = kith_naming_in_mkdir, .returned = kith_change_returned,
		.loses = "whether it succeeded",
	},
	[KITH_AT_LINK] = {
		.event = "change", .symbol = "security_path_link",
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_naming_linking,
		.loses = "new names",
	},
	[KITH_AT_LINK_DONE] = {
		.event = "change", .symbol = "do_linkat",
		.instead = "filename_linkat",
		.kind = KITH_HOOK_KRETPROBE, .class = KITH_CLASS_CHANGE,
		.called = kith_naming_in_link, .returned = kith_change_returned,
		.loses = "whether it succeeded",
	},
	[KITH_AT_SYMLINK] = {
		.event = "change", .symbol = "security_path_symlink",
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_naming_symlinking,
		.loses = "symbolic links",
	},
	[KITH_AT_SYMLINK_DONE] = {
		.event = "change", .symbol = "do_symlinkat",
		.instead = "filename_symlinkat",
		.kind = KITH_HOOK_KRETPROBE, .class = KITH_CLASS_CHANGE,
		.called = kith_naming_in_symlink, .returned = kith_change_returned,
		.loses = "whether it succeeded",
	},
	[KITH_AT_MKNOD] = {
		.event = "change", .symbol = "security_path_mknod",
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_naming_mknod,
		.loses = "new devices and FIFOs",
	},
	[KITH_AT_MKNOD_DONE] = {
		.event = "change", .symbol = "do_mknodat",
		.instead = "filename_mknodat",
		.kind = KITH_HOOK_KRETPROBE, .class = KITH_CLASS_CHANGE,
		.called = kith_naming_in_mknod, .returned = kith_change_returned,
		.loses = "whether it succeeded",
	},
	[KITH_AT_CHMOD] = {
		.event = "change", .symbol = "chmod_common",
		.kind = KITH_HOOK_KRETPROBE, .class = KITH_CLASS_CHANGE,
		.called = kith_change_chmod, .returned = kith_change_returned,
		.loses = "changes of modes",
	},
	[KITH_AT_CHOWN] = {
		.event = "change", .symbol = "chown_common",
		.kind = KITH_HOOK_KRETPROBE, .class = KITH_CLASS_CHANGE,
		.called = kith_change_chown, .returned = kith_change_returned,
		.loses = "changes of owners",
	},
	[KITH_AT_TRUNCATE] = {
		.event = "change", .symbol = "vfs_truncate",
		.kind = KITH_HOOK_KRETPROBE, .class = KITH_CLASS_CHANGE,
		.called = kith_change_truncate, .returned = kith_change_returned,
		.loses = "changes of size, by name",
	},
	[KITH_AT_FTRUNCATE] = {
		.event = "change", .symbol = "do_ftruncate",
		.instead = "do_sys_ftruncate",
		.kind = KITH_HOOK_KRETPROBE, .class = KITH_CLASS_CHANGE,
		.called = kith_change_ftruncate, .returned = kith_change_returned,
		.loses = "changes of size, of open files",
	},
	[KITH_AT_UTIMES] = {
		.event = "change", .symbol = "vfs_utimes",
		.kind = KITH_HOOK_KRETPROBE, .class = KITH_CLASS_CHANGE,
		.called = kith_change_utimes, .returned = kith_change_returned,
		.loses = "changes of times",
	},
	[KITH_AT_SETXATTR] = {
		.event = "change", .symbol = "vfs_setxattr",
		.kind = KITH_HOOK_KRETPROBE, .class = KITH_CLASS_CHANGE,
		.called = kith_change_setxattr, .returned = kith_change_returned,
		.loses = "attributes that are set",
	},
	[KITH_AT_REMOVEXATTR] = {
		.event = "change", .symbol = "vfs_removexattr",
		.kind = KITH_HOOK_KRETPROBE, .class = KITH_CLASS_CHANGE,
		.called = kith_change_removexattr, .returned = kith_change_returned,
		.loses = "attributes that are removed",
	},
	[KITH_AT_TASK_KILL] = {
		.event = "control", .symbol = "security_task_kill",
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_act_killing,
		.loses = "signals to other processes",
	},
	[KITH_AT_VM_RW] = {
		.event = "control", .symbol = "process_vm_rw",
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_act_vm,
		.loses = "who reads and writes the memory of others",
	},
	[KITH_AT_PROC_MEM] = {
		.event = "control", .symbol = "mem_rw",
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_act_proc_mem,
		.loses = "who reads and writes /proc/PID/mem",
	},
	[KITH_AT_BPF] = {
		.event = "control", .symbol = "security_bpf",
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_act_bpf,
		.loses = "BPF programs that are loaded",
	},
	[KITH_AT_MOUNT] = {
		.event = "control", .symbol = "security_sb_mount",
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_act_mounting,
		.loses = "mounts",
	},
	[KITH_AT_MOVE_MOUNT] = {
		.event = "control", .symbol = "security_move_mount",
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_act_moving_mount,
		.loses = "mounts by move_mount",
	},
	[KITH_AT_UMOUNT] = {
		.event = "control", .symbol = "security_sb_umount",
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_act_unmounting,
		.loses = "what is unmounted",
	},
	[KITH_AT_PIVOT_ROOT] = {
		.event = "control", .symbol = "security_sb_pivotroot",
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_act_pivoting,
		.loses = "pivot_root",
	},
	[KITH_AT_CHROOT] = {
		.event = "control", .symbol = "security_path_chroot",
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_act_chroot,
		.loses = "chroot",
	},
	[KITH_AT_SETNS] = {
		.event = "control", .symbol = KITH_SETNS,
		.others = (const char *const[]){ KITH_SETNS_IA32, NULL },
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_act_setns,
		.loses = "who enters namespaces",
	},
	[KITH_AT_UNSHARE] = {
		.event = "control", .symbol = "ksys_unshare",
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_act_unshare,
		.loses = "who leaves namespaces",
	},
	[KITH_AT_LOAD_DATA] = {
		.event = "control", .symbol = "security_kernel_load_data",
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_act_loading_data,
		.loses = "kexec from memory",
	},
	[KITH_AT_READ_FILE] = {
		.event = "control", .symbol = "security_kernel_read_file",
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_act_reading_file,
		.loses = "kexec of files",
	},
	[KITH_AT_KEYCTL] = {
		.event = "control", .symbol = KITH_KEYCTL,
		.others = (const char *const[]){ KITH_KEYCTL_IA32, NULL },
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_act_keyctl,
		.loses = "acts on keys",
	},
	[KITH_AT_SYSCTL] = {
		.event = "control", .symbol = "proc_sys_call_handler",
		.kind = KITH_HOOK_FTRACE, .rare = true, .entry = kith_act_sysctl,
		.loses = "switches of the kernel that are set",
	},
	[KITH_AT_MODULE_LOAD] = {
		.event = "control", .symbol = "module_load",
		.kind = KITH_HOOK_TRACEPOINT, .callback = kith_act_module_loaded,
		.loses = "modules that are loaded",
	},
	[KITH_AT_MODULE_FREE] = {
		.event = "control", .symbol = "module_free",
		.kind = KITH_HOOK_TRACEPOINT, .callback = kith_act_module_freed,
		.loses = "modules that are unloaded",
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
	return &kith_hooks[i];
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
	const struct kith_hook *hook = &kith_hooks[i];

	if (hook->kind != KITH_HOOK_KRETPROBE || hook->error)
		return 0;
	return hook->kretprobe.nmissed + hook->kretprobe.kp.nmissed;
}
