// SPDX-License-Identifier: GPL-2.0-only
/* The fields of Elastic Common Schema 8; what it has no field for stands below kith. */
#include "export.h"
#include "export_parts.h"

#include "query.h"

#define EVENT(ts, boot, kind, category, action, dataset)                                \
	ts " AS \"@timestamp@\", '8.11.0' AS \"ecs.version\", ?4 AS \"host.name\","     \
	" ?5 AS \"host.id\", " boot " AS \"host.boot.id\", 'kith' AS \"event.module\"," \
	" 'kith." dataset "' AS \"event.dataset\", " kind " AS \"event.kind\", " action \
	" AS \"event.action\", " category " AS \"event.category*\""
#define TYPE(type)    ", " type " AS \"event.type*\""
#define OUTCOME(text) ", " text " AS \"event.outcome\""

/* From when to when; what is not over has neither end nor duration. */
#define LASTED(from, to)                                                      \
	", " from " AS \"event.start@\", " to " AS \"event.end@\", " to " - " \
	from " AS \"event.duration\""

#define WHO(p)                                                                       \
	", " ENTITY(p) " AS \"process.entity_id\", " p ".pid AS \"process.pid\", " p \
	".started AS \"process.start@\", " p ".uid AS \"process.user.id$\", " p      \
	".gid AS \"process.group.id$\""
#define RUNS(exe, name, argv, cwd)                                                 \
	", " exe " AS \"process.executable\", " name " AS \"process.name\", " argv \
	" AS \"process.command_line\", " cwd " AS \"process.working_directory\""
#define PARENT_KEY(q)                                         \
	", " ENTITY(q) " AS \"process.parent.entity_id\", " q \
	".pid AS \"process.parent.pid\""
#define PARENT(q)                                                                          \
	PARENT_KEY(q) ", " q ".started AS \"process.parent.start@\", " q                   \
	".exe AS \"process.parent.executable\", " q ".comm AS \"process.parent.name\", " q \
	".argv AS \"process.parent.command_line\""
#define CONTAINER                                                               \
	", k.runtime_id AS \"container.id\", " NAME_OF("k") " AS \"container.name\"," \
	" k.runtime AS \"container.runtime\", k.image AS \"container.image.name\""
#define USER(uid, euid, gid)                                                  \
	", " uid " AS \"user.id$\", " euid " AS \"user.effective.id$\", " gid \
	" AS \"group.id$\""
#define ERROR(error) ", " error " AS \"error.code$\""

/* All that is known of a process, which runs what it ran last. */
#define PROCESS	 WHO("p") RUNS("p.exe", "p.comm", "p.argv", "p.cwd") PARENT("q")
/* As whom something was done: more of its parent costs as much as all the rest. */
#define ACTOR    WHO("p") RUNS("p.exe", "p.comm", "p.argv", "p.cwd") PARENT_KEY("q")
#define ITS_USER CONTAINER USER("p.uid", "p.euid", "p.gid")
#define UNIT	 ", p.process_id AS \"kith.process_id\", p.unit AS \"kith.unit\""

#define HEX(name, value) \
	", iif(" value " IS NULL, NULL, printf('%x', " value ")) AS \"kith." name "\""

#define TRANSPORT(addr)                                                                   \
	", iif(e.protocol IN ('tcp', 'udp'), e.protocol, NULL) AS \"network.transport\"," \
	" iif(instr(" addr ", ':'), 'ipv6', iif(" addr " IS NULL, NULL, 'ipv4'))"         \
	" AS \"network.type\""
#define PROTOCOL ", e.protocol AS \"kith.protocol\""

/* By what each was touched; a file that was only mapped was read too. */
#define ACCESSED                                                                         \
	"iif(e.created OR e.writes > 0, iif(e.reads > 0 OR e.executed, 'access', NULL)," \
	" 'access')"
#define ACCESS                                                             \
	"CASE WHEN e.created THEN 'create' WHEN e.writes > 0 THEN 'write'" \
	" WHEN e.executed THEN 'execute' WHEN e.reads > 0 THEN 'read' ELSE 'map' END"
#define FILE_TYPE "CASE e.kind WHEN 'regular' THEN 'file' WHEN 'directory' THEN 'dir' END"
#define PATH(path)                                                                        \
	", " path " AS \"file.path\", basename(" path ") AS \"file.name\", dirname(" path \
	") AS \"file.directory\", e.inode AS \"file.inode$\""

