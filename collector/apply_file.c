// SPDX-License-Identifier: GPL-2.0-only
/* Records of files: what processes did with them, and what was done to them. */
#include "apply.h"

#include "apply_socket.h"

#include <errno.h>
#include <string.h>

enum {
	OPEN_MAX = 1 << 18, /* with more, it is looked whether all of them can be going on */
};

/* The last record of what a process did has come by then, or is lost. */
#define LATE_NS INT64_C(60000000000)

/* Its id, 0 for none, or an error. @path: by which it is used, if that is known. */
static int64_t find_file(struct ingest *ingest, const struct kith_file *file, int64_t path)
{
	const struct store_file row = {
		.id = files_id(&ingest->files, file, ingest->load.boot),
		.file = *file,
		.segment = ingest->segment.base,
		.path = path > 0 ? path : 0,
	};
	int ret;

	if (!row.id || files_is_recent(&ingest->files, row.id))
		return row.id;
	ret = store_file(ingest->store, &row);
	return ret ? ret : row.id;
}

int64_t apply_file(struct ingest *ingest, const struct record *record)
{
	const struct slice item = record->items[KITH_ITEM_FILE];
	struct kith_file file;

	if (item.size < sizeof(file))
		return 0;
	memcpy(&file, item.data, sizeof(file));
	return find_file(ingest, &file, 0);
}

static int64_t lasted(uint64_t first, uint64_t last)
{
	return last > first && last - first <= INT64_MAX ? (int64_t)(last - first) : 0;
}

/* What is told of by @number, which is in row @id now, goes on, or is @over. */
static int remember(struct ingest *ingest, uint64_t number, struct socket *open, int64_t id,
		    bool over)
{
	struct sockets *going_on = &ingest->files.going_on;
	const struct closed_socket ended = { .number = number, .id = id, .kind = SOCKET_ACCESS };
	int ret = 0;

	if (over && open)
		ret = store_access_close(ingest->store, id);
	if (over)
		return ret ? ret : sockets_close(going_on, open, &ended);
	if (open)
		return 0;
	if (!sockets_open(going_on, number, SOCKET_ACCESS, id))
		return -ENOMEM;
	return store_access_open(ingest->store, id, ingest->load.id, number);
}

/* @row is what is known by @number now, in the row that it has, or in a new one. */
static int put_access(struct ingest *ingest, struct store_access *row, uint64_t number,
		      bool over)
{
	struct sockets *going_on = &ingest->files.going_on;
	struct socket *open = sockets_find(going_on, number);
	const struct closed_socket *closed = open ? NULL :
						    sockets_find_closed(going_on, number);
	int ret;

	if (closed && !closed->gone)
		return 0; /* none comes after the end; what is stored may not be undone */
	row->id = open ? open->id : closed ? closed->id : 0;
	if (row->id) {
		ret = store_access_update(ingest->store, row);
	} else {
		row->id = ++ingest->last_access;
		ret = store_access(ingest->store, row);
	}
	return ret ? ret : remember(ingest, number, open, row->id, over);
}

/*
 * Who wrote @file may have ended long ago, and long since be forgotten here; but that he
 * wrote it is stored.
 */
static int64_t find_writer(struct ingest *ingest, uint64_t key, int64_t file, uint64_t ts)
{
	const struct process *process;
	int64_t id;

	if (!key)
		return 0;
	process = state_find(&ingest->state, key);
	if (process)
		return process->id;
	id = state_find_ended(&ingest->state, key);
	if (!id && file > 0)
		id = store_writer_find(ingest->store, ingest->load.boot, key, file);
	return id ? id : apply_id(ingest, key, ts);
}

static int finish_access(struct ingest *ingest, const struct record *record, uint64_t user,
			 uint64_t writer, const struct kith_file *file,
			 struct store_access *row)
{
	const uint64_t ts = record->head.ts;

	row->process = apply_id(ingest, user, ts);
	row->path = apply_file_text(ingest, record, KITH_ITEM_PATH);
	row->file = find_file(ingest, file, row->path);
	row->writer = find_writer(ingest, writer, row->file, ts);
	if (row->file < 0)
		return (int)row->file;
	return row->process < 0 || row->path < 0 || row->writer < 0 ? -ENOMEM : 0;
}

int apply_access(struct ingest *ingest, const struct record *record)
{
	const struct kith_access *body = record->body;
	const bool reads = body->reads || body->bytes_read;
	const bool writes = body->writes || body->bytes_written ||
			    body->flags & (KITH_ACCESS_WRITABLE | KITH_ACCESS_TRUNCATED);
	struct store_access row = {
		.first = ingest_wall(ingest, body->first),
		.last = lasted(body->first, body->last),
		.reads = reads ? apply_bytes(body->reads) : -1,
		.bytes_read = reads ? apply_bytes(body->bytes_read) : -1,
		.writes = writes ? apply_bytes(body->writes) : -1,
		.bytes_written = writes ? apply_bytes(body->bytes_written) : -1,
		.flags = body->flags & (STORE_ACCESS_FOLDED - 1),
		.mntns = body->mntns,
	};
	int ret;

	if (!body->id || !body->user)
		return subject_refuse(ingest);
	ret = finish_access(ingest, record, body->user, body->writer, &body->file, &row);
	return ret ? ret : put_access(ingest, &row, body->id, body->flags & KITH_ACCESS_OVER);
}

