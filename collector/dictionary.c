// SPDX-License-Identifier: GPL-2.0-only
/* Values that many rows share, and the ids of their rows. */
#define HASH_NONFATAL_OOM 1
#define uthash_fatal(message) abort()
#include "dictionary.h"

#include "cgroup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum {
	STRINGS_BYTES = 8 << 20,
	EXECUTABLES_BYTES = 2 << 20,
	SMALL_BYTES = 2 << 20,
	ROUTES_BYTES = 4 << 20,
	PATH_BYTES = 4200, /* of an executable, with what may stand behind it */
};

/* A path stays here only until it is stored: whoever may make cgroups chooses it. */
struct container {
	UT_hash_handle hh;
	UT_hash_handle hh_id;
	/* In order of use. cppcheck does not look into utlist's macros. */
	/* cppcheck-suppress unusedStructMember */
	struct container *prev;
	struct container *next;
	struct container *next_dirty;
	int64_t id;
	int64_t boot;
	uint64_t cgroup;
	int64_t first;
	int64_t last;
	uint64_t path_hash; /* of the last one told, 0: none was */
	uint64_t house;	    /* see dictionary_house() */
	struct slice path;  /* malloc()ed; size 0: as it is stored */
	bool dirty;
};

void dictionary_init(struct dictionary *dictionary, struct store *store,
		     const struct store_last *last)
{
	*dictionary = (struct dictionary){ .store = store,
					   .last_container = last->container };
	intern_init(&dictionary->strings, STRINGS_BYTES, last->string + 1);
	intern_init(&dictionary->file_texts, STRINGS_BYTES, last->path + 1);
	intern_init(&dictionary->executables, EXECUTABLES_BYTES, last->executable + 1);
	intern_init(&dictionary->namespaces, SMALL_BYTES, last->namespaces + 1);
	intern_init(&dictionary->contexts, SMALL_BYTES, last->context + 1);
	intern_init(&dictionary->credential_sets, SMALL_BYTES, last->credential_set + 1);
	intern_init(&dictionary->routes, ROUTES_BYTES, last->route + 1);
}

void dictionary_forget_containers(struct dictionary *dictionary)
{
	struct container *container = dictionary->used, *next;

	HASH_CLEAR(hh_id, dictionary->by_id);
	HASH_CLEAR(hh, dictionary->containers);
	for (; container; container = next) {
		next = container->next;
		free((char *)container->path.data);
		free(container);
	}
	dictionary->used = NULL;
	dictionary->dirty = NULL;
	dictionary->container_count = 0;
}

void dictionary_forget_texts(struct dictionary *dictionary)
{
	intern_clear(&dictionary->strings);
	intern_clear(&dictionary->file_texts);
	intern_clear(&dictionary->routes);
}

void dictionary_clear(struct dictionary *dictionary)
{
	intern_free(&dictionary->strings);
	intern_free(&dictionary->file_texts);
	intern_free(&dictionary->routes);
	intern_free(&dictionary->executables);
	intern_free(&dictionary->namespaces);
	intern_free(&dictionary->contexts);
	intern_free(&dictionary->credential_sets);
	dictionary_forget_containers(dictionary);
}

/* The id of @value in @texts; @put stores it when it is new. */
static int64_t text_id(struct dictionary *dictionary, struct intern *texts, struct slice value,
		       int (*put)(struct store *, int64_t, struct slice))
{
	bool fresh;
	int64_t id = intern_id(texts, value.data, value.size, &fresh);
	int ret = 0;

	if (fresh)
		ret = put(dictionary->store, id, value);
	return ret ? ret : id;
}

int64_t dictionary_string(struct dictionary *dictionary, struct slice value)
{
	return text_id(dictionary, &dictionary->strings, value, store_string);
}

