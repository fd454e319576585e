/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which file is which, and what goes on with files by the module's numbers. Files have
 * ids of their own making, so that nothing has to be looked up.
 */
#ifndef KITH_FILES_H
#define KITH_FILES_H

#include "sockets.h"

#include <kith/uapi.h>
#include <stdbool.h>
#include <stdint.h>

enum { FILES_RECENT = 16384, FILES_IN_ROW = 4 };

struct files {
	struct sockets going_on; /* accesses, as if they were sockets */
	size_t pruned;		 /* open ones that were left when it was last done */
	int64_t seed;
	int64_t recent[FILES_RECENT]; /* rows by id, the last one first */
};

/*
 * The id of @file: the same for the same file, in one database. Where file systems
 * have no device number of their own it holds for this @boot alone. 0: none is meant.
 */
int64_t files_id(const struct files *files, const struct kith_file *file, int64_t boot);

/* From now on none was. */
void files_forget_recent(struct files *files);

/* Was it stored of late? If not, it is from now on. */
bool files_is_recent(struct files *files, int64_t id);

#endif
