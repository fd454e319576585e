// SPDX-License-Identifier: GPL-2.0-only
/* What is usual, and what is not: by the time of the events. */
#include "learner.h"

#include "apply.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_ = 8 };

#define LATEST (INT64_MAX / 4)
#define NEVER  (INT64_MIN / 4)

static bool has_ended(void *learner_, uint64_t key)
{
	const struct learner *learner = learner_;
	const struct process *process = state_find(&learner->ingest->state, key);

	return !process || process->lived >= 0;
}

int learner_new(struct learner **result, struct ingest *ingest, struct store *store)
{
	struct learner *learner = calloc(1, sizeof(*learner));
	int ret;

	*result = learner;
	if (!learner)
		return -ENOMEM;
	learner->ingest = ingest;
	learner->store = store;
	learner->flushed = NEVER;
	ret = ledger_open(&learner->ledger, store);
	if (!ret)
		ret = model_init(&learner->model);
	if (!ret)
		ret = actors_init(&learner->actors);
	if (!ret)
		ret = allows_open(&learner->allows, store);
	if (!ret)
		ret = incidents_open(&learner->incidents, store, &learner->ledger,
				     &learner->actors);
	learner->actors.has_ended = has_ended;
	learner->actors.context = learner;
	return ret;
}

void learner_free(struct learner *learner)
{
	if (!learner)
		return;
	if (learner->incidents.store)
		incidents_close(&learner->incidents);
	allows_close(&learner->allows);
	actors_free(&learner->actors);
	model_free(&learner->model);
	ledger_close(&learner->ledger);
	free(learner);
}

static void take_actor(void *learner_, const void *state, size_t size)
{
	struct learner *learner = learner_;

	actor_take(&learner->actors, state, size);
}

/* What another version has learned means something else to this one. */
static int check_version(struct learner *learner)
{
	int64_t version;
	int ret = ledger_get(&learner->ledger, "version", &version);

	if (!ret && version && version != NORMAL_VERSION)
		ret = ledger_reset(learner->store);
	return ret ? ret : ledger_set(&learner->ledger, "version", NORMAL_VERSION);
}

static int load_state(struct learner *learner)
{
	int64_t began = 0, day = 0, frozen = 0;
	int ret = ledger_get(&learner->ledger, "began", &began);

	if (!ret)
		ret = ledger_get(&learner->ledger, "day", &day);
	if (!ret)
		ret = ledger_get(&learner->ledger, "frozen", &frozen);
	learner->began = (uint32_t)began;
	learner->day = (uint32_t)day;
	learner->frozen = frozen;
	return ret;
}

/* Who wrote what, for those who will run it: much, so not all of the time. */
static int keep_origins(struct learner *learner, bool all)
{
	struct origins *origins = &learner->origins;
	int ret = ledger_keep(&learner->ledger, "plants", origins->plants,
			      sizeof(origins->plants));

	if (!ret)
		ret = ledger_set(&learner->ledger, "plant", origins->next);
	if (!ret)
		ret = ledger_keep(&learner->ledger, "ties", learner->incidents.ties,
				  INCIDENT_TIES * sizeof(*learner->incidents.ties));
	if (!ret)
		ret = ledger_set(&learner->ledger, "tie", learner->incidents.next_tie);
	if (!ret && all && origins->any)
		ret = ledger_keep(&learner->ledger, "writers", origins->files,
				  sizeof(origins->files));
	return ret;
}

static int recall_origins(struct learner *learner)
{
	struct origins *origins = &learner->origins;
	int64_t plant = 0, tie = 0;
	bool found;
	int ret = ledger_recall(&learner->ledger, "plants", origins->plants,
				sizeof(origins->plants), &found);

	if (!ret)
		ret = ledger_get(&learner->ledger, "plant", &plant);
	if (!ret)
		ret = ledger_recall(&learner->ledger, "ties", learner->incidents.ties,
				    INCIDENT_TIES * sizeof(*learner->incidents.ties), &found);
	if (!ret)
		ret = ledger_get(&learner->ledger, "tie", &tie);
	if (!ret)
		ret = ledger_recall(&learner->ledger, "writers", origins->files,
				    sizeof(origins->files), &origins->any);
	origins->next = (unsigned int)plant;
	learner->incidents.next_tie = (unsigned int)tie;
	return ret;
}

