// SPDX-License-Identifier: GPL-2.0-only
/* The store's part in going on where an earlier run has stopped. */
#include "intern.h"
#include "statement.h"
#include "store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int store_last(struct store *store, struct store_last *last)
{
	sqlite3_stmt *statement = store->statements[STATEMENT_LAST];
	int ret = statement_row(store, STATEMENT_LAST);

	if (ret <= 0)
		return ret ? ret : -EIO;
	last->process = sqlite3_column_int64(statement, 0);
	last->execution = sqlite3_column_int64(statement, 1);
	last->string = sqlite3_column_int64(statement, 2);
	last->executable = sqlite3_column_int64(statement, 3);
	last->namespaces = sqlite3_column_int64(statement, 4);
	last->container = sqlite3_column_int64(statement, 5);
	last->context = sqlite3_column_int64(statement, 6);
	last->credential_set = sqlite3_column_int64(statement, 7);
	last->route = sqlite3_column_int64(statement, 8);
	last->connection = sqlite3_column_int64(statement, 9);
	last->listener = sqlite3_column_int64(statement, 10);
	last->pipe = sqlite3_column_int64(statement, 11);
	last->access = sqlite3_column_int64(statement, 12);
	last->change = sqlite3_column_int64(statement, 13);
	last->file_seed = sqlite3_column_int64(statement, 14);
	last->path = sqlite3_column_int64(statement, 15);
	statement_reset(store, STATEMENT_LAST);
	return 0;
}

int store_boot(struct store *store, const char *uuid, int64_t now, int64_t *id, bool *fresh)
{
	struct binder binder = statement_bind(store, STATEMENT_BOOT_FIND);
	int ret;

	bind_text(&binder, uuid);
	ret = statement_row(store, STATEMENT_BOOT_FIND);
	if (ret < 0)
		return ret;
	*fresh = !ret;
	if (ret) {
		*id = sqlite3_column_int64(binder.statement, 0);
		statement_reset(store, STATEMENT_BOOT_FIND);
		return 0;
	}
	binder = statement_bind(store, STATEMENT_BOOT_ADD);
	bind_text(&binder, uuid);
	bind_int(&binder, now);
	ret = statement_run(store, STATEMENT_BOOT_ADD);
	*id = sqlite3_last_insert_rowid(store->db);
	return ret;
}

static int add_load(struct store *store, struct store_load *load)
{
	struct binder binder = statement_bind(store, STATEMENT_LOAD_ADD);
	int ret;

	bind_int(&binder, load->boot);
	bind_int(&binder, (int64_t)load->load);
	bind_text(&binder, load->version);
	bind_int(&binder, load->loaded);
	ret = statement_run(store, STATEMENT_LOAD_ADD);
	load->id = sqlite3_last_insert_rowid(store->db);
	return ret ? ret : statement_run(store, STATEMENT_POSITIONS_CLEAR);
}

static int read_positions(struct store *store, uint32_t *seqs, size_t rings)
{
	sqlite3_stmt *statement = store->statements[STATEMENT_POSITIONS];
	int ret;

	while ((ret = statement_row(store, STATEMENT_POSITIONS)) > 0) {
		int64_t ring = sqlite3_column_int64(statement, 0);

		if (ring >= 0 && (size_t)ring < rings)
			seqs[ring] = (uint32_t)sqlite3_column_int64(statement, 1);
	}
	return ret;
}

static int latest_load(struct store *store, int64_t *id)
{
	int ret = statement_row(store, STATEMENT_LOAD_LATEST);

	if (ret <= 0)
		return ret ? ret : -EIO;
	*id = sqlite3_column_int64(store->statements[STATEMENT_LOAD_LATEST], 0);
	statement_reset(store, STATEMENT_LOAD_LATEST);
	return 0;
}

