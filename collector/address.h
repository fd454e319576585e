/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses of IP as the wire has them: 16 bytes, IPv4 as ::ffff:a.b.c.d. */
#ifndef KITH_ADDRESS_H
#define KITH_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

enum {
	ADDRESS_BYTES = 16,
	ADDRESS_TEXT = 46, /* bytes of the longest, with its NUL */
};

/* In canonical form (RFC 5952), IPv4 as a.b.c.d. @to: ADDRESS_TEXT bytes. Return: @to. */
const char *address_text(char *to, const uint8_t *address);

/* Return: 0, or -EINVAL if @text is no address. */
int address_parse(uint8_t *address, const char *text);

bool address_is_loopback(const uint8_t *address);

/* Of no use on the internet: of a private network, a link, a group, or none at all. */
bool address_is_private(const uint8_t *address);

#endif
