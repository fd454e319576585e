/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The stream: a kernel thread that merges the rings by time, packs records
 * into netlink messages and sends them to the subscriber, if there is one.
 */
#ifndef _KITH_STREAM_H
#define _KITH_STREAM_H

#include <kith/uapi.h>
#include <linux/irq_work.h>
#include <linux/types.h>

int kith_stream_init(void);
void kith_stream_exit(void);

struct sock;

/**
 * kith_stream_subscribe() - Send to @portid from now on.
 * @socket: the one of that number
 * @positions: @n of them, what the subscriber has stored; NULL if nothing
 *
 * Return: 0, -EBUSY, -ESHUTDOWN. Context: may sleep.
 */
int kith_stream_subscribe(u32 portid, struct sock *socket,
			  const struct kith_position *positions, unsigned int n);

/* 0, or -EPERM if @portid is not the subscriber. May sleep. */
int kith_stream_unsubscribe(u32 portid);
int kith_stream_ack(u32 portid, const struct kith_position *positions,
		    unsigned int n);

u32 kith_stream_subscriber(void);

/*
 * The last record of each ring that the subscriber has got or can get, 0: there is
 * none. @positions: kith_ring_count() of them, zeroed. May sleep. Return: 0, or
 * -ENOTCONN without a subscriber: the producers overwrite what would be read here.
 */
int kith_stream_last(struct kith_position *positions);

/* Send what waits, now. Any context but NMI. */
void kith_stream_flush(void);

/**
 * kith_stream_close() - Before unloading: no new subscriber; give the present
 * one a moment to take and acknowledge all that is left.
 */
void kith_stream_close(void);

/* Does the stream sleep until there is a record? */
bool kith_stream_idle(void);

/* Changes each time that losses are reported. */
u32 kith_stream_loss_epoch(void);

/* irq_work of a CPU whose ring wants attention. */
void kith_stream_wake(struct irq_work *work);

#endif
