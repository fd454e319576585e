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
		char *end;
		double number = strtod(*text, &end);
		int64_t unit;
		size_t size = 0;

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

/* ".5" behind the seconds. */
static int64_t parse_fraction(const char **text)
{
	int64_t scale = second, ns = 0;

	if (**text != '.')
		return 0;
	while (isdigit((unsigned char)*++*text)) {
		scale /= 10;
		ns += (**text - '0') * scale;
	}
	return ns;
}

static int parse_date(const char *text, int64_t *ns)
{
	struct tm parts = { .tm_isdst = -1 };
	int64_t fraction = 0;
	const char *rest = strptime(text, "%Y-%m-%d", &parts);

	if (!rest)
		return -EINVAL;
	if (*rest == ' ' || *rest == 'T') {
		const char *time = strptime(rest + 1, "%H:%M:%S", &parts);

		if (!time)
			time = strptime(rest + 1, "%H:%M", &parts);
		if (!time)
			return -EINVAL;
		rest = time;
		fraction = parse_fraction(&rest);
	}
	if (!strcmp(rest, "Z") || !strcmp(rest, " UTC")) {
		*ns = (int64_t)timegm(&parts) * second + fraction;
		return 0;
	}
	*ns = (int64_t)mktime(&parts) * second + fraction;
	return *rest ? -EINVAL : 0;
}

static int parse_epoch(const char *text, int64_t *ns)
{
	char *end;
	long long seconds;
	const char *rest;

	errno = 0;
	seconds = strtoll(text, &end, 10);
	rest = end;
	if (errno || end == text || seconds < 0 || seconds > INT64_MAX / second - 1)
		return -EINVAL;
	*ns = seconds * second + parse_fraction(&rest);
	return *rest ? -EINVAL : 0;
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
