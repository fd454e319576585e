// SPDX-License-Identifier: GPL-2.0-only
/* Points in time as people write them. */
#include "moment.h"

#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define S INT64_C(1000000000)

/* 2026-11-21 10:34:56.5 UTC, a Saturday. */
static const int64_t now = 1795257296 * S + S / 2;

static const struct {
	const char *text;
	int64_t ns;
} utc[] = {
	{ "now", 1795257296 * S + S / 2 },
	{ "today", 1795219200 * S },
	{ "yesterday", 1795132800 * S },
	{ "@0", 0 },
	{ "@1", S },
	{ "@1795257296", 1795257296 * S },
	{ "@1.5", S + S / 2 },
	{ "@1.000000001", S + 1 },
	{ "@1.0000000019", S + 1 },
	{ "1970-01-01", 0 },
	{ "1970-01-01 00:00:01Z", S },
	{ "1970-01-01T00:00:01Z", S },
	{ "1970-01-01 00:00:01 UTC", S },
	{ "2026-11-21", 1795219200 * S },
	{ "2026-11-21 10:34", 1795257240 * S },
	{ "2026-11-21 10:34:56", 1795257296 * S },
	{ "2026-11-21 10:34:56.123456789Z", 1795257296 * S + 123456789 },
	{ "2026-11-21 10:34:56.25", 1795257296 * S + S / 4 },
	{ "2000-02-29", 951782400 * S },
	{ "2262-04-11 23:47:15Z", 9223372035 * S },
	{ "1969-12-31 23:59:59.5Z", -S / 2 },
	{ "2016-12-31 23:59:60Z", 1483228800 * S },
	{ "10 min ago", 1795256696 * S + S / 2 },
	{ "10min ago", 1795256696 * S + S / 2 },
	{ "-10min", 1795256696 * S + S / 2 },
	{ "-2h", 1795250096 * S + S / 2 },
	{ "2h30m ago", 1795248296 * S + S / 2 },
	{ "2 hours 30 minutes ago", 1795248296 * S + S / 2 },
	{ "-1d", 1795170896 * S + S / 2 },
	{ "3 days ago", 1794998096 * S + S / 2 },
	{ "1 week ago", 1794652496 * S + S / 2 },
	{ "-1.5h", 1795251896 * S + S / 2 },
	{ "0s ago", 1795257296 * S + S / 2 },
	{ "1 second ago", 1795257295 * S + S / 2 },
};

static const char *const nonsense[] = {
	"", " ", "soon", "10 min", "ago", "- 2h", "-", "-2h ago", "2h ago ago", "10 parsecs ago",
	"10 ago", "min ago", "-h", "@", "@x", "@-1", "@ 1", "@+1", "@1x", "@1.", "@1.x",
	"@99999999999999999999", "@9223372037", "2026", "2026-11", "2026-11-", "2026-13-01",
	"2026-00-10", "2026-11-00", "2026-11-32", "2026-02-29", "2026-02-31", "2026-04-31",
	"2026-11-21 ", "2026-11-21 10", "2026-11-21 10:", "2026-11-21 24:00", "2026-11-21 10:60",
	"2026-11-21 10:34:61", "2026-11-21 10:34x", "2026-11-21 10:34 CET",
	"2026-11-21 10:34:56.", "2026-11-21 10:34:56.x", "2026-11-21 10:34.5",
	"2026-11-21x", "2026-11-21 10:34:56Z ", "9999-12-31", "2262-04-12", "2263-01-01",
	"1677-01-01", "0000-01-01", "99999-01-01", " 2026-11-21", "0x10 min ago", "1e3 s ago",
	"1000000000000 weeks ago", "9e99s ago", "nan s ago", "inf s ago", "10 min agos",
	"2026-11-21 -1:00", "+2026-11-21", "1..5h ago", ".5h ago",
};

static void set_zone(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

START_TEST(understands)
{
	int64_t ns = -1;

	set_zone("UTC");
	ck_assert_int_eq(moment_parse(utc[_i].text, now, &ns), 0);
	ck_assert_msg(ns == utc[_i].ns, "%s: %lld", utc[_i].text, (long long)ns);
}
END_TEST

START_TEST(refuses)
{
	int64_t ns = 42;

	set_zone("UTC");
	ck_assert_msg(moment_parse(nonsense[_i], now, &ns) == -EINVAL, "\"%s\" is %lld",
		      nonsense[_i], (long long)ns);
	ck_assert_msg(ns == 42, "\"%s\" left %lld", nonsense[_i], (long long)ns);
}
END_TEST

/* Local time unless it says UTC; days are as long as they are there. */
static const struct {
	const char *zone;
	const char *text;
	int64_t ns;
} local[] = {
	{ "XXX-2", "today", 1795212000 * S },
	{ "XXX-2", "2026-11-21 12:34", 1795257240 * S },
	{ "XXX-2", "2026-11-21 10:34Z", 1795257240 * S },
	{ "XXX-2", "@5", 5 * S },
	{ "XXX+12", "today", 1795176000 * S },
	{ "XXX+12", "yesterday", 1795089600 * S },
	/* a zone whose summer begins 2026-03-29 01:00 UTC: noon is 11 hours from midnight */
	{ "CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29", 1774738800 * S },
	{ "CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29 12:00", 1774778400 * S },
	{ "CET-1CEST,M3.5.0,M10.5.0/3", "2026-07-01 12:00", 1782900000 * S },
};

START_TEST(knows_zones)
{
	int64_t ns = -1;

	set_zone(local[_i].zone);
	ck_assert_int_eq(moment_parse(local[_i].text, now, &ns), 0);
	ck_assert_msg(ns == local[_i].ns, "%s: %lld", local[_i].text, (long long)ns);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("moment");

	unit_add_rows(suite, understands, UNIT_COUNT(utc));
	unit_add_rows(suite, refuses, UNIT_COUNT(nonsense));
	unit_add_rows(suite, knows_zones, UNIT_COUNT(local));
	return unit_run(suite);
}
