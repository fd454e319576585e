// SPDX-License-Identifier: GPL-2.0-only
/* Who wrote what another read: edges, their bytes, and that there are no others. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FIRST = 500, PROCESSES = 4, A = 0, B, C, D };

static struct rig rig;
static uint64_t keys[PROCESSES]; /* their ids are one more than their places */
static uint64_t number;

static void begin(void)
{
	static const char *const exes[] = { "/bin/a", "/bin/b", "/bin/c", "/bin/d" };
	unsigned int i;

	rig_open(&rig);
	for (i = 0; i < PROCESSES; i++) {
		keys[i] = forge_key(RIG_AT(50 + i), FIRST + i);
		forge_process(&rig.forge, keys[i], 0, exes[i]);
	}
	rig_dumped(&rig);
	rig.forge.now = RIG_NOW + RIG_STEP;
	number = 0;
}

static void end(void)
{
	ck_assert_uint_eq(rig.ingest.bad_records, 0);
	rig_close(&rig);
}

static struct kith_access *writes(unsigned int who, uint64_t inode, uint64_t bytes)
{
	rig.forge.now += RIG_STEP; /* none touches what was before */
	return forge_write(&rig.forge, ++number, keys[who], inode, bytes);
}

static struct kith_access *reads(unsigned int who, uint64_t inode, uint64_t bytes)
{
	rig.forge.now += RIG_STEP;
	return forge_read(&rig.forge, ++number, keys[who], inode, bytes);
}

/* It lasts for @steps before now. */
static void since(struct kith_access *body, uint64_t steps)
{
	body->first = body->last - steps * RIG_STEP;
}

#define FLOWS "SELECT source_id, target_id, bytes FROM flow ORDER BY 1, 2"

START_TEST(one_wrote_one_read)
{
	begin();
	writes(A, 12, 100);
	reads(B, 12, 70);
	rig_expect(&rig, "SELECT source_id, target_id, via, object, t(first), t(last), bytes,"
			 " connection_id, pipe_id, route_id, file_id IS NOT NULL, access_id"
			 " FROM flow",
		   "1|2|file|/f/12|3000|4000|70|-|-|-|1|2");
	rig_check("SELECT count(*) FROM flow JOIN file_access USING (access_id)", "1");
	end();
}
END_TEST

/* What each of several has written, but not more than was read. */
START_TEST(two_wrote_one_read)
{
	begin();
	writes(A, 12, 100);
	writes(C, 12, 30);
	reads(B, 12, 70);
	if (_i) /* the kernel knows who was last */
		reads(D, 12, 200)->writer = keys[C];
	rig_expect(&rig, FLOWS, _i ? "1|2|70\n1|4|100\n3|2|30\n3|4|30" : "1|2|70\n3|2|30");
	end();
}
END_TEST

/* By memory nobody counts. */
START_TEST(by_memory)
{
	begin();
	writes(A, 12, 0)->flags |= KITH_ACCESS_MAPPED | KITH_ACCESS_SHARED | KITH_ACCESS_WRITABLE;
	reads(B, 12, 70);
	reads(C, 12, 0)->flags |= KITH_ACCESS_MAPPED;
	((struct kith_access *)(forge_last(&rig.forge) + 1))->reads = 0;
	writes(D, 12, 5);
	reads(B, 12, 60);
	rig_expect(&rig, FLOWS, "1|2|70\n1|2|60\n1|3|-\n4|2|5");
	end();
}
END_TEST

/* A third has emptied it: what was there before went to nobody who came later. */
START_TEST(emptied)
{
	begin();
	writes(A, 12, 100);
	reads(D, 12, 100); /* before that */
	writes(C, 12, 50)->flags |= KITH_ACCESS_TRUNCATED;
	reads(B, 12, 50);
	rig_expect(&rig, FLOWS, "1|4|100\n3|2|50");
	end();
}
END_TEST

/* Without a byte of his own it is as empty. */
START_TEST(emptied_only)
{
	begin();
	writes(A, 12, 100);
	writes(C, 12, 0)->flags |= KITH_ACCESS_TRUNCATED;
	((struct kith_access *)(forge_last(&rig.forge) + 1))->writes = 0;
	reads(B, 12, 50);
	rig_expect(&rig, FLOWS, "");
	rig_check("SELECT process_id, op, detail FROM file_change", "3|truncate|by open");
	end();
}
END_TEST

