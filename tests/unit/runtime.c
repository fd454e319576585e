// SPDX-License-Identifier: GPL-2.0-only
/* What runtimes call their containers, by states that are made up, and hostile ones. */
#include "runtime.h"

#include "unit.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define POD "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static int root;
static struct runtime_names names;

/* The directories in front of @path. */
static void make_way(const char *path)
{
	char part[512];
	size_t i;

	for (i = 0; path[i]; i++) {
		if (path[i] != '/')
			continue;
		snprintf(part, sizeof(part), "%.*s", (int)i, path);
		mkdir(unit_path(part), 0755);
	}
}

static void put(const char *name, const char *text)
{
	FILE *file;

	make_way(name);
	file = fopen(unit_path(name), "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static bool find(const char *path)
{
	struct cgroup_names cgroup;

	root = open(unit_path("."), O_PATH | O_DIRECTORY);
	cgroup_parse(path, strlen(path), &cgroup);
	return runtime_find(root, &cgroup, path, &names);
}

#define TASK "run/containerd/io.containerd.runtime.v2.task/"

static const struct {
	const char *file;
	const char *text;
	const char *cgroup;
	const char *name;
	const char *image;
	const char *pod;
} states[] = {
	{ "var/lib/docker/containers/" ID "/config.v2.json",
	  "{\"ID\":\"" ID
	  "\",\"Name\":\"/web-1\",\"Config\":{\"Image\":\"nginx:1.25\",\"Labels\":"
	  "{}}}",
	  "/system.slice/docker-" ID ".scope", "web-1", "nginx:1.25", "" },
	{ "var/lib/docker/containers/" ID "/config.v2.json",
	  "{\"Name\":\"/k8s_web\",\"Config\":{\"Image\":\"sha256:1\",\"Labels\":"
	  "{\"io.kubernetes.pod.name\":\"web-0\",\"io.kubernetes.pod.namespace\":\"shop\"}}}",
	  "/kubepods/burstable/pod1/" ID, "k8s_web", "sha256:1", "shop/web-0" },
	{ "var/lib/containers/storage/overlay-containers/containers.json",
	  "[{\"id\":\"" POD "\",\"names\":[\"other\"]},{\"id\":\"" ID
	  "\",\"names\":[\"db\"],"
	  "\"image\":\"77\",\"metadata\":\"{\\\"image-name\\\":\\\"localhost/db:1\\\"}\"}]",
	  "/machine.slice/libpod-" ID ".scope/container", "db", "localhost/db:1", "" },
	{ "run/containers/storage/overlay-containers/volatile-containers.json",
	  "[{\"id\":\"" ID
	  "\",\"names\":[\"db\"],\"image\":\"77\",\"metadata\":\"broken\"}]",
	  "/machine.slice/machine-libpod_pod_" POD ".slice/libpod-" ID ".scope", "db",
	  "77", POD },
	{ TASK "k8s.io/" ID "/config.json",
	  "{\"annotations\":{\"io.kubernetes.cri.container-name\":\"app\","
	  "\"io.kubernetes.cri.image-name\":\"docker.io/library/app:2\","
	  "\"io.kubernetes.cri.sandbox-name\":\"app-5d\","
	  "\"io.kubernetes.cri.sandbox-namespace\":\"default\"}}",
	  "/kubepods.slice/kubepods-pod1.slice/cri-containerd-" ID ".scope", "app",
	  "docker.io/library/app:2", "default/app-5d" },
	{ TASK "k8s.io/" ID "/config.json",
	  "{\"annotations\":{\"io.kubernetes.cri.container-type\":\"sandbox\","
	  "\"io.kubernetes.cri.sandbox-name\":\"app-5d\","
	  "\"io.kubernetes.cri.sandbox-namespace\":\"default\"}}",
	  "/kubepods.slice/kubepods-pod1.slice/cri-containerd-" ID ".scope", "sandbox",
	  "", "default/app-5d" },
	{ "run/containers/storage/overlay-containers/" ID "/userdata/config.json",
	  "{\"annotations\":{\"io.kubernetes.container.name\":\"app\","
	  "\"io.kubernetes.cri-o.ImageName\":\"quay.io/app:2\","
	  "\"io.kubernetes.pod.name\":\"app-1\",\"io.kubernetes.pod.namespace\":\"default\"}}",
	  "/kubepods.slice/kubepods-pod1.slice/crio-" ID ".scope", "app", "quay.io/app:2",
	  "default/app-1" },
	{ "var/lib/lxc/mail/config",
	  "# lxc.rootfs.path = no\nlxc.uts.name = mail\nlxc.rootfs.path = dir:/srv/mail\n",
	  "/lxc.payload.mail/system.slice/x.service", "mail", "dir:/srv/mail", "" },
	{ "run/systemd/machines/build-7",
	  "# This is private data.\nNAME=build-7\nROOT=/srv/b\n",
	  "/machine.slice/machine-build\\x2d7.scope/payload", "build-7", "/srv/b", "" },
};

START_TEST(as_the_runtime_tells)
{
	put(states[_i].file, states[_i].text);
	ck_assert(find(states[_i].cgroup));
	ck_assert_str_eq(names.name, states[_i].name);
	ck_assert_str_eq(names.image, states[_i].image);
	ck_assert_str_eq(names.pod, states[_i].pod);
}
END_TEST

/* Without a state, with that of another container, as soon as it is there. */
START_TEST(not_there_yet)
{
	ck_assert(!find(states[_i].cgroup));
	ck_assert_str_eq(names.image, "");
	put(states[_i].file, states[_i].text);
	ck_assert(find(states[_i].cgroup));
}
END_TEST

START_TEST(another_container)
{
	put(states[0].file, states[0].text);
	put(states[2].file, states[2].text);
	ck_assert(!find("/system.slice/docker-" POD ".scope"));
	ck_assert(!find("/machine.slice/libpod-" ID "1.scope"));
	ck_assert(!find("/system.slice/ssh.service"));
	ck_assert(!find("/machine.slice/libpod-..scope"));
	ck_assert(!find("/machine.slice/libpod-a.b.scope"));
}
END_TEST

/* A user calls a control group of his as another's container is called. */
START_TEST(usurped)
{
	static const char *const names_of[] = { "docker-" ID ".scope", "lxc.payload.mail",
						"machine-build\\x2d7.scope" };
	static const size_t of_states[] = { 0, 7, 8 };
	char cgroup[256];
	size_t i;

	for (i = 0; i < UNIT_COUNT(names_of); i++) {
		put(states[of_states[i]].file, states[of_states[i]].text);
		ck_assert(find(states[of_states[i]].cgroup));
		snprintf(cgroup, sizeof(cgroup),
			 "/user.slice/user-1000.slice/user@1000.service/%s", names_of[i]);
		ck_assert(!find(cgroup));
		ck_assert_str_eq(names.image, "");
	}
}
END_TEST

/* JSON that is none, that has other types, that is deep, that is as large as may be. */
START_TEST(hostile_json)
{
	const char *file = "var/lib/docker/containers/" ID "/config.v2.json";
	static const char *const texts[] = {
		"",
		"{",
		"null",
		"[]",
		"{\"Name\":{\"a\":1},\"Config\":7}",
		"{\"Name\":\"/\\u0000\"}",
		"\xff\xfe",
		"{\"Name\":null}",
	};
	char *deep = malloc(3000001);
	size_t i;

	for (i = 0; i < UNIT_COUNT(texts); i++) {
		put(file, texts[i]);
		(void)find(states[0].cgroup);
		ck_assert_str_eq(names.image, "");
	}
	ck_assert_ptr_nonnull(deep);
	memset(deep, '[', 3000000);
	deep[3000000] = '\0';
	put(file, deep);
	ck_assert(!find(states[0].cgroup));
	for (i = 0; i + 1 < 3000000; i += 2)
		memcpy(deep + i, "1,", 2);
	*deep = '[';
	memcpy(deep + 2999999, "]", 2);
	put(file, deep);
	ck_assert(!find(states[0].cgroup));
	free(deep);
	ck_assert_int_eq(truncate(unit_path(file), 5 << 20), 0);
	ck_assert(!find(states[0].cgroup));
}
END_TEST

/* What stands where the state should. */
START_TEST(hostile_files)
{
	const char *file = "var/lib/docker/containers/" ID "/config.v2.json";
	const char *path;

	make_way(file);
	path = unit_path(file);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert(!find(states[0].cgroup));
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink("/dev/zero", path), 0);
	ck_assert(!find(states[0].cgroup));
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink("config.v2.json", path), 0);
	ck_assert(!find(states[0].cgroup));
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert(!find(states[0].cgroup));
}
END_TEST

