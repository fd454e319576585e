// SPDX-License-Identifier: GPL-2.0-only
/* Escaping: what comes out is plain, whole, and the same whatever way it goes. */
#include "text.h"

#include "fuzz.h"

#include <string.h>

/* A longer room only adds; a piece is never cut. */
static void check_escape(const char *from, size_t size, const char *whole)
{
	size_t all = strlen(whole), room, used;
	char *to;

	for (room = 0; room < all + 2 && room < 40; room++) {
		to = malloc(room ? room : 1);
		FUZZ_CHECK(to);
		used = text_escape(to, room, from, size);
		FUZZ_CHECK(used < room || (!room && !used));
		if (room)
			FUZZ_CHECK(!to[used] && !memcmp(to, whole, used));
		FUZZ_CHECK(room < all + 1 || used == all);
		FUZZ_CHECK(fuzz_is_plain(to, used));
		free(to);
	}
}

/* A JSON string: no raw quote or control inside, no escape that JSON has not. */
static void check_json(const char *json, size_t size)
{
	size_t i;

	FUZZ_CHECK(size >= 2 && json[0] == '"' && json[size - 1] == '"');
	FUZZ_CHECK(fuzz_is_plain(json, size));
	for (i = 1; i < size - 1; i++) {
		FUZZ_CHECK(json[i] != '"');
		if (json[i] != '\\')
			continue;
		i++;
		if (json[i] == 'u')
			FUZZ_CHECK(i + 4 < size - 1 &&
				   strspn(json + i + 1, "0123456789abcdef") >= 4);
		else
			FUZZ_CHECK(json[i] == '"' || json[i] == '\\');
		FUZZ_CHECK(i < size - 1);
	}
}

static void check_time(const uint8_t *data, size_t size)
{
	char text[40];
	int64_t ns;

	if (size < sizeof(ns))
		return;
	memcpy(&ns, data, sizeof(ns));
	FUZZ_CHECK(text_time(text, sizeof(text), ns) == text);
	FUZZ_CHECK(strlen(text) >= 30 && text[strlen(text) - 1] == 'Z');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *from = fuzz_string(data, size), *printed, *json;
	size_t printed_size, json_size;
	FILE *stream = open_memstream(&printed, &printed_size);

	FUZZ_CHECK(stream);
	text_print(stream, from, size);
	FUZZ_CHECK(!fclose(stream));
	FUZZ_CHECK(fuzz_is_plain(printed, printed_size));
	stream = open_memstream(&json, &json_size);
	FUZZ_CHECK(stream);
	text_print_json(stream, from, size);
	FUZZ_CHECK(!fclose(stream));
	check_json(json, json_size);
	if (!memchr(data, 0, size))
		check_escape(from, size, printed);
	check_time(data, size);
	free(json);
	free(printed);
	free(from);
	return 0;
}
