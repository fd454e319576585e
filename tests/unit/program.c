// SPDX-License-Identifier: GPL-2.0-only
/* kith and kithd, run as programs. */
#include "program.h"

#include "unit.h"

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

char printed[PROGRAM_OUTPUT], said[PROGRAM_OUTPUT];
bool as_nobody, to_full_disk;
rlim_t file_limit = RLIM_INFINITY;

/* The program @name of the same build, beside the directory of this one. */
static const char *program(const char *name)
{
	static char path[2 * PATH_MAX];
	char self[PATH_MAX] = "";

	ck_assert_int_gt(readlink("/proc/self/exe", self, sizeof(self) - 1), 0);
	snprintf(path, sizeof(path), "%s/../collector-san/%s", dirname(self), name);
	return path;
}

static void read_back(const char *name, char *text)
{
	FILE *file = fopen(unit_path(name), "r");

	ck_assert_ptr_nonnull(file);
	text[fread(text, 1, PROGRAM_OUTPUT - 1, file)] = '\0';
	fclose(file);
}

void run_look(void)
{
	read_back("printed", printed);
	read_back("said", said);
}

void run_wait_for(const char *text)
{
	int i;

	for (i = 0; i < 200; i++) {
		usleep(50000);
		if (access(unit_path("printed"), F_OK))
			continue;
		run_look();
		if (strstr(printed, text))
			return;
	}
	ck_abort_msg("\"%s\" is not in: %s%s", text, printed, said);
}

void open_to_all(void)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s..", unit_path(""));
	ck_assert_int_eq(chmod(path, 0755), 0);
	ck_assert_int_eq(chmod(unit_path(""), 0755), 0);
}

static void become(void)
{
	const struct rlimit limit = { file_limit, RLIM_INFINITY };

	if (file_limit != RLIM_INFINITY && setrlimit(RLIMIT_FSIZE, &limit))
		_exit(99);
	signal(SIGXFSZ, SIG_IGN);
	if (as_nobody && setuid(65534))
		_exit(99);
}

static pid_t begin(const char *name, va_list list)
{
	const char *path = program(name), *arguments[PROGRAM_ARGUMENTS] = { name };
	int i = 1, file;
	pid_t pid;

	while ((arguments[i] = va_arg(list, const char *)))
		ck_assert_int_lt(++i, PROGRAM_ARGUMENTS);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid)
		return pid;
	if (!freopen(to_full_disk ? "/dev/full" : unit_path("printed"), "w", stdout) ||
	    !freopen(unit_path("said"), "w", stderr))
		_exit(99);
	/* Nobody may be kept out of the directory where we are. */
	file = open(path, O_PATH | O_CLOEXEC);
	become();
	fexecve(file, (char *const *)arguments, environ);
	_exit(99);
}

pid_t run_begin(const char *name, ...)
{
	va_list list;
	pid_t pid;

	unlink(unit_path("printed"));
	va_start(list, name);
	pid = begin(name, list);
	va_end(list);
	return pid;
}

int run_end(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (to_full_disk)
		read_back("said", said);
	else
		run_look();
	ck_assert_msg(WIFEXITED(status), "status %x, said: %s", status, said);
	return WEXITSTATUS(status);
}

int run(const char *name, ...)
{
	va_list list;
	pid_t pid;

	va_start(list, name);
	pid = begin(name, list);
	va_end(list);
	return run_end(pid);
}

void check_in(const char *what, const char *text)
{
	ck_assert_msg(strstr(text, what) != NULL, "\"%s\" is not in: %s", what, text);
}
