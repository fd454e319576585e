// SPDX-License-Identifier: GPL-2.0-only
/* kith status: is it running, since when, and what was lost. */
#include "command.h"
#include "control.h"
#include "lock.h"
#include "log.h"
#include "query.h"
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
#include <time.h>

static const char doc[] =
	"Tells whether module and collector run, what was recorded, and what was lost.\v"
	"With --wait-synced it returns once everything that the module had reported "
	"before the call can be queried. Exit status 69: module or collector do not run, "
	"or it was not synced in time.";

enum { OPTION_WAIT = 256, WAIT_SECONDS = 30, POLL_MS = 20 };

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
			arguments->seconds = command_number(text, state);
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
	int module_error; /* 0: the two above are there */
	uint64_t stored[KITH_CLASSES]; /* of this load of the module */
	pid_t collector;  /* 0: does not run; < 0: not known */
	int64_t size;	  /* bytes of the database and its log, -1: there is none */
	int64_t seen;	  /* time of the last record, 0: none */
	int64_t lost;	  /* sum of view loss */
	int64_t unwatched; /* its rows whose number is not known */
	int64_t unexplained;
};

static int64_t ask_number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	int64_t number = 0;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
	    sqlite3_step(statement) == SQLITE_ROW)
		number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return number;
}

static void read_stored(struct status *status, sqlite3 *db)
{
	static const char sql[] = "SELECT class, count FROM received"
				  " WHERE load = (SELECT id FROM loads WHERE load = ?)";
	sqlite3_stmt *statement = NULL;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		return;
	sqlite3_bind_int64(statement, 1, (int64_t)status->module.load);
	while (sqlite3_step(statement) == SQLITE_ROW) {
		int64_t class_ = sqlite3_column_int64(statement, 0);

		if (class_ >= 0 && class_ < KITH_CLASSES)
			status->stored[class_] = (uint64_t)sqlite3_column_int64(statement, 1);
	}
	sqlite3_finalize(statement);
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

static void read_database(struct status *status, const char *path)
{
	sqlite3 *db;

	status->size = size_on_disk(path);
	if (status->size < 0)
		return;
	if (!query_open(&db, path)) {
		status->seen = ask_number(db, "SELECT value FROM meta WHERE name = 'seen'");
		status->lost = ask_number(db, "SELECT sum(lost) FROM loss");
		status->unwatched = ask_number(db, "SELECT count(*) FROM loss WHERE lost IS NULL");
		status->unexplained =
			ask_number(db, "SELECT count(*) FROM credential WHERE unexplained");
		read_stored(status, db);
	}
	sqlite3_close(db);
}

static int read_module(struct status *status)
{
	struct control *control;
	int ret = control_open(&control);

	if (!ret)
		ret = control_info(control, &status->module);
	if (!ret)
		ret = control_stats(control, &status->counters);
	control_close(control);
	return ret;
}

static uint64_t lost_of(const struct kith_counters *counters)
{
	uint64_t sum = 0;
	unsigned int cause;

	for (cause = 0; cause < KITH_LOSS_CAUSES; cause++)
		sum += counters->lost[cause];
	return sum;
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
		       status->stored[class_], lost_of(of));
		for (cause = 0; cause < KITH_LOSS_CAUSES; cause++)
			printf(",\"lost_%s\":%" PRIu64, record_cause_name(cause),
			       (uint64_t)of->lost[cause]);
		putchar('}');
	}
	putchar('}');
}

static void print_json(const struct status *status, const struct common *common)
{
	const struct control_info *module = &status->module;

	fputs("{\"module\":", stdout);
	if (status->module_error) {
		printf("null,\"module_error\":\"%s\"", strerror(-status->module_error));
	} else {
		printf("{\"version\":\"%s\",\"abi\":%u,\"load_id\":\"%016" PRIx64 "\","
		       "\"loaded_ns\":%" PRIu64 ",\"subscribed\":%s,\"tasks\":%u,"
		       "\"untracked\":%" PRIu64 ",\"function_hooks_fire\":%s,"
		       "\"kprobes_fire\":%s",
		       module->version, module->abi, module->load,
		       module->real_ns - module->boot_ns + module->loaded_ns,
		       module->subscriber ? "true" : "false", module->tasks, module->untracked,
		       module->health & KITH_HEALTH_FTRACE ? "true" : "false",
		       module->health & KITH_HEALTH_KPROBES ? "true" : "false");
		print_json_counters(status);
		putchar('}');
	}
	printf(",\"collector_pid\":%d,\"database\":",
	       status->collector > 0 ? status->collector : 0);
	text_print_json(stdout, common->database, strlen(common->database));
	printf(",\"database_bytes\":%" PRId64 ",\"last_record_ns\":%" PRId64 ",\"lost\":%" PRId64
	       ",\"unwatched_intervals\":%" PRId64 ",\"unexplained_credentials\":%" PRId64 "}\n",
	       status->size, status->seen, status->lost, status->unwatched,
	       status->unexplained);
}

