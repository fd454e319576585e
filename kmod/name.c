// SPDX-License-Identifier: GPL-2.0-only
/* Names that several hold: of Unix sockets, and of FIFOs. */
#include "name.h"

#include <linux/slab.h>
#include <linux/string.h>

struct kith_name *kith_name_new(const char *text, size_t size)
{
	struct kith_name *name;

	name = kmalloc(struct_size(name, text, size), GFP_NOWAIT | __GFP_NOWARN);
	if (!name)
		return NULL;
	refcount_set(&name->users, 1);
	name->size = size;
	memcpy(name->text, text, size);
	return name;
}

struct kith_name *kith_name_get(struct kith_name *name)
{
	if (name)
		refcount_inc(&name->users);
	return name;
}

void kith_name_put(struct kith_name *name)
{
	if (name && refcount_dec_and_test(&name->users))
		kfree_rcu(name, rcu);
}
