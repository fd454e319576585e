// SPDX-License-Identifier: GPL-2.0-only
/* A responder's questions, by the ready queries, of what happened on a host. */
#include "story.h"

#include "query.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WWW = 33, USER = 1000, DAY_S = 86400 };

static const int64_t day = INT64_C(1000000000) * DAY_S;

static struct rig rig;
static int64_t since, until; /* of what is asked */

static char *read_query(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), TOP "/schema/queries/%s.sql", name);
	return unit_read(path);
}

/* As kith sql does. */
static void bind(sqlite3_stmt *statement, const char *value)
{
	int i, count = sqlite3_bind_parameter_count(statement);

	for (i = 1; i <= count; i++) {
		const char *name = sqlite3_bind_parameter_name(statement, i);

		if (!strcmp(name, ":since"))
			sqlite3_bind_int64(statement, i, since);
		else if (!strcmp(name, ":until"))
			sqlite3_bind_int64(statement, i, until);
		else if (!strcmp(name, ":most"))
			sqlite3_bind_null(statement, i);
		else
			query_bind(statement, i, value);
	}
}

static void print_rows(sqlite3_stmt *statement, FILE *stream)
{
	const char *between = "";
	int i;

	while (sqlite3_step(statement) == SQLITE_ROW) {
		fputs(between, stream);
		for (i = 0; i < sqlite3_column_count(statement); i++) {
			const char *text = (const char *)sqlite3_column_text(statement, i);

			fprintf(stream, "%s%s", i ? "|" : "", text ? text : "-");
		}
		between = "\n";
	}
}

/* @columns of schema/queries/@name.sql, with @value for what it needs. */
static void check(const char *name, const char *value, const char *columns, const char *want)
{
	char *query = read_query(name), *sql = NULL, *have;
	sqlite3_stmt *statement;
	sqlite3 *db;
	size_t size;
	FILE *stream = open_memstream(&have, &size);

	ck_assert_ptr_nonnull(stream);
	ck_assert_int_gt(asprintf(&sql, "SELECT %s FROM (\n%s)", columns, query), 0);
	ck_assert_int_eq(sqlite3_open_v2(unit_path("kith.db"), &db, SQLITE_OPEN_READONLY, NULL),
			 SQLITE_OK);
	ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK, "%s: %s",
		      name, sqlite3_errmsg(db));
	bind(statement, value);
	print_rows(statement, stream);
	ck_assert_int_eq(sqlite3_finalize(statement), SQLITE_OK);
	sqlite3_close(db);
	fclose(stream);
	ck_assert_msg(!strcmp(have, want), "%s\nwant:\n%s\nhave:\n%s", name, want, have);
	free(have);
	free(sql);
	free(query);
}

static void begin(void)
{
	rig_open(&rig);
	since = INT64_MIN;
	until = INT64_MAX;
}

static void end(void)
{
	ck_assert_uint_eq(rig.ingest.bad_records, 0);
	rig_close(&rig);
}

/* The id of the process, as text. */
static char *id_of(uint32_t pid)
{
	char sql[64];

	snprintf(sql, sizeof(sql), "SELECT process_id FROM process WHERE pid = %u", pid);
	return rig_rows(sql);
}

static const struct step tree[] = {
	RAN(600, 0, "/bin/bash", "bash"),
	RAN(601, 600, "/bin/wget", "wget http://x"),
	HAS_DIALLED(601, "198.51.100.7", 80),
	HAS_WRITTEN(601, "/tmp/x"),
	RAN(602, 600, "/bin/mv", "mv /tmp/x /opt/x"),
	HAS_RENAMED(602, "/tmp/x", "/opt/x"),
	RAN(603, 602, "/bin/sh", "sh -c x"),
	HAS_READ(603, "/etc/shadow"),
	HAS_TAKEN(603, "198.51.100.8", 8080),
	RAN(603, 0, "/opt/x", "x"),
	RAN(700, 0, "/bin/other", "other"),
	HAS_WRITTEN(700, "/tmp/y"),
};

