// SPDX-License-Identifier: GPL-2.0-only
/* Opening a database to write it, and setting a damaged one aside. */
#include "writer.h"

#include "clock.h"
#include "lock.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The log first: a database without it is older, one with that of another is lost. */
static const char *const suffixes[] = { "-wal", "-shm", "-journal", "" };

enum { SUFFIXES = sizeof(suffixes) / sizeof(*suffixes) };

/* How long the lock is waited for, and between two looks. */
enum { LOCK_MS = 1000, LOCK_PAUSE_MS = 20 };

static const char *explain(int error)
{
	switch (-error) {
	case EINVAL:
		return "it is a database of something else";
	case EUCLEAN:
		return "file is not a database";
	default:
		return strerror(-error);
	}
}

/* kithd makes that of its own databases alone, and leaves it there. */
static bool has_lock_file(const char *path)
{
	char lock[PATH_MAX];

	return snprintf(lock, sizeof(lock), "%s.lock", path) < (int)sizeof(lock) &&
	       !access(lock, F_OK);
}

static int take_lock(struct writer *writer)
{
	const int64_t deadline = clock_steady_ms() + LOCK_MS;

	/*
	 * A kithd that was killed just now may have a child that has the lock too, as long as
	 * it has not come to closing what it was born with.
	 */
	while ((writer->lock = lock_take(writer->path)) == -EBUSY &&
	       clock_steady_ms() < deadline)
		(void)poll(NULL, 0, LOCK_PAUSE_MS);
	if (writer->lock >= 0)
		return 0;
	log_error("cannot lock %s.lock: %s", writer->path,
		  writer->lock == -EBUSY ? "another kithd writes this database" :
					   strerror(-writer->lock));
	return writer->lock;
}

static int open_store(struct writer *writer)
{
	int ret = store_open(&writer->store, writer->path);

	if (ret)
		log_error("cannot open database %s: %s", writer->path,
			  writer->store ? store_error(writer->store) : strerror(-ret));
	return ret;
}

/* What was set aside beside it before, with @suffix, in order of time. For globfree(). */
static void find_aside(const char *path, const char *suffix, glob_t *found)
{
	char pattern[2 * PATH_MAX];
	size_t used = 0;

	for (; *path && used < sizeof(pattern) - 32; path++) {
		if (strchr("*?[\\", *path))
			pattern[used++] = '\\';
		pattern[used++] = *path;
	}
	snprintf(pattern + used, sizeof(pattern) - used, ".corrupt-*Z%s", suffix);
	if (glob(pattern, 0, NULL, found))
		found->gl_pathc = 0;
}

static size_t count_aside(const char *path)
{
	glob_t found;
	size_t count;

	find_aside(path, "", &found);
	count = found.gl_pathc;
	globfree(&found);
	return count;
}

static int rename_one(const char *old, const char *new, const char *suffix)
{
	char from[PATH_MAX], to[PATH_MAX];

	if (snprintf(from, sizeof(from), "%s%s", old, suffix) >= (int)sizeof(from) ||
	    snprintf(to, sizeof(to), "%s%s", new, suffix) >= (int)sizeof(to))
		return -ENAMETOOLONG;
	/* Over nothing: what stands there is evidence too. */
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE))
		return errno == ENOENT && *suffix ? 0 : -errno;
	return 0;
}

/* All or none, unless that fails too. */
static int rename_all(const char *path, const char *aside)
{
	int i, ret = 0;

	for (i = 0; i < SUFFIXES && !ret; i++)
		ret = rename_one(path, aside, suffixes[i]);
	if (ret)
		for (i -= 2; i >= 0; i--)
			(void)rename_one(aside, path, suffixes[i]);
	return ret;
}

static void sync_directory(const char *path)
{
	char copy[PATH_MAX];
	int directory;

	snprintf(copy, sizeof(copy), "%s", path);
	directory = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return;
	fsync(directory);
	close(directory);
}

