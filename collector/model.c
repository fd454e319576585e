// SPDX-License-Identifier: GPL-2.0-only
/* What was seen in which context, and how likely that makes something else. */
#include "model.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WAYS = 8, GONE_MAX = 1 << 16 };

/* p of anything at all where not even the host knows of objects. */
#define LEAST_KNOWN (1.0 / 1024)

int model_init(struct model *model)
{
	*model = (struct model){
		.contexts = calloc(MODEL_CONTEXTS, sizeof(*model->contexts)),
		.edges = calloc(MODEL_EDGES, sizeof(*model->edges)),
		.dirty_contexts = calloc(MODEL_CONTEXTS, sizeof(*model->dirty_contexts)),
		.dirty_edges = calloc(MODEL_EDGES, sizeof(*model->dirty_edges)),
	};
	if (model->contexts && model->edges && model->dirty_contexts && model->dirty_edges)
		return 0;
	model_free(model);
	return -ENOMEM;
}

void model_free(struct model *model)
{
	free(model->contexts);
	free(model->edges);
	free(model->dirty_contexts);
	free(model->dirty_edges);
	free(model->gone);
	*model = (struct model){ .contexts = NULL };
}

void model_clear(struct model *model)
{
	memset(model->contexts, 0, MODEL_CONTEXTS * sizeof(*model->contexts));
	memset(model->edges, 0, MODEL_EDGES * sizeof(*model->edges));
	model->dirty_context_count = 0;
	model->dirty_edge_count = 0;
	model->gone_count = 0;
	model->lost_track = false;
}

double model_decay(uint32_t hours)
{
	return hours ? exp2(-(double)hours / MODEL_HALF_LIFE) : 1;
}

static uint32_t since(uint32_t hour, uint32_t before)
{
	return hour > before ? hour - before : 0;
}

