// SPDX-License-Identifier: GPL-2.0-only
/* Sets of keys of the database. */
#include "idset.h"

#include "log.h"
#include "query.h"

#include <stdlib.h>
#include <sysexits.h>

/* Paths are looked for where each stands once, in the dictionaries of the schema. */
static const char files[] =
	"WITH named AS MATERIALIZED (SELECT id FROM paths WHERE value = ?1 UNION ALL"
	"  SELECT id FROM strings WHERE value = ?1"
	"  AND id <= (SELECT value FROM meta WHERE name = 'paths_from')),"
	" ran AS MATERIALIZED (SELECT id FROM executables WHERE path = ?1)"
	" SELECT file FROM accesses WHERE path IN named"
	" UNION SELECT file FROM executions WHERE executable IN ran AND error IS NULL"
	" UNION SELECT file FROM changes WHERE error IS NULL"
	" AND (path IN named OR new_path IN named)"
	" UNION SELECT other FROM changes WHERE error IS NULL AND new_path IN named";

static int compare(const void *a_, const void *b_)
{
	const int64_t *a = a_, *b = b_;

	return (*a > *b) - (*a < *b);
}

static bool add(struct idset *set, size_t *room, int64_t id)
{
	if (set->count == *room) {
		size_t more = *room ? 2 * *room : 64;
		int64_t *ids = realloc(set->ids, more * sizeof(*ids));

		if (!ids)
			return false;
		set->ids = ids;
		*room = more;
	}
	set->ids[set->count++] = id;
	return true;
}

static void sort(struct idset *set)
{
	size_t i, kept = 0;

	if (set->count)
		qsort(set->ids, set->count, sizeof(*set->ids), compare);
	for (i = 0; i < set->count; i++)
		if (!i || set->ids[i] != set->ids[i - 1])
			set->ids[kept++] = set->ids[i];
	set->count = kept;
}

int idset_read(struct idset *set, sqlite3 *db, sqlite3_stmt *statement)
{
	size_t room = 0;
	int code;

	*set = (struct idset){ .count = 0 };
	while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
		if (sqlite3_column_type(statement, 0) == SQLITE_NULL)
			continue;
		if (!add(set, &room, sqlite3_column_int64(statement, 0))) {
			log_error("cannot answer: out of memory");
			return EX_OSERR;
		}
	}
	if (code != SQLITE_DONE)
		return query_failed(db);
	sort(set);
	return 0;
}

bool idset_has(const struct idset *set, int64_t id)
{
	return set->count &&
	       bsearch(&id, set->ids, set->count, sizeof(*set->ids), compare) != NULL;
}

void idset_clear(struct idset *set)
{
	free(set->ids);
	*set = (struct idset){ .count = 0 };
}

static void answer(sqlite3_context *result, int argc, sqlite3_value **argv)
{
	const struct idset *set = sqlite3_user_data(result);

	(void)argc;
	sqlite3_result_int(result, sqlite3_value_type(*argv) == SQLITE_INTEGER &&
					   idset_has(set, sqlite3_value_int64(*argv)));
}

int idset_offer(struct idset *set, sqlite3 *db, const char *name)
{
	int code = sqlite3_create_function(db, name, 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
					   set, answer, NULL, NULL);

	return code == SQLITE_OK ? 0 : query_failed(db);
}

int idset_files(struct idset *set, sqlite3 *db, const char *path)
{
	sqlite3_stmt *statement = NULL;
	int status = query_prepare(db, &statement, files);

	*set = (struct idset){ .count = 0 };
	if (!status) {
		sqlite3_bind_text(statement, 1, path, -1, SQLITE_STATIC);
		status = idset_read(set, db, statement);
	}
	sqlite3_finalize(statement);
	return status;
}
