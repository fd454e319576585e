// SPDX-License-Identifier: GPL-2.0-only
/* kith report, baseline and allow, as programs. */
#include "program.h"

#include "lock.h"
#include "request.h"
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Some hours of a server, in which somebody becomes root and nobody knows how. */
static void make_up(const char *records)
{
	ck_assert_int_eq(run("kithd", DB, "--config", "/dev/null", "--synthetic", records, END), 0);
}

START_TEST(reports)
{
	make_up("30000");
	ck_assert_int_eq(run("kith", "report", DB, "--exit-code", END), 1);
	check_in("1. login:", printed);
	check_in("went from \"person to root by none\": nothing legitimate does that  [credential",
		 printed);
	ck_assert_ptr_null(strchr(printed, '\033'));
	ck_assert_int_eq(run("kith", "report", DB, "--json", END), 0);
	check_in("{\"incident\":{\"incident_id\":1,", printed);
	check_in("\"evidence\":[{\"incident_id\":1,\"rank\":1,\"source\":\"credential\"", printed);
	check_in("\"processes\":[{", printed);
	ck_assert_int_eq(run("kith", "report", DB, "--since", "2100-01-01", "--exit-code", END),
			 0);
	/* The row that is named is the one. */
	rig_check("SELECT uid_from > 0, uid_to, unexplained FROM credential WHERE credential_id ="
		  " (SELECT row_key FROM evidence WHERE incident_id = 1 AND rank = 1)",
		  "1|0|1");
	rig_check("SELECT count(*) FROM incident_process i JOIN process USING (process_id)"
		  " WHERE role IN ('root', 'evidence', 'link')",
		  "3");
}
END_TEST

START_TEST(since_the_last)
{
	make_up("30000");
	ck_assert_int_eq(run("kith", "report", DB, "--since", "last", END), 0);
	check_in("1. login:", printed);
	ck_assert_int_eq(run("kith", "report", DB, "--since=last", "--exit-code", END), 0);
	ck_assert_str_eq(printed, "");
	ck_assert_int_eq(run("kith", "report", DB, END), 0);
	check_in("1. login:", printed);
}
END_TEST

/* What could not be printed is reported once more. */
START_TEST(not_printed)
{
	make_up("30000");
	to_full_disk = true;
	ck_assert_int_eq(run("kith", "report", DB, "--since", "last", END), 74);
	to_full_disk = false;
	ck_assert_int_eq(run("kith", "report", DB, "--since", "last", END), 0);
	check_in("1. login:", printed);
}
END_TEST

START_TEST(allows)
{
	make_up("30000");
	ck_assert_int_eq(run("kith", "allow", DB, "add", "--incident", "1", END), 2);
	check_in("--reason", said);
	ck_assert_int_eq(run("kith", "allow", DB, "add", "--incident", "1", "--reason", "a\tdrill",
			     END),
			 0);
	rig_check("SELECT status FROM incident WHERE incident_id = 1", "expected");
	rig_check("SELECT template, verdict, reason FROM allowance",
		  "credential|expected|a\tdrill");
	ck_assert_int_eq(run("kith", "report", DB, END), 0);
	ck_assert_ptr_null(strstr(printed, "login:"));
	ck_assert_int_eq(run("kith", "report", DB, "--all", END), 0);
	check_in("1. login:", printed);
	ck_assert_int_eq(run("kith", "allow", DB, "remove", "1", END), 0);
	rig_check("SELECT removed IS NOT NULL FROM allowance", "1");
	ck_assert_int_eq(run("kith", "allow", DB, "add", "exec", "a*", "b", "--reason", "x", END),
			 0);
	ck_assert_int_ne(run("kith", "allow", DB, "add", "control", "*", "*", "--reason", "x",
			     END),
			 0);
	ck_assert_int_eq(run("kith", "allow", DB, "add", "nothing", "*", "*", "--reason", "x", END),
			 2);
	ck_assert_int_eq(run("kith", "allow", DB, "list", END), 0);
	check_in("a*", printed);
	rig_check("SELECT count(*) FROM allowance WHERE removed IS NULL", "1");
}
END_TEST

