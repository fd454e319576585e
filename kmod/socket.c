// SPDX-License-Identifier: GPL-2.0-only
/* The table of sockets, and the memory of its entries. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "socket.h"

#include "connection.h"
#include "datagram.h"
#include "hook.h"
#include "meeting.h"
#include "ring.h"
#include "tcp.h"
#include "unix.h"

#include <linux/atomic.h>
#include <linux/hash.h>
#include <linux/jhash.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/random.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <net/inet_sock.h>

enum {
	SOCKETS_MIN = 64,
	SOCKETS_MAX = 4 << 20,
	SOCKETS_PER_BUCKET = 16,
	BYTES_PER_SOCKET = 16 * 1024, /* of memory, for one that is watched */
	/* As many as end before RCU lets go of them; who looks for what is freed wants none. */
	POOL_MAX = IS_ENABLED(CONFIG_KASAN) ? 0 : 512,
};

static unsigned int sockets_max;
module_param(sockets_max, uint, 0444);
MODULE_PARM_DESC(sockets_max, "sockets that are watched, at most (0: one for 16 KiB of memory)");

/*
 * Entries that nobody sees any more, to begin with again: to get and free one costs 40
 * instructions so, and 350 by the slab.
 */
struct pool {
	struct kith_socket *entries; /* chained by `other` */
	unsigned int count;
};

struct kith_socket_table kith_socket_table __read_mostly;
static u32 seed __read_mostly;
static struct kmem_cache *cache;
static atomic_t count = ATOMIC_INIT(0);
static atomic_t peers = ATOMIC_INIT(0); /* among them */
static DEFINE_PER_CPU(u64, last_id);
static DEFINE_PER_CPU(struct pool, pools);
static u8 *marks __read_mostly; /* of groups of buckets, see kith_socket_mark() */

void kith_socket_mark(unsigned int bucket)
{
	/* Who sees it sees what is there. */
	smp_store_release(&marks[bucket / KITH_SOCKET_GROUP], 1);
}

u32 kith_socket_count(void)
{
	return atomic_read(&count);
}

u32 kith_socket_max(void)
{
	return sockets_max;
}

/* Who may choose addresses cannot choose keys: see udp.c. */
static struct kith_bucket *bucket_of_peer(const struct kith_socket *hub, u64 key)
{
	return &kith_socket_table.buckets[hash_64((uintptr_t)hub ^ key, kith_socket_table.bits)];
}

void kith_socket_set_tuple(struct kith_tuple *tuple, const struct sock *sk)
{
	tuple->port = ntohs(inet_sk(sk)->inet_sport);
	tuple->peer_port = ntohs(sk->sk_dport);
	tuple->netns = kith_socket_netns(sk);
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6) {
		tuple->addr = sk->sk_v6_rcv_saddr;
		tuple->peer_addr = sk->sk_v6_daddr;
		return;
	}
#endif
	ipv6_addr_set_v4mapped(sk->sk_rcv_saddr, &tuple->addr);
	ipv6_addr_set_v4mapped(sk->sk_daddr, &tuple->peer_addr);
}

u32 kith_socket_hash(const void *data, u32 words, u32 more)
{
	return jhash2(data, words, seed ^ more);
}

struct kith_socket *kith_socket_find_peer(const struct kith_socket *hub, u64 key,
					  const struct in6_addr *addr, u16 port)
{
	struct kith_socket *socket;

	hlist_for_each_entry_rcu(socket, &bucket_of_peer(hub, key)->sockets, node)
		if (!socket->sk && socket->hub == hub && socket->key == key &&
		    socket->tuple.peer_port == port &&
		    ipv6_addr_equal(&socket->tuple.peer_addr, addr))
			return socket;
	return NULL;
}

/* accept(2): current has got it. */
KITH_ENTRY(kith_socket_grafted)
{
	const struct sock *sk = KITH_ARGUMENT(regs, 0, struct sock *);

	if (sk->sk_family == AF_UNIX)
		kith_unix_accepted(sk);
	else
		kith_tcp_accepted(sk);
}

