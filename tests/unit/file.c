// SPDX-License-Identifier: GPL-2.0-only
/* What processes do with files: rows, which file it is, and when it goes on no more. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST = 500, PROCESSES = 4 };

static struct rig rig;
static uint64_t keys[PROCESSES]; /* their ids are one more than their places */

static void dump_processes(void)
{
	static const char *const exes[] = { "/bin/a", "/bin/b", "/bin/c", "/bin/d" };
	unsigned int i;

	for (i = 0; i < PROCESSES; i++) {
		keys[i] = forge_key(RIG_AT(50 + i), FIRST + i);
		forge_process(&rig.forge, keys[i], 0, exes[i]);
	}
	rig_dumped(&rig);
}

static void begin(void)
{
	rig_open(&rig);
	dump_processes();
	rig.forge.now = RIG_NOW + RIG_STEP;
}

static void end(void)
{
	ck_assert_uint_eq(rig.ingest.bad_records, 0);
	rig_close(&rig);
}

#define ROW                                                                               \
	"SELECT process_id, path, device, inode, t(first), t(last), reads, bytes_read,"   \
	" writes, bytes_written, created, executed, mapped FROM file_access"
#define MORE                                                                              \
	"SELECT access_id, writer_id, mapped_executable, mapped_writable, read_at_most,"  \
	" written_at_most, unlinked, tmpfile, truncated, sensitive, changed, incomplete," \
	" mnt_ns, open, kind FROM file_access"

START_TEST(every_field)
{
	struct kith_access *body;

	begin();
	body = forge_access(&rig.forge, 7, keys[0], 12);
	body->writer = keys[1];
	body->reads = 2;
	body->bytes_read = 3000;
	body->writes = 4;
	body->bytes_written = 5000;
	body->flags = KITH_ACCESS_OVER;
	rig_expect(&rig, ROW, "1|/f/12|8388609|12|0|1000|2|3000|4|5000|0|0|0");
	rig_check(MORE, "1|2|0|0|0|0|0|0|0|0|0|0|4026531832|0|regular");
	rig_check("SELECT received FROM account WHERE class = 'file'", "1");
	rig_check("SELECT device, inode, real_device, real_inode, generation, kind, mode, owner"
		  " FROM files",
		  "8388609|12|-|-|1|1|33188|1000");
	rig_check("SELECT count(*) FROM file_access a JOIN files f ON f.id = a.file_id", "1");
	end();
}
END_TEST

/* Flag by flag: which column becomes 1? */
static const struct {
	uint32_t flag;
	const char *column;
} marks[] = {
	{ KITH_ACCESS_CREATED, "created" },
	{ KITH_ACCESS_MAPPED, "mapped" },
	{ KITH_ACCESS_EXECUTABLE, "mapped_executable" },
	{ KITH_ACCESS_WRITABLE, "mapped_writable" },
	{ KITH_ACCESS_UPPER_READ, "read_at_most" },
	{ KITH_ACCESS_UPPER_WRITTEN, "written_at_most" },
	{ KITH_ACCESS_UNLINKED, "unlinked" },
	{ KITH_ACCESS_TMPFILE, "tmpfile" },
	{ KITH_ACCESS_TRUNCATED, "truncated" },
	{ KITH_ACCESS_SENSITIVE, "sensitive" },
	{ KITH_ACCESS_CHANGED, "changed" },
	{ KITH_ACCESS_ROOTLESS, "incomplete" },
};

START_TEST(flags)
{
	char sql[512];

	begin();
	forge_access(&rig.forge, 7, keys[0], 12)->flags = marks[_i].flag | KITH_ACCESS_OVER;
	snprintf(sql, sizeof(sql),
		 "SELECT %s, created + mapped + mapped_executable + mapped_writable +"
		 " read_at_most + written_at_most + unlinked + tmpfile + truncated + sensitive +"
		 " changed + incomplete FROM file_access",
		 marks[_i].column);
	rig_expect(&rig, sql, "1|1");
	end();
}
END_TEST

