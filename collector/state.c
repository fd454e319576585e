// SPDX-License-Identifier: GPL-2.0-only
/* Who is alive. */
#define HASH_NONFATAL_OOM 1
#define uthash_fatal(message) abort()
#include "state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void state_init(struct state *state)
{
	*state = (struct state){ .alive = 0 };
}

void state_clear(struct state *state)
{
	struct process *process = state->by_key, *next;

	HASH_CLEAR(hh, state->by_key);
	for (; process; process = next) {
		next = process->hh.next;
		free(process);
	}
	while (state->spare) {
		process = state->spare;
		state->spare = process->next_dirty;
		free(process);
	}
	free(state->graves);
	state_init(state);
}

struct process *state_find(struct state *state, uint64_t key)
{
	struct process *process;

	HASH_FIND_BYHASHVALUE(hh, state->by_key, &key, sizeof(key), hash_of(key), process);
	return process;
}

static struct process *obtain(struct state *state)
{
	struct process *process = state->spare;

	if (!process)
		return malloc(sizeof(*process));
	state->spare = process->next_dirty;
	return process;
}

static void release(struct state *state, struct process *process)
{
	process->next_dirty = state->spare;
	state->spare = process;
}

struct process *state_add(struct state *state, uint64_t key)
{
	struct process *process = obtain(state);

	if (!process)
		return NULL;
	memset(process, 0, sizeof(*process));
	process->key = key;
	process->lived = -1;
	process->clone_flags = -1;
	process->plain_reads = -1;
	process->plain_bytes = -1;
	HASH_ADD_BYHASHVALUE(hh, state->by_key, key, sizeof(key), hash_of(key), process);
	if (!process->hh.tbl) {
		release(state, process);
		return NULL;
	}
	state->alive++;
	return process;
}

void state_touch(struct state *state, struct process *process)
{
	if (process->dirty)
		return;
	process->dirty = true;
	process->next_dirty = state->dirty;
	state->dirty = process;
}

void state_end(struct state *state, struct process *process)
{
	process->next_ended = NULL;
	if (state->ended_last)
		state->ended_last->next_ended = process;
	else
		state->ended_first = process;
	state->ended_last = process;
	state->ended++;
	state->alive--;
}

static struct ended *graves_of(const struct state *state, uint64_t key)
{
	const size_t rows = STATE_GRAVES / STATE_GRAVES_IN_ROW;

	return state->graves + hash_of(key) % rows * STATE_GRAVES_IN_ROW;
}

int64_t state_find_ended(const struct state *state, uint64_t key)
{
	const struct ended *grave;
	size_t i;

	if (!state->graves)
		return 0;
	grave = graves_of(state, key);
	for (i = 0; i < STATE_GRAVES_IN_ROW; i++)
		if (grave[i].key == key)
			return grave[i].id;
	return 0;
}

int state_add_ended(struct state *state, uint64_t key, int64_t id)
{
	struct ended *grave;

	if (!state->graves)
		state->graves = calloc(STATE_GRAVES, sizeof(*state->graves));
	if (!state->graves)
		return -ENOMEM;
	grave = graves_of(state, key);
	memmove(grave + 1, grave, (STATE_GRAVES_IN_ROW - 1) * sizeof(*grave));
	*grave = (struct ended){ key, id };
	return 0;
}

void state_expire(struct state *state)
{
	struct process *process;

	while (state->ended > STATE_ENDED && (process = state->ended_first)) {
		state->ended_first = process->next_ended;
		if (!state->ended_first)
			state->ended_last = NULL;
		state->ended--;
		(void)state_add_ended(state, process->key, process->id);
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it is in there */
		HASH_DELETE(hh, state->by_key, process);
		release(state, process);
	}
}
