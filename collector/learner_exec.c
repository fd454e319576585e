// SPDX-License-Identifier: GPL-2.0-only
/* Executions: who started what, with which arguments, and who had brought that about. */
#include "learner.h"

#include "dictionary.h"

#include <string.h>

#define PLANT_NS (7 * INCIDENT_DAY)

/* A path may come to be known later; then it stays. */
static int place_of(struct learner *learner, int64_t container, struct cgroup_names *names)
{
	struct known_place *known = &learner->places[(uint64_t)container % LEARNER_PLACES];
	int ret;

	if (container && known->container == container) {
		*names = known->names;
		return 0;
	}
	ret = dictionary_place(&learner->ingest->dictionary, container, names);
	if (!ret && *names->name)
		*known = (struct known_place){ container, *names };
	return ret;
}

static int image_of(struct learner *learner, const struct record *record,
		    const struct kith_image *image, const struct process *process,
		    const struct store_execution *row, struct actor_image *result)
{
	*result = (struct actor_image){
		.execution = row->id,
		.process = row->process,
		.at = row->ts,
		.key = process->key,
		.file = (uint64_t)row->file,
		.exe = record->items[KITH_ITEM_EXE],
		.script = record->scripts[0],
		.argv = record->items[KITH_ITEM_ARGV],
		.uid = image->uid,
		.loginuid = image->loginuid,
		.session = image->session,
		.owner = image->owner,
		.mode = image->mode,
		.flags = image->flags,
		.found = row->live,
	};
	return place_of(learner, process->context.container, &result->place);
}

/* A hub starts workloads, others start programs. */
static void name_child(const struct actor *parent, const struct actor *child,
		       const struct actor_texts *texts, struct normal *name)
{
	normal_clear(name);
	if (parent && parent->traits & TRAIT_HUB && texts->workload.size) {
		normal_put(name, texts->workload.text);
		if (child->descent == DESCENT_JOB)
			return;
		normal_put(name, " ");
	}
	normal_put(name, texts->exe.text);
}

/* Of a file that somebody wrote a while ago. */
static int trace_file(struct learner *learner, struct actor *child)
{
	const struct origin *origin = origin_find(&learner->origins, child->file);
	const struct group *group;

	if (!origin || child->started - origin->at > INCIDENT_DAY)
		return 0;
	if (origin->descent == DESCENT_PACKAGE) {
		child->flags |= ACTOR_FRESH;
		return 0;
	}
	group = incidents_group(&learner->incidents, origin->root);
	if (group && group->score >= learner->incidents.threshold / 2)
		child->flags |= ACTOR_DROPPED;
	return learner_blame(learner, child, origin);
}

/* Is this how it was to have an effect? Who was known to have planned it answers for it. */
static int trace_plant(struct learner *learner, struct actor *child, enum lasting lasting,
		       uint64_t name, uint32_t owner)
{
	const struct plant *plant = origin_find_plant(&learner->origins, lasting, name, owner,
						      child->started - PLANT_NS);
	struct actor *by;

	if (!plant || plant->by.descent == DESCENT_PACKAGE)
		return 0;
	by = actor_find(&learner->actors, plant->by.execution);
	if (plant->known || (by && learner_root(learner, by)->flags & ACTOR_KNOWN))
		child->flags |= ACTOR_KNOWN;
	return learner_blame(learner, child, &plant->by);
}

static int trace_plants(struct learner *learner, struct actor *child,
			const struct actor_image *image)
{
	struct normal unit;

	if (child->execution != child->root)
		return 0;
	switch (child->descent) {
	case DESCENT_JOB:
		return trace_plant(learner, child, LASTING_CRON, 0, child->uid);
	case DESCENT_SERVICE:
		normal_clear(&unit);
		normal_put(&unit, image->place.unit);
		return trace_plant(learner, child, LASTING_UNIT, learner_text(learner, &unit),
				   UINT32_MAX);
	default:
		return 0;
	}
}

static int sign_exec(struct learner *learner, const struct actor *parent,
		     const struct actor *child, const struct actor_image *image,
		     const struct normal *name)
{
	struct sign sign = {
		.actor = parent,
		.child = child,
		.template_ = TEMPLATE_EXEC,
		.kind = risk_child(child),
		.levels = 5,
		.of = { LEVEL_HOST, LEVEL_DESCENT, LEVEL_PROGRAM, LEVEL_WORKLOAD,
			LEVEL_LINEAGE },
		.object = learner_text(learner, name),
		.text = name->text,
		.source = "execution",
		.row = child->execution,
		.at = child->started,
		.process = child->process,
		.verb = "ran",
		.what = image->exe,
	};

	if (child->descent == DESCENT_JOB && parent->traits & TRAIT_CRON) {
		sign.verb = "started";
		sign.what = (struct slice){ name->text, name->size };
	}
	return learner_sign(learner, &sign);
}

