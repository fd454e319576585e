// SPDX-License-Identifier: GPL-2.0-only
/* kith status: is it running, since when, and what was lost. */
#include "argument.h"
#include "command.h"
#include "control.h"
#include "lock.h"
#include "log.h"
#include "query.h"
#include "segment.h"
#include "synced.h"
#include "record.h"
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

static const char doc[] =
	"Tells whether module and collector run, what was recorded, and what was lost.\v"
	"With --wait-synced it returns once everything that the module had reported "
	"before the call can be queried. Exit status 69: module or collector do not run, "
	"or it was not synced in time.";

enum { OPTION_WAIT = 256, WAIT_SECONDS = 30, WAIT_SECONDS_MAX = 1000000000 };

static const struct argp_option options[] = {
	{ "wait-synced", OPTION_WAIT, "SECONDS", OPTION_ARG_OPTIONAL,
	  "first wait until the database has everything (at most 30 seconds)", 0 },
	{ 0 },
};

struct arguments {
	struct common common;
	bool wait;
	uint64_t seconds;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->common;
		return 0;
	case OPTION_WAIT:
		arguments->wait = true;
		if (text)
			arguments->seconds = argument_number(text, state);
		if (arguments->seconds > WAIT_SECONDS_MAX)
			arguments->seconds = WAIT_SECONDS_MAX;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "what is \"%s\" for?", text);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Everything that is told. */
struct status {
	struct control_info module;
	struct control_counters counters;
	int tested_error; /* of the hook that is tested for its kind; 0: attached */
	int module_error; /* 0: the three above are there */
	uint64_t stored[KITH_CLASSES]; /* of this load of the module */
	uint64_t elsewhere[KITH_CLASSES]; /* of it, lost to other collectors */
	pid_t collector;  /* 0: does not run; < 0: a negative errno, not known */
	int database;	  /* exit status for it: 0 it is read, or there is none */
	char database_error[256]; /* if not: why */
	int64_t size;	  /* bytes of the database and its log, -1: there is none */
	int64_t seen;	  /* time of the last record, 0: none */
	int64_t lost;	  /* sum of view loss */
	int64_t unwatched; /* its rows whose number is not known */
	int64_t unexplained;
	int64_t segments; /* that are closed */
	int64_t sealed;	  /* of them */
	int64_t kept[SEGMENT_KINDS]; /* since when; 0: not known */
};

/* The one number that @sql gives, 0 if it gives none. Return: a code of SQLite. */
static int ask_number(sqlite3 *db, const char *sql, int64_t *number)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		*number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

#define THIS_LOAD "load = (SELECT id FROM loads WHERE load = ?1)"

/* Numbers by class that @sql gives, of this load of the module. */
static int read_classes(const struct status *status, sqlite3 *db, const char *sql,
			uint64_t *counts)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

	if (code != SQLITE_OK)
		return code;
	sqlite3_bind_int64(statement, 1, (int64_t)status->module.load);
	sqlite3_bind_int(statement, 2, RECORD_CAUSE_ELSEWHERE);
	while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
		int64_t class_ = sqlite3_column_int64(statement, 0);

		if (class_ >= 0 && class_ < KITH_CLASSES)
			counts[class_] += (uint64_t)sqlite3_column_int64(statement, 1);
	}
	sqlite3_finalize(statement);
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* What is committed stands in the log until SQLite moves it. */
static int64_t size_on_disk(const char *path)
{
	char log[PATH_MAX];
	struct stat file;
	int64_t size;

	if (stat(path, &file))
		return -1;
	size = file.st_size;
	if (snprintf(log, sizeof(log), "%s-wal", path) < (int)sizeof(log) && !stat(log, &file))
		size += file.st_size;
	return size;
}

#define KEPT_SINCE(table)                                                               \
	"SELECT first FROM segment_tables WHERE name = '" table "' AND dropped IS NULL" \
	" ORDER BY segment LIMIT 1"

