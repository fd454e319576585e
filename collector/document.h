/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rows as JSON objects of a shape that others have laid down: the name of a column is
 * the path of a field, "process.parent.pid", and columns of one object stand together.
 * What is NULL is left out. The last character may say how a value is written:
 *
 *	*  as an item of a list; several of one name stand together
 *	?  as true or false
 *	@  ns since the epoch, as RFC 3339 has it
 *	%  ns as us, with a fraction
 *	#  the number of the row, in place of the value
 *
 * A column named "|" begins another object. One whose first column is NULL is left out.
 */
#ifndef KITH_DOCUMENT_H
#define KITH_DOCUMENT_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct document {
	FILE *stream;
	const char *between; /* objects */
	const char *behind;  /* each */
	uint64_t *seen;	     /* NULL, or of objects with an id those that were written last */
	uint64_t rows;
	bool begun;
};

/* An object whose id was written lately is left out from now on. Return: 0, or -ENOMEM. */
int document_once(struct document *document);
void document_clear(struct document *document);

/* The present row, from column @first on. */
void document_write(struct document *document, sqlite3_stmt *row, int first);

#endif