static int move_aside(const char *path, char *aside, size_t size)
{
	const time_t now = time(NULL);
	char when[32] = "";
	struct tm tm;
	int ret;

	if (count_aside(path) >= WRITER_ASIDE_MAX) {
		log_error("cannot set the damaged database %s aside: %d have been before and stand "
			  "beside it; look at the disk, and take them elsewhere",
			  path, WRITER_ASIDE_MAX);
		return -EUCLEAN;
	}
	if (gmtime_r(&now, &tm))
		strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm);
	if (snprintf(aside, size, "%s.corrupt-%s", path, when) >= (int)size)
		return -ENAMETOOLONG;
	ret = rename_all(path, aside);
	if (ret)
		log_error("cannot set the damaged database %s aside as %s: %s", path, aside,
			  strerror(-ret));
	else
		sync_directory(path);
	return ret;
}

/* Is the log there, of the database that is at @path still? Its new name is @aside. */
static bool is_half_moved(const char *path, char *aside, size_t size)
{
	char log[PATH_MAX];
	bool is = false;
	glob_t found;

	find_aside(path, "-wal", &found);
	if (found.gl_pathc) {
		const char *last = found.gl_pathv[found.gl_pathc - 1];
		const int used = snprintf(aside, size, "%.*s", (int)strlen(last) - 4, last);

		/* a log here as well: a database has been written since */
		is = used < (int)size && access(aside, F_OK) && !access(path, F_OK) &&
		     snprintf(log, sizeof(log), "%s-wal", path) < (int)sizeof(log) &&
		     access(log, F_OK);
	}
	globfree(&found);
	return is;
}

/* We were killed while one was set aside. Return: 1, it is now; 0, we were not. */
static int finish_move(const char *path)
{
	char aside[PATH_MAX];
	int ret;

	if (!is_half_moved(path, aside, sizeof(aside)))
		return 0;
	ret = rename_all(path, aside);
	if (ret) {
		log_error("cannot set the rest of the damaged database %s aside as %s: %s",
			  path, aside, strerror(-ret));
		return ret;
	}
	sync_directory(path);
	log_error("database %s was damaged: it is kept as %s, and a fresh one begun", path,
		  aside);
	return 1;
}

/* So that who asks the fresh one learns where the rest is. Once. */
static int note(struct store *store, struct slice aside)
{
	static const char event[] = "database set aside";
	int ret = store_sensor_event_find(store, event, aside);

	if (ret)
		return ret > 0 ? 0 : ret;
	ret = store_begin(store);
	if (!ret)
		ret = store_sensor_event(store, clock_wall_ns(), 0, event, 0, aside);
	return ret ? ret : store_commit(store);
}

/* We may have been killed before that was said of the newest. */
static int tell_newest(struct writer *writer)
{
	glob_t found;
	int ret = 0;

	find_aside(writer->path, "", &found);
	if (found.gl_pathc) {
		const char *name = found.gl_pathv[found.gl_pathc - 1];
		const struct slice aside = { name, strlen(name) };

		ret = note(writer->store, aside);
	}
	globfree(&found);
	return ret;
}

int writer_set_aside(struct writer *writer)
{
	char aside[PATH_MAX];
	int ret;

	store_close(writer->store);
	writer->store = NULL;
	if (!writer->may_set_aside)
		return -EUCLEAN;
	writer->may_set_aside = false;
	ret = move_aside(writer->path, aside, sizeof(aside));
	if (ret)
		return ret;
	log_error("database %s is damaged: it is kept as %s, and a fresh one begun",
		  writer->path, aside);
	ret = open_store(writer);
	if (!ret)
		ret = tell_newest(writer);
	if (ret && writer->store && store_failed(writer->store))
		log_error("cannot write database %s: %s", writer->path,
			  store_error(writer->store));
	return ret;
}

/* A file that is not ours gets no lock beside it, and stays where it is. */
int writer_open(struct writer *writer, const char *path)
{
	int found = store_recognize(path), ret;

	writer->path = path;
	writer->lock = -1;
	if (found && !(found == -EUCLEAN && writer->may_set_aside && has_lock_file(path))) {
		log_error("cannot open database %s: %s", path, explain(found));
		return found;
	}
	ret = take_lock(writer);
	if (ret)
		return ret;
	if (writer->may_set_aside)
		ret = finish_move(path);
	if (ret > 0)
		found = 0;
	if (ret >= 0)
		ret = found ? found : open_store(writer);
	if (!ret && writer->may_set_aside)
		ret = tell_newest(writer);
	return ret == -EUCLEAN ? writer_set_aside(writer) : ret;
}

void writer_close(struct writer *writer)
{
	store_close(writer->store);
	if (writer->lock >= 0)
		close(writer->lock);
}
