// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the texts of export_*.c call:
 *
 *	basename(path), dirname(path)  NULL if there is none
 */
#include "export.h"

#include "query.h"

#include <string.h>

static void basename_(sqlite3_context *result, int argc, sqlite3_value **argv)
{
	const char *path = (const char *)sqlite3_value_text(*argv);
	const char *slash = path ? strrchr(path, '/') : NULL;
	const char *name = slash && slash[1] ? slash + 1 : path;

	(void)argc;
	if (name && *name)
		sqlite3_result_text(result, name, -1, SQLITE_TRANSIENT);
}

static void dirname_(sqlite3_context *result, int argc, sqlite3_value **argv)
{
	const char *path = (const char *)sqlite3_value_text(*argv);
	const char *slash = path ? strrchr(path, '/') : NULL;

	(void)argc;
	if (slash && path[1])
		sqlite3_result_text(result, path, slash == path ? 1 : (int)(slash - path),
				    SQLITE_TRANSIENT);
}

int export_offer_functions(sqlite3 *db)
{
	static const struct {
		const char *name;
		int argc;
		void (*call)(sqlite3_context *result, int argc, sqlite3_value **argv);
	} functions[] = {
		{ "basename", 1, basename_ },
		{ "dirname", 1, dirname_ },
	};
	size_t i;

	for (i = 0; i < sizeof(functions) / sizeof(*functions); i++)
		if (sqlite3_create_function(db, functions[i].name, functions[i].argc,
					    SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
					    functions[i].call, NULL, NULL) != SQLITE_OK)
			return query_failed(db);
	return 0;
}
