// SPDX-License-Identifier: GPL-2.0-only
/* Records of credentials, cgroups and the sensor to rows. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHELL = 500, CHILD = 501 };

static struct rig rig;
static uint64_t shell, child;

static void begin(void)
{
	rig_open(&rig);
	shell = forge_key(RIG_AT(50), SHELL);
	child = forge_key(RIG_NOW, CHILD);
}

START_TEST(a_change)
{
	struct kith_credential_change *change;

	begin();
	FORGE_EXEC(&rig.forge, shell, 0, "/bin/su", "su");
	change = forge_credential(&rig.forge, shell, KITH_CAUSE_SETRESUID, 1000, 0);
	change->from.cap_effective = 0;
	change->to.cap_effective = 0x1ff;
	change->to.cap_permitted = 0x3ff;
	rig_expect(&rig,
		   "SELECT t(ts), pid, cause, uid_from, uid_to, euid_from, euid_to, gid_from,"
		   " gid_to, caps_from, caps_to, userns_from, userns_to, c.unexplained"
		   " FROM credential c JOIN process USING (process_id)",
		   "1000|500|setresuid|1000|0|1000|0|1000|0|0|511|4026531837|4026531837|0");
	rig_check("SELECT uid, euid, gid, egid, cap_permitted, cap_effective, loginuid,"
		  " unexplained FROM process",
		  "0|0|0|0|1023|511|1000|0");
	/* as whom it was started stays */
	rig_check("SELECT uid, euid FROM execution", "1000|1000");
	rig_close(&rig);
}
END_TEST

START_TEST(every_field_of_a_change)
{
	struct kith_credential_change *change;

	begin();
	change = forge_credential(&rig.forge, shell, KITH_CAUSE_OTHER, 0, 0);
	change->from = (struct kith_credential){ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
						 14, 15, 16, 17 };
	change->to = (struct kith_credential){ 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32,
					       33, 34, 35, 36, 37 };
	rig_expect(&rig,
		   "SELECT uid_from, gid_from, suid_from, sgid_from, euid_from, egid_from,"
		   " fsuid_from, fsgid_from, securebits_from, userns_from, inheritable_from,"
		   " permitted_from, caps_from, bounding_from, ambient_from FROM credential",
		   "1|2|3|4|5|6|7|8|9|10|13|14|15|16|17");
	rig_check("SELECT uid_to, gid_to, suid_to, sgid_to, euid_to, egid_to,"
		  " fsuid_to, fsgid_to, securebits_to, userns_to, inheritable_to,"
		  " permitted_to, caps_to, bounding_to, ambient_to FROM credential",
		  "21|22|23|24|25|26|27|28|29|30|33|34|35|36|37");
	rig_close(&rig);
}
END_TEST

START_TEST(an_unexplained_change)
{
	begin();
	forge_fork(&rig.forge, shell, child);
	forge_credential(&rig.forge, child, KITH_CAUSE_NONE, 1000, 0)->flags =
		KITH_CREDENTIAL_UNEXPLAINED | KITH_CREDENTIAL_SWEPT;
	rig_expect(&rig, "SELECT cause, unexplained, swept FROM credential", "none|1|1");
	rig_check("SELECT pid, unexplained FROM process ORDER BY pid", "500|0\n501|1");
	/* it does not wear off */
	forge_credential(&rig.forge, child, KITH_CAUSE_SETUID, 0, 1000);
	rig_expect(&rig, "SELECT unexplained, uid FROM process WHERE pid = 501", "1|1000");
	rig_check("SELECT unexplained FROM credential ORDER BY ts", "1\n0");
	rig_close(&rig);
}
END_TEST

/* Only what the kernel says is unexplained is. */
START_TEST(swept_is_not_unexplained)
{
	begin();
	forge_credential(&rig.forge, shell, KITH_CAUSE_OTHER, 1, 2)->flags =
		KITH_CREDENTIAL_SWEPT;
	rig_expect(&rig, "SELECT unexplained, swept FROM credential", "0|1");
	rig_close(&rig);
}
END_TEST

START_TEST(counted_changes)
{
	struct kith_credential_change *change;

	begin();
	change = forge_credential(&rig.forge, shell, KITH_CAUSE_SETUID, 0, 33);
	change->count = 250;
	change->first = RIG_NOW - 5000;
	change->last = RIG_NOW - 100;
	rig_expect(&rig, "SELECT t(ts), t(last), count FROM credential", "-5000|-100|250");
	rig_close(&rig);
}
END_TEST

START_TEST(change_of_a_thread)
{
	begin();
	forge_credential(&rig.forge, shell, KITH_CAUSE_SETUID, 0, 33);
	forge_credential(&rig.forge, shell, KITH_CAUSE_SETUID, 0, 33);
	forge_last(&rig.forge)->tid = 555;
	rig_expect(&rig, "SELECT tid FROM credential ORDER BY ts", "500\n555");
	rig_close(&rig);
}
END_TEST

