/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The inode number of a mount namespace.
 *
 * struct mnt_namespace is private to fs/. Its struct ns_common is the first
 * member since 5.11 and stands behind a counter before. Which of the two holds
 * is found out once, by looking for the "mnt" operations in init's.
 */
#ifndef _KITH_COMPAT_NAMESPACE_H
#define _KITH_COMPAT_NAMESPACE_H

#include <linux/ns_common.h>
#include <linux/nsproxy.h>
#include <linux/proc_ns.h>
#include <linux/uaccess.h>

#define KITH_MNT_NS_UNKNOWN (-1)

/* Where in a struct mnt_namespace its struct ns_common is, or UNKNOWN. */
static inline int kith_mnt_ns_find(const struct mnt_namespace *ns)
{
	static const int candidates[] = { 0, sizeof(long) };
	const struct proc_ns_operations *ops;
	const char *where;
	char name[4];
	int i;

	for (i = 0; i < ARRAY_SIZE(candidates); i++) {
		const struct ns_common *common = (const void *)ns + candidates[i];

		if (copy_from_kernel_nofault(&ops, &common->ops, sizeof(ops)) ||
		    copy_from_kernel_nofault(&where, &ops->name, sizeof(where)) ||
		    copy_from_kernel_nofault(name, where, sizeof(name)))
			continue;
		if (!memcmp(name, "mnt", 4))
			return candidates[i];
	}
	return KITH_MNT_NS_UNKNOWN;
}

static inline u32 kith_mnt_ns_inum(const struct mnt_namespace *ns, int offset)
{
	const struct ns_common *common = (const void *)ns + offset;

	return offset == KITH_MNT_NS_UNKNOWN ? 0 : common->inum;
}

#endif
