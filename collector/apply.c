// SPDX-License-Identifier: GPL-2.0-only
/* What one record says, applied to the state and the store. */
#include "apply.h"

#include "learner.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { DUMP_TAKES_NS = 1000000000 };

static uint32_t pid_of(uint64_t key)
{
	return (uint32_t)(key & ((1u << KITH_KEY_PID_BITS) - 1));
}

/*
 * When a process started, as far as its key tells: its units are 16 us, and its
 * top bits are those of the time now.
 */
static int64_t start_of(const struct ingest *ingest, uint64_t key, uint64_t now)
{
	const int bits = 63 - KITH_KEY_PID_BITS + KITH_KEY_SHIFT;
	uint64_t low = key >> KITH_KEY_PID_BITS << KITH_KEY_SHIFT;
	uint64_t start = (now >> bits << bits) + low;

	if (start > now && now >> bits)
		start -= UINT64_C(1) << bits;
	return ingest_wall(ingest, start);
}

static const struct context context_unknown = {
	.cap_permitted = -1,
	.cap_effective = -1,
	.uid = UINT32_MAX,
	.euid = UINT32_MAX,
	.gid = UINT32_MAX,
	.egid = UINT32_MAX,
	.loginuid = UINT32_MAX,
	.session = UINT32_MAX,
};

static struct process *new_process(struct ingest *ingest, uint64_t key)
{
	struct process *process = state_add(&ingest->state, key);

	if (!process)
		return NULL;
	process->id = ++ingest->last_process;
	process->context = context_unknown;
	return process;
}

struct process *apply_need(struct ingest *ingest, uint64_t key, uint64_t now)
{
	struct process *process = state_find(&ingest->state, key);

	if (process)
		return process;
	process = new_process(ingest, key);
	if (!process)
		return NULL;
	process->started = start_of(ingest, key, now);
	process->ns_pid = pid_of(key);
	process->flags = PROCESS_INCOMPLETE;
	state_touch(&ingest->state, process);
	return process;
}

int64_t apply_id(struct ingest *ingest, uint64_t key, uint64_t now)
{
	const struct process *process;
	int64_t id;

	if (!key)
		return 0;
	process = state_find(&ingest->state, key);
	if (process)
		return process->id;
	id = state_find_ended(&ingest->state, key);
	if (id)
		return id;
	process = apply_need(ingest, key, now);
	return process ? process->id : -ENOMEM;
}

static struct slice cut_text(struct slice text)
{
	if (text.size > DICTIONARY_NAME)
		text.size = DICTIONARY_NAME;
	if (text.size)
		text.size = strnlen(text.data, text.size);
	return text;
}

int64_t apply_text(struct ingest *ingest, const struct record *record, enum kith_item_kind kind)
{
	const struct slice text = cut_text(record->items[kind]);

	return text.size ? dictionary_string(&ingest->dictionary, text) : 0;
}

int64_t apply_file_text(struct ingest *ingest, const struct record *record,
			enum kith_item_kind kind)
{
	const struct slice text = cut_text(record->items[kind]);

	return text.size ? dictionary_file_text(&ingest->dictionary, text) : 0;
}

static void ask_names(struct names *names, const struct context *context)
{
	names_user(names, context->uid);
	if (context->euid != context->uid)
		names_user(names, context->euid);
	names_group(names, context->gid);
}

int apply_context(struct ingest *ingest, struct process *process)
{
	int64_t id = dictionary_context(&ingest->dictionary, &process->context);

	if (id < 0)
		return (int)id;
	if (ingest->names)
		ask_names(ingest->names, &process->context);
	if (id != process->context_id) {
		process->context_id = id;
		state_touch(&ingest->state, process);
	}
	return 0;
}

int apply_container(struct ingest *ingest, struct context *context, uint64_t cgroup,
		    uint64_t ts)
{
	int64_t id = 0;

	if (!cgroup) /* not known: what was known stands */
		return 0;
	id = dictionary_container(&ingest->dictionary, ingest->load.boot, cgroup,
				  ingest_wall(ingest, ts));
	if (id < 0)
		return (int)id;
	context->container = id;
	return 0;
}

