// SPDX-License-Identifier: GPL-2.0-only
/* Records of pipes, of sockets of other families, and of what one did to another. */
#include "apply_socket.h"

#include "learner.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>

static uint32_t flags_of(const struct kith_pipe *body)
{
	uint32_t flags = 0;

	if (body->flags & KITH_PIPE_FIFO)
		flags |= PIPE_FIFO;
	if (body->flags & KITH_PIPE_INEXACT)
		flags |= PIPE_INEXACT;
	if (!body->started)
		flags |= PIPE_INCOMPLETE;
	return flags;
}

/* The row of a record, but for its id, and for when it ended. */
static int make_row(struct ingest *ingest, const struct record *record, struct store_pipe *row)
{
	const struct kith_pipe *body = record->body;
	const uint64_t started = body->started ? body->started : body->ended;
	const bool named = body->flags & KITH_PIPE_FIFO;

	*row = (struct store_pipe){
		.started = ingest_wall(ingest, started ? started : record->head.ts),
		.writer = apply_id(ingest, body->writer, record->head.ts),
		.reader = apply_id(ingest, body->reader, record->head.ts),
		.written = apply_bytes(body->written),
		.read = apply_bytes(body->read),
		.inode = (int64_t)body->inode,
		.path = named ? apply_text(ingest, record, KITH_ITEM_PATH) : 0,
		.load = ingest->load.id,
		.number = body->ended ? 0 : (int64_t)body->id,
		.device = body->device,
		.flags = flags_of(body),
	};
	return row->writer < 0 || row->reader < 0 || row->path < 0 ? -ENOMEM : 0;
}

/* @row is later, so it is right, but not about the time before the module came. */
static void merge(struct store_pipe *row, const struct store_pipe *before)
{
	if (!(before->flags & PIPE_INCOMPLETE) || row->flags & PIPE_INCOMPLETE) {
		row->started = before->started;
		row->flags &= ~(uint32_t)PIPE_INCOMPLETE;
		row->flags |= before->flags & PIPE_INCOMPLETE;
	}
	if (!row->path)
		row->path = before->path;
}

static void set_lasted(struct ingest *ingest, const struct kith_pipe *body,
		       struct store_pipe *row)
{
	int64_t lasted = (int64_t)((uint64_t)ingest_wall(ingest, body->ended) -
				   (uint64_t)row->started);

	row->lasted = -1;
	if (body->ended)
		row->lasted = lasted > 0 ? lasted : 0;
}

static int put_pipe(struct ingest *ingest, const struct kith_pipe *body,
		    struct store_pipe *row, int64_t id)
{
	struct store_pipe before;
	int ret;

	if (!id) {
		row->id = ++ingest->last_pipe;
		set_lasted(ingest, body, row);
		return store_pipe(ingest->store, row);
	}
	ret = store_pipe_find(ingest->store, id, &before);
	row->id = id;
	if (ret)
		return ret == -ENOENT ? 0 : ret; /* somebody has deleted it */
	merge(row, &before);
	set_lasted(ingest, body, row);
	return store_pipe_update(ingest->store, row);
}

int apply_pipe(struct ingest *ingest, const struct record *record)
{
	const struct kith_pipe *body = record->body;
	const struct subject subject =
		subject_find(ingest, body->id, SOCKET_PIPE, record->head.ts);
	struct store_pipe row;
	int ret;

	if (!body->id || subject.wrong)
		return subject_refuse(ingest);
	/* The dump may have looked just before the end. */
	if (subject.over && !body->ended)
		return 0;
	ret = make_row(ingest, record, &row);
	if (!ret)
		ret = put_pipe(ingest, body, &row, subject.id);
	if (ret)
		return ret;
	return subject_remember(ingest, &subject, body->id, SOCKET_PIPE, row.id, !body->ended);
}

int apply_socket_made(struct ingest *ingest, const struct record *record)
{
	const struct kith_socket_made *body = record->body;
	struct store_socket_made made = {
		.first = ingest_wall(ingest, body->first),
		.last = ingest_wall(ingest, body->last),
		.count = body->count,
		.family = body->family,
		.type = body->type,
		.protocol = body->protocol,
	};

	if (!record->head.process || !body->count)
		return subject_refuse(ingest);
	made.process = apply_id(ingest, record->head.process, record->head.ts);
	if (made.process < 0)
		return (int)made.process;
	/* socket(2) takes these in the order of the network. */
	if (made.family == AF_PACKET)
		made.protocol = ntohs((uint16_t)body->protocol);
	return store_socket_made(ingest->store, &made);
}

/* The row of what was handed over, if it is told of yet. */
static void find_object(struct ingest *ingest, uint64_t number, struct store_control *control)
{
	const struct socket *open = sockets_find(&ingest->sockets, number);
	const struct closed_socket *closed = sockets_find_closed(&ingest->sockets, number);
	const unsigned int kind = open ? open->kind : closed ? closed->kind : SOCKET_LISTENER;
	const int64_t id = open ? open->id : closed ? closed->id : 0;

	if (kind == SOCKET_CONNECTION)
		control->connection = id;
	else if (kind == SOCKET_PIPE)
		control->pipe = id;
}

/* What a body of the first release ends before. */
static void set_repeats(struct ingest *ingest, const struct kith_control *body,
			struct store_control *control)
{
	control->count = body->count;
	control->value = apply_bytes(body->value);
	control->flags = body->flags;
	if (body->first)
		control->ts = ingest_wall(ingest, body->first);
	if (body->last > body->first)
		control->last = ingest_wall(ingest, body->last);
}

int apply_control(struct ingest *ingest, const struct record *record)
{
	const struct kith_control *body = record->body;
	struct store_control control = {
		.ts = ingest_wall(ingest, record->head.ts),
		.process = apply_id(ingest, record->head.process, record->head.ts),
		.target = apply_id(ingest, body->target, record->head.ts),
		.path = apply_text(ingest, record, KITH_ITEM_PATH),
		.new_path = apply_text(ingest, record, KITH_ITEM_NEW_PATH),
		.detail = apply_text(ingest, record, KITH_ITEM_DETAIL),
		.op = body->op,
		.value = -1,
	};
	int ret;

	if (control.process < 0 || control.target < 0 || control.path < 0 ||
	    control.new_path < 0 || control.detail < 0)
		return -ENOMEM;
	if (record->body_size >= sizeof(*body))
		set_repeats(ingest, body, &control);
	if (body->object)
		find_object(ingest, body->object, &control);
	ret = store_control(ingest->store, &control);
	if (ret || !ingest->learner)
		return ret;
	return learner_control(ingest->learner, record, &control,
			       store_last_row(ingest->store));
}
