// SPDX-License-Identifier: GPL-2.0-only
/* What segments are made of. */
#include "segment.h"

#include <stddef.h>

/* Is it over, but so short a time ago that something may be told of it still? */
#define LATELY(end) "coalesce(" end ", ?4) > ?5"

const struct segment_table segment_tables[SEGMENT_TABLES + 1] = {
	{ .name = "boots" },
	{ .name = "loads", .fixed = "id boot load version loaded" },
	{ .name = "containers",
	  .fixed = "id boot cgroup first",
	  .late = "boot = (SELECT max(id) FROM boots)" },
	{ .name = "strings" },
	{ .name = "paths" },
	{ .name = "executables" },
	{ .name = "namespaces" },
	{ .name = "contexts" },
	{ .name = "credential_sets" },
	{ .name = "routes" },
	{ .name = "processes",
	  .begin = "started",
	  .end = "started + lived",
	  .fixed = "id boot key",
	  .late = "(lived IS NULL AND NOT flags & 8) OR " LATELY("started + lived") },
	{ .name = "executions", .begin = "ts", .end = "ts" },
	{ .name = "credentials", .begin = "ts", .end = "ts + lasted" },
	{ .name = "cgroup_moves", .begin = "ts", .end = "ts" },
	{ .name = "connections",
	  .begin = "started",
	  .end = "started + lasted",
	  .fixed = "id",
	  .late = "number IS NOT NULL OR " LATELY("started + lasted") },
	{ .name = "connection_runs", .begin = "started", .end = "ended" },
	{ .name = "listeners",
	  .begin = "started",
	  .end = "ended",
	  .fixed = "id protocol addr port netns started name",
	  .late = "number IS NOT NULL OR " LATELY("ended") },
	{ .name = "pipes",
	  .begin = "started",
	  .end = "started + lasted",
	  .fixed = "id",
	  .late = "number IS NOT NULL OR " LATELY("started + lasted") },
	{ .name = "accesses",
	  .begin = "first",
	  .end = "first + lasted",
	  .fixed = "process file first id",
	  .late = "id IN (SELECT access FROM accesses_open) OR " LATELY(
		  "first + lasted") },
	{ .name = "changes", .begin = "ts", .end = "ts + lasted" },
	{ .name = "controls", .begin = "ts", .end = "last" },
	{ .name = "sensor_events", .begin = "ts", .end = "ts" },
	{ .name = "losses",
	  .begin = "from_ts",
	  .end = "to_ts",
	  .fixed = "id boot cpu class cause from_ts",
	  .late = "id IN (SELECT latest FROM loss_totals)" },
	{ .name = NULL },
};
