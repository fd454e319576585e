// SPDX-License-Identifier: GPL-2.0-only
/* The stream: merge the rings, pack, send, and learn what was stored. */
#include "stream.h"

#include "packet.h"
#include "policy.h"
#include "ring.h"
#include "sensor.h"

#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/netlink.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/wait.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/sock.h>

enum {
	/* A batch and its headers fill a 32 KiB buffer: one order-3 block. */
	BATCH_BYTES = 31 * 1024,
	RETRY_MS = 5,	    /* pause when the subscriber's socket is full */
	CLOSE_MS = 3000,    /* how long unloading waits for the subscriber */
	/*
	 * Records younger than this wait for the next pass: a store that
	 * reserves one may still sit in its CPU's store buffer while we can
	 * already read a later clock.
	 */
	SLACK_NS = 20 * NSEC_PER_USEC,
};

/* A ring with something to send, during one pass. */
struct cursor {
	struct kith_ring *ring;
	u32 limit;
};

struct reported {
	u64 lost[KITH_CLASSES][KITH_LOSS_CAUSES];
};

static struct {
	struct mutex lock; /* protects all below, ring->sent and, while subscribed, ring->tail */
	u32 portid;	   /* 0: nobody */
	struct sock *socket; /* the subscriber's, held */
	bool closing;
	u64 number; /* of the last batch packed */
	struct sk_buff *unsent;
	struct cursor *cursors;	   /* [kith_ring_count()] */
	struct reported *reported; /* [nr_cpu_ids], to the present subscriber */

	struct task_struct *thread;
	wait_queue_head_t wait;
	bool urgent; /* do not wait for the batch to fill */
	bool idle;   /* nothing to send: sleep until a producer calls */
	wait_queue_head_t acked;
	u32 loss_epoch;
} stream = {
	.lock = __MUTEX_INITIALIZER(stream.lock),
	.idle = true,
	.loss_epoch = 1,
	.wait = __WAIT_QUEUE_HEAD_INITIALIZER(stream.wait),
	.acked = __WAIT_QUEUE_HEAD_INITIALIZER(stream.acked),
};

bool kith_stream_idle(void)
{
	return READ_ONCE(stream.idle);
}

u32 kith_stream_loss_epoch(void)
{
	return READ_ONCE(stream.loss_epoch);
}

u32 kith_stream_subscriber(void)
{
	return READ_ONCE(stream.portid);
}

/*
 * A ring passed its mark, or there is a first record after idle time. In the
 * latter case the thread waits for the batch to fill, since urgent is not set: the
 * CPU that called may call again, when its ring passes the mark meanwhile.
 */
void kith_stream_wake(struct irq_work *work)
{
	if (READ_ONCE(stream.idle)) {
		WRITE_ONCE(stream.idle, false);
		WRITE_ONCE(container_of(work, struct kith_cpu, work)->woken, false);
	} else {
		WRITE_ONCE(stream.urgent, true);
	}
	wake_up(&stream.wait);
}

void kith_stream_flush(void)
{
	WRITE_ONCE(stream.idle, false);
	WRITE_ONCE(stream.urgent, true);
	wake_up(&stream.wait);
}

/* Fill stream.cursors with the rings that have something. Return: how many. */
static unsigned int begin_pass(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < kith_ring_count(); i++) {
		struct kith_ring *ring = kith_ring_get(i);
		u32 limit;

		if (!ring)
			continue;
		limit = kith_ring_settle(ring);
		if (limit != ring->sent)
			stream.cursors[n++] = (struct cursor){ ring, limit };
	}
	return n;
}

static const struct kith_record *next_record(const struct cursor *cursor)
{
	return kith_ring_at(cursor->ring, cursor->ring->sent);
}

/*
 * The cursor whose next record is the oldest; *until: time up to which it
 * stays the oldest.
 */
static struct cursor *oldest(unsigned int n, u64 *until)
{
	struct cursor *best = NULL;
	unsigned int i;
	u64 first = U64_MAX;

	*until = U64_MAX;
	for (i = 0; i < n; i++) {
		u64 ts = next_record(&stream.cursors[i])->ts;

		if (!best || ts < first) {
			*until = first;
			best = &stream.cursors[i];
			first = ts;
		} else if (ts < *until) {
			*until = ts;
		}
	}
	return best;
}

/*
 * Report what was lost since the last report, as far as it fits.
 * @packet: NULL only asks whether there is anything.
 */
