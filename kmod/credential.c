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
#include <linux/proc_ns.h>
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
static const struct task_struct *testing; /* who tries whether the hook fires */
static bool test_seen;

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

bool kith_credential_hook_fires(void)
{
	struct cred *cred = prepare_creds();

	if (!cred)
		return true; /* no memory is no evidence */
	test_seen = false;
	WRITE_ONCE(testing, current);
	commit_creds(cred);
	WRITE_ONCE(testing, NULL);
	return READ_ONCE(test_seen);
}

void kith_credential_read(struct kith_shadow *shadow, const struct task_struct *task)
{
	kith_shadow_fill(shadow, rcu_dereference(task->real_cred), NULL);
}

static unsigned int groups_to_send(const struct group_info *groups)
{
	return groups ? min_t(unsigned int, groups->ngroups, GROUPS_SENT) : 0;
}

/*
 * Nobody can make these at will: they are not to be pushed out by what anybody
 * can (capset() in a user namespace of one's own, say).
 */
static bool is_vital(const struct change *change)
{
	const struct kith_credential *from = change->from, *to = change->to;

	if (change->flags & KITH_CREDENTIAL_UNEXPLAINED)
		return true;
	return to->userns == PROC_USER_INIT_INO &&
	       (from->uid != to->uid || from->euid != to->euid ||
		to->cap_permitted & ~from->cap_permitted);
}

/* @task is whose change it is: not always current's. Return: is there a record? */
static bool emit(const struct change *change, const struct task_struct *task)
{
	size_t from = groups_to_send(change->groups_from) * sizeof(u32);
	size_t to = groups_to_send(change->groups_to) * sizeof(u32);
	struct kith_credential_change *body;
	struct kith_record *record;
	struct kith_writer writer;

	record = kith_ring_reserve_vital(KITH_RECORD_CREDENTIAL, sizeof(*body),
					 kith_item_space(from) + kith_item_space(to),
					 is_vital(change));
	if (!record)
		return false;
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
	return true;
}