int64_t apply_container_path(struct ingest *ingest, const struct record *record,
			     uint64_t cgroup)
{
	const struct slice path = record->items[KITH_ITEM_CGROUP];
	int64_t id = dictionary_container_path(&ingest->dictionary, ingest->load.boot, cgroup,
					       path, ingest_wall(ingest, record->head.ts));

	if (id > 0 && ingest->names)
		names_container(ingest->names, id, path);
	return id;
}

int apply_namespaces(struct ingest *ingest, struct context *context,
		     const struct record *record)
{
	struct slice item = record->items[KITH_ITEM_NAMESPACES];
	struct kith_namespaces namespaces;
	int64_t id;

	if (item.size < sizeof(namespaces))
		return 0;
	memcpy(&namespaces, item.data, sizeof(namespaces));
	namespaces.reserved = 0;
	id = dictionary_namespaces(&ingest->dictionary, &namespaces);
	if (id < 0)
		return (int)id;
	context->namespaces = id;
	return 0;
}

void apply_comm(struct process *process, struct slice comm)
{
	size_t size = comm.size < sizeof(process->comm) ? comm.size : sizeof(process->comm) - 1;

	if (!size)
		return;
	memset(process->comm, 0, sizeof(process->comm));
	if (process->exe_comm[size] || memcmp(comm.data, process->exe_comm, size))
		memcpy(process->comm, comm.data, size);
}

/* @child begins as a copy of its creator. */
static void inherit(struct process *child, const struct process *creator)
{
	child->execution = creator->execution;
	child->context = creator->context;
	child->context_id = creator->context_id;
	child->exe_hash = creator->exe_hash;
	memcpy(child->exe_comm, creator->exe_comm, sizeof(child->exe_comm));
}

static int apply_fork(struct ingest *ingest, const struct record *record)
{
	const struct kith_fork *fork = record->body;
	struct process *creator, *child;
	struct context before;
	int64_t parent;
	int ret;

	creator = apply_need(ingest, record->head.process, record->head.ts);
	parent = apply_id(ingest, fork->parent, record->head.ts);
	child = state_find(&ingest->state, fork->child);
	if (!child)
		child = new_process(ingest, fork->child);
	if (!creator || !child || parent < 0)
		return -ENOMEM;
	if (!child->execution)
		inherit(child, creator);
	before = child->context;
	child->parent = parent;
	child->creator = creator->id;
	child->started = ingest_wall(ingest, fork->start);
	child->ns_pid = fork->ns_pid;
	child->flags &= ~(uint32_t)PROCESS_INCOMPLETE;
	if (fork->known & KITH_FORK_KTHREAD)
		child->flags |= PROCESS_KTHREAD;
	if (fork->known & KITH_FORK_FLAGS)
		child->clone_flags = (int64_t)fork->flags;
	child->context.uid = fork->uid;
	child->context.euid = fork->euid;
	child->context.gid = fork->gid;
	state_touch(&ingest->state, child);
	ret = apply_container(ingest, &child->context, fork->cgroup, record->head.ts);
	if (!ret)
		ret = apply_namespaces(ingest, &child->context, record);
	if (ret || (child->context_id && !memcmp(&before, &child->context, sizeof(before))))
		return ret;
	return apply_context(ingest, child);
}

/*
 * A body of the first release ends before it. If it comes @again, that may be of a thread
 * that came when all had been told.
 */
static void set_plain_reads(struct process *process, const struct record *record, bool again)
{
	const struct kith_exit *exit = record->body;

	if (record->body_size < sizeof(*exit) || (again && !exit->plain_reads))
		return;
	process->plain_reads = apply_bytes(exit->plain_reads);
	process->plain_bytes = apply_bytes(exit->plain_bytes);
}

