/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sweep: a kernel thread that now and then looks at every thread's
 * credentials, so that a change shows in one that calls no hook; sends counts
 * that folding has held back; and tries whether the hooks still fire.
 */
#ifndef _KITH_SWEEP_H
#define _KITH_SWEEP_H

#include <linux/types.h>

/* Copies every thread's credentials before it returns. */
int kith_sweep_init(void);
void kith_sweep_exit(void);

/* Number of the present sweep, from 1. */
u32 kith_sweep_number(void);

/* KITH_HEALTH_* */
u32 kith_sweep_health(void);

#endif
