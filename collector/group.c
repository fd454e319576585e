// SPDX-License-Identifier: GPL-2.0-only
/* Executions of one file. */
#include "group.h"

#include "intern.h"

#include <string.h>

struct group *group_get(struct groups *groups, const struct group_key *key,
			const struct message *asked, struct slice path)
{
	const uint32_t place = (uint32_t)(intern_hash(key, sizeof(*key)) % GROUPS);
	struct group *group = &groups->groups[place];

	if (!memcmp(&group->key, key, sizeof(*key)))
		return group;
	if (group->first || !path.size || path.size >= GROUP_PATH)
		return NULL;
	*group = (struct group){ .key = *key,
				 .number = ++groups->serial * GROUPS + place,
				 .message = *asked };
	memcpy(group->path, path.data, path.size);
	return group;
}

struct group *group_find(struct groups *groups, uint32_t number)
{
	struct group *group = &groups->groups[number % GROUPS];

	return number && group->number == number ? group : NULL;
}

/* A place for a member, + 1. */
static uint32_t take_place(struct groups *groups)
{
	const uint32_t place = groups->free;

	if (place)
		groups->free = groups->members[place - 1].next;
	else if (groups->fresh < GROUP_MEMBERS)
		return ++groups->fresh;
	return place;
}

bool group_join(struct groups *groups, struct group *group, const struct message *asked)
{
	const uint32_t place = take_place(groups);

	if (!place)
		return false;
	groups->members[place - 1] =
		(struct member){ .id = asked->id, .ts = asked->ts, .pid = asked->pid };
	if (group->first)
		groups->members[group->last - 1].next = place;
	else
		group->first = place;
	group->last = place;
	groups->waiting++;
	return true;
}

/* CPUs tell in turns, so the first is not always the earliest. The last may still run. */
void group_question(struct groups *groups, struct group *group, struct message *question)
{
	const struct member *member = &groups->members[group->first - 1];

	*question = group->message;
	question->id = member->id;
	question->ts = member->ts;
	question->group = group->number;
	while (member->next) {
		member = &groups->members[member->next - 1];
		if (member->ts < question->ts)
			question->ts = member->ts;
	}
	question->pid = member->pid;
	group->asked = group->last;
}

bool group_is_asked(const struct groups *groups, const struct group *group, int64_t id)
{
	return group->asked && groups->members[group->first - 1].id == id;
}

bool group_leave(struct groups *groups, struct group *group, struct message *member)
{
	const uint32_t place = group->first;
	struct member *leaves;

	if (!group->asked)
		return false;
	leaves = &groups->members[place - 1];
	*member = group->message;
	member->id = leaves->id;
	member->ts = leaves->ts;
	member->pid = leaves->pid;
	group->first = leaves->next;
	if (group->asked == place)
		group->asked = 0;
	leaves->next = groups->free;
	groups->free = place;
	groups->waiting--;
	return true;
}

void groups_clear(struct groups *groups)
{
	const uint32_t serial = groups->serial;

	memset(groups, 0, sizeof(*groups));
	groups->serial = serial;
}
