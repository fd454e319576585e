// SPDX-License-Identifier: GPL-2.0-only
/* What questions begin with: kinds of keys, and the rows that have them. */
#include "place_kind.h"

#include <stddef.h>
#include <string.h>

static bool is_null(sqlite3_value *value)
{
	return sqlite3_value_type(value) == SQLITE_NULL;
}

static bool is_first_null(sqlite3_value *const *values)
{
	return is_null(values[0]);
}

static bool is_first_there(sqlite3_value *const *values)
{
	return !is_null(values[0]);
}

/* Writes have an index of their own: accesses_written. */
static bool is_named_read(sqlite3_value *const *values)
{
	return !is_null(values[0]) && is_null(values[1]);
}

/* executable, error */
static bool is_nameless(sqlite3_value *const *values)
{
	return is_null(values[0]) && is_null(values[1]);
}

/* flags: incomplete or gone */
static bool is_unclear_process(sqlite3_value *const *values)
{
	return sqlite3_value_int64(values[0]) & (1 | 8);
}

/* flags: KITH_CREDENTIAL_UNEXPLAINED */
static bool is_unexplained(sqlite3_value *const *values)
{
	return sqlite3_value_int64(values[0]) & 1;
}

enum { TO_OTHERS = 128 }; /* connections.flags: the scope is private or public */

/* flags, client, server */
static bool is_local_with_unknown(sqlite3_value *const *values)
{
	return !(sqlite3_value_int64(values[0]) & TO_OTHERS) &&
	       (is_null(values[1]) || is_null(values[2]));
}

/* client, flags, server */
static bool is_outward(sqlite3_value *const *values)
{
	return sqlite3_value_int64(values[1]) & TO_OTHERS && !is_null(values[0]) &&
	       is_null(values[2]);
}

static bool has_prefix(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

/* Where what stays on may be put, and little else is: schema/queries/what-persists.sql. */
static bool is_persistent_place(sqlite3_value *const *values)
{
	static const char *const prefixes[] = { "/etc/",	   "/lib/",	  "/usr/lib/",
						"/usr/local/lib/", "/var/spool/", "/run/systemd/" };
	static const char *const within[] = { "/.", "/security/pam_", "/udev/rules.d/",
					      "/autostart/", "/dbus-1/system-services/" };
	const char *text = (const char *)sqlite3_value_text(values[0]);
	size_t i;

	if (!text)
		return false;
	for (i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		if (has_prefix(text, prefixes[i]))
			return true;
	for (i = 0; i < sizeof(within) / sizeof(*within); i++)
		if (strstr(text, within[i]))
			return true;
	return false;
}

/*
 * A number of 12 bits that SQL can make too, of the last eight bytes, where names differ: see
 * schema/queries/where-a-file-went.sql. A byte that is no ASCII is 128.
 */
static int64_t hash_path(sqlite3_value *const *values)
{
	const unsigned char *text = sqlite3_value_blob(values[0]);
	const int size = sqlite3_value_bytes(values[0]);
	int64_t hash = 0;
	int i;

	for (i = size > 8 ? size - 8 : 0; i < size; i++)
		hash = hash * 5 + (text[i] < 128 ? text[i] : 128);
	return hash & 4095;
}

#define BY(name, column, how) { .table = (name), .key = (column), .way = (how) }

/* Numbers are in databases: kinds are added at the end, and never change. */
const struct place_kind place_kinds[PLACE_KINDS] = {
	/* 1 */ BY("connections", "route", PLACE_BY_ZONE),
	/* 2 */ { .table = "accesses",
		  .key = "path",
		  .way = PLACE_BY_ZONE,
		  .columns = { "writes" },
		  .is_one = is_first_null },
	/* 3 */ { .table = "accesses",
		  .key = "file",
		  .way = PLACE_BY_PATH,
		  .columns = { "path", "writes" },
		  .is_one = is_named_read },
	/* 4 */ { .table = "changes",
		  .key = "file",
		  .way = PLACE_BY_PATHS,
		  .columns = { "path", "new_path" },
		  .is_one = is_first_there },
	/* 5 */ { .table = "changes",
		  .key = "other",
		  .way = PLACE_BY_PATH,
		  .columns = { "path" },
		  .is_one = is_first_there },
	/* 6 */ BY("changes", "path", PLACE_BY_ZONE),
	/* 7 */ BY("changes", "new_path", PLACE_BY_ZONE),
	/* 8 */ BY("accesses", "process", PLACE_BY_ZONE),
	/* 9 */ BY("changes", "process", PLACE_BY_ZONE),
	/* 10 */ BY("connections", "client", PLACE_BY_ZONE),
	/* 11 */ BY("connections", "server", PLACE_BY_ZONE),
	/* 12 */ { .table = "accesses",
		   .key = "file",
		   .columns = { "path" },
		   .is_one = is_first_null },
	/* 13 */ { .table = "changes",
		   .key = "file",
		   .columns = { "path" },
		   .is_one = is_first_null },
	/* 14 */ { .table = "changes",
		   .key = "other",
		   .columns = { "path" },
		   .is_one = is_first_null },
	/* 15 */ BY("executions", "process", PLACE_BY_ZONE),
	/* 16 */ BY("executions", "executable", PLACE_BY_KEY),
	/* 17 */ BY("credentials", "process", PLACE_BY_ZONE),
	/* 18 */ BY("processes", "context", PLACE_BY_KEY),
	/* 19 */ BY("connection_runs", "client", PLACE_BY_ZONE),
	/* 20 */ BY("connection_runs", "server", PLACE_BY_ZONE),
	/* 21 */ BY("connection_runs", "route", PLACE_BY_ZONE),
	/* 22 */ { .table = "executions", .columns = { "error" }, .is_one = is_first_there },
	/* 23 */ { .table = "executions",
		   .columns = { "executable", "error" },
		   .is_one = is_nameless },
	/* 24 */ BY("executions", "script", PLACE_BY_KEY),
	/* 25 */ { .table = "processes",
		   .columns = { "flags" },
		   .is_one = is_unclear_process },
	/* 26 */ { .table = "connections",
		   .columns = { "flags", "client", "server" },
		   .is_one = is_local_with_unknown },
	/* 27 */ { .table = "connections",
		   .key = "route",
		   .columns = { "client", "flags", "server" },
		   .is_one = is_outward },
	/* 28 */ { .table = "connection_runs",
		   .key = "route",
		   .columns = { "client", "flags", "server" },
		   .is_one = is_outward },
	/* 29 */ { .table = "credentials",
		   .columns = { "flags" },
		   .is_one = is_unexplained },
	/* 30 */ { .table = "paths", .columns = { "value" }, .make_key = hash_path },
	/* 31 */ { .table = "paths", .columns = { "value" }, .is_one = is_persistent_place },
	/* 32 */ { .table = "executions",
		   .key = "executable",
		   .way = PLACE_BY_FILE,
		   .columns = { "file" },
		   .is_one = is_first_there },
	/* 33 */ { .table = "connections",
		   .key = "route",
		   .way = PLACE_BY_PROCESS,
		   .columns = { "client", "flags", "server" },
		   .is_one = is_outward },
	/* 34 */ { .table = "connection_runs",
		   .key = "route",
		   .way = PLACE_BY_PROCESS,
		   .columns = { "client", "flags", "server" },
		   .is_one = is_outward },
	/* 35 */ { .table = "accesses",
		   .key = "path",
		   .way = PLACE_BY_ZONE,
		   .columns = { "writes" },
		   .is_one = is_first_there },
};
