// SPDX-License-Identifier: GPL-2.0-only
/*
 * Documents of Elastic Common Schema and of OCSF, as views ecs_event and ocsf_event make
 * them. Each part of these is read by itself, in the order it was stored in, and what the
 * views have to do in SQL where a byte is not ASCII is left to text_finish_json().
 */
#include "export.h"

/* What lasted is meant if it lasted in the time given; what has no end goes on. */
#define PART_BY(document, name, number, stored_by)                                          \
	{                                                                                   \
		.view = (name),                                                             \
		.from = (document),                                                         \
		.columns = "bare",                                                          \
		.when = "ts",                                                               \
		.stored = (stored_by),                                                      \
		.where = "part = " number " AND ts <= ?3 AND (last >= ?2 OR last IS NULL)", \
	}
#define PART(document, name, number) PART_BY(document, name, number, NULL)

/* The end of a process stands where it began, and of several things at one time at last. */
#define PARTS(document)                                                        \
	PART(document, "loss", "1"), PART(document, "sensor", "2"),            \
	PART(document, "process", "3"), PART(document, "execution", "4"),      \
	PART(document, "credential", "5"), PART(document, "listener", "6"),    \
	PART(document, "connection", "7"), PART(document, "connection", "8"),  \
	PART(document, "connection", "9"), PART(document, "connection", "10"), \
	PART(document, "file_access", "11"), PART(document, "file_change", "12"), \
	PART(document, "control", "13"), PART_BY(document, "process", "14", "first")

static const struct export_stream ecs[] = { PARTS("ecs_event") };
static const struct export_stream ocsf[] = { PARTS("ocsf_event") };

const struct export_format export_ecs = {
	.name = "ecs",
	.shape = EXPORT_DOCUMENTS,
	.unnamed = "{\"host\":{",
	.host = "\"host\":{\"name\":",
	.host_id = "\"id\":",
	.streams = ecs,
	.count = sizeof(ecs) / sizeof(*ecs),
};

const struct export_format export_ocsf = {
	.name = "ocsf",
	.shape = EXPORT_DOCUMENTS,
	.unnamed = "{\"device\":{\"hostname\":\"unknown\",",
	.host = "\"device\":{\"hostname\":",
	.host_id = "\"uid\":",
	.streams = ocsf,
	.count = sizeof(ocsf) / sizeof(*ocsf),
};
