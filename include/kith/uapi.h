/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The wire between the Kith module and its collector
 * ==================================================
 *
 * The module is a generic netlink family, "kith", version KITH_ABI_VERSION.
 * It lives in the initial network namespace only, has no multicast group, and
 * takes commands from nobody without CAP_NET_ADMIN in the initial user
 * namespace (-EPERM). At most one socket is subscribed at a time: the
 * collector. All numbers are in host byte order; all times are nanoseconds of
 * CLOCK_BOOTTIME unless a name says otherwise.
 *
 * Commands
 * --------
 *
 * GET_INFO         do    -> one message: ABI, VERSION, LOAD_ID, LOADED_NS,
 *                           BOOT_NS, REAL_NS, RINGS, RING_HIGH_BYTES,
 *                           RING_LOW_BYTES, SUBSCRIBER (its port, 0 if none),
 *                           TASKS, TASKS_MAX, UNTRACKED, HEALTH, SOCKETS,
 *                           SOCKETS_MAX, FILES, FILES_MAX.
 * SUBSCRIBE        do       LOAD_ID + POSITIONS (both or neither): what the
 *                           caller has already stored for good. Records up to
 *                           those positions are forgotten, all later ones
 *                           that the rings still hold are sent (again).
 *                           Positions of another load are ignored. Answers
 *                           like GET_INFO.
 *                           -EBUSY: another live socket is subscribed.
 *                           -ESHUTDOWN: the module is being unloaded.
 * UNSUBSCRIBE      do       Subscriber only, else -EPERM. Closing the socket
 *                           does the same. From then on the rings keep the
 *                           newest records and count what they overwrite.
 * ACK              do       POSITIONS. Subscriber only, else -EPERM. The
 *                           rings forget the records up to those positions.
 *                           Sent without NLM_F_ACK it is not answered.
 * FLUSH            do    -> POSITIONS: the last record that each ring held or
 *                           had sent when the command came; COUNTERS of that
 *                           moment. Before that, conversations that go on
 *                           and what is done to files are reported as they
 *                           stand now. Also wakes the
 *                           sender, so that waiting records and loss reports
 *                           go out. -ENOTCONN: nobody is subscribed.
 * GET_POLICY       do    -> POLICY_* attributes, all of them.
 * SET_POLICY       do       POLICY_* attributes, those to change. -ERANGE if
 *                           one is out of its bounds; then none is changed.
 *                           POLICY_FILE_*: see file.h.
 * GET_STATS        do    -> COUNTERS: struct kith_counters, one per class.
 * GET_HOOKS        dump  -> one message per hook: HOOK_* attributes.
 * GET_PROCESSES    dump  -> messages with RECORDS: one KITH_RECORD_PROCESS
 *                           per live process (kernel threads too), taken from
 *                           the kernel, not from /proc.
 * GET_SOCKETS      dump  -> messages with RECORDS: one KITH_RECORD_CONNECTION
 *                           per conversation that goes on, with its
 *                           KITH_RECORD_USE, one KITH_RECORD_LISTENER per
 *                           socket that listens, and one KITH_RECORD_PIPE per
 *                           pipe that something moved through.
 * EVENTS           (from the module only) BATCH: a struct kith_batch, then
 *                           records end to end.
 *
 * Records
 * -------
 *
 * A record is a struct kith_record (32 bytes), a body that depends on its
 * type, and items. Sizes are multiples of 8. `items` is where the first item
 * is, so that a body may grow at its end without a new version: read no field
 * beyond it, and skip types that you do not know by their size.
 *
 * FORK             a process was made, by `process`
 * EXEC             an execve() succeeded: what runs now, as whom and where
 * EXEC_FAILED      one did not: of what, and why
 * EXIT             the last thread of a process has gone
 * CREDENTIAL       a thread's credentials changed, and what changed them
 * CGROUP           the path of a cgroup id
 * CGROUP_ATTACH    a process was moved to another cgroup
 * SENSOR           an act on the sensor itself
 * LOSS             how many records of a class are lost so far
 * PROCESS          a live process, in answer to GET_PROCESSES alone
 * CONNECTION       a conversation, with what is known of both ends
 * LISTENER         a socket listens, or does not any more
 * USE              a further process that uses an end of a conversation, or a
 *                  pipe
 * PIPE             a pipe or FIFO: who wrote into it, who read from it
 * SOCKET           a process made sockets of another family than those of which
 *                  conversations are told
 * CONTROL          an act on another process, or on the kernel
 * ACCESS           what a process did with a file, folded
 * READS            what it read of files that are not worth an ACCESS each
 * CHANGE           a name, mode, owner, size, attribute or time that was changed
 *
 * An item is a struct kith_item and `size` bytes of data, padded to a multiple
 * of 4. Items follow one another to the end of the record; a kind of 0 ends
 * them early (padding). Strings carry no final NUL, and hold any byte but NUL;
 * ARGV and ENV hold the strings as they are in the process's memory, each
 * ended by a NUL. Everything in them was chosen by the process that is
 * watched: trust none of it.
 *
 * Processes are named by a key that no other process of the same boot has:
 * bits 0-21 are the pid (thread group id) in the initial pid namespace, bits
 * 22-62 the start time of its first thread in units of 2^KITH_KEY_SHIFT ns
 * (16.4 us) modulo 2^41 (one lap is 1.14 years of uptime; two processes share
 * a key only if the same pid starts in the same 16.4 us of two laps). exec
 * keeps the key. The key survives a reload of the module. 0 is "nobody".
 *
 * Order
 * -----
 *
 * Each CPU has two rings: HIGH (processes, credentials, cgroups, the sensor's
 * own acts) and LOW (what may come in floods: failed executions,
 * conversations, files, acts on others). Ring r belongs to CPU r >> 1 and is LOW if r & 1. A ring
 * numbers its records from 1, modulo 2^32, without gaps but for those it had to
 * drop. The module merges the rings by time: the stream is ordered by `ts`,
 * except that an interrupt's record may stand up to the length of the interrupt
 * before or after the record it interrupted. LOSS records are made while a
 * message is packed and belong to no ring (KITH_NO_RING, seq 0).
 *
 * A BATCH is numbered from 1 in each subscription; a gap in `number` is an
 * error of the transport. `boot_ns` and `real_ns` were read together when it
 * was packed: real_ns - boot_ns turns the times in it into wall clock.
 *
 * Delivery and loss
 * -----------------
 *
 * Records stay in the rings until they are acknowledged. A subscriber that
 * dies leaves nothing behind but what it stored; the next one says how far
 * that was and gets the rest, each record once. When the subscriber's socket
 * is full the module waits; it never throws a record away to send another.
 *
 * A full ring drops the new record. Half of a HIGH ring is not for what any
 * user can make at will (changes of credentials that gain nothing, control
 * groups), and the last eighth only for the sensor's acts, for what root
 * executes, and for changes of credentials that are unexplained or that gain
 * something in the initial user namespace. Without a subscriber, rings overwrite
 * their oldest records instead. Either way the drop takes a sequence number
 * and is counted by class and cause, so that for each class
 *
 *      emitted = received + lost        (received: delivered and acknowledged)
 *
 * holds exactly once the stream has been drained. Losses are reported in the
 * stream by LOSS records, whose `total` counts since the module was loaded:
 * they are repeated after each SUBSCRIBE and can be counted twice by nobody
 * who remembers the total.
 *
 * What one subscriber has acknowledged is received, and not sent to another. He
 * finds how much that was by counting: emitted - lost - what he has himself.
 *
 * Versions
 * --------
 *
 * KITH_ABI_VERSION changes when an existing field, number or meaning changes;
 * tests/unit/layout.c fails when it should have and did not. New commands,
 * attributes, record types, items, causes and fields at the end of a body do
 * not change it.
 */
