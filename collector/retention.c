// SPDX-License-Identifier: GPL-2.0-only
/* How long history stays. */
#include "retention.h"

#include "clock.h"
#include "log.h"
#include "retention_job.h"
#include "retention_size.h"
#include "seal_chain.h"
#include "statement.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LOOK_MS = 10000,  /* between two looks whether it is too much */
	AGE_MS = 600000, /* and whether it is too old, which takes days to change */
	STEP_MS = 10,
	CHUNK_ROWS = 1000,
	SHARES = 32, /* of what there is, that one drop takes when it is too much */
};

#define DAY_NS INT64_C(86400000000000)

/* A gap within the last so many segments, a day of them, and nobody knows how old things are. */
enum { STEADY_SEGMENTS = 96 };
#define GAP_NS (2 * DAY_NS)

/* What is being dropped. */
struct drop {
	int64_t event; /* sensor_events.id; 0: nothing */
	enum segment_kind kind;
	int64_t first; /* segments */
	int64_t last;
	int64_t closed; /* when the last one was */
	const struct retention_job *job;
	int64_t fresh; /* the first segment that uses no string of what goes */
	int64_t next;  /* the key from which on it goes down */
	bool begun;    /* the job is */
};

struct retention {
	struct store *store;
	struct retention_limits limits;
	int64_t looked;			/* monotonic ms; 0: never */
	int64_t aged;			/* when at ages, too */
	int64_t dropped[SEGMENT_KINDS]; /* the last segment that is */
	bool known; /* these are, and whether a drop was interrupted */
	bool warned;
	bool off; /* the database is damaged: what can be stored is more than what goes */
	struct drop drop;
};

struct retention *retention_new(struct store *store,
				const struct retention_limits *limits)
{
	struct retention *retention = calloc(1, sizeof(*retention));

	if (!retention)
		return NULL;
	retention->store = store;
	if (limits)
		retention->limits = *limits;
	return retention;
}

void retention_free(struct retention *retention)
{
	free(retention);
}

void retention_look(struct retention *retention)
{
	retention->looked = 0;
}

/* What @sql gives, of which ?1 and so on are @parameters; NULL, and no row, are @otherwise. */
static int ask(struct retention *retention, int64_t *value, int64_t otherwise,
	       const char *sql, size_t count, const int64_t *parameters)
{
	sqlite3_stmt *statement;
	size_t i;
	int ret = store_prepare(retention->store, &statement, sql), code;

	*value = otherwise;
	if (ret)
		return ret;
	for (i = 0; i < count; i++)
		sqlite3_bind_int64(statement, (int)i + 1, parameters[i]);
	code = sqlite3_step(statement);
	if (code == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL)
		*value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return code == SQLITE_ROW || code == SQLITE_DONE
		       ? 0
		       : store_fail(retention->store, code);
}

/* The segment whose strings, paths and routes are the first that those after @last use. */
static int find_fresh(struct retention *retention, int64_t last, int64_t *fresh)
{
	const int64_t parameters[] = { last + 1 };

	return ask(
		retention, fresh, 0,
		"SELECT id FROM segments WHERE id <= ? AND strings ORDER BY id DESC LIMIT 1",
		1, parameters);
}

/* Up to which segment @job drops when all of its kind up to @last are dropped. */
static int find_last(struct retention *retention, const struct retention_job *job,
		     int64_t last, int64_t *result)
{
	int ret;

	*result = last;
	if (!job->shared)
		return 0;
	ret = find_fresh(retention, last, result);
	--*result;
	return ret;
}

static int mark_table(struct retention *retention, const struct retention_job *job)
{
	struct binder binder;
	int64_t last;
	int ret;

	if (job->bound || job->scattered)
		return 0;
	ret = find_last(retention, job, retention->drop.last, &last);
	if (ret)
		return ret;
	binder = statement_bind(retention->store, STATEMENT_SEGMENT_DROPPED);
	bind_text(&binder, job->table);
	bind_int(&binder, last);
	bind_int(&binder, retention->drop.event);
	return statement_run(retention->store, STATEMENT_SEGMENT_DROPPED);
}

static int count_table(struct retention *retention, const struct retention_job *job,
		       int64_t *rows)
{
	const int64_t parameters[] = { retention->drop.first, retention->drop.last };
	int64_t more;
	char sql[160];
	int ret;

	if (job->bound || job->shared)
		return 0;
	snprintf(sql, sizeof(sql),
		 "SELECT sum(rows) FROM segment_tables WHERE name = '%s'"
		 " AND segment BETWEEN ? AND ? AND dropped IS NULL",
		 job->table);
	ret = ask(retention, &more, 0, sql, 2, parameters);
	*rows += more;
	return ret;
}

