// SPDX-License-Identifier: GPL-2.0-only
/* kith allow: what people say of what was not usual. */
#include "command.h"

#include "clock.h"
#include "log.h"
#include "moment.h"
#include "query.h"
#include "request.h"
#include "surprise.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static const char doc[] =
	"Says what was not usual, but is expected from now on; or that it was malicious. "
	"ACTION: add --incident N, or add TEMPLATE CONTEXT OBJECT, as kith report shows it; "
	"list; remove NUMBER.\vCONTEXT and OBJECT are patterns as of GLOB in SQL. Of acts on the "
	"kernel and of changes of credentials only what was found can be allowed, without "
	"patterns. All of it expires after 90 days unless --expires says otherwise.";

enum { OPTION_INCIDENT = 'i', OPTION_REASON = 'r', OPTION_VERDICT = 'v', OPTION_EXPIRES = 'e' };

#define EXPIRES_NS INT64_C(7776000000000000)

static const struct argp_option options[] = {
	{ "incident", OPTION_INCIDENT, "NUMBER", 0, "all evidence of this incident", 0 },
	{ "reason", OPTION_REASON, "TEXT", 0, "why", 0 },
	{ "verdict", OPTION_VERDICT, "WORD", 0, "benign, expected (default) or malicious", 0 },
	{ "expires", OPTION_EXPIRES, "TIME", 0,
	  "when it is over: \"2026-12-24\", or \"never\"", 0 },
	{ 0 },
};

struct arguments {
	struct common common;
	const char *words[4];
	unsigned int count;
	const char *incident;
	const char *reason;
	const char *verdict;
	int64_t expires;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->common;
		return 0;
	case OPTION_INCIDENT:
		arguments->incident = text;
		return 0;
	case OPTION_REASON:
		arguments->reason = text;
		return 0;
	case OPTION_VERDICT:
		if (strcmp(text, "benign") && strcmp(text, "expected") && strcmp(text, "malicious"))
			argp_error(state, "no verdict: %s", text);
		arguments->verdict = text;
		return 0;
	case OPTION_EXPIRES:
		if (!strcmp(text, "never"))
			arguments->expires = INT64_MAX;
		else if (moment_parse(text, clock_wall_ns(), &arguments->expires))
			argp_error(state, "not a time: %s", text);
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->count == 4)
			argp_error(state, "what is \"%s\" for?", text);
		arguments->words[arguments->count++] = text;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int list(const struct arguments *arguments)
{
	sqlite3_stmt *rows = NULL;
	sqlite3 *db;
	int status = query_open(&db, arguments->common.database);

	if (!status)
		status = query_prepare(
			db, &rows,
			arguments->common.json ?
				"SELECT * FROM allowance WHERE removed IS NULL" :
				"SELECT allowance_id AS number, verdict, template, context, object,"
				" author, reason, strftime('%Y-%m-%d', expires / 1000000000,"
				" 'unixepoch') AS expires, hits FROM allowance"
				" WHERE removed IS NULL");
	if (!status)
		status = query_print(db, rows,
				     arguments->common.json ? FORMAT_JSON : FORMAT_TABLE, stdout);
	sqlite3_finalize(rows);
	sqlite3_close(db);
	return status;
}

/* By whose hand, whoever's rights he has now. */
static const char *author(void)
{
	const char *name = getenv("SUDO_USER");
	const struct passwd *user = name && *name ? NULL : getpwuid(getuid());

	return name && *name ? name : user ? user->pw_name : "unknown";
}

static int tell(int ret, const char *why, const char *database)
{
	if (ret < 0)
		log_error("cannot change %s: %s", database, why ? why : strerror(-ret));
	else if (ret)
		log_info("kithd has it in %s.requests, and has not taken it yet", database);
	return ret < 0 ? (ret == -EACCES || ret == -EPERM ? EX_NOPERM : EX_IOERR) : 0;
}

static void add_line(struct request *request, const struct arguments *arguments,
		     const char *template_, const char *context, const char *object)
{
	char created[32], expires[32] = "-";
	const char *fields[] = { template_,
				 context,
				 object,
				 arguments->incident ? arguments->incident : "-",
				 arguments->verdict,
				 author(),
				 arguments->reason,
				 created,
				 expires };

	snprintf(created, sizeof(created), "%" PRId64, clock_wall_ns());
	if (arguments->expires != INT64_MAX)
		snprintf(expires, sizeof(expires), "%" PRId64, arguments->expires);
	request_add(request, "allow", fields, 9);
}

