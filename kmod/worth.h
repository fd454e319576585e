/* SPDX-License-Identifier: GPL-2.0-only */
/* What is done to a file is worth a line of its own, or not; see file.h of the wire. */
#ifndef _KITH_WORTH_H
#define _KITH_WORTH_H

#include "file.h"

struct file;
struct kith_account;
struct kith_line;

/* Context of all: kith_hook_enter(); of the first, current->fs is there. */

/* A line for what current begins to do with @file, with a reference; NULL: no room. */
struct kith_line *kith_worth_line(struct kith_account *account, const struct file *file,
				  enum kith_file_way way, u32 flags);

/*
 * Reading @file, whose data is its own, is one of those things that @line is for: another
 * one from now on. Return: is it? @line: one of @account, which is current's process's
 */
bool kith_worth_joins(const struct kith_account *account, const struct file *file,
		      struct kith_line *line);

/* Is reading it known to be worth nothing? */
bool kith_worth_is_plain(const struct file *file);

#endif
