// SPDX-License-Identifier: GPL-2.0-only
/* Recordings: what was written comes back; what is cut or broken does no harm. */
#include "recording.h"

#include "rig.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

static struct forge forge;

static const char *path(void)
{
	return unit_path("recording");
}

static const struct stream_info info = {
	.boot = "11111111-1111-4111-8111-111111111111",
	.version = "1.2.3",
	.load = UINT64_C(0xfedcba9876543210),
	.loaded_ns = 5,
	.boot_ns = 100,
	.real_ns = RIG_BOOT + 100,
	.rings = 4,
};

static const struct kith_position positions[] = { { 0, 0, 2 }, { 3, 0, 9 } };

static const struct ingest_count counts[] = { { 1, 2, 3, 4, 5 }, { 6, 7, 8, 9, 10 } };

enum { WRITTEN = 5 };

/* One event of each kind that is written. */
static void write_all(struct recording *recording)
{
	struct source_event event = { .kind = SOURCE_STREAM, .info = info };

	ck_assert_int_eq(recording_write(recording, &event), 0);
	forge.now = 1000;
	forge_process(&forge, 42, 0, "/bin/sh");
	event = (struct source_event){ .kind = SOURCE_DUMP, .data = forge.data,
				       .size = forge.used };
	ck_assert_int_eq(recording_write(recording, &event), 0);
	event = (struct source_event){ .kind = SOURCE_COUNTED, .data = counts,
				       .size = sizeof(counts) };
	ck_assert_int_eq(recording_write(recording, &event), 0);
	event = (struct source_event){ .kind = SOURCE_CAUGHT, .data = positions,
				       .size = sizeof(positions) };
	ck_assert_int_eq(recording_write(recording, &event), 0);
	forge_clear(&forge);
	forge_fork(&forge, 42, forge_key(2000, 43));
	forge_exit(&forge, 42, 0);
	event = (struct source_event){ .kind = SOURCE_BATCH, .data = forge.data,
				       .size = forge.used,
				       .batch = { 1, 3000, 4000, 2, (uint32_t)forge.used } };
	ck_assert_int_eq(recording_write(recording, &event), 0);
	event = (struct source_event){ .kind = SOURCE_IDLE };
	ck_assert_int_eq(recording_write(recording, &event), 0);
}

static void make_recording(void)
{
	struct recording *recording;

	ck_assert_int_eq(recording_create(&recording, path()), 0);
	write_all(recording);
	ck_assert_int_eq(recording_close(recording), 0);
}

static struct source *open_recording(void)
{
	struct source *source = NULL;

	ck_assert_int_eq(source_recording_open(&source, path()), 0);
	return source;
}

static struct source_event next(struct source *source, enum source_event_kind kind)
{
	struct source_event event;

	ck_assert_int_eq(source_next(source, 0, &event), 0);
	ck_assert_int_eq((int)event.kind, (int)kind);
	return event;
}

START_TEST(comes_back)
{
	struct source *source;
	struct source_event event;

	make_recording();
	source = open_recording();
	event = next(source, SOURCE_STREAM);
	ck_assert_str_eq(event.info.boot, info.boot);
	ck_assert_str_eq(event.info.version, info.version);
	ck_assert_uint_eq(event.info.load, info.load);
	ck_assert_uint_eq(event.info.loaded_ns, 5);
	ck_assert_int_eq(event.info.boot_ns, 100);
	ck_assert_int_eq(event.info.real_ns, RIG_BOOT + 100);
	ck_assert_uint_eq(event.info.rings, 4);
	ck_assert_int_eq(source_start(source, NULL, 0), 0);
	event = next(source, SOURCE_DUMP);
	ck_assert_uint_eq(((const struct kith_record *)event.data)->process, 42);
	event = next(source, SOURCE_COUNTED);
	ck_assert_uint_eq(event.size, sizeof(counts));
	ck_assert_mem_eq(event.data, counts, sizeof(counts));
	event = next(source, SOURCE_CAUGHT);
	ck_assert_uint_eq(event.size, sizeof(positions));
	ck_assert_mem_eq(event.data, positions, sizeof(positions));
	event = next(source, SOURCE_BATCH);
	ck_assert_uint_eq(event.batch.number, 1);
	ck_assert_uint_eq(event.batch.boot_ns, 3000);
	ck_assert_uint_eq(event.batch.real_ns, 4000);
	ck_assert_uint_eq(event.batch.records, 2);
	ck_assert_uint_eq(event.size, forge.used);
	ck_assert_mem_eq(event.data, forge.data, forge.used);
	ck_assert_uint_eq((uintptr_t)event.data % 8, 0);
	next(source, SOURCE_END);
	next(source, SOURCE_END);
	source_close(source);
}
END_TEST