/* May come twice; the later one is right. */
static int apply_exit(struct ingest *ingest, const struct record *record)
{
	const struct kith_exit *exit = record->body;
	struct process *process =
		apply_need(ingest, record->head.process, record->head.ts);
	bool again;

	if (!process)
		return -ENOMEM;
	again = process->lived >= 0 || process->flags & PROCESS_GONE;
	process->flags &= ~(uint32_t)PROCESS_GONE;
	process->lived = (int64_t)((uint64_t)ingest_wall(ingest, record->head.ts) -
				   (uint64_t)process->started);
	if (process->lived < 0)
		process->lived = 0;
	process->status = exit->status;
	process->runtime = (int64_t)exit->runtime_ns;
	process->max_rss = (int64_t)exit->max_rss;
	set_plain_reads(process, record, again);
	apply_comm(process, record->items[KITH_ITEM_COMM]);
	state_touch(&ingest->state, process);
	if (!again)
		state_end(&ingest->state, process);
	return 0;
}

/* "4,24,27" */
static const char *join_groups(struct slice groups, char *buffer, size_t room)
{
	size_t i, used = 0;

	*buffer = '\0';
	for (i = 0; i + sizeof(uint32_t) <= groups.size && used < room; i += sizeof(uint32_t)) {
		uint32_t group;

		memcpy(&group, groups.data + i, sizeof(group));
		used += (size_t)snprintf(buffer + used, room - used, "%s%u", i ? "," : "",
					 group);
	}
	return groups.data ? buffer : NULL;
}

static int apply_credential(struct ingest *ingest, const struct record *record)
{
	const struct kith_credential_change *change = record->body;
	char from[32 * 11 + 1], to[32 * 11 + 1];
	struct process *process =
		apply_need(ingest, record->head.process, record->head.ts);
	struct store_credential row = {
		.ts = ingest_wall(ingest, change->first),
		.lasted = (int64_t)(change->last - change->first),
		.tid = record->head.tid,
		.count = change->count,
		.cause = change->cause,
		.flags = change->flags,
		.groups_from = join_groups(record->items[KITH_ITEM_GROUPS_FROM], from,
					   sizeof(from)),
		.groups_to = join_groups(record->items[KITH_ITEM_GROUPS_TO], to, sizeof(to)),
	};
	int ret;

	if (!process)
		return -ENOMEM;
	if (row.tid == pid_of(process->key))
		row.tid = 0;
	row.process = process->id;
	row.before = dictionary_credential_set(&ingest->dictionary, &change->from);
	row.after = dictionary_credential_set(&ingest->dictionary, &change->to);
	if (row.before < 0 || row.after < 0)
		return -EIO;
	if (change->flags & KITH_CREDENTIAL_UNEXPLAINED)
		process->flags |= PROCESS_UNEXPLAINED;
	state_touch(&ingest->state, process);
	process->context.uid = change->to.uid;
	process->context.euid = change->to.euid;
	process->context.gid = change->to.gid;
	process->context.egid = change->to.egid;
	process->context.cap_permitted = (int64_t)change->to.cap_permitted;
	process->context.cap_effective = (int64_t)change->to.cap_effective;
	ret = apply_context(ingest, process);
	if (!ret)
		ret = store_credential(ingest->store, &row);
	if (ret || !ingest->learner)
		return ret;
	return learner_credential(ingest->learner, record, process,
				  store_last_row(ingest->store));
}

static int apply_cgroup(struct ingest *ingest, const struct record *record)
{
	const struct kith_cgroup *cgroup = record->body;
	int64_t id = apply_container_path(ingest, record, cgroup->id);

	return id < 0 ? (int)id : 0;
}

static int apply_cgroup_attach(struct ingest *ingest, const struct record *record)
{
	const struct kith_cgroup_attach *attach = record->body;
	int64_t mover = apply_id(ingest, record->head.process, record->head.ts);
	struct process *target = apply_need(ingest, attach->target, record->head.ts);
	int ret;

	if (!target || mover < 0)
		return -ENOMEM;
	ret = apply_container(ingest, &target->context, attach->cgroup, record->head.ts);
	if (!ret)
		ret = apply_context(ingest, target);
	if (ret)
		return ret;
	return store_cgroup_move(ingest->store, ingest_wall(ingest, record->head.ts), mover,
				 target->id, target->context.container);
}

