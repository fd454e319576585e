/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writing the items of a record: count their space with kith_item_space(),
 * reserve the record, put them one after the other.
 */
#ifndef _KITH_ITEM_H
#define _KITH_ITEM_H

#include <kith/uapi.h>
#include <linux/kernel.h>
#include <linux/string.h>

struct kith_writer {
	u8 *next;
};

static inline void *kith_body(struct kith_record *record)
{
	return record + 1;
}

static inline struct kith_writer kith_writer(struct kith_record *record)
{
	return (struct kith_writer){ (u8 *)record + record->items * 8 };
}

/* Bytes that an item of @size bytes takes; an empty one takes none. */
static inline size_t kith_item_space(size_t size)
{
	return size ? sizeof(struct kith_item) + ALIGN(size, 4) : 0;
}

/* Head of an item. Return: where its @size bytes go, @size > 0. */
static inline void *kith_put_head(struct kith_writer *writer, u16 kind, u16 size)
{
	struct kith_item *item = (struct kith_item *)writer->next;

	item->kind = kind;
	item->size = size;
	/* The data may end inside its last word: leave nothing stale there. */
	*(u32 *)(writer->next + sizeof(*item) + ALIGN(size, 4) - 4) = 0;
	writer->next += kith_item_space(size);
	return item + 1;
}

static inline void kith_put(struct kith_writer *writer, u16 kind, const void *data,
			    size_t size)
{
	if (size)
		memcpy(kith_put_head(writer, kind, size), data, size);
}

#endif
