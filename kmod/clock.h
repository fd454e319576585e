/* SPDX-License-Identifier: GPL-2.0-only */
/* One moment, by two clocks. */
#ifndef _KITH_CLOCK_H
#define _KITH_CLOCK_H

#include <linux/ktime.h>

/*
 * The wall clock when CLOCK_BOOTTIME is @boot_ns. Not by reading it too: what passes
 * between the two reads would look as if somebody had set it.
 */
static inline u64 kith_clock_real_ns(u64 boot_ns)
{
	return boot_ns + ktime_to_ns(ktime_mono_to_any(0, TK_OFFS_REAL)) -
	       ktime_to_ns(ktime_mono_to_any(0, TK_OFFS_BOOT));
}

#endif
