/* SPDX-License-Identifier: GPL-2.0-only */
/* Arguments of the programs. */
#ifndef KITH_ARGUMENT_H
#define KITH_ARGUMENT_H

#include <argp.h>
#include <stdint.h>

/* A number from @text, or argp_error(). */
uint64_t argument_number(const char *text, struct argp_state *state);

#endif
