// SPDX-License-Identifier: GPL-2.0-only
/* The rows of anomalies and incidents. */
#include "incident.h"

#include "ledger.h"
#include "statement.h"

#include <stdio.h>
#include <string.h>

enum { TITLE = 512, TITLE_ACTS = 3, STEPS_MAX = 16 };

static const char *const texts[INCIDENT_STATEMENTS] = {
	[INCIDENT_ADD] = "INSERT INTO anomalies (id, ts, process, execution, root, template, kind,"
			 " class, context, object, source, row_key, bits, weight, seen, runs,"
			 " days, elsewhere, technique, sentence, act, workload) VALUES"
			 " (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[INCIDENT_PUT] = "INSERT INTO incidents (id, first, last, score, threshold, title, status,"
			 " revision, root, workload, techniques, signs, tactics, allow)"
			 " VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'open', ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
			 " ON CONFLICT (id) DO UPDATE SET first = ?2, last = ?3, score = ?4,"
			 " threshold = ?5, title = ?6, revision = ?7, root = ?8, workload = ?9,"
			 " techniques = ?10, signs = ?11, tactics = ?12, allow = ?13",
	[INCIDENT_UNRANK] = "UPDATE anomalies SET incident = ?1, rank = NULL"
			    " WHERE root = ?2 AND ts >= ?3",
	[INCIDENT_RANK] = "UPDATE anomalies SET rank = ?2 WHERE id = ?1",
	/* What a restart has forgotten of it stands. */
	[INCIDENT_PROCESS] = "INSERT INTO incident_processes VALUES (?, ?, ?, ?, ?, ?, ?)"
			     " ON CONFLICT DO UPDATE SET"
			     " parent = coalesce(excluded.parent, parent),"
			     " role = iif(role = 'evidence' OR excluded.role = 'root', role,"
			     " excluded.role), score = max(score, excluded.score)",
	[INCIDENT_FORGET] = "DELETE FROM incidents WHERE id = ?",
	[INCIDENT_JOIN] = "UPDATE anomalies SET root = ?2, incident = NULL, rank = NULL"
			  " WHERE root = ?1 AND ts >= ?3",
	[INCIDENT_FORGET_PROCESSES] = "DELETE FROM incident_processes WHERE incident = ?",
	[INCIDENT_PRUNE] = "DELETE FROM anomalies WHERE incident IS NULL AND ts < ?",
};

int incident_prepare(struct incidents *incidents)
{
	int ret = 0, i;

	for (i = 0; i < INCIDENT_STATEMENTS && !ret; i++)
		ret = store_prepare(incidents->store, &incidents->statements[i], texts[i]);
	return ret;
}

static struct binder bind(struct incidents *incidents, enum incident_statement which)
{
	return (struct binder){ .statement = incidents->statements[which], .next = 1 };
}

static void bind_real(struct binder *binder, double value)
{
	sqlite3_bind_double(binder->statement, binder->next++, value);
}

static int run(struct incidents *incidents, enum incident_statement which)
{
	sqlite3_stmt *statement = incidents->statements[which];
	const int code = sqlite3_step(statement);

	sqlite3_reset(statement);
	return code == SQLITE_DONE ? 0 : store_fail(incidents->store, code);
}

int incident_insert(struct incidents *incidents, const struct finding *finding, int64_t id)
{
	struct binder binder = bind(incidents, INCIDENT_ADD);
	char workload[NORMAL_MAX];

	bind_int(&binder, id);
	bind_int(&binder, finding->at);
	bind_id(&binder, finding->process);
	bind_id(&binder, finding->execution);
	bind_int(&binder, finding->root);
	bind_int(&binder, finding->template_);
	bind_int(&binder, finding->kind);
	bind_int(&binder, finding->descent);
	bind_int(&binder, (int64_t)finding->context);
	bind_int(&binder, (int64_t)finding->object);
	bind_text(&binder, finding->source);
	bind_id(&binder, finding->row);
	bind_real(&binder, finding->bits);
	bind_real(&binder, finding->weight);
	bind_int(&binder, finding->view.times);
	bind_int(&binder, finding->view.runs);
	bind_int(&binder, finding->view.days);
	bind_int(&binder, finding->view.elsewhere);
	bind_text(&binder, risk_of(finding->kind)->technique);
	bind_text(&binder, finding->sentence);
	bind_text(&binder, finding->act);
	bind_text(&binder, ledger_name(incidents->ledger, finding->workload, workload,
				       sizeof(workload)));
	return run(incidents, INCIDENT_ADD);
}

int incident_join(struct incidents *incidents, const struct group *from, const struct group *to)
{
	struct binder binder = bind(incidents, INCIDENT_JOIN);
	const int64_t gone = from->incident > to->incident ? from->incident : to->incident;
	int ret;

	bind_int(&binder, from->root);
	bind_int(&binder, to->root);
	bind_int(&binder, from->first);
	ret = run(incidents, INCIDENT_JOIN);
	if (ret || !from->incident || !to->incident)
		return ret;
	binder = bind(incidents, INCIDENT_FORGET);
	bind_int(&binder, gone);
	ret = run(incidents, INCIDENT_FORGET);
	if (ret)
		return ret;
	binder = bind(incidents, INCIDENT_FORGET_PROCESSES);
	bind_int(&binder, gone);
	return run(incidents, INCIDENT_FORGET_PROCESSES);
}

static bool ranks_before(const struct item *a, const struct item *b)
{
	return a->score != b->score ? a->score > b->score : a->id < b->id;
}

unsigned int incident_rank(const struct group *group, const struct item *ranked[])
{
	unsigned int count = 0, i, at;

	for (i = 0; i < group->count; i++) {
		const struct item *item = &group->items[i];

		for (at = count; at > 0 && ranks_before(item, ranked[at - 1]); at--)
			if (at < INCIDENT_SHOWN)
				ranked[at] = ranked[at - 1];
		if (at < INCIDENT_SHOWN)
			ranked[at] = item;
		if (count < INCIDENT_SHOWN)
			count++;
	}
	return count;
}

static size_t add_text(char *to, size_t room, size_t used, const char *text)
{
	const int size = snprintf(to + used, room - used, "%s", text);

	return size < 0 || used + (size_t)size >= room ? room - 1 : used + (size_t)size;
}

/* What is gravest, in the order in which it happened. */
static void make_title(struct incidents *incidents, const struct item *ranked[],
		       unsigned int count, char *title)
{
	char name[NORMAL_MAX];
	const struct item *told[TITLE_ACTS];
	unsigned int i, j;
	size_t used;

	if (count > TITLE_ACTS)
		count = TITLE_ACTS;
	for (i = 0; i < count; i++) {
		for (j = i; j > 0 && ranked[i]->id < told[j - 1]->id; j--)
			told[j] = told[j - 1];
		told[j] = ranked[i];
	}
	used = add_text(title, TITLE, 0,
			ledger_name(incidents->ledger, ranked[0]->workload, name, sizeof(name)));
	for (i = 0; i < count; i++) {
		used = add_text(title, TITLE, used, i ? "; " : ": ");
		used = add_text(title, TITLE, used, told[i]->act);
	}
}

static void make_techniques(const struct item *ranked[], unsigned int count, char *to, size_t room)
{
	size_t used = 0;
	unsigned int i;

	*to = '\0';
	for (i = 0; i < count; i++) {
		const char *technique = risk_of(ranked[i]->kind)->technique;

		if (!technique || strstr(to, technique))
			continue;
		used = add_text(to, room, used, used ? " " : "");
		used = add_text(to, room, used, technique);
	}
}

/* As an argument between apostrophes; texts of the baseline have none that is harmful. */
static void make_allow(struct incidents *incidents, const struct item *item, char *to, size_t room)
{
	char context[2 * NORMAL_MAX], object[NORMAL_MAX];

	snprintf(to, room, "%s '%s' '%s'", template_name(item->template_),
		 ledger_name(incidents->ledger, item->context, context, sizeof(context)),
		 ledger_name(incidents->ledger, item->object, object, sizeof(object)));
}

static int put_row(struct incidents *incidents, const struct group *group,
		   const struct item *ranked[], unsigned int count)
{
	const struct actor *root = actor_find(incidents->actors, group->root);
	struct binder binder = bind(incidents, INCIDENT_PUT);
	char title[TITLE], techniques[160], allow[4 * NORMAL_MAX], workload[NORMAL_MAX];
	unsigned int tactics, signs, i;
	int64_t revision = 0;
	double score;

	for (i = 0; i < group->count; i++)
		if (group->items[i].id > revision)
			revision = group->items[i].id;
	signs = incident_signs(group, group->last, &score, &tactics);
	make_title(incidents, ranked, count, title);
	make_techniques(ranked, count, techniques, sizeof(techniques));
	make_allow(incidents, ranked[0], allow, sizeof(allow));
	bind_int(&binder, group->incident);
	bind_int(&binder, group->first);
	bind_int(&binder, group->last);
	bind_real(&binder, group->score);
	bind_real(&binder, group->threshold);
	bind_text(&binder, title);
	bind_int(&binder, revision);
	bind_id(&binder, root ? root->process : 0);
	bind_text(&binder, ledger_name(incidents->ledger, ranked[0]->workload, workload,
				       sizeof(workload)));
	bind_text(&binder, techniques);
	bind_int(&binder, signs);
	bind_int(&binder, tactics);
	bind_text(&binder, allow);
	return run(incidents, INCIDENT_PUT);
}

static int put_ranks(struct incidents *incidents, const struct group *group,
		     const struct item *ranked[], unsigned int count)
{
	struct binder binder = bind(incidents, INCIDENT_UNRANK);
	unsigned int i;
	int ret;

	bind_int(&binder, group->incident);
	bind_int(&binder, group->root);
	bind_int(&binder, group->first);
	ret = run(incidents, INCIDENT_UNRANK);
	for (i = 0; i < count && !ret; i++) {
		binder = bind(incidents, INCIDENT_RANK);
		bind_int(&binder, ranked[i]->id);
		bind_int(&binder, i + 1);
		ret = run(incidents, INCIDENT_RANK);
	}
	return ret;
}

struct member {
	int64_t process;
	int64_t parent;
	int64_t execution;
	const char *role;
	double score;
	int64_t first;
};

static int put_member(struct incidents *incidents, const struct group *group,
		      const struct member *member)
{
	struct binder binder = bind(incidents, INCIDENT_PROCESS);

	bind_int(&binder, group->incident);
	bind_int(&binder, member->process);
	bind_id(&binder, member->parent);
	bind_id(&binder, member->execution);
	bind_text(&binder, member->role);
	bind_real(&binder, member->score);
	bind_int(&binder, member->first);
	return run(incidents, INCIDENT_PROCESS);
}

/* Its next ancestor that is another process; NULL: it is where all began. */
static const struct actor *ancestor_of(const struct incidents *incidents,
				       const struct actor *actor, int64_t process)
{
	unsigned int steps;

	for (steps = 0; actor && steps < STEPS_MAX; steps++) {
		if (actor->process != process)
			return actor;
		if (actor->execution == actor->root)
			return NULL;
		actor = actor_find(incidents->actors, actor->parent);
	}
	return NULL;
}

static double score_of_process(const struct group *group, int64_t process)
{
	double score = 0;
	unsigned int i;

	for (i = 0; i < group->count; i++)
		if (group->items[i].process == process)
			score += group->items[i].score;
	return score;
}

/* A process with what it descends from, up to the root. */
static int put_line(struct incidents *incidents, const struct group *group, int64_t process,
		    int64_t execution, int64_t at, const char *role)
{
	const struct actor *actor = actor_find(incidents->actors, execution);
	unsigned int steps;
	int ret = 0;

	for (steps = 0; steps < STEPS_MAX && process && !ret; steps++) {
		const struct actor *above = ancestor_of(incidents, actor, process);
		struct member member = {
			.process = process,
			.parent = above ? above->process : 0,
			.execution = execution,
			.score = score_of_process(group, process),
			.first = at,
		};

		member.role = !above && !strcmp(role, "link") ? "root" :
			      member.score > 0		       ? "evidence" :
								 role;
		ret = put_member(incidents, group, &member);
		actor = above;
		process = above ? above->process : 0;
		execution = above ? above->execution : 0;
		at = above ? above->started : 0;
		role = "link";
	}
	return ret;
}

static int put_processes(struct incidents *incidents, const struct group *group)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < group->causes_count && !ret; i++)
		ret = put_line(incidents, group, group->causes[i].process,
			       group->causes[i].execution, group->first, "cause");
	for (i = 0; i < group->count && !ret; i++)
		ret = put_line(incidents, group, group->items[i].process,
			       group->items[i].execution, group->items[i].at, "evidence");
	return ret;
}

int incident_put(struct incidents *incidents, struct group *group)
{
	const struct item *ranked[INCIDENT_SHOWN];
	const unsigned int count = incident_rank(group, ranked);
	int ret;

	group->dirty = false;
	if (!count)
		return 0;
	ret = put_row(incidents, group, ranked, count);
	if (!ret)
		ret = put_ranks(incidents, group, ranked, count);
	return ret ? ret : put_processes(incidents, group);
}

int incidents_prune(struct incidents *incidents, int64_t before)
{
	struct binder binder = bind(incidents, INCIDENT_PRUNE);

	bind_int(&binder, before);
	return run(incidents, INCIDENT_PRUNE);
}
