/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How surprising things are as a rule, by template and by what the process descends from.
 * Where surprises are common, as where people type, they tell less.
 */
#ifndef KITH_SURPRISE_H
#define KITH_SURPRISE_H

#include <stdbool.h>
#include <stdint.h>

/* What is compared with what: rows of baseline_templates. */
enum template_ {
	TEMPLATE_THERE, /* it ran: no row */
	TEMPLATE_EXEC,
	TEMPLATE_ARGV,
	TEMPLATE_REACH,
	TEMPLATE_PEER,
	TEMPLATE_SERVE,
	TEMPLATE_WRITE,
	TEMPLATE_SECRET,
	TEMPLATE_CREDENTIAL,
	TEMPLATE_CONTROL,
	TEMPLATE_SESSION,
	TEMPLATE_VOLUME,
	TEMPLATE_HOUR,
	TEMPLATES,
};

/* What a process descends from: rows of baseline_classes. */
enum descent {
	DESCENT_HOST,
	DESCENT_SERVICE,
	DESCENT_JOB,
	DESCENT_CONTAINER,
	DESCENT_LOGIN,
	DESCENT_PACKAGE,
	DESCENTS,
};

enum {
	SURPRISE_BINS = 64, /* of half a bit */
	SURPRISE_LEAST = 200, /* so many are needed to say what is common */
	SURPRISE_MOST = 20,   /* bits that anything can be worth */
};

/* As baseline_templates has it; NULL: none. And the other way: 0, there is none. */
const char *template_name(unsigned int template_);
unsigned int template_of(const char *name);

struct surprises {
	uint32_t counts[TEMPLATES][DESCENTS][SURPRISE_BINS];
	bool dirty[TEMPLATES][DESCENTS];
};

void surprise_add(struct surprises *surprises, unsigned int template_, unsigned int descent,
		  double surprise);

/* What @surprise is worth: no more than how rare one as great is. */
double surprise_bits(const struct surprises *surprises, unsigned int template_,
		     unsigned int descent, double surprise);

#endif
