/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SHA-256 of files, a piece at a time and with at most a quarter of a processor, and those
 * that are known: a file with the same device, inode, ctime and size is the same, if its
 * waiter does not say that such times tell nothing.
 */
#ifndef KITH_HASHER_H
#define KITH_HASHER_H

#include "message.h"
#include "sha256.h"

#include <sys/stat.h>

enum {
	HASH_KNOWN = 16384, /* that are remembered */
	HASH_IN_ROW = 4,
	HASH_JOBS = 512,	/* files that wait, each with a descriptor */
	HASH_WAITERS = 8192,	/* who wait for them */
	HASH_LARGEST_MIB = 256, /* larger ones are not read */
	HASH_PACKAGE = 160,
};

/* Which file, and as it was at which time. No padding. */
struct hash_key {
	uint64_t inode;
	int64_t changed; /* ctime, ns since the epoch */
	int64_t size;
	uint64_t device; /* major << 20 | minor */
};

struct hash_known {
	struct hash_key key;
	unsigned char sha256[SHA256_SIZE];
};

/* Who wants to know. */
struct hash_waiter {
	struct hash_waiter *next;
	int64_t id;
	uint32_t generation;
	uint32_t cohort;
	enum why why;		    /* what is to be known of the hash */
	bool packaged;		    /* what follows is known */
	char package[HASH_PACKAGE]; /* "": none */
};

/* @sha256: NULL if there is none, and @why says why. */
typedef void (*hash_tell)(void *context, const struct hash_waiter *waiter,
			  const struct hash_key *key, const unsigned char *sha256,
			  enum why why);

struct hasher;

/* NULL: no memory. */
struct hasher *hasher_new(hash_tell tell, void *context);
void hasher_free(struct hasher *hasher);

/* Without reading it. */
void hasher_know(struct hasher *hasher, const struct hash_known *it);

/* Tell @waiter, now or later. @descriptor is the hasher's from now on. */
void hasher_ask(struct hasher *hasher, int descriptor, const struct stat *status,
		uint32_t device, const struct hash_waiter *waiter);

/* Milliseconds until there is something to do, -1: nothing. */
int hasher_patience(const struct hasher *hasher);

/* The device of the file that is read next; 0: none. */
uint32_t hasher_device(const struct hasher *hasher);

/* Read a piece, if it is time. */
void hasher_step(struct hasher *hasher);

#endif
