// SPDX-License-Identifier: GPL-2.0-only
/* What the name of a program or file tells of what it is for. */
#include "trait.h"

#include "normal.h"

#include <string.h>
#include <sys/stat.h>

/* By the name without what is behind its last letter: python3.11 is python. */
static const struct {
	const char *name;
	uint32_t traits;
} programs[] = {
	{ "sh", TRAIT_SHELL },
	{ "dash", TRAIT_SHELL },
	{ "bash", TRAIT_SHELL },
	{ "ash", TRAIT_SHELL },
	{ "zsh", TRAIT_SHELL },
	{ "ksh", TRAIT_SHELL },
	{ "fish", TRAIT_SHELL },
	{ "busybox", TRAIT_SHELL },
	{ "python", TRAIT_INTERPRETER },
	{ "perl", TRAIT_INTERPRETER },
	{ "ruby", TRAIT_INTERPRETER },
	{ "php", TRAIT_INTERPRETER },
	{ "node", TRAIT_INTERPRETER },
	{ "lua", TRAIT_INTERPRETER },
	{ "java", TRAIT_INTERPRETER },
	{ "awk", TRAIT_INTERPRETER },
	{ "gawk", TRAIT_INTERPRETER },
	{ "mawk", TRAIT_INTERPRETER },
	{ "curl", TRAIT_TRANSFER },
	{ "wget", TRAIT_TRANSFER },
	{ "nc", TRAIT_TRANSFER },
	{ "nc.openbsd", TRAIT_TRANSFER },
	{ "nc.traditional", TRAIT_TRANSFER },
	{ "ncat", TRAIT_TRANSFER },
	{ "socat", TRAIT_TRANSFER },
	{ "ftp", TRAIT_TRANSFER },
	{ "tftp", TRAIT_TRANSFER },
	{ "scp", TRAIT_TRANSFER },
	{ "sftp", TRAIT_TRANSFER },
	{ "ssh", TRAIT_TRANSFER },
	{ "rsync", TRAIT_TRANSFER },
	{ "telnet", TRAIT_TRANSFER },
	{ "openssl", TRAIT_TRANSFER },
	{ "systemd", TRAIT_HUB },
	{ "systemd-executor", TRAIT_HUB },
	{ "init", TRAIT_HUB },
	{ "containerd-shim", TRAIT_HUB },
	{ "containerd-shim-runc-v", TRAIT_HUB },
	{ "containerd", TRAIT_HUB },
	{ "dockerd", TRAIT_HUB },
	{ "conmon", TRAIT_HUB },
	{ "runc", TRAIT_HUB },
	{ "crun", TRAIT_HUB },
	{ "kubelet", TRAIT_HUB },
	{ "dbus-daemon", TRAIT_HUB },
	{ "xinetd", TRAIT_HUB },
	{ "inetd", TRAIT_HUB },
	{ "supervisord", TRAIT_HUB },
	{ "lxc-start", TRAIT_HUB },
	{ "cron", TRAIT_HUB | TRAIT_CRON },
	{ "crond", TRAIT_HUB | TRAIT_CRON },
	{ "anacron", TRAIT_HUB | TRAIT_CRON },
	{ "atd", TRAIT_HUB | TRAIT_CRON },
	{ "fcron", TRAIT_HUB | TRAIT_CRON },
	{ "sshd", TRAIT_DOOR },
	{ "sshd-session", TRAIT_DOOR },
	{ "sshd-auth", TRAIT_DOOR },
	{ "dropbear", TRAIT_DOOR },
	{ "login", TRAIT_DOOR },
	{ "telnetd", TRAIT_DOOR },
	{ "in.telnetd", TRAIT_DOOR },
	{ "gdm-session-worker", TRAIT_DOOR },
	{ "dpkg", TRAIT_PACKAGE },
	{ "dpkg-deb", TRAIT_PACKAGE },
	{ "apt", TRAIT_PACKAGE },
	{ "apt-get", TRAIT_PACKAGE },
	{ "aptitude", TRAIT_PACKAGE },
	{ "unattended-upgrade", TRAIT_PACKAGE },
	{ "rpm", TRAIT_PACKAGE },
	{ "dnf", TRAIT_PACKAGE },
	{ "yum", TRAIT_PACKAGE },
	{ "zypper", TRAIT_PACKAGE },
	{ "apk", TRAIT_PACKAGE },
	{ "pacman", TRAIT_PACKAGE },
	{ "sudo", TRAIT_ELEVATE },
	{ "su", TRAIT_ELEVATE },
	{ "doas", TRAIT_ELEVATE },
	{ "pkexec", TRAIT_ELEVATE },
	{ "runuser", TRAIT_ELEVATE },
	{ "newgrp", TRAIT_ELEVATE },
	{ "kithd", TRAIT_SENSOR },
	{ "kith", TRAIT_SENSOR },
};

