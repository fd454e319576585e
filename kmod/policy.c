// SPDX-License-Identifier: GPL-2.0-only
/* What an administrator may change while the module runs. */
#include "policy.h"

#include <linux/cache.h>
#include <linux/errno.h>

struct kith_policy kith_policy __read_mostly = {
	.argv_max = KITH_POLICY_ARGV_MAX_DEFAULT,
	.batch_ms = KITH_POLICY_BATCH_MS_DEFAULT,
	.sweep_ms = KITH_POLICY_SWEEP_MS_DEFAULT,
	.classes = KITH_POLICY_CLASSES_DEFAULT,
};

static bool within(u32 value, u32 low, u32 high)
{
	return value >= low && value <= high;
}

int kith_policy_set(const struct kith_policy *policy)
{
	if (!within(policy->argv_max, KITH_POLICY_ARGV_MAX_LEAST, KITH_POLICY_ARGV_MAX_MOST) ||
	    !within(policy->batch_ms, KITH_POLICY_BATCH_MS_LEAST, KITH_POLICY_BATCH_MS_MOST) ||
	    !within(policy->sweep_ms, KITH_POLICY_SWEEP_MS_LEAST, KITH_POLICY_SWEEP_MS_MOST) ||
	    (policy->classes | KITH_POLICY_CLASSES_OPTIONAL) != KITH_POLICY_CLASSES_DEFAULT)
		return -ERANGE;
	WRITE_ONCE(kith_policy.argv_max, policy->argv_max);
	WRITE_ONCE(kith_policy.batch_ms, policy->batch_ms);
	WRITE_ONCE(kith_policy.sweep_ms, policy->sweep_ms);
	WRITE_ONCE(kith_policy.classes, policy->classes);
	return 0;
}
