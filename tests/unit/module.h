/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A source that is made up, in place of the kernel's module: it tells of MODULE_LIVES
 * processes, keeps what is not acknowledged and sends it again after a restart. At its end
 * it sends SIGTERM to itself.
 */
#ifndef KITH_TEST_MODULE_H
#define KITH_TEST_MODULE_H

#include "control.h"
#include "daemon.h"
#include "forge.h"

enum { MODULE_LIVES = 300 };

extern struct module {
	struct source source;
	struct forge forge;
	uint32_t acknowledged;
	unsigned int acknowledgements;
	uint32_t next;
	uint64_t number;
	unsigned int restarts;
	unsigned int refusals; /* to come */
	bool begun;
	uint32_t when; /* the life that calls what, once; 0: none */
	void (*what)(void);
	void (*heal)(void); /* before each event, once there was a SIGALRM */
} module;

/* Tests may put other functions in. */
extern struct source_operations module_operations;

int module_next(struct source *source, int timeout, struct source_event *event);
int module_next_slowly(struct source *source, int timeout, struct source_event *event);

/* Run the daemon on all lives. Return: what it has said, the caller's. */
char *module_run(struct recording *recording, const struct control_policy *policy);

/* Each life is stored once, and acknowledged. */
void module_check_stored(void);

/* How often @what is in @text. */
unsigned int module_times(const char *what, const char *text);

#endif
