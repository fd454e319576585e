// SPDX-License-Identifier: GPL-2.0-only
/* kith show: all about a process. */
#include "command.h"
#include "query.h"
#include "select.h"
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char doc[] =
	"Shows what is known of PROCESS: what it is, who started it, what it executed, "
	"how its credentials changed, whom it talked to, through which pipes, where it listened, "
	"which files it wrote, which it read that are sensitive or that others had written, "
	"what it did to files, to others and they to it, whom it started, and what may be missing. "
	SELECT_HELP "\vOf several, the five youngest.";

enum { SHOWN = 5 };

struct arguments {
	struct common common;
	const char *what;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->common;
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->what)
			argp_error(state, "one PROCESS, please");
		arguments->what = text;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which PROCESS?");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Of a server's thousands the last are enough. */
#define CONNECTIONS "100"
#define FILES	    "100"
#define TAKES_PART                                                                       \
	"(?1 IN (client_id, server_id, client_opener_id, server_opener_id) OR connection_id" \
	" IN (SELECT connection_id FROM connection_use WHERE process_id = ?1))"

#define USES_PIPE                                                                   \
	"(?1 IN (writer_id, reader_id) OR pipe_id IN (SELECT pipe_id FROM pipe_use" \
	" WHERE process_id = ?1))"

#define WROTE "process_id = ?1 AND (writes OR created OR truncated OR mapped_writable)"
#define READ_OF_OTHERS                                                                     \
	"process_id = ?1 AND (reads OR mapped) AND NOT executed"                           \
	" AND (sensitive OR changed OR writer_id IS NOT NULL)"
#define CHANGED "process_id = ?1 AND change_id IS NOT NULL"
#define ACTED	"?1 IN (process_id, target_id)"

/* How many more there are than were shown, and how to see them. */
#define MORE(what, view, condition)                                                        \
	"SELECT count(*) - " FILES " AS " what ", 'kith sql ''SELECT * FROM " view         \
	" WHERE process_id = ' || ?1 || '''' AS see FROM " view " WHERE " condition         \
	" HAVING count(*) > " FILES

/* What is asked about one process, in the order it is shown. ?1: process_id */
static const struct {
	const char *section;
	const char *sql;
} sections[] = {
	{ "process", "SELECT * FROM process WHERE process_id = ?1" },
	{ "container",
	  "SELECT container_id, runtime, name, image, pod, runtime_id FROM container"
	  " WHERE runtime IS NOT NULL AND container_id ="
	  " (SELECT container_id FROM process WHERE process_id = ?1)" },
	{ "ancestor",
	  "WITH RECURSIVE up(id, depth) AS (SELECT parent_id, 1 FROM process WHERE"
	  " process_id = ?1 UNION ALL SELECT p.parent_id, depth + 1 FROM up JOIN process p"
	  " ON p.process_id = up.id WHERE depth < 100)"
	  " SELECT up.depth, p.process_id, p.pid, p.exe, p.argv, p.uid, p.started, p.ended,"
	  " p.comm FROM up JOIN process p ON p.process_id = up.id ORDER BY up.depth" },
	{ "execution",
	  "SELECT ts, exe, argv, script, cwd, env, uid, euid, error FROM execution"
	  " WHERE process_id = ?1 ORDER BY ts" },
	{ "credential",
	  "SELECT ts, cause, uid_from, uid_to, euid_from, euid_to, gid_from, gid_to,"
	  " caps_from, caps_to, userns_from, userns_to, groups_from, groups_to,"
	  " unexplained, count, tid FROM credential WHERE process_id = ?1 ORDER BY ts" },
	{ "connection",
	  "SELECT connection_id, started, ended, client_id, client_addr, client_port, server_id,"
	  " server_addr, server_port, server_name, protocol, bytes_to_server, bytes_to_client,"
	  " scope, established, error, open, gone FROM connection WHERE " TAKES_PART
	  " ORDER BY connection_id DESC LIMIT " CONNECTIONS },
	{ "more connections",
	  "SELECT count(*) - " CONNECTIONS " AS connections, 'kith talks ''#' || ?1 || '''' AS see"
	  " FROM connection WHERE " TAKES_PART " HAVING count(*) > " CONNECTIONS },
	{ "pipe",
	  "SELECT pipe_id, started, ended, writer_id, reader_id, fifo, path, inode, written, read,"
	  " inexact, open, gone FROM pipe WHERE " USES_PIPE
	  " ORDER BY pipe_id DESC LIMIT " CONNECTIONS },
	{ "more pipes",
	  "SELECT count(*) - " CONNECTIONS " AS pipes, 'kith talks ''#' || ?1 || '''' AS see"
	  " FROM pipe WHERE " USES_PIPE " HAVING count(*) > " CONNECTIONS },
	{ "socket made",
	  "SELECT family, type, protocol, protocol_name, count, first, last FROM socket_made"
	  " WHERE process_id = ?1 ORDER BY first" },
	{ "listener",
	  "SELECT listener_id, protocol, addr, port, name, started, ended, open, gone FROM listener"
	  " WHERE process_id = ?1 ORDER BY listener_id" },
	{ "file written",
	  "SELECT first, last, path, inode, writes, bytes_written, written_at_most, created,"
	  " truncated, mapped_writable, reads, bytes_read, unlinked, open, kind, access_id"
	  " FROM file_access WHERE " WROTE " ORDER BY access_id DESC LIMIT " FILES },
	{ "more files written", MORE("files", "file_access", WROTE) },
	{ "file read",
	  "SELECT first, last, path, inode, reads, bytes_read, read_at_most, mapped,"
	  " mapped_executable, sensitive, changed, writer_id, unlinked, open, kind, access_id"
	  " FROM file_access WHERE " READ_OF_OTHERS " ORDER BY access_id DESC LIMIT " FILES },
	{ "more files read", MORE("files", "file_access", READ_OF_OTHERS) },
	{ "many files read",
	  "SELECT first, last, files, path, reads, bytes_read, read_at_most, writer_id"
	  " FROM folded_read WHERE process_id = ?1 ORDER BY access_id DESC LIMIT " FILES },
	{ "change",
	  "SELECT ts, op, path, new_path, detail, error, count, last, unsure, change_id"
	  " FROM file_change WHERE " CHANGED " ORDER BY change_id DESC LIMIT " FILES },
	{ "more changes", MORE("changes", "file_change", CHANGED) },
	{ "control",
	  "SELECT ts, op, process_id, target_id, detail, count, last, tried, connection_id,"
	  " pipe_id FROM (SELECT * FROM control WHERE " ACTED " ORDER BY ts DESC LIMIT " FILES
	  ") ORDER BY ts" },
	{ "more controls",
	  "SELECT count(*) - " FILES " AS controls, 'kith sql ''SELECT * FROM control WHERE ' || ?1"
	  " || ' IN (process_id, target_id)''' AS see FROM control WHERE " ACTED
	  " HAVING count(*) > " FILES },
	{ "cgroup move",
	  "SELECT m.ts, m.process_id AS mover_id, c.path FROM cgroup_move m"
	  " LEFT JOIN container c USING (container_id) WHERE target_id = ?1 ORDER BY ts" },
	{ "child",
	  "SELECT process_id, pid, exe, argv, uid, started, ended, exit_code, exit_signal"
	  " FROM process WHERE parent_id = ?1 ORDER BY process_id" },
	{ "loss",
	  "SELECT l.* FROM loss l JOIN process p ON p.process_id = ?1"
	  " WHERE l.boot_id = p.boot_id AND l.to_ts >= p.started"
	  " AND l.from_ts <= coalesce(p.ended, l.from_ts)" },
};

