// SPDX-License-Identifier: GPL-2.0-only
/* Values that many rows share, and the ids of their rows. */
#define HASH_NONFATAL_OOM 1
#define uthash_fatal(message) abort()
#include "dictionary.h"

#include "cgroup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	STRINGS_BYTES = 8 << 20,
	EXECUTABLES_BYTES = 2 << 20,
	SMALL_BYTES = 2 << 20,
	PATH_BYTES = 4200, /* of an executable, with what may stand behind it */
};

struct container {
	UT_hash_handle hh;
	int64_t id;
	struct store_container row;
	struct cgroup_names names;
	char *path;
	bool dirty;
};

void dictionary_init(struct dictionary *dictionary, struct store *store,
		     const struct store_last *last)
{
	*dictionary = (struct dictionary){ .store = store,
					   .last_container = last->container };
	intern_init(&dictionary->strings, STRINGS_BYTES, last->string + 1);
	intern_init(&dictionary->executables, EXECUTABLES_BYTES, last->executable + 1);
	intern_init(&dictionary->namespaces, SMALL_BYTES, last->namespaces + 1);
	intern_init(&dictionary->contexts, SMALL_BYTES, last->context + 1);
	intern_init(&dictionary->credential_sets, SMALL_BYTES, last->credential_set + 1);
}

static void clear_containers(struct dictionary *dictionary)
{
	struct container *container = dictionary->containers, *next;

	HASH_CLEAR(hh, dictionary->containers);
	for (; container; container = next) {
		next = container->hh.next;
		free(container->path);
		free(container);
	}
}

void dictionary_clear(struct dictionary *dictionary)
{
	intern_clear(&dictionary->strings);
	intern_clear(&dictionary->executables);
	intern_clear(&dictionary->namespaces);
	intern_clear(&dictionary->contexts);
	intern_clear(&dictionary->credential_sets);
	clear_containers(dictionary);
}

int64_t dictionary_string(struct dictionary *dictionary, struct slice value)
{
	bool fresh;
	int64_t id = intern_id(&dictionary->strings, value.data, value.size, &fresh);
	int ret = 0;

	if (fresh)
		ret = store_string(dictionary->store, id, value);
	return ret ? ret : id;
}

/* All that tells one executable from another. No padding. */
struct executable_key {
	uint64_t inode;
	uint32_t device;
	uint32_t mode;
	uint32_t owner;
	uint32_t resolved;
	char origin[8];
	char path[PATH_BYTES];
};

int64_t dictionary_executable(struct dictionary *dictionary,
			      const struct store_executable *executable)
{
	size_t size = executable->path.size < PATH_BYTES ? executable->path.size : PATH_BYTES;
	struct executable_key key;
	bool fresh;
	int64_t id;
	int ret = 0;

	memset(&key, 0, offsetof(struct executable_key, path));
	key.inode = executable->inode;
	key.device = executable->device;
	key.mode = executable->mode;
	key.owner = executable->owner;
	key.resolved = executable->resolved;
	if (executable->origin)
		memccpy(key.origin, executable->origin, '\0', sizeof(key.origin));
	memcpy(key.path, executable->path.data, size);
	id = intern_id(&dictionary->executables, &key,
		       offsetof(struct executable_key, path) + size, &fresh);
	if (fresh)
		ret = store_executable(dictionary->store, id, executable);
	return ret ? ret : id;
}

int64_t dictionary_namespaces(struct dictionary *dictionary,
			      const struct kith_namespaces *namespaces)
{
	bool fresh;
	int64_t id = intern_id(&dictionary->namespaces, namespaces, sizeof(*namespaces),
			       &fresh);
	int ret = 0;

	if (fresh)
		ret = store_namespaces(dictionary->store, id, namespaces);
	return ret ? ret : id;
}

int64_t dictionary_context(struct dictionary *dictionary, const struct context *context)
{
	bool fresh;
	int64_t id = intern_id(&dictionary->contexts, context, sizeof(*context), &fresh);
	int ret = 0;

	if (fresh)
		ret = store_context(dictionary->store, id, context);
	return ret ? ret : id;
}

