/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Recordings: the events of a source in a file, so that a stream can be
 * ingested again as it was.
 *
 * RECORDING_MAGIC, then chunks: a struct recording_chunk and `size` bytes,
 * padded to a multiple of 8. Numbers are in the order of the host that made it;
 * the magic does not match on another. STREAM holds a struct recording_stream,
 * DUMP records, COUNTED struct ingest_count[], CAUGHT struct kith_position[],
 * BATCH a struct kith_batch and its records. A file may end anywhere: what is
 * whole before that is good, and comes before the -ENODATA that tells of the cut.
 */
#ifndef KITH_RECORDING_H
#define KITH_RECORDING_H

#include "source.h"

#include <stdint.h>

#define RECORDING_MAGIC UINT64_C(0x314345524854494b) /* "KITHREC1" */

enum { RECORDING_CHUNK_MAX = 64 << 20 };

struct recording_chunk {
	uint32_t kind; /* enum source_event_kind */
	uint32_t size;
};

struct recording_stream {
	char boot[40];
	char version[32];
	uint64_t load;
	uint64_t loaded_ns;
	int64_t boot_ns;
	int64_t real_ns;
	uint32_t abi;
	uint32_t rings;
};

struct recording;

/* Make a new file; -EEXIST if there is one. */
int recording_create(struct recording **result, const char *path);

/*
 * After an error the recording ends with the last event that was written whole,
 * and each further call gives the same error.
 */
int recording_write(struct recording *recording, const struct source_event *event);

/* Return: 0, or the first error that any write met. */
int recording_close(struct recording *recording);

#endif
