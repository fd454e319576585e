// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a runtime of containers calls a container.
 *
 * Their state is JSON, which SQLite reads: with limits, since a user's own containers are
 * described by files of his.
 */
#include "runtime.h"

#include "locate.h"

#include <ctype.h>
#include <fcntl.h>
#include <pwd.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	STATE_MOST = 4 << 20, /* bytes of a file of state */
	PATH_ROOM = 512,
	ANYBODY = -1,
};

/*
 * Where a runtime keeps what it knows of container @ID, and the query for its name, image
 * and pod: ?1 is what stands in the file, ?2 the container's ID.
 */
struct place {
	const char *runtime;
	const char *path;
	const char *query;
};

/* One of the annotations, a, of a container's configuration. */
#define OF(name) "(a ->> '$.\"" name "\"')"
#define FROM	 " FROM (SELECT ?1 -> '$.annotations' AS a)"
#define CRI	 "io.kubernetes.cri."
#define POD	 "io.kubernetes.pod."

/* clang-format off */
static const char docker_query[] =
	"SELECT ltrim(?1 ->> '$.Name', '/'), ?1 ->> '$.Config.Image',"
	" (?1 ->> '$.Config.Labels.\"io.kubernetes.pod.namespace\"') || '/' ||"
	" (?1 ->> '$.Config.Labels.\"io.kubernetes.pod.name\"')";
static const char containerd_query[] =
	"SELECT coalesce(" OF(CRI "container-name") ","
	" iif(" OF(CRI "container-type") " = 'sandbox', 'sandbox', NULL), " OF("nerdctl/name") "),"
	" " OF(CRI "image-name") ","
	" " OF(CRI "sandbox-namespace") " || '/' || " OF(CRI "sandbox-name") FROM;
static const char crio_query[] =
	"SELECT " OF("io.kubernetes.container.name") ","
	" coalesce(" OF("io.kubernetes.cri-o.ImageName") "," OF("io.kubernetes.cri-o.Image") "),"
	" " OF(POD "namespace") " || '/' || " OF(POD "name") FROM;
/* clang-format on */
static const char podman_query[] =
	"SELECT c.value ->> '$.names[0]', coalesce(iif(json_valid(c.value ->> '$.metadata'),"
	" (c.value ->> '$.metadata') ->> '$.\"image-name\"', NULL), c.value ->> '$.image'),"
	" NULL FROM json_each(?1) c WHERE c.value ->> '$.id' = ?2";

#define TASKS	"run/containerd/io.containerd.runtime.v2.task/"
#define STORAGE "containers/storage/"

static const struct place places[] = {
	{ "docker", "var/lib/docker/containers/@ID/config.v2.json", docker_query },
	{ "containerd", TASKS "k8s.io/@ID/config.json", containerd_query },
	{ "containerd", TASKS "default/@ID/config.json", containerd_query },
	{ "containerd", "var/lib/docker/containers/@ID/config.v2.json", docker_query },
	{ "cri-o", "run/" STORAGE "overlay-containers/@ID/userdata/config.json",
	  crio_query },
	{ "cri-o", "var/lib/" STORAGE "overlay-containers/@ID/userdata/config.json",
	  crio_query },
	{ "podman", "var/lib/" STORAGE "overlay-containers/containers.json",
	  podman_query },
	{ "podman", "var/lib/" STORAGE "overlay-containers/volatile-containers.json",
	  podman_query },
	{ "podman", "run/" STORAGE "overlay-containers/volatile-containers.json",
	  podman_query },
	{ "podman", "var/lib/" STORAGE "vfs-containers/containers.json", podman_query },
};

/* The same of a user's own, below his home directory. */
static const struct place homes[] = {
	{ "podman", ".local/share/" STORAGE "overlay-containers/containers.json",
	  podman_query },
	{ "podman", ".local/share/" STORAGE "overlay-containers/volatile-containers.json",
	  podman_query },
	{ "podman", ".local/share/" STORAGE "vfs-containers/containers.json",
	  podman_query },
	{ "docker", ".local/share/docker/containers/@ID/config.v2.json", docker_query },
};

/* What stands in a regular file of @owner, a NUL behind it, for the caller; or NULL. */
static char *read_state(int root, const char *path, unsigned int links, int64_t owner)
{
	struct stat status;
	char *text = NULL;
	ssize_t size = -1;
	int file = locate_open(root, path, links, &status);

	if (file < 0)
		return NULL;
	if (status.st_size <= STATE_MOST && (owner == ANYBODY || status.st_uid == owner))
		text = malloc((size_t)status.st_size + 1);
	if (text)
		size = pread(file, text, (size_t)status.st_size, 0);
	close(file);
	if (size < 0) {
		free(text);
		return NULL;
	}
	text[size] = '\0';
	return text;
}

static void take(sqlite3_stmt *row, int column, char *to, size_t room)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	snprintf(to, room, "%s", text ? text : "");
}

/* Ask @json. Return: does it know anything? */
static bool ask(const char *json, const char *query, const char *id,
		struct runtime_names *names)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *row = NULL;
	bool found = false;

	if (sqlite3_open(":memory:", &db) == SQLITE_OK &&
	    sqlite3_prepare_v2(db, query, -1, &row, NULL) == SQLITE_OK) {
		sqlite3_bind_text(row, 1, json, -1, SQLITE_STATIC);
		if (sqlite3_bind_parameter_count(row) > 1)
			sqlite3_bind_text(row, 2, id, -1, SQLITE_STATIC);
		if (sqlite3_step(row) == SQLITE_ROW) {
			take(row, 0, names->name, sizeof(names->name));
			take(row, 1, names->image, sizeof(names->image));
			take(row, 2, names->pod, sizeof(names->pod));
			found = *names->name || *names->image;
		}
	}
	sqlite3_finalize(row);
	sqlite3_close(db);
	return found;
}

