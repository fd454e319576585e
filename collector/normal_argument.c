// SPDX-License-Identifier: GPL-2.0-only
/* What varies from run to run taken out of arguments. */
#include "normal.h"

#include "address.h"

#include <string.h>

enum {
	ARGUMENTS_MAX = 8, /* that count, and so many words of what a shell is to do */
	WORD_MAX = 48,	   /* bytes of one that are looked at */
	CODE_LEAST = 80,   /* bytes of an argument that is no name */
};

static struct slice cut(struct slice slice, size_t size)
{
	return (struct slice){ slice.data, slice.size < size ? slice.size : size };
}

static struct slice skip(struct slice slice, size_t size)
{
	return (struct slice){ slice.data + size, slice.size - size };
}

struct slice normal_argument(struct slice argv, unsigned int which)
{
	struct slice argument = { argv.data, 0 };

	for (;; which--) {
		argument.data = argv.data;
		argument.size = argv.size ? strnlen(argv.data, argv.size) : 0;
		if (!which || !argv.size)
			break;
		argv = skip(argv, argument.size < argv.size ? argument.size + 1 : argv.size);
	}
	return argument;
}

static size_t size_until(struct slice text, const char *ends)
{
	size_t i = 0;

	while (i < text.size && !strchr(ends, text.data[i]))
		i++;
	return i;
}

/* http://[USER@]HOST[:PORT]/... is told by its host. */
static bool put_url(struct normal *normal, struct slice word)
{
	const char *colon = word.size ? memmem(word.data, word.size, "://", 3) : NULL;
	const char *at;
	struct slice host;

	if (!colon || colon == word.data || colon - word.data > 8)
		return false;
	host = skip(word, (size_t)(colon + 3 - word.data));
	host = cut(host, size_until(host, "/?#"));
	at = host.size ? memrchr(host.data, '@', host.size) : NULL;
	if (at)
		host = skip(host, (size_t)(at + 1 - host.data));
	normal_word(normal, (struct slice){ word.data, (size_t)(colon - word.data) });
	normal_put(normal, "://");
	normal_word(normal, cut(host, size_until(host, ":")));
	return true;
}

static bool put_address(struct normal *normal, struct slice word)
{
	uint8_t address[ADDRESS_BYTES];
	char text[ADDRESS_TEXT];

	if (word.size >= sizeof(text) || word.size < 2)
		return false;
	memcpy(text, word.data, word.size);
	text[word.size] = '\0';
	if (strlen(text) != word.size || address_parse(address, text))
		return false;
	normal_put(normal, "<");
	normal_address(normal, address);
	normal_put(normal, ">");
	return true;
}

static void put_size(struct normal *normal, size_t size)
{
	char text[] = "<code:0>";

	while (size > CODE_LEAST && text[6] < '9') {
		size /= 2;
		text[6]++;
	}
	normal_put(normal, text);
}

static void put_value(struct normal *normal, struct slice value)
{
	if (value.size && (*value.data == '"' || *value.data == '\''))
		value = skip(value, 1);
	if (!value.size || put_url(normal, value) || put_address(normal, value))
		return;
	if (*value.data == '/')
		normal_place(normal, value);
	else if (value.size > CODE_LEAST)
		put_size(normal, value.size);
	else
		normal_word(normal, cut(value, WORD_MAX));
}

/* --name=value, -Ovalue, or what is no option. */
static void put_argument(struct normal *normal, struct slice word)
{
	const char *equals;

	equals = word.size && word.size <= CODE_LEAST * 4 ? memchr(word.data, '=', word.size) :
							    NULL;
	if (equals && equals - word.data < WORD_MAX && equals > word.data) {
		const size_t name = (size_t)(equals + 1 - word.data);

		normal_word(normal, cut(word, name));
		put_value(normal, skip(word, name));
	} else {
		put_value(normal, word);
	}
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_operator(char c)
{
	return c == '|' || c == ';' || c == '&' || c == '(' || c == ')' || c == '<' || c == '>' ||
	       c == '`';
}

static size_t word_size(struct slice text)
{
	size_t i = 0;

	while (i < text.size && !is_blank(text.data[i]) && !is_operator(text.data[i]))
		i++;
	return i;
}

/* What a shell is to do: its words, and what stands between commands. */
static void put_script(struct normal *normal, struct slice text)
{
	unsigned int words = 0;

	while (text.size && words < ARGUMENTS_MAX) {
		size_t size = word_size(text);

		if (size) {
			normal_put(normal, " ");
			put_argument(normal, cut(text, size));
			words++;
		} else if (is_operator(*text.data)) {
			const char operator[] = { ' ', *text.data, '\0' };

			normal_put(normal, operator);
			size = 1;
			words++;
		} else {
			size = 1;
		}
		text = skip(text, size);
	}
	if (text.size)
		normal_put(normal, " ..");
}

static bool is_shell(struct slice name)
{
	static const char *const shells[] = { "sh", "dash", "bash", "ash", "zsh", "ksh",
					      "busybox" };
	size_t i;

	name = normal_base(name);
	if (name.size && *name.data == '-')
		name = skip(name, 1);
	for (i = 0; i < sizeof(shells) / sizeof(*shells); i++)
		if (slice_is(name, shells[i]))
			return true;
	return false;
}

/* -c, also as the last of several letters. */
static bool takes_command(struct slice option)
{
	return option.size >= 2 && option.size <= 5 && *option.data == '-' &&
	       option.data[1] != '-' && option.data[option.size - 1] == 'c';
}

void normal_arguments(struct normal *normal, struct slice argv)
{
	const bool shell = is_shell(normal_argument(argv, 0));
	unsigned int i;

	for (i = 1; i <= ARGUMENTS_MAX; i++) {
		const struct slice argument = normal_argument(argv, i);

		if (!argument.data || argument.data >= argv.data + argv.size)
			return;
		if (shell && i > 1 && takes_command(normal_argument(argv, i - 1))) {
			put_script(normal, argument);
			return;
		}
		if (normal->size)
			normal_put(normal, " ");
		put_argument(normal, argument);
	}
	if (normal_argument(argv, i).size)
		normal_put(normal, " ..");
}
