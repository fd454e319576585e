// SPDX-License-Identifier: GPL-2.0-only
/* Addresses of IP. */
#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

static bool is_ipv4(const uint8_t *address)
{
	return !memcmp(address, mapped, sizeof(mapped));
}

/* Return: behind it. */
static char *put_byte(char *to, unsigned int byte)
{
	if (byte >= 100)
		*to++ = (char)('0' + byte / 100);
	if (byte >= 10)
		*to++ = (char)('0' + byte / 10 % 10);
	*to++ = (char)('0' + byte % 10);
	return to;
}

/* As inet_ntop() does it, for a fortieth of the instructions: each route has two. */
static void put_ipv4(char *to, const uint8_t *bytes)
{
	int i;

	for (i = 0; i < 4; i++) {
		to = put_byte(to, bytes[i]);
		*to++ = i < 3 ? '.' : '\0';
	}
}

const char *address_text(char *to, const uint8_t *address)
{
	if (is_ipv4(address))
		put_ipv4(to, address + sizeof(mapped));
	else
		inet_ntop(AF_INET6, address, to, ADDRESS_TEXT);
	return to;
}

int address_parse(uint8_t *address, const char *text)
{
	if (inet_pton(AF_INET6, text, address) == 1)
		return 0;
	memcpy(address, mapped, sizeof(mapped));
	return inet_pton(AF_INET, text, address + sizeof(mapped)) == 1 ? 0 : -EINVAL;
}

/* The first @bits of an address. */
struct range {
	uint8_t address[ADDRESS_BYTES];
	int bits;
};

#define IPV4(a, b, c, d) { [10] = 0xff, [11] = 0xff, [12] = (a), (b), (c), (d) }

static bool is_in(const struct range *ranges, size_t count, const uint8_t *address)
{
	size_t i;

	for (i = 0; i < count; i++) {
		const struct range *range = &ranges[i];
		size_t bytes = (size_t)range->bits / 8;
		int rest = 8 - range->bits % 8;

		if (!memcmp(address, range->address, bytes) &&
		    (rest == 8 || address[bytes] >> rest == range->address[bytes] >> rest))
			return true;
	}
	return false;
}

bool address_is_loopback(const uint8_t *address)
{
	static const struct range ranges[] = {
		{ IPV4(127, 0, 0, 0), 96 + 8 },
		{ { [15] = 1 }, 128 },
	};

	return is_in(ranges, sizeof(ranges) / sizeof(*ranges), address);
}

bool address_is_private(const uint8_t *address)
{
	static const struct range ranges[] = {
		{ IPV4(10, 0, 0, 0), 96 + 8 },
		{ IPV4(172, 16, 0, 0), 96 + 12 },
		{ IPV4(192, 168, 0, 0), 96 + 16 },
		{ IPV4(169, 254, 0, 0), 96 + 16 },
		{ IPV4(100, 64, 0, 0), 96 + 10 },
		{ IPV4(127, 0, 0, 0), 96 + 8 },
		{ IPV4(224, 0, 0, 0), 96 + 4 },
		{ IPV4(255, 255, 255, 255), 128 },
		{ IPV4(0, 0, 0, 0), 96 + 8 },
		{ { 0xfc }, 7 },
		{ { 0xfe, 0x80 }, 10 },
		{ { 0xff }, 8 },
		{ { 0 }, 127 }, /* none, and the loopback */
	};

	return is_in(ranges, sizeof(ranges) / sizeof(*ranges), address);
}