START_TEST(what_a_tree_did)
{
	char *id;

	begin();
	STORY_TELL(&rig, tree);
	id = id_of(602);
	check("what-a-tree-did", id, "pid, exe, what, object, bytes_in, bytes_out",
	      "602|/bin/mv|ran|mv /tmp/x /opt/x|-|-\n"
	      "602|/bin/mv|rename|/tmp/x -> /opt/x|0|0\n"
	      "603|/bin/sh|ran|sh -c x|-|-\n"
	      "603|/bin/sh|read|/etc/shadow|10|0\n"
	      "603|/bin/sh|was talked to by|198.51.100.8 at tcp 8080|100|2000\n"
	      "603|/opt/x|ran|x|-|-");
	free(id);
	id = id_of(600);
	check("what-a-tree-did", id, "count(*), sum(pid = 601)", "10|3");
	check("what-a-tree-did", id, "object", "bash\nwget http://x\n198.51.100.7 tcp 80\n/tmp/x\n"
	      "mv /tmp/x /opt/x\n/tmp/x -> /opt/x\nsh -c x\n/etc/shadow\n"
	      "198.51.100.8 at tcp 8080\nx");
	until = RIG_BOOT + (int64_t)RIG_NOW + 6500;
	check("what-a-tree-did", id, "object", "bash\nwget http://x\n198.51.100.7 tcp 80");
	free(id);
	end();
}
END_TEST

START_TEST(who_became_whom_in_it)
{
	char *id;

	begin();
	FORGE_EXEC(&rig.forge, story_key(600), 0, "/opt/exploit", "x");
	forge_credential(&rig.forge, story_key(600), KITH_CAUSE_NONE, 1000, 0)->flags =
		KITH_CREDENTIAL_UNEXPLAINED;
	forge_exec_failed(&rig.forge, story_key(600), 2, "/nonesuch");
	rig_feed(&rig);
	rig_commit(&rig);
	id = id_of(600);
	check("what-a-tree-did", id, "exe, what, object",
	      "/opt/exploit|ran|x\n/opt/exploit|became|uid 0 by none\n"
	      "-|failed to run|/nonesuch");
	free(id);
	end();
}
END_TEST

START_TEST(who_used_it)
{
	struct kith_connection *body;

	begin();
	FORGE_EXEC(&rig.forge, story_key(600), 0, "/bin/cli", "cli");
	FORGE_EXEC(&rig.forge, story_key(601), 0, "/bin/redis", "redis");
	rig.forge.now += RIG_STEP;
	forge_connection(&rig.forge, 1, story_key(600), story_key(601));
	body = forge_connection(&rig.forge, 2, 0, story_key(601));
	forge_one_end(&rig.forge, KITH_SERVER);
	forge_address(body->ends[KITH_SERVER].peer_addr, "192.0.2.9");
	body = forge_unix(&rig.forge, 3, KITH_PROTOCOL_UNIX_STREAM, FORGE_NAME("/run/redis"));
	body->ends[KITH_CLIENT].process = story_key(600);
	body->ends[KITH_SERVER].process = story_key(601);
	body = forge_connection(&rig.forge, 4, story_key(600), story_key(602));
	body->ends[KITH_CLIENT].peer_port = 81;
	body->ends[KITH_SERVER].port = 81;
	rig_feed(&rig);
	rig_commit(&rig);
	check("who-used-a-service", "80",
	      "client, uid, server, service, times, to_server, to_client",
	      "/bin/cli|1000|/bin/redis|tcp 80|1|100|2000\n"
	      "192.0.2.9|-|/bin/redis|tcp 80|1|100|2000");
	check("who-used-a-service", "/run/redis", "client, service, times",
	      "/bin/cli|/run/redis|1");
	check("who-used-a-service", "/bin/redis", "sum(times), count(*)", "3|3");
	check("who-used-a-service", "8", "count(*)", "0");
	end();
}
END_TEST

