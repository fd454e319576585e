/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process beside kithd for what may be slow or meets what others have made: it reads the
 * state of runtimes, hashes files, asks who a user is. It may read any file and look at any
 * process (CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE), which kithd itself then may not any more.
 */
#ifndef KITH_HELPER_H
#define KITH_HELPER_H

#include "hasher.h"

/*
 * Start it, with files whose hashes are known; it ends with us. *descriptor is our end of
 * what connects us. Return: 0 or a negative errno.
 */
int helper_start(const struct hash_known *known, size_t count, int *descriptor);

/* Until it is started: do without what only the helper needs, but keep it to be given. */
int helper_spare_privileges(void);

/* Give up, for good, what only the helper needs. */
int helper_drop_privileges(void);

#endif
