/* SPDX-License-Identifier: GPL-2.0-only */
/* Is the database too large, or its disk too full? */
#ifndef KITH_RETENTION_SIZE_H
#define KITH_RETENTION_SIZE_H

#include "retention.h"

#include <stddef.h>

/* What is dropped because others fill the disk is older than that. */
#define RETENTION_DISK_DAYS 7

/*
 * @why gets the reason, in words; "": it is not. *days: what is younger stays; 0: nothing
 * has to. Return: 0 or an error.
 */
int retention_judge(struct store *store, const struct retention_limits *limits, char *why,
		    size_t size, uint32_t *days);

#endif
