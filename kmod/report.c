// SPDX-License-Identifier: GPL-2.0-only
/*
 * Telling of what goes on: to the subscriber, and to whoever asks.
 *
 * A conversation that is short is told of once, when both ends are finished. Of one that
 * goes on the sweep tells, and again when it has moved bytes.
 */
#include "report.h"

#include "account.h"
#include "act.h"
#include "change.h"
#include "connection.h"
#include "datagram.h"
#include "family.h"
#include "genl.h"
#include "hook.h"
#include "pipe.h"
#include "ring.h"
#include "stream.h"
#include "task.h"
#include "tell.h"

#include <linux/delay.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <net/genetlink.h>

enum {
	/* Reports wait, a while, for a ring that is more than half full. */
	ROOM_NAPS = 100,
	ROOM_NAP_MS = 10,
	DUMP_BYTES = 32 * 1024,
	DUMP_MESSAGE_BYTES = DUMP_BYTES + 256,
};

/* What goes on is told of again after so long. */
#define AGAIN_NS (60 * NSEC_PER_SEC)

/* Ends that have not met by then meet by their addresses. */
#define MEET_NS (3 * NSEC_PER_SEC)

/* Set while the module goes: sockets may end without our being told. */
static bool closed;

bool kith_report_is_closed(void)
{
	return READ_ONCE(closed);
}

void kith_report_close(void)
{
	WRITE_ONCE(closed, true);
	synchronize_rcu();
}

struct reporter {
	struct kith_sink ring;
	u64 now;
	bool all;   /* not only what is due */
	bool heard; /* there is a subscriber */
	unsigned int naps; /* that it has taken */
};

/* Young ones that have not met: a number that is told cannot be taken back. */
static bool may_meet(const struct kith_socket *socket, u64 now)
{
	return socket->protocol == KITH_PROTOCOL_TCP && socket->established &&
	       !socket->other && !socket->by_tuple &&
	       !kith_is_older(socket->established, now, MEET_NS);
}

/* Is this the end to tell of its conversation by, while that goes on? */
static bool is_speaker(const struct kith_socket *socket)
{
	const struct kith_socket *other = socket->other;

	return !other || other->finished || socket->side == KITH_CLIENT;
}

static bool is_due(const struct reporter *reporter, const struct kith_socket *socket)
{
	if (may_meet(socket, reporter->now))
		return false;
	if (reporter->all)
		return true;
	if (!socket->reported)
		return kith_is_older(socket->started, reporter->now, NSEC_PER_SEC);
	return kith_is_older(socket->reported, reporter->now, AGAIN_NS);
}

static void report_connection(struct reporter *reporter, struct kith_socket *socket)
{
	struct kith_connection body;
	u64 mark;

	if (kith_tell_is_silent(socket))
		return;
	kith_tell_fill(&body, socket, 0);
	mark = kith_tell_mark(&body);
	if (socket->reported && mark == socket->told)
		return;
	if (!kith_tell_connection(&reporter->ring, socket, &body))
		return;
	socket->told = mark;
	socket->reported = reporter->now;
	if (socket->other)
		socket->other->reported = reporter->now;
}

static void report_open(struct reporter *reporter, struct kith_socket *socket)
{
	if (!reporter->heard || !is_due(reporter, socket))
		return;
	if (socket->role == KITH_TALKS) {
		report_connection(reporter, socket);
	} else if (!socket->reported) {
		if (kith_tell_listens(socket) && kith_tell_listener(&reporter->ring, socket, 0))
			socket->reported = reporter->now;
	}
}

/*
 * Has it waited in vain for its other end, which sees the same sequence numbers?
 * Asked without the lock: kith_socket_join_by_tuple() looks again.
 */
static bool is_lonely(const struct kith_socket *socket, u64 now)
{
	u64 established = READ_ONCE(socket->established);

	if (socket->protocol != KITH_PROTOCOL_TCP)
		return false;
	return established && !READ_ONCE(socket->other) && !READ_ONCE(socket->by_tuple) &&
	       kith_is_older(established, now, MEET_NS);
}

static bool look(struct kith_socket *socket, void *reporter_)
{
	struct reporter *reporter = reporter_;
	unsigned long flags;

	if (kith_datagram_is_over(socket, reporter->all)) {
		kith_connection_finish(socket, 0, 0);
		return true;
	}
	if (is_lonely(socket, reporter->now))
		kith_socket_join_by_tuple(socket);
	flags = kith_socket_lock(socket);
	if (!socket->finished && is_speaker(socket))
		report_open(reporter, socket);
	kith_socket_unlock(socket, flags);
	return true;
}

/* Its other end has not come. */
static bool look_at_finished(struct kith_socket *socket, void *reporter_)
{
	const struct reporter *reporter = reporter_;

	/* Without room later: it has waited, and can. */
	if (reporter->heard && !kith_ring_has_room(KITH_RING_LOW))
		return false;
	if (kith_is_older(socket->ended, reporter->now, KITH_LINGER_NS) &&
	    !kith_datagram_lingers(socket))
		kith_connection_conclude(socket);
	return true;
}

static void look_at(struct reporter *reporter, unsigned int bucket)
{
	reporter->now = ktime_get_boottime_ns();
	kith_hook_enter();
	if (!READ_ONCE(closed)) {
		kith_socket_walk(bucket, look, reporter);
		kith_socket_walk_finished(bucket, look_at_finished, reporter);
	}
	kith_hook_leave();
	cond_resched();
}

