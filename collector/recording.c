// SPDX-License-Identifier: GPL-2.0-only
/* Recordings: writing them. */
#include "recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct recording {
	FILE *file;
	int error; /* the first; after it nothing more is written */
};

static int write_bytes(struct recording *recording, const void *data, size_t size)
{
	if (!recording->error && size && fwrite(data, size, 1, recording->file) != 1)
		recording->error = -errno;
	return recording->error;
}

int recording_create(struct recording **result, const char *path)
{
	const uint64_t magic = RECORDING_MAGIC;
	struct recording *recording = calloc(1, sizeof(*recording));
	int descriptor, ret;

	if (!recording)
		return -ENOMEM;
	descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (descriptor < 0) {
		ret = -errno;
		goto err_open;
	}
	recording->file = fdopen(descriptor, "w");
	if (!recording->file) {
		ret = -errno;
		close(descriptor);
		goto err_open;
	}
	ret = write_bytes(recording, &magic, sizeof(magic));
	*result = recording;
	return ret;

err_open:
	free(recording);
	return ret;
}

/* A chunk of two parts, either of which may be empty. */
static int write_chunk(struct recording *recording, uint32_t kind, const void *head,
		       size_t head_size, const void *data, size_t size)
{
	static const char padding[8];
	struct recording_chunk chunk = { kind, (uint32_t)(head_size + size) };
	int ret = write_bytes(recording, &chunk, sizeof(chunk));

	if (!ret)
		ret = write_bytes(recording, head, head_size);
	if (!ret)
		ret = write_bytes(recording, data, size);
	if (!ret)
		ret = write_bytes(recording, padding, -(head_size + size) & 7);
	return ret;
}

static int write_stream(struct recording *recording, const struct stream_info *info)
{
	struct recording_stream stream = {
		.load = info->load,
		.loaded_ns = info->loaded_ns,
		.boot_ns = info->boot_ns,
		.real_ns = info->real_ns,
		.abi = KITH_ABI_VERSION,
		.rings = info->rings,
	};

	memcpy(stream.boot, info->boot, sizeof(stream.boot));
	memcpy(stream.version, info->version, sizeof(stream.version));
	return write_chunk(recording, SOURCE_STREAM, &stream, sizeof(stream), NULL, 0);
}

int recording_write(struct recording *recording, const struct source_event *event)
{
	switch (event->kind) {
	case SOURCE_STREAM:
		return write_stream(recording, &event->info);
	case SOURCE_BATCH:
		return write_chunk(recording, SOURCE_BATCH, &event->batch,
				   sizeof(event->batch), event->data, event->size);
	case SOURCE_DUMP:
	case SOURCE_CAUGHT:
		return write_chunk(recording, event->kind, NULL, 0, event->data, event->size);
	default:
		return 0;
	}
}

int recording_close(struct recording *recording)
{
	int ret;

	if (!recording)
		return 0;
	ret = recording->error;
	if ((fflush(recording->file) || fsync(fileno(recording->file))) && !ret)
		ret = -errno;
	fclose(recording->file);
	free(recording);
	return ret;
}
