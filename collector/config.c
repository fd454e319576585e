// SPDX-License-Identifier: GPL-2.0-only
/* kith.conf: [collector] database; [policy] what the module keeps. */
#include "config.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void config_init(struct config *config)
{
	*config = (struct config){
		.database = CONFIG_DATABASE,
		.policy = { UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX },
	};
}

static int set_number(uint32_t *to, const char *value)
{
	char *end;
	unsigned long number;

	errno = 0;
	number = strtoul(value, &end, 10);
	if (errno || end == value || *end || *value == '-' || number >= UINT32_MAX)
		return -EINVAL;
	*to = (uint32_t)number;
	return 0;
}

static int set_failed_exec(uint32_t *classes, const char *value)
{
	const uint32_t all = (1u << KITH_CLASSES) - 1;

	if (!strcmp(value, "yes"))
		*classes = all;
	else if (!strcmp(value, "no"))
		*classes = all & ~(1u << KITH_CLASS_FAILED_EXEC);
	else
		return -EINVAL;
	return 0;
}

static int set(struct config *config, const char *section, const char *name,
	       const char *value)
{
	struct control_policy *policy = &config->policy;

	if (!strcmp(section, "collector") && !strcmp(name, "database"))
		return snprintf(config->database, sizeof(config->database), "%s", value) <
				       (int)sizeof(config->database) ?
			       0 :
			       -EINVAL;
	if (strcmp(section, "policy"))
		return -ENOENT;
	if (!strcmp(name, "argv_max"))
		return set_number(&policy->argv_max, value);
	if (!strcmp(name, "batch_ms"))
		return set_number(&policy->batch_ms, value);
	if (!strcmp(name, "sweep_ms"))
		return set_number(&policy->sweep_ms, value);
	if (!strcmp(name, "failed_exec"))
		return set_failed_exec(&policy->classes, value);
	return -ENOENT;
}

/* Return: 1 to go on, as libinih wants it. */
static int take(void *config_, const char *section, const char *name, const char *value)
{
	struct config *config = config_;
	int ret = set(config, section, name, value);

	if (ret && !*config->error)
		snprintf(config->error, sizeof(config->error), "[%s] %s = %s: %s", section,
			 name, value,
			 ret == -ENOENT ? "no such setting" : "not a value for this setting");
	return !ret;
}

int config_read(struct config *config, const char *path)
{
	int line = ini_parse(path, take, config);

	if (line == -1)
		return -ENOENT;
	if (line < 0)
		return -ENOMEM;
	if (!line)
		return 0;
	if (!*config->error)
		snprintf(config->error, sizeof(config->error), "not understood");
	return -EINVAL;
}

bool config_has_policy(const struct config *config)
{
	const struct control_policy *policy = &config->policy;

	return (policy->argv_max & policy->batch_ms & policy->sweep_ms & policy->classes) !=
	       UINT32_MAX;
}
