/* SPDX-License-Identifier: GPL-2.0-only */
/* What may change credentials, and how: the kernel's own rules, credentials(7). */
#ifndef _KITH_RULE_H
#define _KITH_RULE_H

#include <kith/uapi.h>
#include <linux/cred.h>
#include <linux/types.h>

/* Why current calls commit_creds(): enum kith_credential_cause. */
u32 kith_rule_cause(void);

/**
 * kith_rule_allows() - Could @cause have made this change?
 * @inwards: it leads to a user namespace inside the present one, the only
 *	     direction that there is: it takes CAP_SYS_ADMIN in a namespace to
 *	     enter it, which nobody has in one around or beside one's own. It
 *	     gives all capabilities there.
 */
bool kith_rule_allows(u32 cause, const struct kith_credential *from,
		      const struct kith_credential *to, bool inwards);

/* Are all ids of @new known in the user namespace of @old, or its own already? */
bool kith_rule_may_take(const struct cred *old, const struct cred *new);

/* Could an exec have made this change, whatever the file? */
bool kith_rule_exec_allows(const struct kith_credential *from,
			   const struct kith_credential *to);

/* Could a clone with CLONE_NEWUSER have? The namespaces are not looked at. */
bool kith_rule_clone_allows(const struct kith_credential *from,
			    const struct kith_credential *to);

bool kith_rule_groups_differ(const struct kith_credential *a,
			     const struct kith_credential *b);

#endif
