// SPDX-License-Identifier: GPL-2.0-only
/* kith and kithd as programs: what they print, say and exit with. */
#include "program.h"
#include "rig.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

static struct rig rig;

START_TEST(a_tree)
{
	const uint64_t shell = forge_key(RIG_AT(50), 500), child = forge_key(RIG_AT(60), 501);

	rig_open(&rig);
	/* the child is met first: its birth was lost */
	FORGE_EXEC(&rig.forge, child, 0, "/bin/child", "child\0-x");
	rig_feed(&rig);
	forge_process(&rig.forge, child, shell, "/bin/child");
	forge_process(&rig.forge, shell, 0, "/bin/sh");
	rig_dumped(&rig);
	ck_assert_int_eq(run("kith", "tree", DB, "500", END), 0);
	ck_assert_str_eq(printed, "500 (uid 1000) /bin/sh: \n"
				  "└─ 501 (uid 1000) /bin/child: child -x\n");
	ck_assert_int_eq(run("kith", "tree", DB, END), 0);
	ck_assert_str_eq(printed, "500 (uid 1000) /bin/sh: \n"
				  "└─ 501 (uid 1000) /bin/child: child -x\n");
	ck_assert_int_eq(run("kith", "tree", DB, "--json", "#1", END), 0);
	check_in("\"process_id\":1,\"parent_id\":2,\"pid\":501", printed);
	rig_close(&rig);
}
END_TEST

/* Nobody takes what is not known for root's, or for nameless. */
START_TEST(a_tree_of_the_unknown)
{
	const uint64_t nobody = forge_key(RIG_AT(50), 500);

	rig_open(&rig);
	forge_exit(&rig.forge, nobody, 0);
	forge_exit(&rig.forge, forge_key(RIG_AT(51), 501), 0);
	forge_text(&rig.forge, KITH_ITEM_COMM, "named");
	forge_exec(&rig.forge, forge_key(RIG_AT(52), 502), 0, "/bin/x", "", 0)->known =
		KITH_KNOWN_EXE;
	forge_credential(&rig.forge, forge_key(RIG_AT(53), 503), KITH_CAUSE_SETUID, 1000, 0);
	rig_feed(&rig);
	rig_commit(&rig);
	ck_assert_int_eq(run("kith", "tree", DB, "500", END), 0);
	check_in("500 (uid unknown) [", printed);
	check_in(" s] (unknown)\n", printed);
	ck_assert_int_eq(run("kith", "tree", DB, "501", END), 0);
	check_in("501 (uid unknown) [", printed);
	check_in(" s] (unknown) called named\n", printed);
	ck_assert_int_eq(run("kith", "tree", DB, "502", END), 0);
	check_in("502 (uid 1000) /bin/x (arguments unknown)\n", printed);
	ck_assert_int_eq(run("kith", "tree", DB, "503", END), 0);
	ck_assert_str_eq(printed, "503 (unknown)\n"); /* root's */
	rig_close(&rig);
}
END_TEST

