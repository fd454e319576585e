/* SPDX-License-Identifier: GPL-2.0-only */
/* Which processes somebody means. */
#ifndef KITH_SELECT_H
#define KITH_SELECT_H

#include "command.h"

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

/* How people name processes, for --help. */
#define SELECT_HELP                                                             \
	"PROCESS is a pid, #ID (a process_id of the database), the path of an " \
	"executable or script, or a name."

/*
 * A condition on view process, in which ?1 stands for what select_bind() is given;
 * *text is cut to that.
 */
const char *select_condition(const char **text);
void select_bind(sqlite3_stmt *statement, const char *text);

/*
 * The ids of the processes that @text means and that lived between since and
 * until, the youngest first, at most @max. malloc()ed into *ids.
 * Return: exit status; EX_NOINPUT if there is none, after saying so on stderr.
 */
int select_processes(sqlite3 *db, const char *text, const struct common *common,
		     int64_t **ids, size_t *count, size_t max);

#endif
