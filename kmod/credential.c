// SPDX-License-Identifier: GPL-2.0-only
/* Credentials: every change with its cause, and those that have none. */
#include "credential.h"

#include "compat/arch.h"
#include "hook.h"
#include "item.h"
#include "key.h"
#include "ring.h"

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/jhash.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

enum {
	FOLDS = 4,	    /* different changes that one thread may alternate */
	GROUPS_HASHED = 1024,
	GROUPS_SENT = 32,
};

/* A change that happened before and is only counted when it happens again. */
struct fold {
	u32 cause;
	u32 flags;
	u32 count; /* not yet sent */
	u64 first;
	u64 last;
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
	/* Pairs with nothing: a judgement under the old trust needs the old epoch. */
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

static u64 capabilities(const kernel_cap_t *set)
{
	u64 bits;

	/* Two u32 until 6.2, one u64 since: the same bytes on little endian. */
	BUILD_BUG_ON(sizeof(*set) != sizeof(bits));
	memcpy(&bits, set, sizeof(bits));
	return bits;
}

static u32 hash_groups(const struct group_info *groups)
{
	u32 n = min_t(u32, groups->ngroups, GROUPS_HASHED);

	BUILD_BUG_ON(sizeof(groups->gid[0]) != sizeof(u32));
	return jhash2((const u32 *)groups->gid, n, groups->ngroups);
}

/* @like: a set that may share its list of groups, to save hashing it; or NULL */
static void fill(struct kith_shadow *shadow, const struct cred *cred,
		 const struct kith_shadow *like)
{
	struct kith_credential *id = &shadow->id;

	id->uid = __kuid_val(cred->uid);
	id->gid = __kgid_val(cred->gid);
	id->suid = __kuid_val(cred->suid);
	id->sgid = __kgid_val(cred->sgid);
	id->euid = __kuid_val(cred->euid);
	id->egid = __kgid_val(cred->egid);
	id->fsuid = __kuid_val(cred->fsuid);
	id->fsgid = __kgid_val(cred->fsgid);
	id->securebits = cred->securebits;
	id->userns = cred->user_ns->ns.inum;
	id->cap_inheritable = capabilities(&cred->cap_inheritable);
	id->cap_permitted = capabilities(&cred->cap_permitted);
	id->cap_effective = capabilities(&cred->cap_effective);
	id->cap_bounding = capabilities(&cred->cap_bset);
	id->cap_ambient = capabilities(&cred->cap_ambient);
	shadow->groups = cred->group_info;
	id->groups = cred->group_info->ngroups;
	if (like && like->groups == shadow->groups && like->id.groups == id->groups)
		id->groups_hash = like->id.groups_hash;
	else
		id->groups_hash = hash_groups(cred->group_info);
}

void kith_credential_read(struct kith_shadow *shadow, const struct task_struct *task)
{
	fill(shadow, rcu_dereference(task->real_cred), NULL);
}

static bool same(const struct kith_credential *a, const struct kith_credential *b)
{
	const u64 *x = (const u64 *)a, *y = (const u64 *)b;
	u64 differ = 0;
	unsigned int i;

	for (i = 0; i < sizeof(*a) / sizeof(u64); i++)
		differ |= x[i] ^ y[i];
	return !differ;
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
		.last = fold->last,
		.from = &fold->from,
		.to = &fold->to,
	};

	if (!fold->count)
		return;
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

