/* SPDX-License-Identifier: GPL-2.0-only */
/* How grave something is, apart from how surprising: a table that is read, not learned. */
#ifndef KITH_RISK_H
#define KITH_RISK_H

#include "actor.h"
#include "surprise.h"
#include "trait.h"

#include <stdbool.h>

/* What is the same is one sign of an incident, however often it comes. */
enum risk_kind {
	RISK_NONE,
	RISK_CHILD,
	RISK_CHILD_SHELL,
	RISK_CHILD_TRANSFER,
	RISK_CHILD_SCRIPT,
	RISK_CHILD_PUBLIC,
	RISK_CHILD_NAMELESS,
	RISK_ARGUMENTS,
	RISK_REACH_HOST,
	RISK_REACH_PRIVATE,
	RISK_REACH_PUBLIC,
	RISK_REACH_METADATA,
	RISK_PEER_HOST,
	RISK_PEER_PRIVATE,
	RISK_PEER_PUBLIC,
	RISK_SERVE,
	RISK_WRITE,
	RISK_WRITE_CRON,
	RISK_WRITE_UNIT,
	RISK_WRITE_KEYS,
	RISK_WRITE_SHELL,
	RISK_WRITE_ACCOUNT,
	RISK_WRITE_LOADER,
	RISK_WRITE_HOOK,
	RISK_WRITE_PROGRAM,
	RISK_WRITE_SENSOR,
	RISK_WRITE_OUTSIDE, /* a container, into the host */
	RISK_REMOVE,
	RISK_SETUID_MODE,
	RISK_READ_OWN,
	RISK_READ_SECRET,
	RISK_BECOME_ROOT,
	RISK_BECOME_OTHER,
	RISK_BECOME_LESS,
	RISK_BECOME_UNEXPLAINED,
	RISK_TRACE,
	RISK_LOOK_INSIDE,
	RISK_MEMORY,
	RISK_MODULE,
	RISK_BPF,
	RISK_MOUNT,
	RISK_NAMESPACE,
	RISK_KEXEC,
	RISK_SWITCH,
	RISK_SIGNAL,
	RISK_KEYS,
	RISK_HAND_OVER,
	RISK_SENSOR,
	RISK_SESSION_PRIVATE,
	RISK_SESSION_PUBLIC,
	RISK_HOUR,
	RISK_VOLUME,
	RISK_BEACON,
	RISKS,
};

struct risk {
	double weight;
	unsigned int tactic;   /* of ATT&CK, each a number of its own; 0: none */
	const char *technique; /* or NULL */
};

const struct risk *risk_of(unsigned int kind);

/* What starting @child is, to @parent. */
unsigned int risk_child(const struct actor *child);
unsigned int risk_write(enum lasting lasting);

/*
 * The weight of @kind of template @template_ for @actor, who has executed @child if it is
 * EXEC. @young: its workload is not known yet.
 */
double risk_weight(unsigned int template_, unsigned int kind, const struct actor *actor,
		   const struct actor *child, bool young);

/* One that alone is enough, if it is surprising. */
bool risk_is_strong(unsigned int kind);

#endif
