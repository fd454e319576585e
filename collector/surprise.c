// SPDX-License-Identifier: GPL-2.0-only
/* How surprising things are as a rule. */
#include "surprise.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

enum { COUNT_MAX = 1 << 20 };

static const char *const names[TEMPLATES] = {
	[TEMPLATE_EXEC] = "exec",	    [TEMPLATE_ARGV] = "argv",
	[TEMPLATE_REACH] = "reach",	    [TEMPLATE_PEER] = "peer",
	[TEMPLATE_SERVE] = "serve",	    [TEMPLATE_WRITE] = "write",
	[TEMPLATE_SECRET] = "secret",	    [TEMPLATE_CREDENTIAL] = "credential",
	[TEMPLATE_CONTROL] = "control",	    [TEMPLATE_SESSION] = "session",
	[TEMPLATE_VOLUME] = "volume",	    [TEMPLATE_HOUR] = "hour",
};

const char *template_name(unsigned int template_)
{
	return template_ < TEMPLATES ? names[template_] : NULL;
}

unsigned int template_of(const char *name)
{
	unsigned int i;

	for (i = 1; i < TEMPLATES; i++)
		if (!strcmp(name, names[i]))
			return i;
	return 0;
}

static unsigned int bin_of(double surprise)
{
	const double bin = surprise * 2;

	return bin <= 0 ? 0 : bin >= SURPRISE_BINS - 1 ? SURPRISE_BINS - 1 : (unsigned int)bin;
}

/* Half of all is forgotten when there is much, so that what is new has its say. */
static void fade(uint32_t counts[SURPRISE_BINS])
{
	unsigned int i;

	for (i = 0; i < SURPRISE_BINS; i++)
		counts[i] /= 2;
}

void surprise_add(struct surprises *surprises, unsigned int template_, unsigned int descent,
		  double surprise)
{
	uint32_t *counts = surprises->counts[template_][descent];

	if (++counts[bin_of(surprise)] >= COUNT_MAX)
		fade(counts);
	surprises->dirty[template_][descent] = true;
}

double surprise_bits(const struct surprises *surprises, unsigned int template_,
		     unsigned int descent, double surprise)
{
	const uint32_t *counts = surprises->counts[template_][descent];
	double all = 0, as_great = 0, bits = surprise, rank;
	unsigned int i;

	for (i = 0; i < SURPRISE_BINS; i++) {
		all += counts[i];
		if (i >= bin_of(surprise))
			as_great += counts[i];
	}
	/* If none was, the rank only says that there were too few to tell. */
	if (all >= SURPRISE_LEAST && as_great > 0) {
		rank = log2((1 + all) / (1 + as_great));
		if (rank < bits)
			bits = rank;
	}
	return bits > SURPRISE_MOST ? SURPRISE_MOST : bits;
}
