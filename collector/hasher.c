// SPDX-License-Identifier: GPL-2.0-only
/* SHA-256 of files, and those that are known. */
#define HASH_NONFATAL_OOM     1
#define uthash_fatal(message) abort()
#include "hasher.h"

#include "intern.h"
#include "locate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	PIECE = 256 << 10,
	REST = 3, /* for each ns of work so many of rest */
	TURN = 8, /* so often it is the turn of who has waited longest */
};

/* A file that is read, or waits for it. */
struct job {
	struct job *next;
	struct hash_key key;
	int64_t written; /* mtime */
	bool lasts;	 /* it may be remembered */
	bool turn;	 /* it is the first, and stays so */
	int descriptor;
	int64_t done;
	uint64_t came; /* its number among all */
	struct hash_waiter *waiters;
};

struct hasher {
	hash_tell tell;
	void *context;
	struct sha256 *sha256;
	/* By their keys, in each row the last used one first; inode 0: none. */
	struct hash_known known[HASH_KNOWN / HASH_IN_ROW][HASH_IN_ROW];
	struct job *first; /* is read, the others wait */
	size_t jobs;
	uint64_t came, ended; /* jobs, ever */
	size_t waiters;
	int64_t rest_until; /* CLOCK_MONOTONIC */
	char piece[PIECE];
};

static int64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return locate_ns(now);
}

struct hasher *hasher_new(hash_tell tell, void *context)
{
	struct hasher *hasher = calloc(1, sizeof(*hasher));

	if (!hasher)
		return NULL;
	hasher->tell = tell;
	hasher->context = context;
	hasher->sha256 = sha256_new();
	if (hasher->sha256)
		return hasher;
	free(hasher);
	return NULL;
}

static void free_waiters(struct hasher *hasher, struct hash_waiter *waiter)
{
	struct hash_waiter *next;

	for (; waiter; waiter = next) {
		next = waiter->next;
		hasher->waiters--;
		free(waiter);
	}
}

/* However many small ones come, a large one is read in the end. */
static void advance_oldest(struct hasher *hasher)
{
	struct job **oldest = &hasher->first, **place, *job;

	for (place = &hasher->first; *place; place = &(*place)->next)
		if ((*place)->came < (*oldest)->came)
			oldest = place;
	job = *oldest;
	if (!job)
		return;
	*oldest = job->next;
	job->next = hasher->first;
	job->turn = true;
	hasher->first = job;
}

static void remove_first(struct hasher *hasher)
{
	struct job *job = hasher->first;

	hasher->first = job->next;
	hasher->jobs--;
	close(job->descriptor);
	free_waiters(hasher, job->waiters);
	free(job);
}

void hasher_free(struct hasher *hasher)
{
	if (!hasher)
		return;
	while (hasher->first)
		remove_first(hasher);
	sha256_free(hasher->sha256);
	free(hasher);
}

static struct hash_known *row_of(struct hasher *hasher, const struct hash_key *key)
{
	return hasher->known[intern_hash(key, sizeof(*key)) % (HASH_KNOWN / HASH_IN_ROW)];
}

/* Now the first in its row; NULL: not known. */
static const struct hash_known *find_known(struct hasher *hasher,
					   const struct hash_key *key)
{
	struct hash_known *row = row_of(hasher, key), found;
	size_t i;

	for (i = 0; i < HASH_IN_ROW; i++)
		if (!memcmp(&row[i].key, key, sizeof(*key)))
			break;
	if (i == HASH_IN_ROW)
		return NULL;
	found = row[i];
	memmove(row + 1, row, i * sizeof(*row));
	*row = found;
	return row;
}

void hasher_know(struct hasher *hasher, const struct hash_known *it)
{
	struct hash_known *row = row_of(hasher, &it->key);

	if (find_known(hasher, &it->key))
		return;
	memmove(row + 1, row, (HASH_IN_ROW - 1) * sizeof(*row));
	*row = *it;
}

static struct hash_key key_of(const struct stat *status, uint32_t device)
{
	return (struct hash_key){ .inode = status->st_ino,
				  .changed = locate_ns(status->st_ctim),
				  .size = status->st_size,
				  .device = device };
}

/* Of what does not last nobody gets what was read before he came. */
static struct job *find_job(struct hasher *hasher, const struct hash_key *key, bool lasts)
{
	struct job *job;

	for (job = hasher->first; job; job = job->next)
		if (!memcmp(&job->key, key, sizeof(*key)) && job->lasts == lasts &&
		    (lasts || !job->done))
			return job;
	return NULL;
}

/*
 * The smaller ones come first, but for the one that is being read, and each eighth time the
 * one that has waited longest: most that is executed is
 * small, and what is large can take a minute. NULL: no room, or no memory.
 */
