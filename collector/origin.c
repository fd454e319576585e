// SPDX-License-Identifier: GPL-2.0-only
/* Who has brought about what somebody else does. */
#include "origin.h"

#include <stddef.h>

static size_t place_of(uint64_t file)
{
	return (size_t)(file * UINT64_C(0x9e3779b97f4a7c15) >> 32) % ORIGIN_FILES;
}

void origin_write(struct origins *origins, uint64_t file, const struct actor *actor,
		  int64_t process, int64_t at)
{
	if (!file)
		return;
	origins->any = true;
	origins->files[place_of(file)] = (struct origin){
		.file = file,
		.at = at,
		.process = process,
		.execution = actor->execution,
		.root = actor->root,
		.descent = actor->descent,
	};
}

const struct origin *origin_find(const struct origins *origins, uint64_t file)
{
	const struct origin *origin = &origins->files[place_of(file)];

	return file && origin->file == file ? origin : NULL;
}

void origin_plant(struct origins *origins, const struct origin *by, enum lasting lasting,
		  uint64_t name, uint32_t owner, bool known)
{
	origins->plants[origins->next++ % ORIGIN_PLANTS] = (struct plant){
		.by = *by,
		.name = name,
		.owner = owner,
		.lasting = (uint8_t)lasting,
		.known = known,
	};
}

const struct plant *origin_find_plant(const struct origins *origins, enum lasting lasting,
				      uint64_t name, uint32_t owner, int64_t since)
{
	unsigned int i;

	for (i = 1; i <= ORIGIN_PLANTS; i++) {
		const struct plant *plant =
			&origins->plants[(origins->next - i) % ORIGIN_PLANTS];

		if (!plant->by.execution || plant->lasting != lasting || plant->by.at < since)
			continue;
		if ((!name || plant->name == name) &&
		    (owner == UINT32_MAX || plant->owner == owner))
			return plant;
	}
	return NULL;
}
