// SPDX-License-Identifier: GPL-2.0-only
/* Opening the database: ours, empty, somebody else's, older, newer, broken. */
#include "store.h"

#include "rig.h"
#include "schema.h"
#include "statement.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void run_sql(const char *sql)
{
	sqlite3 *db;
	char *error = NULL;

	ck_assert_int_eq(sqlite3_open(unit_path("kith.db"), &db), SQLITE_OK);
	sqlite3_exec(db, sql, NULL, NULL, &error);
	ck_assert_msg(!error, "%s: %s", sql, error ? error : "");
	ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

static void write_file(const char *name, const void *data, size_t size)
{
	FILE *file = fopen(unit_path(name), "w");

	ck_assert_ptr_nonnull(file);
	if (size)
		ck_assert_uint_eq(fwrite(data, size, 1, file), 1);
	ck_assert_int_eq(fclose(file), 0);
}

static char *read_file(const char *name, size_t *size)
{
	FILE *file = fopen(unit_path(name), "r");
	char *data = malloc(1 << 20);

	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(data);
	*size = fread(data, 1, 1 << 20, file);
	fclose(file);
	return data;
}

/* Open, which gives @want; if that is an error, its words hold @why. */
static void open_and_close(const char *name, int want, const char *why)
{
	struct store *store;
	int ret = store_open(&store, unit_path(name));

	ck_assert_msg(ret == want, "%d instead of %d: %s", ret, want, store_error(store));
	if (ret)
		ck_assert_msg(strstr(store_error(store), why) != NULL, "%s", store_error(store));
	store_close(store);
}

static int latest_version(void)
{
	int i = 0;

	while (schema_migrations[i].version)
		i++;
	return schema_migrations[i - 1].version;
}

static void check_is_ours(void)
{
	char want[64];

	snprintf(want, sizeof(want), "%d|%d", 0x4b697468, latest_version());
	rig_check("SELECT a.application_id, v.user_version FROM pragma_application_id a,"
		  " pragma_user_version v",
		  want);
	rig_check("PRAGMA journal_mode", "wal");
	rig_check("PRAGMA integrity_check", "ok");
	rig_check("SELECT count(*) FROM process", "0");
}

START_TEST(a_new_database)
{
	open_and_close("kith.db", 0, "");
	check_is_ours();
	open_and_close("kith.db", 0, "");
	check_is_ours();
}
END_TEST

START_TEST(an_empty_file)
{
	write_file("kith.db", "", 0);
	open_and_close("kith.db", 0, "");
	check_is_ours();
}
END_TEST

/* All of it may be in the log still. */
START_TEST(ours_is_recognized)
{
	struct store *store;

	ck_assert_int_eq(store_recognize(unit_path("kith.db")), 0);
	ck_assert_int_ne(access(unit_path("kith.db"), F_OK), 0);
	ck_assert_int_eq(store_open(&store, unit_path("kith.db")), 0);
	ck_assert_int_eq(store_recognize(unit_path("kith.db")), 0);
	store_close(store);
	ck_assert_int_eq(store_recognize(unit_path("kith.db")), 0);
	ck_assert_int_eq(store_recognize("/dev/null"), -EUCLEAN);
	write_file("kith.db", "x", 1);
	ck_assert_int_eq(store_recognize(unit_path("kith.db")), -EUCLEAN);
}
END_TEST

/* It was made, and no migration was done yet. */
START_TEST(version_0_of_ours)
{
	run_sql("PRAGMA application_id = 1265202280");
	open_and_close("kith.db", 0, "");
	check_is_ours();
}
END_TEST

START_TEST(migrations_are_numbered)
{
	int i;

	for (i = 0; schema_migrations[i].version; i++)
		ck_assert_int_eq(schema_migrations[i].version, i + 1);
	ck_assert_int_gt(i, 0);
}
END_TEST

/* From each version there was, with its tables and without its views. */
START_TEST(an_older_version)
{
	char sql[64];
	int i;

	for (i = 0; i <= _i; i++)
		run_sql(schema_migrations[i].sql);
	snprintf(sql, sizeof(sql), "PRAGMA application_id = 1265202280; PRAGMA user_version = %d",
		 schema_migrations[_i].version);
	run_sql(sql);
	open_and_close("kith.db", 0, "");
	check_is_ours();
}
END_TEST

/* Columns that its tables had not: it gets them, and is written like any other. */
START_TEST(an_older_version_without_columns)
{
	struct rig rig;
	int i;

	for (i = 0; i < 4; i++)
		run_sql(schema_migrations[i].sql);
	run_sql("ALTER TABLE executions DROP COLUMN file;"
		"ALTER TABLE executions DROP COLUMN previous;"
		"ALTER TABLE processes DROP COLUMN plain_reads;"
		"ALTER TABLE processes DROP COLUMN plain_bytes;"
		"PRAGMA application_id = 1265202280; PRAGMA user_version = 4");
	rig_open(&rig);
	forge_process(&rig.forge, forge_key(RIG_AT(50), 500), 0, "/bin/a");
	rig_dumped(&rig);
	rig_expect(&rig, "SELECT exe FROM process", "/bin/a");
	rig_close(&rig);
}
END_TEST

static const struct {
	const char *sql;
	const char *why;
} others[] = {
	{ "PRAGMA application_id = 42", "something else" },
	{ "PRAGMA application_id = 42; CREATE TABLE meta (name, value)", "something else" },
	{ "CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)", "something else" },
};

START_TEST(a_database_of_something_else)
{
	size_t before_size, after_size;
	char *before, *after;

	run_sql(others[_i].sql);
	ck_assert_int_eq(store_recognize(unit_path("kith.db")), -EINVAL);
	before = read_file("kith.db", &before_size);
	open_and_close("kith.db", -EINVAL, others[_i].why);
	after = read_file("kith.db", &after_size);
	ck_assert_uint_eq(after_size, before_size);
	ck_assert_mem_eq(after, before, before_size);
	ck_assert_int_ne(access(unit_path("kith.db-wal"), F_OK), 0);
	free(before);
	free(after);
}
END_TEST

START_TEST(a_newer_version)
{
	char sql[64], *before, *after;

	open_and_close("kith.db", 0, "");
	run_sql("CREATE VIEW future AS SELECT 1; DROP VIEW process;"
		"UPDATE meta SET value = 'of the future' WHERE name = 'views'");
	snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", latest_version() + 1);
	run_sql(sql);
	before = rig_rows("SELECT name, sql FROM sqlite_schema ORDER BY name");
	open_and_close("kith.db", -EINVAL, "newer version");
	after = rig_rows("SELECT name, sql FROM sqlite_schema ORDER BY name");
	ck_assert_str_eq(after, before);
	rig_check("SELECT value FROM meta WHERE name = 'views'", "of the future");
	free(before);
	free(after);
}
END_TEST

START_TEST(views_of_another_build)
{
	char *before, *after;

	open_and_close("kith.db", 0, "");
	before = rig_rows("SELECT name, sql FROM sqlite_schema ORDER BY name");
	run_sql("DROP VIEW process; CREATE VIEW process AS SELECT 1 AS pid;"
		"CREATE VIEW \"an \"\"old\"\" one\" AS SELECT 2;"
		"UPDATE meta SET value = 'other' WHERE name = 'views'");
	open_and_close("kith.db", 0, "");
	after = rig_rows("SELECT name, sql FROM sqlite_schema ORDER BY name");
	ck_assert_str_eq(after, before);
	free(before);
	free(after);
}
END_TEST

/* Views that somebody else has made are not ours, whatever meta says. */
START_TEST(forged_views)
{
	open_and_close("kith.db", 0, "");
	run_sql("DROP VIEW loss; CREATE VIEW loss AS SELECT 1 AS lost; CREATE VIEW x AS SELECT 2");
	rig_check("SELECT lost FROM loss", "1");
	open_and_close("kith.db", 0, "");
	rig_check("SELECT count(*) FROM loss WHERE lost = 1", "0");
	rig_check("SELECT count(*) FROM sqlite_schema WHERE name = 'x'", "0");
}
END_TEST

/* What is up to date is not written: readers need not parse the schema again. */
START_TEST(views_of_this_build)
{
	char *before, *after;

	open_and_close("kith.db", 0, "");
	before = rig_rows("PRAGMA schema_version");
	open_and_close("kith.db", 0, "");
	after = rig_rows("PRAGMA schema_version");
	ck_assert_str_eq(after, before);
	free(before);
	free(after);
}
END_TEST

START_TEST(no_database)
{
	static const char text[4096] = "This is no database, but it is as long as a page of one.";

	write_file("kith.db", text, sizeof(text));
	open_and_close("kith.db", -EUCLEAN, "not a database");
}
END_TEST

START_TEST(a_database_cut_short)
{
	size_t size;
	char *data;

	open_and_close("kith.db", 0, "");
	run_sql("PRAGMA wal_checkpoint(TRUNCATE)");
	data = read_file("kith.db", &size);
	write_file("kith.db", data, size / 2 / 4096 * 4096);
	free(data);
	open_and_close("kith.db", -EUCLEAN, "malformed");
}
END_TEST

START_TEST(no_such_directory)
{
	open_and_close("nowhere/kith.db", -ENOENT, "No such file or directory");
}
END_TEST

START_TEST(a_directory)
{
	ck_assert_int_eq(mkdir(unit_path("kith.db"), 0700), 0);
	open_and_close("kith.db", -EISDIR, "Is a directory");
	ck_assert_int_eq(store_recognize(unit_path("kith.db")), -EISDIR);
}
END_TEST

/* The views of the contract and their columns: they may be added to, not renamed. */
static const struct {
	const char *view;
	const char *columns;
} contract[] = {
	{ "process",
	  "process_id,parent_id,boot_id,pid,started,ended,exit_code,exit_signal,exe,argv,cwd,"
	  "script,uid,euid,gid,loginuid,session,container_id,unit,exe_sha256,exe_origin,"
	  "incomplete" },
	{ "execution",
	  "ts,process_id,parent_id,exe,argv,script,env,uid,euid,error" },
	{ "image", "ts,process_id,execution_id,exe,argv,script,found" },
	{ "credential",
	  "ts,process_id,cause,uid_from,uid_to,euid_from,euid_to,gid_from,gid_to,caps_from,"
	  "caps_to,userns_from,userns_to,unexplained" },
	{ "connection",
	  "connection_id,protocol,started,ended,client_id,client_addr,client_port,server_id,"
	  "server_addr,server_port,server_name,bytes_to_server,bytes_to_client,scope" },
	{ "connection_use", "connection_id,side,process_id,sent,received,first,last" },
	{ "listener", "process_id,protocol,addr,port,started,ended" },
	{ "flow", "source_id,target_id,via,object,first,last,bytes" },
	{ "control", "ts,process_id,op,target_id,detail" },
	{ "container", "container_id,runtime,name,image,pod,first,last" },
	{ "loss", "from_ts,to_ts,boot_id,cpu,class,cause,lost" },
	{ "sensor", "ts,event,detail" },
};

START_TEST(the_contract)
{
	char sql[512], want[512], *c;

	open_and_close("kith.db", 0, "");
	snprintf(sql, sizeof(sql), "SELECT %s FROM %s", contract[_i].columns,
		 contract[_i].view);
	rig_check(sql, "");
	snprintf(want, sizeof(want), "%s", contract[_i].columns);
	for (c = want; *c; c++)
		if (*c == ',')
			*c = '\n';
	snprintf(sql, sizeof(sql),
		 "SELECT name FROM pragma_table_info('%s') WHERE ',%s,' LIKE"
		 " '%%,' || name || ',%%' ORDER BY cid", contract[_i].view, contract[_i].columns);
	rig_check(sql, want);
}
END_TEST

/* Who may only read the files can, while nobody writes and nobody has cleaned up. */
START_TEST(readers_find_the_log)
{
	open_and_close("kith.db", 0, "");
	ck_assert_int_eq(access(unit_path("kith.db-wal"), F_OK), 0);
	ck_assert_int_eq(access(unit_path("kith.db-shm"), F_OK), 0);
}
END_TEST

static void add_files(Suite *suite)
{
	unit_add(suite, a_new_database);
	unit_add(suite, an_empty_file);
	unit_add_rows(suite, a_database_of_something_else, UNIT_COUNT(others));
	unit_add(suite, no_database);
	unit_add(suite, a_database_cut_short);
	unit_add(suite, no_such_directory);
	unit_add(suite, a_directory);
	unit_add(suite, readers_find_the_log);
}

static void add_versions(Suite *suite)
{
	unit_add(suite, migrations_are_numbered);
	unit_add(suite, version_0_of_ours);
	unit_add(suite, ours_is_recognized);
	unit_add_rows(suite, an_older_version, (size_t)latest_version());
	unit_add(suite, an_older_version_without_columns);
	unit_add(suite, a_newer_version);
	unit_add(suite, views_of_another_build);
	unit_add(suite, views_of_this_build);
	unit_add(suite, forged_views);
	unit_add_rows(suite, the_contract, UNIT_COUNT(contract));
}

/* Who could write the database once does not get what is written from then on. */
START_TEST(trigger)
{
	struct store *store;

	open_and_close("kith.db", 0, NULL);
	run_sql("CREATE TRIGGER t AFTER INSERT ON strings BEGIN DELETE FROM strings; END");
	ck_assert_int_eq(store_open(&store, unit_path("kith.db")), 0);
	ck_assert_int_eq(
		store_execute(store, "INSERT INTO strings (id, value) VALUES (7, 'a')"), 0);
	store_close(store);
	rig_check("SELECT id, value FROM strings", "7|a");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store");

	add_files(suite);
	add_versions(suite);
	unit_add(suite, trigger);
	return unit_run(suite);
}
