// SPDX-License-Identifier: GPL-2.0-only
/* Text that others chose, made safe to show. */
#include "text.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

/*
 * The character at @from: its code and its length in bytes. A byte that does
 * not begin a well-formed sequence (RFC 3629) has length 0.
 */
static size_t decode(const char *from, size_t size, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *bytes = (const unsigned char *)from;
	size_t length, i;

	*code = bytes[0];
	if (bytes[0] < 0x80)
		return 1;
	if (bytes[0] < 0xc2 || bytes[0] > 0xf4)
		return 0;
	length = bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
	if (length > size)
		return 0;
	*code = bytes[0] & (0x7f >> length);
	for (i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (bytes[i] & 0x3f);
	}
	if (*code < least[length] || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000))
		return 0;
	return length;
}

struct range {
	uint32_t first;
	uint32_t last;
};

/*
 * Characters that are there and do not show, or turn others around: controls of
 * C1, Unicode's Default_Ignorable_Code_Point and Bidi_Control, all blanks but the
 * usual one, and separators of lines and paragraphs. In their order.
 */
static const struct range invisible[] = {
	{ 0x80, 0xa0 },	    { 0xad, 0xad },	{ 0x34f, 0x34f },     { 0x61c, 0x61c },
	{ 0x115f, 0x1160 }, { 0x1680, 0x1680 }, { 0x17b4, 0x17b5 },   { 0x180b, 0x180f },
	{ 0x2000, 0x200f }, { 0x2028, 0x202f }, { 0x205f, 0x206f },   { 0x2800, 0x2800 },
	{ 0x3000, 0x3000 }, { 0x3164, 0x3164 }, { 0xfe00, 0xfe0f },   { 0xfeff, 0xfeff },
	{ 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a },
	{ 0xe0000, 0xe0fff },
};

/* Marks that are drawn onto the character before them, of whichever script. */
static const struct range marks[] = {
	{ 0x300, 0x36f },   { 0x483, 0x489 },	{ 0x591, 0x5bd },   { 0x610, 0x61a },
	{ 0x64b, 0x65f },   { 0x670, 0x670 },	{ 0x6d6, 0x6dc },   { 0x6df, 0x6e4 },
	{ 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff }, { 0x20d0, 0x20ff }, { 0x302a, 0x302f },
	{ 0x3099, 0x309a }, { 0xfe20, 0xfe2f },
};

static bool is_in(const struct range *ranges, size_t count, uint32_t code)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (code <= ranges[i].last)
			return code >= ranges[i].first;
	return false;
}

static bool is_invisible(uint32_t code)
{
	return is_in(invisible, sizeof(invisible) / sizeof(*invisible), code);
}

static bool is_mark(uint32_t code)
{
	return is_in(marks, sizeof(marks) / sizeof(*marks), code);
}

struct piece {
	char text[16];
	size_t size;
};

static void set(struct piece *piece, const char *text, size_t size)
{
	memcpy(piece->text, text, size);
	piece->size = size;
}

static void set_hex(struct piece *piece, unsigned int byte)
{
	piece->size = (size_t)snprintf(piece->text, sizeof(piece->text), "\\x%02x", byte);
}

static void set_code(struct piece *piece, unsigned int code)
{
	piece->size = (size_t)snprintf(piece->text, sizeof(piece->text), "\\u{%x}", code);
}

/* Where a text stands in what is shown. */
struct place {
	bool quoted;
	bool blank; /* behind a blank */
	bool solid; /* behind a character that shows as itself */
};

static void escape_byte(struct piece *piece, unsigned char byte, const struct place *place)
{
	if (byte == '\n')
		set(piece, "\\n", 2);
	else if (byte == '\t')
		set(piece, "\\t", 2);
	else if (byte == '\\')
		set(piece, "\\\\", 2);
	else if (byte == '"' && place->quoted)
		set(piece, "\\\"", 2);
	else if (byte < 0x20 || byte == 0x7f || (byte == ' ' && place->blank))
		set_hex(piece, byte);
	else
		set(piece, (const char *)&byte, 1);
}

/* The escaped form of what stands at @from. Return: bytes of it used. */
static size_t escape_next(struct piece *piece, const char *from, size_t size,
			  struct place *place)
{
	unsigned char byte = (unsigned char)*from;
	uint32_t code;
	size_t length = decode(from, size, &code);

	if (!length)
		set_hex(piece, byte);
	else if (length == 1)
		escape_byte(piece, byte, place);
	else if (is_invisible(code) || (is_mark(code) && !place->solid))
		set_code(piece, code);
	else
		set(piece, from, length);
	place->blank = byte == ' ';
	place->solid = byte != ' ' && piece->size == length;
	return length ? length : 1;
}

