// SPDX-License-Identifier: GPL-2.0-only
/* Days of a small server. */
#include "days.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct person days_root = { 0, UINT32_MAX, UINT32_MAX, DAYS_HOST };
const struct person days_web = { 33, UINT32_MAX, UINT32_MAX, DAYS_WEB };
static const struct person of_cron = { 0, UINT32_MAX, UINT32_MAX, DAYS_CRON };
static const struct person of_ssh = { 0, UINT32_MAX, UINT32_MAX, DAYS_SSH };
static const struct person of_database = { 999, UINT32_MAX, UINT32_MAX, DAYS_DATABASE };

/* The starts of all differ, so that no key comes twice when pids do. */
uint64_t days_key(uint32_t pid)
{
	return forge_key(RIG_AT(20) + (uint64_t)pid * 65536, pid & 0x3fffff);
}

static uint32_t pick(struct days *days, uint32_t of)
{
	days->random = days->random * 1664525 + 1013904223;
	return (days->random >> 8) % of;
}

static void feed(struct days *days)
{
	if (days->rig.forge.used > FORGE_BYTES / 2)
		rig_feed(&days->rig);
}

void days_exec(struct days *days, uint32_t pid, uint32_t parent, const struct person *who,
	       const char *exe, const char *argv, size_t argv_size)
{
	struct kith_image *image = forge_exec(&days->rig.forge, days_key(pid), days_key(parent),
					      exe, argv, argv_size);

	image->uid = image->euid = image->gid = image->egid = who->uid;
	image->loginuid = who->loginuid;
	image->session = who->session;
	image->cgroup = who->cgroup;
	image->owner = strncmp(exe, "/usr/", 5) ? who->uid : 0;
	feed(days);
}

uint32_t days_run(struct days *days, uint32_t parent, const struct person *who, const char *exe,
		  const char *argv, size_t argv_size)
{
	const uint32_t pid = ++days->pid;
	struct kith_fork *fork =
		forge_fork(&days->rig.forge, days_key(parent), days_key(pid));

	fork->cgroup = who->cgroup;
	fork->uid = fork->euid = fork->gid = who->uid;
	days_exec(days, pid, parent, who, exe, argv, argv_size);
	return pid;
}

void days_end(struct days *days, uint32_t pid)
{
	forge_exit(&days->rig.forge, days_key(pid), 0);
	feed(days);
}

static struct kith_connection *connection(struct days *days, uint32_t client, uint32_t server)
{
	return forge_connection(&days->rig.forge, ++days->id, days_key(client),
				days_key(server));
}

void days_dial(struct days *days, uint32_t pid, const char *address, uint16_t port)
{
	struct kith_connection *body = connection(days, pid, pid);

	forge_address(body->ends[KITH_CLIENT].peer_addr, address);
	body->ends[KITH_CLIENT].peer_port = port;
	forge_one_end(&days->rig.forge, KITH_CLIENT);
	feed(days);
}

void days_serve(struct days *days, uint32_t pid, const char *address, uint16_t port)
{
	struct kith_connection *body = connection(days, pid, pid);

	forge_address(body->ends[KITH_SERVER].peer_addr, address);
	body->ends[KITH_SERVER].port = port;
	forge_one_end(&days->rig.forge, KITH_SERVER);
	feed(days);
}

void days_meet(struct days *days, uint32_t client, uint32_t server, uint16_t port)
{
	struct kith_connection *body = connection(days, client, server);

	body->ends[KITH_CLIENT].peer_port = body->ends[KITH_SERVER].port = port;
	feed(days);
}

/* A file is told from others by a number that its path makes. */
static uint64_t inode_of(const char *path)
{
	uint64_t inode = 5381;

	while (*path)
		inode = inode * 33 + (unsigned char)*path++;
	return inode & 0xffffffff;
}

static struct kith_access *use(struct days *days, uint32_t pid, const char *path, uint32_t owner)
{
	struct kith_file file = forge_file(inode_of(path));
	struct kith_access *access;

	file.owner = owner;
	access = forge_access_of(&days->rig.forge, ++days->id, days_key(pid), file, path);
	access->flags |= KITH_ACCESS_OVER;
	return access;
}

void days_write(struct days *days, uint32_t pid, const char *path, uint32_t owner)
{
	struct kith_access *access = use(days, pid, path, owner);

	access->writes = 1;
	access->bytes_written = 100;
	feed(days);
}

void days_read(struct days *days, uint32_t pid, const char *path, uint32_t owner, bool secret)
{
	struct kith_access *access = use(days, pid, path, owner);

	access->reads = 1;
	access->bytes_read = 100;
	if (secret)
		access->flags |= KITH_ACCESS_SENSITIVE;
	feed(days);
}

