/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sockets that are watched: what the module remembers of each, and how the
 * two ends of a conversation find each other.
 *
 * An entry is one end of a conversation, or a socket that listens. A socket of
 * datagrams may talk to many: it is a hub, and each of its conversations is an
 * entry of its own, found by the hub and a key (see datagram.h).
 *
 * Entries are found by the address of their socket, under RCU, and changed under
 * the lock of their pair, which is the same for both ends once they have found
 * each other. An entry outlives its socket until its conversation is reported.
 *
 * Order of locks: a Unix socket's state, then an entry's, then a bucket's or the
 * list of a hub. Entries are locked in softirqs too, so that no lock of a Unix
 * socket may be taken inside.
 */
#ifndef _KITH_SOCKET_H
#define _KITH_SOCKET_H

#include "entry.h"
#include "name.h"

#include <kith/uapi.h>
#include <linux/atomic.h>
#include <linux/hash.h>
#include <linux/in6.h>
#include <linux/list.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <net/ipv6.h>
#include <net/sock.h>

/* What one process did with a socket. */
struct kith_usage {
	u64 user; /* 0: of processes that there was no room for */
	u64 sent;
	u64 received;
	unsigned long first; /* jiffies, the first time that it began to use it */
	unsigned long last;
};

struct kith_moved {
	u64 sent;
	u64 received;
};

struct kith_tuple {
	struct in6_addr addr; /* IPv4 mapped */
	struct in6_addr peer_addr;
	u16 port; /* host order */
	u16 peer_port;
	u32 netns;
};

enum kith_role {
	KITH_TALKS,   /* it is one end of a conversation */
	KITH_LISTENS, /* it takes connections */
	KITH_HUB,     /* its conversations are its peers */
};

struct kith_socket {
	struct hlist_node node;	   /* in the table, until it is finished */
	struct hlist_node waiting; /* for the other end */
	struct rcu_head rcu;
	u32 bucket;
	/*
	 * Followed only with the lock held while it is not finished: the hook at its
	 * end waits for that. Of a hub's conversation NULL.
	 */
	const struct sock *sk;
	u64 pair;	/* what the other end knows too; changes with the lock held */
	u32 meeting;	/* where that leads: decides the lock */
	u64 user; /* who sent or received last; read without the lock */

	/* without the lock; TCP counts by itself until it is finished */
	atomic64_t sent;
	atomic64_t received;
	atomic64_t datagrams_sent;
	atomic64_t datagrams_received;
	unsigned long active; /* jiffies, when one was last sent or received */

	union {
		struct { /* of a hub */
			struct hlist_head peers; /* with peers_lock */
			spinlock_t peers_lock;
			struct kith_socket *recent; /* of them, or NULL */
			unsigned int peer_count;
			bool closed; /* with peers_lock: the last peer frees it */
			bool gone;   /* with the lock: its address is not there any more */
		};
		struct { /* of a hub's conversation, or an end that has no hub */
			struct hlist_node kin; /* among the peers, with peers_lock */
			struct kith_socket *hub;
			union {
				u64 key; /* by which it is found there */
				/* of a Unix stream: what it may be sending still */
				const struct sk_buff *sending;
			};
			union {
				u32 digest; /* of the first datagram; 0: not known */
				u32 sending_bytes;
			};
		};
	};

	/* with the lock, but that the first user needs none: see kith_use() */
	struct kith_socket *other; /* the end at the other side */
	struct kith_usage *uses;   /* use_room of them, or NULL while one is enough */
	struct kith_usage use;	   /* the first */
	struct kith_name *name;	   /* of the server, or of who listens */
	u8 use_room;
	u8 use_count; /* 0: there is none but `user` */
	u8 use_last; /* index of the one that goes on */
	u8 protocol;
	u8 role;
	u8 side; /* enum kith_side */
	bool counts_syn; /* among what was confirmed is the SYN */
	bool found;    /* it was not seen to begin */
	bool by_tuple; /* joined, or waiting, by address */
	bool finished; /* the socket is gone, these are the final figures */
	bool frees_other;
	u16 error;
	u32 isn[KITH_SIDES];
	u64 id;
	u64 opener; /* who connected, accepted or listened */
	u64 owner;  /* whose it is while nobody has */
	u64 started;
	u64 established; /* when; 0: it has not come about */
	u64 ended;
	u64 reported; /* when it was last told of; 0: never */
	u64 told;     /* a mark of what was told then */
	u64 credited_sent; /* to its users */
	u64 credited_received;
	struct kith_tuple tuple;
};