/* Its end should have been seen, but for that of a hub. */
KITH_ENTRY(kith_socket_freed)
{
	struct kith_socket *socket = kith_socket_find(KITH_ARGUMENT(regs, 0, struct sock *));

	if (!socket)
		return;
	if (kith_socket_is_hub(socket))
		kith_datagram_close(socket);
	else
		kith_connection_freed(socket);
}

/* No word that all CPUs write. */
u64 kith_socket_new_id(void)
{
	return this_cpu_inc_return(last_id) * nr_cpu_ids + raw_smp_processor_id();
}

bool kith_socket_has_room(void)
{
	return atomic_read(&count) < sockets_max;
}

static struct kith_socket *take_from_pool(void)
{
	struct kith_socket *socket;
	struct pool *pool;
	unsigned long flags;

	local_irq_save(flags);
	pool = this_cpu_ptr(&pools);
	socket = pool->entries;
	if (socket) {
		pool->entries = socket->other;
		pool->count--;
	}
	local_irq_restore(flags);
	return socket;
}

/* Return: was there room? Context: interrupts are off. */
static bool put_into_pool(struct kith_socket *socket)
{
	struct pool *pool = this_cpu_ptr(&pools);

	if (pool->count >= POOL_MAX)
		return false;
	socket->other = pool->entries;
	pool->entries = socket;
	pool->count++;
	return true;
}

static struct kith_socket *new_socket(void)
{
	struct kith_socket *socket;

	if (atomic_inc_return(&count) > sockets_max)
		goto err_count;
	socket = take_from_pool();
	if (socket)
		return memset(socket, 0, sizeof(*socket));
	socket = kmem_cache_alloc(cache, GFP_NOWAIT | __GFP_NOWARN | __GFP_ZERO);
	if (socket)
		return socket;
err_count:
	atomic_dec(&count);
	kith_ring_lose(KITH_CLASS_CONNECTION, KITH_LOSS_UNTRACKED, 1);
	return NULL;
}

static void set_up(struct kith_socket *socket, struct kith_bucket *bucket,
		   enum kith_protocol protocol, enum kith_side side)
{
	socket->bucket = bucket - kith_socket_table.buckets;
	socket->protocol = protocol;
	socket->side = side;
	socket->id = kith_socket_new_id();
	socket->pair = socket->id;
	/* Nobody looks for it there. */
	socket->meeting = socket->id & (kith_socket_buckets() - 1);
	socket->started = ktime_get_boot_fast_ns();
}

void kith_socket_expel_it(struct kith_socket *socket)
{
	if (kith_socket_is_hub(socket))
		kith_datagram_close(socket);
	else
		kith_connection_finish(socket, 0, 0);
}

struct kith_socket *kith_socket_add(const struct sock *sk, enum kith_protocol protocol,
				    enum kith_side side)
{
	struct kith_socket *socket;

	/* An entry that nobody would remove would outlive its socket. */
	if (!kith_hook_attached(KITH_AT_SOCK_FREE))
		return NULL;
	socket = new_socket();
	if (!socket)
		return NULL;
	socket->sk = sk;
	set_up(socket, kith_socket_bucket(sk), protocol, side);
	return socket;
}

struct kith_socket *kith_socket_add_peer(struct kith_socket *hub, u64 key,
					 enum kith_side side)
{
	struct kith_socket *socket;

	/* Half of the room is for sockets: anybody can send from any address. */
	if (atomic_inc_return(&peers) > sockets_max / 2) {
		kith_ring_lose(KITH_CLASS_CONNECTION, KITH_LOSS_UNTRACKED, 1);
		goto err_peers;
	}
	socket = new_socket();
	if (!socket)
		goto err_peers;
	set_up(socket, bucket_of_peer(hub, key), hub->protocol, side);
	socket->hub = hub;
	socket->key = key;
	return socket;
err_peers:
	atomic_dec(&peers);
	return NULL;
}

