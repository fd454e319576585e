/* SPDX-License-Identifier: GPL-2.0-only */
/* A message of records on its way to the subscriber. */
#ifndef _KITH_PACKET_H
#define _KITH_PACKET_H

#include <kith/uapi.h>
#include <linux/types.h>

struct nlattr;
struct sk_buff;

enum {
	KITH_PACKET_LOSS_BYTES = sizeof(struct kith_record) + sizeof(struct kith_loss),
};

struct kith_packet {
	struct sk_buff *skb;
	void *header;
	struct nlattr *attr;
	struct kith_batch *batch;
	u32 room; /* bytes left */
};

/* Make a message with @room bytes for records. Context: may sleep. */
int kith_packet_begin(struct kith_packet *packet, u32 room);

/* Room for @count records of @size <= packet->room bytes in all. */
void *kith_packet_add(struct kith_packet *packet, u32 size, u32 count);

/* A LOSS record; KITH_PACKET_LOSS_BYTES of room are there. */
void kith_packet_loss(struct kith_packet *packet, unsigned int cpu, unsigned int class,
		      unsigned int cause, u64 total);

/* packet->skb is complete then. */
void kith_packet_end(struct kith_packet *packet, u64 number);

#endif
