// SPDX-License-Identifier: GPL-2.0-only
/* Waiting until a database has what the module had reported. */
#include "synced.h"

#include "clock.h"
#include "query.h"
#include "record.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

enum { POLL_MS = 20 };

/* What the database must have before it is synced. */
struct target {
	uint64_t load;
	struct kith_position *positions;
	size_t count;
	uint64_t lost;
};

static bool has_position(sqlite3_stmt *statement, const struct kith_position *position)
{
	bool ret = false;

	if (!position->seq)
		return true;
	sqlite3_bind_int(statement, 1, position->ring);
	if (sqlite3_step(statement) == SQLITE_ROW)
		ret = (int32_t)((uint32_t)sqlite3_column_int64(statement, 0) -
				position->seq) >= 0;
	sqlite3_reset(statement);
	return ret;
}

static bool has_positions(sqlite3 *db, const struct target *target)
{
	sqlite3_stmt *statement = NULL;
	bool ret = true;
	size_t i;

	if (sqlite3_prepare_v2(db, "SELECT seq FROM positions WHERE ring = ?", -1, &statement,
			       NULL) != SQLITE_OK)
		return false;
	for (i = 0; ret && i < target->count; i++)
		ret = has_position(statement, &target->positions[i]);
	sqlite3_finalize(statement);
	return ret;
}

/* The load's live processes are stored, and its losses, and it is the latest. */
static bool has_load(sqlite3 *db, const struct target *target)
{
	static const char sql[] =
		"SELECT dumped IS NOT NULL AND id = (SELECT max(id) FROM loads) AND"
		" coalesce((SELECT sum(total) FROM loss_totals t WHERE t.load = l.id"
		"  AND t.cause <> ?3), 0) >= ?2"
		" FROM loads l WHERE load = ?1";
	sqlite3_stmt *statement = NULL;
	bool ret = false;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		return false;
	sqlite3_bind_int64(statement, 1, (int64_t)target->load);
	sqlite3_bind_int64(statement, 2, (int64_t)target->lost);
	sqlite3_bind_int(statement, 3, RECORD_CAUSE_ELSEWHERE);
	if (sqlite3_step(statement) == SQLITE_ROW)
		ret = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	return ret;
}

/* One look: both in one transaction, so of one commit. */
static bool is_synced(sqlite3 *db, const struct target *target)
{
	bool ret = sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK &&
		   has_load(db, target) && has_positions(db, target);

	sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return ret;
}

static void wait_a_little(void)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };

	nanosleep(&pause, NULL);
}

/*
 * Of a collector that has just been started until it is subscribed, no longer than to
 * @deadline. @counters: as they were then.
 */
static int set_target(struct control *control, int64_t deadline, struct target *target,
		      struct control_counters *counters)
{
	struct control_info info;
	unsigned int class_;
	int ret = control_info(control, &info);

	if (ret)
		return ret;
	target->load = info.load;
	for (;;) {
		ret = control_flush(control, &target->positions, &target->count, counters);
		if (ret != -ENOTCONN || clock_steady_ms() >= deadline)
			break;
		wait_a_little();
	}
	for (class_ = 0; !ret && class_ < KITH_CLASSES; class_++)
		target->lost += control_lost(&counters->classes[class_]);
	return ret;
}

static bool wait_for_target(sqlite3 *db, const struct target *target, int64_t deadline)
{
	while (!is_synced(db, target)) {
		if (clock_steady_ms() >= deadline)
			return false;
		wait_a_little();
	}
	return true;
}

/*
 * Opening a database is an event itself: SQLite sets the owner of its log, for root.
 * So it is opened before the module is asked what is to be stored, and stays open.
 */
int synced_wait(const char *database, uint64_t seconds, struct control_counters *counters,
		sqlite3 **db)
{
	const int64_t deadline = clock_steady_ms() + (int64_t)seconds * 1000;
	struct target target = { .count = 0 };
	struct control *control;
	int ret = control_open(&control);

	if (!ret)
		ret = query_open(db, database);
	if (!ret)
		ret = set_target(control, deadline, &target, counters);
	control_close(control);
	if (!ret && !wait_for_target(*db, &target, deadline))
		ret = -ETIMEDOUT;
	free(target.positions);
	return ret;
}
