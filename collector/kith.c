// SPDX-License-Identifier: GPL-2.0-only
/* kith, the command: finds the subcommand and hands over. */
#include "clock.h"
#include "command.h"
#include "config.h"
#include "log.h"
#include "moment.h"

#include <errno.h>
#include <kith/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

const char *argp_program_version = "kith " KITH_VERSION;

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{ "status", command_status, "is it running, since when, and what was lost" },
	{ "hooks", command_hooks, "where the module listens, and what it cannot hear" },
	{ "tree", command_tree, "processes and their descendants" },
	{ "show", command_show, "all about a process" },
	{ "talks", command_talks, "who talked to whom" },
	{ "trace", command_trace, "where data went, and where it came from" },
	{ "timeline", command_timeline, "everything in order of time" },
	{ "report", command_report, "what happened that is not usual here" },
	{ "baseline", command_baseline, "what is usual here" },
	{ "allow", command_allow, "what is expected though it is not usual" },
	{ "sql", command_sql, "ask the database" },
	{ "export", command_export, "what happened, in a form that others read" },
	{ "verify", command_verify, "is the database as it was sealed" },
	{ "record", command_record, "write what the module reports to a file" },
	{ "replay", command_replay, "make a database of such files" },
};

enum { COMMANDS = sizeof(commands) / sizeof(*commands) };

static void print_help(FILE *stream)
{
	int i;

	fputs("Usage: kith COMMAND [OPTION...]\n\n", stream);
	for (i = 0; i < COMMANDS; i++)
		fprintf(stream, "  %-8s %s\n", commands[i].name, commands[i].summary);
	fputs("\nkith COMMAND --help tells more. All commands take --db FILE, --json, "
	      "--since TIME\nand --until TIME. Exit status: 0 fine, 2 usage, 66 no such "
	      "process, 69 not\nrunning, 74 input/output, 77 no permission.\n",
	      stream);
}

enum { OPTION_SINCE = 512, OPTION_UNTIL };

static const struct argp_option common_options[] = {
	{ "db", 'd', "FILE", 0, "database (default " CONFIG_DATABASE ")", 10 },
	{ "json", 'j', NULL, 0, "one JSON object a line", 10 },
	{ "since", OPTION_SINCE, "TIME", 0, "nothing older: \"2026-11-21 10:00\", \"2h ago\"",
	  10 },
	{ "until", OPTION_UNTIL, "TIME", 0, "nothing younger", 10 },
	{ 0 },
};

static error_t parse_common(int key, char *text, struct argp_state *state)
{
	struct common *common = state->input;

	switch (key) {
	case 'd':
		common->database = text;
		return 0;
	case 'j':
		common->json = true;
		return 0;
	case OPTION_SINCE:
		if (moment_parse(text, clock_wall_ns(), &common->since))
			argp_error(state, "not a time: %s", text);
		return 0;
	case OPTION_UNTIL:
		if (moment_parse(text, clock_wall_ns(), &common->until))
			argp_error(state, "not a time: %s", text);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp common_argp = { .options = common_options, .parser = parse_common };

const struct argp_child command_children[] = { { &common_argp, 0, NULL, 0 }, { 0 } };

/* The database is where the daemon's settings put it. */
void common_init(struct common *common)
{
	static struct config config;

	config_init(&config);
	if (config_read(&config, CONFIG_PATH) == -EINVAL)
		log_warning("%s: %s", CONFIG_PATH, config.error);
	*common = (struct common){ .database = config.database,
				   .since = INT64_MIN,
				   .until = INT64_MAX };
}

int command_module_error(int error)
{
	switch (-error) {
	case ENOENT:
		log_error("cannot ask the module: kith is not loaded into this kernel");
		return EX_UNAVAILABLE;
	case EPERM:
	case EACCES:
		log_error("cannot ask the module: it answers to CAP_NET_ADMIN only");
		return EX_NOPERM;
	case EBUSY:
		log_error("cannot subscribe: a collector is subscribed already");
		return EX_UNAVAILABLE;
	default:
		log_error("cannot ask the module: %s", strerror(-error));
		return EX_IOERR;
	}
}

int command_flush(void)
{
	static bool said;

	errno = 0;
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	if (!said)
		log_error("cannot write the answer: %s", strerror(errno ? errno : EIO));
	said = true;
	return EX_IOERR;
}

/* Also when argp exits, after --help. */
static void check_output(void)
{
	int status = command_flush();

	if (status)
		_exit(status);
}

/* argv[0] becomes the name that argp shows. */
static int run(int argc, char **argv)
{
	static char name[32];
	int i;

	for (i = 0; i < COMMANDS; i++) {
		if (strcmp(argv[0], commands[i].name))
			continue;
		snprintf(name, sizeof(name), "kith %s", commands[i].name);
		argv[0] = name;
		return commands[i].run(argc, argv);
	}
	if (*argv[0] == '-')
		log_error("options stand behind the command: what is %s for?", argv[0]);
	else
		log_error("no such command: %s", argv[0]);
	print_help(stderr);
	return 2;
}

/* Of a command, or in general. */
static int help(char *command)
{
	static char option[] = "--help";
	char *argv[] = { command, option, NULL };

	if (command)
		return run(2, argv);
	print_help(stdout);
	return 0;
}

int main(int argc, char **argv)
{
	argp_err_exit_status = 2;
	log_init("kith");
	atexit(check_output);
	if (argc < 2) {
		print_help(stderr);
		return 2;
	}
	if (!strcmp(argv[1], "help"))
		return help(argv[2]);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "--usage") || !strcmp(argv[1], "-?"))
		return help(NULL);
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		puts(argp_program_version);
		return 0;
	}
	return run(argc - 1, argv + 1);
}