/* What was found, as a pattern that it alone fits. */
static void quote(char *to, size_t room, const char *from)
{
	size_t used = 0;

	for (; *from && used + 4 < room; from++) {
		if (*from == '[' || *from == '*' || *from == '?')
			used += (size_t)snprintf(to + used, room - used, "[%c]", *from);
		else
			to[used++] = *from;
	}
	to[used] = '\0';
}

static void add_row(struct request *request, const struct arguments *arguments, sqlite3_stmt *row)
{
	char context[800], object[400];

	quote(context, sizeof(context), (const char *)sqlite3_column_text(row, 1));
	quote(object, sizeof(object), (const char *)sqlite3_column_text(row, 2));
	add_line(request, arguments, (const char *)sqlite3_column_text(row, 0), context, object);
}

/* Rows of @sql become lines. Return: exit status. */
static int add_found(struct request *request, const struct arguments *arguments, const char *sql,
		     const char *const *parameters, int count)
{
	sqlite3_stmt *rows = NULL;
	sqlite3 *db;
	int status = query_open(&db, arguments->common.database), code = SQLITE_DONE, i, found = 0;

	if (!status)
		status = query_prepare(db, &rows, sql);
	for (i = 0; !status && i < count; i++)
		sqlite3_bind_text(rows, i + 1, parameters[i], -1, SQLITE_STATIC);
	while (!status && (code = sqlite3_step(rows)) == SQLITE_ROW) {
		add_row(request, arguments, rows);
		found++;
	}
	if (!status && code != SQLITE_DONE)
		status = query_failed(db);
	sqlite3_finalize(rows);
	sqlite3_close(db);
	if (!status && !found) {
		log_error("nothing like that was found");
		status = EX_NOINPUT;
	}
	return status;
}

static int add_incident(struct request *request, const struct arguments *arguments)
{
	const char *judged[] = { arguments->incident, arguments->verdict };
	int status = add_found(request, arguments,
			       "SELECT DISTINCT template, context, object FROM evidence"
			       " WHERE incident_id = CAST(?1 AS INTEGER)",
			       &arguments->incident, 1);

	if (!status)
		request_add(request, "judge", judged, 2);
	return status;
}

static int add_words(struct request *request, const struct arguments *arguments)
{
	const unsigned int template_ = template_of(arguments->words[1]);

	if (!template_) {
		log_error("no template: %s", arguments->words[1]);
		return 2;
	}
	if (template_ == TEMPLATE_CREDENTIAL || template_ == TEMPLATE_CONTROL)
		return add_found(request, arguments,
				 "SELECT DISTINCT template, context, object FROM anomaly"
				 " WHERE template = ?1 AND context = ?2 AND object = ?3",
				 arguments->words + 1, 3);
	add_line(request, arguments, arguments->words[1], arguments->words[2],
		 arguments->words[3]);
	return 0;
}

static int add(const struct arguments *arguments)
{
	struct request request = { .text = NULL };
	const char *why;
	int status;

	if (!arguments->reason || (!arguments->incident && arguments->count != 4)) {
		log_error("add wants --reason, and --incident or TEMPLATE CONTEXT OBJECT");
		return 2;
	}
	status = arguments->incident ? add_incident(&request, arguments) :
				       add_words(&request, arguments);
	if (!status) {
		const int ret = request_make(&request, arguments->common.database, &why);

		status = tell(ret, why, arguments->common.database);
	}
	free(request.text);
	return status;
}

static int take_back(const struct arguments *arguments)
{
	struct request request = { .text = NULL };
	char now[32];
	const char *fields[] = { arguments->words[1], now };
	const char *why;
	int ret;

	if (arguments->count != 2) {
		log_error("remove wants a number, as list shows it");
		return 2;
	}
	snprintf(now, sizeof(now), "%" PRId64, clock_wall_ns());
	request_add(&request, "remove", fields, 2);
	ret = request_make(&request, arguments->common.database, &why);
	free(request.text);
	return tell(ret, why, arguments->common.database);
}

int command_allow(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "ACTION [WORD...]", doc,
					  command_children, NULL, NULL };
	struct arguments arguments = { .verdict = "expected" };

	common_init(&arguments.common);
	arguments.expires = clock_wall_ns() + EXPIRES_NS;
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	if (!arguments.count || !strcmp(arguments.words[0], "list"))
		return list(&arguments);
	if (!strcmp(arguments.words[0], "add"))
		return add(&arguments);
	if (!strcmp(arguments.words[0], "remove"))
		return take_back(&arguments);
	log_error("no action: %s", arguments.words[0]);
	return 2;
}
