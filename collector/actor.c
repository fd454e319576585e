// SPDX-License-Identifier: GPL-2.0-only
/* Who acts, as the learner sees it. */
#include "actor.h"

#include "text.h"

#include <errno.h>
#include <kith/uapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { WAYS = 8, UNSET = -1 };

int actors_init(struct actors *actors)
{
	*actors = (struct actors){ .table = calloc(ACTORS, sizeof(*actors->table)) };
	return actors->table ? 0 : -ENOMEM;
}

void actors_free(struct actors *actors)
{
	free(actors->table);
	actors->table = NULL;
}

void actors_clear(struct actors *actors)
{
	memset(actors->table, 0, ACTORS * sizeof(*actors->table));
	memset(actors->houses, 0, sizeof(actors->houses));
}

uint64_t actor_hash_of(const struct actors *actors, const void *data, size_t size)
{
	const uint64_t hash = XXH3_64bits_withSeed(data, size, actors->seed) >> 1;

	return hash ? hash : 1;
}

uint64_t actor_hash(const struct actors *actors, const char *text)
{
	return actor_hash_of(actors, text, strlen(text));
}

uint64_t actor_join(const struct actors *actors, uint64_t a, uint64_t b)
{
	const uint64_t both[] = { a, b };

	return actor_hash_of(actors, both, sizeof(both));
}

static struct actor *bucket(const struct actors *actors, int64_t execution)
{
	const uint64_t hash = (uint64_t)execution * UINT64_C(0x9e3779b97f4a7c15) >> 32;

	return actors->table + (hash & (ACTORS - WAYS));
}

struct actor *actor_find(const struct actors *actors, int64_t execution)
{
	struct actor *at = bucket(actors, execution), *end = at + WAYS;

	for (; execution && at < end; at++)
		if (at->execution == execution)
			return at;
	return NULL;
}

/* Who has ended, then who was met longest ago, then who is oldest. */
static bool matters_less(const struct actors *actors, const struct actor *a,
			 const struct actor *b)
{
	const bool ended_a = actors->has_ended && actors->has_ended(actors->context, a->key);
	const bool ended_b = actors->has_ended && actors->has_ended(actors->context, b->key);

	if (ended_a != ended_b)
		return ended_a;
	if (!ended_a && a->hour != b->hour)
		return a->hour < b->hour;
	return a->execution < b->execution;
}

static struct actor *make_room(const struct actors *actors, int64_t execution)
{
	struct actor *at = bucket(actors, execution), *end = at + WAYS, *worst = at;

	for (; at < end; at++) {
		if (!at->execution || at->execution == execution)
			return at;
		if (at != worst && matters_less(actors, at, worst))
			worst = at;
	}
	return worst;
}

static struct house *house_of(struct actors *actors, uint64_t place)
{
	return &actors->houses[place % ACTOR_HOUSES];
}

void actor_take(struct actors *actors, const void *state, size_t size)
{
	struct actor actor;

	if (size != sizeof(actor))
		return; /* of another version */
	memcpy(&actor, state, sizeof(actor));
	actor.name[sizeof(actor.name) - 1] = '\0';
	if (actor.execution <= 0 || actor.descent >= DESCENTS)
		return;
	*make_room(actors, actor.execution) = actor;
	if (actor.flags & ACTOR_INSIDE)
		*house_of(actors, actor.place) = (struct house){ actor.place, actor.workload };
}

/* Options that take what follows for a program, not for a file that has one. */
static bool is_inline(struct slice option)
{
	return slice_is(option, "-c") || slice_is(option, "-e") || slice_is(option, "-r") ||
	       slice_is(option, "-lc") || slice_is(option, "--eval");
}

/* The script is the program: of python3 app.py that is app.py. */
static void put_script(struct normal *normal, const struct actor_image *image)
{
	unsigned int i;

	if (image->script.size) {
		normal_put(normal, " ");
		normal_path(normal, image->script);
		return;
	}
	for (i = 1; i <= 4; i++) {
		const struct slice argument = normal_argument(image->argv, i);

		if (!argument.size)
			return;
		if (*argument.data == '-' && !is_inline(argument) && !slice_is(argument, "-m"))
			continue;
		normal_put(normal, " ");
		if (*argument.data == '-')
			normal_word(normal, argument);
		else if (memchr(argument.data, '/', argument.size))
			normal_path(normal, argument);
		else if (argument.size <= ACTOR_NAME)
			normal_word(normal, argument);
		if (!slice_is(argument, "-m"))
			return;
	}
}

static void put_exe(struct normal *normal, const struct actor_image *image, uint32_t traits)
{
	struct slice exe = image->exe;

	if (slice_ends(exe, " (deleted)"))
		exe.size -= sizeof(" (deleted)") - 1;
	if (image->flags & KITH_IMAGE_MEMFD)
		normal_put(normal, "memfd:*");
	else if (exe.size)
		normal_path(normal, exe);
	else
		normal_put(normal, "unknown");
	if (traits & (TRAIT_SHELL | TRAIT_INTERPRETER))
		put_script(normal, image);
}

