// SPDX-License-Identifier: GPL-2.0-only
/* Records from a recording. */
#include "log.h"
#include "recording.h"
#include "source.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct recording_source {
	struct source source;
	FILE *file;
	bool begun; /* there has been a STREAM */
	char *buffer;
	size_t room;
};

/* Return: 1 it is there, 0 the file ends before it, or an error. */
static int read_bytes(struct recording_source *recording, void *data, size_t size)
{
	if (!size || fread(data, size, 1, recording->file) == 1)
		return 1;
	return ferror(recording->file) ? -errno : 0;
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

static int recording_next(struct source *source, int timeout, struct source_event *event)
{
	struct recording_source *recording = (struct recording_source *)source;
	struct recording_chunk chunk;
	size_t padded;
	int ret = read_bytes(recording, &chunk, sizeof(chunk));

	(void)timeout;
	*event = (struct source_event){ .kind = SOURCE_END };
	if (ret <= 0)
		return ret;
	if (chunk.size > RECORDING_CHUNK_MAX)
		return -EBADMSG;
	padded = ((size_t)chunk.size + 7) & ~(size_t)7;
	ret = make_room(recording, padded);
	if (ret)
		return ret;
	ret = read_bytes(recording, recording->buffer, padded);
	if (!ret)
		log_warning("the recording ends in the middle of a chunk; "
			    "what came before is used");
	return ret > 0 ? take_chunk(recording, &chunk, event) : ret;
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

int source_recording_open(struct source **source, const char *path)
{
	struct recording_source *recording = calloc(1, sizeof(*recording));
	uint64_t magic = 0;
	int ret;

	if (!recording)
		return -ENOMEM;
	recording->source.operations = &operations;
	recording->file = fopen(path, "re");
	ret = recording->file ? read_bytes(recording, &magic, sizeof(magic)) : -errno;
	if (ret >= 0 && magic != RECORDING_MAGIC)
		ret = -EBADMSG;
	if (ret < 0) {
		recording_source_close(&recording->source);
		return ret;
	}
	*source = &recording->source;
	return 0;
}
