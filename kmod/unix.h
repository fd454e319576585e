/* SPDX-License-Identifier: GPL-2.0-only */
/* Unix sockets: streams, datagrams, and pairs. */
#ifndef _KITH_UNIX_H
#define _KITH_UNIX_H

#include "socket.h"

/* Hooks; see the table in hook.c. */
kith_entry_fn kith_unix_connecting;
kith_entry_fn kith_unix_listening;
kith_entry_fn kith_unix_may_send;
kith_entry_fn kith_unix_copied;
kith_entry_fn kith_unix_spliced;
kith_entry_fn kith_unix_receiving;
kith_entry_fn kith_unix_sending_page;
kith_entry_fn kith_unix_page_appended;
kith_entry_fn kith_unix_taken;
kith_entry_fn kith_unix_released;

/* current has accepted @sk. Context: as kith_socket_find(). */
void kith_unix_accepted(const struct sock *sk);

/* @user holds @sk, which we have not seen begin. Context: as above; no lock of its is held. */
void kith_unix_found(struct sock *sk, u64 user);

/* Bytes that the stream @socket has sent, and got, read or not. Context: its lock is held. */
struct kith_moved kith_unix_count(const struct kith_socket *socket);

/* Has nothing been said that anybody could want to know of? */
bool kith_unix_is_silent(const struct kith_socket *socket);

/* Does the socket of this hub take datagrams from anybody? Context: its lock is held. */
bool kith_unix_listens(struct kith_socket *hub);

#endif
