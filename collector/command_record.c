// SPDX-License-Identifier: GPL-2.0-only
/* kith record: write what the module reports to a file. */
#include "argument.h"
#include "clock.h"
#include "command.h"
#include "log.h"
#include "recording.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static const char doc[] =
	"Subscribes to the module and writes what it reports to FILE, which must not "
	"exist, until SIGINT, SIGTERM or the time is over. kith replay FILE makes a "
	"database of it. While kithd runs it holds the only subscription: then start "
	"it with --record instead.";

enum { OPTION_SECONDS = 's', POLL_MS = 200 };

static const struct argp_option options[] = {
	{ "seconds", OPTION_SECONDS, "N", 0, "stop after N seconds", 0 },
	{ 0 },
};

struct arguments {
	struct common common;
	const char *path;
	uint64_t seconds;
};

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->common;
		return 0;
	case OPTION_SECONDS:
		arguments->seconds = argument_number(text, state);
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->path)
			argp_error(state, "one FILE, please");
		arguments->path = text;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which FILE?");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

struct recorder {
	struct source *source;
	struct recording *recording;
	uint32_t *seqs;
	size_t rings;
	uint64_t records;
};

/* Remember the positions of a batch, to acknowledge them. */
static void follow(struct recorder *recorder, const struct source_event *event)
{
	const char *at = event->data, *end = at + event->size;
	struct record record;
	int size;

	while (at < end && (size = record_parse(at, (size_t)(end - at), &record)) > 0) {
		if (record.head.ring < recorder->rings)
			recorder->seqs[record.head.ring] = record.head.seq;
		recorder->records++;
		at += size;
	}
}

static int begin(struct recorder *recorder, const struct source_event *event)
{
	recorder->rings = event->info.rings;
	free(recorder->seqs);
	recorder->seqs = calloc(recorder->rings, sizeof(*recorder->seqs));
	if (!recorder->seqs)
		return -ENOMEM;
	return source_start(recorder->source, recorder->seqs, recorder->rings);
}

static int step(struct recorder *recorder)
{
	struct source_event event;
	int ret = source_next(recorder->source, POLL_MS, &event);

	if (ret)
		return ret;
	if (event.kind == SOURCE_STREAM)
		ret = begin(recorder, &event);
	if (!ret)
		ret = recording_write(recorder->recording, &event);
	if (ret || event.kind != SOURCE_BATCH)
		return ret;
	follow(recorder, &event);
	return source_acknowledge(recorder->source, recorder->seqs, recorder->rings);
}

static uint64_t seconds_since(int64_t begun)
{
	return (uint64_t)(clock_steady_ms() - begun) / 1000;
}

static int record_for(struct recorder *recorder, uint64_t seconds)
{
	const struct sigaction action = { .sa_handler = stop };
	int64_t begun = clock_steady_ms();
	int ret = 0;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	while (!ret && !stopped && (!seconds || seconds_since(begun) < seconds))
		ret = step(recorder);
	return ret;
}

static int run(const struct arguments *arguments)
{
	struct recorder recorder = { .rings = 0 };
	int ret = recording_create(&recorder.recording, arguments->path), closed;

	if (ret) {
		log_error("cannot create %s: %s", arguments->path, strerror(-ret));
		return ret == -EACCES || ret == -EPERM ? EX_NOPERM : EX_IOERR;
	}
	ret = source_netlink_open(&recorder.source);
	if (!ret)
		ret = record_for(&recorder, arguments->seconds);
	source_close(recorder.source);
	free(recorder.seqs);
	closed = recording_close(recorder.recording);
	if (ret && !recorder.records)
		remove(arguments->path);
	if (closed) {
		log_error("cannot write %s: %s; it holds %" PRIu64 " records", arguments->path,
			  strerror(-closed), recorder.records);
		return EX_IOERR;
	}
	if (ret)
		return command_module_error(ret);
	log_info("%" PRIu64 " records", recorder.records);
	return 0;
}

int command_record(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "FILE", doc, command_children, NULL,
					  NULL };
	struct arguments arguments = { .path = NULL };

	common_init(&arguments.common);
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	return run(&arguments);
}