static void raise(int64_t *sum, uint64_t now)
{
	if (apply_bytes(now) > *sum)
		*sum = apply_bytes(now);
}

/* The sum comes with the end, too; until then this is it. */
static int apply_plain_reads(struct ingest *ingest, const struct record *record)
{
	const struct kith_reads *body = record->body;
	struct process *process = apply_need(ingest, body->user, record->head.ts);

	if (!process)
		return -ENOMEM;
	raise(&process->plain_reads, body->reads);
	raise(&process->plain_bytes, body->bytes_read);
	state_touch(&ingest->state, process);
	return 0;
}

int apply_reads(struct ingest *ingest, const struct record *record)
{
	const struct kith_reads *body = record->body;
	struct store_access row = {
		.first = ingest_wall(ingest, body->first),
		.last = lasted(body->first, body->last),
		.reads = apply_bytes(body->reads),
		.bytes_read = apply_bytes(body->bytes_read),
		.writes = -1,
		.bytes_written = apply_bytes(body->files),
		.flags = STORE_ACCESS_FOLDED |
			 (body->flags & (KITH_ACCESS_OVER | KITH_ACCESS_UPPER_READ)),
		.mntns = body->mntns,
	};
	int ret;

	if (!body->id || !body->user)
		return subject_refuse(ingest);
	if (body->flags & KITH_READS_PLAIN)
		return apply_plain_reads(ingest, record);
	ret = finish_access(ingest, record, body->user, body->writer, &body->file, &row);
	return ret ? ret : put_access(ingest, &row, body->id, body->flags & KITH_ACCESS_OVER);
}

/* The row of a record, but for its files. */
static struct store_change change_of(struct ingest *ingest, const struct record *record)
{
	const struct kith_change *body = record->body;
	const bool named = record->items[KITH_ITEM_XATTR].size;

	return (struct store_change){
		.ts = ingest_wall(ingest, body->first),
		.lasted = lasted(body->first, body->last),
		.count = body->count,
		.process = apply_id(ingest, record->head.process, record->head.ts),
		.op = body->op,
		.error = body->error,
		.path = apply_file_text(ingest, record, KITH_ITEM_PATH),
		.new_path = apply_file_text(ingest, record, KITH_ITEM_NEW_PATH),
		.text = apply_file_text(ingest, record,
					named ? KITH_ITEM_XATTR : KITH_ITEM_FILENAME),
		.value = (int64_t)body->from,
		.to_value = (int64_t)body->to,
		.flags = body->flags,
		.mntns = body->mntns,
	};
}

int apply_change(struct ingest *ingest, const struct record *record)
{
	const struct kith_change *body = record->body;
	struct store_change row;

	if (!body->op || !body->count || !record->head.process)
		return subject_refuse(ingest);
	row = change_of(ingest, record);
	row.file = find_file(ingest, &body->file, row.path);
	row.other = find_file(ingest, &body->other, row.new_path);
	if (row.file < 0 || row.other < 0)
		return (int)(row.file < 0 ? row.file : row.other);
	if (row.process < 0 || row.path < 0 || row.new_path < 0 || row.text < 0)
		return -ENOMEM;
	return store_change(ingest->store, &row);
}

static int take_access(void *ingest_, int64_t number, int64_t id)
{
	struct ingest *ingest = ingest_;

	return sockets_open(&ingest->files.going_on, (uint64_t)number, SOCKET_ACCESS, id) ?
		       0 :
		       -ENOMEM;
}

int apply_load_files(struct ingest *ingest)
{
	sockets_clear(&ingest->files.going_on);
	ingest->files.pruned = 0;
	files_forget_recent(&ingest->files);
	return store_open_accesses(ingest->store, ingest->load.id, take_access, ingest);
}

static int close_access(void *ingest_, int64_t number, int64_t id)
{
	struct ingest *ingest = ingest_;
	struct sockets *going_on = &ingest->files.going_on;
	const struct closed_socket ended = { .number = (uint64_t)number,
					     .id = id,
					     .kind = SOCKET_ACCESS,
					     .gone = true };
	int ret = sockets_close(going_on, sockets_find(going_on, (uint64_t)number), &ended);

	return ret ? ret : store_access_close(ingest->store, id);
}

/* The end of what a process did may be among what was lost, but it has ended. */
int apply_prune_files(struct ingest *ingest)
{
	int ret;

	if (ingest->files.going_on.open <= OPEN_MAX + 2 * ingest->files.pruned)
		return 0;
	ret = store_ended_accesses(ingest->store, ingest->seen.at - LATE_NS, close_access, ingest);
	ingest->files.pruned = ingest->files.going_on.open;
	return ret;
}
