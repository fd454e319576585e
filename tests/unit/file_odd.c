// SPDX-License-Identifier: GPL-2.0-only
/* Records of files that no module sends, and names that somebody has made to harm. */
#include "program.h"
#include "rig.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST = 500, PROCESSES = 2 };

static struct rig rig;
static uint64_t keys[PROCESSES]; /* their ids are one more than their places */

static void dump_processes(void)
{
	unsigned int i;

	for (i = 0; i < PROCESSES; i++) {
		keys[i] = forge_key(RIG_AT(50 + i), FIRST + i);
		forge_process(&rig.forge, keys[i], 0, "/bin/a");
	}
	rig_dumped(&rig);
}

static void begin(void)
{
	rig_open(&rig);
	dump_processes();
	rig.forge.now = RIG_NOW + RIG_STEP;
}

/* Things that no module says. */
static void forge_nonsense(int what)
{
	switch (what) {
	case 0:
		forge_read(&rig.forge, 0, keys[0], 12, 1);
		break;
	case 1: /* nobody */
		forge_read(&rig.forge, 7, 0, 12, 1);
		break;
	case 2:
		forge_reads(&rig.forge, 0, keys[0], 0, 12);
		break;
	case 3:
		forge_reads(&rig.forge, 7, 0, keys[0], 12);
		break;
	case 4:
		forge_reads(&rig.forge, 7, 0, 0, 12)->flags = KITH_READS_PLAIN;
		break;
	case 5:
		forge_change(&rig.forge, keys[0], 0, 12);
		break;
	case 6:
		forge_change(&rig.forge, 0, KITH_CHANGE_UNLINK, 12);
		break;
	default: /* never */
		forge_change(&rig.forge, keys[0], KITH_CHANGE_UNLINK, 12)->count = 0;
	}
}

enum { NONSENSES = 8 };

START_TEST(nonsense)
{
	begin();
	forge_nonsense(_i);
	rig_feed(&rig);
	rig_commit(&rig);
	ck_assert_uint_eq(rig.ingest.bad_records, 1);
	rig_check("SELECT (SELECT count(*) FROM accesses), (SELECT count(*) FROM changes),"
		  " (SELECT count(*) FROM control), (SELECT count(*) FROM process),"
		  " (SELECT count(plain_reads) FROM process), (SELECT count(*) FROM files)",
		  "0|0|0|2|0|0");
	rig_check("SELECT sum(received) FROM account WHERE class IN ('file', 'change', 'control')",
		  "1");
	rig_close(&rig);
}
END_TEST

/* Every bit of the body but of id and user; it goes on, and over a restart. */
START_TEST(all_bits)
{
	struct kith_access *body;
	const uint64_t id = _i ? UINT64_MAX : UINT64_C(1) << 63;

	begin();
	body = forge_access_of(&rig.forge, id, UINT64_MAX, forge_file(1), "\xff\n");
	memset(&body->writer, 0xff, sizeof(*body) - offsetof(struct kith_access, writer));
	body->flags &= ~KITH_ACCESS_OVER;
	rig_feed(&rig);
	rig_commit(&rig);
	rig_restart(&rig);
	ck_assert_uint_eq(rig.ingest.files.going_on.open, 1);
	rig_check("SELECT path = CAST(x'ff0a' AS TEXT), device, inode, t(first), last = first,"
		  " reads, bytes_read, writes, bytes_written, created, executed, mapped,"
		  " writer_id = process_id, mnt_ns, open, kind FROM file_access",
		  "1|4294967295|-1|-107374182401|1|9223372036854775807|9223372036854775807|"
		  "9223372036854775807|9223372036854775807|1|0|1|1|4294967295|1|-");
	rig_check("SELECT count(*) FROM flow", "0");
	rig_check("SELECT op, detail FROM file_change", "create|7777");
	/* replaced by nothing at all */
	body = forge_access_of(&rig.forge, id, keys[0], (struct kith_file){ .mode = 0 }, NULL);
	body->first = body->last = 0;
	body->flags = KITH_ACCESS_OVER;
	body->mntns = 0;
	rig_expect(&rig, "SELECT count(*), reads, writes, created, open, mnt_ns FROM file_access",
		   "1|0|0|0|0|-");
	ck_assert_uint_eq(rig.ingest.bad_records, 0);
	rig_close(&rig);
}
END_TEST

START_TEST(all_bits_of_others)
{
	struct kith_reads *reads;
	struct kith_change *change;
	struct kith_control *control;

	begin();
	reads = forge_reads(&rig.forge, 7, keys[0], UINT64_MAX, 12);
	memset(&reads->first, 0xff, sizeof(*reads) - offsetof(struct kith_reads, first));
	reads->flags &= ~KITH_READS_PLAIN;
	reads->last = 0; /* before it began */
	change = forge_change(&rig.forge, UINT64_MAX, 1, 12);
	memset(change, 0xff, sizeof(*change));
	control = forge_control(&rig.forge, UINT64_MAX, 1, keys[0], NULL);
	memset(control, 0xff, sizeof(*control));
	rig_expect(&rig, "SELECT files, reads, bytes_read, last = first, read_at_most"
			 " FROM folded_read",
		   "9223372036854775807|9223372036854775807|9223372036854775807|1|1");
	rig_check("SELECT bytes, object FROM flow",
		  "9223372036854775807|/f/12 and 9223372036854775806 more");
	rig_check("SELECT op, detail, error, count, unsure, incomplete, mnt_ns,"
		  " file_id = replaced_id FROM file_change",
		  "-|-|-1|4294967295|1|1|4294967295|1");
	rig_check("SELECT op, detail, count, value, tried FROM control",
		  "-|-|4294967295|9223372036854775807|1");
	ck_assert_uint_eq(rig.ingest.bad_records, 0);
	rig_close(&rig);
}
END_TEST

