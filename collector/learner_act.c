// SPDX-License-Identifier: GPL-2.0-only
/* Who becomes whom, and what is done to other processes, the kernel and the sensor. */
#include "learner.h"

#include <stdio.h>
#include <string.h>

enum { PERSONS = 1000, NOBODY = 65534 };

static const char *class_of(uint32_t uid)
{
	if (!uid)
		return "root";
	return uid < PERSONS || uid == NOBODY ? "system" : "person";
}

/* As view credential has them. */
static const char *cause_name(unsigned int cause)
{
	static const char *const names[KITH_CAUSES] = {
		"none",	    "setuid",	 "setgid",  "setreuid",	  "setregid",	 "setresuid",
		"setresgid", "setfsuid", "setfsgid", "setgroups", "capset",	 "prctl",
		"keyctl",    "unshare",	 "setns",   "clone",	  "exec",	 "exec-setuid",
		"exec-setgid", "exec-filecap", "kernel", "other",
	};

	return cause < KITH_CAUSES ? names[cause] : "unknown";
}

static unsigned int kind_of_change(const struct kith_credential_change *change)
{
	const struct kith_credential *from = &change->from, *to = &change->to;

	if (change->flags & KITH_CREDENTIAL_UNEXPLAINED)
		return RISK_BECOME_UNEXPLAINED;
	if (to->userns != from->userns)
		return RISK_NAMESPACE;
	if (from->euid && !to->euid)
		return RISK_BECOME_ROOT;
	if (to->cap_effective & ~from->cap_effective && from->euid == to->euid && from->euid)
		return RISK_BECOME_OTHER;
	if (from->uid && to->uid && from->uid != to->uid)
		return RISK_BECOME_OTHER;
	return RISK_BECOME_LESS;
}

static bool is_change(const struct kith_credential_change *change)
{
	const struct kith_credential *from = &change->from, *to = &change->to;

	return change->flags & KITH_CREDENTIAL_UNEXPLAINED || from->uid != to->uid ||
	       from->euid != to->euid || from->userns != to->userns ||
	       to->cap_effective & ~from->cap_effective;
}

/* Whoever does not know the program yet is to know that it is not the usual one. */
static void begin_name(struct learner *learner, const struct actor *actor, struct normal *text)
{
	char name[NORMAL_MAX];

	normal_clear(text);
	ledger_name(&learner->ledger, actor->exe, name, sizeof(name));
	normal_put(text, normal_base((struct slice){ name, strlen(name) }).data);
	normal_put(text, ": ");
}

int learner_credential(struct learner *learner, const struct record *record,
		       const struct process *process, int64_t id)
{
	const struct kith_credential_change *change = record->body;
	struct actor *actor = learner_actor(learner, record->head.process);
	char words[96];
	struct normal text;
	struct sign sign = {
		.actor = actor,
		.template_ = TEMPLATE_CREDENTIAL,
		.kind = kind_of_change(change),
		.levels = 5,
		.of = { LEVEL_HOST, LEVEL_DESCENT, LEVEL_PROGRAM, LEVEL_WORKLOAD,
			LEVEL_LINEAGE },
		.text = text.text,
		.source = "credential",
		.row = id,
		.at = ingest_wall(learner->ingest, change->first),
		.process = process->id,
		.verb = "went from",
		.certain = change->flags & KITH_CREDENTIAL_UNEXPLAINED,
	};

	if (!actor || !is_change(change))
		return 0;
	snprintf(words, sizeof(words), "%s to %s by %s%s", class_of(change->from.euid),
		 class_of(change->to.euid), cause_name(change->cause),
		 change->from.userns != change->to.userns ? " in another user namespace" : "");
	sign.what = (struct slice){ words, strlen(words) };
	if (!sign.certain && learner_seen(learner, actor->line,
					  actor_hash(&learner->actors, words)))
		return 0;
	begin_name(learner, actor, &text);
	normal_put(&text, words);
	sign.object = learner_text(learner, &text);
	return learner_sign(learner, &sign);
}

/* What an act is, as an object: ops that matter only by what they are done to name that. */
struct act {
	unsigned int kind;
	const char *name;
	const char *verb;
	bool by_path;
};

static const struct act acts[] = {
	[KITH_CONTROL_FD_PASS] = { RISK_HAND_OVER, "hand over", "handed over a file to", false },
	[KITH_CONTROL_FD_TAKE] = { RISK_TRACE, "take a file of", "took a file of", false },
	[KITH_CONTROL_PTRACE] = { RISK_TRACE, "trace", "may trace", false },
	[KITH_CONTROL_SIGNAL] = { RISK_SIGNAL, "signal", "sent a signal to", false },
	[KITH_CONTROL_VM_READ] = { RISK_MEMORY, "read memory of", "read the memory of", false },
	[KITH_CONTROL_VM_WRITE] = { RISK_MEMORY, "write memory of", "wrote the memory of", false },
	[KITH_CONTROL_MODULE_LOAD] = { RISK_MODULE, "load module", "loaded module", true },
	[KITH_CONTROL_MODULE_UNLOAD] = { RISK_MODULE, "unload module", "unloaded module", true },
	[KITH_CONTROL_BPF_LOAD] = { RISK_BPF, "load bpf", "loaded a BPF program", true },
	[KITH_CONTROL_MOUNT] = { RISK_MOUNT, "mount", "mounted", true },
	[KITH_CONTROL_UMOUNT] = { RISK_NONE, NULL, NULL, true },
	[KITH_CONTROL_PIVOT_ROOT] = { RISK_NAMESPACE, "pivot root", "changed its root to", true },
	[KITH_CONTROL_CHROOT] = { RISK_NAMESPACE, "chroot", "changed its root to", true },
	[KITH_CONTROL_SETNS] = { RISK_NAMESPACE, "enter namespace", "entered a namespace", false },
	[KITH_CONTROL_UNSHARE] = { RISK_NAMESPACE, "new namespace", "made a namespace", false },
	[KITH_CONTROL_KEXEC] = { RISK_KEXEC, "load kernel", "loaded another kernel", true },
	[KITH_CONTROL_KEYCTL] = { RISK_KEYS, "keyctl", "used keys of the kernel", false },
	[KITH_CONTROL_SYSCTL] = { RISK_SWITCH, "switch", "wrote to the switch", true },
};

