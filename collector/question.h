/* SPDX-License-Identifier: GPL-2.0-only */
/* Which conversations somebody means. */
#ifndef KITH_QUESTION_H
#define KITH_QUESTION_H

#include "address.h"
#include "command.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/* What is asked for, as a condition on one of the views connection and process. */
struct question {
	const char *connection; /* condition; NULL: it is one on processes */
	char process[512];	/* condition */
	bool path;		/* or it may be a Unix socket or a FIFO */
	const char *text;	/* ?1: an address, or what names a process */
	char address[ADDRESS_TEXT];
	int64_t port; /* ?5 */
};

/* @what, which stays the caller's; NULL: whatever there is. */
void question_understand(struct question *question, const char *what);

/* ?1, ?5, and the times: ?2 since, ?3 until. */
void question_bind(const struct question *question, sqlite3_stmt *statement,
		   const struct common *common);

/* For queries. */
struct condition {
	char with[1024]; /* common table expressions, with a comma behind them */
	/* In parentheses, or as good: of view connection; of views flow and pipe joined. */
	char connection[1024];
	char pipe[1024];
};

/* @few: there are few conversations and pipes to look at, else they may be any number. */
void question_condition(const struct question *question, bool few,
			struct condition *condition);

/*
 * If the question is about processes, is there any? Return: exit status; EX_NOINPUT
 * if there is none that is known as @what, after saying so on stderr.
 */
int question_check(const struct question *question, sqlite3 *db, const char *what,
		   const struct common *common);

#endif
