// SPDX-License-Identifier: GPL-2.0-only
/* Who descends from whom. */
#include "family.h"

#include "log.h"
#include "query.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sysexits.h>

static const char children[] = "SELECT process_id FROM process WHERE parent_id = ?1";
static const char last[] = "SELECT max(process_id) FROM process";

struct search {
	sqlite3 *db;
	unsigned char *members; /* a bit for each id up to `max` */
	int64_t max;
	int64_t *found; /* in the order of their discovery: whose children are looked for */
	size_t count;
	size_t room;
};

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

/* A damaged database may say that somebody descends from himself: each is met once. */
static int add(struct search *search, int64_t id)
{
	if (id < 0 || id > search->max || search->members[id / 8] >> (id % 8) & 1)
		return 0;
	search->members[id / 8] |= (unsigned char)(1u << (id % 8));
	if (search->count == search->room) {
		size_t room = search->room ? 2 * search->room : 64;
		int64_t *found = realloc(search->found, room * sizeof(*found));

		if (!found)
			return out_of_memory();
		search->found = found;
		search->room = room;
	}
	search->found[search->count++] = id;
	return 0;
}

static int add_children(struct search *search, sqlite3_stmt *rows, int64_t id)
{
	int status = 0, code = SQLITE_DONE;

	sqlite3_bind_int64(rows, 1, id);
	while (!status && (code = sqlite3_step(rows)) == SQLITE_ROW)
		status = add(search, sqlite3_column_int64(rows, 0));
	if (!status && code != SQLITE_DONE)
		status = query_failed(search->db);
	sqlite3_reset(rows);
	return status;
}

static int compare_ids(const void *a_, const void *b_)
{
	const int64_t *a = a_, *b = b_;

	return (*a > *b) - (*a < *b);
}

int family_of(sqlite3 *db, const int64_t *roots, size_t count, struct family *family)
{
	struct search search = { .db = db };
	sqlite3_stmt *rows = NULL;
	int status = begin(&search);
	size_t i;

	*family = (struct family){ .count = 0 };
	if (!status)
		status = query_prepare(db, &rows, children);
	for (i = 0; !status && i < count; i++)
		status = add(&search, roots[i]);
	for (i = 0; !status && i < search.count; i++)
		status = add_children(&search, rows, search.found[i]);
	sqlite3_finalize(rows);
	free(search.members);
	if (status) {
		free(search.found);
		return status;
	}
	if (search.count)
		qsort(search.found, search.count, sizeof(*search.found), compare_ids);
	family->ids = search.found;
	family->count = search.count;
	return 0;
}

void family_clear(struct family *family)
{
	free(family->ids);
	*family = (struct family){ .count = 0 };
}
