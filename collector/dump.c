// SPDX-License-Identifier: GPL-2.0-only
/* Who lives and what is open, as the module lists them: a dump is merged into the stream. */
#include "dump.h"

#include "apply.h"
#include "ingest.h"
#include "reconcile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void dump_forget(struct ingest *ingest)
{
	free(ingest->dump);
	free(ingest->caught);
	ingest->dump = NULL;
	ingest->dump_size = 0;
	ingest->dump_next = 0;
	ingest->caught = NULL;
	ingest->caught_count = 0;
}

bool ingest_is_settled(const struct ingest *ingest)
{
	return !ingest->dump && !ingest->caught;
}

/* Whoever we know of by now was born before the dump. */
static void begin_dump(struct ingest *ingest)
{
	struct process *process;

	ingest->dumped = ingest->last_process;
	ingest->dump_is_old = false;
	for (process = ingest->state.by_key; process; process = process->hh.next)
		process->listed = false;
	apply_begin_sockets(ingest);
}

int ingest_dump(struct ingest *ingest, const void *records, size_t size)
{
	struct record first;
	char *copy;

	if (ingest->past)
		return 0;
	if (!ingest->dump)
		begin_dump(ingest);
	if (!size)
		return 0;
	copy = realloc(ingest->dump, ingest->dump_size + size);
	if (!copy)
		return -ENOMEM;
	memcpy(copy + ingest->dump_size, records, size);
	if (!ingest->dump_size && record_parse(copy, size, &first) > 0)
		ingest->dump_first = first.head.ts;
	ingest->dump = copy;
	ingest->dump_size += size;
	return 0;
}

/*
 * Apply the records of the dump up to time @ts. A recording that is taken for a second
 * time has one of those who lived before what is stored; and it may have one that is
 * younger than what is wanted.
 */
int dump_apply(struct ingest *ingest, uint64_t ts)
{
	while (ingest->dump_next < ingest->dump_size) {
		struct record record;
		int ret = record_parse(ingest->dump + ingest->dump_next,
				       ingest->dump_size - ingest->dump_next, &record);

		if (ret < 0) {
			ingest->bad_records++;
			ingest->dump_next = ingest->dump_size;
			return 0;
		}
		if (record.head.ts > ts)
			return 0;
		ingest->dump_next += (size_t)ret;
		if (record.head.ts <= ingest->stored_until ||
		    ingest_wall(ingest, record.head.ts) > ingest->window.until) {
			ingest->dump_is_old = true;
			continue;
		}
		ret = apply_record(ingest, &record);
		if (ret)
			return ret;
	}
	return 0;
}

/*
 * Has @process, which is not in the dump, ended? Yes if we knew it when
 * the dump began, or it was born before without our seeing it. What the stream has
 * told of since may be too young for the dump.
 */
static bool has_ended_unseen(const struct ingest *ingest, const struct process *process)
{
	if (process->id <= ingest->dumped)
		return true;
	return process->flags & PROCESS_INCOMPLETE &&
	       process->started < ingest_wall(ingest, ingest->dump_first);
}

/* Its exit record was lost, or the module was not there. */
static void bury(struct ingest *ingest)
{
	struct process *process;

	for (process = ingest->state.by_key; process; process = process->hh.next) {
		if (process->lived >= 0 || process->listed ||
		    !has_ended_unseen(ingest, process))
			continue;
		process->flags |= PROCESS_GONE;
		state_touch(&ingest->state, process);
		state_end(&ingest->state, process);
	}
}

static bool is_caught(const struct ingest *ingest)
{
	size_t i;

	for (i = 0; i < ingest->caught_count; i++) {
		const struct kith_position *position = &ingest->caught[i];

		if (position->seq && position->ring < ingest->rings &&
		    !position_has_passed(ingest->seqs[position->ring], position->seq))
			return false;
	}
	return true;
}

/* If the stream has passed the dump, be done with it. */
int dump_settle(struct ingest *ingest)
{
	int ret;

	if (!ingest->caught || !is_caught(ingest))
		return 0;
	ret = dump_apply(ingest, UINT64_MAX);
	if (ret)
		return ret;
	if (!ingest->dump_is_old) {
		bury(ingest);
		ret = apply_bury_sockets(ingest);
	}
	dump_forget(ingest);
	if (!ret)
		ret = reconcile(ingest);
	if (ret)
		return ret;
	return store_dumped(ingest->store, ingest->load.id,
			    ingest_wall(ingest, ingest->dump_first));
}

int ingest_caught(struct ingest *ingest, const struct kith_position *positions, size_t count)
{
	int ret;

	if (ingest->past)
		return 0;
	ret = ingest_begin(ingest);
	free(ingest->caught);
	ingest->caught = calloc(count ? count : 1, sizeof(*positions));
	if (!ingest->caught)
		return -ENOMEM;
	if (count)
		memcpy(ingest->caught, positions, count * sizeof(*positions));
	ingest->caught_count = count;
	return ret ? ret : dump_settle(ingest);
}
