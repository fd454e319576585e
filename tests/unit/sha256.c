// SPDX-License-Identifier: GPL-2.0-only
/* sha256_*(): what FIPS 180-4's examples say, in one piece and in many. */
#include "sha256.h"

#include "unit.h"

#include <string.h>

/* The last one is a million times 'a'. */
static const struct {
	const char *text;
	size_t times;
	const char *digest;
} samples[] = {
	{ "", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	{ "a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0" },
};

static struct sha256 *sha256;

static void check(const char *expected)
{
	unsigned char digest[SHA256_SIZE];
	char text[SHA256_TEXT];

	ck_assert_int_eq(sha256_end(sha256, digest), 0);
	ck_assert_str_eq(sha256_text(digest, text), expected);
}

START_TEST(hashes)
{
	size_t i;

	sha256 = sha256_new();
	ck_assert_ptr_nonnull(sha256);
	for (i = 0; i < samples[_i].times; i++)
		sha256_add(sha256, samples[_i].text, strlen(samples[_i].text));
	check(samples[_i].digest);
	/* nothing of that is left */
	check(samples[0].digest);
	sha256_free(sha256);
}
END_TEST

START_TEST(takes_pieces)
{
	const char *text = samples[2].text;
	size_t cut;

	sha256 = sha256_new();
	for (cut = 0; cut <= strlen(text); cut++) {
		sha256_add(sha256, text, cut);
		sha256_add(sha256, text + cut, strlen(text + cut));
		check(samples[2].digest);
	}
	sha256_free(sha256);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sha256");

	unit_add_rows(suite, hashes, UNIT_COUNT(samples));
	unit_add(suite, takes_pieces);
	return unit_run(suite);
}
