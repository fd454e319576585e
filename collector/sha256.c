// SPDX-License-Identifier: GPL-2.0-only
#include "sha256.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>

/* Of EVP_MD_CTX alone, so that a failure in the middle is told at the end. */
struct sha256 {
	EVP_MD_CTX *context;
	EVP_MD *algorithm; /* fetched once: each EVP_sha256() would look it up again */
	bool failed;
};

static void begin(struct sha256 *sha256)
{
	sha256->failed = !EVP_DigestInit_ex(sha256->context, sha256->algorithm, NULL);
}

struct sha256 *sha256_new(void)
{
	struct sha256 *sha256 = calloc(1, sizeof(*sha256));

	if (!sha256)
		return NULL;
	sha256->context = EVP_MD_CTX_new();
	sha256->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!sha256->context || !sha256->algorithm) {
		sha256_free(sha256);
		return NULL;
	}
	begin(sha256);
	return sha256;
}

void sha256_free(struct sha256 *sha256)
{
	if (!sha256)
		return;
	EVP_MD_CTX_free(sha256->context);
	EVP_MD_free(sha256->algorithm);
	free(sha256);
}

void sha256_add(struct sha256 *sha256, const void *piece, size_t size)
{
	if (!sha256->failed)
		sha256->failed = !EVP_DigestUpdate(sha256->context, piece, size);
}

int sha256_end(struct sha256 *sha256, unsigned char digest[SHA256_SIZE])
{
	bool failed = sha256->failed || !EVP_DigestFinal_ex(sha256->context, digest, NULL);

	begin(sha256);
	return failed ? -ENOMEM : 0;
}

const char *sha256_text(const unsigned char digest[SHA256_SIZE], char text[SHA256_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < SHA256_SIZE; i++) {
		text[2 * i] = digits[digest[i] >> 4];
		text[2 * i + 1] = digits[digest[i] & 15];
	}
	text[SHA256_TEXT - 1] = '\0';
	return text;
}
