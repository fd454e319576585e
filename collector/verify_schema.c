// SPDX-License-Identifier: GPL-2.0-only
/* Is the schema of a database the one that this version makes? */
#include "verify.h"

#include "schema.h"

#include <stdio.h>
#include <string.h>

/* A database as kithd would make it now. */
static int make_model(sqlite3 **model)
{
	const struct schema_migration *migration;
	int code = sqlite3_open(":memory:", model);

	for (migration = schema_migrations; migration->version && code == SQLITE_OK;
	     migration++)
		code = sqlite3_exec(*model, migration->sql, NULL, NULL, NULL);
	return code == SQLITE_OK ? sqlite3_exec(*model, schema_views, NULL, NULL, NULL)
				 : code;
}

/* SQLite's own have no text, or names that nobody else can give. */
static const char all[] =
	"SELECT type, name, sql FROM main.sqlite_schema"
	" WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name";

static int look_at(sqlite3_stmt *statement, const char **name)
{
	int code = sqlite3_step(statement);

	*name = code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 1)
				   : NULL;
	return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

static int order(sqlite3_stmt *a, const char *a_name, sqlite3_stmt *b, const char *b_name)
{
	int types;

	if (!a_name || !b_name)
		return !a_name - !b_name;
	types = strcmp((const char *)sqlite3_column_text(a, 0),
		       (const char *)sqlite3_column_text(b, 0));
	return types ? types : strcmp(a_name, b_name);
}

static void tell(struct verify *verify, const char *kind, sqlite3_stmt *statement)
{
	char text[160];
	const struct verify_fault fault = { .kind = "schema",
					    .row = INT64_MIN,
					    .text = text };

	snprintf(text, sizeof(text), "%s %.64s %s",
		 (const char *)sqlite3_column_text(statement, 0),
		 (const char *)sqlite3_column_text(statement, 1), kind);
	verify_tell(verify, &fault);
}

static bool is_same_text(sqlite3_stmt *a, sqlite3_stmt *b)
{
	const char *one = (const char *)sqlite3_column_text(a, 2);
	const char *other = (const char *)sqlite3_column_text(b, 2);

	return !strcmp(one ? one : "", other ? other : "");
}

/* Both are in the same order. */
static int compare(struct verify *verify, sqlite3_stmt *have, sqlite3_stmt *want)
{
	const char *has, *wants = NULL;
	int code = look_at(have, &has), by;

	if (code == SQLITE_OK)
		code = look_at(want, &wants);
	while (code == SQLITE_OK && (has || wants)) {
		by = order(have, has, want, wants);
		if (by < 0)
			tell(verify, "is none of Kith's", have);
		else if (by > 0)
			tell(verify, "is missing", want);
		else if (!is_same_text(have, want))
			tell(verify, "is not as this version makes it", have);
		if (by <= 0)
			code = look_at(have, &has);
		if (by >= 0 && code == SQLITE_OK)
			code = look_at(want, &wants);
	}
	return code;
}

int verify_schema(struct verify *verify)
{
	sqlite3_stmt *have = NULL, *want = NULL;
	sqlite3 *model = NULL;
	int code = make_model(&model);

	if (code == SQLITE_OK)
		code = sqlite3_prepare_v2(verify->db, all, -1, &have, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_prepare_v2(model, all, -1, &want, NULL);
	if (code == SQLITE_OK)
		code = compare(verify, have, want);
	sqlite3_finalize(have);
	sqlite3_finalize(want);
	sqlite3_close(model);
	return code;
}
