/* SPDX-License-Identifier: GPL-2.0-only */
/* UDP: what was sent, and what was received, by each socket from each address. */
#ifndef _KITH_UDP_H
#define _KITH_UDP_H

#include "socket.h"

/* Hooks; see the table in hook.c. */
kith_entry_fn kith_udp_sent4;
kith_entry_fn kith_udp_sent6;
kith_entry_fn kith_udp_received;
kith_entry_fn kith_udp_released;

void kith_udp_init(void);

/* @user has made @sk, or, if it is found, holds it. Context: as kith_socket_find(). */
void kith_udp_held(const struct sock *sk, u64 user, bool found);

/*
 * Does the socket of this hub take datagrams from anybody? Then its address and port are
 * in its tuple. Context: its lock is held.
 */
bool kith_udp_listens(struct kith_socket *hub);

/* They are of two network namespaces: do they belong together, if their addresses say so? */
bool kith_udp_fits(const struct kith_socket *one, const struct kith_socket *two);

/* They have the same addresses: may one be of a later conversation than the other? */
bool kith_udp_may_follow(const struct kith_socket *one, const struct kith_socket *two);

#endif