static const struct step before[] = {
	RAN(600, 0, "/bin/app", "app --old"),
	HAS_DIALLED(600, "198.51.100.7", 443),
	HAS_WRITTEN(600, "/var/app/1"),
	HAS_WRITTEN(600, "/var/app/2"),
	RAN(601, 600, "/bin/date", "date"),
	RAN(602, 600, "/bin/date", "date"),
};

static const struct step after[] = {
	RAN(610, 0, "/bin/app", "app --new"),
	HAS_DIALLED(610, "198.51.100.7", 443),
	HAS_DIALLED(610, "203.0.113.9", 4444),
	HAS_DIALLED(610, "203.0.113.9", 4444),
	HAS_WRITTEN(610, "/var/app/3"),
	HAS_WRITTEN(610, "/etc/x"),
	RAN(611, 610, "/bin/date", "date"),
	RAN(612, 610, "/bin/sh", "sh -i"),
};

/* Some days ago, and today; what is asked is today. */
static void two_days(unsigned int ago)
{
	begin();
	STORY_TELL(&rig, before);
	rig.forge.now += ago * (uint64_t)day;
	since = (int64_t)rig.forge.now + rig.offset;
	STORY_TELL(&rig, after);
}

START_TEST(who_is_new)
{
	two_days(1);
	check("new-endpoints", "",
	      "workload, addr, port, scope, times, sent, received, exe, argv",
	      "/bin/app|203.0.113.9|4444|public|2|200|4000|/bin/app|app --new");
	check("new-endpoints", "", "first", "2023-11-15T22:15:07Z");
	since = INT64_MIN;
	check("new-endpoints", "", "addr, times, argv",
	      "198.51.100.7|2|app --old\n203.0.113.9|2|app --new");
	until = RIG_BOOT + (int64_t)RIG_NOW + day / 2;
	check("new-endpoints", "", "addr, times", "198.51.100.7|1");
	end();
}
END_TEST

START_TEST(what_is_new)
{
	two_days(1);
	check("unlike-before", "", "who, does, what, times, before, of",
	      "uid 0|is who runs|/bin/sh|1|0|3\n"
	      "/bin/app|writes below|/etc/|1|0|2\n"
	      "/bin/app|runs|/bin/sh|1|0|2\n"
	      "/bin/app|talks to|203.0.113.9 tcp 4444|2|0|1\n"
	      "uid 0|is who runs|/bin/app|1|1|3\n"
	      "uid 0|is who runs|/bin/date|1|2|3\n"
	      "not known|runs|/bin/app|1|1|1\n"
	      "/bin/app|talks to|198.51.100.7 tcp 443|1|1|1\n"
	      "/bin/app|writes below|/var/app/|1|2|2\n"
	      "/bin/app|runs|/bin/date|1|2|2");
	end();
}
END_TEST

/* What is older than 30 days is no habit any more. */
START_TEST(what_is_forgotten)
{
	two_days(29);
	check("unlike-before", "", "sum(before)", "9");
	rig_close(&rig);
	remove(unit_path("kith.db"));
	remove(unit_path("kith.db-wal"));
	remove(unit_path("kith.db-shm"));
	two_days(31);
	check("unlike-before", "", "sum(before), count(*)", "0|10");
	end();
}
END_TEST

static const struct step persists[] = {
	RAN(599, 0, "/etc/init.d/start", "start before"),
	RAN(600, 0, "/bin/bash", "bash", .uid = 0),
	HAS_WRITTEN(600, "/etc/cron.d/job"),
	HAS_WRITTEN(600, "/home/u/notes"),
	RAN(601, 600, "/bin/vi", "vi /etc/profile.d/a.sh"),
	HAS_WRITTEN(601, "/root/a.sh"),
	HAS_RENAMED(601, "/root/a.sh", "/etc/profile.d/a.sh"),
	HAS_WRITTEN(601, "/etc/systemd/system/evil.service"),
	HAS_WRITTEN(601, "/etc/init.d/start"),
	RAN(602, 0, "/usr/sbin/cron", "cron"),
	HAS_READ(602, "/etc/cron.d/job"),
	RAN(603, 0, "/bin/bash", "bash /etc/profile.d/a.sh",
	    .script = "/etc/profile.d/a.sh"),
	RAN(604, 0, "/etc/init.d/start", "start now"),
	RAN(605, 0, "/etc/init.d/start", "start again"),
	RAN(606, 0, "/opt/evil", "evil", .cgroup = 9),
};

