// SPDX-License-Identifier: GPL-2.0-only
/* kith export: each form as others read it, with the judge beside this, whatever is in it. */
#include "export.h"

#include "forge_file.h"
#include "program.h"
#include "query.h"
#include "rig.h"
#include "text.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define DOCKER "/system.slice/docker-" ID ".scope"
#define ID     "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct rig rig;
static uint64_t shell, child, other;

static void step(void)
{
	rig.forge.now += FORGE_STEP_NS;
}

static void begin(void)
{
	rig_open(&rig);
	shell = forge_key(RIG_AT(50), 500);
	other = forge_key(RIG_AT(51), 502);
	forge_process(&rig.forge, shell, 0, "/bin/sh");
	forge_process(&rig.forge, other, 0, "/sbin/other");
	rig_dump(&rig);
	rig_caught(&rig, 0);
	forge_sensor(&rig.forge, KITH_SENSOR_LOADED, "test");
	forge_cgroup(&rig.forge, 100, DOCKER);
	forge_attach(&rig.forge, other, other, 100);
	rig_feed(&rig);
	rig.forge.now = RIG_NOW + FORGE_STEP_NS;
}

static void forge_processes(void)
{
	child = forge_key(rig.forge.now, 501);
	forge_fork(&rig.forge, shell, child);
	forge_exec_failed(&rig.forge, child, ENOENT, "/sbin/cat");
	FORGE_EXEC(&rig.forge, child, shell, "/bin/cat", "cat\0/etc/secret");
	forge_credential(&rig.forge, child, KITH_CAUSE_SETUID, 1000, 0);
	forge_credential(&rig.forge, child, KITH_CAUSE_CAPSET, 0, 0);
	step();
}

static void forge_files(void)
{
	forge_has_read(&rig.forge, child, 10, "/etc/secret", 120);
	step();
	forge_has_written(&rig.forge, child, 11, "/tmp/part", 50)->flags |= KITH_ACCESS_CREATED;
	forge_renames(&rig.forge, child, 11, "/tmp/part", "/tmp/whole");
	forge_change(&rig.forge, child, KITH_CHANGE_CHMOD, 11);
	forge_change(&rig.forge, child, KITH_CHANGE_UNLINK, 11);
	step();
	forge_has_read(&rig.forge, other, 11, "/tmp/whole", 50);
	step();
}

static void forge_conversations(void)
{
	struct kith_connection *body;

	forge_connection(&rig.forge, 1, child, other);
	step();
	forge_connection(&rig.forge, 2, child, 0);
	forge_one_end(&rig.forge, KITH_CLIENT);
	step();
	body = forge_unix(&rig.forge, 3, KITH_PROTOCOL_UNIX_STREAM,
			  FORGE_NAME("/run/some.sock"));
	body->ends[KITH_CLIENT].process = body->ends[KITH_CLIENT].opener = child;
	body->ends[KITH_SERVER].process = body->ends[KITH_SERVER].opener = other;
	step();
	forge_listener(&rig.forge, 4, other);
	step();
	forge_pipe(&rig.forge, 5, shell, other);
	step();
}

static void forge_acts(void)
{
	forge_control(&rig.forge, other, KITH_CONTROL_SIGNAL, child, NULL)->value = 9;
	forge_control(&rig.forge, other, KITH_CONTROL_PTRACE, child, NULL)->value = 2;
	forge_control(&rig.forge, other, KITH_CONTROL_VM_WRITE, child, NULL)->value = 64;
	forge_control(&rig.forge, other, KITH_CONTROL_MODULE_LOAD, 0, "/lib/some.ko");
	forge_control(&rig.forge, other, KITH_CONTROL_MOUNT, 0, "/mnt");
	forge_loss(&rig.forge, 1, KITH_CLASS_EXECUTION, KITH_LOSS_FULL, 7);
	forge_exit(&rig.forge, child, 9);
}

/* One of each kind. */
static void forge_all(void)
{
	begin();
	forge_processes();
	forge_files();
	forge_conversations();
	forge_acts();
	rig_feed(&rig);
	rig_commit(&rig);
	rig_write("UPDATE routes SET client_addr = '2001:db8::1', server_addr = '2001:db8::2'"
		  " WHERE protocol = 1 AND server_netns IS NULL");
}

