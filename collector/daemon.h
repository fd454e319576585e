/* SPDX-License-Identifier: GPL-2.0-only */
/* The ingest loop: events of a source into the database, until it ends. */
#ifndef KITH_DAEMON_H
#define KITH_DAEMON_H

#include "control.h"
#include "recording.h"
#include "retention.h"
#include "source.h"
#include "store.h"

#include <stdbool.h>

struct daemon {
	struct store *store;
	struct source *source;
	struct recording *recording; /* or NULL: also written there */
	const char *recording_path;
	const struct control_policy *policy; /* or NULL: that of the module stays */
	const struct retention_limits *limits;
	bool tell_seals; /* in the log */
	bool live;   /* the source is the module: it comes back, and time passes */
	int signals; /* a signalfd that asks to stop, or -1 */
};

/* Return: 0 after a signal or the end of the source, or a negative errno. */
int daemon_run(struct daemon *daemon);

#endif
