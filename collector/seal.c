// SPDX-License-Identifier: GPL-2.0-only
/* Seals of closed segments, a little at a time. */
#include "seal.h"

#include "log.h"
#include "places.h"
#include "seal_chain.h"
#include "seal_table.h"
#include "statement.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of a step; a row more may be large. */
enum { STEP_ROWS = 4096, STEP_BYTES = 4 << 20 };

/* A row that may change still, or one that did and is over. */
struct late_row {
	const char *name;
	int64_t id;
	unsigned char digest[SHA256_SIZE]; /* once it is over */
};

struct late_list {
	struct late_row *rows;
	size_t count;
	size_t room;
};

/* What is known of a table in the segment. */
struct part {
	struct seal_count count;
	unsigned char digest[SHA256_SIZE];
	bool there;
	bool unreadable;
};

struct seal {
	struct store *store;
	struct sha256 *sha256;
	struct places *places;
	struct seal_bytes bytes;
	bool tell;
	bool off; /* the database is damaged where seals are */
	int64_t sealed;	 /* the last one that is; -1: not known yet */
	int64_t closed;	 /* when the next one was; 0: it is not, as far as is known */
	int changes;	 /* of the database, when that was asked for */
	int64_t segment; /* that is worked at; 0: none */
	bool placing;	 /* it is sealed, but its places are not known */
	int64_t recent;	 /* what ended after that may change; INT64_MAX: nothing does */
	int64_t now;

	unsigned int place; /* tables, and those that have late rows again */
	bool open;	    /* one is */
	struct seal_table at;
	int64_t from;
	int64_t to;
	int64_t rows;  /* of this step */
	uint64_t most; /* bytes hashed, when it ends */
	struct part parts[SEGMENT_TABLES];
	struct late_list late;
	struct late_list over;
};

struct seal *seal_new(struct store *store, bool tell)
{
	struct seal *seal = calloc(1, sizeof(*seal));

	if (!seal)
		return NULL;
	seal->store = store;
	seal->sealed = -1;
	seal->changes = -1;
	seal->tell = tell;
	seal->sha256 = sha256_new();
	seal->bytes.sha256 = seal->sha256;
	seal->places = places_new(store);
	if (seal->sha256 && seal->places && seal_table_register(store->db) == SQLITE_OK)
		return seal;
	seal_free(seal);
	return NULL;
}

static void forget(struct seal *seal)
{
	if (seal->open)
		seal_table_close(&seal->at);
	seal->open = false;
	seal->segment = 0;
	seal->placing = false;
	places_forget(seal->places);
	seal->place = 0;
	seal->late.count = 0;
	seal->over.count = 0;
	memset(seal->parts, 0, sizeof(seal->parts));
}

void seal_free(struct seal *seal)
{
	if (!seal)
		return;
	if (seal->places)
		forget(seal);
	places_free(seal->places);
	sha256_free(seal->sha256);
	free(seal->late.rows);
	free(seal->over.rows);
	free(seal);
}

static struct late_row *add_late(struct late_list *list, const char *name, int64_t id)
{
	struct late_row *rows = list->rows;
	size_t room = list->room;

	if (list->count == room) {
		room = room ? 2 * room : 64;
		rows = realloc(rows, room * sizeof(*rows));
		if (!rows)
			return NULL;
		list->rows = rows;
		list->room = room;
	}
	rows[list->count] = (struct late_row){ .name = name, .id = id };
	return &rows[list->count++];
}

/* In a transaction of its own: it may be put down twice. */
static int write_places(struct seal *seal)
{
	int ret;

	if (places_is_empty(seal->places))
		return 0;
	ret = store_begin(seal->store);
	if (!ret)
		ret = places_write(seal->places);
	return ret ? ret : store_commit(seal->store);
}

static void begin_segment(struct seal *seal, int64_t segment, int64_t recent)
{
	forget(seal);
	places_begin(seal->places, segment);
	seal->segment = segment;
	seal->recent = recent;
}

