// SPDX-License-Identifier: GPL-2.0-only
/* A database, an ingest into it, and a forge. */
#include "rig.h"

#include "seal.h"
#include "uses.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char name[] = "kith.db";

static void open_store(struct rig *rig)
{
	int ret = store_open(&rig->store, unit_path(name));

	ck_assert_msg(!ret, "store_open: %d, %s", ret, store_error(rig->store));
	ck_assert_int_eq(ingest_open(&rig->ingest, rig->store), 0);
}

void rig_open(struct rig *rig)
{
	memset(rig, 0, sizeof(*rig));
	rig->forge.now = RIG_NOW;
	rig->offset = RIG_BOOT;
	rig->info = (struct stream_info){
		.boot = "11111111-1111-4111-8111-111111111111",
		.version = "test",
		.load = 77,
		.loaded_ns = RIG_AT(10),
		.boot_ns = (int64_t)RIG_NOW,
		.real_ns = RIG_BOOT + (int64_t)RIG_NOW,
		.rings = FORGE_RINGS,
	};
	open_store(rig);
	rig_attach(rig);
}

void rig_close(struct rig *rig)
{
	ingest_close(&rig->ingest);
	store_close(rig->store);
}

void rig_attach(struct rig *rig)
{
	ck_assert_int_eq(ingest_attach(&rig->ingest, &rig->info), 0);
}

void rig_restart(struct rig *rig)
{
	rig_close(rig);
	open_store(rig);
	rig_attach(rig);
}

/* From a copy that is gone afterwards: nothing may be kept of it. */
static int feed(struct rig *rig)
{
	char *copy = unit_exact(rig->forge.data, rig->forge.used);
	struct kith_batch batch = {
		.number = ++rig->number,
		.boot_ns = rig->forge.now,
		.real_ns = (uint64_t)((int64_t)rig->forge.now + rig->offset),
		.bytes = (uint32_t)rig->forge.used,
	};
	int ret = ingest_batch(&rig->ingest, &batch, copy, rig->forge.used);

	free(copy);
	return ret;
}

void rig_feed(struct rig *rig)
{
	ck_assert_int_eq(feed(rig), 0);
	forge_clear(&rig->forge);
}

int rig_try(struct rig *rig)
{
	int ret = feed(rig);

	return ret ? ret : ingest_commit(&rig->ingest);
}

void rig_dump(struct rig *rig)
{
	char *copy = unit_exact(rig->forge.data, rig->forge.used);

	ck_assert_int_eq(ingest_dump(&rig->ingest, copy, rig->forge.used), 0);
	free(copy);
	forge_clear(&rig->forge);
}

void rig_caught(struct rig *rig, uint32_t seq)
{
	const struct kith_position position = { .ring = 0, .seq = seq };

	ck_assert_int_eq(ingest_caught(&rig->ingest, &position, 1), 0);
}

void rig_reload(struct rig *rig, uint64_t load)
{
	rig->info.load = load;
	rig->info.loaded_ns = rig->forge.now;
	rig->info.boot_ns = (int64_t)rig->forge.now;
	rig->info.real_ns = (int64_t)rig->forge.now + rig->offset;
	memset(rig->forge.seqs, 0, sizeof(rig->forge.seqs));
}

void rig_reboot(struct rig *rig, char boot)
{
	memset(rig->info.boot, boot, 8);
	rig_reload(rig, rig->info.load + 1);
}

void rig_commit(struct rig *rig)
{
	ck_assert_int_eq(ingest_commit(&rig->ingest), 0);
}

static void rig_index(struct rig *rig)
{
	struct uses *uses = uses_new(rig->store);
	int ret;

	ck_assert_ptr_nonnull(uses);
	do
		ret = uses_step(uses);
	while (ret > 0);
	ck_assert_int_eq(ret, 0);
	uses_free(uses);
}

void rig_seal(struct rig *rig)
{
	const int64_t now = rig->offset + (int64_t)rig->forge.now;
	struct seal *seal = seal_new(rig->store, false);
	int ret;

	ck_assert_ptr_nonnull(seal);
	ck_assert_int_eq(ingest_close_segment(&rig->ingest, now), 0);
	do
		ret = seal_step(seal, now, true);
	while (ret > 0);
	ck_assert_int_eq(ret, 0);
	seal_free(seal);
	rig_index(rig);
}

void rig_dumped(struct rig *rig)
{
	rig_dump(rig);
	rig_caught(rig, 0);
	rig_commit(rig);
}

static void since_now(sqlite3_context *result, int argc, sqlite3_value **argv)
{
	(void)argc;
	if (sqlite3_value_type(*argv) != SQLITE_NULL)
		sqlite3_result_int64(result, sqlite3_value_int64(*argv) - RIG_BOOT -
						     (int64_t)RIG_NOW);
}