static const struct {
	const char *format;
	const char *view;
} documents[] = {
	{ "ndjson", "" },	  { "ndjson", "flow" },	     { "csv", "process" },
	{ "csv", "execution" },	  { "csv", "credential" },   { "csv", "connection" },
	{ "csv", "listener" },	  { "csv", "file_access" },  { "csv", "file_change" },
	{ "csv", "flow" },	  { "csv", "control" },	     { "csv", "container" },
	{ "csv", "loss" },	  { "csv", "sensor" },	     { "ecs", "" },
	{ "ocsf", "" },		  { "ocsf", "execution" },   { "perfetto", "" },
	{ "stix", "" },
};

/* Write document @i; add what the judge wants to know of it to @command. */
static void export_one(size_t i, FILE *command)
{
	const char *const format = documents[i].format, *view = documents[i].view;
	char name[32];

	if (*view)
		ck_assert_int_eq(run("kith", "export", DB, "-f", format, "--host", "here", "-c",
				     view, END),
				 0);
	else
		ck_assert_int_eq(run("kith", "export", DB, "-f", format, "--host", "here", END), 0);
	ck_assert_str_eq(said, "");
	snprintf(name, sizeof(name), "document-%zu", i);
	ck_assert_int_eq(rename(unit_path("printed"), unit_path(name)), 0);
	fprintf(command, " %s:%s:%s", format, view, unit_path(name));
}

/* Write all documents, and hold them against the database and their standards. */
static void export_and_judge(void)
{
	char *command = NULL, verdict[1024] = "";
	size_t i, size;
	FILE *stream = open_memstream(&command, &size);

	ck_assert_ptr_nonnull(stream);
	fprintf(stream, "python3 " TOP "/tests/unit/judge %s", unit_path("kith.db"));
	for (i = 0; i < UNIT_COUNT(documents); i++)
		export_one(i, stream);
	fputs(" 2>&1", stream);
	fclose(stream);
	stream = popen(command, "r");
	ck_assert_ptr_nonnull(stream);
	verdict[fread(verdict, 1, sizeof(verdict) - 1, stream)] = '\0';
	ck_assert_msg(!pclose(stream), "%s", verdict);
	free(command);
}

START_TEST(as_others_read_it)
{
	forge_all();
	export_and_judge();
	rig_close(&rig);
}
END_TEST

/* Everything that is text, whoever chose it. */
static const char *const texts[] = {
	"strings SET value",	   "executables SET path",   "executables SET origin",
	"containers SET path",	   "containers SET runtime", "containers SET name",
	"containers SET unit",	   "routes SET name",	     "listeners SET name",
	"sensor_events SET event", "sensor_events SET detail", "losses SET class",
	"losses SET cause",	   "processes SET comm",     "credentials SET groups_from",
	"credentials SET groups_to",
};

static void spoil_one(const char *text, const char *hex)
{
	char *sql = NULL;

	ck_assert_int_gt(asprintf(&sql, "UPDATE %s = CAST(x'%s' AS TEXT)", text, hex), 0);
	rig_write(sql);
	free(sql);
}

static void spoil(const char *hex)
{
	size_t i;

	for (i = 0; i < UNIT_COUNT(texts); i++)
		spoil_one(texts[i], hex);
}

/* In hexadecimal; the last one is 4 KiB and more of all bytes there are. */
static const char *const hostile[] = {
	"0a",
	"610d0a620d",
	"1b5b324a9b",
	"225c222c273b3a7b7d5b5d",
	"3c7363726970743e616c6572742831293c2f7363726970743e26616d703b",
	"fffec3284180e28228eda080f4908080c0af",
	"e280aee2808ff09f909af3a08081",
	"2f2f2f",
	"2f6120622f2e2e2f0b",
	"3d636d64",
	"",
	NULL,
};