/* @path with @ID filled in. */
static void fill(char *to, size_t room, const char *path, const char *id)
{
	const char *at = strstr(path, "@ID");

	if (at)
		snprintf(to, room, "%.*s%s%s", (int)(at - path), path, id, at + 3);
	else
		snprintf(to, room, "%s", path);
}

static bool look(int root, const struct place *place, unsigned int links, int64_t owner,
		 const char *id, struct runtime_names *names)
{
	char path[PATH_ROOM];
	char *json;
	bool found;

	fill(path, sizeof(path), place->path, id);
	json = read_state(root, path, links, owner);
	if (!json)
		return false;
	found = ask(json, place->query, id, names);
	free(json);
	return found;
}

/* The user whose service manager the control group is below; or -1. */
static int64_t user_of(const char *path)
{
	const char *at = strstr(path, "/user@");
	char *end;
	unsigned long uid;

	if (!at || !isdigit((unsigned char)at[6]))
		return -1;
	uid = strtoul(at + 6, &end, 10);
	return strncmp(end, ".service", 8) || uid > UINT32_MAX ? -1 : (int64_t)uid;
}

/* A directory of his own making: no link in it leads anywhere. */
static bool look_at_home(int root, int64_t uid, const struct cgroup_names *cgroup,
			 struct runtime_names *names)
{
	const struct passwd *user = getpwuid((uid_t)uid);
	bool found = false;
	int home;
	size_t i;

	if (!user || *user->pw_dir != '/' || !user->pw_dir[1])
		return false;
	home = openat(root, user->pw_dir + 1, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (i = 0; home >= 0 && !found && i < sizeof(homes) / sizeof(*homes); i++)
		if (!strcmp(homes[i].runtime, cgroup->runtime))
			found = look(home, &homes[i], 0, uid, cgroup->name, names);
	if (home >= 0)
		close(home);
	return found;
}

/* "\x2d" is what systemd writes for "-" in a name. */
static void unescape(char *to, size_t room, const char *from)
{
	size_t used = 0;

	while (*from && used + 1 < room) {
		char digits[3] = "", *end = digits;
		unsigned long byte = 0;

		if (!strncmp(from, "\\x", 2)) {
			strncpy(digits, from + 2, 2);
			byte = strtoul(digits, &end, 16);
		}
		if (byte && end == digits + 2) {
			to[used++] = (char)byte;
			from += 4;
		} else {
			to[used++] = *from++;
		}
	}
	to[used] = '\0';
}

/* The rest of the line in @text that begins with @key, blanks and "=" skipped. */
static void setting(const char *text, const char *key, char *to, size_t room)
{
	const char *at;

	*to = '\0';
	for (at = text; *at; at = strchrnul(at, '\n'), at += *at == '\n') {
		if (strncmp(at, key, strlen(key)))
			continue;
		at += strlen(key);
		at += strspn(at, " \t=");
		snprintf(to, room, "%.*s", (int)strcspn(at, "\n"), at);
		return;
	}
}

/* Of these the control group has the name, and a file of lines the directory it runs in. */
static bool look_for_directory(int root, const char *where, const char *key,
			       const char *tail, struct runtime_names *names)
{
	char path[PATH_ROOM];
	char *text;

	if (strchr(names->name, '/'))
		return false;
	snprintf(path, sizeof(path), "%s%s%s", where, names->name, tail);
	text = read_state(root, path, LOCATE_LINKS, ANYBODY);
	if (text)
		setting(text, key, names->image, sizeof(names->image));
	free(text);
	return *names->image;
}

/* A pod of Podman is a slice that its containers are in. */
static void find_pod(const char *path, struct runtime_names *names)
{
	const char *at = strstr(path, "libpod_pod_");

	if (at)
		snprintf(names->pod, sizeof(names->pod), "%.64s",
			 at + strlen("libpod_pod_"));
}

/* What is below a user's own manager he has named: it may only stand for what is his. */
static bool look_everywhere(int root, const struct cgroup_names *cgroup, const char *path,
			    struct runtime_names *names)
{
	const int64_t uid = user_of(path);
	bool found = false;
	size_t i;

	if (strchr(cgroup->name, '/') || strchr(cgroup->name, '.'))
		return false;
	for (i = 0; uid < 0 && !found && i < sizeof(places) / sizeof(*places); i++)
		if (!strcmp(places[i].runtime, cgroup->runtime))
			found = look(root, &places[i], LOCATE_LINKS, ANYBODY,
				     cgroup->name, names);
	if (!found && uid >= 0)
		found = look_at_home(root, uid, cgroup, names);
	if (found && !strcmp(cgroup->runtime, "podman"))
		find_pod(path, names);
	return found;
}

bool runtime_find(int root, const struct cgroup_names *cgroup, const char *path,
		  struct runtime_names *names)
{
	*names = (struct runtime_names){ .name = "" };
	if (!strcmp(cgroup->runtime, "lxc") && user_of(path) < 0) {
		snprintf(names->name, sizeof(names->name), "%s", cgroup->name);
		return look_for_directory(root, "var/lib/lxc/", "lxc.rootfs.path",
					  "/config", names);
	}
	if (!strcmp(cgroup->runtime, "nspawn") && user_of(path) < 0) {
		unescape(names->name, sizeof(names->name), cgroup->name);
		return look_for_directory(root, "run/systemd/machines/", "ROOT=", "",
					  names);
	}
	return look_everywhere(root, cgroup, path, names);
}
