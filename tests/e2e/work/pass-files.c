// SPDX-License-Identifier: GPL-2.0-only
/*
 * pass-files: open files passed to other processes, and the truth about it.
 *
 *	pass-files WAY COUNT DIR LOG
 *
 * So many files of each sort (a file, a deleted and a nameless one, both ends of a
 * pipe, TCP and Unix sockets) go from one process to another. WAY:
 *
 *	one	each by a message of its own, over a socketpair
 *	many	all by one message
 *	onward	who got it passes it on to a third
 *	late	who sent is dead when it is received
 *	named	by datagrams to a socket that is bound to a path
 *	thrown	the receiver gives no room for them, so that they are not passed
 *	take	by pidfd_getfd(2), from who has them open
 *
 * Each that arrived is a line of LOG, what it is as /proc/self/fd says:
 *
 *	way,op,from,to,what
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/truth.h"

enum { SORTS = 7, NOT_THERE = 77 };

/* So that who received knows whom from. */
struct letter {
	pid_t from;
	int count;
};

static const char *way, *dir;

static int is(const char *name)
{
	return !strcmp(way, name);
}

static int open_file(long number, int deleted)
{
	char name[256];
	int file;

	snprintf(name, sizeof(name), "%s/passed.%d.%ld", dir, (int)getpid(),
		 2 * number + deleted);
	file = open(name, O_RDWR | O_CREAT, 0600);
	check(file, name);
	if (deleted)
		unlink(name);
	return file;
}

/* One of each sort, none of which anybody had before. */
static void open_files(int files[SORTS], long number)
{
	char name[64];

	snprintf(name, sizeof(name), "passed.%d.%ld", (int)getpid(), number);
	files[0] = open_file(number, 0);
	files[1] = open_file(number, 1);
	files[2] = memfd_create(name, 0);
	check(pipe(files + 3), "pipe");
	files[5] = socket(AF_INET, SOCK_STREAM, 0);
	files[6] = socket(AF_UNIX, SOCK_DGRAM, 0);
	check(files[2], "memfd_create");
	check(files[5], "socket");
	check(files[6], "socket");
}

static void close_files(const int *files, int count)
{
	while (count--)
		close(files[count]);
}

static void write_truth(const char *op, pid_t from, pid_t to, int file)
{
	char link[64], what[256];
	ssize_t size;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
	size = readlink(link, what, sizeof(what));
	check(size, link);
	tell("%s,%s,%d,%d,%.*s", way, op, (int)from, (int)to, (int)size, what);
}

static void send_files(int over, const int *files, int count, struct sockaddr_un *to)
{
	char control[CMSG_SPACE(SORTS * sizeof(int))] = { 0 };
	struct letter letter = { getpid(), count };
	struct iovec data = { &letter, sizeof(letter) };
	size_t size = (size_t)count * sizeof(int);
	struct msghdr message = { .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = CMSG_SPACE(size) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	if (to) {
		message.msg_name = to;
		message.msg_namelen = sizeof(*to);
	}
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(head), files, size);
	check(sendmsg(over, &message, 0), "sendmsg");
}

/* Return: how many came. */
static int receive_files(int over, int *files)
{
	char control[CMSG_SPACE(SORTS * sizeof(int))];
	struct letter letter;
	struct iovec data = { &letter, sizeof(letter) };
	struct msghdr message = { .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = is("thrown") ? 0 : sizeof(control) };
	const struct cmsghdr *head;
	int i;

	check(recvmsg(over, &message, 0), "recvmsg");
	head = CMSG_FIRSTHDR(&message);
	if (!head)
		return 0;
	memcpy(files, CMSG_DATA(head), (size_t)letter.count * sizeof(int));
	for (i = 0; i < letter.count; i++)
		write_truth("fd_pass", letter.from, getpid(), files[i]);
	return letter.count;
}

