// SPDX-License-Identifier: GPL-2.0-only
/* What is found, in words. */
#include "learner.h"

#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { WHAT_MAX = 72 };

static const char *const descents[DESCENTS] = {
	[DESCENT_HOST] = "programs",
	[DESCENT_SERVICE] = "services",
	[DESCENT_JOB] = "jobs",
	[DESCENT_CONTAINER] = "containers",
	[DESCENT_LOGIN] = "logins",
	[DESCENT_PACKAGE] = "packages",
};

unsigned int learner_descent_of(const char *text)
{
	unsigned int i;

	for (i = 0; i < DESCENTS; i++)
		if (!strcmp(text, descents[i]))
			return i;
	return DESCENT_HOST;
}

static size_t put(char *to, size_t room, size_t used, const char *text)
{
	const int size = snprintf(to + used, room - used, "%s", text);

	return size < 0 || used + (size_t)size >= room ? room - 1 : used + (size_t)size;
}

static size_t put_name(struct learner *learner, char *to, size_t room, size_t used, uint64_t id)
{
	char name[NORMAL_MAX];

	return put(to, room, used, ledger_name(&learner->ledger, id, name, sizeof(name)));
}

static void put_lineage(struct learner *learner, const struct actor *actor, char *to,
			size_t room, size_t used)
{
	unsigned int i;

	for (i = 1; i < ACTOR_LINEAGE && actor->lineage[i]; i++) {
		used = put(to, room, used, LEARNER_BETWEEN);
		used = put_name(learner, to, room, used, actor->lineage[i]);
	}
}

const char *learner_context_text(struct learner *learner, const struct sign *sign,
				 enum level level, char *to, size_t room)
{
	const struct actor *actor = sign->actor;
	size_t used;

	switch (level) {
	case LEVEL_DESCENT:
		put(to, room, 0, descents[actor->descent]);
		break;
	case LEVEL_PROGRAM:
		put_name(learner, to, room, 0, actor->exe);
		break;
	case LEVEL_WORKLOAD:
	case LEVEL_LINEAGE:
		used = put_name(learner, to, room, 0, actor->workload);
		used = put(to, room, used, LEARNER_BETWEEN);
		used = put_name(learner, to, room, used, actor->exe);
		if (level == LEVEL_LINEAGE)
			put_lineage(learner, actor, to, room, used);
		break;
	case LEVEL_USER:
		snprintf(to, room, "user %u", actor->loginuid);
		break;
	case LEVEL_WHOLE:
		put_name(learner, to, room, 0, actor->workload);
		break;
	default:
		put(to, room, 0, "host");
	}
	return to;
}

void learner_act(const struct sign *sign, char *to, size_t room)
{
	size_t used = put(to, room, 0, sign->actor->name);

	used = put(to, room, used, " ");
	used = put(to, room, used, sign->verb);
	if (!sign->what.size || used + 2 >= room)
		return;
	used = put(to, room, used, " ");
	if (room - used > WHAT_MAX)
		room = used + WHAT_MAX;
	text_escape_word(to + used, room - used, sign->what.data, sign->what.size);
}

/* 1204 as 1,204. */
static const char *grouped(char *to, size_t room, uint32_t number)
{
	if (number >= 1000000)
		snprintf(to, room, "%u,%03u,%03u", number / 1000000, number / 1000 % 1000,
			 number % 1000);
	else if (number >= 1000)
		snprintf(to, room, "%u,%03u", number / 1000, number % 1000);
	else
		snprintf(to, room, "%u", number);
	return to;
}

static const char *plural(uint32_t number)
{
	return number == 1 ? "" : "s";
}

/* Of whom the counts are, as far as the baseline knows him. */
static void put_whom(struct learner *learner, const struct sign *sign,
		     const struct model_view *view, char *to, size_t room)
{
	const enum level level = sign->of[view->level];
	char name[NORMAL_MAX];

	if (level >= LEVEL_WORKLOAD && level != LEVEL_USER)
		snprintf(to, room, "%s in %s", sign->actor->name,
			 ledger_name(&learner->ledger, sign->actor->workload, name,
				     sizeof(name)));
	else if (level == LEVEL_USER)
		snprintf(to, room, "user %u", sign->actor->loginuid);
	else if (level == LEVEL_PROGRAM)
		snprintf(to, room, "%s", sign->actor->name);
	else if (level == LEVEL_DESCENT)
		snprintf(to, room, "%s here", descents[sign->actor->descent]);
	else
		snprintf(to, room, "this host");
}

void learner_sentence(struct learner *learner, const struct sign *sign,
		      const struct model_view *view, const char *act, char *to, size_t room)
{
	char whom[NORMAL_MAX + ACTOR_NAME + 8], seen[16], runs[16], elsewhere[16];
	size_t used = put(to, room, 0, act);

	if (sign->certain) {
		put(to, room, used, ": nothing legitimate does that");
		return;
	}
	put_whom(learner, sign, view, whom, sizeof(whom));
	if (view->runs && view->times > view->runs)
		snprintf(to + used, room - used, ": %s times in %s run%s of %s over %u day%s",
			 grouped(seen, sizeof(seen), view->times),
			 grouped(runs, sizeof(runs), view->runs), plural(view->runs), whom,
			 view->days, plural(view->days));
	else if (view->runs)
		snprintf(to + used, room - used, ": %s of %s run%s of %s over %u day%s",
			 grouped(seen, sizeof(seen), view->times),
			 grouped(runs, sizeof(runs), view->runs), plural(view->runs), whom,
			 view->days, plural(view->days));
	else
		snprintf(to + used, room - used, ": %s time%s before of %s over %u day%s",
			 grouped(seen, sizeof(seen), view->times), plural(view->times), whom,
			 view->days, plural(view->days));
	used = strlen(to);
	snprintf(to + used, room - used, ", %s elsewhere on this host",
		 grouped(elsewhere, sizeof(elsewhere), view->elsewhere));
}
