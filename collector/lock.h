/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One writer per database: DATABASE.lock is locked, and holds the writer's pid,
 * while it runs.
 */
#ifndef KITH_LOCK_H
#define KITH_LOCK_H

#include <sys/types.h>

/* Return: a descriptor to keep open, -EBUSY if another holds it, or an error. */
int lock_take(const char *database);

/* Pid of the holder; 0 nobody; or an error. */
pid_t lock_holder(const char *database);

#endif
