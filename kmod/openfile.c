// SPDX-License-Identifier: GPL-2.0-only
/* What processes have open when the module comes. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "openfile.h"

#include "hook.h"
#include "key.h"
#include "roster.h"
#include "tcp.h"
#include "udp.h"
#include "unix.h"

#include <linux/bitmap.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/net.h>
#include <linux/printk.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <net/inet_sock.h>
#include <net/tcp_states.h>

enum {
	PORTS = 1 << 16,
	FILES_AT_ONCE = 256, /* numbers; that one is unused is seen at once */
};

struct search {
	unsigned long *ports; /* on which somebody listens, in whatever namespace */
	bool listeners;	      /* look for those now, else for the others */
	unsigned int first;
	u64 holder;
};

/*
 * Who called whom is not known any more: a port that somebody listens on is the
 * server's, and of two such ports the lower one.
 */
static enum kith_side side_of(const struct search *search, const struct sock *sk)
{
	u16 here = ntohs(inet_sk(sk)->inet_sport), there = ntohs(sk->sk_dport);

	if (!test_bit(here, search->ports))
		return KITH_CLIENT;
	return test_bit(there, search->ports) && there < here ? KITH_CLIENT : KITH_SERVER;
}

static void look_at_socket(struct search *search, struct sock *sk)
{
	bool listens;

	if (!search->listeners && sk->sk_family == AF_UNIX)
		kith_unix_found(sk, search->holder);
	else if (!search->listeners)
		kith_udp_held(sk, search->holder, true);
	if (sk->sk_protocol != IPPROTO_TCP ||
	    (sk->sk_family != AF_INET && sk->sk_family != AF_INET6))
		return;
	listens = sk->sk_state == TCP_LISTEN;
	if (listens != search->listeners)
		return;
	if (listens)
		set_bit(ntohs(inet_sk(sk)->inet_sport), search->ports);
	kith_tcp_found(sk, side_of(search, sk), search->holder);
}

/* Return: not 0, the number of the next, to let go of the locks for a moment. */
static int look_at_file(const void *search_, struct file *file, unsigned int fd)
{
	struct search *search = (struct search *)search_;
	struct inode *inode = file_inode(file);
	struct sock *sk;

	if (S_ISSOCK(inode->i_mode) && file->private_data) {
		sk = READ_ONCE(SOCKET_I(inode)->sk);
		kith_hook_enter();
		if (sk)
			look_at_socket(search, sk);
		kith_hook_leave();
	}
	return fd - search->first >= FILES_AT_ONCE ? fd + 1 : 0;
}

static void look_at_process(struct search *search, struct task_struct *task)
{
	int next = 0;

	rcu_read_lock();
	search->holder = pid_alive(task) ? kith_key(task) : 0;
	rcu_read_unlock();
	do {
		search->first = next;
		task_lock(task);
		next = task->files ? iterate_fd(task->files, next, look_at_file, search) : 0;
		task_unlock(task);
		cond_resched();
	} while (next > 0);
}

static void find(struct search *search, const struct kith_roster *roster)
{
	size_t i;

	for (i = 0; i < roster->count; i++)
		look_at_process(search, roster->tasks[i]);
}

void kith_openfile_find(void)
{
	struct search search = { .listeners = true };
	struct kith_roster roster;

	search.ports = bitmap_zalloc(PORTS, GFP_KERNEL);
	if (!search.ports || kith_roster_call(&roster, false)) {
		pr_warn("no memory to find the sockets that are open already\n");
		bitmap_free(search.ports);
		return;
	}
	find(&search, &roster);
	search.listeners = false;
	find(&search, &roster);
	kith_roster_dismiss(&roster);
	bitmap_free(search.ports);
}
