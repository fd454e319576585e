// SPDX-License-Identifier: GPL-2.0-only
/* Reading the memory of the current process without faulting. */
#include "usermem.h"

#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/uaccess.h>

/* Up to the end of the page of @from: one copy succeeds or fails as a whole. */
static size_t piece(const void __user *from, size_t size)
{
	return min_t(size_t, size, PAGE_SIZE - offset_in_page(from));
}

size_t kith_user_copy(void *to, const void __user *from, size_t size)
{
	size_t done = 0;

	while (done < size) {
		size_t n = piece(from + done, size - done);

		if (copy_from_user_nofault(to + done, from + done, n))
			break;
		done += n;
	}
	return done;
}

size_t kith_user_string(char *to, const char __user *from, size_t size)
{
	size_t done = 0;

	while (done < size) {
		/* Strings are short: do not read whole pages for them. */
		size_t n = min_t(size_t, piece(from + done, size - done), 128);
		char *end;

		if (copy_from_user_nofault(to + done, from + done, n))
			break;
		end = memchr(to + done, 0, n);
		if (end)
			return end - to + 1;
		done += n;
	}
	to[min(done, size - 1)] = 0;
	return 0;
}
