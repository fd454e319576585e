// SPDX-License-Identifier: GPL-2.0-only
/* What each thread does with a pipe. */
#include "cell.h"

#include "key.h"
#include "ring.h"
#include "task.h"

#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

enum { CELLS_MAX = 64 /* of one pipe */ };

static struct kith_pipe_cell *find_cell(const struct pipe *pipe,
					const struct task_struct *thread)
{
	struct kith_pipe_cell *cell;

	for (cell = kith_cell_first(pipe); cell; cell = cell->next)
		if (READ_ONCE(cell->thread) == thread)
			return cell;
	return NULL;
}

/* One that a thread of @process has left. Context: pipe->lock, as of those below. */
static struct kith_pipe_cell *find_left(const struct pipe *pipe, u64 process)
{
	struct kith_pipe_cell *cell;

	for (cell = pipe->cells; cell; cell = cell->next)
		if (cell->process == process && !cell->thread)
			return cell;
	return NULL;
}

void kith_cell_told(struct kith_pipe_cell *cell)
{
	unsigned int way;

	for (way = 0; way < KITH_PIPE_WAYS; way++)
		cell->calls[way].told = READ_ONCE(cell->calls[way].moved);
}

u64 kith_cell_settled(const struct kith_pipe_cell *cell)
{
	return cell->calls[KITH_PIPE_WRITE].moved + cell->calls[KITH_PIPE_READ].moved;
}

/* Nobody has used it lately: who might is not between taking it and saying so. */
static bool is_idle(const struct kith_pipe_cell *cell)
{
	return cell->process && !READ_ONCE(cell->calls[KITH_PIPE_WRITE].pending) &&
	       !READ_ONCE(cell->calls[KITH_PIPE_READ].pending) &&
	       time_is_before_jiffies(READ_ONCE(cell->active) + HZ);
}

/*
 * Let go of the idle one that has moved least. What of it was told stands; of the rest
 * only how much it was is told.
 */
static struct kith_pipe_cell *reclaim(struct pipe *pipe)
{
	struct kith_pipe_cell *cell, *rest = NULL, *least = NULL;
	unsigned int way;

	for (cell = pipe->cells; cell; cell = cell->next) {
		if (!cell->process)
			rest = cell;
		if (is_idle(cell) && (!least || kith_cell_settled(cell) < kith_cell_settled(least)))
			least = cell;
	}
	if (!least || !rest)
		return NULL;
	for (way = 0; way < KITH_PIPE_WAYS; way++) {
		pipe->gone[way] += least->calls[way].told;
		rest->calls[way].moved += least->calls[way].moved - least->calls[way].told;
		memset(&least->calls[way], 0, sizeof(least->calls[way]));
	}
	rest->active = jiffies;
	WRITE_ONCE(least->thread, NULL);
	return least;
}

static struct kith_pipe_cell *new_cell(struct pipe *pipe)
{
	struct kith_pipe_cell *cell;

	if (pipe->count == CELLS_MAX)
		return reclaim(pipe);
	cell = kzalloc(sizeof(*cell), GFP_NOWAIT | __GFP_NOWARN);
	if (!cell)
		return NULL;
	cell->first = ktime_get_boot_fast_ns();
	cell->next = pipe->cells;
	pipe->count++;
	/* Who finds it finds it complete. */
	smp_store_release(&pipe->cells, cell);
	return cell;
}

static struct kith_pipe_cell *add_cell(struct pipe *pipe, u64 process)
{
	struct kith_pipe_cell *cell;

	/* The last place is for those who lose theirs. */
	if (pipe->count == CELLS_MAX - 1)
		new_cell(pipe);
	cell = new_cell(pipe);
	if (!cell)
		return NULL;
	cell->process = process;
	cell->first = ktime_get_boot_fast_ns();
	cell->active = jiffies;
	return cell;
}

static void count_untracked(struct pipe *pipe)
{
	if (!pipe->inexact[KITH_PIPE_WRITE] || !pipe->inexact[KITH_PIPE_READ])
		kith_ring_lose(KITH_CLASS_CONNECTION, KITH_LOSS_UNTRACKED, 1);
	pipe->inexact[KITH_PIPE_WRITE] = true;
	pipe->inexact[KITH_PIPE_READ] = true;
}

/* The cell of current. NULL: there is no room. */
struct kith_pipe_cell *kith_cell_take(struct pipe *pipe)
{
	struct kith_pipe_cell *cell = find_cell(pipe, current);
	u64 process = kith_key(current);

	if (cell && cell->process == process) {
		/* Let nobody reclaim it, or see that somebody has. */
		WRITE_ONCE(cell->active, jiffies);
		smp_mb(); /* pairs with the lock that reclaim() is called with */
		if (READ_ONCE(cell->thread) == current)
			return cell;
	}
	spin_lock(&pipe->lock);
	cell = find_left(pipe, process);
	if (!cell)
		cell = add_cell(pipe, process);
	if (cell)
		WRITE_ONCE(cell->thread, current);
	else
		count_untracked(pipe);
	spin_unlock(&pipe->lock);
	return cell;
}

/*
 * What the last call has moved. One call since: exactly what the thread has moved more.
 * More than one: at most that, and what it asked for.
 */
static u64 moved_by(const struct kith_call *call, const struct task_struct *thread,
		    enum kith_pipe_way way, bool *exact)
{
	u64 calls = kith_calls_of(thread, way) - call->calls;
	u64 bytes = min_t(u64, kith_bytes_of(thread, way) - call->bytes, call->most);

	*exact = calls == 1 || (call->whole && bytes == call->most);
	return bytes;
}

/* Once: the thread itself may do so while the pipe goes. */
void kith_cell_settle(struct pipe *pipe, struct kith_pipe_cell *cell,
		      const struct task_struct *thread, enum kith_pipe_way way)
{
	struct kith_call *call = &cell->calls[way];
	bool exact;
	u64 bytes;

	if (!READ_ONCE(call->pending))
		return;
	bytes = moved_by(call, thread, way, &exact);
	if (!xchg(&call->pending, 0))
		return;
	WRITE_ONCE(call->moved, call->moved + bytes);
	if (!exact)
		WRITE_ONCE(pipe->inexact[way], true);
}

/* It settles before it ends; who is watched has not, and stays until we are through. */
bool kith_cell_is_there(const struct task_struct *thread)
{
	return thread == current || kith_task_find(thread);
}

/* All that the thread of @cell has moved, with its last call, if that is over. */
u64 kith_cell_moved(const struct kith_pipe_cell *cell, enum kith_pipe_way way)
{
	const struct kith_call *call = &cell->calls[way];
	const struct task_struct *thread = READ_ONCE(cell->thread);
	u64 moved = READ_ONCE(call->moved), more;
	bool exact;

	/* Pairs with the release of who begins a call. */
	if (!thread || !smp_load_acquire(&call->pending) || !kith_cell_is_there(thread) ||
	    kith_calls_of(thread, way) == call->calls)
		return moved;
	more = moved_by(call, thread, way, &exact);
	return READ_ONCE(call->moved) == moved && READ_ONCE(call->pending) ? moved + more : moved;
}
