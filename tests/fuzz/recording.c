// SPDX-License-Identifier: GPL-2.0-only
/*
 * A recording, ingested as kithd --replay does. Whatever is in it, no row is
 * refused, the database is whole, and neither commits nor a second reading after
 * a restart change what the views show of the first.
 */
#include "ingest.h"
#include "source.h"
#include "statement.h"

#include "fuzz.h"

#include <errno.h>
#include <string.h>

static const char *const views[] = {
	"SELECT * FROM boot",
	"SELECT * FROM process ORDER BY process_id",
	"SELECT * FROM execution ORDER BY execution_id",
	"SELECT * FROM credential",
	"SELECT * FROM container",
	"SELECT * FROM cgroup_move",
	"SELECT * FROM connection",
	"SELECT * FROM connection_use",
	"SELECT * FROM listener",
	"SELECT * FROM pipe",
	"SELECT * FROM pipe_use",
	"SELECT * FROM socket_made",
	"SELECT * FROM control",
	"SELECT * FROM file_access",
	"SELECT * FROM folded_read",
	"SELECT * FROM file_change",
	"SELECT * FROM flow",
	"SELECT * FROM sensor",
	"SELECT * FROM loss",
	"SELECT * FROM account",
};

static int handle(struct ingest *ingest, const struct source_event *event)
{
	switch (event->kind) {
	case SOURCE_STREAM:
		return ingest_attach(ingest, &event->info);
	case SOURCE_DUMP:
		return ingest_dump(ingest, event->data, event->size);
	case SOURCE_CAUGHT:
		return ingest_caught(ingest, event->data,
				     event->size / sizeof(struct kith_position));
	default:
		return ingest_batch(ingest, &event->batch, event->data, event->size);
	}
}

static bool is_readable(int ret)
{
	return !ret || ret == -EBADMSG || ret == -ENODATA || ret == -EPROTO;
}

/* Ingest all that can be read; with a commit after each event if @often. */
static void replay(struct store *store, const char *path, bool often)
{
	struct source_event event = { .kind = SOURCE_IDLE };
	struct ingest ingest;
	struct source *source;
	int ret = source_recording_open(&source, path);

	FUZZ_CHECK(is_readable(ret));
	if (ret)
		return;
	FUZZ_CHECK(!ingest_open(&ingest, store));
	while (!(ret = source_next(source, 0, &event)) && event.kind != SOURCE_END) {
		if (event.kind == SOURCE_STREAM && event.info.rings > 512)
			break; /* zeroing arrays is not what takes practice */
		FUZZ_CHECK(!handle(&ingest, &event));
		FUZZ_CHECK(!often || !ingest_commit(&ingest));
	}
	FUZZ_CHECK(is_readable(ret));
	FUZZ_CHECK(!ingest_commit(&ingest));
	ingest_close(&ingest);
	source_close(source);
}

static void print_row(sqlite3_stmt *statement, FILE *stream)
{
	int i;

	for (i = 0; i < sqlite3_column_count(statement); i++) {
		const void *text = sqlite3_column_blob(statement, i);
		size_t size = (size_t)sqlite3_column_bytes(statement, i);

		fputc('|', stream);
		if (text)
			fwrite(text, 1, size, stream);
	}
	fputc('\n', stream);
}

static void print_rows(sqlite3 *db, const char *sql, FILE *stream)
{
	sqlite3_stmt *statement;

	FUZZ_CHECK(sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW)
		print_row(statement, stream);
	FUZZ_CHECK(sqlite3_finalize(statement) == SQLITE_OK);
}

/* What the views show; the caller frees it. */
static char *show(const struct store *store)
{
	char *text;
	size_t size, i;
	FILE *stream = open_memstream(&text, &size);

	FUZZ_CHECK(stream);
	for (i = 0; i < sizeof(views) / sizeof(*views); i++)
		print_rows(store->db, views[i], stream);
	print_rows(store->db, "PRAGMA integrity_check", stream);
	FUZZ_CHECK(!fclose(stream));
	FUZZ_CHECK(size >= 4 && !memcmp(text + size - 4, "|ok\n", 4));
	return text;
}

/* To make a database takes longer than to fill it: make it empty instead. */
static struct store *empty_store(struct store **store)
{
	sqlite3_stmt *tables;
	char sql[128];

	if (!*store) {
		FUZZ_CHECK(!store_open(store, ":memory:"));
		/* ids of files are others in each database */
		FUZZ_CHECK(sqlite3_exec((*store)->db,
					"UPDATE meta SET value = 7 WHERE name = 'file_seed'",
					NULL, NULL, NULL) == SQLITE_OK);
		return *store;
	}
	FUZZ_CHECK(sqlite3_prepare_v2((*store)->db,
				      "SELECT name, CASE name WHEN 'meta' THEN"
				      " 'name NOT IN (''views'', ''file_seed'')' ELSE 1 END"
				      " FROM sqlite_schema WHERE type = 'table'"
				      " AND name NOT IN ('protocols', 'ordinals', 'file_kinds')",
				      -1, &tables, NULL) == SQLITE_OK);
	while (sqlite3_step(tables) == SQLITE_ROW) {
		snprintf(sql, sizeof(sql), "DELETE FROM %s WHERE %s",
			 sqlite3_column_text(tables, 0), sqlite3_column_text(tables, 1));
		FUZZ_CHECK(sqlite3_exec((*store)->db, sql, NULL, NULL, NULL) == SQLITE_OK);
	}
	FUZZ_CHECK(sqlite3_finalize(tables) == SQLITE_OK);
	return *store;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct store *stores[2];
	struct store *once = empty_store(&stores[0]), *often = empty_store(&stores[1]);
	const char *path = fuzz_file(data, size);
	char *of_once, *of_often;

	replay(once, path, false);
	replay(often, path, true);
	of_once = show(once);
	of_often = show(often);
	FUZZ_CHECK(!strcmp(of_once, of_often));
	replay(once, path, false);
	free(show(once));
	free(of_often);
	free(of_once);
	return 0;
}
