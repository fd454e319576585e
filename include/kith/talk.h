/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* Records of who talks to whom. Part of uapi.h, which says what they are. */
#ifndef _KITH_TALK_H
#define _KITH_TALK_H

#include <linux/types.h>

enum kith_protocol {
	KITH_PROTOCOL_TCP = 1,
	KITH_PROTOCOL_UDP,
	KITH_PROTOCOL_UNIX_STREAM,
	KITH_PROTOCOL_UNIX_DGRAM,
	KITH_PROTOCOL_UNIX_SEQPACKET,
};

/* The ends of a conversation: who began it, and whom he asked. */
enum kith_side {
	KITH_CLIENT,
	KITH_SERVER,
	KITH_SIDES,
};

/*
 * One end, as its own socket sees it: `addr` and `port` are its own, `peer_*`
 * what it takes for the other's, which differs from that one's own if addresses
 * are translated on the way. IPv4 addresses stand as ::ffff:a.b.c.d. An end
 * that is not of this host, or was not seen, is all 0.
 */
struct kith_end {
	__u64 process;	/* who uses it: moved most of the bytes, or the last to try */
	__u64 opener;	/* who connected or accepted; 0: nobody has, or it was not seen */
	__u64 sent;	/* bytes that have left, confirmed or not */
	__u64 received; /* bytes that have come, read or not */
	__u8  addr[16];
	__u8  peer_addr[16];
	__u16 port;
	__u16 peer_port;
	__u32 netns; /* inode number */
};

/*
 * CONNECTION: sent when the conversation is over (all that there was of it in
 * one record), and of one that goes on: within ten seconds of its begin, then
 * every minute in which it moved bytes. Records of one conversation have the
 * same `id`, which no other of this load has; the later one replaces the
 * earlier. `process` of the record has no meaning.
 *
 * TCP: the two initial sequence numbers are those of the wire: who sees both
 * ends, on whatever hosts, knows them for one conversation by these. 0 and 0:
 * not known.
 *
 * UDP and Unix datagrams: the conversation of a socket with one other address
 * or socket, from the first datagram to the close of both sockets, or until
 * there was none for two minutes. The client is who sent first. DATAGRAMS
 * follows, as it does with the packets of a SOCK_SEQPACKET.
 *
 * Unix: addresses and ports are 0; `port` and `peer_port` too. SOCKET_NAME
 * follows if the server's socket is bound: a path from the root of its mount
 * namespace, or, of an abstract name, a NUL and the name. A pair made by
 * socketpair(2) is a conversation from the first use on; its client is who
 * sent first. What has been sent counts as received.
 */
struct kith_connection {
	__u64 id;      /* not 0; they count up, nearly in order */
	__u64 started; /* 0: before the module came */
	__u64 ended;   /* 0: it goes on */
	__u32 client_isn;
	__u32 server_isn;
	__u8  protocol; /* enum kith_protocol */
	__u8  flags;	/* KITH_CONNECTION_* */
	__u16 error;	/* errno that ended it, or kept it from beginning; or 0 */
	__u32 reserved;
	struct kith_end ends[KITH_SIDES];
};

#define KITH_CONNECTION_CLIENT	    (1u << 0) /* ends[KITH_CLIENT] is known */
#define KITH_CONNECTION_SERVER	    (1u << 1) /* ends[KITH_SERVER] is known */
#define KITH_CONNECTION_ESTABLISHED (1u << 2) /* it came about; else: tried in vain, or not yet */
#define KITH_CONNECTION_BY_TUPLE    (1u << 3) /* the ends were joined by their addresses */
#define KITH_CONNECTION_FOUND	    (1u << 4) /* its begin was not seen */

/* DATAGRAMS: how many, by the end that counts them; 0 of one that is not known. */
struct kith_datagrams {
	__u64 sent[KITH_SIDES];
	__u64 received[KITH_SIDES];
};

/*
 * LISTENER: one whose `ended` is 0 listens. Of UDP and Unix datagrams: it is
 * bound, and takes datagrams from anybody. SOCKET_NAME follows where it is bound
 * to one (Unix).
 */
struct kith_listener {
	__u64 id; /* of the same numbers as those of conversations */
	__u64 process;
	__u64 started; /* 0: before the module came */
	__u64 ended;
	__u8  addr[16];
	__u16 port;
	__u8  protocol;
	__u8  reserved;
	__u32 netns;
};

