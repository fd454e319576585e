// SPDX-License-Identifier: GPL-2.0-only
/* Which file is which. */
#include "files.h"

#include <string.h>
#include <xxhash.h>

enum { MINOR_BITS = 20 };

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
	id = (int64_t)(XXH3_64bits_withSeed(&identity, sizeof(identity), (uint64_t)files->seed) &
		       INT64_MAX);
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