static struct job *add_job(struct hasher *hasher, const struct hash_key *key,
			   int64_t written, int descriptor)
{
	struct job *job = hasher->jobs < HASH_JOBS ? calloc(1, sizeof(*job)) : NULL;
	struct job **place = &hasher->first;

	if (!job)
		return NULL;
	job->key = *key;
	job->written = written;
	job->descriptor = descriptor;
	while (*place &&
	       ((*place)->done || (*place)->turn || (*place)->key.size <= key->size))
		place = &(*place)->next;
	job->next = *place;
	*place = job;
	hasher->jobs++;
	job->came = hasher->came++;
	return job;
}

static bool wait_for(struct hasher *hasher, struct job *job,
		     const struct hash_waiter *waiter)
{
	struct hash_waiter *copy =
		hasher->waiters < HASH_WAITERS ? malloc(sizeof(*copy)) : NULL;

	if (!copy)
		return false;
	*copy = *waiter;
	copy->next = job->waiters;
	job->waiters = copy;
	hasher->waiters++;
	return true;
}

/* @descriptor is the job's, if it is a new one's. */
static bool enqueue(struct hasher *hasher, int descriptor, const struct hash_key *key,
		    int64_t written, const struct hash_waiter *waiter)
{
	const bool lasts = why_lasts(waiter->why);
	struct job *job = find_job(hasher, key, lasts);

	if (job)
		close(descriptor);
	else
		job = add_job(hasher, key, written, descriptor);
	if (!job) {
		close(descriptor);
		return false;
	}
	job->lasts = lasts;
	return wait_for(hasher, job, waiter);
}

void hasher_ask(struct hasher *hasher, int descriptor, const struct stat *status,
		uint32_t device, const struct hash_waiter *waiter)
{
	const struct hash_key key = key_of(status, device);
	const struct hash_known *known =
		why_lasts(waiter->why) ? find_known(hasher, &key) : NULL;

	if (known) {
		close(descriptor);
		hasher->tell(hasher->context, waiter, &key, known->sha256, waiter->why);
	} else if (key.size > (int64_t)HASH_LARGEST_MIB << 20) {
		close(descriptor);
		hasher->tell(hasher->context, waiter, &key, NULL, WHY_LARGE);
	} else if (!enqueue(hasher, descriptor, &key, locate_ns(status->st_mtim),
			    waiter)) {
		hasher->tell(hasher->context, waiter, &key, NULL, WHY_MANY);
	}
}

int hasher_patience(const struct hasher *hasher)
{
	int64_t left;

	if (!hasher->first)
		return -1;
	left = (hasher->rest_until - now_ns(CLOCK_MONOTONIC) + 999999) / 1000000;
	return left > 0 ? (int)left : 0;
}

uint32_t hasher_device(const struct hasher *hasher)
{
	return hasher->first ? (uint32_t)hasher->first->key.device : 0;
}

static void finish(struct hasher *hasher, const unsigned char *sha256, enum why why)
{
	const struct job *job = hasher->first;
	struct hash_known it = { .key = job->key };
	const struct hash_waiter *waiter;

	for (waiter = job->waiters; waiter; waiter = waiter->next)
		hasher->tell(hasher->context, waiter, &job->key, sha256,
			     sha256 && waiter->why ? waiter->why : why);
	if (sha256 && !why && job->lasts) {
		memcpy(it.sha256, sha256, SHA256_SIZE);
		hasher_know(hasher, &it);
	}
	remove_first(hasher);
	if (++hasher->ended % TURN == 0)
		advance_oldest(hasher);
}

/* All is read, or cannot be: what was begun is thrown away in any case. */
static void end(struct hasher *hasher, ssize_t size)
{
	const struct job *job = hasher->first;
	unsigned char digest[SHA256_SIZE];
	struct stat status;
	struct hash_key key;
	int ret = sha256_end(hasher->sha256, digest);

	if (size < 0 || ret || fstat(job->descriptor, &status)) {
		finish(hasher, NULL, WHY_UNREADABLE);
		return;
	}
	key = key_of(&status, (uint32_t)job->key.device);
	if (job->done != job->key.size || key.size != job->key.size ||
	    locate_ns(status.st_mtim) != job->written)
		finish(hasher, NULL, WHY_CHANGING);
	else if (key.changed != job->key.changed) /* it has been deleted, say */
		finish(hasher, digest, WHY_ATTRIBUTES);
	else
		finish(hasher, digest, WHY_NOTHING);
}

void hasher_step(struct hasher *hasher)
{
	struct job *job = hasher->first;
	int64_t begun = now_ns(CLOCK_THREAD_CPUTIME_ID);
	ssize_t size;

	if (!job || hasher_patience(hasher))
		return;
	size = pread(job->descriptor, hasher->piece, PIECE, job->done);
	if (size > 0) {
		sha256_add(hasher->sha256, hasher->piece, (size_t)size);
		job->done += size;
	}
	if (size <= 0 || job->done > job->key.size)
		end(hasher, size);
	hasher->rest_until = now_ns(CLOCK_MONOTONIC) +
			     REST * (now_ns(CLOCK_THREAD_CPUTIME_ID) - begun);
}
