/* SPDX-License-Identifier: GPL-2.0-only */
/* What the processors have done so far, whoever it was for. */
#ifndef KITH_BENCH_BUSY_H
#define KITH_BENCH_BUSY_H

#include <stdint.h>

/* Nanoseconds of CLOCK_MONOTONIC. */
uint64_t busy_now(void);

/*
 * Nanoseconds that all processors together ran something else than their idle loop,
 * interrupts in that loop not included. With a clock that counts instructions, these
 * are instructions. The caller sleeps for a moment: what runs is counted when it stops.
 */
uint64_t busy_total(void);

/*
 * Writes all to disk, waits until nobody has anything left to do, and returns what that
 * took beyond what goes on for ever.
 */
uint64_t busy_drain(void);

#endif
