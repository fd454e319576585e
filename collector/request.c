// SPDX-License-Identifier: GPL-2.0-only
/* What people ask of the writer of a database: leaving it, and finding it. */
#include "request.h"

#include "clock.h"
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LEFT_MAX = 16 << 20, PAUSE_NS = 100000000 };

static void put(struct request *request, const char *data, size_t size)
{
	if (request->size + size + 1 > request->room) {
		const size_t room = 2 * (request->size + size) + 256;
		char *text = realloc(request->text, room);

		if (!text) {
			request->full = true;
			return;
		}
		request->text = text;
		request->room = room;
	}
	memcpy(request->text + request->size, data, size);
	request->size += size;
	request->text[request->size] = '\0';
}

/* Nothing in a field ends it. */
static void put_field(struct request *request, const char *field)
{
	char escape[4];

	put(request, "\t", 1);
	for (; *field; field++) {
		if ((unsigned char)*field >= ' ' && *field != '%') {
			put(request, field, 1);
		} else {
			snprintf(escape, sizeof(escape), "%%%02x", (unsigned char)*field);
			put(request, escape, 3);
		}
	}
}

void request_add(struct request *request, const char *verb, const char *const *fields,
		 unsigned int count)
{
	unsigned int i;

	put(request, verb, strlen(verb));
	for (i = 0; i < count; i++)
		put_field(request, fields[i]);
	put(request, "\n", 1);
}

static int path_of(const char *database, char *path, size_t room)
{
	return snprintf(path, room, "%s.requests", database) < (int)room ? 0 : -ENAMETOOLONG;
}

static int apply_now(struct request *request, const char *database, const char **why)
{
	static char words[256];
	struct store *store = NULL;
	int ret = store_open(&store, database);

	if (!ret)
		ret = store_begin(store);
	if (!ret)
		ret = request_apply(store, request->text);
	if (!ret)
		ret = store_commit(store);
	if (ret && store) {
		snprintf(words, sizeof(words), "%s", store_error(store));
		*why = words;
		store_rollback(store);
	}
	store_close(store);
	return ret;
}

static int leave(const struct request *request, const char *path)
{
	const int descriptor =
		open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	ssize_t written;
	int ret = 0;

	if (descriptor < 0)
		return -errno;
	if (flock(descriptor, LOCK_EX)) {
		ret = -errno;
		close(descriptor);
		return ret;
	}
	written = write(descriptor, request->text, request->size);
	if (written < 0)
		ret = -errno;
	else if ((size_t)written < request->size)
		ret = -ENOSPC;
	return close(descriptor) && !ret ? -errno : ret;
}

/* Until the writer has taken it, or the patience ends. */
static int wait_for(const char *path)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	const int64_t deadline = clock_steady_ms() + REQUEST_WAIT_MS;
	struct stat status;

	while (clock_steady_ms() < deadline) {
		if (stat(path, &status) || !status.st_size)
			return 0;
		nanosleep(&pause, NULL);
	}
	return 1;
}

int request_make(struct request *request, const char *database, const char **why)
{
	char path[PATH_MAX];
	int lock, ret = path_of(database, path, sizeof(path));

	*why = NULL;
	if (!ret && request->full)
		ret = -ENOMEM;
	if (!ret && access(database, F_OK))
		ret = -errno;
	if (ret || !request->size)
		return ret;
	lock = lock_take(database);
	if (lock == -EBUSY) {
		ret = leave(request, path);
		return ret ? ret : wait_for(path);
	}
	if (lock < 0)
		return lock;
	ret = apply_now(request, database, why);
	close(lock);
	return ret;
}

static int read_all(int descriptor, off_t size, char **text)
{
	ssize_t got;

	*text = malloc((size_t)size + 1);
	if (!*text)
		return -ENOMEM;
	got = pread(descriptor, *text, (size_t)size, 0);
	if (got != size) {
		free(*text);
		*text = NULL;
		return got < 0 ? -errno : -EIO;
	}
	(*text)[size] = '\0';
	return 0;
}

/* Nobody else may say what is usual: of another's file nothing is taken. */
static bool is_trusted(const struct stat *status)
{
	return S_ISREG(status->st_mode) && (!status->st_uid || status->st_uid == geteuid()) &&
	       !(status->st_mode & (S_IWGRP | S_IWOTH)) && status->st_size > 0 &&
	       status->st_size <= LEFT_MAX;
}

int request_take(struct store *store, char **text)
{
	char path[PATH_MAX];
	struct stat status;
	int descriptor, ret = path_of(store_path(store), path, sizeof(path));

	if (ret)
		return ret;
	if (lstat(path, &status) || !is_trusted(&status))
		return 0;
	descriptor = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (descriptor < 0)
		return 0;
	if (flock(descriptor, LOCK_EX | LOCK_NB) || fstat(descriptor, &status) ||
	    !is_trusted(&status)) {
		close(descriptor);
		return 0;
	}
	ret = read_all(descriptor, status.st_size, text);
	if (!ret)
		return descriptor;
	close(descriptor);
	return ret;
}

void request_done(int descriptor)
{
	/* What cannot be emptied is done again, which changes nothing. */
	(void)!ftruncate(descriptor, 0);
	close(descriptor);
}
