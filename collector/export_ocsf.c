// SPDX-License-Identifier: GPL-2.0-only
/* Events of Open Cybersecurity Schema Framework 1.5: classes 1001, 1002, 1007 and 4001. */
#include "export.h"
#include "export_parts.h"

#include "query.h"

/* @class and @activity are numbers; the category is the class's thousands. */
#define EVENT(ts, class, activity, name)                                                    \
	ts " AS \"time&\", " class " / 1000 AS category_uid, " class " AS class_uid, "      \
	activity " AS activity_id, " class " * 100 + " activity " AS type_uid, " name       \
	" AS activity_name, 1 AS severity_id, '1.5.0' AS \"metadata.version\","             \
	" 'Kith' AS \"metadata.product.name\", 'Kith' AS \"metadata.product.vendor_name\"," \
	" ?6 AS \"metadata.product.version\", 'host' AS \"metadata.profiles*\","            \
	" 'container' AS \"metadata.profiles*\", " ts " AS \"metadata.original_time@\","    \
	" 0 AS \"device.type_id\", coalesce(?4, 'unknown') AS \"device.hostname\","         \
	" ?5 AS \"device.uid\""
#define LASTED(from, to)                                                          \
	", " from " AS \"start_time&\", " to " AS \"end_time&\", (" to " - " from \
	") / 1000000 AS duration"
#define STATUS(error) \
	", iif(" error " IS NULL, 1, 2) AS status_id, " error " AS \"status_code$\""

/* A file, which has to have a name. */
#define FILE_OF(field, path, type)                                                    \
	", iif(" path " IS NULL, NULL, coalesce(basename(" path "), '')) AS \"" field \
	".name\", " path " AS \"" field ".path\", iif(" path " IS NULL, NULL, " type  \
	") AS \"" field ".type_id\""
#define BARE_AS(field, p, uid)                                               \
	", " p ".pid AS \"" field ".pid\", " uid " AS \"" field ".uid\", " p \
	".started AS \"" field ".created_time&\""
#define BARE(field, p) BARE_AS(field, p, ENTITY(p))
#define RUNS(field, exe, name, argv)                                           \
	", " name " AS \"" field ".name\", " argv " AS \"" field ".cmd_line\"" \
	FILE_OF(field ".file", exe, "1")
#define USER(field, uid) ", " uid " AS \"" field ".user.uid$\""
#define PROCESS(field, p) \
	BARE(field, p) RUNS(field, p ".exe", p ".comm", p ".argv") USER(field, p ".uid")
#define PARENT PROCESS("process.parent_process", "q")
/* There has to be one. */
#define ACTOR(p)                                                          \
	BARE_AS("actor.process", p, "coalesce(" ENTITY(p) ", 'unknown')") \
	RUNS("actor.process", p ".exe", p ".comm", p ".argv") USER("actor.process", p ".uid")
#define CONTAINER(field)                                                        \
	", k.runtime_id AS \"" field ".container.uid\", " NAME_OF("k") " AS \"" field \
	".container.name\", k.runtime AS \"" field ".container.runtime\""

/* What has no attribute of its own. */
#define UNMAPPED(name, value) ", " value " AS \"unmapped." name "\""

#define FILE_TYPE                                                                       \
	"CASE e.kind WHEN 'regular' THEN 1 WHEN 'directory' THEN 2 WHEN 'block' THEN 4" \
	" ELSE 0 END"

#define ACCESSES(condition)                                                               \
	OF_VIEW("file_access", WITH_PROCESS("file_access", "e.process_id"),               \
		EVENT("e.first", "1001",                                                  \
		      "iif(e.created, 1, iif(e.writes > 0, 3, iif(e.reads > 0, 2, 14)))", \
		      "CASE WHEN e.created THEN 'Create' WHEN e.writes > 0 THEN 'Update'" \
		      " WHEN e.reads > 0 THEN 'Read' ELSE 'Open' END")                    \
		LASTED("e.first", "e.last") ", 1 AS status_id" ACTOR("p")                 \
		CONTAINER("actor.process")                                                \
		FILE_OF("file", "coalesce(e.path, 'inode ' || e.inode, '')", FILE_TYPE)   \
		UNMAPPED("bytes_read", "e.bytes_read")                                    \
		UNMAPPED("bytes_written", "e.bytes_written"),                             \
		"e.first", OVERLAPS("e.first", "e.last") " AND " condition)