int store_load(struct store *store, struct store_load *load, uint32_t *seqs, size_t rings,
	       bool *fresh)
{
	struct binder binder = statement_bind(store, STATEMENT_LOAD_FIND);
	int64_t latest = 0;
	int ret;

	memset(seqs, 0, rings * sizeof(*seqs));
	bind_int(&binder, (int64_t)load->load);
	ret = statement_row(store, STATEMENT_LOAD_FIND);
	if (ret < 0)
		return ret;
	*fresh = !ret;
	load->latest = !ret;
	if (!ret)
		return add_load(store, load);
	load->id = sqlite3_column_int64(binder.statement, 0);
	statement_reset(store, STATEMENT_LOAD_FIND);
	ret = latest_load(store, &latest);
	load->latest = latest == load->id;
	if (ret || !load->latest)
		return ret;
	return read_positions(store, seqs, rings);
}

int store_dumped(struct store *store, int64_t load, int64_t now)
{
	struct binder binder = statement_bind(store, STATEMENT_LOAD_DUMPED);

	bind_int(&binder, now);
	bind_int(&binder, load);
	return statement_run(store, STATEMENT_LOAD_DUMPED);
}

int store_seen(struct store *store, struct store_seen *seen)
{
	sqlite3_stmt *statement = store->statements[STATEMENT_SEEN];
	int ret = statement_row(store, STATEMENT_SEEN);

	*seen = (struct store_seen){ .at = 0 };
	if (ret <= 0)
		return ret;
	seen->at = sqlite3_column_int64(statement, 0);
	seen->boot = sqlite3_column_int64(statement, 1);
	seen->offset = sqlite3_column_int64(statement, 2);
	statement_reset(store, STATEMENT_SEEN);
	return 0;
}

int store_set_seen(struct store *store, const struct store_seen *seen)
{
	struct binder binder = statement_bind(store, STATEMENT_SET_SEEN);

	bind_int(&binder, seen->at);
	bind_int(&binder, seen->boot);
	bind_int(&binder, seen->offset);
	return statement_run(store, STATEMENT_SET_SEEN);
}

int store_shift_seen(struct store *store, int64_t by)
{
	struct binder binder = statement_bind(store, STATEMENT_SHIFT_SEEN);

	bind_int(&binder, by);
	return statement_run(store, STATEMENT_SHIFT_SEEN);
}

int store_checkpoint(struct store *store, const struct state *state, int64_t last)
{
	const struct process *process;
	struct binder binder;
	int ret = statement_run(store, STATEMENT_LIVING_CLEAR);

	for (process = state->by_key; process && !ret; process = process->hh.next) {
		if (process->lived >= 0)
			continue;
		binder = statement_bind(store, STATEMENT_LIVING_ADD);
		bind_int(&binder, process->id);
		ret = statement_run(store, STATEMENT_LIVING_ADD);
	}
	if (ret)
		return ret;
	binder = statement_bind(store, STATEMENT_LIVING_UPTO);
	bind_int(&binder, last);
	return statement_run(store, STATEMENT_LIVING_UPTO);
}

static void read_comm(struct reader *reader, struct process *process)
{
	const char *comm = read_text(reader);
	const char *path = read_text(reader), *slash = strrchr(path, '/');

	snprintf(process->comm, sizeof(process->comm), "%s", comm);
	snprintf(process->exe_comm, sizeof(process->exe_comm), "%s", slash ? slash + 1 : path);
	process->exe_hash = *path ? intern_hash(path, strlen(path)) : 0;
}

static void read_context(struct reader *reader, struct context *context)
{
	context->uid = (uint32_t)read_or(reader, UINT32_MAX);
	context->euid = (uint32_t)read_or(reader, UINT32_MAX);
	context->gid = (uint32_t)read_or(reader, UINT32_MAX);
	context->egid = (uint32_t)read_or(reader, UINT32_MAX);
	context->cap_permitted = read_or(reader, -1);
	context->cap_effective = read_or(reader, -1);
	context->loginuid = (uint32_t)read_or(reader, UINT32_MAX);
	context->session = (uint32_t)read_or(reader, UINT32_MAX);
	context->tty = (uint32_t)read_int(reader);
	context->sid = (uint32_t)read_int(reader);
	context->container = read_int(reader);
	context->namespaces = read_int(reader);
}

