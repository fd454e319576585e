// SPDX-License-Identifier: GPL-2.0-only
/* Where data can have gone from a process or file, or come from, in one step. */
#include "hops.h"

#include <stdlib.h>

struct walker {
	const struct moves *moves;
	bool forward;
	hops_take *take;
	void *context;
};

static bool take_link(const struct walker *walker, const struct link *link, int64_t other,
		      int64_t bytes)
{
	static const enum hop_kind kinds[] = {
		[LINK_CONNECTION] = HOP_CONNECTION,
		[LINK_PIPE] = HOP_PIPE,
		[LINK_MEMORY] = HOP_MEMORY,
		[LINK_FOLDED] = HOP_FOLDED,
	};
	const struct hop hop = {
		.kind = kinds[link->kind],
		.other = other,
		.object = link->object,
		.key = link->key,
		.left_first = link->first,
		.left_last = link->last,
		.came_first = link->first,
		.came_last = link->last,
		.bytes = bytes,
	};

	return !bytes || walker->take(walker->context, &hop);
}

/* What its source sent goes forth, what it was sent comes back. */
static bool take_links(const struct walker *walker, int64_t process)
{
	const struct moves *moves = walker->moves;
	size_t i, end;

	for (moves_of(&moves->outward, process, &i, &end); i < end; i++) {
		const struct link *link = &moves->links[moves->outward.order[i]];

		if (!take_link(walker, link, link->target,
			       walker->forward ? link->forth : link->back))
			return false;
	}
	for (moves_of(&moves->inward, process, &i, &end); i < end; i++) {
		const struct link *link = &moves->links[moves->inward.order[i]];

		if (!take_link(walker, link, link->source,
			       walker->forward ? link->back : link->forth))
			return false;
	}
	return true;
}

/* All that was done with one file. */
struct channel {
	const struct use *uses; /* in order of their begin */
	size_t count;
	size_t writers;
	const struct use **emptied; /* those that emptied it */
	size_t emptied_count;
};

static bool channel_open(struct channel *channel, const struct moves *moves, int64_t file)
{
	size_t begin, end, i;

	moves_of_file(moves, file, &begin, &end);
	*channel = (struct channel){ .uses = moves->uses + begin, .count = end - begin };
	for (i = 0; i < channel->count; i++) {
		channel->writers += channel->uses[i].flags & USE_WRITES ? 1 : 0;
		channel->emptied_count += channel->uses[i].flags & USE_EMPTIES ? 1 : 0;
	}
	channel->emptied = calloc(channel->emptied_count + 1, sizeof(struct use *));
	if (!channel->emptied)
		return false;
	channel->emptied_count = 0;
	for (i = 0; i < channel->count; i++)
		if (channel->uses[i].flags & USE_EMPTIES)
			channel->emptied[channel->emptied_count++] = &channel->uses[i];
	return true;
}