static char *longest(void)
{
	char *hex = calloc(2, 4096 + 256 + 1);
	int i;

	ck_assert_ptr_nonnull(hex);
	for (i = 0; i < 4096 + 255; i++)
		snprintf(hex + 2 * (size_t)i, 3, "%02x", i % 255 + 1);
	return hex;
}

START_TEST(whatever_is_in_it)
{
	char *made = hostile[_i] ? strdup(hostile[_i]) : longest();

	forge_all();
	spoil(made);
	export_and_judge();
	free(made);
	rig_close(&rig);
}
END_TEST

/* The views do themselves to their documents what an export does to them. */
static void check_escaped(const char *sql)
{
	sqlite3_stmt *row = NULL;
	int rows = 0;
	sqlite3 *db;

	ck_assert_int_eq(query_open(&db, unit_path("kith.db")), 0);
	ck_assert_int_eq(query_prepare(db, &row, sql), 0);
	for (; sqlite3_step(row) == SQLITE_ROW; rows++) {
		const char *bare = (const char *)sqlite3_column_text(row, 1);
		char *want = NULL;
		size_t size;
		FILE *stream = open_memstream(&want, &size);

		ck_assert_ptr_nonnull(stream);
		text_finish_json(stream, bare, (size_t)sqlite3_column_bytes(row, 1));
		fclose(stream);
		ck_assert_str_eq((const char *)sqlite3_column_text(row, 0), want);
		free(want);
	}
	ck_assert_int_gt(rows, 20);
	sqlite3_finalize(row);
	sqlite3_close(db);
}

/* One by one: a document of which any text is odd is looked at as a whole. */
START_TEST(escaped_by_the_views)
{
	forge_all();
	spoil_one(texts[_i], "2f611b22ff0a5ce280ae");
	check_escaped("SELECT event, bare FROM ecs_event");
	check_escaped("SELECT event, bare FROM ocsf_event");
	rig_close(&rig);
}
END_TEST

static const char *const formats[] = { "ndjson", "csv", "ecs", "ocsf", "perfetto", "stix" };

/* How many rows of a view are meant. */
static const struct {
	const char *since;
	const char *until;
	const char *view;
	int rows;
} times[] = {
	{ "@0", "now", "execution", 2 },
	{ "@1700000107.3741845", "now", "execution", 1 },
	{ "@0", "@1700000107.3741845", "execution", 1 },
	{ "@0", "@1700000000", "execution", 0 },
	{ "@0", "@1700000000", "process", 0 },
	/* what lasts until then, or still does */
	{ "@1700000107.3741845", "@1700000107.3741846", "process", 3 },
	{ "@1700000108", "now", "process", 2 },
	{ "@1700000107.3741895", "@1700000107.3741896", "connection", 0 },
};

static int count_lines(void)
{
	const char *line;
	int lines = 0;

	for (line = printed; (line = strchr(line, '\n')); line++)
		lines++;
	return lines;
}

START_TEST(of_a_time)
{
	forge_all();
	ck_assert_int_eq(run("kith", "export", DB, "--since", times[_i].since, "--until",
			     times[_i].until, "--class", times[_i].view, END),
			 0);
	ck_assert_int_eq(count_lines(), times[_i].rows);
	rig_close(&rig);
}
END_TEST

/* Where @what stands in what was printed. */
static ptrdiff_t place_of(const char *what)
{
	const char *at = strstr(printed, what);

	ck_assert_msg(at != NULL, "\"%s\" is not in: %s", what, printed);
	return at - printed;
}

/* Rows as they are stored; those of several views by their times; or all by their times. */
START_TEST(in_order)
{
	forge_all();
	rig_write("UPDATE executions SET ts = ts - 1000000000 WHERE id = 2");
	rig_write("UPDATE credentials SET ts = 1600000000000000000");
	ck_assert_int_eq(run("kith", "export", DB, "-c", "execution,credential", END), 0);
	ck_assert_int_lt(place_of("\"cause\":\"setuid\""), place_of("\"execution_id\":"));
	ck_assert_int_lt(place_of("\"execution_id\":3"), place_of("\"execution_id\":4"));
	rig_write("UPDATE executions SET ts = 1600000000000000001 WHERE id = 4");
	ck_assert_int_eq(run("kith", "export", DB, "-c", "execution,credential", END), 0);
	ck_assert_int_lt(place_of("\"execution_id\":3"), place_of("\"execution_id\":4"));
	ck_assert_int_eq(run("kith", "export", DB, "-c", "execution,credential", "--sort", END), 0);
	ck_assert_int_lt(place_of("\"cause\":\"setuid\""), place_of("\"execution_id\":4"));
	ck_assert_int_lt(place_of("\"execution_id\":4"), place_of("\"execution_id\":3"));
	rig_close(&rig);
}
END_TEST