void days_become(struct days *days, uint32_t pid, unsigned int cause, uint32_t from, uint32_t to)
{
	forge_credential(&days->rig.forge, days_key(pid), cause, from, to);
	feed(days);
}

uint32_t days_login(struct days *days, struct person *who, const char *address)
{
	const uint32_t door = DAYS_RUN(days, DAYS_SSHD, &of_ssh, "/usr/sbin/sshd", "sshd\0-R");
	const uint32_t session = ++days->session;
	uint32_t shell;
	char path[96];

	who->loginuid = who->uid;
	who->session = session;
	who->cgroup = DAYS_SESSION + session;
	snprintf(path, sizeof(path), "/user.slice/user-%u.slice/session-%u.scope", who->uid,
		 session);
	forge_cgroup(&days->rig.forge, who->cgroup, path);
	days_read(days, door, "/etc/shadow", 0, true);
	shell = DAYS_RUN(days, door, who, "/usr/bin/bash", "-bash");
	days_serve(days, door, address, 22);
	return shell;
}

uint32_t days_job(struct days *days, const struct person *who, const char *argv, size_t argv_size)
{
	struct person self = *who;

	self.cgroup = DAYS_CRON;
	return days_run(days, DAYS_CROND, &self, "/usr/bin/dash", argv, argv_size);
}

static void attach(struct days *days)
{
	ck_assert_int_eq(learner_new(&days->rig.ingest.learner, &days->rig.ingest,
				     days->rig.store),
			 0);
}

static void begin_services(struct days *days)
{
	struct forge *forge = &days->rig.forge;

	forge_cgroup(forge, DAYS_HOST, "/init.scope");
	forge_cgroup(forge, DAYS_WEB, "/system.slice/web.service");
	forge_cgroup(forge, DAYS_CRON, "/system.slice/cron.service");
	forge_cgroup(forge, DAYS_SSH, "/system.slice/ssh.service");
	forge_cgroup(forge, DAYS_DATABASE,
		     "/system.slice/docker-"
		     "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope");
	days_exec(days, DAYS_INIT, 0, &days_root, "/usr/lib/systemd/systemd", "init", 5);
	days_exec(days, DAYS_NGINX, DAYS_INIT, &days_web, "/usr/sbin/nginx", "nginx", 6);
	days_exec(days, DAYS_APP, DAYS_INIT, &days_web, "/usr/bin/python3.11",
		  "python3\0/srv/app/main.py", 25);
	days_exec(days, DAYS_CROND, DAYS_INIT, &of_cron, "/usr/sbin/cron", "cron\0-f", 8);
	days_exec(days, DAYS_SSHD, DAYS_INIT, &of_ssh, "/usr/sbin/sshd", "sshd\0-D", 8);
	days_exec(days, DAYS_SHIM, DAYS_INIT, &days_root, "/usr/bin/containerd-shim-runc-v2",
		  "containerd-shim", 16);
	days_exec(days, DAYS_POSTGRES, DAYS_SHIM, &of_database, "/usr/lib/postgresql/bin/postgres",
		  "postgres", 9);
	rig_feed(&days->rig);
}

void days_open(struct days *days, uint32_t variant)
{
	memset(days, 0, sizeof(*days));
	days->variant = variant;
	days->random = variant * 7919 + 1;
	days->pid = 1000;
	rig_open(&days->rig);
	attach(days);
	begin_services(days);
}

static void finish(struct days *days)
{
	ck_assert_int_eq(ingest_finish(&days->rig.ingest), 0);
	learner_free(days->rig.ingest.learner);
	days->rig.ingest.learner = NULL;
}

void days_close(struct days *days)
{
	if (days->rig.forge.used)
		rig_feed(&days->rig);
	finish(days);
	rig_close(&days->rig);
}

void days_restart(struct days *days)
{
	if (days->rig.forge.used)
		rig_feed(&days->rig);
	finish(days);
	rig_restart(&days->rig);
	attach(days);
}

static void serve_web(struct days *days)
{
	char address[32], path[64];
	unsigned int i;

	for (i = 0; i < 3; i++) {
		snprintf(address, sizeof(address), "198.51.%u.%u", 1 + pick(days, 200),
			 1 + pick(days, 250));
		days_serve(days, DAYS_NGINX, address, 443);
	}
	days_meet(days, DAYS_NGINX, DAYS_APP, 8000);
	days_meet(days, DAYS_APP, DAYS_POSTGRES, 5432);
	days_write(days, DAYS_NGINX, "/var/log/nginx/access.log", 33);
	snprintf(path, sizeof(path), "/srv/app/cache/%08x.html", pick(days, 1 << 24));
	days_write(days, DAYS_APP, path, 33);
	days_write(days, DAYS_POSTGRES,
		   "/var/lib/docker/overlay2/77aa/merged/var/lib/postgresql/pg_wal/0001", 999);
}

