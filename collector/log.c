// SPDX-License-Identifier: GPL-2.0-only
/* Messages to people. */
#include "log.h"

#include "text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static const char *program = "kith";
static bool to_journal;

void log_init(const char *name)
{
	program = name;
	to_journal = getenv("JOURNAL_STREAM") != NULL;
}

static void print(int priority, const char *format, va_list arguments)
{
	char raw[1024], safe[4 * sizeof(raw)];

	vsnprintf(raw, sizeof(raw), format, arguments);
	text_escape(safe, sizeof(safe), raw, sizeof(raw));
	if (to_journal)
		fprintf(stderr, "<%d>%s\n", priority, safe);
	else
		fprintf(stderr, "%s: %s\n", program, safe);
}

void log_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print(3, format, arguments);
	va_end(arguments);
}

void log_warning(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print(4, format, arguments);
	va_end(arguments);
}

void log_info(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print(6, format, arguments);
	va_end(arguments);
}
