// SPDX-License-Identifier: GPL-2.0-only
/* Executions of one file. */
#include "cohort.h"

#include "intern.h"

#include <string.h>

struct cohort *cohort_get(struct cohorts *cohorts, const struct cohort_key *key,
			const struct message *asked, struct slice path)
{
	const uint32_t place = (uint32_t)(intern_hash(key, sizeof(*key)) % COHORTS);
	struct cohort *cohort = &cohorts->cohorts[place];

	if (!memcmp(&cohort->key, key, sizeof(*key)))
		return cohort;
	if (cohort->first || !path.size || path.size >= COHORT_PATH)
		return NULL;
	*cohort = (struct cohort){ .key = *key,
				 .number = ++cohorts->serial * COHORTS + place,
				 .message = *asked };
	memcpy(cohort->path, path.data, path.size);
	return cohort;
}

struct cohort *cohort_find(struct cohorts *cohorts, uint32_t number)
{
	struct cohort *cohort = &cohorts->cohorts[number % COHORTS];

	return number && cohort->number == number ? cohort : NULL;
}

/* A place for a member, + 1. */
static uint32_t take_place(struct cohorts *cohorts)
{
	const uint32_t place = cohorts->free;

	if (place)
		cohorts->free = cohorts->members[place - 1].next;
	else if (cohorts->fresh < COHORT_MEMBERS)
		return ++cohorts->fresh;
	return place;
}

bool cohort_join(struct cohorts *cohorts, struct cohort *cohort, const struct message *asked)
{
	const uint32_t place = take_place(cohorts);

	if (!place)
		return false;
	cohorts->members[place - 1] =
		(struct member){ .id = asked->id, .ts = asked->ts, .pid = asked->pid };
	if (cohort->first)
		cohorts->members[cohort->last - 1].next = place;
	else
		cohort->first = place;
	cohort->last = place;
	cohorts->waiting++;
	return true;
}

/* CPUs tell in turns, so the first is not always the earliest. The last may still run. */
void cohort_question(struct cohorts *cohorts, struct cohort *cohort, struct message *question)
{
	const struct member *member = &cohorts->members[cohort->first - 1];

	*question = cohort->message;
	question->id = member->id;
	question->ts = member->ts;
	question->cohort = cohort->number;
	while (member->next) {
		member = &cohorts->members[member->next - 1];
		if (member->ts < question->ts)
			question->ts = member->ts;
	}
	question->pid = member->pid;
	cohort->asked = cohort->last;
}

bool cohort_is_asked(const struct cohorts *cohorts, const struct cohort *cohort, int64_t id)
{
	return cohort->asked && cohorts->members[cohort->first - 1].id == id;
}

bool cohort_leave(struct cohorts *cohorts, struct cohort *cohort, struct message *member)
{
	const uint32_t place = cohort->first;
	struct member *leaves;

	if (!cohort->asked)
		return false;
	leaves = &cohorts->members[place - 1];
	*member = cohort->message;
	member->id = leaves->id;
	member->ts = leaves->ts;
	member->pid = leaves->pid;
	cohort->first = leaves->next;
	if (cohort->asked == place)
		cohort->asked = 0;
	leaves->next = cohorts->free;
	cohorts->free = place;
	cohorts->waiting--;
	return true;
}

void cohorts_clear(struct cohorts *cohorts)
{
	const uint32_t serial = cohorts->serial;

	memset(cohorts, 0, sizeof(*cohorts));
	cohorts->serial = serial;
}
