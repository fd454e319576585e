// SPDX-License-Identifier: GPL-2.0-only
/* What belongs together of what was not usual. */
#include "incident.h"

#include "statement.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TACTICS = 16 };

/* What of a sign counts a day later. */
static double fade(int64_t by)
{
	return by > 0 ? exp2(-(double)by / (double)INCIDENT_DAY) : 1;
}

/* Of signs that are alike the gravest, and a little for a second one. */
static void add_sign(const struct item *item, double score, double best[RISKS],
		     double second[RISKS])
{
	double *at = &best[item->kind];

	if (score > *at) {
		second[item->kind] = *at;
		*at = score;
	} else if (score > second[item->kind]) {
		second[item->kind] = score;
	}
}

unsigned int incident_signs(const struct group *group, int64_t now, double *score,
			    unsigned int *tactics)
{
	double best[RISKS] = { 0 }, second[RISKS] = { 0 };
	bool met[TACTICS] = { false };
	unsigned int templates = 0, i, seen = 0;

	*score = 0;
	*tactics = 0;
	for (i = 0; i < group->count; i++) {
		add_sign(&group->items[i], group->items[i].score * fade(now - group->items[i].at),
			 best, second);
		if (!(seen & 1u << group->items[i].template_))
			templates++;
		seen |= 1u << group->items[i].template_;
	}
	for (i = 0; i < RISKS; i++) {
		const unsigned int tactic = risk_of(i)->tactic;

		*score += best[i] + 0.3 * second[i];
		if (best[i] >= INCIDENT_LINKS && tactic && !met[tactic]) {
			met[tactic] = true;
			++*tactics;
		}
	}
	if (*tactics > 1)
		*score += INCIDENT_TACTIC * (*tactics - 1.0);
	return templates;
}

static bool has_strong(const struct group *group)
{
	unsigned int i;

	for (i = 0; i < group->count; i++)
		if (group->items[i].score >= INCIDENT_STRONG &&
		    risk_is_strong(group->items[i].kind))
			return true;
	return false;
}

static struct group *find_group(const struct incidents *incidents, int64_t root)
{
	struct group *at = incidents->groups, *end = at + INCIDENT_GROUPS;

	for (; root && at < end; at++)
		if (at->root == root)
			return at;
	return NULL;
}

const struct group *incidents_group(const struct incidents *incidents, int64_t root)
{
	return find_group(incidents, root);
}

/* The place of what was over longest ago. */
static struct group *oldest_group(const struct incidents *incidents)
{
	struct group *at = incidents->groups, *end = at + INCIDENT_GROUPS, *oldest = at;

	for (; at < end && oldest->root; at++)
		if (!at->root || at->last < oldest->last ||
		    (at->last == oldest->last && at->root < oldest->root))
			oldest = at;
	return oldest;
}

static int need_group(struct incidents *incidents, const struct finding *finding,
		      struct group **result)
{
	struct group *group = find_group(incidents, finding->root);
	int ret = 0;

	/* What happens in a service days later is another story. */
	if (group && finding->at - group->last > INCIDENT_DAY) {
		if (group->dirty)
			ret = incident_put(incidents, group);
		group->root = 0;
	}
	if (!group || !group->root) {
		group = group ? group : oldest_group(incidents);
		if (!ret && group->root && group->dirty)
			ret = incident_put(incidents, group);
		*group = (struct group){ .root = finding->root,
					 .first = finding->at };
	}
	*result = group;
	return ret;
}

static struct item *weakest(struct group *group)
{
	struct item *weakest = group->items;
	unsigned int i;

	for (i = 1; i < group->count; i++)
		if (group->items[i].score < weakest->score)
			weakest = &group->items[i];
	return weakest;
}

static void put_item(struct group *group, const struct item *item)
{
	struct item *at;
	unsigned int i;

	for (i = 0; i < group->count; i++) {
		at = &group->items[i];
		if (at->template_ == item->template_ && at->object == item->object &&
		    at->context == item->context) {
			if (item->score > at->score)
				at->score = item->score;
			return;
		}
	}
	if (group->count < INCIDENT_ITEMS) {
		group->items[group->count++] = *item;
		return;
	}
	at = weakest(group);
	if (item->score > at->score)
		*at = *item;
}

static void judge(struct incidents *incidents, struct group *group, int64_t now)
{
	unsigned int tactics;
	double score;
	const unsigned int templates = incident_signs(group, now, &score, &tactics);

	if (score > group->score)
		group->score = score;
	if (!group->incident && score >= incidents->threshold &&
	    (templates >= 2 || has_strong(group))) {
		group->incident = ++incidents->last_incident;
		group->threshold = incidents->threshold;
	}
	group->dirty = group->incident;
	incidents->dirty = incidents->dirty || group->dirty;
}

