// SPDX-License-Identifier: GPL-2.0-only
/* Rows of the views as they are, in JSON and CSV. */
#include "export.h"

#include "query.h"

/*
 * What lasted is meant if it lasted in the time given, be it for a part of it. Views that
 * are several tables are read table by table, each in the order it was stored in.
 */
#define BEGUN(column)	    column " <= ?3"
#define DURING(first, last) first " <= ?3 AND coalesce(" last ", " first ") >= ?2"

#define VIEW(name, time, condition)                 \
	{                                           \
		.view = (name),                     \
		.columns = "'" name "' AS view, *", \
		.when = (time),                     \
		.where = (condition),               \
	}

#define OF_FLOW BEGUN("first") " AND (last >= ?2 OR last IS NULL) AND "

static const struct export_stream rows[] = {
	VIEW("container", "first", DURING("first", "last")),
	VIEW("principal", "first", BEGUN("first")),
	VIEW("loss", "from_ts", DURING("from_ts", "to_ts")),
	VIEW("sensor", "ts", "ts BETWEEN ?2 AND ?3"),
	VIEW("process", "started", BEGUN("started") " AND " QUERY_LIVED_SINCE),
	VIEW("execution", "ts", "ts BETWEEN ?2 AND ?3"),
	VIEW("credential", "ts", DURING("ts", "last")),
	VIEW("listener", "started", BEGUN("started") " AND " QUERY_LASTED_SINCE("listener")),
	VIEW("connection", "started",
	     "run_id IS NULL AND " BEGUN("started") " AND " QUERY_LASTED_SINCE("connection")),
	VIEW("connection", "started",
	     "run_id IS NOT NULL AND " BEGUN("started")
	     " AND " QUERY_LASTED_SINCE("connection")),
	VIEW("file_access", "first", "access_id IS NOT NULL AND " DURING("first", "last")),
	VIEW("file_access", "first", "access_id IS NULL AND " DURING("first", "last")),
	VIEW("file_change", "ts", "change_id IS NOT NULL AND " DURING("ts", "last")),
	VIEW("file_change", "ts", "change_id IS NULL AND " DURING("ts", "last")),
	VIEW("flow", "first", OF_FLOW "connection_id IS NOT NULL"),
	VIEW("flow", "first", OF_FLOW "pipe_id IS NOT NULL"),
	VIEW("flow", "first", OF_FLOW "access_id IS NOT NULL"),
	VIEW("flow", "first", OF_FLOW "file_id IS NOT NULL AND access_id IS NULL"),
	VIEW("flow", "first",
	     OF_FLOW "coalesce(connection_id, pipe_id, file_id, access_id) IS NULL"),
	VIEW("control", "ts", "op = 'sensor' AND " DURING("ts", "last")),
	VIEW("control", "ts", "op IS NOT 'sensor' AND " DURING("ts", "last")),
};

enum { STREAMS = sizeof(rows) / sizeof(*rows) };

const struct export_format export_ndjson = {
	.name = "ndjson",
	.shape = EXPORT_ROWS,
	.streams = rows,
	.count = STREAMS,
};

const struct export_format export_csv = {
	.name = "csv",
	.shape = EXPORT_TABLE,
	.streams = rows,
	.count = STREAMS,
};
