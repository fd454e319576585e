// SPDX-License-Identifier: GPL-2.0-only
/* The tables of the baseline. */
#include "ledger.h"

#include "statement.h"
#include "store.h"

#include <stdio.h>
#include <string.h>

static const char *const texts[LEDGER_STATEMENTS] = {
	[LEDGER_TEXT] = "INSERT OR IGNORE INTO baseline_texts VALUES (?, ?)",
	[LEDGER_TEXT_FIND] = "SELECT text FROM baseline_texts WHERE id = ?",
	[LEDGER_CONTEXT] = "REPLACE INTO baseline_contexts"
			   " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[LEDGER_CONTEXT_GONE] = "DELETE FROM baseline_contexts WHERE id = ?",
	[LEDGER_CONTEXT_EDGES_GONE] = "DELETE FROM baseline_edges WHERE context = ?",
	[LEDGER_EDGE] = "REPLACE INTO baseline_edges VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
	[LEDGER_EDGE_GONE] = "DELETE FROM baseline_edges WHERE context = ? AND object = ?",
	[LEDGER_SURPRISE] = "REPLACE INTO baseline_surprises VALUES (?, ?, ?, ?)",
	[LEDGER_STATE] = "REPLACE INTO baseline_state VALUES (?, ?)",
	[LEDGER_STATE_FIND] = "SELECT value FROM baseline_state WHERE name = ?",
	[LEDGER_GAP] = "INSERT INTO baseline_gaps (from_ts, to_ts, cause, lost)"
		       " VALUES (?, ?, ?, ?)",
	/* What is lost in a flood is reported many times. */
	[LEDGER_GAP_EXTEND] = "UPDATE baseline_gaps SET to_ts = max(to_ts, ?2), lost = lost + ?4"
			      " WHERE id = (SELECT max(id) FROM baseline_gaps) AND cause = ?3"
			      " AND to_ts BETWEEN ?1 - 3600000000000 AND ?2 AND from_ts <= ?1",
	[LEDGER_ACTOR] = "REPLACE INTO actors VALUES (?, ?)",
};

int ledger_open(struct ledger *ledger, struct store *store)
{
	int ret = 0, i;

	*ledger = (struct ledger){ .store = store };
	for (i = 0; i < LEDGER_STATEMENTS && !ret; i++)
		ret = store_prepare(store, &ledger->statements[i], texts[i]);
	return ret;
}

void ledger_close(struct ledger *ledger)
{
	int i;

	for (i = 0; i < LEDGER_STATEMENTS; i++) {
		sqlite3_finalize(ledger->statements[i]);
		ledger->statements[i] = NULL;
	}
}

static int run(struct ledger *ledger, enum ledger_statement which)
{
	sqlite3_stmt *statement = ledger->statements[which];
	const int code = sqlite3_step(statement);

	sqlite3_reset(statement);
	return code == SQLITE_DONE || code == SQLITE_ROW ? 0 : store_fail(ledger->store, code);
}

static struct binder bind(struct ledger *ledger, enum ledger_statement which)
{
	return (struct binder){ .statement = ledger->statements[which], .next = 1 };
}

static void bind_real(struct binder *binder, double value)
{
	sqlite3_bind_double(binder->statement, binder->next++, value);
}

int ledger_text(struct ledger *ledger, uint64_t id, const char *text)
{
	struct binder binder = bind(ledger, LEDGER_TEXT);

	bind_int(&binder, (int64_t)id);
	bind_text(&binder, text);
	return run(ledger, LEDGER_TEXT);
}

const char *ledger_name(struct ledger *ledger, uint64_t id, char *to, size_t room)
{
	sqlite3_stmt *statement = ledger->statements[LEDGER_TEXT_FIND];
	const unsigned char *text = NULL;

	sqlite3_bind_int64(statement, 1, (int64_t)id);
	if (sqlite3_step(statement) == SQLITE_ROW)
		text = sqlite3_column_text(statement, 0);
	snprintf(to, room, "%s", text ? (const char *)text : "?");
	sqlite3_reset(statement);
	return to;
}

