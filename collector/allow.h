/* SPDX-License-Identifier: GPL-2.0-only */
/* What people said of what is not usual, and what of it that explains. */
#ifndef KITH_ALLOW_H
#define KITH_ALLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

enum { ALLOW_MAX = 512, ALLOW_PATTERN = 400 };

struct allowance {
	int64_t id;
	int64_t expires; /* INT64_MAX: never */
	unsigned int template_;
	char context[ALLOW_PATTERN];
	char object[ALLOW_PATTERN];
};

struct allows {
	struct store *store;
	struct allowance *table;
	size_t count;
};

int allows_open(struct allows *allows, struct store *store);
void allows_close(struct allows *allows);

/* Those that hold, and do not call it malicious. */
int allows_load(struct allows *allows);

/* Does one explain it? Then it is counted. Return: 1, 0, or an error. */
int allows_match(struct allows *allows, unsigned int template_, const char *context,
		 const char *object, int64_t now);

#endif
