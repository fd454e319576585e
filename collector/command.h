/* SPDX-License-Identifier: GPL-2.0-only */
/* The commands of kith(8), and what they share. */
#ifndef KITH_COMMAND_H
#define KITH_COMMAND_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

/* Each parses its own arguments. Return: exit status. */
int command_allow(int argc, char **argv);
int command_baseline(int argc, char **argv);
int command_export(int argc, char **argv);
int command_hooks(int argc, char **argv);
int command_record(int argc, char **argv);
int command_replay(int argc, char **argv);
int command_report(int argc, char **argv);
int command_show(int argc, char **argv);
int command_sql(int argc, char **argv);
int command_status(int argc, char **argv);
int command_talks(int argc, char **argv);
int command_timeline(int argc, char **argv);
int command_trace(int argc, char **argv);
int command_tree(int argc, char **argv);
int command_verify(int argc, char **argv);

/* Options that all commands have. */
struct common {
	const char *database;
	bool json;
	int64_t since; /* ns since the epoch; INT64_MIN: always */
	int64_t until; /* INT64_MAX: for ever */
};

/* Their parser: that of a command gives it a struct common for input. */
extern const struct argp_child command_children[];

void common_init(struct common *common);

/*
 * Exit status for a negative errno of control.h, after saying on stderr that
 * the module could not be asked.
 */
int command_module_error(int error);

/*
 * Have all that was printed written; it is done at the end in any case. Return: exit
 * status, after saying on stderr once that it could not be.
 */
int command_flush(void);

#endif