static struct kith_socket *find_same(const struct kith_socket *socket,
				     const struct kith_bucket *bucket)
{
	struct kith_socket *same;

	if (!socket->sk)
		return kith_socket_find_peer(socket->hub, socket->key,
					     &socket->tuple.peer_addr,
					     socket->tuple.peer_port);
	hlist_for_each_entry(same, &bucket->sockets, node)
		if (same->sk == socket->sk)
			return same;
	return NULL;
}

struct kith_socket *kith_socket_publish(struct kith_socket *socket)
{
	struct kith_bucket *bucket = &kith_socket_table.buckets[socket->bucket];
	struct kith_socket *same;
	unsigned long flags;

	spin_lock_irqsave(&bucket->lock, flags);
	same = find_same(socket, bucket);
	if (!same) {
		hlist_add_head_rcu(&socket->node, &bucket->sockets);
		kith_socket_mark(socket->bucket);
	}
	spin_unlock_irqrestore(&bucket->lock, flags);
	if (!same)
		return socket;
	kith_socket_drop(socket);
	return same;
}

static void free_now(struct kith_socket *socket)
{
	unsigned long flags;

	if (kith_socket_is_peer(socket))
		atomic_dec(&peers);
	kith_name_put(socket->name);
	kfree(socket->uses);
	local_irq_save(flags);
	if (!put_into_pool(socket))
		kmem_cache_free(cache, socket);
	local_irq_restore(flags);
	atomic_dec(&count);
}

static void free_rcu_socket(struct rcu_head *head)
{
	struct kith_socket *socket = container_of(head, struct kith_socket, rcu);
	struct kith_socket *other = socket->frees_other ? socket->other : NULL;

	free_now(socket);
	if (other)
		free_now(other);
}

/*
 * At once, not when it is freed: the next socket is likely to have the same address,
 * so a chain would grow with every conversation that is not over at both ends.
 */
void kith_socket_forget(struct kith_socket *socket)
{
	struct kith_bucket *bucket = &kith_socket_table.buckets[socket->bucket];

	spin_lock(&bucket->lock);
	hlist_del_init_rcu(&socket->node);
	spin_unlock(&bucket->lock);
}

void kith_socket_drop(struct kith_socket *socket)
{
	call_rcu(&socket->rcu, free_rcu_socket);
}

void kith_socket_free(struct kith_socket *socket)
{
	hlist_del_init(&socket->waiting);
	call_rcu(&socket->rcu, free_rcu_socket);
}

void kith_socket_free_both(struct kith_socket *socket)
{
	hlist_del_init(&socket->other->waiting);
	socket->frees_other = true;
	kith_socket_free(socket);
}

unsigned int kith_socket_buckets(void)
{
	return 1U << kith_socket_table.bits;
}

bool kith_socket_bucket_is_empty(unsigned int bucket)
{
	return hlist_empty(&kith_socket_table.buckets[bucket].sockets) &&
	       kith_meeting_is_empty(bucket);
}

bool kith_socket_is_marked(unsigned int bucket)
{
	return READ_ONCE(marks[bucket / KITH_SOCKET_GROUP]);
}

static bool group_is_empty(unsigned int bucket)
{
	unsigned int i = round_down(bucket, KITH_SOCKET_GROUP), end;

	end = min(i + KITH_SOCKET_GROUP, kith_socket_buckets());
	for (; i < end; i++)
		if (!kith_socket_bucket_is_empty(i))
			return false;
	return true;
}

void kith_socket_unmark_empty(unsigned int bucket)
{
	if (!group_is_empty(bucket))
		return;
	/* What has been put there meanwhile is seen after this, or marks it again. */
	xchg(&marks[bucket / KITH_SOCKET_GROUP], 0);
	if (!group_is_empty(bucket))
		kith_socket_mark(bucket);
}