/*
 * USE: after the CONNECTION or PIPE with the same id. Besides the process told there, this
 * used the end on `side`: so much moved while it was the last to. At most KITH_USES_MAX
 * of an end are kept; the least busy of more are one together, with `user` 0.
 */
struct kith_use {
	__u64 id;
	__u64 user;
	__u64 sent;
	__u64 received;
	__u64 first;
	__u64 last;
	__u32 side; /* enum kith_side; of a pipe 0 */
	__u32 reserved;
};

#define KITH_USES_MAX 16

/*
 * PIPE: of pipes and FIFOs that something was written into or read from; when, and
 * how often, as CONNECTION. With one writer and one reader these stand here; with
 * more of either, both are 0 and each user follows as a USE, `sent` being what it
 * has written and `received` what it has read. PATH follows (FIFO).
 *
 * `written` is exact but for what went in by splice(2) and its like, or by calls of
 * io_uring that did not do all they were asked to; `read` is what was
 * written and is not in the pipe any more.
 */
struct kith_pipe {
	__u64 id;      /* of the same numbers as those of conversations */
	__u64 started; /* the first use; 0: it may be older than the module */
	__u64 ended;   /* the last reference is gone; 0: it goes on */
	__u64 writer;
	__u64 reader;
	__u64 written;
	__u64 read;
	__u64 inode;
	__u32 device; /* as st_dev of stat(2), major << 20 | minor */
	__u32 flags;  /* KITH_PIPE_* */
};

#define KITH_PIPE_FIFO	  (1u << 0) /* it has a name */
#define KITH_PIPE_INEXACT (1u << 1) /* spliced, or counted by what calls asked for */

/*
 * SOCKET: `process` of the record made `count` sockets that were alike, from `first`
 * to `last`. The numbers are those of socket(2).
 */
struct kith_socket_made {
	__u64 first;
	__u64 last;
	__u32 count;
	__u32 family;
	__u32 type;
	__u32 protocol;
};

enum kith_control_op {
	KITH_CONTROL_FD_PASS = 1, /* target received a file from process */
	KITH_CONTROL_FD_TAKE,	  /* process took a file of target, by pidfd_getfd(2) */
	KITH_CONTROL_PTRACE,	  /* process may look into target: value is a PTRACE_MODE_* */
	KITH_CONTROL_SIGNAL,	  /* value: its number */
	KITH_CONTROL_VM_READ,	  /* process_vm_readv(2), /proc/PID/mem; value: bytes asked for */
	KITH_CONTROL_VM_WRITE,
	KITH_CONTROL_MODULE_LOAD, /* DETAIL: its name */
	KITH_CONTROL_MODULE_UNLOAD,
	KITH_CONTROL_BPF_LOAD,	  /* value: type of the program; DETAIL: its name */
	KITH_CONTROL_MOUNT,	  /* PATH: where; DETAIL: what, type; value: MS_* */
	KITH_CONTROL_UMOUNT,	  /* PATH; value: MNT_*, UMOUNT_* */
	KITH_CONTROL_PIVOT_ROOT,  /* PATH: the new root; NEW_PATH: where the old one is then */
	KITH_CONTROL_CHROOT,	  /* PATH */
	KITH_CONTROL_SETNS,	  /* value: CLONE_NEW*; 0: whatever the file is of */
	KITH_CONTROL_UNSHARE,	  /* value: CLONE_NEW* and others */
	KITH_CONTROL_KEXEC,	  /* value: 1 a kernel is loaded to be run at a crash, else 0 */
	KITH_CONTROL_KEYCTL,	  /* value: the operation; no reads */
	KITH_CONTROL_SYSCTL,	  /* a switch of the kernel was written to: PATH; of its
				   * tracing: was opened for that
				   */
};

/*
 * CONTROL: `process` of the record acted on `target`, or on the kernel. FD_*: PATH of the
 * file follows. Acts that were alike but for their value are counted, as in CHANGE; of
 * VM_* `value` is then their sum. Fields from `first` on are there if the body is so long.
 */
struct kith_control {
	__u64 target; /* 0: not known, or none */
	__u64 object; /* id of the conversation or pipe that was passed, or 0 */
	__u32 op;     /* enum kith_control_op */
	__u32 reserved;
	__u64 first;
	__u64 last;
	__u64 value;
	__u32 count;
	__u32 flags;  /* KITH_CONTROL_* */
};

#define KITH_CONTROL_TRIED (1u << 0) /* whether it succeeded is not known */

#endif /* _KITH_TALK_H */
