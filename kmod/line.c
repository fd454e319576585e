// SPDX-License-Identifier: GPL-2.0-only
/* What a line of an account says, as a record. */
#include "line.h"

#include "account.h"
#include "item.h"
#include "ring.h"
#include "sink.h"

#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/timekeeping.h>

u64 kith_line_sum(const struct kith_line *line)
{
	unsigned int way;
	u64 mark = READ_ONCE(line->flags);

	for (way = 0; way < KITH_FILE_WAYS; way++)
		mark += atomic64_read(&line->moved[way]) + atomic64_read(&line->calls[way]) +
			2 * atomic64_read(&line->flying[way]);
	return mark;
}

static u64 active_of(const struct kith_line *line)
{
	u64 ago = jiffies_to_nsecs(jiffies - READ_ONCE(line->active));

	return max(line->first, ktime_get_boot_fast_ns() - ago);
}

/* What it has moved @way, and may be moving; @flags: out */
static u64 bytes_of(const struct kith_line *line, enum kith_file_way way, u32 *flags)
{
	u64 flying = atomic64_read(&line->flying[way]);

	if (flying)
		*flags |= kith_line_bound(way);
	return atomic64_read(&line->moved[way]) + flying;
}

static void fill_access(struct kith_access *body, const struct kith_line *line, u32 flags)
{
	body->id = line->id;
	body->user = line->process;
	body->writer = line->writer;
	body->first = line->first;
	body->last = active_of(line);
	body->reads = atomic64_read(&line->calls[KITH_FILE_READ]);
	body->bytes_read = bytes_of(line, KITH_FILE_READ, &flags);
	body->writes = atomic64_read(&line->calls[KITH_FILE_WRITE]);
	body->bytes_written = bytes_of(line, KITH_FILE_WRITE, &flags);
	body->file = line->file;
	body->flags = READ_ONCE(line->flags) | flags;
	body->mntns = line->mntns;
}

static void fill_reads(struct kith_reads *body, const struct kith_line *line, u32 flags)
{
	body->id = line->id;
	body->user = line->process;
	body->writer = line->writer;
	body->first = line->first;
	body->last = active_of(line);
	body->files = atomic64_read(&line->files);
	body->reads = atomic64_read(&line->calls[KITH_FILE_READ]);
	body->bytes_read = bytes_of(line, KITH_FILE_READ, &flags);
	body->file = line->file;
	body->flags = (READ_ONCE(line->flags) & KITH_ACCESS_UPPER_READ) | flags;
	if (line->kind == KITH_LINE_PLAIN)
		body->flags |= KITH_READS_PLAIN;
	body->mntns = line->mntns;
}

bool kith_line_tell(struct kith_line *line, u32 flags)
{
	bool one = line->kind == KITH_LINE_FILE;
	size_t path = line->path ? line->path->size : 0;
	struct kith_sink ring = {};
	struct kith_record *record;
	struct kith_writer writer;

	record = kith_sink_begin(&ring, one ? KITH_RECORD_ACCESS : KITH_RECORD_READS,
				 one ? sizeof(struct kith_access) : sizeof(struct kith_reads),
				 kith_item_space(path));
	if (!record)
		return false;
	if (one)
		fill_access(kith_body(record), line, flags);
	else
		fill_reads(kith_body(record), line, flags);
	writer = kith_writer(record);
	if (path)
		kith_put(&writer, KITH_ITEM_PATH, line->path->text, path);
	kith_sink_end(&ring, record);
	return true;
}

bool kith_line_is_silent(const struct kith_line *line)
{
	u64 calls = atomic64_read(&line->calls[KITH_FILE_READ]) +
		    atomic64_read(&line->calls[KITH_FILE_WRITE]);

	return !calls && !(READ_ONCE(line->flags) & (KITH_ACCESS_CREATED | KITH_ACCESS_MAPPED |
						     KITH_ACCESS_TRUNCATED));
}