/* Nothing at all but what makes it a record. */
START_TEST(no_bits)
{
	struct kith_access *body;

	begin();
	body = forge_record(&rig.forge, KITH_RECORD_ACCESS, 0, sizeof(*body));
	body->id = 7;
	body->user = keys[0];
	rig_expect(&rig, "SELECT path, device, inode, reads, writes, file_id, kind, open"
			 " FROM file_access",
		   "-|-|-|0|0|-|-|1");
	rig_check("SELECT count(*) FROM flow", "0");
	rig_close(&rig);
}
END_TEST

/* As long as paths may be, and longer; a record has room for that. */
START_TEST(long_paths)
{
	char path[5000];

	begin();
	memset(path, 'x', sizeof(path));
	forge_access_of(&rig.forge, 7, keys[0], forge_file(12), NULL)->reads = 1;
	forge_item(&rig.forge, KITH_ITEM_PATH, path, sizeof(path));
	forge_change(&rig.forge, keys[0], KITH_CHANGE_SYMLINK, 0);
	forge_item(&rig.forge, KITH_ITEM_PATH, path, 4096);
	forge_item(&rig.forge, KITH_ITEM_FILENAME, path, 4095);
	rig_expect(&rig, "SELECT length(path) FROM file_access", "4096");
	rig_check("SELECT length(path), length(detail) FROM file_change", "4096|4095");
	rig_close(&rig);
}
END_TEST

/* A NUL ends a name, as it does everywhere; no name at all is not known. */
START_TEST(nuls)
{
	begin();
	forge_access_of(&rig.forge, 7, keys[0], forge_file(12), NULL)->reads = 1;
	forge_item(&rig.forge, KITH_ITEM_PATH, "/a\0b", 4);
	forge_access_of(&rig.forge, 8, keys[0], forge_file(12), NULL)->reads = 1;
	forge_item(&rig.forge, KITH_ITEM_PATH, "\0b", 2);
	forge_access_of(&rig.forge, 9, keys[0], forge_file(12), "")->reads = 1;
	rig_expect(&rig, "SELECT path, length(CAST(path AS BLOB)) FROM file_access",
		   "/a|2\n-|-\n-|-");
	rig_close(&rig);
}
END_TEST

/* What somebody has named a file so that a terminal obeys it. */
START_TEST(control_bytes)
{
	begin();
	forge_access_of(&rig.forge, 7, keys[0], forge_file(12), "/tmp/\x1b]0;x\x07\n\t\"")
		->writes = 1;
	rig_feed(&rig);
	rig_commit(&rig);
	ck_assert_int_eq(run("kith", "sql", DB, "SELECT path FROM file_access", END), 0);
	ck_assert_ptr_null(strchr(printed, '\x1b'));
	ck_assert_ptr_null(strchr(printed, '\x07'));
	rig_close(&rig);
}
END_TEST

/* A million files, nearly: what is in memory is bounded; nothing goes on. */
START_TEST(many_files)
{
	char path[64];
	unsigned int i;

	begin();
	for (i = 0; i < 20000; i++) {
		snprintf(path, sizeof(path), "/tmp/%u/%u", i, i);
		forge_access_of(&rig.forge, 7 + i, keys[i % 2], forge_file(100 + i), path)->flags =
			KITH_ACCESS_OVER;
		if (i % 500 == 499) {
			rig_feed(&rig);
			if (i % 5000 == 4999)
				rig_commit(&rig);
		}
	}
	rig_check("SELECT count(*), count(DISTINCT file_id), count(DISTINCT path)"
		  " FROM file_access",
		  "20000|20000|20000");
	ck_assert_uint_eq(rig.ingest.files.going_on.open, 0);
	rig_close(&rig);
}
END_TEST

/* A row that somebody has taken away is no reason to stop. */
START_TEST(deleted_rows)
{
	begin();
	forge_access(&rig.forge, 7, keys[0], 12)->reads = 1;
	forge_access(&rig.forge, 8, keys[0], 12)->reads = 1;
	rig_feed(&rig);
	rig_commit(&rig);
	rig_write("DELETE FROM accesses WHERE id = 1");
	forge_read(&rig.forge, 7, keys[0], 12, 1);
	rig_expect(&rig, "SELECT access_id FROM file_access", "2");
	rig_write("DELETE FROM accesses");
	forge_read(&rig.forge, 9, keys[0], 12, 1);
	ck_assert_int_lt(rig_try(&rig), 0);
	ck_assert_str_eq(store_error(rig.store), "somebody else has changed it");
	rig_close(&rig);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("file_odd");

	unit_add_rows(suite, nonsense, NONSENSES);
	unit_add_rows(suite, all_bits, 2);
	unit_add(suite, all_bits_of_others);
	unit_add(suite, no_bits);
	unit_add(suite, long_paths);
	unit_add(suite, nuls);
	unit_add(suite, control_bytes);
	unit_add(suite, many_files);
	unit_add(suite, deleted_rows);
	return unit_run(suite);
}
