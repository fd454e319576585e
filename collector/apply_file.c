// SPDX-License-Identifier: GPL-2.0-only
/* Records of files: what processes did with them, and what was done to them. */
#include "apply.h"

#include "apply_socket.h"

#include <errno.h>
#include <string.h>

/* With more, it is looked whether all of them can be going on. */
enum { OPEN_MAX = 1 << 18 };

/* Of an item that is a path, cut as names are; 0: there is none. */
static int64_t find_text(struct ingest *ingest, struct slice text)
{
	if (text.size > DICTIONARY_NAME)
		text.size = DICTIONARY_NAME;
	return text.size ? dictionary_string(&ingest->dictionary, text) : 0;
}

/* Its id, 0 for none, or an error. */
static int64_t find_file(struct ingest *ingest, const struct kith_file *file)
{
	const int64_t id = files_id(file, ingest->load.boot);
	int ret;

	if (!id || files_is_recent(&ingest->files, id))
		return id;
	ret = store_file(ingest->store, id, file);
	return ret ? ret : id;
}

int64_t apply_file(struct ingest *ingest, const struct record *record)
{
	const struct slice item = record->items[KITH_ITEM_FILE];
	struct kith_file file;

	if (item.size < sizeof(file))
		return 0;
	memcpy(&file, item.data, sizeof(file));
	return find_file(ingest, &file);
}

static int64_t lasted(uint64_t first, uint64_t last)
{
	return last > first && last - first <= INT64_MAX ? (int64_t)(last - first) : 0;
}

/* @row is what is known by @number now, in the row that it has, or in a new one. */
static int put_access(struct ingest *ingest, struct store_access *row, uint64_t number,
		      bool over)
{
	struct sockets *going_on = &ingest->files.going_on;
	struct socket *open = sockets_find(going_on, number);
	const struct closed_socket *closed = open ? NULL :
						    sockets_find_closed(going_on, number);
	const struct closed_socket ended = { .number = number, .kind = SOCKET_ACCESS };
	int ret;

	if (closed)
		return 0; /* a flush may have looked just before the end */
	row->number = over ? 0 : (int64_t)number;
	row->id = open ? open->id : ++ingest->last_access;
	ret = open ? store_access_update(ingest->store, row) :
		     store_access(ingest->store, row);
	if (ret)
		return ret;
	if (over)
		return sockets_close(going_on, open, &ended);
	if (!open && !sockets_open(going_on, number, SOCKET_ACCESS, row->id))
		return -ENOMEM;
	return 0;
}

static int finish_access(struct ingest *ingest, const struct record *record, uint64_t user,
			 uint64_t writer, const struct kith_file *file,
			 struct store_access *row)
{
	const uint64_t ts = record->head.ts;

	row->process = apply_id(ingest, user, ts);
	row->writer = apply_id(ingest, writer, ts);
	row->path = find_text(ingest, record->items[KITH_ITEM_PATH]);
	row->file = find_file(ingest, file);
	row->load = ingest->load.id;
	if (row->process < 0 || row->writer < 0 || row->path < 0)
		return -ENOMEM;
	return row->file < 0 ? (int)row->file : 0;
}

int apply_access(struct ingest *ingest, const struct record *record)
{
	const struct kith_access *body = record->body;
	const bool writes = body->writes || body->flags & KITH_ACCESS_WRITABLE;
	struct store_access row = {
		.first = ingest_wall(ingest, body->first),
		.last = lasted(body->first, body->last),
		.reads = body->reads ? apply_bytes(body->reads) : -1,
		.bytes_read = body->reads ? apply_bytes(body->bytes_read) : -1,
		.writes = writes ? apply_bytes(body->writes) : -1,
		.bytes_written = writes ? apply_bytes(body->bytes_written) : -1,
		.flags = body->flags & ~(uint32_t)STORE_ACCESS_FOLDED,
		.mntns = body->mntns,
	};
	int ret;

	if (!body->id || !body->user)
		return subject_refuse(ingest);
	ret = finish_access(ingest, record, body->user, body->writer, &body->file, &row);
	return ret ? ret : put_access(ingest, &row, body->id, body->flags & KITH_ACCESS_OVER);
}

/* Its sum comes with the end, too; until then this is it. */
static int apply_plain_reads(struct ingest *ingest, const struct record *record)
{
	const struct kith_reads *body = record->body;
	struct process *process = apply_need(ingest, body->user, record->head.ts);

	if (!process)
		return -ENOMEM;
	process->plain_reads = apply_bytes(body->reads);
	process->plain_bytes = apply_bytes(body->bytes_read);
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

int apply_change(struct ingest *ingest, const struct record *record)
{
	const struct kith_change *body = record->body;
	const struct slice xattr = record->items[KITH_ITEM_XATTR];
	struct store_change row = {
		.ts = ingest_wall(ingest, body->first),
		.lasted = lasted(body->first, body->last),
		.count = body->count,
		.process = apply_id(ingest, record->head.process, record->head.ts),
		.op = body->op,
		.error = body->error,
		.path = find_text(ingest, record->items[KITH_ITEM_PATH]),
		.new_path = find_text(ingest, record->items[KITH_ITEM_NEW_PATH]),
		.text = find_text(ingest, xattr.size ? xattr :
						       record->items[KITH_ITEM_FILENAME]),
		.file = find_file(ingest, &body->file),
		.other = find_file(ingest, &body->other),
		.value = (int64_t)body->from,
		.to_value = (int64_t)body->to,
		.flags = body->flags,
		.mntns = body->mntns,
	};

	if (!body->op || !body->count)
		return subject_refuse(ingest);
	if (row.process < 0 || row.path < 0 || row.new_path < 0 || row.text < 0)
		return -ENOMEM;
	if (row.file < 0 || row.other < 0)
		return (int)(row.file < 0 ? row.file : row.other);
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
	memset(ingest->files.recent, 0, sizeof(ingest->files.recent));
	return store_open_accesses(ingest->store, ingest->load.id, take_access, ingest);
}

/* The end of what a process did may be among what was lost, but it has ended. */
int apply_prune_files(struct ingest *ingest)
{
	int ret;

	if (ingest->files.going_on.open <= OPEN_MAX + 2 * ingest->files.pruned)
		return 0;
	ret = apply_load_files(ingest);
	ingest->files.pruned = ingest->files.going_on.open;
	return ret;
}
