// SPDX-License-Identifier: GPL-2.0-only
/* Which conversations and pipes are open, and who listens. */
#define HASH_NONFATAL_OOM 1
#define uthash_fatal(message) abort()
#include "sockets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void sockets_init(struct sockets *sockets)
{
	*sockets = (struct sockets){ .open = 0 };
}

static void free_list(struct socket *socket)
{
	struct socket *next;

	for (; socket; socket = next) {
		next = socket->hh.next;
		free(socket);
	}
}

void sockets_forget_orphans(struct sockets *sockets)
{
	struct orphan *orphan;

	HASH_CLEAR(hh, sockets->orphan_ends);
	while ((orphan = sockets->orphans)) {
		sockets->orphans = orphan->next;
		free(orphan);
	}
}

void sockets_clear(struct sockets *sockets)
{
	struct socket *socket = sockets->by_number;

	HASH_CLEAR(hh, sockets->by_number);
	free_list(socket);
	free_list(sockets->spare);
	sockets_forget_orphans(sockets);
	free(sockets->closed);
	sockets_init(sockets);
}

struct socket *sockets_find(struct sockets *sockets, uint64_t number)
{
	struct socket *socket;

	HASH_FIND_BYHASHVALUE(hh, sockets->by_number, &number, sizeof(number), hash_of(number),
			      socket);
	return socket;
}

struct closed_socket *sockets_find_closed(struct sockets *sockets, uint64_t number)
{
	struct closed_socket *closed = sockets->closed;

	if (!closed)
		return NULL;
	closed += number % SOCKETS_CLOSED;
	return closed->id && closed->number == number ? closed : NULL;
}

static struct socket *obtain(struct sockets *sockets)
{
	struct socket *socket = sockets->spare;

	if (!socket)
		return malloc(sizeof(*socket));
	sockets->spare = socket->hh.next;
	return socket;
}

static void release(struct sockets *sockets, struct socket *socket)
{
	socket->hh.next = sockets->spare;
	sockets->spare = socket;
}

struct socket *sockets_open(struct sockets *sockets, uint64_t number, enum socket_kind kind,
			    int64_t id)
{
	struct closed_socket *closed = sockets_find_closed(sockets, number);
	struct socket *socket = obtain(sockets);

	if (!socket)
		return NULL;
	memset(socket, 0, sizeof(*socket));
	socket->number = number;
	socket->kind = (uint8_t)kind;
	socket->id = id;
	socket->listed = true;
	HASH_ADD_BYHASHVALUE(hh, sockets->by_number, number, sizeof(socket->number),
			     hash_of(number), socket);
	if (!socket->hh.tbl) {
		release(sockets, socket);
		return NULL;
	}
	if (closed)
		closed->id = 0;
	sockets->open++;
	return socket;
}

int sockets_close(struct sockets *sockets, struct socket *socket,
		  const struct closed_socket *closed)
{
	if (!sockets->closed)
		sockets->closed = calloc(SOCKETS_CLOSED, sizeof(*sockets->closed));
	if (!sockets->closed)
		return -ENOMEM;
	sockets->closed[closed->number % SOCKETS_CLOSED] = *closed;
	if (!socket)
		return 0;
	HASH_DELETE(hh, sockets->by_number, socket);
	release(sockets, socket);
	sockets->open--;
	return 0;
}

int sockets_orphan(struct sockets *sockets, enum socket_kind kind, int64_t id, int64_t isns,
		   const struct socket_end *ends, size_t count)
{
	struct orphan *orphan = calloc(1, sizeof(*orphan));
	size_t i;

	if (!orphan)
		return -ENOMEM;
	orphan->id = id;
	orphan->isns = isns;
	orphan->kind = (uint8_t)kind;
	orphan->next = sockets->orphans;
	sockets->orphans = orphan;
	for (i = 0; i < count && i < SOCKETS_ENDS; i++) {
		struct orphan_end *end = &orphan->ends[i];

		end->key = ends[i];
		end->orphan = orphan;
		HASH_ADD(hh, sockets->orphan_ends, key, sizeof(end->key), end);
		if (!end->hh.tbl)
			return -ENOMEM;
	}
	return 0;
}

static void take(struct sockets *sockets, struct orphan *orphan)
{
	size_t i;

	for (i = 0; i < SOCKETS_ENDS; i++)
		if (orphan->ends[i].hh.tbl)
			/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it is in there */
			HASH_DELETE(hh, sockets->orphan_ends, &orphan->ends[i]);
	orphan->taken = true;
}

/* The same port may be used again, with other numbers. */
static bool is_another(int64_t isns, int64_t others)
{
	return isns && others && isns != others;
}

int64_t sockets_adopt(struct sockets *sockets, int64_t isns, const struct socket_end *ends,
		      size_t count)
{
	size_t i;

	for (i = 0; i < count && sockets->orphan_ends; i++) {
		struct orphan_end *end;

		HASH_FIND(hh, sockets->orphan_ends, &ends[i], sizeof(ends[i]), end);
		if (!end || is_another(isns, end->orphan->isns))
			continue;
		take(sockets, end->orphan);
		return end->orphan->id;
	}
	return 0;
}
