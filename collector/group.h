/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Executions of one file, of which the helper is asked once: whoever looks after the last
 * of them, and finds the file unchanged since before the first, has the answer to all.
 */
#ifndef KITH_GROUP_H
#define KITH_GROUP_H

#include "message.h"

enum {
	GROUPS = 512,
	GROUP_MEMBERS = 8192, /* of all groups */
	GROUP_PATH = 256,     /* the longest, with its NUL */
};

/* What is asked of executions with the same ones is the same. No padding. */
struct group_key {
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

struct group {
	struct group_key key;
	uint32_t number; /* no other has had it: what is told may be late */
	bool known;	 /* as it was asked for lately, it had a hash and was unchanged */
	uint32_t first, last; /* members, in the order they came */
	uint32_t asked; /* the last one that the question is about; 0: none is asked */
	struct message message; /* that it is asked with */
	char path[GROUP_PATH];
};

struct groups {
	struct group groups[GROUPS];
	struct member members[GROUP_MEMBERS];
	uint32_t free;	/* place of a member that was there before + 1 */
	uint32_t fresh; /* from here on none has ever been */
	uint32_t waiting;
	uint32_t serial;
};

/* The group of @key, which another may lose for it; NULL: that has members, or no group. */
struct group *group_get(struct groups *groups, const struct group_key *key,
			const struct message *asked, struct slice path);

/* That with @number, as messages have it. NULL: there is none any more. */
struct group *group_find(struct groups *groups, uint32_t number);

/* Return: false, no room. */
bool group_join(struct groups *groups, struct group *group, const struct message *asked);

/* The question for all who wait; the caller sends it now. */
void group_question(struct groups *groups, struct group *group, struct message *question);

/* Is @id what the question for all was asked of? */
bool group_is_asked(const struct groups *groups, const struct group *group, int64_t id);

/* The next of those the question was about, who waits no longer. Return: false, none left. */
bool group_leave(struct groups *groups, struct group *group, struct message *member);

void groups_clear(struct groups *groups);

#endif
