// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: files DIRECTORY SEED PROCESSES THREADS CALLS [exact]
 *
 * Reads and writes files of DIRECTORY in whatever ways there are, from threads of forked
 * processes that share their descriptors, with other calls in between. Each process then
 * writes what it did to standard output, a line for each file:
 *
 *	pid|device|inode|bytes read|bytes written|read at most|written at most
 *
 * The last two are what was moved by ways of which only a bound is known, besides; exact:
 * none, and no calls in vain.
 */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/aio_abi.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FILES = 6, SIZE = 200000, LARGEST = 70000, WAYS = 17, EXACT_WAYS = 12 };

static struct {
	int fd;
	struct stat stat;
	uint64_t read, written, upper_read, upper_written; /* by this process */
} files[FILES];

static const char *directory;
static unsigned int calls;
static bool exact;

struct worker {
	uint64_t random;
	int pipe[2];
	struct io_uring ring;
	bool has_ring;
	aio_context_t aio;
	char buffer[LARGEST];
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t next(struct worker *worker)
{
	worker->random ^= worker->random << 13;
	worker->random ^= worker->random >> 7;
	worker->random ^= worker->random << 17;
	return worker->random;
}

static void add(uint64_t *sum, ssize_t bytes)
{
	if (bytes > 0)
		__atomic_fetch_add(sum, (uint64_t)bytes, __ATOMIC_RELAXED);
}

/* Something that is no file's. */
static void interlude(struct worker *worker)
{
	char bytes[100];
	int zero;

	switch (next(worker) % 4) {
	case 0:
		if (write(worker->pipe[1], bytes, 77) != 77 ||
		    read(worker->pipe[0], bytes, 77) != 77)
			die("pipe");
		break;
	case 1:
		zero = open("/dev/zero", O_RDWR);
		if (read(zero, bytes, 50) != 50 || write(zero, bytes, 20) != 20)
			die("/dev/zero");
		close(zero);
		break;
	default:
		break;
	}
}

static ssize_t by_ring(struct worker *worker, int fd, size_t size, off_t at, bool writes)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&worker->ring);
	struct io_uring_cqe *cqe;
	ssize_t result;

	if (writes)
		io_uring_prep_write(sqe, fd, worker->buffer, (unsigned int)size, (uint64_t)at);
	else
		io_uring_prep_read(sqe, fd, worker->buffer, (unsigned int)size, (uint64_t)at);
	if (next(worker) % 4 == 0)
		sqe->flags |= IOSQE_ASYNC;
	if (io_uring_submit_and_wait(&worker->ring, 1) < 0 ||
	    io_uring_wait_cqe(&worker->ring, &cqe))
		die("io_uring");
	result = cqe->res;
	io_uring_cqe_seen(&worker->ring, cqe);
	return result;
}

static ssize_t by_aio(struct worker *worker, int fd, size_t size, off_t at, bool writes)
{
	struct iocb iocb = { .aio_lio_opcode = writes ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD,
			     .aio_fildes = (uint32_t)fd, .aio_buf = (uintptr_t)worker->buffer,
			     .aio_nbytes = size, .aio_offset = at };
	struct iocb *list = &iocb;
	struct io_event event;

	if (syscall(SYS_io_submit, worker->aio, 1, &list) != 1)
		die("io_submit");
	while (syscall(SYS_io_getevents, worker->aio, 1, 1, &event, NULL) != 1)
		if (errno != EINTR)
			die("io_getevents");
	return (ssize_t)event.res;
}

/* From a file into the pipe, and from there into another. */
static void by_splice(struct worker *worker, unsigned int from, unsigned int to, size_t size,
		      loff_t at)
{
	loff_t there = at;
	ssize_t in = splice(files[from].fd, &at, worker->pipe[1], NULL, size % 30000 + 1, 0);

	add(&files[from].upper_read, in);
	while (in > 0) {
		ssize_t out = splice(worker->pipe[0], NULL, files[to].fd, &there, (size_t)in, 0);

		if (out <= 0)
			die("splice");
		add(&files[to].upper_written, out);
		in -= out;
	}
}

/* By sendfile(2), exactly. */
static void into_pipe(struct worker *worker, unsigned int file, size_t size, off_t at)
{
	ssize_t in = sendfile(worker->pipe[1], files[file].fd, &at, size % 30000 + 1);

	add(&files[file].read, in);
	while (in > 0) {
		ssize_t out = read(worker->pipe[0], worker->buffer, (size_t)in);

		if (out <= 0)
			die("read from a pipe");
		in -= out;
	}
}

/*
 * The position is shared. At the end of a file that may grow, nobody can tell a read of
 * nothing from one of what has just come.
 */
static void stay_within(int fd, off_t at)
{
	if (exact && lseek(fd, at % SIZE, SEEK_SET) < 0)
		die("lseek");
}

