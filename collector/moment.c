// SPDX-License-Identifier: GPL-2.0-only
/* Points in time as people write them. */
#include "moment.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const int64_t second = 1000000000;
static const int64_t last_second = INT64_MAX / 1000000000 - 1;

static const struct {
	const char *name;
	int64_t seconds;
} units[] = {
	{ "s", 1 },	  { "sec", 1 },	   { "second", 1 },  { "seconds", 1 },
	{ "m", 60 },	  { "min", 60 },   { "minute", 60 }, { "minutes", 60 },
	{ "h", 3600 },	  { "hr", 3600 },  { "hour", 3600 }, { "hours", 3600 },
	{ "d", 86400 },	  { "day", 86400 }, { "days", 86400 },
	{ "w", 604800 },  { "week", 604800 }, { "weeks", 604800 },
};

static int64_t unit_seconds(const char *name, size_t size)
{
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strlen(units[i].name) == size && !memcmp(units[i].name, name, size))
			return units[i].seconds;
	return 0;
}

/* "10 min", "2h30m": a sum of numbers with units. */
static int parse_span(const char **text, int64_t *ns)
{
	double sum = 0;
	bool any = false;

	while (isdigit((unsigned char)**text)) {
		size_t digits = strspn(*text, "0123456789."), size = 0;
		char *end;
		double number = strtod(*text, &end);
		int64_t unit;

		if (end != *text + digits)
			return -EINVAL;
		while (*end == ' ')
			end++;
		while (isalpha((unsigned char)end[size]))
			size++;
		unit = unit_seconds(end, size);
		if (!unit)
			return -EINVAL;
		sum += number * (double)unit;
		any = true;
		*text = end + size;
		while (**text == ' ')
			++*text;
		if (!strncmp(*text, "ago", 3))
			break;
	}
	if (!any || sum > 1e9)
		return -EINVAL;
	*ns = (int64_t)llround(sum * (double)second);
	return 0;
}

static int64_t midnight(int64_t now, int days)
{
	time_t when = (time_t)(now / second);
	struct tm parts;

	localtime_r(&when, &parts);
	parts.tm_hour = parts.tm_min = parts.tm_sec = 0;
	parts.tm_mday += days;
	parts.tm_isdst = -1;
	return (int64_t)mktime(&parts) * second;
}

/* Exactly @count digits, the value of which is at most @most. */
static bool parse_digits(const char **text, int count, int most, int *value)
{
	*value = 0;
	while (count--) {
		if (!isdigit((unsigned char)**text))
			return false;
		*value = *value * 10 + *(*text)++ - '0';
	}
	return *value <= most;
}

static bool skip(const char **text, char what)
{
	if (**text != what)
		return false;
	++*text;
	return true;
}

/* ".5" behind the seconds, if there is a point. */
static bool parse_fraction(const char **text, int64_t *ns)
{
	int64_t scale = second;

	*ns = 0;
	if (!skip(text, '.'))
		return true;
	if (!isdigit((unsigned char)**text))
		return false;
	while (isdigit((unsigned char)**text)) {
		scale /= 10;
		*ns += (*(*text)++ - '0') * scale;
	}
	return true;
}

/* "10:00[:30[.5]]"; a leap second may be the 60th. */
static bool parse_clock(const char **text, struct tm *parts, int64_t *fraction)
{
	if (!parse_digits(text, 2, 23, &parts->tm_hour) || !skip(text, ':') ||
	    !parse_digits(text, 2, 59, &parts->tm_min))
		return false;
	if (!skip(text, ':'))
		return true;
	return parse_digits(text, 2, 60, &parts->tm_sec) && parse_fraction(text, fraction);
}

/* Is it a day that exists? The C library would take February 30 for March 2. */
static bool is_day(struct tm parts)
{
	int month = parts.tm_mon, day = parts.tm_mday;

	timegm(&parts);
	return parts.tm_mon == month && parts.tm_mday == day;
}

static int parse_date(const char *text, int64_t *ns)
{
	struct tm parts = { .tm_isdst = -1 };
	int64_t fraction = 0, seconds;

	if (!parse_digits(&text, 4, 9999, &parts.tm_year) || !skip(&text, '-') ||
	    !parse_digits(&text, 2, 12, &parts.tm_mon) || !skip(&text, '-') ||
	    !parse_digits(&text, 2, 31, &parts.tm_mday))
		return -EINVAL;
	parts.tm_year -= 1900;
	parts.tm_mon--;
	if (!is_day(parts))
		return -EINVAL;
	if ((skip(&text, ' ') || skip(&text, 'T')) && !parse_clock(&text, &parts, &fraction))
		return -EINVAL;
	if (!*text)
		seconds = mktime(&parts);
	else if (!strcmp(text, "Z") || !strcmp(text, " UTC"))
		seconds = timegm(&parts);
	else
		return -EINVAL;
	if (seconds < -last_second || seconds > last_second)
		return -EINVAL;
	*ns = seconds * second + fraction;
	return 0;
}

static int parse_epoch(const char *text, int64_t *ns)
{
	int64_t seconds, fraction;
	char *end;
	const char *rest;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	seconds = strtoll(text, &end, 10);
	rest = end;
	if (errno || seconds > last_second || !parse_fraction(&rest, &fraction) || *rest)
		return -EINVAL;
	*ns = seconds * second + fraction;
	return 0;
}

static bool parse_word(const char *text, int64_t now, int64_t *ns)
{
	if (!strcmp(text, "now"))
		*ns = now;
	else if (!strcmp(text, "today"))
		*ns = midnight(now, 0);
	else if (!strcmp(text, "yesterday"))
		*ns = midnight(now, -1);
	else
		return false;
	return true;
}

int moment_parse(const char *text, int64_t now, int64_t *ns)
{
	bool minus = *text == '-';
	int64_t span;

	if (*text == '@')
		return parse_epoch(text + 1, ns);
	if (parse_word(text, now, ns) || !parse_date(text, ns))
		return 0;
	text += minus;
	if (parse_span(&text, &span) || strcmp(text, minus ? "" : "ago"))
		return -EINVAL;
	*ns = now - span;
	return 0;
}