int ledger_set(struct ledger *ledger, const char *name, int64_t value)
{
	struct binder binder = bind(ledger, LEDGER_STATE);

	bind_text(&binder, name);
	bind_int(&binder, value);
	return run(ledger, LEDGER_STATE);
}

int ledger_get(struct ledger *ledger, const char *name, int64_t *value)
{
	sqlite3_stmt *statement = ledger->statements[LEDGER_STATE_FIND];
	int code;

	*value = 0;
	sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		*value = sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	return code == SQLITE_ROW || code == SQLITE_DONE ? 0 : store_fail(ledger->store, code);
}

int ledger_keep(struct ledger *ledger, const char *name, const void *data, size_t size)
{
	sqlite3_stmt *statement = ledger->statements[LEDGER_STATE];

	sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	sqlite3_bind_blob(statement, 2, data, (int)size, SQLITE_STATIC);
	return run(ledger, LEDGER_STATE);
}

int ledger_recall(struct ledger *ledger, const char *name, void *data, size_t size, bool *found)
{
	sqlite3_stmt *statement = ledger->statements[LEDGER_STATE_FIND];
	const void *blob = NULL;
	int code;

	sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		blob = sqlite3_column_blob(statement, 0);
	*found = blob && sqlite3_column_bytes(statement, 0) == (int)size;
	if (*found)
		memcpy(data, blob, size);
	sqlite3_reset(statement);
	return code == SQLITE_ROW || code == SQLITE_DONE ? 0 : store_fail(ledger->store, code);
}

/* Call @take for each row of @sql. */
static int each(struct store *store, const char *sql,
		void (*take)(void *context, sqlite3_stmt *row), void *context)
{
	sqlite3_stmt *statement = NULL;
	int ret = store_prepare(store, &statement, sql), code = SQLITE_DONE;

	while (!ret && (code = sqlite3_step(statement)) == SQLITE_ROW)
		take(context, statement);
	sqlite3_finalize(statement);
	return ret || code == SQLITE_DONE ? ret : store_fail(store, code);
}

static uint32_t column(sqlite3_stmt *row, int which)
{
	return (uint32_t)sqlite3_column_int64(row, which);
}

static void take_context(void *model_, sqlite3_stmt *row)
{
	const uint64_t id = (uint64_t)sqlite3_column_int64(row, 0);
	bool fresh;
	struct model_context *context = model_need_context(model_, id, &fresh);
	const bool dirty = context->dirty;

	*context = (struct model_context){
		.id = id,
		.template_ = (uint8_t)column(row, 1),
		.level = (uint8_t)column(row, 2),
		.text = (uint64_t)sqlite3_column_int64(row, 3),
		.n = sqlite3_column_double(row, 4),
		.objects = column(row, 5),
		.runs = column(row, 6),
		.first = column(row, 7),
		.hour = column(row, 8),
		.days = (uint16_t)column(row, 9),
		.imported = !column(row, 10),
		.dirty = dirty,
	};
}

static void take_edge(void *model_, sqlite3_stmt *row)
{
	const uint64_t context = (uint64_t)sqlite3_column_int64(row, 0);
	const uint64_t object = (uint64_t)sqlite3_column_int64(row, 1);
	bool fresh;
	struct model_edge *edge = model_need_edge(model_, context, object, &fresh);
	const bool dirty = edge->dirty;

	*edge = (struct model_edge){
		.context = context,
		.object = object,
		.n = sqlite3_column_double(row, 2),
		.times = column(row, 3),
		.first = column(row, 4),
		.hour = column(row, 5),
		.days = (uint16_t)column(row, 6),
		.pending = column(row, 7),
		.dirty = dirty,
	};
}

