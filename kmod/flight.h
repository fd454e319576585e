/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * First datagrams of UDP that are under way from one socket of this host to another.
 *
 * Who translates addresses (DNAT, masquerade), and veth, bridge and loopback, pass a
 * datagram on and leave its bytes in place: where its header lies names the end that has
 * sent it, for as long as nobody else puts one there. Whoever sends one from a socket
 * does so before our eyes. What comes from elsewhere lies elsewhere in its memory: behind
 * the 14 bytes of a frame, and not behind space for one, which is a multiple of 16.
 * Datagrams that are copied on the way (segmented, encapsulated) are not found.
 */
#ifndef _KITH_FLIGHT_H
#define _KITH_FLIGHT_H

#include "socket.h"

#include <linux/build_bug.h>
#include <linux/hash.h>
#include <linux/kernel.h>

enum {
	KITH_FLIGHT_BITS = 11, /* of the number of sets */
	KITH_FLIGHT_SETS = 1 << KITH_FLIGHT_BITS,
	KITH_FLIGHT_WAYS = 4,
	KITH_FLIGHT_SHIFT = 9, /* no two datagrams lie in the same 512 bytes */
};

/* Where the header of each lies, or 0; for all that is sent, so it is here. */
extern struct kith_flight_places {
	uintptr_t at[KITH_FLIGHT_WAYS];
} kith_flight_places[KITH_FLIGHT_SETS];

/* Who has sent a datagram: an end that waits for its other one. */
struct kith_flight {
	u64 pair;
	u64 id;
};

void kith_flight_init(void);

/*
 * kith_flight_begin() - @from, which waits, sends a datagram whose header lies at @place.
 * kith_flight_end() - One that lies there is received. Return: is it the one of @flight?
 * @digest: of what it says
 *
 * Context: any but NMI, preemption off.
 */
void kith_flight_begin(const void *place, u32 digest, const struct kith_socket *from);
bool kith_flight_end(const void *place, u32 digest, struct kith_flight *flight);
void kith_flight_clear(const void *place);

static inline unsigned int kith_flight_set(const void *place)
{
	return hash_32((uintptr_t)place >> KITH_FLIGHT_SHIFT, KITH_FLIGHT_BITS);
}

/* Not as a loop, which would be three times as many instructions. */
static inline bool kith_flight_is_there(const void *place_)
{
	const struct kith_flight_places *places = &kith_flight_places[kith_flight_set(place_)];
	uintptr_t place = (uintptr_t)place_;

	BUILD_BUG_ON(ARRAY_SIZE(places->at) != 4);
	return READ_ONCE(places->at[0]) == place || READ_ONCE(places->at[1]) == place ||
	       READ_ONCE(places->at[2]) == place || READ_ONCE(places->at[3]) == place;
}

/* Another datagram is there now. */
static inline void kith_flight_forget(const void *place)
{
	if (unlikely(kith_flight_is_there(place)))
		kith_flight_clear(place);
}

#endif
