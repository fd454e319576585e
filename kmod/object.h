/* SPDX-License-Identifier: GPL-2.0-only */
/* What is remembered of a file, whoever uses it: who wrote it, and what reading it is worth. */
#ifndef _KITH_OBJECT_H
#define _KITH_OBJECT_H

#include <kith/uapi.h>
#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/types.h>

enum kith_worth {
	KITH_WORTH_UNKNOWN,
	KITH_WORTH_PLAIN,
	KITH_WORTH_USUAL,
	KITH_WORTH_SECRET,
};

struct kith_object {
	u64 writer;   /* the last; 0: nobody since we came, or not known any more */
	bool written; /* since we came, as far as is known; if in doubt */
	u8 worth;     /* enum kith_worth */
};

/* Which file @file is. Context: RCU read section. */
void kith_object_identify(struct kith_file *id, const struct file *file);
void kith_object_identify_inode(struct kith_file *id, const struct inode *inode,
				const struct dentry *dentry);

/* As stat(2) shows it, major << 20 | minor. */
static inline u32 kith_object_device(const struct inode *inode)
{
	return MAJOR(inode->i_sb->s_dev) << 20 | MINOR(inode->i_sb->s_dev);
}

/* Of a file system whose files have no data of their own, and no size. */
bool kith_object_is_pseudo(const struct inode *inode);

/* A POSIX message queue. */
bool kith_object_is_queue(const struct inode *inode);

/* Context of all: preemption off. @file: one that is open, and is that of @id */
struct kith_object kith_object_look(const struct kith_file *id, const struct file *file);
void kith_object_learn(const struct kith_file *id, const struct kith_object *object);
void kith_object_written(const struct kith_file *id, u64 writer);

/* What was learned of its worth may not be true any more. */
void kith_object_doubt(const struct kith_file *id);

/* Nothing is known of worth any more: policy has changed. Context: may sleep. */
void kith_object_forget(void);

/* Another number whenever somebody writes to a file that another has written to, or none. */
extern atomic_t kith_object_turns;

static inline u32 kith_object_turn(void)
{
	return atomic_read(&kith_object_turns);
}

/* @files: as many may be remembered. */
int kith_object_init(u32 files);
void kith_object_exit(void);

#endif
