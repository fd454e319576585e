/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rows of the hot tables that wait for the commit. SQLite reads them as virtual
 * tables, one INSERT ... SELECT a table: a row costs two thirds of what binding
 * and stepping a prepared INSERT for it does (docs/decisions.md).
 */
#ifndef KITH_PENDING_H
#define KITH_PENDING_H

#include "address.h"
#include "run.h"
#include "store.h"

#include <sqlite3.h>
#include <stddef.h>

/* A growing array; clear keeps the memory. */
struct pending_array {
	char *data;
	size_t used; /* bytes */
	size_t room;
	size_t from; /* of what is inserted now; see pending_next() */
	size_t until;
};

struct pending_process {
	const struct process *process;
};

struct pending_string {
	int64_t id;
	size_t offset; /* into characters */
	size_t size;
};

struct pending_route {
	int64_t id;
	struct route route;
	/* As text, for SQLite to copy while it makes the row; "": NULL. */
	char client_addr[ADDRESS_TEXT];
	char server_addr[ADDRESS_TEXT];
	char dialled_addr[ADDRESS_TEXT];
	char seen_addr[ADDRESS_TEXT];
	size_t name; /* into characters */
	size_t name_size;
};

struct pending {
	int64_t boot;			  /* of the processes */
	struct pending_array processes;	  /* struct pending_process */
	struct pending_array executions;  /* struct store_execution */
	struct pending_array strings;	  /* struct pending_string */
	struct pending_array paths;	  /* likewise */
	struct pending_array characters;  /* of strings, paths and routes */
	struct pending_array routes;	  /* struct pending_route */
	struct pending_array connections; /* struct store_connection, by id */
	struct pending_array runs;	  /* struct run */
	struct pending_array accesses;	  /* struct store_access, likewise */
	struct pending_array pipes;	  /* struct store_pipe, by id, without gaps */
	struct pending_array files;	  /* struct store_file */
	struct pending_array changes;	  /* struct store_change */
	struct run_slots slots;
	uint32_t commit; /* counts up */
};

/* The arrays that SQLite reads. */
enum pending_name {
	PENDING_STRINGS,
	PENDING_PATHS,
	PENDING_EXECUTIONS,
	PENDING_PROCESSES,
	PENDING_ROUTES,
	PENDING_CONNECTIONS,
	PENDING_RUNS,
	PENDING_PIPES,
	PENDING_ACCESSES,
	PENDING_FILES,
	PENDING_CHANGES,
	PENDING_TABLES,
};

enum pending_rows {
	PENDING_NONE,
	PENDING_PLAIN, /* without what is seldom there: pending_column.c */
	PENDING_ANY,
};

/*
 * Go on to the next rows that one statement can insert, from the first on: the virtual table
 * has these, and no others. Return: of which kind they are.
 */
enum pending_rows pending_next(struct pending *pending, enum pending_name name);

/* Make the virtual tables: pending_processes and so on. */
int pending_register(sqlite3 *db, struct pending *pending);

/* Each returns 0 or -ENOMEM. A process must stay until pending_clear(). */
int pending_add_process(struct pending *pending, const struct process *process);
int pending_add_execution(struct pending *pending, const struct store_execution *execution);
int pending_add_string(struct pending *pending, int64_t id, struct slice value);
int pending_add_path(struct pending *pending, int64_t id, struct slice value);
int pending_add_route(struct pending *pending, int64_t id, const struct route *route,
		      struct slice name);

/*
 * It gets the id that follows *last, which moves on. One that is over and has many like
 * it becomes one of a run: pending_connection() does not find it.
 */
int pending_add_connection(struct pending *pending, struct store_connection *connection,
			   int64_t *last);
int pending_add_pipe(struct pending *pending, const struct store_pipe *pipe);
int pending_add_access(struct pending *pending, const struct store_access *access);
int pending_add_change(struct pending *pending, const struct store_change *change);
int pending_add_file(struct pending *pending, const struct store_file *file);

/*
 * Processes by id, so that each follows the one before, and files in the order of their ids,
 * which is that of their rows: each page is met once.
 */
void pending_sort(struct pending *pending);

/* The id of the last one that waits; 0: none does. */
int64_t pending_last_string(const struct pending *pending);
int64_t pending_last_path(const struct pending *pending);
int64_t pending_last_process(const struct pending *pending); /* once they are sorted */
int64_t pending_last_execution(const struct pending *pending);
int64_t pending_last_connection(const struct pending *pending); /* but for those of runs */
int64_t pending_last_pipe(const struct pending *pending);
int64_t pending_last_access(const struct pending *pending);

/* That of @id, if it waits here; NULL: it does not. */
struct store_connection *pending_connection(const struct pending *pending, int64_t id);
struct store_pipe *pending_pipe(const struct pending *pending, int64_t id);
struct store_access *pending_access(const struct pending *pending, int64_t id);

void pending_clear(struct pending *pending);
void pending_free(struct pending *pending);

#endif