static int apply_sensor(struct ingest *ingest, const struct record *record)
{
	const struct kith_sensor *sensor = record->body;
	const char *name = record_sensor_event_name(sensor->event);
	int64_t process = apply_id(ingest, record->head.process, record->head.ts);
	int ret;

	if (process < 0)
		return (int)process;
	ret = store_sensor_event(ingest->store, ingest_wall(ingest, record->head.ts),
				 ingest->load.boot, name ? name : "unknown", process,
				 record->items[KITH_ITEM_DETAIL]);
	return ret || !ingest->learner ? ret : learner_sensor(ingest->learner, record);
}

/*
 * Is it the first report of its kind in this stream? Earlier ones may have gone
 * to a subscriber that did not store them.
 */
static bool is_first_report(struct ingest *ingest, const struct kith_loss *loss)
{
	bool *told;

	if (loss->cpu >= ingest->rings || loss->class_ >= KITH_CLASSES ||
	    loss->cause >= KITH_LOSS_CAUSES)
		return true;
	told = &ingest->told[loss->cpu][loss->class_][loss->cause];
	if (*told)
		return false;
	*told = true;
	return true;
}

/* Sockets that are not watched are not in the dump either. */
static bool may_hold_ends(const struct kith_loss *loss)
{
	return loss->class_ == KITH_CLASS_PROCESS ||
	       (loss->class_ == KITH_CLASS_CONNECTION && loss->cause != KITH_LOSS_UNTRACKED);
}

/*
 * Ends of processes or conversations may be among what was lost, and nobody tells of
 * them again but a dump that is younger. It knows who lived somewhat before its first
 * record.
 */
static bool wants_dump(const struct ingest *ingest, const struct kith_loss *loss)
{
	return may_hold_ends(loss) &&
	       loss->last + DUMP_TAKES_NS > ingest->dump_first;
}

static int apply_loss(struct ingest *ingest, const struct record *record)
{
	const struct kith_loss *body = record->body;
	struct store_loss loss = {
		.load = ingest->load.id,
		.boot = ingest->load.boot,
		.cpu = body->cpu,
		.class_ = body->class_,
		.cause = body->cause,
		.total = body->total,
		.from = ingest_wall(ingest, body->first),
		.to = ingest_wall(ingest, body->last),
		.resumed = is_first_report(ingest, body),
	};

	int ret;

	if (wants_dump(ingest, body))
		ingest->lost_ends++;
	ret = store_loss(ingest->store, &loss);
	return ret || !ingest->learner ? ret : learner_loss(ingest->learner, &loss);
}

int apply_record(struct ingest *ingest, const struct record *record)
{
	if (!record->body)
		return 0; /* of a newer module */
	if (record->head.type == KITH_RECORD_CONNECTION)
		return apply_connection(ingest, record);
	alike_forget(&ingest->alike);
	switch (record->head.type) {
	case KITH_RECORD_FORK:
		return apply_fork(ingest, record);
	case KITH_RECORD_EXEC:
		return apply_exec(ingest, record);
	case KITH_RECORD_EXEC_FAILED:
		return apply_exec_failed(ingest, record);
	case KITH_RECORD_EXIT:
		return apply_exit(ingest, record);
	case KITH_RECORD_CREDENTIAL:
		return apply_credential(ingest, record);
	case KITH_RECORD_CGROUP:
		return apply_cgroup(ingest, record);
	case KITH_RECORD_CGROUP_ATTACH:
		return apply_cgroup_attach(ingest, record);
	case KITH_RECORD_SENSOR:
		return apply_sensor(ingest, record);
	case KITH_RECORD_LOSS:
		return apply_loss(ingest, record);
	case KITH_RECORD_PROCESS:
		return apply_process(ingest, record);
	case KITH_RECORD_LISTENER:
		return apply_listener(ingest, record);
	case KITH_RECORD_USE:
		return apply_use(ingest, record);
	case KITH_RECORD_PIPE:
		return apply_pipe(ingest, record);
	case KITH_RECORD_SOCKET:
		return apply_socket_made(ingest, record);
	case KITH_RECORD_CONTROL:
		return apply_control(ingest, record);
	case KITH_RECORD_ACCESS:
		return apply_access(ingest, record);
	case KITH_RECORD_READS:
		return apply_reads(ingest, record);
	case KITH_RECORD_CHANGE:
		return apply_change(ingest, record);
	default:
		return 0;
	}
}
