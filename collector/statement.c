// SPDX-License-Identifier: GPL-2.0-only
/* The store's prepared statements. */
#include "statement.h"

#include "sha256.h"
#include "store.h"

#include <errno.h>
#include <stdio.h>

/*
 * Rows that wait are inserted with a list of columns in the order of the table's, from the
 * first on: what SQLite reads of them is then where the row is made, and is not copied.
 */
static const char *const texts[STATEMENTS] = {
	[STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
	[STATEMENT_COMMIT] = "COMMIT",
	[STATEMENT_LAST] =
		"SELECT (SELECT max(id) FROM processes), (SELECT max(id) FROM executions),"
		" (SELECT max(id) FROM strings), (SELECT max(id) FROM executables),"
		" (SELECT max(id) FROM namespaces), (SELECT max(id) FROM containers),"
		" (SELECT max(id) FROM contexts), (SELECT max(id) FROM credential_sets),"
		" (SELECT max(id) FROM routes),"
		" max(coalesce((SELECT max(id) FROM connections), 0),"
		"  coalesce((SELECT id + " RUN_SIZE_TEXT " - 1 FROM connection_runs"
		"  ORDER BY id DESC LIMIT 1), 0)),"
		" (SELECT max(id) FROM listeners), (SELECT max(id) FROM pipes),"
		" (SELECT max(id) FROM accesses),"
		" (SELECT load FROM loads ORDER BY id LIMIT 1),"
		" coalesce((SELECT max(id) FROM paths),"
		"  (SELECT value FROM meta WHERE name = 'paths_from'))",
	[STATEMENT_BOOT_FIND] = "SELECT id FROM boots WHERE uuid = ?",
	[STATEMENT_BOOT_ADD] = "INSERT INTO boots (uuid, first) VALUES (?, ?)",
	[STATEMENT_LOAD_FIND] = "SELECT id FROM loads WHERE load = ?",
	[STATEMENT_LOAD_ADD] =
		"INSERT INTO loads (boot, load, version, loaded) VALUES (?, ?, ?, ?)",
	[STATEMENT_LOAD_DUMPED] = "UPDATE loads SET dumped = ? WHERE id = ?",
	[STATEMENT_LOAD_LATEST] = "SELECT max(id) FROM loads",
	[STATEMENT_POSITION] = "REPLACE INTO positions VALUES (?, ?)",
	[STATEMENT_POSITIONS] = "SELECT ring, seq FROM positions",
	[STATEMENT_POSITIONS_CLEAR] = "DELETE FROM positions",
	[STATEMENT_PROCESSES] =
		"INSERT INTO processes (boot, key, ns_pid, parent, creator, started, lived,"
		" status, runtime, max_rss, execution, context, clone, flags, comm,"
		" plain_reads, plain_bytes, id) SELECT * FROM pending_processes",
	[STATEMENT_PROCESSES_PLAIN] =
		"INSERT INTO processes (boot, key, ns_pid, parent, creator, started, lived,"
		" status, runtime, max_rss, execution, context, clone, flags, comm,"
		" plain_reads, plain_bytes) SELECT boot, key, NULL, parent, NULL, started,"
		" lived, status, runtime, max_rss, execution, context, clone, flags, NULL,"
		" plain_reads, plain_bytes FROM pending_processes",
	[STATEMENT_PROCESS_UPDATE] =
		"UPDATE processes SET ns_pid = ?2, parent = ?3, creator = ?4, started = ?5,"
		" lived = ?6, status = ?7, runtime = ?8, max_rss = ?9, execution = ?10,"
		" context = ?11, clone = ?12, flags = ?13, comm = ?14,"
		" plain_reads = coalesce(?15, plain_reads),"
		" plain_bytes = coalesce(?16, plain_bytes) WHERE id = ?1",
	[STATEMENT_CONTEXT] =
		"INSERT INTO contexts VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[STATEMENT_STRINGS] =
		"INSERT INTO strings (value, id) SELECT * FROM pending_strings",
	[STATEMENT_STRINGS_PLAIN] =
		"INSERT INTO strings (value) SELECT value FROM pending_strings",
	[STATEMENT_PATHS] =
		"INSERT INTO paths (value, id) SELECT * FROM pending_paths",
	[STATEMENT_PATHS_PLAIN] =
		"INSERT INTO paths (value) SELECT value FROM pending_paths",
	[STATEMENT_NAMESPACES] = "INSERT INTO namespaces VALUES (?,?,?,?,?,?,?,?)",
	[STATEMENT_EXECUTABLE] = "INSERT INTO executables VALUES (?,?,?,?,?,?,?)",
	[STATEMENT_CONTAINER] =
		"INSERT INTO containers VALUES (?,?,?,?,?,?,?,?,?)"
		" ON CONFLICT (id) DO UPDATE SET last = excluded.last,"
		" path = coalesce(excluded.path, path),"
		" runtime = iif(excluded.path IS NULL, runtime, excluded.runtime),"
		" name = iif(excluded.path IS NULL, name, excluded.name),"
		" unit = iif(excluded.path IS NULL, unit, excluded.unit)",
	[STATEMENT_CONTAINER_FIND] =
		"SELECT id, path, first, last FROM containers WHERE cgroup = ?2 AND boot = ?1"
		" ORDER BY id LIMIT 1",
	[STATEMENT_CONTAINER_GET] = "SELECT id, path, first, last FROM containers WHERE id = ?",
	[STATEMENT_EXECUTIONS] =
		"INSERT INTO executions (ts, process, parent, executable, argv, cwd, script,"
		" via, env, context, flags, unknown, argv_size, error, live, file,"
		" previous) SELECT *"
		" FROM pending_executions",
	[STATEMENT_EXECUTIONS_PLAIN] =
		"INSERT INTO executions (ts, process, parent, executable, argv, cwd, script,"
		" via, env, context, flags, unknown, argv_size, error, live, file,"
		" previous) SELECT ts,"
		" process, parent, executable, argv, cwd, NULL, NULL, NULL, context, flags,"
		" unknown, NULL, NULL, NULL, file, previous FROM pending_executions",
	[STATEMENT_ROUTES] = "INSERT INTO routes SELECT * FROM pending_routes",
	[STATEMENT_CONNECTIONS] =
		"INSERT INTO connections (started, lasted, route, client, server,"
		" client_opener, server_opener, client_port, to_server, to_client, isns, flags,"
		" load, number, id) SELECT * FROM pending_connections",
	[STATEMENT_CONNECTIONS_PLAIN] =
		"INSERT INTO connections (started, lasted, route, client, server,"
		" client_opener, server_opener, client_port, to_server, to_client, isns, flags,"
		" load, number) SELECT started, lasted, route, client, server, NULL, NULL,"
		" client_port, to_server, to_client, isns, flags, load, NULL FROM"
		" pending_connections",
	[STATEMENT_RUNS] = "INSERT INTO connection_runs SELECT * FROM pending_runs",
	[STATEMENT_CONNECTION_UPDATE] =
		"UPDATE connections SET started = ?2, lasted = ?3, route = ?4, client = ?5,"
		" server = ?6, client_opener = ?7, server_opener = ?8, client_port = ?9,"
		" to_server = ?10, to_client = ?11, isns = ?12, flags = ?13, load = ?14,"
		" number = ?15 WHERE id = ?1",
	[STATEMENT_CONNECTION_FIND] =
		"SELECT id, started, lasted, route, client, server, client_opener,"
		" server_opener, client_port, to_server, to_client, isns, flags, load, number"
		" FROM connections WHERE id = ?",
	[STATEMENT_CONNECTIONS_OPEN] =
		"SELECT c.id, c.started, c.lasted, c.route, c.client, c.server,"
		" c.client_opener, c.server_opener, c.client_port, c.to_server, c.to_client,"
		" c.isns, c.flags, c.load, c.number, r.protocol, r.client_addr, r.server_addr,"
		" r.server_port,"
		" r.client_netns, r.server_netns, r.dialled_addr, r.dialled_port, r.seen_addr"
		" FROM connections c INDEXED BY connections_open"
		" LEFT JOIN routes r ON r.id = c.route"
		" WHERE c.number IS NOT NULL AND c.load IN (SELECT id FROM loads WHERE boot = ?)"
		" ORDER BY c.id",
	[STATEMENT_CONNECTIONS_CLOSE] =
		"UPDATE connections INDEXED BY connections_open SET number = NULL"
		" WHERE number IS NOT NULL AND load IN (SELECT id FROM loads WHERE boot < ?)",
	[STATEMENT_LISTENER] =
		"INSERT INTO listeners VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"
		" ON CONFLICT (id) DO UPDATE SET load = excluded.load, number = excluded.number,"
		" process = coalesce(excluded.process, process), ended = excluded.ended,"
		" flags = flags & ~32",
	[STATEMENT_LISTENER_GONE] =
		"UPDATE listeners SET flags = flags | 32, number = NULL WHERE id = ?",
	[STATEMENT_LISTENERS_OPEN] =
		"SELECT * FROM listeners INDEXED BY listeners_open WHERE number IS NOT NULL"
		" AND load IN (SELECT id FROM loads WHERE boot = ?) ORDER BY id",
	[STATEMENT_LISTENERS_CLOSE] =
		"UPDATE listeners INDEXED BY listeners_open SET number = NULL"
		" WHERE number IS NOT NULL AND load IN (SELECT id FROM loads WHERE boot < ?)",
	[STATEMENT_USE] = "REPLACE INTO connection_uses VALUES (?,?,?,?,?,?,?)",
	[STATEMENT_PIPES] =
		"INSERT INTO pipes (started, lasted, writer, reader, written, read, inode,"
		" device, path, flags, load, number) SELECT * FROM pending_pipes",
	[STATEMENT_PIPES_PLAIN] =
		"INSERT INTO pipes (started, lasted, writer, reader, written, read, inode,"
		" device, path, flags, load, number) SELECT started, lasted, writer, reader,"
		" written, NULL, inode, device, NULL, flags, load, NULL FROM pending_pipes",
	[STATEMENT_PIPE_UPDATE] =
		"UPDATE pipes SET started = ?2, lasted = ?3, writer = ?4, reader = ?5,"
		" written = ?6, read = ?7, inode = ?8, device = ?9, path = ?10, flags = ?11,"
		" load = ?12, number = ?13 WHERE id = ?1",
	[STATEMENT_PIPE_FIND] =
		"SELECT id, started, lasted, writer, reader, written, read, inode, device,"
		" path, flags, load, number FROM pipes WHERE id = ?",
	[STATEMENT_PIPES_OPEN] =
		"SELECT id, started, lasted, writer, reader, written, read, inode, device,"
		" path, flags, load, number FROM pipes INDEXED BY pipes_open WHERE number IS"
		" NOT NULL"
		" AND load IN (SELECT id FROM loads WHERE boot = ?) ORDER BY id",
	[STATEMENT_PIPES_CLOSE] =
		"UPDATE pipes INDEXED BY pipes_open SET number = NULL"
		" WHERE number IS NOT NULL AND load IN (SELECT id FROM loads WHERE boot < ?)",
	[STATEMENT_PIPE_USE] = "REPLACE INTO pipe_uses VALUES (?,?,?,?,?,?)",
	[STATEMENT_SOCKET_MADE] =
		"INSERT INTO sockets_made VALUES (?,?,?,?,?,?,?)"
		" ON CONFLICT DO UPDATE SET count = count + excluded.count,"
		" first = min(first, excluded.first), last = max(last, excluded.last)",
	[STATEMENT_FILES] =
		"INSERT INTO files SELECT * FROM pending_files WHERE true"
		" ON CONFLICT (id) DO UPDATE SET segment = excluded.segment,"
		" path = coalesce(path, excluded.path)"
		" WHERE segment IS NOT excluded.segment",
	[STATEMENT_FILES_PLAIN] =
		"INSERT INTO files SELECT id, device, inode, NULL, NULL, generation, kind, mode,"
		" owner, segment, path FROM pending_files WHERE true"
		" ON CONFLICT (id) DO UPDATE SET segment = excluded.segment,"
		" path = coalesce(path, excluded.path)"
		" WHERE segment IS NOT excluded.segment",
	[STATEMENT_ACCESSES] =
		"INSERT INTO accesses (process, file, path, first, lasted, reads, bytes_read,"
		" writes, bytes_written, writer, flags) SELECT * FROM pending_accesses",
	[STATEMENT_ACCESS_UPDATE] =
		"UPDATE accesses SET path = coalesce(?2, path), lasted = ?3, reads = ?4,"
		" bytes_read = ?5, writes = ?6, bytes_written = ?7,"
		" writer = coalesce(?8, writer), flags = ?9 WHERE id = ?1",
	[STATEMENT_ACCESSES_OPEN] = "SELECT number, access FROM accesses_open",
	[STATEMENT_ACCESSES_FORGET] = "DELETE FROM accesses_open WHERE load <> ?",
	[STATEMENT_ACCESSES_ENDED] =
		"SELECT o.number, o.access FROM accesses_open o"
		" CROSS JOIN accesses a ON a.id = o.access"
		" CROSS JOIN processes p ON p.id = a.process"
		" WHERE p.started + p.lived < ? OR p.flags & 8",
	[STATEMENT_ACCESS_OPEN] = "REPLACE INTO accesses_open VALUES (?,?,?)",
	[STATEMENT_ACCESS_CLOSE] = "DELETE FROM accesses_open WHERE access = ?",
	[STATEMENT_WRITER_FIND] =
		"SELECT p.id FROM accesses a CROSS JOIN processes p ON p.id = a.process"
		" WHERE a.file = ? AND a.writes IS NOT NULL AND p.key = ? AND p.boot = ?"
		" ORDER BY a.first DESC LIMIT 1",
	[STATEMENT_CHANGES] =
		"INSERT INTO changes (ts, lasted, count, process, op, error, path, new_path,"
		" text, file, other, value, to_value, flags) SELECT * FROM pending_changes",
	[STATEMENT_CHANGES_PLAIN] =
		"INSERT INTO changes (ts, lasted, count, process, op, error, path, new_path,"
		" text, file, other, value, to_value, flags) SELECT ts, lasted, count, process,"
		" op, NULL, path, new_path, NULL, file, NULL, value, to_value, flags FROM"
		" pending_changes",
	[STATEMENT_CONTROL] = "INSERT INTO controls VALUES (NULL,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[STATEMENT_CREDENTIAL_SET] =
		"INSERT INTO credential_sets VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[STATEMENT_CREDENTIAL] =
		"INSERT INTO credentials VALUES (NULL,?,?,?,?,?,?,?,?,?,?,?)",
	[STATEMENT_CGROUP_MOVE] = "INSERT INTO cgroup_moves VALUES (NULL,?,?,?,?)",
	[STATEMENT_SENSOR_EVENT] = "INSERT INTO sensor_events VALUES (NULL,?,?,?,?,?)",
	[STATEMENT_SENSOR_EVENT_FIND] =
		"SELECT 1 FROM sensor_events WHERE event = ? AND detail = ? LIMIT 1",
	[STATEMENT_RECEIVED] =
		"INSERT INTO received VALUES (?, ?, ?)"
		" ON CONFLICT DO UPDATE SET count = count + excluded.count",
	[STATEMENT_RECEIVED_OF] = "SELECT class, count FROM received WHERE load = ?",
	[STATEMENT_ACCOUNT] =
		"SELECT class, sum(count), 0 FROM received GROUP BY class"
		" UNION ALL SELECT class, 0, sum(total) FROM loss_totals GROUP BY class",
	[STATEMENT_LOSS_TOTAL] =
		"SELECT total, until, latest FROM loss_totals"
		" WHERE load = ? AND cpu = ? AND class = ? AND cause = ?",
	[STATEMENT_LOSS] = "INSERT INTO losses VALUES (NULL,?,?,?,?,?,?,?)",
	[STATEMENT_LOSS_EXTEND] =
		"UPDATE losses SET to_ts = max(to_ts, ?), lost = lost + ? WHERE id = ?",
	[STATEMENT_LOSS_REMEMBER] = "REPLACE INTO loss_totals VALUES (?,?,?,?,?,?,?)",
	/* While a module goes, some of its hooks are silent already. */
	[STATEMENT_SEEN] =
		"SELECT min(value, coalesce((SELECT max(ts) FROM sensor_events"
		" WHERE event = 'module unloaded' AND ts >= (SELECT max(loaded) FROM loads"
		" WHERE id < (SELECT max(id) FROM loads))), value)),"
		" (SELECT value FROM meta WHERE name = 'seen_boot'),"
		" (SELECT value FROM meta WHERE name = 'seen_offset')"
		" FROM meta WHERE name = 'seen'",
	[STATEMENT_SET_SEEN] =
		"REPLACE INTO meta VALUES ('seen', ?), ('seen_boot', ?), ('seen_offset', ?)",
	[STATEMENT_SHIFT_SEEN] =
		"UPDATE meta SET value = value + ? WHERE name IN ('seen', 'seen_offset')",
	[STATEMENT_LIVING_CLEAR] = "DELETE FROM living",
	[STATEMENT_LIVING_ADD] = "INSERT INTO living VALUES (?)",
	[STATEMENT_LIVING_UPTO] = "REPLACE INTO meta VALUES ('living_upto', ?)",
	[STATEMENT_LIVING] =
		"SELECT p.id, p.key, p.ns_pid, p.parent, p.creator, p.started, p.execution,"
		" p.context, p.clone, p.flags, p.comm, x.path, c.uid, c.euid, c.gid, c.egid,"
		" c.cap_permitted, c.cap_effective, c.loginuid, c.session, c.tty, c.sid,"
		" c.container, c.namespaces"
		" FROM (SELECT process AS id FROM living UNION SELECT id FROM processes"
		"  WHERE id > coalesce((SELECT value FROM meta WHERE name = 'living_upto'), 0))"
		" CROSS JOIN processes p USING (id)"
		" LEFT JOIN executions e ON e.id = p.execution"
		" LEFT JOIN executables x ON x.id = e.executable"
		" LEFT JOIN contexts c ON c.id = p.context"
		" WHERE p.boot = ? AND p.lived IS NULL AND p.flags & 8 = 0",
	[STATEMENT_ENDED] =
		"SELECT key, id FROM processes WHERE id > (SELECT max(id) FROM processes) - ?2"
		" AND boot = ?1 AND (lived IS NOT NULL OR flags & 8) ORDER BY id",
	[STATEMENT_SEGMENT] = "INSERT INTO segments (id, closed, strings) VALUES (?,?,?)",
	/* In the order of segment_tables. */
	[STATEMENT_SEGMENT_LAST] =
		"SELECT (SELECT max(id) FROM boots), (SELECT max(id) FROM loads),"
		" (SELECT max(id) FROM containers), (SELECT max(id) FROM strings),"
		" (SELECT max(id) FROM paths), (SELECT max(id) FROM executables),"
		" (SELECT max(id) FROM namespaces), (SELECT max(id) FROM contexts),"
		" (SELECT max(id) FROM credential_sets), (SELECT max(id) FROM routes),"
		" (SELECT max(id) FROM processes), (SELECT max(id) FROM executions),"
		" (SELECT max(id) FROM credentials), (SELECT max(id) FROM cgroup_moves),"
		" (SELECT max(id) FROM connections), (SELECT max(id) FROM connection_runs),"
		" (SELECT max(id) FROM listeners), (SELECT max(id) FROM pipes),"
		" (SELECT max(id) FROM accesses), (SELECT max(id) FROM changes),"
		" (SELECT max(id) FROM controls), (SELECT max(id) FROM sensor_events),"
		" (SELECT max(id) FROM losses)",
	[STATEMENT_SEGMENT_TABLE] =
		"INSERT INTO segment_tables (name, segment, first_id, last_id)"
		" SELECT ?1, ?2, first, ?3 FROM (SELECT 1 + coalesce((SELECT last_id"
		" FROM segment_tables WHERE name = ?1 ORDER BY segment DESC LIMIT 1), 0) AS first)"
		" WHERE first <= ?3",
	[STATEMENT_SEGMENT_CLOSED] = "SELECT closed FROM segments WHERE id = ?",
	[STATEMENT_SEGMENT_RANGE] =
		"SELECT first_id, last_id FROM segment_tables WHERE name = ? AND segment = ?",
	[STATEMENT_SEGMENT_COUNTED] =
		"UPDATE segment_tables SET rows = ?3, first = ?4, last = ?5, digest = ?6"
		" WHERE name = ?1 AND segment = ?2",
	[STATEMENT_SEGMENT_SEAL] = "UPDATE segments SET seal = ?2 WHERE id = ?1",
	[STATEMENT_PLACE] = "INSERT INTO places VALUES (?, ?, ?, ?)"
			    " ON CONFLICT DO UPDATE SET mask = mask | excluded.mask",
	[STATEMENT_PAIR] = "INSERT INTO pairs VALUES (?, ?, ?, ?, ?)"
			   " ON CONFLICT DO UPDATE SET first = excluded.first"
			   " WHERE excluded.first < first",
	[STATEMENT_PAIR_OF_FILE] = "INSERT OR IGNORE INTO pairs SELECT ?1, ?2, ?3, ?4, NULL"
				   " WHERE NOT EXISTS (SELECT 1 FROM files"
				   " WHERE id = ?3 AND (path = ?4 OR path = ?5))",
	[STATEMENT_ZONE] = "INSERT OR IGNORE INTO zones VALUES (?, ?, ?, ?)",
	[STATEMENT_ZONES_CLEAR] = "DELETE FROM zones WHERE segment > ?",
	[STATEMENT_ZONE_UPTO] = "SELECT high FROM zones WHERE kind = ? AND part <= ?"
				" ORDER BY high DESC LIMIT 1",
	[STATEMENT_ZONE_OF] = "SELECT part FROM zones WHERE kind = ? AND high >= ?"
			      " ORDER BY high LIMIT 1",
	[STATEMENT_PLACED] = "SELECT value FROM meta WHERE name = 'placed'",
	[STATEMENT_SET_PLACED] = "UPDATE meta SET value = ? WHERE name = 'placed'",
	[STATEMENT_PLACED_UPTO] = "REPLACE INTO placed SELECT name, last_id FROM segment_tables"
				  " WHERE segment = ?",
	[STATEMENT_LATE] = "REPLACE INTO late_rows (name, id) VALUES (?, ?)",
	[STATEMENT_LATE_FIND] =
		"SELECT 1 FROM late_rows WHERE name = ? AND segment IS NULL LIMIT 1",
	[STATEMENT_LATE_OVER] =
		"UPDATE late_rows SET segment = ?3, digest = ?4 WHERE name = ?1 AND id = ?2",
	[STATEMENT_SEGMENT_DROPPED] =
		"UPDATE segment_tables SET dropped = ?3 WHERE name = ?1 AND segment <= ?2"
		" AND dropped IS NULL",
	[STATEMENT_PAGES] = "PRAGMA page_count",
	[STATEMENT_PAGES_SPARE] = "PRAGMA freelist_count",
	[STATEMENT_PAGE_SIZE] = "PRAGMA page_size",
	[STATEMENT_DROPPING] = "REPLACE INTO meta VALUES ('dropping', ?)",
	[STATEMENT_DROPPED] = "DELETE FROM meta WHERE name = 'dropping'",
	[STATEMENT_DROP_BEGUN] =
		"SELECT m.value, s.id, s.closed, t.name FROM meta m"
		" CROSS JOIN segment_tables t ON t.dropped = m.value"
		"  AND t.name NOT IN ('paths', 'routes', 'strings')"
		" CROSS JOIN segments s ON s.id = t.segment"
		" WHERE m.name = 'dropping' ORDER BY s.id DESC LIMIT 1",
	/* What is the same as the last row is no row. */
	[STATEMENT_PRINCIPAL] =
		"INSERT OR IGNORE INTO principals SELECT ?1, ?2, ?3, ?4"
		" WHERE coalesce((SELECT name FROM principals WHERE kind = ?1 AND number = ?2"
		" ORDER BY first DESC LIMIT 1), '') <> ?4",
	[STATEMENT_CONTAINER_NAMES] =
		"INSERT OR IGNORE INTO container_names SELECT ?1, ?2, ?3, ?4, ?5"
		" WHERE NOT EXISTS (SELECT 1 FROM (SELECT name, image, pod FROM container_names"
		" WHERE container = ?1 ORDER BY first DESC LIMIT 1)"
		" WHERE name IS ?3 AND image IS ?4 AND pod IS ?5)",
	[STATEMENT_HASH_FIND] =
		"SELECT id FROM hashes WHERE device IS ?1 AND inode IS ?2 AND changed IS ?3"
		" AND size IS ?4 AND sha256 IS ?5 AND package IS ?6 AND why IS ?7",
	[STATEMENT_HASH] = "INSERT INTO hashes VALUES (NULL,?,?,?,?,?,?,?)",
	[STATEMENT_HASHES] =
		"SELECT device, inode, changed, size, sha256 FROM hashes"
		" WHERE sha256 IS NOT NULL AND (why IS NULL OR why = 'found by inode')"
		" ORDER BY id DESC LIMIT ?",
	[STATEMENT_EXECUTABLE_HASH] = "INSERT OR IGNORE INTO executable_hashes VALUES (?, ?)",
	[STATEMENT_UNANSWERED] =
		"INSERT OR IGNORE INTO executable_hashes SELECT id, ?3 FROM executions"
		" WHERE id BETWEEN ?1 AND ?2 AND error IS NULL",
};

int statement_prepare_all(struct store *store)
{
	int i;

	for (i = 0; i < STATEMENTS; i++) {
		int code = sqlite3_prepare_v3(store->db, texts[i], -1,
					      SQLITE_PREPARE_PERSISTENT,
					      &store->statements[i], NULL);
		if (code != SQLITE_OK)
			return store_fail(store, code);
	}
	return 0;
}

void statement_finalize_all(struct store *store)
{
	int i;

	for (i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(store->statements[i]);
}

struct binder statement_bind(struct store *store, enum statement which)
{
	return (struct binder){ store->statements[which], 1 };
}

void bind_int(struct binder *binder, int64_t value)
{
	sqlite3_bind_int64(binder->statement, binder->next++, value);
}

void bind_null(struct binder *binder)
{
	sqlite3_bind_null(binder->statement, binder->next++);
}

void bind_id(struct binder *binder, int64_t id)
{
	if (id)
		bind_int(binder, id);
	else
		bind_null(binder);
}

void bind_nonnegative(struct binder *binder, int64_t value)
{
	bind_other(binder, value < 0 ? -1 : value, -1);
}

void bind_other(struct binder *binder, int64_t value, int64_t usual)
{
	if (value != usual)
		bind_int(binder, value);
	else
		bind_null(binder);
}

void bind_text(struct binder *binder, const char *text)
{
	sqlite3_bind_text(binder->statement, binder->next++, text, -1, SQLITE_STATIC);
}

void bind_slice(struct binder *binder, struct slice slice)
{
	if (slice.size)
		sqlite3_bind_text(binder->statement, binder->next++, slice.data,
				  (int)slice.size, SQLITE_STATIC);
	else
		bind_null(binder);
}

void bind_digest(struct binder *binder, const unsigned char *digest)
{
	sqlite3_bind_blob(binder->statement, binder->next++, digest, SHA256_SIZE,
			  SQLITE_STATIC);
}

int statement_run(struct store *store, enum statement which)
{
	sqlite3_stmt *statement = store->statements[which];
	int code = sqlite3_step(statement), ret = 0;

	if (code != SQLITE_DONE && code != SQLITE_ROW)
		ret = store_fail(store, code);
	sqlite3_reset(statement);
	return ret;
}

int statement_run_of(struct store *store, enum statement which, int64_t parameter)
{
	struct binder binder = statement_bind(store, which);

	bind_int(&binder, parameter);
	return statement_run(store, which);
}

int statement_numbered(struct store *store, int64_t last)
{
	if (sqlite3_last_insert_rowid(store->db) == last)
		return 0;
	snprintf(store->error, sizeof(store->error), "somebody else has changed it");
	return -EIO;
}

int statement_row(struct store *store, enum statement which)
{
	int code = sqlite3_step(store->statements[which]), ret;

	if (code == SQLITE_ROW)
		return 1;
	ret = code == SQLITE_DONE ? 0 : store_fail(store, code);
	sqlite3_reset(store->statements[which]);
	return ret;
}

void statement_reset(struct store *store, enum statement which)
{
	sqlite3_reset(store->statements[which]);
}

int statement_ask(struct store *store, enum statement which, int64_t *value, int64_t otherwise)
{
	struct reader reader = statement_read(store, which);
	int ret = statement_row(store, which);

	*value = otherwise;
	if (ret <= 0)
		return ret;
	*value = read_int(&reader);
	statement_reset(store, which);
	return 0;
}

int statement_column(sqlite3_stmt *rows, const char *name)
{
	int i;

	for (i = 0; name && i < sqlite3_column_count(rows); i++)
		if (!strcmp(sqlite3_column_name(rows, i), name))
			return i;
	return -1;
}

struct reader statement_read(struct store *store, enum statement which)
{
	return (struct reader){ store->statements[which], 0 };
}

int64_t read_int(struct reader *reader)
{
	return sqlite3_column_int64(reader->statement, reader->next++);
}

int64_t read_or(struct reader *reader, int64_t otherwise)
{
	if (sqlite3_column_type(reader->statement, reader->next) != SQLITE_NULL)
		return read_int(reader);
	reader->next++;
	return otherwise;
}

const char *read_text(struct reader *reader)
{
	const unsigned char *text = sqlite3_column_text(reader->statement, reader->next++);

	return text ? (const char *)text : "";
}