/* What a process chose stands behind what is known of it, and ends where it ends. */
START_TEST(a_tree_of_liars)
{
	const uint64_t liar = forge_key(RIG_AT(50), 500), odd = forge_key(RIG_AT(51), 501),
		       long_path = forge_key(RIG_AT(52), 502),
		       partial = forge_key(RIG_AT(53), 503);

	rig_open(&rig);
	forge_process(&rig.forge, liar, 0, "/bin/ls");
	FORGE_EXEC(&rig.forge, liar, 0, "/bin/ls", "ls (uid 0) [0.001 s]   \xc2\xa0.");
	forge_credential(&rig.forge, liar, KITH_CAUSE_NONE, 1000, 0)->flags =
		KITH_CREDENTIAL_UNEXPLAINED;
	FORGE_EXEC(&rig.forge, odd, 0, "/tmp/a: \"b\"", "a");
	forge_exit(&rig.forge, odd, 126 << 8);
	FORGE_EXEC(&rig.forge, long_path, 0, "", "[kworker/0:1]")->known &= ~KITH_KNOWN_EXE;
	FORGE_EXEC(&rig.forge, partial, 0, ".../deep/x", "x");
	rig_feed(&rig);
	rig_commit(&rig);
	ck_assert_int_eq(run("kith", "tree", DB, "500", END), 0);
	ck_assert_str_eq(printed, "500 UNEXPLAINED CREDENTIALS /bin/ls: "
				  "ls (uid 0) [0.001 s] \\x20\\x20\\u{a0}.\n");
	ck_assert_int_eq(run("kith", "tree", DB, "501", END), 0);
	check_in("501 (uid 1000) [", printed);
	check_in(" s, exit 126] \"/tmp/a: \\\"b\\\"\": a\n", printed);
	ck_assert_int_eq(run("kith", "tree", DB, "502", END), 0);
	ck_assert_str_eq(printed, "502 (uid 1000) (path unknown): [kworker/0:1]\n");
	ck_assert_int_eq(run("kith", "tree", DB, "503", END), 0);
	ck_assert_str_eq(printed, "503 (uid 1000) .../deep/x: x\n");
	rig_close(&rig);
}
END_TEST

START_TEST(a_kernel_thread)
{
	rig_open(&rig);
	forge_process(&rig.forge, forge_key(RIG_AT(1), 2), 0, "")->image.flags =
		KITH_IMAGE_KTHREAD;
	forge_text(&rig.forge, KITH_ITEM_COMM, "kthreadd");
	rig_dumped(&rig);
	ck_assert_int_eq(run("kith", "tree", DB, "--threads", "2", END), 0);
	check_in(" [kthreadd]\n", printed);
	rig_close(&rig);
}
END_TEST

START_TEST(what_a_liar_shows)
{
	const uint64_t liar = forge_key(RIG_AT(50), 500);

	rig_open(&rig);
	FORGE_EXEC(&rig.forge, liar, 0, "/bin/ls", "ls  uid=0  euid=0 \"");
	rig_feed(&rig);
	rig_commit(&rig);
	ck_assert_int_eq(run("kith", "show", DB, "500", END), 0);
	check_in("  exe=/bin/ls  argv=\"ls \\x20uid=0 \\x20euid=0 \\\"\"  uid=1000  ", printed);
	check_in("argv            ls \\x20uid=0 \\x20euid=0 \"\n", printed);
	rig_close(&rig);
}
END_TEST

START_TEST(no_such_process)
{
	rig_open(&rig);
	ck_assert_int_eq(run("kith", "show", DB, "4711", END), EX_NOINPUT);
	check_in("no process is known as 4711", said);
	ck_assert_int_eq(run("kith", "tree", DB, "/no/such", END), EX_NOINPUT);
	check_in("no process is known as /no/such", said);
	rig_close(&rig);
}
END_TEST

static const struct {
	const char *what;
	bool known;
} executed[] = {
	{ "/opt/backdoor", true },  { "backdoor", true }, { "/opt/script", true },
	{ "/bin/sh", true },	    { "sh", true },	  { "/opt/failed", false },
	{ "failed", false },	    { "door", false },
};

/* It is found by all that it has executed. */
START_TEST(a_process_that_hides)
{
	const uint64_t key = forge_key(RIG_AT(50), 500);

	rig_open(&rig);
	FORGE_EXEC(&rig.forge, key, 0, "/opt/backdoor", "backdoor");
	FORGE_EXEC(&rig.forge, key, 0, "/bin/perl", "perl");
	forge_text(&rig.forge, KITH_ITEM_SCRIPT, "/opt/script");
	FORGE_EXEC(&rig.forge, key, 0, "/bin/sh", "sh");
	forge_exec_failed(&rig.forge, key, 2, "/opt/failed");
	rig_feed(&rig);
	rig_commit(&rig);
	ck_assert_int_eq(run("kith", "show", DB, executed[_i].what, END),
			 executed[_i].known ? 0 : EX_NOINPUT);
	ck_assert_int_eq(run("kith", "tree", DB, executed[_i].what, END),
			 executed[_i].known ? 0 : EX_NOINPUT);
	if (executed[_i].known)
		ck_assert_str_eq(printed, "500 (uid 1000) /bin/sh: sh\n");
	rig_close(&rig);
}
END_TEST

