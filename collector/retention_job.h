/* SPDX-License-Identifier: GPL-2.0-only */
/* What is to be deleted where a kind of history is dropped, in which order. */
#ifndef KITH_RETENTION_JOB_H
#define KITH_RETENTION_JOB_H

#include "segment.h"

enum { RETENTION_STATEMENTS = 2 };

/*
 * Rows of a table by their keys, from the last that may go to the first that is there: whom
 * others descend from comes after those.
 */
struct retention_job {
	const char *table;
	const char *key;
	const char *bound; /* the table whose segments end where these do */
	/*
	 * SQL, in which ?3 is when the last of the segments was closed, ?4 its number, ?5 that
	 * of the first that uses no string of earlier ones.
	 */
	const char *before; /* or NULL: fills temp.kept, which is empty */
	const char *statements[RETENTION_STATEMENTS]; /* of keys ?1 to ?2 */
	const char *after[RETENTION_STATEMENTS]; /* when they are gone */
	enum segment_kind kind;
	bool shared;	/* later segments may use what earlier ones brought */
	bool scattered; /* its keys tell nothing of the time */
};

/* What events call them. */
extern const char *const retention_kinds[SEGMENT_KINDS];

extern const struct retention_job retention_jobs[]; /* ends with table NULL */

enum { RETENTION_PARAMETERS = 5 };

/* One of a job's statements, with ?1 to ?5 as it has them. */
int retention_job_run(struct store *store, const char *sql,
		      const int64_t parameters[RETENTION_PARAMETERS]);

#endif