/* The causes of the wire as the view names them: one each, in the wire's order. */
static const char *const causes[KITH_CAUSES] = {
	"none",	     "setuid",	 "setgid",   "setreuid", "setregid",	"setresuid",
	"setresgid", "setfsuid", "setfsgid", "setgroups", "capset",	"prctl",
	"keyctl",    "unshare",	 "setns",    "clone",	 "exec",	"exec-setuid",
	"exec-setgid", "exec-filecap", "kernel", "other",
};

START_TEST(names_of_causes)
{
	begin();
	forge_credential(&rig.forge, shell, (unsigned int)_i, 1, 2);
	rig_expect(&rig, "SELECT cause FROM credential", causes[_i]);
	rig_close(&rig);
}
END_TEST

START_TEST(groups)
{
	static const uint32_t from[] = { 4, 24, 4294967294 }, to[] = { 0 };
	uint32_t many[32];
	char want[400], *at = want;
	int i;

	for (i = 0; i < 32; i++) {
		many[i] = 4294967000u + (uint32_t)i;
		at += sprintf(at, "%s%u", i ? "," : "-|", many[i]);
	}
	begin();
	forge_credential(&rig.forge, shell, KITH_CAUSE_SETGROUPS, 1, 1);
	forge_item(&rig.forge, KITH_ITEM_GROUPS_FROM, from, sizeof(from));
	forge_item(&rig.forge, KITH_ITEM_GROUPS_TO, to, sizeof(to));
	forge_credential(&rig.forge, shell, KITH_CAUSE_SETGROUPS, 1, 1);
	forge_item(&rig.forge, KITH_ITEM_GROUPS_TO, many, sizeof(many));
	forge_credential(&rig.forge, shell, KITH_CAUSE_SETUID, 1, 1);
	rig_feed(&rig);
	rig_commit(&rig);
	rig_check("SELECT groups_from, groups_to FROM credential ORDER BY ts LIMIT 1",
		  "4,24,4294967294|0");
	rig_check("SELECT groups_from, groups_to FROM credential ORDER BY ts LIMIT 1 OFFSET 1",
		  want);
	rig_check("SELECT groups_from, groups_to FROM credential ORDER BY ts LIMIT 1 OFFSET 2",
		  "-|-");
	rig_close(&rig);
}
END_TEST

/* More than the contract allows, and half a number: no more than fits is taken. */
START_TEST(too_many_groups)
{
	uint32_t many[200];

	memset(many, 0xff, sizeof(many));
	begin();
	forge_credential(&rig.forge, shell, KITH_CAUSE_SETGROUPS, 1, 1);
	forge_item(&rig.forge, KITH_ITEM_GROUPS_TO, many, sizeof(many));
	forge_credential(&rig.forge, shell, KITH_CAUSE_SETGROUPS, 1, 1);
	forge_item(&rig.forge, KITH_ITEM_GROUPS_TO, many, 7);
	rig_expect(&rig,
		   "SELECT substr(groups_to, 1, 21), length(groups_to) < 400"
		   " FROM credential ORDER BY ts",
		   "4294967295,4294967295|1\n4294967295|1");
	rig_close(&rig);
}
END_TEST

#define CONTAINER                                                                 \
	"SELECT cgroup, path, runtime, name, unit, t(first), t(last) FROM container" \
	" ORDER BY cgroup"
#define WHERE                                                                    \
	"SELECT pid, k.cgroup, p.unit, p.cgroup_path FROM process p"                \
	" LEFT JOIN container k USING (container_id) ORDER BY pid"

static const char docker[] =
	"/system.slice/docker-0123456789abcdef0123456789abcdef"
	"0123456789abcdef0123456789abcdef.scope";

/* Whether it is named before its first use or after. */
START_TEST(a_container)
{
	begin();
	if (_i == 0)
		forge_cgroup(&rig.forge, 7, docker);
	forge_fork(&rig.forge, shell, child);
	if (_i == 1)
		forge_cgroup(&rig.forge, 7, docker);
	rig_feed(&rig);
	rig_commit(&rig);
	if (_i == 2)
		forge_cgroup(&rig.forge, 7, docker);
	rig_expect(&rig,
		   "SELECT runtime, substr(name, 1, 12), length(name), t(first),"
		   " t(last), image, pod FROM container",
		   "docker|0123456789ab|64|0|1000|-|-");
	rig_check("SELECT k.cgroup FROM process JOIN container k USING (container_id)"
		  " WHERE pid = 501",
		  "7");
	rig_close(&rig);
}
END_TEST

