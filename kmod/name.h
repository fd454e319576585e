/* SPDX-License-Identifier: GPL-2.0-only */
/* Names that several hold: of Unix sockets, and of FIFOs. */
#ifndef _KITH_NAME_H
#define _KITH_NAME_H

#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/types.h>

/* As items SOCKET_NAME and PATH have it. */
struct kith_name {
	refcount_t users;
	struct rcu_head rcu;
	u16 size;
	char text[];
};

/* A name with one holder; NULL: no memory. */
struct kith_name *kith_name_new(const char *text, size_t size);

/* Another one who holds @name, which may be NULL; and one who does not any more. */
struct kith_name *kith_name_get(struct kith_name *name);
void kith_name_put(struct kith_name *name);

#endif