START_TEST(what_stays)
{
	begin();
	forge_cgroup(&rig.forge, 9, "/system.slice/evil.service");
	STORY_TELL(&rig, persists);
	check("what-persists", "", "kind, op, path, exe, argv, read_by, ran, first_ran",
	      "cron|create|/etc/cron.d/job|/bin/bash|bash|/usr/sbin/cron|-|-\n"
	      "profile|rename|/etc/profile.d/a.sh|/bin/vi|vi /etc/profile.d/a.sh|-|1|"
	      "bash /etc/profile.d/a.sh\n"
	      "systemd|create|/etc/systemd/system/evil.service|/bin/vi|vi /etc/profile.d/a.sh|-|1|"
	      "evil\n"
	      "init|write|/etc/init.d/start|/bin/vi|vi /etc/profile.d/a.sh|-|2|start now");
	until = RIG_BOOT + (int64_t)RIG_NOW + 3000;
	check("what-persists", "", "count(*)", "0");
	end();
}
END_TEST

static const struct step container[] = {
	RAN(600, 0, "/usr/bin/containerd-shim", "shim", .cgroup = 8),
	RAN(601, 600, "/usr/bin/runc", "runc create", .cgroup = 8),
	RAN(602, 601, "/entry", "entry", .cgroup = 9),
	RAN(603, 602, "/bin/curl", "curl x", .cgroup = 9),
	HAS_WRITTEN(603, "/data/x"),
	HAS_DIALLED(603, "198.51.100.7", 443),
	HAS_ENDED(603),
	HAS_ENDED(602),
	RAN(604, 0, "/bin/other", "other"),
	HAS_WRITTEN(604, "/data/y"),
};

START_TEST(what_was_in_it)
{
	static const char *const names[] = {
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		"0123456789ab",
		"/system.slice/docker-"
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope",
	};
	char path[128];

	begin();
	snprintf(path, sizeof(path), "/system.slice/docker-%s.scope", names[0]);
	forge_cgroup(&rig.forge, 9, path);
	forge_cgroup(&rig.forge, 8, "/system.slice/containerd.service");
	STORY_TELL(&rig, container);
	check("in-a-container", names[_i], "pid, exe, what, object, bytes_in, bytes_out",
	      "600|/usr/bin/containerd-shim|is above|shim|-|-\n"
	      "601|/usr/bin/runc|is above|runc create|-|-\n"
	      "602|/entry|ran|entry|-|-\n"
	      "603|/bin/curl|ran|curl x|-|-\n"
	      "603|/bin/curl|create|/data/x|0|10\n"
	      "603|/bin/curl|talked to|198.51.100.7 tcp 443|2000|100\n"
	      "603|/bin/curl|ended|exit 0|-|-\n"
	      "602|/entry|ended|exit 0|-|-");
	check("in-a-container", "nonesuch", "count(*)", "0");
	end();
}
END_TEST

static const struct step session[] = {
	RAN(600, 0, "/usr/sbin/sshd", "sshd", .session = 1),
	RAN(601, 600, "/bin/bash", "-bash", .session = 5, .uid = USER),
	RAN(602, 601, "/usr/bin/sudo", "sudo vi", .session = 5),
	RAN(603, 602, "/bin/vi", "vi job", .session = 5),
	HAS_WRITTEN(603, "/opt/job"),
	RAN(604, 603, "/opt/daemon", "daemon", .session = 6),
	RAN(610, 0, "/usr/sbin/cron", "cron", .session = 1),
	RAN(611, 610, "/bin/sh", "sh /opt/job", .session = 7, .script = "/opt/job"),
	RAN(612, 611, "/bin/curl", "curl x", .session = 7),
	RAN(613, 610, "/bin/date", "date", .session = 8),
	RAN(620, 0, "/usr/bin/dockerd", "dockerd", .session = 1),
};

