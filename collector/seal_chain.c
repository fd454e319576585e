// SPDX-License-Identifier: GPL-2.0-only
/* The chain of seals. */
#include "seal_chain.h"

#include "seal_row.h"
#include "segment.h"

#include <string.h>

/* All rows of @sql, of which ?1 is @segment and ?2 @name, if it has it. */
static int put_rows(sqlite3 *db, struct seal_bytes *bytes, const char *sql,
		    int64_t segment, const char *name)
{
	sqlite3_stmt *rows;
	int code = sqlite3_prepare_v2(db, sql, -1, &rows, NULL);

	if (code != SQLITE_OK)
		return code;
	sqlite3_bind_int64(rows, 1, segment);
	if (name)
		sqlite3_bind_text(rows, 2, name, -1, SQLITE_STATIC);
	while ((code = sqlite3_step(rows)) == SQLITE_ROW)
		seal_put_all(bytes, rows);
	sqlite3_finalize(rows);
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

int seal_chain_next(sqlite3 *db, struct sha256 *sha256, int64_t segment,
		    const unsigned char before[SHA256_SIZE],
		    unsigned char digest[SHA256_SIZE])
{
	struct seal_bytes bytes = { .sha256 = sha256 };
	const struct segment_table *table;
	int code;

	seal_put(&bytes, before, SHA256_SIZE);
	code = put_rows(db, &bytes,
			"SELECT id, closed, strings FROM main.segments WHERE id = ?1",
			segment, NULL);
	for (table = segment_tables; table->name && code == SQLITE_OK; table++)
		code = put_rows(
			db, &bytes,
			"SELECT name, first_id, last_id, rows, first, last, digest"
			" FROM main.segment_tables WHERE name = ?2 AND segment = ?1",
			segment, table->name);
	if (code == SQLITE_OK)
		code = put_rows(
			db, &bytes,
			"SELECT name, id, digest FROM main.late_rows WHERE segment = ?1"
			" ORDER BY name, id",
			segment, NULL);
	return seal_end(&bytes, digest) ? SQLITE_NOMEM : code;
}

int seal_chain_head(sqlite3 *db, int64_t *segment, unsigned char seal[SHA256_SIZE])
{
	sqlite3_stmt *head;
	int code = sqlite3_prepare_v2(
		db,
		"SELECT id, seal FROM main.segments WHERE seal IS NOT NULL"
		" ORDER BY id DESC LIMIT 1",
		-1, &head, NULL);

	*segment = 0;
	memset(seal, 0, SHA256_SIZE);
	if (code != SQLITE_OK)
		return code;
	code = sqlite3_step(head);
	if (code == SQLITE_ROW && sqlite3_column_bytes(head, 1) == SHA256_SIZE) {
		*segment = sqlite3_column_int64(head, 0);
		memcpy(seal, sqlite3_column_blob(head, 1), SHA256_SIZE);
	}
	sqlite3_finalize(head);
	return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}
