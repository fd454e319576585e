/* SPDX-License-Identifier: GPL-2.0-only */
/* Unix sockets: streams, datagrams, and pairs. */
#ifndef _KITH_UNIX_H
#define _KITH_UNIX_H

#include "socket.h"

/* Hooks; see the table in hook.c. */
void kith_unix_connecting(struct kith_ftrace_regs *regs);
void kith_unix_listening(struct kith_ftrace_regs *regs);
void kith_unix_may_send(struct kith_ftrace_regs *regs);
void kith_unix_copied(struct kith_ftrace_regs *regs);
void kith_unix_spliced(struct kith_ftrace_regs *regs);
void kith_unix_receiving(struct kith_ftrace_regs *regs);
void kith_unix_sending_page(struct kith_ftrace_regs *regs);
void kith_unix_page_appended(struct kith_ftrace_regs *regs);
void kith_unix_taken(struct kith_ftrace_regs *regs);
void kith_unix_released(struct kith_ftrace_regs *regs);

/* current has accepted @sk. Context: as kith_socket_find(). */
void kith_unix_accepted(const struct sock *sk);

/* @user holds @sk, which we have not seen begin. Context: as above; no lock of its is held. */
void kith_unix_found(struct sock *sk, u64 user);

/* Bytes that the stream @socket has sent, and got, read or not. Context: its lock is held. */
void kith_unix_count(const struct kith_socket *socket, u64 *sent, u64 *received);

/* Has nothing been said that anybody could want to know of? */
bool kith_unix_is_silent(const struct kith_socket *socket);

/* Does the socket of this hub take datagrams from anybody? Context: its lock is held. */
bool kith_unix_listens(struct kith_socket *hub);

#endif