static bool is_time(const char *name)
{
	static const char *const names[] = { "ts", "started", "ended", "first", "last", "from_ts",
					     "to_ts" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* @word: other values follow on the line. */
static void print_value(sqlite3_stmt *row, int column, bool word)
{
	const char *name = sqlite3_column_name(row, column);
	char when[48];

	if (is_time(name)) {
		fputs(text_time(when, sizeof(when), sqlite3_column_int64(row, column)), stdout);
	} else if (!strncmp(name, "cap", 3)) {
		printf("%#" PRIx64, (uint64_t)sqlite3_column_int64(row, column));
	} else {
		const char *text = (const char *)sqlite3_column_text(row, column);
		size_t size = (size_t)sqlite3_column_bytes(row, column);

		(word ? text_print_word : text_print)(stdout, text, size);
	}
}

/* What is known, "name value" after "name value", on one line or on many. */
static void print_text(sqlite3_stmt *row, const char *section, bool many)
{
	int i, columns = sqlite3_column_count(row);

	printf("%s", section);
	for (i = 0; i < columns; i++) {
		if (sqlite3_column_type(row, i) == SQLITE_NULL)
			continue;
		if (many)
			printf("\n    %-16s", sqlite3_column_name(row, i));
		else
			printf("  %s=", sqlite3_column_name(row, i));
		print_value(row, i, !many);
	}
	putchar('\n');
}

static void print_json(sqlite3_stmt *row, const char *section, int64_t id)
{
	printf("{\"section\":\"%s\",\"of\":%" PRId64 ",\"row\":", section, id);
	query_print_json(row, stdout);
	fputs("}\n", stdout);
}

static int show_section(sqlite3 *db, size_t which, int64_t id, bool json)
{
	sqlite3_stmt *row = NULL;
	int status = query_prepare(db, &row, sections[which].sql), code = SQLITE_DONE;

	if (!status)
		sqlite3_bind_int64(row, 1, id);
	while (!status && (code = sqlite3_step(row)) == SQLITE_ROW) {
		if (json)
			print_json(row, sections[which].section, id);
		else
			print_text(row, sections[which].section, which == 0);
	}
	if (!status && code != SQLITE_DONE)
		status = query_failed(db);
	sqlite3_finalize(row);
	return status;
}

static int show(sqlite3 *db, int64_t id, bool json)
{
	size_t i;
	int status = 0;

	for (i = 0; !status && i < sizeof(sections) / sizeof(*sections); i++)
		status = show_section(db, i, id, json);
	return status;
}

static int run(const struct arguments *arguments)
{
	const struct common *common = &arguments->common;
	int64_t *ids = NULL;
	size_t count = 0, i;
	sqlite3 *db;
	int status = query_open(&db, common->database);

	if (!status)
		status = select_processes(db, arguments->what, common, &ids, &count, SHOWN);
	for (i = 0; !status && i < count; i++) {
		if (i && !common->json)
			putchar('\n');
		status = show(db, ids[i], common->json);
	}
	free(ids);
	sqlite3_close(db);
	return status;
}

int command_show(int argc, char **argv)
{
	static const struct argp argp = { NULL, parse, "PROCESS", doc, command_children, NULL,
					  NULL };
	struct arguments arguments = { .what = NULL };

	common_init(&arguments.common);
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	return run(&arguments);
}