static char *read_file(size_t *size)
{
	FILE *file = fopen(path(), "r");
	char *data = malloc(1 << 16);

	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(data);
	*size = fread(data, 1, 1 << 16, file);
	fclose(file);
	return data;
}

static void write_file(const char *data, size_t size)
{
	FILE *file = fopen(path(), "w");

	ck_assert_ptr_nonnull(file);
	if (size)
		ck_assert_uint_eq(fwrite(data, size, 1, file), 1);
	fclose(file);
}

/* Read to the end or the first error; count the events. */
static int read_all(struct source *source, int *count)
{
	struct source_event event;
	int ret;

	for (*count = 0;; ++*count) {
		ret = source_next(source, 0, &event);
		if (ret || event.kind == SOURCE_END)
			return ret;
	}
}

/* The ends of the magic and of each chunk. */
static size_t find_ends(const char *data, size_t size, size_t *ends)
{
	struct recording_chunk chunk;
	size_t at = 8, count = 0;

	for (; at < size; at += sizeof(chunk) + ((chunk.size + 7) & ~7u)) {
		ends[count++] = at;
		memcpy(&chunk, data + at, sizeof(chunk));
	}
	ends[count] = at;
	ck_assert_uint_eq(at, size);
	return count;
}

/* What is whole before the cut is good. */
START_TEST(cut_anywhere)
{
	size_t size, cut, whole, ends[16];
	struct source *source;
	char *data;
	int count;

	make_recording();
	data = read_file(&size);
	ck_assert_uint_eq(find_ends(data, size, ends), WRITTEN);
	unit_capture_stderr();
	for (cut = 0; cut <= size; cut++) {
		write_file(data, cut);
		if (cut < 8) {
			ck_assert_int_eq(source_recording_open(&source, path()), -EBADMSG);
			continue;
		}
		source = open_recording();
		for (whole = 0; whole < WRITTEN && ends[whole + 1] <= cut;)
			whole++;
		ck_assert_int_eq(read_all(source, &count), ends[whole] == cut ? 0 : -ENODATA);
		ck_assert_int_eq(count, (int)whole);
		source_close(source);
	}
	free(unit_stderr());
	free(data);
}
END_TEST

START_TEST(a_cut_is_told)
{
	struct source *source;
	size_t size, ends[16] = { 0 };
	char *data, want[128];
	int count;

	make_recording();
	data = read_file(&size);
	find_ends(data, size, ends);
	write_file(data, size - 20);
	source = open_recording();
	unit_capture_stderr();
	ck_assert_int_eq(read_all(source, &count), -ENODATA);
	free(data);
	data = unit_stderr();
	snprintf(want, sizeof(want), "is not used from byte %zu on, the last %zu bytes of it",
		 ends[WRITTEN - 1], size - 20 - ends[WRITTEN - 1]);
	ck_assert_msg(strstr(data, want) != NULL, "%s", data);
	free(data);
	source_close(source);
}
END_TEST

