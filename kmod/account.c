// SPDX-License-Identifier: GPL-2.0-only
/* What each process did with files, folded. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "account.h"

#include "connection.h"
#include "hook.h"
#include "key.h"
#include "line.h"
#include "object.h"
#include "report.h"
#include "ring.h"
#include "socket.h"

#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

enum {
	LOCKS = 256,
	FILES_MIN = 64,
	FILES_MAX = 1 << 22,
	PAGES_PER_FILE = 8,
	LINES_PER_BUCKET = 4,
	ACCOUNT_BITS = 12,
	PATH_PER_WEIGHT = 512, /* bytes of a path that weigh as much as a line */
	ACCOUNT_MOST = 256,  /* the exit tells of all that, and must not take long */
	ACCOUNT_LEAST = 8,   /* weight that nobody is denied while there is room */
	ACCOUNT_PART = 64,   /* of what is free, an account may have this part */
	ROOM_LOOKS = 16,
	LINES_AT_ONCE = 32,  /* are looked at with preemption off */
	IDLE = 10 * HZ, /* after that a line may go when room gets scarce */
};

#define AGAIN_NS (60 * NSEC_PER_SEC)

static unsigned int files_max;
module_param(files_max, uint, 0444);
MODULE_PARM_DESC(files_max,
		 "pairs of process and file that are watched, at most (0: one for 32 KiB); "
		 "one with a path of 512 bytes or more counts for several");

static struct hlist_head accounts[1 << ACCOUNT_BITS];
static DEFINE_SPINLOCK(accounts_lock); /* for writers */
static atomic_t account_count = ATOMIC_INIT(0);

static struct hlist_head *lines;
static unsigned int line_bits;
static spinlock_t locks[LOCKS]; /* for writers; bucket i has locks[i % LOCKS] */
static atomic_t count = ATOMIC_INIT(0); /* the weight of all lines of accounts */
static atomic_t held = ATOMIC_INIT(0);	/* and of those whose memory is not free yet */
static struct kmem_cache *cache;

u32 kith_account_count(void)
{
	return atomic_read(&count);
}

u32 kith_account_max(void)
{
	return files_max;
}

static void free_account(struct rcu_head *head)
{
	kfree(container_of(head, struct kith_account, rcu));
	atomic_dec(&account_count);
}

static void put_account(struct kith_account *account)
{
	if (refcount_dec_and_test(&account->users))
		call_rcu(&account->rcu, free_account);
}

static struct hlist_head *accounts_of(u64 process)
{
	return &accounts[hash_64(process, ACCOUNT_BITS)];
}

/* With a reference. */
static struct kith_account *find_account(u64 process)
{
	struct kith_account *account;

	hlist_for_each_entry_rcu(account, accounts_of(process), node)
		if (account->process == process && refcount_inc_not_zero(&account->users))
			return account;
	return NULL;
}

static struct kith_account *new_account(u64 process)
{
	struct kith_account *account = NULL;

	if ((u32)atomic_inc_return(&account_count) <= files_max)
		account = kzalloc(sizeof(*account), GFP_NOWAIT | __GFP_NOWARN);
	if (!account) {
		atomic_dec(&account_count);
		kith_ring_lose(KITH_CLASS_FILE, KITH_LOSS_UNTRACKED, 1);
		return NULL;
	}
	refcount_set(&account->users, 2);
	account->process = process;
	spin_lock_init(&account->lock);
	INIT_LIST_HEAD(&account->lines);
	return account;
}

/* That of current's process, with a reference. */
static struct kith_account *obtain_account(void)
{
	u64 process = kith_key(current);
	struct kith_account *account = find_account(process), *fresh;

	if (account)
		return account;
	fresh = new_account(process);
	if (!fresh)
		return NULL;
	spin_lock(&accounts_lock);
	account = find_account(process);
	if (!account)
		hlist_add_head_rcu(&fresh->node, accounts_of(process));
	spin_unlock(&accounts_lock);
	if (!account)
		return fresh;
	/* Another thread was faster; nobody has seen ours. */
	kfree(fresh);
	atomic_dec(&account_count);
	return account;
}

struct kith_account *kith_account_join(void)
{
	struct kith_account *account = obtain_account();
	bool over;

	if (!account)
		return NULL;
	spin_lock(&account->lock);
	over = account->over;
	if (!over)
		atomic_inc(&account->threads);
	spin_unlock(&account->lock);
	if (!over)
		return account;
	put_account(account);
	return NULL;
}

