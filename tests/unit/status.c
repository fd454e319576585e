// SPDX-License-Identifier: GPL-2.0-only
/* What kith status prints of a module that is made up. */
/* NOLINTNEXTLINE(bugprone-suspicious-include): it is no part of the library */
#include "command_status.c"

#include "unit.h"

static struct {
	int error;
	struct control_info info;
	int tested_error;
	int silent; /* so often nobody is subscribed */
} fake;

const struct argp_child command_children[] = { { 0 } };

static bool json;

void common_init(struct common *common)
{
	*common = (struct common){ .database = unit_path("nothing.db"), .json = json };
}

int command_module_error(int error)
{
	return -error;
}

int control_open(struct control **result)
{
	*result = NULL;
	return fake.error;
}

void control_close(struct control *control)
{
	(void)control;
}

int control_info(struct control *control, struct control_info *info)
{
	(void)control;
	*info = fake.info;
	return 0;
}

int control_stats(struct control *control, struct control_counters *counters)
{
	(void)control;
	memset(counters, 0, sizeof(*counters));
	return 0;
}

int control_flush(struct control *control, struct kith_position **positions, size_t *count,
		  struct control_counters *counters)
{
	(void)control, (void)counters;
	*positions = NULL;
	*count = 0;
	return fake.silent-- > 0 ? -ENOTCONN : 0;
}

int control_hooks(struct control *control,
		  int (*take)(void *context, const struct control_hook *hook), void *context)
{
	const struct control_hook other = { .symbol = "sched_process_exec", .error = -ENOENT },
				  tested = { .symbol = "commit_creds",
					     .error = fake.tested_error };
	int ret = take(context, &other);

	(void)control;
	return ret ? ret : take(context, &tested);
}

/* That @what is in what it prints, or not. */
static void check_answer(bool as_json, const char *what, bool there)
{
	char name[] = "kith status", *argv[] = { name, NULL }, text[BUFSIZ] = "";
	FILE *file;

	json = as_json;
	ck_assert_ptr_nonnull(freopen(unit_path("printed"), "w", stdout));
	command_status(1, argv);
	fflush(stdout);
	file = fopen(unit_path("printed"), "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_gt(fread(text, 1, sizeof(text) - 1, file), 0);
	fclose(file);
	ck_assert_msg(!strstr(text, what) == !there, "\"%s\": %s", what, text);
}

static const struct {
	int error;
	const char *words;
} troubles[] = {
	{ -ENOENT, "NOT LOADED" },
	{ -EPERM, "loaded, but answers to CAP_NET_ADMIN only" },
	{ -EPROTO, "Protocol error" },
};

/* The same words for people and programs. */
START_TEST(not_asked)
{
	char text[128];

	fake.error = troubles[_i].error;
	check_answer(false, troubles[_i].words, true);
	snprintf(text, sizeof(text), "\"module\":null,\"module_error\":\"%s\"",
		 troubles[_i].words);
	check_answer(true, text, true);
}
END_TEST

static const struct {
	uint32_t health;
	int tested_error;
	bool blind;
	bool absent;
	const char *fire;
} healths[] = {
	{ KITH_HEALTH_FTRACE | KITH_HEALTH_KPROBES, 0, false, false,
	  "\"function_hooks_fire\":true,\"kprobes_fire\":true" },
	{ KITH_HEALTH_KPROBES, 0, true, false,
	  "\"function_hooks_fire\":false,\"kprobes_fire\":true" },
	{ KITH_HEALTH_KPROBES, -ECANCELED, false, true,
	  "\"function_hooks_fire\":null,\"kprobes_fire\":true" },
	{ 0, -ECANCELED, true, true, "\"function_hooks_fire\":null,\"kprobes_fire\":false" },
};

/* The hook by which it would be seen may be left out. */
START_TEST(blind)
{
	fake.info.health = healths[_i].health;
	fake.tested_error = healths[_i].tested_error;
	check_answer(false, "BLIND", healths[_i].blind);
	check_answer(false, "hook commit_creds is absent", healths[_i].absent);
	check_answer(true, healths[_i].fire, true);
}
END_TEST

/* As exact as two clocks that are read one after the other. */
START_TEST(when_it_was_loaded)
{
	fake.info.boot_ns = 2000000000;
	fake.info.real_ns = UINT64_C(1795255200123456789);
	fake.info.loaded_ns = 2000000000;
	check_answer(false, "loaded 2026-11-21T10:00:00.123Z, ", true);
	check_answer(true, "\"loaded_ns\":1795255200123456789,", true);
}
END_TEST

/* What nobody can store is not stored, however little it is. */
START_TEST(nobody_is_subscribed)
{
	struct arguments arguments = { .common.database = unit_path("kith.db"), .seconds = 0 };
	struct control_counters counters = { 0 };
	struct store *store;
	sqlite3 *db = NULL;

	ck_assert_int_eq(store_open(&store, arguments.common.database), 0);
	store_close(store);
	ck_assert_int_eq(sqlite3_open(arguments.common.database, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "INSERT INTO boots VALUES (1, 'boot', 0);"
				      "INSERT INTO loads VALUES (1, 1, 7, '0', 0, 1)",
				      NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	fake.info.load = 7;
	fake.silent = 1;
	ck_assert_int_eq(wait_synced(&arguments, &counters, &db), EX_UNAVAILABLE);
	sqlite3_close(db);
	fake.silent = 3;
	arguments.seconds = 60;
	ck_assert_int_eq(wait_synced(&arguments, &counters, &db), 0);
	ck_assert_int_lt(fake.silent, 0);
	sqlite3_close(db);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("status");

	unit_add_rows(suite, not_asked, UNIT_COUNT(troubles));
	unit_add_rows(suite, blind, UNIT_COUNT(healths));
	unit_add(suite, when_it_was_loaded);
	unit_add(suite, nobody_is_subscribed);
	return unit_run(suite);
}
