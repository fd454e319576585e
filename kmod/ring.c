// SPDX-License-Identifier: GPL-2.0-only
/* Per-CPU record rings: see ring.h for who may touch what. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "ring.h"

#include "cgroup.h"
#include "key.h"
#include "policy.h"
#include "stream.h"

#include <linux/delay.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/vmalloc.h>

enum {
	RING_KB_MIN = 16,
	RING_KB_MAX = 256 * 1024, /* the free-running counts must not lap */
	EIGHTHS = 8,
	USUAL_SHARE = 7,	  /* eighths of a ring: the rest is for what is vital */
	NOISE_SHARE = 4,	  /* for what any user can make at will */
	FILES_SHARE = 6,	  /* for what is done to files: the first to go */
	TALK_SHARE = 7,		  /* for other floods: the rest is for acts on the kernel */
	FAILED_SHARE = 3,	  /* for failed executions: less than has_room asks for */
	WAKE_SHARE = 4,		  /* the stream is woken when 1/4 is full */
	SETTLE_SPINS = 1000,	  /* a producer takes microseconds, unless its */
	SETTLE_NAPS = 200,	  /* virtual CPU is not running: then wait 20 ms */
};

static unsigned int ring_high_kb = 1024;
module_param(ring_high_kb, uint, 0444);
MODULE_PARM_DESC(ring_high_kb, "KiB per CPU for processes and credentials (a power of two)");

static unsigned int ring_low_kb = 1024;
module_param(ring_low_kb, uint, 0444);
MODULE_PARM_DESC(ring_low_kb, "KiB per CPU for what may come in floods (a power of two)");

static struct kith_cpu __percpu *cpus;

/* Whether unacknowledged records are kept; see kith_ring_keep(). */
static bool keep __read_mostly;

static const struct {
	u8 class;
	u8 priority;
	u8 share; /* eighths of the ring that it may fill; 0: all of it */
} kinds[KITH_RECORD_TYPES] = {
	[KITH_RECORD_FORK] = { KITH_CLASS_PROCESS, KITH_RING_HIGH, USUAL_SHARE },
	[KITH_RECORD_EXEC] = { KITH_CLASS_EXECUTION, KITH_RING_HIGH, USUAL_SHARE },
	[KITH_RECORD_EXEC_FAILED] = { KITH_CLASS_FAILED_EXEC, KITH_RING_LOW, FAILED_SHARE },
	[KITH_RECORD_EXIT] = { KITH_CLASS_PROCESS, KITH_RING_HIGH, USUAL_SHARE },
	[KITH_RECORD_CREDENTIAL] = { KITH_CLASS_CREDENTIAL, KITH_RING_HIGH, NOISE_SHARE },
	[KITH_RECORD_CGROUP] = { KITH_CLASS_CGROUP, KITH_RING_HIGH, NOISE_SHARE },
	[KITH_RECORD_CGROUP_ATTACH] = { KITH_CLASS_CGROUP, KITH_RING_HIGH, NOISE_SHARE },
	[KITH_RECORD_SENSOR] = { KITH_CLASS_SENSOR, KITH_RING_HIGH },
	[KITH_RECORD_CONNECTION] = { KITH_CLASS_CONNECTION, KITH_RING_LOW, TALK_SHARE },
	[KITH_RECORD_LISTENER] = { KITH_CLASS_CONNECTION, KITH_RING_LOW, TALK_SHARE },
	[KITH_RECORD_USE] = { KITH_CLASS_CONNECTION, KITH_RING_LOW, TALK_SHARE },
	[KITH_RECORD_PIPE] = { KITH_CLASS_CONNECTION, KITH_RING_LOW, TALK_SHARE },
	[KITH_RECORD_SOCKET] = { KITH_CLASS_CONNECTION, KITH_RING_LOW, TALK_SHARE },
	[KITH_RECORD_CONTROL] = { KITH_CLASS_CONTROL, KITH_RING_LOW, TALK_SHARE },
	[KITH_RECORD_ACCESS] = { KITH_CLASS_FILE, KITH_RING_LOW, FILES_SHARE },
	[KITH_RECORD_READS] = { KITH_CLASS_FILE, KITH_RING_LOW, FILES_SHARE },
	[KITH_RECORD_CHANGE] = { KITH_CLASS_CHANGE, KITH_RING_LOW, FILES_SHARE },
};

