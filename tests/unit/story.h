/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What happened on a host, told in steps: who ran what, and did what with which file and
 * peer. Each step takes RIG_STEP. A process is its pid; a file is its path.
 */
#ifndef KITH_STORY_H
#define KITH_STORY_H

#include "rig.h"

enum step_kind {
	RUNS,	 /* text: program, more: arguments with a blank between them */
	READS,	 /* text: path */
	WRITES,	 /* text: path, which is made if nobody has written it before */
	RENAMES, /* text: path, more: new path */
	DIALS,	 /* text: address, port: its port; 100 bytes there, 2000 back */
	TAKES,	 /* a connection from address text to his own port */
	ENDS,
};

struct step {
	const char *text;
	const char *more;
	const char *script; /* of RUNS */
	uint64_t cgroup;    /* of RUNS: 7 if it is 0 */
	enum step_kind kind;
	uint32_t pid;
	uint32_t parent; /* of RUNS: who has started him; 0: he has run before, or nobody */
	uint32_t uid;	 /* of RUNS: real and effective */
	uint32_t session; /* of RUNS: 3 if it is 0 */
	uint16_t port;
};

#define RAN(who, by, exe, arguments, ...)                                               \
	{ .kind = RUNS, .pid = (who), .parent = (by), .text = (exe), .more = (arguments), \
	  __VA_ARGS__ }
#define HAS_READ(who, path)	     { .kind = READS, .pid = (who), .text = (path) }
#define HAS_WRITTEN(who, path)	     { .kind = WRITES, .pid = (who), .text = (path) }
#define HAS_RENAMED(who, path, other) \
	{ .kind = RENAMES, .pid = (who), .text = (path), .more = (other) }
#define HAS_DIALLED(who, address, of) \
	{ .kind = DIALS, .pid = (who), .text = (address), .port = (of) }
#define HAS_TAKEN(who, address, of) \
	{ .kind = TAKES, .pid = (who), .text = (address), .port = (of) }
#define HAS_ENDED(who)		     { .kind = ENDS, .pid = (who) }

uint64_t story_key(uint32_t pid);

/* Into the forge, fed as soon as there is much. */
void story_tell(struct rig *rig, const struct step *steps, size_t count);
#define STORY_TELL(rig, steps) story_tell(rig, steps, UNIT_COUNT(steps))

#endif
