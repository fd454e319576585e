// SPDX-License-Identifier: GPL-2.0-only
/* The ready queries: that they name what ran at that time, not what came after. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHELL = 500, PROGRAM = 501, HEIR = 502 };

static struct rig rig;
static uint64_t shell, program, heir;

static void begin(void)
{
	rig_open(&rig);
	shell = forge_key(RIG_AT(50), SHELL);
	program = forge_key(RIG_NOW, PROGRAM);
	heir = forge_key(RIG_NOW, HEIR);
}

/* @value is as long as @parameter. */
static void put(char *text, const char *parameter, const char *value)
{
	char *at;
	size_t i;

	while ((at = strstr(text, parameter)))
		for (i = 0; value[i]; i++)
			at[i] = value[i];
}

/* Columns of schema/queries/@name.sql, over all time. */
static void check_ready(const char *name, const char *columns, const char *want)
{
	char path[256], sql[8192], *text = NULL;
	size_t room = 0, used;
	FILE *file;

	snprintf(path, sizeof(path), TOP "/schema/queries/%s.sql", name);
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_gt(getdelim(&text, &room, '\0', file), 0);
	fclose(file);
	put(text, ":since", "0     ");
	put(text, ":until", "9e99  ");
	used = (size_t)snprintf(sql, sizeof(sql), "SELECT %s FROM (\n%s)", columns, text);
	ck_assert_uint_lt(used, sizeof(sql));
	free(text);
	rig_feed(&rig);
	rig_commit(&rig);
	rig_check(sql, want);
}

#define ROOT "exe, argv, started_by"

/* /opt/backdoor has the set-user-ID bit, and then runs a shell. */
START_TEST(what_became_root)
{
	begin();
	FORGE_EXEC(&rig.forge, shell, 0, "/usr/bin/dash", "sh\0-i");
	forge_fork(&rig.forge, shell, program);
	FORGE_EXEC(&rig.forge, program, shell, "/opt/backdoor", "backdoor");
	forge_credential(&rig.forge, program, KITH_CAUSE_EXEC_SETUID, 1000, 0);
	FORGE_EXEC(&rig.forge, program, shell, "/usr/bin/bash", "bash");
	FORGE_EXEC(&rig.forge, shell, 0, "/usr/bin/sleep", "sleep\0001");
	check_ready("became-root", ROOT, "/opt/backdoor|backdoor|sh -i");
	check_ready("became-root", "at", "2023-11-14T22:15:07Z");
	rig_close(&rig);
}
END_TEST

/* The child of an exploit runs that still, until it runs a shell. */
START_TEST(what_the_parent_ran)
{
	begin();
	FORGE_EXEC(&rig.forge, shell, 0, "/home/u/exploit", "exploit");
	forge_fork(&rig.forge, shell, program);
	forge_fork(&rig.forge, program, heir);
	forge_credential(&rig.forge, heir, KITH_CAUSE_NONE, 1000, 0)->flags =
		KITH_CREDENTIAL_UNEXPLAINED;
	FORGE_EXEC(&rig.forge, heir, program, "/usr/bin/bash", "bash");
	FORGE_EXEC(&rig.forge, program, shell, "/usr/bin/rm", "rm");
	check_ready("unexplained", "exe, euid_to", "/home/u/exploit|0");
	check_ready("became-root", ROOT, "/home/u/exploit|exploit|exploit");
	check_ready("who-started-what", "exe, started_by",
		    "/home/u/exploit|-\n/usr/bin/bash|/home/u/exploit\n"
		    "/usr/bin/rm|/home/u/exploit");
	rig_close(&rig);
}
END_TEST

/* A daemon that was found running: its child has a shell in the end. */
START_TEST(what_was_found_running)
{
	begin();
	forge_process(&rig.forge, shell, 0, "/usr/sbin/sshd");
	rig_dump(&rig);
	rig.forge.now += RIG_STEP;
	forge_fork(&rig.forge, shell, program);
	rig.forge.now += RIG_STEP;
	forge_credential(&rig.forge, program, KITH_CAUSE_SETRESUID, 1000, 0);
	rig.forge.now += RIG_STEP;
	FORGE_EXEC(&rig.forge, program, shell, "/usr/bin/bash", "bash");
	check_ready("became-root", "exe", "/usr/sbin/sshd");
	rig_close(&rig);
}
END_TEST

