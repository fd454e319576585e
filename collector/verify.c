// SPDX-License-Identifier: GPL-2.0-only
/* Is the database as kithd has sealed it? */
#include "verify.h"

#include "seal_chain.h"
#include "seal_table.h"

#include <stdio.h>
#include <string.h>

/* What is walked through at a time: a statement with its table, for one segment. */
struct part {
	const struct segment_table *table;
	int64_t segment;
	int64_t first_id;
	int64_t last_id;
	int64_t rows;  /* as they were counted */
	int64_t event; /* that dropped them; 0: they are there */
	bool digested;
	unsigned char digest[SHA256_SIZE];
};

/* Where each table's ids have come to. */
struct walk {
	struct verify *verify;
	int64_t segment;
	bool sealed;
	bool linked;	/* the segment before is at hand */
	bool displaced; /* that was told of this one */
	unsigned char before[SHA256_SIZE];
	unsigned char seal[SHA256_SIZE];
	int64_t last_ids[SEGMENT_TABLES];
};

void verify_tell(struct verify *verify, const struct verify_fault *fault)
{
	verify->result.faults++;
	verify->fault(verify->context, fault);
}

static void tell(struct verify *verify, const char *kind, int64_t segment,
		 const char *table, int64_t row, const char *text)
{
	const struct verify_fault fault = { kind, segment, table, row, text };

	verify_tell(verify, &fault);
}

static int prepare(struct verify *verify, sqlite3_stmt **statement, const char *sql)
{
	return sqlite3_prepare_v2(verify->db, sql, -1, statement, NULL);
}