/* The escaped form goes to @to, of which @room bytes are left. Return: bytes written. */
static size_t escape(char *to, size_t room, const char *from, size_t size,
		     struct place *place)
{
	struct piece piece;
	size_t used = 0;

	while (size) {
		size_t length = escape_next(&piece, from, size, place);

		if (used + piece.size >= room)
			break;
		memcpy(to + used, piece.text, piece.size);
		used += piece.size;
		from += length;
		size -= length;
	}
	if (room)
		to[used] = '\0';
	return used;
}

size_t text_escape(char *to, size_t room, const char *from, size_t size)
{
	struct place place = { .quoted = false };

	return escape(to, room, from, strnlen(from, size), &place);
}

static void print(FILE *stream, const char *from, size_t size, struct place *place)
{
	struct piece piece;

	while (size) {
		size_t length = escape_next(&piece, from, size, place);

		fwrite(piece.text, 1, piece.size, stream);
		from += length;
		size -= length;
	}
}

void text_print(FILE *stream, const char *from, size_t size)
{
	struct place place = { .quoted = false };

	print(stream, from, size, &place);
}

/* Could somebody take it for more than one word, or for none? */
static bool needs_quotes(const char *from, size_t size)
{
	return !size || memchr(from, ' ', size) || memchr(from, '"', size) ||
	       memchr(from, '\'', size) || memchr(from, '=', size);
}

size_t text_escape_word(char *to, size_t room, const char *from, size_t size)
{
	struct place place = { .quoted = true };
	size_t used;

	size = strnlen(from, size);
	if (!needs_quotes(from, size) || room < sizeof("\"\""))
		return text_escape(to, room, from, size);
	to[0] = '"';
	used = 1 + escape(to + 1, room - 2, from, size, &place);
	to[used++] = '"';
	to[used] = '\0';
	return used;
}

void text_print_word(FILE *stream, const char *from, size_t size)
{
	struct place place = { .quoted = needs_quotes(from, size) };

	if (place.quoted)
		fputc('"', stream);
	print(stream, from, size, &place);
	if (place.quoted)
		fputc('"', stream);
}

/* @quotes: whether these and backslashes are text. Return: bytes used. */
static size_t print_json_next(FILE *stream, const char *from, size_t size, bool quotes)
{
	unsigned char byte = (unsigned char)*from;
	uint32_t code;
	size_t length = decode(from, size, &code);

	if (!length) {
		fprintf(stream, "\\udc%02x", byte);
		return 1;
	}
	if (quotes && (byte == '"' || byte == '\\'))
		fprintf(stream, "\\%c", byte);
	else if (byte < 0x20 || byte == 0x7f || (code < 0x10000 && is_invisible(code)))
		fprintf(stream, "\\u%04x", code);
	else if (is_invisible(code))
		fprintf(stream, "\\u%04x\\u%04x", 0xd7c0 + (code >> 10),
			0xdc00 + (code & 0x3ff));
	else
		fwrite(from, 1, length, stream);
	return length;
}

/* How many bytes of @from stand in JSON as they are: of ASCII, which most text is. */
static size_t plain_json(const char *from, size_t size, bool quotes)
{
	size_t i;

	for (i = 0; i < size; i++)
		if (from[i] < 0x20 || from[i] > 0x7e ||
		    (quotes && (from[i] == '"' || from[i] == '\\')))
			break;
	return i;
}

static void print_json(FILE *stream, const char *from, size_t size, bool quotes)
{
	while (size) {
		size_t length = plain_json(from, size, quotes);

		if (length)
			fwrite(from, 1, length, stream);
		else
			length = print_json_next(stream, from, size, quotes);
		from += length;
		size -= length;
	}
}

void text_print_json(FILE *stream, const char *from, size_t size)
{
	fputc('"', stream);
	print_json(stream, from, size, true);
	fputc('"', stream);
}

void text_finish_json(FILE *stream, const char *from, size_t size)
{
	print_json(stream, from, size, false);
}

char *text_time(char *to, size_t room, int64_t ns)
{
	int64_t seconds = ns / 1000000000, rest = ns % 1000000000;
	time_t when;
	struct tm parts;
	size_t used;

	if (rest < 0) {
		rest += 1000000000;
		seconds--;
	}
	when = (time_t)seconds;
	if (!gmtime_r(&when, &parts)) {
		snprintf(to, room, "%lld", (long long)ns);
		return to;
	}
	used = strftime(to, room, "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(to + used, room - used, ".%09lldZ", (long long)rest);
	return to;
}