static void append(struct group *group, const struct finding *finding, int64_t id)
{
	struct item item = {
		.id = id,
		.at = finding->at,
		.process = finding->process,
		.execution = finding->execution,
		.context = finding->context,
		.object = finding->object,
		.workload = finding->workload,
		.score = finding->bits * finding->weight,
		.template_ = (uint8_t)finding->template_,
		.kind = (uint8_t)finding->kind,
	};

	snprintf(item.act, sizeof(item.act), "%s", finding->act);
	put_item(group, &item);
	if (finding->at > group->last)
		group->last = finding->at;
	if (finding->at < group->first)
		group->first = finding->at;
}

static void add_cause(struct group *group, const struct cause *cause)
{
	unsigned int i;

	for (i = 0; i < group->causes_count; i++)
		if (group->causes[i].process == cause->process)
			return;
	if (cause->process && group->causes_count < INCIDENT_CAUSES)
		group->causes[group->causes_count++] = *cause;
}

/* Who was part of the one is part of the other, from now on. */
static void move_actors(struct incidents *incidents, int64_t from, int64_t to)
{
	struct tie *tie = incidents->ties;
	size_t i;

	for (i = 0; i < ACTORS; i++)
		if (incidents->actors->table[i].root == from)
			incidents->actors->table[i].root = to;
	for (i = 0; i < INCIDENT_TIES; i++) {
		if (tie[i].root == from)
			tie[i].root = to;
		if (tie[i].other == from)
			tie[i].other = to;
	}
}

/* Two that were reported become the elder. */
static int join(struct incidents *incidents, struct group *to, struct group *from)
{
	unsigned int i;
	int ret = incident_join(incidents, from, to);

	if (from->incident && (!to->incident || from->incident < to->incident)) {
		to->incident = from->incident;
		to->threshold = from->threshold;
	}
	for (i = 0; i < from->count; i++)
		put_item(to, &from->items[i]);
	for (i = 0; i < from->causes_count; i++)
		add_cause(to, &from->causes[i]);
	if (from->first < to->first)
		to->first = from->first;
	if (from->last > to->last)
		to->last = from->last;
	move_actors(incidents, from->root, to->root);
	from->root = 0;
	judge(incidents, to, to->last);
	return ret;
}

static double score_of(const struct group *group)
{
	unsigned int tactics;
	double score;

	incident_signs(group, group->last, &score, &tactics);
	return score;
}

static int link(struct incidents *incidents, struct group *a, struct group *b)
{
	if (a == b || score_of(a) < INCIDENT_LINKS || score_of(b) < INCIDENT_LINKS)
		return 0;
	return a->first < b->first || (a->first == b->first && a->root < b->root) ?
		       join(incidents, a, b) :
		       join(incidents, b, a);
}

/* What is known to have to do with @root. Two groups may become one, and then none is left. */
static int try_ties(struct incidents *incidents, int64_t root)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < INCIDENT_TIES && !ret; i++) {
		const struct tie *tie = &incidents->ties[i];
		struct group *group, *other;

		if (!tie->root || tie->root == tie->other ||
		    (tie->root != root && tie->other != root))
			continue;
		group = find_group(incidents, tie->root);
		other = find_group(incidents, tie->other);
		if (group)
			add_cause(group, &tie->cause);
		if (group && other)
			ret = link(incidents, group, other);
	}
	return ret;
}

int incidents_tie(struct incidents *incidents, const struct tie *tie)
{
	unsigned int i;

	for (i = 0; i < INCIDENT_TIES; i++)
		if (incidents->ties[i].root == tie->root &&
		    incidents->ties[i].other == tie->other)
			return 0;
	incidents->ties[incidents->next_tie++ % INCIDENT_TIES] = *tie;
	return try_ties(incidents, tie->root);
}

/* Who has to do with the same thing that nobody has had to do with before. */
static int join_same(struct incidents *incidents, struct group *group,
		     const struct finding *finding)
{
	unsigned int i, j;

	if (finding->template_ != TEMPLATE_PEER && finding->kind != RISK_CHILD_PUBLIC)
		return 0;
	for (i = 0; i < INCIDENT_GROUPS; i++) {
		struct group *other = &incidents->groups[i];

		if (!other->root || other == group || finding->at - other->last > INCIDENT_DAY)
			continue;
		for (j = 0; j < other->count; j++)
			if (other->items[j].object == finding->object &&
			    other->items[j].template_ == finding->template_)
				break;
		if (j < other->count)
			return link(incidents, group, other);
	}
	return 0;
}

/* Its group may have become part of another. */
static bool is_reported(const struct incidents *incidents, const struct finding *finding)
{
	const struct actor *actor = actor_find(incidents->actors, finding->execution);
	const struct group *group =
		find_group(incidents, actor ? actor->root : finding->root);

	return group && group->incident;
}

