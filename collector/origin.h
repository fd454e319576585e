/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who has brought about what somebody else does: who wrote a file last, and who changed
 * what has an effect later. Bounded; of much only what came last is known.
 */
#ifndef KITH_ORIGIN_H
#define KITH_ORIGIN_H

#include "actor.h"

enum { ORIGIN_FILES = 16384, ORIGIN_PLANTS = 256 };

struct origin {
	uint64_t file; /* 0: none */
	int64_t at;
	int64_t process;
	int64_t execution;
	int64_t root;
	uint8_t descent;
};

/* A change of a file that has an effect later. */
struct plant {
	struct origin by;
	uint64_t name; /* hash of its base name */
	uint32_t owner;
	uint8_t lasting; /* enum lasting */
	bool known;	 /* by somebody who came from where he always has */
};

struct origins {
	struct origin files[ORIGIN_FILES];
	struct plant plants[ORIGIN_PLANTS];
	unsigned int next;
	bool any; /* file is known */
};

void origin_write(struct origins *origins, uint64_t file, const struct actor *actor,
		  int64_t process, int64_t at);

/* NULL: not known. */
const struct origin *origin_find(const struct origins *origins, uint64_t file);

void origin_plant(struct origins *origins, const struct origin *by, enum lasting lasting,
		  uint64_t name, uint32_t owner, bool known);

/* The last one of @lasting since @since, of @name or @owner where these are not 0 or ~0. */
const struct plant *origin_find_plant(const struct origins *origins, enum lasting lasting,
				      uint64_t name, uint32_t owner, int64_t since);

#endif