static const char *const kinds[] = { "-",     "regular", "block", "directory",	   "other",
				     "pseudo", "memfd",	 "shm",	  "message-queue", "sysv-queue",
				     "-" };

START_TEST(kinds_of_files)
{
	struct kith_file file = forge_file(12);

	begin();
	file.kind = (uint8_t)_i;
	forge_access_of(&rig.forge, 7, keys[0], file, "/x")->flags = KITH_ACCESS_OVER;
	rig_expect(&rig, "SELECT kind FROM file_access", kinds[_i]);
	end();
}
END_TEST

/* One row, which each record brings up to date: before a commit, after one, after a restart. */
START_TEST(goes_on)
{
	struct kith_access *body;

	begin();
	body = forge_access(&rig.forge, 7, keys[0], 12);
	body->reads = 1;
	body->bytes_read = 10;
	body->writer = keys[1];
	rig_feed(&rig);
	ck_assert_uint_eq(rig.ingest.files.going_on.open, 1);
	if (_i) {
		rig_commit(&rig);
		rig_check("SELECT open, reads, t(last) FROM file_access", "1|1|1000");
	}
	if (_i == 2)
		rig_restart(&rig);
	ck_assert_uint_eq(rig.ingest.files.going_on.open, 1);
	/* without a path and a writer: they are known */
	body = forge_access_of(&rig.forge, 7, keys[0], forge_file(12), NULL);
	body->reads = 3;
	body->bytes_read = 30;
	body->writes = 1;
	body->bytes_written = 5;
	body->first -= RIG_STEP;
	body->flags = KITH_ACCESS_OVER | KITH_ACCESS_MAPPED;
	rig_expect(&rig, ROW, "1|/f/12|8388609|12|0|2000|3|30|1|5|0|0|1");
	rig_check("SELECT writer_id, open FROM file_access", "2|0");
	ck_assert_uint_eq(rig.ingest.files.going_on.open, 0);
	rig_check("SELECT count(*) FROM accesses_open", "0");
	/* a sweep may have looked just before the end */
	forge_access(&rig.forge, 7, keys[0], 12)->reads = 2;
	rig_expect(&rig, "SELECT reads FROM file_access", "3");
	end();
}
END_TEST

/* The same process and file with another number: both count. */
START_TEST(again)
{
	begin();
	forge_read(&rig.forge, 7, keys[0], 12, 10);
	forge_read(&rig.forge, 8, keys[0], 12, 20);
	rig_expect(&rig, "SELECT count(*), sum(bytes_read), count(DISTINCT file_id)"
			 " FROM file_access",
		   "2|30|1");
	rig_check("SELECT count(*) FROM files", "1");
	end();
}
END_TEST

/* Another load has counted anew; what was going on is over, as far as is known. */
START_TEST(another_load)
{
	begin();
	forge_access(&rig.forge, 7, keys[0], 12)->reads = 1;
	rig_feed(&rig);
	rig_commit(&rig);
	if (_i)
		rig_reboot(&rig, '2');
	else
		rig_reload(&rig, 78);
	rig_restart(&rig);
	ck_assert_uint_eq(rig.ingest.files.going_on.open, 0);
	dump_processes();
	forge_access(&rig.forge, 7, keys[0], 12)->reads = 2;
	rig_expect(&rig, "SELECT access_id, reads, open FROM file_access", "1|1|0\n2|2|1");
	rig_check("SELECT count(*) FROM accesses_open", "1");
	/* on a disk it is the same file */
	rig_check("SELECT count(DISTINCT file_id), count(DISTINCT process_id) FROM file_access",
		  _i ? "1|2" : "1|1");
	end();
}
END_TEST

/* What its records say last comes about when a process ends: before or after that. */
START_TEST(ended)
{
	begin();
	forge_access(&rig.forge, 7, keys[0], 12)->reads = 1;
	forge_exit(&rig.forge, keys[0], 0);
	rig_feed(&rig);
	rig_commit(&rig);
	rig_check("SELECT open FROM file_access", "0");
	if (_i)
		rig_restart(&rig);
	ck_assert_uint_eq(rig.ingest.files.going_on.open, 1);
	forge_read(&rig.forge, 7, keys[0], 12, 99);
	rig_expect(&rig, "SELECT process_id, reads, bytes_read FROM file_access", "1|1|99");
	end();
}
END_TEST

