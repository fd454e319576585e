// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is remembered of a file, whoever uses it.
 *
 * A table of fixed size, in sets: what is not in it was forgotten, or never used. That
 * something was written is never forgotten: it stands in a filter as well, which may
 * take one that was not for one that was, and after a million files does so always.
 * But what has not changed since we came nobody has written to.
 */
#include "object.h"

#include "clock.h"
#include "compat/fs.h"

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/cache.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/log2.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

enum {
	WAYS = 8,
	FILTER_BITS = 20, /* 128 KiB: of 50,000 files, one of 100 others is taken for written */
	FILTER_PROBES = 2,
	CLOCK_SLACK_S = 2, /* file systems round their times */
	MQUEUE_MAGIC = 0x19800202, /* in no header */
};

struct entry {
	u64 inode; /* these three: of the file that holds the data; 0: unused */
	u32 device;
	u32 generation;
	u64 writer;
	u32 mode; /* that it had when its worth was judged, and whose it was */
	u32 owner;
	u8 worth;
	bool written;
	bool used; /* since the hand came by */
};

struct set {
	spinlock_t lock; /* protects the rest */
	unsigned int hand;
	struct entry entries[WAYS];
};

static struct set *sets;
static unsigned int set_bits;
static u64 seed __ro_after_init; /* who chooses inodes cannot choose sets */
static unsigned long *filter;
static u64 came_ns __ro_after_init; /* CLOCK_BOOTTIME */
static s64 came_real_s; /* the same by the wall clock, by the earliest it was ever set to */
atomic_t kith_object_turns = ATOMIC_INIT(0);

static u64 hash_of(const struct kith_file *id)
{
	u64 hash = (id->real_inode ^ (u64)id->generation << 32 ^ seed) * GOLDEN_RATIO_64;

	return (hash ^ hash >> 32 ^ id->real_device) * GOLDEN_RATIO_64;
}

static inline struct set *set_of(const struct kith_file *id)
{
	return &sets[hash_64(hash_of(id), set_bits)];
}

static unsigned int filter_bit(const struct kith_file *id, unsigned int probe)
{
	return hash_64(hash_of(id) * (2 * probe + 3), FILTER_BITS);
}

/* Whoever sets the clock back cannot make old what is written then. */
static void look_at_clock(void)
{
	s64 now = div_s64((s64)kith_clock_real_ns(came_ns), NSEC_PER_SEC);

	if (now < READ_ONCE(came_real_s))
		WRITE_ONCE(came_real_s, now);
}

/* Nobody has changed it since we came. @real: the one that holds the data; NULL: not known */
static bool is_old(const struct inode *real)
{
	return real && kith_inode_changed(real) < READ_ONCE(came_real_s) - CLOCK_SLACK_S;
}

static bool is_in_filter(const struct kith_file *id)
{
	unsigned int i;

	for (i = 0; i < FILTER_PROBES; i++)
		if (!test_bit(filter_bit(id, i), filter))
			return false;
	return true;
}

static void put_into_filter(const struct kith_file *id)
{
	unsigned int i;

	look_at_clock();
	for (i = 0; i < FILTER_PROBES; i++)
		set_bit(filter_bit(id, i), filter);
}

/* Context: set->lock, as of those below. */
static struct entry *find(struct set *set, const struct kith_file *id)
{
	unsigned int i;

	for (i = 0; i < WAYS; i++) {
		struct entry *entry = &set->entries[i];

		if (entry->inode == id->real_inode && entry->device == id->real_device &&
		    entry->generation == id->generation)
			return entry;
	}
	return NULL;
}

/* Rather one that nobody has written to. */
static struct entry *victim(struct set *set)
{
	unsigned int i;

	for (i = 0; i < 2 * WAYS; i++) {
		struct entry *entry = &set->entries[set->hand];

		set->hand = (set->hand + 1) % WAYS;
		if (!entry->used && (!entry->written || i >= WAYS))
			return entry;
		entry->used = false;
	}
	return &set->entries[set->hand];
}

static struct entry *obtain(struct set *set, const struct kith_file *id, bool written)
{
	struct entry *entry = find(set, id);

	if (!entry) {
		entry = victim(set);
		memset(entry, 0, sizeof(*entry));
		entry->inode = id->real_inode;
		entry->device = id->real_device;
		entry->generation = id->generation;
		entry->written = written;
	}
	entry->used = true;
	return entry;
}

/* Before overlayfs has opened it, or if it may sleep to tell, it is not known. */
static const struct inode *real_inode(const struct file *file)
{
	const struct dentry *dentry = file->f_path.dentry;

	if (dentry->d_flags & DCACHE_OP_REAL)
		return S_ISREG(file_inode(file)->i_mode) ? kith_real_inode(dentry) : NULL;
	return file_inode(file);
}

struct kith_object kith_object_look(const struct kith_file *id, const struct file *file)
{
	struct kith_object object = {};
	struct set *set = set_of(id);
	struct entry *entry;

	spin_lock(&set->lock);
	entry = find(set, id);
	if (entry) {
		entry->used = true;
		object.writer = entry->writer;
		object.written = entry->written;
		/* Not all changes of a mode are seen in time, or at all. */
		if (entry->mode == id->mode && entry->owner == id->owner)
			object.worth = entry->worth;
	}
	spin_unlock(&set->lock);
	if (!entry)
		object.written = is_in_filter(id) && !is_old(real_inode(file));
	return object;
}

