// SPDX-License-Identifier: GPL-2.0-only
/*
 * forms FORM TARGET TOKEN: executes TARGET with TOKEN, status 7, in one of the
 * many ways to do that. Writes "pid" of the process that became it, where that
 * is not this one, and for orphan "pid creator".
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static const char *target;
static char *arguments[5];

static void fail(const char *what)
{
	perror(what);
	_exit(1);
}

static int reap(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		fail("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void *wait_in_thread(void *unused)
{
	pause();
	return unused;
}

static void *exec_in_thread(void *unused)
{
	execv(target, arguments);
	fail("execv");
	return unused;
}

/* A thread that is not the first calls exec, while others are there. */
static int by_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, wait_in_thread, NULL);
	pthread_create(&thread, NULL, exec_in_thread, NULL);
	pthread_join(thread, NULL);
	return 1;
}

static int by_vfork(void)
{
	pid_t pid = vfork();

	if (!pid) {
		execv(target, arguments);
		_exit(127);
	}
	printf("%d\n", pid);
	return reap(pid);
}

static int by_clone3(void)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));

	if (pid < 0)
		fail("clone3");
	if (!pid) {
		execv(target, arguments);
		_exit(127);
	}
	printf("%d\n", pid);
	return reap(pid);
}

static int by_execveat(void)
{
	int directory = open("/", O_PATH | O_DIRECTORY);

	syscall(SYS_execveat, directory, target + 1, arguments, environ, 0);
	fail("execveat");
	return 1;
}

static int by_descriptor(void)
{
	int file = open(target, O_PATH | O_CLOEXEC);

	syscall(SYS_execveat, file, "", arguments, environ, AT_EMPTY_PATH);
	fail("execveat");
	return 1;
}

static void copy_to(int to)
{
	int from = open(target, O_RDONLY | O_CLOEXEC);
	struct stat file;

	if (from < 0 || fstat(from, &file) || sendfile(to, from, NULL, (size_t)file.st_size) < 0)
		fail("copy");
	close(from);
}

static int by_memfd(void)
{
	int file = memfd_create("hidden", MFD_CLOEXEC);

	copy_to(file);
	fexecve(file, arguments, environ);
	fail("fexecve");
	return 1;
}

/* The file has no name any more when it is executed. */
static int by_deleted(void)
{
	const char *path = "/tmp/forms.deleted";
	int file = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0755);

	copy_to(file);
	close(file);
	file = open(path, O_PATH | O_CLOEXEC);
	unlink(path);
	syscall(SYS_execveat, file, "", arguments, environ, AT_EMPTY_PATH);
	fail("execveat");
	return 1;
}

/* Two forks; the middle one is gone before the exec. */
static int by_orphan(void)
{
	int pipes[2];
	char buffer[64];
	pid_t middle;
	ssize_t size;

	if (pipe(pipes))
		fail("pipe");
	middle = fork();
	if (!middle) {
		pid_t me = getpid();

		if (fork())
			_exit(0);
		while (getppid() == me)
			usleep(1000);
		size = snprintf(buffer, sizeof(buffer), "%d", getpid());
		if (write(pipes[1], buffer, (size_t)size) != size)
			_exit(1);
		execv(target, arguments);
		_exit(127);
	}
	close(pipes[1]);
	reap(middle);
	size = read(pipes[0], buffer, sizeof(buffer) - 1);
	if (size <= 0)
		fail("read");
	buffer[size] = '\0';
	printf("%s %d\n", buffer, middle);
	/* The pipe closes when it has ended. */
	while (read(pipes[0], buffer, sizeof(buffer)) > 0)
		;
	return 7;
}

/* @count arguments of 1000 bytes: more than is kept. */
static int by_long(void)
{
	static char *many[132];
	static char filler[1001];
	int i;

	memset(filler, 'x', 1000);
	many[0] = arguments[0];
	many[1] = arguments[1];
	many[2] = arguments[2];
	for (i = 3; i < 131; i++)
		many[i] = filler;
	execv(target, many);
	fail("execv");
	return 1;
}

/* Bytes that are no text. */
static int by_odd(void)
{
	char *odd[] = { arguments[0],	     arguments[1], arguments[2], "two\nlines",
			"\033[31mred\033[0m", "\xff\xfe\x80", "tab\there",  "",
			"caf\xc3\xa9",	     NULL };

	execv(target, odd);
	fail("execv");
	return 1;
}

static const struct {
	const char *name;
	int (*run)(void);
} forms[] = {
	{ "thread", by_thread },   { "vfork", by_vfork },   { "clone3", by_clone3 },
	{ "execveat", by_execveat }, { "descriptor", by_descriptor },
	{ "memfd", by_memfd },	   { "deleted", by_deleted }, { "orphan", by_orphan },
	{ "long", by_long },	   { "odd", by_odd },
};

int main(int argc, char **argv)
{
	size_t i;

	if (argc != 4)
		return 2;
	target = argv[2];
	arguments[0] = "target";
	arguments[1] = argv[3];
	arguments[2] = "7";
	setlinebuf(stdout);
	for (i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		if (!strcmp(forms[i].name, argv[1]))
			return forms[i].run();
	return 2;
}
