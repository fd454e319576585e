/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What people ask of the writer of a database: a line each, a verb and its fields with tabs
 * between them. If nobody writes it, it is done at once; else it is left in the file
 * DATABASE.requests for who does.
 */
#ifndef KITH_REQUEST_H
#define KITH_REQUEST_H

#include "store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REQUEST_FIELDS = 12, REQUEST_LINE = 8192, REQUEST_WAIT_MS = 5000 };

/* Lines that are to be done together. */
struct request {
	char *text;
	size_t size;
	size_t room;
	bool full; /* there was no memory for all */
};

/* Add a line: @verb, and @count fields with any bytes. */
void request_add(struct request *request, const char *verb, const char *const *fields,
		 unsigned int count);

/*
 * Do what is asked of the writer of @database. Return: 0 it is done; 1 it is left for
 * kithd, who has not done it yet; or a negative errno, and *why says more.
 */
int request_make(struct request *request, const char *database, const char **why);

/* Within a transaction: all that is in @text. A line that is not understood is left out. */
int request_apply(struct store *store, char *text);

/*
 * The writer: is there anything? If so *text, which is the caller's, has it, and
 * request_done() is to be called with the descriptor when it is stored. Return: a
 * descriptor, 0 there is nothing, or an error.
 */
int request_take(struct store *store, char **text);
void request_done(int descriptor);

struct ingest;

/*
 * The writer, between two transactions: do what is asked, if it was not looked for that
 * within a second. *attended: when it was, monotonic ms; 0 at first.
 */
int request_attend(struct ingest *ingest, int64_t *attended);

#endif
