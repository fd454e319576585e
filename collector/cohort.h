/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Executions of one file, of which the helper is asked once: whoever looks after the last
 * of them, and finds the file unchanged since before the first, has the answer to all.
 */
#ifndef KITH_COHORT_H
#define KITH_COHORT_H

#include "message.h"

enum {
	COHORTS = 512,
	COHORT_MEMBERS = 8192, /* of all cohorts */
	COHORT_PATH = 256,     /* the longest, with its NUL */
};

/* What is asked of executions with the same ones is the same. No padding. */
struct cohort_key {
	int64_t executable; /* row: path, device, inode, owner, mode; 0: none */
	int64_t file;
	uint64_t mntns;
};

/* An execution that waits. */
struct member {
	int64_t id;
	int64_t ts;
	uint32_t pid;
	uint32_t next; /* place of the next one + 1; 0: the last */
};

struct cohort {
	struct cohort_key key;
	uint32_t number; /* no other has had it: what is told may be late */
	bool known;	 /* as it was asked for lately, it had a hash and was unchanged */
	uint32_t first, last; /* members, in the order they came */
	uint32_t asked; /* the last one that the question is about; 0: none is asked */
	struct message message; /* that it is asked with */
	char path[COHORT_PATH];
};

struct cohorts {
	struct cohort cohorts[COHORTS];
	struct member members[COHORT_MEMBERS];
	uint32_t free;	/* place of a member that was there before + 1 */
	uint32_t fresh; /* from here on none has ever been */
	uint32_t waiting;
	uint32_t serial;
};

/* The cohort of @key, which another may lose for it; NULL: that has members, or no cohort. */
struct cohort *cohort_get(struct cohorts *cohorts, const struct cohort_key *key,
			const struct message *asked, struct slice path);

/* That with @number, as messages have it. NULL: there is none any more. */
struct cohort *cohort_find(struct cohorts *cohorts, uint32_t number);

/* Return: false, no room. */
bool cohort_join(struct cohorts *cohorts, struct cohort *cohort, const struct message *asked);

/* The question for all who wait; the caller sends it now. */
void cohort_question(struct cohorts *cohorts, struct cohort *cohort, struct message *question);

/* Is @id what the question for all was asked of? */
bool cohort_is_asked(const struct cohorts *cohorts, const struct cohort *cohort, int64_t id);

/* The next of those the question was about, who waits no longer. Return: false, none left. */
bool cohort_leave(struct cohorts *cohorts, struct cohort *cohort, struct message *member);

void cohorts_clear(struct cohorts *cohorts);

#endif