/* When it was emptied is not known of who read it, too, or wrote at that time. */
START_TEST(perhaps_not_emptied)
{
	struct kith_access *body;

	begin();
	writes(A, 12, 100);
	body = reads(C, 12, 100);
	body->writes = 1;
	body->bytes_written = 10;
	body->flags |= KITH_ACCESS_TRUNCATED;
	if (_i)
		writes(C, 12, 10)->flags |= KITH_ACCESS_TRUNCATED;
	since(writes(D, 12, 40), 4);
	reads(B, 12, 50);
	rig_expect(&rig, "SELECT source_id FROM flow WHERE target_id = 2 ORDER BY 1",
		   _i ? "3\n3\n4" : "1\n3\n4");
	end();
}
END_TEST

/* Whatever happened in between: the kernel says whose bytes they were. */
START_TEST(emptied_and_yet)
{
	begin();
	writes(A, 12, 100);
	writes(C, 12, 50)->flags |= KITH_ACCESS_TRUNCATED;
	reads(B, 12, 50)->writer = keys[A];
	rig_expect(&rig, FLOWS, "1|2|50\n3|2|50");
	end();
}
END_TEST

START_TEST(too_early)
{
	begin();
	reads(B, 12, 70);
	writes(A, 12, 100);
	rig_expect(&rig, FLOWS, "");
	/* but who goes on to read may have read it */
	since(reads(C, 12, 60), 4);
	rig_expect(&rig, FLOWS, "1|3|60");
	rig_check("SELECT t(first), t(last) FROM flow", "3000|6000");
	end();
}
END_TEST

/* A file of another name, of another generation, of nobody, by himself. */
START_TEST(no_flows)
{
	struct kith_file reused = forge_file(12);

	begin();
	writes(A, 12, 100);
	reused.generation = 2;
	forge_access_of(&rig.forge, ++number, keys[B], reused, "/f/12")->reads = 1;
	reads(A, 12, 100);
	reads(B, 13, 100);
	forge_access(&rig.forge, ++number, keys[B], 12); /* opened, no more */
	forge_access_of(&rig.forge, ++number, keys[B], (struct kith_file){ .mode = 1 }, "/f/12")
		->reads = 1;
	rig_expect(&rig, FLOWS, "");
	end();
}
END_TEST

/* His record is lost, or is still to come: it is an edge all the same. */
START_TEST(told_by_the_kernel)
{
	begin();
	reads(B, 12, 70)->writer = keys[A];
	rig_expect(&rig, "SELECT source_id, target_id, via, object, t(first), t(last), bytes"
			 " FROM flow",
		   "1|2|file|/f/12|1000|2000|70");
	/* and is one still, when it comes */
	since(writes(A, 12, 100), 5);
	since(writes(A, 12, 100), 5);
	rig_expect(&rig, FLOWS, "1|2|70");
	/* of two, what he has written in both of his rows */
	since(writes(C, 12, 7), 5);
	reads(D, 12, 500)->writer = keys[A];
	rig_expect(&rig, "SELECT source_id, bytes FROM flow WHERE target_id = 4 ORDER BY 1",
		   "1|200\n3|7");
	end();
}
END_TEST

/* It is the file that counts, not its name. */
START_TEST(renamed)
{
	struct kith_file file = forge_file(12);

	begin();
	writes(A, 12, 100);
	forge_change(&rig.forge, keys[C], KITH_CHANGE_RENAME, 12);
	forge_text(&rig.forge, KITH_ITEM_NEW_PATH, "/f/new");
	forge_access_of(&rig.forge, ++number, keys[B], file, "/f/new")->reads = 1;
	FORGE_EXEC(&rig.forge, keys[D], 0, "/f/new", "new");
	forge_item(&rig.forge, KITH_ITEM_FILE, &file, sizeof(file));
	rig_expect(&rig, "SELECT source_id, target_id, via, object, bytes FROM flow",
		   "1|2|file|/f/new|0\n1|4|file|/f/new|-");
	end();
}
END_TEST

