// SPDX-License-Identifier: GPL-2.0-only
/* text_*(): nothing of the input reaches a terminal or a parser as a command. */
#include "text.h"

#include "unit.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The same text for people and, but for its quotes, as JSON. */
static const struct {
	const char *in;
	const char *out;
	const char *json;
} samples[] = {
	{ "", "", "" },
	{ "plain /usr/bin/ls -l", "plain /usr/bin/ls -l", "plain /usr/bin/ls -l" },
	{ "a\nb", "a\\nb", "a\\u000ab" },
	{ "a\tb", "a\\tb", "a\\u0009b" },
	{ "a\rb", "a\\x0db", "a\\u000db" },
	{ "C:\\x", "C:\\\\x", "C:\\\\x" },
	{ "\"q\"", "\"q\"", "\\\"q\\\"" },
	{ "\x1b[2J", "\\x1b[2J", "\\u001b[2J" },
	{ "\x7f", "\\x7f", "\\u007f" },
	{ "\x01\x1f", "\\x01\\x1f", "\\u0001\\u001f" },
	{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
	{ "\xe2\x82\xac", "\xe2\x82\xac", "\xe2\x82\xac" },
	{ "\xf0\x9f\x90\x9a", "\xf0\x9f\x90\x9a", "\xf0\x9f\x90\x9a" },
	/* a control of C1, as one byte and as a character */
	{ "\x9b" "2J", "\\x9b2J", "\\udc9b2J" },
	{ "\xc2\x9b" "2J", "\\u{9b}2J", "\\u009b2J" },
	/* right-to-left override, zero width space, byte order mark, a tag */
	{ "\xe2\x80\xaegpj.exe", "\\u{202e}gpj.exe", "\\u202egpj.exe" },
	{ "\xe2\x80\x8b", "\\u{200b}", "\\u200b" },
	{ "\xef\xbb\xbf", "\\u{feff}", "\\ufeff" },
	{ "\xf3\xa0\x81\x81", "\\u{e0041}", "\\udb40\\udc41" },
	/* blanks: more than one, and of other kinds */
	{ " a b  c   d ", " a b \\x20c \\x20\\x20d ", " a b  c   d " },
	{ "a\n b", "a\\n b", "a\\u000a b" },
	{ "\xc2\xa0\xe2\xa0\x80\xe3\x80\x80", "\\u{a0}\\u{2800}\\u{3000}",
	  "\\u00a0\\u2800\\u3000" },
	/* combining marks: on a letter, on nothing, on a blank, on an escape */
	{ "u\xcc\x88\xcc\x88", "u\xcc\x88\xcc\x88", "u\xcc\x88\xcc\x88" },
	{ "\xcc\x88\xcc\x88", "\\u{308}\\u{308}", "\xcc\x88\xcc\x88" },
	{ " \xcc\x88", " \\u{308}", " \xcc\x88" },
	{ "\\\xcc\x88", "\\\\\\u{308}", "\\\\\xcc\x88" },
	/* not UTF-8: a lone byte, overlong forms, a surrogate, beyond the end */
	{ "\x80", "\\x80", "\\udc80" },
	{ "\xff", "\\xff", "\\udcff" },
	{ "\xc0\x80", "\\xc0\\x80", "\\udcc0\\udc80" },
	{ "\xc1\xbf", "\\xc1\\xbf", "\\udcc1\\udcbf" },
	{ "\xe0\x9f\xbf", "\\xe0\\x9f\\xbf", "\\udce0\\udc9f\\udcbf" },
	{ "\xf0\x8f\xbf\xbf", "\\xf0\\x8f\\xbf\\xbf", "\\udcf0\\udc8f\\udcbf\\udcbf" },
	{ "\xed\xa0\x80", "\\xed\\xa0\\x80", "\\udced\\udca0\\udc80" },
	{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "\\udcf4\\udc90\\udc80\\udc80" },
	{ "\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80", "\\udcf5\\udc80\\udc80\\udc80" },
	/* the first and the last character of each length */
	{ "\xc2\xa1\xdf\xbf", "\xc2\xa1\xdf\xbf", "\xc2\xa1\xdf\xbf" },
	{ "\xe0\xa0\x80\xef\xbf\xbf", "\xe0\xa0\x80\xef\xbf\xbf", "\xe0\xa0\x80\xef\xbf\xbf" },
	{ "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf",
	  "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf" },
	/* cut in the middle of a character */
	{ "a\xe2\x82", "a\\xe2\\x82", "a\\udce2\\udc82" },
	{ "\xe2\x82" "a", "\\xe2\\x82a", "\\udce2\\udc82a" },
	{ "\xf0\x9f\x90", "\\xf0\\x9f\\x90", "\\udcf0\\udc9f\\udc90" },
};

/* What @print writes for an exact copy of @size bytes; the caller frees it. */
static char *printed(void (*print)(FILE *, const char *, size_t), const char *text,
		     size_t size, size_t *written)
{
	char *copy = unit_exact(text, size), *result;
	FILE *stream = open_memstream(&result, written);

	ck_assert_ptr_nonnull(stream);
	print(stream, copy, size);
	fclose(stream);
	free(copy);
	return result;
}

START_TEST(escapes)
{
	const char *in = samples[_i].in, *out = samples[_i].out;
	char *copy = unit_exact(in, strlen(in)), room[100], *text;
	size_t size;

	ck_assert_uint_eq(text_escape(room, sizeof(room), copy, strlen(in)), strlen(out));
	ck_assert_str_eq(room, out);
	text = printed(text_print, in, strlen(in), &size);
	ck_assert_str_eq(text, out);
	free(text);
	free(copy);
}
END_TEST

/* A value with others behind it on the line. */
static const struct {
	const char *in;
	const char *out;
} words[] = {
	{ "", "\"\"" },
	{ "plain", "plain" },
	{ "/usr/bin/ls", "/usr/bin/ls" },
	{ "ls  uid=0", "\"ls \\x20uid=0\"" },
	{ "a=b", "\"a=b\"" },
	{ "a\"b", "\"a\\\"b\"" },
	{ "a\\\"b", "\"a\\\\\\\"b\"" },
	{ "it's", "\"it's\"" },
	{ "a\nb", "a\\nb" },
};

START_TEST(quotes_words)
{
	const char *in = words[_i].in;
	char *copy = unit_exact(in, strlen(in)), room[100], *text;
	size_t size, i, whole = strlen(words[_i].out);

	ck_assert_uint_eq(text_escape_word(room, sizeof(room), copy, strlen(in)), whole);
	ck_assert_str_eq(room, words[_i].out);
	text = printed(text_print_word, in, strlen(in), &size);
	ck_assert_str_eq(text, words[_i].out);
	for (i = 1; i <= whole; i++)
		ck_assert_uint_lt(text_escape_word(room, i, copy, strlen(in)), i);
	free(text);
	free(copy);
}
END_TEST

START_TEST(makes_json)
{
	const char *in = samples[_i].in;
	size_t size;
	char *text = printed(text_print_json, in, strlen(in), &size), want[100];

	snprintf(want, sizeof(want), "\"%s\"", samples[_i].json);
	ck_assert_str_eq(text, want);
	free(text);
}
END_TEST

START_TEST(stops_at_a_nul_where_it_says_so)
{
	char room[16], *text;
	size_t size;

	ck_assert_uint_eq(text_escape(room, sizeof(room), "ab\0cd", 5), 2);
	ck_assert_str_eq(room, "ab");
	text = printed(text_print, "a\0b", 3, &size);
	ck_assert_str_eq(text, "a\\x00b");
	free(text);
	text = printed(text_print_json, "a\0b", 3, &size);
	ck_assert_str_eq(text, "\"a\\u0000b\"");
	free(text);
}
END_TEST

/* Pieces of 1, 2, 4, 8 and 3 bytes. */
static const char mixed[] = "a\n\x1b\xe2\x80\xae\xe2\x82\xac";
static const size_t ends[] = { 0, 1, 3, 7, 15, 18 };

START_TEST(never_cuts_an_escape)
{
	static const char whole[] = "a\\n\\x1b\\u{202e}\xe2\x82\xac";
	size_t room = (size_t)_i, want = 0, i;
	char *to = malloc(room + 1);

	to[room] = 0x55;
	for (i = 0; i < UNIT_COUNT(ends); i++)
		if (ends[i] + 1 <= room)
			want = ends[i];
	ck_assert_uint_eq(text_escape(to, room, mixed, sizeof(mixed) - 1), want);
	if (room) {
		ck_assert_mem_eq(to, whole, want);
		ck_assert_int_eq(to[want], '\0');
	}
	ck_assert_int_eq(to[room], 0x55);
	free(to);
}
END_TEST

static size_t encode(uint32_t code, char *to)
{
	if (code < 0x80) {
		to[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		to[0] = (char)(0xc0 | code >> 6);
		to[1] = (char)(0x80 | (code & 63));
		return 2;
	}
	if (code < 0x10000) {
		to[0] = (char)(0xe0 | code >> 12);
		to[1] = (char)(0x80 | (code >> 6 & 63));
		to[2] = (char)(0x80 | (code & 63));
		return 3;
	}
	to[0] = (char)(0xf0 | code >> 18);
	to[1] = (char)(0x80 | (code >> 12 & 63));
	to[2] = (char)(0x80 | (code >> 6 & 63));
	to[3] = (char)(0x80 | (code & 63));
	return 4;
}

/*
 * Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt), Bidi_Control,
 * blanks, and the separators of lines and paragraphs: what is there and does not
 * show. Then marks: alone they do not show either.
 */
static const struct {
	uint32_t first;
	uint32_t last;
} hidden[] = {
	{ 0x80, 0xa0 },	    { 0xad, 0xad },	{ 0x34f, 0x34f },     { 0x61c, 0x61c },
	{ 0x115f, 0x1160 }, { 0x1680, 0x1680 }, { 0x17b4, 0x17b5 },   { 0x180b, 0x180f },
	{ 0x2000, 0x200f }, { 0x2028, 0x202f }, { 0x205f, 0x206f },   { 0x2800, 0x2800 },
	{ 0x3000, 0x3000 }, { 0x3164, 0x3164 }, { 0xfe00, 0xfe0f },   { 0xfeff, 0xfeff },
	{ 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a },
	{ 0xe0000, 0xe0fff },
	{ 0x300, 0x36f },   { 0x483, 0x489 },	{ 0x591, 0x5bd },     { 0x610, 0x61a },
	{ 0x64b, 0x65f },   { 0x670, 0x670 },	{ 0x6d6, 0x6dc },     { 0x6df, 0x6e4 },
	{ 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff }, { 0x20d0, 0x20ff },   { 0x302a, 0x302f },
	{ 0x3099, 0x309a }, { 0xfe20, 0xfe2f },
};

static bool is_hidden(uint32_t code)
{
	size_t i;

	for (i = 0; i < UNIT_COUNT(hidden); i++)
		if (code >= hidden[i].first && code <= hidden[i].last)
			return true;
	return false;
}

START_TEST(shows_every_character)
{
	uint32_t code, first = (uint32_t)_i << 16;
	char in[4], out[16], want[16];

	for (code = first ? first : 0xa0; code < first + 0x10000; code++) {
		size_t size = encode(code, in);

		if (code >= 0xd800 && code < 0xe000)
			continue;
		if (is_hidden(code))
			snprintf(want, sizeof(want), "\\u{%x}", code);
		else
			strcpy(mempcpy(want, in, size), "");
		text_escape(out, sizeof(out), in, size);
		if (strcmp(out, want))
			ck_abort_msg("U+%04X: %s", code, out);
	}
}
END_TEST

/* What SQLite makes of JSON text: the string that it stands for, as a blob. */
static void check_decoded(sqlite3 *db, const char *json, size_t json_size, const char *text,
			  size_t size)
{
	sqlite3_stmt *statement;

	ck_assert_int_eq(sqlite3_prepare_v2(db,
					    "SELECT json_valid(?1),"
					    " CAST(json_extract(?1, '$') AS BLOB)",
					    -1, &statement, NULL),
			 SQLITE_OK);
	sqlite3_bind_text(statement, 1, json, (int)json_size, SQLITE_STATIC);
	ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
	ck_assert_msg(sqlite3_column_int(statement, 0) == 1, "not JSON: %s", json);
	ck_assert_int_eq(sqlite3_column_bytes(statement, 1), (int)size);
	ck_assert_mem_eq(sqlite3_column_blob(statement, 1), text, size);
	sqlite3_finalize(statement);
}

/* All characters but NUL, a thousand in one string. */
START_TEST(json_gives_the_text_back)
{
	uint32_t code, first = (uint32_t)_i << 16;
	char in[4 * 1024], *json;
	size_t size = 0, json_size;
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(":memory:", &db), SQLITE_OK);
	for (code = first ? first : 1; code < first + 0x10000; code++) {
		if (code < 0xd800 || code >= 0xe000)
			size += encode(code, in + size);
		if ((code & 1023) != 1023 || !size)
			continue;
		json = printed(text_print_json, in, size, &json_size);
		check_decoded(db, json, json_size, in, size);
		free(json);
		size = 0;
	}
	sqlite3_close(db);
}
END_TEST

static const struct {
	int64_t ns;
	const char *text;
} times[] = {
	{ 0, "1970-01-01T00:00:00.000000000Z" },
	{ 1, "1970-01-01T00:00:00.000000001Z" },
	{ -1, "1969-12-31T23:59:59.999999999Z" },
	{ -1000000000, "1969-12-31T23:59:59.000000000Z" },
	{ 951782400000000000, "2000-02-29T00:00:00.000000000Z" },
	{ 1795257296123456789, "2026-11-21T10:34:56.123456789Z" },
	{ INT64_MAX, "2262-04-11T23:47:16.854775807Z" },
	{ INT64_MIN, "1677-09-21T00:12:43.145224192Z" },
};

START_TEST(writes_times)
{
	char text[40];

	ck_assert_ptr_eq(text_time(text, sizeof(text), times[_i].ns), text);
	ck_assert_str_eq(text, times[_i].text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("text");

	unit_add_rows(suite, escapes, UNIT_COUNT(samples));
	unit_add_rows(suite, quotes_words, UNIT_COUNT(words));
	unit_add_rows(suite, makes_json, UNIT_COUNT(samples));
	unit_add(suite, stops_at_a_nul_where_it_says_so);
	unit_add_rows(suite, never_cuts_an_escape, 22);
	unit_add_rows(suite, shows_every_character, 17);
	unit_add_rows(suite, json_gives_the_text_back, 17);
	unit_add_rows(suite, writes_times, UNIT_COUNT(times));
	return unit_run(suite);
}
