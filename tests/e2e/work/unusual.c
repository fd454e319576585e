// SPDX-License-Identifier: GPL-2.0-only
/*
 * unusual: as root, changes credentials in rare but legitimate ways, each in a
 * process of its own. Says which it did; exits with 1 if one went wrong.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/landlock.h>
#include <linux/securebits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void need(const char *what, long result)
{
	if (result >= 0)
		return;
	fprintf(stderr, "unusual: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void run_true(void)
{
	execl("/bin/true", "true", (char *)NULL);
	_exit(1);
}

/* A session keyring for the parent too, which gets it at its next return. */
static void keyrings(void)
{
	pid_t child;

	need("join", syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL));
	child = fork();
	if (!child) {
		need("join", syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL));
		need("session to parent", syscall(SYS_keyctl, KEYCTL_SESSION_TO_PARENT));
		_exit(0);
	}
	waitpid(child, NULL, 0);
	need("setuid", setuid(1000));
	run_true();
}

/* The real id asks, with credentials that exist only for that moment. */
static void access_as_real(void)
{
	need("setresuid", setresuid(1000, 0, 0));
	if (!access("/etc/shadow", R_OK))
		exit(1);
	need("access", access("/etc/passwd", R_OK));
	run_true();
}

static void *sleeping(void *unused)
{
	for (;;)
		pause();
	return unused;
}

/* glibc makes each thread change its own. */
static void threads(void)
{
	pthread_t thread;
	int i;

	for (i = 0; i < 4; i++)
		pthread_create(&thread, NULL, sleeping, NULL);
	need("setgid", setgid(1000));
	need("setuid", setuid(1000));
	run_true();
}

static void *executing(void *unused)
{
	need("setresuid", syscall(SYS_setresuid, 1000, 1000, 1000));
	run_true();
	return unused;
}

/* One thread is somebody else, and becomes the whole process. */
static void thread_execs(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, executing, NULL);
	sleeping(NULL);
}

static void securebits(void)
{
	need("keep caps", prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
	need("setuid", syscall(SYS_setresuid, 1000, 1000, 1000));
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct caps[2] = {
		{ 1 << CAP_SETPCAP | 1 << CAP_NET_BIND_SERVICE,
		  1 << CAP_SETPCAP | 1 << CAP_NET_BIND_SERVICE, 1 << CAP_NET_BIND_SERVICE },
	};

	need("capset", syscall(SYS_capset, &header, caps));
	need("ambient", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0));
	need("securebits", prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED, 0, 0, 0));
	run_true();
}

/* Exec of a set-user-ID program that may not become anybody. */
static void no_new_privileges(void)
{
	need("setuid", setuid(1000));
	need("no_new_privs", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	execl("/bin/su", "su", "--version", (char *)NULL);
}

static void landlock(void)
{
	struct landlock_ruleset_attr rules = { .handled_access_fs = LANDLOCK_ACCESS_FS_MAKE_SOCK };
	int set = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0);

	need("no_new_privs", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	if (set < 0) /* not in this kernel */
		run_true();
	need("landlock", syscall(SYS_landlock_restrict_self, set, 0));
	run_true();
}

static void write_file(const char *path, const char *text)
{
	int file = open(path, O_WRONLY);

	need(path, file);
	need(path, write(file, text, strlen(text)));
	close(file);
}

/* Root in a namespace of their own, somebody else in it, and a second one within. */
static void namespaces(void)
{
	int status;

	need("unshare", unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID));
	write_file("/proc/self/setgroups", "deny");
	write_file("/proc/self/gid_map", "0 0 1\n");
	write_file("/proc/self/uid_map", "0 0 1\n");
	if (!fork()) {
		need("unshare", unshare(CLONE_NEWUSER));
		run_true();
	}
	wait(&status);
	if (status)
		exit(1);
	run_true();
}

static void namespace_by_clone(void)
{
	char path[64];
	int status;
	pid_t child = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	need("clone", child);
	if (!child) {
		while (getuid())
			usleep(1000);
		need("setresuid", setresuid(1, 1, 1));
		run_true();
	}
	snprintf(path, sizeof(path), "/proc/%d/gid_map", child);
	write_file(path, "0 100000 100\n");
	snprintf(path, sizeof(path), "/proc/%d/uid_map", child);
	write_file(path, "0 0 1\n1 100000 100\n");
	/* From outside, into it. */
	snprintf(path, sizeof(path), "/proc/%d/ns/user", child);
	int space = open(path, O_RDONLY);

	waitpid(child, &status, 0);
	if (space >= 0)
		need("setns", setns(space, CLONE_NEWUSER));
	exit(status != 0);
}

static void core_dump(void)
{
	const struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_CORE, &limit);
	need("chdir", chdir("/tmp"));
	need("setresuid", setresuid(1000, 1000, 1000));
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	if (!fork())
		abort();
	wait(NULL);
	run_true();
}

static void spawned(void)
{
	char *argv[] = { (char *)"true", NULL };
	posix_spawnattr_t attributes;
	pid_t child;

	need("setresuid", setresuid(1000, 0, 0));
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_RESETIDS);
	errno = posix_spawn(&child, "/bin/true", NULL, &attributes, argv, environ);
	need("posix_spawn", errno ? -1 : 0);
	waitpid(child, NULL, 0);
	run_true();
}

/* Every access to an overlay is made with the credentials of who mounted it. */
static void overlay(void)
{
	int file;

	need("unshare", unshare(CLONE_NEWNS));
	mkdir("/tmp/unusual", 0755);
	need("mount", mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	need("mount", mount("tmpfs", "/tmp/unusual", "tmpfs", 0, NULL));
	mkdir("/tmp/unusual/upper", 0777);
	mkdir("/tmp/unusual/work", 0777);
	mkdir("/tmp/unusual/merged", 0777);
	need("mount an overlay",
	     mount("overlay", "/tmp/unusual/merged", "overlay", 0,
		   "lowerdir=/bin,upperdir=/tmp/unusual/upper,workdir=/tmp/unusual/work"));
	chmod("/tmp/unusual/merged", 0777);
	need("setuid", setuid(1000));
	file = open("/tmp/unusual/merged/new", O_CREAT | O_WRONLY, 0644);
	need("create", file);
	need("write", write(file, "x", 1));
	execl("/tmp/unusual/merged/true", "true", (char *)NULL);
}

static const struct {
	const char *name;
	void (*way)(void);
} ways[] = {
	{ "keyrings", keyrings },
	{ "access", access_as_real },
	{ "threads", threads },
	{ "exec by a thread", thread_execs },
	{ "securebits", securebits },
	{ "no_new_privs", no_new_privileges },
	{ "landlock", landlock },
	{ "namespaces", namespaces },
	{ "clone", namespace_by_clone },
	{ "core dump", core_dump },
	{ "posix_spawn", spawned },
	{ "overlay", overlay },
};

int main(void)
{
	int failed = 0;
	int status;
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		pid_t child = fork();

		if (!child) {
			ways[i].way();
			_exit(1);
		}
		waitpid(child, &status, 0);
		if (status) {
			fprintf(stderr, "unusual: %s: status %#x\n", ways[i].name, status);
			failed = 1;
		}
	}
	return failed;
}
