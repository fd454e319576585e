// SPDX-License-Identifier: GPL-2.0-only
/* The store's rows: one function per table. */
#include "statement.h"
#include "store.h"

#include <string.h>

/* ns between losses that are rows of their own */
#define LOSSES_APART 10000000000LL

/* NULL for a u32 whose all-ones means "not set". */
static void bind_optional(struct binder *binder, uint32_t value)
{
	if (value == UINT32_MAX)
		bind_null(binder);
	else
		bind_int(binder, value);
}

/* Values that are the common ones stand as NULL. */
int64_t store_process_ns_pid(const struct process *process)
{
	uint32_t pid = (uint32_t)(process->key & ((1u << KITH_KEY_PID_BITS) - 1));

	return process->ns_pid == pid ? 0 : process->ns_pid;
}

int64_t store_process_creator(const struct process *process)
{
	return process->creator == process->parent ? 0 : process->creator;
}

static int update_process(struct store *store, const struct process *process)
{
	struct binder binder = statement_bind(store, STATEMENT_PROCESS_UPDATE);
	bool ended = process->lived >= 0;

	bind_int(&binder, process->id);
	bind_id(&binder, store_process_ns_pid(process));
	bind_id(&binder, process->parent);
	bind_id(&binder, store_process_creator(process));
	bind_int(&binder, process->started);
	bind_nonnegative(&binder, process->lived);
	bind_nonnegative(&binder, ended ? (int64_t)process->status : -1);
	bind_nonnegative(&binder, ended ? process->runtime : -1);
	bind_nonnegative(&binder, ended ? process->max_rss : -1);
	bind_id(&binder, process->execution);
	bind_id(&binder, process->context_id);
	bind_nonnegative(&binder, process->clone_flags);
	bind_int(&binder, process->flags);
	bind_text(&binder, *process->comm ? process->comm : NULL);
	bind_nonnegative(&binder, process->plain_reads);
	bind_nonnegative(&binder, process->plain_bytes);
	return statement_run(store, STATEMENT_PROCESS_UPDATE);
}

int store_process(struct store *store, int64_t boot, const struct process *process)
{
	if (process->stored)
		return update_process(store, process);
	store->pending.boot = boot;
	return pending_add_process(&store->pending, process);
}

int store_context(struct store *store, int64_t id, const struct context *context)
{
	struct binder binder = statement_bind(store, STATEMENT_CONTEXT);

	bind_int(&binder, id);
	bind_optional(&binder, context->uid);
	bind_optional(&binder, context->euid);
	bind_optional(&binder, context->gid);
	bind_optional(&binder, context->egid);
	bind_nonnegative(&binder, context->cap_permitted);
	bind_nonnegative(&binder, context->cap_effective);
	bind_optional(&binder, context->loginuid);
	bind_optional(&binder, context->session);
	bind_id(&binder, context->tty);
	bind_id(&binder, context->sid);
	bind_id(&binder, context->container);
	bind_id(&binder, context->namespaces);
	return statement_run(store, STATEMENT_CONTEXT);
}

int store_string(struct store *store, int64_t id, struct slice value)
{
	return pending_add_string(&store->pending, id, value);
}

int store_file_text(struct store *store, int64_t id, struct slice value)
{
	return pending_add_path(&store->pending, id, value);
}

int store_namespaces(struct store *store, int64_t id, const struct kith_namespaces *ns)
{
	struct binder binder = statement_bind(store, STATEMENT_NAMESPACES);

	bind_int(&binder, id);
	bind_id(&binder, ns->mnt);
	bind_id(&binder, ns->pid);
	bind_id(&binder, ns->net);
	bind_id(&binder, ns->user);
	bind_id(&binder, ns->cgroup);
	bind_id(&binder, ns->ipc);
	bind_id(&binder, ns->uts);
	return statement_run(store, STATEMENT_NAMESPACES);
}

