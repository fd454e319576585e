// SPDX-License-Identifier: GPL-2.0-only
/*
 * The JSON of Chrome's trace events, which ui.perfetto.dev opens: a track for each
 * process, and on it all that it did. Of PIDs several processes have had the same one, so
 * tracks have the key of the process.
 */
#include "export.h"
#include "export_parts.h"

#include "query.h"

/* The track comes first: what has none is left out. */
#define TRACK(id) id " AS pid, " id " AS tid"
#define NEXT	  ", NULL AS \"|\", "

#define ARGUMENT(name, value) ", " value " AS \"args." name "\""
#define INSTANT(id, name, category, ts)                                 \
	TRACK(id) ", 'i' AS ph, 't' AS s, " name " AS name, '" category \
	"' AS cat, " ts " AS \"ts%\""
/* On no track, but across all. */
#define ACROSS(name, category, ts)                                              \
	"0 AS pid, 0 AS tid, 'i' AS ph, 'g' AS s, " name " AS name, '" category \
	"' AS cat, " ts " AS \"ts%\""
#define NAME(kind, name) \
	", 'M' AS ph, '" kind "' AS name, " name " AS \"args.name\""

/*
 * An arrow binds to the slice that is there at its time: that of a process, from its
 * start to a microsecond before its end, which is what a reader's numbers can tell apart.
 */
#define IN_LIFE(p, ts) \
	"max(" p ".started, min(" ts ", coalesce(" p ".ended - 1000, " ts ")))"
#define ARROW(id, ph, ts)                                                                  \
	TRACK(id) ", '" ph "' AS ph, 1 AS \"id#\", e.via || coalesce(' ' || e.object, '')" \
	" AS name, 'flow' AS cat, " ts " AS \"ts%\""
#define FLOWS(condition)                                                                \
	OF_VIEW("flow",                                                                 \
		"flow e LEFT JOIN process s ON s.process_id = e.source_id"              \
		" LEFT JOIN process t ON t.process_id = e.target_id",                   \
		ARROW("s.process_id", "s", IN_LIFE("s", "e.first"))                     \
		ARGUMENT("bytes", "e.bytes") NEXT                                       \
		ARROW("t.process_id", "f", IN_LIFE("t", "coalesce(e.last, e.first)"))   \
		", 'e' AS bp",                                                          \
		"e.first",                                                              \
		"e.first <= ?3 AND (e.last >= ?2 OR e.last IS NULL) AND e.source_id IS" \
		" NOT NULL AND e.target_id IS NOT NULL AND " condition)

/* Of a conversation the client, if that is of this host, else the server. */
#define SPEAKER "coalesce(e.client_id, e.server_id)"

/* A bar of its own below the process, for there may be many at once. */
#define BAR(id, ph, ts)                                                                  \
	TRACK(id) ", '" ph "' AS ph, CAST(e.connection_id AS TEXT) AS id,"               \
	" e.protocol || coalesce(' ' || coalesce(e.server_name, e.server_addr || ' ' ||" \
	" e.server_port), '') AS name, 'connection' AS cat, " ts " AS \"ts%\""
#define CONNECTIONS(condition)                                                            \
	OF_VIEW("connection", "connection e",                                             \
		BAR(SPEAKER, "b", "e.started")                                            \
		ARGUMENT("client_id", "e.client_id") ARGUMENT("server_id", "e.server_id") \
		ARGUMENT("client_addr", "e.client_addr")                                  \
		ARGUMENT("client_port", "e.client_port")                                  \
		ARGUMENT("bytes_to_server", "e.bytes_to_server")                          \
		ARGUMENT("bytes_to_client", "e.bytes_to_client")                          \
		ARGUMENT("error", "e.error") NEXT                                         \
		BAR("iif(e.ended IS NULL, NULL, " SPEAKER ")", "e", "e.ended"),           \
		"e.started",                                                              \
		"e.started <= ?3 AND " QUERY_LASTED_SINCE("e") " AND " condition)

