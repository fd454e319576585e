// SPDX-License-Identifier: GPL-2.0-only
/* How grave something is, apart from how surprising. */
#include "risk.h"

enum tactic {
	INITIAL = 1,
	EXECUTION,
	PERSISTENCE,
	PRIVILEGE,
	EVASION,
	CREDENTIALS,
	DISCOVERY,
	LATERAL,
	COMMAND,
	EXFILTRATION,
	IMPACT,
};

static const struct risk risks[RISKS] = {
	[RISK_NONE] = { 0, 0, NULL },
	[RISK_CHILD] = { 1, EXECUTION, NULL },
	[RISK_CHILD_SHELL] = { 1, EXECUTION, "T1059.004" },
	[RISK_CHILD_TRANSFER] = { 1.2, COMMAND, "T1105" },
	[RISK_CHILD_SCRIPT] = { 1, EXECUTION, "T1059" },
	[RISK_CHILD_PUBLIC] = { 1.5, EVASION, "T1036.005" },
	[RISK_CHILD_NAMELESS] = { 2, EVASION, "T1620" },
	[RISK_ARGUMENTS] = { 0.5, EXECUTION, NULL },
	[RISK_REACH_HOST] = { 0.5, LATERAL, NULL },
	[RISK_REACH_PRIVATE] = { 0.7, LATERAL, "T1021" },
	[RISK_REACH_PUBLIC] = { 1.5, COMMAND, "T1071" },
	[RISK_REACH_METADATA] = { 2, CREDENTIALS, "T1552.005" },
	[RISK_PEER_HOST] = { 0.4, LATERAL, NULL },
	[RISK_PEER_PRIVATE] = { 0.4, LATERAL, "T1021" },
	[RISK_PEER_PUBLIC] = { 0.6, COMMAND, "T1071" },
	[RISK_SERVE] = { 1, COMMAND, "T1571" },
	[RISK_WRITE] = { 0.3, 0, NULL },
	[RISK_WRITE_CRON] = { 2, PERSISTENCE, "T1053.003" },
	[RISK_WRITE_UNIT] = { 2, PERSISTENCE, "T1543.002" },
	[RISK_WRITE_KEYS] = { 2, PERSISTENCE, "T1098.004" },
	[RISK_WRITE_SHELL] = { 1.5, PERSISTENCE, "T1546.004" },
	[RISK_WRITE_ACCOUNT] = { 2, PERSISTENCE, "T1098" },
	[RISK_WRITE_LOADER] = { 2, PERSISTENCE, "T1574.006" },
	[RISK_WRITE_HOOK] = { 1.5, PERSISTENCE, "T1546" },
	[RISK_WRITE_PROGRAM] = { 1.5, PERSISTENCE, "T1554" },
	[RISK_WRITE_SENSOR] = { 2.5, EVASION, "T1562.001" },
	[RISK_WRITE_OUTSIDE] = { 3, PRIVILEGE, "T1611" },
	[RISK_REMOVE] = { 0.3, EVASION, "T1070.004" },
	[RISK_SETUID_MODE] = { 2.5, PRIVILEGE, "T1548.001" },
	[RISK_READ_OWN] = { 0.4, 0, NULL },
	[RISK_READ_SECRET] = { 2, CREDENTIALS, "T1552.001" },
	[RISK_BECOME_ROOT] = { 2, PRIVILEGE, "T1548" },
	[RISK_BECOME_OTHER] = { 1.2, PRIVILEGE, "T1078" },
	[RISK_BECOME_LESS] = { 0.3, 0, NULL },
	[RISK_BECOME_UNEXPLAINED] = { 5, PRIVILEGE, "T1068" },
	[RISK_TRACE] = { 2.5, EVASION, "T1055.008" },
	[RISK_LOOK_INSIDE] = { 1.2, CREDENTIALS, "T1057" },
	[RISK_MEMORY] = { 2.5, CREDENTIALS, "T1003.007" },
	[RISK_MODULE] = { 3, PERSISTENCE, "T1547.006" },
	[RISK_BPF] = { 2, EVASION, "T1014" },
	[RISK_MOUNT] = { 1, PRIVILEGE, "T1611" },
	[RISK_NAMESPACE] = { 0.8, PRIVILEGE, "T1611" },
	[RISK_KEXEC] = { 3, PERSISTENCE, "T1542" },
	[RISK_SWITCH] = { 1.5, EVASION, "T1562" },
	[RISK_SIGNAL] = { 0.6, IMPACT, "T1489" },
	[RISK_KEYS] = { 0.5, CREDENTIALS, NULL },
	[RISK_HAND_OVER] = { 0.4, 0, NULL },
	[RISK_SENSOR] = { 3, EVASION, "T1562.001" },
	[RISK_SESSION_PRIVATE] = { 1.2, INITIAL, "T1078" },
	[RISK_SESSION_PUBLIC] = { 2, INITIAL, "T1078" },
	[RISK_HOUR] = { 0.4, 0, NULL },
	[RISK_VOLUME] = { 1.5, EXFILTRATION, "T1048" },
	[RISK_BEACON] = { 1.5, COMMAND, "T1071" },
};

