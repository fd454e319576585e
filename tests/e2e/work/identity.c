// SPDX-License-Identifier: GPL-2.0-only
/*
 * identity: as root, changes its credentials in every way there is, and writes
 * what /proc says of them before and after each change, one line a change:
 *
 * tid,cause,ruid,euid,suid,fsuid,rgid,egid,sgid,fsgid,CapInh,CapPrm,CapEff,CapBnd,
 * CapAmb,groups (before),the same (after)
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct state {
	char text[1024];
};

/* A field of /proc/thread-self/status, its blanks turned into commas or +. */
static void field(const char *status, const char *name, char blank, char *to)
{
	const char *at = strstr(status, name);
	size_t size = 0;

	if (!at)
		exit(90);
	at += strlen(name);
	at += strspn(at, "\t ");
	for (; *at && *at != '\n'; at++)
		to[size++] = *at == '\t' || *at == ' ' ? blank : *at;
	while (size && to[size - 1] == blank)
		size--;
	to[size] = '\0';
}

static struct state look(void)
{
	static const char *const caps[] = { "CapInh:", "CapPrm:", "CapEff:", "CapBnd:",
					    "CapAmb:" };
	char status[8192], part[512];
	struct state state = { "" };
	int file = open("/proc/thread-self/status", O_RDONLY);
	ssize_t size = read(file, status, sizeof(status) - 1);
	size_t i;

	close(file);
	if (size <= 0)
		exit(91);
	status[size] = '\0';
	field(status, "\nUid:", ',', part);
	strcat(state.text, part);
	strcat(state.text, ",");
	field(status, "\nGid:", ',', part);
	strcat(state.text, part);
	for (i = 0; i < 5; i++) {
		field(status, caps[i], ',', part);
		strcat(state.text, ",");
		strcat(state.text, part);
	}
	strcat(state.text, ",");
	field(status, "\nGroups:", '+', part);
	strcat(state.text, part);
	return state;
}

static struct state before;

static void begin(void)
{
	before = look();
}

static void end(const char *cause, long result)
{
	struct state after = look();

	if (result < 0) {
		fprintf(stderr, "%s: %s\n", cause, strerror(errno));
		exit(92);
	}
	printf("%ld,%s,%s,%s\n", syscall(SYS_gettid), cause, before.text, after.text);
	fflush(stdout);
}

#define CHANGE(cause, call) \
	do {                \
		begin();    \
		end(cause, call); \
	} while (0)

static long set_caps(unsigned int keep_low, unsigned int keep_high)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		return -1;
	data[0].effective &= keep_low;
	data[0].permitted &= keep_low;
	data[1].effective &= keep_high;
	data[1].permitted &= keep_high;
	return syscall(SYS_capset, &header, data);
}

static void *in_thread(void *unused)
{
	/* The system call itself: the library would change all threads. */
	CHANGE("setresuid", syscall(SYS_setresuid, -1, 1000, -1));
	CHANGE("setresuid", syscall(SYS_setresuid, -1, 0, -1));
	return unused;
}

/* As root, and staying it. */
static void change_ids(void)
{
	gid_t groups[] = { 4, 24, 27 };
	pthread_t thread;

	CHANGE("setgroups", syscall(SYS_setgroups, 3, groups));
	CHANGE("setgid", syscall(SYS_setgid, 100));
	CHANGE("setregid", syscall(SYS_setregid, 101, 102));
	CHANGE("setresgid", syscall(SYS_setresgid, 103, 104, 105));
	CHANGE("setfsgid", syscall(SYS_setfsgid, 106));
	CHANGE("setfsuid", syscall(SYS_setfsuid, 1001));
	CHANGE("setfsuid", syscall(SYS_setfsuid, 0));
	CHANGE("setresuid", syscall(SYS_setresuid, 1000, 0, 0));
	CHANGE("setreuid", syscall(SYS_setreuid, 0, 1000));
	CHANGE("setreuid", syscall(SYS_setreuid, -1, 0));
	pthread_create(&thread, NULL, in_thread, NULL);
	pthread_join(thread, NULL);
}

/* Downwards, until nothing is left. */
static void drop(void)
{
	CHANGE("prctl", prctl(PR_SET_SECUREBITS, SECBIT_KEEP_CAPS, 0, 0, 0));
	CHANGE("prctl", prctl(PR_CAPBSET_DROP, CAP_SYS_MODULE, 0, 0, 0));
	CHANGE("capset", set_caps(~(1u << CAP_SYS_TIME), ~0u));
	CHANGE("setuid", syscall(SYS_setuid, 1000));
	CHANGE("capset", set_caps(0, 0));
}

static int by_child(void (*run)(void))
{
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		run();
		exit(0);
	}
	waitpid(pid, &status, 0);
	return status;
}

static void enter_namespace(void)
{
	CHANGE("unshare", unshare(CLONE_NEWUSER));
}

int main(void)
{
	return by_child(change_ids) || by_child(drop) || by_child(enter_namespace);
}
