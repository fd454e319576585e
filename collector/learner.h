/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads the stream beside the store, by the time of the events alone: what is usual, and
 * what is not. The same stream gives the same result, alive or replayed.
 *
 * Functions return 0 or a negative errno; then the transaction is void, and what is known
 * must be loaded again.
 */
#ifndef KITH_LEARNER_H
#define KITH_LEARNER_H

#include "actor.h"
#include "allow.h"
#include "incident.h"
#include "ingest.h"
#include "ledger.h"
#include "model.h"
#include "origin.h"
#include "surprise.h"

#include <stdbool.h>
#include <stdint.h>

#define LEARNER_HOUR_NS  INT64_C(3600000000000)
/* Between a workload, a program, and what has started that; no name has it in it. */
#define LEARNER_BETWEEN	 " // "
#define LEARNER_FLUSH_NS INT64_C(60000000000)

enum {
	LEARNER_WARM_HOURS = 24,  /* until then it is not even known what is surprising */
	LEARNER_YOUNG_HOURS = 72, /* until then nothing is said but what is certain */
	LEARNER_LEARNED_HOURS = 168, /* until then somewhat more is asked for */
	LEARNER_SEEN = 8192,
	LEARNER_PLACES = 256,
	LEARNER_RECIPES = 2048,
	LEARNER_LEAST_BITS = 6,
	LEARNER_LEAST_SCORE = 4,
	LEARNER_SIGNS = 2, /* of a template that one actor gives */
	LEARNER_PENDING_DAYS = 3,
};

/* What contexts are of; where several are in a chain, from the first on. */
enum level {
	LEVEL_HOST,
	LEVEL_DESCENT,
	LEVEL_PROGRAM,
	LEVEL_WORKLOAD, /* and program */
	LEVEL_LINEAGE,	/* and what it descends from */
	LEVEL_USER,
	LEVEL_WHOLE, /* the workload with all of its programs */
	LEVELS,
};

/* A path as the learner sees it. */
struct path_class {
	enum lasting lasting;
	bool secret;
	bool inside; /* of a container */
};

/* An execution that was seen before, and so need not be taken apart again. */
struct recipe {
	uint64_t tag; /* of all that it was made of; 0: none */
	struct actor actor;
	uint64_t child; /* objects */
	uint64_t arguments;
};

/* A control group whose path is known. */
struct known_place {
	int64_t container; /* 0: none */
	struct cgroup_names names;
};

struct learner {
	struct store *store;
	struct ledger ledger;
	struct model model;
	struct surprises surprises;
	struct actors actors;
	struct origins origins;
	struct incidents incidents;
	struct allows allows;
	struct ingest *ingest; /* whose processes they are */
	int64_t now;
	int64_t flushed;
	uint32_t hour;
	uint32_t began;
	uint32_t day; /* in which the last of what is old went */
	int error; /* that has not been told yet */
	bool loaded;
	bool frozen; /* it judges, and does not learn */
	/* what came this hour, of which nothing more is to be learned */
	uint64_t seen[LEARNER_SEEN];
	struct recipe recipes[LEARNER_RECIPES];
	struct known_place places[LEARNER_PLACES];
};

/* Something that somebody does. */
struct sign {
	const struct actor *actor;
	const struct actor *child; /* that he has started; or NULL */
	unsigned int template_;
	unsigned int kind; /* enum risk_kind */
	unsigned int levels;
	enum level of[MODEL_LEVELS];
	uint64_t user;	   /* of LEVEL_USER */
	uint64_t object;
	const char *text;  /* of the object */
	const char *source;
	int64_t row;
	int64_t at;
	int64_t process;
	const char *verb;
	struct slice what; /* as it was chosen */
	bool certain;	   /* it is never usual */
};

/* Return: 0 or an error. *learner is to be freed in either case. */
int learner_new(struct learner **learner, struct ingest *ingest, struct store *store);
void learner_free(struct learner *learner);

/* What is stored is to be read again before anything else. */
void learner_forget(struct learner *learner);

/* It is @at now. */
int learner_pass(struct learner *learner, int64_t at);
static inline int learner_tick(struct learner *learner, int64_t at)
{
	return at < learner->flushed + LEARNER_FLUSH_NS ? 0 : learner_pass(learner, at);
}

/* Before a commit: what people should hear of. */
int learner_commit(struct learner *learner);

/* At the end: all that is known. */
int learner_finish(struct learner *learner);

/* What happened. @before: what the process ran until then. */
int learner_exec(struct learner *learner, const struct record *record,
		 const struct kith_image *image, const struct process *process,
		 int64_t before, const struct store_execution *row);
int learner_access(struct learner *learner, const struct record *record,
		   const struct store_access *row);
int learner_change(struct learner *learner, const struct record *record,
		   const struct store_change *row, int64_t id);
int learner_connection(struct learner *learner, const struct record *record,
		       const struct store_connection *row);
int learner_listener(struct learner *learner, const struct record *record,
		     const struct store_listener *row, int64_t id);
int learner_credential(struct learner *learner, const struct record *record,
		       const struct process *process, int64_t id);
int learner_control(struct learner *learner, const struct record *record,
		    const struct store_control *row, int64_t id);
int learner_sensor(struct learner *learner, const struct record *record);
int learner_loss(struct learner *learner, const struct store_loss *loss);

/* Nobody watched. */
int learner_gap(struct learner *learner, int64_t from, int64_t to);

/* What the files of the learner share. */

/* Was the like met this hour? @a and @b tell what it is. If not, it is from now on. */
bool learner_seen(struct learner *learner, uint64_t a, uint64_t b);

int learner_sign(struct learner *learner, const struct sign *sign);

/* Was it met this hour, in the context that is the most special? @again: it is now. */
bool learner_was_met(struct learner *learner, const struct sign *sign, bool again);

/* @actor was there this hour. */
int learner_met(struct learner *learner, struct actor *actor, bool run,
		const struct actor_texts *texts);

/* Who acts: the process @key. NULL: not known. */
struct actor *learner_actor(struct learner *learner, uint64_t key);

/* Who began what @actor is part of; itself, if that is not known. */
struct actor *learner_root(struct learner *learner, struct actor *actor);

/* What began with @actor has to do with what @origin did. */
int learner_blame(struct learner *learner, const struct actor *actor,
		  const struct origin *origin);

static inline uint64_t learner_text(const struct learner *learner, const struct normal *normal)
{
	return actor_hash(&learner->actors, normal->text);
}

/* learner_text.c: sentences. */
enum { LEARNER_SENTENCE = 640 };
void learner_act(const struct sign *sign, char *to, size_t room);
void learner_sentence(struct learner *learner, const struct sign *sign,
		      const struct model_view *view, const char *act, char *to, size_t room);
/* The descent that LEVEL_DESCENT calls so; DESCENT_HOST if none. */
unsigned int learner_descent_of(const char *text);
const char *learner_context_text(struct learner *learner, const struct sign *sign,
				 enum level level, char *to, size_t room);

#endif
