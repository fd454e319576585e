// SPDX-License-Identifier: GPL-2.0-only
/* Addresses: their text, and where they lead. */
#include "address.h"

#include "unit.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *text;
	const char *canonical; /* NULL: the same; "": none */
} texts[] = {
	{ "0.0.0.0", NULL },
	{ "10.1.2.3", NULL },
	{ "255.255.255.255", NULL },
	{ "::ffff:10.1.2.3", "10.1.2.3" },
	{ "::ffff:a01:203", "10.1.2.3" },
	{ "::", NULL },
	{ "::1", NULL },
	{ "2001:DB8:0:0:0:0:0:1", "2001:db8::1" },
	{ "fe80::1:2:3:4", NULL },
	{ "::1.2.3.4", NULL },
	{ "", "" },
	{ "1.2.3", "" },
	{ "1.2.3.4 ", "" },
	{ "01.2.3.4", "" },
	{ "1.2.3.4:80", "" },
	{ "[::1]", "" },
	{ "::1%lo", "" },
	{ "nginx", "" },
};

START_TEST(text_and_back)
{
	const char *want = texts[_i].canonical ? texts[_i].canonical : texts[_i].text;
	uint8_t address[ADDRESS_BYTES], again[ADDRESS_BYTES];
	char text[ADDRESS_TEXT];

	if (!*want) {
		ck_assert_int_eq(address_parse(address, texts[_i].text), -EINVAL);
		return;
	}
	ck_assert_int_eq(address_parse(address, texts[_i].text), 0);
	ck_assert_str_eq(address_text(text, address), want);
	ck_assert_int_eq(address_parse(again, text), 0);
	ck_assert_mem_eq(address, again, sizeof(address));
}
END_TEST

enum { PUBLIC, PRIVATE, LOOPBACK };

/* The first and the last of each range, and what is right outside. */
static const struct {
	const char *text;
	int kind;
} places[] = {
	{ "0.0.0.0", PRIVATE },	       { "1.0.0.0", PUBLIC },
	{ "9.255.255.255", PUBLIC },   { "10.0.0.0", PRIVATE },
	{ "10.255.255.255", PRIVATE }, { "11.0.0.0", PUBLIC },
	{ "100.63.255.255", PUBLIC },  { "100.64.0.0", PRIVATE },
	{ "100.127.255.255", PRIVATE }, { "100.128.0.0", PUBLIC },
	{ "126.255.255.255", PUBLIC }, { "127.0.0.0", LOOPBACK },
	{ "127.0.0.1", LOOPBACK },     { "127.255.255.255", LOOPBACK },
	{ "128.0.0.0", PUBLIC },       { "169.253.255.255", PUBLIC },
	{ "169.254.0.0", PRIVATE },    { "169.254.169.254", PRIVATE },
	{ "169.255.0.0", PUBLIC },     { "172.15.255.255", PUBLIC },
	{ "172.16.0.0", PRIVATE },     { "172.31.255.255", PRIVATE },
	{ "172.32.0.0", PUBLIC },      { "192.167.255.255", PUBLIC },
	{ "192.168.0.0", PRIVATE },    { "192.168.255.255", PRIVATE },
	{ "192.169.0.0", PUBLIC },     { "223.255.255.255", PUBLIC },
	{ "224.0.0.1", PRIVATE },      { "239.255.255.255", PRIVATE },
	{ "255.255.255.255", PRIVATE }, { "8.8.8.8", PUBLIC },
	{ "::", PRIVATE },	       { "::1", LOOPBACK },
	{ "::2", PUBLIC },	       { "fbff::1", PUBLIC },
	{ "fc00::", PRIVATE },	       { "fdff:ffff::1", PRIVATE },
	{ "fe00::", PUBLIC },	       { "fe7f::", PUBLIC },
	{ "fe80::", PRIVATE },	       { "febf::1", PRIVATE },
	{ "fec0::", PUBLIC },	       { "feff::", PUBLIC },
	{ "ff02::1", PRIVATE },	       { "2001:db8::1", PUBLIC },
};

START_TEST(where_they_lead)
{
	uint8_t address[ADDRESS_BYTES];

	ck_assert_int_eq(address_parse(address, places[_i].text), 0);
	ck_assert_msg(address_is_loopback(address) == (places[_i].kind == LOOPBACK), "%s",
		      places[_i].text);
	ck_assert_msg(address_is_private(address) == (places[_i].kind != PUBLIC), "%s",
		      places[_i].text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("address");

	unit_add_rows(suite, text_and_back, UNIT_COUNT(texts));
	unit_add_rows(suite, where_they_lead, UNIT_COUNT(places));
	return unit_run(suite);
}
