/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* Records of files, and of what is done to them. Part of uapi.h, which says what they are. */
#ifndef _KITH_FILE_H
#define _KITH_FILE_H

#include <linux/types.h>

/*
 * Which file: the same in all of its names, mounts and mount namespaces. Two with the
 * same real_device, real_inode and generation are one file; where a file system keeps no
 * generations (0: FUSE, ramfs, pseudo file systems) an inode may be another's later.
 */
struct kith_file {
	__u64 inode;	   /* as stat(2) shows them */
	__u64 real_inode;  /* of the file that holds the data: differs on overlayfs */
	__u32 device;	   /* as st_dev of stat(2), major << 20 | minor */
	__u32 real_device;
	__u32 generation;  /* of real_inode */
	__u32 mode;	   /* st_mode, when it was first used */
	__u32 owner;	   /* st_uid, in the initial user namespace */
	__u8  kind;	   /* enum kith_file_kind */
	__u8  reserved[3];
};

enum kith_file_kind {
	KITH_FILE_REGULAR = 1,
	KITH_FILE_BLOCK,	 /* a block device */
	KITH_FILE_DIRECTORY,
	KITH_FILE_OTHER,	 /* symbolic link, FIFO, socket, character device */
	KITH_FILE_PSEUDO,	 /* in /proc, /sys and their like: no data of its own */
	KITH_FILE_MEMFD,	 /* memfd_create(2) */
	KITH_FILE_SHM,		 /* a System V segment; inode: its file's, of no mount */
	KITH_FILE_MESSAGE_QUEUE, /* POSIX; a message is a call */
	KITH_FILE_SYSV_QUEUE,	 /* System V: inode is its id, generation its sequence number */
};

/*
 * ACCESS: all that `user` did with a file, folded. Sent when the process ends, when the
 * module needs the room, and of what goes on within ten seconds of its begin and then
 * every minute in which there was something new. Records with the same `id`, which no
 * other of this load has, are about the same: the later one replaces the earlier, and
 * may say less where that was a bound. The last one says OVER: for a process it comes
 * when its last thread ends that had to do with files, which may be just after the first
 * of two EXITs. The same process and file may come again with another id: then both
 * count. `process` of the record has no meaning. PATH follows.
 *
 * Bytes are what calls have moved, exactly; UPPER_READ and UPPER_WRITTEN say that some
 * were counted by what calls asked for and the file could give, so at most that: calls of
 * io_uring and AIO that go on, or whose end this kernel does not show, reflinks, calls
 * within the kernel, and calls after which the thread's account had several. What is read
 * and written by memory (MAPPED, with SHARED and WRITABLE) is not counted.
 *
 * A creation by open(2) is told here, by CREATED, and `first` is its time; so is
 * O_TRUNC, by TRUNCATED. Other changes are CHANGE records.
 */
struct kith_access {
	__u64 id;	/* not 0 */
	__u64 user;
	__u64 writer;	/* another, who wrote it last before `user` used it; 0: not known */
	__u64 first;
	__u64 last;
	__u64 reads;
	__u64 bytes_read;
	__u64 writes;
	__u64 bytes_written;
	struct kith_file file;
	__u32 flags;	/* KITH_ACCESS_* */
	__u32 mntns;	/* inode number */
};

#define KITH_ACCESS_CREATED	  (1u << 0) /* by this process, at `first` */
#define KITH_ACCESS_MAPPED	  (1u << 1)
#define KITH_ACCESS_EXECUTABLE	  (1u << 2) /* mapped so: code was loaded from it */
#define KITH_ACCESS_SHARED	  (1u << 3) /* mapped so: others see what is written there */
#define KITH_ACCESS_WRITABLE	  (1u << 4) /* mapped shared, and for writing */
#define KITH_ACCESS_UPPER_READ	  (1u << 5) /* bytes_read is at most that */
#define KITH_ACCESS_UPPER_WRITTEN (1u << 6)
#define KITH_ACCESS_UNLINKED	  (1u << 7) /* it had no name when it was first used */
#define KITH_ACCESS_TMPFILE	  (1u << 8) /* O_TMPFILE */
#define KITH_ACCESS_TRUNCATED	  (1u << 9) /* O_TRUNC */
#define KITH_ACCESS_SENSITIVE	  (1u << 10) /* not everybody may read it, or policy says so */
#define KITH_ACCESS_CHANGED	  (1u << 11) /* written since the module came, before its use */
#define KITH_ACCESS_OVER	  (1u << 12) /* no record with this id comes any more */
#define KITH_ACCESS_ROOTLESS	  (1u << 13) /* PATH starts at another root than its namespace's */

/*
 * READS: files that `user` only read, and that are no ACCESS each. One with KITH_READS_PLAIN:
 * what the policy calls plain (the system's own files, that nobody changed), sent of
 * processes that go on; the sum of it is in EXIT. Else: files beyond
 * those few (policy, file_reads) that are an ACCESS each, by who had written them last;
 * that edge is `writer` -> `user`. `id`, replacement and times as ACCESS.
 */
