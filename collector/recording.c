// SPDX-License-Identifier: GPL-2.0-only
/* Recordings: writing them. */
#include "recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

struct recording {
	int descriptor;
	int error;   /* the first; after it nothing more is written */
	off_t whole; /* bytes, to the end of the last whole chunk */
};

enum { PARTS = 4 };

/* All of @parts, which are used up, or an error. */
static int write_parts(int descriptor, struct iovec *parts, int count)
{
	while (count) {
		ssize_t size = writev(descriptor, parts, count);

		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return -errno;
		for (; count && (size_t)size >= parts->iov_len; parts++, count--)
			size -= (ssize_t)parts->iov_len;
		if (count) {
			parts->iov_base = (char *)parts->iov_base + size;
			parts->iov_len -= (size_t)size;
		}
	}
	return 0;
}

/* What cannot be written whole is not written at all. */
static int append(struct recording *recording, struct iovec *parts, int count)
{
	off_t end = recording->whole;
	int i, ret;

	for (i = 0; i < count; i++)
		end += (off_t)parts[i].iov_len;
	if (recording->error)
		return recording->error;
	ret = write_parts(recording->descriptor, parts, count);
	if (!ret) {
		recording->whole = end;
		return 0;
	}
	recording->error = ret;
	/* If this fails too, a chunk is cut short, which replay knows. */
	if (ftruncate(recording->descriptor, recording->whole) == 0)
		lseek(recording->descriptor, recording->whole, SEEK_SET);
	return ret;
}

static struct iovec part(const void *data, size_t size)
{
	return (struct iovec){ .iov_base = (void *)data, .iov_len = size };
}

int recording_create(struct recording **result, const char *path)
{
	static const uint64_t magic = RECORDING_MAGIC;
	struct recording *recording = calloc(1, sizeof(*recording));
	struct iovec head = part(&magic, sizeof(magic));
	int ret;

	if (!recording)
		return -ENOMEM;
	recording->descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (recording->descriptor < 0) {
		ret = -errno;
		free(recording);
		return ret;
	}
	*result = recording;
	return append(recording, &head, 1);
}

/* A chunk of two parts, either of which may be empty. */
static int write_chunk(struct recording *recording, uint32_t kind, const void *head,
		       size_t head_size, const void *data, size_t size)
{
	static const char padding[8];
	struct recording_chunk chunk = { kind, (uint32_t)(head_size + size) };
	struct iovec parts[PARTS] = {
		part(&chunk, sizeof(chunk)),
		part(head, head_size),
		part(data, size),
		part(padding, -(head_size + size) & 7),
	};

	return append(recording, parts, PARTS);
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
	case SOURCE_COUNTED:
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
	if (fsync(recording->descriptor) && !ret)
		ret = -errno;
	if (close(recording->descriptor) && !ret)
		ret = -errno;
	free(recording);
	return ret;
}
