// SPDX-License-Identifier: GPL-2.0-only
/* What another collector has taken. */
#include "reconcile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	COUNTS_MAX = 4096,
	/*
	 * A record is counted just before it takes its time: those so close to a
	 * question may be in the answer or not.
	 */
	DOUBT_NS = 50000,
};

/* A count, and how many records of its class we have. */
struct look {
	struct ingest_count count;
	uint64_t before; /* that are surely in it */
	uint64_t doubtful;
};

struct reconciliation {
	size_t looks;
	struct look look[];
};

int ingest_counted(struct ingest *ingest, const struct ingest_count *counts, size_t count)
{
	uint64_t stored[KITH_CLASSES];
	struct reconciliation *new;
	size_t i;
	int ret = store_received_of(ingest->store, ingest->load.id, stored);

	if (ret || ingest->past)
		return ret;
	if (count > COUNTS_MAX)
		return -EBADMSG;
	free(ingest->reconciliation);
	new = calloc(1, sizeof(*new) + count * sizeof(*new->look));
	ingest->reconciliation = new;
	if (!new)
		return -ENOMEM;
	for (i = 0; i < count; i++) {
		struct look *look = &new->look[new->looks];

		memcpy(&look->count, &counts[i], sizeof(look->count));
		if (look->count.class_ >= KITH_CLASSES)
			continue;
		look->before = stored[look->count.class_] +
			       ingest->received[look->count.class_];
		new->looks++;
	}
	return 0;
}

void reconcile_record(struct reconciliation *reconciliation, const struct kith_record *head)
{
	unsigned int class_ = record_class(head->type);
	size_t i;

	for (i = 0; i < reconciliation->looks; i++) {
		struct look *look = &reconciliation->look[i];

		if (look->count.class_ != class_)
			continue;
		if (head->ts + DOUBT_NS < look->count.from)
			look->before++;
		else if (head->ts <= look->count.to + DOUBT_NS)
			look->doubtful++;
	}
}

/* Totals of a recording may be anything: then they are no loss. */
static uint64_t missing(const struct look *look, uint64_t doubtful)
{
	uint64_t left = look->count.emitted - look->count.lost, have = look->before + doubtful;

	if (look->count.emitted < look->count.lost || left < have || left - have > INT64_MAX)
		return 0;
	return left - have;
}

/*
 * How many are missing of @class_. While a record is made that no stream has
 * yet, a count is too high; so of the exact ones the least is right. If there is
 * none, there are at least so many missing as if all that is in doubt was counted;
 * the next subscription tells of the rest.
 */
static uint64_t missing_of(const struct reconciliation *reconciliation, unsigned int class_,
			   uint64_t *when)
{
	uint64_t least = UINT64_MAX, most = 0;
	size_t i;

	for (i = 0; i < reconciliation->looks; i++) {
		const struct look *look = &reconciliation->look[i];
		uint64_t some = missing(look, look->doubtful);

		if (look->count.class_ != class_)
			continue;
		*when = look->count.from;
		if (!look->doubtful && some < least)
			least = some;
		if (some > most)
			most = some;
	}
	return least != UINT64_MAX ? least : most;
}

int reconcile(struct ingest *ingest)
{
	struct reconciliation *reconciliation = ingest->reconciliation;
	unsigned int class_;
	int ret = 0;

	if (!reconciliation)
		return 0;
	for (class_ = 0; class_ < KITH_CLASSES && !ret; class_++) {
		uint64_t when = 0;
		struct store_loss loss = {
			.load = ingest->load.id,
			.boot = ingest->load.boot,
			.cpu = -1,
			.class_ = class_,
			.cause = RECORD_CAUSE_ELSEWHERE,
			.total = missing_of(reconciliation, class_, &when),
			.from = ingest->since,
			.to = ingest_wall(ingest, when),
		};

		if (loss.from > loss.to)
			loss.from = loss.to;
		if (loss.total)
			ret = store_loss(ingest->store, &loss);
	}
	free(reconciliation);
	ingest->reconciliation = NULL;
	return ret;
}