/* A shell looks for the program in each directory of PATH. */
START_TEST(who_tried)
{
	begin();
	FORGE_EXEC(&rig.forge, shell, 0, "/usr/bin/dash", "sh");
	forge_fork(&rig.forge, shell, program);
	forge_exec_failed(&rig.forge, program, 2, "/usr/local/bin/id");
	FORGE_EXEC(&rig.forge, program, shell, "/usr/bin/id", "id");
	check_ready("failed-executions", "exe, error, times, tried_by",
		    "/usr/local/bin/id|2|1|/usr/bin/dash");
	rig_close(&rig);
}
END_TEST

/* Of changes that are alike one row counts them all. */
START_TEST(how_many_changes)
{
	begin();
	forge_credential(&rig.forge, shell, KITH_CAUSE_OTHER, 1000, 0)->flags =
		KITH_CREDENTIAL_UNEXPLAINED;
	((struct kith_credential_change *)(forge_last(&rig.forge) + 1))->count = 3;
	check_ready("credentials-by-cause", "cause, changes, processes, unexplained",
		    "other|3|1|3");
	rig_close(&rig);
}
END_TEST

/* As --since and --until take them. */
START_TEST(when_they_talked)
{
	begin();
	FORGE_EXEC(&rig.forge, shell, 0, "/bin/curl", "curl");
	FORGE_EXEC(&rig.forge, program, 0, "/sbin/nginx", "nginx");
	rig.forge.now = RIG_NOW;
	forge_listener(&rig.forge, 1, program);
	forge_connection(&rig.forge, 2, shell, program);
	check_ready("listeners", "port, exe, since, until",
		    "80|/sbin/nginx|2023-11-14T22:15:07Z|-");
	check_ready("who-talked-to", "client, server, times, first",
		    "/bin/curl|/sbin/nginx|1|2023-11-14T22:15:07Z");
	rig_close(&rig);
}
END_TEST

/* By their names, where there are no ports. */
START_TEST(what_they_talked_through)
{
	struct kith_connection *body;
	struct kith_listener *listener;

	begin();
	FORGE_EXEC(&rig.forge, shell, 0, "/bin/curl", "curl");
	FORGE_EXEC(&rig.forge, program, 0, "/sbin/nginx", "nginx");
	rig.forge.now = RIG_NOW;
	listener = forge_listener(&rig.forge, 1, program);
	listener->protocol = KITH_PROTOCOL_UNIX_STREAM;
	forge_text(&rig.forge, KITH_ITEM_SOCKET_NAME, "/run/s");
	body = forge_unix(&rig.forge, 2, KITH_PROTOCOL_UNIX_STREAM, FORGE_NAME("/run/s"));
	body->ends[KITH_CLIENT].process = shell;
	body->ends[KITH_SERVER].process = program;
	check_ready("listeners", "protocol, addr, port, exe",
		    "unix-stream|/run/s|-|/sbin/nginx");
	check_ready("who-talked-to", "client, server, protocol, port, to_server, scope",
		    "/bin/curl|/sbin/nginx|unix-stream|/run/s|100|same-host");
	rig_close(&rig);
}
END_TEST

START_TEST(who_listens_in)
{
	begin();
	FORGE_EXEC(&rig.forge, shell, 0, "/usr/bin/tcpdump", "tcpdump\0-n");
	FORGE_EXEC(&rig.forge, program, 0, "/usr/bin/ping", "ping");
	forge_made(&rig.forge, shell, 17, 3, 0x0300);
	forge_made(&rig.forge, program, 2, 3, 1);
	forge_made(&rig.forge, program, 16, 3, 0);
	forge_made(&rig.forge, program, 2, 2, 1);
	check_ready("sniffers", "count, family, type, exe, argv",
		    "1|packet|raw|/usr/bin/tcpdump|tcpdump -n\n1|inet|raw|/usr/bin/ping|ping");
	check_ready("sniffers", "first", "2023-11-14T22:15:07Z\n2023-11-14T22:15:07Z");
	rig_close(&rig);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ready");

	unit_add(suite, what_became_root);
	unit_add(suite, what_the_parent_ran);
	unit_add(suite, what_was_found_running);
	unit_add(suite, who_tried);
	unit_add(suite, how_many_changes);
	unit_add(suite, when_they_talked);
	unit_add(suite, what_they_talked_through);
	unit_add(suite, who_listens_in);
	return unit_run(suite);
}