int incidents_add(struct incidents *incidents, const struct finding *finding, bool *reported)
{
	const int64_t id = ++incidents->last_anomaly;
	struct group *group;
	int ret = incident_insert(incidents, finding, id);

	*reported = false;
	if (!ret)
		ret = need_group(incidents, finding, &group);
	if (ret)
		return ret;
	append(group, finding, id);
	judge(incidents, group, finding->at);
	ret = join_same(incidents, group, finding);
	if (!ret)
		ret = try_ties(incidents, finding->root);
	*reported = is_reported(incidents, finding);
	return ret;
}

int incidents_flush(struct incidents *incidents)
{
	unsigned int i;
	int ret = 0;

	if (!incidents->dirty)
		return 0;
	for (i = 0; i < INCIDENT_GROUPS && !ret; i++)
		if (incidents->groups[i].root && incidents->groups[i].dirty)
			ret = incident_put(incidents, &incidents->groups[i]);
	incidents->dirty = ret;
	return ret;
}

int incidents_open(struct incidents *incidents, struct store *store, struct ledger *ledger,
		   struct actors *actors)
{
	*incidents = (struct incidents){
		.store = store,
		.actors = actors,
		.ledger = ledger,
		.threshold = INCIDENT_THRESHOLD,
		.groups = calloc(INCIDENT_GROUPS, sizeof(*incidents->groups)),
		.ties = calloc(INCIDENT_TIES, sizeof(*incidents->ties)),
	};
	return incidents->groups && incidents->ties ? incident_prepare(incidents) : -ENOMEM;
}

void incidents_close(struct incidents *incidents)
{
	int i;

	for (i = 0; i < INCIDENT_STATEMENTS; i++)
		sqlite3_finalize(incidents->statements[i]);
	free(incidents->groups);
	free(incidents->ties);
	*incidents = (struct incidents){ .store = NULL };
}

static void take(struct incidents *incidents, sqlite3_stmt *row)
{
	const char *act = (const char *)sqlite3_column_text(row, 10);
	const char *workload = (const char *)sqlite3_column_text(row, 14);
	const struct finding finding = {
		.workload = workload ? actor_hash(incidents->actors, workload) : 0,
		.at = sqlite3_column_int64(row, 1),
		.process = sqlite3_column_int64(row, 2),
		.execution = sqlite3_column_int64(row, 3),
		.root = sqlite3_column_int64(row, 4),
		.template_ = (unsigned int)sqlite3_column_int(row, 5) % TEMPLATES,
		.kind = (unsigned int)sqlite3_column_int(row, 6) % RISKS,
		.context = (uint64_t)sqlite3_column_int64(row, 7),
		.object = (uint64_t)sqlite3_column_int64(row, 8),
		.bits = sqlite3_column_double(row, 9),
		.weight = 1,
		.act = act ? act : "",
	};
	struct group *group;

	if (need_group(incidents, &finding, &group))
		return;
	append(group, &finding, sqlite3_column_int64(row, 0));
	group->incident = sqlite3_column_int64(row, 11);
	group->score = sqlite3_column_double(row, 12);
	group->threshold = sqlite3_column_double(row, 13);
}

static int last_ids(struct incidents *incidents)
{
	sqlite3_stmt *row = NULL;
	int ret = store_prepare(incidents->store, &row,
				"SELECT (SELECT coalesce(max(id), 0) FROM anomalies),"
				" (SELECT coalesce(max(id), 0) FROM incidents)");

	if (!ret && sqlite3_step(row) == SQLITE_ROW) {
		incidents->last_anomaly = sqlite3_column_int64(row, 0);
		incidents->last_incident = sqlite3_column_int64(row, 1);
	}
	sqlite3_finalize(row);
	return ret;
}

int incidents_load(struct incidents *incidents)
{
	sqlite3_stmt *row = NULL;
	int ret = last_ids(incidents);

	memset(incidents->groups, 0, INCIDENT_GROUPS * sizeof(*incidents->groups));
	memset(incidents->ties, 0, INCIDENT_TIES * sizeof(*incidents->ties));
	incidents->dirty = false;
	if (ret)
		return ret;
	ret = store_prepare(incidents->store, &row,
			    "SELECT a.id, ts, process, execution, a.root, template, kind, context,"
			    " object, bits * weight, act, incident, coalesce(i.score, 0),"
			    " coalesce(i.threshold, 0), a.workload FROM anomalies a"
			    " LEFT JOIN incidents i ON i.id = a.incident WHERE a.id >"
			    " (SELECT coalesce(max(id), 0) FROM anomalies) - 4096 ORDER BY a.id");
	while (!ret && sqlite3_step(row) == SQLITE_ROW)
		take(incidents, row);
	sqlite3_finalize(row);
	return ret;
}