/* Both ends: who asked, or else who was asked, is the process; the other one is below kith. */
#define CONNECTIONS(condition)                                                                    \
	OF_VIEW("connection", WITH_PROCESS("connection", SPEAKER)                                 \
		" LEFT JOIN process t ON e.client_id IS NOT NULL AND t.process_id = e.server_id", \
		EVENT("e.started", BOOT_OF("e"), "'event'", "'network'",                          \
		      "iif(e.client_id IS NULL, 'accept', 'connect')", "connection")              \
		TYPE("'connection'") TYPE("'start'") TYPE("iif(e.ended IS NULL, NULL, 'end')")    \
		OUTCOME("iif(e.established OR e.open, 'success', 'failure')")                     \
		LASTED("e.started", "e.ended") ACTOR ITS_USER                                     \
		", e.client_addr AS \"source.address\", e.client_addr AS \"source.ip\","          \
		" e.client_port AS \"source.port\", e.bytes_to_server AS \"source.bytes\","       \
		" coalesce(e.server_name, e.server_addr) AS \"destination.address\","             \
		" e.server_addr AS \"destination.ip\", e.server_port AS \"destination.port\","    \
		" e.bytes_to_client AS \"destination.bytes\""                                     \
		TRANSPORT("e.server_addr")                                                        \
		", iif(e.server_addr IS NULL, NULL, CASE WHEN e.server_id IS NULL THEN 'egress'"  \
		" WHEN e.client_id IS NULL THEN 'ingress' END) AS \"network.direction\","         \
		" e.bytes_to_server + e.bytes_to_client AS \"network.bytes\""                     \
		ERROR("e.error") UNIT PROTOCOL                                                    \
		", e.connection_id AS \"kith.connection_id\", e.scope AS \"kith.scope\","         \
		" " ENTITY("t") " AS \"kith.server.entity_id\", t.pid AS \"kith.server.pid\","    \
		" t.exe AS \"kith.server.executable\"",                                           \
		"e.started",                                                                      \
		"e.started <= ?3 AND " QUERY_LASTED_SINCE("e") " AND " condition)

#define ACCESSES(condition)                                                                 \
	OF_VIEW("file_access", WITH_PROCESS("file_access", "e.process_id"),                 \
		EVENT("e.first", BOOT_OF("p"), "'event'", "'file'", ACCESS, "file_access")  \
		TYPE("iif(e.created, 'creation', NULL)")                                    \
		TYPE("iif(e.writes > 0, 'change', NULL)") TYPE(ACCESSED)                    \
		LASTED("e.first", "e.last") ACTOR ITS_USER PATH("e.path")                   \
		", " FILE_TYPE " AS \"file.type\"" UNIT                                     \
		", e.access_id AS \"kith.access_id\", e.reads AS \"kith.reads\","           \
		" e.bytes_read AS \"kith.bytes_read\", e.writes AS \"kith.writes\","        \
		" e.bytes_written AS \"kith.bytes_written\", e.mapped AS \"kith.mapped?\"", \
		"e.first", OVERLAPS("e.first", "e.last") " AND " condition)

/* The name that it has afterwards; what it was before is below kith. */
#define CHANGES(condition)                                                                      \
	OF_VIEW("file_change", WITH_PROCESS("file_change", "e.process_id"),                     \
		EVENT("e.ts", BOOT_OF("p"), "'event'", "'file'", "e.op", "file_change")         \
		TYPE("CASE WHEN e.op IN ('create', 'link', 'symlink', 'mkdir') THEN 'creation'" \
		     " WHEN e.op IN ('unlink', 'rmdir') THEN 'deletion' ELSE 'change' END")     \
		OUTCOME("iif(e.error IS NULL, 'success', 'failure')") ACTOR ITS_USER            \
		PATH("coalesce(e.new_path, e.path)")                                            \
		", iif(e.op = 'symlink', e.detail, NULL) AS \"file.target_path\""               \
		ERROR("e.error") UNIT                                                           \
		", iif(e.new_path IS NULL, NULL, e.path) AS \"kith.path_before\","              \
		" e.detail AS \"kith.detail\", e.count AS \"kith.count\"",                      \
		"e.ts", OVERLAPS("e.ts", "e.last") " AND " condition)