/* A user's own: his files alone, and no link of his. */
START_TEST(rootless)
{
	const struct passwd *user = getpwuid(getuid());
	char file[256], away[256], cgroup[256];

	snprintf(file, sizeof(file),
		 "%s/.local/share/containers/storage/overlay-containers/containers.json",
		 user->pw_dir + 1);
	snprintf(away, sizeof(away), "%s/away", user->pw_dir + 1);
	snprintf(cgroup, sizeof(cgroup),
		 "/user.slice/user-%u.slice/user@%u.service/user.slice/libpod-" ID
		 ".scope",
		 getuid(), getuid());
	put(file, states[2].text);
	ck_assert(find(cgroup));
	ck_assert_str_eq(names.name, "db");
	ck_assert_int_eq(rename(unit_path(file), unit_path(away)), 0);
	ck_assert_int_eq(symlink("/away", unit_path(file)), 0);
	ck_assert(!find(cgroup));
	ck_assert_int_eq(unlink(unit_path(file)), 0);
	ck_assert_int_eq(rename(unit_path(away), unit_path(file)), 0);
	ck_assert(find(cgroup));
	if (!getuid()) {
		ck_assert_int_eq(chown(unit_path(file), 1, 1), 0);
		ck_assert(!find(cgroup));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runtime");

	unit_add_rows(suite, as_the_runtime_tells, UNIT_COUNT(states));
	unit_add_rows(suite, not_there_yet, UNIT_COUNT(states));
	unit_add(suite, another_container);
	unit_add(suite, usurped);
	unit_add(suite, hostile_json);
	unit_add(suite, hostile_files);
	unit_add(suite, rootless);
	return unit_run(suite);
}