static uint32_t flags_of(const struct actor_image *image)
{
	uint32_t flags = 0;

	if (image->flags & (KITH_IMAGE_MEMFD | KITH_IMAGE_DELETED))
		flags |= ACTOR_NAMELESS;
	else if (trait_is_system(image->exe, image->owner, image->mode))
		flags |= ACTOR_SYSTEM;
	if (trait_is_public(image->exe))
		flags |= ACTOR_PUBLIC;
	if (image->found)
		flags |= ACTOR_FOUND;
	if (*image->place.runtime)
		flags |= ACTOR_INSIDE;
	return flags;
}

/* What is behind the NULs of the names is 0. */
static uint64_t place_of(const struct actors *actors, const struct cgroup_names *names)
{
	return actor_hash_of(actors, names, sizeof(*names));
}

/* Of an instance the name that all have. */
static void put_unit(struct normal *normal, const char *unit)
{
	const char *at = strchr(unit, '@'), *dot = strrchr(unit, '.');
	const size_t size = at && dot && dot > at ? (size_t)(at + 1 - unit) : strlen(unit);

	normal_word(normal, (struct slice){ unit, size });
	if (size < strlen(unit))
		normal_word(normal, (struct slice){ dot, strlen(dot) });
}

static void put_base(struct normal *normal, struct slice path)
{
	normal_word(normal, normal_base(path));
}

/* The first program of a container, and what it is told to do if it is a script. */
static void name_container(struct normal *normal, const struct actor_image *image)
{
	normal_put(normal, "container:");
	put_base(normal, image->script.size ? image->script : image->exe);
	if (image->script.size) {
		const struct slice argument =
			normal_argument(image->argv, slice_has(image->argv, "/") ? 1 : 0);

		normal_put(normal, " ");
		if (argument.size && argument.size <= ACTOR_NAME)
			put_base(normal, argument);
	}
}

static void name_number(struct normal *normal, const char *before, uint32_t number,
			const char *behind)
{
	char text[64];

	snprintf(text, sizeof(text), "%s%u%s", before, number, behind);
	normal_put(normal, text);
}

static void name_job(struct normal *normal, const struct actor_image *image)
{
	name_number(normal, "job:", image->uid, ":");
	if (!(trait_of_program(image->exe) & TRAIT_SHELL)) {
		put_base(normal, image->exe);
		normal_put(normal, " ");
	}
	normal_arguments(normal, image->argv);
}

static bool is_set(uint32_t id)
{
	return id != (uint32_t)UNSET;
}

static bool is_login(const struct actor_image *image, const struct actor *parent)
{
	if (parent && parent->descent == DESCENT_LOGIN)
		return true;
	if (is_set(image->session) && is_set(image->loginuid))
		return true;
	return parent && parent->traits & TRAIT_DOOR &&
	       !(trait_of_program(image->exe) & TRAIT_DOOR);
}

static void name_login(struct normal *normal, const struct actor_image *image,
		       const struct actor *parent)
{
	const bool door = parent && parent->traits & TRAIT_DOOR;

	name_number(normal, "login:", is_set(image->loginuid) ? image->loginuid : image->uid,
		    door && slice_begins((struct slice){ parent->name, strlen(parent->name) },
					 "sshd") ?
			    ":ssh" :
			    ":local");
}

static void inherit(struct actor *actor, const struct actor *parent)
{
	actor->descent = parent->descent;
	actor->workload = parent->workload;
}

/* A workload of its own. */
static void begin(const struct actors *actors, struct actor *actor, enum descent descent,
		  const struct normal *name)
{
	actor->descent = (uint8_t)descent;
	actor->workload = actor_hash(actors, name->text);
}

static void place_container(struct actors *actors, struct actor *actor,
			    const struct actor_image *image, const struct actor *parent,
			    struct normal *name)
{
	struct house *house = house_of(actors, actor->place);

	if (parent && parent->place == actor->place && !(parent->traits & TRAIT_HUB)) {
		inherit(actor, parent);
		return;
	}
	actor->descent = DESCENT_CONTAINER;
	if (house->place == actor->place) {
		actor->workload = house->workload;
		return;
	}
	name_container(name, image);
	begin(actors, actor, DESCENT_CONTAINER, name);
	if (!(actor->traits & TRAIT_HUB))
		*house = (struct house){ actor->place, actor->workload };
}

static bool is_package(const struct actor *actor, const struct actor *parent)
{
	if (parent && parent->descent == DESCENT_PACKAGE)
		return true;
	return actor->traits & TRAIT_PACKAGE && actor->flags & ACTOR_SYSTEM;
}

