/* SPDX-License-Identifier: GPL-2.0-only */
/* Where file systems read and write; and calls that are not over when they return. */
#ifndef _KITH_ITER_H
#define _KITH_ITER_H

#include "file.h"

struct file;
struct iov_iter;
struct kiocb;

/* @file may be of a file system that was not met before. Context: kith_hook_enter(). */
void kith_iter_meet(const struct file *file);

/* A call that io_uring or AIO makes, of at most @most bytes. Context: kith_hook_enter(). */
void kith_iter_asynchronous(const struct kiocb *iocb, const struct iov_iter *iter,
			    struct kith_line *line, enum kith_file_way way, u64 most);

int kith_iter_init(void);

/* Nothing is learned any more; before the hooks go. May sleep. */
void kith_iter_stop(void);

#endif