void kith_account_leave(struct kith_account *account)
{
	if (!account)
		return;
	atomic_dec(&account->threads);
	/* Who then finds that the process is over finds others here, or they find it so. */
	smp_mb__after_atomic();
	put_account(account);
}

static void free_line(struct rcu_head *head)
{
	struct kith_line *line = container_of(head, struct kith_line, rcu);

	atomic_sub(line->weight, &held);
	kith_name_put(line->path);
	kmem_cache_free(cache, line);
}

void kith_line_put(struct kith_line *line)
{
	if (line && refcount_dec_and_test(&line->users))
		call_rcu(&line->rcu, free_line);
}

void kith_line_add(struct kith_line *line, enum kith_file_way way, u64 bytes)
{
	atomic64_add(bytes, &line->moved[way]);
	atomic64_inc(&line->calls[way]);
	WRITE_ONCE(line->active, jiffies);
}

static unsigned int bucket_of(u64 process, const struct kith_line_of *of)
{
	u64 what = of->kind == KITH_LINE_FILE ?
			   of->file->real_inode + ((u64)of->file->generation << 32) :
			   of->writer + of->kind;

	return hash_64(process * GOLDEN_RATIO_64 ^ what, line_bits);
}

static bool is_for(const struct kith_line *line, const struct kith_line_of *of)
{
	if (line->kind != of->kind)
		return false;
	if (line->kind != KITH_LINE_FILE)
		return line->writer == of->writer;
	return line->file.real_inode == of->file->real_inode &&
	       line->file.generation == of->file->generation &&
	       line->file.real_device == of->file->real_device;
}

struct kith_line *kith_line_find(const struct kith_account *account,
				 const struct kith_line_of *of)
{
	unsigned int bucket = bucket_of(account->process, of);
	struct kith_line *line;

	hlist_for_each_entry_rcu(line, &lines[bucket], node) {
		if (line->process != account->process || !is_for(line, of) ||
		    READ_ONCE(line->gone) || !refcount_inc_not_zero(&line->users))
			continue;
		/* Either who retires it sees us, or we see that it is gone. */
		smp_mb__after_atomic();
		if (!READ_ONCE(line->gone))
			return line;
		kith_line_put(line);
	}
	return NULL;
}

bool kith_line_is_likely(const struct kith_account *account, const struct kith_line_of *of)
{
	return !hlist_empty(&lines[bucket_of(account->process, of)]);
}

/* For the last time. Context: the account's lock, as of those below. */
static void conclude(struct kith_line *line)
{
	u64 mark = kith_line_sum(line);

	if (!kith_line_is_silent(line) && (mark != line->told || line->reported))
		kith_line_tell(line, KITH_ACCESS_OVER);
	line->told = mark;
}

static void drop(struct kith_account *account, struct kith_line *line)
{
	struct kith_line_of of = { .kind = line->kind, .writer = line->writer,
				   .file = &line->file };
	spinlock_t *lock = &locks[bucket_of(line->process, &of) % LOCKS];

	if (line == account->plain)
		account->plain = NULL;
	account->count--;
	account->weight -= line->weight;
	atomic_sub(line->weight, &count);
	list_del(&line->entry);
	spin_lock(lock);
	hlist_del_init_rcu(&line->node);
	spin_unlock(lock);
	kith_line_put(line);
}

/* Let go of it, unless a thread has to do with it just now. */
static bool retire(struct kith_account *account, struct kith_line *line)
{
	WRITE_ONCE(line->gone, true);
	smp_mb(); /* pairs with the one in kith_line_find() */
	if (refcount_read(&line->users) > 1) {
		WRITE_ONCE(line->gone, false);
		return false;
	}
	conclude(line);
	drop(account, line);
	return true;
}

/*
 * What an account may weigh: a part of what is free, so that many accounts together, of
 * one user say, leave room for others, and have less each the more they are.
 */
static bool fits(const struct kith_account *account, unsigned int weight)
{
	int room = (int)files_max - atomic_read(&count);
	int most = clamp(room / ACCOUNT_PART, (int)ACCOUNT_LEAST, (int)ACCOUNT_MOST);

	return (int)weight <= room && account->weight + weight <= (unsigned int)most;
}

