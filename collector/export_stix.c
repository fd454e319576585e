// SPDX-License-Identifier: GPL-2.0-only
/*
 * A bundle of STIX 2.1: what was observed, and the objects that it was observed of. Where
 * the standard lays down what an object's identifier is made of, it is made of that, and
 * is the same wherever that is seen; others are ours, and the same in every export.
 */
#include "export.h"
#include "export_parts.h"

#include "query.h"

/* What tells process @p, a row of the view, from all others of all hosts. */
#define BOOT_OF(p)	"(SELECT uuid FROM boot WHERE boot.boot_id = " p ".boot_id)"
#define ENTITY(p)	"(" BOOT_OF(p) " || ':' || " p ".pid || ':' || " p ".started)"

/* The identifier comes first: what has none is left out. */
#define OBJECT_OF(id, type) id " AS id, " type " AS type, '2.1' AS spec_version"
#define OBJECT(id, type)    OBJECT_OF(id, "'" type "'")
#define NEXT		    ", NULL AS \"|\", "

#define HOST \
	"coalesce(?5, ?4, (SELECT uuid FROM boot ORDER BY boot_id LIMIT 1), 'unknown')"
#define IDENTITY "kith_id('identity', " HOST ")"

#define DIRECTORY_ID(path) "stix_id('directory', 'path', dirname(" path "))"
#define FILE_ID(path)                                                          \
	"stix_id('file', 'name', basename(" path "), 'parent_directory_ref', " \
	DIRECTORY_ID(path) ")"
#define FILE_OF(path)                                                              \
	OBJECT(DIRECTORY_ID(path), "directory") ", dirname(" path ") AS path" NEXT \
	OBJECT(FILE_ID(path), "file") ", basename(" path ") AS name, "             \
	DIRECTORY_ID(path) " AS parent_directory_ref"

#define ACCOUNT_ID(uid)                                                               \
	"stix_id('user-account', 'account_type', iif(" uid " IS NULL, NULL, 'unix')," \
	" 'user_id', CAST(" uid " AS TEXT))"
#define ACCOUNT(uid)                                          \
	OBJECT(ACCOUNT_ID(uid), "user-account") ", CAST(" uid \
	" AS TEXT) AS user_id, 'unix' AS account_type"

#define PROCESS_ID(p) "kith_id('process', " ENTITY(p) ")"
#define PARENT(p)                                                              \
	", (SELECT " PROCESS_ID("r") " FROM process r WHERE r.process_id = " p \
	".parent_id) AS parent_ref"
#define RUNS(exe, argv, cwd, uid)                                      \
	", " argv " AS command_line, " cwd " AS cwd, " ACCOUNT_ID(uid) \
	" AS creator_user_ref, " FILE_ID(exe) " AS image_ref"
#define BORN(p) ", " p ".pid AS pid, utc(" p ".started) AS created_time"

/* With what it ran last; and with what it has executed, which is another object. */
#define PROCESS(p)                                                                     \
	FILE_OF(p ".exe") NEXT ACCOUNT(p ".uid") NEXT OBJECT(PROCESS_ID(p), "process") \
	BORN(p) RUNS(p ".exe", p ".argv", p ".cwd", p ".uid") PARENT(p)
#define IMAGE_ID "kith_id('process', " ENTITY("p") ", e.ts)"
#define IMAGE                                                                             \
	FILE_OF("e.exe") NEXT ACCOUNT("e.uid") NEXT OBJECT(IMAGE_ID, "process") BORN("p") \
	RUNS("e.exe", "e.argv", "e.cwd", "e.uid") PARENT("p")

/* @key tells it from others; the number that STIX allows is bounded. */
#define OBSERVED(key, from, to, number)                                               \
	OBJECT("kith_id('observed-data', " key ")", "observed-data") ", " IDENTITY    \
	" AS created_by_ref, utc(" from ") AS created, utc(coalesce(" to ", " from    \
	")) AS modified, utc(" from ") AS first_observed, utc(coalesce(" to ", " from \
	")) AS last_observed, max(1, min(" number ", 999999999)) AS number_observed"
#define OF(id) ", " id " AS \"object_refs*\""

#define IP_OF(addr) "iif(instr(" addr ", ':'), 'ipv6', 'ipv4')"
#define ADDRESS_ID(addr) "stix_id(" IP_OF(addr) " || '-addr', 'value', " addr ")"
#define ADDRESS(addr) \
	OBJECT_OF(ADDRESS_ID(addr), IP_OF(addr) " || '-addr'") ", " addr " AS value"

#define IP "iif(instr(coalesce(e.server_addr, e.client_addr), ':'), 'ipv6', 'ipv4')"
#define TRAFFIC_ID                                                                      \
	"stix_id('network-traffic', 'dst_port', e.server_port, 'dst_ref', "             \
	ADDRESS_ID("e.server_addr") ", 'end', utc(e.ended), '=protocols', '[\"' || " IP \
	" || '\",\"' || e.protocol || '\"]', 'src_port', e.client_port, 'src_ref', "    \
	ADDRESS_ID("e.client_addr") ", 'start', utc(e.started))"
