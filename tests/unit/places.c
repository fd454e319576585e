// SPDX-License-Identifier: GPL-2.0-only
/* Whether each row is in a part that view place names for its keys, or in one of view fresh. */
#include "places.h"

#include "retention_job.h"
#include "rig.h"
#include "statement.h"

#include <string.h>

static struct rig rig;

#define PARTS_OF(name)                                          \
	" AND t.id >> 10 NOT IN (SELECT part FROM fresh WHERE" \
	" name = '" name "') EXCEPT SELECT key, part FROM place WHERE kind = "

/* Rows that would not be found, by each kind that has a column. */
static const char *const missing[] = {
	"SELECT route, id >> 10 FROM connections t WHERE route > 0" PARTS_OF("connections") "1",
	"SELECT path, id >> 10 FROM accesses t WHERE path > 0 AND writes IS NULL" PARTS_OF(
		"accesses") "2",
	"SELECT path, id >> 10 FROM accesses t WHERE path > 0 AND writes > 0" PARTS_OF(
		"accesses") "35",
	"SELECT path, id >> 10 FROM changes t WHERE path > 0" PARTS_OF("changes") "6",
	"SELECT new_path, id >> 10 FROM changes t WHERE new_path > 0" PARTS_OF("changes") "7",
	"SELECT process, id >> 10 FROM accesses t WHERE process > 0" PARTS_OF("accesses") "8",
	"SELECT process, id >> 10 FROM changes t WHERE process > 0" PARTS_OF("changes") "9",
	"SELECT client, id >> 10 FROM connections t WHERE client > 0" PARTS_OF("connections") "10",
	"SELECT server, id >> 10 FROM connections t WHERE server > 0" PARTS_OF("connections") "11",
	"SELECT process, id >> 10 FROM executions t WHERE process > 0" PARTS_OF("executions") "15",
	"SELECT executable, id >> 10 FROM executions t WHERE executable > 0" PARTS_OF(
		"executions") "16",
	"SELECT context, id >> 10 FROM processes t WHERE context > 0" PARTS_OF("processes") "18",
	"SELECT 0, id >> 10 FROM executions t WHERE error > 0" PARTS_OF("executions") "22",
	"SELECT 0, id >> 10 FROM processes t WHERE flags & 9" PARTS_OF("processes") "25",
	"SELECT file, id >> 10 FROM accesses t WHERE path IS NULL AND file > 0" PARTS_OF(
		"accesses") "12",
	/* what goes with a key */
	"SELECT file, path FROM accesses t WHERE writes IS NULL AND file > 0 AND path > 0"
	" AND id <= (SELECT last FROM placed WHERE name = 'accesses')"
	" AND id NOT IN (SELECT id FROM late_rows WHERE segment IS NULL)"
	" EXCEPT SELECT key, other FROM pair WHERE kind = 3"
	" EXCEPT SELECT id, path FROM files",
	"SELECT file, path FROM changes t WHERE file > 0 AND path > 0"
	" AND id <= (SELECT last FROM placed WHERE name = 'changes')"
	" AND NOT EXISTS (SELECT 1 FROM files f WHERE f.id = t.file AND f.path = t.new_path)"
	" EXCEPT SELECT key, other FROM pair WHERE kind = 4"
	" EXCEPT SELECT id, path FROM files",
	/* what stands with the file need not stand there */
	"SELECT p.key, p.other FROM pairs p JOIN files f ON f.id = p.key AND f.path = p.other"
	" WHERE p.kind IN (3, 4)",
	"SELECT p.key, p.other FROM pairs p JOIN files f ON f.id = p.key WHERE p.kind = 4"
	" AND NOT EXISTS (SELECT 1 FROM changes t WHERE t.file = p.key AND t.path = p.other"
	" AND t.new_path IS NOT f.path)",
};

static void check_places(void)
{
	size_t i;

	for (i = 0; i < UNIT_COUNT(missing); i++)
		rig_check(missing[i], "");
}

static void execute(const char *sql)
{
	ck_assert_int_eq(store_execute(rig.store, sql), 0);
}

static void close_segment(void)
{
	ck_assert_int_eq(ingest_close_segment(&rig.ingest,
					      rig.offset + (int64_t)rig.forge.now),
			 0);
}