const struct risk *risk_of(unsigned int kind)
{
	return &risks[kind < RISKS ? kind : RISK_NONE];
}

unsigned int risk_child(const struct actor *child)
{
	if (child->flags & ACTOR_NAMELESS)
		return RISK_CHILD_NAMELESS;
	if (child->flags & ACTOR_PUBLIC)
		return RISK_CHILD_PUBLIC;
	if (child->traits & TRAIT_SHELL)
		return RISK_CHILD_SHELL;
	if (child->traits & TRAIT_TRANSFER)
		return RISK_CHILD_TRANSFER;
	if (child->traits & TRAIT_INTERPRETER)
		return RISK_CHILD_SCRIPT;
	return RISK_CHILD;
}

unsigned int risk_write(enum lasting lasting)
{
	static const unsigned char kinds[] = {
		[LASTING_NOT] = RISK_WRITE,	    [LASTING_CRON] = RISK_WRITE_CRON,
		[LASTING_UNIT] = RISK_WRITE_UNIT,   [LASTING_KEYS] = RISK_WRITE_KEYS,
		[LASTING_SHELL] = RISK_WRITE_SHELL, [LASTING_ACCOUNT] = RISK_WRITE_ACCOUNT,
		[LASTING_LOADER] = RISK_WRITE_LOADER, [LASTING_HOOK] = RISK_WRITE_HOOK,
		[LASTING_PROGRAM] = RISK_WRITE_PROGRAM, [LASTING_SENSOR] = RISK_WRITE_SENSOR,
	};

	return kinds[lasting];
}

/* By hand one does one thing today and another tomorrow. */
static bool is_soft(unsigned int template_, unsigned int kind)
{
	return template_ == TEMPLATE_EXEC || template_ == TEMPLATE_ARGV || kind == RISK_WRITE ||
	       kind == RISK_REMOVE || kind == RISK_PEER_HOST || kind == RISK_PEER_PRIVATE ||
	       kind == RISK_PEER_PUBLIC;
}

/* What an upgrade may well bring with it. */
static bool is_of_upgrades(unsigned int template_, unsigned int kind)
{
	return is_soft(template_, kind) || template_ == TEMPLATE_WRITE ||
	       template_ == TEMPLATE_SERVE || kind == RISK_READ_OWN || kind == RISK_BECOME_LESS ||
	       kind == RISK_LOOK_INSIDE || kind == RISK_NAMESPACE || kind == RISK_SIGNAL;
}

static bool is_of_network(unsigned int kind)
{
	return kind == RISK_CHILD_SHELL || kind == RISK_CHILD_TRANSFER ||
	       kind == RISK_CHILD_SCRIPT || kind == RISK_CHILD_PUBLIC ||
	       kind == RISK_CHILD_NAMELESS;
}

