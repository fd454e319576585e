// SPDX-License-Identifier: GPL-2.0-only
/* kith replay: make a database of recordings, or put them into one. */
#include "clock.h"
#include "command.h"
#include "daemon.h"
#include "log.h"
#include "record.h"
#include "text.h"
#include "writer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

static const char doc[] =
	"Stores recordings, of kith record or kithd --record, in the database that --db "
	"names, which is made if it is not there, and tells what was stored.\v"
	"With --since and --until what happened at another time is left out, but not who the "
	"processes were that did the rest. Exit status 69: kithd writes that database; 74: a "
	"recording is damaged or cut short, and what came before is stored.";

struct arguments {
	struct common common;
	const char *default_database;
	char **paths;
	int count;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	(void)text;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->common;
		return 0;
	case ARGP_KEY_ARGS:
		arguments->paths = state->argv + state->next;
		arguments->count = state->argc - state->next;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which FILE?");
		return EINVAL;
	case ARGP_KEY_SUCCESS:
		/* What this host has done should not be mixed with something else by mistake. */
		if (arguments->common.database == arguments->default_database)
			argp_error(state, "into which database? --db FILE");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

struct replay {
	const char *path;
	struct daemon daemon;
	struct store_account before; /* these two are what the database says */
	struct store_account after;
	int64_t took; /* ms */
	int error;
};

static uint64_t stored(const struct replay *replay)
{
	const struct daemon_result *result = &replay->daemon.result;

	return result->records - result->repeated - result->left_out;
}

/* There is no time so short that it could be divided by. */
static double seconds(const struct replay *replay)
{
	return (double)(replay->took ? replay->took : 1) / 1000;
}

static uint64_t lost(const struct replay *replay)
{
	unsigned int class_;
	uint64_t sum = 0;

	for (class_ = 0; class_ < KITH_CLASSES; class_++)
		sum += replay->after.lost[class_] - replay->before.lost[class_];
	return sum;
}

static void print_json_time(const char *name, int64_t time)
{
	if (time)
		printf(",\"%s\":%" PRId64, name, time);
	else
		printf(",\"%s\":null", name);
}

static void print_json(const struct replay *replay)
{
	const struct daemon_result *result = &replay->daemon.result;
	unsigned int class_;

	fputs("{\"file\":", stdout);
	text_print_json(stdout, replay->path, strlen(replay->path));
	printf(",\"whole\":%s,\"records\":%" PRIu64 ",\"stored\":%" PRIu64
	       ",\"stored_before\":%" PRIu64 ",\"left_out\":%" PRIu64 ",\"malformed\":%" PRIu64
	       ",\"lost\":%" PRIu64,
	       replay->error ? "false" : "true", result->records, stored(replay),
	       result->repeated, result->left_out, result->malformed, lost(replay));
	print_json_time("first_ns", result->first);
	print_json_time("last_ns", result->last);
	printf(",\"seconds\":%.3f,\"records_per_second\":%.0f,\"classes\":{", seconds(replay),
	       (double)result->records / seconds(replay));
	for (class_ = 0; class_ < KITH_CLASSES; class_++)
		printf("%s\"%s\":{\"stored\":%" PRIu64 ",\"lost\":%" PRIu64 "}",
		       class_ ? "," : "", record_class_name(class_),
		       replay->after.received[class_] - replay->before.received[class_],
		       replay->after.lost[class_] - replay->before.lost[class_]);
	puts("}}");
}

static void print_text(const struct replay *replay)
{
	const struct daemon_result *result = &replay->daemon.result;
	char first[48], last[48];
	unsigned int class_;

	fputs("recording  ", stdout);
	text_print(stdout, replay->path, strlen(replay->path));
	printf("%s\n           %" PRIu64 " records: %" PRIu64 " stored, %" PRIu64
	       " stored before, %" PRIu64 " left out, %" PRIu64 " malformed\n",
	       replay->error ? ", NOT WHOLE" : "", result->records, stored(replay),
	       result->repeated, result->left_out, result->malformed);
	printf("           in %.3f s, %.0f records/s\n", seconds(replay),
	       (double)result->records / seconds(replay));
	if (result->first)
		printf("           from %s to %s\n", text_time(first, sizeof(first), result->first),
		       text_time(last, sizeof(last), result->last));
	for (class_ = 0; class_ < KITH_CLASSES; class_++)
		printf("           %-12s %12" PRIu64 " stored %8" PRIu64 " lost\n",
		       record_class_name(class_),
		       replay->after.received[class_] - replay->before.received[class_],
		       replay->after.lost[class_] - replay->before.lost[class_]);
}

/* Return: a negative errno; it has been told. */
static int open_source(struct source **source, const char *path)
{
	int ret = source_recording_open(source, path);

	if (ret)
		log_error("cannot replay %s: %s", path,
			  ret == -EBADMSG ? "it is not a recording of kith" : strerror(-ret));
	return ret;
}

static int store_one(struct replay *replay, struct store *store)
{
	const int64_t begun = clock_steady_ms();
	int ret = store_account(store, &replay->before);

	if (!ret)
		ret = daemon_run(&replay->daemon);
	replay->took = clock_steady_ms() - begun;
	replay->error = ret;
	if (!store_account(store, &replay->after))
		return ret;
	log_error("cannot read database %s: %s", store_path(store), store_error(store));
	return ret ? ret : -EIO;
}

static int replay_one(const struct arguments *arguments, struct replay *replay,
		      struct store *store)
{
	const struct ingest_window window = { arguments->common.since, arguments->common.until };
	int ret;

	replay->daemon.store = store;
	replay->daemon.window = &window;
	ret = store_one(replay, store);
	if (arguments->common.json)
		print_json(replay);
	else
		print_text(replay);
	return ret;
}

static int exit_status(int error)
{
	switch (-error) {
	case 0:
		return 0;
	case EPERM:
	case EACCES:
		return EX_NOPERM;
	case EBUSY:
		return EX_UNAVAILABLE;
	default:
		return EX_IOERR;
	}
}

/* All that can be read is stored, and the first error decides; but not if it is the store's. */
static int replay_all(const struct arguments *arguments, struct replay *first,
		      struct store *store)
{
	int i, ret = replay_one(arguments, first, store);

	for (i = 1; i < arguments->count && ret != -EINTR && !store_failed(store); i++) {
		struct replay replay = { .path = arguments->paths[i], .daemon = first->daemon };
		int error = open_source(&replay.daemon.source, replay.path);

		if (!error) {
			error = replay_one(arguments, &replay, store);
			source_close(replay.daemon.source);
		}
		ret = ret ? ret : error;
	}
	return ret;
}

/* No database is made for a recording that is not there. */
static int run(const struct arguments *arguments)
{
	struct replay first = { .path = arguments->paths[0] };
	struct writer writer = { .lock = -1 };
	int ret = open_source(&first.daemon.source, first.path);

	if (ret)
		return exit_status(ret);
	first.daemon.signals = daemon_signals();
	ret = writer_open(&writer, arguments->common.database);
	if (!ret)
		ret = replay_all(arguments, &first, writer.store);
	source_close(first.daemon.source);
	writer_close(&writer);
	return exit_status(ret);
}

int command_replay(int argc, char **argv)
{
	static const struct argp argp = { NULL, parse, "FILE...", doc, command_children, NULL,
					  NULL };
	struct arguments arguments = { .count = 0 };

	common_init(&arguments.common);
	arguments.default_database = arguments.common.database;
	umask(027);
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	return run(&arguments);
}