#define TRAFFIC                                                                         \
	OBJECT(TRAFFIC_ID, "network-traffic") ", utc(e.started) AS start, utc(e.ended)" \
	" AS \"end\", iif(e.ended IS NULL, e.open, 0) AS \"is_active?\", "              \
	ADDRESS_ID("e.client_addr") " AS src_ref, " ADDRESS_ID("e.server_addr")         \
	" AS dst_ref, e.client_port AS src_port, e.server_port AS dst_port, " IP        \
	" AS \"protocols*\", e.protocol AS \"protocols*\","                             \
	" e.bytes_to_server AS src_byte_count, e.bytes_to_client AS dst_byte_count"

#define CONNECTIONS(condition)                                                           \
	OF_VIEW("connection",                                                            \
		"connection e LEFT JOIN process p ON p.process_id = e.client_id"         \
		" LEFT JOIN process t ON t.process_id = e.server_id",                    \
		PROCESS("p") NEXT PROCESS("t") NEXT ADDRESS("e.client_addr") NEXT        \
		ADDRESS("e.server_addr") NEXT TRAFFIC NEXT                               \
		OBSERVED("'connection', " BOOT_OF("e") ", e.connection_id, e.started",   \
			 "e.started", "e.ended", "1")                                    \
		OF(TRAFFIC_ID) OF(ADDRESS_ID("e.client_addr"))                           \
		OF(ADDRESS_ID("e.server_addr")) OF(PROCESS_ID("p")) OF(PROCESS_ID("t")), \
		"e.started",                                                             \
		"e.protocol IN ('tcp', 'udp') AND e.started <= ?3 AND "                  \
		QUERY_LASTED_SINCE("e") " AND " condition)

#define ACCESSES(condition)                                                            \
	OF_VIEW("file_access",                                                         \
		"file_access e LEFT JOIN process p ON p.process_id = e.process_id",    \
		PROCESS("p") NEXT FILE_OF("e.path") NEXT                               \
		OBSERVED("'file_access', " ENTITY("p") ", e.path, e.first", "e.first", \
			 "e.last", "e.reads + e.writes")                               \
		OF(FILE_ID("e.path")) OF(PROCESS_ID("p")),                             \
		"e.first",                                                             \
		"e.path <> '' AND " OVERLAPS("e.first", "e.last") " AND " condition)

#define CHANGES(condition)                                                             \
	OF_VIEW("file_change",                                                         \
		"file_change e LEFT JOIN process p ON p.process_id = e.process_id",    \
		PROCESS("p") NEXT FILE_OF("e.path") NEXT FILE_OF("e.new_path") NEXT    \
		OBSERVED("'file_change', " ENTITY("p") ", e.op, e.path, e.ts", "e.ts", \
			 "e.last", "e.count")                                          \
		OF(FILE_ID("e.path")) OF(FILE_ID("e.new_path")) OF(PROCESS_ID("p")),   \
		"e.ts",                                                                \
		"e.path <> '' AND e.error IS NULL AND " OVERLAPS("e.ts", "e.last")     \
		" AND " condition)

static const struct export_stream streams[] = {
	OF_VIEW(NULL, "(SELECT 1)",
		OBJECT(IDENTITY, "identity") ", utc(coalesce((SELECT min(first) FROM boot), 0))"
		" AS created, utc(coalesce((SELECT min(first) FROM boot), 0)) AS modified,"
		" coalesce(?4, 'a host that Kith watches') AS name,"
		" 'system' AS identity_class",
		"-9223372036854775808", "1"),
	OF_VIEW("process", "process p",
		PROCESS("p") NEXT
		OBSERVED("'process', " ENTITY("p"), "p.started", "p.ended", "1")
		OF(PROCESS_ID("p")) OF(FILE_ID("p.exe")) OF(ACCOUNT_ID("p.uid")),
		"p.started", "p.started <= ?3 AND " QUERY_LASTED_SINCE("p")),
	OF_VIEW("execution", "execution e LEFT JOIN process p ON p.process_id = e.process_id",
		IMAGE NEXT
		OBSERVED("'execution', " ENTITY("p") ", e.ts", "e.ts", "e.ts", "1")
		OF(IMAGE_ID) OF(FILE_ID("e.exe")) OF(ACCOUNT_ID("e.uid")),
		"e.ts", "e.error IS NULL AND " WITHIN("e.ts")),
	OF_VIEW("credential",
		"credential e LEFT JOIN process p ON p.process_id = e.process_id",
		PROCESS("p") NEXT ACCOUNT("e.euid_from") NEXT ACCOUNT("e.euid_to") NEXT
		OBSERVED("'credential', " ENTITY("p") ", e.cause, e.ts", "e.ts", "e.last",
			 "e.count")
		OF(PROCESS_ID("p")) OF(ACCOUNT_ID("e.euid_from"))
		OF(ACCOUNT_ID("e.euid_to")),
		"e.ts", "e.euid_from IS NOT e.euid_to AND " OVERLAPS("e.ts", "e.last")),
	EACH_OF_CONNECTIONS,
	EACH_OF_ACCESSES,
	EACH_OF_CHANGES,
};

const struct export_format export_stix = {
	.name = "stix",
	.head = "'{\"type\":\"bundle\",\"id\":\"' || kith_id('bundle', " HOST
		", ?2, ?3) || '\",\"objects\":[' || char(10)",
	.foot = "\n]}\n",
	.between = ",\n",
	.once = true,
	.streams = streams,
	.count = sizeof(streams) / sizeof(*streams),
};
