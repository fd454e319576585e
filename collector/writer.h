/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A database to be written: recognised, locked, opened, and set aside if it is damaged
 * (docs/decisions.md 26). What cannot be done is said on stderr.
 */
#ifndef KITH_WRITER_H
#define KITH_WRITER_H

#include "store.h"

#include <stdbool.h>

enum { WRITER_ASIDE_MAX = 8 };

struct writer {
	const char *path;
	struct store *store;
	int lock;
	bool may_set_aside; /* as the caller says; once */
};

/*
 * Open @path, made if it is not there. If it is damaged and writer->may_set_aside it is
 * renamed to PATH.corrupt-TIME, with its log, and a fresh one takes its place.
 *
 * Return: 0; -EBUSY: another writer has it; -EUCLEAN: it is damaged; -EINVAL: it is a
 * database of something else; or another negative errno.
 */
int writer_open(struct writer *writer, const char *path);

/* The open one has turned out to be damaged: the same. */
int writer_set_aside(struct writer *writer);

void writer_close(struct writer *writer);

#endif