#ifndef _KITH_UAPI_H
#define _KITH_UAPI_H

#include "file.h"
#include "talk.h"

#include <linux/types.h>

#define KITH_FAMILY      "kith"
#define KITH_ABI_VERSION 1

enum kith_command {
	KITH_CMD_UNSPEC,
	KITH_CMD_GET_INFO,
	KITH_CMD_SUBSCRIBE,
	KITH_CMD_UNSUBSCRIBE,
	KITH_CMD_ACK,
	KITH_CMD_FLUSH,
	KITH_CMD_GET_POLICY,
	KITH_CMD_SET_POLICY,
	KITH_CMD_GET_STATS,
	KITH_CMD_GET_HOOKS,
	KITH_CMD_GET_PROCESSES,
	KITH_CMD_EVENTS,
	KITH_CMD_GET_SOCKETS,
};

enum kith_attribute {
	KITH_A_UNSPEC,
	KITH_A_PAD,
	KITH_A_ABI,	        /* u32: KITH_ABI_VERSION of the module */
	KITH_A_VERSION,	        /* string: release of the module */
	KITH_A_LOAD_ID,	        /* u64: random, new at each load; never 0 */
	KITH_A_LOADED_NS,       /* u64: when it was loaded */
	KITH_A_BOOT_NS,	        /* u64: now */
	KITH_A_REAL_NS,	        /* u64: the same instant, ns since the epoch */
	KITH_A_RINGS,	        /* u32: how many rings, 2 per possible CPU */
	KITH_A_RING_HIGH_BYTES, /* u32: size of each HIGH ring */
	KITH_A_RING_LOW_BYTES,  /* u32: size of each LOW ring */
	KITH_A_SUBSCRIBER,      /* u32: netlink port of the subscriber, or 0 */
	KITH_A_TASKS,	        /* u32: threads whose credentials are watched */
	KITH_A_TASKS_MAX,       /* u32: bound of the above */
	KITH_A_UNTRACKED,       /* u64: threads not watched for want of room */
	KITH_A_HEALTH,	        /* u32: KITH_HEALTH_* bits */
	KITH_A_POSITIONS,       /* struct kith_position[] */
	KITH_A_COUNTERS,        /* struct kith_counters[] */
	KITH_A_BATCH,	        /* struct kith_batch, then records */
	KITH_A_RECORDS,	        /* records */
	KITH_A_POLICY_ARGV_MAX, /* u32: bytes of argv kept */
	KITH_A_POLICY_BATCH_MS, /* u32: how long a record may wait */
	KITH_A_POLICY_SWEEP_MS, /* u32: pause between sweeps */
	KITH_A_POLICY_CLASSES,  /* u32: bit per class to record; HIGH ones stay */
	KITH_A_HOOK_EVENT,      /* string: what it is for */
	KITH_A_HOOK_SYMBOL,     /* string: where it is */
	KITH_A_HOOK_KIND,       /* u32: enum kith_hook_kind */
	KITH_A_HOOK_REQUIRED,   /* flag: without it the module does not load */
	KITH_A_HOOK_ERROR,      /* s32: 0 attached, else -errno of the attempt */
	KITH_A_HOOK_LOSES,      /* string: what is not known without it */
	KITH_A_HOOK_HITS,       /* u64: times it ran */
	KITH_A_HOOK_MISSED,     /* u64: times that the kernel could not run it */
	KITH_A_SOCKETS,	        /* u32: sockets that are watched */
	KITH_A_SOCKETS_MAX,     /* u32: bound of the above */
	KITH_A_FILES,	        /* u32: pairs of process and file that are watched */
	KITH_A_FILES_MAX,       /* u32: bound of the above */
	KITH_A_POLICY_FILE_READS,  /* u32: files a process reads that are an ACCESS each */
	KITH_A_POLICY_FILE_PLAIN,  /* string: see file.h */
	KITH_A_POLICY_FILE_SECRET, /* string: see file.h */
	__KITH_A_MAX,
};

