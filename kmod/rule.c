// SPDX-License-Identifier: GPL-2.0-only
/* What may change credentials, and how: the kernel's own rules, credentials(7). */
#include "rule.h"

#include "compat/arch.h"

#include <linux/bits.h>
#include <linux/capability.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/securebits.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

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

u32 kith_rule_cause(void)
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

static bool had_uid(const struct kith_credential *from, u32 uid)
{
	return uid == from->uid || uid == from->euid || uid == from->suid ||
	       uid == from->fsuid;
}

static bool had_gid(const struct kith_credential *from, u32 gid)
{
	return gid == from->gid || gid == from->egid || gid == from->sgid ||
	       gid == from->fsgid;
}

static bool uids_follow(const struct kith_credential *from,
			const struct kith_credential *to)
{
	return from->cap_effective & BIT_ULL(CAP_SETUID) ||
	       (had_uid(from, to->uid) && had_uid(from, to->euid) &&
		had_uid(from, to->suid) && had_uid(from, to->fsuid));
}

static bool gids_follow(const struct kith_credential *from,
			const struct kith_credential *to)
{
	return from->cap_effective & BIT_ULL(CAP_SETGID) ||
	       (had_gid(from, to->gid) && had_gid(from, to->egid) &&
		had_gid(from, to->sgid) && had_gid(from, to->fsgid));
}

static bool may_take_uid(const struct cred *old, kuid_t uid)
{
	return kuid_has_mapping(old->user_ns, uid) || uid_eq(uid, old->uid) ||
	       uid_eq(uid, old->euid) || uid_eq(uid, old->suid) || uid_eq(uid, old->fsuid);
}

static bool may_take_gid(const struct cred *old, kgid_t gid)
{
	return kgid_has_mapping(old->user_ns, gid) || gid_eq(gid, old->gid) ||
	       gid_eq(gid, old->egid) || gid_eq(gid, old->sgid) || gid_eq(gid, old->fsgid);
}

bool kith_rule_may_take(const struct cred *old, const struct cred *new)
{
	return old->user_ns == &init_user_ns ||
	       (may_take_uid(old, new->uid) && may_take_uid(old, new->euid) &&
		may_take_uid(old, new->suid) && may_take_uid(old, new->fsuid) &&
		may_take_gid(old, new->gid) && may_take_gid(old, new->egid) &&
		may_take_gid(old, new->sgid) && may_take_gid(old, new->fsgid));
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

bool kith_rule_groups_differ(const struct kith_credential *a,
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

bool kith_rule_allows(u32 cause, const struct kith_credential *from,
		      const struct kith_credential *to, bool inwards)
{
	int bits = may[cause];

	if (bits == (s8)MAY_ALL)
		return true;
	if (uids_differ(from, to) && !(bits & MAY_UIDS && uids_follow(from, to)))
		return false;
	if (gids_differ(from, to) && !(bits & MAY_GIDS && gids_follow(from, to)))
		return false;
	if (kith_rule_groups_differ(from, to) &&
	    !(bits & MAY_GROUPS && from->cap_effective & BIT_ULL(CAP_SETGID)))
		return false;
	if (from->userns != to->userns)
		return bits & MAY_USERNS && inwards;
	if (from->securebits != to->securebits && !(bits & MAY_SECUREBITS))
		return false;
	if (caps_differ(from, to) && !(bits & MAY_CAPS && caps_follow(from, to)))
		return false;
	return true;
}

/* cap_bprm_creds_from_file() and begin_new_exec() touch nothing else. */
bool kith_rule_exec_allows(const struct kith_credential *from,
			   const struct kith_credential *to)
{
	return from->uid == to->uid && from->gid == to->gid &&
	       !kith_rule_groups_differ(from, to) && from->userns == to->userns &&
	       from->cap_inheritable == to->cap_inheritable &&
	       from->cap_bounding == to->cap_bounding &&
	       !((from->securebits ^ to->securebits) & ~SECBIT_KEEP_CAPS);
}

bool kith_rule_clone_allows(const struct kith_credential *from,
			    const struct kith_credential *to)
{
	return !uids_differ(from, to) && !gids_differ(from, to) &&
	       !kith_rule_groups_differ(from, to);
}
