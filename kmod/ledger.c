// SPDX-License-Identifier: GPL-2.0-only
/* What is told of a pipe: who wrote, who read, and how much. */
#include "ledger.h"

#include "item.h"

#include <linux/minmax.h>
#include <linux/timekeeping.h>

static bool is_used(const struct kith_pipe_cell *cell, enum kith_pipe_way way)
{
	const struct kith_call *call = &cell->calls[way];

	return READ_ONCE(call->spliced) || READ_ONCE(call->tried) || kith_cell_moved(cell, way);
}

/* Has another cell of its process, which was told of before it, been used this way? */
static bool is_another(const struct pipe *pipe, const struct kith_pipe_cell *cell,
		       enum kith_pipe_way way)
{
	const struct kith_pipe_cell *at;

	for (at = kith_cell_first(pipe); at != cell; at = at->next)
		if (at->process == cell->process && is_used(at, way))
			return true;
	return false;
}

void kith_ledger_add_up(const struct pipe *pipe, struct kith_ledger *sum)
{
	const struct kith_pipe_cell *cell;
	unsigned int way;

	memset(sum, 0, sizeof(*sum));
	for (way = 0; way < KITH_PIPE_WAYS; way++)
		sum->moved[way] = pipe->gone[way];
	for (cell = kith_cell_first(pipe); cell; cell = cell->next) {
		for (way = 0; way < KITH_PIPE_WAYS; way++) {
			sum->moved[way] += kith_cell_moved(cell, way);
			sum->spliced[way] |= READ_ONCE(cell->calls[way].spliced) ||
					     READ_ONCE(cell->calls[way].tried);
			if (!is_used(cell, way) || is_another(pipe, cell, way))
				continue;
			sum->users[way]++;
			sum->one[way] = cell->process;
		}
	}
}

static bool is_sure(const struct pipe *pipe, const struct kith_ledger *sum, enum kith_pipe_way way)
{
	return !sum->spliced[way] && !READ_ONCE(pipe->inexact[way]);
}

/* What was counted on one side only is known on the other too, but for what is in it. */
static void balance(const struct pipe *pipe, struct kith_ledger *sum)
{
	u64 *written = &sum->moved[KITH_PIPE_WRITE], *read = &sum->moved[KITH_PIPE_READ];
	/* By tee(2), vmsplice(2) or sendfile(2). */
	bool unseen = *read + pipe->left > *written;

	if (!unseen && is_sure(pipe, sum, KITH_PIPE_WRITE)) {
		if (pipe->ended || !is_sure(pipe, sum, KITH_PIPE_READ))
			*read = *written - min(*written, pipe->left);
	} else if (is_sure(pipe, sum, KITH_PIPE_READ)) {
		*written = *read + pipe->left;
	} else {
		*written = max(*written, pipe->left);
		*read = *written - pipe->left;
	}
}

/* Cells of the same process are one user: the first of them tells for all. */
static bool is_told(const struct pipe *pipe, const struct kith_pipe_cell *cell)
{
	const struct kith_pipe_cell *at;

	for (at = kith_cell_first(pipe); at != cell; at = at->next)
		if (at->process == cell->process)
			return true;
	return false;
}

static void fill_use(struct kith_use *body, const struct kith_pipe_cell *first)
{
	u64 now = ktime_get_boot_fast_ns();
	const struct kith_pipe_cell *cell;

	body->user = first->process;
	body->first = first->first;
	for (cell = first; cell; cell = cell->next) {
		u64 active = now - jiffies_to_nsecs(jiffies - READ_ONCE(cell->active));

		if (cell->process != first->process)
			continue;
		body->sent += kith_cell_moved(cell, KITH_PIPE_WRITE);
		body->received += kith_cell_moved(cell, KITH_PIPE_READ);
		body->first = min(body->first, cell->first);
		body->last = max(body->last, active);
	}
}

static bool tell_user(struct kith_sink *sink, const struct pipe *pipe,
		      const struct kith_pipe_cell *cell)
{
	struct kith_record *record = kith_sink_begin(sink, KITH_RECORD_USE,
						     sizeof(struct kith_use), 0);
	struct kith_use *body;

	if (!record)
		return false;
	body = kith_body(record);
	memset(body, 0, sizeof(*body));
	body->id = pipe->id;
	fill_use(body, cell);
	kith_sink_end(sink, record);
	return true;
}

static void fill(struct kith_pipe *body, const struct pipe *pipe, const struct kith_ledger *sum)
{
	bool simple = sum->users[KITH_PIPE_WRITE] <= 1 && sum->users[KITH_PIPE_READ] <= 1;

	memset(body, 0, sizeof(*body));
	body->id = pipe->id;
	body->started = pipe->started;
	body->ended = pipe->ended;
	if (simple) {
		body->writer = sum->one[KITH_PIPE_WRITE];
		body->reader = sum->one[KITH_PIPE_READ];
	}
	body->written = sum->moved[KITH_PIPE_WRITE];
	body->read = sum->moved[KITH_PIPE_READ];
	body->inode = pipe->inode;
	body->device = pipe->device;
	if (pipe->fifo)
		body->flags |= KITH_PIPE_FIFO;
	if (!is_sure(pipe, sum, KITH_PIPE_WRITE) && !is_sure(pipe, sum, KITH_PIPE_READ))
		body->flags |= KITH_PIPE_INEXACT;
}

static void tell_users(struct kith_sink *sink, const struct pipe *pipe)
{
	struct kith_pipe_cell *cell;

	for (cell = kith_cell_first(pipe); cell; cell = cell->next) {
		if (!cell->process && !kith_cell_settled(cell))
			continue;
		if (!is_told(pipe, cell) && !tell_user(sink, pipe, cell))
			return;
		/* To a ring: whoever only asks need not keep it. */
		if (!sink->at)
			kith_cell_told(cell);
	}
}

bool kith_ledger_tell(struct kith_sink *sink, const struct pipe *pipe,
		      struct kith_ledger *sum)
{
	size_t path = pipe->path ? pipe->path->size : 0;
	struct kith_record *record;
	struct kith_writer writer;

	if (!sum->users[KITH_PIPE_WRITE] && !sum->users[KITH_PIPE_READ])
		return true;
	balance(pipe, sum);
	record = kith_sink_begin(sink, KITH_RECORD_PIPE, sizeof(struct kith_pipe),
				 kith_item_space(path));
	if (!record)
		return false;
	fill(kith_body(record), pipe, sum);
	writer = kith_writer(record);
	if (path)
		kith_put(&writer, KITH_ITEM_PATH, pipe->path->text, path);
	kith_sink_end(sink, record);
	if (sum->users[KITH_PIPE_WRITE] > 1 || sum->users[KITH_PIPE_READ] > 1)
		tell_users(sink, pipe);
	return true;
}
