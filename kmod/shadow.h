/* SPDX-License-Identifier: GPL-2.0-only */
/* A copy of a credential set, to compare a live one with. */
#ifndef _KITH_SHADOW_H
#define _KITH_SHADOW_H

#include <kith/uapi.h>
#include <linux/cred.h>

struct kith_shadow {
	/* identity only, never followed: they may be gone */
	const struct group_info *groups;
	const struct user_namespace *user_ns;
	struct kith_credential id;
};

/**
 * kith_shadow_fill() - Copy @cred.
 * @like: a copy that may share its list of groups, to save hashing it; or NULL
 *
 * Context: RCU read section, unless the caller holds @cred.
 */
void kith_shadow_fill(struct kith_shadow *shadow, const struct cred *cred,
		      const struct kith_shadow *like);

/*
 * kith_shadow_matches() - Is @cred, field by field, what was copied? The pointers
 *	count as fields; the groups behind theirs are not looked at.
 * kith_shadow_equals() - They are, too: a list is never changed once it is there.
 */
bool kith_shadow_matches(const struct kith_shadow *shadow, const struct cred *cred);
bool kith_shadow_equals(const struct kith_shadow *shadow, const struct cred *cred);

bool kith_credential_same(const struct kith_credential *a, const struct kith_credential *b);

#endif