static int mark_tables(struct retention *retention)
{
	const struct retention_job *job;
	int ret = 0;

	for (job = retention_jobs; job->table && !ret; job++)
		if (job->kind == retention->drop.kind)
			ret = mark_table(retention, job);
	return ret;
}

static int count_rows(struct retention *retention, int64_t *rows)
{
	const struct retention_job *job;
	int ret = 0;

	*rows = 0;
	for (job = retention_jobs; job->table && !ret; job++)
		if (job->kind == retention->drop.kind)
			ret = count_table(retention, job, rows);
	return ret;
}

/* The drop becomes known, and then nothing stops it. */
static int announce(struct retention *retention, int64_t now, const char *detail)
{
	struct drop *drop = &retention->drop;
	int ret = store_sensor_event(retention->store, now, 0, "dropped", 0,
				     (struct slice){ detail, strlen(detail) });

	if (ret)
		return ret;
	drop->event = sqlite3_last_insert_rowid(retention->store->db);
	ret = mark_tables(retention);
	return ret ? ret
		   : statement_run_of(retention->store, STATEMENT_DROPPING, drop->event);
}

/* Begin to drop what retention->drop says, or take it as done if there is nothing. */
static int begin(struct retention *retention, int64_t now, const char *why)
{
	struct drop *drop = &retention->drop;
	const int64_t parameters[] = { drop->last };
	char detail[160];
	int64_t rows;
	int ret = ask(retention, &drop->closed, 0,
		      "SELECT closed FROM segments WHERE id = ?", 1, parameters);

	if (!ret)
		ret = count_rows(retention, &rows);
	if (ret)
		return ret;
	if (!rows) {
		retention->dropped[drop->kind] = drop->last;
		retention_look(retention);
		return 1;
	}
	snprintf(detail, sizeof(detail),
		 "%s of segments %" PRId64 " to %" PRId64 ", %" PRId64 " rows: %s",
		 retention_kinds[drop->kind], drop->first, drop->last, rows, why);
	ret = store_begin(retention->store);
	if (!ret)
		ret = announce(retention, now, detail);
	if (!ret)
		ret = store_commit(retention->store);
	if (ret)
		return ret;
	/* Where the log goes to another host, this does too. */
	log_info("dropping %s", detail);
	drop->job = retention_jobs;
	return 1;
}

/*
 * Was the clock not set, or the host off, lately? One step of the clock forward would make
 * all old at once.
 */
static int is_steady(struct retention *retention, int64_t now, int64_t *steady)
{
	const int64_t parameters[] = { now, GAP_NS, STEADY_SEGMENTS };

	return ask(retention, steady, 0,
		   "SELECT NOT EXISTS (SELECT 1 FROM"
		   " (SELECT lag(closed, 1, ?1) OVER (ORDER BY id DESC) - closed AS gap"
		   "  FROM (SELECT id, closed FROM segments ORDER BY id DESC LIMIT ?3))"
		   " WHERE gap NOT BETWEEN -?2 AND ?2)",
		   3, parameters);
}

/* The last of @kind's segments that were closed more than @days days ago, 0: none were. */
static int find_old(struct retention *retention, enum segment_kind kind, int64_t now,
		    int64_t days, int64_t *last)
{
	const int64_t parameters[] = { retention->dropped[kind], now - days * DAY_NS,
				       now };

	int64_t steady = 0;
	int ret = days ? is_steady(retention, now, &steady) : 0;

	*last = 0;
	if (ret || !steady)
		return ret;
	/* A clock that was wrong for a while may neither keep them nor let them go. */
	return ask(
		retention, last, 0,
		"SELECT max(id) FROM segments WHERE id > ?1 AND closed < ?2 AND seal IS NOT"
		" NULL AND id < coalesce((SELECT min(id) FROM segments WHERE id > ?1"
		"  AND closed BETWEEN ?2 AND ?3), 9223372036854775807)",
		3, parameters);
}

static int drop_old(struct retention *retention, int64_t now)
{
	struct drop *drop = &retention->drop;
	int kind, ret = 0;
	char why[64];

	for (kind = 0; kind < SEGMENT_KINDS && !ret; kind++) {
		*drop = (struct drop){ .kind = (enum segment_kind)kind,
				       .first = retention->dropped[kind] + 1 };
		ret = find_old(retention, drop->kind, now, retention->limits.days[kind],
			       &drop->last);
		if (ret || !drop->last)
			continue;
		snprintf(why, sizeof(why), "older than %" PRIu32 " days",
			 retention->limits.days[kind]);
		ret = begin(retention, now, why);
	}
	return ret;
}

