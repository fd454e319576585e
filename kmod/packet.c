// SPDX-License-Identifier: GPL-2.0-only
/* A message of records on its way to the subscriber. */
#include "packet.h"

#include "clock.h"
#include "genl.h"
#include "item.h"
#include "ring.h"

#include <linux/skbuff.h>
#include <linux/timekeeping.h>
#include <net/genetlink.h>

int kith_packet_begin(struct kith_packet *packet, u32 room)
{
	packet->room = room;
	packet->skb = genlmsg_new(nla_total_size(sizeof(struct kith_batch) + room),
				  GFP_KERNEL);
	if (!packet->skb)
		return -ENOMEM;
	packet->header = genlmsg_put(packet->skb, 0, 0, &kith_genl_family, 0,
				     KITH_CMD_EVENTS);
	packet->attr = nla_reserve(packet->skb, KITH_A_BATCH,
				   sizeof(struct kith_batch));
	packet->batch = nla_data(packet->attr);
	memset(packet->batch, 0, sizeof(*packet->batch));
	return 0;
}

void *kith_packet_add(struct kith_packet *packet, u32 size, u32 count)
{
	packet->room -= size;
	packet->batch->records += count;
	packet->batch->bytes += size;
	return skb_put(packet->skb, size);
}

void kith_packet_end(struct kith_packet *packet, u64 number)
{
	packet->batch->number = number;
	packet->batch->boot_ns = ktime_get_boottime_ns();
	packet->batch->real_ns = kith_clock_real_ns(packet->batch->boot_ns);
	packet->attr->nla_len += packet->batch->bytes;
	genlmsg_end(packet->skb, packet->header);
}

void kith_packet_loss(struct kith_packet *packet, unsigned int cpu, unsigned int class,
		      unsigned int cause, u64 total)
{
	const struct kith_tally *tally = &kith_ring_cpu(cpu)->tally[class];
	struct kith_loss *loss;

	loss = kith_body(kith_loose_record(kith_packet_add(packet, KITH_PACKET_LOSS_BYTES, 1),
					   KITH_RECORD_LOSS, sizeof(*loss),
					   KITH_PACKET_LOSS_BYTES));
	loss->cpu = cpu;
	loss->class_ = class;
	loss->cause = cause;
	loss->total = total;
	loss->first = READ_ONCE(tally->first_lost);
	loss->last = READ_ONCE(tally->last_lost);
}
