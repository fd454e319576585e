// SPDX-License-Identifier: GPL-2.0-only
/* Where data went, or where it came from, step by step. */
#include "trace.h"

#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#define uthash_fatal(message) abort()
#include <uthash.h>

/* A process that was followed, and below which step. */
struct followed {
	UT_hash_handle hh;
	int64_t process;
	uint32_t step;
};

struct search {
	struct trace *trace;
	const struct moves *moves;
	struct followed *followed;
	uint32_t *queue; /* a heap of steps, the earliest on top */
	uint32_t waiting;
	uint32_t room; /* of steps, and of the queue */
	/* of the step that is followed now */
	struct step from;
	struct step *found;
	size_t found_count;
	size_t found_room;
};

static struct followed *find_followed(const struct search *search, int64_t process)
{
	struct followed *followed;

	HASH_FIND(hh, search->followed, &process, sizeof(process), followed);
	return followed;
}

static bool is_new(const struct search *search, const struct step *step)
{
	return step->place.process == MOVES_OUTSIDE ||
	       !find_followed(search, step->place.process);
}

static bool remember(struct search *search, uint32_t step)
{
	struct followed *followed = calloc(1, sizeof(*followed));

	if (!followed)
		return false;
	followed->process = search->trace->steps[step].place.process;
	followed->step = step;
	HASH_ADD(hh, search->followed, process, sizeof(followed->process), followed);
	return true;
}

static void forget(struct search *search)
{
	struct followed *followed = search->followed, *next;

	HASH_CLEAR(hh, search->followed);
	for (; followed; followed = next) {
		next = followed->hh.next;
		free(followed);
	}
}

/* Does @a come before @b, in the direction that is followed? */
static int compare_times(bool forward, int64_t a, int64_t b)
{
	return forward ? (a > b) - (a < b) : (a < b) - (a > b);
}

static bool is_before(const struct trace *trace, uint32_t a, uint32_t b)
{
	int order = compare_times(trace->forward, trace->steps[a].when, trace->steps[b].when);

	return order ? order < 0 : a < b;
}

static void swap(uint32_t *a, uint32_t *b)
{
	uint32_t other = *a;

	*a = *b;
	*b = other;
}

static void enqueue(struct search *search, uint32_t step)
{
	uint32_t *queue = search->queue, at = search->waiting++;

	queue[at] = step;
	for (; at && is_before(search->trace, queue[at], queue[(at - 1) / 2]); at = (at - 1) / 2)
		swap(&queue[at], &queue[(at - 1) / 2]);
}

static uint32_t dequeue(struct search *search)
{
	uint32_t *queue = search->queue, top = queue[0], at = 0, child;

	queue[0] = queue[--search->waiting];
	while ((child = 2 * at + 1) < search->waiting) {
		if (child + 1 < search->waiting &&
		    is_before(search->trace, queue[child + 1], queue[child]))
			child++;
		if (!is_before(search->trace, queue[child], queue[at]))
			break;
		swap(&queue[at], &queue[child]);
		at = child;
	}
	return top;
}

