// SPDX-License-Identifier: GPL-2.0-only
/* Credentials: every change with its cause, and those that have none. */
#include "credential.h"

#include "hook.h"
#include "item.h"
#include "key.h"
#include "ring.h"
#include "rule.h"

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/jiffies.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

enum {
	FOLDS = 4,	    /* different changes that one thread may alternate */
	GROUPS_SENT = 32,
};

/* A change that happened before and is only counted when it happens again. */
struct fold {
	u32 cause;
	u32 flags;
	u32 count; /* not yet sent */
	u64 first;
	unsigned long last; /* jiffies: the clock would cost a tenth of it all */
	struct kith_credential from;
	struct kith_credential to;
};

struct kith_fold {
	struct fold folds[FOLDS];
	unsigned int used;
	unsigned int oldest;
};

struct change {
	u32 cause;
	u32 flags;
	u32 count;
	u64 first;
	u64 last;
	const struct kith_credential *from;
	const struct kith_credential *to;
	const struct group_info *groups_from; /* or NULL */
	const struct group_info *groups_to;
};

static bool trusted __read_mostly;
static u32 epoch = 1;
static const struct task_struct *canary;
static bool canary_sang;

u32 kith_credential_epoch(void)
{
	return READ_ONCE(epoch);
}

void kith_credential_trust(bool on)
{
	if (on == trusted)
		return;
	WRITE_ONCE(epoch, epoch + 1);
	/* Pairs with judging(): whoever sees the new trust sees the new epoch. */
	smp_wmb();
	WRITE_ONCE(trusted, on);
}

bool kith_credential_canary(void)
{
	struct cred *cred = prepare_creds();

	if (!cred)
		return true; /* no memory is no evidence */
	canary_sang = false;
	WRITE_ONCE(canary, current);
	commit_creds(cred);
	WRITE_ONCE(canary, NULL);
	return READ_ONCE(canary_sang);
}

void kith_credential_read(struct kith_shadow *shadow, const struct task_struct *task)
{
	kith_shadow_fill(shadow, rcu_dereference(task->real_cred), NULL);
}

static unsigned int groups_to_send(const struct group_info *groups)
{
	return groups ? min_t(unsigned int, groups->ngroups, GROUPS_SENT) : 0;
}

/* @task is whose change it is: not always current's. */
static void emit(const struct change *change, const struct task_struct *task)
{
	size_t from = groups_to_send(change->groups_from) * sizeof(u32);
	size_t to = groups_to_send(change->groups_to) * sizeof(u32);
	struct kith_credential_change *body;
	struct kith_record *record;
	struct kith_writer writer;

	record = kith_ring_reserve(KITH_RECORD_CREDENTIAL, sizeof(*body),
				   kith_item_space(from) + kith_item_space(to));
	if (!record)
		return;
	record->tid = task->pid;
	record->process = kith_key(task);
	body = kith_body(record);
	body->cause = change->cause;
	body->flags = change->flags;
	body->count = change->count;
	body->first = change->first;
	body->last = change->last;
	body->from = *change->from;
	body->to = *change->to;
	writer = kith_writer(record);
	if (from)
		kith_put(&writer, KITH_ITEM_GROUPS_FROM, change->groups_from->gid, from);
	if (to)
		kith_put(&writer, KITH_ITEM_GROUPS_TO, change->groups_to->gid, to);
	kith_ring_commit(record);
}

static void emit_fold(struct fold *fold, const struct task_struct *task)
{
	struct change change = {
		.cause = fold->cause,
		.flags = fold->flags,
		.count = fold->count,
		.first = fold->first,
		.from = &fold->from,
		.to = &fold->to,
	};

	if (!fold->count)
		return;
	change.last = ktime_get_boot_fast_ns() - jiffies_to_nsecs(jiffies - fold->last);
	change.last = max(change.last, change.first);
	emit(&change, task);
	fold->count = 0;
}

void kith_credential_flush(struct kith_task *entry, struct task_struct *task)
{
	unsigned int i;

	spin_lock(&entry->lock);
	for (i = 0; entry->folds && i < entry->folds->used; i++)
		emit_fold(&entry->folds->folds[i], task);
	spin_unlock(&entry->lock);
}

static struct fold *find_fold(struct kith_fold *folds, const struct change *change)
{
	unsigned int i;