START_TEST(a_service)
{
	begin();
	forge_cgroup(&rig.forge, 7, "/system.slice/ssh.service");
	forge_fork(&rig.forge, shell, child);
	rig_expect(&rig, CONTAINER, "7|/system.slice/ssh.service|-|ssh.service|ssh.service|0|1000");
	rig_check(WHERE, "500|-|-|-\n501|7|ssh.service|/system.slice/ssh.service");
	rig_close(&rig);
}
END_TEST

/* What users run in units of their own, under whatever names. */
START_TEST(a_service_of_a_user)
{
	begin();
	forge_cgroup(&rig.forge, 7,
		     "/user.slice/user-1000.slice/user@1000.service/app.slice/sshd.service");
	forge_cgroup(&rig.forge, 8, "/system.slice/sshd.service");
	forge_cgroup(&rig.forge, 9, "/user.slice/user-1000.slice/session-3.scope");
	forge_cgroup(&rig.forge, 10, "/system.slice/user@1000.service");
	rig_expect(&rig, "SELECT cgroup, name, unit, container_uid FROM container",
		   "7|user@1000.service|user@1000.service|1000\n"
		   "8|sshd.service|sshd.service|-\n"
		   "9|session-3.scope|session-3.scope|-\n"
		   "10|user@1000.service|user@1000.service|-");
	rig_close(&rig);
}
END_TEST

/* A record that could not say the path does not take it away. */
START_TEST(a_cgroup_without_a_path)
{
	begin();
	forge_cgroup(&rig.forge, 7, "/system.slice/ssh.service");
	forge_cgroup(&rig.forge, 7, NULL);
	forge_cgroup(&rig.forge, 8, NULL);
	rig_expect(&rig, CONTAINER,
		   "7|/system.slice/ssh.service|-|ssh.service|ssh.service|0|1000\n"
		   "8|-|-|-|-|2000|2000");
	rig_close(&rig);
}
END_TEST

START_TEST(a_cgroup_with_a_hostile_path)
{
	begin();
	forge_cgroup(&rig.forge, 7, "/a\nb\x1b[2J.slice/\xff\xc0\x80.service");
	rig_expect(&rig, "SELECT hex(path), hex(unit) FROM container",
		   "2F610A621B5B324A2E736C6963652FFFC0802E73657276696365|FFC0802E73657276696365");
	rig_close(&rig);
}
END_TEST

enum { MANY = DICTIONARY_CONTAINERS + 100, FIRST_OF_MANY = 1000 };

#define SOME_OF_MANY                                                              \
	"SELECT count(*), count(DISTINCT cgroup), count(DISTINCT path),"            \
	" min(t(first)), max(t(first)) FROM container"
#define TWO_OF_MANY CONTAINER " LIMIT 2"

static void make_many(void)
{
	char path[64];
	uint64_t i;

	for (i = 0; i < MANY; i++) {
		snprintf(path, sizeof(path), "/a.slice/%u.service", (unsigned int)i);
		forge_cgroup(&rig.forge, FIRST_OF_MANY + i, path);
		if (i % 100 == 0)
			rig_feed(&rig);
	}
	rig_feed(&rig);
	rig_commit(&rig);
}

/* Two that were made long ago, the second of them with its path again. */
static void use_two(uint64_t at)
{
	rig.forge.now = RIG_NOW + at;
	forge_cgroup(&rig.forge, FIRST_OF_MANY, NULL);
	forge_cgroup(&rig.forge, FIRST_OF_MANY + 1, "/a.slice/1.service");
}

/* Any user may have a cgroup of his own, and make as many in it as he likes. */
START_TEST(more_cgroups_than_are_kept)
{
	begin();
	make_many();
	ck_assert_uint_eq(rig.ingest.dictionary.container_count, DICTIONARY_CONTAINERS);
	use_two(50000000);
	rig_expect(&rig, SOME_OF_MANY, "4196|4196|4196|0|4195000");
	rig_check(TWO_OF_MANY,
		  "1000|/a.slice/0.service|-|0.service|0.service|0|50000000\n"
		  "1001|/a.slice/1.service|-|1.service|1.service|1000|50001000");
	ck_assert_uint_eq(rig.ingest.dictionary.container_count, DICTIONARY_CONTAINERS);
	rig_close(&rig);
}
END_TEST

/* None is read back until it is used. */
START_TEST(cgroups_after_a_restart)
{
	begin();
	make_many();
	rig_restart(&rig);
	ck_assert_uint_eq(rig.ingest.dictionary.container_count, 0);
	use_two(60000000);
	forge_cgroup(&rig.forge, FIRST_OF_MANY + MANY, "/a/new.service");
	rig_expect(&rig, SOME_OF_MANY, "4197|4197|4197|0|60002000");
	rig_check(TWO_OF_MANY,
		  "1000|/a.slice/0.service|-|0.service|0.service|0|60000000\n"
		  "1001|/a.slice/1.service|-|1.service|1.service|1000|60001000");
	rig_close(&rig);
}
END_TEST

