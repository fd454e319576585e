/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writing the items of a record: count their space with kith_item_space(),
 * reserve the record, put them one after the other.
 */
#ifndef _KITH_ITEM_H
#define _KITH_ITEM_H

#include <kith/uapi.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
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

/* A record of @size bytes at @at that comes from no ring, zeroed but for its head. */
static inline struct kith_record *kith_loose_record(void *at, enum kith_record_type type,
						    size_t body, size_t size)
{
	struct kith_record *record = at;

	memset(record, 0, size);
	record->size = size;
	record->type = type;
	record->items = (sizeof(*record) + body) / 8;
	record->ring = KITH_NO_RING;
	record->ts = ktime_get_boottime_ns();
	return record;
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