/* Which was the last? One that was sealed before there were places is looked at again. */
static int find_sealed(struct seal *seal)
{
	unsigned char head[SHA256_SIZE];
	const int64_t placed = places_resume(seal->places);
	int64_t sealed;

	if (placed < 0)
		return (int)placed;
	if (seal_chain_head(seal->store->db, &sealed, head))
		return store_fail(seal->store, sqlite3_errcode(seal->store->db));
	if (placed >= sealed) {
		seal->sealed = sealed;
		return 0;
	}
	begin_segment(seal, placed + 1, INT64_MAX);
	seal->placing = true;
	return 1;
}

/*
 * When was the segment behind the last sealed one closed? While nothing is stored there is
 * no need to ask again, which would be a transaction for each turn of the loop.
 */
static int find_closed(struct seal *seal)
{
	const int changes = sqlite3_total_changes(seal->store->db);
	struct binder binder;
	int ret;

	if (seal->closed || changes == seal->changes)
		return 0;
	binder = statement_bind(seal->store, STATEMENT_SEGMENT_CLOSED);
	bind_int(&binder, seal->sealed + 1);
	ret = statement_row(seal->store, STATEMENT_SEGMENT_CLOSED);
	if (ret < 0)
		return ret;
	seal->changes = changes;
	if (!ret)
		return 0;
	seal->closed = sqlite3_column_int64(binder.statement, 0);
	statement_reset(seal->store, STATEMENT_SEGMENT_CLOSED);
	return 0;
}

/* Is there one to be sealed? Then begin with it. */
static int begin(struct seal *seal, bool all)
{
	int ret = seal->sealed < 0 ? find_sealed(seal) : 0;

	if (ret)
		return ret;
	ret = find_closed(seal);
	if (ret || !seal->closed)
		return ret;
	/* If the clock was set back, nothing is gained by waiting for it. */
	if (!all && seal->now >= seal->closed && seal->now - seal->closed < SEAL_LATE_NS)
		return 0;
	begin_segment(seal, seal->sealed + 1, all ? INT64_MAX : seal->closed);
	seal->closed = 0;
	seal->changes = -1;
	return 1;
}

/* The ids of @table in the segment, 0 if it got none. Return: 1, 0, or an error. */
static int find_range(struct seal *seal, const struct segment_table *table)
{
	struct binder binder = statement_bind(seal->store, STATEMENT_SEGMENT_RANGE);
	int ret;

	bind_text(&binder, table->name);
	bind_int(&binder, seal->segment);
	ret = statement_row(seal->store, STATEMENT_SEGMENT_RANGE);
	if (ret <= 0)
		return ret;
	seal->from = sqlite3_column_int64(binder.statement, 0);
	seal->to = sqlite3_column_int64(binder.statement, 1);
	statement_reset(seal->store, STATEMENT_SEGMENT_RANGE);
	return 1;
}

/* Is a row of @table in the list that was late and is not sealed? 1, 0, or an error. */
static int has_late(struct seal *seal, const struct segment_table *table)
{
	struct binder binder = statement_bind(seal->store, STATEMENT_LATE_FIND);
	int ret;

	bind_text(&binder, table->name);
	ret = statement_row(seal->store, STATEMENT_LATE_FIND);
	if (ret > 0)
		statement_reset(seal->store, STATEMENT_LATE_FIND);
	return ret;
}

static int end_table(struct seal *seal)
{
	struct part *part = &seal->parts[seal->place % SEGMENT_TABLES];
	int ret = 0;

	places_table_end(seal->places);
	seal_table_close(&seal->at);
	seal->open = false;
	if (seal->place < SEGMENT_TABLES)
		ret = seal_end(&seal->bytes, part->digest);
	seal->place++;
	return ret;
}

