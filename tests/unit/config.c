// SPDX-License-Identifier: GPL-2.0-only
/* kith.conf: what is set, what is refused, and with which words. */
#include "config.h"

#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct config config;

static int read_text(const char *text)
{
	FILE *file = fopen(unit_path("kith.conf"), "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
	config_init(&config);
	return config_read(&config, unit_path("kith.conf"));
}

/* All of it: what is not set is as the module begins with. */
static void check_policy(uint32_t argv_max, uint32_t batch_ms, uint32_t sweep_ms,
			 uint32_t without)
{
	const uint32_t all = (1u << KITH_CLASSES) - 1;

	ck_assert_uint_eq(config.policy.argv_max, argv_max);
	ck_assert_uint_eq(config.policy.batch_ms, batch_ms);
	ck_assert_uint_eq(config.policy.sweep_ms, sweep_ms);
	ck_assert_uint_eq(config.policy.classes, all & ~without);
}

START_TEST(defaults)
{
	config_init(&config);
	ck_assert_str_eq(config.database, "/var/lib/kith/kith.db");
	check_policy(4096, 100, 5000, 0);
	ck_assert_int_eq(read_text(""), 0);
	ck_assert_int_eq(read_text("# nothing\n\n[collector]\n[policy]\n"), 0);
	ck_assert_str_eq(config.database, "/var/lib/kith/kith.db");
	check_policy(4096, 100, 5000, 0);
	ck_assert_str_eq(config.error, "");
}
END_TEST

START_TEST(everything_set)
{
	ck_assert_int_eq(read_text("[collector]\n"
				   "database = /srv/kith/a b.db\n"
				   "\n"
				   "[policy]\n"
				   "argv_max=8192\n"
				   "batch_ms = 10 ; a comment\n"
				   "sweep_ms\t=\t6000\r\n"
				   "failed_exec = yes"),
			 0);
	ck_assert_str_eq(config.database, "/srv/kith/a b.db");
	check_policy(8192, 10, 6000, 0);
}
END_TEST

/* With one setting the others are what they are without it; the bounds belong to it. */
static const struct {
	const char *text;
	uint32_t argv_max;
	uint32_t batch_ms;
	uint32_t sweep_ms;
	uint32_t without; /* classes */
} settings[] = {
	{ "[policy]\nargv_max = 64\n", 64, 100, 5000, 0 },
	{ "[policy]\nargv_max = 24576\n", 24576, 100, 5000, 0 },
	{ "[policy]\nbatch_ms = 1\n", 4096, 1, 5000, 0 },
	{ "[policy]\nbatch_ms = 1000\n", 4096, 1000, 5000, 0 },
	{ "[policy]\nsweep_ms = 100\n", 4096, 100, 100, 0 },
	{ "[policy]\nsweep_ms = 3600000\n", 4096, 100, 3600000, 0 },
	{ "[policy]\nfailed_exec = no\n", 4096, 100, 5000, 1u << KITH_CLASS_FAILED_EXEC },
	{ "[policy]\nfailed_exec = no\nfailed_exec = yes\n", 4096, 100, 5000, 0 },
	{ "[policy]\nconnections = no\n", 4096, 100, 5000, 1u << KITH_CLASS_CONNECTION },
	{ "[policy]\nconnections = no\nfailed_exec = no\n", 4096, 100, 5000,
	  1u << KITH_CLASS_CONNECTION | 1u << KITH_CLASS_FAILED_EXEC },
	{ "[policy]\nconnections = yes\n", 4096, 100, 5000, 0 },
	{ "[policy]\ncontrol = no\n", 4096, 100, 5000, 1u << KITH_CLASS_CONTROL },
	{ "[policy]\ncontrol = yes\n", 4096, 100, 5000, 0 },
};

START_TEST(one_setting)
{
	ck_assert_int_eq(read_text(settings[_i].text), 0);
	check_policy(settings[_i].argv_max, settings[_i].batch_ms, settings[_i].sweep_ms,
		     settings[_i].without);
}
END_TEST

START_TEST(files)
{
	config_init(&config);
	ck_assert_uint_eq(config.policy.file_reads, KITH_POLICY_FILE_READS_DEFAULT);
	ck_assert_str_eq(config.policy.plain_paths, KITH_POLICY_FILE_PLAIN_DEFAULT);
	ck_assert_str_eq(config.policy.secret_paths, KITH_POLICY_FILE_SECRET_DEFAULT);
	ck_assert_int_eq(read_text("[policy]\nfile_reads = 0\nplain_paths = /usr/:/opt/a b/\n"
				   "secret_paths =\nfiles = no\nchanges = no\n"),
			 0);
	ck_assert_uint_eq(config.policy.file_reads, 0);
	ck_assert_str_eq(config.policy.plain_paths, "/usr/:/opt/a b/");
	ck_assert_str_eq(config.policy.secret_paths, "");
	check_policy(4096, 100, 5000, 1u << KITH_CLASS_FILE | 1u << KITH_CLASS_CHANGE);
}
END_TEST

START_TEST(retention)
{
	config_init(&config);
	ck_assert_uint_eq(config.limits.days[SEGMENT_FILES], 90);
	ck_assert_uint_eq(config.limits.days[SEGMENT_CONVERSATIONS], 180);
	ck_assert_uint_eq(config.limits.days[SEGMENT_PROCESSES], 400);
	ck_assert_uint_eq(config.limits.database_mib, 8192);
	ck_assert_uint_eq(config.limits.free_mib, 0);
	ck_assert(config.tell_seals);
	ck_assert_int_eq(read_text("[retention]\nfiles_days = 7\nconversations_days = 0\n"
				   "processes_days = 36500\ndatabase_mib = 1\nfree_mib = 2\n"
				   "[seal]\nsyslog = no\n"),
			 0);
	ck_assert_uint_eq(config.limits.days[SEGMENT_FILES], 7);
	ck_assert_uint_eq(config.limits.days[SEGMENT_CONVERSATIONS], 0);
	ck_assert_uint_eq(config.limits.days[SEGMENT_PROCESSES], 36500);
	ck_assert_uint_eq(config.limits.database_mib, 1);
	ck_assert_uint_eq(config.limits.free_mib, 2);
	ck_assert(!config.tell_seals);
}
END_TEST

/* What is refused, and what the words must hold for it to be found: line, name, reason. */
static const struct {
	const char *text;
	const char *line;
	const char *what;
} refusals[] = {
	{ "[policy]\nargv_max = x\n", "line 2", "argv_max = x: must be a number" },
	{ "[policy]\nfiles_days = 1\n", "line 2", "files_days = 1: no such setting" },
	{ "[retention]\nargv_max = 100\n", "line 2", "argv_max = 100: no such setting" },
	{ "[retention]\nfiles_days = 36501\n", "line 2", "must be from 0 to 36500" },
	{ "[retention]\ndatabase_mib = 1G\n", "line 2", "1G: must be a number" },
	{ "[seal]\nsyslog = on\n", "line 2", "syslog = on: must be yes or no" },
	{ "[policy]\nfailed_exec = on\n", "line 2", "failed_exec = on: must be yes or no" },
	{ "[collector]\ndatabase = kith.db\n", "line 2",
	  "database = kith.db: must be an absolute path" },
	{ "[policy]\nargv_max =\n", "line 2", "argv_max" },
	{ "[policy]\nargv_max = 12 34\n", "line 2", "argv_max = 12 34" },
	{ "[policy]\nargv_max = 12k\n", "line 2", "argv_max = 12k" },
	{ "[policy]\nargv_max = -5\n", "line 2", "argv_max = -5" },
	{ "[policy]\nargv_max = +5\n", "line 2", "argv_max = +5" },
	{ "[policy]\nargv_max = 0x10\n", "line 2", "argv_max = 0x10" },
	{ "[policy]\nargv_max = 5\n", "line 2", "argv_max = 5: must be from 64 to 24576" },
	{ "[policy]\nargv_max = 63\n", "line 2", "must be from 64" },
	{ "[policy]\nargv_max = 24577\n", "line 2", "must be from 64 to 24576" },
	{ "[policy]\n\nbatch_ms = 0\n", "line 3", "batch_ms = 0: must be from 1 to 1000" },
	{ "[policy]\nbatch_ms = 1001\n", "line 2", "batch_ms = 1001: must be" },
	{ "[policy]\nsweep_ms = 99\n", "line 2", "sweep_ms = 99: must be from 100 to 3600000" },
	{ "[policy]\nsweep_ms = 3600001\n", "line 2", "must be" },
	{ "[policy]\nargv_max = 4294967295\n", "line 2", "argv_max" },
	{ "[policy]\nargv_max = 4294967360\n", "line 2", "argv_max" },
	{ "[policy]\nargv_max = 99999999999999999999\n", "line 2", "argv_max" },
	{ "[policy]\nfailed_exec = maybe\n", "line 2", "failed_exec = maybe" },
	{ "[policy]\nfailed_exec = Yes\n", "line 2", "failed_exec" },
	{ "[policy]\nconnections = 1\n", "line 2", "connections = 1: must be yes or no" },
	{ "[policy]\ncontrol = on\n", "line 2", "control = on: must be yes or no" },
	{ "[policy]\nfiles = on\n", "line 2", "files = on: must be yes or no" },
	{ "[policy]\nfile_reads = 65536\n", "line 2", "must be from 0 to 65535" },
	{ "[policy]\nplain_paths = usr\n", "line 2", "usr: must be absolute paths" },
	{ "[policy]\nsecret_paths = /a:b\n", "line 2", "/a:b: must be absolute paths" },
	{ "[policy]\nsecret_paths = /a::/b\n", "line 2", "must be absolute paths" },
	{ "[policy]\nsecret_paths = /a:\n", "line 2", "must be absolute paths" },
	{ "[policy]\nno_such = 1\n", "line 2", "no_such = 1: no such setting" },
	{ "[policies]\nargv_max = 1\n", "line 2", "[policies] argv_max" },
	{ "argv_max = 1\n", "line 1", "argv_max" },
	{ "[collector]\nargv_max = 1\n", "line 2", "no such setting" },
	{ "[collector]\ndatabase =\n", "line 2", "database" },
	{ "[collector]\ndatabase = relative.db\n", "line 2", "database = relative.db" },
	{ "\n\n[policy]\nbatch_ms 5\n", "line 4", "not understood" },
	{ "[policy\nsweep_ms 5\n", "line 1", "not understood" },
	/* what is indented goes on with the line before */
	{ "[policy]\nbatch_ms = 5\n  sweep_ms = 6\n", "line 3", "batch_ms = sweep_ms = 6" },
	/* the first of two */
	{ "[policy]\nbatch_ms = a\nsweep_ms = b\n", "line 2", "batch_ms = a" },
	{ "[policy]\nnonsense\nsweep_ms = b\n", "line 2", "not understood" },
};

START_TEST(refuses)
{
	ck_assert_int_eq(read_text(refusals[_i].text), -EINVAL);
	ck_assert_msg(strstr(config.error, refusals[_i].line) &&
			      strstr(config.error, refusals[_i].what),
		      "\"%s\" lacks \"%s\" or \"%s\"", config.error, refusals[_i].line,
		      refusals[_i].what);
}
END_TEST

/* Longer than fits is refused, not cut: another database would be written. */
START_TEST(long_paths)
{
	static const size_t sizes[] = { 100, 180, 190, 200, 250, 1000, 4095, 4096, 5000 };
	char text[6000] = "[collector]\ndatabase = /";
	size_t head = strlen(text) - 1, size = sizes[_i];
	int ret;

	memset(text + head + 1, 'd', size - 1);
	text[head + size] = '\0';
	ret = read_text(text);
	if (size < 180)
		ck_assert_int_eq(ret, 0);
	if (!ret)
		ck_assert_str_eq(config.database, text + head);
	else
		ck_assert_int_eq(ret, -EINVAL);
}
END_TEST

START_TEST(no_file)
{
	config_init(&config);
	ck_assert_int_eq(config_read(&config, unit_path("nothing")), -ENOENT);
	ck_assert_str_eq(config.error, "");
}
END_TEST

/* A file that is there and cannot be read is not the same as none. */
START_TEST(a_file_that_cannot_be_read)
{
	config_init(&config);
	ck_assert_int_eq(mkdir(unit_path("directory"), 0700), 0);
	ck_assert_int_eq(config_read(&config, unit_path("directory")), -EISDIR);
	ck_assert_int_eq(symlink("loop", unit_path("loop")), 0);
	ck_assert_int_eq(config_read(&config, unit_path("loop")), -ELOOP);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config");

	unit_add(suite, retention);
	unit_add(suite, defaults);
	unit_add(suite, everything_set);
	unit_add(suite, files);
	unit_add_rows(suite, one_setting, UNIT_COUNT(settings));
	unit_add_rows(suite, refuses, UNIT_COUNT(refusals));
	unit_add_rows(suite, long_paths, 9);
	unit_add(suite, no_file);
	unit_add(suite, a_file_that_cannot_be_read);
	return unit_run(suite);
}