/* What one may not see is not taken for absent. */
START_TEST(status_without_permission)
{
	if (getuid())
		return;
	rig_open(&rig);
	rig_close(&rig);
	open_to_all();
	ck_assert_int_eq(mkdir(unit_path("closed"), 0700), 0);
	ck_assert_int_eq(rename(unit_path("kith.db"), unit_path("closed/kith.db")), 0);
	as_nobody = true;
	ck_assert_int_eq(run("kith", "status", "--db", unit_path("closed/kith.db"), END),
			 access("/sys/module/kith", F_OK) ? EX_UNAVAILABLE : EX_NOPERM);
	check_in("collector  not known: Permission denied", printed);
	check_in("kith.db: cannot be read: Permission denied", printed);
	run("kith", "status", "--json", "--db", unit_path("closed/kith.db"), END);
	check_in("\"collector_pid\":null,\"collector_error\":\"Permission denied\"", printed);
	check_in("\"database_bytes\":null,\"database_error\":\"Permission denied\"", printed);
}
END_TEST

START_TEST(status_of_nothing)
{
	int status = run("kith", "status", "--db", unit_path("nothing.db"), END);

	ck_assert_int_eq(status, EX_UNAVAILABLE);
	check_in("collector  DOES NOT RUN", printed);
	check_in("nothing.db: none", printed);
	run("kith", "status", "--json", "--db", unit_path("nothing.db"), END);
	check_in("\"collector_pid\":0,", printed);
	check_in("\"database_bytes\":-1,", printed);
}
END_TEST

static void make_process(void)
{
	rig_open(&rig);
	FORGE_EXEC(&rig.forge, forge_key(RIG_AT(50), 500), 0, "/bin/ls", "ls");
	rig_feed(&rig);
	rig_commit(&rig);
	rig_close(&rig);
}

static const struct {
	const char *words[3];
	bool asks; /* the database */
} answers[] = {
	{ { "--help" }, false },	    { { "--version" }, false },
	{ { "help", "tree" }, false },	    { { "tree", "--help" }, false },
	{ { "sql", "--version" }, false },  { { "status" }, true },
	{ { "status", "--json" }, true },   { { "tree", "500" }, true },
	{ { "show", "500" }, true },	    { { "sql", "VALUES (1)" }, true },
	{ { "sql", "--json", "VALUES (1)" }, true },
	{ { "sql", "--csv", "VALUES (1)" }, true },
};

START_TEST(an_answer_that_is_lost)
{
	const char *const *of = answers[_i].words;

	make_process();
	to_full_disk = true;
	ck_assert_int_eq(answers[_i].asks ? run("kith", of[0], DB, of[1], of[2], END) :
					    run("kith", of[0], of[1], of[2], END),
			 EX_IOERR);
	check_in("kith: cannot write the answer: No space left on device\n", said);
}
END_TEST

static const struct {
	const char *words[3];
	int status;
	const char *prints;
	const char *says;
} words[] = {
	{ { "-?" }, 0, "Usage: kith COMMAND", "" },
	{ { "--usage" }, 0, "Usage: kith COMMAND", "" },
	{ { "help" }, 0, "Usage: kith COMMAND", "" },
	{ { "help", "tree" }, 0, "Usage: kith tree [OPTION...]", "" },
	{ { "help", "plant" }, 2, "", "no such command: plant" },
	{ { "plant" }, 2, "", "no such command: plant" },
	{ { "--db", "x", "tree" }, 2, "", "options stand behind the command: what is --db for?" },
	{ { "-x" }, 2, "", "what is -x for?" },
};

START_TEST(words_of_kith)
{
	const char *const *of = words[_i].words;

	ck_assert_int_eq(run("kith", of[0], of[1], of[2], END), words[_i].status);
	check_in(words[_i].prints, printed);
	check_in(words[_i].says, said);
}
END_TEST