#define KITH_A_MAX (__KITH_A_MAX - 1)

enum kith_hook_kind {
	KITH_HOOK_TRACEPOINT = 1,
	KITH_HOOK_FTRACE,    /* function entry */
	KITH_HOOK_KPROBE,    /* function entry */
	KITH_HOOK_KRETPROBE, /* function return */
};

/* KITH_A_HEALTH: set while the means works, as a call of our own has proved. */
#define KITH_HEALTH_FTRACE  (1u << 0)
#define KITH_HEALTH_KPROBES (1u << 1)

/* What is counted and, when it must be, dropped together. */
enum kith_class {
	KITH_CLASS_PROCESS,	/* FORK, EXIT */
	KITH_CLASS_EXECUTION,	/* EXEC */
	KITH_CLASS_CREDENTIAL,	/* CREDENTIAL */
	KITH_CLASS_CGROUP,	/* CGROUP, CGROUP_ATTACH */
	KITH_CLASS_SENSOR,	/* SENSOR */
	KITH_CLASS_FAILED_EXEC, /* EXEC_FAILED */
	KITH_CLASS_CONNECTION,	/* CONNECTION, LISTENER, USE, PIPE, SOCKET */
	KITH_CLASS_CONTROL,	/* CONTROL */
	KITH_CLASS_FILE,	/* ACCESS, READS */
	KITH_CLASS_CHANGE,	/* CHANGE */
	KITH_CLASSES,
};

