// SPDX-License-Identifier: GPL-2.0-only
/* Is what was dropped what kithd says that it has dropped? */
#include "verify.h"

#include "retention_job.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct retention_job *find_job(const char *table)
{
	const struct retention_job *job;

	for (job = retention_jobs; job->table; job++)
		if (!strcmp(job->table, table) && !job->bound && !job->scattered)
			return job;
	return NULL;
}

/* The words of an event that say which segments, for the tables of @kind. */
static bool read_event(const char *text, enum segment_kind kind, int64_t *first,
		       int64_t *last)
{
	const size_t size = strlen(retention_kinds[kind]);

	return text && !strncmp(text, retention_kinds[kind], size) &&
	       sscanf(text + size, " of segments %" SCNd64 " to %" SCNd64 ", ", first,
		      last) == 2;
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