/* So many that some must have ended without a record. */
START_TEST(pruned)
{
	begin();
	forge_access(&rig.forge, 7, keys[0], 12)->reads = 1;
	forge_access(&rig.forge, 8, keys[1], 12)->reads = 1;
	forge_access(&rig.forge, 9, keys[2], 12)->reads = 1;
	forge_exit(&rig.forge, keys[0], 0);
	rig.forge.now += RIG_AT(70);
	forge_exit(&rig.forge, keys[1], 0);
	rig_feed(&rig);
	rig.ingest.files.going_on.open += 1 << 18;
	rig_commit(&rig);
	ck_assert_uint_eq(rig.ingest.files.going_on.open, (1 << 18) + 2);
	rig_check("SELECT number, access FROM accesses_open", "8|2\n9|3");
	/* it was not over, after all */
	forge_read(&rig.forge, 7, keys[0], 12, 99);
	forge_read(&rig.forge, 8, keys[1], 12, 98);
	rig_expect(&rig, "SELECT access_id, bytes_read FROM file_access", "1|99\n2|98\n3|0");
	ck_assert_uint_eq(rig.ingest.files.going_on.open, (1 << 18) + 1);
	/* the rest is not looked at again and again */
	ck_assert_uint_eq(rig.ingest.files.pruned, (1 << 18) + 2);
	end();
}
END_TEST

#define FILES "SELECT count(DISTINCT file_id), count(*) FROM file_access"

/* Another device, inode, generation, or name: is that another file? */
static const struct {
	const char *files;
	struct kith_file file;
} others[] = {
	{ "1|2", { .device = 8 << 20 | 1, .inode = 12 } },
	{ "2|2", { .device = 8 << 20 | 1, .inode = 13 } },
	{ "2|2", { .device = 8 << 20 | 2, .inode = 12 } },
	{ "2|2", { .device = 8 << 20 | 1, .inode = 12, .generation = 2 } },
	/* its mode and owner have changed */
	{ "1|2", { .device = 8 << 20 | 1, .inode = 12, .mode = 0100600, .owner = 7 } },
};

START_TEST(identity)
{
	struct kith_file file = others[_i].file, first = forge_file(12);

	first.generation = 0;
	file.real_device = file.device;
	file.real_inode = file.inode;
	begin();
	forge_access_of(&rig.forge, 7, keys[0], first, "/a")->flags = KITH_ACCESS_OVER;
	forge_access_of(&rig.forge, 8, keys[1], file, "/b")->flags = KITH_ACCESS_OVER;
	rig_expect(&rig, FILES, others[_i].files);
	end();
}
END_TEST

/* On overlayfs the file that holds the data is the same, in whatever mount it shows. */
START_TEST(overlaid)
{
	struct kith_file lower = forge_file(12), upper = lower;

	begin();
	upper.device = 40;
	upper.inode = 77;
	forge_access_of(&rig.forge, 7, keys[0], upper, "/merged/x")->flags = KITH_ACCESS_OVER;
	forge_access_of(&rig.forge, 8, keys[1], lower, "/upper/x")->flags = KITH_ACCESS_OVER;
	rig_expect(&rig, FILES, "1|2");
	rig_check("SELECT device, inode, real_device, real_inode FROM files",
		  "40|77|8388609|12");
	/* of one that was copied up, it is another */
	upper.real_inode = 13;
	forge_access_of(&rig.forge, 9, keys[0], upper, "/merged/x")->flags = KITH_ACCESS_OVER;
	rig_expect(&rig, FILES, "2|3");
	end();
}
END_TEST

