/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Days of a small server, for the learner: a web server that asks a database in a container,
 * jobs of cron, a backup at night, people who log in on weekdays. Nothing of it is an
 * incident. Each process is born, does something, and ends.
 */
#ifndef KITH_DAYS_H
#define KITH_DAYS_H

#include "learner.h"
#include "rig.h"

enum {
	DAYS_HOST = 1, /* control groups */
	DAYS_WEB,
	DAYS_CRON,
	DAYS_SSH,
	DAYS_DATABASE,
	DAYS_SESSION, /* and more */
	DAYS_INIT = 1, /* pids */
	DAYS_NGINX = 200,
	DAYS_APP = 210,
	DAYS_CROND = 300,
	DAYS_SSHD = 400,
	DAYS_SHIM = 500,
	DAYS_POSTGRES = 510,
};

#define DAYS_HOUR UINT64_C(3600000000000)

struct days {
	struct rig rig;
	uint64_t hour; /* that begins next, since the first day */
	uint32_t pid;
	uint64_t id; /* of conversations and accesses */
	uint32_t session;
	uint32_t random;
	uint32_t variant; /* other noise */
};

/* As whom. */
struct person {
	uint32_t uid;
	uint32_t loginuid;
	uint32_t session;
	uint64_t cgroup;
};

extern const struct person days_root, days_web;

void days_open(struct days *days, uint32_t variant);
void days_close(struct days *days);
/* Stop and start the collector. */
void days_restart(struct days *days);

/* Live through so many whole days. */
void days_live(struct days *days, unsigned int count);

/* One hour, with @story in the middle of it if that is not NULL. */
void days_hour(struct days *days, void (*story)(struct days *days));

uint64_t days_key(uint32_t pid);

/* A new process by @parent that runs @exe; @argv as FORGE_EXEC has it. Return: its pid. */
uint32_t days_run(struct days *days, uint32_t parent, const struct person *who,
		  const char *exe, const char *argv, size_t argv_size);
#define DAYS_RUN(days, parent, who, exe, argv) \
	days_run(days, parent, who, exe, argv, sizeof(argv))

/* It executes something else, as it is. */
void days_exec(struct days *days, uint32_t pid, uint32_t parent, const struct person *who,
	       const char *exe, const char *argv, size_t argv_size);
void days_end(struct days *days, uint32_t pid);
void days_dial(struct days *days, uint32_t pid, const char *address, uint16_t port);
void days_serve(struct days *days, uint32_t pid, const char *address, uint16_t port);
void days_meet(struct days *days, uint32_t client, uint32_t server, uint16_t port);
void days_write(struct days *days, uint32_t pid, const char *path, uint32_t owner);
void days_read(struct days *days, uint32_t pid, const char *path, uint32_t owner, bool secret);
void days_become(struct days *days, uint32_t pid, unsigned int cause, uint32_t from,
		 uint32_t to);

/* Somebody comes by ssh. Return: pid of his shell. */
uint32_t days_login(struct days *days, struct person *who, const char *address);

/* A job of cron. Return: pid of the shell that runs it. */
uint32_t days_job(struct days *days, const struct person *who, const char *argv,
		  size_t argv_size);
#define DAYS_JOB(days, who, argv) days_job(days, who, argv, sizeof(argv))

#endif
