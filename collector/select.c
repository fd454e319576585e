// SPDX-License-Identifier: GPL-2.0-only
/* Which processes somebody means. */
#include "select.h"

#include "log.h"
#include "query.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

/* ?1 what was meant, ?2 since, ?3 until, ?4 how many. */
#define LIFETIME                                                        \
	" AND started <= ?3 AND " QUERY_LIVED_SINCE                     \
	" ORDER BY process_id DESC LIMIT ?4"

static const char by_id[] = "SELECT process_id FROM process WHERE process_id = ?1" LIFETIME;
static const char by_pid[] = "SELECT process_id FROM process WHERE pid = ?1" LIFETIME;

/* What a process runs now or ran last, or has executed before that. */
#define HAS_EXECUTED(condition)                                          \
	condition " OR process_id IN (SELECT process_id FROM execution" \
		  " WHERE error IS NULL AND (" condition "))"
#define IS_NAMED "substr(exe, -length(?1) - 1) = '/' || ?1"

static const char by_path[] = "SELECT process_id FROM process WHERE ("
	HAS_EXECUTED("exe = ?1 OR script = ?1") ")" LIFETIME;
static const char by_name[] = "SELECT process_id FROM process WHERE (comm = substr(?1, 1, 15) OR "
	HAS_EXECUTED(IS_NAMED) ")" LIFETIME;

static int is_number(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == '\0';
}

static const char *choose(const char **text)
{
	if (**text == '#' && is_number(*text + 1)) {
		++*text;
		return by_id;
	}
	if (is_number(*text))
		return by_pid;
	return **text == '/' ? by_path : by_name;
}

static void bind(sqlite3_stmt *statement, const char *sql, const char *text,
		 const struct common *common, size_t max)
{
	if (sql == by_id || sql == by_pid)
		sqlite3_bind_int64(statement, 1, strtoll(text, NULL, 10));
	else
		sqlite3_bind_text(statement, 1, text, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, common->since);
	sqlite3_bind_int64(statement, 3, common->until);
	sqlite3_bind_int64(statement, 4, (int64_t)max);
}

int select_processes(sqlite3 *db, const char *text, const struct common *common,
		     int64_t **ids, size_t *count, size_t max)
{
	const char *meant = text, *sql = choose(&meant);
	sqlite3_stmt *statement = NULL;
	int status = query_prepare(db, &statement, sql), code = SQLITE_DONE;

	*count = 0;
	*ids = calloc(max, sizeof(**ids));
	if (!*ids)
		status = EX_OSERR;
	if (!status)
		bind(statement, sql, meant, common, max);
	while (!status && *count < max && (code = sqlite3_step(statement)) == SQLITE_ROW)
		(*ids)[(*count)++] = sqlite3_column_int64(statement, 0);
	if (!status && code != SQLITE_ROW && code != SQLITE_DONE)
		status = query_failed(db);
	sqlite3_finalize(statement);
	if (!status && !*count) {
		log_error("no process is known as %s", text);
		status = EX_NOINPUT;
	}
	return status;
}