static size_t bucket(uint64_t key, size_t size)
{
	return (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (size - WAYS);
}

static struct model_context *context_bucket(const struct model *model, uint64_t id)
{
	return model->contexts + bucket(id, MODEL_CONTEXTS);
}

static struct model_edge *edge_bucket(const struct model *model, uint64_t context,
				      uint64_t object)
{
	return model->edges + bucket(context ^ (object << 1 | object >> 63), MODEL_EDGES);
}

struct model_context *model_find_context(const struct model *model, uint64_t id)
{
	struct model_context *at = context_bucket(model, id), *end = at + WAYS;

	for (; id && at < end; at++)
		if (at->id == id)
			return at;
	return NULL;
}

struct model_edge *model_find_edge(const struct model *model, uint64_t context, uint64_t object)
{
	struct model_edge *at = edge_bucket(model, context, object), *end = at + WAYS;

	for (; at < end; at++)
		if (at->context == context && at->object == object)
			return at;
	return NULL;
}

void model_touch_context(struct model *model, struct model_context *context)
{
	if (context->dirty)
		return;
	context->dirty = true;
	if (model->dirty_context_count < MODEL_CONTEXTS)
		model->dirty_contexts[model->dirty_context_count++] =
			(uint32_t)(context - model->contexts);
}

void model_touch_edge(struct model *model, struct model_edge *edge)
{
	if (edge->dirty)
		return;
	edge->dirty = true;
	if (model->dirty_edge_count < MODEL_EDGES)
		model->dirty_edges[model->dirty_edge_count++] = (uint32_t)(edge - model->edges);
}

static void remember_gone(struct model *model, uint64_t context, uint64_t object)
{
	struct model_gone *gone = model->gone;

	if (model->gone_count == model->gone_room) {
		const size_t room = model->gone_room ? 2 * model->gone_room : 256;

		gone = room <= GONE_MAX ? realloc(gone, room * sizeof(*gone)) : NULL;
		if (!gone) {
			model->lost_track = true;
			return;
		}
		model->gone = gone;
		model->gone_room = room;
	}
	gone[model->gone_count++] = (struct model_gone){ context, object };
}

/* Does it matter less that @a is forgotten? Nothing of it depends on where they stand. */
static bool matters_less(const struct model_context *a, const struct model_context *b)
{
	const bool old_a = a->days >= MODEL_MATURE_DAYS, old_b = b->days >= MODEL_MATURE_DAYS;

	if (a->level == 0 || b->level == 0)
		return a->level > b->level;
	if (old_a != old_b)
		return old_b;
	return a->hour != b->hour ? a->hour < b->hour : a->id < b->id;
}

struct model_context *model_need_context(struct model *model, uint64_t id, bool *fresh)
{
	struct model_context *found = model_find_context(model, id), *at, *end;

	*fresh = !found;
	if (found)
		return found;
	at = context_bucket(model, id);
	end = at + WAYS;
	for (found = at; at < end && found->id; at++)
		if (!at->id || matters_less(at, found))
			found = at;
	if (found->id)
		remember_gone(model, found->id, 0);
	/* A place that is in the list of those to be written stays in it. */
	*found = (struct model_context){ .id = id, .dirty = found->dirty };
	model_touch_context(model, found);
	return found;
}

static bool edge_matters_less(const struct model_edge *a, const struct model_edge *b)
{
	const bool old_a = a->days >= MODEL_MATURE_DAYS, old_b = b->days >= MODEL_MATURE_DAYS;

	if (old_a != old_b)
		return old_b;
	if (a->hour != b->hour)
		return a->hour < b->hour;
	return a->context != b->context ? a->context < b->context : a->object < b->object;
}

static void forget_edge(struct model *model, const struct model_edge *edge)
{
	struct model_context *context = model_find_context(model, edge->context);

	remember_gone(model, edge->context, edge->object);
	if (!context || edge->pending)
		return;
	if (context->objects)
		context->objects--;
	context->n -= edge->n * model_decay(since(context->hour, edge->hour));
	if (context->n < 0)
		context->n = 0;
	model_touch_context(model, context);
}

struct model_edge *model_need_edge(struct model *model, uint64_t context, uint64_t object,
				   bool *fresh)
{
	struct model_edge *found = model_find_edge(model, context, object), *at, *end;

	*fresh = !found;
	if (found)
		return found;
	at = edge_bucket(model, context, object);
	end = at + WAYS;
	for (found = at; at < end && found->context; at++)
		if (!at->context || edge_matters_less(at, found))
			found = at;
	if (found->context)
		forget_edge(model, found);
	*found = (struct model_edge){ .context = context,
				      .object = object,
				      .dirty = found->dirty };
	model_touch_edge(model, found);
	return found;
}

static bool is_other_day(uint32_t hour, uint32_t before)
{
	return hour / 24 != before / 24;
}

static void count_context(struct model *model, struct model_context *context, uint32_t hour,
			  double by)
{
	if (!context->days) {
		context->first = hour;
		context->days = 1;
	} else if (hour > context->hour && is_other_day(hour, context->hour) &&
		   context->days < UINT16_MAX) {
		context->days++;
	}
	context->n = context->n * model_decay(since(hour, context->hour)) + by;
	if (hour > context->hour)
		context->hour = hour;
	model_touch_context(model, context);
}

void model_meet(struct model *model, struct model_context *context, uint32_t hour)
{
	if (context->hour != hour || !context->days)
		count_context(model, context, hour, 1);
}

static void count_edge(struct model *model, struct model_edge *edge, uint32_t hour)
{
	if (!edge->days) {
		edge->first = hour;
		edge->days = 1;
	} else if (hour > edge->hour && is_other_day(hour, edge->hour) &&
		   edge->days < UINT16_MAX) {
		edge->days++;
	}
	if (!edge->pending)
		edge->n = edge->n * model_decay(since(hour, edge->hour)) + 1;
	if (hour > edge->hour)
		edge->hour = hour;
	edge->times++;
	model_touch_edge(model, edge);
}

/* Has it room for one more? Beyond that it is known to be various, and no more. */
static bool has_room(const struct model_context *context)
{
	return context->objects < (context->level ? MODEL_OBJECTS : MODEL_HOST_OBJECTS);
}

bool model_count(struct model *model, struct model_context *context, uint64_t object,
		 uint32_t hour, bool pending)
{
	struct model_edge *edge = model_find_edge(model, context->id, object);
	bool fresh;

	if (!edge && !has_room(context)) {
		count_context(model, context, hour, 1);
		return true;
	}
	edge = model_need_edge(model, context->id, object, &fresh);
	if (!fresh && edge->hour >= hour && edge->days)
		return false;
	if (fresh) {
		edge->pending = pending;
		if (!pending)
			context->objects++;
	}
	count_edge(model, edge, hour);
	count_context(model, context, hour, edge->pending ? 0 : 1);
	return true;
}

void model_promote(struct model *model, struct model_edge *edge)
{
	struct model_context *context = model_find_context(model, edge->context);

	if (!edge->pending)
		return;
	edge->pending = false;
	edge->n = edge->days;
	model_touch_edge(model, edge);
	if (!context)
		return;
	context->objects++;
	context->n += edge->n;
	model_touch_context(model, context);
}

/* What a level of a chain knows. */
struct evidence {
	double n;     /* of the object */
	double all;   /* N */
	double kinds; /* T */
	uint32_t runs;
	uint32_t days;
	uint32_t times;
};

static void weigh(const struct model *model, const struct model_chain *chain, unsigned int level,
		  uint64_t object, uint32_t hour, struct evidence *evidence)
{
	const struct model_context *context = model_find_context(model, chain->contexts[level]);
	const struct model_context *exposure =
		model_find_context(model, chain->exposures[level]);
	const struct model_edge *edge =
		model_find_edge(model, chain->contexts[level], object);
	double there;

	*evidence = (struct evidence){ .n = 0 };
	if (context) {
		evidence->all = context->n * model_decay(since(hour, context->hour));
		evidence->kinds = context->objects;
		evidence->days = context->days;
		evidence->runs = context->runs;
	}
	if (exposure) {
		there = exposure->n * model_decay(since(hour, exposure->hour));
		if (there > evidence->all) {
			evidence->all = there;
			evidence->kinds++;
		}
		evidence->runs = exposure->runs;
		if (exposure->days > evidence->days)
			evidence->days = exposure->days;
	}
	if (edge) {
		evidence->times = edge->times;
		if (!edge->pending)
			evidence->n = edge->n * model_decay(since(hour, edge->hour));
	}
	if (evidence->kinds < 1)
		evidence->kinds = 1;
}

static bool is_mature(const struct model_chain *chain, const struct evidence *evidence)
{
	if (chain->seldom && (evidence->runs >= MODEL_MATURE_RUNS ||
			      evidence->days >= MODEL_MATURE_DAYS))
		return true;
	return evidence->all >= MODEL_MATURE && evidence->days >= MODEL_MATURE_DAYS;
}

/* It is the only one of the level above, and would say the same a second time. */
static bool says_nothing_new(const struct evidence *one, const struct evidence *above)
{
	return one->all >= 0.9 * above->all && one->all <= 1.1 * above->all &&
	       one->kinds >= 0.9 * above->kinds;
}

static double interpolate(const struct evidence *evidence, double p)
{
	return (evidence->n + evidence->kinds * p) / (evidence->all + evidence->kinds);
}

void model_look(const struct model *model, const struct model_chain *chain, uint64_t object,
		uint32_t hour, struct model_view *view)
{
	const struct model_context *host = model_find_context(model, chain->contexts[0]);
	struct evidence above = { .n = 0 }, evidence;
	double p = host && host->level == 0 ? 1.0 / (host->objects + 1.0) : LEAST_KNOWN;
	uint32_t everywhere = 0;
	unsigned int level;

	*view = (struct model_view){ .surprise = 0 };
	for (level = 0; level < chain->levels; level++) {
		weigh(model, chain, level, object, hour, &evidence);
		if (!level)
			everywhere = evidence.times;
		if (level && !is_mature(chain, &evidence))
			continue;
		if (level)
			view->mature++;
		view->level = level;
		view->times = evidence.times;
		view->runs = evidence.runs;
		view->days = evidence.days;
		if (level && says_nothing_new(&evidence, &above))
			continue;
		p = interpolate(&evidence, p);
		above = evidence;
	}
	view->elsewhere = everywhere > view->times ? everywhere - view->times : 0;
	view->surprise = p < 1 ? -log2(p) : 0;
}