static bool is_version(char c)
{
	return (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

static bool is_named(struct slice name, const char *program)
{
	const size_t size = strlen(program);
	size_t i;

	if (!slice_begins(name, program))
		return false;
	for (i = size; i < name.size; i++)
		if (!is_version(name.data[i]))
			return false;
	return true;
}

uint32_t trait_of_program(struct slice exe)
{
	struct slice name = normal_base(exe);
	size_t i;

	if (slice_ends(name, " (deleted)"))
		name.size -= sizeof(" (deleted)") - 1;
	for (i = 0; name.size && i < sizeof(programs) / sizeof(*programs); i++)
		if (*programs[i].name == *name.data && is_named(name, programs[i].name))
			return programs[i].traits;
	return 0;
}

bool trait_is_public(struct slice path)
{
	static const char *const roots[] = { "/tmp/", "/var/tmp/", "/dev/shm/", "/run/user/",
					      "/run/shm/", "/dev/mqueue/", "/var/lock/",
					      "/run/lock/", "/memfd:" };
	size_t i;

	for (i = 0; i < sizeof(roots) / sizeof(*roots); i++)
		if (slice_begins(path, roots[i]))
			return true;
	return false;
}

bool trait_is_system(struct slice exe, uint32_t owner, uint32_t mode)
{
	static const char *const roots[] = { "/usr/", "/bin/", "/sbin/", "/lib/", "/lib64/" };
	size_t i;

	if (owner || mode & (S_IWGRP | S_IWOTH) || slice_begins(exe, "/usr/local/"))
		return false;
	for (i = 0; i < sizeof(roots) / sizeof(*roots); i++)
		if (slice_begins(exe, roots[i]))
			return true;
	return false;
}

/* A path that begins so, or, where that begins with *, ends or goes on so. */
struct place {
	const char *text;
	enum lasting lasting;
};

static const struct place places[] = {
	{ "/etc/cron", LASTING_CRON },
	{ "/var/spool/cron", LASTING_CRON },
	{ "/var/spool/at", LASTING_CRON },
	{ "/etc/anacrontab", LASTING_CRON },
	{ "/etc/systemd/", LASTING_UNIT },
	{ "/usr/lib/systemd/", LASTING_UNIT },
	{ "/lib/systemd/", LASTING_UNIT },
	{ "/usr/local/lib/systemd/", LASTING_UNIT },
	{ "/run/systemd/system/", LASTING_UNIT },
	{ "/run/systemd/generator", LASTING_NOT },
	{ "/etc/init.d/", LASTING_UNIT },
	{ "/etc/init/", LASTING_UNIT },
	{ "/etc/rc", LASTING_UNIT },
	{ "*/.config/systemd/", LASTING_UNIT },
	{ "*/.ssh/authorized_keys", LASTING_KEYS },
	{ "*/.ssh/rc", LASTING_KEYS },
	{ "/etc/ssh/", LASTING_KEYS },
	{ "/etc/profile", LASTING_SHELL },
	{ "/etc/bash", LASTING_SHELL },
	{ "/etc/zsh", LASTING_SHELL },
	{ "/etc/environment", LASTING_SHELL },
	{ "*/.bashrc", LASTING_SHELL },
	{ "*/.bash_profile", LASTING_SHELL },
	{ "*/.bash_login", LASTING_SHELL },
	{ "*/.bash_logout", LASTING_SHELL },
	{ "*/.profile", LASTING_SHELL },
	{ "*/.zshrc", LASTING_SHELL },
	{ "*/.zshenv", LASTING_SHELL },
	{ "*/.config/autostart/", LASTING_SHELL },
	{ "/etc/xdg/autostart/", LASTING_SHELL },
	{ "/etc/update-motd.d/", LASTING_SHELL },
	{ "/etc/sudoers", LASTING_ACCOUNT },
	{ "/etc/passwd", LASTING_ACCOUNT },
	{ "/etc/shadow", LASTING_ACCOUNT },
	{ "/etc/group", LASTING_ACCOUNT },
	{ "/etc/gshadow", LASTING_ACCOUNT },
	{ "/etc/subuid", LASTING_ACCOUNT },
	{ "/etc/pam.d/", LASTING_ACCOUNT },
	{ "/etc/security/", LASTING_ACCOUNT },
	{ "/etc/polkit-1/", LASTING_ACCOUNT },
	{ "/etc/doas", LASTING_ACCOUNT },
	{ "/etc/nsswitch.conf", LASTING_ACCOUNT },
	{ "/etc/ld.so.preload", LASTING_LOADER },
	{ "/etc/ld.so.conf", LASTING_LOADER },
	{ "/etc/modules", LASTING_LOADER },
	{ "/etc/modprobe.d/", LASTING_LOADER },
	{ "/lib/modules/", LASTING_LOADER },
	{ "/usr/lib/modules/", LASTING_LOADER },
	{ "/lib/security/", LASTING_LOADER },
	{ "/boot/", LASTING_LOADER },
	{ "/etc/udev/", LASTING_HOOK },
	{ "/lib/udev/rules.d/", LASTING_HOOK },
	{ "/usr/lib/udev/rules.d/", LASTING_HOOK },
	{ "/etc/apt/apt.conf", LASTING_HOOK },
	{ "/etc/apt/sources", LASTING_HOOK },
	{ "/etc/apt/trusted", LASTING_HOOK },
	{ "/etc/dpkg/dpkg.cfg", LASTING_HOOK },
	{ "/etc/logrotate", LASTING_HOOK },
	{ "/etc/NetworkManager/dispatcher.d/", LASTING_HOOK },
	{ "/etc/network/if-", LASTING_HOOK },
	{ "/etc/dhcp/", LASTING_HOOK },
	{ "/etc/kernel/", LASTING_HOOK },
	{ "/etc/initramfs-tools/", LASTING_HOOK },
	{ "*/.git/hooks/", LASTING_HOOK },
	{ "*.pth", LASTING_HOOK },
	{ "*/.config/pip/", LASTING_HOOK },
	{ "/etc/kith/", LASTING_SENSOR },
	{ "/var/lib/kith/", LASTING_SENSOR },
	{ "/usr/bin/", LASTING_PROGRAM },
	{ "/usr/sbin/", LASTING_PROGRAM },
	{ "/usr/local/bin/", LASTING_PROGRAM },
	{ "/usr/local/sbin/", LASTING_PROGRAM },
	{ "/bin/", LASTING_PROGRAM },
	{ "/sbin/", LASTING_PROGRAM },
};

/* Most paths are told apart by three letters. */
static bool is_at(struct slice path, const char *place)
{
	size_t size;

	if (*place != '*')
		return path.data[1] == place[1] && path.data[2] == place[2] &&
		       slice_begins(path, place);
	size = strlen(place);
	if (place[size - 1] == '/')
		return slice_has(path, place + 1);
	return path.data[path.size - 1] == place[size - 1] && slice_ends(path, place + 1);
}

/* /etc, /usr, /var, /lib, /bin, /boot, /sbin, /run */
static bool may_last(char first)
{
	return first == 'e' || first == 'u' || first == 'v' || first == 'l' || first == 'b' ||
	       first == 's' || first == 'r';
}

enum lasting trait_lasting(struct slice path)
{
	/* All that may be anywhere but one begins with a dot. */
	const bool hidden = slice_has(path, "/.") || slice_ends(path, ".pth");
	size_t i;

	if (path.size < 4 || *path.data != '/' || (!hidden && !may_last(path.data[1])))
		return LASTING_NOT;
	for (i = 0; i < sizeof(places) / sizeof(*places); i++)
		if ((*places[i].text != '*' || hidden) && is_at(path, places[i].text))
			return places[i].lasting;
	return LASTING_NOT;
}

const char *trait_lasting_technique(enum lasting lasting)
{
	static const char *const techniques[] = {
		[LASTING_NOT] = NULL,	       [LASTING_CRON] = "T1053.003",
		[LASTING_UNIT] = "T1543.002",  [LASTING_KEYS] = "T1098.004",
		[LASTING_SHELL] = "T1546.004", [LASTING_ACCOUNT] = "T1098",
		[LASTING_LOADER] = "T1574.006", [LASTING_HOOK] = "T1546",
		[LASTING_PROGRAM] = "T1554",   [LASTING_SENSOR] = "T1562.001",
	};

	return techniques[lasting];
}

/* Of most places in a path two letters tell that no secret is named there. */
static bool may_be_secret(char first, char second)
{
	switch (first) {
	case '/':
		return second == 'e' || second == '.' || second == 's' || second == 'r' ||
		       second == 'p' || second == 'a';
	case '.':
		return second == 'k' || second == 'p' || second == 'j';
	case 'c':
		return second == 'r';
	case 's':
		return second == 'e';
	case 'p':
	case 'w':
		return second == 'a';
	case 't':
		return second == 'o';
	default:
		return false;
	}
}

bool trait_is_secret(struct slice path)
{
	static const char *const names[] = {
		"/etc/shadow",	   "/etc/gshadow",     "/etc/sudoers", "/.ssh/id",
		"/.aws/",	   "/.azure/",	       "/.kube/",      "/.gnupg/",
		"/.config/gcloud", "/.docker/config",  "/.netrc",      "/.pgpass",
		"/.my.cnf",	   "/.git-credentials", "/.vault-token", "/ssh_host_",
		".keytab",	   "/run/secrets/",    "/private/",    ".pem",
		".key",		   ".p12",	       ".jks",	       ".kdbx",
		"/.env",	   "credential",       "secret",       "password",
		"token",	   "/environ",	       "wallet",       "/admin.conf",
	};
	size_t at, i;

	for (at = 0; at + 1 < path.size; at++) {
		const struct slice rest = { path.data + at, path.size - at };

		if (!may_be_secret(rest.data[0], rest.data[1]))
			continue;
		for (i = 0; i < sizeof(names) / sizeof(*names); i++)
			if (rest.data[1] == names[i][1] && slice_begins(rest, names[i]))
				return true;
	}
	return false;
}
