/* SPDX-License-Identifier: GPL-2.0-only */
/* A disk under SQLite that fails when it is told to: full, broken or read-only. */
#ifndef KITH_DISK_H
#define KITH_DISK_H

#include <stdbool.h>

enum { DISK_FAULTS = 5 };

/* What each write says then, what store.h makes of it, and whether half of it gets there. */
struct disk_fault {
	int code;
	int error;
	bool torn;
};

extern const struct disk_fault disk_faults[DISK_FAULTS];

/* For all databases that are opened from now on. */
void disk_install(void);

/*
 * From the @after'th write, sync, truncation or growth of shared memory on all fail as
 * disk_faults[row] says, until it is healed.
 */
void disk_break(int row, int after);
void disk_heal(void);

/* Has one failed since? */
bool disk_fails(void);

#endif