enum kith_loss_cause {
	KITH_LOSS_FULL,	       /* the ring had no room */
	KITH_LOSS_OVERWRITTEN, /* nobody was subscribed and newer ones came */
	KITH_LOSS_MISSED,      /* the kernel could not run the hook */
	KITH_LOSS_UNTRACKED,   /* of what there was no room to watch: socket, pipe, file */
	KITH_LOSS_CAUSES,
};

/* The policy: bounds, beyond which SET_POLICY is -ERANGE, and what it begins with. */
#define KITH_POLICY_ARGV_MAX_LEAST   64
#define KITH_POLICY_ARGV_MAX_MOST    24576
#define KITH_POLICY_ARGV_MAX_DEFAULT 4096
#define KITH_POLICY_BATCH_MS_LEAST   1
#define KITH_POLICY_BATCH_MS_MOST    1000
#define KITH_POLICY_BATCH_MS_DEFAULT 100
#define KITH_POLICY_SWEEP_MS_LEAST   100
#define KITH_POLICY_SWEEP_MS_MOST    3600000
#define KITH_POLICY_SWEEP_MS_DEFAULT 5000
#define KITH_POLICY_CLASSES_DEFAULT  ((1u << KITH_CLASSES) - 1)
#define KITH_POLICY_CLASSES_OPTIONAL                                                    \
	((1u << KITH_CLASS_FAILED_EXEC | 1u << KITH_CLASS_CONNECTION) |                 \
	 (1u << KITH_CLASS_CONTROL | 1u << KITH_CLASS_FILE | 1u << KITH_CLASS_CHANGE))

struct kith_counters {
	__u32 class_; /* enum kith_class */
	__u32 reserved;
	__u64 emitted;
	__u64 lost[4]; /* by enum kith_loss_cause */
};

/* Ring `ring`, up to and including number seq. */
struct kith_position {
	__u16 ring;
	__u16 reserved;
	__u32 seq;
};

struct kith_batch {
	__u64 number;
	__u64 boot_ns;
	__u64 real_ns;
	__u32 records; /* how many follow */
	__u32 bytes;   /* how long they are together */
};

enum kith_record_type {
	KITH_RECORD_FORK = 1,
	KITH_RECORD_EXEC,
	KITH_RECORD_EXEC_FAILED,
	KITH_RECORD_EXIT,
	KITH_RECORD_CREDENTIAL,
	KITH_RECORD_CGROUP,
	KITH_RECORD_CGROUP_ATTACH,
	KITH_RECORD_SENSOR,
	KITH_RECORD_LOSS,
	KITH_RECORD_PROCESS,
	KITH_RECORD_CONNECTION,
	KITH_RECORD_LISTENER,
	KITH_RECORD_USE,
	KITH_RECORD_PIPE,
	KITH_RECORD_SOCKET,
	KITH_RECORD_CONTROL,
	KITH_RECORD_ACCESS,
	KITH_RECORD_READS,
	KITH_RECORD_CHANGE,
	KITH_RECORD_TYPES,
};

