/* SPDX-License-Identifier: GPL-2.0-only */
/* TCP: where its conversations begin and end. */
#ifndef _KITH_TCP_H
#define _KITH_TCP_H

#include "socket.h"

/* Hooks; see the table in hook.c. */
kith_entry_fn kith_tcp_connecting;
kith_entry_fn kith_tcp_cloned;
kith_entry_fn kith_tcp_used;
kith_entry_fn kith_tcp_splicing;
void kith_tcp_state(void *data, const struct sock *sk, const int before, const int now);

/* Bytes that @socket has got across, and got, up to now. Context: its lock is held. */
struct kith_moved kith_tcp_count(const struct kith_socket *socket);

/* A listening socket's port may be chosen late. Context: its lock is held. */
void kith_tcp_name(struct kith_socket *socket);

/* current has accepted @sk, which may be of another protocol. Context: as below. */
void kith_tcp_accepted(const struct sock *sk);

/*
 * An open socket that we have not seen begin, and which @user holds: watch it, from
 * @side of its conversation if it has one. kith_tcp_met() does so if there is room,
 * and guesses the side. Context: RCU read section; @sk stays meanwhile.
 */
void kith_tcp_found(const struct sock *sk, enum kith_side side, u64 user);
void kith_tcp_met(const struct sock *sk, u64 user);

#endif