static void act(struct worker *worker)
{
	unsigned int file = (unsigned int)(next(worker) % FILES), other = (file + 1) % FILES;
	size_t size = next(worker) % LARGEST, half = size / 2;
	off_t at = (off_t)(next(worker) % (SIZE + 10000));
	struct iovec parts[2] = { { worker->buffer, half },
				  { worker->buffer + half, size - half } };
	int fd = files[file].fd;
	bool writes;
	loff_t from = at, to = at;

	switch (next(worker) % (exact ? EXACT_WAYS : WAYS)) {
	case 0:
		stay_within(fd, at);
		add(&files[file].read, read(fd, worker->buffer, size));
		break;
	case 1:
		if (lseek(fd, at % SIZE, SEEK_SET) < 0)
			die("lseek");
		add(&files[file].written, write(fd, worker->buffer, size));
		break;
	case 2:
	case 3:
		add(&files[file].read, pread(fd, worker->buffer, size, at));
		break;
	case 4:
	case 5:
		add(&files[file].written, pwrite(fd, worker->buffer, size, at));
		break;
	case 6:
		stay_within(fd, at);
		add(&files[file].read, readv(fd, parts, 2));
		break;
	case 7:
		add(&files[file].read, preadv(fd, parts, 2, at));
		break;
	case 8:
		add(&files[file].written, pwritev(fd, parts, 2, at));
		break;
	case 9: {
		ssize_t moved = sendfile(files[other].fd, fd, &at, size);

		add(&files[file].read, moved);
		add(&files[other].written, moved);
		break;
	}
	case 10: {
		ssize_t moved = copy_file_range(fd, &from, files[other].fd, &to, size, 0);

		add(&files[file].read, moved);
		add(&files[other].written, moved);
		break;
	}
	case 14:
		by_splice(worker, file, other, size, at);
		break;
	case 12:
	case 13:
		if (!worker->has_ring)
			break;
		writes = next(worker) % 2;
		add(writes ? &files[file].upper_written : &files[file].upper_read,
		    by_ring(worker, fd, size, at, writes));
		break;
	case 11:
		into_pipe(worker, file, size, at);
		break;
	case 15:
		writes = next(worker) % 2;
		add(writes ? &files[file].upper_written : &files[file].upper_read,
		    by_aio(worker, fd, size, at, writes));
		break;
	default:
		/* In vain. */
		if (syscall(SYS_pread64, fd, 16, size + 1, at) > 0)
			die("pread");
	}
	/* Grow, but not for ever. */
	if (!exact && next(worker) % 64 == 0 && ftruncate(fd, SIZE))
		die("ftruncate");
}

static void *work(void *seed)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	unsigned int i;

	if (!worker || pipe(worker->pipe))
		die("pipe");
	worker->random = (uintptr_t)seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	worker->has_ring = !io_uring_queue_init(4, &worker->ring, 0);
	if (syscall(SYS_io_setup, 4, &worker->aio))
		die("io_setup");
	for (i = 0; i < calls; i++) {
		act(worker);
		interlude(worker);
	}
	if (worker->has_ring)
		io_uring_queue_exit(&worker->ring);
	syscall(SYS_io_destroy, worker->aio);
	return NULL;
}

static void process(uintptr_t seed, unsigned int threads)
{
	pthread_t *all = calloc(threads, sizeof(*all));
	unsigned int i;

	for (i = 0; i < FILES; i++)
		add(&files[i].written, pwrite(files[i].fd, "x", 1, 0));
	for (i = 1; i < threads; i++)
		if (pthread_create(&all[i], NULL, work, (void *)(seed * 1000 + i)))
			die("pthread_create");
	work((void *)(seed * 1000));
	for (i = 1; i < threads; i++)
		pthread_join(all[i], NULL);
	for (i = 0; i < FILES; i++)
		printf("%d|%u|%llu|%llu|%llu|%llu|%llu\n", getpid(),
		       (unsigned int)(major(files[i].stat.st_dev) << 20 |
				      minor(files[i].stat.st_dev)),
		       (unsigned long long)files[i].stat.st_ino,
		       (unsigned long long)files[i].read, (unsigned long long)files[i].written,
		       (unsigned long long)files[i].upper_read,
		       (unsigned long long)files[i].upper_written);
	fflush(stdout);
	_exit(0);
}

int main(int argc, char **argv)
{
	unsigned int processes, threads, i;
	char path[4096];

	if (argc < 6)
		return 2;
	exact = argc > 6;
	directory = argv[1];
	processes = (unsigned int)atoi(argv[3]);
	threads = (unsigned int)atoi(argv[4]);
	calls = (unsigned int)atoi(argv[5]);
	for (i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), "%s/file%u", directory, i);
		files[i].fd = open(path, O_RDWR | O_CREAT, 0644);
		/*
		 * Where nothing grows, what a read can move is known before; the position is
		 * shared, and others may advance it before a write.
		 */
		if (files[i].fd < 0 ||
		    ftruncate(files[i].fd, exact ? SIZE + 10000 + 8 * LARGEST : SIZE) ||
		    fstat(files[i].fd, &files[i].stat))
			die(path);
	}
	for (i = 0; i < processes; i++)
		if (!fork())
			process((uintptr_t)atoi(argv[2]) * 100 + i, threads);
	while (wait(NULL) > 0)
		;
	return 0;
}