struct kith_reads {
	__u64 id;
	__u64 user;
	__u64 writer; /* 0: nobody since the module came, or not known */
	__u64 first;
	__u64 last;
	__u64 files;  /* how often another file was begun */
	__u64 reads;
	__u64 bytes_read;
	struct kith_file file; /* the first of them; PATH follows, unless plain */
	__u32 flags;  /* KITH_READS_*, KITH_ACCESS_OVER and UPPER_READ */
	__u32 mntns;
};

#define KITH_READS_PLAIN (1u << 31)

enum kith_change_op {
	KITH_CHANGE_CREATE = 1, /* mknod(2), of regular files too; by open(2) see ACCESS */
	KITH_CHANGE_RENAME,
	KITH_CHANGE_EXCHANGE, /* RENAME_EXCHANGE: both names stay, of the other file */
	KITH_CHANGE_UNLINK,
	KITH_CHANGE_LINK,
	KITH_CHANGE_SYMLINK,
	KITH_CHANGE_MKDIR,
	KITH_CHANGE_RMDIR,
	KITH_CHANGE_CHMOD,
	KITH_CHANGE_CHOWN,
	KITH_CHANGE_TRUNCATE,
	KITH_CHANGE_SETXATTR,
	KITH_CHANGE_REMOVEXATTR,
	KITH_CHANGE_UTIMES,
};

/*
 * CHANGE: `process` of the record did, or tried, something to a file `count` times, all
 * alike: the first is sent at once, further ones together, later (and then `count` tells
 * of those alone). With long names each is sent. `error` is the errno of the attempt; 0: it
 * succeeded.
 *
 * PATH: the name, as the kernel resolved it. NEW_PATH: the other one (RENAME, EXCHANGE:
 * its new name; LINK: the new name of what PATH names). FILENAME: what a symbolic link
 * says, as it was written, not resolved. XATTR: the name of an attribute.
 *
 * `file` is the file that has the name before it; of MKDIR, SYMLINK and mknod, where
 * there is none yet, only the device is known. `other`: of RENAME the file that had the
 * new name, which it has no more; of EXCHANGE the other one. All 0: there was none.
 *
 * from, to: CHMOD: st_mode before and after. CHOWN: uid | gid << 32, as the initial user
 * namespace sees them. TRUNCATE: sizes. UTIMES: to is the time of modification that was
 * set, ns since the epoch, 0: now. SETXATTR: to is the size of the value. CREATE, MKDIR:
 * to is the mode. UNLINK: from is how many names it had.
 */
struct kith_change {
	__u64 first;
	__u64 last;
	__u64 from;
	__u64 to;
	struct kith_file file;
	struct kith_file other;
	__u32 op;    /* enum kith_change_op */
	__s32 error; /* positive errno */
	__u32 count;
	__u32 flags; /* KITH_CHANGE_* */
	__u32 mntns;
	__u32 reserved;
};

#define KITH_CHANGE_UNSURE   (1u << 0) /* the outcome was missed: `error` says nothing */
#define KITH_CHANGE_ROOTLESS (1u << 1) /* paths do not start at the root of the mount namespace */
#define KITH_CHANGE_BY_FD    (1u << 2) /* of an open file; PATH is that it was opened by */

/*
 * Which reads are worth a record. Writes, creations, truncations, code that is loaded
 * from elsewhere than plain files, and reads of sensitive files always are. A file is
 *
 *   sensitive  if not everybody may read it, or its path begins with one of SECRET;
 *   plain	if it is root's, only root may write it, its path begins with one of
 *		PLAIN, and nobody has written it since the module was loaded; or if it
 *		is of a pseudo file system.
 *
 * Reads of plain files are only counted (EXIT, READS). Of all other files the first
 * FILE_READS that a process reads are an ACCESS each, and further ones a READS for
 * each process that had written them last. PLAIN and SECRET are prefixes of paths,
 * with ':' between them.
 */
#define KITH_POLICY_FILE_READS_LEAST   0
#define KITH_POLICY_FILE_READS_MOST    65535
#define KITH_POLICY_FILE_READS_DEFAULT 2
#define KITH_POLICY_FILE_PATHS_SIZE    1024 /* of a list, the final NUL included */
#define KITH_POLICY_FILE_PLAIN_DEFAULT \
	"/usr/:/lib/:/lib32/:/lib64/:/libx32/:/bin/:/sbin/:/etc/ld.so.cache:/proc/:/sys/"
#define KITH_POLICY_FILE_SECRET_DEFAULT "/etc/shadow:/etc/gshadow:/etc/sudoers:/etc/ssh/ssh_host_"

#endif /* _KITH_FILE_H */