int64_t dictionary_file_text(struct dictionary *dictionary, struct slice value)
{
	return text_id(dictionary, &dictionary->file_texts, value, store_file_text);
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

int64_t dictionary_route(struct dictionary *dictionary, const struct route *route)
{
	bool fresh;
	int64_t id = intern_id(&dictionary->routes, route, sizeof(*route), &fresh);
	int ret = 0;

	if (fresh)
		ret = store_route(dictionary->store, id, route, (struct slice){ NULL, 0 });
	return ret ? ret : id;
}

int64_t dictionary_named_route(struct dictionary *dictionary, const struct route *route,
			       struct slice name)
{
	char key[sizeof(*route) + DICTIONARY_NAME];
	size_t size = name.size < DICTIONARY_NAME ? name.size : DICTIONARY_NAME;
	bool fresh;
	int64_t id;
	int ret = 0;

	memcpy(key, route, sizeof(*route));
	memcpy(key + sizeof(*route), name.data, size);
	id = intern_id(&dictionary->routes, key, sizeof(*route) + size, &fresh);
	if (fresh)
		ret = store_route(dictionary->store, id, route,
				  (struct slice){ name.data, size });
	return ret ? ret : id;
}

static struct container *find_container(struct dictionary *dictionary, uint64_t cgroup)
{
	struct container *container;

	HASH_FIND(hh, dictionary->containers, &cgroup, sizeof(cgroup), container);
	return container;
}

/* What all control groups of one container have in common. */
static uint64_t house_of(struct slice path)
{
	struct cgroup_names names;

	/* What is not used of the names is 0. */
	memset(&names, 0, sizeof(names));
	cgroup_parse(path.data, path.size, &names);
	memset(names.unit, 0, sizeof(names.unit));
	return *names.runtime ? intern_hash(&names, sizeof(names)) : 0;
}

static int set_path(struct container *container, struct slice path)
{
	uint64_t hash = intern_hash(path.data, path.size);
	char *copy;

	if (container->path_hash == hash)
		return 0;
	copy = malloc(path.size);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, path.data, path.size);
	free((char *)container->path.data);
	container->path = (struct slice){ copy, path.size };
	container->path_hash = hash;
	container->house = house_of(path);
	/* It is the container's, if by a pointer to const. */
	/* cppcheck-suppress memleak */
	return 0;
}

static struct container *add_container(struct dictionary *dictionary, uint64_t cgroup)
{
	struct container *container = calloc(1, sizeof(*container));

	if (!container)
		return NULL;
	container->cgroup = cgroup;
	HASH_ADD(hh, dictionary->containers, cgroup, sizeof(cgroup), container);
	if (!container->hh.tbl) {
		free(container);
		return NULL;
	}
	DL_APPEND(dictionary->used, container);
	dictionary->container_count++;
	return container;
}

static void take_stored(void *container_, int64_t id, const struct store_container *row)
{
	struct container *container = container_;

	container->id = id;
	container->first = row->first;
	container->last = row->last;
	if (!row->path.size)
		return;
	container->path_hash = intern_hash(row->path.data, row->path.size);
	container->house = house_of(row->path);
}

/* One that is not at hand: it may have been used before, and be stored. */
static int fetch_container(struct dictionary *dictionary, int64_t boot, uint64_t cgroup,
			   int64_t now, struct container **result)
{
	struct container *container = add_container(dictionary, cgroup);
	int ret;

	*result = container;
	if (!container)
		return -ENOMEM;
	container->boot = boot;
	container->first = now;
	container->last = now;
	ret = store_container_find(dictionary->store, boot, cgroup, take_stored, container);
	if (!ret && !container->id)
		container->id = ++dictionary->last_container;
	if (ret)
		return ret;
	HASH_ADD_BYHASHVALUE(hh_id, dictionary->by_id, id, sizeof(container->id),
			     hash_of((uint64_t)container->id), container);
	return container->hh_id.tbl ? 0 : -ENOMEM;
}

/* Once a commit it goes to the end, so that what stands first has not been used for long. */
static void touch_container(struct dictionary *dictionary, struct container *container)
{
	if (container->dirty)
		return;
	container->dirty = true;
	container->next_dirty = dictionary->dirty;
	dictionary->dirty = container;
	DL_DELETE(dictionary->used, container);
	DL_APPEND(dictionary->used, container);
}

