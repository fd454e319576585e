/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading the memory of the current process without ever faulting a page in.
 * What is not resident is not read, and the caller learns it.
 */
#ifndef _KITH_USERMEM_H
#define _KITH_USERMEM_H

#include <linux/compiler.h>
#include <linux/types.h>

/* Copy up to @size bytes. Return: how many came before the first absent page. */
size_t kith_user_copy(void *to, const void __user *from, size_t size);

/*
 * Copy a string and its NUL into @size > 0 bytes.
 * Return: its length with the NUL; 0 if it is absent or does not fit (what
 * fits is in @to then).
 */
size_t kith_user_string(char *to, const char __user *from, size_t size);

#endif
