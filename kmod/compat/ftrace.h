/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Function-entry callbacks and their arguments.
 *
 * With DYNAMIC_FTRACE_WITH_ARGS (5.11) every callback gets the argument
 * registers for nothing; before it, only callbacks that ask for a full
 * pt_regs (SAVE_REGS) do.
 */
#ifndef _KITH_COMPAT_FTRACE_H
#define _KITH_COMPAT_FTRACE_H

#include <linux/ftrace.h>
#include <linux/ptrace.h>

#ifdef CONFIG_DYNAMIC_FTRACE_WITH_ARGS

#define KITH_FTRACE_FLAGS 0

#define kith_ftrace_regs ftrace_regs

static inline unsigned long kith_ftrace_argument(struct kith_ftrace_regs *fregs,
						 unsigned int n)
{
#ifdef ftrace_regs_get_argument
	return ftrace_regs_get_argument(fregs, n);
#else
	return regs_get_kernel_argument(&fregs->regs, n);
#endif
}

#else

/*
 * RECURSION_SAFE: spare us the core's recursion guard. None of the functions
 * that we hook is called from a hook of ours.
 */
#define KITH_FTRACE_FLAGS (FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_RECURSION_SAFE)

#define kith_ftrace_regs pt_regs

static inline unsigned long kith_ftrace_argument(struct kith_ftrace_regs *regs,
						 unsigned int n)
{
	return regs_get_kernel_argument(regs, n);
}

#endif

/* Argument @n of the function that was called, as a @type. */
#define KITH_ARGUMENT(regs, n, type) ((type)kith_ftrace_argument(regs, n))

#endif
