// SPDX-License-Identifier: GPL-2.0-only
/* One sign: counted, and if it is not usual, found. */
#include "learner.h"

#include <string.h>

enum { ENOUGH_HOURS = 72 };

static uint64_t context_id(const struct learner *learner, unsigned int template_,
			   enum level level, uint64_t key)
{
	return actor_join(&learner->actors, (uint64_t)template_ << 8 | level, key);
}

static uint64_t key_of(const struct sign *sign, enum level level)
{
	switch (level) {
	case LEVEL_DESCENT:
		return sign->actor->descent + UINT64_C(1);
	case LEVEL_PROGRAM:
		return sign->actor->exe;
	case LEVEL_WORKLOAD:
		return sign->actor->who;
	case LEVEL_LINEAGE:
		return sign->actor->line;
	case LEVEL_USER:
		return sign->user;
	case LEVEL_WHOLE:
		return sign->actor->workload;
	default:
		return 1;
	}
}

/* Arguments, and users, are there when they are met; to do nothing is no choice. */
static bool has_exposure(const struct sign *sign, enum level level)
{
	return sign->template_ != TEMPLATE_ARGV &&
	       (level == LEVEL_DESCENT || level == LEVEL_PROGRAM || level == LEVEL_WORKLOAD ||
		level == LEVEL_LINEAGE);
}

static struct model_chain chain_of(const struct learner *learner, const struct sign *sign)
{
	struct model_chain chain = { .levels = sign->levels,
				     .seldom = sign->actor->descent == DESCENT_JOB ||
					       sign->template_ == TEMPLATE_SESSION ||
					       sign->template_ == TEMPLATE_HOUR };
	unsigned int i;

	for (i = 0; i < sign->levels; i++) {
		const enum level level = sign->of[i];
		const uint64_t key = key_of(sign, level);

		chain.contexts[i] = context_id(learner, sign->template_, level, key);
		if (has_exposure(sign, level))
			chain.exposures[i] = context_id(learner, TEMPLATE_THERE, level, key);
	}
	return chain;
}

/* Name it when it is new. */
static int need_context(struct learner *learner, const struct sign *sign, uint64_t id,
			enum level level, struct model_context **result)
{
	char text[4 * NORMAL_MAX];
	bool fresh;
	struct model_context *context = model_need_context(&learner->model, id, &fresh);

	*result = context;
	if (!fresh)
		return 0;
	learner_context_text(learner, sign, level, text, sizeof(text));
	context->template_ = (uint8_t)sign->template_;
	context->level = (uint8_t)level;
	context->text = actor_hash(&learner->actors, text);
	return ledger_text(&learner->ledger, context->text, text);
}

static int meet(struct learner *learner, const struct sign *sign, enum level level, bool run)
{
	struct model_context *context;
	int ret = need_context(learner, sign,
			       context_id(learner, TEMPLATE_THERE, level, key_of(sign, level)),
			       level, &context);

	if (ret)
		return ret;
	if (run) {
		context->runs++;
		model_touch_context(&learner->model, context);
	}
	model_meet(&learner->model, context, learner->hour);
	return 0;
}

int learner_met(struct learner *learner, struct actor *actor, bool run,
		const struct actor_texts *texts)
{
	const struct sign sign = { .actor = actor, .template_ = TEMPLATE_THERE };
	const bool fresh = texts && !model_find_context(&learner->model,
							context_id(learner, TEMPLATE_THERE,
								   LEVEL_WORKLOAD, actor->who));
	int ret = 0;

	if (learner->frozen || (!run && actor->hour == learner->hour))
		return 0;
	actor->hour = learner->hour;
	if (fresh)
		ret = ledger_text(&learner->ledger, actor->exe, texts->exe.text);
	if (!ret && fresh && texts->workload.size)
		ret = ledger_text(&learner->ledger, actor->workload, texts->workload.text);
	if (!ret)
		ret = meet(learner, &sign, LEVEL_DESCENT, run);
	if (!ret)
		ret = meet(learner, &sign, LEVEL_WHOLE, run);
	if (!ret)
		ret = meet(learner, &sign, LEVEL_PROGRAM, run);
	if (!ret)
		ret = meet(learner, &sign, LEVEL_WORKLOAD, run);
	return ret ? ret : meet(learner, &sign, LEVEL_LINEAGE, run);
}

static uint32_t age(const struct learner *learner)
{
	return learner->hour > learner->began ? learner->hour - learner->began : 0;
}

static int count_level(struct learner *learner, const struct sign *sign,
		       const struct model_chain *chain, unsigned int i, bool pending)
{
	struct model_context *context;
	int ret = need_context(learner, sign, chain->contexts[i], sign->of[i], &context);

	if (!ret && !model_find_edge(&learner->model, context->id, sign->object))
		ret = ledger_text(&learner->ledger, sign->object, sign->text);
	if (!ret)
		model_count(&learner->model, context, sign->object, learner->hour, pending);
	return ret;
}

/* What was unusual on three days, without an incident, is usual. */
static void promote(struct learner *learner, const struct sign *sign,
		    const struct model_chain *chain)
{
	unsigned int i;

	for (i = 0; i < chain->levels; i++) {
		struct model_edge *edge =
			model_find_edge(&learner->model, chain->contexts[i], sign->object);

		if (edge && edge->pending && edge->days >= LEARNER_PENDING_DAYS &&
		    edge->hour - edge->first >= ENOUGH_HOURS - 24)
			model_promote(&learner->model, edge);
	}
}

