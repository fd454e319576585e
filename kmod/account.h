/* SPDX-License-Identifier: GPL-2.0-only */
/* What each process did with files, folded: a line for each of them, or for several. */
#ifndef _KITH_ACCOUNT_H
#define _KITH_ACCOUNT_H

#include "file.h"
#include "name.h"

#include <kith/uapi.h>
#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>

enum kith_line_kind {
	KITH_LINE_FILE,	  /* one file */
	KITH_LINE_WRITER, /* files that one process had written last; 0: nobody knows who */
	KITH_LINE_PLAIN,  /* all that reading of is not worth more */
};

struct kith_line {
	struct hlist_node node;	 /* by process, kind and file or writer */
	struct list_head entry;	 /* in its account, the oldest first; the account's lock */
	struct rcu_head rcu;
	refcount_t users;	 /* the table, and threads whose last call it was of */
	u64 id;
	u64 process;
	u64 writer;
	struct kith_file file;
	struct kith_name *path;
	u64 first;
	unsigned long active; /* jiffies */
	atomic64_t moved[KITH_FILE_WAYS];
	atomic64_t calls[KITH_FILE_WAYS];
	atomic64_t flying[KITH_FILE_WAYS]; /* bytes that calls which go on may move */
	atomic64_t files; /* that were begun */
	u64 told;	  /* of all that, a mark; the account's lock, as of the next */
	u64 reported;
	u32 flags; /* KITH_ACCESS_* */
	u32 mntns;
	u8 weight; /* 1, and more with a long path: what it counts for where there is a limit */
	u8 kind; /* enum kith_line_kind */
	bool gone;
};

struct kith_account {
	struct hlist_node node;
	struct rcu_head rcu;
	refcount_t users; /* the table, and the process's threads */
	atomic_t threads; /* of these, those that may have more to tell */
	u64 process;
	spinlock_t lock; /* protects the following */
	struct list_head lines;
	bool over;
	unsigned int count;  /* lines */
	unsigned int weight; /* of all these */
	struct kith_line *plain;
	u32 reads;   /* files it has read that have a line, and it has not written */
	u32 secrets; /* and of these, sensitive ones */
};

/* Context of all: kith_hook_enter(), if nothing else is said. */

/*
 * kith_account_join() - That of current's process, which a thread of it now has to do with.
 *	NULL: no room, or it was just over.
 * kith_account_leave() - It has not any more. Context: any.
 */
struct kith_account *kith_account_join(void);
void kith_account_leave(struct kith_account *account);

/* What a line is for, if it has to be made. */
struct kith_line_of {
	enum kith_line_kind kind;
	u64 writer;
	const struct kith_file *file;
	const char *path; /* not of plain ones */
	size_t path_size;
	u32 flags;
	u32 mntns;
};

/*
 * kith_line_find() - The line of @account for it, with a reference, or NULL.
 * kith_line_is_likely() - May there be one? Costs less than to find that there is none.
 * kith_line_obtain() - The same, made if need be. NULL: there is no room, which is counted.
 */
struct kith_line *kith_line_find(const struct kith_account *account,
				 const struct kith_line_of *of);
bool kith_line_is_likely(const struct kith_account *account, const struct kith_line_of *of);
struct kith_line *kith_line_obtain(struct kith_account *account,
				   const struct kith_line_of *of);
void kith_line_put(struct kith_line *line);

/* One call more, which has moved @bytes. */
void kith_line_add(struct kith_line *line, enum kith_file_way way, u64 bytes);

static inline void kith_line_mark(struct kith_line *line, u32 flags)
{
	/* Two at once: rare, and the marks come again. */
	if ((READ_ONCE(line->flags) & flags) != flags)
		WRITE_ONCE(line->flags, READ_ONCE(line->flags) | flags);
}

/* What says of the bytes of @way that they are a bound. */
static inline u32 kith_line_bound(enum kith_file_way way)
{
	return way == KITH_FILE_READ ? KITH_ACCESS_UPPER_READ : KITH_ACCESS_UPPER_WRITTEN;
}

/* What a process read of plain files. */
struct kith_plain {
	u64 reads;
	u64 bytes;
};

/*
 * current's process is over, and current has left its account: what it has read of plain
 * files. The last thread that leaves tells of all.
 */
void kith_account_finish(struct kith_plain *plain);

/* Tell of what goes on, as far as it is due, or @all. Context: process. */
void kith_account_report(bool all);

u32 kith_account_count(void);
u32 kith_account_max(void);

int kith_account_init(void);

/* No hook and no thread's entry may be left. */
void kith_account_exit(void);

#endif