/* Who wrote what another executed; nobody his own, nor what failed or was found running. */
START_TEST(executed)
{
	const struct kith_file file = forge_file(12);

	begin();
	FORGE_EXEC(&rig.forge, keys[C], 0, "/f/12", "x"); /* too early */
	forge_item(&rig.forge, KITH_ITEM_FILE, &file, sizeof(file));
	writes(A, 12, 100);
	FORGE_EXEC(&rig.forge, keys[A], 0, "/f/12", "x");
	forge_item(&rig.forge, KITH_ITEM_FILE, &file, sizeof(file));
	FORGE_EXEC(&rig.forge, keys[B], 0, "/f/12", "x");
	forge_item(&rig.forge, KITH_ITEM_FILE, &file, sizeof(file));
	writes(D, 12, 100)->flags |= KITH_ACCESS_TRUNCATED;
	FORGE_EXEC(&rig.forge, keys[C], 0, "/f/12", "x");
	forge_item(&rig.forge, KITH_ITEM_FILE, &file, sizeof(file));
	rig_expect(&rig, "SELECT source_id, target_id, object, t(first) FROM flow",
		   "1|2|/f/12|5000\n4|3|/f/12|8000");
	end();
}
END_TEST

static const struct {
	const char *via;
	struct kith_file file;
} objects[] = {
	{ "memfd", { .inode = 5, .real_inode = 5, .kind = KITH_FILE_MEMFD } },
	{ "shm", { .inode = 5, .real_inode = 5, .kind = KITH_FILE_SHM } },
	{ "queue", { .inode = 5, .real_inode = 5, .kind = KITH_FILE_MESSAGE_QUEUE } },
	{ "queue", { .kind = KITH_FILE_SYSV_QUEUE } },
	{ "file", { .inode = 5, .real_inode = 5, .kind = KITH_FILE_BLOCK } },
};

START_TEST(through_objects)
{
	char want[64];
	struct kith_access *body;

	begin();
	body = forge_access_of(&rig.forge, 1, keys[A], objects[_i].file, NULL);
	body->writes = 3;
	body->bytes_written = 300;
	forge_access_of(&rig.forge, 2, keys[B], objects[_i].file, NULL)->reads = 2;
	snprintf(want, sizeof(want), "1|2|%s|inode %d", objects[_i].via,
		 (int)objects[_i].file.inode);
	rig_expect(&rig, "SELECT source_id, target_id, via, object FROM flow", want);
	end();
}
END_TEST

/* Both have it mapped: each may read what the other writes, if he may write. */
START_TEST(shared_memory)
{
	const uint32_t shared = KITH_ACCESS_MAPPED | KITH_ACCESS_SHARED;
	struct kith_file segment = forge_file(5);

	begin();
	segment.kind = KITH_FILE_SHM;
	forge_access_of(&rig.forge, 1, keys[A], segment, "/SYSV00000001")->flags =
		shared | KITH_ACCESS_WRITABLE;
	forge_access_of(&rig.forge, 2, keys[B], segment, "/SYSV00000001")->flags =
		shared | KITH_ACCESS_WRITABLE;
	forge_access_of(&rig.forge, 3, keys[C], segment, "/SYSV00000001")->flags = shared;
	rig_feed(&rig);
	/* they go on */
	forge_access_of(&rig.forge, 1, keys[A], segment, NULL)->flags =
		shared | KITH_ACCESS_WRITABLE;
	((struct kith_access *)(forge_last(&rig.forge) + 1))->first = RIG_NOW;
	rig_expect(&rig, "SELECT source_id, target_id, via, bytes FROM flow ORDER BY 1, 2",
		   "1|2|shm|-\n1|3|shm|-\n2|1|shm|-\n2|3|shm|-");
	end();
}
END_TEST

START_TEST(folded)
{
	begin();
	forge_reads(&rig.forge, ++number, keys[B], keys[A], 12);
	forge_reads(&rig.forge, ++number, keys[C], keys[A], 13)->files = 1;
	forge_reads(&rig.forge, ++number, keys[D], 0, 14);
	forge_reads(&rig.forge, ++number, keys[A], keys[A], 15);
	/* one that is in there has a writer of his own, too: he is not who was read from */
	writes(C, 12, 100);
	rig_expect(&rig, "SELECT source_id, target_id, via, object, t(first), t(last), bytes"
			 " FROM flow",
		   "1|2|file|/f/12 and 2 more|0|1000|5000\n1|3|file|/f/13|1000|2000|5000");
	end();
}
END_TEST