static void print_row(sqlite3_stmt *statement, FILE *stream)
{
	int i, columns = sqlite3_column_count(statement);

	for (i = 0; i < columns; i++) {
		const unsigned char *text = sqlite3_column_text(statement, i);

		fprintf(stream, "%s%s", i ? "|" : "", text ? (const char *)text : "-");
	}
}

/* The rows of @sql as text, which the caller frees. */
static char *query(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement;
	size_t size;
	char *text;
	FILE *stream = open_memstream(&text, &size);
	const char *between = "";
	int code;

	ck_assert_ptr_nonnull(stream);
	code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
	ck_assert_msg(code == SQLITE_OK, "%s: %s", sqlite3_errmsg(db), sql);
	while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
		fputs(between, stream);
		print_row(statement, stream);
		between = "\n";
	}
	ck_assert_msg(code == SQLITE_DONE, "%s: %s", sqlite3_errmsg(db), sql);
	sqlite3_finalize(statement);
	fclose(stream);
	return text;
}

char *rig_rows(const char *sql)
{
	sqlite3 *db;
	char *rows;

	ck_assert_int_eq(sqlite3_open_v2(unit_path(name), &db, SQLITE_OPEN_READONLY, NULL),
			 SQLITE_OK);
	sqlite3_create_function(db, "t", 1, SQLITE_UTF8, NULL, since_now, NULL, NULL);
	rows = query(db, sql);
	sqlite3_close(db);
	return rows;
}

void rig_write(const char *sql)
{
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(unit_path(name), &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

void rig_damage(const char *table)
{
	char sql[128], *page;
	char spoilt[4096];
	FILE *file;

	snprintf(sql, sizeof(sql), "SELECT rootpage FROM sqlite_schema WHERE name = '%s'", table);
	page = rig_rows(sql);
	memset(spoilt, 0xff, sizeof(spoilt));
	remove(unit_path("kith.db-wal"));
	file = fopen(unit_path(name), "r+");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fseek(file, (strtol(page, NULL, 10) - 1) * 4096, SEEK_SET), 0);
	ck_assert_uint_eq(fwrite(spoilt, sizeof(spoilt), 1, file), 1);
	fclose(file);
	free(page);
}

void rig_check(const char *sql, const char *want)
{
	char *have = rig_rows(sql);

	ck_assert_msg(!strcmp(have, want), "%s\nwant:\n%s\nhave:\n%s", sql, want, have);
	free(have);
}

void rig_expect(struct rig *rig, const char *sql, const char *want)
{
	rig_feed(rig);
	rig_commit(rig);
	rig_check(sql, want);
}

/* One row if @view does not have each row of @table, and once. */
#define NOT_SAME(view, key, view_id, table, column, only)                               \
	"SELECT '" view "' WHERE EXISTS (SELECT " column ", id FROM " table " WHERE"   \
	" " column " IS NOT NULL" only " EXCEPT SELECT " key ", " view_id " FROM " view \
	") OR (SELECT count(*) FROM " view " WHERE " key " IS NOT NULL AND " view_id    \
	" IS NOT NULL) <> (SELECT count(*) FROM " table " WHERE " column                \
	" IS NOT NULL" only ")"
#define DANGLING(kinds, table)                                                      \
	"SELECT kind || ' of none' FROM uses WHERE kind IN " kinds " AND id NOT IN" \
	" (SELECT id FROM " table ")"

void rig_check_uses(void)
{
	rig_check(NOT_SAME("route_use", "route_id", "connection_id", "connections",
			   "route", "") " UNION ALL "
		  NOT_SAME("client_use", "client_id", "connection_id", "connections",
			   "client", "") " UNION ALL "
		  NOT_SAME("server_use", "server_id", "connection_id", "connections",
			   "server", "") " UNION ALL "
		  NOT_SAME("access_by", "process_id", "access_id", "accesses",
			   "process", "") " UNION ALL "
		  NOT_SAME("path_use", "path_id", "access_id", "accesses", "path",
			   "") " UNION ALL "
		  NOT_SAME("file_use", "file_id", "access_id", "accesses", "file",
			   "") " UNION ALL "
		  NOT_SAME("change_by", "process_id", "change_id", "changes", "process",
			   "") " UNION ALL "
		  DANGLING("(1, 10, 11)", "connections") " UNION ALL "
		  DANGLING("(2, 3, 8)", "accesses") " UNION ALL "
		  DANGLING("(4, 5, 6, 7, 9)", "changes"), "");
}
