// SPDX-License-Identifier: GPL-2.0-only
/* Datagrams under way: a table of fixed size, in which the newest replace the oldest. */
#include "flight.h"

#include <linux/jiffies.h>
#include <linux/spinlock.h>

/* So long it may wait in the queue of whom it is for. */
#define FLIGHT (2 * HZ)

struct kith_flight_places kith_flight_places[KITH_FLIGHT_SETS];

static struct set {
	spinlock_t lock; /* of this, and for writers of its places */
	struct {
		struct kith_flight flight;
		u32 begun; /* jiffies */
		u32 digest;
	} ways[KITH_FLIGHT_WAYS];
} sets[KITH_FLIGHT_SETS];

void kith_flight_init(void)
{
	unsigned int i;

	for (i = 0; i < KITH_FLIGHT_SETS; i++)
		spin_lock_init(&sets[i].lock);
}

static int find(const struct kith_flight_places *places, const void *place)
{
	int way;

	for (way = 0; way < KITH_FLIGHT_WAYS; way++)
		if (places->at[way] == (uintptr_t)place)
			return way;
	return -1;
}

static u32 age(const struct set *set, int way)
{
	return (u32)jiffies - set->ways[way].begun;
}

/* One that nobody needs, or the oldest. */
static int find_room(const struct set *set, const struct kith_flight_places *places)
{
	int way = find(places, NULL), other;

	if (way >= 0)
		return way;
	for (way = 0, other = 1; other < KITH_FLIGHT_WAYS; other++)
		if (age(set, other) > age(set, way))
			way = other;
	return way;
}

void kith_flight_begin(const void *place, u32 digest, const struct kith_socket *from)
{
	unsigned int i = kith_flight_set(place);
	struct kith_flight_places *places = &kith_flight_places[i];
	struct set *set = &sets[i];
	unsigned long flags;
	int way;

	spin_lock_irqsave(&set->lock, flags);
	way = find(places, place);
	if (way < 0)
		way = find_room(set, places);
	/* If it has just found its other end, it does not wait under these any more. */
	set->ways[way].flight.pair = READ_ONCE(from->pair);
	set->ways[way].flight.id = READ_ONCE(from->id);
	set->ways[way].digest = digest;
	set->ways[way].begun = jiffies;
	WRITE_ONCE(places->at[way], (uintptr_t)place);
	spin_unlock_irqrestore(&set->lock, flags);
}

bool kith_flight_end(const void *place, u32 digest, struct kith_flight *flight)
{
	unsigned int i = kith_flight_set(place);
	struct kith_flight_places *places = &kith_flight_places[i];
	struct set *set = &sets[i];
	unsigned long flags;
	bool found = false;
	int way;

	if (!kith_flight_is_there(place))
		return false;
	spin_lock_irqsave(&set->lock, flags);
	way = find(places, place);
	if (way >= 0 && set->ways[way].digest == digest && age(set, way) < FLIGHT) {
		*flight = set->ways[way].flight;
		WRITE_ONCE(places->at[way], 0);
		found = true;
	}
	spin_unlock_irqrestore(&set->lock, flags);
	return found;
}

void kith_flight_clear(const void *place)
{
	unsigned int i = kith_flight_set(place);
	unsigned long flags;
	int way;

	spin_lock_irqsave(&sets[i].lock, flags);
	way = find(&kith_flight_places[i], place);
	if (way >= 0)
		WRITE_ONCE(kith_flight_places[i].at[way], 0);
	spin_unlock_irqrestore(&sets[i].lock, flags);
}
