/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From records to rows: the only writer of the database.
 *
 * Functions return 0 or a negative errno; after an error the transaction and
 * all that is remembered here are void: ingest_reset(), and begin again at the
 * positions that ingest_attach() gives.
 */
#ifndef KITH_INGEST_H
#define KITH_INGEST_H

#include "alike.h"
#include "dictionary.h"
#include "files.h"
#include "names.h"
#include "record.h"
#include "segment.h"
#include "sockets.h"
#include "state.h"
#include "store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One stream: what a source knows of itself before the first record. */
struct stream_info {
	char boot[40]; /* uuid */
	char version[32];
	uint64_t load;
	uint64_t loaded_ns; /* CLOCK_BOOTTIME */
	int64_t boot_ns; /* these two are the same instant */
	int64_t real_ns;
	uint32_t rings;
};

/*
 * What the module had counted of a class at some moment between two of
 * CLOCK_BOOTTIME. Of several looks, those are exact while which nothing was
 * being reported.
 */
struct ingest_count {
	uint64_t from;
	uint64_t to;
	uint64_t class_;
	uint64_t emitted;
	uint64_t lost;
};

/*
 * What of a stream is wanted, ns since the epoch. Who a process is, and what was lost, is
 * taken even if it is older: else what is younger would be nobody's.
 */
struct ingest_window {
	int64_t since;
	int64_t until;
};

#define INGEST_ALL ((struct ingest_window){ INT64_MIN, INT64_MAX })

struct learner;

struct ingest {
	struct store *store;
	struct ingest_window window;
	struct names *names; /* the caller's; NULL: nothing is asked for */
	struct learner *learner; /* the caller's; NULL: nothing is learned */
	bool replays; /* the source is a recording: it may have what is long past */
	bool past;    /* the stream is of a load before the latest one: it has been stored */
	struct state state;
	struct dictionary dictionary;
	int64_t last_process;
	int64_t last_execution;
	struct sockets sockets;
	struct alike alike;
	int64_t last_connection;
	int64_t last_listener;
	int64_t last_pipe;
	struct files files;
	int64_t last_access;
	int64_t last_change; /* SQLite numbers them, one behind the other */

	/* the stream */
	struct store_load load;
	int64_t offset;	   /* real_ns - boot_ns */
	size_t rings;
	uint32_t *seqs;	   /* last number of each ring */
	bool *moved;	   /* seqs[] is not stored yet */
	/* per CPU, class and cause: a loss has been reported in this stream */
	bool (*told)[KITH_CLASSES][KITH_LOSS_CAUSES];
	uint64_t lost_ends; /* reports that the dump does not make up for */

	/* live processes and open sockets that the stream has not come to yet */
	int64_t dumped; /* last_process when the dump, or the stream, began */
	char *dump;
	size_t dump_size;
	size_t dump_next;
	uint64_t dump_first;	       /* time of the first of them; stays */
	uint64_t stored_until; /* when the stream began: a dump that is older is of the past */
	bool dump_is_old;
	struct kith_position *caught; /* where the stream has passed them all */
	size_t caught_count;

	struct reconciliation *reconciliation; /* NULL: nothing to reconcile */
	int64_t since; /* until when we had the stream, before this subscription */

	struct store_seen seen; /* the last record; at 0: none in this stream */
	uint64_t clock_known; /* CLOCK_BOOTTIME up to which what the clock did is stored */

	uint64_t received[KITH_CLASSES]; /* since the last commit */

	bool open;	    /* a transaction is */
	uint64_t records;   /* since the last commit */
	uint64_t bytes;
	uint64_t all_records; /* of batches: of these */
	uint64_t repeated;    /* so many had been stored before, */
	uint64_t left_out;    /* and so many are not wanted */
	uint64_t bad_records;
	int64_t first_seen;   /* time of the earliest one that is neither; 0: none */
	int64_t last_seen;
	int64_t checkpointed; /* last_process then */
	struct segment segment;
};

/*
 * CLOCK_BOOTTIME to ns since the epoch, by the clock of the last batch; modulo
 * 2^64, since a recording may hold anything.
 */
static inline int64_t ingest_wall(const struct ingest *ingest, uint64_t boottime)
{
	return (int64_t)(boottime + (uint64_t)ingest->offset);
}

/* Is a ring that stands at @at, 0 if nothing of it is stored, beyond number @seq? */
static inline bool position_has_passed(uint32_t at, uint32_t seq)
{
	return at && (int32_t)(at - seq) >= 0;
}

int ingest_open(struct ingest *ingest, struct store *store);
void ingest_close(struct ingest *ingest);

/* Begin a transaction, if none is open. */
int ingest_begin(struct ingest *ingest);

/* Void everything since the last commit. */
int ingest_reset(struct ingest *ingest);

/*
 * A stream begins; ingest->seqs are the positions to ask it for. What an earlier
 * one has left is committed first.
 */
int ingest_attach(struct ingest *ingest, const struct stream_info *info);

/*
 * PROCESS records of all live processes, and then those of open sockets, in the
 * order of their times, as often as they are asked for. Each is applied when the
 * stream comes to its time, or has been caught.
 */
int ingest_dump(struct ingest *ingest, const void *records, size_t size);

/* Is there no dump that the stream has not passed? */
bool ingest_is_settled(const struct ingest *ingest);

/*
 * The dump is complete, and once the stream is at @positions nothing in it is
 * older than the dump: processes and sockets that neither has named are gone.
 */
int ingest_caught(struct ingest *ingest, const struct kith_position *positions,
		  size_t count);

/*
 * What the module has made, lost, and neither sent nor has to send any more once
 * the stream has been caught, somebody else has acknowledged: it is lost to us.
 */
int ingest_counted(struct ingest *ingest, const struct ingest_count *counts, size_t count);

int ingest_batch(struct ingest *ingest, const struct kith_batch *batch,
		 const void *records, size_t size);

/* Something that the collector itself did or met, at wall-clock time @now. */
int ingest_note(struct ingest *ingest, int64_t now, const char *event,
		const char *detail);

/* Take what the helper has told. */
int ingest_names(struct ingest *ingest);

int ingest_commit(struct ingest *ingest);

/* The same with all that the learner knows. */
int ingest_finish(struct ingest *ingest);

/* Close the segment that is filled, if there is anything in it, and commit. */
int ingest_close_segment(struct ingest *ingest, int64_t now);

/* apply.c: what one record says. */
int apply_record(struct ingest *ingest, const struct record *record);

#endif
