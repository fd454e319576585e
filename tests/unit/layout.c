// SPDX-License-Identifier: GPL-2.0-only
/*
 * include/kith/uapi.h against what has been published (published.h), as a
 * header, and as a manual.
 */
#include "unit.h"

#include <kith/uapi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UAPI TOP "/include/kith/uapi.h"
#define TALK TOP "/include/kith/talk.h"
#define FILES TOP "/include/kith/file.h"

#define ADVICE                                                                        \
	", but KITH_ABI_VERSION is still the same. Collectors of that version are out" \
	" there: put it back and add what you need at the end; or add one to"          \
	" KITH_ABI_VERSION and bring tests/unit/published.h up to date"

#define FIXED(structure, size)
#define GROWS(structure, size)
#define FIELD(structure, field, offset, size)
#define VALUE(name, value) { #name, name, value },
static const struct {
	const char *name;
	long long now;
	long long published;
} values[] = {
#include "published.h"
};

#undef VALUE
#undef FIELD
#define VALUE(name, value)
#define FIELD(structure, field, at, bytes)                                        \
	{ #structure "." #field, offsetof(struct structure, field),               \
	  sizeof(((struct structure *)NULL)->field), at, bytes },
static const struct {
	const char *name;
	size_t offset;
	size_t size;
	size_t published_offset;
	size_t published_size;
} fields[] = {
#include "published.h"
};

#undef FIELD
#undef FIXED
#undef GROWS
#define FIELD(structure, field, offset, size)
#define FIXED(structure, bytes) { #structure, sizeof(struct structure), bytes, false },
#define GROWS(structure, bytes) { #structure, sizeof(struct structure), bytes, true },
static const struct {
	const char *name;
	size_t size;
	size_t published;
	bool grows;
} structures[] = {
#include "published.h"
};

enum { HEADER_MAX = 1 << 17 };

/* Return: how long the text is now. */
static size_t append(char *text, size_t size, const char *path)
{
	FILE *file = fopen(path, "r");
	size_t more;

	ck_assert_ptr_nonnull(file);
	more = fread(text + size, 1, HEADER_MAX - 1 - size, file);
	ck_assert_uint_gt(more, 1000);
	fclose(file);
	return size + more;
}

static char *header(void)
{
	char *text = calloc(1, HEADER_MAX);

	ck_assert_ptr_nonnull(text);
	append(text, append(text, append(text, 0, UAPI), TALK), FILES);
	return text;
}

START_TEST(the_version_is_that_of_the_table)
{
	ck_assert_msg(KITH_ABI_VERSION == PUBLISHED_VERSION,
		      "KITH_ABI_VERSION is %d, tests/unit/published.h tells of version %d: bring"
		      " it up to date with what changed, PUBLISHED_VERSION too",
		      KITH_ABI_VERSION, PUBLISHED_VERSION);
}
END_TEST

START_TEST(values_stay)
{
	ck_assert_msg(values[_i].now == values[_i].published, "%s was %lld and is %lld" ADVICE,
		      values[_i].name, values[_i].published, values[_i].now);
}
END_TEST

START_TEST(fields_stay)
{
	ck_assert_msg(fields[_i].offset == fields[_i].published_offset &&
			      fields[_i].size == fields[_i].published_size,
		      "%s was %zu bytes at %zu and is %zu at %zu" ADVICE, fields[_i].name,
		      fields[_i].published_size, fields[_i].published_offset, fields[_i].size,
		      fields[_i].offset);
}
END_TEST

START_TEST(structures_stay)
{
	bool fine = structures[_i].grows ? structures[_i].size >= structures[_i].published :
					   structures[_i].size == structures[_i].published;

	ck_assert_msg(fine, "struct %s was %zu bytes and is %zu" ADVICE, structures[_i].name,
		      structures[_i].published, structures[_i].size);
	ck_assert_msg(structures[_i].size % 4 == 0, "struct %s has padding at its end",
		      structures[_i].name);
}
END_TEST

static bool is_published(const char *name)
{
	size_t i;

	for (i = 0; i < UNIT_COUNT(values); i++)
		if (!strcmp(values[i].name, name))
			return true;
	for (i = 0; i < UNIT_COUNT(fields); i++)
		if (!strcmp(fields[i].name, name))
			return true;
	return false;
}

