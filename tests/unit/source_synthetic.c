// SPDX-License-Identifier: GPL-2.0-only
/* The generator: so many records, well-formed, the same for the same seed. */
#include "rig.h"

#include "source.h"

#include <stdlib.h>
#include <string.h>

static struct source *open_source(uint64_t count, uint64_t seed, struct stream_info *info)
{
	struct source *source;
	struct source_event event;

	ck_assert_int_eq(source_synthetic_open(&source, count, seed), 0);
	ck_assert_int_eq(source_next(source, 0, &event), 0);
	ck_assert_int_eq((int)event.kind, SOURCE_STREAM);
	*info = event.info;
	ck_assert_int_eq(source_start(source, NULL, 0), 0);
	return source;
}

struct seen {
	uint64_t records;
	uint64_t ts;
	uint64_t types[KITH_RECORD_TYPES];
	uint32_t seq;
};

/* Every record parses, follows the one before, and belongs to a ring there is. */
static void check_batch(const struct source_event *event, const struct stream_info *info,
			struct seen *seen)
{
	char *copy = unit_exact(event->data, event->size);
	size_t at = 0;
	unsigned int records = 0;
	struct record record;

	while (at < event->size) {
		int size = record_parse(copy + at, event->size - at, &record);

		ck_assert_int_gt(size, 0);
		ck_assert_ptr_nonnull(record.body);
		ck_assert_uint_eq(record.head.seq, ++seen->seq);
		ck_assert_uint_lt(record.head.ring, info->rings);
		ck_assert_uint_ge(record.head.ts, seen->ts);
		ck_assert_uint_le(record.head.ts, event->batch.boot_ns);
		seen->ts = record.head.ts;
		seen->types[record.head.type]++;
		records++;
		at += (size_t)size;
	}
	ck_assert_uint_eq(records, event->batch.records);
	ck_assert_uint_eq(event->size, event->batch.bytes);
	seen->records += records;
	free(copy);
}

static const uint64_t counts[] = { 1, 2, 3, 127, 128, 129, 10000 };

START_TEST(gives_so_many)
{
	struct stream_info info;
	struct source *source = open_source(counts[_i], 1, &info);
	struct source_event event;
	struct seen seen = { .records = 0 };

	for (;;) {
		ck_assert_int_eq(source_next(source, 0, &event), 0);
		if (event.kind == SOURCE_END)
			break;
		check_batch(&event, &info, &seen);
	}
	ck_assert_uint_eq(seen.records, counts[_i]);
	ck_assert_int_eq(source_next(source, 0, &event), 0);
	ck_assert_int_eq((int)event.kind, SOURCE_END);
	if (counts[_i] == 10000) {
		ck_assert_uint_gt(seen.types[KITH_RECORD_CREDENTIAL], 0);
		ck_assert_uint_gt(seen.types[KITH_RECORD_CONNECTION], 1000);
		ck_assert_uint_gt(seen.types[KITH_RECORD_PIPE], 100);
		ck_assert_uint_gt(seen.types[KITH_RECORD_ACCESS], 1000);
		ck_assert_uint_gt(seen.types[KITH_RECORD_CHANGE], 100);
	}
	source_close(source);
}
END_TEST

/* How many of the first batches of two seeds are the same. */
static int same_batches(uint64_t seed, uint64_t other)
{
	struct stream_info a_info, b_info;
	struct source *a = open_source(2000, seed, &a_info);
	struct source *b = open_source(2000, other, &b_info);
	struct source_event x, y;
	int same = 0;

	ck_assert_int_eq(a_info.load == b_info.load, seed == other);
	ck_assert_int_eq(!strcmp(a_info.boot, b_info.boot), seed == other);
	while (!source_next(a, 0, &x) && !source_next(b, 0, &y) &&
	       x.kind == SOURCE_BATCH && y.kind == SOURCE_BATCH)
		same += x.size == y.size && !memcmp(x.data, y.data, x.size);
	source_close(a);
	source_close(b);
	return same;
}