/* What an incident came of begins anew. */
static void hold_back(struct learner *learner, const struct sign *sign,
		      const struct model_chain *chain)
{
	unsigned int i;

	for (i = 0; i < chain->levels; i++) {
		struct model_edge *edge =
			model_find_edge(&learner->model, chain->contexts[i], sign->object);

		if (!edge || !edge->pending)
			continue;
		edge->first = learner->hour;
		edge->days = 1;
		model_touch_edge(&learner->model, edge);
	}
}

static int count(struct learner *learner, const struct sign *sign,
		 const struct model_chain *chain, bool pending)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < chain->levels && !ret; i++)
		ret = count_level(learner, sign, chain, i, pending);
	return ret;
}

bool learner_was_met(struct learner *learner, const struct sign *sign, bool again)
{
	const enum level level = sign->of[sign->levels - 1];
	struct model_edge *edge = model_find_edge(
		&learner->model,
		context_id(learner, sign->template_, level, key_of(sign, level)),
		sign->object);

	if (sign->certain || !edge || edge->hour < learner->hour || !edge->days)
		return false;
	if (again) {
		edge->times++;
		model_touch_edge(&learner->model, edge);
	}
	return true;
}

/* Has the actor said enough of the kind? */
static bool is_enough(struct learner *learner, const struct sign *sign)
{
	struct actor *actor = actor_find(&learner->actors, sign->actor->execution);

	if (!actor || sign->certain)
		return false;
	if (actor->signs[sign->template_] >= LEARNER_SIGNS)
		return true;
	actor->signs[sign->template_]++;
	return false;
}

static int find(struct learner *learner, const struct sign *sign, const struct model_view *view,
		double bits, double weight, bool *reported)
{
	char context[4 * NORMAL_MAX], sentence[LEARNER_SENTENCE], act[INCIDENT_ACT];
	struct finding finding = {
		.at = sign->at,
		.process = sign->process,
		.execution = sign->actor->execution,
		.root = sign->child ? sign->child->root : sign->actor->root,
		.template_ = sign->template_,
		.kind = sign->kind,
		.descent = sign->actor->descent,
		.object = sign->object,
		.workload = sign->child ? sign->child->workload : sign->actor->workload,
		.source = sign->source,
		.row = sign->row,
		.bits = bits,
		.weight = weight,
		.view = *view,
		.sentence = sentence,
		.act = act,
	};
	int ret;

	learner_context_text(learner, sign, sign->of[sign->levels - 1], context, sizeof(context));
	ret = allows_match(&learner->allows, sign->template_, context, sign->text, sign->at);
	if (ret)
		return ret < 0 ? ret : 0;
	if (is_enough(learner, sign))
		return 0;
	finding.context = actor_hash(&learner->actors, context);
	learner_act(sign, act, sizeof(act));
	learner_sentence(learner, sign, view, act, sentence, sizeof(sentence));
	ret = ledger_text(&learner->ledger, finding.context, context);
	if (!ret)
		ret = ledger_text(&learner->ledger, finding.object, sign->text);
	return ret ? ret : incidents_add(&learner->incidents, &finding, reported);
}

/* Is it not known yet what the workload does? Its first days are one piece of news. */
static bool is_young(const struct learner *learner, const struct actor *actor)
{
	const struct model_context *whole = model_find_context(
		&learner->model,
		context_id(learner, TEMPLATE_THERE, LEVEL_WHOLE, actor->workload));

	return !whole || whole->days < MODEL_MATURE_DAYS;
}

/* What is said of its root holds for the actor, too. */
static double weigh(struct learner *learner, const struct sign *sign)
{
	struct actor actor = *sign->actor;
	const struct actor *root = actor_find(&learner->actors, actor.root);

	if (root && root->execution != actor.execution)
		actor.flags |= root->flags & (ACTOR_KNOWN | ACTOR_FACING);
	return risk_weight(sign->template_, sign->kind, &actor, sign->child,
			   is_young(learner, sign->actor));
}

static bool is_found(const struct learner *learner, const struct sign *sign,
		     const struct model_view *view, double bits, double weight)
{
	if (sign->certain)
		return true;
	/* With which arguments something new is run says nothing. */
	if (sign->template_ == TEMPLATE_ARGV && !view->mature)
		return false;
	return age(learner) >= LEARNER_YOUNG_HOURS && bits >= LEARNER_LEAST_BITS &&
	       bits * weight >= LEARNER_LEAST_SCORE;
}

int learner_sign(struct learner *learner, const struct sign *sign)
{
	const bool again = sign->template_ == TEMPLATE_EXEC || sign->template_ == TEMPLATE_ARGV;
	struct model_chain chain;
	struct model_view view;
	double bits, weight;
	bool found, reported = false;
	int ret = 0;

	if (learner_was_met(learner, sign, again))
		return 0;
	chain = chain_of(learner, sign);
	model_look(&learner->model, &chain, sign->object, learner->hour, &view);
	bits = surprise_bits(&learner->surprises, sign->template_, sign->actor->descent,
			     view.surprise);
	if (age(learner) >= LEARNER_WARM_HOURS && !learner->frozen)
		surprise_add(&learner->surprises, sign->template_, sign->actor->descent,
			     view.surprise);
	weight = weigh(learner, sign);
	if (sign->certain)
		bits = SURPRISE_MOST;
	found = is_found(learner, sign, &view, bits, weight);
	if (found)
		ret = find(learner, sign, &view, bits, weight, &reported);
	if (!ret && !learner->frozen)
		ret = count(learner, sign, &chain, found);
	if (reported)
		hold_back(learner, sign, &chain);
	else if (!learner->frozen)
		promote(learner, sign, &chain);
	return ret;
}