/* The end of a process stands where it began, unless all are sorted. */
START_TEST(in_order_of_ends)
{
	forge_all();
	ck_assert_int_eq(run("kith", "export", DB, "-f", "ecs", "-c", "process,control", END), 0);
	ck_assert_int_lt(place_of("\"action\":\"exit\""), place_of("\"action\":\"ptrace\""));
	ck_assert_int_eq(run("kith", "export", DB, "-f", "ecs", "-c", "process,control", "--sort",
			     END),
			 0);
	ck_assert_int_gt(place_of("\"action\":\"exit\""), place_of("\"action\":\"ptrace\""));
	rig_close(&rig);
}
END_TEST

/* Its name is that of this host only if its kernel is this one. */
START_TEST(of_which_host)
{
	char boot[64] = "", name[HOST_NAME_MAX + 1] = "", sql[128], want[2 * sizeof(name)];
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%63s", boot), 1);
	fclose(file);
	ck_assert_int_eq(gethostname(name, sizeof(name) - 1), 0);
	snprintf(want, sizeof(want), "\"host\":{\"name\":\"%s\"", name);
	forge_all();
	ck_assert_int_eq(run("kith", "export", DB, "-f", "ecs", END), 0);
	check_in("\"host\":{\"boot\":{\"id\":\"", printed);
	ck_assert_ptr_null(strstr(printed, want));
	snprintf(sql, sizeof(sql), "UPDATE boots SET uuid = '%s'", boot);
	rig_write(sql);
	ck_assert_int_eq(run("kith", "export", DB, "-f", "ecs", END), 0);
	check_in(want, printed);
	ck_assert_int_eq(run("kith", "export", DB, "-f", "ecs", "--host", "other", END), 0);
	check_in("\"host\":{\"name\":\"other\",\"boot\":{\"id\":\"", printed);
	rig_close(&rig);
}
END_TEST

/* Nothing is in it: nothing, the names, or a document that is whole. */
static const struct {
	const char *format;
	const char *view;
	const char *want;
} empty[] = {
	{ "ndjson", "process", "" },
	{ "csv", "loss", "from_ts,to_ts,boot_id,cpu,class,cause,lost\r\n" },
	{ "ecs", "process", "" },
	{ "ocsf", "process", "" },
	{ "perfetto", "process", "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n\n]}\n" },
};

START_TEST(of_nothing)
{
	forge_all();
	ck_assert_int_eq(run("kith", "export", DB, "-f", empty[_i].format, "-c", empty[_i].view,
			     "--until", "@7", END),
			 0);
	ck_assert_str_eq(printed, empty[_i].want);
	rig_close(&rig);
}
END_TEST

/* The same range gives the same bytes. */
START_TEST(the_same_again)
{
	char *first;

	forge_all();
	ck_assert_int_eq(run("kith", "export", DB, "-f", "stix", "--host", "here", END), 0);
	first = strdup(printed);
	ck_assert_ptr_nonnull(first);
	ck_assert_int_eq(run("kith", "export", DB, "-f", "stix", "--host", "here", END), 0);
	ck_assert_str_eq(printed, first);
	free(first);
	rig_close(&rig);
}
END_TEST

START_TEST(an_answer_that_is_lost)
{
	forge_all();
	to_full_disk = true;
	ck_assert_int_eq(run("kith", "export", DB, END), EX_IOERR);
	ck_assert_str_eq(said, "kith: cannot write the answer: No space left on device\n");
	rig_close(&rig);
}
END_TEST