static void print_module(const struct status *status)
{
	const struct control_info *module = &status->module;
	char when[48];
	unsigned int class_;

	text_time(when, sizeof(when),
		  (int64_t)(module->real_ns - module->boot_ns + module->loaded_ns));
	printf("module     version %s, loaded %s, %u threads watched\n", module->version, when,
	       module->tasks);
	if (!(module->health & KITH_HEALTH_FTRACE))
		puts("           BLIND: function entry hooks do not fire");
	if (!(module->health & KITH_HEALTH_KPROBES))
		puts("           BLIND: kprobes do not fire");
	if (module->untracked)
		printf("           %" PRIu64 " threads could not be watched: tasks_max is %u\n",
		       module->untracked, module->tasks_max);
	for (class_ = 0; class_ < KITH_CLASSES; class_++) {
		const struct kith_counters *of = &status->counters.classes[class_];

		printf("           %-12s %12" PRIu64 " reported %12" PRIu64 " stored %8" PRIu64
		       " lost\n",
		       record_class_name(class_), (uint64_t)of->emitted, status->stored[class_],
		       lost_of(of));
	}
}

static void print_text(const struct status *status, const struct common *common)
{
	char when[48];

	if (status->module_error == -ENOENT)
		puts("module     NOT LOADED");
	else if (status->module_error)
		printf("module     not asked: %s\n", strerror(-status->module_error));
	else
		print_module(status);
	if (status->collector > 0)
		printf("collector  runs as process %d%s\n", status->collector,
		       status->module_error || status->module.subscriber ?
			       "" : ", but is not subscribed to the module");
	else
		puts("collector  DOES NOT RUN");
	fputs("database   ", stdout);
	text_print(stdout, common->database, strlen(common->database));
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
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What the database must have before it is synced. */
struct target {
	uint64_t load;
	struct kith_position *positions;
	size_t count;
	uint64_t lost;
};

static bool has_position(sqlite3_stmt *statement, const struct kith_position *position)
{
	bool ret = false;

	if (!position->seq)
		return true;
	sqlite3_bind_int(statement, 1, position->ring);
	if (sqlite3_step(statement) == SQLITE_ROW)
		ret = (int32_t)((uint32_t)sqlite3_column_int64(statement, 0) -
				position->seq) >= 0;
	sqlite3_reset(statement);
	return ret;
}

static bool has_positions(sqlite3 *db, const struct target *target)
{
	sqlite3_stmt *statement = NULL;
	bool ret = true;
	size_t i;

	if (sqlite3_prepare_v2(db, "SELECT seq FROM positions WHERE ring = ?", -1, &statement,
			       NULL) != SQLITE_OK)
		return false;
	for (i = 0; ret && i < target->count; i++)
		ret = has_position(statement, &target->positions[i]);
	sqlite3_finalize(statement);
	return ret;
}

/* The load's live processes are stored, and its losses, and it is the latest. */
static bool has_load(sqlite3 *db, const struct target *target)
{
	static const char sql[] =
		"SELECT dumped IS NOT NULL AND id = (SELECT max(id) FROM loads) AND"
		" coalesce((SELECT sum(total) FROM loss_totals t WHERE t.load = l.id), 0) >= ?2"
		" FROM loads l WHERE load = ?1";
	sqlite3_stmt *statement = NULL;
	bool ret = false;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		return false;
	sqlite3_bind_int64(statement, 1, (int64_t)target->load);
	sqlite3_bind_int64(statement, 2, (int64_t)target->lost);
	if (sqlite3_step(statement) == SQLITE_ROW)
		ret = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	return ret;
}

/* One look: both in one transaction, so of one commit. */
static bool is_synced(sqlite3 *db, const struct target *target)
{
	bool ret = sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK &&
		   has_load(db, target) && has_positions(db, target);

	sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return ret;
}

static int set_target(struct control *control, struct target *target)
{
	struct control_counters counters;
	struct control_info info;
	unsigned int class_;
	int ret = control_info(control, &info);

	if (ret)
		return ret;
	target->load = info.load;
	ret = control_flush(control, &target->positions, &target->count, &counters);
	for (class_ = 0; !ret && class_ < KITH_CLASSES; class_++)
		target->lost += lost_of(&counters.classes[class_]);
	return ret;
}

static int wait_for_target(const struct target *target, const struct arguments *arguments)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };
	int64_t deadline = now_ms() + (int64_t)arguments->seconds * 1000;
	sqlite3 *db;
	int status = query_open(&db, arguments->common.database);

	while (!status && !is_synced(db, target)) {
		if (now_ms() > deadline) {
			log_error("not synced after %" PRIu64 " seconds", arguments->seconds);
			status = EX_UNAVAILABLE;
		}
		nanosleep(&pause, NULL);
	}
	sqlite3_close(db);
	return status;
}

static int wait_synced(const struct arguments *arguments)
{
	struct target target = { .count = 0 };
	struct control *control;
	int ret = control_open(&control), status;

	if (!ret)
		ret = set_target(control, &target);
	control_close(control);
	status = ret ? command_module_error(ret) : wait_for_target(&target, arguments);
	free(target.positions);
	return status;
}

int command_status(int argc, char **argv)
{
	static const struct argp_child children[] = { { &command_common, 0, NULL, 0 },
						      { 0 } };
	static const struct argp argp = { options, parse, NULL, doc, children, NULL, NULL };
	struct arguments arguments = { .seconds = WAIT_SECONDS };
	struct status status = { .size = -1 };
	int waited = 0;

	common_init(&arguments.common);
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	if (arguments.wait)
		waited = wait_synced(&arguments);
	if (waited)
		return waited;
	status.module_error = read_module(&status);
	status.collector = lock_holder(arguments.common.database);
	read_database(&status, arguments.common.database);
	if (arguments.common.json)
		print_json(&status, &arguments.common);
	else
		print_text(&status, &arguments.common);
	return status.collector > 0 && status.module_error != -ENOENT ? 0 : EX_UNAVAILABLE;
}
