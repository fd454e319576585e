// SPDX-License-Identifier: GPL-2.0-only
/* What kith hooks prints, of a module that is made up. */
/* NOLINTNEXTLINE(bugprone-suspicious-include): it is no part of the library */
#include "command_hooks.c"

#include "unit.h"

#include <stdlib.h>

static struct {
	int error;
	struct control_hook hook;
} module;

const struct argp_child command_children[] = { { 0 } };

void common_init(struct common *common)
{
	*common = (struct common){ .json = false };
}

int command_module_error(int error)
{
	return -error;
}

int control_open(struct control **result)
{
	*result = NULL;
	return 0;
}

void control_close(struct control *control)
{
	(void)control;
}

int control_hooks(struct control *control,
		  int (*take)(void *context, const struct control_hook *hook), void *context)
{
	(void)control;
	return module.error ? module.error : take(context, &module.hook);
}

/* What it prints; its exit status is @want. */
static char *answer(int want)
{
	char name[] = "kith hooks", *argv[] = { name, NULL }, *text = calloc(1, BUFSIZ);
	FILE *file;

	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_nonnull(freopen(unit_path("printed"), "w", stdout));
	ck_assert_int_eq(command_hooks(1, argv), want);
	fflush(stdout);
	file = fopen(unit_path("printed"), "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_lt(fread(text, 1, BUFSIZ - 1, file), BUFSIZ - 1);
	fclose(file);
	return text;
}

static const struct {
	int error;
	const char *state;
} states[] = {
	{ 0, "attached\n" },
	{ -ECANCELED, "absent (left out by without=): not known: a thing\n" },
	{ -ENOENT, "absent (No such file or directory): not known: a thing\n" },
};

START_TEST(state_of_a_hook)
{
	char *text;

	module.hook = (struct control_hook){ .event = "exec",
					     .symbol = "a_symbol",
					     .loses = "a thing",
					     .error = states[_i].error };
	text = answer(0);
	ck_assert_msg(!strncmp(text, "EVENT ", 6) && strstr(text, states[_i].state), "%s", text);
	free(text);
}
END_TEST

/* The longest names that hooks have. */
START_TEST(columns)
{
	char *text, *row;

	module.hook = (struct control_hook){ .event = "use of a socket",
					     .symbol = "security_unix_stream_connect",
					     .kind = KITH_HOOK_FTRACE,
					     .loses = "a thing" };
	text = answer(0);
	row = strchr(text, '\n') + 1;
	ck_assert_int_eq(strstr(row, "function entry") - row, strstr(text, "KIND") - text);
	ck_assert_int_eq(strstr(row, "attached") - row, strstr(text, "STATE") - text);
	free(text);
}
END_TEST

/* No table of nothing. */
START_TEST(refused)
{
	char *text;

	module.error = -EPERM;
	text = answer(EPERM);
	ck_assert_str_eq(text, "");
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hooks");

	unit_add_rows(suite, state_of_a_hook, UNIT_COUNT(states));
	unit_add(suite, columns);
	unit_add(suite, refused);
	return unit_run(suite);
}