int64_t dictionary_credential_set(struct dictionary *dictionary,
				  const struct kith_credential *set)
{
	bool fresh;
	int64_t id = intern_id(&dictionary->credential_sets, set, sizeof(*set), &fresh);
	int ret = 0;

	if (fresh)
		ret = store_credential_set(dictionary->store, id, set);
	return ret ? ret : id;
}

static struct container *find_container(struct dictionary *dictionary, uint64_t cgroup)
{
	struct container *container;

	HASH_FIND(hh, dictionary->containers, &cgroup, sizeof(cgroup), container);
	return container;
}

/* Point the row's texts into the container itself. */
static void link_names(struct container *container)
{
	struct cgroup_names *names = &container->names;

	container->row.runtime = *names->runtime ? names->runtime : NULL;
	container->row.name = *names->name ? names->name : NULL;
	container->row.unit = *names->unit ? names->unit : NULL;
}

static int set_path(struct container *container, struct slice path)
{
	char *copy = malloc(path.size ? path.size : 1);

	if (!copy)
		return -ENOMEM;
	if (path.size)
		memcpy(copy, path.data, path.size);
	free(container->path);
	container->path = copy;
	container->row.path = (struct slice){ copy, path.size };
	cgroup_parse(copy, path.size, &container->names);
	link_names(container);
	return 0;
}

static struct container *add_container(struct dictionary *dictionary, int64_t id,
				       int64_t boot, uint64_t cgroup, int64_t now)
{
	struct container *container = calloc(1, sizeof(*container));

	if (!container)
		return NULL;
	container->id = id;
	container->row.boot = boot;
	container->row.cgroup = cgroup;
	container->row.first = now;
	container->row.last = now;
	HASH_ADD_KEYPTR(hh, dictionary->containers, &container->row.cgroup,
			sizeof(container->row.cgroup), container);
	if (container->hh.tbl)
		return container;
	free(container);
	return NULL;
}

static struct container *use_container(struct dictionary *dictionary, int64_t boot,
				       uint64_t cgroup, int64_t now)
{
	struct container *container = find_container(dictionary, cgroup);

	if (!container)
		container = add_container(dictionary, ++dictionary->last_container, boot,
					  cgroup, now);
	if (!container)
		return NULL;
	if (now > container->row.last)
		container->row.last = now;
	container->dirty = true;
	return container;
}

int64_t dictionary_container(struct dictionary *dictionary, int64_t boot, uint64_t cgroup,
			     int64_t now)
{
	struct container *container = use_container(dictionary, boot, cgroup, now);

	return container ? container->id : -ENOMEM;
}

int64_t dictionary_container_path(struct dictionary *dictionary, int64_t boot,
				  uint64_t cgroup, struct slice path, int64_t now)
{
	struct container *container = use_container(dictionary, boot, cgroup, now);
	int ret = 0;

	if (!container)
		return -ENOMEM;
	if (path.size)
		ret = set_path(container, path);
	return ret ? ret : container->id;
}

static int load_container(void *dictionary_, int64_t id, const struct store_container *row)
{
	struct dictionary *dictionary = dictionary_;
	struct container *container =
		add_container(dictionary, id, row->boot, row->cgroup, row->first);

	if (!container)
		return -ENOMEM;
	container->row.last = row->last;
	return set_path(container, row->path);
}

int dictionary_load_containers(struct dictionary *dictionary, int64_t boot)
{
	clear_containers(dictionary);
	return store_containers(dictionary->store, boot, load_container, dictionary);
}

int dictionary_flush_containers(struct dictionary *dictionary)
{
	struct container *container;
	int ret = 0;

	for (container = dictionary->containers; container && !ret;
	     container = container->hh.next) {
		if (!container->dirty)
			continue;
		ret = store_container(dictionary->store, container->id, &container->row);
		container->dirty = false;
	}
	return ret;
}
