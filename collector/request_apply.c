// SPDX-License-Identifier: GPL-2.0-only
/* What people ask of the writer of a database: doing it. */
#include "request.h"

#include "actor.h"
#include "ledger.h"
#include "learner.h"
#include "statement.h"
#include "surprise.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fields {
	unsigned int count;
	char *field[REQUEST_FIELDS];
};

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In place: it only becomes shorter. A NUL would end it. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++, to++) {
		const int high = *text == '%' ? digit(text[1]) : -1;
		const int low = high >= 0 ? digit(text[2]) : -1;

		*to = low >= 0 && high * 16 + low ? (char)(high * 16 + low) : *text;
		if (low >= 0)
			text += 2;
	}
	*to = '\0';
}

static void split(char *line, struct fields *fields)
{
	char *rest, *field = strtok_r(line, "\t", &rest);

	for (fields->count = 0; field && fields->count < REQUEST_FIELDS; fields->count++) {
		unescape(field);
		fields->field[fields->count] = field;
		field = strtok_r(NULL, "\t", &rest);
	}
}

/* Run @sql with the fields from @first on as its parameters; "-" is NULL. */
static int run(struct store *store, const char *sql, const struct fields *fields,
	       unsigned int first)
{
	sqlite3_stmt *statement = NULL;
	int ret = store_prepare(store, &statement, sql), code;
	unsigned int i;

	if (ret)
		return ret;
	for (i = first; i < fields->count; i++)
		if (strcmp(fields->field[i], "-") != 0)
			sqlite3_bind_text(statement, (int)(i - first + 1), fields->field[i], -1,
					  SQLITE_STATIC);
	code = sqlite3_step(statement);
	sqlite3_finalize(statement);
	return code == SQLITE_DONE || code == SQLITE_ROW ? 0 : store_fail(store, code);
}

/* template context object incident verdict author reason created expires */
static int allow(struct store *store, const struct fields *fields)
{
	return run(store,
		   "INSERT INTO allowances (template, context, object, incident, verdict, author,"
		   " reason, created, expires, hits) SELECT (SELECT id FROM baseline_templates"
		   " WHERE name = ?1), ?2, ?3, CAST(?4 AS INTEGER), ?5, ?6, ?7,"
		   " CAST(?8 AS INTEGER), CAST(?9 AS INTEGER), 0 WHERE EXISTS (SELECT 1 FROM"
		   " baseline_templates WHERE name = ?1) AND NOT EXISTS (SELECT 1 FROM allowances"
		   " WHERE created = CAST(?8 AS INTEGER) AND context = ?2 AND object = ?3)",
		   fields, 1);
}

/* incident verdict: what is expected counts from now on, what is malicious never did. */
static int judge(struct store *store, const struct fields *fields)
{
	static const char edges[] =
		"(SELECT e.context, e.object FROM anomalies a JOIN baseline_edges e"
		" ON e.object = a.object WHERE a.incident = CAST(?1 AS INTEGER))";
	const bool bad = fields->count > 2 && !strcmp(fields->field[2], "malicious");
	char sql[512];
	int ret = run(store, "UPDATE incidents SET status = ?2 WHERE id = CAST(?1 AS INTEGER)",
		      fields, 1);

	if (ret)
		return ret;
	snprintf(sql, sizeof(sql),
		 "UPDATE baseline_edges SET pending = %d, n = %s WHERE (context, object) IN %s"
		 " AND (pending OR %d) AND ?2 = ?2",
		 bad, bad ? "0" : "max(n, days)", edges, bad);
	return run(store, sql, fields, 1);
}

static int forget(struct store *store, const struct fields *fields)
{
	(void)fields;
	return ledger_reset(store);
}

static int freeze(struct store *store, const struct fields *fields)
{
	return run(store,
		   "REPLACE INTO baseline_state VALUES ('frozen', CAST(?1 AS INTEGER))", fields,
		   1);
}

static int take_back(struct store *store, const struct fields *fields)
{
	return run(store,
		   "UPDATE allowances SET removed = CAST(?2 AS INTEGER)"
		   " WHERE id = CAST(?1 AS INTEGER) AND removed IS NULL",
		   fields, 1);
}

static int seed_of(struct store *store, uint64_t *seed)
{
	struct store_last last;
	int ret = store_last(store, &last);

	*seed = (uint64_t)last.file_seed;
	return ret ? ret : last.file_seed ? 0 : -ENODATA;
}

/* The key of a context, as learner_sign.c makes it, by its text. */
static uint64_t key_of(const struct actors *actors, char *text)
{
	uint64_t key = 0;
	char *next;

	for (; text; text = next) {
		next = strstr(text, LEARNER_BETWEEN);
		if (next) {
			*next = '\0';
			next += strlen(LEARNER_BETWEEN);
		}
		key = key ? actor_join(actors, key, actor_hash(actors, text)) :
			    actor_hash(actors, text);
	}
	return key;
}

static uint64_t context_key(const struct actors *actors, enum level level, char *text)
{
	unsigned long user = 0;

	switch (level) {
	case LEVEL_HOST:
		return 1;
	case LEVEL_USER:
		if (!strncmp(text, "user ", 5))
			user = strtoul(text + 5, NULL, 10);
		return user + 1;
	case LEVEL_DESCENT:
		return learner_descent_of(text) + 1;
	default:
		return key_of(actors, text);
	}
}