void learner_forget(struct learner *learner)
{
	learner->loaded = false;
	learner->flushed = NEVER;
}

static int load(struct learner *learner)
{
	int ret = check_version(learner);

	learner->actors.seed = (uint64_t)learner->ingest->files.seed;
	learner->flushed = NEVER;
	learner->hour = 0;
	learner->error = 0;
	memset(learner->seen, 0, sizeof(learner->seen));
	memset(learner->recipes, 0, sizeof(learner->recipes));
	memset(learner->places, 0, sizeof(learner->places));
	memset(&learner->origins, 0, sizeof(learner->origins));
	actors_clear(&learner->actors);
	if (!ret)
		ret = load_state(learner);
	if (!ret)
		ret = ledger_load(&learner->ledger, &learner->model, &learner->surprises);
	if (!ret)
		ret = ledger_actors(&learner->ledger, take_actor, learner);
	if (!ret)
		ret = incidents_load(&learner->incidents);
	if (!ret)
		ret = recall_origins(learner);
	if (!ret)
		ret = allows_load(&learner->allows);
	learner->loaded = !ret;
	return ret;
}

/* With all that is above it. */
static int store_line(struct learner *learner, const struct actor *actor)
{
	unsigned int steps;
	int ret = 0;

	for (steps = 0; actor && steps < LINE_MAX_ && !ret; steps++) {
		ret = ledger_actor(&learner->ledger, actor->execution, actor, sizeof(*actor));
		actor = actor_find(&learner->actors, actor->parent);
	}
	return ret;
}

/* Who is part of what was found, or may be, though he has ended. */
static int store_found(struct learner *learner)
{
	const struct incidents *incidents = &learner->incidents;
	unsigned int i, j;
	int ret = 0;

	for (i = 0; i < INCIDENT_GROUPS; i++)
		for (j = 0; incidents->groups[i].root && j < incidents->groups[i].count && !ret;
		     j++)
			ret = store_line(learner,
					 actor_find(&learner->actors,
						    incidents->groups[i].items[j].execution));
	for (i = 0; i < INCIDENT_TIES && !ret; i++)
		ret = store_line(learner, actor_find(&learner->actors,
						     incidents->ties[i].cause.execution));
	for (i = 0; i < ORIGIN_PLANTS && !ret; i++)
		ret = store_line(learner,
				 actor_find(&learner->actors,
					    learner->origins.plants[i].by.execution));
	return ret;
}

static int store_actors(struct learner *learner)
{
	const struct process *process = learner->ingest->state.by_key;
	int ret = ledger_clear_actors(&learner->ledger);

	for (; process && !ret; process = process->hh.next)
		if (process->lived < 0)
			ret = store_line(learner,
					 actor_find(&learner->actors, process->execution));
	return ret ? ret : store_found(learner);
}

/* Who lives has been there in this hour, too, whether or not he did anything. */
static int meet_living(struct learner *learner)
{
	const struct process *process = learner->ingest->state.by_key;
	int ret = 0;

	for (; process && !ret; process = process->hh.next) {
		struct actor *actor = actor_find(&learner->actors, process->execution);

		if (process->lived < 0 && actor)
			ret = learner_met(learner, actor, false, NULL);
	}
	return ret;
}

static uint32_t age(const struct learner *learner)
{
	return learner->hour > learner->began ? learner->hour - learner->began : 0;
}

/* What nobody has come back to. Of whoever lives a context has the name. */
static int forget_old(struct learner *learner)
{
	const uint32_t day = learner->hour / 24;
	int ret;

	if (day == learner->day)
		return 0;
	learner->day = day;
	ret = ledger_flush(&learner->ledger, &learner->model, &learner->surprises);
	if (!ret)
		ret = ledger_tidy(&learner->ledger);
	return ret ? ret : incidents_prune(&learner->incidents, learner->now - 30 * INCIDENT_DAY);
}

