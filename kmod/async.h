/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls that are not over when they return: those of AIO, io_uring, and within the kernel. */
#ifndef _KITH_ASYNC_H
#define _KITH_ASYNC_H

#include "filecall.h"
#include "entry.h"

struct iov_iter;
struct kiocb;

/* Hooks; see the table in hook.c. */
kith_entry_fn kith_async_completed;

/* The callback for io_uring's completions; NULL: this kernel does not say which call it was. */
void *kith_async_uring(void);

/*
 * A file system is called for @iocb, and @line is charged. Until its end is seen, it may
 * have moved all that it asks for. Context: kith_hook_enter().
 */
void kith_async_begin(const struct kiocb *iocb, const struct iov_iter *iter,
		      struct kith_line *line, enum kith_file_way way);

/* No hook may be left. */
void kith_async_exit(void);

#endif
