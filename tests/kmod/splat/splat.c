// SPDX-License-Identifier: GPL-2.0-only
/*
 * For tests only: makes the mistakes that a debug kernel must find, so that we
 * know that it would. what=overrun (KASAN), deadlock (lockdep), sleep (atomic
 * sleep), leak (kmemleak).
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

static char *what = "";
module_param(what, charp, 0400);

static DEFINE_SPINLOCK(first);
static DEFINE_SPINLOCK(second);

static int overrun(void)
{
	volatile char *bytes = kmalloc(24, GFP_KERNEL);

	if (!bytes)
		return -ENOMEM;
	bytes[24] = 1;
	kfree((void *)bytes);
	return 0;
}

static int deadlock(void)
{
	spin_lock(&first);
	spin_lock(&second);
	spin_unlock(&second);
	spin_unlock(&first);

	spin_lock(&second);
	spin_lock(&first);
	spin_unlock(&first);
	spin_unlock(&second);
	return 0;
}

static int sleep_in_lock(void)
{
	spin_lock(&first);
	msleep(1);
	spin_unlock(&first);
	return 0;
}

static int leak(void)
{
	char *bytes = kmalloc(999, GFP_KERNEL);

	if (!bytes)
		return -ENOMEM;
	memset(bytes, 1, 999);
	return 0;
}

static const struct {
	const char *name;
	int (*commit)(void);
} mistakes[] = {
	{ "overrun", overrun },
	{ "deadlock", deadlock },
	{ "sleep", sleep_in_lock },
	{ "leak", leak },
};

static int __init splat_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mistakes); i++)
		if (!strcmp(what, mistakes[i].name))
			return mistakes[i].commit();
	return -EINVAL;
}

static void __exit splat_exit(void)
{
}

module_init(splat_init);
module_exit(splat_exit);

MODULE_DESCRIPTION("Makes mistakes, to test that they show");
MODULE_LICENSE("GPL");
