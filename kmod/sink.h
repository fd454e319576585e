/* SPDX-License-Identifier: GPL-2.0-only */
/* Where records that tell of a state go: a ring, or a buffer for whoever asked. */
#ifndef _KITH_SINK_H
#define _KITH_SINK_H

#include <kith/uapi.h>
#include <linux/types.h>

/* All 0: the ring of this CPU. */
struct kith_sink {
	u8 *at;
	size_t room;
	bool full;
};

extern struct kith_sink kith_sink_ring; /* which stays so */

/*
 * A record that nobody's act is, whoever is current; NULL if there is no room. What is
 * not NULL must be ended. Context: preemption off, from the one to the other.
 */
struct kith_record *kith_sink_begin(struct kith_sink *sink, enum kith_record_type type,
				    size_t body, size_t items);
void kith_sink_end(const struct kith_sink *sink, struct kith_record *record);

#endif
