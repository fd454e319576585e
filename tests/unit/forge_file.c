// SPDX-License-Identifier: GPL-2.0-only
/* Records of what is done with files. */
#include "forge_file.h"

static struct kith_access *forge_access_to(struct forge *forge, uint64_t user, uint64_t inode,
					   const char *path)
{
	struct kith_access *body =
		forge_access_of(forge, forge->now, user, forge_file(inode), path);

	body->flags = KITH_ACCESS_OVER;
	return body;
}

struct kith_access *forge_has_read(struct forge *forge, uint64_t user, uint64_t inode,
				const char *path, uint64_t bytes)
{
	struct kith_access *body = forge_access_to(forge, user, inode, path);

	body->reads = 1;
	body->bytes_read = bytes;
	return body;
}

struct kith_access *forge_has_written(struct forge *forge, uint64_t user, uint64_t inode,
				 const char *path, uint64_t bytes)
{
	struct kith_access *body = forge_access_to(forge, user, inode, path);

	body->writes = 1;
	body->bytes_written = bytes;
	return body;
}

void forge_renames(struct forge *forge, uint64_t process, uint64_t inode, const char *from,
		   const char *to)
{
	struct kith_change *body = forge_change(forge, process, KITH_CHANGE_RENAME, 0);

	body->file = forge_file(inode);
	forge_text(forge, KITH_ITEM_PATH, from);
	forge_text(forge, KITH_ITEM_NEW_PATH, to);
}

void forge_executes(struct forge *forge, uint64_t process, uint64_t inode, const char *exe)
{
	const struct kith_file file = forge_file(inode);

	FORGE_EXEC(forge, process, 0, exe, "x");
	forge_item(forge, KITH_ITEM_FILE, &file, sizeof(file));
}
