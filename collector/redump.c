// SPDX-License-Identifier: GPL-2.0-only
/* When to ask for the live processes again. */
#include "redump.h"

void redump_restart(struct redump *redump)
{
	redump->first = 0;
}

bool redump_due(struct redump *redump, uint64_t losses, int64_t now)
{
	if (losses != redump->losses) {
		redump->losses = losses;
		redump->last = now;
		if (!redump->first)
			redump->first = now;
	}
	if (!redump->first || (redump->done && now - redump->done < REDUMP_APART_MS))
		return false;
	if (now - redump->last < REDUMP_QUIET_MS && now - redump->first < REDUMP_APART_MS)
		return false;
	redump->first = 0;
	redump->done = now;
	return true;
}
