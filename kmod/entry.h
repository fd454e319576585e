/* SPDX-License-Identifier: GPL-2.0-only */
/* Hooks at the entry of functions, as ftrace calls them. */
#ifndef _KITH_ENTRY_H
#define _KITH_ENTRY_H

#include "compat/ftrace.h"

#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

/*
 * Every handler runs between these two: records are written with preemption
 * off (tracepoints of 7.x and our function hooks come with it on), and the
 * tables are read under RCU. Preemption off is an RCU read section; to say so is
 * for kernels that check, and costs 25 instructions a hook.
 */
static inline void kith_hook_enter(void)
{
	preempt_disable_notrace();
	if (IS_ENABLED(CONFIG_PROVE_RCU))
		rcu_read_lock();
}

static inline void kith_hook_leave(void)
{
	if (IS_ENABLED(CONFIG_PROVE_RCU))
		rcu_read_unlock();
	preempt_enable_notrace();
}

typedef void kith_entry_fn(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			   struct kith_ftrace_regs *regs);

/* Of all hooks. ops->private is which of them is ours. */
DECLARE_PER_CPU(u64, kith_hook_hits_here[]);

static inline void kith_entry_hit(const struct ftrace_ops *ops)
{
	this_cpu_inc(kith_hook_hits_here[(uintptr_t)ops->private]);
}

/*
 * Defines the hook @name, of type kith_entry_fn. The body that follows runs inside
 * kith_hook_enter(), and is inlined: a function between the two would be 15
 * instructions a hook. See KITH_ARGUMENT() for what it gets from @regs.
 */
#define KITH_ENTRY(name)                                                          \
	static __always_inline void name##_body(struct kith_ftrace_regs *regs);   \
	void notrace name(unsigned long ip, unsigned long parent_ip,              \
			  struct ftrace_ops *ops, struct kith_ftrace_regs *regs)  \
	{                                                                         \
		kith_hook_enter();                                                \
		kith_entry_hit(ops);                                              \
		name##_body(regs);                                                \
		kith_hook_leave();                                                \
	}                                                                         \
	static __always_inline void name##_body(struct kith_ftrace_regs *regs)

struct kith_hook;

/*
 * kith_entry_init() - Before the first is attached: where functions are.
 * kith_entry_attached() - After the last one.
 * kith_entry_attach() - What is rare is so with kith_entry_attach_rare() only, all at once.
 * kith_entry_detach() - No handler of it runs any more; of rare ones with _detach_rare().
 * Context of all: may sleep.
 */
int kith_entry_init(void);
void kith_entry_attached(void);
int kith_entry_attach(struct kith_hook *hook);
int kith_entry_attach_rare(void);
void kith_entry_detach_rare(void);
void kith_entry_detach(struct kith_hook *hook);
void kith_entry_exit(void);

#endif
