// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the texts of export_*.c call:
 *
 *	basename(path), dirname(path)  NULL if there is none
 *	utc(ns)                        2026-11-21T12:34:56.123456Z
 *	stix_id(type, name, value...)  the identifier that STIX 2.1 lays down for an object
 *	                               with these properties; values may be NULL, names are in
 *	                               order, and the value of one that begins with = is JSON
 *	kith_id(type, value...)        an identifier of ours; NULL if one of them is
 */
#include "export.h"

#include "query.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <uuid/uuid.h>

/* Of STIX 2.1, section 2.9; and of ours, which was drawn once. */
static const char stix_space[] = "00abedb4-aa42-466c-9c01-fed23315a9b7";
static const char kith_space[] = "5d0f8a4c-3e19-4f0b-9a57-21c6d2b7e84f";

enum { ID_BYTES = 128 };

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

/* Microseconds: readers of STIX know no more digits. */
static void utc(sqlite3_context *result, int argc, sqlite3_value **argv)
{
	char when[48], *dot;

	(void)argc;
	if (sqlite3_value_type(*argv) == SQLITE_NULL)
		return;
	text_time(when, sizeof(when), sqlite3_value_int64(*argv));
	dot = strchr(when, '.');
	if (dot)
		memcpy(dot + 7, "Z", 2);
	sqlite3_result_text(result, when, -1, SQLITE_TRANSIENT);
}

static void answer_id(sqlite3_context *result, const char *space, const char *type,
		      const char *name, size_t size)
{
	char id[ID_BYTES], text[UUID_STR_LEN];
	uuid_t within, uuid;

	uuid_parse(space, within);
	uuid_generate_sha1(uuid, within, name, size);
	uuid_unparse_lower(uuid, text);
	snprintf(id, sizeof(id), "%s--%s", type, text);
	sqlite3_result_text(result, id, -1, SQLITE_TRANSIENT);
}

/* As RFC 8785 has it, but for bytes that are not UTF-8, which it does not know. */
static void print_canonical(FILE *stream, const unsigned char *text)
{
	static const char shorts[] = "btn?fr"; /* of 8 to 13 */

	fputc('"', stream);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fprintf(stream, "\\%c", *text);
		else if (*text >= '\b' && *text <= '\r' && *text != '\v')
			fprintf(stream, "\\%c", shorts[*text - '\b']);
		else if (*text < ' ')
			fprintf(stream, "\\u%04x", *text);
		else
			fputc(*text, stream);
	}
	fputc('"', stream);
}

/* Return: is there a property at all? */
static bool print_properties(FILE *stream, int argc, sqlite3_value **argv)
{
	bool some = false;
	int i;

	fputc('{', stream);
	for (i = 1; i + 1 < argc; i += 2) {
		const char *name = (const char *)sqlite3_value_text(argv[i]);
		const unsigned char *value = sqlite3_value_text(argv[i + 1]);

		if (!name || !value)
			continue;
		fprintf(stream, "%s\"%s\":", some ? "," : "", name + (*name == '='));
		if (*name == '=' || sqlite3_value_type(argv[i + 1]) == SQLITE_INTEGER)
			fputs((const char *)value, stream);
		else
			print_canonical(stream, value);
		some = true;
	}
	fputc('}', stream);
	return some;
}

/* Return: whether none of them is NULL. */
static bool print_values(FILE *stream, int argc, sqlite3_value **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		const char *value = (const char *)sqlite3_value_text(argv[i]);

		if (!value)
			return false;
		fprintf(stream, "%s/", value);
	}
	return true;
}

static void answer(sqlite3_context *result, int argc, sqlite3_value **argv, const char *space,
		   bool (*print)(FILE *stream, int argc, sqlite3_value **argv))
{
	const char *type = argc ? (const char *)sqlite3_value_text(*argv) : NULL;
	char *name = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&name, &size);
	bool some;

	if (!stream) {
		sqlite3_result_error_nomem(result);
		return;
	}
	some = type && print(stream, argc, argv);
	fclose(stream);
	if (!name)
		sqlite3_result_error_nomem(result);
	else if (some)
		answer_id(result, space, type, name, size);
	free(name);
}

static void stix_id(sqlite3_context *result, int argc, sqlite3_value **argv)
{
	answer(result, argc, argv, stix_space, print_properties);
}

static void kith_id(sqlite3_context *result, int argc, sqlite3_value **argv)
{
	answer(result, argc, argv, kith_space, print_values);
}

int export_offer_functions(sqlite3 *db)
{
	static const struct {
		const char *name;
		int argc;
		void (*call)(sqlite3_context *result, int argc, sqlite3_value **argv);
	} functions[] = {
		{ "basename", 1, basename_ }, { "dirname", 1, dirname_ }, { "utc", 1, utc },
		{ "stix_id", -1, stix_id },   { "kith_id", -1, kith_id },
	};
	size_t i;

	for (i = 0; i < sizeof(functions) / sizeof(*functions); i++)
		if (sqlite3_create_function(db, functions[i].name, functions[i].argc,
					    SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
					    functions[i].call, NULL, NULL) != SQLITE_OK)
			return query_failed(db);
	return 0;
}
