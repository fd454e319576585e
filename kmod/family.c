// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets of other families. The same by the same process are counted, and told of with
 * the next sweep: a name lookup alone makes some of netlink.
 */
#include "family.h"

#include "datagram.h"
#include "hook.h"
#include "item.h"
#include "key.h"
#include "ring.h"

#include <linux/in.h>
#include <linux/jhash.h>
#include <linux/net.h>
#include <linux/socket.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>

enum { SLOTS = 256 };

struct creation {
	u64 process;
	struct kith_socket_made made;
};

static struct creation slots[SLOTS]; /* by what is the same; count 0: none */
static DEFINE_SPINLOCK(lock);

static void emit(struct creation *creation)
{
	struct kith_record *record;

	if (!creation->made.count)
		return;
	record = kith_ring_reserve(KITH_RECORD_SOCKET, sizeof(creation->made), 0);
	if (record) {
		record->process = creation->process;
		record->tid = 0;
		memcpy(kith_body(record), &creation->made, sizeof(creation->made));
		kith_ring_commit(record);
	}
	creation->made.count = 0;
}

static bool is_same(const struct creation *a, const struct creation *b)
{
	return a->process == b->process && a->made.family == b->made.family &&
	       a->made.type == b->made.type && a->made.protocol == b->made.protocol;
}

static struct creation *slot_of(const struct creation *creation)
{
	u32 hash = jhash_3words(creation->made.family, creation->made.type,
				creation->made.protocol, creation->process);

	return &slots[hash % SLOTS];
}

/* current has made one. */
static void count(int family, int type, int protocol)
{
	const struct creation creation = {
		.process = kith_key(current),
		.made.family = family,
		.made.type = type,
		.made.protocol = protocol,
	};
	struct creation *slot = slot_of(&creation);
	u64 now = ktime_get_boot_fast_ns();

	spin_lock(&lock);
	if (!is_same(slot, &creation))
		emit(slot);
	if (!slot->made.count) {
		*slot = creation;
		slot->made.first = now;
	}
	slot->made.count++;
	slot->made.last = now;
	spin_unlock(&lock);
}

/* Are its conversations told of? */
static bool is_known(int family, int type, int protocol)
{
	if (family == AF_UNIX)
		return true;
	if (family != AF_INET && family != AF_INET6)
		return false;
	if (type == SOCK_STREAM)
		return protocol == IPPROTO_IP || protocol == IPPROTO_TCP;
	return type == SOCK_DGRAM && (protocol == IPPROTO_IP || protocol == IPPROTO_UDP);
}

/* security_socket_post_create(sock, family, type, protocol, kern) */
KITH_ENTRY(kith_family_created)
{
	int family = KITH_ARGUMENT(regs, 1, int);
	int type = KITH_ARGUMENT(regs, 2, int);
	int protocol = KITH_ARGUMENT(regs, 3, int);

	if (KITH_ARGUMENT(regs, 4, int))
		return;
	if (!is_known(family, type, protocol))
		count(family, type, protocol);
	else if (type != SOCK_STREAM)
		kith_datagram_created(KITH_ARGUMENT(regs, 0, struct socket *)->sk);
}

void kith_family_report(void)
{
	unsigned int i;

	kith_hook_enter();
	spin_lock(&lock);
	for (i = 0; i < SLOTS; i++)
		emit(&slots[i]);
	spin_unlock(&lock);
	kith_hook_leave();
}
