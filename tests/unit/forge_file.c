// SPDX-License-Identifier: GPL-2.0-only
/* Records of what is done with files. */
#include "forge_file.h"

#include <sys/stat.h>

static struct kith_file file_of(uint64_t inode)
{
	return (struct kith_file){
		.inode = inode,
		.real_inode = inode,
		.device = 8 << 20 | 1,
		.real_device = 8 << 20 | 1,
		.mode = S_IFREG | 0644,
		.kind = KITH_FILE_REGULAR,
	};
}

static struct kith_access *forge_access_to(struct forge *forge, uint64_t user, uint64_t inode,
					   const char *path)
{
	struct kith_access *body = forge_record(forge, KITH_RECORD_ACCESS, 0, sizeof(*body));

	body->id = forge_last(forge)->ts;
	body->user = user;
	body->first = forge_last(forge)->ts - FORGE_STEP_NS;
	body->last = forge_last(forge)->ts;
	body->file = file_of(inode);
	body->flags = KITH_ACCESS_OVER;
	forge_text(forge, KITH_ITEM_PATH, path);
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
	struct kith_change *body =
		forge_record(forge, KITH_RECORD_CHANGE, process, sizeof(*body));

	body->first = forge_last(forge)->ts;
	body->last = forge_last(forge)->ts;
	body->op = KITH_CHANGE_RENAME;
	body->count = 1;
	body->file = file_of(inode);
	forge_text(forge, KITH_ITEM_PATH, from);
	forge_text(forge, KITH_ITEM_NEW_PATH, to);
}

void forge_executes(struct forge *forge, uint64_t process, uint64_t inode, const char *exe)
{
	const struct kith_file file = file_of(inode);

	FORGE_EXEC(forge, process, 0, exe, "x");
	forge_item(forge, KITH_ITEM_FILE, &file, sizeof(file));
}