enum kith_class kith_class_of(enum kith_record_type type)
{
	return kinds[type].class;
}

unsigned int kith_ring_count(void)
{
	return nr_cpu_ids * KITH_RINGS_PER_CPU;
}

struct kith_cpu *kith_ring_cpu(unsigned int cpu)
{
	return per_cpu_ptr(cpus, cpu);
}

/* @id < kith_ring_count(). NULL for a CPU number that cannot exist. */
struct kith_ring *kith_ring_get(unsigned int id)
{
	unsigned int cpu = id / KITH_RINGS_PER_CPU;

	if (!cpu_possible(cpu))
		return NULL;
	return &per_cpu_ptr(cpus, cpu)->rings[id % KITH_RINGS_PER_CPU];
}

u32 kith_ring_bytes(enum kith_ring_priority priority)
{
	return (priority == KITH_RING_HIGH ? ring_high_kb : ring_low_kb) * 1024;
}

static u32 head_of(u64 state)
{
	return (u32)state;
}

static void count_lost(enum kith_class class, enum kith_loss_cause cause, u64 ts)
{
	struct kith_tally *tally = &this_cpu_ptr(cpus)->tally[class];

	this_cpu_inc(cpus->tally[class].lost[cause]);
	if (tally->epoch != kith_stream_loss_epoch()) {
		tally->epoch = kith_stream_loss_epoch();
		tally->first_lost = ts;
	}
	tally->last_lost = ts;
}

void kith_ring_lose(enum kith_class class, enum kith_loss_cause cause, u64 n)
{
	u64 now = ktime_get_boot_fast_ns();

	preempt_disable_notrace();
	this_cpu_add(cpus->tally[class].emitted, n);
	this_cpu_add(cpus->tally[class].lost[cause], n - 1);
	count_lost(class, cause, now);
	preempt_enable_notrace();
}

bool kith_ring_has_room(enum kith_ring_priority priority)
{
	const struct kith_ring *ring = &raw_cpu_ptr(cpus)->rings[priority];

	return READ_ONCE(ring->published) - READ_ONCE(ring->tail) < ring->size / 2;
}

/*
 * Overwrite the oldest records until @size bytes fit under @limit. An
 * interrupt may do the same between any two lines: the cmpxchg decides who
 * discarded (and counts) a record, and a header read before it is valid if it
 * succeeds. What is being written ([published, head)) is never discarded.
 */
static noinline bool make_room(struct kith_ring *ring, u32 head, u32 size, u32 limit)
{
	for (;;) {
		u32 tail = READ_ONCE(ring->tail);
		const struct kith_record *oldest = kith_ring_at(ring, tail);
		enum kith_record_type type;
		u64 ts;
		u32 next;

		if (head - tail + size <= limit)
			return true;
		if (tail == READ_ONCE(ring->published))
			return false;
		type = oldest->type;
		ts = oldest->ts;
		next = tail + oldest->size;
		if (cmpxchg_local(&ring->tail, tail, next) != tail)
			continue;
		count_lost(kinds[type].class, KITH_LOSS_OVERWRITTEN, ts);
		if (type == KITH_RECORD_CGROUP)
			kith_cgroup_forget();
	}
}

/*
 * Publish up to the head when the outermost producer leaves. The loop is for
 * interrupts that come between reading the head and clearing nest: they see
 * nest != 0 and leave the publishing to us.
 */
static void leave(struct kith_ring *ring)
{
	u32 head;

	if (ring->nest > 1) {
		WRITE_ONCE(ring->nest, ring->nest - 1);
		return;
	}
	for (;;) {
		head = head_of(local64_read(&ring->state));
		/* The records are complete for whom reads up to here. */
		smp_store_release(&ring->published, head);
		barrier();
		WRITE_ONCE(ring->nest, 0);
		barrier();
		if (likely(head == head_of(local64_read(&ring->state))))
			return;
		WRITE_ONCE(ring->nest, 1);
		barrier();
	}
}

/*
 * Give out the next number, and room for @size bytes with it if there is any.
 * Return: whether there was; *position and *seq tell where and which.
 */