/* Positions in the file: the magic, then the chunk of STREAM and its fields. */
enum {
	KIND = 8,
	SIZE = 12,
	STREAM = 16,
	ABI = STREAM + offsetof(struct recording_stream, abi),
	RINGS = STREAM + offsetof(struct recording_stream, rings),
};

static const struct {
	size_t at;
	uint32_t value;
	int want;
} spoilt[] = {
	{ KIND, SOURCE_IDLE, -EBADMSG },
	{ KIND, SOURCE_END, -EBADMSG },
	{ KIND, 77, -EBADMSG },
	{ KIND, UINT32_MAX, -EBADMSG },
	{ SIZE, 0, -EBADMSG },
	{ SIZE, 8, -EBADMSG },
	{ SIZE, sizeof(struct recording_stream) - 1, -EBADMSG },
	{ SIZE, RECORDING_CHUNK_MAX + 1, -EBADMSG },
	{ SIZE, UINT32_MAX, -EBADMSG },
	{ ABI, 0, -EPROTO },
	{ ABI, KITH_ABI_VERSION + 1, -EPROTO },
	{ RINGS, 0, -EBADMSG },
	{ RINGS, 0x10000, -EBADMSG },
	{ RINGS, UINT32_MAX, -EBADMSG },
	/* the first chunk is a dump, positions or a batch of no stream */
	{ KIND, SOURCE_DUMP, -EBADMSG },
	{ KIND, SOURCE_CAUGHT, -EBADMSG },
	{ KIND, SOURCE_BATCH, -EBADMSG },
};

START_TEST(broken_chunks)
{
	struct source *source;
	size_t size;
	char *data;
	int count;

	make_recording();
	data = read_file(&size);
	memcpy(data + spoilt[_i].at, &spoilt[_i].value, sizeof(spoilt[_i].value));
	write_file(data, size);
	source = open_recording();
	unit_capture_stderr();
	ck_assert_int_eq(read_all(source, &count), spoilt[_i].want);
	free(unit_stderr());
	ck_assert_int_eq(count, 0);
	source_close(source);
	free(data);
}
END_TEST

START_TEST(names_that_do_not_end)
{
	struct source_event event;
	struct source *source;
	size_t size;
	char *data;

	make_recording();
	data = read_file(&size);
	memset(data + STREAM, 'x', offsetof(struct recording_stream, load));
	write_file(data, size);
	source = open_recording();
	event = next(source, SOURCE_STREAM);
	ck_assert_uint_eq(strlen(event.info.boot), sizeof(event.info.boot) - 1);
	ck_assert_uint_eq(strlen(event.info.version), sizeof(event.info.version) - 1);
	source_close(source);
	free(data);
}
END_TEST

START_TEST(a_batch_without_its_head)
{
	struct recording *recording;
	const struct recording_chunk chunk = { SOURCE_BATCH, 16 };
	struct source_event event = { .kind = SOURCE_STREAM, .info = info };
	struct source *source;
	FILE *file;
	int count;

	ck_assert_int_eq(recording_create(&recording, path()), 0);
	ck_assert_int_eq(recording_write(recording, &event), 0);
	ck_assert_int_eq(recording_close(recording), 0);
	file = fopen(path(), "a");
	ck_assert_ptr_nonnull(file);
	fwrite(&chunk, sizeof(chunk), 1, file);
	fwrite("0123456789abcdef", 16, 1, file);
	fclose(file);
	source = open_recording();
	unit_capture_stderr();
	ck_assert_int_eq(read_all(source, &count), -EBADMSG);
	free(unit_stderr());
	ck_assert_int_eq(count, 1);
	source_close(source);
}
END_TEST

START_TEST(no_recording)
{
	struct source *source;

	ck_assert_int_eq(source_recording_open(&source, path()), -ENOENT);
	write_file("KITHREC2 and more", 17);
	ck_assert_int_eq(source_recording_open(&source, path()), -EBADMSG);
	ck_assert_int_eq(source_recording_open(&source, unit_path("")), -EISDIR);
}
END_TEST