/* Return: a code of SQLite. */
static int read_rows(struct status *status, sqlite3 *db)
{
	const struct {
		const char *sql;
		int64_t *number;
	} numbers[] = {
		{ "SELECT value FROM meta WHERE name = 'seen'", &status->seen },
		{ "SELECT sum(lost) FROM loss", &status->lost },
		{ "SELECT count(*) FROM loss WHERE lost IS NULL", &status->unwatched },
		{ "SELECT count(*) FROM credential WHERE unexplained", &status->unexplained },
		{ "SELECT max(id) FROM segments", &status->segments },
		{ "SELECT id FROM segments WHERE seal IS NOT NULL ORDER BY id DESC LIMIT 1",
		  &status->sealed },
		{ KEPT_SINCE("accesses"), &status->kept[SEGMENT_FILES] },
		{ KEPT_SINCE("connections"), &status->kept[SEGMENT_CONVERSATIONS] },
		{ KEPT_SINCE("executions"), &status->kept[SEGMENT_PROCESSES] },
	};
	int code = SQLITE_OK;
	size_t i;

	for (i = 0; code == SQLITE_OK && i < sizeof(numbers) / sizeof(*numbers); i++)
		code = ask_number(db, numbers[i].sql, numbers[i].number);
	if (code == SQLITE_OK)
		code = read_classes(status, db,
				    "SELECT class, count FROM received WHERE " THIS_LOAD,
				    status->stored);
	if (code == SQLITE_OK)
		code = read_classes(status, db,
				    "SELECT class, total FROM loss_totals WHERE " THIS_LOAD
				    " AND cause = ?2",
				    status->elsewhere);
	return code;
}

/* @db: it is open already, or NULL. Closes it. */
static void read_database(struct status *status, const char *path, sqlite3 *db)
{
	const size_t room = sizeof(status->database_error);

	status->size = size_on_disk(path);
	if (!db && status->size < 0 && errno == ENOENT)
		return;
	if (!db)
		status->database = query_try_open(&db, path, status->database_error, room);
	if (!status->database && read_rows(status, db) != SQLITE_OK) {
		status->database = EX_IOERR;
		snprintf(status->database_error, room, "%s", sqlite3_errmsg(db));
	}
	sqlite3_close(db);
}

/* The module sees by this hook whether hooks of its kind fire. */
static int find_tested(void *status_, const struct control_hook *hook)
{
	struct status *status = status_;

	if (!strcmp(hook->symbol, "commit_creds"))
		status->tested_error = hook->error;
	return 0;
}

/* @counted: its counters are there already. */
static int read_module(struct status *status, bool counted)
{
	struct control *control;
	int ret = control_open(&control);

	if (!ret)
		ret = control_info(control, &status->module);
	if (!ret && !counted)
		ret = control_stats(control, &status->counters);
	if (!ret)
		ret = control_hooks(control, find_tested, status);
	control_close(control);
	return ret;
}

static uint64_t lost_of(const struct status *status, unsigned int class_)
{
	return control_lost(&status->counters.classes[class_]) + status->elsewhere[class_];
}

static void print_json_counters(const struct status *status)
{
	unsigned int class_, cause;

	fputs(",\"classes\":{", stdout);
	for (class_ = 0; class_ < KITH_CLASSES; class_++) {
		const struct kith_counters *of = &status->counters.classes[class_];

		printf("%s\"%s\":{\"emitted\":%" PRIu64 ",\"stored\":%" PRIu64
		       ",\"lost\":%" PRIu64,
		       class_ ? "," : "", record_class_name(class_), (uint64_t)of->emitted,
		       status->stored[class_], lost_of(status, class_));
		for (cause = 0; cause < KITH_LOSS_CAUSES; cause++)
			printf(",\"lost_%s\":%" PRIu64, record_cause_name(cause),
			       (uint64_t)of->lost[cause]);
		printf(",\"lost_%s\":%" PRIu64 "}", record_cause_name(RECORD_CAUSE_ELSEWHERE),
		       status->elsewhere[class_]);
	}
	putchar('}');
}