/* Hooks; see the table in hook.c. */
kith_entry_fn kith_socket_grafted;
kith_entry_fn kith_socket_freed;

int kith_socket_init(void);

/* No hook may be left. */
void kith_socket_exit(void);

u32 kith_socket_count(void);
u32 kith_socket_max(void);

/* A number for a conversation, listener or pipe: no other of this load has it. Not 0. */
u64 kith_socket_new_id(void);

struct kith_bucket {
	struct hlist_head sockets; /* by address */
	spinlock_t lock;	   /* for writers of it */
};

extern struct kith_socket_table {
	struct kith_bucket *buckets;
	unsigned int bits;  /* of their number */
	unsigned int shift; /* what 64 bits are more */
} kith_socket_table;

static inline struct kith_bucket *kith_socket_bucket(const struct sock *sk)
{
	u64 hash = (uintptr_t)sk * GOLDEN_RATIO_64;

	return &kith_socket_table.buckets[hash >> kith_socket_table.shift];
}

/* The entry of @sk, or NULL. For every message: so it is here. Else as below. */
static inline struct kith_socket *kith_socket_find(const struct sock *sk)
{
	struct kith_socket *socket;

	hlist_for_each_entry_rcu(socket, &kith_socket_bucket(sk)->sockets, node)
		if (socket->sk == sk)
			return socket;
	return NULL;
}

/*
 * kith_socket_expel() - If there is one, its socket is gone: @sk is a new one.
 * kith_socket_add() - A new one.
 *	NULL if there is no room, which is counted as a loss, or if nobody
 *	would tell us of its end. Nobody else finds it before
 *	kith_socket_publish().
 *	Or somebody has been faster: then his entry is returned, and this one
 *	is gone.
 * kith_socket_drop() - Instead of publishing it.
 * kith_socket_find_peer() - That one of @hub's which has this key, address and port.
 * kith_socket_add_peer() - A new one of those; as kith_socket_add().
 *
 * Return: an entry valid until the end of the RCU read section.
 * Context: RCU read section, any but NMI.
 */
void kith_socket_expel_it(struct kith_socket *socket);
static inline void kith_socket_expel(const struct sock *sk)
{
	struct kith_socket *socket = kith_socket_find(sk);

	if (socket)
		kith_socket_expel_it(socket);
}

struct kith_socket *kith_socket_add(const struct sock *sk, enum kith_protocol protocol,
				    enum kith_side side);
struct kith_socket *kith_socket_find_peer(const struct kith_socket *hub, u64 key,
					  const struct in6_addr *addr, u16 port);
struct kith_socket *kith_socket_add_peer(struct kith_socket *hub, u64 key,
					 enum kith_side side);
struct kith_socket *kith_socket_publish(struct kith_socket *socket);
void kith_socket_drop(struct kith_socket *socket);

/*
 * kith_socket_marry() - Both are new and not published: they are the two ends of one
 *	conversation.
 * kith_socket_publish_pair() - Publish the two, each by @publish. If somebody was faster
 *	with one of them, that one is gone; the client not without the server.
 */
void kith_socket_marry(struct kith_socket *client, struct kith_socket *server);
void kith_socket_publish_pair(struct kith_socket *client, struct kith_socket *server,
			      struct kith_socket *(*publish)(struct kith_socket *socket));

/* Context: RCU read section, from the one to the other. */
unsigned long kith_socket_lock(struct kith_socket *socket) __acquires(socket);
void kith_socket_unlock(struct kith_socket *socket, unsigned long flags) __releases(socket);