#define KITH_NO_RING	     0xffff
#define KITH_RECORD_MAX_SIZE 57344 /* one batch of one record fits an attribute */

struct kith_record {
	__u16 size;  /* of the whole record */
	__u8  type;  /* enum kith_record_type */
	__u8  items; /* offset of the first item, in units of 8 bytes */
	__u16 ring;
	__u16 reserved;
	__u32 seq;
	__u32 tid;     /* thread that acted, initial pid namespace; 0 if none */
	__u64 ts;
	__u64 process; /* key of the process that acted; 0 if none */
};

#define KITH_KEY_PID_BITS 22
#define KITH_KEY_SHIFT	  14

enum kith_item_kind {
	KITH_ITEM_END,
	KITH_ITEM_EXE,	       /* path of the image, from its dentry */
	KITH_ITEM_ARGV,	       /* arguments, NUL after each */
	KITH_ITEM_ENV,	       /* selected NAME=value, NUL after each */
	KITH_ITEM_CWD,	       /* working directory */
	KITH_ITEM_SCRIPT,      /* script that the image interprets; outermost first */
	KITH_ITEM_COMM,	       /* name of the thread */
	KITH_ITEM_CGROUP,      /* path in the unified hierarchy */
	KITH_ITEM_DETAIL,      /* free text of ours */
	KITH_ITEM_NAMESPACES,  /* struct kith_namespaces */
	KITH_ITEM_FILENAME,    /* as the process wrote it: not resolved */
	KITH_ITEM_GROUPS_FROM, /* u32[]: supplementary groups */
	KITH_ITEM_GROUPS_TO,   /* u32[] */
	KITH_ITEM_PATH,	       /* of a file, as the kernel has it */
	KITH_ITEM_SOCKET_NAME, /* of a Unix socket: see below */
	KITH_ITEM_DATAGRAMS,   /* struct kith_datagrams */
	KITH_ITEM_NEW_PATH,    /* of a file, its other name */
	KITH_ITEM_XATTR,       /* name of an extended attribute */
	KITH_ITEM_FILE,	       /* struct kith_file: what is executed */
};

struct kith_item {
	__u16 kind;
	__u16 size; /* of the data alone, without padding */
};

/* Inode numbers of the namespaces, as /proc/PID/ns shows them; 0: not known. */
struct kith_namespaces {
	__u32 mnt;
	__u32 pid;
	__u32 net;
	__u32 user;
	__u32 cgroup;
	__u32 ipc;
	__u32 uts;
	__u32 reserved;
};

/*
 * FORK: `process` of the record is the creator, who called clone.
 * NAMESPACES follows if they differ from the creator's.
 */
struct kith_fork {
	__u64 child;
	__u64 parent; /* differs from the creator under CLONE_PARENT */
	__u64 start;  /* start time of the child, exact */
	__u64 cgroup; /* id, see CGROUP */
	__u64 flags;  /* CLONE_*, valid if KITH_FORK_FLAGS */
	__u32 pid;
	__u32 ns_pid; /* pid in its own pid namespace */
	__u32 uid;
	__u32 euid;
	__u32 gid;
	__u32 known; /* KITH_FORK_* */
};

#define KITH_FORK_FLAGS	  (1u << 0) /* `flags` is known */
#define KITH_FORK_KTHREAD (1u << 1) /* a kernel thread */

/*
 * What a process runs. EXEC: EXE, ARGV, ENV (if any is selected), CWD, SCRIPT
 * (if any), NAMESPACES, FILE. PROCESS: the same and COMM, CGROUP.
 * A bit of `known` that is not set says that the field or item could not be
 * read; a bit of `flags` says what is special.
 */