/* The first that emptied it after @ts. */
static size_t emptied_after(const struct channel *channel, int64_t ts)
{
	size_t low = 0, high = channel->emptied_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (channel->emptied[middle]->first <= ts)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Had a third emptied it by the time it was read? */
static bool is_lost(const struct channel *channel, const struct use *writer,
		    const struct use *reader)
{
	size_t i = emptied_after(channel, writer->last);

	for (; i < channel->emptied_count; i++) {
		if (channel->emptied[i]->first > reader->first)
			return false;
		if (channel->emptied[i]->process != writer->process)
			return true;
	}
	return false;
}

/* Is there one writer that is not the reader itself? */
static bool has_one_writer(const struct channel *channel, const struct use *reader)
{
	size_t i, others = 0;

	if (channel->writers == 1)
		return true;
	for (i = 0; i < channel->count && others < 2; i++)
		others += channel->uses[i].flags & USE_WRITES &&
			  channel->uses[i].process != reader->process;
	return others == 1;
}

static int64_t bytes_of(const struct channel *channel, const struct use *writer,
			const struct use *reader)
{
	if (reader->bytes_read < 0 || reader->bytes_read <= writer->bytes_written ||
	    has_one_writer(channel, reader))
		return reader->bytes_read;
	return writer->bytes_written;
}

/* Can what @writer wrote be what @reader read or executed? */
static bool are_pair(const struct channel *channel, const struct use *writer,
		     const struct use *reader)
{
	return writer->process != reader->process && writer->flags & USE_WRITES &&
	       reader->flags & (USE_READS | USE_EXECUTES) && writer->first <= reader->last &&
	       !is_lost(channel, writer, reader);
}

static bool take_pair(const struct walker *walker, const struct channel *channel,
		      const struct use *writer, const struct use *reader)
{
	const struct hop hop = {
		.kind = reader->flags & USE_EXECUTES ? HOP_EXECUTION : HOP_FILE,
		.other = walker->forward ? reader->process : writer->process,
		.object = reader->file,
		.key = reader->key,
		.left_first = writer->first,
		.left_last = writer->last,
		.came_first = reader->first,
		.came_last = reader->last,
		.bytes = bytes_of(channel, writer, reader),
	};

	return walker->take(walker->context, &hop);
}

/* Nobody else is known to have read what was written, or to have written what was read. */
static bool take_rest(const struct walker *walker, const struct use *use)
{
	const struct hop hop = {
		.kind = HOP_ACCESS,
		.other = MOVES_OUTSIDE,
		.object = use->file,
		.key = use->key,
		.left_first = use->first,
		.left_last = use->last,
		.came_first = use->first,
		.came_last = use->last,
		.bytes = walker->forward ? use->bytes_written : use->bytes_read,
		.sensitive = use->flags & USE_IS_SENSITIVE,
	};

	return use->flags & USE_EXECUTES || walker->take(walker->context, &hop);
}

/* By @use of a file to or from all others who used it. */
static bool take_use(const struct walker *walker, const struct use *use)
{
	struct channel channel;
	bool good = true, any = false;
	size_t i;

	if (!(use->flags & (walker->forward ? USE_WRITES : USE_READS | USE_EXECUTES)))
		return true;
	if (!channel_open(&channel, walker->moves, use->file))
		return false;
	for (i = 0; good && i < channel.count; i++) {
		const struct use *writer = walker->forward ? use : &channel.uses[i];
		const struct use *reader = walker->forward ? &channel.uses[i] : use;

		if (!are_pair(&channel, writer, reader))
			continue;
		any = true;
		good = take_pair(walker, &channel, writer, reader);
	}
	free(channel.emptied);
	return good && (any || take_rest(walker, use));
}

static bool take_process(const struct walker *walker, int64_t process)
{
	const struct moves *moves = walker->moves;
	size_t i, end;

	if (!take_links(walker, process))
		return false;
	for (moves_of(&moves->used, process, &i, &end); i < end; i++)
		if (!take_use(walker, &moves->uses[moves->used.order[i]]))
			return false;
	return true;
}

/* The data of a file may be as old, or stay there for as long, as one likes. */
static bool take_access(const struct walker *walker, const struct use *use)
{
	const bool forward = walker->forward, executes = use->flags & USE_EXECUTES;
	const struct hop hop = {
		.kind = executes ? HOP_EXECUTION : HOP_ACCESS,
		.other = use->process,
		.object = use->file,
		.key = use->key,
		.left_first = forward ? INT64_MIN : use->first,
		.left_last = forward ? INT64_MAX : use->last,
		.came_first = forward ? use->first : INT64_MIN,
		.came_last = forward ? use->last : INT64_MAX,
		.bytes = forward ? use->bytes_read : use->bytes_written,
		.sensitive = use->flags & USE_IS_SENSITIVE,
	};

	return walker->take(walker->context, &hop);
}

static bool take_file(const struct walker *walker, int64_t file)
{
	const unsigned int wanted = walker->forward ? USE_READS | USE_EXECUTES : USE_WRITES;
	size_t i, end;

	for (moves_of_file(walker->moves, file, &i, &end); i < end; i++)
		if (walker->moves->uses[i].flags & wanted &&
		    !take_access(walker, &walker->moves->uses[i]))
			return false;
	return true;
}

bool hops_of(const struct moves *moves, struct place place, bool forward, hops_take *take,
	     void *context)
{
	const struct walker walker = { moves, forward, take, context };

	return place.process ? take_process(&walker, place.process) :
			       take_file(&walker, place.file);
}
