/* SPDX-License-Identifier: GPL-2.0-only */
/* A list of the threads or processes that live at one moment. */
#ifndef _KITH_ROSTER_H
#define _KITH_ROSTER_H

#include <linux/sched.h>

struct kith_roster {
	struct task_struct **tasks; /* each with a reference */
	size_t count;
};

/**
 * kith_roster_call() - Fill @roster.
 * @threads: true: every thread; false: one live thread of every process, the
 *	     first one if it lives
 *
 * Return: 0 or -ENOMEM. Context: may sleep. Undone by kith_roster_dismiss().
 */
int kith_roster_call(struct kith_roster *roster, bool threads);
void kith_roster_dismiss(struct kith_roster *roster);

#endif
