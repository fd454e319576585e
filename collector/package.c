// SPDX-License-Identifier: GPL-2.0-only
/* Which package a file belongs to, by the lists of dpkg. */
#include "package.h"

#include "clock.h"
#include "intern.h"
#include "locate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INFO   "var/lib/dpkg/info"
#define STATUS "var/lib/dpkg/status"

enum {
	PACKAGES_MOST = 32768,
	PATHS_MOST = 4 << 20,
	FIRST_ROOM = 1 << 16,
	LOOK_MS = 1000,	      /* whether dpkg has done something */
	READ_MS = 5000,	      /* it does many things in a row */
	LIST_MOST = 16 << 20, /* bytes of a file of its */
};

/* A place of the table of paths; hash 0: free. */
struct place {
	uint64_t hash;
	uint32_t package; /* names[package - 1] */
};

struct packages {
	int root;
	int64_t looked, read;	 /* steady ms; 0: never */
	struct timespec changed; /* of the file of states, as it was read */
	char **names;
	size_t count;
	struct place *places;
	size_t room, used;
};

/* Where /bin is /usr/bin, a list may name either. */
static uint64_t path_hash(const char *path, size_t size)
{
	static const char *const merged[] = { "/usr/bin/", "/usr/sbin/", "/usr/lib" };
	uint64_t hash;
	size_t i;

	for (i = 0; i < sizeof(merged) / sizeof(*merged); i++)
		if (!strncmp(path, merged[i], strlen(merged[i])) &&
		    size > strlen("/usr")) {
			path += strlen("/usr");
			size -= strlen("/usr");
			break;
		}
	hash = intern_hash(path, size);
	return hash ? hash : 1;
}

static struct place *find_place(struct place *places, size_t room, uint64_t hash)
{
	size_t at = hash & (room - 1);

	while (places[at].hash && places[at].hash != hash)
		at = (at + 1) & (room - 1);
	return &places[at];
}

/* Room for twice as many. */
static bool grow(struct packages *packages)
{
	const size_t room = packages->room ? packages->room * 2 : FIRST_ROOM;
	struct place *places = calloc(room, sizeof(*places));
	size_t i;

	if (!places)
		return false;
	for (i = 0; i < packages->room; i++)
		if (packages->places[i].hash)
			*find_place(places, room, packages->places[i].hash) =
				packages->places[i];
	free(packages->places);
	packages->places = places;
	packages->room = room;
	return true;
}

static void add_path(struct packages *packages, const char *path, size_t size)
{
	const uint64_t hash = path_hash(path, size);
	struct place *place;

	if (packages->used >= PATHS_MOST ||
	    (packages->used * 2 >= packages->room && !grow(packages)))
		return;
	place = find_place(packages->places, packages->room, hash);
	packages->used += !place->hash;
	*place = (struct place){ hash, (uint32_t)packages->count };
}

/* All of @path, a NUL behind it, for the caller; NULL: it cannot be had. */
static char *read_file(int root, const char *path)
{
	struct stat status;
	char *text = NULL;
	ssize_t size = -1;
	int file = locate_open(root, path, LOCATE_LINKS, &status);

	if (file < 0)
		return NULL;
	if (status.st_size <= LIST_MOST)
		text = malloc((size_t)status.st_size + 1);
	if (text)
		size = pread(file, text, (size_t)status.st_size, 0);
	close(file);
	if (size >= 0)
		text[size] = '\0';
	else
		free(text);
	return size >= 0 ? text : NULL;
}

static void read_list(struct packages *packages, const char *list)
{
	const char *path, *end;

	for (path = list; *path; path = *end ? end + 1 : end) {
		end = strchrnul(path, '\n');
		if (*path == '/' && end - path > 1)
			add_path(packages, path, (size_t)(end - path));
	}
}

/* One package, which "NAME[:ARCHITECTURE].list" in the directory of lists is of. */
static void read_package(struct packages *packages, const char *file)
{
	const size_t size = strlen(file), tail = strlen(".list");
	char path[512];
	char *list;

	if (size <= tail || strcmp(file + size - tail, ".list") ||
	    packages->count >= PACKAGES_MOST)
		return;
	snprintf(path, sizeof(path), INFO "/%s", file);
	list = read_file(packages->root, path);
	if (!list)
		return;
	packages->names[packages->count] =
		strndup(file, strcspn(file, ":") < size - tail ? strcspn(file, ":")
							       : size - tail);
	if (packages->names[packages->count]) {
		packages->count++;
		read_list(packages, list);
	}
	free(list);
}

