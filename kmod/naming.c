// SPDX-License-Identifier: GPL-2.0-only
/* Names of files that are given, changed and taken away. */
#include "naming.h"

#include "change.h"
#include "hook.h"

#include <kith/uapi.h>
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/path.h>

/* security_path_rename(old_dir, old_dentry, new_dir, new_dentry, flags) */
KITH_ENTRY(kith_naming_renaming)
{
	unsigned int flags = KITH_ARGUMENT(regs, 4, unsigned int);

	kith_change_begin(&(struct kith_attempt){
		.op = flags & RENAME_EXCHANGE ? KITH_CHANGE_EXCHANGE : KITH_CHANGE_RENAME,
		.dir = KITH_ARGUMENT(regs, 0, const struct path *),
		.dentry = KITH_ARGUMENT(regs, 1, struct dentry *),
		.new_dir = KITH_ARGUMENT(regs, 2, const struct path *),
		.new_dentry = KITH_ARGUMENT(regs, 3, struct dentry *),
	});
}

static void removing(struct kith_ftrace_regs *regs, u32 op)
{
	struct dentry *dentry = KITH_ARGUMENT(regs, 1, struct dentry *);

	kith_change_begin(&(struct kith_attempt){
		.op = op,
		.dir = KITH_ARGUMENT(regs, 0, const struct path *),
		.dentry = dentry,
		.from = d_inode(dentry) ? d_inode(dentry)->i_nlink : 0,
	});
}

/* security_path_unlink(dir, dentry) */
KITH_ENTRY(kith_naming_unlinking)
{
	removing(regs, KITH_CHANGE_UNLINK);
}

/* security_path_rmdir(dir, dentry) */
KITH_ENTRY(kith_naming_rmdir)
{
	removing(regs, KITH_CHANGE_RMDIR);
}

static void making(struct kith_ftrace_regs *regs, u32 op, umode_t mode)
{
	kith_change_begin(&(struct kith_attempt){
		.op = op,
		.dir = KITH_ARGUMENT(regs, 0, const struct path *),
		.dentry = KITH_ARGUMENT(regs, 1, struct dentry *),
		.to = mode,
	});
}

/* security_path_mkdir(dir, dentry, mode) */
KITH_ENTRY(kith_naming_mkdir)
{
	making(regs, KITH_CHANGE_MKDIR, S_IFDIR | KITH_ARGUMENT(regs, 2, unsigned int));
}

/*
 * security_path_mknod(dir, dentry, mode, device). Outside of mknod(2) a regular file is
 * made by open(2), see file.c, and a socket by bind(2), which tells us nothing at its end.
 */
KITH_ENTRY(kith_naming_mknod)
{
	umode_t mode = KITH_ARGUMENT(regs, 2, unsigned int);

	if (!(mode & S_IFMT))
		mode |= S_IFREG;
	if (kith_change_is_within() || !(S_ISREG(mode) || S_ISSOCK(mode)))
		making(regs, KITH_CHANGE_CREATE, mode);
}

/* security_path_link(old_dentry, new_dir, new_dentry): the old name may be of no directory */
KITH_ENTRY(kith_naming_linking)
{
	const struct path *new_dir = KITH_ARGUMENT(regs, 1, const struct path *);
	struct dentry *dentry = KITH_ARGUMENT(regs, 0, struct dentry *);
	const struct path at = { .mnt = new_dir->mnt, .dentry = dentry };

	kith_change_begin(&(struct kith_attempt){
		.op = KITH_CHANGE_LINK, .at = &at, .dentry = dentry, .new_dir = new_dir,
		.new_dentry = KITH_ARGUMENT(regs, 2, struct dentry *),
	});
}

/* security_path_symlink(dir, dentry, text) */
KITH_ENTRY(kith_naming_symlinking)
{
	kith_change_begin(&(struct kith_attempt){
		.op = KITH_CHANGE_SYMLINK,
		.dir = KITH_ARGUMENT(regs, 0, const struct path *),
		.dentry = KITH_ARGUMENT(regs, 1, struct dentry *),
		.text = KITH_ARGUMENT(regs, 2, const char *),
		.text_kind = KITH_ITEM_FILENAME,
	});
}

/* The functions in which the outcome comes. */
int kith_naming_in_rename(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	return kith_change_entered(KITH_AT_RENAME_DONE);
}

int kith_naming_in_unlink(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	return kith_change_entered(KITH_AT_UNLINK_DONE);
}

int kith_naming_in_rmdir(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	return kith_change_entered(KITH_AT_RMDIR_DONE);
}

int kith_naming_in_mkdir(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	return kith_change_entered(KITH_AT_MKDIR_DONE);
}

int kith_naming_in_link(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	return kith_change_entered(KITH_AT_LINK_DONE);
}

int kith_naming_in_symlink(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	return kith_change_entered(KITH_AT_SYMLINK_DONE);
}

int kith_naming_in_mknod(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	return kith_change_entered(KITH_AT_MKNOD_DONE);
}
