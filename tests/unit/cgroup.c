// SPDX-License-Identifier: GPL-2.0-only
/* What the paths that runtimes make say. */
#include "cgroup.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#define ID  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID2 "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define POD "8d0a1f2e_1234_4321_aaaa_0123456789ab"

static const struct {
	const char *path;
	const char *runtime;
	const char *name;
	const char *unit;
} paths[] = {
	{ "", "", "", "" },
	{ "/", "", "", "" },
	{ "//", "", "", "" },
	{ "/init.scope", "", "init.scope", "init.scope" },
	{ "/system.slice", "", "", "" },
	{ "/system.slice/ssh.service", "", "ssh.service", "ssh.service" },
	{ "/system.slice/dbus.socket", "", "dbus.socket", "dbus.socket" },
	{ "/system.slice/tmp.mount", "", "tmp.mount", "tmp.mount" },
	{ "/user.slice/user-1000.slice/session-3.scope", "", "session-3.scope",
	  "session-3.scope" },
	/* the unit behind the slices: those below it are named by who runs in it */
	{ "/user.slice/user-1000.slice/user@1000.service/app.slice/sshd.service", "",
	  "user@1000.service", "user@1000.service" },
	{ "/user.slice/user-1000.slice/session-3.scope/sshd.service", "", "session-3.scope",
	  "session-3.scope" },
	{ "/delegated/sshd.service", "", "", "" },
	{ "/system.slice/a.service/system.slice/b.service", "", "a.service", "a.service" },
	{ "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope/x",
	  "podman", ID, "user@1000.service" },
	{ "/system.slice/a.service/child", "", "a.service", "a.service" },
	/* a suffix alone is no unit */
	{ "/.service", "", "", "" },
	/* Docker: systemd driver, cgroupfs driver */
	{ "/system.slice/docker-" ID ".scope", "docker", ID, "docker-" ID ".scope" },
	{ "/system.slice/docker-" ID ".scope/inner", "docker", ID, "docker-" ID ".scope" },
	{ "/docker/" ID, "docker", ID, "" },
	{ "/docker/" ID "/init", "docker", ID, "" },
	{ "/docker", "", "", "" },
	{ "/docker/buildx", "", "", "" },
	{ "/system.slice/docker.service", "", "docker.service", "docker.service" },
	{ "/system.slice/docker-.scope", "", "docker-.scope", "docker-.scope" },
	/* Podman: root, within a service (--cgroups=split), and its monitors */
	{ "/machine.slice/libpod-" ID ".scope", "podman", ID, "libpod-" ID ".scope" },
	{ "/machine.slice/libpod-" ID ".scope/container", "podman", ID, "libpod-" ID ".scope" },
	{ "/libpod_parent/libpod-" ID, "podman", ID, "" },
	{ "/system.slice/web.service/libpod-payload-" ID, "podman", ID, "web.service" },
	{ "/machine.slice/libpod-conmon-" ID ".scope", "", "libpod-conmon-" ID ".scope",
	  "libpod-conmon-" ID ".scope" },
	/* Kubernetes: systemd driver and cgroupfs driver, guaranteed and burstable */
	{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" POD
	  ".slice/cri-containerd-" ID ".scope",
	  "containerd", ID, "cri-containerd-" ID ".scope" },
	{ "/kubepods.slice/kubepods-pod" POD ".slice/crio-" ID ".scope", "cri-o", ID,
	  "crio-" ID ".scope" },
	{ "/kubepods.slice/kubepods-pod" POD ".slice/crio-conmon-" ID ".scope", "",
	  "crio-conmon-" ID ".scope", "crio-conmon-" ID ".scope" },
	{ "/kubepods/burstable/pod" POD "/" ID, "containerd", ID, "" },
	{ "/kubepods/besteffort/pod" POD "/" ID "/inner", "containerd", ID, "" },
	{ "/kubepods/pod" POD "/" ID, "containerd", ID, "" },
	{ "/kubepods/burstable/pod" POD, "", "", "" },
	{ "/kubepods/burstable/pod" POD "/crio-" ID, "cri-o", ID, "" },
	/* LXC, nspawn, and virtual machines, which are neither */
	{ "/lxc.payload.web", "lxc", "web", "" },
	{ "/lxc.payload.web/system.slice/ssh.service", "lxc", "web", "" },
	{ "/lxc/web", "lxc", "web", "" },
	{ "/lxc.monitor.web", "", "", "" },
	{ "/machine.slice/machine-deb.scope", "nspawn", "deb", "machine-deb.scope" },
	{ "/machine.slice/systemd-nspawn@deb.service", "nspawn", "deb",
	  "systemd-nspawn@deb.service" },
	{ "/machine.slice/machine-qemu\\x2d1\\x2ddeb.scope/libvirt/emulator", "libvirt",
	  "1\\x2ddeb", "machine-qemu\\x2d1\\x2ddeb.scope" },
	/* the outermost container: what runs inside chooses names as it likes */
	{ "/docker/" ID "/docker/" ID2, "docker", ID, "" },
	{ "/system.slice/docker-" ID ".scope/docker-" ID2 ".scope", "docker", ID,
	  "docker-" ID ".scope" },
	{ "/lxc.payload.a/lxc.payload.b", "lxc", "a", "" },
	/* nearly */
	{ "/docker/" ID "0", "", "", "" },
	{ "/docker/g123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "", "",
	  "" },
	{ "/docker-" ID ".scopes", "", "", "" },
	{ "docker-" ID ".scope", "docker", ID, "docker-" ID ".scope" },
	/* a path from outside of our root in the hierarchy */
	{ "/../docker-" ID ".scope", "docker", ID, "" },
};

