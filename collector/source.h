/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where records come from: the module, a recording, or a generator. A source
 * tells what it has as a sequence of events:
 *
 *	STREAM	a stream begins: answer with source_start()
 *	DUMP	PROCESS records of live processes, and behind them the records of open
 *		sockets; once for each stream, and again after each source_dump()
 *	CAUGHT	the dump is complete, and no record of the stream up to the
 *		positions that come with it is younger than it
 *	COUNTED	how many records the module had made and lost at some moments, all
 *		of them after the stream began, and before the positions of CAUGHT
 *	BATCH	records
 *	IDLE	nothing for now
 *	END	nothing any more
 */
#ifndef KITH_SOURCE_H
#define KITH_SOURCE_H

#include "ingest.h"

#include <kith/uapi.h>
#include <stddef.h>
#include <stdint.h>

enum source_event_kind {
	SOURCE_STREAM,
	SOURCE_DUMP,
	SOURCE_CAUGHT,
	SOURCE_BATCH,
	SOURCE_IDLE,
	SOURCE_END,
	SOURCE_COUNTED, /* last: recordings have these numbers */
};

/* What it points to is valid until the next call of the source. */
struct source_event {
	enum source_event_kind kind;
	struct stream_info info;   /* STREAM */
	struct kith_batch batch;   /* BATCH */
	/* DUMP, BATCH: records; CAUGHT: struct kith_position[]; COUNTED: struct ingest_count[] */
	const void *data;
	size_t size;		   /* bytes of data */
};

struct source {
	const struct source_operations *operations;
};

/* Results are 0 or a negative errno. */
struct source_operations {
	/*
	 * The next event, waiting up to @timeout ms for it. -ENOENT: the module
	 * is not there; -EPERM; -EPROTO: the module speaks another version;
	 * -EBADMSG, -ENODATA: the recording is damaged, or cut short. After an error
	 * the source begins again with STREAM; a recording is at its end.
	 */
	int (*next)(struct source *source, int timeout, struct source_event *event);
	/*
	 * Begin after what is stored: @seqs of each of @rings. -EBUSY: another
	 * collector is subscribed, and nothing has begun.
	 */
	int (*start)(struct source *source, const uint32_t *seqs, size_t rings);
	/* That is stored now. */
	int (*acknowledge)(struct source *source, const uint32_t *seqs, size_t rings);
	/* DUMP and CAUGHT follow again; NULL: never. Not before the last CAUGHT. */
	int (*dump)(struct source *source);
	/* Begin again with STREAM; a source that cannot does nothing. */
	void (*restart)(struct source *source);
	/* To wait on with poll(2), or -1. */
	int (*descriptor)(const struct source *source);
	void (*close)(struct source *source);
};

int source_netlink_open(struct source **source);
int source_recording_open(struct source **source, const char *path);

/* @count records of a server's life, made from @seed. */
int source_synthetic_open(struct source **source, uint64_t count, uint64_t seed);

static inline int source_next(struct source *source, int timeout,
			      struct source_event *event)
{
	return source->operations->next(source, timeout, event);
}

static inline int source_start(struct source *source, const uint32_t *seqs, size_t rings)
{
	return source->operations->start(source, seqs, rings);
}

static inline int source_acknowledge(struct source *source, const uint32_t *seqs,
				     size_t rings)
{
	return source->operations->acknowledge(source, seqs, rings);
}

static inline int source_dump(struct source *source)
{
	return source->operations->dump ? source->operations->dump(source) : 0;
}

static inline void source_restart(struct source *source)
{
	source->operations->restart(source);
}

static inline int source_descriptor(const struct source *source)
{
	return source->operations->descriptor(source);
}

static inline void source_close(struct source *source)
{
	if (source)
		source->operations->close(source);
}

#endif