/* A tmpfs of another boot is another one; a disk is not. */
START_TEST(other_boots)
{
	struct kith_file file = forge_file(12);

	begin();
	if (_i)
		file.device = file.real_device = 25;
	forge_access_of(&rig.forge, 7, keys[0], file, "/x")->flags = KITH_ACCESS_OVER;
	rig_feed(&rig);
	rig_commit(&rig);
	rig_reboot(&rig, '2');
	rig_restart(&rig);
	dump_processes();
	forge_access_of(&rig.forge, 7, keys[0], file, "/x")->flags = KITH_ACCESS_OVER;
	rig_expect(&rig, FILES, _i ? "2|2" : "1|2");
	end();
}
END_TEST

/* The first queue of System V has number 0, and none is a file with that inode. */
START_TEST(queues)
{
	struct kith_file queue = { .kind = KITH_FILE_SYSV_QUEUE }, file = { .inode = 5 };

	begin();
	forge_access_of(&rig.forge, 7, keys[0], queue, NULL)->flags = KITH_ACCESS_OVER;
	queue.generation = 1;
	forge_access_of(&rig.forge, 8, keys[0], queue, NULL)->flags = KITH_ACCESS_OVER;
	queue = (struct kith_file){ .inode = 5, .real_inode = 5, .kind = KITH_FILE_SYSV_QUEUE };
	forge_access_of(&rig.forge, 9, keys[0], queue, NULL)->flags = KITH_ACCESS_OVER;
	file.real_inode = 5;
	forge_access_of(&rig.forge, 10, keys[0], file, NULL)->flags = KITH_ACCESS_OVER;
	rig_expect(&rig, FILES, "4|4");
	end();
}
END_TEST

/* Nobody who makes file systems of his own can foresee the id of another's file. */
START_TEST(ids_differ)
{
	struct files one = { .seed = 1 }, two = { .seed = 2 };
	struct kith_file file = forge_file(12);

	ck_assert_int_ne(files_id(&one, &file, 1), files_id(&two, &file, 1));
	ck_assert_int_gt(files_id(&one, &file, 1), 0);
	begin();
	ck_assert_int_ne(rig.ingest.files.seed, 0);
	ck_assert_int_eq(rig.ingest.files.seed, (int64_t)rig.info.load);
	end();
}
END_TEST

/* Reads of many files, one row; those of plain files are a sum of the process. */
START_TEST(folded)
{
	struct kith_reads *body;

	begin();
	body = forge_reads(&rig.forge, 7, keys[0], keys[1], 12);
	body->flags |= KITH_ACCESS_UPPER_READ;
	rig_expect(&rig, "SELECT process_id, writer_id, t(first), t(last), files, reads,"
			 " bytes_read, path, read_at_most, access_id FROM folded_read",
		   "1|2|0|1000|3|4|5000|/f/12|1|1");
	rig_check("SELECT count(*) FROM file_access", "0");
	rig_check("SELECT count(*) FROM file_change", "0");
	body = forge_reads(&rig.forge, 8, keys[0], 0, 13);
	body->flags = 0;
	rig_feed(&rig);
	ck_assert_uint_eq(rig.ingest.files.going_on.open, 1);
	rig_commit(&rig);
	body = forge_reads(&rig.forge, 8, keys[0], 0, 13);
	body->files = 9;
	rig_expect(&rig, "SELECT writer_id, files FROM folded_read", "2|3\n-|9");
	end();
}
END_TEST