/*
 * @sql with "n" counted from ?1 on, 3000 times: keys that grow with time, and now and then
 * one of any time before, as daemons have them.
 */
#define MANY(from, sql)                                                                   \
	"WITH RECURSIVE c(n) AS (SELECT " #from " UNION ALL SELECT n + 1 FROM c WHERE n <" \
	" " #from " + 2999) " sql
#define GROWING "iif(n % 7, n / 2, abs(n * 2654435761) % (n / 2 + 1)) + 1"

#define FILL(from)                                                                           \
	MANY(from, "INSERT INTO processes (boot, key, started, lived, flags, context)"       \
		   " SELECT 1, n * 4194304, n, 5, iif(n % 97, 0, 1), n % 5 + 1 FROM c")      \
	";" MANY(from, "INSERT INTO paths (id, value) SELECT n + 1, '/a/' || n"             \
		     " || char(200 + n % 9) FROM c")                                    \
	";" MANY(from, "INSERT INTO routes (id, protocol) SELECT n + 1, 1 FROM c")            \
	";" MANY(from, "INSERT INTO executions (ts, process, executable, flags, unknown,"    \
		       " error) SELECT n, " GROWING ", n % 11 + 1, 0, 0,"                    \
		       " iif(n % 501, NULL, 2) FROM c")                                      \
	";" MANY(from, "INSERT INTO connections (started, lasted, route, client, server,"     \
		       " flags) SELECT n, 1, " GROWING ", " GROWING ", 7, 0 FROM c")         \
	";" MANY(from, "INSERT INTO accesses (process, file, path, first, lasted, writes)"    \
		       " SELECT " GROWING ", n % 400 + 1, iif(n % 50, " GROWING ", NULL), n," \
		       " 1, iif(n % 3, NULL, 1) FROM c")                                     \
	";" MANY(from, "INSERT OR IGNORE INTO files (id, path) SELECT n % 400 + 1, " GROWING \
		       " FROM c WHERE n % 400 < 300")                                         \
	";" MANY(from, "INSERT INTO changes (ts, lasted, process, op, path, new_path, file,"  \
		       " other) SELECT n, 1, " GROWING ", 1, " GROWING ","                   \
		       " iif(n % 2, n / 2 + 1, NULL), n % 400 + 1, n % 300 FROM c")

static void begin(void)
{
	rig_open(&rig);
	rig_dumped(&rig);
	rig.forge.now = RIG_NOW + RIG_STEP;
	/* numbers begin at 1 in each table */
	execute("DELETE FROM processes; DELETE FROM executions; DELETE FROM paths;"
		"DELETE FROM routes");
}

/* The same answers while nothing is put down, in part, and all. */
START_TEST(rows_of_many_parts)
{
	begin();
	execute(FILL(0));
	check_places();
	rig_check("SELECT count(*) FROM places", "0");
	rig_seal(&rig);
	check_places();
	rig_check("SELECT count(*) > 100 FROM places", "1");
	execute(FILL(3000));
	check_places();
	close_segment();
	check_places();
	rig_seal(&rig);
	check_places();
	execute(FILL(6000));
	rig_seal(&rig);
	check_places();
	rig_check("SELECT max(id) FROM accesses", "9000");
	/* no question looks through much more than it must */
	rig_check("SELECT max(n) <= 3 FROM (SELECT count(*) AS n FROM place WHERE kind = 8"
		  " AND key BETWEEN 4000 AND 4400 GROUP BY key)", "1");
	rig_close(&rig);
}
END_TEST

/* What goes on is found all the same, and stands there when it is over. */
START_TEST(what_goes_on)
{
	begin();
	execute(FILL(0));
	execute("UPDATE connections SET number = 7, load = 1 WHERE id IN (5, 2999);"
		"UPDATE processes SET lived = NULL WHERE id IN (9, 2000)");
	rig_seal(&rig);
	rig_check("SELECT count(*) FROM late_rows WHERE segment IS NULL", "4");
	check_places();
	execute(FILL(3000));
	execute("UPDATE connections SET number = NULL, client = 2, route = 2900 WHERE id = 5;"
		"UPDATE processes SET lived = 1, context = 4 WHERE id = 9");
	check_places();
	rig_seal(&rig);
	rig_check("SELECT count(*) FROM late_rows WHERE segment IS NULL", "2");
	check_places();
	rig_close(&rig);
}
END_TEST

