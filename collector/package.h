/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which package a file belongs to, by the lists of dpkg. That it belongs to one says
 * nothing of what is in it.
 */
#ifndef KITH_PACKAGE_H
#define KITH_PACKAGE_H

#include <stdbool.h>
#include <stddef.h>

struct packages;

/* @root: descriptor of the directory that /var is in. NULL: no memory. */
struct packages *packages_new(int root);
void packages_free(struct packages *packages);

/*
 * @name gets "coreutils 9.1-1", "" if @path belongs to none. Return: false, and it is not
 * known: there is no dpkg.
 */
bool packages_find(struct packages *packages, const char *path, char *name, size_t room);

#endif