/* What is not known is null. */
static void print_json_database(const struct status *status)
{
	if (status->database) {
		fputs(",\"database_bytes\":null,\"database_error\":", stdout);
		text_print_json(stdout, status->database_error, strlen(status->database_error));
		fputs(",\"last_record_ns\":null,\"lost\":null,\"unwatched_intervals\":null,"
		      "\"unexplained_credentials\":null,\"segments\":null,\"sealed\":null,"
		      "\"files_since_ns\":null,\"conversations_since_ns\":null,"
		      "\"processes_since_ns\":null", stdout);
		return;
	}
	printf(",\"database_bytes\":%" PRId64 ",\"last_record_ns\":%" PRId64 ",\"lost\":%" PRId64
	       ",\"unwatched_intervals\":%" PRId64 ",\"unexplained_credentials\":%" PRId64,
	       status->size, status->seen, status->lost, status->unwatched,
	       status->unexplained);
	printf(",\"segments\":%" PRId64 ",\"sealed\":%" PRId64 ",\"files_since_ns\":%" PRId64
	       ",\"conversations_since_ns\":%" PRId64 ",\"processes_since_ns\":%" PRId64,
	       status->segments, status->sealed, status->kept[SEGMENT_FILES],
	       status->kept[SEGMENT_CONVERSATIONS], status->kept[SEGMENT_PROCESSES]);
}

/* That it refuses to answer says that it is there. */
static bool is_refused(const struct status *status)
{
	return status->module_error == -EPERM || status->module_error == -EACCES;
}

static const char *why_not_asked(const struct status *status)
{
	if (status->module_error == -ENOENT)
		return "NOT LOADED";
	if (is_refused(status))
		return "loaded, but answers to CAP_NET_ADMIN only";
	return strerror(-status->module_error);
}

/* JSON: whether hooks of a kind fire; not known if the one that is tested is absent. */
static const char *fires(const struct status *status, uint32_t kind)
{
	if (kind == KITH_HEALTH_FTRACE && status->tested_error)
		return "null";
	return status->module.health & kind ? "true" : "false";
}

static void print_json(const struct status *status, const struct common *common)
{
	const struct control_info *module = &status->module;

	fputs("{\"module\":", stdout);
	if (status->module_error) {
		printf("null,\"module_error\":\"%s\"", why_not_asked(status));
	} else {
		printf("{\"version\":\"%s\",\"abi\":%u,\"load_id\":\"%016" PRIx64 "\","
		       "\"loaded_ns\":%" PRIu64 ",\"subscribed\":%s,\"tasks\":%u,"
		       "\"untracked\":%" PRIu64 ",\"sockets\":%u,\"sockets_max\":%u,"
		       "\"function_hooks_fire\":%s,"
		       "\"kprobes_fire\":%s",
		       module->version, module->abi, module->load,
		       module->real_ns - module->boot_ns + module->loaded_ns,
		       module->subscriber ? "true" : "false", module->tasks, module->untracked,
		       module->sockets, module->sockets_max, fires(status, KITH_HEALTH_FTRACE),
		       fires(status, KITH_HEALTH_KPROBES));
		print_json_counters(status);
		putchar('}');
	}
	if (status->collector < 0)
		printf(",\"collector_pid\":null,\"collector_error\":\"%s\"",
		       strerror(-status->collector));
	else
		printf(",\"collector_pid\":%d", status->collector);
	fputs(",\"database\":", stdout);
	text_print_json(stdout, common->database, strlen(common->database));
	print_json_database(status);
	puts("}");
}

static void print_module(const struct status *status)
{
	const struct control_info *module = &status->module;
	char when[48], *fraction;
	unsigned int class_;

	text_time(when, sizeof(when),
		  (int64_t)(module->real_ns - module->boot_ns + module->loaded_ns));
	/* nobody needs more than milliseconds */
	fraction = strchr(when, '.');
	if (fraction)
		memcpy(fraction + 4, "Z", sizeof("Z"));
	printf("module     version %s, loaded %s, %u threads watched\n", module->version, when,
	       module->tasks);
	if (module->sockets_max)
		printf("           %u sockets watched of at most %u\n", module->sockets,
		       module->sockets_max);
	if (status->tested_error)
		puts("           hook commit_creds is absent: whether others of its kind fire "
		     "is not known");
	else if (!(module->health & KITH_HEALTH_FTRACE))
		puts("           BLIND: function entry hooks do not fire");
	if (!(module->health & KITH_HEALTH_KPROBES))
		puts("           BLIND: kprobes do not fire");
	if (module->untracked)
		printf("           %" PRIu64 " threads could not be watched: tasks_max is %u\n",
		       module->untracked, module->tasks_max);
	for (class_ = 0; class_ < KITH_CLASSES; class_++) {
		const struct kith_counters *of = &status->counters.classes[class_];

		printf("           %-12s %12" PRIu64 " reported", record_class_name(class_),
		       (uint64_t)of->emitted);
		if (!status->database)
			printf(" %12" PRIu64 " stored %8" PRIu64 " lost", status->stored[class_],
			       lost_of(status, class_));
		putchar('\n');
	}
}