/*
 * The two ends of a conversation meet by a number that both know, a pair.
 *
 * kith_socket_set_pair() - That of one that is not published yet.
 * kith_socket_unlock_for() - Unlock, as one with this pair; @by_tuple: it is made from
 *	their addresses. Return: false if it has ended or found the other end; then
 *	nothing has changed.
 * kith_socket_meet() - Find the other end of the same pair, or wait for it.
 *	@id: the number that the other end has to have; 0: whoever fits.
 *	@wait: let the other end find it, if it is not there yet
 * kith_socket_join() - The last two of these.
 *
 * Context: RCU read section; kith_socket_meet() and _join() without the lock.
 */
void kith_socket_set_pair(struct kith_socket *socket, u64 pair);
bool kith_socket_unlock_for(struct kith_socket *socket, u64 pair, bool by_tuple,
			    unsigned long flags) __releases(socket);
void kith_socket_meet(struct kith_socket *socket, u64 id, bool wait);
void kith_socket_join(struct kith_socket *socket, u64 pair, u64 id, bool by_tuple, bool wait);

/* By their addresses, if it has not found the other end yet. */
void kith_socket_join_by_tuple(struct kith_socket *socket);

/* Its other end was none: let that one wait again. Context: its lock is held. */
void kith_socket_part(struct kith_socket *socket);

/*
 * After that, for the one who waits by what is no address: the real other end may have come
 * meanwhile, and wait by the addresses. Context: RCU read section, without the lock.
 */
void kith_socket_look_again(struct kith_socket *socket);

/* Addresses, ports and network namespace of @sk, of IP, as they are now. */
void kith_socket_set_tuple(struct kith_tuple *tuple, const struct sock *sk);

/* For numbers that others may choose: none of ours shows in @pair. */
u32 kith_socket_hash(const void *data, u32 words, u32 more);

/* Is there room for one more? */
bool kith_socket_has_room(void);

/*
 * Its socket is going: nobody finds the entry any more. And, later, the entry itself.
 * Context: its lock is held.
 */
void kith_socket_forget(struct kith_socket *socket);
void kith_socket_free(struct kith_socket *socket);
void kith_socket_free_both(struct kith_socket *socket); /* with its other end */

enum { KITH_SOCKET_GROUP = 16 };

/*
 * A group of so many buckets is marked when anything is put there, and stays so until
 * somebody finds it empty. While it is being unmarked it may seem to be empty too soon.
 */
void kith_socket_mark(unsigned int bucket);
bool kith_socket_is_marked(unsigned int bucket);
void kith_socket_unmark_empty(unsigned int bucket);

/*
 * kith_socket_walk() - Call @look for the entries of bucket @bucket until it
 * returns false. Return: was it always true? Context: RCU read section; @look
 * may take the entry's lock.
 * kith_socket_walk_finished() - For those whose socket is gone and that wait for
 * their other end still, until it returns false. @look is called with the lock
 * held, and may free it.
 */
unsigned int kith_socket_buckets(void);
bool kith_socket_bucket_is_empty(unsigned int bucket);
bool kith_socket_walk(unsigned int bucket,
		      bool (*look)(struct kith_socket *socket, void *context),
		      void *context);
void kith_socket_walk_finished(unsigned int bucket,
			       bool (*look)(struct kith_socket *socket, void *context),
			       void *context);

static inline bool kith_socket_is_hub(const struct kith_socket *socket)
{
	return socket->role == KITH_HUB;
}

/* Is it one of a hub's conversations? */
static inline bool kith_socket_is_peer(const struct kith_socket *socket)
{
	return !kith_socket_is_hub(socket) && socket->hub;
}

/* Does it wait for its other end, or has it found that? */
static inline bool kith_socket_waits(const struct kith_socket *socket)
{
	return READ_ONCE(socket->other) || !hlist_unhashed_lockless(&socket->waiting);
}

static inline u32 kith_socket_netns(const struct sock *sk)
{
	return sock_net(sk)->ns.inum;
}

#endif
