/* SPDX-License-Identifier: GPL-2.0-only */
/* What time it is. */
#ifndef KITH_CLOCK_H
#define KITH_CLOCK_H

#include <stdint.h>

/* Since the epoch. */
int64_t clock_wall_ns(void);

/* Since some moment; nobody sets this one. */
int64_t clock_steady_ms(void);

#endif
