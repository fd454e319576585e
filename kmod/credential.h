/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Credentials: every change with its cause, and those that have none.
 *
 * The module keeps a copy of each thread's credentials (real_cred, which
 * override_creds() does not touch). All legitimate changes go through
 * commit_creds(), whose entry we see, except those that come with a new thread.
 * Whatever else differs from the copy, when a hook or the sweep looks, was
 * written by something else: it is unexplained. So is a commit_creds() from a
 * system call that may not make this change.
 */
#ifndef _KITH_CREDENTIAL_H
#define _KITH_CREDENTIAL_H

#include "entry.h"
#include "task.h"

/* Hooks: function entry of commit_creds(). */
kith_entry_fn kith_credential_commit;

/* What @task's credentials are now. Context: RCU read section. */
void kith_credential_read(struct kith_shadow *shadow, const struct task_struct *task);

/*
 * kith_credential_check() - Compare @task with its copy; report and adopt what
 * is unexplained.
 * @flags: KITH_CREDENTIAL_SWEPT or 0
 *
 * Context: preemption off.
 */
void kith_credential_check(struct kith_task *entry, struct task_struct *task,
			   u32 flags);

/* current has got a new image; @mode and @owner are those of its file. */
void kith_credential_exec(struct kith_task *entry, umode_t mode, kuid_t owner);

/* What current had before the exec that has just succeeded. */
const struct kith_credential *kith_credential_before_exec(const struct kith_task *entry);

/*
 * @task has just been made by current: its credentials must be those of its
 * parent, which the kernel takes from current->cred, not real_cred.
 */
void kith_credential_born(struct kith_task *parent, struct kith_task *child,
			  struct task_struct *task);

/* Report repeated changes that were only counted so far. */
void kith_credential_flush(struct kith_task *entry, struct task_struct *task);

/*
 * Whether the hook on commit_creds() has been seen to fire. While it has not,
 * nothing is judged; what was copied before is not believed after.
 */
void kith_credential_trust(bool on);
u32 kith_credential_epoch(void);

/* Make current, a kernel thread, commit what it has. Was the hook called? */
bool kith_credential_hook_fires(void);

#endif
