// SPDX-License-Identifier: GPL-2.0-only
/* Which file is which. */
#include "files.h"

#include <string.h>
#include <xxhash.h>

enum { MINOR_BITS = 20, DEVICE_BITS = 11, INODE_BITS = 28, HASH_BITS = 24 };

/* Of a queue of System V the number is its own, and the first is 0. */
static bool is_none(const struct kith_file *file)
{
	return !file->real_inode && !file->inode && file->kind != KITH_FILE_SYSV_QUEUE;
}

/* What tells one file from another. No padding. */
struct identity {
	uint64_t inode;
	int64_t boot;
	uint32_t device;
	uint32_t generation;
	uint64_t numbered; /* it is of System V */
};

static uint64_t hash(const struct files *files, const void *data, size_t size)
{
	return XXH3_64bits_withSeed(data, size, (uint64_t)files->seed);
}

/*
 * From above: a hash of the device, the inode's number, a hash of it all. New files have
 * numbers that follow one another, and so have those of a directory: their rows are then
 * on few pages. Of a number's files one after the other two have the same id once in 2^24.
 */
static int64_t place(const struct files *files, const struct identity *identity)
{
	const uint64_t volume[] = { (uint64_t)identity->boot, identity->device };
	const uint64_t low = hash(files, identity, sizeof(*identity)) >> (64 - HASH_BITS);
	const uint64_t middle = identity->inode & ((UINT64_C(1) << INODE_BITS) - 1);
	const uint64_t high = hash(files, volume, sizeof(volume)) >> (64 - DEVICE_BITS);

	return (int64_t)(high << (INODE_BITS + HASH_BITS) | middle << HASH_BITS | low);
}

int64_t files_id(const struct files *files, const struct kith_file *file, int64_t boot)
{
	struct identity identity;
	int64_t id;

	if (is_none(file))
		return 0;
	identity.inode = file->real_inode;
	identity.boot = file->real_device >> MINOR_BITS ? 0 : boot;
	identity.device = file->real_device;
	identity.generation = file->generation;
	identity.numbered = file->kind == KITH_FILE_SYSV_QUEUE;
	id = place(files, &identity);
	return id ? id : 1;
}

bool files_is_recent(struct files *files, int64_t id)
{
	int64_t *row = files->recent +
		       (uint64_t)id % (FILES_RECENT / FILES_IN_ROW) * FILES_IN_ROW;
	size_t i;

	for (i = 0; i < FILES_IN_ROW; i++)
		if (row[i] == id)
			return true;
	memmove(row + 1, row, (FILES_IN_ROW - 1) * sizeof(*row));
	*row = id;
	return false;
}

void files_forget_recent(struct files *files)
{
	memset(files->recent, 0, sizeof(files->recent));
}