/* What @sql gives, of which ?1 is @name, ?2 and ?3 the rest. */
static int ask(struct verify *verify, int64_t *value, const char *sql, const char *name,
	       int64_t from, int64_t to)
{
	sqlite3_stmt *statement;
	int code = prepare(verify, &statement, sql);

	*value = 0;
	if (code != SQLITE_OK)
		return code;
	sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	if (sqlite3_bind_parameter_count(statement) > 1)
		sqlite3_bind_int64(statement, 2, from);
	if (sqlite3_bind_parameter_count(statement) > 2)
		sqlite3_bind_int64(statement, 3, to);
	code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		*value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

static bool take_digest(sqlite3_stmt *statement, int column,
			unsigned char digest[SHA256_SIZE])
{
	if (sqlite3_column_bytes(statement, column) != SHA256_SIZE)
		return false;
	memcpy(digest, sqlite3_column_blob(statement, column), SHA256_SIZE);
	return true;
}

/* Ids of the rows in the part that were late, in their order. */
static int open_late(struct verify *verify, const struct part *part, sqlite3_stmt **late)
{
	int code = prepare(verify, late,
			   "SELECT id FROM main.late_rows WHERE name = ?1"
			   " AND id BETWEEN ?2 AND ?3 ORDER BY id");

	if (code != SQLITE_OK)
		return code;
	sqlite3_bind_text(*late, 1, part->table->name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(*late, 2, part->first_id);
	sqlite3_bind_int64(*late, 3, part->last_id);
	return SQLITE_OK;
}

static int64_t next_late(sqlite3_stmt *late)
{
	return sqlite3_step(late) == SQLITE_ROW ? sqlite3_column_int64(late, 0)
						: INT64_MAX;
}

/* Rows on their way into a digest. */
struct hashed {
	struct seal_table *at;
	struct seal_bytes *bytes;
	sqlite3_stmt *late; /* ids of those that were, if any were */
	int64_t next;	    /* of them */
	int64_t rows;
};

static int hash_row(void *hashed_)
{
	struct hashed *hashed = hashed_;
	const int64_t id = seal_table_id(hashed->at);

	while (hashed->next < id)
		hashed->next = next_late(hashed->late);
	seal_table_put(hashed->at, hashed->bytes, hashed->next != id);
	hashed->rows++;
	return 0;
}

static int hash_rows(struct verify *verify, struct seal_table *at, sqlite3_stmt *late,
		     const struct part *part, int64_t *rows,
		     unsigned char digest[SHA256_SIZE])
{
	struct seal_bytes bytes = { .sha256 = verify->sha256 };
	struct hashed hashed = { .at = at,
				 .bytes = &bytes,
				 .late = late,
				 .next = next_late(late) };
	int code;

	(void)seal_table_walk(at, part->first_id, part->last_id, hash_row, &hashed, &code);
	*rows = hashed.rows;
	if (seal_end(&bytes, digest))
		return SQLITE_NOMEM;
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

static void compare_rows(struct verify *verify, const struct part *part, int64_t rows,
			 const unsigned char digest[SHA256_SIZE])
{
	char text[96];

	if (rows == part->rows && !memcmp(digest, part->digest, SHA256_SIZE))
		return;
	if (rows == part->rows)
		snprintf(text, sizeof(text), "rows are not as they were sealed");
	else
		snprintf(text, sizeof(text), "has %lld rows, and was sealed with %lld",
			 (long long)rows, (long long)part->rows);
	tell(verify,
	     rows < part->rows	 ? "removed"
	     : rows > part->rows ? "added"
				 : "changed",
	     part->segment, part->table->name, INT64_MIN, text);
}

/* Rows that are there. */
static int verify_rows(struct verify *verify, const struct part *part)
{
	unsigned char digest[SHA256_SIZE];
	struct seal_table at;
	sqlite3_stmt *late = NULL;
	int64_t rows = 0;
	int code = seal_table_open(&at, verify->db, part->table);

	if (code == SQLITE_OK)
		code = open_late(verify, part, &late);
	if (code == SQLITE_OK)
		code = hash_rows(verify, &at, late, part, &rows, digest);
	if (seal_table_is_damage(code) || !part->digested)
		tell(verify, "unreadable", part->segment, part->table->name, INT64_MIN,
		     code == SQLITE_OK ? "could not be read when it was sealed"
				       : seal_table_error(&at, verify->db));
	else if (code == SQLITE_OK)
		compare_rows(verify, part, rows, digest);
	sqlite3_finalize(late);
	seal_table_close(&at);
	return seal_table_is_damage(code) ? SQLITE_OK : code;
}

/* What stayed of rows that are dropped is sealed row by row. */
static int verify_dropped(struct verify *verify, const struct part *part)
{
	int64_t id;
	char sql[256];
	int code = verify_drop(verify, part->table->name, part->segment, part->event);

	verify->result.dropped += part->rows;
	if (part->event > verify->events)
		verify->result.taken_on_trust += part->rows;
	if (code != SQLITE_OK || part->event == verify->drop)
		return code;
	snprintf(sql, sizeof(sql),
		 "SELECT t.id FROM main.%s t WHERE t.id BETWEEN ?2 AND ?3"
		 " AND t.id <> (SELECT max(id) FROM main.%s)"
		 " AND NOT EXISTS (SELECT 1 FROM main.late_rows l WHERE l.name = ?1"
		 " AND l.id = t.id) LIMIT 1",
		 part->table->name, part->table->name);
	code = ask(verify, &id, sql, part->table->name, part->first_id, part->last_id);
	if (code == SQLITE_OK && id)
		tell(verify, "added", part->segment, part->table->name, id,
		     "was dropped, and is there");
	if (!seal_table_is_damage(code))
		return code;
	tell(verify, "unreadable", part->segment, part->table->name, INT64_MIN,
	     sqlite3_errmsg(verify->db));
	return SQLITE_OK;
}

static int verify_part(struct walk *walk, const struct part *part)
{
	struct verify *verify = walk->verify;
	int64_t *last = &walk->last_ids[part->table - segment_tables];

	if ((uint64_t)part->first_id != (uint64_t)*last + 1 && walk->linked &&
	    !walk->displaced) {
		tell(verify, "changed", part->segment, part->table->name, INT64_MIN,
		     "does not begin where the segment before has ended");
		walk->displaced = true;
	}
	*last = part->last_id;
	if (!walk->sealed)
		return SQLITE_OK;
	verify->result.rows += part->rows;
	return part->event ? verify_dropped(verify, part) : verify_rows(verify, part);
}

static int verify_tables(struct walk *walk)
{
	const struct segment_table *table;
	struct part part;
	sqlite3_stmt *statement;
	int code = prepare(walk->verify, &statement,
			   "SELECT first_id, last_id, rows, dropped, digest"
			   " FROM main.segment_tables WHERE name = ?1 AND segment = ?2");

	for (table = segment_tables; table->name && code == SQLITE_OK; table++) {
		sqlite3_bind_text(statement, 1, table->name, -1, SQLITE_STATIC);
		sqlite3_bind_int64(statement, 2, walk->segment);
		code = sqlite3_step(statement);
		if (code == SQLITE_ROW) {
			part = (struct part){ .table = table, .segment = walk->segment };
			part.first_id = sqlite3_column_int64(statement, 0);
			part.last_id = sqlite3_column_int64(statement, 1);
			part.rows = sqlite3_column_int64(statement, 2);
			part.event = sqlite3_column_int64(statement, 3);
			part.digested = take_digest(statement, 4, part.digest);
			code = verify_part(walk, &part);
		} else if (code == SQLITE_DONE) {
			code = SQLITE_OK;
		}
		sqlite3_reset(statement);
	}
	sqlite3_finalize(statement);
	return code;
}

/* Is the segment of row @id of @table dropped? */
static int is_dropped(struct verify *verify, const char *table, int64_t id,
		      int64_t *dropped)
{
	return ask(verify, dropped,
		   "SELECT dropped FROM main.segment_tables WHERE name = ?1"
		   " AND first_id <= ?2 AND last_id >= ?2",
		   table, id, 0);
}

/* One that was sealed by itself. */
static int verify_late_row(struct walk *walk, struct seal_table *at, int64_t id,
			   const unsigned char digest[SHA256_SIZE])
{
	struct seal_bytes bytes = { .sha256 = walk->verify->sha256 };
	struct hashed hashed = { .at = at, .bytes = &bytes, .next = INT64_MAX };
	unsigned char have[SHA256_SIZE];
	int64_t dropped;
	int code;

	(void)seal_table_walk(at, id, id, hash_row, &hashed, &code);
	walk->verify->result.late++;
	if (seal_end(&bytes, have))
		return SQLITE_NOMEM;
	if (code == SQLITE_DONE && !hashed.rows) {
		code = is_dropped(walk->verify, at->table->name, id, &dropped);
		if (code == SQLITE_OK && !dropped)
			tell(walk->verify, "removed", walk->segment, at->table->name, id,
			     "is gone");
		return code;
	}
	if (code != SQLITE_DONE)
		return code;
	if (memcmp(have, digest, SHA256_SIZE))
		tell(walk->verify, "changed", walk->segment, at->table->name, id,
		     "is not as it was sealed when it was over");
	return SQLITE_OK;
}

static int verify_late_of(struct walk *walk, const struct segment_table *table,
			  sqlite3_stmt *late)
{
	unsigned char digest[SHA256_SIZE];
	struct seal_table at;
	int code = seal_table_open(&at, walk->verify->db, table);

	/* That was told of, with the schema. */
	if (seal_table_is_damage(code)) {
		seal_table_close(&at);
		return SQLITE_OK;
	}
	sqlite3_bind_int64(late, 1, walk->segment);
	sqlite3_bind_text(late, 2, table->name, -1, SQLITE_STATIC);
	while (code == SQLITE_OK && (code = sqlite3_step(late)) == SQLITE_ROW) {
		if (!take_digest(late, 1, digest))
			memset(digest, 0, sizeof(digest));
		code = verify_late_row(walk, &at, sqlite3_column_int64(late, 0), digest);
		if (seal_table_is_damage(code)) {
			tell(walk->verify, "unreadable", walk->segment, table->name,
			     sqlite3_column_int64(late, 0),
			     sqlite3_errmsg(walk->verify->db));
			code = SQLITE_OK;
		}
	}
	sqlite3_reset(late);
	seal_table_close(&at);
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int verify_late(struct walk *walk)
{
	const struct segment_table *table;
	sqlite3_stmt *late;
	int code = prepare(walk->verify, &late,
			   "SELECT id, digest FROM main.late_rows WHERE segment = ?1"
			   " AND name = ?2 ORDER BY id");

	for (table = segment_tables; table->name && code == SQLITE_OK; table++)
		code = verify_late_of(walk, table, late);
	sqlite3_finalize(late);
	return code;
}

static int verify_link(struct walk *walk)
{
	struct verify *verify = walk->verify;
	unsigned char seal[SHA256_SIZE];
	int code = seal_chain_next(verify->db, verify->sha256, walk->segment,
				   walk->before, seal);

	if (code == SQLITE_OK && walk->linked && memcmp(seal, walk->seal, SHA256_SIZE))
		tell(verify, "changed", walk->segment, NULL, INT64_MIN,
		     "its seal does not follow from what it says and the seal before:"
		     " it was changed, or is not in its place");
	if (verify->head && !memcmp(walk->seal, verify->head, SHA256_SIZE))
		verify->head_found = true;
	memcpy(walk->before, walk->seal, SHA256_SIZE);
	memcpy(verify->result.head, walk->seal, SHA256_SIZE);
	walk->linked = true;
	return code;
}

static int verify_segment(struct walk *walk)
{
	int code = verify_tables(walk);

	if (code != SQLITE_OK || !walk->sealed)
		return code;
	walk->verify->result.sealed++;
	code = verify_link(walk);
	return code == SQLITE_OK ? verify_late(walk) : code;
}

static void miss_segments(struct walk *walk, int64_t next)
{
	char text[64];

	if (next == walk->segment + 1)
		return;
	snprintf(text, sizeof(text), "up to segment %lld: not there",
		 (long long)next - 1);
	tell(walk->verify, "removed", walk->segment + 1, NULL, INT64_MIN, text);
	walk->linked = false;
}

/* The next segment, in one view of the database. Return: SQLITE_ROW, SQLITE_DONE or so. */
static int take_segment(struct walk *walk, sqlite3_stmt *segments)
{
	struct verify_result *result = &walk->verify->result;
	const bool was_sealed = walk->sealed;
	int64_t id;
	int code;

	sqlite3_bind_int64(segments, 1, walk->segment);
	code = sqlite3_step(segments);
	if (code != SQLITE_ROW)
		return code;
	id = sqlite3_column_int64(segments, 0);
	miss_segments(walk, id);
	walk->segment = id;
	walk->displaced = false;
	walk->sealed = take_digest(segments, 2, walk->seal);
	if (walk->sealed && !was_sealed)
		tell(walk->verify, "removed", id, NULL, INT64_MIN,
		     "is sealed, and the one before is not");
	if (walk->sealed)
		result->closed = sqlite3_column_int64(segments, 1);
	result->segments++;
	code = verify_segment(walk);
	return code == SQLITE_OK ? SQLITE_ROW : code;
}

static int walk_all(struct walk *walk)
{
	struct verify *verify = walk->verify;
	sqlite3_stmt *segments;
	int code = prepare(verify, &segments,
			   "SELECT id, closed, seal FROM main.segments WHERE id > ?1"
			   " ORDER BY id LIMIT 1");

	if (code != SQLITE_OK)
		return code;
	do {
		sqlite3_exec(verify->db, "BEGIN", NULL, NULL, NULL);
		code = take_segment(walk, segments);
		sqlite3_reset(segments);
		sqlite3_exec(verify->db, "COMMIT", NULL, NULL, NULL);
	} while (code == SQLITE_ROW);
	sqlite3_finalize(segments);
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* Ids are from 1 on: what is before them is in no segment. */
static int find_before(struct verify *verify, const char *table)
{
	char sql[128];
	int64_t rows;
	int code;

	snprintf(sql, sizeof(sql),
		 "SELECT count(*) FROM main.%s WHERE ?1 <> '' AND id < 1", table);
	code = ask(verify, &rows, sql, table, 0, 0);
	if (code != SQLITE_OK || !rows)
		return code;
	snprintf(sql, sizeof(sql), "%lld rows are before those of the first segment",
		 (long long)rows);
	tell(verify, "added", 0, table, INT64_MIN, sql);
	return SQLITE_OK;
}

/* Rows behind the last segment, and those that go on. */
static int count_rest(struct walk *walk)
{
	struct verify_result *result = &walk->verify->result;
	const struct segment_table *table;
	int code = ask(walk->verify, &result->going_on,
		       "SELECT count(*) FROM main.late_rows WHERE segment IS NULL AND ?1",
		       "1", 0, 0);
	int64_t rows;
	char sql[96];

	for (table = segment_tables; table->name && code == SQLITE_OK; table++) {
		snprintf(sql, sizeof(sql),
			 "SELECT count(*) FROM main.%s WHERE ?1 <> '' AND id > ?2",
			 table->name);
		code = ask(walk->verify, &rows, sql, table->name,
			   walk->last_ids[table - segment_tables], 0);
		result->unsealed += rows;
		if (code == SQLITE_OK)
			code = find_before(walk->verify, table->name);
		/* That was told of. */
		if (seal_table_is_damage(code))
			code = SQLITE_OK;
	}
	return code;
}

/* Is one under way, and up to where are the events that tell of them sealed? */
static int find_drop(struct verify *verify)
{
	int code = ask(verify, &verify->drop,
		       "SELECT value FROM main.meta WHERE name = ?1", "dropping", 0, 0);

	if (code == SQLITE_OK)
		code = ask(verify, &verify->events,
			   "SELECT last_id FROM main.segment_tables WHERE name = ?1"
			   " AND segment <= (SELECT max(id) FROM main.segments"
			   "  WHERE seal IS NOT NULL) ORDER BY segment DESC LIMIT 1",
			   "sensor_events", 0, 0);
	verify->result.dropping = verify->drop;
	return code;
}

int verify_all(struct verify *verify)
{
	struct walk walk = { .verify = verify, .sealed = true, .linked = true };
	int code;

	verify->sha256 = sha256_new();
	if (!verify->sha256)
		return SQLITE_NOMEM;
	code = seal_table_register(verify->db);
	if (code == SQLITE_OK)
		code = verify_schema(verify);
	if (code == SQLITE_OK)
		code = find_drop(verify);
	if (code == SQLITE_OK)
		code = walk_all(&walk);
	if (code == SQLITE_OK)
		code = count_rest(&walk);
	if (code == SQLITE_OK && verify->head && !verify->head_found)
		tell(verify, "head", 0, NULL, INT64_MIN,
		     "the chain does not have it: it was cut off before it, or made anew");
	sha256_free(verify->sha256);
	return code;
}
