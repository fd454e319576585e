/* SPDX-License-Identifier: GPL-2.0-only */
/* What tells one load of the module from the next. */
#ifndef _KITH_LOAD_H
#define _KITH_LOAD_H

#include <linux/types.h>

u64 kith_load_id(void);	  /* random, never 0 */
u64 kith_loaded_ns(void); /* since when all hooks hear; CLOCK_BOOTTIME */

#endif