/* What is not committed is not there: the same cgroup is made again. */
START_TEST(a_cgroup_that_was_rolled_back)
{
	begin();
	forge_cgroup(&rig.forge, 7, "/a.service");
	rig_feed(&rig);
	ck_assert_int_eq(ingest_reset(&rig.ingest), 0);
	rig_attach(&rig);
	rig.forge.seqs[0] = 0;
	forge_cgroup(&rig.forge, 7, "/a.service");
	rig_expect(&rig, "SELECT container_id, cgroup, path FROM container", "1|7|/a.service");
	rig_close(&rig);
}
END_TEST

/* It is looked for at each miss. */
START_TEST(cgroups_are_found_by_an_index)
{
	char *plan;

	begin();
	plan = rig_rows("EXPLAIN QUERY PLAN SELECT id FROM containers"
			" WHERE cgroup = 1 AND boot = 1");
	ck_assert_msg(strstr(plan, "SEARCH") != NULL, "%s", plan);
	free(plan);
	rig_close(&rig);
}
END_TEST

START_TEST(a_cgroup_with_another_path)
{
	begin();
	forge_cgroup(&rig.forge, 7, "/a.service");
	rig_feed(&rig);
	rig_commit(&rig);
	forge_cgroup(&rig.forge, 7, "/b.service");
	rig_expect(&rig, CONTAINER, "7|/b.service|-|b.service|b.service|0|1000");
	rig_close(&rig);
}
END_TEST

START_TEST(a_move)
{
	begin();
	forge_fork(&rig.forge, shell, child);
	forge_cgroup(&rig.forge, 9, "/user.slice/session-3.scope");
	forge_attach(&rig.forge, shell, child, 9);
	rig_expect(&rig,
		   "SELECT t(ts), a.pid, b.pid, k.cgroup FROM cgroup_move m"
		   " JOIN process a ON a.process_id = m.process_id"
		   " JOIN process b ON b.process_id = m.target_id"
		   " JOIN container k ON k.container_id = m.container_id",
		   "2000|500|501|9");
	rig_check(WHERE, "500|-|-|-\n501|9|session-3.scope|/user.slice/session-3.scope");
	rig_close(&rig);
}
END_TEST

START_TEST(sensor_events)
{
	begin();
	forge_sensor(&rig.forge, KITH_SENSOR_LOADED, NULL);
	forge_sensor(&rig.forge, KITH_SENSOR_BLINDED, "ftrace\ncommit_creds");
	forge_sensor(&rig.forge, 99, NULL);
	forge_sensor(&rig.forge, KITH_SENSOR_POLICY, "argv_max=4096");
	forge_last(&rig.forge)->process = shell;
	rig_expect(&rig, "SELECT t(ts), event, detail FROM sensor ORDER BY ts",
		   "0|module loaded|-\n"
		   "1000|hooks blinded|ftrace\ncommit_creds\n"
		   "2000|unknown|-\n"
		   "3000|policy set|argv_max=4096");
	rig_check("SELECT t(ts), pid, op, target_id, detail FROM control"
		  " JOIN process USING (process_id)",
		  "3000|500|sensor|-|policy set: argv_max=4096");
	rig_close(&rig);
}
END_TEST

static void add_credentials(Suite *suite)
{
	unit_add(suite, a_change);
	unit_add(suite, every_field_of_a_change);
	unit_add(suite, an_unexplained_change);
	unit_add(suite, swept_is_not_unexplained);
	unit_add(suite, counted_changes);
	unit_add(suite, change_of_a_thread);
	unit_add_rows(suite, names_of_causes, KITH_CAUSES);
	unit_add(suite, groups);
	unit_add(suite, too_many_groups);
}

static void add_cgroups(Suite *suite)
{
	unit_add_rows(suite, a_container, 3);
	unit_add(suite, a_service);
	unit_add(suite, a_service_of_a_user);
	unit_add(suite, a_cgroup_without_a_path);
	unit_add(suite, more_cgroups_than_are_kept);
	unit_add(suite, cgroups_after_a_restart);
	unit_add(suite, a_cgroup_that_was_rolled_back);
	unit_add(suite, cgroups_are_found_by_an_index);
	unit_add(suite, a_cgroup_with_another_path);
	unit_add(suite, a_cgroup_with_a_hostile_path);
	unit_add(suite, a_move);
	unit_add(suite, sensor_events);
}

int main(void)
{
	Suite *suite = suite_create("apply_context");

	add_credentials(suite);
	add_cgroups(suite);
	return unit_run(suite);
}