/* What cannot be read is told of, and the rest goes on. */
static int give_up_table(struct seal *seal, int code)
{
	char detail[256];
	int used, ret;

	if (!seal_table_is_damage(code))
		return store_fail(seal->store, code);
	used = snprintf(detail, sizeof(detail), "table %s in segment %lld: %s",
			seal->at.table->name, (long long)seal->segment,
			seal_table_error(&seal->at, seal->store->db));
	ret = store_sensor_event(seal->store, seal->now, 0, "segment damaged", 0,
				 (struct slice){ detail, (size_t)used });
	seal->parts[seal->place % SEGMENT_TABLES].unreadable = true;
	return ret ? ret : end_table(seal);
}

/* Those of the segment come first, then those that were late in earlier ones. */
static int open_table(struct seal *seal)
{
	const bool again = seal->place >= SEGMENT_TABLES;
	const struct segment_table *table = &segment_tables[seal->place % SEGMENT_TABLES];
	int code, ret;

	seal->from = INT64_MIN;
	seal->to = INT64_MAX;
	ret = again ? has_late(seal, table) : find_range(seal, table);
	if (ret <= 0)
		return ret;
	/* Zones of this segment are asked for. */
	ret = again ? write_places(seal) : 0;
	if (ret)
		return ret;
	if (!again)
		seal->parts[seal->place] =
			(struct part){ .there = true,
				       .count = { 0, INT64_MAX, INT64_MIN } };
	code = again ? seal_table_open_late(&seal->at, seal->store->db, table)
		     : seal_table_open(&seal->at, seal->store->db, table);
	seal->open = true;
	seal->at.recent = seal->recent;
	if (code != SQLITE_OK)
		ret = give_up_table(seal, code);
	else if (again)
		places_late(seal->places, table->name, seal->at.columns);
	else
		ret = places_table(seal->places, table->name, seal->at.columns, seal->from);
	return ret ? ret : 1;
}

static int take_row(struct seal *seal)
{
	const bool late = seal_table_is_late(&seal->at);

	if (!late)
		places_row(seal->places, seal->at.values, seal_table_id(&seal->at));
	if (seal->placing)
		return 0;
	seal_table_count(&seal->at, &seal->parts[seal->place].count);
	seal_table_put(&seal->at, &seal->bytes, !late);
	if (late &&
	    !add_late(&seal->late, seal->at.table->name, seal_table_id(&seal->at)))
		return -ENOMEM;
	return 0;
}

static int take_late_row(struct seal *seal)
{
	struct late_row *row;
	int ret;

	if (seal_table_is_late(&seal->at))
		return 0;
	ret = places_late_row(seal->places, seal->at.values, seal_table_id(&seal->at));
	if (ret)
		return ret;
	row = add_late(&seal->over, seal->at.table->name, seal_table_id(&seal->at));
	if (!row)
		return -ENOMEM;
	seal_table_put(&seal->at, &seal->bytes, true);
	return seal_end(&seal->bytes, row->digest);
}

/* A row of the table that is open. */
static int take_any(void *seal_)
{
	struct seal *seal = seal_;
	int ret = seal->place < SEGMENT_TABLES ? take_row(seal) : take_late_row(seal);

	seal->rows++;
	if (ret)
		return ret;
	return seal->rows == STEP_ROWS || seal->bytes.hashed >= seal->most ||
	       places_is_full(seal->places);
}

/* The next rows of the table that is open. */
static int read_rows(struct seal *seal)
{
	int code, ret;

	seal->rows = 0;
	seal->most = seal->bytes.hashed + STEP_BYTES;
	ret = seal_table_walk(&seal->at, seal->from, seal->to, take_any, seal, &code);
	if (ret < 0)
		return ret;
	if (code != SQLITE_DONE && code != SQLITE_ROW)
		return give_up_table(seal, code);
	if (places_is_full(seal->places)) {
		ret = write_places(seal);
		if (ret)
			return ret;
	}
	if (code == SQLITE_DONE || seal_table_id(&seal->at) == INT64_MAX)
		return end_table(seal);
	seal->from = seal_table_id(&seal->at) + 1;
	return 0;
}