struct kith_image {
	__u64 parent; /* real parent at this time */
	__u64 cgroup;
	__u64 inode;
	__u64 cap_permitted;
	__u64 cap_effective;
	__u32 device; /* as st_dev of stat(2), major << 20 | minor */
	__u32 mode;   /* st_mode of the file */
	__u32 owner;  /* st_uid of the file */
	__u32 uid;
	__u32 euid;
	__u32 gid;
	__u32 egid;
	__u32 loginuid; /* ~0: not set */
	__u32 session;	/* of the audit subsystem; ~0: not set */
	__u32 tty;	/* major << 20 | minor; 0: none */
	__u32 sid;	/* session leader's pid; 0: not known */
	__u32 ns_pid;
	__u32 argv_size; /* bytes of all arguments, kept or not */
	__u32 env_size;	 /* bytes of the whole environment */
	__u32 flags;	 /* KITH_IMAGE_* */
	__u32 known;	 /* KITH_KNOWN_* */
};

#define KITH_IMAGE_SCRIPT	  (1u << 0) /* started through an interpreter */
#define KITH_IMAGE_MEMFD	  (1u << 1) /* memfd_create(2) */
#define KITH_IMAGE_DELETED	  (1u << 2) /* no name left on disk */
#define KITH_IMAGE_SETUID	  (1u << 3) /* ran with the file's owner */
#define KITH_IMAGE_SETGID	  (1u << 4) /* ran with the file's group */
#define KITH_IMAGE_FILECAPS	  (1u << 5) /* gained capabilities of the file */
#define KITH_IMAGE_32BIT	  (1u << 6) /* ELF class 32 */
#define KITH_IMAGE_THREAD	  (1u << 7) /* called by another thread than the first */
#define KITH_IMAGE_ARGV_TRUNCATED (1u << 8) /* longer than the policy keeps */
#define KITH_IMAGE_ENV_TRUNCATED  (1u << 9) /* not all of it was searched or kept */
#define KITH_IMAGE_KTHREAD	  (1u << 10) /* a kernel thread: no image */
#define KITH_IMAGE_CHROOT	  (1u << 11) /* root directory is not that of its mount namespace */
#define KITH_IMAGE_TMPFS	  (1u << 12) /* the file lives in memory */

#define KITH_KNOWN_EXE	  (1u << 0)
#define KITH_KNOWN_ARGV	  (1u << 1)
#define KITH_KNOWN_ENV	  (1u << 2)
#define KITH_KNOWN_CWD	  (1u << 3)
#define KITH_KNOWN_SCRIPT (1u << 4) /* scripts, if any, are all there */
#define KITH_KNOWN_NS	  (1u << 5)
#define KITH_KNOWN_ROOT	  (1u << 6) /* paths start at the mount namespace's root */

struct kith_exec {
	struct kith_image image;
};

/* PROCESS: `process` of the record is the process itself, ts the time of reading. */
struct kith_process {
	struct kith_image image;
	__u64 start; /* exact */
	__u32 pid;
	__u32 reserved;
};

/*
 * EXEC_FAILED: FILENAME and ARGV as they were in user memory after the call,
 * so not what the kernel resolved.
 */
struct kith_exec_failed {
	__s32 error; /* positive errno */
	__u32 known; /* KITH_KNOWN_EXE (FILENAME is whole), KITH_KNOWN_ARGV */
	__u32 uid;
	__u32 euid;
	__u64 parent;
};

/*
 * EXIT: COMM. Sent when the last thread goes; if two threads go at once it may
 * be sent twice, and the later one is right. plain_*: what it read of files without any
 * ACCESS or READS but a plain one; there if the body is so long.
 */
struct kith_exit {
	__u64 runtime_ns; /* on a CPU, all threads */
	__u64 user_ns;	  /* sampled by the kernel's tick */
	__u64 system_ns;
	__u64 max_rss; /* bytes */
	__u32 status;  /* as wait(2) gives it */
	__u32 reserved;
	__u64 plain_reads;
	__u64 plain_bytes;
};

