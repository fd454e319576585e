/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who acts, as the learner sees it: an execution with what it descends from. Processes
 * that an execution has forked are the same actor until they execute something.
 */
#ifndef KITH_ACTOR_H
#define KITH_ACTOR_H

#include "cgroup.h"
#include "normal.h"
#include "surprise.h"
#include "trait.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ACTORS = 16384, ACTOR_LINEAGE = 3, ACTOR_NAME = 40, ACTOR_HOUSES = 1024 };

enum actor_flag {
	ACTOR_SYSTEM = 1,    /* only root can have put it there */
	ACTOR_PUBLIC = 2,    /* anybody can have */
	ACTOR_NAMELESS = 4,  /* it has no file any more, or never had one */
	ACTOR_FACING = 8,    /* it, or who has started it, serves others */
	ACTOR_FRESH = 16,    /* a package has brought it within a day */
	ACTOR_KNOWN = 32,    /* of a session from where its user has come before */
	ACTOR_FOUND = 64,    /* it ran before we came */
	ACTOR_INSIDE = 128,  /* of a container */
	ACTOR_DROPPED = 256, /* it runs what somebody who acted unusually has written */
};

struct actor {
	int64_t execution; /* 0: none */
	int64_t process;
	int64_t parent; /* execution of who has started it; 0: not known */
	int64_t root;	/* execution with which began what hangs together */
	int64_t started;
	uint64_t key;	/* of the process */
	uint64_t exe;	/* ids of texts */
	uint64_t workload;
	uint64_t place; /* container or unit */
	uint64_t who;	/* workload and program */
	uint64_t line;	/* workload and lineage */
	uint64_t file;	/* that is executed */
	uint64_t lineage[ACTOR_LINEAGE]; /* programs, itself first */
	uint64_t source; /* of its session; 0: not known */
	uint32_t hour;	/* in which it was met last */
	uint32_t uid;
	uint32_t loginuid;
	uint32_t session;
	uint32_t traits; /* enum trait */
	uint32_t flags;	 /* enum actor_flag */
	uint8_t descent; /* enum descent */
	uint8_t signs[TEMPLATES]; /* how many of each template it has given */
	char name[ACTOR_NAME]; /* to show */
};

/* What is known of an execution. */
struct actor_image {
	int64_t execution;
	int64_t process;
	int64_t at;
	uint64_t key;
	uint64_t file;
	struct slice exe;
	struct slice script;
	struct slice argv;
	struct cgroup_names place;
	uint32_t uid;
	uint32_t loginuid;
	uint32_t session;
	uint32_t owner;
	uint32_t mode;
	uint32_t flags; /* KITH_IMAGE_* */
	bool found;
};

/* What was made of it besides the actor, to be stored if it is new. */
struct actor_texts {
	struct normal exe;
	struct normal workload; /* size 0: that of its parent */
};

/* The workload of a container is that of its first program, whatever is executed later. */
struct house {
	uint64_t place;
	uint64_t workload;
};

struct actors {
	struct actor *table;
	struct house houses[ACTOR_HOUSES];
	uint64_t seed;
	/* Has the process ended? */
	bool (*has_ended)(void *context, uint64_t key);
	void *context;
};

int actors_init(struct actors *actors);
void actors_free(struct actors *actors);
void actors_clear(struct actors *actors);

struct actor *actor_find(const struct actors *actors, int64_t execution);

/* Take one that was stored. */
void actor_take(struct actors *actors, const void *state, size_t size);

/* What all executions that are as @image, by such a @parent, have in common. */
void actor_describe(struct actors *actors, const struct actor_image *image,
		    const struct actor *parent, struct actor *actor, struct actor_texts *texts);

/* A new one of these, by @parent if that is known. */
struct actor *actor_make(struct actors *actors, const struct actor *common,
			 const struct actor_image *image, const struct actor *parent);

/* Ids of texts. */
uint64_t actor_hash(const struct actors *actors, const char *text);
uint64_t actor_hash_of(const struct actors *actors, const void *data, size_t size);
uint64_t actor_join(const struct actors *actors, uint64_t a, uint64_t b);

#endif