static void rotate_logs(struct days *days)
{
	const uint32_t shell = DAYS_JOB(days, &of_cron,
					"/bin/sh\0-c\0cd / && run-parts /etc/cron.daily");
	const uint32_t parts = DAYS_RUN(days, shell, &of_cron, "/usr/bin/run-parts",
					"run-parts\0/etc/cron.daily");
	const uint32_t rotate = DAYS_RUN(days, parts, &of_cron, "/usr/sbin/logrotate",
					 "logrotate\0/etc/logrotate.conf");
	const uint32_t pack =
		DAYS_RUN(days, rotate, &of_cron, "/usr/bin/gzip", "gzip\0-9");

	days_write(days, pack, "/var/log/nginx/access.log.2.gz", 0);
	days_write(days, rotate, "/var/lib/logrotate/status", 0);
	days_end(days, pack);
	days_end(days, rotate);
	days_end(days, parts);
	days_end(days, shell);
}

static void back_up(struct days *days)
{
	const uint32_t shell = DAYS_JOB(days, &of_cron, "/bin/sh\0-c\0/usr/local/bin/backup");
	const uint32_t copy = DAYS_RUN(days, shell, &of_cron, "/usr/bin/rsync",
				       "rsync\0-a\0/srv\0backup@10.9.9.9:/store");
	const uint32_t ssh = DAYS_RUN(days, copy, &of_cron, "/usr/bin/ssh",
				      "ssh\0-l\0backup\00010.9.9.9\0rsync");

	days_read(days, ssh, "/root/.ssh/id_ed25519", 0, true);
	days_dial(days, ssh, "10.9.9.9", 22);
	days_read(days, copy, "/srv/app/private.json", 33, true);
	days_end(days, ssh);
	days_end(days, copy);
	days_end(days, shell);
}

static void look_at_health(struct days *days)
{
	const uint32_t shell =
		DAYS_JOB(days, &of_cron, "/bin/sh\0-c\0/usr/local/bin/health --quiet");
	const uint32_t curl =
		DAYS_RUN(days, shell, &of_cron, "/usr/bin/df", "df\0-h");

	days_end(days, curl);
	days_end(days, shell);
}

static void work(struct days *days, uint32_t uid, const char *address)
{
	struct person who = { .uid = uid };
	const uint32_t shell = days_login(days, &who, address);
	uint32_t one;

	one = DAYS_RUN(days, shell, &who, "/usr/bin/ls", "ls\0-l");
	days_end(days, one);
	one = DAYS_RUN(days, shell, &who, "/usr/bin/vim.basic", "vim\0notes");
	days_write(days, one, "/home/ann/notes", uid);
	days_end(days, one);
	one = DAYS_RUN(days, shell, &who, "/usr/bin/sudo", "sudo\0systemctl\0status\0web");
	days_become(days, one, KITH_CAUSE_EXEC_SETUID, uid, 0);
	days_read(days, one, "/etc/shadow", 0, true);
	who.uid = 0;
	days_exec(days, one, shell, &who, "/usr/bin/systemctl", "systemctl\0status\0web", 21);
	days_end(days, one);
	if (pick(days, 2)) {
		who.uid = uid;
		one = DAYS_RUN(days, shell, &who, "/usr/bin/git", "git\0pull");
		days_dial(days, one, "203.0.113.80", 443);
		days_end(days, one);
	}
	days_end(days, shell);
}

void days_hour(struct days *days, void (*story)(struct days *days))
{
	const uint64_t begin = RIG_AT(200) + days->hour * DAYS_HOUR;
	const unsigned int hour = (unsigned int)(days->hour % 24),
			   day = (unsigned int)(days->hour / 24);

	days->hour++;
	days->rig.forge.now = begin;
	serve_web(days);
	look_at_health(days);
	if (hour == 3)
		rotate_logs(days);
	if (hour == 4)
		back_up(days);
	days->rig.forge.now = begin + DAYS_HOUR / 4 + pick(days, 1000000) * UINT64_C(1000);
	if (day % 7 < 5 && hour == 10)
		work(days, 1000, "10.1.1.5");
	if (day % 7 < 5 && hour == 14)
		work(days, 1001, "10.1.1.6");
	days->rig.forge.now = begin + DAYS_HOUR / 2;
	if (story)
		story(days);
	days->rig.forge.now = begin + DAYS_HOUR / 10 * 9;
	serve_web(days);
	rig_feed(&days->rig);
	rig_commit(&days->rig);
}

void days_live(struct days *days, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count * 24; i++)
		days_hour(days, NULL);
}
