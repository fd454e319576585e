// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process beside kithd.
 *
 * It is two: a keeper, which does nothing but start a worker, wait for its end, and start
 * another, later each time. So the worker's rights can be had again, though kithd has
 * given them up.
 */
#include "helper.h"

#include "clock.h"
#include "log.h"
#include "worker.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/ioprio.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	SOCKET_BYTES = 1 << 20,
	NICE = 19,
	BACK_OFF_MOST_S = 64,
	WELL_MS = 60000, /* who lived so long begins at once the next time */
	DESCRIPTOR = 3,
};

static const uint64_t helpers =
	UINT64_C(1) << CAP_DAC_READ_SEARCH | UINT64_C(1) << CAP_SYS_PTRACE;

/* Of our capabilities keep those in @kept, of which those in @used are in force. */
static int keep_capabilities(uint64_t kept, uint64_t used)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2];
	int i;

	if (syscall(SYS_capget, &head, sets))
		return -errno;
	for (i = 0; i < 2; i++) {
		sets[i].permitted &= (uint32_t)(kept >> 32 * i);
		sets[i].effective = sets[i].permitted & (uint32_t)(used >> 32 * i);
		sets[i].inheritable = 0;
	}
	return syscall(SYS_capset, &head, sets) ? -errno : 0;
}

int helper_spare_privileges(void)
{
	return keep_capabilities(~UINT64_C(0), ~helpers);
}

int helper_drop_privileges(void)
{
	return keep_capabilities(~helpers, ~helpers);
}

/* Behind everything else, and without new privileges. */
static void settle_down(void)
{
	/* Each that fails leaves it as it was: then it only is less modest. */
	(void)prctl(PR_SET_NAME, "kithd-names");
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	(void)setpriority(PRIO_PROCESS, 0, NICE);
	(void)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
		      IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0));
}

/* It reads. The keeper may have to say something to a file. */
static void write_nothing(void)
{
	const struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_FSIZE, &none);
	(void)setrlimit(RLIMIT_CORE, &none);
}

/* Ends with its parent, @parent, also if that has just ended. */
static void end_with(pid_t parent)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
}

/* A worker hung, or died of what it met. */
static bool run_worker(struct worker_board *board, const struct hash_known *known,
		       size_t count)
{
	const pid_t keeper = getpid();
	pid_t pid = fork();
	int status;

	if (!pid) {
		end_with(keeper);
		write_nothing();
		_exit(worker_run(DESCRIPTOR, board, known, count) ? EXIT_FAILURE
								  : EXIT_SUCCESS);
	}
	if (pid < 0)
		return false;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		_exit(0);
	/* Whoever has killed it, or the want of memory, is no fault of that file's. */
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGALRM)
		board->busy = 0;
	if (WIFSIGNALED(status))
		log_warning("the helper was ended by signal %d (%s); another follows",
			    WTERMSIG(status), strsignal(WTERMSIG(status)));
	return true;
}

__attribute__((noreturn)) static void keep(struct worker_board *board,
					   const struct hash_known *known, size_t count)
{
	unsigned int back_off = 1;

	for (;;) {
		int64_t begun = clock_steady_ms();

		(void)run_worker(board, known, count);
		if (clock_steady_ms() - begun > WELL_MS)
			back_off = 1;
		sleep(back_off);
		if (back_off < BACK_OFF_MOST_S)
			back_off *= 2;
	}
}

/* In the keeper: of kithd's nothing stays but memory. */
__attribute__((noreturn)) static void
become_keeper(int descriptor, pid_t parent, const struct hash_known *known, size_t count)
{
	struct worker_board *board;

	end_with(parent);
	if (dup2(descriptor, DESCRIPTOR) < 0 ||
	    syscall(SYS_close_range, DESCRIPTOR + 1, ~0u, 0))
		_exit(EXIT_FAILURE);
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (board == MAP_FAILED || keep_capabilities(helpers, helpers))
		_exit(EXIT_FAILURE);
	settle_down();
	keep(board, known, count);
}

int helper_start(const struct hash_known *known, size_t count, int *descriptor)
{
	const int bytes = SOCKET_BYTES;
	const pid_t parent = getpid();
	int ends[2], i;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -errno;
	for (i = 0; i < 2; i++)
		if (setsockopt(ends[i], SOL_SOCKET, SO_SNDBUFFORCE, &bytes,
			       sizeof(bytes)))
			(void)setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &bytes,
					 sizeof(bytes));
	pid = fork();
	if (!pid)
		become_keeper(ends[1], parent, known, count);
	close(ends[1]);
	if (pid < 0) {
		close(*ends);
		return -errno;
	}
	*descriptor = *ends;
	return 0;
}