static bool pack_losses(struct kith_packet *packet)
{
	unsigned int cpu, i;
	bool any = false;

	for_each_possible_cpu(cpu) {
		const u64 *reported = &stream.reported[cpu].lost[0][0];

		for (i = 0; i < KITH_CLASSES * KITH_LOSS_CAUSES; i++) {
			unsigned int class = i / KITH_LOSS_CAUSES;
			unsigned int cause = i % KITH_LOSS_CAUSES;
			u64 total = READ_ONCE(kith_ring_cpu(cpu)->tally[class].lost[cause]);

			if (total == reported[i])
				continue;
			any = true;
			if (!packet || packet->room < KITH_PACKET_LOSS_BYTES)
				continue;
			kith_packet_loss(packet, cpu, class, cause, total);
			stream.reported[cpu].lost[class][cause] = total;
		}
	}
	if (any && packet)
		WRITE_ONCE(stream.loss_epoch, stream.loss_epoch + 1);
	return any;
}

/* How many bytes of the next records are not younger than @until and fit into @room. */
static u32 run_length(const struct cursor *cursor, u64 until, u32 room, u32 *count)
{
	const struct kith_record *record;
	u32 at = cursor->ring->sent;

	for (*count = 0; at != cursor->limit; at += record->size, ++*count) {
		record = kith_ring_at(cursor->ring, at);
		if (record->ts > until ||
		    at - cursor->ring->sent + record->size > room)
			break;
		cursor->ring->sent_seq = record->seq;
	}
	return at - cursor->ring->sent;
}

/* Move records not younger than @until from @cursor. Return: did all of them fit? */
static bool pack_run(struct kith_packet *packet, struct cursor *cursor, u64 until)
{
	struct kith_ring *ring = cursor->ring;
	u32 count, size = run_length(cursor, until, packet->room, &count);

	/* No run wraps: the ring is mapped twice in a row. */
	if (count)
		memcpy(kith_packet_add(packet, size, count), next_record(cursor), size);
	ring->sent += size;
	return ring->sent == cursor->limit || next_record(cursor)->ts > until;
}

/* How large a message to make, the next record being that of @cursor. */
static u32 room_needed(unsigned int n, const struct cursor *cursor)
{
	u32 bytes = 0, most = BATCH_BYTES;
	unsigned int i;

	if (cursor)
		most = max_t(u32, most, next_record(cursor)->size);
	for (i = 0; i < n && bytes < most; i++)
		bytes += stream.cursors[i].limit - stream.cursors[i].ring->sent;
	return clamp_t(u32, bytes, 8 * KITH_PACKET_LOSS_BYTES, most);
}

/*
 * Pack the oldest records up to time @cut.
 * Return: the message, NULL if there is nothing to say, or an ERR_PTR.
 */
static struct sk_buff *pack(unsigned int *n, u64 cut)
{
	struct kith_packet packet;
	struct cursor *cursor;
	u64 until;

	cursor = oldest(*n, &until);
	if ((!cursor || next_record(cursor)->ts > cut) && !pack_losses(NULL))
		return NULL;
	if (kith_packet_begin(&packet, room_needed(*n, cursor)))
		return ERR_PTR(-ENOMEM);
	while (cursor && next_record(cursor)->ts <= cut) {
		if (!pack_run(&packet, cursor, min(until, cut)))
			break;
		if (cursor->ring->sent == cursor->limit)
			*cursor = stream.cursors[--*n];
		cursor = oldest(*n, &until);
	}
	pack_losses(&packet);
	kith_packet_end(&packet, ++stream.number);
	return packet.skb;
}

/*
 * netlink_unicast() frees what it could not queue: keep a reference until it
 * has been queued.
 */