START_TEST(what_a_session_caused)
{
	struct kith_connection *body;

	begin();
	STORY_TELL(&rig, session);
	rig.forge.now += RIG_STEP;
	body = forge_unix(&rig.forge, 1, KITH_PROTOCOL_UNIX_STREAM,
			  FORGE_NAME("/run/docker.sock"));
	body->ends[KITH_CLIENT].process = story_key(601);
	body->ends[KITH_SERVER].process = story_key(620);
	rig_feed(&rig);
	rig_commit(&rig);
	check("what-a-session-caused", "5", "pid, what, object",
	      "601|ran|-bash\n602|ran|sudo vi\n603|ran|vi job\n604|ran outside of it|daemon\n"
	      "611|ran what it wrote|sh /opt/job\n612|ran what it wrote|curl x\n"
	      "601|asked|/usr/bin/dockerd at /run/docker.sock");
	check("what-a-session-caused", "8", "object", "date");
	check("what-a-session-caused", "55", "count(*)", "0");
	end();
}
END_TEST

static const struct step spread[] = {
	RAN(600, 0, "/bin/wget", "wget"),
	HAS_DIALLED(600, "198.51.100.7", 80),
	HAS_WRITTEN(600, "/tmp/x"),
	RAN(601, 0, "/bin/mv", "mv"),
	HAS_RENAMED(601, "/tmp/x", "/opt/x"),
	RAN(602, 0, "/opt/x", "x"),
	HAS_DIALLED(602, "198.51.100.7", 80),
	HAS_DIALLED(602, "198.51.100.7", 80),
	HAS_TAKEN(602, "198.51.100.7", 22),
	RAN(603, 0, "/bin/sha256sum", "sha256sum"),
	HAS_READ(603, "/opt/x"),
	HAS_READ(603, "/opt/other"),
};

START_TEST(where_it_was)
{
	static const char *const names[] = { "/tmp/x", "/opt/x" };
	size_t i;

	begin();
	STORY_TELL(&rig, spread);
	for (i = 0; i < UNIT_COUNT(names); i++)
		check("first-seen", names[i], "how, name, times, exe",
		      "created|/tmp/x|1|/bin/wget\nrename|/opt/x|1|/bin/mv\n"
		      "executed|/opt/x|1|/opt/x\nread|/opt/x|1|/bin/sha256sum");
	check("first-seen", "198.51.100.7", "how, name, times, bytes, exe",
	      "talked to|198.51.100.7 tcp 80|1|2100|/bin/wget\n"
	      "talked to|198.51.100.7 tcp 80|2|4200|/opt/x\n"
	      "talked to us|198.51.100.7 tcp 22|1|2100|/opt/x");
	check("first-seen", "/opt", "count(*)", "0");
	end();
}
END_TEST

static const struct step secret[] = {
	RAN(599, 0, "/bin/early", "early"),
	RAN(600, 0, "/bin/cat", "cat"),
	RAN(601, 0, "/bin/gzip", "gzip"),
	RAN(602, 0, "/bin/curl", "curl"),
	RAN(603, 0, "/bin/else", "else"),
	HAS_WRITTEN(599, "/tmp/early"),
	HAS_READ(602, "/tmp/early"),
	HAS_DIALLED(602, "198.51.100.5", 443), /* before it had anything */
	HAS_WRITTEN(600, "/tmp/old"), /* likewise */
	HAS_READ(603, "/tmp/old"),
	HAS_READ(600, "/etc/secret"),
	HAS_WRITTEN(600, "/tmp/copy"),
	HAS_READ(601, "/tmp/copy"),
	HAS_WRITTEN(601, "/tmp/copy.gz"),
	HAS_READ(602, "/tmp/copy.gz"),
	HAS_DIALLED(602, "198.51.100.7", 443),
	HAS_WRITTEN(603, "/tmp/other"),
	HAS_READ(599, "/tmp/other"),
};

