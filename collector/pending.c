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

/* "" if it is @usual. */
static void put_other(char *to, const uint8_t *address, const uint8_t *usual)
{
	if (memcmp(address, usual, ADDRESS_BYTES))
		address_text(to, address);
	else
		*to = '\0';
}

int pending_add_route(struct pending *pending, int64_t id, const struct route *route,
		      struct slice name)
{
	struct pending_route *row = extend(&pending->routes, sizeof(*row));

	if (!row)
		return -ENOMEM;
	row->id = id;
	row->route = *route;
	row->name = pending->characters.used;
	row->name_size = name.size;
	address_text(row->client_addr, route->client_addr);
	address_text(row->server_addr, route->server_addr);
	put_other(row->dialled_addr, route->dialled_addr, route->server_addr);
	put_other(row->seen_addr, route->seen_addr, route->client_addr);
	return add_characters(pending, name);
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

int pending_add_file(struct pending *pending, const struct store_file *file)
{
	return append(&pending->files, file, sizeof(*file));
}

int pending_add_change(struct pending *pending, const struct store_change *change)
{
	return append(&pending->changes, change, sizeof(*change));
}

static int by_file(const void *a_, const void *b_)
{
	const int64_t a = ((const struct store_file *)a_)->id;
	const int64_t b = ((const struct store_file *)b_)->id;

	return (a > b) - (a < b);
}

static int by_process(const void *a_, const void *b_)
{
	const int64_t a = ((const struct pending_process *)a_)->process->id;
	const int64_t b = ((const struct pending_process *)b_)->process->id;

	return (a > b) - (a < b);
}

static void turn_round(struct pending_process *rows, size_t count)
{
	size_t i;

	for (i = 0; i < count / 2; i++) {
		const struct pending_process row = rows[i];

		rows[i] = rows[count - 1 - i];
		rows[count - 1 - i] = row;
	}
}

/* They come last made first, and so are in order once they are turned round. */
static void sort_processes(struct pending *pending)
{
	struct pending_process *rows = (void *)pending->processes.data;
	const size_t count = pending->processes.used / sizeof(*rows);
	size_t i;

	turn_round(rows, count);
	for (i = 1; i < count; i++)
		if (by_process(&rows[i - 1], &rows[i]) > 0)
			return qsort(rows, count, sizeof(*rows), by_process);
}

void pending_sort(struct pending *pending)
{
	const size_t size = sizeof(struct store_file);

	sort_processes(pending);
	if (pending->files.used)
		qsort(pending->files.data, pending->files.used / size, size, by_file);
}

/* What is last of @array, whose rows are of @size; NULL: nothing is. */
static const void *last_row(const struct pending_array *array, size_t size)
{
	return array->used ? array->data + array->used - size : NULL;
}

int64_t pending_last_string(const struct pending *pending)
{
	const struct pending_string *last = last_row(&pending->strings, sizeof(*last));

	return last ? last->id : 0;
}

int64_t pending_last_path(const struct pending *pending)
{
	const struct pending_string *last = last_row(&pending->paths, sizeof(*last));

	return last ? last->id : 0;
}

int64_t pending_last_process(const struct pending *pending)
{
	const struct pending_process *last = last_row(&pending->processes, sizeof(*last));

	return last ? last->process->id : 0;
}

int64_t pending_last_execution(const struct pending *pending)
{
	const struct store_execution *last = last_row(&pending->executions, sizeof(*last));

	return last ? last->id : 0;
}

int64_t pending_last_connection(const struct pending *pending)
{
	const struct store_connection *last = last_row(&pending->connections, sizeof(*last));

	return last ? last->id : 0;
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
	const struct store_pipe *last = last_row(&pending->pipes, sizeof(*last));

	return last ? last->id : 0;
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
	const struct store_access *last = last_row(&pending->accesses, sizeof(*last));

	return last ? last->id : 0;
}

struct store_access *pending_access(const struct pending *pending, int64_t id)
{
	struct store_access *rows = (void *)pending->accesses.data;

	if (!pending->accesses.used || id < rows->id ||
	    (size_t)(id - rows->id) >= pending->accesses.used / sizeof(*rows))
		return NULL;
	return &rows[id - rows->id];
}

static void clear(struct pending_array *array)
{
	array->used = 0;
	array->from = 0;
	array->until = 0;
}

void pending_clear(struct pending *pending)
{
	clear(&pending->pipes);
	clear(&pending->accesses);
	clear(&pending->files);
	clear(&pending->changes);
	clear(&pending->routes);
	clear(&pending->connections);
	clear(&pending->runs);
	pending->commit++;
	if (!pending->commit) /* it has come round */
		memset(&pending->slots, 0, sizeof(pending->slots));
	clear(&pending->processes);
	clear(&pending->executions);
	clear(&pending->strings);
	clear(&pending->paths);
	clear(&pending->characters);
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
	free(pending->files.data);
	free(pending->changes.data);
}
