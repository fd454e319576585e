/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the two ends of a conversation meet: by a number that both know, their pair. What
 * is done there to sockets is declared in socket.h, from kith_socket_marry() on.
 */
#ifndef _KITH_MEETING_H
#define _KITH_MEETING_H

#include <linux/types.h>

/* Called by socket.c, whose table is there. Return: 0 or -ENOMEM; then exit is harmless. */
int kith_meeting_init(void);
void kith_meeting_exit(void);

/* Does nobody wait at this place? Without a lock. */
bool kith_meeting_is_empty(unsigned int bucket);

#endif