static bool keeps_session(const struct actor *actor, const struct actor *parent)
{
	return parent && parent->descent == DESCENT_LOGIN && parent->session == actor->session;
}

/* To what it belongs; @name: what that is called, if it is another than its parent's. */
static void place(struct actors *actors, struct actor *actor, const struct actor_image *image,
		  const struct actor *parent, struct normal *name)
{
	if (actor->flags & ACTOR_INSIDE) {
		place_container(actors, actor, image, parent, name);
	} else if (parent && parent->descent == DESCENT_PACKAGE && is_package(actor, parent)) {
		inherit(actor, parent);
	} else if (is_package(actor, parent)) {
		normal_put(name, "package:");
		put_base(name, image->exe);
		begin(actors, actor, DESCENT_PACKAGE, name);
	} else if (parent && parent->traits & TRAIT_CRON && !(actor->traits & TRAIT_CRON)) {
		name_job(name, image);
		begin(actors, actor, DESCENT_JOB, name);
	} else if (parent && (parent->descent == DESCENT_JOB || keeps_session(actor, parent))) {
		inherit(actor, parent);
	} else if (is_login(image, parent)) {
		name_login(name, image, parent);
		begin(actors, actor, DESCENT_LOGIN, name);
	} else if (*image->place.unit) {
		normal_put(name, "unit:");
		put_unit(name, image->place.unit);
		begin(actors, actor, DESCENT_SERVICE, name);
	} else if (parent && !(parent->traits & TRAIT_HUB)) {
		inherit(actor, parent);
	} else {
		normal_put(name, "host");
		begin(actors, actor, DESCENT_HOST, name);
	}
}

/* Shells that start one another are one. */
static void set_lineage(struct actor *actor, const struct actor *parent)
{
	unsigned int from = 0, to = 1;

	actor->lineage[0] = actor->exe;
	if (!parent || parent->workload != actor->workload)
		return;
	if (actor->traits & TRAIT_SHELL && parent->traits & TRAIT_SHELL)
		from = 1;
	while (to < ACTOR_LINEAGE && from < ACTOR_LINEAGE)
		actor->lineage[to++] = parent->lineage[from++];
}

static uint64_t line_of(const struct actors *actors, const struct actor *actor)
{
	uint64_t line = actor->workload;
	unsigned int i;

	for (i = 0; i < ACTOR_LINEAGE; i++)
		if (actor->lineage[i])
			line = actor_join(actors, line, actor->lineage[i]);
	return line;
}

/*
 * What a hub starts has nothing to do with what else it has started, nor has what was
 * moved to a unit or container of its own.
 */
static int64_t root_of(const struct actor *actor, const struct actor *parent)
{
	if (!parent || parent->traits & TRAIT_HUB)
		return actor->execution;
	if (parent->traits & TRAIT_DOOR && actor->traits & TRAIT_DOOR)
		return actor->execution;
	if (parent->place != actor->place && actor->descent != DESCENT_LOGIN)
		return actor->execution;
	return parent->root;
}

static void set_name(struct actor *actor, const struct actor_image *image)
{
	const struct slice base = normal_base(image->exe);

	text_escape_word(actor->name, sizeof(actor->name), base.data ? base.data : "?",
			 base.data ? base.size : 1);
}

void actor_describe(struct actors *actors, const struct actor_image *image,
		    const struct actor *parent, struct actor *actor, struct actor_texts *texts)
{
	*actor = (struct actor){
		.uid = image->uid,
		.loginuid = image->loginuid,
		.session = image->session,
		.traits = trait_of_program(image->exe),
		.flags = flags_of(image),
		.place = place_of(actors, &image->place),
	};
	normal_clear(&texts->exe);
	normal_clear(&texts->workload);
	put_exe(&texts->exe, image, actor->traits);
	actor->exe = actor_hash(actors, texts->exe.text);
	place(actors, actor, image, parent, &texts->workload);
	set_lineage(actor, parent);
	actor->who = actor_join(actors, actor->workload, actor->exe);
	actor->line = line_of(actors, actor);
	set_name(actor, image);
}

struct actor *actor_make(struct actors *actors, const struct actor *common,
			 const struct actor_image *image, const struct actor *parent)
{
	const uint32_t inherited = ACTOR_FACING | ACTOR_FRESH | ACTOR_KNOWN | ACTOR_DROPPED;
	struct actor *made = make_room(actors, image->execution);

	*made = *common;
	made->execution = image->execution;
	made->process = image->process;
	made->parent = parent ? parent->execution : 0;
	made->started = image->at;
	made->key = image->key;
	made->file = image->file;
	made->root = root_of(made, parent);
	if (parent && made->root == parent->root)
		made->flags |= parent->flags & inherited;
	return made;
}
