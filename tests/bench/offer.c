// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: offer seteuid|fchmod RATE MILLISECONDS
 *
 * Makes RATE system calls a second, for so long, in bursts of a millisecond, and prints
 * how many it came to, the nanoseconds that the processors ran (see busy.h), of these what
 * was left to do at the end, and how long a call took: the median and the 99th percentile.
 */
#include "busy.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FILES = 64, CALLS_MAX = 1 << 20 };

static uint32_t took[CALLS_MAX];
static int files[FILES];

static void check(int result, const char *what)
{
	if (!result)
		return;
	perror(what);
	exit(1);
}

/* The same two changes again and again. */
static void call_seteuid(size_t i)
{
	check(seteuid(i % 2 ? 0 : 1000), "seteuid");
}

/* None is like one of the few before it. */
static void call_fchmod(size_t i)
{
	check(fchmod(files[i % FILES], i / FILES % 2 ? 0600 : 0640), "fchmod");
}

static void open_files(void)
{
	char name[] = "offer-00";
	size_t i;

	for (i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "offer-%02zu", i);
		files[i] = open(name, O_RDWR | O_CREAT, 0600);
		check(files[i] < 0, name);
	}
}

/* Returns how many there were. */
static size_t offer(void (*call)(size_t), uint64_t rate, uint64_t window)
{
	const struct timespec tick = { 0, 1000000 };
	uint64_t begin = busy_now(), at, since;
	size_t made = 0, due;

	while ((since = busy_now() - begin) < window) {
		due = since / 1000000 * rate / 1000;
		for (; made < due && made < CALLS_MAX && busy_now() - begin < window; made++) {
			at = busy_now();
			call(made);
			took[made] = (uint32_t)(busy_now() - at);
		}
		nanosleep(&tick, NULL);
	}
	return made;
}

static int compare(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int main(int argc, char **argv)
{
	unsigned long rate, ms;
	uint64_t begin, busy, left;
	size_t made;

	if (argc != 4)
		return 2;
	rate = strtoul(argv[2], NULL, 10);
	ms = strtoul(argv[3], NULL, 10);
	memset(took, 1, sizeof(took)); /* no page of it comes later */
	open_files();
	busy_drain();
	begin = busy_total();
	made = offer(*argv[1] == 's' ? call_seteuid : call_fchmod, rate, ms * 1000000ULL);
	busy = busy_total() - begin;
	check(seteuid(0), "seteuid");
	left = busy_drain();
	qsort(took, made, sizeof(*took), compare);
	printf("%zu %llu %llu %u %u\n", made, (unsigned long long)(busy + left),
	       (unsigned long long)left, took[made / 2], took[made - 1 - made / 100]);
	return 0;
}