static const char *const tables[] = { "connections", "accesses", "executions", "losses" };

START_TEST(a_damaged_database)
{
	forge_all();
	rig_close(&rig);
	rig_damage(tables[_i]);
	ck_assert_int_eq(run("kith", "export", DB, END), EX_IOERR);
	check_in("database disk image is malformed", said);
}
END_TEST

static const struct {
	const char *format;
	const char *view;
	const char *said;
} mistakes[] = {
	{ "xml", "process", "no such format: xml" },
	{ "csv", "process,loss", "cannot export as csv: it takes one view" },
	{ "csv", "", "cannot export no class at all" },
	{ "ndjson", "process,", NULL },
	{ "ndjson", "processes", "cannot export processes as ndjson: there is no form for it" },
	{ "ndjson", "meta", "cannot export meta as ndjson" },
	{ "ndjson",
	  "loss,loss,loss,loss,loss,loss,loss,loss,loss,loss,loss,loss,loss,loss,loss,loss,loss",
	  "so many classes: at most 16" },
};

START_TEST(usage)
{
	forge_all();
	ck_assert_int_eq(run("kith", "export", DB, "--format", mistakes[_i].format, "--class",
			     mistakes[_i].view, END),
			 mistakes[_i].said ? 2 : 0);
	if (mistakes[_i].said)
		check_in(mistakes[_i].said, said);
	ck_assert_int_eq(!*printed, mistakes[_i].said != NULL);
	ck_assert_int_eq(run("kith", "export", DB, "process", END), 2);
	check_in("what is process for?", said);
	rig_close(&rig);
}
END_TEST

/*
 * What is read is neither sorted nor kept: memory would depend on how much it is. Of
 * each format, every stream; the first column of what EXPLAIN QUERY PLAN tells is text.
 */
static void check_plan(const struct export *export, const struct export_stream *stream,
		       sqlite3 *db)
{
	char sql[EXPORT_SQL + 32] = "EXPLAIN QUERY PLAN ";
	sqlite3_stmt *row = NULL;
	size_t used = strlen(sql);

	ck_assert_uint_lt(export_sql(export, stream, sql + used, EXPORT_SQL), EXPORT_SQL);
	ck_assert_int_eq(query_prepare(db, &row, sql), 0);
	while (sqlite3_step(row) == SQLITE_ROW) {
		const char *told = (const char *)sqlite3_column_text(row, 3);

		ck_assert_msg(!strstr(told, "TEMP B-TREE") && !strstr(told, "MATERIALIZE") &&
				      !strstr(told, "AUTOMATIC"),
			      "%s of %s: %s", export->format->name, stream->view, told);
	}
	sqlite3_finalize(row);
}

START_TEST(in_bounded_memory)
{
	struct export export = { .format = export_find(formats[_i]) };
	sqlite3 *db;
	size_t i;

	begin();
	ck_assert_ptr_nonnull(export.format);
	ck_assert_int_eq(query_open(&db, unit_path("kith.db")), 0);
	ck_assert_int_eq(export_offer_functions(db), 0);
	for (i = 0; i < export.format->count; i++)
		check_plan(&export, &export.format->streams[i], db);
	sqlite3_close(db);
	rig_close(&rig);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("export");

	unit_add(suite, as_others_read_it);
	unit_add_rows(suite, whatever_is_in_it, UNIT_COUNT(hostile));
	unit_add_rows(suite, escaped_by_the_views, UNIT_COUNT(texts));
	unit_add_rows(suite, of_a_time, UNIT_COUNT(times));
	unit_add(suite, in_order);
	unit_add(suite, in_order_of_ends);
	unit_add(suite, of_which_host);
	unit_add_rows(suite, of_nothing, UNIT_COUNT(empty));
	unit_add(suite, the_same_again);
	unit_add(suite, an_answer_that_is_lost);
	unit_add_rows(suite, a_damaged_database, UNIT_COUNT(tables));
	unit_add_rows(suite, usage, UNIT_COUNT(mistakes));
	unit_add_rows(suite, in_bounded_memory, UNIT_COUNT(formats));
	return unit_run(suite);
}
