// SPDX-License-Identifier: GPL-2.0-only
/* The sweep: look at every thread now and then, and at our own hooks. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "sweep.h"

#include "credential.h"
#include "family.h"
#include "hook.h"
#include "passing.h"
#include "policy.h"
#include "report.h"
#include "roster.h"
#include "sensor.h"
#include "task.h"

#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kprobes.h>
#include <linux/kthread.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>

static struct task_struct *thread;
static u32 number = 1;
static u32 health;
static unsigned int test_hits;

u32 kith_sweep_number(void)
{
	return READ_ONCE(number);
}

u32 kith_sweep_health(void)
{
	return READ_ONCE(health);
}

/* A function that exists to be probed: if its probe is silent, all are. */
static noinline void test_target(void)
{
	/* Neither inlined nor optimised away. */
	asm volatile("" : : : "memory");
}

static int count_test(struct kprobe *probe, struct pt_regs *regs)
{
	WRITE_ONCE(test_hits, test_hits + 1);
	return 0;
}

static struct kprobe probe = {
	.addr = (kprobe_opcode_t *)test_target,
	.pre_handler = count_test,
};

static bool kprobes_fire(void)
{
	unsigned int before = READ_ONCE(test_hits);

	test_target();
	return READ_ONCE(test_hits) != before;
}

static void report_health(u32 now)
{
	static const struct {
		u32 bit;
		const char *name;
	} means[] = {
		{ KITH_HEALTH_FTRACE, "function entry hooks" },
		{ KITH_HEALTH_KPROBES, "kprobes" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(means); i++) {
		bool works = now & means[i].bit;

		if (works == !!(health & means[i].bit))
			continue;
		kith_sensor_emit(works ? KITH_SENSOR_RECOVERED : KITH_SENSOR_BLINDED,
				 means[i].bit, means[i].name);
		if (!works)
			pr_warn("%s do not fire any more\n", means[i].name);
	}
	WRITE_ONCE(health, now);
}

static u32 examine(void)
{
	u32 now = 0;

	if (kith_hook_attached(KITH_AT_COMMIT_CREDS) && kith_credential_hook_fires())
		now |= KITH_HEALTH_FTRACE;
	if (kprobes_fire())
		now |= KITH_HEALTH_KPROBES;
	return now;
}

/* An entry of @task, unless it is past its exit hook: who would remove it? */
static struct kith_task *entry_of(struct task_struct *task)
{
	struct kith_task *entry = kith_task_find(task);

	if (entry || READ_ONCE(task->flags) & PF_EXITING)
		return entry;
	entry = kith_task_add(task);
	/* Pairs with exit_signals(): either it finds the entry, or we see it go. */
	smp_mb();
	if (!entry || !(READ_ONCE(task->flags) & PF_EXITING))
		return entry;
	kith_task_remove(entry);
	return NULL;
}

static void look_at(struct task_struct *task, bool first)
{
	struct kith_task *entry;

	kith_hook_enter();
	entry = entry_of(task);
	if (entry) {
		entry->swept = number;
		if (first)
			entry->exec_unseen = task->in_execve;
		/* Past the exit hook credentials may be anything. */
		if (!(READ_ONCE(task->flags) & PF_EXITING))
			kith_credential_check(entry, task, KITH_CREDENTIAL_SWEPT);
		kith_credential_flush(entry, task);
	}
	kith_hook_leave();
}

/* @first: an exec that began before us cannot be told from a system call. */
static void sweep(bool first)
{
	struct kith_roster roster;
	size_t i;

	WRITE_ONCE(number, number + 1);
	if (kith_roster_call(&roster, true))
		return;
	for (i = 0; i < roster.count; i++) {
		look_at(roster.tasks[i], first);
		cond_resched();
	}
	kith_roster_dismiss(&roster);
	kith_task_purge(number);
}

static int run(void *unused)
{
	while (!kthread_should_stop()) {
		unsigned int ms = READ_ONCE(kith_policy.sweep_ms);
		u32 now;

		schedule_timeout_interruptible(msecs_to_jiffies(ms));
		if (kthread_should_stop())
			break;
		now = examine();
		kith_credential_trust(now & KITH_HEALTH_FTRACE);
		report_health(now);
		sweep(false);
		kith_report_sweep();
		kith_family_report();
		kith_passing_expire();
		kith_hook_tally();
	}
	return 0;
}

/*
 * The hooks are attached. A commit_creds() that began before that is not
 * noticed by its hook, but it is over soon: let it be before we copy.
 */
int kith_sweep_init(void)
{
	int ret = register_kprobe(&probe);

	if (ret) {
		pr_warn("cannot probe a function of our own: error %d\n", ret);
		return ret;
	}
	health = KITH_HEALTH_KPROBES;
	if (kith_hook_attached(KITH_AT_COMMIT_CREDS))
		health |= KITH_HEALTH_FTRACE;
	synchronize_rcu_tasks();
	kith_credential_trust(health & KITH_HEALTH_FTRACE);
	sweep(true);
	thread = kthread_run(run, NULL, "kith_sweep");
	if (!IS_ERR(thread))
		return 0;
	unregister_kprobe(&probe);
	return PTR_ERR(thread);
}

void kith_sweep_exit(void)
{
	kthread_stop(thread);
	unregister_kprobe(&probe);
}