static int by_name(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* A package is looked for by hash << 15 | index of its name, which are sorted. */
static uint64_t *make_index(const struct packages *packages)
{
	uint64_t *index = calloc(packages->count + 1, sizeof(*index));
	size_t i;

	for (i = 0; index && packages->names && i < packages->count; i++) {
		const char *name = packages->names[i];

		if (name)
			index[i] = intern_hash(name, strlen(name)) << 15 | i;
	}
	if (index)
		qsort(index, packages->count, sizeof(*index), by_name);
	return index;
}

/* The first of @count that is not less than @hash. */
static size_t find_first(const uint64_t *index, size_t count, uint64_t hash)
{
	size_t low = 0, high = count;

	while (low < high) {
		const size_t middle = (low + high) / 2;

		if (index[middle] < hash)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The version comes behind the names of all packages that have this one. */
static void add_version(struct packages *packages, const uint64_t *index,
			const char *name, const char *version)
{
	const uint64_t hash = intern_hash(name, strlen(name)) << 15;
	size_t i = find_first(index, packages->count, hash);

	for (; i < packages->count && index[i] >> 15 == hash >> 15; i++) {
		char **known = &packages->names[index[i] & 32767], *both;

		if (strcmp(*known, name) != 0 ||
		    asprintf(&both, "%s %s", name, version) < 0)
			continue;
		free(*known);
		*known = both;
	}
}

/* "Version: " of each package, behind "Package: ". */
static void read_versions(struct packages *packages)
{
	char *states = read_file(packages->root, STATUS), *at, *next;
	uint64_t *index = make_index(packages);
	const char *name = NULL;

	for (at = index ? states : NULL; at && *at; at = next) {
		next = strchrnul(at, '\n');
		if (*next)
			*next++ = '\0';
		if (!strncmp(at, "Package: ", 9))
			name = at + 9;
		else if (name && !strncmp(at, "Version: ", 9))
			add_version(packages, index, name, at + 9);
	}
	free(index);
	free(states);
}

static void clear(struct packages *packages)
{
	while (packages->count)
		free(packages->names[--packages->count]);
	free(packages->names);
	free(packages->places);
	packages->names = NULL;
	packages->places = NULL;
	packages->room = 0;
	packages->used = 0;
}

static void read_all(struct packages *packages)
{
	int directory = openat(packages->root, INFO, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *lists = directory < 0 ? NULL : fdopendir(directory);
	const struct dirent *entry;

	clear(packages);
	packages->names = calloc(PACKAGES_MOST, sizeof(*packages->names));
	while (lists && packages->names && (entry = readdir(lists)))
		read_package(packages, entry->d_name);
	if (lists)
		closedir(lists);
	else if (directory >= 0)
		close(directory);
	read_versions(packages);
}

/* Read all again if dpkg has changed something. */
static void refresh(struct packages *packages)
{
	const int64_t now = clock_steady_ms();
	struct stat status;

	if (packages->looked && now - packages->looked < LOOK_MS)
		return;
	packages->looked = now;
	if (fstatat(packages->root, STATUS, &status, 0)) {
		clear(packages);
		return;
	}
	if (packages->read && (now - packages->read < READ_MS ||
			       (status.st_mtim.tv_sec == packages->changed.tv_sec &&
				status.st_mtim.tv_nsec == packages->changed.tv_nsec)))
		return;
	packages->changed = status.st_mtim;
	read_all(packages);
	packages->read = clock_steady_ms();
}

struct packages *packages_new(int root)
{
	struct packages *packages = calloc(1, sizeof(*packages));

	if (packages)
		packages->root = root;
	return packages;
}

void packages_free(struct packages *packages)
{
	if (!packages)
		return;
	clear(packages);
	free(packages);
}

bool packages_find(struct packages *packages, const char *path, char *name, size_t room)
{
	const struct place *place;

	refresh(packages);
	if (!packages->used)
		return false;
	place = find_place(packages->places, packages->room,
			   path_hash(path, strlen(path)));
	snprintf(name, room, "%s",
		 place->hash ? packages->names[place->package - 1] : "");
	return true;
}
