/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Values that many rows share, and the ids of their rows. Each function gives
 * the id of a value, > 0, and stores it when it is new; or a negative errno.
 */
#ifndef KITH_DICTIONARY_H
#define KITH_DICTIONARY_H

#include "intern.h"
#include "store.h"

struct container;

struct dictionary {
	struct store *store;
	struct intern strings;
	struct intern file_texts;
	struct intern executables;
	struct intern namespaces;
	struct intern contexts;
	struct intern credential_sets;
	struct intern routes;
	/* of the present boot, by cgroup id; the others are found in the store */
	struct container *containers;
	struct container *by_id; /* the same */
	struct container *used; /* the same, last used last */
	struct container *dirty;
	size_t container_count;
	int64_t last_container;
};

void dictionary_init(struct dictionary *dictionary, struct store *store,
		     const struct store_last *last);
void dictionary_clear(struct dictionary *dictionary);

int64_t dictionary_string(struct dictionary *dictionary, struct slice value);
/* Paths and other texts of accesses and changes, which are not kept as long. */
int64_t dictionary_file_text(struct dictionary *dictionary, struct slice value);

int64_t dictionary_executable(struct dictionary *dictionary,
			      const struct store_executable *executable);
int64_t dictionary_namespaces(struct dictionary *dictionary,
			      const struct kith_namespaces *namespaces);
int64_t dictionary_context(struct dictionary *dictionary, const struct context *context);
int64_t dictionary_credential_set(struct dictionary *dictionary,
				  const struct kith_credential *set);

int64_t dictionary_route(struct dictionary *dictionary, const struct route *route);

/* The same, if the server's socket has a name, of at most DICTIONARY_NAME bytes. */
int64_t dictionary_named_route(struct dictionary *dictionary, const struct route *route,
			       struct slice name);

/* The container that is cgroup @cgroup, which was in use at @now. */
int64_t dictionary_container(struct dictionary *dictionary, int64_t boot, uint64_t cgroup,
			     int64_t now);
/* The same, and @path, if it has any bytes, is its path. */
int64_t dictionary_container_path(struct dictionary *dictionary, int64_t boot,
				  uint64_t cgroup, struct slice path, int64_t now);

/*
 * *house: that of all control groups of one container, as a runtime made it; 0: @id
 * is in none. Return: 0 or an error.
 */
int dictionary_house(struct dictionary *dictionary, int64_t id, uint64_t *house);

/* What the path of container @id says. Return: 0 or an error. */
struct cgroup_names;
int dictionary_place(struct dictionary *dictionary, int64_t id, struct cgroup_names *names);

/* What is used from now on of strings, texts of files and routes gets rows of its own. */
void dictionary_forget_texts(struct dictionary *dictionary);

/* Another boot begins. What is not flushed is void. */
void dictionary_forget_containers(struct dictionary *dictionary);

/* Store those that changed, and keep the last DICTIONARY_CONTAINERS used. */
int dictionary_flush_containers(struct dictionary *dictionary);

enum { DICTIONARY_CONTAINERS = 4096, DICTIONARY_NAME = 4096 };

#endif
