// SPDX-License-Identifier: GPL-2.0-only
/* Where records that tell of a state go. */
#include "sink.h"

#include "item.h"
#include "ring.h"

struct kith_sink kith_sink_ring;

struct kith_record *kith_sink_begin(struct kith_sink *sink, enum kith_record_type type,
				    size_t body, size_t items)
{
	size_t size = sizeof(struct kith_record) + ALIGN(body + items, 8);
	struct kith_record *record;

	if (!sink->at) {
		record = kith_ring_reserve(type, body, items);
		if (record) {
			record->process = 0;
			record->tid = 0;
		}
		return record;
	}
	if (size > sink->room) {
		sink->full = true;
		return NULL;
	}
	record = kith_loose_record(sink->at, type, body, size);
	sink->at += size;
	sink->room -= size;
	return record;
}

void kith_sink_end(const struct kith_sink *sink, struct kith_record *record)
{
	if (!sink->at)
		kith_ring_commit(record);
}