	for (i = 0; i < folds->used; i++) {
		struct fold *fold = &folds->folds[i];

		if (fold->cause == change->cause &&
		    kith_credential_same(&fold->to, change->to) &&
		    kith_credential_same(&fold->from, change->from))
			return fold;
	}
	return NULL;
}

/* Make room to fold repetitions of @change; what stood there is sent. */
static void remember(struct kith_task *entry, const struct change *change)
{
	struct kith_fold *folds = entry->folds;
	struct fold *fold;

	if (!folds) {
		folds = kzalloc(sizeof(*folds), GFP_NOWAIT | __GFP_NOWARN);
		if (!folds)
			return;
		entry->folds = folds;
	}
	if (folds->used < FOLDS) {
		fold = &folds->folds[folds->used++];
	} else {
		fold = &folds->folds[folds->oldest];
		folds->oldest = (folds->oldest + 1) % FOLDS;
		emit_fold(fold, current);
	}
	fold->cause = change->cause;
	fold->flags = change->flags;
	fold->count = 0;
	fold->from = *change->from;
	fold->to = *change->to;
}

/* Has current made this change before? Then it is counted, and that is all. */
static bool count_again(struct kith_task *entry, const struct change *change)
{
	struct fold *fold = entry->folds ? find_fold(entry->folds, change) : NULL;

	if (!fold)
		return false;
	fold->last = jiffies;
	if (!fold->count++)
		fold->first = ktime_get_boot_fast_ns();
	return true;
}

static void emit_first(struct kith_task *entry, struct change *change)
{
	change->first = ktime_get_boot_fast_ns();
	change->last = change->first;
	change->count = 1;
	emit(change, current);
	remember(entry, change);
}

static bool judging(const struct kith_task *entry)
{
	if (!READ_ONCE(trusted))
		return false;
	/* Pairs with kith_credential_trust(): what was copied without it is void. */
	smp_rmb();
	return entry->epoch == kith_credential_epoch();
}

/* @actual is not what we remember. The lock of @entry is held. */
static void check_difference(struct kith_task *entry, const struct cred *cred,
			     struct task_struct *task, u32 flags)
{
	struct kith_shadow actual;
	struct change change = {
		.cause = KITH_CAUSE_NONE,
		.flags = flags | KITH_CREDENTIAL_UNEXPLAINED,
		.count = 1,
		.from = &entry->now->id,
		.to = &actual.id,
	};

	kith_shadow_fill(&actual, cred, entry->now);
	/* The same groups in another list, say, are no difference. */
	if (!kith_credential_same(&actual.id, &entry->now->id) && judging(entry)) {
		change.first = ktime_get_boot_fast_ns();
		change.last = change.first;
		emit(&change, task);
	}
	*entry->now = actual;
}

/* The lock of @entry is held. */
static void check(struct kith_task *entry, struct task_struct *task, u32 flags)
{
	const struct cred *cred = rcu_dereference(task->real_cred);

	if (entry->pending && kith_shadow_matches(entry->next, cred)) {
		swap(entry->now, entry->next);
		entry->pending = false;
	} else if (!kith_shadow_matches(entry->now, cred)) {
		check_difference(entry, cred, task, flags);
		entry->pending = false;
	}
	entry->epoch = kith_credential_epoch();
}

void kith_credential_check(struct kith_task *entry, struct task_struct *task, u32 flags)
{
	spin_lock(&entry->lock);
	check(entry, task, flags);
	spin_unlock(&entry->lock);
}

/* Is @inner @outer, or inside it? */
static bool contains(const struct user_namespace *outer,
		     const struct user_namespace *inner)
{
	while (inner && inner != outer)
		inner = inner->parent;
	return inner;
}

/* Whether @new, about to be current's, is what @change->cause could have made. */
static bool explained(const struct kith_task *entry, const struct change *change,
		      const struct cred *old, const struct cred *new)
{
	bool outwards = new->user_ns != old->user_ns &&
			contains(new->user_ns, old->user_ns);

	/* Without the other hook an exec looks like any system call. */
	return !judging(entry) || !kith_hook_attached(KITH_AT_BPRM_CHECK) ||
	       kith_rule_allows(change->cause, change->from, change->to, outwards);
}

