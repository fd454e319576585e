// SPDX-License-Identifier: GPL-2.0-only
/* kith.conf: [collector] database; [policy] what the module keeps. */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
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

	if (!isdigit((unsigned char)*value))
		return -EINVAL;
	errno = 0;
	number = strtoul(value, &end, 10);
	if (errno || *end || number >= UINT32_MAX)
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

/* Absolute: the daemon's working directory is nobody's business. */
static int set_database(struct config *config, const char *value)
{
	size_t size = strlen(value);

	if (*value != '/' || size >= sizeof(config->database))
		return -EINVAL;
	memcpy(config->database, value, size + 1);
	return 0;
}

static int set(struct config *config, const char *section, const char *name,
	       const char *value)
{
	struct control_policy *policy = &config->policy;

	if (!strcmp(section, "collector") && !strcmp(name, "database"))
		return set_database(config, value);
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

/* A file while it is read: libinih tells the line of the first error alone. */
struct reading {
	struct config *config;
	FILE *file;
	int line;
	int bad_line; /* that config->error is about, 0: none */
	int error;    /* of the file */
};

__attribute__((format(printf, 2, 3))) static void
complain(struct reading *reading, const char *format, ...)
{
	struct config *config = reading->config;
	va_list arguments;
	int used;

	if (reading->bad_line)
		return;
	reading->bad_line = reading->line;
	used = snprintf(config->error, sizeof(config->error), "line %d: ", reading->line);
	va_start(arguments, format);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): clang 14 is wrong */
	vsnprintf(config->error + used, sizeof(config->error) - (size_t)used, format,
		  arguments);
	va_end(arguments);
}

/* libinih would take the rest of a line that is too long for it for the next one. */
static char *next_line(char *text, int room, void *reading_)
{
	struct reading *reading = reading_;

	reading->line++;
	if (!fgets(text, room, reading->file)) {
		if (ferror(reading->file))
			reading->error = -errno;
		return NULL;
	}
	if (!strchr(text, '\n') && !feof(reading->file)) {
		complain(reading, "longer than %d bytes", room - 1);
		return NULL;
	}
	return text;
}

/* Return: 1 to go on, as libinih wants it. */
static int take(void *reading_, const char *section, const char *name, const char *value)
{
	struct reading *reading = reading_;
	int ret = set(reading->config, section, name, value);

	if (ret)
		complain(reading, "[%s] %s = %s: %s", section, name, value,
			 ret == -ENOENT ? "no such setting" :
					  "not a value for this setting");
	return !ret;
}

int config_read(struct config *config, const char *path)
{
	struct reading reading = { .config = config, .file = fopen(path, "re") };
	int line;

	if (!reading.file)
		return -errno;
	line = ini_parse_stream(next_line, &reading, take, &reading);
	fclose(reading.file);
	if (reading.error)
		return reading.error;
	if (line < 0)
		return -ENOMEM;
	if (line && (!reading.bad_line || line < reading.bad_line)) {
		reading.bad_line = 0;
		reading.line = line;
		complain(&reading, "not understood");
	}
	return reading.bad_line ? -EINVAL : 0;
}

bool config_has_policy(const struct config *config)
{
	const struct control_policy *policy = &config->policy;

	return (policy->argv_max & policy->batch_ms & policy->sweep_ms & policy->classes) !=
	       UINT32_MAX;
}