static bool claim(struct kith_ring *ring, u32 size, u32 limit, u32 *position,
		  u32 *seq)
{
	u64 old, new;
	bool fits;
	u32 tail;

	do {
		old = local64_read(&ring->state);
		*position = head_of(old);
		/* The reader is done with what we are about to overwrite. */
		tail = smp_load_acquire(&ring->tail);
		fits = size <= limit && *position - tail + size <= limit;
		if (!fits && size <= limit && !READ_ONCE(keep))
			fits = make_room(ring, *position, size, limit);
		*seq = (u32)(old >> 32) + 1;
		new = (u64)*seq << 32 | (u32)(*position + (fits ? size : 0));
	} while (local64_cmpxchg(&ring->state, old, new) != old);
	return fits;
}

struct kith_record *kith_ring_reserve_vital(enum kith_record_type type, size_t body,
					    size_t items, bool vital)
{
	struct kith_ring *ring = &this_cpu_ptr(cpus)->rings[kinds[type].priority];
	enum kith_class class = kinds[type].class;
	u32 first = sizeof(struct kith_record) + ALIGN(body, 8);
	u32 size = first + ALIGN(items, 8);
	u32 limit = ring->size, position, seq;
	struct kith_record *record;

	if (!kith_policy_wants(class))
		return NULL;
	/* While nobody collects the oldest goes, whatever it is. */
	if (!vital && kinds[type].share && READ_ONCE(keep))
		limit = limit / EIGHTHS * kinds[type].share;
	if (size > KITH_RECORD_MAX_SIZE)
		limit = 0;
	this_cpu_inc(cpus->tally[class].emitted);
	WRITE_ONCE(ring->nest, ring->nest + 1);
	barrier();
	if (!claim(ring, size, limit, &position, &seq)) {
		leave(ring);
		count_lost(class, KITH_LOSS_FULL, ktime_get_boot_fast_ns());
		return NULL;
	}
	record = kith_ring_at(ring, position);
	memset(record, 0, first);
	if (items)
		*(u64 *)((u8 *)record + size - sizeof(u64)) = 0;
	record->size = size;
	record->type = type;
	record->items = first / 8;
	record->ring = ring->id;
	record->seq = seq;
	record->tid = current->pid;
	record->ts = ktime_get_boot_fast_ns();
	record->process = kith_key(current);
	return record;
}

struct kith_record *kith_ring_reserve(enum kith_record_type type, size_t body,
				      size_t items)
{
	return kith_ring_reserve_vital(type, body, items, false);
}

/* Wake the stream if it sleeps for want of records, or if this ring fills. */
static void wake(struct kith_cpu *cpu, const struct kith_ring *ring)
{
	u32 waiting;

	if (!READ_ONCE(keep))
		return;
	/* Publish before looking; the stream says idle before it looks. */
	smp_mb();
	if (READ_ONCE(cpu->woken))
		return;
	waiting = READ_ONCE(ring->published) - READ_ONCE(ring->sent);
	if (kith_stream_idle() || waiting > ring->size / WAKE_SHARE) {
		WRITE_ONCE(cpu->woken, true);
		irq_work_queue(&cpu->work);
	}
}

void kith_ring_commit(struct kith_record *record)
{
	struct kith_cpu *cpu = this_cpu_ptr(cpus);
	struct kith_ring *ring = &cpu->rings[record->ring % KITH_RINGS_PER_CPU];

	leave(ring);
	wake(cpu, ring);
}

/**
 * kith_ring_keep() - Decide who moves the tails.
 * @on: true: records are kept until kith_ring_forget(), full rings drop the
 *      newest; false: full rings overwrite the oldest.
 *
 * Return: after the last producer that knew otherwise has finished, so after
 * keep(true) the caller owns the tails; before keep(false) it must have
 * stopped to use them.
 * Context: may sleep.
 */
void kith_ring_keep(bool on)
{
	WRITE_ONCE(keep, on);
	synchronize_rcu();
}

/**
 * kith_ring_settle() - How far a ring can be read.
 * @ring: it
 *
 * Waits, for a moment, for producers at work on another CPU: a record that one
 * of them is writing may be older than records of other rings.
 *
 * Return: position up to which records are complete.
 * Context: may sleep.
 */
u32 kith_ring_settle(const struct kith_ring *ring)
{
	u32 head = head_of(local64_read(&ring->state));
	unsigned int tries;

	for (tries = 0; tries < SETTLE_SPINS + SETTLE_NAPS; tries++) {
		if ((s32)(READ_ONCE(ring->published) - head) >= 0)
			break;
		if (tries < SETTLE_SPINS)
			cpu_relax();
		else
			usleep_range(100, 200);
	}
	/* Pairs with leave(): what stands before it can be read. */
	return smp_load_acquire(&ring->published);
}

