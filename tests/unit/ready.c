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

/* @text with @value for each @parameter; the caller frees it, and @text is freed. */
static char *put(char *text, const char *parameter, const char *value)
{
	const char *from = text, *at;
	char *result;
	size_t size;
	FILE *stream = open_memstream(&result, &size);

	ck_assert_ptr_nonnull(stream);
	for (; (at = strstr(from, parameter)); from = at + strlen(parameter))
		fprintf(stream, "%.*s%s", (int)(at - from), from, value);
	fputs(from, stream);
	fclose(stream);
	free(text);
	return result;
}

/* Columns of schema/queries/@name.sql, over all time, with @value for :path and :process. */
static void check_ready_of(const char *name, const char *value, const char *columns,
			   const char *want)
{
	char path[256], sql[8192], *text;
	size_t used;

	snprintf(path, sizeof(path), TOP "/schema/queries/%s.sql", name);
	text = unit_read(path);
	text = put(text, ":since", "0");
	text = put(text, ":until", "9e99");
	text = put(text, ":path", value);
	text = put(text, ":process", value);
	used = (size_t)snprintf(sql, sizeof(sql), "SELECT %s FROM (\n%s)", columns, text);
	ck_assert_uint_lt(used, sizeof(sql));
	free(text);
	rig_feed(&rig);
	rig_commit(&rig);
	rig_check(sql, want);
}

static void check_ready(const char *name, const char *columns, const char *want)
{
	check_ready_of(name, "NULL", columns, want);
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

static void exec_file(uint64_t process, const char *path, uint64_t inode)
{
	const struct kith_file file = forge_file(inode);

	forge_exec(&rig.forge, process, 0, path, path, strlen(path) + 1);
	forge_item(&rig.forge, KITH_ITEM_FILE, &file, sizeof(file));
}

/* curl fetches a file, a shell renames it and makes it executable, and somebody runs it. */
static void forge_download(void)
{
	struct kith_change *change;

	FORGE_EXEC(&rig.forge, shell, 0, "/bin/curl", "curl\0-O");
	forge_connection(&rig.forge, 1, shell, 0);
	forge_one_end(&rig.forge, KITH_CLIENT);
	forge_address(((struct kith_connection *)(forge_last(&rig.forge) + 1))
			      ->ends[KITH_CLIENT]
			      .peer_addr,
		      "198.51.100.7");
	rig.forge.now += RIG_STEP;
	forge_write(&rig.forge, 2, shell, 12, 4096)->flags |= KITH_ACCESS_CREATED;
	change = forge_change(&rig.forge, program, KITH_CHANGE_RENAME, 12);
	change->to = 0;
	forge_text(&rig.forge, KITH_ITEM_NEW_PATH, "/opt/tool");
	change = forge_change(&rig.forge, program, KITH_CHANGE_CHMOD, 12);
	change->from = 0100644;
	change->to = 0100755;
	rig.forge.now += RIG_STEP;
	exec_file(heir, "/opt/tool", 12);
}

START_TEST(what_came_from_the_network)
{
	begin();
	forge_download();
	/* one that was there before, and one that nobody from outside wrote */
	exec_file(heir, "/bin/ls", 77);
	rig.forge.now += RIG_STEP;
	forge_write(&rig.forge, 3, program, 13, 1);
	rig.forge.now += RIG_STEP;
	exec_file(heir, "/f/13", 13);
	check_ready("ran-what-the-network-wrote",
		    "exe, written_as, bytes_written, writer, writer_exe, writer_argv",
		    "/opt/tool|/f/12|4096|500|/bin/curl|curl -O");
	rig_close(&rig);
}
END_TEST

/* A script is a file that another program reads. */
START_TEST(what_script_came_from_the_network)
{
	begin();
	forge_download();
	rig.forge.now += RIG_STEP;
	exec_file(program, "/bin/dash", 78);
	forge_text(&rig.forge, KITH_ITEM_SCRIPT, "/f/12");
	check_ready("ran-what-the-network-wrote", "exe, written_as",
		    "/opt/tool|/f/12\n/bin/dash|/f/12");
	rig_close(&rig);
}
END_TEST

START_TEST(where_it_went)
{
	begin();
	forge_download();
	rig.forge.now += RIG_STEP;
	forge_access_of(&rig.forge, 3, program, forge_file(12), "/opt/tool")->reads = 1;
	forge_reads(&rig.forge, 4, heir, shell, 12);
	forge_write(&rig.forge, 5, program, 13, 1); /* another */
	check_ready_of("where-a-file-went", "'/f/12'",
		       "what, path, new_path, bytes_read, bytes_written, pid",
		       "created|/f/12|-|0|4096|500\nrename|/f/12|/opt/tool|0|0|501\n"
		       "chmod|/f/12|0644 -> 0755|0|0|501\nexecuted|/opt/tool|-|0|0|502\n"
		       "read|/opt/tool|-|0|0|501\nread with others|/f/12|-|5000|0|502");
	check_ready_of("where-a-file-went", "'/opt/tool'", "count(*)", "6");
	check_ready_of("where-a-file-went", "'/opt'", "count(*)", "0");
	rig_close(&rig);
}
END_TEST

START_TEST(what_they_touched)
{
	begin();
	forge_fork(&rig.forge, shell, program);
	forge_fork(&rig.forge, program, heir);
	forge_read(&rig.forge, 1, program, 12, 10)->flags |= KITH_ACCESS_SENSITIVE;
	forge_read(&rig.forge, 2, heir, 12, 20);
	forge_reads(&rig.forge, 3, heir, 0, 13);
	forge_write(&rig.forge, 4, shell, 14, 5);
	rig_feed(&rig);
	check_ready_of("what-a-tree-touched", "1",
		       "path, files, processes, reads, bytes_read, writes, bytes_written, created,"
		       " executed, sensitive",
		       "/f/12|1|2|2|30|0|0|0|0|1\n/f/13|3|1|4|5000|0|0|0|0|0\n"
		       "/f/14|1|1|0|0|1|5|0|0|0");
	check_ready_of("what-a-tree-touched", "'3'", "path, processes", "/f/12|1\n/f/13|1");
	rig_close(&rig);
}
END_TEST

START_TEST(who_changed_it)
{
	begin();
	forge_download();
	check_ready_of("changed-by-whom", "'/f/12'", "op, path, new_path, detail, pid, error",
		       "create|/f/12|-|0644|500|-\nwrite|/f/12|-|4096 bytes|500|-\n"
		       "rename|/f/12|/opt/tool|-|501|-\nchmod|/f/12|-|0644 -> 0755|501|-");
	check_ready_of("changed-by-whom", "'/opt'", "op, new_path", "rename|/opt/tool");
	check_ready_of("changed-by-whom", "'/f'", "count(*)", "4");
	check_ready_of("changed-by-whom", "'/f/1'", "count(*)", "0");
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
	unit_add(suite, what_came_from_the_network);
	unit_add(suite, what_script_came_from_the_network);
	unit_add(suite, where_it_went);
	unit_add(suite, what_they_touched);
	unit_add(suite, who_changed_it);
	return unit_run(suite);
}
