// SPDX-License-Identifier: GPL-2.0-only
/* The last call of a thread that reads or writes a file, each way. */
#include "filecall.h"

#include "account.h"
#include "compat/arch.h"

#include <linux/minmax.h>

/* What is to be known of a thread from outside, all of the same moment. */
struct look {
	u8 mode;
	u64 bytes;
	u64 calls;
	u64 most;
	u64 asked;
	u64 moved;
	u64 count;
	unsigned long active;
};

static void look_at(struct look *look, const struct kith_filecall *call)
{
	unsigned int start;

	do {
		start = raw_read_seqcount(&call->seq);
		look->mode = READ_ONCE(call->mode);
		look->bytes = READ_ONCE(call->bytes);
		look->calls = READ_ONCE(call->calls);
		look->most = READ_ONCE(call->most);
		look->asked = READ_ONCE(call->asked);
		look->moved = look->bytes - READ_ONCE(call->first_bytes);
		look->count = look->calls - READ_ONCE(call->first_calls);
		look->active = READ_ONCE(call->active);
	} while (read_seqcount_retry(&call->seq, start & ~1U));
}

/*
 * What the last call has moved. One call since: exactly what the thread has moved more.
 * More than one: at most that, and what it could. None: the kernel does not count it.
 */
static u64 moved_by(const struct look *look, u64 calls, u64 bytes, bool *counted)
{
	calls -= look->calls;
	bytes -= look->bytes;
	*counted = false;
	if (look->mode == KITH_FILECALL_SPLICE_IN || look->mode == KITH_FILECALL_SPLICE_OUT)
		return look->most;
	*counted = true;
	if (calls == 1)
		return bytes;
	if (calls && look->mode != KITH_FILECALL_PLAIN && look->asked > look->most &&
	    bytes > look->most) {
		*counted = false;
		return min(bytes, look->asked);
	}
	if (calls) {
		/* If it moved less than it could, others may have moved the rest. */
		*counted = bytes >= look->most;
		return min(bytes, look->most);
	}
	if (look->mode == KITH_FILECALL_WHOLE)
		return 0; /* it failed before anything was moved */
	*counted = false;
	return look->most;
}

void kith_filecall_end(struct kith_filecall *call, u64 bytes)
{
	raw_write_seqcount_begin(&call->seq);
	call->mode = KITH_FILECALL_SETTLED;
	call->first_bytes -= bytes;
	call->first_calls--;
	raw_write_seqcount_end(&call->seq);
}

void kith_filecall_settle(struct kith_filecall *call, enum kith_file_way way)
{
	struct look look;
	bool counted;
	u64 bytes;

	if (call->mode == KITH_FILECALL_SETTLED)
		return;
	look_at(&look, call);
	bytes = moved_by(&look, kith_filecall_calls_of(current, way),
			 kith_filecall_bytes_of(current, way), &counted);
	if (!counted)
		kith_line_mark(call->line, kith_line_bound(way));
	kith_filecall_end(call, bytes);
}

/* The system call that current is in: one that failed leaves no other trace. */
static int system_call(void)
{
	bool ia32;

	return kith_syscall(&ia32);
}

void kith_filecall_return(struct kith_filecall *call, loff_t end)
{
	if (call->mode != KITH_FILECALL_LAST || call->end != end)
		return;
	raw_write_seqcount_begin(&call->seq);
	call->asked = call->most;
	raw_write_seqcount_end(&call->seq);
}

void kith_filecall_begin(struct kith_filecall *call, enum kith_file_way way, u64 most,
			 u64 asked, enum kith_file_mode mode)
{
	u64 bytes = kith_filecall_bytes_of(current, way);
	u64 calls = kith_filecall_calls_of(current, way);

	if (mode != KITH_FILECALL_PLAIN)
		call->number_of_call = system_call();
	raw_write_seqcount_begin(&call->seq);
	call->first_bytes += bytes - call->bytes;
	call->first_calls += calls - call->calls;
	call->bytes = bytes;
	call->calls = calls;
	call->most = most;
	call->asked = asked;
	call->mode = mode;
	call->active = jiffies;
	raw_write_seqcount_end(&call->seq);
}

void kith_filecall_raise(struct kith_filecall *call, u64 most, u64 asked)
{
	raw_write_seqcount_begin(&call->seq);
	call->most = max(call->most, most);
	call->asked = max(call->asked, asked);
	raw_write_seqcount_end(&call->seq);
}

bool kith_filecall_is_within(struct kith_filecall *call, const struct inode *inode, u64 most,
			     enum kith_file_way way)
{
	if (call->mode <= KITH_FILECALL_LAST || call->inode != inode ||
	    call->calls != kith_filecall_calls_of(current, way) ||
	    call->number_of_call != system_call())
		return false;
	if (call->mode == KITH_FILECALL_SPLICE_OUT)
		kith_filecall_raise(call, call->most + most, call->most + most);
	return true;
}

static void credit(struct kith_filecall *call, const struct look *look, enum kith_file_way way)
{
	struct kith_line *line = call->line;

	if (look->moved == call->credited && look->count == call->counted)
		return;
	atomic64_add(look->moved - call->credited, &line->moved[way]);
	atomic64_add(look->count - call->counted, &line->calls[way]);
	call->credited = look->moved;
	call->counted = look->count;
	if (time_after(look->active, READ_ONCE(line->active)))
		WRITE_ONCE(line->active, look->active);
}

void kith_filecall_turn(struct kith_filecall *call, enum kith_file_way way, struct kith_line *line)
{
	struct look look;

	if (call->line) {
		kith_filecall_settle(call, way);
		look_at(&look, call);
		credit(call, &look, way);
		kith_line_put(call->line);
	}
	raw_write_seqcount_begin(&call->seq);
	call->first_bytes = call->bytes;
	call->first_calls = call->calls;
	raw_write_seqcount_end(&call->seq);
	call->credited = 0;
	call->counted = 0;
	call->line = line;
	call->inode = NULL;
}

/*
 * The last call is over if there was another one; what it has moved is known as well as
 * ever if that is over too. If it is not, the thread itself knows better next time, and
 * what is too much or too little then comes right.
 */
void kith_filecall_look(struct kith_filecall *call, const struct task_struct *thread,
			enum kith_file_way way)
{
	struct look look;
	u64 calls, bytes;
	bool counted;

	if (!call->line)
		return;
	look_at(&look, call);
	calls = kith_filecall_calls_of(thread, way);
	if (look.mode != KITH_FILECALL_SETTLED && calls != look.calls) {
		bytes = moved_by(&look, calls, kith_filecall_bytes_of(thread, way), &counted);
		if (!counted)
			kith_line_mark(call->line, kith_line_bound(way));
		look.moved += bytes;
		look.count++;
	}
	credit(call, &look, way);
}