static const struct {
	const char *sql;
	int status;
	const char *says;
} parameters[] = {
	{ "SELECT :since < :until AS a", 0, "" },
	{ "SELECT :name", 2,
	  "only :since, :until, :most and what --set says have a value, not :name" },
	{ "SELECT coalesce(:most, 1) AS a", 0, "" },
	{ "SELECT ?", 2, "not ?" },
	{ "SELECT ?2", 2, "not ?" },
	{ "SELECT $since, :since", 2, "not $since" },
};

START_TEST(parameters_of_a_statement)
{
	make_process();
	ck_assert_int_eq(run("kith", "sql", DB, parameters[_i].sql, END), parameters[_i].status);
	check_in(parameters[_i].says, said);
	ck_assert_str_eq(printed, parameters[_i].status ? "" : "a\n1\n");
}
END_TEST

START_TEST(parameters_that_are_set)
{
	make_process();
	ck_assert_int_eq(run("kith", "sql", DB, "--csv", "--set", "a=x=y", "-s", "b=", "-s", "aa=1",
			     "SELECT :a, :b, :aa + 1", END),
			 0);
	check_in("\nx=y,,2\r\n", printed);
	ck_assert_int_eq(run("kith", "sql", DB, "--set", "a", "SELECT 1", END), 2);
	check_in("--set wants NAME=VALUE, not 'a'", said);
	ck_assert_int_eq(run("kith", "sql", DB, "--set", "=a", "SELECT 1", END), 2);
	ck_assert_int_eq(run("kith", "sql", DB, "--set", "a=1", "SELECT :b", END), 2);
	check_in("not :b", said);
	ck_assert_int_eq(run("kith", "sql", DB, "--csv", "-s", "a=1", "-s", "a=2", "SELECT :a",
			     END),
			 0);
	check_in("\n2\r\n", printed);
}
END_TEST

/* A number is what SQLite would write as that, of 64 bits at most. */
static const struct {
	const char *set;
	const char *type;
} kinds[] = {
	{ "a=0", "integer" },
	{ "a=500", "integer" },
	{ "a=-9223372036854775808", "integer" },
	{ "a=9223372036854775807", "integer" },
	{ "a=9223372036854775808", "text" },
	{ "a=", "text" },
	{ "a=-", "text" },
	{ "a=007", "text" },
	{ "a=+7", "text" },
	{ "a= 7", "text" },
	{ "a=7 ", "text" },
	{ "a=7x", "text" },
	{ "a=0x7", "text" },
	{ "a=1.5", "text" },
	{ "a=/tmp/7", "text" },
};

START_TEST(kinds_of_parameters)
{
	char want[64];

	make_process();
	ck_assert_int_eq(run("kith", "sql", DB, "--csv", "-s", kinds[_i].set,
			     "SELECT typeof(:a), :a", END),
			 0);
	snprintf(want, sizeof(want), "\n%s,%s\r\n", kinds[_i].type, kinds[_i].set + 2);
	check_in(want, printed);
}
END_TEST

START_TEST(a_parameter_that_is_a_pid)
{
	make_process();
	ck_assert_int_eq(run("kith", "sql", DB, "--csv", "-s", "pid=500",
			     "SELECT count(*) FROM process WHERE pid = :pid", END),
			 0);
	check_in("\n1\r\n", printed);
}
END_TEST

/* One that is not permitted is told from one that is not there. */
START_TEST(files_that_may_not_be_used)
{
	FILE *file = fopen(unit_path("x.sql"), "w");

	ck_assert_ptr_nonnull(file);
	fclose(file);
	ck_assert_int_eq(run("kith", "sql", DB, "-f", unit_path("y.sql"), END), EX_IOERR);
	check_in("y.sql: No such file", said);
	ck_assert_int_eq(run("kith", "sql", DB, "-f", unit_path("x.sql"), END), EX_IOERR);
	check_in("x.sql: it is empty", said);
	ck_assert_int_eq(run("kith", "record", unit_path("no/where"), END), EX_IOERR);
	if (getuid())
		return;
	open_to_all();
	ck_assert_int_eq(chmod(unit_path("x.sql"), 0600), 0);
	as_nobody = true;
	ck_assert_int_eq(run("kith", "sql", DB, "-f", unit_path("x.sql"), END), EX_NOPERM);
	check_in("x.sql: Permission denied", said);
	ck_assert_int_eq(run("kith", "record", unit_path("recording"), END), EX_NOPERM);
	check_in("recording: Permission denied", said);
}
END_TEST

