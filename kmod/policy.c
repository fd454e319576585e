// SPDX-License-Identifier: GPL-2.0-only
/* What an administrator may change while the module runs. */
#include "policy.h"

#include <linux/cache.h>
#include <linux/errno.h>

enum {
	ALL_CLASSES = BIT(KITH_CLASSES) - 1,
	/* What the sensor exists for cannot be switched off, only unloaded. */
	OPTIONAL_CLASSES = BIT(KITH_CLASS_FAILED_EXEC),
};

struct kith_policy kith_policy __read_mostly = {
	.argv_max = 4096,
	.batch_ms = 100,
	.sweep_ms = 5000,
	.classes = ALL_CLASSES,
};

static bool within(u32 value, u32 low, u32 high)
{
	return value >= low && value <= high;
}

int kith_policy_set(const struct kith_policy *policy)
{
	if (!within(policy->argv_max, 64, 24576) ||
	    !within(policy->batch_ms, 1, 1000) ||
	    !within(policy->sweep_ms, 100, 3600 * 1000) ||
	    (policy->classes | OPTIONAL_CLASSES) != ALL_CLASSES)
		return -ERANGE;
	WRITE_ONCE(kith_policy.argv_max, policy->argv_max);
	WRITE_ONCE(kith_policy.batch_ms, policy->batch_ms);
	WRITE_ONCE(kith_policy.sweep_ms, policy->sweep_ms);
	WRITE_ONCE(kith_policy.classes, policy->classes);
	return 0;
}
