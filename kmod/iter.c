// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where file systems read and write.
 *
 * The names of some are known beforehand; others are learned from the first file that
 * is opened. Until its functions are hooked, a moment, such a file is not counted.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "iter.h"

#include "file.h"
#include "hook.h"
#include "ring.h"

#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/printk.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/workqueue.h>

enum {
	SEEN_BITS = 10, /* those of files in /proc alone are a hundred */
	PROBES = 4,
	LESSONS = 16,
};

/*
 * Beside shmem_file_read_iter() and generic_file_write_iter(). generic_file_read_iter() is
 * learned if need be: others call it, ext4 for one, and would pay twice.
 */
const char *const kith_file_readers[] = {
	"ext4_file_read_iter", "xfs_file_read_iter", "btrfs_file_read_iter", "ovl_read_iter",
	"fuse_file_read_iter", "nfs_file_read", "f2fs_file_read_iter", "cifs_strict_readv",
	"blkdev_read_iter", "kernfs_fop_read_iter", "proc_reg_read_iter", "proc_sys_read", NULL
};

const char *const kith_file_writers[] = {
	"ext4_file_write_iter", "shmem_file_write_iter", "xfs_file_write_iter",
	"btrfs_file_write_iter", "ovl_write_iter", "fuse_file_write_iter", "nfs_file_write",
	"f2fs_file_write_iter", "cifs_strict_writev", "blkdev_write_iter",
	"kernfs_fop_write_iter", "proc_sys_write", NULL
};

struct lesson {
	const void *function;
	enum kith_file_way way;
};

static const struct file_operations *seen[1 << SEEN_BITS];
static struct lesson lessons[LESSONS];
static unsigned int lesson_count;
static bool stopped;
static DEFINE_SPINLOCK(lock); /* protects all these, for writers */

/* By its address: to look for a name among all functions takes a tenth of a second. */
static void take_lesson(const struct lesson *lesson)
{
	bool reads = lesson->way == KITH_FILE_READ;
	int ret = kith_hook_extend(reads ? KITH_AT_FILE_READ : KITH_AT_FILE_WRITE,
				   (unsigned long)lesson->function);

	/* ESHUTDOWN: there is no such hook, which is told of elsewhere, or not any more. */
	if (!ret || ret == -ESHUTDOWN)
		return;
	pr_warn("what files of %ps %s is not counted: error %d\n", lesson->function,
		reads ? "give" : "get", ret);
	kith_ring_lose(KITH_CLASS_FILE, KITH_LOSS_MISSED, 1);
}

static void learn(struct work_struct *work)
{
	struct lesson todo[LESSONS];
	unsigned int i, n;

	spin_lock(&lock);
	n = lesson_count;
	memcpy(todo, lessons, n * sizeof(*todo));
	lesson_count = 0;
	spin_unlock(&lock);
	for (i = 0; i < n; i++)
		take_lesson(&todo[i]);
}

static DECLARE_WORK(work, learn);

/* Return: is it noted, or of no use? */
static bool note(const void *function, enum kith_file_way way)
{
	if (!function)
		return true;
	if (stopped || lesson_count == LESSONS)
		return false;
	lessons[lesson_count++] = (struct lesson){ function, way };
	return true;
}

/* Where they are noted, or may be; NULL: there is no room. */
static const struct file_operations **place_of(const struct file_operations *operations)
{
	unsigned int first = hash_ptr((void *)operations, SEEN_BITS), i;

	for (i = 0; i < PROBES; i++) {
		const struct file_operations **place = &seen[(first + i) % ARRAY_SIZE(seen)];

		if (!READ_ONCE(*place) || READ_ONCE(*place) == operations)
			return place;
	}
	return NULL;
}

void kith_iter_meet(const struct file *file)
{
	const struct file_operations *operations = file->f_op;
	const struct file_operations **place = place_of(operations);

	if (likely(!place || READ_ONCE(*place) == operations))
		return;
	spin_lock(&lock);
	if (note(operations->read_iter, KITH_FILE_READ) &&
	    note(operations->write_iter, KITH_FILE_WRITE))
		WRITE_ONCE(*place, operations);
	if (lesson_count && !stopped)
		schedule_work(&work);
	spin_unlock(&lock);
}

/* Context: lock. */
static void drop_lessons_of(const struct module *module)
{
	unsigned int i = 0;

	while (i < lesson_count)
		if (within_module((unsigned long)lessons[i].function, module))
			lessons[i] = lessons[--lesson_count];
		else
			i++;
}

/* Others may come to be where its functions were. */
static int unloaded(struct notifier_block *block, unsigned long state, void *module)
{
	if (state != MODULE_STATE_GOING)
		return NOTIFY_DONE;
	spin_lock(&lock);
	drop_lessons_of(module);
	memset(seen, 0, sizeof(seen));
	spin_unlock(&lock);
	/* What it has taken with it already is in the filters then, for the next to find. */
	flush_work(&work);
	return NOTIFY_DONE;
}

/* Before that of the hooks, which takes the module's functions out of the filters. */
static struct notifier_block modules = { .notifier_call = unloaded, .priority = 1 };

int kith_iter_init(void)
{
	return register_module_notifier(&modules);
}

void kith_iter_stop(void)
{
	spin_lock(&lock);
	stopped = true;
	spin_unlock(&lock);
	cancel_work_sync(&work);
	unregister_module_notifier(&modules);
}