static bool add_step(struct search *search, const struct step *step)
{
	struct trace *trace = search->trace;

	if (trace->count == search->room) {
		uint32_t room = search->room ? 2 * search->room : 64;
		struct step *steps = realloc(trace->steps, room * sizeof(*steps));
		uint32_t *queue;

		if (!steps)
			return false;
		trace->steps = steps;
		queue = realloc(search->queue, room * sizeof(*queue));
		if (!queue)
			return false;
		search->queue = queue;
		search->room = room;
	}
	trace->steps[trace->count] = *step;
	enqueue(search, trace->count++);
	return true;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* When what is there at @have comes out at the far end, which it may never do. */
static bool can_move(const struct hop *hop, bool forward, int64_t have, int64_t *when)
{
	int64_t leaves, comes;

	if (forward) {
		leaves = later(hop->left_first, have);
		comes = later(hop->came_first, leaves);
		*when = comes;
	} else {
		comes = earlier(hop->came_last, have);
		leaves = earlier(hop->left_last, comes);
		*when = leaves;
	}
	return leaves >= hop->left_first && leaves <= hop->left_last &&
	       comes >= hop->came_first && comes <= hop->came_last;
}

/* In a conversation both sides talk: what comes back by it is nothing new. */
static bool is_answer(const struct search *search, const struct hop *hop)
{
	const struct step *from = &search->from;

	return hop->kind == HOP_CONNECTION && from->parent != TRACE_NONE &&
	       from->kind == HOP_CONNECTION && from->object == hop->object &&
	       search->trace->steps[from->parent].place.process == hop->other;
}

static bool take(void *search_, const struct hop *hop)
{
	struct search *search = search_;
	const bool forward = search->trace->forward;
	const int64_t have = search->from.when;
	struct step step = {
		.place = { .process = hop->other },
		.kind = hop->kind,
		.object = hop->object,
		.key = hop->key,
		.first = later(hop->left_first, hop->came_first),
		.last = forward ? hop->came_last : earlier(hop->left_last, hop->came_last),
		.bytes = hop->bytes,
		.count = 1,
		.at_most = forward ? hop->left_first != INT64_MIN && hop->left_first < have :
				     hop->came_last != INT64_MAX && hop->came_last > have,
		.child = TRACE_NONE,
		.next = TRACE_NONE,
		.sensitive = hop->sensitive,
		.end = hop->other == MOVES_OUTSIDE ? TRACE_OUTSIDE : TRACE_GOES_ON,
	};

	if (is_answer(search, hop) || !can_move(hop, forward, have, &step.when))
		return true;
	if (search->found_count == search->found_room) {
		size_t room = 2 * (search->found_room + 32);
		struct step *found = realloc(search->found, room * sizeof(*found));

		if (!found)
			return false;
		search->found = found;
		search->found_room = room;
	}
	search->found[search->found_count++] = step;
	return true;
}

static int compare_alike(const void *a_, const void *b_)
{
	const struct step *a = a_, *b = b_;

	if (a->place.process != b->place.process)
		return a->place.process < b->place.process ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->object != b->object)
		return a->object < b->object ? -1 : 1;
	return (a->key > b->key) - (a->key < b->key);
}

static bool are_alike(const struct step *a, const struct step *b)
{
	return a->place.process == b->place.process && a->kind == b->kind &&
	       a->object == b->object;
}

static void join(struct step *to, const struct step *more, bool forward)
{
	if (compare_times(forward, more->when, to->when) < 0)
		to->when = more->when;
	to->first = earlier(to->first, more->first);
	to->last = later(to->last, more->last);
	to->bytes = to->bytes < 0 || more->bytes < 0 ? -1 : to->bytes + more->bytes;
	to->at_most |= more->at_most;
	to->count += more->count;
}

/* What the same went by becomes one step. */
static void join_alike(struct search *search)
{
	size_t i, kept = 0;

	if (search->found_count)
		qsort(search->found, search->found_count, sizeof(*search->found),
		      compare_alike);
	for (i = 0; i < search->found_count; i++)
		if (kept && are_alike(&search->found[kept - 1], &search->found[i]))
			join(&search->found[kept - 1], &search->found[i],
			     search->trace->forward);
		else
			search->found[kept++] = search->found[i];
	search->found_count = kept;
}

static int compare_steps(const void *a_, const void *b_, void *search_)
{
	const struct search *search = search_;
	const struct step *a = a_, *b = b_;
	const int order = compare_times(search->trace->forward, a->when, b->when);

	return order ? order : compare_alike(a, b);
}

static int rank(const struct search *search, const struct step *step)
{
	if (!is_new(search, step))
		return 2;
	return step->end == TRACE_OUTSIDE && step->kind == HOP_ACCESS && !step->sensitive;
}