static int send(struct sk_buff *skb)
{
	struct sk_buff *copy;
	int ret;

	/* Once it is closed its number may become anybody's. */
	if (sock_flag(stream.socket, SOCK_DEAD))
		return -ECONNREFUSED;
	copy = skb_clone(skb, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	ret = genlmsg_unicast(&init_net, copy, stream.portid);
	if (!ret)
		consume_skb(skb);
	return ret;
}

/*
 * Send all that is older than now. Return: 0, -EAGAIN if the subscriber's
 * socket is full, -ECONNREFUSED if it is gone, -ENOMEM.
 */
static int pump(void)
{
	u64 cut = ktime_get_boot_fast_ns() - SLACK_NS;
	unsigned int n = begin_pass();
	int ret;

	for (;;) {
		if (!stream.unsent) {
			struct sk_buff *skb = pack(&n, cut);

			if (IS_ERR_OR_NULL(skb))
				return PTR_ERR_OR_ZERO(skb);
			stream.unsent = skb;
		}
		ret = send(stream.unsent);
		if (ret)
			return ret;
		stream.unsent = NULL;
		cond_resched();
	}
}

static bool drained(void)
{
	unsigned int i;

	for (i = 0; i < kith_ring_count(); i++) {
		struct kith_ring *ring = kith_ring_get(i);

		if (ring && READ_ONCE(ring->published) != ring->sent)
			return false;
	}
	return !stream.unsent;
}

/* stream.lock is held; after this the producers own the tails. */
static void drop_subscriber(void)
{
	unsigned int i;

	kfree_skb(stream.unsent);
	stream.unsent = NULL;
	stream.portid = 0;
	sock_put(stream.socket);
	stream.socket = NULL;
	for (i = 0; i < kith_ring_count(); i++) {
		struct kith_ring *ring = kith_ring_get(i);

		if (ring)
			kith_ring_rewind(ring);
	}
	kith_ring_keep(false);
	wake_up(&stream.acked);
}

static void rearm_wakers(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		WRITE_ONCE(kith_ring_cpu(cpu)->woken, false);
}

/* One round of the thread. Return: how long to sleep, in ms; 0: until called. */
static unsigned int work(void)
{
	unsigned int pause = READ_ONCE(kith_policy.batch_ms);
	u32 gone = 0;

	mutex_lock(&stream.lock);
	WRITE_ONCE(stream.urgent, false);
	WRITE_ONCE(stream.idle, !stream.portid);
	if (stream.portid) {
		rearm_wakers();
		switch (pump()) {
		case 0:
			WRITE_ONCE(stream.idle, true);
			/* Pairs with commit: publish, then look at idle. */
			smp_mb();
			if (!drained())
				WRITE_ONCE(stream.idle, false);
			break;
		case -ECONNREFUSED:
			gone = stream.portid;
			drop_subscriber();
			break;
		default:
			pause = RETRY_MS;
		}
	}
	mutex_unlock(&stream.lock);
	if (gone)
		kith_sensor_emit(KITH_SENSOR_UNSUBSCRIBED, gone, NULL);
	return pause;
}

static bool called(void)
{
	return READ_ONCE(stream.urgent) || kthread_should_stop();
}

/*
 * Idle: sleep until a producer, a command or the end. Otherwise give the batch
 * time to fill, unless something is urgent.
 */
static int run(void *unused)
{
	unsigned int pause = 0;

	while (!kthread_should_stop()) {
		wait_event_interruptible(stream.wait, !READ_ONCE(stream.idle) || called());
		wait_event_interruptible_timeout(stream.wait, called(),
						 msecs_to_jiffies(pause));
		pause = work();
	}
	return 0;
}

static void forget(const struct kith_position *positions, unsigned int n,
		   bool sent_only)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		struct kith_ring *ring;

		if (positions[i].ring >= kith_ring_count())
			continue;
		ring = kith_ring_get(positions[i].ring);
		if (ring)
			kith_ring_forget(ring, positions[i].seq,
					 sent_only ? ring->sent :
						     kith_ring_settle(ring));
	}
}

static void adopt_subscriber(u32 portid, struct sock *socket,
			     const struct kith_position *positions, unsigned int n)
{
	unsigned int i;

	sock_hold(socket);
	if (stream.socket)
		sock_put(stream.socket);
	stream.socket = socket;
	kfree_skb(stream.unsent);
	stream.unsent = NULL;
	kith_ring_keep(true);
	for (i = 0; i < kith_ring_count(); i++)
		if (kith_ring_get(i))
			kith_ring_get(i)->forgotten_seq = 0;
	forget(positions, n, false);
	for (i = 0; i < kith_ring_count(); i++)
		if (kith_ring_get(i))
			kith_ring_rewind(kith_ring_get(i));
	memset(stream.reported, 0, nr_cpu_ids * sizeof(*stream.reported));
	stream.number = 0;
	WRITE_ONCE(stream.portid, portid);
}

