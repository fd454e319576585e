// SPDX-License-Identifier: GPL-2.0-only
/* Arguments of the programs. */
#include "argument.h"

#include <errno.h>
#include <stdlib.h>

uint64_t argument_number(const char *text, struct argp_state *state)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text == '-')
		argp_error(state, "not a number: %s", text);
	return value;
}