/* A credential set, as the initial user namespace sees it. */
struct kith_credential {
	__u32 uid;
	__u32 gid;
	__u32 suid;
	__u32 sgid;
	__u32 euid;
	__u32 egid;
	__u32 fsuid;
	__u32 fsgid;
	__u32 securebits;
	__u32 userns;	   /* inode number */
	__u32 groups;	   /* how many supplementary groups */
	__u32 groups_hash; /* tells lists apart within one load; no meaning */
	__u64 cap_inheritable;
	__u64 cap_permitted;
	__u64 cap_effective;
	__u64 cap_bounding;
	__u64 cap_ambient;
};

enum kith_credential_cause {
	KITH_CAUSE_NONE, /* nothing legitimate: always unexplained */
	KITH_CAUSE_SETUID,
	KITH_CAUSE_SETGID,
	KITH_CAUSE_SETREUID,
	KITH_CAUSE_SETREGID,
	KITH_CAUSE_SETRESUID,
	KITH_CAUSE_SETRESGID,
	KITH_CAUSE_SETFSUID,
	KITH_CAUSE_SETFSGID,
	KITH_CAUSE_SETGROUPS,
	KITH_CAUSE_CAPSET,
	KITH_CAUSE_PRCTL,
	KITH_CAUSE_KEYCTL,
	KITH_CAUSE_UNSHARE,
	KITH_CAUSE_SETNS,
	KITH_CAUSE_CLONE,	 /* born into another user namespace */
	KITH_CAUSE_EXEC,	 /* by the rules of exec alone */
	KITH_CAUSE_EXEC_SETUID,	 /* set-user-ID file */
	KITH_CAUSE_EXEC_SETGID,	 /* set-group-ID file */
	KITH_CAUSE_EXEC_FILECAP, /* file with capabilities */
	KITH_CAUSE_KERNEL,	 /* a kernel thread, for itself */
	KITH_CAUSE_OTHER,	 /* commit_creds() where none of the above was going on */
	KITH_CAUSES,
};

/*
 * CREDENTIAL: the thread `tid` of `process` changed from `from` to `to`.
 * `count` changes that were the same in every field are one record: the first
 * is sent at once, further ones together, later. GROUPS_FROM and GROUPS_TO
 * follow (at most 32 of each) where the lists differ and are known.
 */
struct kith_credential_change {
	__u32 cause; /* enum kith_credential_cause */
	__u32 flags; /* KITH_CREDENTIAL_* */
	__u32 count;
	__u32 reserved;
	__u64 first; /* when the first of them happened */
	__u64 last;
	struct kith_credential from;
	struct kith_credential to;
};

#define KITH_CREDENTIAL_UNEXPLAINED (1u << 0) /* nothing legitimate did this */
#define KITH_CREDENTIAL_SWEPT	    (1u << 1) /* found by looking, not at a hook */

/* CGROUP: CGROUP names the id. Sent before, or shortly after, its first use. */
struct kith_cgroup {
	__u64 id;
};

/* CGROUP_ATTACH: `process` of the record moved `target` into `cgroup`. */
struct kith_cgroup_attach {
	__u64 target;
	__u64 cgroup;
};

enum kith_sensor_event {
	KITH_SENSOR_LOADED = 1,
	KITH_SENSOR_UNLOADING,
	KITH_SENSOR_SUBSCRIBED,
	KITH_SENSOR_UNSUBSCRIBED,
	KITH_SENSOR_POLICY,   /* DETAIL: what was set */
	KITH_SENSOR_BLINDED,  /* DETAIL: which hooks do not fire any more */
	KITH_SENSOR_RECOVERED, /* DETAIL: which fire again */
};

/* SENSOR: an act on the sensor, by `process`. */
struct kith_sensor {
	__u32 event;
	__u32 value;
};

/*
 * LOSS: `total` records of `class_` were lost on `cpu` for `cause` since the
 * module was loaded. Since the last report, the first of them at `first`, the
 * last at `last`.
 */
struct kith_loss {
	__u16 cpu;
	__u8  class_;
	__u8  cause;
	__u32 reserved;
	__u64 total;
	__u64 first;
	__u64 last;
};

#endif /* _KITH_UAPI_H */