#define CHANGED                                                                   \
	"CASE WHEN e.op IN ('create', 'link', 'symlink', 'mkdir') THEN 1"         \
	" WHEN e.op = 'truncate' THEN 3 WHEN e.op IN ('unlink', 'rmdir') THEN 4"  \
	" WHEN e.op = 'rename' THEN 5 WHEN e.op IN ('setxattr', 'utimes') THEN 6" \
	" WHEN e.op IN ('chmod', 'chown') THEN 7 ELSE 99 END"
#define CHANGES(condition)                                                               \
	OF_VIEW("file_change", WITH_PROCESS("file_change", "e.process_id"),              \
		EVENT("e.ts", "1001", CHANGED, "e.op") STATUS("e.error") ACTOR("p")      \
		CONTAINER("actor.process")                                               \
		FILE_OF("file", "coalesce(e.path, 'inode ' || e.inode, '')", "0")        \
		FILE_OF("file_result", "e.new_path", "0") UNMAPPED("detail", "e.detail") \
		UNMAPPED("count", "e.count"),                                            \
		"e.ts", OVERLAPS("e.ts", "e.last") " AND " condition)

/* Whatever came of it; the error is an errno: 111 is ECONNREFUSED, 104 ECONNRESET. */
#define TALKED                                                                  \
	"CASE WHEN NOT (e.established OR e.open) THEN iif(e.error = 111, 5, 4)" \
	" WHEN e.ended IS NULL THEN 1 WHEN e.error = 104 THEN 3 ELSE 2 END"
#define TALK_NAME                                                                           \
	"CASE WHEN NOT (e.established OR e.open) THEN iif(e.error = 111, 'Refuse', 'Fail')" \
	" WHEN e.ended IS NULL THEN 'Open' WHEN e.error = 104 THEN 'Reset' ELSE 'Close' END"
#define PROTOCOL(addr)                                                                  \
	", e.protocol AS \"connection_info.protocol_name\", CASE e.protocol WHEN 'tcp'" \
	" THEN 6 WHEN 'udp' THEN 17 END AS \"connection_info.protocol_num\","           \
	" iif(" addr " IS NULL, 0, iif(instr(" addr ", ':'), 6, 4))"                    \
	" AS \"connection_info.protocol_ver_id\""
#define DIRECTION(id) ", " id " AS \"connection_info.direction_id\""

#define CONNECTIONS(condition)                                                                    \
	OF_VIEW("connection", WITH_PROCESS("connection", SPEAKER)                                 \
		" LEFT JOIN process t ON e.client_id IS NOT NULL AND t.process_id = e.server_id", \
		EVENT("e.started", "4001", TALKED, TALK_NAME)                                     \
		LASTED("e.started", "e.ended") STATUS("e.error")                                  \
		DIRECTION("CASE WHEN e.client_id IS NULL THEN 1 WHEN e.server_id IS NULL"         \
			  " THEN 2 ELSE 3 END")                                                   \
		", CAST(e.connection_id AS TEXT) AS \"connection_info.uid\""                      \
		PROTOCOL("e.server_addr") ACTOR("p") CONTAINER("actor.process")                   \
		", e.client_addr AS \"src_endpoint.ip\", e.client_port AS \"src_endpoint.port\"," \
		" e.server_addr AS \"dst_endpoint.ip\", e.server_port AS \"dst_endpoint.port\","  \
		" iif(e.server_addr IS NULL, coalesce(e.server_name, 'unnamed'), NULL)"           \
		" AS \"dst_endpoint.svc_name\", e.bytes_to_server AS \"traffic.bytes_out\","      \
		" e.bytes_to_client AS \"traffic.bytes_in\","                                     \
		" e.bytes_to_server + e.bytes_to_client AS \"traffic.bytes\""                     \
		UNMAPPED("server_process.pid", "t.pid")                                           \
		UNMAPPED("server_process.uid", ENTITY("t")),                                      \
		"e.started",                                                                      \
		"e.started <= ?3 AND " QUERY_LASTED_SINCE("e") " AND " condition)

#define CONTROL WITH_PROCESS("control", "e.process_id") \
		" LEFT JOIN process t ON t.process_id = e.target_id"
#define DONE(condition) OVERLAPS("e.ts", "e.last") " AND " condition