/* What a kill leaves is put down again; and so is what was sealed before there were places. */
START_TEST(gone_on_with)
{
	begin();
	execute(FILL(0));
	rig_seal(&rig);
	execute(FILL(3000));
	rig_seal(&rig);
	execute("DELETE FROM places WHERE kind > 6 AND key % 2; DELETE FROM pairs");
	execute("UPDATE meta SET value = 0 WHERE name = 'placed'; UPDATE placed SET last = 0");
	check_places();
	rig_seal(&rig);
	rig_check("SELECT value FROM meta WHERE name = 'placed'", "2");
	check_places();
	execute("DELETE FROM places; DELETE FROM zones; DELETE FROM pairs;"
		"UPDATE meta SET value = 0 WHERE name = 'placed'; UPDATE placed SET last = 0");
	rig_seal(&rig);
	check_places();
	rig_close(&rig);
}
END_TEST

static void run_statements(const char *const *statements, int64_t from, int64_t to)
{
	const int64_t parameters[RETENTION_PARAMETERS] = { from, to, 0, 1, 0 };
	int i;

	for (i = 0; i < RETENTION_STATEMENTS && statements[i]; i++)
		ck_assert_int_eq(retention_job_run(rig.store, statements[i], parameters), 0);
}

/* Places go when all rows that were there are gone, and no others do. */
START_TEST(forgotten_with_their_rows)
{
	const struct retention_job *job = retention_jobs;

	while (strcmp(job->table, "accesses") != 0)
		job++;
	begin();
	execute(FILL(0));
	rig_seal(&rig);
	execute("INSERT INTO accesses (process, file, path, first, lasted, id)"
		" SELECT process, file, path, first, lasted, id + 200000 FROM accesses");
	rig_seal(&rig);
	rig_check("SELECT DISTINCT epoch FROM places WHERE kind IN (2, 8, 12) ORDER BY 1", "0\n3");
	run_statements(job->statements, 1, 2999);
	run_statements(job->after, 0, 0);
	rig_check("SELECT DISTINCT epoch FROM places WHERE kind IN (2, 8, 12) ORDER BY 1", "0\n3");
	run_statements(job->statements, 3000, 3000);
	run_statements(job->after, 0, 0);
	rig_check("SELECT DISTINCT epoch FROM places WHERE kind IN (2, 8, 12)", "3");
	rig_check("SELECT DISTINCT epoch FROM places WHERE kind = 16", "0");
	check_places();
	rig_close(&rig);
}
END_TEST

/* The number of a path, as SQL makes it of a question: also of bytes that are no text. */
START_TEST(hashes_of_paths)
{
	begin();
	execute("INSERT INTO paths (id, value) VALUES (1, '/etc/passwd'), (2, 'a'),"
		" (3, CAST(x'2ffff0c3' AS TEXT)), (4, '/é'), (5, '/srv/a/very/long/name'),"
		" (6, '')");
	execute("INSERT INTO sensor_events (ts, event) VALUES (1, 'x')");
	rig_seal(&rig);
	rig_check("WITH RECURSIVE hashed(id, value, n, hash) AS ("
		  " SELECT id, CAST(value AS BLOB), 0, 0 FROM paths"
		  " UNION ALL SELECT id, value, n + 1, (hash * 5 + ifnull(min(128,"
		  "  unicode(CAST(substr(value, n - 8, 1) AS TEXT))), 0)) & 4095"
		  "  FROM hashed WHERE n < 8)"
		  " SELECT id FROM hashed WHERE n = 8"
		  " AND hash NOT IN (SELECT key FROM places WHERE kind = 30)", "");
	rig_check("SELECT count(*) > 3 FROM places WHERE kind = 30", "1");
	rig_close(&rig);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("places");

	unit_add(suite, rows_of_many_parts);
	unit_add(suite, what_goes_on);
	unit_add(suite, gone_on_with);
	unit_add(suite, forgotten_with_their_rows);
	unit_add(suite, hashes_of_paths);
	return unit_run(suite);
}