/* A change that is none of exec's. */
static void report(struct kith_task *entry, struct change *change, const struct cred *new)
{
	const struct cred *old = rcu_dereference(current->real_cred);

	change->cause = kith_rule_cause();
	if (count_again(entry, change))
		return;
	if (kith_rule_groups_differ(change->from, change->to)) {
		change->groups_from = old->group_info;
		change->groups_to = new->group_info;
	}
	if (!explained(entry, change, old, new))
		change->flags = KITH_CREDENTIAL_UNEXPLAINED;
	emit_first(entry, change);
}

/* current is about to make @new its own. The lock of @entry is held. */
static void commit(struct kith_task *entry, const struct cred *new)
{
	struct change change = {};

	/* May make next now. */
	check(entry, current, 0);
	if (kith_shadow_matches(entry->now, new))
		return;
	kith_shadow_fill(entry->next, new, entry->now);
	entry->pending = true;
	change.from = &entry->now->id;
	change.to = &entry->next->id;
	if (kith_credential_same(&entry->next->id, &entry->now->id))
		return;
	/* An exec is reported when it has succeeded, with its file. */
	if (entry->exec_cred != new)
		report(entry, &change, new);
}

/* A thread without an entry: told, but not judged, and not folded. */
static void commit_untracked(const struct cred *new)
{
	const struct cred *old = rcu_dereference(current->real_cred);
	struct kith_shadow from, to;
	struct change change = {
		.cause = kith_rule_cause(),
		.count = 1,
		.from = &from.id,
		.to = &to.id,
		.groups_from = old->group_info,
		.groups_to = new->group_info,
	};

	kith_shadow_fill(&from, old, NULL);
	kith_shadow_fill(&to, new, &from);
	if (kith_credential_same(&from.id, &to.id))
		return;
	change.first = ktime_get_boot_fast_ns();
	change.last = change.first;
	emit(&change, current);
}

void kith_credential_commit(unsigned long new_cred, unsigned long unused)
{
	struct kith_task *entry;

	if (READ_ONCE(canary) == current) {
		WRITE_ONCE(canary_sang, true);
		return;
	}
	entry = kith_task_add(current);
	if (!entry) {
		commit_untracked((const struct cred *)new_cred);
		return;
	}
	spin_lock(&entry->lock);
	commit(entry, (const struct cred *)new_cred);
	spin_unlock(&entry->lock);
}

static u32 exec_cause(const struct kith_credential *from,
		      const struct kith_credential *to, umode_t mode, u32 owner)
{
	if (mode & S_ISUID && to->euid == owner && from->euid != to->euid)
		return KITH_CAUSE_EXEC_SETUID;
	if (mode & S_ISGID && from->egid != to->egid)
		return KITH_CAUSE_EXEC_SETGID;
	if (to->euid && to->uid && to->cap_permitted & ~from->cap_permitted)
		return KITH_CAUSE_EXEC_FILECAP;
	return KITH_CAUSE_EXEC;
}

void kith_credential_exec(struct kith_task *entry, umode_t mode, kuid_t owner)
{
	struct kith_shadow actual;
	struct change change = {
		.count = 1,
		.from = &entry->now->id,
		.to = &actual.id,
	};

	spin_lock(&entry->lock);
	kith_shadow_fill(&actual, rcu_dereference(current->real_cred), entry->now);
	change.cause = exec_cause(change.from, change.to, mode, __kuid_val(owner));
	/* Without the hook on commit_creds() it may be a system call's from before. */
	if (!kith_credential_same(&actual.id, &entry->now->id) &&
	    (judging(entry) || change.cause != KITH_CAUSE_EXEC)) {
		change.first = ktime_get_boot_fast_ns();
		change.last = change.first;
		emit(&change, current);
	}
	*entry->now = actual;
	entry->pending = false;
	entry->exec_cred = NULL;
	entry->epoch = kith_credential_epoch();
	spin_unlock(&entry->lock);
}

void kith_credential_born(struct kith_task *parent, struct kith_task *child,
			  struct task_struct *task)
{
	struct change change = {
		.cause = KITH_CAUSE_CLONE,
		.count = 1,
		.from = &parent->now->id,
		.to = &child->now->id,
	};

	if (change.from->userns == change.to->userns)
		return;
	change.first = ktime_get_boot_fast_ns();
	change.last = change.first;
	emit(&change, task);
}