/**
 * kith_ring_forget() - Let go of records.
 * @ring: whose
 * @seq: number of the last one to go
 * @limit: position that the tail may not pass
 *
 * Context: the caller owns the tails.
 */
void kith_ring_forget(struct kith_ring *ring, u32 seq, u32 limit)
{
	u32 tail = ring->tail;

	while (tail != limit) {
		const struct kith_record *record = kith_ring_at(ring, tail);

		if ((s32)(record->seq - seq) > 0)
			break;
		ring->forgotten_seq = record->seq;
		tail += record->size;
	}
	/* The producer may overwrite what we have read. */
	smp_store_release(&ring->tail, tail);
}

/* Begin to send again from the tail. Context: the caller owns the tails. */
void kith_ring_rewind(struct kith_ring *ring)
{
	ring->sent = ring->tail;
	ring->sent_seq = ring->forgotten_seq;
}

/*
 * Number of the last record that has been sent or can be; 0 if there is none.
 * Context: the caller owns the tails.
 */
u32 kith_ring_last(const struct kith_ring *ring)
{
	u32 at = ring->sent, seq = ring->sent_seq, end;

	/* Pairs with leave(). */
	end = smp_load_acquire(&ring->published);
	for (; at != end; at += kith_ring_at(ring, at)->size)
		seq = kith_ring_at(ring, at)->seq;
	return seq;
}

static void unmap_ring(struct kith_ring *ring)
{
	unsigned int i, n = ring->size >> PAGE_SHIFT;

	vunmap(ring->data);
	ring->data = NULL;
	if (!ring->pages)
		return;
	for (i = 0; i < n && ring->pages[i]; i++)
		__free_page(ring->pages[i]);
	kvfree(ring->pages);
	ring->pages = NULL;
}

static int map_ring(struct kith_ring *ring, unsigned int cpu)
{
	unsigned int i, n = ring->size >> PAGE_SHIFT;

	ring->pages = kvcalloc(2 * n, sizeof(*ring->pages), GFP_KERNEL);
	if (!ring->pages)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		struct page *page = alloc_pages_node(cpu_to_node(cpu),
						     GFP_KERNEL | __GFP_ZERO, 0);

		if (!page)
			return -ENOMEM;
		ring->pages[i] = page;
		ring->pages[n + i] = page;
	}
	ring->data = vmap(ring->pages, 2 * n, VM_MAP, PAGE_KERNEL);
	return ring->data ? 0 : -ENOMEM;
}

static bool size_is_valid(unsigned int kb)
{
	return is_power_of_2(kb) && kb >= RING_KB_MIN && kb <= RING_KB_MAX;
}

int kith_ring_init(void)
{
	unsigned int cpu, i;
	int ret;

	if (!size_is_valid(ring_high_kb) || !size_is_valid(ring_low_kb)) {
		pr_err("ring_high_kb and ring_low_kb must be powers of two from %d to %d\n",
		       RING_KB_MIN, RING_KB_MAX);
		return -EINVAL;
	}
	cpus = alloc_percpu(struct kith_cpu);
	if (!cpus)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		struct kith_cpu *mine = per_cpu_ptr(cpus, cpu);

		init_irq_work(&mine->work, kith_stream_wake);
		for (i = 0; i < KITH_RINGS_PER_CPU; i++) {
			mine->rings[i].id = cpu * KITH_RINGS_PER_CPU + i;
			mine->rings[i].size = kith_ring_bytes(i);
			ret = map_ring(&mine->rings[i], cpu);
			if (ret)
				goto err_map;
		}
	}
	return 0;

err_map:
	kith_ring_exit();
	return ret;
}

/* No producer may be left. */
void kith_ring_exit(void)
{
	unsigned int cpu, i;

	for_each_possible_cpu(cpu) {
		struct kith_cpu *mine = per_cpu_ptr(cpus, cpu);

		irq_work_sync(&mine->work);
		for (i = 0; i < KITH_RINGS_PER_CPU; i++)
			unmap_ring(&mine->rings[i]);
	}
	free_percpu(cpus);
}
