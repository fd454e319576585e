// SPDX-License-Identifier: GPL-2.0-only
/* What is to be deleted where a kind of history is dropped. */
#include "retention_job.h"

#include "statement.h"

#include <stddef.h>

const char *const retention_kinds[SEGMENT_KINDS] = {
	[SEGMENT_FILES] = "file folds",
	[SEGMENT_CONVERSATIONS] = "conversations",
	[SEGMENT_PROCESSES] = "processes",
};

#define LIVED_ON "((lived IS NULL AND NOT flags & 8) OR started + lived > ?3)"

/* Those that stay, and whom they descend from. */
#define KEEP_ANCESTORS                                                                      \
	"INSERT OR IGNORE INTO temp.kept WITH RECURSIVE kept_now(id) AS ("                  \
	" SELECT id FROM processes WHERE id BETWEEN ?1 AND ?2 AND (" LIVED_ON               \
	"  OR id IN (SELECT id FROM temp.kept))"                                            \
	" UNION SELECT iif(n, p.parent, p.creator) FROM kept_now k"                         \
	"  CROSS JOIN processes p ON p.id = k.id CROSS JOIN (SELECT 0 AS n UNION SELECT 1)" \
	"  WHERE iif(n, p.parent, p.creator) IS NOT NULL)"                                  \
	" SELECT id FROM kept_now"

#define UNLESS_KEPT " AND id NOT IN (SELECT id FROM temp.kept)"

/* Rows of @table in segments that are dropped, as long as any are left. */
#define UP_TO(table)                                                                     \
	" WHERE id <= coalesce((SELECT last_id FROM segment_tables WHERE name = '" table \
	"' AND segment <= ?4 ORDER BY segment DESC LIMIT 1), 0)"

/*
 * Texts of what stays. Paths of accesses stood there too, up to the one that paths_from names:
 * if there are none, which is asked once, no access is looked at.
 */
#define PATHS_FROM "(SELECT value FROM meta WHERE name = 'paths_from')"
#define OLD_PATHS                                                                 \
	TEXT_OF("path", "accesses")                                               \
	" AND " PATHS_FROM " > 0 AND path <= " PATHS_FROM
#define TEXT_OF(column, table) " SELECT " column " AS id FROM " table UP_TO(table)
#define KEEP_STRINGS                                                                   \
	"INSERT OR IGNORE INTO temp.kept SELECT id FROM ("                             \
	TEXT_OF("argv", "executions") " UNION ALL" TEXT_OF("cwd", "executions")        \
	" UNION ALL" TEXT_OF("script", "executions") " UNION ALL"                      \
	TEXT_OF("via", "executions") " UNION ALL" TEXT_OF("env", "executions")         \
	" UNION ALL" TEXT_OF("path", "pipes") " UNION ALL" OLD_PATHS                   \
	" UNION ALL" TEXT_OF("path", "controls") " UNION ALL"                          \
	TEXT_OF("new_path", "controls") " UNION ALL" TEXT_OF("detail", "controls")     \
	") WHERE id IS NOT NULL"

#define DELETE(table)	      "DELETE FROM " table " WHERE id BETWEEN ?1 AND ?2"
#define DELETE_BY(table, key) "DELETE FROM " table " WHERE " key " BETWEEN ?1 AND ?2"
#define PROCESS_IS_GONE	      "NOT EXISTS (SELECT 1 FROM processes p WHERE p.id = process)"

/*
 * Places of rows that are gone: in what this drop came to, and where nothing is left. Not all
 * that there are are looked at, which would be one search for each.
 */
#define IS_EMPTY(table, bits)                                                       \
	" AND epoch <= (SELECT last_id FROM segment_tables WHERE name = '" table    \
	"' AND segment <= ?4 ORDER BY segment DESC LIMIT 1) >> " bits               \
	" AND NOT EXISTS (SELECT 1 FROM " table " t WHERE t.id >= epoch << " bits   \
	" AND t.id < (epoch + 1) << " bits ")"
#define FORGET(table, kinds) \
	"DELETE FROM places WHERE kind IN (" kinds ")" IS_EMPTY(table, "16")
#define FORGET_PAIRS(table, kinds) \
	"DELETE FROM pairs WHERE kind IN (" kinds ")" IS_EMPTY(table, "20")

