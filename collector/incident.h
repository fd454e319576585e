/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What belongs together of what was not usual, and whether somebody should hear of it.
 * What hangs together by descent is a group; groups join when one runs what the other has
 * written, say. A group whose score reaches the threshold, and that has signs of two
 * templates or one that is enough alone, is an incident from then on.
 */
#ifndef KITH_INCIDENT_H
#define KITH_INCIDENT_H

#include "actor.h"
#include "model.h"
#include "risk.h"
#include "store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ledger;
struct sqlite3_stmt;

enum {
	INCIDENT_GROUPS = 512,
	INCIDENT_ITEMS = 24,
	INCIDENT_CAUSES = 8,
	INCIDENT_ACT = 128,
	INCIDENT_SHOWN = 10, /* rows of evidence */
	INCIDENT_STRONG = 20, /* of one sign that is enough alone */
	INCIDENT_LINKS = 8,   /* what has less does not join others */
	INCIDENT_TACTIC = 6,
	INCIDENT_TIES = 1024,
};

#define INCIDENT_THRESHOLD 40.0
#define INCIDENT_DAY INT64_C(86400000000000)

/* One that was not usual. */
struct finding {
	int64_t at;
	int64_t process;
	int64_t execution;
	int64_t root;
	unsigned int template_;
	unsigned int kind;
	unsigned int descent;
	uint64_t context; /* ids of texts */
	uint64_t object;
	uint64_t workload;
	const char *source;
	int64_t row;
	double bits;
	double weight;
	struct model_view view;
	const char *sentence;
	const char *act;
};

struct item {
	int64_t id;
	int64_t at;
	int64_t process;
	int64_t execution;
	uint64_t context;
	uint64_t object;
	uint64_t workload;
	double score;
	uint8_t template_;
	uint8_t kind;
	char act[INCIDENT_ACT];
};

struct cause {
	int64_t process;
	int64_t execution;
};

struct group {
	int64_t root; /* execution; 0: free */
	int64_t first;
	int64_t last;
	int64_t incident; /* 0: none */
	double score; /* the greatest so far */
	double threshold;
	bool dirty;
	unsigned int count, causes_count;
	struct item items[INCIDENT_ITEMS];
	struct cause causes[INCIDENT_CAUSES];
};

/* That what began with @root has to do with what began with @other, once both are groups. */
struct tie {
	int64_t root; /* 0: none */
	int64_t other;
	int64_t at;
	struct cause cause;
};

enum incident_statement {
	INCIDENT_ADD,
	INCIDENT_PUT,
	INCIDENT_RANK,
	INCIDENT_UNRANK,
	INCIDENT_PROCESS,
	INCIDENT_FORGET,
	INCIDENT_JOIN,
	INCIDENT_FORGET_PROCESSES,
	INCIDENT_PRUNE,
	INCIDENT_STATEMENTS,
};

struct incidents {
	struct store *store;
	struct actors *actors;
	struct ledger *ledger;
	struct sqlite3_stmt *statements[INCIDENT_STATEMENTS];
	struct group *groups;
	struct tie *ties;
	unsigned int next_tie;
	int64_t last_anomaly;
	int64_t last_incident;
	double threshold;
	bool dirty;
};

int incidents_open(struct incidents *incidents, struct store *store, struct ledger *ledger,
		   struct actors *actors);
void incidents_close(struct incidents *incidents);

/* What was found within two days before @now, as it is stored. */
int incidents_load(struct incidents *incidents);

/* *reported: it is part of an incident. */
int incidents_add(struct incidents *incidents, const struct finding *finding, bool *reported);

/*
 * What began with @tie->root has to do with what began with @tie->other, which its cause is
 * part of: known from now on, for when there is something unusual of both.
 */
int incidents_tie(struct incidents *incidents, const struct tie *tie);

/* What there is of the like, if anything. */
const struct group *incidents_group(const struct incidents *incidents, int64_t root);

/* Write what changed. */
int incidents_flush(struct incidents *incidents);

/* Anomalies of no incident from before @before go. */
int incidents_prune(struct incidents *incidents, int64_t before);

/* incident_row.c: the rows of a group. */
int incident_insert(struct incidents *incidents, const struct finding *finding, int64_t id);
int incident_put(struct incidents *incidents, struct group *group);
int incident_join(struct incidents *incidents, const struct group *from,
		  const struct group *to);
int incident_prepare(struct incidents *incidents);

/* Ten that say most, the gravest first. Return: how many. */
unsigned int incident_rank(const struct group *group, const struct item *ranked[]);
unsigned int incident_signs(const struct group *group, int64_t now, double *score,
			    unsigned int *tactics);

#endif