static const struct export_stream streams[] = {
	OF_VIEW("process", "process p" RELATIVES,
		EVENT("p.started", "1007", "1", "'Launch'") ", 1 AS status_id" ACTOR("q")
		PROCESS("process", "p") PARENT CONTAINER("process"),
		"p.started", WITHIN("p.started")),
	OF_VIEW("execution", WITH_PROCESS("execution", "e.process_id"),
		EVENT("e.ts", "1007", "1", "'Launch'") STATUS("e.error") ACTOR("q")
		BARE("process", "p") RUNS("process", "e.exe", "basename(e.exe)", "e.argv")
		USER("process", "e.uid") PARENT CONTAINER("process")
		UNMAPPED("script", "e.script"),
		"e.ts", WITHIN("e.ts")),
	OF_VIEW("credential", WITH_PROCESS("credential", "e.process_id"),
		EVENT("e.ts", "1007", "iif(e.uid_from IS NOT e.uid_to OR e.euid_from IS NOT"
		      " e.euid_to, 5, 99)", "e.cause")
		", 1 AS status_id" ACTOR("p") USER("actor", "e.uid_from")
		BARE("process", "p") RUNS("process", "p.exe", "p.comm", "p.argv")
		USER("process", "e.uid_to") CONTAINER("process")
		UNMAPPED("unexplained", "e.unexplained") UNMAPPED("euid_from", "e.euid_from")
		UNMAPPED("euid_to", "e.euid_to") UNMAPPED("gid_from", "e.gid_from")
		UNMAPPED("gid_to", "e.gid_to") UNMAPPED("count", "e.count"),
		"e.ts", OVERLAPS("e.ts", "e.last")),
	OF_VIEW("listener", WITH_PROCESS("listener", "e.process_id"),
		EVENT("e.started", "4001", "7", "'Listen'") LASTED("e.started", "e.ended")
		", 1 AS status_id" DIRECTION("1") PROTOCOL("e.addr") ACTOR("p")
		CONTAINER("actor.process") ", e.addr AS \"dst_endpoint.ip\","
		" e.port AS \"dst_endpoint.port\", iif(e.addr IS NULL, coalesce(e.name,"
		" 'unnamed'), NULL) AS \"dst_endpoint.svc_name\"",
		"e.started", "e.started <= ?3 AND " QUERY_LASTED_SINCE("e")),
	EACH_OF_CONNECTIONS,
	EACH_OF_ACCESSES,
	EACH_OF_CHANGES,
	OF_VIEW("control", CONTROL,
		EVENT("e.ts", "1007", "CASE WHEN e.op IN ('ptrace', 'vm_read') THEN 3"
		      " WHEN e.op = 'vm_write' THEN 4 ELSE 99 END", "e.op")
		", 0 AS status_id" ACTOR("p") CONTAINER("actor.process") PROCESS("process", "t")
		UNMAPPED("detail", "e.detail") UNMAPPED("count", "e.count"),
		"e.ts", DONE("e.target_id IS NOT NULL")),
	OF_VIEW("control", CONTROL,
		EVENT("e.ts", "1001", "iif(e.op = 'mount', 12, 13)", "e.op")
		", 0 AS status_id" ACTOR("p") CONTAINER("actor.process")
		FILE_OF("file", "coalesce(e.detail, '')", "2") UNMAPPED("count", "e.count"),
		"e.ts", DONE("e.op IN ('mount', 'umount')")),
	OF_VIEW("control", CONTROL,
		EVENT("e.ts", "1002", "iif(e.op = 'module_load', 1, 2)", "e.op")
		", 0 AS status_id" ACTOR("p") CONTAINER("actor.process")
		FILE_OF("driver.file", "coalesce(e.detail, '')", "1")
		UNMAPPED("count", "e.count"),
		"e.ts", DONE("e.op IN ('module_load', 'module_unload')")),
	/* at the end: of several things at one time it is the last */
	{ .view = "process",
	  .from = "process p" RELATIVES,
	  .columns = EVENT("p.ended", "1007", "2", "'Terminate'") ", 1 AS status_id,"
		" p.exit_code AS exit_code" ACTOR("p") PROCESS("process", "p")
		", p.ended AS \"process.terminated_time&\"" CONTAINER("process")
		UNMAPPED("exit_signal", "p.exit_signal"),
	  .when = "p.ended",
	  .stored = "p.started",
	  .where = WITHIN("p.ended") },
};

const struct export_format export_ocsf = {
	.name = "ocsf",
	.behind = "\n",
	.streams = streams,
	.count = sizeof(streams) / sizeof(*streams),
};