static void keep(const char *name)
{
	FILE *file = fopen(unit_path(name), "w");

	ck_assert_ptr_nonnull(file);
	fputs(printed, file);
	fclose(file);
}

/* What was exported is the same when it is imported, also twice. */
START_TEST(baseline_out_and_in)
{
	char *before;

	make_up("3000");
	ck_assert_int_eq(run("kith", "baseline", DB, "export", END), 0);
	ck_assert_uint_gt(strlen(printed), 1000);
	before = strdup(printed);
	keep("facts");
	ck_assert_int_eq(run("kith", "baseline", DB, "reset", END), 0);
	rig_check("SELECT count(*) FROM baseline", "0");
	ck_assert_int_eq(run("kith", "baseline", DB, "import", unit_path("facts"), END), 0);
	ck_assert_int_eq(run("kith", "baseline", DB, "import", unit_path("facts"), END), 0);
	ck_assert_int_eq(run("kith", "baseline", DB, "export", END), 0);
	ck_assert_str_eq(printed, before);
	free(before);
	ck_assert_int_eq(run("kith", "baseline", DB, "import", "/etc/passwd", END), 74);
	ck_assert_int_eq(run("kith", "baseline", DB, "freeze", END), 0);
	rig_check("SELECT value FROM baseline_state WHERE name = 'frozen'", "1");
	ck_assert_int_eq(run("kith", "baseline", DB, "thaw", END), 0);
	rig_check("SELECT value FROM baseline_state WHERE name = 'frozen'", "0");
	ck_assert_int_eq(run("kith", "baseline", DB, END), 0);
	check_in("exec", printed);
}
END_TEST

/* Somebody writes the database: it is left for him, and he does it. */
START_TEST(left_for_the_writer)
{
	const char *fields[] = { "1" }, *why;
	struct request request = { .text = NULL };
	struct store *store;
	char *text = NULL;
	int lock, descriptor;

	make_up("3000");
	lock = lock_take(unit_path("kith.db"));
	ck_assert_int_ge(lock, 0);
	request_add(&request, "freeze", fields, 1);
	ck_assert_int_eq(request_make(&request, unit_path("kith.db"), &why), 1);
	free(request.text);
	rig_check("SELECT value FROM baseline_state WHERE name = 'frozen'", "0");
	ck_assert_int_eq(store_open(&store, unit_path("kith.db")), 0);
	descriptor = request_take(store, &text);
	ck_assert_int_gt(descriptor, 0);
	ck_assert_int_eq(store_begin(store), 0);
	ck_assert_int_eq(request_apply(store, text), 0);
	ck_assert_int_eq(store_commit(store), 0);
	request_done(descriptor);
	free(text);
	ck_assert_int_eq(request_take(store, &text), 0);
	store_close(store);
	close(lock);
	rig_check("SELECT value FROM baseline_state WHERE name = 'frozen'", "1");
}
END_TEST

/* Whatever is left there, nothing comes of what is not understood. */
START_TEST(requests_that_are_none)
{
	static const char *const lines[] = {
		"\n\n\t\t\n", "freeze", "freeze\t", "allow\ta\tb", "judge\t%%%\t%zz", "edge\t1",
		"drop\tincidents", "edge\texec\t99\tx\ty\t1\t1\t1\t1\t1\t1",
		"allow\tnone\ta\tb\t-\tx\ty\tz\t1\t-", "\xff\xfe\t\x01",
	};
	struct store *store;
	size_t i;

	make_up("3000");
	ck_assert_int_eq(store_open(&store, unit_path("kith.db")), 0);
	for (i = 0; i < UNIT_COUNT(lines); i++) {
		char *text = strdup(lines[i]);

		ck_assert_int_eq(store_begin(store), 0);
		ck_assert_int_eq(request_apply(store, text), 0);
		ck_assert_int_eq(store_commit(store), 0);
		free(text);
	}
	store_close(store);
	rig_check("SELECT count(*) FROM allowance", "0");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report");

	unit_add(suite, reports);
	unit_add(suite, since_the_last);
	unit_add(suite, not_printed);
	unit_add(suite, allows);
	unit_add(suite, baseline_out_and_in);
	unit_add(suite, left_for_the_writer);
	unit_add(suite, requests_that_are_none);
	return unit_run(suite);
}
