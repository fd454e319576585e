// SPDX-License-Identifier: GPL-2.0-only
/* Rows of what is found out afterwards: names and hashes. */
#include "statement.h"
#include "store.h"

#include <sqlite3.h>
#include <string.h>

int store_principal(struct store *store, unsigned int kind, int64_t number, int64_t now,
		    struct slice name)
{
	struct binder binder = statement_bind(store, STATEMENT_PRINCIPAL);

	bind_int(&binder, kind);
	bind_int(&binder, number);
	bind_int(&binder, now);
	sqlite3_bind_text(binder.statement, binder.next++, name.size ? name.data : "",
			  (int)name.size, SQLITE_STATIC);
	return statement_run(store, STATEMENT_PRINCIPAL);
}

int store_container_names(struct store *store, int64_t container, int64_t now,
			  struct slice name, struct slice image, struct slice pod)
{
	struct binder binder = statement_bind(store, STATEMENT_CONTAINER_NAMES);

	bind_int(&binder, container);
	bind_int(&binder, now);
	bind_slice(&binder, name);
	bind_slice(&binder, image);
	bind_slice(&binder, pod);
	return statement_run(store, STATEMENT_CONTAINER_NAMES);
}

/* From the first parameter on. */
static void bind_hash(struct binder *binder, const struct store_hash *hash)
{
	const bool file = hash->inode != 0;

	bind_nonnegative(binder, file ? (int64_t)hash->device : -1);
	bind_id(binder, (int64_t)hash->inode);
	if (file)
		bind_int(binder, hash->changed);
	else
		bind_null(binder);
	bind_nonnegative(binder, file ? hash->size : -1);
	bind_text(binder, *hash->sha256 ? hash->sha256 : NULL);
	bind_text(binder, hash->packaged ? hash->package : NULL);
	bind_text(binder, hash->why);
}

int store_hash(struct store *store, const struct store_hash *hash, int64_t *id)
{
	struct binder binder = statement_bind(store, STATEMENT_HASH_FIND);
	int ret;

	bind_hash(&binder, hash);
	ret = statement_row(store, STATEMENT_HASH_FIND);
	if (ret < 0)
		return ret;
	if (ret) {
		*id = sqlite3_column_int64(binder.statement, 0);
		statement_reset(store, STATEMENT_HASH_FIND);
		return 0;
	}
	binder = statement_bind(store, STATEMENT_HASH);
	bind_hash(&binder, hash);
	ret = statement_run(store, STATEMENT_HASH);
	*id = sqlite3_last_insert_rowid(store->db);
	return ret;
}

int store_executable_hash(struct store *store, int64_t execution, int64_t hash)
{
	struct binder binder = statement_bind(store, STATEMENT_EXECUTABLE_HASH);

	bind_int(&binder, execution);
	bind_int(&binder, hash);
	return statement_run(store, STATEMENT_EXECUTABLE_HASH);
}

int store_unanswered(struct store *store, int64_t first, int64_t last, int64_t hash)
{
	struct binder binder = statement_bind(store, STATEMENT_UNANSWERED);

	bind_int(&binder, first);
	bind_int(&binder, last);
	bind_int(&binder, hash);
	return statement_run(store, STATEMENT_UNANSWERED);
}

int store_known_hashes(struct store *store, int64_t most,
		       int (*take)(void *context, const struct store_hash *hash),
		       void *context)
{
	struct binder binder = statement_bind(store, STATEMENT_HASHES);
	int ret;

	bind_int(&binder, most);
	while ((ret = statement_row(store, STATEMENT_HASHES)) > 0) {
		struct reader reader = statement_read(store, STATEMENT_HASHES);
		struct store_hash hash = { .device = (uint32_t)read_int(&reader) };

		hash.inode = (uint64_t)read_int(&reader);
		hash.changed = read_int(&reader);
		hash.size = read_int(&reader);
		strncpy(hash.sha256, read_text(&reader), sizeof(hash.sha256) - 1);
		ret = take(context, &hash);
		if (ret) {
			statement_reset(store, STATEMENT_HASHES);
			return ret;
		}
	}
	return ret;
}
