/* SPDX-License-Identifier: GPL-2.0-only */
/* Records of what is done with files. A file is told from others by its inode. */
#ifndef KITH_FORGE_FILE_H
#define KITH_FORGE_FILE_H

#include "forge.h"

/* Over since the record before; its times may be changed. */
struct kith_access *forge_has_read(struct forge *forge, uint64_t user, uint64_t inode,
				const char *path, uint64_t bytes);
struct kith_access *forge_has_written(struct forge *forge, uint64_t user, uint64_t inode,
				 const char *path, uint64_t bytes);
void forge_renames(struct forge *forge, uint64_t process, uint64_t inode, const char *from,
		   const char *to);
void forge_executes(struct forge *forge, uint64_t process, uint64_t inode, const char *exe);

#endif
