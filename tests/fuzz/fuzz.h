/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the harnesses share. Each hands bytes that others may have chosen to one
 * parser of the collector, and says with FUZZ_CHECK what has to be true of what
 * comes out; the sanitizers say the rest. NAME.c is linked with driver.c, or with
 * libFuzzer, which bring main().
 */
#ifndef KITH_FUZZ_H
#define KITH_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define FUZZ_CHECK(what)                                                            \
	do {                                                                        \
		if (!(what)) {                                                      \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what); \
			abort();                                                    \
		}                                                                   \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of @data that ends in a NUL, which the sanitizers watch from end to end. */
char *fuzz_string(const uint8_t *data, size_t size);

/* Well-formed UTF-8 that shows as it is: no controls, nothing that turns text around. */
bool fuzz_is_plain(const char *text, size_t size);

/* The path of a file that holds @data, until the next call. */
const char *fuzz_file(const uint8_t *data, size_t size);

/* Read all of @size bytes, so that the sanitizers can object. */
void fuzz_touch(const void *data, size_t size);

#endif