START_TEST(overwrites_nothing)
{
	struct recording *recording;
	size_t size;
	char *data;

	write_file("precious", 8);
	ck_assert_int_eq(recording_create(&recording, path()), -EEXIST);
	data = read_file(&size);
	ck_assert_uint_eq(size, 8);
	ck_assert_mem_eq(data, "precious", 8);
	free(data);
	ck_assert_int_eq(recording_create(&recording, unit_path("nowhere/x")), -ENOENT);
	ck_assert_int_eq(recording_close(NULL), 0);
}
END_TEST

/* The first error stays: what is written later would come after a hole. */
START_TEST(a_full_disk)
{
	struct recording *recording;
	struct rlimit limit, old;
	struct source_event event = { .kind = SOURCE_BATCH };
	char data[8000] = "", *said;
	struct source *source;
	int i, count, ret = 0;

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
	limit = old;
	limit.rlim_cur = 10000;
	ck_assert_int_eq(recording_create(&recording, path()), 0);
	write_all(recording);
	event.data = data;
	event.size = sizeof(data);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (i = 0; i < 10 && !ret; i++)
		ret = recording_write(recording, &event);
	ck_assert_int_eq(ret, -EFBIG);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
	errno = 0;
	ck_assert_int_eq(recording_write(recording, &event), -EFBIG);
	ck_assert_int_eq(recording_close(recording), -EFBIG);
	/* what was written is whole: nothing of it ends in the middle */
	source = open_recording();
	unit_capture_stderr();
	ck_assert_int_eq(read_all(source, &count), 0);
	said = unit_stderr();
	ck_assert_str_eq(said, "");
	ck_assert_int_eq(count, WRITTEN + i - 1);
	free(said);
	source_close(source);
}
END_TEST

/* Replayed, it gives what the stream gave. */
START_TEST(into_a_database)
{
	struct source_event event;
	struct source *source;
	struct store *store;
	struct ingest ingest;

	make_recording();
	source = open_recording();
	ck_assert_int_eq(store_open(&store, unit_path("kith.db")), 0);
	ck_assert_int_eq(ingest_open(&ingest, store), 0);
	event = next(source, SOURCE_STREAM);
	ck_assert_int_eq(ingest_attach(&ingest, &event.info), 0);
	event = next(source, SOURCE_DUMP);
	ck_assert_int_eq(ingest_dump(&ingest, event.data, event.size), 0);
	event = next(source, SOURCE_COUNTED);
	ck_assert_int_eq(ingest_counted(&ingest, event.data,
					event.size / sizeof(struct ingest_count)),
			 0);
	event = next(source, SOURCE_CAUGHT);
	ck_assert_int_eq(ingest_caught(&ingest, event.data,
				       event.size / sizeof(struct kith_position)),
			 0);
	event = next(source, SOURCE_BATCH);
	ck_assert_int_eq(ingest_batch(&ingest, &event.batch, event.data, event.size), 0);
	ck_assert_int_eq(ingest_commit(&ingest), 0);
	rig_check("SELECT pid, exe, exit_code FROM process ORDER BY pid",
		  "42|/bin/sh|0\n43|/bin/sh|-");
	ingest_close(&ingest);
	store_close(store);
	source_close(source);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("recording");

	unit_add(suite, comes_back);
	unit_add(suite, cut_anywhere);
	unit_add(suite, a_cut_is_told);
	unit_add_rows(suite, broken_chunks, UNIT_COUNT(spoilt));
	unit_add(suite, names_that_do_not_end);
	unit_add(suite, a_batch_without_its_head);
	unit_add(suite, no_recording);
	unit_add(suite, overwrites_nothing);
	unit_add(suite, a_full_disk);
	unit_add(suite, into_a_database);
	return unit_run(suite);
}
