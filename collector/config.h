/* SPDX-License-Identifier: GPL-2.0-only */
/* kith.conf: what an administrator may set, with the defaults. */
#ifndef KITH_CONFIG_H
#define KITH_CONFIG_H

#include "control.h"
#include "retention.h"

#include <stdbool.h>

#define CONFIG_PATH	    "/etc/kith/kith.conf"
#define CONFIG_DATABASE	    "/var/lib/kith/kith.db"

struct config {
	char database[4096];
	struct control_policy policy;
	struct retention_limits limits;
	bool tell_seals;
	char error[256];	      /* what is wrong, after an error */
};

void config_init(struct config *config);

/*
 * Read @path. Return: 0; -EINVAL: a line that is not understood or out of bounds,
 * and config->error says which and why; or why the file cannot be read.
 */
int config_read(struct config *config, const char *path);

#endif
