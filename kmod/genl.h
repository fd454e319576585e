/* SPDX-License-Identifier: GPL-2.0-only */
/* The generic netlink family: commands in, answers and events out. */
#ifndef _KITH_GENL_H
#define _KITH_GENL_H

#include <net/genetlink.h>

extern struct genl_family kith_genl_family;

int kith_genl_init(void);
void kith_genl_exit(void);

#endif