static void take_surprise(void *surprises_, sqlite3_stmt *row)
{
	struct surprises *surprises = surprises_;
	const uint32_t template_ = column(row, 0), descent = column(row, 1),
		       bin = column(row, 2);

	if (template_ < TEMPLATES && descent < DESCENTS && bin < SURPRISE_BINS)
		surprises->counts[template_][descent][bin] = column(row, 3);
}

/* What was just read is as it is stored. */
static void forget_changes(struct model *model)
{
	size_t i;

	for (i = 0; i < model->dirty_context_count; i++)
		model->contexts[model->dirty_contexts[i]].dirty = false;
	for (i = 0; i < model->dirty_edge_count; i++)
		model->edges[model->dirty_edges[i]].dirty = false;
	model->dirty_context_count = 0;
	model->dirty_edge_count = 0;
}

int ledger_load(struct ledger *ledger, struct model *model, struct surprises *surprises)
{
	int ret;

	model_clear(model);
	memset(surprises, 0, sizeof(*surprises));
	ret = each(ledger->store, "SELECT * FROM baseline_contexts ORDER BY id", take_context,
		   model);
	if (!ret)
		ret = each(ledger->store,
			   "SELECT * FROM baseline_edges ORDER BY context, object", take_edge,
			   model);
	if (!ret)
		ret = each(ledger->store, "SELECT * FROM baseline_surprises", take_surprise,
			   surprises);
	forget_changes(model);
	return ret;
}

static int flush_context(struct ledger *ledger, struct model_context *context)
{
	struct binder binder = bind(ledger, LEDGER_CONTEXT);

	bind_int(&binder, (int64_t)context->id);
	bind_int(&binder, context->template_);
	bind_int(&binder, context->level);
	bind_int(&binder, (int64_t)context->text);
	bind_real(&binder, context->n);
	bind_int(&binder, context->objects);
	bind_int(&binder, context->runs);
	bind_int(&binder, context->first);
	bind_int(&binder, context->hour);
	bind_int(&binder, context->days);
	bind_int(&binder, !context->imported);
	context->dirty = false;
	return run(ledger, LEDGER_CONTEXT);
}

static int flush_edge(struct ledger *ledger, struct model_edge *edge)
{
	struct binder binder = bind(ledger, LEDGER_EDGE);

	bind_int(&binder, (int64_t)edge->context);
	bind_int(&binder, (int64_t)edge->object);
	bind_real(&binder, edge->n);
	bind_int(&binder, edge->times);
	bind_int(&binder, edge->first);
	bind_int(&binder, edge->hour);
	bind_int(&binder, edge->days);
	bind_int(&binder, edge->pending);
	edge->dirty = false;
	return run(ledger, LEDGER_EDGE);
}

static int run_of(struct ledger *ledger, enum ledger_statement which, uint64_t key)
{
	struct binder binder = bind(ledger, which);

	bind_int(&binder, (int64_t)key);
	return run(ledger, which);
}

static int flush_gone(struct ledger *ledger, const struct model_gone *gone)
{
	struct binder binder;
	int ret;

	if (gone->object) {
		binder = bind(ledger, LEDGER_EDGE_GONE);
		bind_int(&binder, (int64_t)gone->context);
		bind_int(&binder, (int64_t)gone->object);
		return run(ledger, LEDGER_EDGE_GONE);
	}
	ret = run_of(ledger, LEDGER_CONTEXT_GONE, gone->context);
	return ret ? ret : run_of(ledger, LEDGER_CONTEXT_EDGES_GONE, gone->context);
}

static int flush_surprises(struct ledger *ledger, struct surprises *surprises,
			   unsigned int template_, unsigned int descent)
{
	const uint32_t *counts = surprises->counts[template_][descent];
	unsigned int bin;
	int ret = 0;

	for (bin = 0; bin < SURPRISE_BINS && !ret; bin++) {
		struct binder binder = bind(ledger, LEDGER_SURPRISE);

		if (!counts[bin])
			continue;
		bind_int(&binder, template_);
		bind_int(&binder, descent);
		bind_int(&binder, bin);
		bind_int(&binder, counts[bin]);
		ret = run(ledger, LEDGER_SURPRISE);
	}
	surprises->dirty[template_][descent] = false;
	return ret;
}

