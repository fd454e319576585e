/* SPDX-License-Identifier: GPL-2.0-only */
/* What an administrator may change while the module runs. */
#ifndef _KITH_POLICY_H
#define _KITH_POLICY_H

#include <kith/uapi.h>
#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/types.h>

/* Each field is read alone, with READ_ONCE(): there is no order among them. */
struct kith_policy {
	u32 argv_max; /* bytes */
	u32 batch_ms;
	u32 sweep_ms;
	u32 classes; /* bit per enum kith_class */
};

extern struct kith_policy kith_policy;

static inline bool kith_policy_wants(enum kith_class class)
{
	return READ_ONCE(kith_policy.classes) & BIT(class);
}

/* -ERANGE if a value is out of its bounds; then nothing changes. */
int kith_policy_set(const struct kith_policy *policy);

#endif
