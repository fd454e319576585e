// SPDX-License-Identifier: GPL-2.0-only
/* The store's rows of files. */
#include "statement.h"
#include "store.h"

int store_file(struct store *store, const struct store_file *file)
{
	return pending_add_file(&store->pending, file);
}

int store_access(struct store *store, const struct store_access *access)
{
	return pending_add_access(&store->pending, access);
}

/*
 * Numbers of namespaces count up from 0xf0000000; those of the initial ones stand just
 * before since Linux 6.18. What is left is short; 0: not known.
 */
static int64_t flags_and_namespace(uint32_t flags, uint32_t mntns)
{
	const int64_t first = 0xefffff00;

	return (mntns ? mntns - first : 0) * (1 << 16) | (flags & 0xffff);
}

int64_t store_access_flags(const struct store_access *access)
{
	return flags_and_namespace(access->flags, access->mntns);
}

static int update_access(struct store *store, const struct store_access *access)
{
	struct binder binder = statement_bind(store, STATEMENT_ACCESS_UPDATE);

	bind_int(&binder, access->id);
	bind_id(&binder, access->path);
	bind_int(&binder, access->last);
	bind_nonnegative(&binder, access->reads);
	bind_nonnegative(&binder, access->bytes_read);
	bind_nonnegative(&binder, access->writes);
	bind_nonnegative(&binder, access->bytes_written);
	bind_id(&binder, access->writer);
	bind_int(&binder, store_access_flags(access));
	return statement_run(store, STATEMENT_ACCESS_UPDATE);
}

int store_access_update(struct store *store, const struct store_access *access)
{
	struct store_access *waiting = pending_access(&store->pending, access->id);

	struct store_access before;

	if (!waiting)
		return update_access(store, access);
	before = *waiting;
	*waiting = *access;
	waiting->process = before.process;
	waiting->file = before.file;
	waiting->first = before.first;
	if (!waiting->path)
		waiting->path = before.path;
	if (!waiting->writer)
		waiting->writer = before.writer;
	return 0;
}

/* Each row of statement @which is taken. */
static int take_accesses(struct store *store, enum statement which,
			 int (*take)(void *context, int64_t number, int64_t id),
			 void *context)
{
	int ret = 0;

	while (!ret && (ret = statement_row(store, which)) > 0) {
		struct reader reader = statement_read(store, which);
		const int64_t number = read_int(&reader);

		ret = take(context, number, read_int(&reader));
		if (ret)
			statement_reset(store, which);
	}
	return ret;
}

int store_open_accesses(struct store *store, int64_t load,
			int (*take)(void *context, int64_t number, int64_t id),
			void *context)
{
	int ret = statement_run_of(store, STATEMENT_ACCESSES_FORGET, load);

	return ret ? ret : take_accesses(store, STATEMENT_ACCESSES_OPEN, take, context);
}

int store_ended_accesses(struct store *store, int64_t before,
			 int (*take)(void *context, int64_t number, int64_t id),
			 void *context)
{
	struct binder binder = statement_bind(store, STATEMENT_ACCESSES_ENDED);

	bind_int(&binder, before);
	return take_accesses(store, STATEMENT_ACCESSES_ENDED, take, context);
}

int store_access_open(struct store *store, int64_t id, int64_t load, uint64_t number)
{
	struct binder binder = statement_bind(store, STATEMENT_ACCESS_OPEN);

	bind_int(&binder, id);
	bind_int(&binder, load);
	bind_int(&binder, (int64_t)number);
	return statement_run(store, STATEMENT_ACCESS_OPEN);
}

int store_access_close(struct store *store, int64_t id)
{
	return statement_run_of(store, STATEMENT_ACCESS_CLOSE, id);
}

int64_t store_writer_find(struct store *store, int64_t boot, uint64_t key, int64_t file)
{
	struct binder binder = statement_bind(store, STATEMENT_WRITER_FIND);
	struct reader reader = statement_read(store, STATEMENT_WRITER_FIND);
	int64_t id;
	int ret;

	bind_int(&binder, file);
	bind_int(&binder, (int64_t)key);
	bind_int(&binder, boot);
	ret = statement_row(store, STATEMENT_WRITER_FIND);
	if (ret <= 0)
		return ret;
	id = read_int(&reader);
	statement_reset(store, STATEMENT_WRITER_FIND);
	return id;
}

int64_t store_change_flags(const struct store_change *change)
{
	return flags_and_namespace(change->flags, change->mntns);
}

int store_change(struct store *store, const struct store_change *change)
{
	return pending_add_change(&store->pending, change);
}