static void print_collector(const struct status *status)
{
	if (status->collector < 0)
		printf("collector  not known: %s\n", strerror(-status->collector));
	else if (!status->collector)
		puts("collector  DOES NOT RUN");
	else
		printf("collector  runs as process %d%s\n", status->collector,
		       status->module_error || status->module.subscriber ?
			       "" : ", but is not subscribed to the module");
}

static void print_history(const struct status *status)
{
	static const char *const names[] = { "files", "conversations", "processes" };
	char when[48];
	int kind;

	printf("           %" PRId64 " segments, %" PRId64 " of them sealed", status->segments,
	       status->sealed);
	for (kind = 0; kind < SEGMENT_KINDS; kind++)
		if (status->kept[kind])
			printf("\n           %s since %s", names[kind],
			       text_time(when, sizeof(when), status->kept[kind]));
	putchar('\n');
}

static void print_database(const struct status *status, const char *path)
{
	char when[48];

	fputs("database   ", stdout);
	text_print(stdout, path, strlen(path));
	if (status->database) {
		printf(": cannot be read: %s\n", status->database_error);
		return;
	}
	if (status->size < 0) {
		puts(": none");
		return;
	}
	printf(", %" PRId64 " bytes", status->size);
	if (status->seen)
		printf(", last record %s", text_time(when, sizeof(when), status->seen));
	printf("\n           %" PRId64 " records lost, %" PRId64
	       " interval%s not watched (view loss)\n"
	       "           %" PRId64 " unexplained credential changes (view credential)\n",
	       status->lost, status->unwatched, status->unwatched == 1 ? "" : "s",
	       status->unexplained);
	print_history(status);
}

static void print_text(const struct status *status, const struct common *common)
{
	if (status->module_error)
		printf("module     %s%s\n",
		       status->module_error == -ENOENT || is_refused(status) ? "" : "not asked: ",
		       why_not_asked(status));
	else
		print_module(status);
	print_collector(status);
	print_database(status, common->database);
}

/* What is known to be down counts more than what cannot be seen. */
static int exit_status(const struct status *status)
{
	if (status->module_error == -ENOENT || !status->collector)
		return EX_UNAVAILABLE;
	if (status->collector == -EACCES || status->collector == -EPERM ||
	    status->database == EX_NOPERM)
		return EX_NOPERM;
	if (status->collector < 0 || (status->module_error && !is_refused(status)) ||
	    status->database)
		return EX_IOERR;
	return 0;
}

static int wait_synced(const struct arguments *arguments, struct control_counters *counters,
		       sqlite3 **db)
{
	int ret = synced_wait(arguments->common.database, arguments->seconds, counters, db);

	switch (ret) {
	case -ENOTCONN:
		log_error("not synced after %" PRIu64 " seconds: no collector is subscribed",
			  arguments->seconds);
		return EX_UNAVAILABLE;
	case -ETIMEDOUT:
		log_error("not synced after %" PRIu64 " seconds", arguments->seconds);
		return EX_UNAVAILABLE;
	default:
		return ret < 0 ? command_module_error(ret) : ret;
	}
}

int command_status(int argc, char **argv)
{
	static const struct argp argp = { options, parse, NULL, doc, command_children, NULL, NULL };
	struct arguments arguments = { .seconds = WAIT_SECONDS };
	struct status status = { .size = -1 };
	sqlite3 *db = NULL;
	int waited = 0;

	common_init(&arguments.common);
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	if (arguments.wait)
		waited = wait_synced(&arguments, &status.counters, &db);
	if (waited) {
		sqlite3_close(db);
		return waited;
	}
	status.module_error = read_module(&status, arguments.wait);
	status.collector = lock_holder(arguments.common.database);
	read_database(&status, arguments.common.database, db);
	if (arguments.common.json)
		print_json(&status, &arguments.common);
	else
		print_text(&status, &arguments.common);
	return exit_status(&status);
}
