/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every test program shares. A test is a Check test and a case of its own,
 * so that it can be repeated alone; it runs in a process and a directory of its
 * own.
 */
#ifndef KITH_UNIT_H
#define KITH_UNIT_H

#include <check.h>
#include <stddef.h>

#define UNIT_COUNT(array) (sizeof(array) / sizeof(*(array)))

/* Add @test to @suite; with rows it runs for each _i from 0 to @rows - 1. */
void unit_add(Suite *suite, const TTest *test);
void unit_add_rows(Suite *suite, const TTest *test, size_t rows);

/*
 * Run all, print what failed, how to repeat it, and a line that sums it up.
 * Return: exit status.
 */
int unit_run(Suite *suite);

/* Path of @name in the directory of the running test; good until the process ends. */
const char *unit_path(const char *name);

/* What is in the file at @path; the text is the caller's. */
char *unit_read(const char *path);

/*
 * Send what goes to stderr to a file from now on, and give back what has come;
 * unit_stderr() ends the detour. The text is the caller's.
 */
void unit_capture_stderr(void);
char *unit_stderr(void);

/* A copy of @size bytes that the sanitizers watch from end to end. */
void *unit_exact(const void *data, size_t size);

#endif
