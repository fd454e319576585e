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

enum kith_message_call { KITH_NO_MESSAGE, KITH_SYSV_MESSAGE, KITH_POSIX_MESSAGE };

/* The same for 32-bit programs; ipc(2) is several calls, and its first argument says which. */
static inline enum kith_message_call kith_message_call_ia32(int nr, bool sends, int *queue)
{
#if KITH_IA32
	enum { IPC_MSGSND = 11, IPC_MSGRCV = 12 };

	switch (nr) {
	case __NR_ia32_ipc:
		*queue = (int)kith_syscall_argument(1);
		return (kith_syscall_argument(0) & 0xffff) == (sends ? IPC_MSGSND : IPC_MSGRCV) ?
			       KITH_SYSV_MESSAGE : KITH_NO_MESSAGE;
	case __NR_ia32_msgsnd:
		return sends ? KITH_SYSV_MESSAGE : KITH_NO_MESSAGE;
	case __NR_ia32_msgrcv:
		return sends ? KITH_NO_MESSAGE : KITH_SYSV_MESSAGE;
	case __NR_ia32_mq_timedsend:
	case __NR_ia32_mq_timedsend_time64:
		return sends ? KITH_POSIX_MESSAGE : KITH_NO_MESSAGE;
	case __NR_ia32_mq_timedreceive:
	case __NR_ia32_mq_timedreceive_time64:
		return sends ? KITH_NO_MESSAGE : KITH_POSIX_MESSAGE;
	}
#endif
	return KITH_NO_MESSAGE;
}

/**
 * kith_message_call() - Is current in a system call that sends a message, or receives one?
 * @sends: that is asked
 * @queue: out: number of the queue (System V), or its file descriptor (POSIX)
 */
static inline enum kith_message_call kith_message_call(bool sends, int *queue)
{
	bool ia32;
	int nr = kith_syscall(&ia32);

	*queue = (int)kith_syscall_argument(0);
	if (ia32)
		return kith_message_call_ia32(nr, sends, queue);
	if (nr == (sends ? __NR_msgsnd : __NR_msgrcv))
		return KITH_SYSV_MESSAGE;
	return nr == (sends ? __NR_mq_timedsend : __NR_mq_timedreceive) ? KITH_POSIX_MESSAGE :
									  KITH_NO_MESSAGE;
}

#endif
