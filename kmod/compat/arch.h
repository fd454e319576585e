/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What depends on the architecture: system calls, their arguments, and which
 * binaries it runs by itself. x86-64 only so far; another one needs its own
 * names here, and nowhere else.
 */
#ifndef _KITH_COMPAT_ARCH_H
#define _KITH_COMPAT_ARCH_H

#ifndef CONFIG_X86_64
#error "Kith knows the system calls of x86-64 only"
#endif

#include <asm/syscall.h>
#include <asm/unistd.h>
#include <linux/elf.h>
#include <linux/sched/task_stack.h>

#ifdef CONFIG_IA32_EMULATION
#include <asm/unistd_32_ia32.h>
#define KITH_IA32 1
#else
#define KITH_IA32 0
#endif

/*
 * Entry points that execve(2) and execveat(2) reach, for probes. Each takes
 * one argument, the pt_regs of the caller.
 */
#define KITH_EXECVE	     "__x64_sys_execve"
#define KITH_EXECVEAT	     "__x64_sys_execveat"
#define KITH_IA32_EXECVE     "__ia32_compat_sys_execve"
#define KITH_IA32_EXECVEAT   "__ia32_compat_sys_execveat"

/* And of others, with their 32-bit twins behind. */
#define KITH_SETNS	"__x64_sys_setns"
#define KITH_SETNS_IA32 "__ia32_sys_setns"
#define KITH_KEYCTL	 "__x64_sys_keyctl"
#define KITH_KEYCTL_IA32 "__ia32_compat_sys_keyctl"

/* Number of a system call in the 32-bit table. */
#if KITH_IA32
#define KITH_IA32_NR(name) __NR_ia32_##name
#else
#define KITH_IA32_NR(name) __NR_##name
#endif

struct kith_execve {
	const char __user *filename;
	const void __user *argv;
	bool compat; /* argv holds 32-bit pointers */
};

static inline void kith_execve_arguments(const struct pt_regs *regs, bool at,
					 bool compat, struct kith_execve *call)
{
	unsigned long filename, argv;

	if (compat) {
		filename = (u32)(at ? regs->cx : regs->bx);
		argv = (u32)(at ? regs->dx : regs->cx);
	} else {
		filename = at ? regs->si : regs->di;
		argv = at ? regs->dx : regs->si;
	}
	call->filename = (const char __user *)filename;
	call->argv = (const void __user *)argv;
	call->compat = compat;
}

/* Does the file that begins with @buffer need no interpreter of another file? */
static inline bool kith_runs_natively(const char *buffer)
{
	const struct elf64_hdr *header = (const struct elf64_hdr *)buffer;

	/* e_machine is at the same place in both classes. */
	return !memcmp(header->e_ident, ELFMAG, SELFMAG) &&
	       (header->e_machine == EM_X86_64 || header->e_machine == EM_386);
}

/**
 * kith_syscall() - Number of the system call that current is in.
 * @ia32: out: it is a number of the 32-bit table
 *
 * Return: the number, or -1 outside of a system call. Without meaning for
 * tasks that never were in user space.
 */
static inline int kith_syscall(bool *ia32)
{
	int nr = syscall_get_nr(current, task_pt_regs(current));

	*ia32 = in_ia32_syscall();
#ifdef CONFIG_X86_X32_ABI
	if (nr != -1 && !*ia32)
		nr &= ~__X32_SYSCALL_BIT;
#endif
	return nr;
}

/* Argument @n of the system call that current is in. */
static inline unsigned long kith_syscall_argument(unsigned int n)
{
	unsigned long arguments[6];

	syscall_get_arguments(current, task_pt_regs(current), arguments);
	return arguments[n];
}

#endif
