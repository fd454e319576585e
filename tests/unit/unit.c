// SPDX-License-Identifier: GPL-2.0-only
/* What every test program shares. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TIMEOUT_SECONDS = 300, DESCRIPTORS = 16 };

static char base[64];	/* of the program: goes when it ends */
static char home[80];	/* of the running test */
static int real_stderr = -1;

static void make_home(void)
{
	snprintf(home, sizeof(home), "%s/XXXXXX", base);
	ck_assert_ptr_nonnull(mkdtemp(home));
}

void unit_add_rows(Suite *suite, const TTest *test, size_t rows)
{
	TCase *tcase = tcase_create(test->name);

	tcase_set_timeout(tcase, TIMEOUT_SECONDS);
	tcase_add_checked_fixture(tcase, make_home, NULL);
	tcase_add_loop_test(tcase, test, 0, (int)rows);
	suite_add_tcase(suite, tcase);
}

void unit_add(Suite *suite, const TTest *test)
{
	unit_add_rows(suite, test, 1);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
	(void)status, (void)type, (void)where;
	return remove(path);
}

/* The command for each test that failed, once. */
static void print_repeats(SRunner *runner)
{
	TestResult **failed = srunner_failures(runner);
	const char *last = "";
	int i;

	for (i = 0; i < srunner_ntests_failed(runner); i++) {
		if (strcmp(last, tr_tcname(failed[i])))
			printf("  repeat: CK_RUN_CASE=%s %s\n", tr_tcname(failed[i]),
			       program_invocation_name);
		last = tr_tcname(failed[i]);
	}
	free(failed);
}

int unit_run(Suite *suite)
{
	const char *root = getenv("TMPDIR");
	SRunner *runner = srunner_create(suite);
	int failed;

	snprintf(base, sizeof(base), "%.40s/kith-unit.XXXXXX", root ? root : "/tmp");
	if (!mkdtemp(base)) {
		perror(base);
		return EXIT_FAILURE;
	}
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	if (failed) {
		srunner_print(runner, CK_NORMAL);
		print_repeats(runner);
	}
	printf("%s: %d checks, %d failures\n", program_invocation_short_name,
	       srunner_ntests_run(runner), failed);
	srunner_free(runner);
	nftw(base, remove_one, DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

const char *unit_path(const char *name)
{
	static char paths[8][PATH_MAX];
	static unsigned int next;
	char *path = paths[next++ % UNIT_COUNT(paths)];

	snprintf(path, PATH_MAX, "%s/%s", home, name);
	return path;
}

void unit_capture_stderr(void)
{
	int file = open(unit_path("stderr"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(file, 0);
	fflush(stderr);
	real_stderr = dup(STDERR_FILENO);
	ck_assert_int_ge(dup2(file, STDERR_FILENO), 0);
	close(file);
}

char *unit_stderr(void)
{
	char *text = calloc(1, BUFSIZ);

	ck_assert_ptr_nonnull(text);
	fflush(stderr);
	ck_assert_int_ge(pread(STDERR_FILENO, text, BUFSIZ - 1, 0), 0);
	ck_assert_int_ge(dup2(real_stderr, STDERR_FILENO), 0);
	close(real_stderr);
	return text;
}

char *unit_read(const char *path)
{
	char *text = NULL;
	size_t room = 0;
	FILE *file = fopen(path, "r");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_gt(getdelim(&text, &room, '\0', file), 0);
	fclose(file);
	return text;
}

void *unit_exact(const void *data, size_t size)
{
	char *copy = malloc(size ? size : 1);

	ck_assert_ptr_nonnull(copy);
	if (size)
		memcpy(copy, data, size);
	return copy;
}