/*
 * Nothing may be lost for reports that can wait. But whoever does not fetch what is
 * there must not hold up the sweep: then the next one goes on from here.
 */
static bool wait_for_room(struct reporter *reporter)
{
	while (!kith_ring_has_room(KITH_RING_LOW)) {
		if (++reporter->naps > ROOM_NAPS)
			return false;
		kith_stream_flush();
		msleep(ROOM_NAP_MS);
	}
	return true;
}

/* A group of buckets. Return: was there room for reports? */
static bool look_at_group(struct reporter *reporter, unsigned int first)
{
	unsigned int i, end = min(first + KITH_SOCKET_GROUP, kith_socket_buckets());

	for (i = first; i < end; i++) {
		if (kith_socket_bucket_is_empty(i))
			continue;
		if (reporter->heard && !wait_for_room(reporter))
			return false;
		look_at(reporter, i);
	}
	return true;
}

static DEFINE_MUTEX(unmarking); /* held by who may not miss a group */

static void unmark_empty(unsigned int first)
{
	mutex_lock(&unmarking);
	kith_socket_unmark_empty(first);
	mutex_unlock(&unmarking);
}

/* Who is in the table has not ended. */
static void settle_files(struct kith_task *entry)
{
	if (READ_ONCE(closed))
		return;
	kith_file_settle(entry, entry->task);
	kith_change_flush(entry);
	kith_act_flush(entry);
}

void kith_report_sweep(void)
{
	static unsigned int next;
	struct reporter reporter = { .heard = kith_stream_subscriber() };
	unsigned int i, buckets = kith_socket_buckets();

	for (i = 0; i < buckets; i += KITH_SOCKET_GROUP) {
		if (kith_socket_is_marked(next)) {
			if (!look_at_group(&reporter, next))
				return;
			unmark_empty(next);
		}
		next = next + KITH_SOCKET_GROUP < buckets ? next + KITH_SOCKET_GROUP : 0;
	}
	if (!reporter.heard)
		return;
	kith_pipe_report(false);
	kith_task_each(settle_files);
	kith_account_report(false);
}

/* Not even a moment: while this command waits, nobody can acknowledge. */
void kith_report_flush(void)
{
	struct reporter reporter = {
		.all = true,
		.heard = kith_stream_subscriber(),
		.naps = ROOM_NAPS,
	};
	unsigned int i;
	bool room = true;

	mutex_lock(&unmarking);
	for (i = 0; room && i < kith_socket_buckets(); i += KITH_SOCKET_GROUP)
		if (kith_socket_is_marked(i))
			room = look_at_group(&reporter, i);
	mutex_unlock(&unmarking);
	if (!room)
		return;
	if (reporter.heard) {
		kith_pipe_report(true);
		kith_task_each(settle_files);
		kith_account_report(true);
	}
	kith_family_report();
}

/* One of GET_SOCKETS. */
static bool show(struct kith_socket *socket, void *sink_)
{
	struct kith_sink *sink = sink_;
	unsigned long flags;

	flags = kith_socket_lock(socket);
	if (!socket->finished && is_speaker(socket) &&
	    !may_meet(socket, ktime_get_boot_fast_ns()))
		kith_tell(sink, socket, 0);
	kith_socket_unlock(socket, flags);
	return !sink->full;
}

static void show_bucket(unsigned long bucket, struct kith_sink *sink)
{
	kith_hook_enter();
	if (READ_ONCE(closed))
		goto out;
	if (bucket >= kith_socket_buckets())
		kith_pipe_show(bucket - kith_socket_buckets(), sink);
	else
		kith_socket_walk(bucket, show, sink);
out:
	kith_hook_leave();
	cond_resched();
}

/*
 * As many buckets as fit. One that does not fit alone is told as far as it goes:
 * a hundred conversations in one bucket of four are not to be expected.
 */
static size_t show_buckets(unsigned long *bucket, u8 *buffer, size_t size)
{
	struct kith_sink sink = { .at = buffer, .room = size };

	for (; *bucket < kith_socket_buckets() + KITH_PIPE_BUCKETS; ++*bucket) {
		struct kith_sink before = sink;

		show_bucket(*bucket, &sink);
		if (!sink.full)
			continue;
		if (before.at != buffer)
			return before.at - buffer;
		sink.full = false;
	}
	return sink.at - buffer;
}

int kith_report_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	unsigned long bucket = cb->args[0];
	struct nlattr *attribute;
	void *header;
	u8 *buffer;
	size_t size;

	buffer = kvmalloc(DUMP_BYTES, GFP_KERNEL);
	if (!buffer)
		return -ENOMEM;
	size = show_buckets(&bucket, buffer, DUMP_BYTES);
	cb->args[0] = bucket;
	if (!size)
		goto out;
	header = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			     &kith_genl_family, NLM_F_MULTI, KITH_CMD_GET_SOCKETS);
	attribute = header ? nla_reserve(skb, KITH_A_RECORDS, size) : NULL;
	if (!attribute) {
		kvfree(buffer);
		return -EMSGSIZE;
	}
	memcpy(nla_data(attribute), buffer, size);
	genlmsg_end(skb, header);
out:
	kvfree(buffer);
	return skb->len;
}

int kith_report_dump_start(struct netlink_callback *cb)
{
	cb->min_dump_alloc = DUMP_MESSAGE_BYTES;
	return 0;
}
