/* SPDX-License-Identifier: GPL-2.0-only */
/* Conversations of datagrams, as one who hears several at once keeps them apart. */
#ifndef WORK_DATAGRAM_H
#define WORK_DATAGRAM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* What each datagram begins with. */
struct head {
	uint64_t nonce;	 /* 0: stop */
	uint32_t size;	 /* of the datagram: several may come as one */
	uint16_t left;	 /* how many come after it */
	uint16_t wanted; /* so many back */
};

/* One end of a conversation. */
struct talk {
	struct head head; /* the last */
	uint64_t sent, received;
	unsigned int datagrams; /* received; 0: it is free */
	struct sockaddr_storage peer;
	socklen_t peer_size; /* 0: it is connected */
};

/* The one that goes on under this nonce, or a new one. */
struct talk *find_talk(uint64_t nonce);

/* The nonce of the one that goes on with @peer; 0: none. */
uint64_t nonce_of(const struct sockaddr_storage *peer, size_t size);

#endif /* WORK_DATAGRAM_H */