/* The oldest of the first few go, as far as they can. Return: is there room? */
static bool make_room(struct kith_account *account, unsigned int weight)
{
	unsigned int looks = 0, before = account->weight;
	struct kith_line *line, *next;

	list_for_each_entry_safe(line, next, &account->lines, entry) {
		/* One that has more than it may have now gives back a bit more than it gets. */
		if (fits(account, weight) || account->weight + weight < before ||
		    ++looks > ROOM_LOOKS)
			break;
		if (line != account->plain)
			retire(account, line);
	}
	return fits(account, weight) || account->weight + weight <= before;
}

static unsigned int weight_of(const struct kith_line_of *of)
{
	return 1 + (of->path ? of->path_size / PATH_PER_WEIGHT : 0);
}

static struct kith_line *new_line(struct kith_account *account, const struct kith_line_of *of)
{
	unsigned int weight = weight_of(of);
	struct kith_line *line = NULL;

	/* Those that wait for RCU take nobody's room, but they are no more than can be in use. */
	if (atomic_read(&held) / 2 < files_max &&
	    (fits(account, weight) || make_room(account, weight)))
		line = kmem_cache_alloc(cache, GFP_NOWAIT | __GFP_NOWARN | __GFP_ZERO);
	if (!line) {
		kith_ring_lose(KITH_CLASS_FILE, KITH_LOSS_UNTRACKED, 1);
		return NULL;
	}
	atomic_add(weight, &count);
	atomic_add(weight, &held);
	line->weight = weight;
	refcount_set(&line->users, 2);
	line->id = kith_socket_new_id();
	line->process = account->process;
	line->kind = of->kind;
	line->writer = of->writer;
	if (of->file)
		line->file = *of->file;
	line->flags = of->flags;
	line->mntns = of->mntns;
	line->first = ktime_get_boot_fast_ns();
	line->active = jiffies;
	if (of->path)
		line->path = kith_name_new(of->path, of->path_size);
	return line;
}

struct kith_line *kith_line_obtain(struct kith_account *account,
				   const struct kith_line_of *of)
{
	unsigned int bucket = bucket_of(account->process, of);
	struct kith_line *line;

	spin_lock(&account->lock);
	line = kith_line_find(account, of);
	if (line)
		goto out;
	line = new_line(account, of);
	if (!line)
		goto out;
	list_add_tail(&line->entry, &account->lines);
	account->count++;
	account->weight += line->weight;
	if (of->kind == KITH_LINE_PLAIN)
		account->plain = line;
	spin_lock(&locks[bucket % LOCKS]);
	hlist_add_head_rcu(&line->node, &lines[bucket]);
	spin_unlock(&locks[bucket % LOCKS]);
out:
	spin_unlock(&account->lock);
	return line;
}

/* What is told of plain files is in EXIT. Context: the account's lock. */
static void sum_up_plain(struct kith_account *account, struct kith_plain *plain)
{
	struct kith_line *line = account->plain;

	if (!line)
		return;
	plain->reads = atomic64_read(&line->calls[KITH_FILE_READ]);
	plain->bytes = atomic64_read(&line->moved[KITH_FILE_READ]);
	line->told = kith_line_sum(line);
	line->reported = 0;
}

/* Context: the account's lock. */
static void finish(struct kith_account *account)
{
	struct kith_line *line, *next;

	account->over = true;
	list_for_each_entry_safe(line, next, &account->lines, entry) {
		WRITE_ONCE(line->gone, true);
		conclude(line);
		drop(account, line);
	}
	spin_lock(&accounts_lock);
	hlist_del_init_rcu(&account->node);
	spin_unlock(&accounts_lock);
	put_account(account);
}

/*
 * All threads are past the count of those that live, but each has still to come here: a
 * later one finds that no other is left, and its EXIT has the greater sums.
 */
void kith_account_finish(struct kith_plain *plain)
{
	/* Another thread may have had to do with files, and this one not. */
	struct kith_account *account = find_account(kith_key(current));

	if (!account)
		return;
	spin_lock(&account->lock);
	sum_up_plain(account, plain);
	if (!atomic_read(&account->threads) && !account->over)
		finish(account);
	spin_unlock(&account->lock);
	put_account(account);
}

static bool is_due(const struct kith_line *line, u64 now)
{
	if (!line->reported)
		return kith_is_older(line->first, now, NSEC_PER_SEC);
	return kith_is_older(line->reported, now, AGAIN_NS);
}

struct reporter {
	bool all;
	bool scarce;
	unsigned int left; /* lines of the account that were not looked at */
};

