/* SPDX-License-Identifier: GPL-2.0-only */
/* What may change credentials, and how: the kernel's own rules, credentials(7). */
#ifndef _KITH_RULE_H
#define _KITH_RULE_H

#include <kith/uapi.h>
#include <linux/types.h>

/* Why current calls commit_creds(): enum kith_credential_cause. */
u32 kith_rule_cause(void);

/**
 * kith_rule_allows() - Could @cause have made this change?
 * @outwards: it leads to a user namespace around the present one. Entering a
 *	      namespace gives all capabilities in it, but nothing lets one enter
 *	      a namespace around one's own.
 */
bool kith_rule_allows(u32 cause, const struct kith_credential *from,
		      const struct kith_credential *to, bool outwards);

bool kith_rule_groups_differ(const struct kith_credential *a,
			     const struct kith_credential *b);

#endif
