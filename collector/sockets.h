/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which conversations and pipes are open, and who listens, by the module's numbers;
 * those that are over since lately; and those of an earlier load of the module, whose
 * numbers mean nothing any more, by their addresses.
 */
#ifndef KITH_SOCKETS_H
#define KITH_SOCKETS_H

#include "state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uthash.h>

enum socket_kind { SOCKET_CONNECTION, SOCKET_LISTENER, SOCKET_PIPE, SOCKET_ACCESS };

/* Kept small: a busy host has a hundred thousand. */
struct socket {
	UT_hash_handle hh;
	uint64_t number;
	int64_t id; /* of its row */
	uint8_t kind; /* enum socket_kind */
	bool listed; /* in the last dump, or told of since */
};

/* One that was open, and of which something may come still. */
struct closed_socket {
	uint64_t number;
	int64_t id; /* 0: none */
	uint8_t kind;
	bool gone; /* we took it to be over */
};

/* How one end is found again by another load of the module. No padding. */
struct socket_end {
	uint8_t addr[16]; /* of a Unix socket that listens a hash of its name */
	uint8_t peer_addr[16]; /* of a listener 0 */
	int64_t process;       /* of a listener; else 0 */
	uint32_t netns;
	uint16_t port;
	uint16_t peer_port;
	uint32_t protocol;
	uint32_t kind;
};

enum { SOCKETS_ENDS = 2, SOCKETS_CLOSED = 8192 };

struct orphan {
	struct orphan *next;
	int64_t id;
	int64_t isns; /* 0: not known */
	uint8_t kind; /* enum socket_kind */
	bool taken;
	struct orphan_end {
		UT_hash_handle hh;
		struct socket_end key;
		struct orphan *orphan;
	} ends[SOCKETS_ENDS]; /* without a table: not known */
};

struct sockets {
	struct socket *by_number;
	struct closed_socket *closed; /* by the last bits of their numbers */
	struct orphan_end *orphan_ends;
	struct orphan *orphans;
	struct socket *spare; /* linked by hh.next */
	size_t open;
};

void sockets_init(struct sockets *sockets);
void sockets_clear(struct sockets *sockets);

struct socket *sockets_find(struct sockets *sockets, uint64_t number);
struct closed_socket *sockets_find_closed(struct sockets *sockets, uint64_t number);

/* @number is open; NULL: no memory. */
struct socket *sockets_open(struct sockets *sockets, uint64_t number, enum socket_kind kind,
			    int64_t id);

/* It is over, or @gone. @socket: if it was open. Return: 0 or -ENOMEM. */
int sockets_close(struct sockets *sockets, struct socket *socket,
		  const struct closed_socket *closed);

/*
 * Row @id is open since before this load; @ends of its ends can be found again, 0: none.
 * @isns: 0: not known.
 */
int sockets_orphan(struct sockets *sockets, enum socket_kind kind, int64_t id, int64_t isns,
		   const struct socket_end *ends, size_t count);

/* The orphan with one of these ends, which is none any more: its row. 0: there is none. */
int64_t sockets_adopt(struct sockets *sockets, int64_t isns, const struct socket_end *ends,
		      size_t count);

void sockets_forget_orphans(struct sockets *sockets);

#endif
