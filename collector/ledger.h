/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tables of the baseline, for their one writer: within the transaction that is open.
 * Results are 0 or a negative errno.
 */
#ifndef KITH_LEDGER_H
#define KITH_LEDGER_H

#include "model.h"
#include "record.h"
#include "surprise.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

enum ledger_statement {
	LEDGER_TEXT,
	LEDGER_TEXT_FIND,
	LEDGER_CONTEXT,
	LEDGER_CONTEXT_GONE,
	LEDGER_CONTEXT_EDGES_GONE,
	LEDGER_EDGE,
	LEDGER_EDGE_GONE,
	LEDGER_SURPRISE,
	LEDGER_STATE,
	LEDGER_STATE_FIND,
	LEDGER_GAP,
	LEDGER_GAP_EXTEND,
	LEDGER_ACTOR,
	LEDGER_STATEMENTS,
};

struct ledger {
	struct store *store;
	sqlite3_stmt *statements[LEDGER_STATEMENTS];
};

int ledger_open(struct ledger *ledger, struct store *store);
void ledger_close(struct ledger *ledger);

/* The text that @id is a hash of, if it is not there yet. */
int ledger_text(struct ledger *ledger, uint64_t id, const char *text);

/* @to gets the text of @id, "?" if there is none. Return: @to. */
const char *ledger_name(struct ledger *ledger, uint64_t id, char *to, size_t room);

int ledger_set(struct ledger *ledger, const char *name, int64_t value);

/* 0 if there is none. */
int ledger_get(struct ledger *ledger, const char *name, int64_t *value);

/* Memory as it is; @size has to be the same when it is read. *found: there was such. */
int ledger_keep(struct ledger *ledger, const char *name, const void *data, size_t size);
int ledger_recall(struct ledger *ledger, const char *name, void *data, size_t size,
		  bool *found);

/* All that is stored; what of it does not fit is forgotten. */
int ledger_load(struct ledger *ledger, struct model *model, struct surprises *surprises);

/* What changed since. */
int ledger_flush(struct ledger *ledger, struct model *model, struct surprises *surprises);

/* After a flush: names of what is not known any more go. */
int ledger_tidy(struct ledger *ledger);

/* Records were lost, or nobody watched; @lost < 0: nobody knows how many. */
int ledger_gap(struct ledger *ledger, int64_t from, int64_t to, const char *cause,
	       int64_t lost);

/* Actors that a restart has to know. */
int ledger_clear_actors(struct ledger *ledger);
int ledger_actor(struct ledger *ledger, int64_t execution, const void *state, size_t size);
int ledger_actors(struct ledger *ledger,
		  void (*take)(void *context, const void *state, size_t size), void *context);

/* Nothing is usual any more. */
int ledger_reset(struct store *store);

#endif