static int use_container(struct dictionary *dictionary, int64_t boot, uint64_t cgroup,
			 int64_t now, struct container **result)
{
	int ret = 0;

	*result = find_container(dictionary, cgroup);
	if (!*result)
		ret = fetch_container(dictionary, boot, cgroup, now, result);
	if (ret)
		return ret;
	if (now > (*result)->last)
		(*result)->last = now;
	touch_container(dictionary, *result);
	return 0;
}

int64_t dictionary_container(struct dictionary *dictionary, int64_t boot, uint64_t cgroup,
			     int64_t now)
{
	struct container *container;
	int ret = use_container(dictionary, boot, cgroup, now, &container);

	return ret ? ret : container->id;
}

int64_t dictionary_container_path(struct dictionary *dictionary, int64_t boot,
				  uint64_t cgroup, struct slice path, int64_t now)
{
	struct container *container;
	int ret = use_container(dictionary, boot, cgroup, now, &container);

	if (!ret && path.size)
		ret = set_path(container, path);
	return ret ? ret : container->id;
}

static void take_house(void *house, int64_t id, const struct store_container *row)
{
	(void)id;
	if (row->path.size)
		*(uint64_t *)house = house_of(row->path);
}

int dictionary_house(struct dictionary *dictionary, int64_t id, uint64_t *house)
{
	struct container *container;

	*house = 0;
	if (!id)
		return 0;
	HASH_FIND_BYHASHVALUE(hh_id, dictionary->by_id, &id, sizeof(id), hash_of((uint64_t)id),
			      container);
	if (!container)
		return store_container_get(dictionary->store, id, take_house, house);
	*house = container->house;
	return 0;
}

static void take_place(void *names, int64_t id, const struct store_container *row)
{
	(void)id;
	if (row->path.size)
		cgroup_parse(row->path.data, row->path.size, names);
}

int dictionary_place(struct dictionary *dictionary, int64_t id, struct cgroup_names *names)
{
	struct container *container = NULL;

	*names = (struct cgroup_names){ .runtime = "" };
	if (!id)
		return 0;
	HASH_FIND_BYHASHVALUE(hh_id, dictionary->by_id, &id, sizeof(id), hash_of((uint64_t)id),
			      container);
	if (!container || !container->path.size)
		return store_container_get(dictionary->store, id, take_place, names);
	cgroup_parse(container->path.data, container->path.size, names);
	return 0;
}

static int flush_container(struct dictionary *dictionary, struct container *container)
{
	struct cgroup_names names = { .runtime = "" };
	struct store_container row = {
		.boot = container->boot,
		.cgroup = container->cgroup,
		.path = container->path,
		.first = container->first,
		.last = container->last,
	};
	int ret;

	if (row.path.size)
		cgroup_parse(row.path.data, row.path.size, &names);
	row.runtime = *names.runtime ? names.runtime : NULL;
	row.name = *names.name ? names.name : NULL;
	row.unit = *names.unit ? names.unit : NULL;
	ret = store_container(dictionary->store, container->id, &row);
	free((char *)container->path.data);
	container->path = (struct slice){ NULL, 0 };
	container->dirty = false;
	return ret;
}

static void evict_containers(struct dictionary *dictionary)
{
	while (dictionary->container_count > DICTIONARY_CONTAINERS) {
		struct container *oldest = dictionary->used;

		if (!oldest || !dictionary->containers)
			return;
		DL_DELETE(dictionary->used, oldest);
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it is in both */
		HASH_DELETE(hh_id, dictionary->by_id, oldest);
		HASH_DELETE(hh, dictionary->containers, oldest);
		dictionary->container_count--;
		free(oldest);
	}
}

int dictionary_flush_containers(struct dictionary *dictionary)
{
	struct container *container;
	int ret = 0;

	while ((container = dictionary->dirty) && !ret) {
		dictionary->dirty = container->next_dirty;
		ret = flush_container(dictionary, container);
	}
	if (!ret)
		evict_containers(dictionary);
	return ret;
}