START_TEST(plain)
{
	struct kith_reads *body;
	struct kith_exit *exit;

	begin();
	rig_check("SELECT plain_reads, plain_bytes FROM process WHERE pid = 500", "-|-");
	body = forge_reads(&rig.forge, 7, keys[0], 0, 12);
	body->flags = KITH_READS_PLAIN;
	rig_expect(&rig, "SELECT plain_reads, plain_bytes FROM process WHERE pid = 500",
		   "4|5000");
	rig_check("SELECT count(*) FROM accesses", "0");
	ck_assert_uint_eq(rig.ingest.files.going_on.open, 0);
	rig_restart(&rig);
	exit = forge_exit(&rig.forge, keys[0], 0);
	exit->plain_reads = 6;
	exit->plain_bytes = 7000;
	/* one of before, that comes late */
	forge_reads(&rig.forge, 7, keys[0], 0, 12)->flags = KITH_READS_PLAIN;
	rig_expect(&rig, "SELECT plain_reads, plain_bytes FROM process WHERE pid = 500",
		   "6|7000");
	/* none, and one of the first release, which does not tell */
	forge_exit(&rig.forge, keys[1], 0);
	forge_record(&rig.forge, KITH_RECORD_EXIT, keys[2],
		     offsetof(struct kith_exit, plain_reads));
	exit = forge_exit(&rig.forge, keys[3], 0);
	exit->plain_reads = UINT64_MAX;
	exit->plain_bytes = UINT64_C(1) << 63;
	rig_expect(&rig, "SELECT plain_reads, plain_bytes FROM process WHERE pid > 500",
		   "0|0\n-|-\n9223372036854775807|9223372036854775807");
	end();
}
END_TEST

/* An execution is of a file too, and stands among what is done with files. */
START_TEST(executed)
{
	const struct kith_file file = forge_file(12);

	begin();
	FORGE_EXEC(&rig.forge, keys[0], 0, "/f/12", "x");
	forge_item(&rig.forge, KITH_ITEM_FILE, &file, sizeof(file));
	forge_write(&rig.forge, 7, keys[1], 12, 10);
	rig_feed(&rig);
	FORGE_EXEC(&rig.forge, keys[2], 0, "/bin/y", "y"); /* of which no file is known */
	forge_item(&rig.forge, KITH_ITEM_FILE, &file, sizeof(file) - 1);
	rig_expect(&rig, "SELECT process_id, path, executed, mapped, created, reads, t(first),"
			 " last = first, kind FROM file_access ORDER BY process_id",
		   "1|/f/12|1|1|0|0|1000|1|regular\n2|/f/12|0|0|0|0|1000|0|regular\n"
		   "3|/bin/y|1|1|0|0|3000|1|-");
	rig_check("SELECT count(DISTINCT a.file_id) FROM execution e JOIN file_access a"
		  " USING (file_id)",
		  "1");
	end();
}
END_TEST

/* Who wrote it may have ended so long ago that only its row tells. */
START_TEST(writer_of_long_ago)
{
	begin();
	forge_write(&rig.forge, 7, keys[1], 12, 10);
	forge_exit(&rig.forge, keys[1], 0);
	rig_feed(&rig);
	rig_commit(&rig);
	rig_restart(&rig);
	free(rig.ingest.state.graves); /* as if 65,536 had ended since */
	rig.ingest.state.graves = NULL;
	forge_read(&rig.forge, 8, keys[0], 12, 10)->writer = keys[1];
	forge_reads(&rig.forge, 9, keys[0], keys[1], 12);
	rig_expect(&rig, "SELECT writer_id FROM file_access WHERE reads", "2");
	rig_check("SELECT writer_id FROM folded_read", "2");
	rig_check("SELECT count(*) FROM process", "4");
	/* of another file, nobody knows */
	forge_read(&rig.forge, 10, keys[0], 13, 10)->writer = keys[1];
	rig_expect(&rig, "SELECT count(*), sum(incomplete) FROM process", "5|1");
	end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("file");

	unit_add(suite, every_field);
	unit_add_rows(suite, flags, UNIT_COUNT(marks));
	unit_add_rows(suite, kinds_of_files, UNIT_COUNT(kinds));
	unit_add_rows(suite, goes_on, 3);
	unit_add(suite, again);
	unit_add_rows(suite, another_load, 2);
	unit_add_rows(suite, ended, 2);
	unit_add(suite, pruned);
	unit_add_rows(suite, identity, UNIT_COUNT(others));
	unit_add(suite, overlaid);
	unit_add_rows(suite, other_boots, 2);
	unit_add(suite, queues);
	unit_add(suite, ids_differ);
	unit_add(suite, folded);
	unit_add(suite, plain);
	unit_add(suite, executed);
	unit_add(suite, writer_of_long_ago);
	return unit_run(suite);
}