int kith_stream_subscribe(u32 portid, struct sock *socket,
			  const struct kith_position *positions, unsigned int n)
{
	int ret = 0;

	mutex_lock(&stream.lock);
	if (stream.closing)
		ret = -ESHUTDOWN;
	else if (stream.portid && stream.portid != portid)
		ret = -EBUSY;
	else
		adopt_subscriber(portid, socket, positions, n);
	mutex_unlock(&stream.lock);
	if (ret)
		return ret;
	kith_sensor_emit(KITH_SENSOR_SUBSCRIBED, portid, NULL);
	kith_stream_flush();
	return 0;
}

int kith_stream_unsubscribe(u32 portid)
{
	int ret = -EPERM;

	mutex_lock(&stream.lock);
	if (stream.portid && stream.portid == portid) {
		drop_subscriber();
		ret = 0;
	}
	mutex_unlock(&stream.lock);
	if (!ret)
		kith_sensor_emit(KITH_SENSOR_UNSUBSCRIBED, portid, NULL);
	return ret;
}

int kith_stream_ack(u32 portid, const struct kith_position *positions,
		    unsigned int n)
{
	int ret = -EPERM;

	mutex_lock(&stream.lock);
	if (stream.portid && stream.portid == portid) {
		forget(positions, n, true);
		wake_up(&stream.acked);
		ret = 0;
	}
	mutex_unlock(&stream.lock);
	return ret;
}

int kith_stream_last(struct kith_position *positions)
{
	unsigned int i;
	int ret = -ENOTCONN;

	mutex_lock(&stream.lock);
	for (i = 0; stream.portid && i < kith_ring_count(); i++) {
		const struct kith_ring *ring = kith_ring_get(i);

		positions[i].ring = i;
		positions[i].seq = ring ? kith_ring_last(ring) : 0;
		ret = 0;
	}
	mutex_unlock(&stream.lock);
	return ret;
}

/* Has the subscriber, if any, acknowledged all that there is? */
static bool all_acked(void)
{
	unsigned int i;
	bool ret = true;

	mutex_lock(&stream.lock);
	for (i = 0; stream.portid && i < kith_ring_count(); i++) {
		struct kith_ring *ring = kith_ring_get(i);

		if (ring && ring->tail != READ_ONCE(ring->published))
			ret = false;
	}
	mutex_unlock(&stream.lock);
	return ret;
}

void kith_stream_close(void)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(CLOSE_MS);

	mutex_lock(&stream.lock);
	stream.closing = true;
	mutex_unlock(&stream.lock);
	while (!all_acked() && time_before(jiffies, deadline)) {
		kith_stream_flush();
		wait_event_timeout(stream.acked, false, msecs_to_jiffies(20));
	}
	mutex_lock(&stream.lock);
	if (stream.portid)
		drop_subscriber();
	mutex_unlock(&stream.lock);
}

/* The subscriber's socket was closed. */
static int on_release(struct notifier_block *block, unsigned long event, void *data)
{
	const struct netlink_notify *notify = data;

	if (event == NETLINK_URELEASE && notify->protocol == NETLINK_GENERIC &&
	    net_eq(notify->net, &init_net) && notify->portid == kith_stream_subscriber())
		kith_stream_unsubscribe(notify->portid);
	return NOTIFY_DONE;
}

static struct notifier_block release_notifier = {
	.notifier_call = on_release,
};

int kith_stream_init(void)
{
	int ret = -ENOMEM;

	stream.cursors = kcalloc(kith_ring_count(), sizeof(*stream.cursors), GFP_KERNEL);
	stream.reported = kvcalloc(nr_cpu_ids, sizeof(*stream.reported), GFP_KERNEL);
	if (!stream.cursors || !stream.reported)
		goto err_tables;
	stream.thread = kthread_run(run, NULL, "kith_stream");
	if (IS_ERR(stream.thread)) {
		ret = PTR_ERR(stream.thread);
		goto err_tables;
	}
	ret = netlink_register_notifier(&release_notifier);
	if (ret)
		goto err_notifier;
	return 0;

err_notifier:
	kthread_stop(stream.thread);
err_tables:
	kvfree(stream.reported);
	kfree(stream.cursors);
	return ret;
}

/* No producer and no command may be left. */
void kith_stream_exit(void)
{
	netlink_unregister_notifier(&release_notifier);
	kthread_stop(stream.thread);
	kfree_skb(stream.unsent);
	kvfree(stream.reported);
	kfree(stream.cursors);
}