START_TEST(where_it_went)
{
	begin();
	STORY_TELL(&rig, secret);
	check("where-bytes-went", "/etc/secret", "source, via, object, bytes, target",
	      "-|file|/etc/secret|10|/bin/cat\n"
	      "/bin/cat|file|/tmp/copy|10|/bin/gzip\n"
	      "/bin/gzip|file|/tmp/copy.gz|10|/bin/curl\n"
	      "/bin/curl|tcp|198.51.100.7 443|100|another machine");
	check("where-bytes-went", "/tmp/copy", "source, target",
	      "-|/bin/gzip\n/bin/gzip|/bin/curl\n/bin/curl|another machine");
	check("where-bytes-went", "/etc", "count(*)", "0");
	end();
}
END_TEST

/* Two that write to each other: it ends. */
START_TEST(round_and_round)
{
	static const struct step circle[] = {
		RAN(600, 0, "/bin/a", "a"),   RAN(601, 0, "/bin/b", "b"),
		HAS_READ(600, "/etc/secret"), HAS_WRITTEN(600, "/x/1"),
		HAS_READ(601, "/x/1"),	      HAS_WRITTEN(601, "/x/2"),
		HAS_READ(600, "/x/2"),	      HAS_WRITTEN(600, "/x/3"),
		HAS_READ(601, "/x/3"),
	};

	begin();
	STORY_TELL(&rig, circle);
	check("where-bytes-went", "/etc/secret", "source, object, target",
	      "-|/etc/secret|/bin/a\n/bin/a|/x/1|/bin/b\n/bin/b|/x/2|/bin/a\n"
	      "/bin/a|/x/3|/bin/b");
	end();
}
END_TEST

START_TEST(what_nobody_saw)
{
	begin();
	/* its birth is known from nothing but this */
	FORGE_EXEC(&rig.forge, story_key(600), 0, "/bin/x", "x");
	forge_cgroup(&rig.forge, 7, "/system.slice/thing.service");
	forge_loss(&rig.forge, 0, KITH_CLASS_FILE, KITH_LOSS_FULL, 12);
	forge_sensor(&rig.forge, KITH_SENSOR_UNLOADING, NULL);
	forge_cgroup(&rig.forge, 8, "/system.slice/other.service");
	forge_fork(&rig.forge, story_key(600), story_key(601));
	FORGE_EXEC(&rig.forge, story_key(601), story_key(600), "", "y")->cgroup = 8;
	rig_feed(&rig);
	rig_commit(&rig);
	check("blind-spots", "", "what, detail, count, container",
	      "lost: all|not-loaded|-|-\nbirth not seen|-|1|thing.service\n"
	      "lost: file|ring-full|12|-\nmodule unloaded|-|-|-\n"
	      "program has no known name|-|1|other.service");
	since = RIG_BOOT + (int64_t)RIG_NOW + day;
	check("blind-spots", "", "count(*)", "0");
	end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("questions");

	unit_add(suite, what_a_tree_did);
	unit_add(suite, who_became_whom_in_it);
	unit_add(suite, who_used_it);
	unit_add(suite, who_is_new);
	unit_add(suite, what_is_new);
	unit_add(suite, what_is_forgotten);
	unit_add(suite, what_stays);
	unit_add_rows(suite, what_was_in_it, 3);
	unit_add(suite, what_a_session_caused);
	unit_add(suite, where_it_was);
	unit_add(suite, where_it_went);
	unit_add(suite, round_and_round);
	unit_add(suite, what_nobody_saw);
	return unit_run(suite);
}