/* A part of @kind that is sealed and, if that matters, older than @days days. */
static int find_share(struct retention *retention, enum segment_kind kind, int64_t now,
		      int64_t days, int64_t *last)
{
	const int64_t before = retention->dropped[kind];
	unsigned char seal[SHA256_SIZE];
	int64_t most;

	*last = 0;
	if (seal_chain_head(retention->store->db, &most, seal))
		return store_fail(retention->store,
				  sqlite3_errcode(retention->store->db));
	if (days) {
		int ret = find_old(retention, kind, now, days, &most);

		if (ret)
			return ret;
	}
	if (before >= most)
		return 0;
	*last = before + 1 + (most - before) / SHARES;
	if (*last > most)
		*last = most;
	return 0;
}

static int drop_too_much(struct retention *retention, int64_t now)
{
	struct drop *drop = &retention->drop;
	uint32_t days;
	char why[80];
	int kind, ret = retention_judge(retention->store, &retention->limits, why,
					sizeof(why), &days);

	if (ret || !*why)
		return ret;
	for (kind = 0; kind < SEGMENT_KINDS; kind++) {
		*drop = (struct drop){ .kind = (enum segment_kind)kind,
				       .first = retention->dropped[kind] + 1 };
		ret = find_share(retention, drop->kind, now, days, &drop->last);
		if (ret || drop->last)
			return ret ? ret : begin(retention, now, why);
	}
	if (!retention->warned)
		log_warning("%s, and there is nothing more to drop", why);
	retention->warned = true;
	return 0;
}

static int run(struct retention *retention, const char *sql, int64_t from, int64_t to)
{
	const struct drop *drop = &retention->drop;
	const int64_t parameters[] = { from, to, drop->closed, drop->last, drop->fresh };

	return retention_job_run(retention->store, sql, parameters);
}

static int run_all(struct retention *retention, const char *const *statements, int64_t from,
		   int64_t to)
{
	int i, ret = 0;

	for (i = 0; i < RETENTION_STATEMENTS && statements[i] && !ret; i++)
		ret = run(retention, statements[i], from, to);
	return ret;
}

/* What is kept of the table. */
static int begin_kept(struct retention *retention)
{
	struct drop *drop = &retention->drop;
	int ret = store_execute(retention->store, "CREATE TEMP TABLE IF NOT EXISTS kept"
						  " (id INTEGER PRIMARY KEY);"
						  "DELETE FROM temp.kept");

	if (!ret && drop->job->before)
		ret = run(retention, drop->job->before, 0, 0);
	drop->begun = !ret;
	return ret;
}

/* The keys that go, from the last on; the last row of all stays, for the next one's key. */
static int begin_job(struct retention *retention)
{
	struct drop *drop = &retention->drop;
	const struct retention_job *job = drop->job;
	const char *key = job->key ? job->key : "id";
	int64_t last;
	char sql[320];
	int ret = find_fresh(retention, drop->last, &drop->fresh);

	if (!ret)
		ret = begin_kept(retention);
	if (ret)
		return ret;
	drop->next = INT64_MAX;
	if (job->scattered)
		return 0;
	last = job->shared ? drop->fresh - 1 : drop->last;
	snprintf(sql, sizeof(sql),
		 "SELECT min((SELECT last_id FROM segment_tables WHERE name = '%s'"
		 " AND segment <= ?1 ORDER BY segment DESC LIMIT 1),"
		 " (SELECT max(%s) FROM %s) - %d)",
		 job->bound ? job->bound : job->table, key, job->table,
		 job->bound ? 0 : 1);
	return ask(retention, &drop->next, 0, sql, 1, &last);
}

/* What stays, out of a segment that cannot be verified any more, is sealed row by row. */
static int seal_what_stays(struct retention *retention, int64_t from, int64_t to)
{
	const char *table = retention->drop.job->table;
	char sql[256];
	int ret;

	if (retention->drop.job->bound || retention->drop.job->scattered)
		return 0;
	snprintf(sql, sizeof(sql),
		 "INSERT OR IGNORE INTO late_rows (name, id)"
		 " SELECT '%s', id FROM %s WHERE id BETWEEN ?1 AND ?2",
		 table, table);
	ret = run(retention, sql, from, to);
	if (ret)
		return ret;
	snprintf(sql, sizeof(sql),
		 "DELETE FROM late_rows WHERE name = '%s' AND id BETWEEN ?1 AND ?2"
		 " AND segment IS NULL AND NOT EXISTS (SELECT 1 FROM %s t"
		 "  WHERE t.id = late_rows.id)",
		 table, table);
	return run(retention, sql, from, to);
}

