/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages to people: one line each on stderr, control bytes escaped, with the
 * priority in front that systemd-journald understands (sd-daemon(3)) when
 * stderr goes there.
 */
#ifndef KITH_LOG_H
#define KITH_LOG_H

/* @name stands before each message. */
void log_init(const char *name);

__attribute__((format(printf, 1, 2))) void log_error(const char *format, ...);
__attribute__((format(printf, 1, 2))) void log_warning(const char *format, ...);
__attribute__((format(printf, 1, 2))) void log_info(const char *format, ...);

#endif
