/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Per-CPU record rings.
 *
 * A ring has one producer CPU, on which interrupts may nest, and one consumer,
 * the stream. Positions in it are free-running byte counts modulo 2^32.
 *
 *      tail <= sent <= published <= head
 *
 * [tail, sent) is packed but not acknowledged, [sent, published) is complete
 * and not packed, [published, head) is being written. The pages are mapped
 * twice in a row, so that no record ever wraps.
 *
 * Who may move `tail`: the stream while kith_ring_keep() says so, the producer
 * (which then overwrites its oldest records) while it does not.
 */
#ifndef _KITH_RING_H
#define _KITH_RING_H

#include <kith/uapi.h>
#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/irq_work.h>
#include <linux/types.h>
#include <asm/local64.h>

enum kith_ring_priority { KITH_RING_HIGH, KITH_RING_LOW, KITH_RINGS_PER_CPU };

struct kith_ring {
	local64_t state;  /* last number given out << 32 | head */
	unsigned int nest; /* producers at work, the interrupted ones included */
	u32 published;
	u32 tail;
	u32 size;	  /* bytes, a power of two */
	u16 id;
	u8 *data;	  /* size bytes, and the same again */
	struct page **pages;

	/* consumer's */
	u32 sent ____cacheline_aligned;
	u32 sent_seq;	   /* number of the last record before `sent` */
	u32 forgotten_seq; /* and before `tail` */
};

/* Monotonic since the module was loaded; written by their own CPU only. */
struct kith_tally {
	u64 emitted;
	u64 lost[KITH_LOSS_CAUSES];
	u32 epoch;	/* of first_lost: see kith_stream_loss_epoch() */
	u64 first_lost;
	u64 last_lost;
};

struct kith_cpu {
	struct kith_ring rings[KITH_RINGS_PER_CPU];
	struct kith_tally tally[KITH_CLASSES];
	struct irq_work work; /* wakes the stream */
	bool woken;	      /* and has not slept since */
};

int kith_ring_init(void);
void kith_ring_exit(void);

/**
 * kith_ring_reserve() - Begin a record of the current CPU.
 * @type: decides ring and class
 * @size: of header, body and items; rounded up to a multiple of 8
 *
 * Return: the record, zeroed but for what the ring knows (size, type, items,
 * ring, seq, tid, ts, process of current), or NULL if it was lost, which has
 * been counted. What is not NULL must be committed.
 * Context: preemption off from here to the commit; not in an NMI.
 */
struct kith_record *kith_ring_reserve(enum kith_record_type type, size_t body,
				      size_t items);

/* The same; @vital: no flood may push it out, there is a reserve for it. */
struct kith_record *kith_ring_reserve_vital(enum kith_record_type type, size_t body,
					    size_t items, bool vital);
void kith_ring_commit(struct kith_record *record);

/* Count @n records of @class that were lost without ever reaching a ring. */
void kith_ring_lose(enum kith_class class, enum kith_loss_cause cause, u64 n);

/* Is less than half of this CPU's ring in use? */
bool kith_ring_has_room(enum kith_ring_priority priority);

enum kith_class kith_class_of(enum kith_record_type type);

/* The rest is for the stream. */
unsigned int kith_ring_count(void);
struct kith_ring *kith_ring_get(unsigned int id);
struct kith_cpu *kith_ring_cpu(unsigned int cpu);
void kith_ring_keep(bool keep);
u32 kith_ring_settle(const struct kith_ring *ring);
void kith_ring_forget(struct kith_ring *ring, u32 seq, u32 limit);
void kith_ring_rewind(struct kith_ring *ring);
u32 kith_ring_last(const struct kith_ring *ring);
u32 kith_ring_bytes(enum kith_ring_priority priority);

static inline struct kith_record *kith_ring_at(const struct kith_ring *ring,
					       u32 position)
{
	return (struct kith_record *)(ring->data + (position & (ring->size - 1)));
}

#endif
