/* SPDX-License-Identifier: GPL-2.0-only */
/* What of Unix sockets differs between kernels. */
#ifndef _KITH_COMPAT_UNIX_H
#define _KITH_COMPAT_UNIX_H

#include <net/af_unix.h>

/* Exported by all; since 6.17 its declaration is not for modules to see. */
long unix_inq_len(struct sock *sk);

/* Bytes in the queue of a stream that is connected. Context: no lock of its is held. */
static inline u64 kith_unix_unread(struct sock *sk)
{
	long unread = unix_inq_len(sk);

	return unread > 0 ? unread : 0;
}

#endif