/* Nobody who comes from where he always has explains these. */
static bool is_beyond_doubt(unsigned int kind)
{
	switch (kind) {
	case RISK_BECOME_UNEXPLAINED:
	case RISK_MODULE:
	case RISK_KEXEC:
	case RISK_SENSOR:
	case RISK_WRITE_SENSOR:
	case RISK_WRITE_OUTSIDE:
	case RISK_CHILD_NAMELESS:
	case RISK_VOLUME:
		return true;
	default:
		return false;
	}
}

/* What a job does that somebody known has planned is explained but for its way outside. */
static bool is_explained(const struct actor *actor, const struct actor *child, unsigned int kind)
{
	const uint32_t flags = actor->flags | (child ? child->flags : 0);

	if (!(flags & ACTOR_KNOWN) || is_beyond_doubt(kind))
		return false;
	return actor->descent == DESCENT_LOGIN ||
	       (kind != RISK_REACH_PUBLIC && kind != RISK_PEER_PUBLIC);
}

/* Of a workload that is new all that it does is. */
static bool is_of_youth(unsigned int template_, unsigned int kind)
{
	if (kind == RISK_CHILD_TRANSFER || kind == RISK_CHILD_PUBLIC ||
	    kind == RISK_CHILD_NAMELESS || kind == RISK_PEER_PUBLIC)
		return false;
	return is_soft(template_, kind) || kind == RISK_SERVE || kind == RISK_REACH_HOST ||
	       kind == RISK_REACH_PRIVATE || kind == RISK_READ_OWN || kind == RISK_BECOME_LESS ||
	       kind == RISK_NAMESPACE;
}

/* Whoever starts a container or a unit means to start something new now and then. */
static bool is_deployment(const struct actor *actor, const struct actor *child)
{
	return child && actor->traits & TRAIT_HUB && !(actor->traits & TRAIT_CRON) &&
	       !(child->flags & (ACTOR_PUBLIC | ACTOR_NAMELESS));
}

static double of_child(const struct actor *actor, const struct actor *child)
{
	double weight = 1;

	if (child->flags & ACTOR_SYSTEM && !(child->traits & TRAIT_TRANSFER))
		weight *= 0.7;
	if (is_deployment(actor, child))
		weight *= 0.5;
	return weight;
}

double risk_weight(unsigned int template_, unsigned int kind, const struct actor *actor,
		   const struct actor *child, bool young)
{
	const bool fresh = (actor->flags | (child ? child->flags : 0)) & ACTOR_FRESH;
	double weight = risk_of(kind)->weight;

	if (actor->descent == DESCENT_LOGIN && is_soft(template_, kind))
		weight *= 0.5;
	if (is_explained(actor, child, kind))
		weight *= 0.5;
	if (kind == RISK_BECOME_ROOT && actor->traits & TRAIT_ELEVATE)
		weight *= 0.5;
	if ((actor->descent == DESCENT_PACKAGE || fresh) && is_of_upgrades(template_, kind))
		weight *= 0.3;
	if (child)
		weight *= of_child(actor, child);
	if (actor->flags & ACTOR_FACING && is_of_network(kind))
		weight *= 2;
	if (actor->flags & (ACTOR_PUBLIC | ACTOR_NAMELESS | ACTOR_DROPPED))
		weight *= 1.5;
	else if (young && is_of_youth(template_, kind))
		weight *= 0.25;
	return weight;
}

bool risk_is_strong(unsigned int kind)
{
	switch (kind) {
	case RISK_BECOME_ROOT:
	case RISK_BECOME_UNEXPLAINED:
	case RISK_TRACE:
	case RISK_MEMORY:
	case RISK_MODULE:
	case RISK_KEXEC:
	case RISK_SENSOR:
	case RISK_WRITE_OUTSIDE:
	case RISK_WRITE_SENSOR:
	case RISK_SETUID_MODE:
	case RISK_CHILD_NAMELESS:
		return true;
	default:
		return false;
	}
}