/* Ends of enums, which move when they grow, and what is checked elsewhere. */
static bool may_change(const char *name)
{
	static const char *const names[] = { "__KITH_A_MAX",	 "KITH_A_MAX",
					     "KITH_CLASSES",	 "KITH_LOSS_CAUSES",
					     "KITH_POLICY_CLASSES_DEFAULT",
					     "KITH_POLICY_CLASSES_OPTIONAL",
					     "KITH_POLICY_FILE_PLAIN_DEFAULT",
					     "KITH_POLICY_FILE_SECRET_DEFAULT",
					     "KITH_SIDES",
					     "KITH_RECORD_TYPES", "KITH_CAUSES",
					     "KITH_FAMILY",	 "KITH_ABI_VERSION",
					     "_KITH_UAPI_H", "_KITH_TALK_H",
					     "_KITH_FILE_H" };
	size_t i;

	for (i = 0; i < UNIT_COUNT(names); i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

/* What @line of the header defines, within @structure if that is not "". */
static bool defined(const char *line, const char *structure, char *name, size_t room)
{
	char word[64];

	if (*structure && (sscanf(line, "\tstruct %*s %63[a-z0-9_]", word) == 1 ||
			   sscanf(line, "\t__%*s %63[a-z0-9_]", word) == 1))
		return snprintf(name, room, "%s.%s", structure, word) > 0;
	if (sscanf(line, "#define %63[A-Za-z0-9_]", word) == 1 ||
	    sscanf(line, "\t%63[A-Z0-9_]", word) == 1)
		return snprintf(name, room, "%s", word) > 0;
	return false;
}

START_TEST(everything_is_in_the_table)
{
	char *text = header(), *line = strstr(text, "#ifndef"), *end, name[128];
	char structure[64] = "";
	int count = 0;

	for (; line; line = end ? end + 1 : NULL) {
		end = strchr(line, '\n');
		if (end)
			*end = '\0';
		sscanf(line, "struct %63[a-z_] {", structure);
		if (*line == '}')
			*structure = '\0';
		if (!defined(line, structure, name, sizeof(name)) || may_change(name))
			continue;
		count++;
		ck_assert_msg(is_published(name),
			      "%s is new: add it to tests/unit/published.h, so that it stays",
			      name);
	}
	ck_assert_int_eq(count, UNIT_COUNT(values) + UNIT_COUNT(fields));
	free(text);
}
END_TEST

START_TEST(family_and_version)
{
	ck_assert_str_eq(KITH_FAMILY, "kith");
	ck_assert_int_eq(KITH_A_MAX, __KITH_A_MAX - 1);
	/* keys, sequence numbers and losses fit where they stand */
	ck_assert_int_eq(KITH_KEY_PID_BITS, 22);
	ck_assert_int_le(KITH_LOSS_CAUSES, UNIT_COUNT(((struct kith_counters *)NULL)->lost));
	ck_assert_int_eq(KITH_RECORD_MAX_SIZE % 8, 0);
	ck_assert_int_le(KITH_RECORD_MAX_SIZE, UINT16_MAX);
}
END_TEST

static const char *const compilers[] = {
	"gcc -x c -std=c99",
	"gcc -x c -std=c11 -Wc++-compat",
	"g++ -x c++ -std=c++11",
	"g++ -x c++ -std=c++17",
};

/* By itself, and twice. */
START_TEST(compiles_alone)
{
	char command[512];

	snprintf(command, sizeof(command),
		 "%s -pedantic -Wall -Wextra -Werror -fsyntax-only " UAPI, compilers[_i]);
	ck_assert_msg(!system(command), "%s", command);
	snprintf(command, sizeof(command),
		 "printf '#include \"" UAPI "\"\\n#include \"" UAPI "\"\\n' |"
		 " %s -pedantic -Wall -Wextra -Werror -fsyntax-only -", compilers[_i]);
	ck_assert_msg(!system(command), "%s", command);
}
END_TEST

/* Is @word explained: at the head of a line of the comment that opens the file? */
static bool is_explained(const char *comment, const char *word)
{
	char line[64];

	snprintf(line, sizeof(line), "\n * %s ", word);
	return strstr(comment, line) != NULL;
}

static bool is_mentioned(const char *comment, const char *word)
{
	const char *at = comment;
	size_t size = strlen(word);

	while ((at = strstr(at, word))) {
		if (!strspn(at - 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") &&
		    !strspn(at + size, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"))
			return true;
		at += size;
	}
	return false;
}

static void check_explained(const char *comment, const char *name)
{
	if (!strncmp(name, "KITH_CMD_", 9) && strcmp(name, "KITH_CMD_UNSPEC"))
		ck_assert_msg(is_explained(comment, name + 9),
			      "the comment that opens uapi.h does not explain the command %s",
			      name + 9);
	if (!strncmp(name, "KITH_RECORD_", 12) && strcmp(name, "KITH_RECORD_MAX_SIZE"))
		ck_assert_msg(is_explained(comment, name + 12),
			      "the comment that opens uapi.h does not explain the record %s",
			      name + 12);
	if (!strncmp(name, "KITH_A_POLICY_", 14) || !strncmp(name, "KITH_A_HOOK_", 12))
		ck_assert(strstr(comment, "POLICY_*") && strstr(comment, "HOOK_*"));
	else if (!strncmp(name, "KITH_A_", 7) && strcmp(name, "KITH_A_UNSPEC") &&
		 strcmp(name, "KITH_A_PAD"))
		ck_assert_msg(is_mentioned(comment, name + 7),
			      "the comment that opens uapi.h does not say where the attribute %s"
			      " goes", name + 7);
}

START_TEST(the_comment_explains_everything)
{
	char *text = header(), *end = strstr(text, "#ifndef");
	size_t i;

	*end = '\0';
	for (i = 0; i < UNIT_COUNT(values); i++)
		check_explained(text, values[i].name);
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("layout");

	unit_add(suite, the_version_is_that_of_the_table);
	unit_add_rows(suite, values_stay, UNIT_COUNT(values));
	unit_add_rows(suite, fields_stay, UNIT_COUNT(fields));
	unit_add_rows(suite, structures_stay, UNIT_COUNT(structures));
	unit_add(suite, everything_is_in_the_table);
	unit_add(suite, family_and_version);
	unit_add_rows(suite, compiles_alone, UNIT_COUNT(compilers));
	unit_add(suite, the_comment_explains_everything);
	return unit_run(suite);
}