static struct process read_process(sqlite3_stmt *statement)
{
	struct reader reader = { statement, 0 };
	struct process process = { .lived = -1, .stored = true };
	uint32_t pid;

	process.id = read_int(&reader);
	process.key = (uint64_t)read_int(&reader);
	pid = (uint32_t)(process.key & ((1u << KITH_KEY_PID_BITS) - 1));
	process.ns_pid = (uint32_t)read_or(&reader, pid);
	process.parent = read_int(&reader);
	process.creator = read_or(&reader, process.parent);
	process.started = read_int(&reader);
	process.execution = read_int(&reader);
	process.context_id = read_int(&reader);
	process.clone_flags = read_or(&reader, -1);
	process.plain_reads = -1;
	process.plain_bytes = -1;
	process.flags = (uint32_t)read_int(&reader);
	read_comm(&reader, &process);
	read_context(&reader, &process.context);
	return process;
}

int store_living(struct store *store, int64_t boot,
		 int (*take)(void *context, const struct process *process), void *context)
{
	struct binder binder = statement_bind(store, STATEMENT_LIVING);
	int ret;

	bind_int(&binder, boot);
	while ((ret = statement_row(store, STATEMENT_LIVING)) > 0) {
		struct process process = read_process(binder.statement);

		ret = take(context, &process);
		if (ret) {
			statement_reset(store, STATEMENT_LIVING);
			return ret;
		}
	}
	return ret;
}

int store_ended(struct store *store, int64_t boot,
		int (*take)(void *context, uint64_t key, int64_t id), void *context)
{
	struct binder binder = statement_bind(store, STATEMENT_ENDED);
	int ret;

	bind_int(&binder, boot);
	bind_int(&binder, STATE_GRAVES);
	while ((ret = statement_row(store, STATEMENT_ENDED)) > 0) {
		struct reader reader = statement_read(store, STATEMENT_ENDED);
		uint64_t key = (uint64_t)read_int(&reader);

		ret = take(context, key, read_int(&reader));
		if (ret) {
			statement_reset(store, STATEMENT_ENDED);
			return ret;
		}
	}
	return ret;
}

/* Hand the row of @which to @take, if there is one. */
static int take_container(struct store *store, enum statement which,
			  struct store_container *container,
			  void (*take)(void *context, int64_t id,
				       const struct store_container *container),
			  void *context)
{
	struct reader reader = statement_read(store, which);
	int ret = statement_row(store, which);
	int64_t id;

	if (ret <= 0)
		return ret;
	id = read_int(&reader);
	container->path.data = read_text(&reader);
	container->path.size = strlen(container->path.data);
	container->first = read_int(&reader);
	container->last = read_int(&reader);
	take(context, id, container);
	statement_reset(store, which);
	return 0;
}

int store_container_find(struct store *store, int64_t boot, uint64_t cgroup,
			 void (*take)(void *context, int64_t id,
				      const struct store_container *container),
			 void *context)
{
	struct binder binder = statement_bind(store, STATEMENT_CONTAINER_FIND);
	struct store_container container = { .boot = boot, .cgroup = cgroup };

	bind_int(&binder, boot);
	bind_int(&binder, (int64_t)cgroup);
	return take_container(store, STATEMENT_CONTAINER_FIND, &container, take, context);
}

int store_container_get(struct store *store, int64_t id,
			void (*take)(void *context, int64_t id,
				     const struct store_container *container),
			void *context)
{
	struct binder binder = statement_bind(store, STATEMENT_CONTAINER_GET);
	struct store_container container = { .boot = 0 };

	bind_int(&binder, id);
	return take_container(store, STATEMENT_CONTAINER_GET, &container, take, context);
}