static int store_state(struct learner *learner)
{
	int ret = ledger_set(&learner->ledger, "began", learner->began);

	if (!ret)
		ret = ledger_set(&learner->ledger, "day", learner->day);
	if (!ret)
		ret = ledger_set(&learner->ledger, "last", learner->now);
	return ret ? ret : ledger_set(&learner->ledger, "frozen", learner->frozen);
}

static int begin_hour(struct learner *learner, uint32_t hour)
{
	const bool first = !learner->hour;
	int ret;

	learner->hour = hour;
	if (!learner->began)
		learner->began = hour;
	learner->incidents.threshold = INCIDENT_THRESHOLD;
	if (age(learner) < LEARNER_LEARNED_HOURS)
		learner->incidents.threshold *= 1.25;
	ret = meet_living(learner);
	if (!ret)
		ret = forget_old(learner);
	if (!ret && !first)
		ret = store_actors(learner);
	if (!ret && !first)
		ret = keep_origins(learner, false);
	return ret ? ret : store_state(learner);
}

int learner_pass(struct learner *learner, int64_t at)
{
	const uint32_t hour = (uint32_t)(at / LEARNER_HOUR_NS);
	int ret = 0;

	if (at < 0 || at > LATEST)
		return 0; /* a recording can hold anything */
	if (!learner->loaded)
		ret = load(learner);
	learner->now = at;
	if (!ret && hour > learner->hour)
		ret = begin_hour(learner, hour);
	if (!ret && at >= learner->flushed + LEARNER_FLUSH_NS) {
		learner->flushed = at - at % LEARNER_FLUSH_NS;
		ret = ledger_flush(&learner->ledger, &learner->model, &learner->surprises);
	}
	return ret;
}

int learner_commit(struct learner *learner)
{
	if (learner->error)
		return learner->error;
	return learner->loaded ? incidents_flush(&learner->incidents) : 0;
}

int learner_finish(struct learner *learner)
{
	int ret;

	if (!learner->loaded)
		return 0;
	ret = ledger_flush(&learner->ledger, &learner->model, &learner->surprises);
	if (!ret)
		ret = store_actors(learner);
	if (!ret)
		ret = keep_origins(learner, true);
	if (!ret)
		ret = store_state(learner);
	return ret ? ret : incidents_flush(&learner->incidents);
}

bool learner_seen(struct learner *learner, uint64_t a, uint64_t b)
{
	const uint64_t tag = actor_join(&learner->actors, actor_join(&learner->actors, a, b),
					learner->hour);
	uint64_t *at = &learner->seen[tag % LEARNER_SEEN];

	if (*at == tag)
		return true;
	*at = tag;
	return false;
}

struct actor *learner_actor(struct learner *learner, uint64_t key)
{
	const struct process *process = key ? state_find(&learner->ingest->state, key) : NULL;
	struct actor *actor =
		process ? actor_find(&learner->actors, process->execution) : NULL;

	if (actor && actor->hour != learner->hour)
		learner->error = learner_met(learner, actor, false, NULL);
	return actor;
}

struct actor *learner_root(struct learner *learner, struct actor *actor)
{
	struct actor *root = actor_find(&learner->actors, actor->root);

	return root ? root : actor;
}

int learner_blame(struct learner *learner, const struct actor *actor, const struct origin *origin)
{
	const struct actor *by = actor_find(&learner->actors, origin->execution);
	const struct tie tie = {
		.root = actor->root,
		.other = by ? by->root : origin->root,
		.at = origin->at,
		.cause = { origin->process, origin->execution },
	};

	return tie.root == tie.other ? 0 : incidents_tie(&learner->incidents, &tie);
}

int learner_loss(struct learner *learner, const struct store_loss *loss)
{
	const char *cause = record_cause_name(loss->cause);

	if (!loss->added)
		return 0;
	return ledger_gap(&learner->ledger, loss->from, loss->to, cause ? cause : "unknown",
			  apply_bytes(loss->added));
}

int learner_gap(struct learner *learner, int64_t from, int64_t to)
{
	return ledger_gap(&learner->ledger, from, to, "unwatched", -1);
}
