// SPDX-License-Identifier: GPL-2.0-only
#include "busy.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
	ROUNDS = 40,	       /* at most, of a quarter of a second */
	ROUND_NS = 250000000,
	ALIKE_NS = 500000,     /* two rounds that differ by less are quiet */
};

uint64_t busy_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void pause_for(long ns)
{
	const struct timespec time = { 0, ns };

	nanosleep(&time, NULL);
}

/* The seventh number of each processor's line. */
uint64_t busy_total(void)
{
	unsigned long long one, sum = 0;
	FILE *file;
	char line[512];

	pause_for(1);
	file = fopen("/proc/schedstat", "r");
	if (!file) {
		perror("/proc/schedstat");
		exit(1);
	}
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "cpu%*u %*u %*u %*u %*u %*u %*u %llu", &one) == 1)
			sum += one;
	fclose(file);
	return sum;
}

static uint64_t apart(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* What goes on for ever went on while we waited for the disk, too: by that clock it is slow. */
uint64_t busy_drain(void)
{
	uint64_t begin = busy_total(), since = busy_now(), before, now, last = 0, quiet, idle;
	unsigned int rounds;

	sync();
	before = busy_total();
	for (rounds = 1, quiet = 0; rounds <= ROUNDS && quiet < 3; rounds++) {
		pause_for(ROUND_NS);
		now = busy_total();
		quiet = apart(now - before, last) < ALIKE_NS + last / 20 ? quiet + 1 : 0;
		last = now - before;
		before = now;
	}
	idle = last * ((busy_now() - since) / 1000000) / (ROUND_NS / 1000000);
	return before - begin > idle ? before - begin - idle : 0;
}