static void receive_all(int over, int onward)
{
	int files[SORTS], got = 0;

	while (got < SORTS) {
		int count = receive_files(over, files);

		if (onward >= 0)
			send_files(onward, files, count, NULL);
		close_files(files, count);
		if (!count)
			break;
		got += count;
	}
	_exit(0);
}

static void send_all(int over, long number, struct sockaddr_un *to)
{
	int files[SORTS], i;

	open_files(files, number);
	if (is("many") || is("thrown"))
		send_files(over, files, SORTS, to);
	else
		for (i = 0; i < SORTS; i++)
			send_files(over, &files[i], 1, to);
	close_files(files, SORTS);
}

static void await_child(pid_t child)
{
	int status;

	check(waitpid(child, &status, 0), "waitpid");
	if (status)
		quit("pass-files: a child ended with %d", status);
}

static pid_t start(void)
{
	pid_t child = fork();

	check(child, "fork");
	return child;
}

static void pass_on_socketpair(long number)
{
	int pair[2], onward[2] = { -1, -1 };
	pid_t sender, receiver, third = 0;

	check(socketpair(AF_UNIX, number % 2 ? SOCK_STREAM : SOCK_SEQPACKET, 0, pair),
	      "socketpair");
	if (is("onward")) {
		check(socketpair(AF_UNIX, SOCK_STREAM, 0, onward), "socketpair");
		third = start();
		if (!third)
			receive_all(onward[1], -1);
	}
	sender = start();
	if (!sender) {
		send_all(pair[0], number, NULL);
		_exit(0);
	}
	if (is("late"))
		await_child(sender);
	receiver = start();
	if (!receiver)
		receive_all(pair[1], onward[0]);
	if (!is("late"))
		await_child(sender);
	await_child(receiver);
	if (third)
		await_child(third);
	close_files(pair, 2);
	if (third)
		close_files(onward, 2);
}

static void pass_by_name(long number)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int bound = socket(AF_UNIX, SOCK_DGRAM, 0), own;
	pid_t receiver;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/named.%ld", dir, number);
	check(bound, "socket");
	check(bind(bound, (struct sockaddr *)&address, sizeof(address)), "bind");
	receiver = start();
	if (!receiver)
		receive_all(bound, -1);
	own = socket(AF_UNIX, SOCK_DGRAM, 0);
	check(own, "socket");
	send_all(own, number, &address);
	await_child(receiver);
	close(own);
	close(bound);
	unlink(address.sun_path);
}

static void take_files(pid_t from, const int *theirs)
{
	int process = (int)syscall(SYS_pidfd_open, from, 0), i;

	if (process < 0 && errno == ENOSYS)
		exit(NOT_THERE);
	check(process, "pidfd_open");
	for (i = 0; i < SORTS; i++) {
		int file = (int)syscall(SYS_pidfd_getfd, process, theirs[i], 0);

		if (file < 0 && errno == ENOSYS)
			exit(NOT_THERE);
		check(file, "pidfd_getfd");
		write_truth("fd_take", getpid(), from, file);
		close(file);
	}
	close(process);
}

/* The child has them under the same numbers, since it inherits them. */
static void take_from_child(long number)
{
	int files[SORTS];
	pid_t child;

	open_files(files, number);
	child = start();
	if (!child)
		for (;;)
			pause();
	close_files(files, SORTS);
	take_files(child, files);
	kill(child, SIGKILL);
	check(waitpid(child, NULL, 0), "waitpid");
}

int main(int argc, char **argv)
{
	long number;

	if (argc != 5) {
		fputs("usage: pass-files WAY COUNT DIR LOG\n", stderr);
		return 2;
	}
	way = argv[1];
	dir = argv[3];
	open_log(argv[4]);
	for (number = 0; number < number_of(argv[2]); number++) {
		if (is("take"))
			take_from_child(number);
		else if (is("named"))
			pass_by_name(number);
		else
			pass_on_socketpair(number);
	}
	return 0;
}
