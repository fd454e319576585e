// SPDX-License-Identifier: GPL-2.0-only
/*
 * pipes: data through pipes and FIFOs, and the truth about it.
 *
 *	pipes WAY COUNT DIR LOG
 *
 * makes so many pipes, DIR is where FIFOs and files may be. WAY:
 *
 *	one	a writer and a reader, of any size and by any call
 *	writers	several writers, one reader
 *	readers	one writer, several readers
 *	fifo	the two find one another by a path
 *	partial	the writer does not wait, and gets rid of a part at a time
 *	files	both use other files in between
 *	unread	the reader closes when it has read half
 *	killed	the writer is killed while it waits for room
 *	self	one process writes and reads
 *	idle	nothing is written or read
 *	splice	what goes in and out is not copied: who it was is the truth, not how much
 *
 * What each process has written and read is a line of LOG:
 *
 *	way,inode,path,pid,written,read
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/truth.h"

enum { SEVERAL = 3, CAPACITY = 65536 };

static const char *way, *dir;
static char path[256]; /* of the FIFO */
static char bytes[LARGEST];

static void write_truth(int file, size_t written, size_t read_)
{
	struct stat status;

	check(fstat(file, &status), "fstat");
	tell("%s,%llu,%s,%d,%zu,%zu", way, (unsigned long long)status.st_ino, path,
	     (int)getpid(), written, read_);
}

/* A file that has nothing to do with it. */
static int other_file(void)
{
	char name[300];
	int file;

	snprintf(name, sizeof(name), "%s/other.%d", dir, (int)getpid());
	file = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	check(file, name);
	unlink(name);
	check(write(file, bytes, sizeof(bytes)), "write to a file");
	return file;
}

static ssize_t write_some(int file, char *data, size_t size, unsigned long number)
{
	struct iovec parts[2] = { { data, size / 2 },
				  { data + size / 2, size - size / 2 } };

	return number % 2 ? write(file, data, size) : writev(file, parts, 2);
}

static ssize_t read_some(int file, char *data, size_t size, unsigned long number)
{
	struct iovec parts[2] = { { data, size / 2 },
				  { data + size / 2, size - size / 2 } };

	return number % 2 ? read(file, data, size) : readv(file, parts, 2);
}

/* Return: how much; less than `size` if nobody reads any more. */
static size_t write_all(int file, size_t size, int other)
{
	struct pollfd room = { .fd = file, .events = POLLOUT };
	size_t written = 0;
	unsigned long i;

	for (i = 0; written < size; i++) {
		size_t part = amount(LARGEST);
		ssize_t done;

		if (part > size - written)
			part = size - written;
		done = write_some(file, bytes, part, i);
		if (done < 0 && errno == EPIPE)
			break;
		if (done < 0 && errno == EAGAIN) {
			check(poll(&room, 1, -1), "poll");
			continue;
		}
		check(done, "write");
		written += (size_t)done;
		if (other >= 0)
			check(pwrite(other, bytes, part, 0), "pwrite");
	}
	return written;
}

/* Until the end, or so much. */
static size_t read_until(int file, size_t most, int other)
{
	static char buffer[LARGEST];
	size_t sum = 0;
	unsigned long i;

	for (i = 0; sum < most; i++) {
		size_t part = amount(LARGEST);
		ssize_t done;

		if (part > most - sum)
			part = most - sum;
		done = read_some(file, buffer, part, i);
		check(done, "read");
		if (!done)
			break;
		sum += (size_t)done;
		if (other >= 0)
			check(pread(other, buffer, part, 0), "pread");
	}
	return sum;
}

static int is(const char *name)
{
	return !strcmp(way, name);
}

static size_t volume(void)
{
	return random() % 4 ? amount(LARGEST) : 3 * (size_t)amount(LARGEST);
}

static void write_end(int file, size_t size)
{
	int other = is("files") ? other_file() : -1;
	size_t written;

	if (is("partial"))
		check(fcntl(file, F_SETFL, O_NONBLOCK), "fcntl");
	written = write_all(file, size, other);
	write_truth(file, written, 0);
}

static void read_end(int file, size_t most)
{
	int other = is("files") ? other_file() : -1;

	write_truth(file, 0, read_until(file, most, other));
}

/* Children that work at one end each; the rest of the pipe is closed. */
static void start(int pair[2], int side, size_t size)
{
	if (fork_onto(pair, side))
		return;
	if (side)
		write_end(pair[1], size);
	else
		read_end(pair[0], size);
	_exit(0);
}

static void await_children(void)
{
	int status;

	while (wait(&status) > 0)
		if (status)
			quit("pipes: a child ended with %d", status);
}

