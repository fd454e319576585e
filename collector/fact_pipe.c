// SPDX-License-Identifier: GPL-2.0-only
/* The store's rows of pipes, of other sockets, and of what one process did to another. */
#include "statement.h"
#include "store.h"

#include <errno.h>

int store_pipe(struct store *store, const struct store_pipe *pipe)
{
	return pending_add_pipe(&store->pending, pipe);
}

static int update_pipe(struct store *store, const struct store_pipe *pipe)
{
	struct binder binder = statement_bind(store, STATEMENT_PIPE_UPDATE);

	bind_int(&binder, pipe->id);
	bind_int(&binder, pipe->started);
	bind_nonnegative(&binder, pipe->lasted);
	bind_id(&binder, pipe->writer);
	bind_id(&binder, pipe->reader);
	bind_int(&binder, pipe->written);
	bind_other(&binder, pipe->read, pipe->written);
	bind_int(&binder, pipe->inode);
	bind_int(&binder, pipe->device);
	bind_id(&binder, pipe->path);
	bind_int(&binder, pipe->flags);
	bind_int(&binder, pipe->load);
	bind_id(&binder, pipe->number);
	return statement_run(store, STATEMENT_PIPE_UPDATE);
}

int store_pipe_update(struct store *store, const struct store_pipe *pipe)
{
	struct store_pipe *waiting = pending_pipe(&store->pending, pipe->id);

	if (!waiting)
		return update_pipe(store, pipe);
	*waiting = *pipe;
	return 0;
}

/* In the order of the table's columns. */
static struct store_pipe read_pipe(struct reader *reader)
{
	struct store_pipe pipe;

	pipe.id = read_int(reader);
	pipe.started = read_int(reader);
	pipe.lasted = read_or(reader, -1);
	pipe.writer = read_int(reader);
	pipe.reader = read_int(reader);
	pipe.written = read_int(reader);
	pipe.read = read_or(reader, pipe.written);
	pipe.inode = read_int(reader);
	pipe.device = (uint32_t)read_int(reader);
	pipe.path = read_int(reader);
	pipe.flags = (uint32_t)read_int(reader);
	pipe.load = read_int(reader);
	pipe.number = read_int(reader);
	return pipe;
}

int store_pipe_find(struct store *store, int64_t id, struct store_pipe *pipe)
{
	const struct store_pipe *waiting = pending_pipe(&store->pending, id);
	struct binder binder = statement_bind(store, STATEMENT_PIPE_FIND);
	struct reader reader = statement_read(store, STATEMENT_PIPE_FIND);
	int ret;

	if (waiting) {
		*pipe = *waiting;
		return 0;
	}
	bind_int(&binder, id);
	ret = statement_row(store, STATEMENT_PIPE_FIND);
	if (ret <= 0)
		return ret ? ret : -ENOENT;
	*pipe = read_pipe(&reader);
	statement_reset(store, STATEMENT_PIPE_FIND);
	return 0;
}

int store_open_pipes(struct store *store, int64_t boot,
		     int (*take)(void *context, const struct store_pipe *pipe),
		     void *context)
{
	struct binder binder = statement_bind(store, STATEMENT_PIPES_OPEN);
	int ret = statement_run_of(store, STATEMENT_PIPES_CLOSE, boot);

	bind_int(&binder, boot);
	while (!ret && (ret = statement_row(store, STATEMENT_PIPES_OPEN)) > 0) {
		struct reader reader = statement_read(store, STATEMENT_PIPES_OPEN);
		const struct store_pipe pipe = read_pipe(&reader);

		ret = take(context, &pipe);
		if (ret)
			statement_reset(store, STATEMENT_PIPES_OPEN);
	}
	return ret;
}

int store_pipe_use(struct store *store, const struct store_use *use)
{
	struct binder binder = statement_bind(store, STATEMENT_PIPE_USE);

	bind_int(&binder, use->subject);
	bind_int(&binder, use->process);
	bind_int(&binder, use->sent);
	bind_int(&binder, use->received);
	bind_int(&binder, use->first);
	bind_int(&binder, use->last);
	return statement_run(store, STATEMENT_PIPE_USE);
}

int store_socket_made(struct store *store, const struct store_socket_made *made)
{
	struct binder binder = statement_bind(store, STATEMENT_SOCKET_MADE);

	bind_int(&binder, made->process);
	bind_int(&binder, made->family);
	bind_int(&binder, made->type);
	bind_int(&binder, made->protocol);
	bind_int(&binder, made->count);
	bind_int(&binder, made->first);
	bind_int(&binder, made->last);
	return statement_run(store, STATEMENT_SOCKET_MADE);
}

int store_control(struct store *store, const struct store_control *control)
{
	struct binder binder = statement_bind(store, STATEMENT_CONTROL);

	bind_int(&binder, control->ts);
	bind_id(&binder, control->process);
	bind_int(&binder, control->op);
	bind_id(&binder, control->target);
	bind_id(&binder, control->path);
	bind_id(&binder, control->connection);
	bind_id(&binder, control->pipe);
	bind_id(&binder, control->last);
	bind_id(&binder, control->count);
	bind_nonnegative(&binder, control->value);
	bind_id(&binder, control->flags);
	bind_id(&binder, control->new_path);
	bind_id(&binder, control->detail);
	return statement_run(store, STATEMENT_CONTROL);
}
