// SPDX-License-Identifier: GPL-2.0-only
/*
 * kith.conf: [collector] database; [policy] what the module keeps; [retention] how long the
 * database does; [seal] whether the log has its seals.
 */
#include "config.h"

#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void config_init(struct config *config)
{
	*config = (struct config){
		.database = CONFIG_DATABASE,
		.policy = {
			.argv_max = KITH_POLICY_ARGV_MAX_DEFAULT,
			.batch_ms = KITH_POLICY_BATCH_MS_DEFAULT,
			.sweep_ms = KITH_POLICY_SWEEP_MS_DEFAULT,
			.classes = KITH_POLICY_CLASSES_DEFAULT,
			.files = true,
			.file_reads = KITH_POLICY_FILE_READS_DEFAULT,
			.plain_paths = KITH_POLICY_FILE_PLAIN_DEFAULT,
			.secret_paths = KITH_POLICY_FILE_SECRET_DEFAULT,
		},
		.limits = {
			.days = { RETENTION_FILES_DAYS, RETENTION_CONVERSATIONS_DAYS,
				  RETENTION_PROCESSES_DAYS },
			.database_mib = RETENTION_DATABASE_MIB,
			.free_mib = RETENTION_FREE_MIB,
		},
		.tell_seals = true,
	};
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

/* A number, and its bounds; those of the policy are the module's. */
struct number {
	const char *name;
	const char *section;
	size_t offset; /* into struct config */
	uint32_t least;
	uint32_t most;
};

enum { DAYS_MOST = 36500, MIB_MOST = 1 << 30 };

#define POLICY(member) "policy", offsetof(struct config, policy.member)
#define LIMIT(member)  "retention", offsetof(struct config, limits.member)

static const struct number numbers[] = {
	{ "argv_max", POLICY(argv_max), KITH_POLICY_ARGV_MAX_LEAST, KITH_POLICY_ARGV_MAX_MOST },
	{ "batch_ms", POLICY(batch_ms), KITH_POLICY_BATCH_MS_LEAST, KITH_POLICY_BATCH_MS_MOST },
	{ "sweep_ms", POLICY(sweep_ms), KITH_POLICY_SWEEP_MS_LEAST, KITH_POLICY_SWEEP_MS_MOST },
	{ "file_reads", POLICY(file_reads), KITH_POLICY_FILE_READS_LEAST,
	  KITH_POLICY_FILE_READS_MOST },
	{ "files_days", LIMIT(days[SEGMENT_FILES]), 0, DAYS_MOST },
	{ "conversations_days", LIMIT(days[SEGMENT_CONVERSATIONS]), 0, DAYS_MOST },
	{ "processes_days", LIMIT(days[SEGMENT_PROCESSES]), 0, DAYS_MOST },
	{ "database_mib", LIMIT(database_mib), 0, MIB_MOST },
	{ "free_mib", LIMIT(free_mib), 0, MIB_MOST },
};

/* A class of records that may be left out. */
static const struct optional {
	const char *name;
	enum kith_class number;
} classes[] = {
	{ "failed_exec", KITH_CLASS_FAILED_EXEC },
	{ "connections", KITH_CLASS_CONNECTION },
	{ "control", KITH_CLASS_CONTROL },
	{ "files", KITH_CLASS_FILE },
	{ "changes", KITH_CLASS_CHANGE },
};

/* @value: digits, however many. */
static int set_number(struct config *config, const struct number *number, const char *value)
{
	unsigned long read;

	if (!*value || value[strspn(value, "0123456789")])
		return -EINVAL;
	errno = 0;
	read = strtoul(value, NULL, 10);
	if (errno || read < number->least || read > number->most)
		return -ERANGE;
	*(uint32_t *)(void *)((char *)config + number->offset) = (uint32_t)read;
	return 0;
}

static const struct optional *find_class(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(classes) / sizeof(*classes); i++)
		if (!strcmp(name, classes[i].name))
			return &classes[i];
	return NULL;
}

static int set_choice(bool *chosen, const char *value)
{
	*chosen = !strcmp(value, "yes");
	return *chosen || !strcmp(value, "no") ? 0 : -EINVAL;
}

/* Is it to be recorded? */
static int set_class(uint32_t *wanted, const struct optional *class, const char *value)
{
	bool chosen;
	int ret = set_choice(&chosen, value);

	if (ret)
		return ret;
	*wanted &= ~(1u << class->number);
	if (chosen)
		*wanted |= 1u << class->number;
	return 0;
}

/* Absolute paths that files' names begin with, with ':' between them; none at all too. */
static int set_paths(char *list, const char *value)
{
	size_t size = strlen(value);

	if (size >= KITH_POLICY_FILE_PATHS_SIZE || (size && *value != '/'))
		return -EINVAL;
	memcpy(list, value, size + 1);
	while ((value = strchr(value, ':')))
		if (*++value != '/')
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

static const struct number *find_number(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (!strcmp(name, numbers[i].name))
			return &numbers[i];
	return NULL;
}

static int set(struct config *config, const char *section, const char *name,
	       const char *value)
{
	const struct number *number = find_number(name);
	const struct optional *class = find_class(name);

	if (!strcmp(section, "collector") && !strcmp(name, "database"))
		return set_database(config, value);
	if (!strcmp(section, "seal") && !strcmp(name, "syslog"))
		return set_choice(&config->tell_seals, value);
	if (number && !strcmp(section, number->section))
		return set_number(config, number, value);
	if (strcmp(section, "policy"))
		return -ENOENT;
	if (class)
		return set_class(&config->policy.classes, class, value);
	if (!strcmp(name, "plain_paths"))
		return set_paths(config->policy.plain_paths, value);
	if (!strcmp(name, "secret_paths"))
		return set_paths(config->policy.secret_paths, value);
	return -ENOENT;
}

/* What a value must be that is none for setting @name. */
static const char *kind_of(const char *name)
{
	if (!strcmp(name, "database"))
		return "an absolute path";
	if (!strcmp(name, "plain_paths") || !strcmp(name, "secret_paths"))
		return "absolute paths, with ':' between them";
	if (find_class(name) || !strcmp(name, "syslog"))
		return "yes or no";
	return "a number";
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
	const struct number *number = find_number(name);
	int ret = set(reading->config, section, name, value);

	if (ret == -ERANGE)
		complain(reading, "[%s] %s = %s: must be from %u to %u", section, name, value,
			 number->least, number->most);
	else if (ret == -ENOENT)
		complain(reading, "[%s] %s = %s: no such setting", section, name, value);
	else if (ret)
		complain(reading, "[%s] %s = %s: must be %s", section, name, value,
			 kind_of(name));
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
