// SPDX-License-Identifier: GPL-2.0-only
/* Which processes somebody means. */
#include "select.h"

#include "log.h"
#include "query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

/* What a process runs now or ran last, or has executed before that. */
#define HAS_EXECUTED(condition)                                          \
	condition " OR process_id IN (SELECT process_id FROM execution" \
		  " WHERE error IS NULL AND (" condition "))"
#define IS_NAMED "substr(exe, -length(?1) - 1) = '/' || ?1"

/* Conditions on view process; ?1 is what was meant. */
static const char by_id[] = "process_id = ?1";
static const char by_pid[] = "pid = ?1";
static const char by_path[] = "(" HAS_EXECUTED("exe = ?1 OR script = ?1") ")";
static const char by_name[] = "(comm = substr(?1, 1, 15) OR " HAS_EXECUTED(IS_NAMED) ")";

static int is_number(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == '\0';
}

const char *select_condition(const char **text)
{
	if (**text == '#' && is_number(*text + 1)) {
		++*text;
		return by_id;
	}
	if (is_number(*text))
		return by_pid;
	return **text == '/' ? by_path : by_name;
}

void select_bind(sqlite3_stmt *statement, const char *text)
{
	if (is_number(text))
		sqlite3_bind_int64(statement, 1, strtoll(text, NULL, 10));
	else
		sqlite3_bind_text(statement, 1, text, -1, SQLITE_STATIC);
}

static int prepare(sqlite3 *db, sqlite3_stmt **statement, const char *condition)
{
	char sql[1024];

	snprintf(sql, sizeof(sql),
		 "SELECT process_id FROM process WHERE %s AND started <= ?3 AND"
		 " " QUERY_LIVED_SINCE " ORDER BY process_id DESC LIMIT ?4",
		 condition);
	return query_prepare(db, statement, sql);
}

static void bind(sqlite3_stmt *statement, const char *text, const struct common *common,
		 size_t max)
{
	select_bind(statement, text);
	sqlite3_bind_int64(statement, 2, common->since);
	sqlite3_bind_int64(statement, 3, common->until);
	sqlite3_bind_int64(statement, 4, (int64_t)max);
}

int select_processes(sqlite3 *db, const char *text, const struct common *common,
		     int64_t **ids, size_t *count, size_t max)
{
	const char *meant = text, *condition = select_condition(&meant);
	sqlite3_stmt *statement = NULL;
	int status = prepare(db, &statement, condition), code = SQLITE_DONE;

	*count = 0;
	*ids = calloc(max, sizeof(**ids));
	if (!*ids)
		status = EX_OSERR;
	if (!status)
		bind(statement, meant, common, max);
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