static int bring_text(struct store *store, uint64_t id, const char *text)
{
	sqlite3_stmt *statement = NULL;
	int ret = store_prepare(store, &statement,
				"INSERT OR IGNORE INTO baseline_texts VALUES (?, ?)"),
	    code;

	if (ret)
		return ret;
	sqlite3_bind_int64(statement, 1, (int64_t)id);
	sqlite3_bind_text(statement, 2, text, -1, SQLITE_STATIC);
	code = sqlite3_step(statement);
	sqlite3_finalize(statement);
	return code == SQLITE_DONE ? 0 : store_fail(store, code);
}

/* template level context object n times first hour days runs; of THERE the object is "-". */
struct edge_line {
	unsigned int template_;
	enum level level;
	uint64_t context;
	uint64_t text;
	uint64_t object;
};

static int put_edge(struct store *store, const struct edge_line *line,
		    const struct fields *fields)
{
	/* What is known already stays: a second import of the same changes nothing. */
	static const char context[] =
		"INSERT INTO baseline_contexts VALUES (%lld, %u, %u, %lld,"
		" iif(%d, 0, CAST(?5 AS REAL)), 0,"
		" CAST(?10 AS INTEGER), CAST(?7 AS INTEGER), CAST(?8 AS INTEGER),"
		" CAST(?9 AS INTEGER), 0) ON CONFLICT (id) DO UPDATE SET"
		" days = max(days, excluded.days), runs = max(runs, excluded.runs),"
		" n = max(n, excluded.n)";
	static const char edge[] =
		"INSERT OR IGNORE INTO baseline_edges VALUES (%lld, %lld, CAST(?5 AS REAL),"
		" CAST(?6 AS INTEGER), CAST(?7 AS INTEGER), CAST(?8 AS INTEGER),"
		" CAST(?9 AS INTEGER), 0)";
	static const char total[] =
		"UPDATE baseline_contexts SET n = n + CAST(?5 AS REAL), objects = objects + 1"
		" WHERE id = %lld";
	char sql[640];
	int ret;

	snprintf(sql, sizeof(sql), context, (long long)line->context, line->template_,
		 (unsigned int)line->level, (long long)line->text, line->object != 0);
	ret = run(store, sql, fields, 1);
	if (ret || !line->object)
		return ret;
	snprintf(sql, sizeof(sql), edge, (long long)line->context, (long long)line->object);
	ret = run(store, sql, fields, 1);
	if (ret || !sqlite3_changes(store->db))
		return ret;
	snprintf(sql, sizeof(sql), total, (long long)line->context);
	return run(store, sql, fields, 1);
}

static int bring(struct store *store, const struct fields *fields)
{
	struct actors actors = { .table = NULL };
	struct edge_line line = { .object = 0 };
	int ret = seed_of(store, &actors.seed);

	if (ret || fields->count < 11)
		return ret == -ENODATA ? 0 : ret;
	line.template_ = template_of(fields->field[1]);
	line.level = (enum level)strtoul(fields->field[2], NULL, 10);
	if (line.level >= LEVELS || (!line.template_ && strcmp(fields->field[1], "there") != 0))
		return 0;
	line.text = actor_hash(&actors, fields->field[3]);
	ret = bring_text(store, line.text, fields->field[3]);
	if (!ret && line.template_) {
		line.object = actor_hash(&actors, fields->field[4]);
		ret = bring_text(store, line.object, fields->field[4]);
	}
	line.context = actor_join(&actors, (uint64_t)line.template_ << 8 | line.level,
				  context_key(&actors, line.level, fields->field[3]));
	if (!ret)
		ret = put_edge(store, &line, fields);
	/* What is old elsewhere is old here. */
	return ret ? ret :
		     run(store,
			 "INSERT INTO baseline_state VALUES ('began', CAST(?7 AS INTEGER))"
			 " ON CONFLICT (name) DO UPDATE SET value = min(value, excluded.value)",
			 fields, 1);
}

static const struct {
	const char *verb;
	unsigned int fields; /* behind it */
	int (*apply)(struct store *store, const struct fields *fields);
} verbs[] = {
	{ "allow", 9, allow },	   { "judge", 2, judge },    { "reset", 0, forget },
	{ "freeze", 1, freeze },   { "remove", 2, take_back }, { "edge", 10, bring },
};

static int apply_line(struct store *store, char *line)
{
	struct fields fields;
	size_t i;

	split(line, &fields);
	for (i = 0; fields.count && i < sizeof(verbs) / sizeof(*verbs); i++)
		if (!strcmp(fields.field[0], verbs[i].verb) &&
		    fields.count == verbs[i].fields + 1)
			return verbs[i].apply(store, &fields);
	return 0;
}

int request_apply(struct store *store, char *text)
{
	char *rest, *line = strtok_r(text, "\n", &rest);
	int ret = 0;

	for (; line && !ret; line = strtok_r(NULL, "\n", &rest))
		ret = apply_line(store, line);
	return ret;
}