int store_executable(struct store *store, int64_t id,
		     const struct store_executable *executable)
{
	struct binder binder = statement_bind(store, STATEMENT_EXECUTABLE);

	bind_int(&binder, id);
	sqlite3_bind_text(binder.statement, binder.next++, executable->path.data,
			  (int)executable->path.size, SQLITE_STATIC);
	bind_nonnegative(&binder, executable->resolved ? (int64_t)executable->device : -1);
	bind_nonnegative(&binder, executable->resolved ? (int64_t)executable->inode : -1);
	bind_nonnegative(&binder, executable->resolved ? (int64_t)executable->mode : -1);
	bind_nonnegative(&binder, executable->resolved ? (int64_t)executable->owner : -1);
	bind_text(&binder, executable->origin);
	return statement_run(store, STATEMENT_EXECUTABLE);
}

int store_container(struct store *store, int64_t id,
		    const struct store_container *container)
{
	struct binder binder = statement_bind(store, STATEMENT_CONTAINER);

	bind_int(&binder, id);
	bind_int(&binder, container->boot);
	bind_int(&binder, (int64_t)container->cgroup);
	bind_slice(&binder, container->path);
	bind_text(&binder, container->runtime);
	bind_text(&binder, container->name);
	bind_text(&binder, container->unit);
	bind_int(&binder, container->first);
	bind_int(&binder, container->last);
	return statement_run(store, STATEMENT_CONTAINER);
}

int store_execution(struct store *store, const struct store_execution *execution)
{
	return pending_add_execution(&store->pending, execution);
}

/* How the rows of a table are inserted: all, and those that pending_next() calls plain. */
struct flush {
	enum pending_name name;
	enum statement any;
	enum statement plain;
	int64_t (*last)(const struct pending *pending); /* of those that SQLite numbers */
};

#define WITH_PLAIN(name) PENDING_##name, STATEMENT_##name, STATEMENT_##name##_PLAIN
#define WITHOUT(name)	 PENDING_##name, STATEMENT_##name, STATEMENT_##name

static const struct flush flushes[] = {
	{ WITH_PLAIN(STRINGS), pending_last_string },
	{ WITH_PLAIN(PATHS), pending_last_path },
	{ WITH_PLAIN(EXECUTIONS), pending_last_execution },
	{ WITH_PLAIN(PROCESSES), pending_last_process },
	{ WITHOUT(ROUTES), NULL },
	{ WITH_PLAIN(CONNECTIONS), pending_last_connection },
	{ WITHOUT(RUNS), NULL },
	{ WITH_PLAIN(PIPES), pending_last_pipe },
	{ WITHOUT(ACCESSES), pending_last_access },
	{ WITH_PLAIN(FILES), NULL },
	{ WITH_PLAIN(CHANGES), NULL },
};

static int flush_rows(struct store *store, const struct flush *flush)
{
	const int64_t last = flush->last ? flush->last(&store->pending) : 0;
	enum pending_rows rows;
	int ret = 0;

	while (!ret && (rows = pending_next(&store->pending, flush->name)) != PENDING_NONE)
		ret = statement_run(store,
				    rows == PENDING_PLAIN ? flush->plain : flush->any);
	return ret || !last ? ret : statement_numbered(store, last);
}

int store_flush(struct store *store)
{
	size_t i;
	int ret = 0;

	pending_sort(&store->pending);
	for (i = 0; i < sizeof(flushes) / sizeof(*flushes) && !ret; i++)
		ret = flush_rows(store, &flushes[i]);
	pending_clear(&store->pending);
	return ret;
}

int store_credential_set(struct store *store, int64_t id, const struct kith_credential *set)
{
	struct binder binder = statement_bind(store, STATEMENT_CREDENTIAL_SET);

	bind_int(&binder, id);
	bind_int(&binder, set->uid);
	bind_int(&binder, set->gid);
	bind_int(&binder, set->suid);
	bind_int(&binder, set->sgid);
	bind_int(&binder, set->euid);
	bind_int(&binder, set->egid);
	bind_int(&binder, set->fsuid);
	bind_int(&binder, set->fsgid);
	bind_int(&binder, set->securebits);
	bind_int(&binder, set->userns);
	bind_int(&binder, set->groups);
	bind_int(&binder, (int64_t)set->cap_inheritable);
	bind_int(&binder, (int64_t)set->cap_permitted);
	bind_int(&binder, (int64_t)set->cap_effective);
	bind_int(&binder, (int64_t)set->cap_bounding);
	bind_int(&binder, (int64_t)set->cap_ambient);
	return statement_run(store, STATEMENT_CREDENTIAL_SET);
}

