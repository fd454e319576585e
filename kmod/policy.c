// SPDX-License-Identifier: GPL-2.0-only
/* What an administrator may change while the module runs. */
#include "policy.h"

#include <linux/cache.h>
#include <linux/errno.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>

struct kith_policy kith_policy __read_mostly = {
	.argv_max = KITH_POLICY_ARGV_MAX_DEFAULT,
	.batch_ms = KITH_POLICY_BATCH_MS_DEFAULT,
	.sweep_ms = KITH_POLICY_SWEEP_MS_DEFAULT,
	.classes = KITH_POLICY_CLASSES_DEFAULT,
	.file_reads = KITH_POLICY_FILE_READS_DEFAULT,
};

struct paths {
	struct rcu_head rcu;
	char text[];
};

static struct paths __rcu *lists[KITH_PATHS]; /* NULL: the default */

static const char *const defaults[KITH_PATHS] = {
	[KITH_PATHS_PLAIN] = KITH_POLICY_FILE_PLAIN_DEFAULT,
	[KITH_PATHS_SECRET] = KITH_POLICY_FILE_SECRET_DEFAULT,
};

/* Does @path begin with one of the prefixes in @list? */
static bool matches(const char *list, const char *path, size_t size)
{
	while (*list) {
		size_t prefix = strcspn(list, ":");

		if (prefix && prefix <= size && !memcmp(list, path, prefix))
			return true;
		list += prefix;
		if (*list)
			list++;
	}
	return false;
}

static bool is_in(enum kith_path_list list, const char *path, size_t size)
{
	const struct paths *paths = rcu_dereference(lists[list]);

	return matches(paths ? paths->text : defaults[list], path, size);
}

bool kith_policy_is_plain(const char *path, size_t size)
{
	return is_in(KITH_PATHS_PLAIN, path, size);
}

bool kith_policy_is_secret(const char *path, size_t size)
{
	return is_in(KITH_PATHS_SECRET, path, size);
}

static struct paths *new_paths(const char *text)
{
	size_t size = strlen(text) + 1;
	struct paths *paths = kmalloc(struct_size(paths, text, size), GFP_KERNEL);

	if (paths)
		memcpy(paths->text, text, size);
	return paths;
}

static void replace(enum kith_path_list list, struct paths *paths)
{
	struct paths *old = rcu_replace_pointer(lists[list], paths, true);

	if (old)
		kfree_rcu(old, rcu);
}

size_t kith_policy_paths(enum kith_path_list list, char *text, size_t size)
{
	const struct paths *paths = rcu_dereference_protected(lists[list], true);

	return strscpy(text, paths ? paths->text : defaults[list], size);
}

void kith_policy_exit(void)
{
	unsigned int i;

	for (i = 0; i < KITH_PATHS; i++)
		replace(i, NULL);
}

static bool within(u32 value, u32 low, u32 high)
{
	return value >= low && value <= high;
}

static bool is_within_bounds(const struct kith_policy *policy)
{
	return within(policy->argv_max, KITH_POLICY_ARGV_MAX_LEAST, KITH_POLICY_ARGV_MAX_MOST) &&
	       within(policy->batch_ms, KITH_POLICY_BATCH_MS_LEAST, KITH_POLICY_BATCH_MS_MOST) &&
	       within(policy->sweep_ms, KITH_POLICY_SWEEP_MS_LEAST, KITH_POLICY_SWEEP_MS_MOST) &&
	       within(policy->file_reads, KITH_POLICY_FILE_READS_LEAST,
		      KITH_POLICY_FILE_READS_MOST) &&
	       (policy->classes | KITH_POLICY_CLASSES_OPTIONAL) == KITH_POLICY_CLASSES_DEFAULT;
}

int kith_policy_set(const struct kith_policy *policy, const char *const texts[KITH_PATHS])
{
	struct paths *fresh[KITH_PATHS] = {};
	unsigned int i;

	if (!is_within_bounds(policy))
		return -ERANGE;
	for (i = 0; i < KITH_PATHS; i++) {
		if (!texts[i])
			continue;
		fresh[i] = new_paths(texts[i]);
		if (!fresh[i])
			goto err_paths;
	}
	for (i = 0; i < KITH_PATHS; i++)
		if (fresh[i])
			replace(i, fresh[i]);
	WRITE_ONCE(kith_policy.argv_max, policy->argv_max);
	WRITE_ONCE(kith_policy.batch_ms, policy->batch_ms);
	WRITE_ONCE(kith_policy.sweep_ms, policy->sweep_ms);
	WRITE_ONCE(kith_policy.classes, policy->classes);
	WRITE_ONCE(kith_policy.file_reads, policy->file_reads);
	return 0;

err_paths:
	while (i--)
		kfree(fresh[i]);
	return -ENOMEM;
}