/* A change of this moment. */
static bool emit_now(struct change *change, const struct task_struct *task)
{
	change->first = ktime_get_boot_fast_ns();
	change->last = change->first;
	change->count = 1;
	return emit(change, task);
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
	if (emit(&change, task))
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

/*
 * Make room to fold repetitions of @change; what stood there is sent.
 * @unsent: it could not be sent itself, so it is one of them
 */
static void remember(struct kith_task *entry, const struct change *change, bool unsent)
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
	fold->count = unsent;
	fold->first = change->first;
	fold->last = jiffies;
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

static bool judging(const struct kith_task *entry)
{
	if (!READ_ONCE(trusted))
		return false;
	/* Pairs with kith_credential_trust(): what was copied without it is void. */
	smp_rmb();
	return entry->epoch == kith_credential_epoch();
}

/*
 * @task has other credentials than @from, which it should have. The lock of
 * @entry is held. What there is no room to tell is told by the next look.
 */
static void report_difference(struct kith_task *entry, const struct cred *cred,
			      const struct kith_shadow *from, struct task_struct *task,
			      u32 flags)
{
	struct kith_shadow actual;
	struct change change = {
		.cause = KITH_CAUSE_NONE,
		.flags = flags | KITH_CREDENTIAL_UNEXPLAINED,
		.from = &from->id,
		.to = &actual.id,
	};

	kith_shadow_fill(&actual, cred, NULL);
	/* The same groups in another list, say, are no difference. */
	if (!kith_credential_same(&actual.id, &from->id) && judging(entry) &&
	    !emit_now(&change, task))
		return;
	*entry->now = actual;
	entry->pending = false;
}

/*
 * After commit_creds() was entered with entry->next. @mine: it is over, since
 * current, whose it was, has gone on to a hook. Return: what @cred should be.
 */
static const struct kith_shadow *expected(const struct kith_task *entry,
					  const struct cred *cred, bool mine)
{
	if (!entry->pending)
		return entry->now;
	if (cred == entry->committed || mine)
		return entry->next;
	/* Another CPU may be in the middle of it. */
	return kith_shadow_matches(entry->next, cred) ? entry->next : entry->now;
}

static void adopt_next(struct kith_task *entry)
{
	swap(entry->now, entry->next);
	entry->pending = false;
}

/* The lock of @entry is held. @deep: look at the lists of groups as well. */
static void check(struct kith_task *entry, struct task_struct *task, u32 flags, bool deep)
{
	const struct cred *cred = rcu_dereference(task->real_cred);
	bool mine = task == current && !(flags & KITH_CREDENTIAL_SWEPT);
	const struct kith_shadow *should = expected(entry, cred, mine);

	if (!(deep ? kith_shadow_equals(should, cred) : kith_shadow_matches(should, cred)))
		report_difference(entry, cred, should, task, flags);
	else if (should == entry->next)
		adopt_next(entry);
	entry->epoch = kith_credential_epoch();
}

/* The same before a commit, where every instruction counts. */
static __always_inline void check_quickly(struct kith_task *entry)
{
	const struct cred *cred = rcu_dereference(current->real_cred);

	if (likely(entry->epoch == kith_credential_epoch() && entry->pending &&
		   entry->committed == cred && kith_shadow_matches(entry->next, cred)))
		adopt_next(entry);
	else
		check(entry, current, 0, false);
}

void kith_credential_check(struct kith_task *entry, struct task_struct *task, u32 flags)
{
	spin_lock(&entry->lock);
	check(entry, task, flags, true);
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
	bool inwards = new->user_ns != old->user_ns &&
		       contains(old->user_ns, new->user_ns);

	return !judging(entry) ||
	       (kith_rule_may_take(old, new) &&
		kith_rule_allows(change->cause, change->from, change->to, inwards));
}

/* A change that is none of exec's. */
static void report(struct kith_task *entry, struct change *change, const struct cred *new)
{
	const struct cred *old = rcu_dereference(current->real_cred);
	bool sent;

	change->cause = kith_rule_cause();
	if (count_again(entry, change))
		return;
	if (kith_rule_groups_differ(change->from, change->to)) {
		change->groups_from = old->group_info;
		change->groups_to = new->group_info;
	}
	if (!explained(entry, change, old, new))
		change->flags = KITH_CREDENTIAL_UNEXPLAINED;
	/* What there was no room for is tried again only if it matters so much. */
	sent = emit_now(change, current);
	remember(entry, change, !sent && change->flags & KITH_CREDENTIAL_UNEXPLAINED);
}

/* Is @new what the exec that current is in prepared? Any, if we could not look. */
static bool is_exec(struct kith_task *entry, const struct cred *new)
{
	bool ret = current->in_execve &&
		   (entry->exec_cred == new || entry->exec_unseen ||
		    !kith_hook_attached(KITH_AT_BPRM_CHECK));

	/* The address may be another set's the next time. */
	entry->exec_cred = NULL;
	entry->exec_unseen = false;
	return ret;
}

/* current is about to make @new its own. The lock of @entry is held. */
static void commit(struct kith_task *entry, const struct cred *new)
{
	bool exec = is_exec(entry, new);
	struct change change = {};

	/* An exec is reported when it has succeeded, with its file. */
	if (likely(!exec)) {
		check_quickly(entry);
	} else {
		check(entry, current, 0, true);
		entry->exec_from = entry->now->id;
		entry->exec_committed = true;
	}
	if (kith_shadow_matches(entry->now, new))
		return;
	kith_shadow_fill(entry->next, new, entry->now);
	entry->committed = new;
	entry->pending = true;
	change.from = &entry->now->id;
	change.to = &entry->next->id;
	if (!exec && !kith_credential_same(&entry->next->id, &entry->now->id))
		report(entry, &change, new);
}

/* A thread without an entry: told, but not judged, and not folded. */
static void commit_untracked(const struct cred *new)
{
	const struct cred *old = rcu_dereference(current->real_cred);
	struct kith_shadow from, to;
	struct change change = {
		.cause = kith_rule_cause(),
		.from = &from.id,
		.to = &to.id,
		.groups_from = old->group_info,
		.groups_to = new->group_info,
	};

	kith_shadow_fill(&from, old, NULL);
	kith_shadow_fill(&to, new, &from);
	if (!kith_credential_same(&from.id, &to.id))
		emit_now(&change, current);
}

KITH_ENTRY(kith_credential_commit)
{
	struct kith_task *entry;

	if (READ_ONCE(testing) == current) {
		WRITE_ONCE(test_seen, true);
		return;
	}
	entry = kith_task_add(current);
	if (!entry) {
		commit_untracked(KITH_ARGUMENT(regs, 0, const struct cred *));
		return;
	}
	spin_lock(&entry->lock);
	commit(entry, KITH_ARGUMENT(regs, 0, const struct cred *));
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

const struct kith_credential *kith_credential_before_exec(const struct kith_task *entry)
{
	return entry->exec_committed ? &entry->exec_from : &entry->now->id;
}

/* The lock of @entry is held. */
static void report_exec(struct kith_task *entry, umode_t mode, kuid_t owner)
{
	struct change change = {
		.from = kith_credential_before_exec(entry),
		.to = &entry->now->id,
	};

	change.cause = exec_cause(change.from, change.to, mode, __kuid_val(owner));
	if (judging(entry) && !kith_rule_exec_allows(change.from, change.to))
		change.flags = KITH_CREDENTIAL_UNEXPLAINED;
	if (!kith_credential_same(change.from, change.to))
		emit_now(&change, current);
}

/*
 * Without the hook on commit_creds() there is no pending change: what differs
 * may be a system call's from before, unless the file explains it.
 */
static void report_exec_unhooked(struct kith_task *entry, umode_t mode, kuid_t owner)
{
	struct kith_shadow actual;
	struct change change = {
		.from = &entry->now->id,
		.to = &actual.id,
	};

	kith_shadow_fill(&actual, rcu_dereference(current->real_cred), NULL);
	change.cause = exec_cause(change.from, change.to, mode, __kuid_val(owner));
	if (!kith_credential_same(&actual.id, &entry->now->id) &&
	    change.cause != KITH_CAUSE_EXEC)
		emit_now(&change, current);
	*entry->now = actual;
	entry->epoch = kith_credential_epoch();
}

void kith_credential_exec(struct kith_task *entry, umode_t mode, kuid_t owner)
{
	spin_lock(&entry->lock);
	if (judging(entry) && entry->exec_committed) {
		/* What it committed, if nobody has touched it since. */
		check(entry, current, 0, true);
		report_exec(entry, mode, owner);
	} else {
		report_exec_unhooked(entry, mode, owner);
		entry->pending = false;
	}
	entry->exec_committed = false;
	entry->exec_cred = NULL;
	entry->exec_unseen = false;
	spin_unlock(&entry->lock);
}

/* A new namespace, or what its parent has not. The lock of @parent is held. */
static void inherit(struct kith_task *parent, struct kith_task *child,
		    struct task_struct *task)
{
	const struct cred *cred = rcu_dereference(task->real_cred);
	struct change change = {
		.cause = KITH_CAUSE_CLONE,
		.from = &parent->now->id,
		.to = &child->now->id,
	};

	if (kith_shadow_equals(parent->now, cred))
		return;
	if (cred->user_ns->parent == parent->now->user_ns &&
	    kith_rule_clone_allows(change.from, change.to)) {
		emit_now(&change, task);
		return;
	}
	/* The kernel itself forks as whoever it acts for. */
	if (!judging(parent) || current->flags & PF_KTHREAD || !current->mm)
		return;
	change.cause = KITH_CAUSE_NONE;
	change.flags = KITH_CREDENTIAL_UNEXPLAINED;
	if (!kith_credential_same(change.from, change.to) && !emit_now(&change, task))
		*child->now = *parent->now; /* found again by the next look */
}

void kith_credential_born(struct kith_task *parent, struct kith_task *child,
			  struct task_struct *task)
{
	spin_lock(&parent->lock);
	inherit(parent, child, task);
	spin_unlock(&parent->lock);
}
