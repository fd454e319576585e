// SPDX-License-Identifier: GPL-2.0-only
/* Is what was dropped what kithd says that it has dropped? */
#include "verify.h"

#include "retention_job.h"

#include <stdlib.h>
#include <string.h>

static const struct retention_job *find_job(const char *table)
{
	const struct retention_job *job;

	for (job = retention_jobs; job->table; job++)
		if (!strcmp(job->table, table) && !job->bound && !job->scattered)
			return job;
	return NULL;
}

/* What stands behind @word at *text, which moves on. */
static bool read_number(const char **text, const char *word, int64_t *number)
{
	const size_t size = strlen(word);
	char *end;

	if (strncmp(*text, word, size) != 0)
		return false;
	*number = strtoll(*text + size, &end, 10);
	if (end == *text + size)
		return false;
	*text = end;
	return true;
}

/* The words of an event that say which segments, for the tables of @kind. */
static bool read_event(const char *text, enum segment_kind kind, int64_t *first,
		       int64_t *last)
{
	const size_t size = strlen(retention_kinds[kind]);

	if (!text || strncmp(text, retention_kinds[kind], size) != 0)
		return false;
	text += size;
	return read_number(&text, " of segments ", first) &&
	       read_number(&text, " to ", last);
}

static bool covers(const struct retention_job *job, int64_t segment, const char *text)
{
	int64_t first, last;

	if (!job || !read_event(text, job->kind, &first, &last))
		return false;
	return segment <= last && (job->shared || segment >= first);
}

int verify_drop(struct verify *verify, const char *table, int64_t segment, int64_t event)
{
	const struct verify_fault fault = {
		.kind = "dropped",
		.segment = segment,
		.table = table,
		.row = INT64_MIN,
		.text = "is said to be dropped, and no event says so",
	};
	sqlite3_stmt *statement;
	int code = sqlite3_prepare_v2(verify->db,
				      "SELECT detail FROM main.sensor_events"
				      " WHERE id = ? AND event = 'dropped'",
				      -1, &statement, NULL);

	if (code != SQLITE_OK)
		return code;
	sqlite3_bind_int64(statement, 1, event);
	code = sqlite3_step(statement);
	if (code == SQLITE_DONE ||
	    (code == SQLITE_ROW &&
	     !covers(find_job(table), segment,
		     (const char *)sqlite3_column_text(statement, 0))))
		verify_tell(verify, &fault);
	sqlite3_finalize(statement);
	return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}
