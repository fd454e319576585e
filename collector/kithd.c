// SPDX-License-Identifier: GPL-2.0-only
/* kithd, the collector: options, signals, and the pieces put together. */
#include "argument.h"
#include "config.h"
#include "daemon.h"
#include "helper.h"
#include "log.h"
#include "writer.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <kith/version.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sysexits.h>

const char *argp_program_version = "kithd " KITH_VERSION;

static const char doc[] =
	"Keeps what the kernel module kith reports in a SQLite database."
	"\vWithout --replay or --synthetic it runs until SIGTERM or SIGINT, which store "
	"what is at hand first. Exit status: 0 fine, 2 usage, 69 not available, "
	"74 input/output, 77 no permission, 78 settings.";

enum { OPTION_RECORD = 256, OPTION_REPLAY, OPTION_SYNTHETIC, OPTION_SEED };

static const struct argp_option options[] = {
	{ "foreground", 'f', NULL, 0, "stay in the foreground (it always does)", 0 },
	{ "db", 'd', "FILE", 0, "database (default " CONFIG_DATABASE ")", 0 },
	{ "config", 'c', "FILE", 0, "settings (default " CONFIG_PATH ")", 0 },
	{ "record", OPTION_RECORD, "FILE", 0, "also write what comes to a new FILE", 0 },
	{ "replay", OPTION_REPLAY, "FILE", 0, "take a recording instead of the kernel",
	  0 },
	{ "synthetic", OPTION_SYNTHETIC, "COUNT", 0, "make COUNT records up instead", 0 },
	{ "seed", OPTION_SEED, "NUMBER", 0, "for --synthetic (default 1)", 0 },
	{ 0 },
};

struct arguments {
	const char *database;
	const char *config;
	const char *record;
	const char *replay;
	uint64_t synthetic; /* 0: no */
	uint64_t seed;
	bool seeded;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case 'f':
		return 0;
	case 'd':
		arguments->database = text;
		return 0;
	case 'c':
		arguments->config = text;
		return 0;
	case OPTION_RECORD:
		arguments->record = text;
		return 0;
	case OPTION_REPLAY:
		arguments->replay = text;
		return 0;
	case OPTION_SYNTHETIC:
		arguments->synthetic = argument_number(text, state);
		if (!arguments->synthetic)
			argp_error(state, "--synthetic wants at least one record");
		return 0;
	case OPTION_SEED:
		arguments->seed = argument_number(text, state);
		arguments->seeded = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "what is \"%s\" for?", text);
		return EINVAL;
	case ARGP_KEY_END:
		if (arguments->synthetic && arguments->replay)
			argp_error(state, "--replay or --synthetic: one source, please");
		if (arguments->seeded && !arguments->synthetic)
			argp_error(state, "--seed is for --synthetic");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Only a file that was asked for has to be there. Return: exit status. */
static int read_config(struct config *config, const struct arguments *arguments)
{
	const char *path = arguments->config ? arguments->config : CONFIG_PATH;
	int ret;

	config_init(config);
	ret = config_read(config, path);
	if (!ret || (ret == -ENOENT && !arguments->config))
		return 0;
	log_error("cannot use the settings in %s: %s", path,
		  *config->error ? config->error : strerror(-ret));
	return ret == -EACCES || ret == -EPERM ? EX_NOPERM : EX_CONFIG;
}

static int open_source(struct source **source, const struct arguments *arguments)
{
	int ret;

	if (arguments->synthetic) {
		log_info("making up %" PRIu64 " records", arguments->synthetic);
		return source_synthetic_open(source, arguments->synthetic,
					     arguments->seed);
	}
	if (!arguments->replay)
		return source_netlink_open(source);
	ret = source_recording_open(source, arguments->replay);
	if (ret)
		log_error("cannot replay %s: %s", arguments->replay,
			  ret == -EBADMSG ? "it is not a recording of kith"
					  : strerror(-ret));
	else
		log_info("replaying %s", arguments->replay);
	return ret;
}

static int open_recording(struct recording **recording, const char *path)
{
	int ret = path ? recording_create(recording, path) : 0;

	if (ret)
		log_error("cannot record to %s: %s", path, strerror(-ret));
	return ret;
}

static int exit_status(int error)
{
	switch (-error) {
	case 0:
		return EX_OK;
	case EPERM:
	case EACCES:
		return EX_NOPERM;
	case ENOENT:
	case EBUSY:
	case EPROTO:
		return EX_UNAVAILABLE;
	default:
		return EX_IOERR;
	}
}

/* A database may have been made by others, and is read before the helper knows hashes. */
static int spare_privileges(void)
{
	int ret = helper_spare_privileges();

	if (ret)
		log_error("cannot do without privileges: %s", strerror(-ret));
	return ret;
}

/* Before anything of others is read, and before what only the helper needs is given up. */
static int start_helper(struct daemon *daemon, struct store *store)
{
	int ret = names_open(&daemon->names, store);

	if (!ret)
		ret = helper_drop_privileges();
	if (ret)
		log_error("cannot give up privileges: %s", strerror(-ret));
	return ret;
}

/*
 * As little as it has in memory is no faster by huge pages, and the kernel need not look
 * again and again whether it can be gathered into such. The helper inherits this.
 */
static void do_without_huge_pages(void)
{
	(void)prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); /* else it is as elsewhere */
}

static int run(const struct arguments *arguments, const struct config *config)
{
	const bool live = !arguments->replay && !arguments->synthetic;
	struct writer writer = { .lock = -1, .may_set_aside = live };
	struct daemon daemon = { .policy = live ? &config->policy : NULL,
				 .limits = &config->limits,
				 .tell_seals = live && config->tell_seals,
				 .recording_path = arguments->record,
				 .live = live };
	const char *database =
		arguments->database ? arguments->database : config->database;
	int ret, closed;

	if (live)
		do_without_huge_pages();
	daemon.signals = daemon_signals();
	ret = live ? spare_privileges() : 0;
	if (!ret)
		ret = open_source(&daemon.source, arguments);
	if (!ret)
		ret = writer_open(&writer, database);
	if (!ret)
		ret = open_recording(&daemon.recording, arguments->record);
	if (!ret && live)
		ret = start_helper(&daemon, writer.store);
	if (!ret)
		ret = daemon_keep(&daemon, &writer);
	closed = recording_close(daemon.recording);
	if (closed) {
		log_error("recording %s is incomplete: %s", arguments->record,
			  strerror(-closed));
		ret = ret ? ret : closed;
	}
	source_close(daemon.source);
	names_close(daemon.names);
	writer_close(&writer);
	return ret;
}

int main(int argc, char **argv)
{
	static const struct argp argp = { options, parse, NULL, doc, NULL, NULL, NULL };
	struct arguments arguments = { .seed = 1 };
	static struct config config;
	int status;

	argp_err_exit_status = 2;
	log_init("kithd");
	umask(027);
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	status = read_config(&config, &arguments);
	return status ? status : exit_status(run(&arguments, &config));
}
