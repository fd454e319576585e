// SPDX-License-Identifier: GPL-2.0-only
/* A copy of a credential set, to compare a live one with. */
#include "shadow.h"

#include <linux/build_bug.h>
#include <linux/jhash.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>

enum {
	GROUPS_HASHED = 1024,
	IDS = 8 * sizeof(u32),	/* uid to fsgid */
	CAPS = 5 * sizeof(u64), /* inheritable to ambient */
};

/*
 * Both blocks stand in struct cred as they do in struct kith_credential, in the
 * same order; a kernel_cap_t is two u32 until 6.2 and one u64 since, the same
 * bytes on little endian. They are copied and compared as bytes.
 */
static void check_layout(void)
{
	BUILD_BUG_ON(offsetof(struct cred, gid) - offsetof(struct cred, uid) != 4);
	BUILD_BUG_ON(offsetof(struct cred, suid) - offsetof(struct cred, uid) != 8);
	BUILD_BUG_ON(offsetof(struct cred, sgid) - offsetof(struct cred, uid) != 12);
	BUILD_BUG_ON(offsetof(struct cred, euid) - offsetof(struct cred, uid) != 16);
	BUILD_BUG_ON(offsetof(struct cred, egid) - offsetof(struct cred, uid) != 20);
	BUILD_BUG_ON(offsetof(struct cred, fsuid) - offsetof(struct cred, uid) != 24);
	BUILD_BUG_ON(offsetof(struct cred, fsgid) - offsetof(struct cred, uid) != 28);
	BUILD_BUG_ON(sizeof(kernel_cap_t) != sizeof(u64));
	BUILD_BUG_ON(offsetof(struct cred, cap_permitted) -
			     offsetof(struct cred, cap_inheritable) != 8);
	BUILD_BUG_ON(offsetof(struct cred, cap_effective) -
			     offsetof(struct cred, cap_inheritable) != 16);
	BUILD_BUG_ON(offsetof(struct cred, cap_bset) -
			     offsetof(struct cred, cap_inheritable) != 24);
	BUILD_BUG_ON(offsetof(struct cred, cap_ambient) -
			     offsetof(struct cred, cap_inheritable) != 32);
	BUILD_BUG_ON(!IS_ENABLED(CONFIG_CPU_LITTLE_ENDIAN) && !IS_ENABLED(CONFIG_X86));
}

/* Where those blocks begin; not as the address of one field, which they exceed. */
#define IDS_OF(set, type)  ((u8 *)(set) + offsetof(type, uid))
#define CAPS_OF(set, type) ((u8 *)(set) + offsetof(type, cap_inheritable))

/* What stands there may be forged, its length too: then it may lead anywhere. */
static u32 hash_groups(const struct group_info *groups)
{
	u32 n = min_t(u32, groups->ngroups, GROUPS_HASHED);
	u32 hash = groups->ngroups;
	u32 part[16];
	u32 i, size;

	BUILD_BUG_ON(sizeof(groups->gid[0]) != sizeof(u32));
	for (i = 0; i < n; i += size) {
		size = min_t(u32, n - i, ARRAY_SIZE(part));
		if (copy_from_kernel_nofault(part, &groups->gid[i], size * sizeof(u32)))
			break;
		hash = jhash2(part, size, hash);
	}
	return hash;
}

void kith_shadow_fill(struct kith_shadow *shadow, const struct cred *cred,
		      const struct kith_shadow *like)
{
	struct kith_credential *id = &shadow->id;

	check_layout();
	memcpy(IDS_OF(id, struct kith_credential), IDS_OF(cred, struct cred), IDS);
	memcpy(CAPS_OF(id, struct kith_credential), CAPS_OF(cred, struct cred), CAPS);
	id->securebits = cred->securebits;
	id->userns = cred->user_ns->ns.inum;
	id->groups = cred->group_info->ngroups;
	if (like && like->groups == cred->group_info && like->id.groups == id->groups)
		id->groups_hash = like->id.groups_hash;
	else
		id->groups_hash = hash_groups(cred->group_info);
	shadow->groups = cred->group_info;
	shadow->user_ns = cred->user_ns;
}

/*
 * @size is a constant and a multiple of 8. Unrolled, since this runs several
 * times in each commit_creds(): 3 instructions a word instead of 6.
 */
static __always_inline bool same_bytes(const void *a, const void *b, size_t size)
{
	size_t i;

#pragma GCC unroll 16
	for (i = 0; i < size; i += sizeof(u64)) {
		u64 x, y;

		memcpy(&x, a + i, sizeof(x));
		memcpy(&y, b + i, sizeof(y));
		if (x != y)
			return false;
	}
	return true;
}

bool kith_shadow_matches(const struct kith_shadow *shadow, const struct cred *cred)
{
	const struct kith_credential *id = &shadow->id;

	check_layout();
	return same_bytes(IDS_OF(id, struct kith_credential), IDS_OF(cred, struct cred), IDS) &&
	       same_bytes(CAPS_OF(id, struct kith_credential), CAPS_OF(cred, struct cred), CAPS) &&
	       id->securebits == cred->securebits && shadow->user_ns == cred->user_ns &&
	       shadow->groups == cred->group_info &&
	       id->groups == cred->group_info->ngroups;
}

bool kith_shadow_equals(const struct kith_shadow *shadow, const struct cred *cred)
{
	return kith_shadow_matches(shadow, cred) &&
	       shadow->id.groups_hash == hash_groups(cred->group_info);
}

bool kith_credential_same(const struct kith_credential *a, const struct kith_credential *b)
{
	return same_bytes(a, b, sizeof(*a));
}