int store_credential(struct store *store, const struct store_credential *credential)
{
	struct binder binder = statement_bind(store, STATEMENT_CREDENTIAL);

	bind_int(&binder, credential->ts);
	bind_int(&binder, credential->lasted);
	bind_int(&binder, credential->count);
	bind_int(&binder, credential->process);
	bind_id(&binder, credential->tid);
	bind_int(&binder, credential->cause);
	bind_int(&binder, credential->flags);
	bind_int(&binder, credential->before);
	bind_int(&binder, credential->after);
	bind_text(&binder, credential->groups_from);
	bind_text(&binder, credential->groups_to);
	return statement_run(store, STATEMENT_CREDENTIAL);
}

int store_cgroup_move(struct store *store, int64_t ts, int64_t process, int64_t target,
		      int64_t container)
{
	struct binder binder = statement_bind(store, STATEMENT_CGROUP_MOVE);

	bind_int(&binder, ts);
	bind_int(&binder, process);
	bind_int(&binder, target);
	bind_int(&binder, container);
	return statement_run(store, STATEMENT_CGROUP_MOVE);
}

int store_sensor_event(struct store *store, int64_t ts, int64_t boot, const char *event,
		       int64_t process, struct slice detail)
{
	struct binder binder = statement_bind(store, STATEMENT_SENSOR_EVENT);

	bind_int(&binder, ts);
	bind_id(&binder, boot);
	bind_text(&binder, event);
	bind_id(&binder, process);
	bind_slice(&binder, detail);
	return statement_run(store, STATEMENT_SENSOR_EVENT);
}

int store_sensor_event_find(struct store *store, const char *event, struct slice detail)
{
	struct binder binder = statement_bind(store, STATEMENT_SENSOR_EVENT_FIND);
	int ret;

	bind_text(&binder, event);
	bind_slice(&binder, detail);
	ret = statement_row(store, STATEMENT_SENSOR_EVENT_FIND);
	if (ret > 0)
		statement_reset(store, STATEMENT_SENSOR_EVENT_FIND);
	return ret;
}

int store_position(struct store *store, unsigned int ring, uint32_t seq)
{
	struct binder binder = statement_bind(store, STATEMENT_POSITION);

	bind_int(&binder, ring);
	bind_int(&binder, seq);
	return statement_run(store, STATEMENT_POSITION);
}

int store_received(struct store *store, int64_t load, unsigned int class_, uint64_t count)
{
	struct binder binder = statement_bind(store, STATEMENT_RECEIVED);

	bind_int(&binder, load);
	bind_int(&binder, class_);
	bind_int(&binder, (int64_t)count);
	return statement_run(store, STATEMENT_RECEIVED);
}

int store_received_of(struct store *store, int64_t load, uint64_t counts[KITH_CLASSES])
{
	struct binder binder = statement_bind(store, STATEMENT_RECEIVED_OF);
	int ret;

	memset(counts, 0, KITH_CLASSES * sizeof(*counts));
	bind_int(&binder, load);
	while ((ret = statement_row(store, STATEMENT_RECEIVED_OF)) > 0) {
		int64_t class_ = sqlite3_column_int64(binder.statement, 0);

		if (class_ >= 0 && class_ < KITH_CLASSES)
			counts[class_] = (uint64_t)sqlite3_column_int64(binder.statement, 1);
	}
	return ret;
}

int store_account(struct store *store, struct store_account *account)
{
	int ret;

	memset(account, 0, sizeof(*account));
	while ((ret = statement_row(store, STATEMENT_ACCOUNT)) > 0) {
		struct reader reader = statement_read(store, STATEMENT_ACCOUNT);
		int64_t class_ = read_int(&reader);

		if (class_ < 0 || class_ >= KITH_CLASSES)
			continue;
		account->received[class_] += (uint64_t)read_int(&reader);
		account->lost[class_] += (uint64_t)read_int(&reader);
	}
	return ret;
}

