/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files share that apply records of conversations, pipes and who listens. */
#ifndef KITH_APPLY_SOCKET_H
#define KITH_APPLY_SOCKET_H

#include "apply.h"

/* What is known by a number of the module. */
struct subject {
	struct socket *open;
	int64_t id; /* of its row; 0: none is known */
	enum socket_kind kind;
	bool over;  /* and we saw when */
	bool wrong; /* it is something else */
};

struct subject subject_find(struct ingest *ingest, uint64_t number, enum socket_kind kind,
			    uint64_t ts);

/* It is open, or over, from now on. */
int subject_remember(struct ingest *ingest, const struct subject *subject, uint64_t number,
		     enum socket_kind kind, int64_t id, bool open);

/* A recording can hold anything. Return: 0 */
int subject_refuse(struct ingest *ingest);

/*
 * The name of a Unix socket: a path as it is, an abstract one with @ for the NUL that
 * it begins with, and for others. @buffer: room for DICTIONARY_NAME bytes, where it stays.
 */
struct slice subject_name(const struct record *record, char *buffer);

/* How it is found again by another load of the module. */
struct socket_end apply_listener_end(const struct store_listener *listener);

#endif
