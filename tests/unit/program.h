/* SPDX-License-Identifier: GPL-2.0-only */
/* kith and kithd, run as programs: what they print, say and exit with. */
#ifndef KITH_PROGRAM_H
#define KITH_PROGRAM_H

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

enum { PROGRAM_ARGUMENTS = 16, PROGRAM_OUTPUT = 1 << 16 };

/* What the last program has printed and said. */
extern char printed[PROGRAM_OUTPUT], said[PROGRAM_OUTPUT];

/* How the next ones run. */
extern bool as_nobody, to_full_disk;
extern rlim_t file_limit;

#define END ((char *)NULL)
#define DB  "--db", unit_path("kith.db")

/* Run a program with arguments up to END. Return: its exit status. */
int run(const char *name, ...);

/* The same in two steps, for one that has to be stopped. */
pid_t run_begin(const char *name, ...);
int run_end(pid_t pid);

/* What has been printed so far. */
void run_look(void);

/* Wait until that has @text in it, ten seconds. */
void run_wait_for(const char *text);

void check_in(const char *what, const char *text);

/* Everybody may look into what this test makes, the directory it stands in too. */
void open_to_all(void);

#endif