/* The next rows of the job. Return: 1, 0 if there are none left, or an error. */
static int drop_chunk(struct retention *retention)
{
	struct drop *drop = &retention->drop;
	const struct retention_job *job = drop->job;
	const char *key = job->key ? job->key : "id";
	const int64_t parameters[] = { drop->next, CHUNK_ROWS };
	int64_t from;
	char sql[160];
	int ret;

	snprintf(sql, sizeof(sql),
		 "SELECT min(%s) FROM (SELECT %s FROM %s WHERE %s <= ?1 ORDER BY %s DESC"
		 " LIMIT ?2)",
		 key, key, job->table, key, key);
	ret = ask(retention, &from, INT64_MAX, sql, 2, parameters);
	if (ret || from > drop->next)
		return ret;
	ret = run_all(retention, job->statements, from, drop->next);
	if (!ret)
		ret = seal_what_stays(retention, from, drop->next);
	drop->next = from - 1;
	return ret ? ret : 1;
}

static int run_job(struct retention *retention)
{
	struct drop *drop = &retention->drop;
	int ret = drop->begun ? 0 : begin_job(retention);

	if (ret)
		return ret;
	ret = drop_chunk(retention);
	if (!ret)
		ret = run_all(retention, drop->job->after, 0, 0);
	if (ret)
		return ret;
	drop->job++;
	drop->begun = false;
	return 1;
}

static int end(struct retention *retention)
{
	struct drop *drop = &retention->drop;
	int ret = statement_run(retention->store, STATEMENT_DROPPED);

	retention->dropped[drop->kind] = drop->last;
	retention_look(retention);
	drop->event = 0;
	return ret;
}

/* As much as fits into a step, in a transaction. */
static int go_on(struct retention *retention)
{
	const int64_t deadline = clock_steady_ms() + STEP_MS;
	struct drop *drop = &retention->drop;
	int ret = store_begin(retention->store);

	while (ret >= 0 && drop->event && clock_steady_ms() < deadline) {
		if (!drop->job->table)
			ret = end(retention);
		else if (drop->job->kind != drop->kind)
			drop->job++;
		else
			ret = run_job(retention);
	}
	return ret < 0 ? ret : store_commit(retention->store);
}

/* The kind of a table. */
static enum segment_kind kind_of(const char *table)
{
	const struct retention_job *job = retention_jobs;

	while (job[1].table && strcmp(job->table, table) != 0)
		job++;
	return job->kind;
}

/* One that was begun and not finished. */
static int resume(struct retention *retention)
{
	struct drop *drop = &retention->drop;
	int ret = statement_row(retention->store, STATEMENT_DROP_BEGUN);
	struct reader reader = statement_read(retention->store, STATEMENT_DROP_BEGUN);

	if (ret <= 0)
		return ret;
	*drop = (struct drop){ .job = retention_jobs };
	drop->event = read_int(&reader);
	drop->last = read_int(&reader);
	drop->closed = read_int(&reader);
	drop->kind = kind_of(read_text(&reader));
	statement_reset(retention->store, STATEMENT_DROP_BEGUN);
	return 0;
}

static int find_dropped(struct retention *retention)
{
	const struct retention_job *job;
	int ret = 0;

	memset(retention->dropped, 0, sizeof(retention->dropped));
	for (job = retention_jobs; job->table && !ret; job++) {
		int64_t last;
		char sql[128];

		if (job->shared || job->bound)
			continue;
		snprintf(sql, sizeof(sql),
			 "SELECT max(segment) FROM segment_tables WHERE name = '%s'"
			 " AND dropped IS NOT NULL",
			 job->table);
		ret = ask(retention, &last, 0, sql, 0, NULL);
		if (last > retention->dropped[job->kind])
			retention->dropped[job->kind] = last;
	}
	return ret ? ret : resume(retention);
}

static int look(struct retention *retention, int64_t now)
{
	const int64_t steady = clock_steady_ms();
	const bool old = !retention->looked || steady - retention->aged >= AGE_MS;
	int ret = 0;

	if (retention->looked && steady - retention->looked < LOOK_MS)
		return 0;
	retention->looked = steady;
	if (old) {
		retention->aged = steady;
		ret = drop_old(retention, now);
	}
	return ret ? ret : drop_too_much(retention, now);
}

static int step(struct retention *retention, int64_t now)
{
	int ret = 0;

	if (retention->off)
		return 0;
	if (!retention->known)
		ret = find_dropped(retention);
	if (ret)
		return ret;
	retention->known = true;
	if (!retention->drop.event)
		return now ? look(retention, now) : 0;
	ret = go_on(retention);
	return ret ? ret : 1;
}

int retention_step(struct retention *retention, int64_t now)
{
	int ret = step(retention, now);

	if (ret >= 0)
		return ret;
	/* What is in memory may be ahead of what is stored. */
	store_rollback(retention->store);
	*retention = (struct retention){ .store = retention->store,
					 .limits = retention->limits,
					 .off = ret == -EUCLEAN };
	if (!retention->off)
		return ret;
	log_error("cannot drop history: %s; nothing is dropped until a restart",
		  store_error(retention->store));
	store_forgive(retention->store);
	return 0;
}