void kith_object_learn(const struct kith_file *id, const struct kith_object *object)
{
	struct set *set = set_of(id);
	struct entry *entry;

	spin_lock(&set->lock);
	entry = obtain(set, id, object->written);
	entry->worth = object->worth;
	entry->mode = id->mode;
	entry->owner = id->owner;
	spin_unlock(&set->lock);
}

void kith_object_doubt(const struct kith_file *id)
{
	struct set *set = set_of(id);
	struct entry *entry;

	spin_lock(&set->lock);
	entry = find(set, id);
	if (entry)
		entry->worth = KITH_WORTH_UNKNOWN;
	spin_unlock(&set->lock);
}

void kith_object_written(const struct kith_file *id, u64 writer)
{
	struct set *set = set_of(id);
	struct entry *entry;

	spin_lock(&set->lock);
	entry = obtain(set, id, false);
	if (!entry->written || entry->writer != writer) {
		put_into_filter(id);
		entry->written = true;
		entry->writer = writer;
		atomic_inc(&kith_object_turns);
	}
	spin_unlock(&set->lock);
}

void kith_object_forget(void)
{
	unsigned int i, j;

	for (i = 0; i < 1U << set_bits; i++) {
		spin_lock(&sets[i].lock);
		for (j = 0; j < WAYS; j++)
			sets[i].entries[j].worth = KITH_WORTH_UNKNOWN;
		spin_unlock(&sets[i].lock);
		cond_resched();
	}
}

bool kith_object_is_pseudo(const struct inode *inode)
{
	switch (inode->i_sb->s_magic) {
	case PROC_SUPER_MAGIC:
	case SYSFS_MAGIC:
	case CGROUP_SUPER_MAGIC:
	case CGROUP2_SUPER_MAGIC:
	case DEBUGFS_MAGIC:
	case TRACEFS_MAGIC:
	case SECURITYFS_MAGIC:
	case SELINUX_MAGIC:
	case BPF_FS_MAGIC:
	case PSTOREFS_MAGIC:
		return true;
	default:
		return false;
	}
}

bool kith_object_is_queue(const struct inode *inode)
{
	return S_ISREG(inode->i_mode) && inode->i_sb->s_magic == MQUEUE_MAGIC;
}

/* Files of the kernel's own mount of tmpfs have no other name than what they are. */
static enum kith_file_kind kind_without_name(const struct dentry *dentry)
{
	const char *name = (const char *)dentry->d_name.name;

	if (!strncmp(name, "memfd:", 6))
		return KITH_FILE_MEMFD;
	return strncmp(name, "SYSV", 4) ? KITH_FILE_REGULAR : KITH_FILE_SHM;
}

static enum kith_file_kind kind_of(const struct inode *inode, const struct dentry *dentry)
{
	if (S_ISBLK(inode->i_mode))
		return KITH_FILE_BLOCK;
	if (S_ISDIR(inode->i_mode))
		return KITH_FILE_DIRECTORY;
	if (!S_ISREG(inode->i_mode))
		return KITH_FILE_OTHER;
	if (kith_object_is_pseudo(inode))
		return KITH_FILE_PSEUDO;
	if (kith_object_is_queue(inode))
		return KITH_FILE_MESSAGE_QUEUE;
	if (inode->i_sb->s_magic == TMPFS_MAGIC && inode->i_sb->s_flags & SB_KERNMOUNT)
		return kind_without_name(dentry);
	return KITH_FILE_REGULAR;
}

void kith_object_identify_inode(struct kith_file *id, const struct inode *inode,
				const struct dentry *dentry)
{
	const struct inode *real = S_ISREG(inode->i_mode) ? kith_real_inode(dentry) : inode;

	/* Without a name in that directory, or by a name of another file system. */
	if (!real)
		real = inode;
	memset(id, 0, sizeof(*id));
	id->inode = inode->i_ino;
	id->device = kith_object_device(inode);
	id->real_inode = real->i_ino;
	id->real_device = kith_object_device(real);
	id->generation = real->i_generation;
	id->mode = inode->i_mode;
	id->owner = __kuid_val(inode->i_uid);
	id->kind = kind_of(inode, dentry);
}

void kith_object_identify(struct kith_file *id, const struct file *file)
{
	kith_object_identify_inode(id, file_inode(file), file->f_path.dentry);
}

int kith_object_init(u32 files)
{
	unsigned int i;

	seed = get_random_u64();
	came_ns = ktime_get_boottime_ns();
	came_real_s = S64_MAX;
	look_at_clock();
	set_bits = order_base_2(DIV_ROUND_UP(files, WAYS));
	sets = kvcalloc(1U << set_bits, sizeof(*sets), GFP_KERNEL);
	filter = kvcalloc(BITS_TO_LONGS(1UL << FILTER_BITS), sizeof(*filter), GFP_KERNEL);
	if (!sets || !filter) {
		kith_object_exit();
		return -ENOMEM;
	}
	for (i = 0; i < 1U << set_bits; i++)
		spin_lock_init(&sets[i].lock);
	return 0;
}

void kith_object_exit(void)
{
	kvfree(sets);
	kvfree(filter);
	sets = NULL;
	filter = NULL;
}