static void parse(const char *path, size_t size, struct cgroup_names *names)
{
	char *copy = unit_exact(path, size);

	memset(names, 'x', sizeof(*names));
	cgroup_parse(copy, size, names);
	free(copy);
}

START_TEST(reads_paths)
{
	struct cgroup_names names;

	parse(paths[_i].path, strlen(paths[_i].path), &names);
	ck_assert_msg(!strcmp(names.runtime, paths[_i].runtime) &&
			      !strcmp(names.name, paths[_i].name) &&
			      !strcmp(names.unit, paths[_i].unit),
		      "%s: %s, %s, %s", paths[_i].path, names.runtime, names.name, names.unit);
}
END_TEST

/* Cut anywhere it is read to its end and no further. */
START_TEST(reads_no_further)
{
	struct cgroup_names names;
	size_t size;

	for (size = 0; size < strlen(paths[_i].path); size++)
		parse(paths[_i].path, size, &names);
}
END_TEST

START_TEST(cuts_long_names)
{
	struct cgroup_names names;
	char path[1024] = "/lxc.payload.";

	memset(path + strlen(path), 'n', 300);
	parse(path, strlen(path), &names);
	ck_assert_uint_eq(strlen(names.name), sizeof(names.name) - 1);
	memset(path + 1, 'u', 300);
	strcpy(path + 300, ".service");
	parse(path, strlen(path), &names);
	ck_assert_uint_eq(strlen(names.unit), sizeof(names.unit) - 1);
	ck_assert_str_eq(names.name, names.unit);
	ck_assert_str_eq(names.runtime, "");
}
END_TEST

START_TEST(keeps_bytes_as_they_are)
{
	struct cgroup_names names;
	static const char path[] = "/a\nb.slice/\xff\x1b[2J.service";

	parse(path, sizeof(path) - 1, &names);
	ck_assert_str_eq(names.unit, "\xff\x1b[2J.service");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cgroup");

	unit_add_rows(suite, reads_paths, UNIT_COUNT(paths));
	unit_add_rows(suite, reads_no_further, UNIT_COUNT(paths));
	unit_add(suite, cuts_long_names);
	unit_add(suite, keeps_bytes_as_they_are);
	return unit_run(suite);
}
