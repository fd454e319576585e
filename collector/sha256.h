/* SPDX-License-Identifier: GPL-2.0-only */
/* SHA-256 (FIPS 180-4) of what comes in pieces, by libcrypto. */
#ifndef KITH_SHA256_H
#define KITH_SHA256_H

#include <stddef.h>

enum { SHA256_SIZE = 32, SHA256_TEXT = 2 * SHA256_SIZE + 1 };

struct sha256;

/* NULL: no memory. Ready for the first piece. */
struct sha256 *sha256_new(void);
void sha256_free(struct sha256 *sha256);

void sha256_add(struct sha256 *sha256, const void *piece, size_t size);

/* The digest of all pieces since the last one; ready for the next. 0 or -ENOMEM. */
int sha256_end(struct sha256 *sha256, unsigned char digest[SHA256_SIZE]);

/* @digest in lower-case hexadecimal digits. Return: @text. */
const char *sha256_text(const unsigned char digest[SHA256_SIZE], char text[SHA256_TEXT]);

#endif
