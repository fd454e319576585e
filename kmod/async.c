// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls that are not over when they return.
 *
 * A table of fixed size, in sets: a call whose end is not seen, or that had to make room,
 * counts for all that it has asked for.
 */
#include "async.h"

#include "account.h"
#include "compat/tracepoint.h"
#include "hook.h"

#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/spinlock.h>
#include <linux/uio.h>

enum { SET_BITS = 8, WAYS = 4 };

struct request {
	const void *iocb; /* identity only; NULL: none */
	struct kith_line *line; /* a reference */
	loff_t at;
	loff_t end;
	u64 most;
	u8 way;	     /* enum kith_file_way */
	bool nowait; /* it fails rather than wait, and is then tried again */
};

static struct set {
	spinlock_t lock; /* protects the rest; ends may be seen in interrupts */
	unsigned int hand;
	struct request requests[WAYS];
} sets[1 << SET_BITS] = {
	[0 ... (1 << SET_BITS) - 1] = { .lock = __SPIN_LOCK_UNLOCKED(sets.lock) },
};

static struct set *set_of(const void *iocb)
{
	return &sets[hash_ptr((void *)iocb, SET_BITS)];
}

static struct request *find(struct set *set, const void *iocb)
{
	unsigned int i;

	for (i = 0; i < WAYS; i++)
		if (READ_ONCE(set->requests[i].iocb) == iocb)
			return &set->requests[i];
	return NULL;
}

static void end(struct request *request, u64 bytes)
{
	struct kith_line *line = request->line;

	if (!request->iocb)
		return;
	atomic64_add(bytes, &line->moved[request->way]);
	atomic64_sub(request->most, &line->flying[request->way]);
	WRITE_ONCE(line->active, jiffies);
	kith_line_put(line);
	WRITE_ONCE(request->iocb, NULL);
}

/* Its end was not seen. */
static void give_up(struct request *request)
{
	if (request->iocb)
		kith_line_mark(request->line, kith_line_bound(request->way));
	end(request, request->most);
}

/*
 * io_uring tries first without waiting, and comes again with the same iocb, for all of it
 * or for what was left.
 */
static bool is_again(struct request *request, const struct kiocb *iocb, loff_t until)
{
	bool nowait = iocb->ki_flags & IOCB_NOWAIT;

	if (request->end != until ||
	    !(iocb->ki_pos > request->at || (request->nowait && !nowait)))
		return false;
	request->at = iocb->ki_pos;
	request->nowait = nowait;
	return true;
}

static struct request *take_place(struct set *set)
{
	struct request *request = find(set, NULL);

	if (!request) {
		request = &set->requests[set->hand];
		set->hand = (set->hand + 1) % WAYS;
	}
	give_up(request);
	return request;
}

void kith_async_begin(const struct kiocb *iocb, const struct iov_iter *iter,
		      struct kith_line *line, enum kith_file_way way)
{
	size_t size = iov_iter_count(iter);
	struct set *set = set_of(iocb);
	struct request *request;
	unsigned long flags;

	spin_lock_irqsave(&set->lock, flags);
	request = find(set, iocb);
	if (request && is_again(request, iocb, iocb->ki_pos + (loff_t)size))
		goto out;
	if (request)
		give_up(request);
	else
		request = take_place(set);
	refcount_inc(&line->users);
	atomic64_inc(&line->calls[way]);
	atomic64_add(size, &line->flying[way]);
	WRITE_ONCE(line->active, jiffies);
	*request = (struct request){ .iocb = iocb, .line = line, .at = iocb->ki_pos,
				     .end = iocb->ki_pos + (loff_t)size, .most = size,
				     .way = way, .nowait = iocb->ki_flags & IOCB_NOWAIT };
out:
	spin_unlock_irqrestore(&set->lock, flags);
}

/* The call of @iocb is over, if that was one. */
static void completed(const void *iocb, long result)
{
	struct set *set = set_of(iocb);
	struct request *request;
	unsigned long flags;

	if (!find(set, iocb))
		return;
	spin_lock_irqsave(&set->lock, flags);
	request = find(set, iocb);
	if (request)
		end(request, result > 0 ? result : 0);
	spin_unlock_irqrestore(&set->lock, flags);
}

/* aio_complete_rw(iocb, result): however it ends */
KITH_ENTRY(kith_async_completed)
{
	completed(KITH_ARGUMENT(regs, 0, const struct kiocb *), KITH_ARGUMENT(regs, 1, long));
}

/* A request of io_uring for a file begins with its iocb. */
static void uring_completed(const void *request, int result)
{
	kith_hook_enter();
	kith_hook_hit(KITH_AT_URING_COMPLETE);
	completed(request, result);
	kith_hook_leave();
}

KITH_DEFINE_URING_CALLBACK(uring_callback, uring_completed);

void *kith_async_uring(void)
{
	return uring_callback;
}

void kith_async_exit(void)
{
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(sets); i++)
		for (j = 0; j < WAYS; j++)
			give_up(&sets[i].requests[j]);
}