static int flush_all_surprises(struct ledger *ledger, struct surprises *surprises)
{
	unsigned int template_, descent;
	int ret = 0;

	for (template_ = 0; template_ < TEMPLATES; template_++)
		for (descent = 0; descent < DESCENTS && !ret; descent++)
			if (surprises->dirty[template_][descent])
				ret = flush_surprises(ledger, surprises, template_, descent);
	return ret;
}

/* What is gone first: it may have come again. */
int ledger_flush(struct ledger *ledger, struct model *model, struct surprises *surprises)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < model->gone_count && !ret; i++)
		ret = flush_gone(ledger, &model->gone[i]);
	for (i = 0; i < model->dirty_context_count && !ret; i++)
		ret = flush_context(ledger, &model->contexts[model->dirty_contexts[i]]);
	for (i = 0; i < model->dirty_edge_count && !ret; i++)
		ret = flush_edge(ledger, &model->edges[model->dirty_edges[i]]);
	if (!ret)
		ret = flush_all_surprises(ledger, surprises);
	if (ret)
		return ret;
	model->gone_count = 0;
	model->dirty_context_count = 0;
	model->dirty_edge_count = 0;
	return 0;
}

int ledger_tidy(struct ledger *ledger)
{
	return store_execute(ledger->store,
			     "DELETE FROM baseline_texts WHERE id NOT IN"
			     " (SELECT object FROM baseline_edges"
			     " UNION SELECT text FROM baseline_contexts"
			     " UNION SELECT context FROM anomalies"
			     " UNION SELECT object FROM anomalies)");
}

static int bind_gap(struct ledger *ledger, enum ledger_statement which, int64_t from,
		    int64_t to, const char *cause, int64_t lost)
{
	struct binder binder = bind(ledger, which);

	bind_int(&binder, from);
	bind_int(&binder, to);
	bind_text(&binder, cause);
	bind_nonnegative(&binder, lost);
	return run(ledger, which);
}

int ledger_gap(struct ledger *ledger, int64_t from, int64_t to, const char *cause, int64_t lost)
{
	int ret = bind_gap(ledger, LEDGER_GAP_EXTEND, from, to, cause, lost);

	if (ret || sqlite3_changes(ledger->store->db))
		return ret;
	return bind_gap(ledger, LEDGER_GAP, from, to, cause, lost);
}

int ledger_clear_actors(struct ledger *ledger)
{
	return store_execute(ledger->store, "DELETE FROM actors");
}

int ledger_actor(struct ledger *ledger, int64_t execution, const void *state, size_t size)
{
	sqlite3_stmt *statement = ledger->statements[LEDGER_ACTOR];

	sqlite3_bind_int64(statement, 1, execution);
	sqlite3_bind_blob(statement, 2, state, (int)size, SQLITE_STATIC);
	return run(ledger, LEDGER_ACTOR);
}

struct actor_reader {
	void (*take)(void *context, const void *state, size_t size);
	void *context;
};

static void take_actor(void *reader_, sqlite3_stmt *row)
{
	const struct actor_reader *reader = reader_;

	reader->take(reader->context, sqlite3_column_blob(row, 0),
		     (size_t)sqlite3_column_bytes(row, 0));
}

int ledger_actors(struct ledger *ledger,
		  void (*take)(void *context, const void *state, size_t size), void *context)
{
	struct actor_reader reader = { take, context };

	return each(ledger->store, "SELECT state FROM actors ORDER BY execution", take_actor,
		    &reader);
}

int ledger_reset(struct store *store)
{
	return store_execute(store, "DELETE FROM baseline_contexts; DELETE FROM baseline_edges;"
				    "DELETE FROM baseline_surprises; DELETE FROM actors;"
				    "DELETE FROM baseline_state WHERE name NOT IN ('revision');");
}