static int sign_arguments(struct learner *learner, const struct actor *child,
			  const struct normal *arguments)
{
	const struct sign sign = {
		.actor = child,
		.template_ = TEMPLATE_ARGV,
		.kind = RISK_ARGUMENTS,
		.levels = 2,
		.of = { LEVEL_PROGRAM, LEVEL_WORKLOAD },
		.object = learner_text(learner, arguments),
		.text = arguments->text,
		.source = "execution",
		.row = child->execution,
		.at = child->started,
		.process = child->process,
		.verb = "ran with",
		.what = { arguments->text, arguments->size },
	};

	return learner_sign(learner, &sign);
}

/* Of all that an actor is made of. */
static uint64_t tag_of(const struct learner *learner, const struct actor_image *image,
		       const struct actor *parent)
{
	const struct actors *actors = &learner->actors;
	const uint64_t parts[] = {
		parent ? parent->line : 0,
		parent ? parent->place : 0,
		parent ? (uint64_t)parent->session << 32 | parent->descent : 1,
		actor_hash_of(actors, image->exe.data, image->exe.size),
		actor_hash_of(actors, image->script.data, image->script.size),
		actor_hash_of(actors, image->argv.data, image->argv.size),
		actor_hash_of(actors, &image->place, sizeof(image->place)),
		(uint64_t)image->uid << 32 | image->loginuid,
		(uint64_t)image->session << 32 | image->owner,
		(uint64_t)image->mode << 32 | image->flags,
	};

	return actor_hash_of(actors, parts, sizeof(parts));
}

/* What is usual was met this hour, so that only the numbers grow. */
static bool is_usual(struct learner *learner, const struct actor *parent,
		     const struct actor *child, const struct recipe *recipe)
{
	struct sign exec = { .actor = parent,
			     .template_ = TEMPLATE_EXEC,
			     .levels = 1,
			     .of = { LEVEL_LINEAGE },
			     .object = recipe->child };
	struct sign arguments = { .actor = child,
				  .template_ = TEMPLATE_ARGV,
				  .levels = 1,
				  .of = { LEVEL_WORKLOAD },
				  .object = recipe->arguments };

	if (parent && !learner_was_met(learner, &exec, false))
		return false;
	if (!learner_was_met(learner, &arguments, false))
		return false;
	if (parent)
		learner_was_met(learner, &exec, true);
	learner_was_met(learner, &arguments, true);
	return true;
}

/* *child: the actor of @image. */
static int make_actor(struct learner *learner, const struct actor_image *image,
		      const struct actor *parent, struct actor **child)
{
	const uint64_t tag = tag_of(learner, image, parent);
	struct recipe *recipe = &learner->recipes[tag % LEARNER_RECIPES];
	struct actor_texts texts;
	struct normal name, arguments;
	int ret;

	if (recipe->tag == tag) {
		*child = actor_make(&learner->actors, &recipe->actor, image, parent);
		if (is_usual(learner, parent, *child, recipe))
			return learner_met(learner, *child, true, NULL);
	}
	actor_describe(&learner->actors, image, parent, &recipe->actor, &texts);
	*child = actor_make(&learner->actors, &recipe->actor, image, parent);
	normal_clear(&name);
	normal_clear(&arguments);
	ret = learner_met(learner, *child, !image->found, &texts);
	if (ret || image->found)
		return ret;
	name_child(parent, *child, &texts, &name);
	normal_arguments(&arguments, image->argv);
	if (!arguments.size)
		normal_put(&arguments, "-");
	recipe->tag = tag;
	recipe->child = learner_text(learner, &name);
	recipe->arguments = learner_text(learner, &arguments);
	ret = trace_file(learner, *child);
	if (!ret)
		ret = trace_plants(learner, *child, image);
	if (!ret && parent)
		ret = sign_exec(learner, parent, *child, image, &name);
	return ret ? ret : sign_arguments(learner, *child, &arguments);
}

/* Somebody came in: by a key that another has put there? */
static int trace_login(struct learner *learner, struct actor *child,
		       const struct actor *parent)
{
	struct actor *root;

	if (child->descent != DESCENT_LOGIN || !parent || !(parent->traits & TRAIT_DOOR))
		return 0;
	root = actor_find(&learner->actors, child->root);
	if (root && root->traits & TRAIT_DOOR)
		root->loginuid = child->loginuid;
	return trace_plant(learner, child, LASTING_KEYS, 0, child->loginuid);
}

int learner_exec(struct learner *learner, const struct record *record,
		 const struct kith_image *image, const struct process *process, int64_t before,
		 const struct store_execution *row)
{
	const struct actor *found;
	struct actor copy, *parent = NULL, *child;
	struct actor_image made;
	int ret = learner_tick(learner, row->ts);

	if (!ret)
		ret = image_of(learner, record, image, process, row, &made);
	if (ret)
		return ret;
	/* A new one may take its place. */
	found = actor_find(&learner->actors, before);
	if (found) {
		copy = *found;
		parent = &copy;
	}
	ret = make_actor(learner, &made, parent, &child);
	return ret || row->live ? ret : trace_login(learner, child, parent);
}