/* No number stands for one that could not be read. */
static const char *const counted[] = { "losses", "credentials", "meta" };

START_TEST(status_of_a_damaged_database)
{
	make_process();
	rig_damage(counted[_i]);
	run("kith", "status", DB, END);
	check_in("kith.db: cannot be read: database disk image is malformed\n", printed);
	ck_assert_ptr_null(strstr(printed, "lost"));
	run("kith", "status", "--json", DB, END);
	check_in("\"database_bytes\":null,\"database_error\":\"database disk image is malformed\"",
		 printed);
	check_in("\"lost\":null", printed);
}
END_TEST

START_TEST(status_of_something_else)
{
	FILE *file = fopen(unit_path("kith.db"), "w");

	ck_assert_ptr_nonnull(file);
	fclose(file);
	run("kith", "status", DB, END);
	check_in("kith.db: cannot be read: it is not a database of Kith\n", printed);
}
END_TEST

START_TEST(show_of_a_damaged_database)
{
	make_process();
	rig_damage("credentials");
	ck_assert_int_eq(run("kith", "show", DB, "500", END), EX_IOERR);
	check_in("exe             /bin/ls\n", printed);
	check_in("the query failed: database disk image is malformed", said);
}
END_TEST

static const struct {
	const char *arguments[4];
	const char *why;
} usages[] = {
	{ { "--synthetic", "0" }, "at least one" },
	{ { "--synthetic", "8", "--replay", "x" }, "one source" },
	{ { "--replay", "x", "--synthetic", "8" }, "one source" },
	{ { "--seed", "8" }, "--seed is for --synthetic" },
	{ { "--synthetic", "x" }, "not a number" },
	{ { "--synthetic", "-1" }, "not a number" },
};

START_TEST(kithd_usage)
{
	const char *const *arguments = usages[_i].arguments;

	ck_assert_int_eq(run("kithd", DB, "--config", "/dev/null", arguments[0], arguments[1],
			     arguments[2], arguments[3], END),
			 2);
	check_in(usages[_i].why, said);
	ck_assert_int_ne(access(unit_path("kith.db"), F_OK), 0);
}
END_TEST

