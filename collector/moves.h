/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What moved data on this host, read from the database once: conversations, pipes and the
 * like, and what processes did with files. Times without an end are INT64_MAX.
 */
#ifndef KITH_MOVES_H
#define KITH_MOVES_H

#include "command.h"

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

enum { MOVES_OUTSIDE = 0 /* whoever is not a process of this host, or not known */ };

enum link_kind { LINK_CONNECTION, LINK_PIPE, LINK_MEMORY, LINK_FOLDED };

/* Between two processes. */
struct link {
	int64_t source;
	int64_t target;
	int64_t first;
	int64_t last;
	int64_t forth; /* bytes; 0: none, -1: it is not known how many */
	int64_t back;
	int64_t object; /* what is shown as one: route, pipe, file */
	int64_t key;	/* of the view that has more */
	enum link_kind kind;
};

enum { USE_READS = 1, USE_WRITES = 2, USE_EXECUTES = 4, USE_EMPTIES = 8, USE_IS_SENSITIVE = 16 };

/* What a process did with a file. */
struct use {
	int64_t file;
	int64_t process;
	int64_t first;
	int64_t last;
	int64_t bytes_read; /* -1: not known */
	int64_t bytes_written;
	int64_t key; /* access, of which there is none if it executes: execution */
	unsigned int flags;
};

/* Which of some things belong to a process: order[heads[id]] and on, before heads[id + 1]. */
struct by_process {
	uint32_t *heads;
	uint32_t *order;
	int64_t max;
};

struct moves {
	struct link *links;
	size_t link_count;
	struct use *uses; /* by file, and then by `first` */
	size_t use_count;
	struct by_process outward; /* links, by source */
	struct by_process inward;  /* by target */
	struct by_process used;	   /* uses */
};

/* Those between since and until. Return: exit status, after saying what is wrong. */
int moves_read(struct moves *moves, sqlite3 *db, const struct common *common);
void moves_clear(struct moves *moves);

/* Of @process those at order[*begin] and on, before *end. */
void moves_of(const struct by_process *index, int64_t process, size_t *begin, size_t *end);

/* Of @file those at uses[*begin] and on, before *end. */
void moves_of_file(const struct moves *moves, int64_t file, size_t *begin, size_t *end);

#endif
