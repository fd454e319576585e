/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the name of a program or file tells of what it is for. Short lists of what all
 * systems have, to weigh what is unusual: nothing is unusual because it is in one.
 */
#ifndef KITH_TRAIT_H
#define KITH_TRAIT_H

#include "record.h"

#include <stdbool.h>
#include <stdint.h>

/* Of programs. */
enum trait {
	TRAIT_SHELL = 1,
	TRAIT_INTERPRETER = 2, /* of a script that an argument names */
	TRAIT_TRANSFER = 4,    /* brings files or talks to anybody */
	TRAIT_HUB = 8,	       /* starts what has nothing to do with one another */
	TRAIT_CRON = 16,       /* and does so by the clock */
	TRAIT_DOOR = 32,       /* lets somebody in */
	TRAIT_PACKAGE = 64,    /* installs programs */
	TRAIT_ELEVATE = 128,   /* is there to change who one is */
	TRAIT_SENSOR = 256,    /* ours */
};

/* @exe: its path. */
uint32_t trait_of_program(struct slice exe);

/* May only root put programs there? */
bool trait_is_system(struct slice exe, uint32_t owner, uint32_t mode);

/* Where anybody may write. */
bool trait_is_public(struct slice path);

/* Files that have an effect later, and on what. */
enum lasting {
	LASTING_NOT,
	LASTING_CRON,
	LASTING_UNIT,
	LASTING_KEYS,	 /* who may log in by a key */
	LASTING_SHELL,	 /* what shells do when they begin */
	LASTING_ACCOUNT, /* users, groups, and what they may do */
	LASTING_LOADER,	 /* what is loaded into other programs, or the kernel */
	LASTING_HOOK,	 /* what other programs run */
	LASTING_PROGRAM, /* programs of the system */
	LASTING_SENSOR,	 /* ours */
};

/* @path: in its container, if it is in one. */
enum lasting trait_lasting(struct slice path);
const char *trait_lasting_technique(enum lasting lasting);

/* What lets one become somebody else: keys, passwords, tokens. */
bool trait_is_secret(struct slice path);

#endif
