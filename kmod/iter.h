/* SPDX-License-Identifier: GPL-2.0-only */
/* Where file systems read and write. */
#ifndef _KITH_ITER_H
#define _KITH_ITER_H

struct file;

/* @file may be of a file system that was not met before. Context: kith_hook_enter(). */
void kith_iter_meet(const struct file *file);

int kith_iter_init(void);

/* Nothing is learned any more; no hook may be left that meets files. May sleep. */
void kith_iter_stop(void);

#endif