/* Return: may the next one be told of? */
static bool report_line(const struct reporter *reporter, struct kith_account *account,
			struct kith_line *line)
{
	u64 now = ktime_get_boottime_ns(), mark = kith_line_sum(line);
	bool idle = reporter->scarce && line != account->plain &&
		    time_is_before_jiffies(READ_ONCE(line->active) + IDLE);

	if (!kith_ring_has_room(KITH_RING_LOW))
		return false;
	if (idle && retire(account, line))
		return true;
	if ((reporter->all || is_due(line, now)) && mark != line->told &&
	    !kith_line_is_silent(line) && kith_line_tell(line, 0)) {
		line->told = mark;
		line->reported = now;
	}
	list_move_tail(&line->entry, &account->lines);
	return true;
}

/*
 * Its next few lines, which go to the end: once all have been there, their order is as
 * before, but for what is new meanwhile. Return: are there more?
 */
static bool report_some(struct reporter *reporter, struct kith_account *account)
{
	unsigned int i;
	bool room = true;

	spin_lock(&account->lock);
	reporter->left = min(reporter->left, account->count);
	for (i = 0; room && reporter->left && i < LINES_AT_ONCE; i++, reporter->left--)
		room = report_line(reporter, account,
				   list_first_entry(&account->lines, struct kith_line, entry));
	spin_unlock(&account->lock);
	return room && reporter->left;
}

/* Account number @n of the bucket, with a reference, or NULL. */
static struct kith_account *account_at(unsigned int bucket, unsigned int n)
{
	struct kith_account *account;

	hlist_for_each_entry_rcu(account, &accounts[bucket], node)
		if (!n--)
			return refcount_inc_not_zero(&account->users) ? account : NULL;
	return NULL;
}

/* Return: was there one? If others come or go meanwhile, the next time will do. */
static bool report(unsigned int bucket, unsigned int n, bool all)
{
	struct reporter reporter = { .all = all, .left = UINT_MAX };
	struct kith_account *account;
	bool more;

	kith_hook_enter();
	account = account_at(bucket, n);
	kith_hook_leave();
	if (!account)
		return false;
	do {
		kith_hook_enter();
		reporter.scarce = (u32)atomic_read(&count) > files_max / 4 * 3;
		more = !kith_report_is_closed() && report_some(&reporter, account);
		kith_hook_leave();
		cond_resched();
	} while (more);
	put_account(account);
	return true;
}

void kith_account_report(bool all)
{
	static DEFINE_MUTEX(one);
	unsigned int i, n;

	mutex_lock(&one);
	for (i = 0; i < ARRAY_SIZE(accounts); i++)
		for (n = 0; report(i, n, all); n++)
			;
	mutex_unlock(&one);
}

int kith_account_init(void)
{
	unsigned int i;
	int ret;

	if (!files_max)
		files_max = clamp_t(u64, totalram_pages() / PAGES_PER_FILE, FILES_MIN, FILES_MAX);
	if (files_max < FILES_MIN || files_max > FILES_MAX) {
		pr_err("files_max must be from %d to %d\n", FILES_MIN, FILES_MAX);
		return -EINVAL;
	}
	for (i = 0; i < LOCKS; i++)
		spin_lock_init(&locks[i]);
	line_bits = order_base_2(DIV_ROUND_UP(files_max, LINES_PER_BUCKET));
	lines = kvcalloc(1U << line_bits, sizeof(*lines), GFP_KERNEL);
	if (!lines)
		return -ENOMEM;
	ret = kith_object_init(files_max);
	if (ret)
		goto err_object;
	cache = kmem_cache_create("kith_line", sizeof(struct kith_line), 0, 0, NULL);
	if (!cache)
		goto err_cache;
	return 0;

err_cache:
	kith_object_exit();
	ret = -ENOMEM;
err_object:
	kvfree(lines);
	return ret;
}

void kith_account_exit(void)
{
	struct kith_account *account;
	struct hlist_node *next;
	struct kith_line *line, *more;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(accounts); i++)
		hlist_for_each_entry_safe(account, next, &accounts[i], node) {
			list_for_each_entry_safe(line, more, &account->lines, entry)
				drop(account, line);
			hlist_del_init(&account->node);
			put_account(account);
		}
	rcu_barrier();
	kmem_cache_destroy(cache);
	kith_object_exit();
	kvfree(lines);
}