static const struct export_stream streams[] = {
	OF_VIEW("loss", "loss e",
		EVENT("e.from_ts", BOOT_OF("e"), "'pipeline_error'", "'host'", "'loss'", "loss")
		TYPE("'info'") LASTED("e.from_ts", "e.to_ts")
		", e.class AS \"kith.class\", e.cause AS \"kith.cause\", e.cpu AS \"kith.cpu\","
		" e.lost AS \"kith.lost\"",
		"e.from_ts", OVERLAPS("e.from_ts", "e.to_ts")),
	OF_VIEW("sensor", "sensor e",
		EVENT("e.ts", BOOT_OF("e"), "'event'", "'host'", "e.event", "sensor")
		TYPE("'info'") ", e.detail AS message",
		"e.ts", WITHIN("e.ts")),
	OF_VIEW("process", "process p" RELATIVES,
		EVENT("p.started", BOOT_OF("p"), "'event'", "'process'", "'fork'", "process")
		TYPE("'start'") PROCESS ITS_USER UNIT,
		"p.started", WITHIN("p.started")),
	OF_VIEW("execution", WITH_PROCESS("execution", "e.process_id"),
		EVENT("e.ts", BOOT_OF("p"), "'event'", "'process'", "'exec'", "execution")
		TYPE("iif(e.error IS NULL, 'start', 'info')")
		OUTCOME("iif(e.error IS NULL, 'success', 'failure')")
		WHO("p") RUNS("e.exe", "basename(e.exe)", "e.argv", "e.cwd") PARENT("q")
		CONTAINER USER("e.uid", "e.euid", "e.gid") ERROR("e.error") UNIT
		", e.execution_id AS \"kith.execution_id\", e.script AS \"kith.script\"",
		"e.ts", WITHIN("e.ts")),
	OF_VIEW("credential", WITH_PROCESS("credential", "e.process_id"),
		EVENT("e.ts", BOOT_OF("p"), "iif(e.unexplained, 'alert', 'event')", "'process'",
		      "e.cause", "credential")
		TYPE("'change'") ACTOR CONTAINER USER("e.uid_from", "e.euid_to", "e.gid_to") UNIT
		", e.unexplained AS \"kith.unexplained?\", e.count AS \"kith.count\","
		" e.uid_from AS \"kith.uid_from\", e.uid_to AS \"kith.uid_to\","
		" e.euid_from AS \"kith.euid_from\", e.euid_to AS \"kith.euid_to\","
		" e.gid_from AS \"kith.gid_from\", e.gid_to AS \"kith.gid_to\""
		HEX("caps_from", "e.caps_from") HEX("caps_to", "e.caps_to"),
		"e.ts", OVERLAPS("e.ts", "e.last")),
	OF_VIEW("listener", WITH_PROCESS("listener", "e.process_id"),
		EVENT("e.started", BOOT_OF("e"), "'event'", "'network'", "'listen'", "listener")
		TYPE("'start'") TYPE("iif(e.ended IS NULL, NULL, 'end')")
		LASTED("e.started", "e.ended") ACTOR ITS_USER TRANSPORT("e.addr")
		", coalesce(e.name, e.addr) AS \"server.address\", e.addr AS \"server.ip\","
		" e.port AS \"server.port\"" UNIT PROTOCOL,
		"e.started", "e.started <= ?3 AND " QUERY_LASTED_SINCE("e")),
	EACH_OF_CONNECTIONS,
	EACH_OF_ACCESSES,
	EACH_OF_CHANGES,
	OF_VIEW("control", WITH_PROCESS("control", "e.process_id")
		" LEFT JOIN process t ON t.process_id = e.target_id",
		EVENT("e.ts", BOOT_OF("p"), "'event'",
		      "iif(e.op IN ('module_load', 'module_unload'), 'driver', 'process')",
		      "e.op", "control")
		TYPE("CASE WHEN e.op = 'module_load' THEN 'start' WHEN e.op = 'module_unload'"
		     " THEN 'end' WHEN e.op IN ('ptrace', 'vm_read') THEN 'access'"
		     " WHEN e.op IN ('signal', 'vm_write') THEN 'change' ELSE 'info' END")
		", e.detail AS message" ACTOR ITS_USER UNIT
		", " ENTITY("t") " AS \"kith.target.entity_id\", t.pid AS \"kith.target.pid\","
		" t.exe AS \"kith.target.executable\", e.count AS \"kith.count\"",
		"e.ts", OVERLAPS("e.ts", "e.last")),
	/* at the end: of several things at one time it is the last */
	{ .view = "process",
	  .from = "process p" RELATIVES,
	  .columns = EVENT("p.ended", BOOT_OF("p"), "'event'", "'process'", "'exit'", "process")
		TYPE("'end'") LASTED("p.started", "p.ended") PROCESS
		", p.exit_code AS \"process.exit_code\", p.ended AS \"process.end@\"" ITS_USER
		UNIT ", p.exit_signal AS \"kith.exit_signal\"",
	  .when = "p.ended",
	  .stored = "p.started",
	  .where = WITHIN("p.ended") },
};

const struct export_format export_ecs = {
	.name = "ecs",
	.behind = "\n",
	.streams = streams,
	.count = sizeof(streams) / sizeof(*streams),
};
