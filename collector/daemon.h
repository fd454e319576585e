/* SPDX-License-Identifier: GPL-2.0-only */
/* The ingest loop: events of a source into the database, until it ends. */
#ifndef KITH_DAEMON_H
#define KITH_DAEMON_H

#include "control.h"
#include "names.h"
#include "recording.h"
#include "retention.h"
#include "source.h"
#include "store.h"
#include "writer.h"

#include <stdbool.h>

struct daemon_result {
	uint64_t records;   /* that the source had: of these */
	uint64_t repeated;  /* so many had been stored before, */
	uint64_t left_out;  /* and so many were not wanted */
	uint64_t malformed; /* not to be understood, and perhaps others behind them */
	int64_t first;	    /* when the records were that were stored; 0: none */
	int64_t last;
};

struct daemon {
	struct store *store;
	struct source *source;
	struct recording *recording; /* or NULL: also written there */
	const char *recording_path;
	const struct control_policy *policy; /* or NULL: that of the module stays */
	const struct retention_limits *limits;
	bool tell_seals; /* in the log */
	struct names *names; /* or NULL: nothing is asked for */
	bool live;   /* the source is the module: it comes back, and time passes */
	int signals; /* a signalfd that asks to stop, or -1 */
	const struct ingest_window *window;  /* or NULL: all that comes is stored */
	struct daemon_result result; /* when it is over */
};

/* SIGTERM and SIGINT, blocked. Return: a signalfd, or -1. */
int daemon_signals(void);

/*
 * Return: 0 after a signal, or the end of a source that has one; -EINTR: a signal came
 * before that; -EUCLEAN: the database is damaged,
 * and a second try did not help; or another negative errno. What a recording had before
 * it ended in an error is stored.
 */
int daemon_run(struct daemon *daemon);

/* The same with the store of @writer, and if that is damaged with the one in its place. */
int daemon_keep(struct daemon *daemon, struct writer *writer);

#endif
