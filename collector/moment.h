/* SPDX-License-Identifier: GPL-2.0-only */
/* Points in time as people write them. */
#ifndef KITH_MOMENT_H
#define KITH_MOMENT_H

#include <stdint.h>

/*
 * As systemd.time(7) has them: "now", "today", "yesterday", "@SECONDS",
 * "2026-11-21", "2026-11-21 10:00[:30[.5]][Z|UTC]", "10 min ago", "-2h",
 * "3d ago". Local time unless it says UTC.
 *
 * @now: ns since the epoch. Return: 0, *ns is set; or -EINVAL.
 */
int moment_parse(const char *text, int64_t now, int64_t *ns);

#endif
