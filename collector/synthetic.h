/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A server's life made up, for measurements without a kernel. What happens is planned in
 * steps, each of which is a record. Of 100 records some 96 are everyday life: services that
 * stay, commands that they start, requests which they answer with the help of one another.
 * The rest is what responders ask about: logins, containers, jobs of cron, compilations. From
 * one record to the next it is 20 ms, so that a million are a working day, and a hundred
 * million 23 days.
 */
#ifndef KITH_SYNTHETIC_H
#define KITH_SYNTHETIC_H

#include "source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYNTHETIC_STEP_NS UINT64_C(20000000) /* from one record to the next */

enum {
	SYNTHETIC_BATCH = 128, /* records */
	SYNTHETIC_BYTES = SYNTHETIC_BATCH * 512,
	SYNTHETIC_SERVICES = 40, /* the first have roles: */
	SYNTHETIC_SSHD = 0,
	SYNTHETIC_CONTAINERD,
	SYNTHETIC_REDIS,
	SYNTHETIC_CRON,
	SYNTHETIC_MAKE,
	SYNTHETIC_PLAN = 256,
};

struct synthetic;

/* As whom a process lives. */
struct synthetic_who {
	uint32_t uid;
	uint32_t session; /* 0: that of services */
	uint64_t cgroup;
};

/* What happens next, and to whom; what each put function makes of it stands there. */
struct synthetic_step {
	void (*put)(struct synthetic *synthetic, const struct synthetic_step *step);
	uint64_t process;
	uint64_t other; /* whom it talks to, or has its data from */
	uint64_t file;
	uint32_t number;  /* goes with text */
	const char *text; /* a path, a name; NULL: one of everyday life */
	const char *more;
	struct synthetic_who who;
};

struct synthetic {
	struct source source;
	uint64_t left;
	uint64_t random;
	uint64_t now;
	uint64_t number; /* of the batch */
	uint64_t id;	 /* of the last conversation, pipe or access */
	uint64_t file;	 /* the last that was made */
	uint32_t seq;
	uint32_t pid;
	uint32_t story; /* the last login, container and so on */
	uint64_t init;
	uint64_t services[SYNTHETIC_SERVICES];
	unsigned int started; /* of these */
	struct synthetic_step plan[SYNTHETIC_PLAN];
	unsigned int first, planned; /* of the plan: the next one, how many there are */
	bool begun;
	size_t used;
	_Alignas(8) char buffer[SYNTHETIC_BYTES];
};

uint64_t synthetic_draw(struct synthetic *synthetic);
uint64_t synthetic_pick(struct synthetic *synthetic, uint64_t of);
/* One of 2^@bits, the first the most often: as often from 1 to 2 as from 512 to 1024. */
uint64_t synthetic_pick_some(struct synthetic *synthetic, unsigned int bits);
uint64_t synthetic_key(uint64_t start, uint32_t pid);
uint64_t synthetic_new_process(struct synthetic *synthetic);
struct synthetic_step *synthetic_plan(struct synthetic *synthetic,
				      void (*put)(struct synthetic *,
						  const struct synthetic_step *),
				      uint64_t process, uint64_t other, uint64_t file);

/* The records: `other` is a creator, a peer, or the writer of what is read. */
void synthetic_fork(struct synthetic *synthetic, const struct synthetic_step *step);
void synthetic_exec(struct synthetic *synthetic, const struct synthetic_step *step);
void synthetic_credential(struct synthetic *synthetic, const struct synthetic_step *step);
void synthetic_exit(struct synthetic *synthetic, const struct synthetic_step *step);
void synthetic_cgroup(struct synthetic *synthetic, const struct synthetic_step *step);
void synthetic_access(struct synthetic *synthetic, const struct synthetic_step *step);
void synthetic_rename(struct synthetic *synthetic, const struct synthetic_step *step);
void synthetic_request(struct synthetic *synthetic, const struct synthetic_step *step);
void synthetic_dial(struct synthetic *synthetic, const struct synthetic_step *step);
void synthetic_question(struct synthetic *synthetic, const struct synthetic_step *step);
void synthetic_pipe(struct synthetic *synthetic, const struct synthetic_step *step);

/* Plan something that responders ask about. */
void synthetic_tell(struct synthetic *synthetic);

#endif