/*
 * If there is no room for all, those go first that were met already, and then files
 * that nobody else used.
 */
static int compare_news(const void *a, const void *b, void *search_)
{
	const struct search *search = search_;
	const int order = rank(search, a) - rank(search, b);

	return order ? order : compare_steps(a, b, search_);
}

static size_t count_new(const struct search *search)
{
	size_t i, news = 0;

	for (i = 0; i < search->found_count; i++)
		news += is_new(search, &search->found[i]);
	return news;
}

static size_t room_for(const struct trace *trace, size_t wanted, enum trace_cause *cause)
{
	*cause = TRACE_WIDTH;
	if (wanted > trace->width)
		wanted = trace->width;
	if (wanted <= trace->limit - trace->count)
		return wanted;
	*cause = TRACE_LIMIT;
	return trace->limit - trace->count;
}

/* What was found becomes the children of @parent. */
static bool add_children(struct search *search, uint32_t parent)
{
	struct trace *trace = search->trace;
	enum trace_cause cause;
	const size_t room = room_for(trace, search->found_count, &cause);
	uint32_t last = TRACE_NONE;
	size_t i;

	if (room < search->found_count)
		qsort_r(search->found, search->found_count, sizeof(*search->found),
			compare_news, search);
	if (room)
		qsort_r(search->found, room, sizeof(*search->found), compare_steps, search);
	for (i = 0; i < room; i++) {
		const uint32_t number = trace->count;

		search->found[i].parent = parent;
		search->found[i].depth = trace->steps[parent].depth + 1;
		if (!add_step(search, &search->found[i]))
			return false;
		*(last == TRACE_NONE ? &trace->steps[parent].child :
				       &trace->steps[last].next) = number;
		last = number;
	}
	trace->steps[parent].more = search->found_count - room;
	trace->steps[parent].cause = cause;
	return true;
}

static bool find_hops(struct search *search, uint32_t number)
{
	search->from = search->trace->steps[number];
	search->found_count = 0;
	if (!hops_of(search->moves, search->from.place, search->trace->forward, take, search))
		return false;
	join_alike(search);
	return true;
}

static bool follow(struct search *search, uint32_t number)
{
	struct trace *trace = search->trace;
	struct step *step = &trace->steps[number];
	const struct followed *followed = find_followed(search, step->place.process);

	if (step->end == TRACE_OUTSIDE)
		return true;
	if (step->place.process && followed) {
		step->end = TRACE_AGAIN;
		step->again = followed->step;
		return true;
	}
	if (!find_hops(search, number))
		return false;
	if (step->depth < trace->depth)
		return (!step->place.process || remember(search, number)) &&
		       add_children(search, number);
	step->more = count_new(search);
	step->cause = TRACE_DEPTH;
	return true;
}

static bool begin(struct search *search, const struct place *places, size_t count)
{
	size_t i;

	for (i = 0; i < count && search->trace->count < search->trace->limit; i++) {
		const struct step root = {
			.place = places[i],
			.parent = TRACE_NONE,
			.child = TRACE_NONE,
			.next = TRACE_NONE,
			.when = search->trace->start,
		};

		if (!add_step(search, &root))
			return false;
		if (i)
			search->trace->steps[i - 1].next = (uint32_t)i;
	}
	return true;
}

bool trace_follow(struct trace *trace, const struct moves *moves, const struct place *places,
		  size_t count)
{
	struct search search = { .trace = trace, .moves = moves };
	bool good;

	trace->steps = NULL;
	trace->count = 0;
	good = begin(&search, places, count);
	while (good && search.waiting)
		good = follow(&search, dequeue(&search));
	forget(&search);
	free(search.queue);
	free(search.found);
	return good;
}

void trace_clear(struct trace *trace)
{
	free(trace->steps);
	trace->steps = NULL;
	trace->count = 0;
}