enum { PTRACE_LOOKS = 1, SIGNAL_0 = 0, SIGNAL_CHLD = 17 };

static unsigned int kind_of_act(const struct kith_control *body, const struct actor *actor,
				const struct actor *target)
{
	if (body->op == KITH_CONTROL_PTRACE && (body->value & 3) == PTRACE_LOOKS)
		return RISK_LOOK_INSIDE;
	if (body->op == KITH_CONTROL_SIGNAL && target && target->traits & TRAIT_SENSOR &&
	    !(actor->traits & TRAIT_SENSOR))
		return RISK_SENSOR;
	return acts[body->op].kind;
}

/* Signals within a workload are how it works. */
static bool is_idle(const struct kith_control *body, const struct actor *actor,
		    const struct actor *target)
{
	if (body->op != KITH_CONTROL_SIGNAL)
		return target && target->root == actor->root && body->op == KITH_CONTROL_FD_PASS;
	return !target || target->workload == actor->workload || body->value == SIGNAL_0 ||
	       body->value == SIGNAL_CHLD;
}

static void name_act(struct learner *learner, const struct record *record,
		     const struct actor *actor, const struct actor *target,
		     struct normal *text)
{
	const struct kith_control *body = record->body;
	const struct act *act = &acts[body->op];
	const struct slice path = record->items[KITH_ITEM_PATH],
			   detail = record->items[KITH_ITEM_DETAIL];
	char name[NORMAL_MAX];

	begin_name(learner, actor, text);
	normal_put(text, act->name);
	if (body->op == KITH_CONTROL_PTRACE && (body->value & 3) == PTRACE_LOOKS)
		normal_put(text, " by looking");
	normal_put(text, " ");
	if (act->by_path && path.size)
		normal_path(text, path);
	else if (act->by_path)
		normal_word(text, detail);
	else if (target)
		normal_put(text,
			   ledger_name(&learner->ledger, target->exe, name, sizeof(name)));
}

int learner_control(struct learner *learner, const struct record *record,
		    const struct store_control *row, int64_t id)
{
	const struct kith_control *body = record->body;
	struct actor *actor = learner_actor(learner, record->head.process);
	const struct actor *target = learner_actor(learner, body->target);
	struct normal text;
	struct sign sign = {
		.actor = actor,
		.template_ = TEMPLATE_CONTROL,
		.levels = 5,
		.of = { LEVEL_HOST, LEVEL_DESCENT, LEVEL_PROGRAM, LEVEL_WORKLOAD,
			LEVEL_LINEAGE },
		.text = text.text,
		.source = "control",
		.row = id,
		.at = row->ts,
		.process = row->process,
	};

	if (!actor || body->op >= sizeof(acts) / sizeof(*acts) || !acts[body->op].kind ||
	    record->body_size < sizeof(*body) || is_idle(body, actor, target))
		return 0;
	sign.kind = kind_of_act(body, actor, target);
	if (learner_seen(learner, actor->line,
			 actor_join(&learner->actors, body->op << 8 | (sign.kind & 255),
				    target ? target->exe : 0)) &&
	    !acts[body->op].by_path)
		return 0;
	name_act(learner, record, actor, target, &text);
	sign.verb = acts[body->op].verb;
	if (acts[body->op].by_path)
		sign.what = record->items[KITH_ITEM_PATH].size ?
				    record->items[KITH_ITEM_PATH] :
				    record->items[KITH_ITEM_DETAIL];
	else if (target)
		sign.what = (struct slice){ target->name, strlen(target->name) };
	sign.object = learner_text(learner, &text);
	return learner_sign(learner, &sign);
}

int learner_sensor(struct learner *learner, const struct record *record)
{
	const struct kith_sensor *sensor = record->body;
	struct actor *actor = learner_actor(learner, record->head.process);
	const char *name = record_sensor_event_name(sensor->event);
	char words[64];
	struct sign sign = {
		.actor = actor,
		.template_ = TEMPLATE_CONTROL,
		.kind = RISK_SENSOR,
		.levels = 5,
		.of = { LEVEL_HOST, LEVEL_DESCENT, LEVEL_PROGRAM, LEVEL_WORKLOAD,
			LEVEL_LINEAGE },
		.text = words,
		.source = "sensor",
		.at = ingest_wall(learner->ingest, record->head.ts),
		.verb = "acted on the sensor:",
	};

	if (!actor || actor->traits & TRAIT_SENSOR || !name)
		return 0;
	sign.process = actor->process;
	snprintf(words, sizeof(words), "sensor %s", name);
	sign.what = (struct slice){ name, strlen(name) };
	sign.object = actor_hash(&learner->actors, words);
	return learner_sign(learner, &sign);
}