START_TEST(same_seed_same_records)
{
	ck_assert_int_eq(same_batches(7, 7), 16);
	ck_assert_int_eq(same_batches(7, 8), 0);
	ck_assert_int_eq(same_batches(0, 1), 0);
}
END_TEST

static void make(struct rig *rig, uint64_t records)
{
	struct source *source;
	struct source_event event;

	rig_open(rig);
	source = open_source(records, 3, &rig->info);
	rig_attach(rig);
	while (!source_next(source, 0, &event) && event.kind == SOURCE_BATCH)
		ck_assert_int_eq(ingest_batch(&rig->ingest, &event.batch, event.data,
					      event.size),
				 0);
	rig_commit(rig);
	source_close(source);
}

/* In a database they are whole lives, of services and of what these start. */
START_TEST(makes_lives)
{
	static struct rig rig;

	make(&rig, 40000);
	rig_check("SELECT pid, incomplete FROM process WHERE parent_id IS NULL", "1|1");
	rig_check(
		"SELECT count(*) FROM process p JOIN process q ON q.process_id = p.parent_id"
		" WHERE q.pid = 1",
		"40");
	rig_check("SELECT count(*) <= 42 FROM process WHERE parent_id AND ended IS NULL",
		  "1");
	rig_check("SELECT count(*) FROM process WHERE ended <= started OR"
		  " parent_id AND exe IS NULL",
		  "0");
	rig_check(
		"SELECT count(*) FROM connection WHERE (client_id IS NULL AND server_id IS NULL)"
		" OR bytes_to_server = 0",
		"0");
	rig_check(
		"SELECT count(*) FROM file_access WHERE NOT executed AND (process_id IS NULL OR"
		" path IS NULL OR (writer_id IS NULL) = (bytes_written = 0 AND NOT sensitive))",
		"0");
	rig_check("SELECT count(*) FROM file_change"
		  " WHERE op = 'rename' AND path <> new_path || '.tmp'",
		  "0");
	rig_check(
		"SELECT group_concat(DISTINCT via) FROM (SELECT via FROM flow ORDER BY via)",
		"file,pipe,tcp,unix");
	rig_check("SELECT sum(received) FROM account", "40000");
	rig_close(&rig);
}
END_TEST

/* What the questions are about. */
START_TEST(makes_stories)
{
	static struct rig rig;

	make(&rig, 40000);
	rig_check(
		"SELECT count(DISTINCT session) > 1 FROM process WHERE exe = '/usr/bin/sudo'",
		"1");
	rig_check(
		"SELECT count(*) > 1 FROM container c JOIN process p USING (container_id)"
		" WHERE runtime = 'docker' AND parent_id NOT IN (SELECT process_id FROM process"
		" WHERE container_id = c.container_id)",
		"1");
	rig_check(
		"SELECT count(*) > 1 FROM file_access WHERE sensitive AND path = '/etc/shadow'",
		"1");
	rig_check("SELECT count(*) > 1 FROM connection WHERE scope = 'public'", "1");
	rig_check(
		"SELECT count(*) > 1 FROM connection WHERE server_port = 6379 AND server_id"
		" AND client_container_id <> server_container_id",
		"1");
	rig_check(
		"SELECT count(*) > 1 FROM execution WHERE script = '/usr/local/bin/hourly'",
		"1");
	rig_check("SELECT count(*) >= 1 FROM credential WHERE unexplained", "1");
	rig_check("SELECT count(*) >= 1 FROM file_access WHERE path GLOB '/etc/cron.d/*'",
		  "1");
	rig_check(
		"SELECT count(*) >= 1 FROM execution e JOIN file_access a USING (file_id)"
		" WHERE e.exe GLOB '/tmp/tool*' AND a.writes",
		"1");
	rig_close(&rig);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("source_synthetic");

	unit_add_rows(suite, gives_so_many, UNIT_COUNT(counts));
	unit_add(suite, same_seed_same_records);
	unit_add(suite, makes_lives);
	unit_add(suite, makes_stories);
	return unit_run(suite);
}