START_TEST(between_memories)
{
	struct kith_control *body;

	begin();
	body = forge_control(&rig.forge, keys[A], KITH_CONTROL_VM_READ, keys[B], NULL);
	body->value = 4096;
	body->first = RIG_NOW;
	body->last = RIG_NOW + 5;
	body->count = 3;
	forge_control(&rig.forge, keys[A], KITH_CONTROL_VM_WRITE, keys[B], NULL)->value = 7;
	forge_control(&rig.forge, keys[A], KITH_CONTROL_VM_WRITE, keys[A], NULL)->value = 7;
	forge_control(&rig.forge, keys[A], KITH_CONTROL_VM_READ, 0, NULL)->value = 7;
	forge_control(&rig.forge, keys[A], KITH_CONTROL_PTRACE, keys[B], NULL)->value = 7;
	rig_expect(&rig, "SELECT source_id, target_id, via, object, t(first), t(last), bytes"
			 " FROM flow",
		   "2|1|vm|memory|0|5|4096\n1|2|vm|memory|2000|2000|7");
	end();
}
END_TEST

/* As large as can be: nothing overflows. */
START_TEST(extremes)
{
	struct kith_access *body;

	begin();
	writes(A, 12, UINT64_MAX);
	writes(A, 12, INT64_MAX);
	writes(C, 12, UINT64_MAX)->writes = UINT64_MAX;
	body = reads(B, 12, UINT64_MAX);
	body->writer = keys[A];
	body->last = UINT64_MAX;
	reads(D, 12, UINT64_MAX)->first = 0;
	rig_expect(&rig, FLOWS,
		   "1|2|9223372036854775807\n1|4|9223372036854775807\n"
		   "1|4|9223372036854775807\n3|2|9223372036854775807\n"
		   "3|4|9223372036854775807");
	end();
}
END_TEST

static const unsigned int least = 10000 * 63, most = 10000 * 65;

/*
 * A log that all write and all read: each reader has the writers that began last, and whom
 * the kernel names; and to ask for them all takes seconds.
 */
START_TEST(many)
{
	struct timespec from, to;
	unsigned long edges;
	char *rows;

	begin();
	rig_commit(&rig);
	rig_write("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
		  " WHERE i < 10000)"
		  " INSERT INTO accesses (process, file, first, lasted, writes, bytes_written,"
		  " flags) SELECT i, 5, i * 10, iif(i % 3, 5, 1000000), 1, 100, 0 FROM n");
	rig_write("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
		  " WHERE i < 10000)"
		  " INSERT INTO accesses (process, file, first, lasted, reads, bytes_read, writer,"
		  " flags) SELECT i + 20000, 5, i * 10 + 3, iif(i % 3, 5, 1000000), 1, 100,"
		  " iif(i % 2, 1 + i % 7, NULL), 0 FROM n");
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	rows = rig_rows("SELECT count(*), sum(bytes) FROM flow WHERE via = 'file'");
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	ck_assert_int_lt(to.tv_sec - from.tv_sec, 60);
	edges = strtoul(rows, NULL, 10);
	ck_assert_uint_gt(edges, least);
	ck_assert_uint_le(edges, most);
	free(rows);
	rig_check("SELECT count(*), min(source_id), max(source_id) FROM flow"
		  " WHERE target_id = 25000",
		  "64|4937|5000");
	rig_check("SELECT count(*), min(source_id), max(source_id) FROM flow"
		  " WHERE target_id = 25003",
		  "65|6|5003");
	end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("file_flow");

	unit_add(suite, one_wrote_one_read);
	unit_add_rows(suite, two_wrote_one_read, 2);
	unit_add(suite, by_memory);
	unit_add(suite, emptied);
	unit_add(suite, emptied_only);
	unit_add_rows(suite, perhaps_not_emptied, 2);
	unit_add(suite, emptied_and_yet);
	unit_add(suite, too_early);
	unit_add(suite, no_flows);
	unit_add(suite, told_by_the_kernel);
	unit_add(suite, renamed);
	unit_add(suite, executed);
	unit_add_rows(suite, through_objects, UNIT_COUNT(objects));
	unit_add(suite, shared_memory);
	unit_add(suite, folded);
	unit_add(suite, between_memories);
	unit_add(suite, extremes);
	unit_add(suite, many);
	return unit_run(suite);
}