static void write_config(const char *text)
{
	FILE *file = fopen(unit_path("kith.conf"), "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

#define CONFIG "--config", unit_path("kith.conf"), "--synthetic", "8"

START_TEST(kithd_settings)
{
	ck_assert_int_eq(run("kithd", DB, CONFIG, END), EX_CONFIG);
	check_in("kith.conf: No such file", said);
	write_config("[policy]\nno_such = 1\n");
	ck_assert_int_eq(run("kithd", DB, CONFIG, END), EX_CONFIG);
	check_in("kith.conf: line 2: [policy] no_such = 1: no such setting", said);
	write_config("[policy]\n\nargv_max = 5\n");
	ck_assert_int_eq(run("kithd", DB, CONFIG, END), EX_CONFIG);
	check_in("kith.conf: line 3: [policy] argv_max = 5: must be from 64 to 24576", said);
	write_config("[policy]\nargv_max = 64\n");
	ck_assert_int_eq(run("kithd", DB, CONFIG, END), 0);
	if (getuid())
		return;
	open_to_all();
	ck_assert_int_eq(chmod(unit_path("kith.conf"), 0600), 0);
	as_nobody = true;
	ck_assert_int_eq(run("kithd", DB, CONFIG, END), EX_NOPERM);
}
END_TEST

/* What is not ours is left as it is, with nothing beside it. */
START_TEST(kithd_on_a_file_of_others)
{
	FILE *file = fopen(unit_path("passwd"), "w");

	ck_assert_ptr_nonnull(file);
	fputs("root:x:0:0::/root:/bin/sh\n", file);
	fclose(file);
	ck_assert_int_eq(run("kithd", "--db", unit_path("passwd"), "--config", "/dev/null",
			     "--synthetic", "8", END),
			 EX_IOERR);
	check_in("passwd: file is not a database", said);
	ck_assert_int_ne(access(unit_path("passwd.lock"), F_OK), 0);
	ck_assert_int_eq(mkdir(unit_path("directory"), 0700), 0);
	ck_assert_int_eq(run("kithd", "--db", unit_path("directory"), "--config", "/dev/null",
			     "--synthetic", "8", END),
			 EX_IOERR);
	check_in("directory: Is a directory", said);
	ck_assert_int_ne(access(unit_path("directory.lock"), F_OK), 0);
	/* ours, when it is made and when it is there */
	ck_assert_int_eq(run("kithd", DB, "--config", "/dev/null", "--synthetic", "8", END), 0);
	ck_assert_int_eq(run("kithd", DB, "--config", "/dev/null", "--synthetic", "8", END), 0);
}
END_TEST

/* Which of the two files could not be written, and why. */
START_TEST(kithd_on_a_full_disk)
{
	file_limit = 700000;
	ck_assert_int_eq(run("kithd", DB, "--config", "/dev/null", "--synthetic", "20000", END),
			 EX_IOERR);
	check_in("cannot write database ", said);
	check_in("kith.db: disk I/O error; stopped", said);
	file_limit = 6 << 20; /* more than the log of the database ever has */
	ck_assert_int_eq(run("kithd", "--db", unit_path("second.db"), "--config", "/dev/null",
			     "--synthetic", "100000", "--record", unit_path("recording"), END),
			 EX_IOERR);
	check_in("cannot write recording ", said);
	check_in("recording: File too large; it ends here\n", said);
	check_in("recording is incomplete: File too large", said);
	ck_assert_ptr_null(strstr(said, "not an error"));
	ck_assert_ptr_null(strstr(said, "database"));
	/* as far as it goes it is good */
	file_limit = RLIM_INFINITY;
	ck_assert_int_eq(run("kithd", "--db", unit_path("third.db"), "--config", "/dev/null",
			     "--replay", unit_path("recording"), END),
			 0);
	check_in("kithd: replaying ", said);
	ck_assert_ptr_null(strstr(said, "connected"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("command");

	unit_add(suite, a_tree);
	unit_add(suite, a_tree_of_the_unknown);
	unit_add(suite, a_tree_of_liars);
	unit_add(suite, a_kernel_thread);
	unit_add(suite, what_a_liar_shows);
	unit_add(suite, no_such_process);
	unit_add_rows(suite, a_process_that_hides, UNIT_COUNT(executed));
	unit_add(suite, status_without_permission);
	unit_add(suite, status_of_nothing);
	unit_add_rows(suite, an_answer_that_is_lost, UNIT_COUNT(answers));
	unit_add_rows(suite, words_of_kith, UNIT_COUNT(words));
	unit_add(suite, parameters_that_are_set);
	unit_add_rows(suite, kinds_of_parameters, UNIT_COUNT(kinds));
	unit_add(suite, a_parameter_that_is_a_pid);
	unit_add_rows(suite, parameters_of_a_statement, UNIT_COUNT(parameters));
	unit_add(suite, files_that_may_not_be_used);
	unit_add_rows(suite, status_of_a_damaged_database, UNIT_COUNT(counted));
	unit_add(suite, status_of_something_else);
	unit_add(suite, show_of_a_damaged_database);
	unit_add_rows(suite, kithd_usage, UNIT_COUNT(usages));
	unit_add(suite, kithd_settings);
	unit_add(suite, kithd_on_a_file_of_others);
	unit_add(suite, kithd_on_a_full_disk);
	return unit_run(suite);
}
