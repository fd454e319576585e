/* SPDX-License-Identifier: GPL-2.0-only */
/* Waiting until a database has what the module had reported. */
#ifndef KITH_SYNCED_H
#define KITH_SYNCED_H

#include "control.h"

#include <sqlite3.h>
#include <stdint.h>

/*
 * Wait until all that the module has reported by now is in @database, its losses too, no
 * longer than @seconds, which may be 10^9. *db: the database, open for reading, or NULL;
 * the caller closes it. *counters: the module's, as they were then.
 * Return: 0; -ENOTCONN: nobody was subscribed in all that time; -ETIMEDOUT; another
 * negative error of the module; or the exit status, which is positive, if the database
 * cannot be opened, after saying so on stderr.
 */
int synced_wait(const char *database, uint64_t seconds, struct control_counters *counters,
		sqlite3 **db);

#endif