const struct retention_job retention_jobs[] = {
	{ .kind = SEGMENT_FILES,
	  .table = "accesses",
	  .statements = { DELETE(
		  "accesses") " AND id NOT IN (SELECT access FROM accesses_open)" },
	  .after = { FORGET("accesses", "2, 8, 12, 35") } },
	{ .kind = SEGMENT_FILES,
	  .table = "changes",
	  .statements = { DELETE("changes") },
	  .after = { FORGET("changes", "6, 7, 9, 13, 14") } },
	{ .kind = SEGMENT_FILES,
	  .table = "paths",
	  .shared = true,
	  .before = "INSERT INTO temp.kept SELECT DISTINCT path FROM accesses" UP_TO(
		  "accesses") " AND path IS NOT NULL",
	  .statements = { DELETE("paths") UNLESS_KEPT },
	  .after = { FORGET("paths", "30, 31"),
		     FORGET_PAIRS("paths", "3, 4, 5") } },
	{ .kind = SEGMENT_FILES,
	  .table = "files",
	  .shared = true,
	  .scattered = true,
	  .before = "INSERT OR IGNORE INTO temp.kept SELECT file FROM accesses" UP_TO(
		  "accesses") " AND file IS NOT NULL",
	  .statements = { DELETE(
		  "files") " AND coalesce(segment, 0) < ?5" UNLESS_KEPT } },
	{ .kind = SEGMENT_CONVERSATIONS,
	  .table = "connections",
	  .statements = { DELETE("connections") " AND number IS NULL" },
	  .after = { FORGET("connections", "1, 10, 11, 26, 27") } },
	{ .kind = SEGMENT_CONVERSATIONS,
	  .table = "connection_uses",
	  .key = "connection",
	  .bound = "connections",
	  .statements = { DELETE_BY(
		  "connection_uses",
		  "connection") " AND NOT EXISTS (SELECT 1 FROM connections c"
				"  WHERE c.id = connection)" } },
	{ .kind = SEGMENT_CONVERSATIONS,
	  .table = "connection_runs",
	  .statements = { DELETE("connection_runs") },
	  .after = { FORGET("connection_runs", "19, 20, 21, 28") } },
	{ .kind = SEGMENT_CONVERSATIONS,
	  .table = "listeners",
	  .statements = { DELETE("listeners") " AND number IS NULL" } },
	{ .kind = SEGMENT_CONVERSATIONS,
	  .table = "pipes",
	  .statements = { DELETE("pipes") " AND number IS NULL" } },
	{ .kind = SEGMENT_CONVERSATIONS,
	  .table = "pipe_uses",
	  .key = "pipe",
	  .bound = "pipes",
	  .statements = { DELETE_BY(
		  "pipe_uses",
		  "pipe") " AND NOT EXISTS (SELECT 1 FROM pipes p WHERE p.id = pipe)" } },
	{ .kind = SEGMENT_CONVERSATIONS,
	  .table = "routes",
	  .shared = true,
	  .before = "INSERT INTO temp.kept SELECT DISTINCT route FROM connections" UP_TO(
		  "connections") " AND route IS NOT NULL",
	  .statements = { DELETE("routes") UNLESS_KEPT } },
	{ .kind = SEGMENT_PROCESSES,
	  .table = "processes",
	  .before = "INSERT OR IGNORE INTO temp.kept"
		    " SELECT iif(n, coalesce(client_opener, client),"
		    "  coalesce(server_opener, server)) AS id"
		    " FROM connections INDEXED BY connections_open"
		    " CROSS JOIN (SELECT 0 AS n UNION SELECT 1)"
		    " WHERE number IS NOT NULL AND id IS NOT NULL",
	  .statements = { KEEP_ANCESTORS, DELETE("processes") UNLESS_KEPT },
	  .after = { FORGET("processes", "18, 25"),
		     FORGET_PAIRS("processes", "33, 34") } },
	{ .kind = SEGMENT_PROCESSES,
	  .table = "executions",
	  .statements = { DELETE("executions") " AND " PROCESS_IS_GONE },
	  .after = { FORGET("executions", "15, 16, 22, 23, 24") } },
	{ .kind = SEGMENT_PROCESSES,
	  .table = "executable_hashes",
	  .key = "execution",
	  .bound = "executions",
	  .statements = { DELETE_BY(
		  "executable_hashes",
		  "execution") " AND NOT EXISTS (SELECT 1 FROM executions e"
			       "  WHERE e.id = execution)" } },
	{ .kind = SEGMENT_PROCESSES,
	  .table = "credentials",
	  .statements = { DELETE("credentials") " AND " PROCESS_IS_GONE },
	  .after = { FORGET("credentials", "17, 29") } },
	{ .kind = SEGMENT_PROCESSES,
	  .table = "cgroup_moves",
	  .statements = { DELETE("cgroup_moves") " AND " PROCESS_IS_GONE } },
	{ .kind = SEGMENT_PROCESSES,
	  .table = "controls",
	  .statements = { DELETE("controls") " AND (process IS NULL OR " PROCESS_IS_GONE
					     ")" } },
	{ .kind = SEGMENT_PROCESSES,
	  .table = "sockets_made",
	  .key = "process",
	  .bound = "processes",
	  .statements = { DELETE_BY("sockets_made",
				    "process") " AND " PROCESS_IS_GONE } },
	{ .kind = SEGMENT_PROCESSES,
	  .table = "strings",
	  .shared = true,
	  .before = KEEP_STRINGS,
	  .statements = { DELETE("strings") UNLESS_KEPT } },
	{ .table = NULL },
};

int retention_job_run(struct store *store, const char *sql,
		      const int64_t parameters[RETENTION_PARAMETERS])
{
	sqlite3_stmt *statement;
	int i, code, ret = store_prepare(store, &statement, sql);

	if (ret)
		return ret;
	for (i = 0; i < RETENTION_PARAMETERS && i < sqlite3_bind_parameter_count(statement); i++)
		sqlite3_bind_int64(statement, i + 1, parameters[i]);
	code = sqlite3_step(statement);
	sqlite3_finalize(statement);
	return code == SQLITE_DONE ? 0 : store_fail(store, code);
}