static int write_part(struct seal *seal, const struct segment_table *table,
		      const struct part *part)
{
	struct binder binder = statement_bind(seal->store, STATEMENT_SEGMENT_COUNTED);

	bind_text(&binder, table->name);
	bind_int(&binder, seal->segment);
	bind_int(&binder, part->count.rows);
	bind_other(&binder, part->count.first, INT64_MAX);
	bind_other(&binder, part->count.last, INT64_MIN);
	bind_digest(&binder, part->unreadable ? NULL : part->digest);
	return statement_run(seal->store, STATEMENT_SEGMENT_COUNTED);
}

static int write_late(struct seal *seal, enum statement which,
		      const struct late_list *list, bool over)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < list->count && !ret; i++) {
		struct binder binder = statement_bind(seal->store, which);

		bind_text(&binder, list->rows[i].name);
		bind_int(&binder, list->rows[i].id);
		if (over) {
			bind_int(&binder, seal->segment);
			bind_digest(&binder, list->rows[i].digest);
		}
		ret = statement_run(seal->store, which);
	}
	return ret;
}

static int write_seal(struct seal *seal, unsigned char digest[SHA256_SIZE])
{
	unsigned char before[SHA256_SIZE];
	struct binder binder;
	int64_t last;
	int code = seal_chain_head(seal->store->db, &last, before);

	if (code == SQLITE_OK)
		code = seal_chain_next(seal->store->db, seal->sha256, seal->segment,
				       before, digest);
	if (code != SQLITE_OK)
		return store_fail(seal->store, code);
	binder = statement_bind(seal->store, STATEMENT_SEGMENT_SEAL);
	bind_int(&binder, seal->segment);
	bind_digest(&binder, digest);
	return statement_run(seal->store, STATEMENT_SEGMENT_SEAL);
}

static int write_all(struct seal *seal, unsigned char digest[SHA256_SIZE])
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < SEGMENT_TABLES && !ret; i++)
		if (seal->parts[i].there)
			ret = write_part(seal, &segment_tables[i], &seal->parts[i]);
	if (!ret)
		ret = write_late(seal, STATEMENT_LATE, &seal->late, false);
	if (!ret)
		ret = write_late(seal, STATEMENT_LATE_OVER, &seal->over, true);
	return ret ? ret : write_seal(seal, digest);
}

static int finish_places(struct seal *seal)
{
	int ret = store_begin(seal->store);

	if (!ret)
		ret = places_end(seal->places);
	if (!ret)
		ret = store_commit(seal->store);
	if (!ret)
		forget(seal);
	return ret;
}

static int finish(struct seal *seal)
{
	unsigned char digest[SHA256_SIZE];
	char text[SHA256_TEXT];
	int ret = store_begin(seal->store);

	if (!ret)
		ret = places_end(seal->places);
	if (!ret)
		ret = write_all(seal, digest);
	if (!ret)
		ret = store_commit(seal->store);
	if (ret)
		return ret;
	if (seal->tell)
		log_info("sealed segment %lld: %s", (long long)seal->segment,
			 sha256_text(digest, text));
	seal->sealed = seal->segment;
	forget(seal);
	return 0;
}

static int go_on(struct seal *seal)
{
	int ret;

	if (seal->open)
		return read_rows(seal);
	for (; seal->place < (seal->placing ? 1 : 2) * SEGMENT_TABLES; seal->place++) {
		ret = open_table(seal);
		if (ret)
			return ret < 0 ? ret : 0;
	}
	return seal->placing ? finish_places(seal) : finish(seal);
}

int seal_step(struct seal *seal, int64_t now, bool all)
{
	int ret;

	if (seal->off)
		return 0;
	seal->now = now;
	if (!seal->segment) {
		ret = begin(seal, all);
		if (ret <= 0)
			return ret;
	}
	ret = go_on(seal);
	if (!ret)
		return 1;
	store_rollback(seal->store);
	forget(seal);
	seal->sealed = -1;
	seal->closed = 0;
	seal->changes = -1;
	if (ret != -EUCLEAN)
		return ret;
	seal->off = true;
	log_error("cannot seal history: %s; nothing is sealed until a restart",
		  store_error(seal->store));
	store_forgive(seal->store);
	return 0;
}
