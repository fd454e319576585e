// SPDX-License-Identifier: GPL-2.0-only
/* kith hooks: where the module listens, and what it cannot hear. */
#include "command.h"
#include "control.h"
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char doc[] =
	"Lists the places in the kernel where the module listens, how often each was "
	"passed, and what is not known where one is missing.";

static error_t parse(int key, char *text, struct argp_state *state)
{
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = state->input;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "what is \"%s\" for?", text);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const char *kind_name(uint32_t kind)
{
	static const char *const names[] = {
		[KITH_HOOK_TRACEPOINT] = "tracepoint",
		[KITH_HOOK_FTRACE] = "function entry",
		[KITH_HOOK_KPROBE] = "kprobe",
		[KITH_HOOK_KRETPROBE] = "function return",
	};

	return kind < sizeof(names) / sizeof(*names) && names[kind] ? names[kind] : "unknown";
}

static int print_json(void *unused, const struct control_hook *hook)
{
	(void)unused;
	fputs("{\"event\":", stdout);
	text_print_json(stdout, hook->event, strlen(hook->event));
	fputs(",\"symbol\":", stdout);
	text_print_json(stdout, hook->symbol, strlen(hook->symbol));
	printf(",\"kind\":\"%s\",\"required\":%s,\"attached\":%s,\"error\":%d,\"hits\":%" PRIu64
	       ",\"missed\":%" PRIu64 ",\"loses\":",
	       kind_name(hook->kind), hook->required ? "true" : "false",
	       hook->error ? "false" : "true", -hook->error, hook->hits, hook->missed);
	text_print_json(stdout, hook->loses, strlen(hook->loses));
	fputs("}\n", stdout);
	return 0;
}

static const char *why_absent(int error)
{
	return error == -ECANCELED ? "left out by without=" : strerror(-error);
}

#define COLUMNS "%-15s %-28s %-15s "

/* @headed: the names of the columns are printed; not before the module answers. */
static int print_line(void *headed_, const struct control_hook *hook)
{
	bool *headed = headed_;

	if (!*headed)
		printf(COLUMNS "%12s  %s\n", "EVENT", "SYMBOL", "KIND", "HITS", "STATE");
	*headed = true;
	printf(COLUMNS "%12" PRIu64 "  ", hook->event, hook->symbol, kind_name(hook->kind),
	       hook->hits);
	if (!hook->error)
		puts(hook->missed ? "attached, but calls were missed" : "attached");
	else
		printf("absent (%s): not known: %s\n", why_absent(hook->error), hook->loses);
	return 0;
}

int command_hooks(int argc, char **argv)
{
	static const struct argp argp = { NULL, parse, NULL, doc, command_children, NULL, NULL };
	struct common common;
	struct control *control;
	bool headed = false;
	int ret;

	common_init(&common);
	argp_parse(&argp, argc, argv, 0, NULL, &common);
	ret = control_open(&control);
	if (!ret)
		ret = control_hooks(control, common.json ? print_json : print_line, &headed);
	control_close(control);
	return ret ? command_module_error(ret) : 0;
}
