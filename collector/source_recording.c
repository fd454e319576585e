// SPDX-License-Identifier: GPL-2.0-only
/* Records from a recording. */
#include "log.h"
#include "recording.h"
#include "source.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct recording_source {
	struct source source;
	FILE *file;
	char *path;
	uint64_t used; /* bytes, to the end of the last good chunk */
	bool begun;    /* there has been a STREAM */
	char *buffer;
	size_t room;
};

/* Return: 1 it is there, 0 the file ends before it, -ENODATA within, or an error. */
static int read_bytes(struct recording_source *recording, void *data, size_t size)
{
	size_t got = size ? fread(data, 1, size, recording->file) : 0;

	if (got == size)
		return 1;
	if (ferror(recording->file))
		return -errno;
	return got ? -ENODATA : 0;
}

static int make_room(struct recording_source *recording, size_t size)
{
	char *buffer;

	if (size <= recording->room)
		return 0;
	buffer = realloc(recording->buffer, size);
	if (!buffer)
		return -ENOMEM;
	recording->buffer = buffer;
	recording->room = size;
	return 0;
}

static int take_stream(const void *data, size_t size, struct stream_info *info)
{
	struct recording_stream stream;

	if (size != sizeof(stream))
		return -EBADMSG;
	memcpy(&stream, data, sizeof(stream));
	if (stream.abi != KITH_ABI_VERSION)
		return -EPROTO;
	if (!stream.rings || stream.rings > KITH_NO_RING)
		return -EBADMSG;
	*info = (struct stream_info){
		.load = stream.load,
		.loaded_ns = stream.loaded_ns,
		.boot_ns = stream.boot_ns,
		.real_ns = stream.real_ns,
		.rings = stream.rings,
	};
	snprintf(info->boot, sizeof(info->boot), "%.39s", stream.boot);
	snprintf(info->version, sizeof(info->version), "%.31s", stream.version);
	return 0;
}

static int take_chunk(struct recording_source *recording, const struct recording_chunk *chunk,
		      struct source_event *event)
{
	size_t head = sizeof(event->batch);

	event->kind = chunk->kind;
	event->data = recording->buffer;
	event->size = chunk->size;
	if (!recording->begun && chunk->kind != SOURCE_STREAM)
		return -EBADMSG;
	switch (chunk->kind) {
	case SOURCE_STREAM:
		recording->begun = true;
		return take_stream(recording->buffer, chunk->size, &event->info);
	case SOURCE_BATCH:
		if (chunk->size < head)
			return -EBADMSG;
		memcpy(&event->batch, recording->buffer, head);
		event->data = recording->buffer + head;
		event->size = chunk->size - head;
		return 0;
	case SOURCE_DUMP:
	case SOURCE_CAUGHT:
	case SOURCE_COUNTED:
		return 0;
	default:
		return -EBADMSG;
	}
}

static int next_chunk(struct recording_source *recording, struct source_event *event)
{
	struct recording_chunk chunk;
	size_t padded;
	int ret = read_bytes(recording, &chunk, sizeof(chunk));

	if (ret <= 0)
		return ret;
	if (chunk.size > RECORDING_CHUNK_MAX)
		return -EBADMSG;
	padded = ((size_t)chunk.size + 7) & ~(size_t)7;
	ret = make_room(recording, padded);
	if (ret)
		return ret;
	ret = read_bytes(recording, recording->buffer, padded);
	if (ret <= 0)
		return ret ? ret : -ENODATA;
	ret = take_chunk(recording, &chunk, event);
	if (!ret)
		recording->used += sizeof(chunk) + padded;
	return ret;
}

/* How much that is, a pipe does not tell. */
static void tell_unused(const struct recording_source *recording)
{
	struct stat status;
	uint64_t left = 0;

	if (!fstat(fileno(recording->file), &status) &&
	    (uint64_t)status.st_size > recording->used)
		left = (uint64_t)status.st_size - recording->used;
	log_warning("recording %s is not used from byte %" PRIu64 " on, the last %" PRIu64
		    " bytes of it",
		    recording->path, recording->used, left);
}

static int recording_next(struct source *source, int timeout, struct source_event *event)
{
	struct recording_source *recording = (struct recording_source *)source;
	int ret;

	(void)timeout;
	*event = (struct source_event){ .kind = SOURCE_END };
	ret = next_chunk(recording, event);
	if (ret)
		tell_unused(recording);
	return ret;
}

static int recording_start(struct source *source, const uint32_t *seqs, size_t rings)
{
	(void)source, (void)seqs, (void)rings;
	return 0;
}

static int recording_acknowledge(struct source *source, const uint32_t *seqs, size_t rings)
{
	(void)source, (void)seqs, (void)rings;
	return 0;
}

static void recording_restart(struct source *source)
{
	(void)source;
}

static int recording_descriptor(const struct source *source)
{
	(void)source;
	return -1;
}

static void recording_source_close(struct source *source)
{
	struct recording_source *recording = (struct recording_source *)source;

	if (recording->file)
		fclose(recording->file);
	free(recording->path);
	free(recording->buffer);
	free(recording);
}

static const struct source_operations operations = {
	.next = recording_next,
	.start = recording_start,
	.acknowledge = recording_acknowledge,
	.restart = recording_restart,
	.descriptor = recording_descriptor,
	.close = recording_source_close,
};

static int open_file(struct recording_source *recording, const char *path)
{
	uint64_t magic = 0;
	int ret;

	recording->path = strdup(path);
	if (!recording->path)
		return -ENOMEM;
	recording->file = fopen(path, "re");
	if (!recording->file)
		return -errno;
	recording->used = sizeof(magic);
	ret = read_bytes(recording, &magic, sizeof(magic));
	if (ret == -ENODATA || (ret >= 0 && magic != RECORDING_MAGIC))
		return -EBADMSG;
	return ret < 0 ? ret : 0;
}

int source_recording_open(struct source **source, const char *path)
{
	struct recording_source *recording = calloc(1, sizeof(*recording));
	int ret;

	if (!recording)
		return -ENOMEM;
	recording->source.operations = &operations;
	ret = open_file(recording, path);
	if (ret) {
		recording_source_close(&recording->source);
		return ret;
	}
	*source = &recording->source;
	return 0;
}
