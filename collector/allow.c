// SPDX-License-Identifier: GPL-2.0-only
/* What people said of what is not usual. */
#include "allow.h"

#include "statement.h"
#include "store.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

int allows_open(struct allows *allows, struct store *store)
{
	*allows = (struct allows){ .store = store,
				   .table = calloc(ALLOW_MAX, sizeof(*allows->table)) };
	return allows->table ? 0 : -ENOMEM;
}

void allows_close(struct allows *allows)
{
	free(allows->table);
	*allows = (struct allows){ .store = NULL };
}

static void take(struct allows *allows, sqlite3_stmt *row)
{
	struct allowance *allowance = &allows->table[allows->count++];

	*allowance = (struct allowance){
		.id = sqlite3_column_int64(row, 0),
		.template_ = (unsigned int)sqlite3_column_int(row, 1),
		.expires = sqlite3_column_int64(row, 4),
	};
	snprintf(allowance->context, sizeof(allowance->context), "%s",
		 (const char *)sqlite3_column_text(row, 2));
	snprintf(allowance->object, sizeof(allowance->object), "%s",
		 (const char *)sqlite3_column_text(row, 3));
}

int allows_load(struct allows *allows)
{
	sqlite3_stmt *rows = NULL;
	int ret = store_prepare(allows->store, &rows,
				"SELECT id, template, context, object,"
				" coalesce(expires, 9223372036854775807) FROM allowances"
				" WHERE removed IS NULL AND verdict <> 'malicious'"
				" ORDER BY id DESC"),
	    code = SQLITE_DONE;

	allows->count = 0;
	while (!ret && allows->count < ALLOW_MAX && (code = sqlite3_step(rows)) == SQLITE_ROW)
		take(allows, rows);
	sqlite3_finalize(rows);
	return ret || code == SQLITE_DONE || code == SQLITE_ROW ? ret :
								   store_fail(allows->store, code);
}

static int count(struct allows *allows, int64_t id, int64_t now)
{
	char sql[128];

	snprintf(sql, sizeof(sql),
		 "UPDATE allowances SET hits = hits + 1, last_hit = %lld WHERE id = %lld",
		 (long long)now, (long long)id);
	return store_execute(allows->store, sql);
}

int allows_match(struct allows *allows, unsigned int template_, const char *context,
		 const char *object, int64_t now)
{
	size_t i;
	int ret;

	for (i = 0; i < allows->count; i++) {
		const struct allowance *allowance = &allows->table[i];

		if (allowance->template_ != template_ || allowance->expires < now ||
		    sqlite3_strglob(allowance->context, context) ||
		    sqlite3_strglob(allowance->object, object))
			continue;
		ret = count(allows, allowance->id, now);
		return ret ? ret : 1;
	}
	return 0;
}
