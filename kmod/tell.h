/* SPDX-License-Identifier: GPL-2.0-only */
/* Records of conversations and listeners. Context of all: the lock of the socket is held. */
#ifndef _KITH_TELL_H
#define _KITH_TELL_H

#include "sink.h"
#include "socket.h"

/* The conversation that @end is an end of. @ended: 0 if it goes on */
void kith_tell_fill(struct kith_connection *body, struct kith_socket *end, u64 ended);

/* Something that differs when what is told does. */
u64 kith_tell_mark(const struct kith_connection *body);

/* Tell of it, and of further users. Return: was there room? */
bool kith_tell_connection(struct kith_sink *sink, struct kith_socket *socket,
			  const struct kith_connection *body);
bool kith_tell_listener(struct kith_sink *sink, const struct kith_socket *socket, u64 ended);

/* Does it listen, as far as is known now? A TCP port may be chosen late. */
bool kith_tell_listens(struct kith_socket *socket);

/* Nothing that anybody could want to know of: a pair that was not used, say. */
bool kith_tell_is_silent(const struct kith_socket *socket);

/* As it stands, a conversation or a listener, if there is anything to tell. */
void kith_tell(struct kith_sink *sink, struct kith_socket *socket, u64 ended);

#endif
