/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who is alive: the processes of the present boot by their keys, what of them
 * is not in the database yet, and those that have ended lately, since others'
 * records may still name them.
 */
#ifndef KITH_STATE_H
#define KITH_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uthash.h>

/* What is left of a process that has ended a while ago. */
struct ended {
	uint64_t key;
	int64_t id; /* 0: none */
};

/*
 * As whom and where a process runs: a row of contexts. No padding. Ids are ~0
 * where they are not known.
 */
struct context {
	int64_t cap_permitted; /* -1: not known */
	int64_t cap_effective;
	int64_t container;  /* id, 0: not known */
	int64_t namespaces; /* id, 0: not known */
	uint32_t uid;
	uint32_t euid;
	uint32_t gid;
	uint32_t egid;
	uint32_t loginuid; /* ~0: not set */
	uint32_t session;  /* ~0: not set */
	uint32_t tty;	   /* 0: none */
	uint32_t sid;	   /* 0: not known */
};

enum process_flag {
	PROCESS_INCOMPLETE = 1,
	PROCESS_KTHREAD = 2,
	PROCESS_UNEXPLAINED = 4,
	PROCESS_GONE = 8, /* it has ended, but we did not see when */
};

struct process {
	UT_hash_handle hh;
	uint64_t key;
	int64_t id;
	int64_t parent;	 /* ids; 0: not known */
	int64_t creator;
	int64_t execution;
	int64_t started; /* ns since the epoch */
	int64_t lived;	 /* -1: alive */
	int64_t runtime;
	int64_t max_rss;
	int64_t clone_flags; /* -1: not known */
	int64_t plain_reads; /* of the system's own files; -1: not known */
	int64_t plain_bytes;
	uint32_t status;
	uint32_t ns_pid;
	uint32_t flags; /* enum process_flag */
	char comm[16];	/* "": the end of exe */
	char exe_comm[16]; /* what comm is if the process has not changed it */
	uint64_t exe_hash; /* of its path, 0: not known */
	struct context context;
	int64_t context_id; /* 0: none yet */

	bool stored; /* there is a row */
	bool dirty;  /* the row is not as this */
	bool listed; /* in the last dump of live processes */
	struct process *next_dirty;
	struct process *next_ended;
};

/*
 * For uthash, in place of its own, which takes as long for 8 bytes as for 12. A number
 * times 2^64 / phi spreads what counts up as pids, times and ids do.
 */
static inline unsigned int hash_of(uint64_t key)
{
	return (unsigned int)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

struct state {
	struct process *by_key;
	struct process *dirty; /* last made dirty first */
	struct process *ended_first, *ended_last;
	struct process *spare; /* linked by next_dirty */
	struct ended *graves;  /* rows by a hash of their keys, the last one first */
	size_t alive;
	size_t ended;
};

void state_init(struct state *state);
void state_clear(struct state *state);

struct process *state_find(struct state *state, uint64_t key);

/* A new process with @key, which is not there yet; NULL: no memory. */
struct process *state_add(struct state *state, uint64_t key);

void state_touch(struct state *state, struct process *process);

/* It has ended; it stays until it is among the oldest that have. */
void state_end(struct state *state, struct process *process);

/* Forget all but the last STATE_ENDED that ended. Nothing may be dirty. */
void state_expire(struct state *state);

/*
 * Row of the process @key, which has ended and been forgotten; 0: not known. Of those
 * with one hash only the last few are.
 */
int64_t state_find_ended(const struct state *state, uint64_t key);

/* Return: 0 or -ENOMEM. */
int state_add_ended(struct state *state, uint64_t key, int64_t id);

enum { STATE_ENDED = 8192, STATE_GRAVES = 65536, STATE_GRAVES_IN_ROW = 4 };

#endif
