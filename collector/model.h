/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was seen in which context, and how likely that makes something else.
 *
 * A context is met with objects. At most one meeting an hour of each counts, so that no
 * loop makes itself usual; what is 30 days old counts half. Likelihood is interpolated
 * from general contexts to special ones (Witten and Bell 1991, method C):
 *
 *	p_k = (n(c_k, o) + T(c_k) p_k-1) / (N(c_k) + T(c_k))
 *
 * where N is the sum of n over all objects and T how many there are. Time in which a
 * context was there and nothing was met counts as one more object: a service that never
 * starts anything would else know nothing of that.
 *
 * Of bounded size: what is new takes the place of what is youngest in days and longest
 * ago. All times are hours since the epoch.
 */
#ifndef KITH_MODEL_H
#define KITH_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	MODEL_LEVELS = 5,
	MODEL_CONTEXTS = 1 << 15,
	MODEL_EDGES = 1 << 17,
	MODEL_OBJECTS = 512,	   /* of a context */
	MODEL_HOST_OBJECTS = 8192, /* of one that is the whole host's */
	MODEL_HALF_LIFE = 30 * 24,
	MODEL_MATURE = 12, /* hours in which it was met */
	MODEL_MATURE_DAYS = 3,
	MODEL_MATURE_RUNS = 3, /* of what runs by the clock */
};

struct model_context {
	uint64_t id; /* 0: free */
	uint64_t text;
	double n;
	uint32_t objects;
	uint32_t runs;
	uint32_t first;
	uint32_t hour;
	uint16_t days;
	uint8_t template_;
	uint8_t level;
	bool dirty;
	bool imported;
};

struct model_edge {
	uint64_t context; /* 0: free */
	uint64_t object;
	double n;
	uint32_t times;
	uint32_t first;
	uint32_t hour;
	uint16_t days;
	bool pending;
	bool dirty;
};

/* What has gone, for the database. */
struct model_gone {
	uint64_t context;
	uint64_t object; /* 0: the context itself */
};

struct model {
	struct model_context *contexts;
	struct model_edge *edges;
	/* what changed since the last flush: places in the above */
	uint32_t *dirty_contexts, *dirty_edges;
	size_t dirty_context_count, dirty_edge_count;
	struct model_gone *gone;
	size_t gone_count, gone_room;
	bool lost_track; /* of what has gone: there was no memory for it */
};

/* From general to special. */
struct model_chain {
	unsigned int levels;
	uint64_t contexts[MODEL_LEVELS];
	uint64_t exposures[MODEL_LEVELS]; /* contexts of being there at all; 0: none */
	bool seldom; /* it comes seldom, and as a rule: few times or days are enough */
};

/* What is known of an object in the most special context that is mature, and elsewhere. */
struct model_view {
	double surprise; /* bits */
	uint32_t times;
	uint32_t runs;
	uint32_t days;
	uint32_t elsewhere;
	unsigned int level;  /* which one that is */
	unsigned int mature; /* how many are, but for the first */
};

/* Return: 0 or -ENOMEM. */
int model_init(struct model *model);
void model_free(struct model *model);
void model_clear(struct model *model);

/* 1 at 0 hours, 1/2 at 30 days. */
double model_decay(uint32_t hours);

struct model_context *model_find_context(const struct model *model, uint64_t id);
struct model_edge *model_find_edge(const struct model *model, uint64_t context,
				   uint64_t object);

/* The same, or a new one; *fresh says so. */
struct model_context *model_need_context(struct model *model, uint64_t id, bool *fresh);
struct model_edge *model_need_edge(struct model *model, uint64_t context, uint64_t object,
				   bool *fresh);

/* It was met in @hour. */
void model_meet(struct model *model, struct model_context *context, uint32_t hour);

/*
 * @object was met in @context in @hour: it counts unless it is @pending. False: it has
 * been this hour.
 */
bool model_count(struct model *model, struct model_context *context, uint64_t object,
		 uint32_t hour, bool pending);

/* What has been pending for long enough counts from now on. */
void model_promote(struct model *model, struct model_edge *edge);

void model_look(const struct model *model, const struct model_chain *chain, uint64_t object,
		uint32_t hour, struct model_view *view);

/* To be written to the database. */
void model_touch_context(struct model *model, struct model_context *context);
void model_touch_edge(struct model *model, struct model_edge *edge);

#endif
