// SPDX-License-Identifier: GPL-2.0-only
/* The last conversation that was told of, for the next one that is like it. */
#include "alike.h"

#include <string.h>

/* But for how much moved, and for ports: those of clients differ. */
static bool is_same_end(const struct kith_end *a, const struct kith_end *b)
{
	return a->process == b->process && a->opener == b->opener && a->netns == b->netns &&
	       !memcmp(a->addr, b->addr, sizeof(a->addr)) &&
	       !memcmp(a->peer_addr, b->peer_addr, sizeof(a->peer_addr));
}

/* The port that the client asked for, as either end has it. */
static bool is_same_port(const struct kith_connection *a, const struct kith_connection *b)
{
	return a->ends[KITH_CLIENT].peer_port == b->ends[KITH_CLIENT].peer_port &&
	       a->ends[KITH_SERVER].port == b->ends[KITH_SERVER].port;
}

bool alike_is(const struct alike *alike, const struct record *record)
{
	const struct kith_connection *a = &alike->body, *b = record->body;
	const struct slice name = record->items[KITH_ITEM_SOCKET_NAME];

	return alike->known && a->protocol == b->protocol && a->flags == b->flags &&
	       a->error == b->error && !a->started == !b->started &&
	       is_same_end(&a->ends[KITH_CLIENT], &b->ends[KITH_CLIENT]) &&
	       is_same_end(&a->ends[KITH_SERVER], &b->ends[KITH_SERVER]) &&
	       is_same_port(a, b) && alike->name_size == name.size &&
	       (!name.size || !memcmp(alike->name, name.data, name.size));
}

void alike_remember(struct alike *alike, const struct record *record,
		    const struct store_connection *row)
{
	const struct slice name = record->items[KITH_ITEM_SOCKET_NAME];

	alike->known = name.size <= sizeof(alike->name);
	if (!alike->known)
		return;
	memcpy(&alike->body, record->body, sizeof(alike->body));
	alike->row = *row;
	alike->name_size = name.size;
	if (name.size)
		memcpy(alike->name, name.data, name.size);
}
