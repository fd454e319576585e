/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What varies from run to run taken out of paths and arguments, so that what means the
 * same is the same text. Whatever the input holds, the result is printable ASCII, no
 * longer than its bound, and the same each time.
 *
 * A change of any result needs another NORMAL_VERSION: what was learned by the old one
 * is then forgotten.
 */
#ifndef KITH_NORMAL_H
#define KITH_NORMAL_H

#include "record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NORMAL_VERSION = 1, NORMAL_MAX = 192 };

/* The text is ended by a NUL. */
struct normal {
	size_t size;
	char text[NORMAL_MAX];
};

void normal_clear(struct normal *normal);

/* Cut where it does not fit. */
void normal_put(struct normal *normal, const char *text);

/* One word: hexadecimal, identifiers, and decimal numbers become <hex>, <uuid>, <r>, <n>. */
void normal_word(struct normal *normal, struct slice word);

/*
 * A path with each of its components so; homes become ~, roots of containers go, and of
 * what is in directories for what is temporary stays the extension.
 */
void normal_path(struct normal *normal, struct slice path);

/* The directory of that and the extension: for files that come and go. */
void normal_place(struct normal *normal, struct slice path);

/*
 * Arguments behind the first one, each ended by a NUL: options stay, values become what
 * kind of thing they are, what a shell is given to do is taken apart in the same way.
 */
void normal_arguments(struct normal *normal, struct slice argv);

/* The @which-th argument, from 0 on; size 0: there is none. */
struct slice normal_argument(struct slice argv, unsigned int which);

/* How far away it is, and the network that it is in: "public 203.0.113.0/24". */
void normal_address(struct normal *normal, const uint8_t *address);

/* Ports of services stay, others are "eph". */
void normal_port(struct normal *normal, uint16_t port);

/* @path without the root of the container that it is in; *inside: there is one. */
struct slice normal_inside(struct slice path, bool *inside);

/* What is behind the last slash. */
struct slice normal_base(struct slice path);

bool slice_is(struct slice slice, const char *text);
bool slice_begins(struct slice slice, const char *text);
bool slice_ends(struct slice slice, const char *text);
bool slice_has(struct slice slice, const char *text);

#endif
