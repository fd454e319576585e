/* SPDX-License-Identifier: GPL-2.0-only */
/* What of the VFS differs between kernels. */
#ifndef _KITH_COMPAT_FS_H
#define _KITH_COMPAT_FS_H

#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/mm_types.h>
#include <linux/rcupdate.h>
#include <linux/sched/task.h>
#include <linux/seqlock.h>

/**
 * kith_fs_paths() - Root and working directory, without references.
 * @fs: whose; kept alive by the caller
 * @root: out
 * @pwd: out
 *
 * The paths stay valid until the RCU read section ends. fs->seq is a
 * seqcount_spinlock_t, and since 6.17 a seqlock_t; both begin with the bare
 * counter, which is all that a reader needs.
 *
 * Context: RCU read section.
 */
static inline void kith_fs_paths(struct fs_struct *fs, struct path *root,
				 struct path *pwd)
{
	seqcount_t *seq = (seqcount_t *)&fs->seq;
	unsigned int start;

	do {
		start = __read_seqcount_begin(seq);
		*root = fs->root;
		*pwd = fs->pwd;
	} while (__read_seqcount_retry(seq, start));
}

/*
 * The root and working directory of pid 1. Since 7.3 those of kernel threads are
 * others.
 */
static inline struct fs_struct *kith_init_fs(void)
{
#ifdef scoped_with_init_fs
	return userspace_init_fs;
#else
	return init_task.fs;
#endif
}

/* What d_real() is asked for: NULL, an inode that is not known, until 6.8. */
#define KITH_D_REAL_TAKES_INODE                                                      \
	__builtin_types_compatible_p(typeof(d_real),                                 \
				     struct dentry *(struct dentry *, const struct inode *))
#define KITH_D_REAL_METADATA __builtin_choose_expr(KITH_D_REAL_TAKES_INODE, NULL, 1)

/**
 * kith_real_inode() - The inode of the file behind a name, on overlayfs another one.
 * @dentry: of a regular file; kept alive by the caller
 *
 * d_real_inode() asks for the one that holds the data, and since 6.5 overlayfs may look
 * that up first, and sleep. The one with the metadata is known. It is another one only if
 * metadata alone was copied up (metacopy), or is all that the layer has (composefs).
 *
 * Return: it, or NULL.
 */
static inline const struct inode *kith_real_inode(const struct dentry *dentry)
{
#ifdef FMODE_BACKING /* since 6.5; until 6.8 there is no way to ask without sleeping */
	if (KITH_D_REAL_TAKES_INODE)
		return NULL;
#endif
	return d_backing_inode(d_real((struct dentry *)dentry, KITH_D_REAL_METADATA));
}

/* When it was last changed, in seconds of the wall clock; nobody can set that. */
static inline time64_t kith_inode_changed(const struct inode *inode)
{
#ifdef KITH_FS_HAS_inode_get_ctime /* since 6.6 */
	return inode_get_ctime(inode).tv_sec;
#else
	return inode->i_ctime.tv_sec;
#endif
}

/**
 * kith_mm_exe_file() - The executable of an address space.
 * @mm: whose; kept alive by the caller
 *
 * Return: the file with a reference that the caller drops with fput(), or NULL.
 * Context: may not be called from a probe, because of that fput().
 */
static inline struct file *kith_mm_exe_file(struct mm_struct *mm)
{
	struct file *file;

	rcu_read_lock();
#ifdef get_file_rcu	/* until 6.6 a macro that takes the file */
	file = rcu_dereference(mm->exe_file);
	if (file && !get_file_rcu(file))
		file = NULL;
#else			/* a function that takes the pointer to it */
	file = get_file_rcu(&mm->exe_file);
#endif
	rcu_read_unlock();
	return file;
}

#endif
