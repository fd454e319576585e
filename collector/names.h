/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What kithd asks its helper, and the rows of what it is told. Nothing here waits: what the
 * helper cannot take is stored as not asked, and each execution gets one row in any case.
 */
#ifndef KITH_NAMES_H
#define KITH_NAMES_H

#include "cohort.h"
#include "store.h"

struct names;

/* Start the helper. Without it, all is as if it knew nothing. 0 or -ENOMEM. */
int names_open(struct names **result, struct store *store);
void names_close(struct names *names);

/* To wait for what is told; -1: nothing will be. */
int names_descriptor(const struct names *names);

/*
 * @asked: all but kind, generation, cohort and sizes, of an execution that is being stored,
 * with the path of the file. Of those with the @same is asked together.
 */
int names_execution(struct names *names, const struct message *asked, struct slice path,
		    const struct cohort_key *same);

/* Container @id with the control group @path, if it is one of a runtime. */
void names_container(struct names *names, int64_t id, struct slice path);

void names_user(struct names *names, uint32_t uid);
void names_group(struct names *names, uint32_t gid);

/* Let the helper have what was asked, and ask what it is time for. */
void names_send(struct names *names);

/* Milliseconds until names_send() has something to ask; -1: it has not. */
int64_t names_patience(const struct names *names);

/* Has anything been told? Then it waits for names_store(), in a transaction. */
bool names_receive(struct names *names);
int names_store(struct names *names);

/* Does names_flush() wait for a transaction? */
bool names_waits(const struct names *names);

/*
 * Before the commit, when all executions are in their table. Those of which it is not
 * known what became of the question get a row too.
 */
int names_flush(struct names *names);

/* kithd ends: what is not answered by now never will be. */
void names_stop(struct names *names);

/* What was not committed is void; the last execution that is, in @store, has id @last. */
void names_reset(struct names *names, struct store *store, int64_t last);

#endif
