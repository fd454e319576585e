// SPDX-License-Identifier: GPL-2.0-only
/* Rows of the hot tables that wait for the commit. */
#include "pending.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Room for @size bytes more. Return: where, or NULL. */
static void *extend(struct pending_array *array, size_t size)
{
	if (array->used + size > array->room) {
		size_t room = (array->room + size) * 2;
		char *data = realloc(array->data, room);

		if (!data)
			return NULL;
		array->data = data;
		array->room = room;
	}
	array->used += size;
	return array->data + array->used - size;
}

static int append(struct pending_array *array, const void *row, size_t size)
{
	void *at = extend(array, size);

	if (!at)
		return -ENOMEM;
	memcpy(at, row, size);
	return 0;
}

int pending_add_process(struct pending *pending, const struct process *process)
{
	const struct pending_process row = { process };

	return append(&pending->processes, &row, sizeof(row));
}

int pending_add_execution(struct pending *pending, const struct store_execution *execution)
{
	return append(&pending->executions, execution, sizeof(*execution));
}

/* Keep a copy of @value until the commit. */
static int add_characters(struct pending *pending, struct slice value)
{
	return value.size ? append(&pending->characters, value.data, value.size) : 0;
}

static int add_string(struct pending *pending, struct pending_array *array, int64_t id,
		      struct slice value)
{
	const struct pending_string row = { id, pending->characters.used, value.size };
	int ret = append(array, &row, sizeof(row));

	return ret ? ret : add_characters(pending, value);
}

int pending_add_string(struct pending *pending, int64_t id, struct slice value)
{
	return add_string(pending, &pending->strings, id, value);
}

int pending_add_path(struct pending *pending, int64_t id, struct slice value)
{
	return add_string(pending, &pending->paths, id, value);
}

int pending_add_route(struct pending *pending, int64_t id, const struct route *route,
		      struct slice name)
{
	const struct pending_route row = { id, *route, pending->characters.used, name.size };
	int ret = append(&pending->routes, &row, sizeof(row));

	return ret ? ret : add_characters(pending, name);
}

static struct run *run_at(const struct pending *pending, size_t place)
{
	return (struct run *)(void *)pending->runs.data + place;
}

/* The run of this commit that @slot fills, or a new one. NULL: no memory. */
static struct run *run_of(struct pending *pending, struct run_slot *slot, int64_t *last)
{
	struct run *run;

	if (slot->run && run_at(pending, slot->run - 1)->count < RUN_SIZE)
		return run_at(pending, slot->run - 1);
	run = extend(&pending->runs, sizeof(*run));
	if (!run)
		return NULL;
	run->id = *last + 1;
	run->key = slot->key;
	run->count = 0;
	*last += RUN_SIZE;
	slot->run = pending->runs.used / sizeof(*run);
	return run;
}

/* Its id, if it is one of a run now; 0: there are not many like it. */
static int64_t add_to_run(struct pending *pending, const struct store_connection *connection,
			  int64_t *last)
{
	const struct run_key key = run_key(connection);
	struct run_slot *slot = run_slot(&pending->slots, pending->commit, &key);
	struct run *run;

	if (slot->seen < RUN_MANY)
		return 0;
	run = run_of(pending, slot, last);
	return run ? run_add(run, connection) : -ENOMEM;
}

int pending_add_connection(struct pending *pending, struct store_connection *connection,
			   int64_t *last)
{
	connection->id = run_takes(connection) ? add_to_run(pending, connection, last) : 0;
	if (connection->id)
		return connection->id < 0 ? (int)connection->id : 0;
	connection->id = ++*last;
	return append(&pending->connections, connection, sizeof(*connection));
}

int pending_add_pipe(struct pending *pending, const struct store_pipe *pipe)
{
	return append(&pending->pipes, pipe, sizeof(*pipe));
}

int pending_add_access(struct pending *pending, const struct store_access *access)
{
	return append(&pending->accesses, access, sizeof(*access));
}

int64_t pending_last_connection(const struct pending *pending)
{
	const struct store_connection *rows = (const void *)pending->connections.data;
	size_t count = pending->connections.used / sizeof(*rows);

	return count ? rows[count - 1].id : 0;
}

static int by_id(const void *id, const void *connection)
{
	const int64_t a = *(const int64_t *)id;
	const int64_t b = ((const struct store_connection *)connection)->id;

	return (a > b) - (a < b);
}

struct store_connection *pending_connection(const struct pending *pending, int64_t id)
{
	const size_t size = sizeof(struct store_connection);

	if (!pending->connections.used)
		return NULL;
	return bsearch(&id, pending->connections.data, pending->connections.used / size, size,
		       by_id);
}

int64_t pending_last_pipe(const struct pending *pending)
{
	const struct store_pipe *rows = (const void *)pending->pipes.data;
	size_t count = pending->pipes.used / sizeof(*rows);

	return count ? rows[count - 1].id : 0;
}

struct store_pipe *pending_pipe(const struct pending *pending, int64_t id)
{
	struct store_pipe *rows = (void *)pending->pipes.data;

	if (!pending->pipes.used || id < rows->id ||
	    (size_t)(id - rows->id) >= pending->pipes.used / sizeof(*rows))
		return NULL;
	return &rows[id - rows->id];
}

int64_t pending_last_access(const struct pending *pending)
{
	const struct store_access *rows = (const void *)pending->accesses.data;
	size_t count = pending->accesses.used / sizeof(*rows);

	return count ? rows[count - 1].id : 0;
}

struct store_access *pending_access(const struct pending *pending, int64_t id)
{
	struct store_access *rows = (void *)pending->accesses.data;

	if (!pending->accesses.used || id < rows->id ||
	    (size_t)(id - rows->id) >= pending->accesses.used / sizeof(*rows))
		return NULL;
	return &rows[id - rows->id];
}

void pending_clear(struct pending *pending)
{
	pending->pipes.used = 0;
	pending->accesses.used = 0;
	pending->routes.used = 0;
	pending->connections.used = 0;
	pending->runs.used = 0;
	pending->commit++;
	if (!pending->commit) /* it has come round */
		memset(&pending->slots, 0, sizeof(pending->slots));
	pending->processes.used = 0;
	pending->executions.used = 0;
	pending->strings.used = 0;
	pending->paths.used = 0;
	pending->characters.used = 0;
}

void pending_free(struct pending *pending)
{
	free(pending->processes.data);
	free(pending->executions.data);
	free(pending->strings.data);
	free(pending->paths.data);
	free(pending->characters.data);
	free(pending->routes.data);
	free(pending->connections.data);
	free(pending->runs.data);
	free(pending->pipes.data);
	free(pending->accesses.data);
}