#define CHANGES(condition)                                                                     \
	OF_VIEW("file_change", "file_change e",                                                \
		INSTANT("e.process_id", "e.op || coalesce(' ' || e.path, '')", "file", "e.ts") \
		ARGUMENT("path", "e.path") ARGUMENT("new_path", "e.new_path")                  \
		ARGUMENT("detail", "e.detail") ARGUMENT("error", "e.error"),                   \
		"e.ts", OVERLAPS("e.ts", "e.last") " AND " condition)

static const struct export_stream streams[] = {
	OF_VIEW("loss", "loss e",
		ACROSS("'LOST ' || e.class", "loss", "e.from_ts")
		ARGUMENT("cause", "e.cause") ARGUMENT("lost", "e.lost")
		", e.to_ts AS \"args.until@\"",
		"e.from_ts", OVERLAPS("e.from_ts", "e.to_ts")),
	OF_VIEW("sensor", "sensor e",
		ACROSS("e.event", "sensor", "e.ts") ARGUMENT("detail", "e.detail"),
		"e.ts", WITHIN("e.ts")),
	OF_VIEW("process", "process p",
		TRACK("p.process_id")
		NAME("process_name", "coalesce(p.comm, 'unknown') || ' (pid ' || p.pid || ')'")
		NEXT TRACK("p.process_id")
		NAME("thread_name", "coalesce(p.exe, p.comm, 'unknown')")
		NEXT TRACK("p.process_id")
		", iif(p.ended IS NULL, 'B', 'X') AS ph, coalesce(p.comm, 'unknown') AS name,"
		" 'process' AS cat, p.started AS \"ts%\", p.ended - p.started AS \"dur%\""
		ARGUMENT("pid", "p.pid") ARGUMENT("parent_id", "p.parent_id")
		ARGUMENT("exe", "p.exe") ARGUMENT("argv", "p.argv") ARGUMENT("uid", "p.uid")
		ARGUMENT("container_id", "p.container_id") ARGUMENT("unit", "p.unit")
		ARGUMENT("exit_code", "p.exit_code") ARGUMENT("exit_signal", "p.exit_signal"),
		"p.started", "p.started <= ?3 AND " QUERY_LASTED_SINCE("p")),
	OF_VIEW("execution", "execution e",
		INSTANT("e.process_id", "iif(e.error IS NULL, 'exec ', 'exec failed ') ||"
			" coalesce(e.exe, 'unknown')", "execution", "e.ts")
		ARGUMENT("exe", "e.exe") ARGUMENT("argv", "e.argv")
		ARGUMENT("script", "e.script") ARGUMENT("uid", "e.uid")
		ARGUMENT("error", "e.error"),
		"e.ts", WITHIN("e.ts")),
	OF_VIEW("credential", "credential e",
		INSTANT("e.process_id", "iif(e.unexplained, 'UNEXPLAINED CREDENTIALS', e.cause)",
			"credential", "e.ts")
		ARGUMENT("uid_from", "e.uid_from") ARGUMENT("uid_to", "e.uid_to")
		ARGUMENT("euid_from", "e.euid_from") ARGUMENT("euid_to", "e.euid_to"),
		"e.ts", OVERLAPS("e.ts", "e.last")),
	OF_VIEW("control", "control e",
		INSTANT("e.process_id", "coalesce(e.op, 'control')", "control", "e.ts")
		ARGUMENT("target_id", "e.target_id") ARGUMENT("detail", "e.detail"),
		"e.ts", OVERLAPS("e.ts", "e.last")),
	EACH_OF_CHANGES,
	EACH_OF_CONNECTIONS,
	FLOWS("e.connection_id IS NOT NULL"),
	FLOWS("e.pipe_id IS NOT NULL"),
	FLOWS("e.access_id IS NOT NULL"),
	FLOWS("e.file_id IS NOT NULL AND e.access_id IS NULL"),
	FLOWS("coalesce(e.connection_id, e.pipe_id, e.file_id, e.access_id) IS NULL"),
};

const struct export_format export_perfetto = {
	.name = "perfetto",
	.head = "'{\"displayTimeUnit\":\"ns\",\"traceEvents\":[' || char(10)",
	.foot = "\n]}\n",
	.between = ",\n",
	.streams = streams,
	.count = sizeof(streams) / sizeof(*streams),
};