/* What is known of a running total: how far it stands in losses, and where. */
struct known_loss {
	uint64_t total;
	int64_t until;
	int64_t row; /* the latest; 0: none */
};

static int find_loss(struct store *store, const struct store_loss *loss,
		     struct known_loss *known)
{
	struct binder binder = statement_bind(store, STATEMENT_LOSS_TOTAL);
	int ret;

	bind_int(&binder, loss->load);
	bind_int(&binder, loss->cpu);
	bind_int(&binder, loss->class_);
	bind_int(&binder, loss->cause);
	*known = (struct known_loss){ 0 };
	ret = statement_row(store, STATEMENT_LOSS_TOTAL);
	if (ret <= 0)
		return ret;
	known->total = (uint64_t)sqlite3_column_int64(binder.statement, 0);
	known->until = sqlite3_column_int64(binder.statement, 1);
	known->row = sqlite3_column_int64(binder.statement, 2);
	statement_reset(store, STATEMENT_LOSS_TOTAL);
	return 0;
}

static int remember_loss(struct store *store, const struct store_loss *loss, int64_t row)
{
	struct binder binder = statement_bind(store, STATEMENT_LOSS_REMEMBER);

	bind_int(&binder, loss->load);
	bind_int(&binder, loss->cpu);
	bind_int(&binder, loss->class_);
	bind_int(&binder, loss->cause);
	bind_int(&binder, (int64_t)loss->total);
	bind_int(&binder, loss->to);
	bind_int(&binder, row);
	return statement_run(store, STATEMENT_LOSS_REMEMBER);
}

static int add_loss(struct store *store, const struct store_loss *loss,
		    const struct known_loss *known)
{
	const char *class_ = record_class_name(loss->class_);
	const char *cause = record_cause_name(loss->cause);
	struct binder binder = statement_bind(store, STATEMENT_LOSS);

	bind_int(&binder, loss->boot);
	bind_nonnegative(&binder, loss->cpu);
	bind_text(&binder, class_ ? class_ : "unknown");
	bind_text(&binder, cause ? cause : "unknown");
	/* Reports of the same loss to a dead subscriber told of earlier times. */
	bind_int(&binder, loss->resumed && known->until && known->until < loss->from ?
				  known->until :
				  loss->from);
	bind_int(&binder, loss->to);
	bind_int(&binder, (int64_t)(loss->total - known->total));
	return statement_run(store, STATEMENT_LOSS);
}

/* The same loss goes on: a flood of hours is a few rows, not one a batch. */
static int extend_loss(struct store *store, const struct store_loss *loss,
		       const struct known_loss *known)
{
	struct binder binder = statement_bind(store, STATEMENT_LOSS_EXTEND);

	bind_int(&binder, loss->to);
	bind_int(&binder, (int64_t)(loss->total - known->total));
	bind_int(&binder, known->row);
	return statement_run(store, STATEMENT_LOSS_EXTEND);
}

int store_loss(struct store *store, struct store_loss *loss)
{
	struct known_loss known;
	int64_t gap;
	int ret = find_loss(store, loss, &known);

	loss->added = 0;
	if (ret || loss->total <= known.total)
		return ret;
	loss->added = loss->total - known.total;
	/* Times of a recording may lie anywhere. */
	gap = (int64_t)((uint64_t)loss->from - (uint64_t)known.until);
	if (known.row && gap < LOSSES_APART) {
		ret = extend_loss(store, loss, &known);
	} else {
		ret = add_loss(store, loss, &known);
		known.row = sqlite3_last_insert_rowid(store->db);
	}
	return ret ? ret : remember_loss(store, loss, known.row);
}

int store_unwatched(struct store *store, int64_t boot, int64_t from, int64_t to)
{
	struct binder binder = statement_bind(store, STATEMENT_LOSS);

	bind_int(&binder, boot);
	bind_null(&binder);
	bind_text(&binder, "all");
	bind_text(&binder, "not-loaded");
	bind_int(&binder, from);
	bind_int(&binder, to);
	bind_null(&binder);
	return statement_run(store, STATEMENT_LOSS);
}
