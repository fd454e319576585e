// SPDX-License-Identifier: GPL-2.0-only
/* Who descends from whom. */
#include "family.h"

#include "log.h"
#include "query.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sysexits.h>

/* These two columns are of one table, and no other is read. */
static const char parents[] = "SELECT process_id, parent_id FROM process"
			      " WHERE parent_id IS NOT NULL ORDER BY process_id";
static const char last[] = "SELECT max(process_id) FROM process";

struct link {
	int64_t id;
	int64_t parent;
};

struct search {
	sqlite3 *db;
	unsigned char *members; /* a bit for each id up to `max` */
	int64_t max;
	struct link *early; /* children that stand before their parents */
	size_t early_count;
	size_t early_room;
};

static bool is_member(const struct search *search, int64_t id)
{
	return id >= 0 && id <= search->max && search->members[id / 8] >> (id % 8) & 1;
}

static void add_member(struct search *search, int64_t id)
{
	if (id >= 0 && id <= search->max)
		search->members[id / 8] |= (unsigned char)(1u << (id % 8));
}

static int out_of_memory(void)
{
	log_error("cannot find the descendants: out of memory");
	return EX_OSERR;
}

static int begin(struct search *search)
{
	sqlite3_stmt *statement = NULL;
	int status = query_prepare(search->db, &statement, last);

	if (!status && sqlite3_step(statement) != SQLITE_ROW)
		status = query_failed(search->db);
	if (!status)
		search->max = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	if (status)
		return status;
	search->members = calloc((size_t)search->max / 8 + 1, 1);
	return search->members ? 0 : out_of_memory();
}

static int remember(struct search *search, struct link link)
{
	if (search->early_count == search->early_room) {
		size_t room = search->early_room ? 2 * search->early_room : 64;
		struct link *early = realloc(search->early, room * sizeof(*early));

		if (!early)
			return out_of_memory();
		search->early = early;
		search->early_room = room;
	}
	search->early[search->early_count++] = link;
	return 0;
}

/* A parent that stands behind its child, as few do, may become a member later. */
static int take(struct search *search, struct link link)
{
	if (is_member(search, link.id))
		return 0;
	if (is_member(search, link.parent))
		add_member(search, link.id);
	else if (link.parent > link.id)
		return remember(search, link);
	return 0;
}

static int pass(struct search *search)
{
	sqlite3_stmt *rows = NULL;
	int status = query_prepare(search->db, &rows, parents), code = SQLITE_DONE;

	search->early_count = 0;
	while (!status && (code = sqlite3_step(rows)) == SQLITE_ROW)
		status = take(search, (struct link){ sqlite3_column_int64(rows, 0),
						     sqlite3_column_int64(rows, 1) });
	if (!status && code != SQLITE_DONE)
		status = query_failed(search->db);
	sqlite3_finalize(rows);
	return status;
}

/* Is any of the children that stood before its parent a member after all? */
static bool has_latecomers(struct search *search)
{
	bool any = false;
	size_t i;

	for (i = 0; i < search->early_count; i++) {
		if (!is_member(search, search->early[i].parent))
			continue;
		add_member(search, search->early[i].id);
		any = true;
	}
	return any;
}

static int list(const struct search *search, struct family *family)
{
	size_t count = 0;
	int64_t id;

	for (id = 0; id <= search->max; id++)
		count += is_member(search, id);
	family->ids = calloc(count ? count : 1, sizeof(*family->ids));
	if (!family->ids)
		return out_of_memory();
	for (id = 0; id <= search->max; id++)
		if (is_member(search, id))
			family->ids[family->count++] = id;
	return 0;
}

int family_of(sqlite3 *db, const int64_t *roots, size_t count, struct family *family)
{
	struct search search = { .db = db };
	int status = begin(&search);
	size_t i;

	*family = (struct family){ .count = 0 };
	for (i = 0; !status && i < count; i++)
		add_member(&search, roots[i]);
	while (!status && !(status = pass(&search)) && has_latecomers(&search))
		;
	if (!status)
		status = list(&search, family);
	free(search.members);
	free(search.early);
	return status;
}

void family_clear(struct family *family)
{
	free(family->ids);
	*family = (struct family){ .count = 0 };
}
