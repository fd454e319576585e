/* SPDX-License-Identifier: GPL-2.0-only */
/* What some protocols of conversations have in common, by enum kith_protocol. */
#ifndef KITH_PROTOCOL_H
#define KITH_PROTOCOL_H

#include <kith/uapi.h>
#include <stdbool.h>
#include <stdint.h>

/* No addresses and no ports, but perhaps a name. */
static inline bool protocol_is_unix(uint32_t protocol)
{
	return protocol >= KITH_PROTOCOL_UNIX_STREAM &&
	       protocol <= KITH_PROTOCOL_UNIX_SEQPACKET;
}

static inline bool protocol_has_datagrams(uint32_t protocol)
{
	return protocol == KITH_PROTOCOL_UDP || protocol == KITH_PROTOCOL_UNIX_DGRAM ||
	       protocol == KITH_PROTOCOL_UNIX_SEQPACKET;
}

/*
 * Are its bytes counted by the kernel, whatever module is loaded? The module counts
 * those of the others itself, and begins anew with each load.
 */
static inline bool protocol_outlives_load(uint32_t protocol)
{
	return protocol == KITH_PROTOCOL_TCP;
}

#endif