		if (fold->cause == change->cause && fold->flags == change->flags &&
		    same(&fold->from, change->from) && same(&fold->to, change->to))
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

/* Emit @change of current, or count it if it is one that came before. */
static void emit_or_fold(struct kith_task *entry, struct change *change)
{
	u64 now = ktime_get_boot_fast_ns();
	struct fold *fold = NULL;

	if (entry->folds)
		fold = find_fold(entry->folds, change);
	if (fold) {
		if (!fold->count++)
			fold->first = now;
		fold->last = now;
		return;
	}
	change->first = now;
	change->last = now;
	change->count = 1;
	emit(change, current);
	remember(entry, change);
}

static bool judging(const struct kith_task *entry)
{
	u32 now = kith_credential_epoch();

	smp_rmb();
	return READ_ONCE(trusted) && entry->epoch == now;
}

/* The lock of @entry is held. */
static void check(struct kith_task *entry, struct task_struct *task, u32 flags)
{
	struct kith_shadow actual;
	struct change change = {
		.cause = KITH_CAUSE_NONE,
		.flags = flags | KITH_CREDENTIAL_UNEXPLAINED,
		.count = 1,
		.from = &entry->now.id,
		.to = &actual.id,
	};

	fill(&actual, rcu_dereference(task->real_cred), &entry->now);
	if (likely(same(&actual.id, &entry->now.id))) {
		entry->epoch = kith_credential_epoch();
		return;
	}
	if (entry->pending && same(&actual.id, &entry->next.id)) {
		entry->pending = false;
	} else if (judging(entry)) {
		change.first = ktime_get_boot_fast_ns();
		change.last = change.first;
		emit(&change, task);
	}
	entry->now = actual;
	entry->epoch = kith_credential_epoch();
}

void kith_credential_check(struct kith_task *entry, struct task_struct *task, u32 flags)
{
	spin_lock(&entry->lock);
	check(entry, task, flags);
	spin_unlock(&entry->lock);
}

static u32 cause_of_native(int nr)
{
	switch (nr) {
	case __NR_setuid:
		return KITH_CAUSE_SETUID;
	case __NR_setgid:
		return KITH_CAUSE_SETGID;
	case __NR_setreuid:
		return KITH_CAUSE_SETREUID;
	case __NR_setregid:
		return KITH_CAUSE_SETREGID;
	case __NR_setresuid:
		return KITH_CAUSE_SETRESUID;
	case __NR_setresgid:
		return KITH_CAUSE_SETRESGID;
	case __NR_setfsuid:
		return KITH_CAUSE_SETFSUID;
	case __NR_setfsgid:
		return KITH_CAUSE_SETFSGID;
	case __NR_setgroups:
		return KITH_CAUSE_SETGROUPS;
	case __NR_capset:
		return KITH_CAUSE_CAPSET;
	case __NR_prctl:
		return KITH_CAUSE_PRCTL;
	case __NR_keyctl:
		return KITH_CAUSE_KEYCTL;
	case __NR_unshare:
		return KITH_CAUSE_UNSHARE;
	case __NR_setns:
		return KITH_CAUSE_SETNS;
	default:
		return KITH_CAUSE_OTHER;
	}
}

#if KITH_IA32
static u32 cause_of_ia32(int nr)
{
	switch (nr) {
	case __NR_ia32_setuid:
	case __NR_ia32_setuid32:
		return KITH_CAUSE_SETUID;
	case __NR_ia32_setgid:
	case __NR_ia32_setgid32:
		return KITH_CAUSE_SETGID;
	case __NR_ia32_setreuid:
	case __NR_ia32_setreuid32:
		return KITH_CAUSE_SETREUID;
	case __NR_ia32_setregid:
	case __NR_ia32_setregid32:
		return KITH_CAUSE_SETREGID;
	case __NR_ia32_setresuid:
	case __NR_ia32_setresuid32:
		return KITH_CAUSE_SETRESUID;
	case __NR_ia32_setresgid:
	case __NR_ia32_setresgid32:
		return KITH_CAUSE_SETRESGID;
	case __NR_ia32_setfsuid:
	case __NR_ia32_setfsuid32:
		return KITH_CAUSE_SETFSUID;
	case __NR_ia32_setfsgid:
	case __NR_ia32_setfsgid32:
		return KITH_CAUSE_SETFSGID;
	case __NR_ia32_setgroups:
	case __NR_ia32_setgroups32:
		return KITH_CAUSE_SETGROUPS;
	case __NR_ia32_capset:
		return KITH_CAUSE_CAPSET;
	case __NR_ia32_prctl:
		return KITH_CAUSE_PRCTL;
	case __NR_ia32_keyctl:
		return KITH_CAUSE_KEYCTL;
	case __NR_ia32_unshare:
		return KITH_CAUSE_UNSHARE;
	case __NR_ia32_setns:
		return KITH_CAUSE_SETNS;
	default:
		return KITH_CAUSE_OTHER;
	}
}
#else
static u32 cause_of_ia32(int nr)
{
	return KITH_CAUSE_OTHER;
}
#endif

/* Why current calls commit_creds(). */
static u32 find_cause(void)
{
	bool ia32;
	int nr;

	if (!in_task())
		return KITH_CAUSE_OTHER;
	/* Kernel threads, and helpers that have not exec'ed yet. */
	if (current->flags & PF_KTHREAD || !current->mm)
		return KITH_CAUSE_KERNEL;
	nr = kith_syscall(&ia32);
	return ia32 ? cause_of_ia32(nr) : cause_of_native(nr);
}

/* What each cause may change; the kernel's own rules, credentials(7). */
enum {
	MAY_UIDS = 1,
	MAY_GIDS = 2,
	MAY_GROUPS = 4,
	MAY_CAPS = 8, /* only ever less, see caps_follow() */
	MAY_SECUREBITS = 16,
	MAY_USERNS = 32,
	MAY_ALL = ~0,
};

static const s8 may[KITH_CAUSES] = {
	[KITH_CAUSE_SETUID] = MAY_UIDS | MAY_CAPS,
	[KITH_CAUSE_SETREUID] = MAY_UIDS | MAY_CAPS,
	[KITH_CAUSE_SETRESUID] = MAY_UIDS | MAY_CAPS,
	[KITH_CAUSE_SETFSUID] = MAY_UIDS | MAY_CAPS,
	[KITH_CAUSE_SETGID] = MAY_GIDS,
	[KITH_CAUSE_SETREGID] = MAY_GIDS,
	[KITH_CAUSE_SETRESGID] = MAY_GIDS,
	[KITH_CAUSE_SETFSGID] = MAY_GIDS,
	[KITH_CAUSE_SETGROUPS] = MAY_GROUPS,
	[KITH_CAUSE_CAPSET] = MAY_CAPS,
	[KITH_CAUSE_PRCTL] = MAY_CAPS | MAY_SECUREBITS,
	[KITH_CAUSE_UNSHARE] = MAY_USERNS,
	[KITH_CAUSE_SETNS] = MAY_USERNS,
	[KITH_CAUSE_KERNEL] = MAY_ALL,
};

static bool one_of(u32 id, u32 a, u32 b, u32 c, u32 d)
{
	return id == a || id == b || id == c || id == d;
}

static bool uids_follow(const struct kith_credential *from,
			const struct kith_credential *to)
{
#define OLD from->uid, from->euid, from->suid, from->fsuid
	return from->cap_effective & BIT_ULL(CAP_SETUID) ||
	       (one_of(to->uid, OLD) && one_of(to->euid, OLD) &&
		one_of(to->suid, OLD) && one_of(to->fsuid, OLD));
#undef OLD
}

static bool gids_follow(const struct kith_credential *from,
			const struct kith_credential *to)
{
#define OLD from->gid, from->egid, from->sgid, from->fsgid
	return from->cap_effective & BIT_ULL(CAP_SETGID) ||
	       (one_of(to->gid, OLD) && one_of(to->egid, OLD) &&
		one_of(to->sgid, OLD) && one_of(to->fsgid, OLD));
#undef OLD
}

static bool uids_differ(const struct kith_credential *a, const struct kith_credential *b)
{
	return a->uid != b->uid || a->euid != b->euid || a->suid != b->suid ||
	       a->fsuid != b->fsuid;
}

static bool gids_differ(const struct kith_credential *a, const struct kith_credential *b)
{
	return a->gid != b->gid || a->egid != b->egid || a->sgid != b->sgid ||
	       a->fsgid != b->fsgid;
}

static bool groups_differ(const struct kith_credential *a,
			  const struct kith_credential *b)
{
	return a->groups != b->groups || a->groups_hash != b->groups_hash;
}

static bool within(u64 set, u64 bound)
{
	return !(set & ~bound);
}

/* No system call widens the permitted or the bounding set (capabilities(7)). */
static bool caps_follow(const struct kith_credential *from,
			const struct kith_credential *to)
{
	return within(to->cap_permitted, from->cap_permitted) &&
	       within(to->cap_effective, to->cap_permitted) &&
	       within(to->cap_bounding, from->cap_bounding) &&
	       within(to->cap_inheritable, from->cap_inheritable |
						   from->cap_permitted |
						   from->cap_bounding) &&
	       within(to->cap_ambient,
		      from->cap_ambient | (to->cap_permitted & to->cap_inheritable));
}

static bool caps_differ(const struct kith_credential *a, const struct kith_credential *b)
{
	return a->cap_permitted != b->cap_permitted ||
	       a->cap_effective != b->cap_effective ||
	       a->cap_inheritable != b->cap_inheritable ||
	       a->cap_bounding != b->cap_bounding || a->cap_ambient != b->cap_ambient;
}

static bool contains(const struct user_namespace *outer,
		     const struct user_namespace *inner)
{
	while (inner && inner != outer)
		inner = inner->parent;
	return inner;
}

/*
 * Could @cause have made this change? Entering a user namespace gives all
 * capabilities in it, but nothing lets one enter a namespace around one's own.
 */
static bool allowed(u32 cause, const struct kith_credential *from,
		    const struct kith_credential *to, bool outwards)
{
	int bits = may[cause];

	if (bits == (s8)MAY_ALL)
		return true;
	if (uids_differ(from, to) && !(bits & MAY_UIDS && uids_follow(from, to)))
		return false;
	if (gids_differ(from, to) && !(bits & MAY_GIDS && gids_follow(from, to)))
		return false;
	if (groups_differ(from, to) &&
	    !(bits & MAY_GROUPS && from->cap_effective & BIT_ULL(CAP_SETGID)))
		return false;
	if (from->userns != to->userns)
		return bits & MAY_USERNS && !outwards;
	if (from->securebits != to->securebits && !(bits & MAY_SECUREBITS))
		return false;
	if (caps_differ(from, to) && !(bits & MAY_CAPS && caps_follow(from, to)))
		return false;
	return true;
}

/* current is about to make @new its own. The lock of @entry is held. */
static void commit(struct kith_task *entry, const struct cred *new)
{
	const struct cred *old = rcu_dereference(current->real_cred);
	struct kith_shadow next;
	struct change change = {
		.from = &entry->now.id,
		.to = &next.id,
	};

	check(entry, current, 0);
	fill(&next, new, &entry->now);
	if (same(&next.id, &entry->now.id))
		return;
	if (entry->exec_cred != new) {
		change.cause = find_cause();
		if (groups_differ(change.from, change.to)) {
			change.groups_from = old->group_info;
			change.groups_to = new->group_info;
		}
		if (judging(entry) && kith_hook_attached(KITH_AT_BPRM_CHECK) &&
		    !allowed(change.cause, change.from, change.to,
			     new->user_ns != old->user_ns &&
				     contains(new->user_ns, old->user_ns)))
			change.flags = KITH_CREDENTIAL_UNEXPLAINED;
		emit_or_fold(entry, &change);
	}
	/* An exec is reported when it has succeeded, with its file. */
	entry->next = next;
	entry->pending = true;
}

void kith_credential_commit(unsigned long new_cred, unsigned long unused)
{
	struct kith_task *entry;

	if (READ_ONCE(canary) == current) {
		WRITE_ONCE(canary_sang, true);
		return;
	}
	entry = kith_task_add(current);
	if (!entry)
		return;
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
	if (to->euid && to->uid && !within(to->cap_permitted, from->cap_permitted))
		return KITH_CAUSE_EXEC_FILECAP;
	return KITH_CAUSE_EXEC;
}

void kith_credential_exec(struct kith_task *entry, umode_t mode, kuid_t owner)
{
	struct kith_shadow actual;
	struct change change = {
		.count = 1,
		.from = &entry->now.id,
		.to = &actual.id,
	};

	spin_lock(&entry->lock);
	fill(&actual, rcu_dereference(current->real_cred), &entry->now);
	if (!same(&actual.id, &entry->now.id)) {
		change.cause = exec_cause(change.from, change.to, mode, __kuid_val(owner));
		change.first = ktime_get_boot_fast_ns();
		change.last = change.first;
		emit(&change, current);
		entry->now = actual;
	}
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
		.from = &parent->now.id,
		.to = &child->now.id,
	};

	if (change.from->userns == change.to->userns)
		return;
	change.first = ktime_get_boot_fast_ns();
	change.last = change.first;
	emit(&change, task);
}