bool kith_socket_walk(unsigned int bucket,
		      bool (*look)(struct kith_socket *socket, void *context),
		      void *context)
{
	struct kith_socket *socket;

	hlist_for_each_entry_rcu(socket, &kith_socket_table.buckets[bucket].sockets, node)
		if (!look(socket, context))
			return false;
	return true;
}

static unsigned int sockets_possible(void)
{
	u64 sockets = ((u64)totalram_pages() << PAGE_SHIFT) / BYTES_PER_SOCKET;

	return clamp_t(u64, sockets, SOCKETS_MIN, SOCKETS_MAX);
}

static int make_tables(void)
{
	unsigned int i;

	kith_socket_table.bits = order_base_2(DIV_ROUND_UP(sockets_max, SOCKETS_PER_BUCKET));
	kith_socket_table.shift = 64 - kith_socket_table.bits;
	kith_socket_table.buckets = kvmalloc_array(kith_socket_buckets(),
						   sizeof(*kith_socket_table.buckets),
						   GFP_KERNEL);
	marks = kvzalloc(DIV_ROUND_UP(kith_socket_buckets(), KITH_SOCKET_GROUP), GFP_KERNEL);
	if (!kith_socket_table.buckets || !marks)
		return -ENOMEM;
	for (i = 0; i < kith_socket_buckets(); i++) {
		INIT_HLIST_HEAD(&kith_socket_table.buckets[i].sockets);
		spin_lock_init(&kith_socket_table.buckets[i].lock);
	}
	return kith_meeting_init();
}

int kith_socket_init(void)
{
	int ret;

	if (!sockets_max)
		sockets_max = sockets_possible();
	if (sockets_max < SOCKETS_MIN || sockets_max > SOCKETS_MAX) {
		pr_err("sockets_max must be from %d to %d\n", SOCKETS_MIN, SOCKETS_MAX);
		return -EINVAL;
	}
	seed = get_random_u32();
	ret = make_tables();
	if (ret)
		goto err_tables;
	cache = kmem_cache_create("kith_socket", sizeof(struct kith_socket), 0, 0, NULL);
	if (cache)
		return 0;
	ret = -ENOMEM;
err_tables:
	kvfree(marks);
	kith_meeting_exit();
	kvfree(kith_socket_table.buckets);
	return ret;
}

static void dispose_one(struct kith_socket *socket)
{
	if (!hlist_unhashed(&socket->node))
		kith_socket_forget(socket);
	if (kith_socket_is_hub(socket)) {
		kith_datagram_free(socket);
	} else {
		kith_datagram_leave(socket);
		kith_socket_free(socket);
	}
}

/* With nobody else there. An end that is finished is met by the other one. */
static bool dispose(struct kith_socket *socket, void *unused)
{
	struct kith_socket *other = socket->other;

	if (hlist_unhashed(&socket->node))
		return true;
	if (other)
		dispose_one(other);
	dispose_one(socket);
	return true;
}

static void empty_pools(void)
{
	struct kith_socket *socket, *next;
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		for (socket = per_cpu(pools, cpu).entries; socket; socket = next) {
			next = socket->other;
			kmem_cache_free(cache, socket);
		}
	}
}

static bool free_it(struct kith_socket *socket, void *unused)
{
	kith_socket_free(socket);
	return true;
}

void kith_socket_exit(void)
{
	unsigned int i;

	for (i = 0; i < kith_socket_buckets(); i++) {
		kith_hook_enter();
		kith_socket_walk(i, dispose, NULL);
		kith_hook_leave();
		kith_socket_walk_finished(i, free_it, NULL);
		cond_resched();
	}
	rcu_barrier();
	empty_pools();
	kmem_cache_destroy(cache);
	kvfree(marks);
	kith_meeting_exit();
	kvfree(kith_socket_table.buckets);
}
