/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Per-CPU buffers for paths and strings on their way into a record: too large
 * for the stack. For hooks in process context only: an interrupt's hook must
 * not use them.
 */
#ifndef _KITH_SCRATCH_H
#define _KITH_SCRATCH_H

#include <linux/limits.h>
#include <linux/types.h>

struct kith_scratch {
	char path[3][PATH_MAX];
	char text[2048];
};

int kith_scratch_init(void);
void kith_scratch_exit(void);

/* Those of this CPU. Context: preemption off, until the last use. */
struct kith_scratch *kith_scratch(void);

#endif