/* Of several readers some may come too late for anything. */
static void with_children(int writers, int readers)
{
	size_t size = volume(), most = is("unread") ? size / 2 + 1 : SIZE_MAX;
	int pair[2], i;

	check(pipe2(pair, random() % 2 ? O_CLOEXEC : 0), "pipe2");
	for (i = 0; i < readers; i++)
		start(pair, 0, most);
	for (i = 0; i < writers; i++)
		start(pair, 1, size);
	close(pair[0]);
	close(pair[1]);
	await_children();
}

static void one(long number)
{
	(void)number;
	with_children(1, 1);
}

static void several_writers(long number)
{
	(void)number;
	with_children(SEVERAL, 1);
}

static void several_readers(long number)
{
	(void)number;
	with_children(1, SEVERAL);
}

static void fifo(long number)
{
	size_t size = volume();
	pid_t child;

	snprintf(path, sizeof(path), "%s/fifo.%d.%ld", dir, (int)getpid(), number);
	check(mkfifo(path, 0600), path);
	child = fork();
	check(child, "fork");
	if (!child) {
		read_end(open(path, O_RDONLY), SIZE_MAX);
		_exit(0);
	}
	child = fork();
	check(child, "fork");
	if (!child) {
		write_end(open(path, O_WRONLY), size);
		_exit(0);
	}
	await_children();
}

/* What the dead one has written is what another one reads. */
static void killed(long number)
{
	size_t first = CAPACITY + amount(CAPACITY), sum;
	struct stat status;
	pid_t child;
	int pair[2];

	(void)number;
	check(pipe(pair), "pipe");
	child = fork_onto(pair, 1);
	if (!child) {
		check(write(pair[1], bytes, 1), "write");
		/* More than there is room for: it waits in the middle. */
		check(write(pair[1], bytes, first > LARGEST ? LARGEST : first), "write");
		_exit(0);
	}
	close(pair[1]);
	/* Until it is full. */
	for (sum = 0; sum < CAPACITY - 4096;) {
		int waiting;

		check(ioctl(pair[0], FIONREAD, &waiting), "FIONREAD");
		sum = (size_t)waiting;
		usleep(1000);
	}
	kill(child, SIGKILL);
	check(waitpid(child, NULL, 0), "waitpid");
	sum = read_until(pair[0], SIZE_MAX, -1);
	write_truth(pair[0], 0, sum);
	check(fstat(pair[0], &status), "fstat");
	tell("%s,%llu,,%d,%zu,0", way, (unsigned long long)status.st_ino, (int)child,
	     sum);
	close(pair[0]);
}

static void self(long number)
{
	size_t size = amount(CAPACITY / 2);
	int pair[2];

	(void)number;
	check(pipe(pair), "pipe");
	write_truth(pair[1], write_all(pair[1], size, -1), 0);
	write_truth(pair[0], 0, read_until(pair[0], size, -1));
	close(pair[0]);
	close(pair[1]);
}

static void idle(long number)
{
	int pair[2];

	(void)number;
	check(pipe(pair), "pipe");
	close(pair[0]);
	close(pair[1]);
}

static void splice_end(int pair[2], int side, size_t size)
{
	int other = other_file();
	loff_t begin = 0;
	ssize_t done;

	if (side)
		done = splice(other, &begin, pair[1], NULL, size, 0);
	else
		done = splice(pair[0], NULL, other, &begin, size, 0);
	check(done, "splice");
	write_truth(pair[side], side ? (size_t)done : 0, side ? 0 : (size_t)done);
	_exit(0);
}

static void spliced(long number)
{
	size_t size = amount(CAPACITY / 2);
	int pair[2], side;

	(void)number;
	check(pipe(pair), "pipe");
	for (side = 0; side < 2; side++)
		if (!fork_onto(pair, side))
			splice_end(pair, side, size);
	close(pair[0]);
	close(pair[1]);
	await_children();
}

int main(int argc, char **argv)
{
	static const struct {
		const char *way;
		void (*make)(long number);
	} ways[] = { { "one", one },
		     { "writers", several_writers },
		     { "readers", several_readers },
		     { "fifo", fifo },
		     { "partial", one },
		     { "files", one },
		     { "unread", one },
		     { "killed", killed },
		     { "self", self },
		     { "idle", idle },
		     { "splice", spliced } };
	long number;
	size_t i;

	if (argc != 5) {
		fputs("usage: pipes WAY COUNT DIR LOG\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	way = argv[1];
	dir = argv[3];
	open_log(argv[4]);
	srandom((unsigned int)getpid());
	for (i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (is(ways[i].way))
			break;
	if (i == sizeof(ways) / sizeof(*ways))
		quit("%s: no such way", way);
	for (number = 0; number < number_of(argv[2]); number++)
		ways[i].make(number);
	return 0;
}
