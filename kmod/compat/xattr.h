/* SPDX-License-Identifier: GPL-2.0-only */
/* Arguments of functions that have got one more in front, who they act for (5.12). */
#ifndef _KITH_COMPAT_XATTR_H
#define _KITH_COMPAT_XATTR_H

#include <linux/xattr.h>

/* Which argument of vfs_setxattr() and vfs_removexattr() the dentry is. */
#define KITH_XATTR_DENTRY                                                            \
	(__builtin_types_compatible_p(typeof(vfs_removexattr),                       \
				      int(struct dentry *, const char *)) ? 0 : 1)

#endif
