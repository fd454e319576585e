// SPDX-License-Identifier: GPL-2.0-only
/* What a process runs, and what it could not, to rows. */
#include "rig.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHELL = 500, OTHER = 502 };

static struct rig rig;
static uint64_t shell, other;

static void begin(void)
{
	rig_open(&rig);
	shell = forge_key(RIG_AT(50), SHELL);
	other = forge_key(RIG_NOW + RIG_STEP, OTHER);
}

START_TEST(script_chain)
{
	begin();
	FORGE_EXEC(&rig.forge, shell, 0, "/usr/bin/env", "env\0python3\0/opt/run");
	forge_text(&rig.forge, KITH_ITEM_SCRIPT, "/opt/run");
	forge_text(&rig.forge, KITH_ITEM_SCRIPT, "/opt/inner");
	forge_text(&rig.forge, KITH_ITEM_SCRIPT, "/opt/innermost");
	rig_expect(&rig, "SELECT exe, script, replace(via, char(10), '+') FROM execution",
		   "/usr/bin/env|/opt/run|/opt/inner+/opt/innermost");
	rig_check("SELECT script FROM process WHERE pid = 500", "/opt/run");
	rig_close(&rig);
}
END_TEST

START_TEST(one_script)
{
	begin();
	FORGE_EXEC(&rig.forge, shell, 0, "/bin/sh", "sh\0x");
	forge_text(&rig.forge, KITH_ITEM_SCRIPT, "/x");
	FORGE_EXEC(&rig.forge, shell, 0, "/bin/true", "true");
	rig_expect(&rig, "SELECT script, via FROM execution ORDER BY ts", "/x|-\n-|-");
	rig_check("SELECT script FROM process WHERE pid = 500", "-");
	rig_close(&rig);
}
END_TEST

START_TEST(exec_tells_as_whom_and_where)
{
	struct kith_image *image;

	begin();
	image = FORGE_EXEC(&rig.forge, shell, 0, "/usr/bin/passwd", "passwd");
	image->euid = 0;
	image->egid = 5;
	image->gid = 100;
	image->loginuid = UINT32_MAX;
	image->session = UINT32_MAX;
	image->tty = 136 << 20 | 4;
	image->sid = 480;
	image->cap_permitted = 0x1ff;
	image->cap_effective = 0x11;
	image->flags = KITH_IMAGE_SETUID;
	forge_text(&rig.forge, KITH_ITEM_CWD, "/home/x");
	forge_item(&rig.forge, KITH_ITEM_ENV, "LD_PRELOAD=a.so\0SUDO_USER=x", 28);
	rig_expect(&rig,
		   "SELECT uid, euid, gid, egid, loginuid, session, tty, sid,"
		   " cap_permitted, cap_effective, cwd, env FROM process",
		   "1000|0|100|5|-|-|142606340|480|511|17|/home/x|LD_PRELOAD=a.so SUDO_USER=x");
	rig_check("SELECT uid, euid, gid, egid, loginuid, session, tty, sid,"
		  " cap_permitted, cap_effective, cwd, env FROM execution",
		  "1000|0|100|5|-|-|142606340|480|511|17|/home/x|LD_PRELOAD=a.so SUDO_USER=x");
	rig_check("SELECT exe_device, exe_inode, exe_mode, exe_owner, setuid FROM execution",
		  "8388609|4711|33261|0|1");
	rig_close(&rig);
}
END_TEST

static const struct {
	uint32_t flag;
	const char *column;
} flags[] = {
	{ KITH_IMAGE_SETUID, "setuid" },
	{ KITH_IMAGE_SETGID, "setgid" },
	{ KITH_IMAGE_FILECAPS, "file_capabilities" },
	{ KITH_IMAGE_32BIT, "is_32bit" },
	{ KITH_IMAGE_THREAD, "by_thread" },
	{ KITH_IMAGE_ARGV_TRUNCATED, "argv_truncated" },
	{ KITH_IMAGE_ENV_TRUNCATED, "env_truncated" },
	{ KITH_IMAGE_CHROOT, "chrooted" },
};

START_TEST(flags_of_an_image)
{
	char sql[256], *at = sql, want[32] = "";
	size_t i;

	begin();
	FORGE_EXEC(&rig.forge, shell, 0, "/bin/x", "x")->flags = flags[_i].flag;
	at += snprintf(at, 32, "SELECT ");
	for (i = 0; i < UNIT_COUNT(flags); i++) {
		at += snprintf(at, 32, "%s%s", i ? "," : "", flags[i].column);
		strcat(strcat(want, i ? "|" : ""), i == (size_t)_i ? "1" : "0");
	}
	strcpy(at, " FROM execution");
	rig_expect(&rig, sql, want);
	rig_close(&rig);
}
END_TEST

static const struct {
	uint32_t flags;
	const char *origin;
} origins[] = {
	{ 0, "disk" },
	{ KITH_IMAGE_SETUID, "disk" },
	{ KITH_IMAGE_DELETED, "deleted" },
	{ KITH_IMAGE_TMPFS, "tmpfs" },
	{ KITH_IMAGE_TMPFS | KITH_IMAGE_DELETED, "deleted" },
	{ KITH_IMAGE_TMPFS | KITH_IMAGE_DELETED | KITH_IMAGE_MEMFD, "memfd" },
};

/* Everything but the origin is the same, and each is told from the others. */
START_TEST(origins_of_images)
{
	char want[128] = "";
	size_t i;

	begin();
	for (i = 0; i < UNIT_COUNT(origins); i++) {
		FORGE_EXEC(&rig.forge, shell, 0, "/tmp/x (deleted)", "x")->flags =
			origins[i].flags;
		strcat(strcat(want, i ? "\n" : ""), origins[i].origin);
	}
	rig_expect(&rig, "SELECT exe_origin FROM execution ORDER BY ts", want);
	rig_check("SELECT exe_origin FROM process", "memfd");
	rig_close(&rig);
}
END_TEST

START_TEST(what_could_not_be_read)
{
	struct kith_image *image;

	begin();
	image = FORGE_EXEC(&rig.forge, shell, 0, "/guess", "x");
	image->known = KITH_KNOWN_ARGV | KITH_KNOWN_CWD;
	rig_expect(&rig, "SELECT exe, argv, exe_origin, unknown FROM execution",
		   /* EXE 1, ENV 4, SCRIPT 16, NS 32, ROOT 64 */
		   "-|x|disk|117");
	rig_close(&rig);
}
END_TEST

/* Who makes a path too long to be told hides neither the file nor where it is. */
START_TEST(a_file_without_a_path)
{
	struct kith_image *image;

	begin();
	image = FORGE_EXEC(&rig.forge, shell, 0, "", "x");
	image->known &= ~KITH_KNOWN_EXE;
	image->device = 1;
	image->inode = 4711;
	image->owner = 1000;
	image->flags = KITH_IMAGE_TMPFS;
	rig_expect(&rig, "SELECT exe, exe_origin, exe_device, exe_inode, exe_owner FROM execution",
		   "-|tmpfs|1|4711|1000");
	rig_check("SELECT exe, comm, exe_origin, exe_device, exe_inode FROM process",
		  "-|-|tmpfs|1|4711");
	rig_close(&rig);
}
END_TEST

START_TEST(the_end_of_a_path)
{
	begin();
	FORGE_EXEC(&rig.forge, shell, 0, ".../b/c/d/e (deleted)", "x");
	rig_expect(&rig, "SELECT exe, unknown & 1 FROM execution", ".../b/c/d/e (deleted)|0");
	rig_check("SELECT exe FROM process", ".../b/c/d/e (deleted)");
	rig_close(&rig);
}
END_TEST

/* argv: the arguments joined by single spaces, bytes unchanged. */
static const struct {
	const char *bytes;
	size_t size;
	const char *text;
} arguments[] = {
	{ "ls", 3, "ls" },
	{ "a\0b", 4, "a b" },
	{ "a\0\0b", 5, "a  b" },
	{ "a\0\0", 3, "a " },
	{ "\0b", 3, " b" },
	{ "a b\0 c", 7, "a b  c" },
	{ "cut here", 8, "cut here" }, /* by the policy: no NUL at the end */
	{ "", 1, "" },
	{ "", 0, "" }, /* execve(path, {NULL}, ...) */
};

START_TEST(joins_arguments)
{
	begin();
	forge_exec(&rig.forge, shell, 0, "/bin/x", arguments[_i].bytes, arguments[_i].size);
	rig_expect(&rig, "SELECT argv FROM execution", arguments[_i].text);
	rig_close(&rig);
}
END_TEST

/* Of no argument at all and of an empty one the text is the same. */
START_TEST(bytes_of_arguments)
{
	begin();
	forge_exec(&rig.forge, shell, 0, "/bin/x", "", 0);
	forge_exec(&rig.forge, shell, 0, "/bin/x", "", 1);
	forge_exec(&rig.forge, shell, 0, "/bin/x", "x\0y", 4);
	forge_exec(&rig.forge, shell, 0, "/bin/x", "", 0)->known = KITH_KNOWN_EXE;
	forge_exec_failed(&rig.forge, shell, 2, "/bin/y")->known = KITH_KNOWN_ARGV;
	forge_exec_failed(&rig.forge, shell, 2, "/bin/y")->known = KITH_KNOWN_ARGV;
	forge_item(&rig.forge, KITH_ITEM_ARGV, "", 1);
	forge_exec_failed(&rig.forge, shell, 2, "/bin/y")->known = 0;
	rig_expect(&rig, "SELECT argv, argv_size FROM execution ORDER BY ts",
		   "|0\n|1\nx y|4\n-|-\n|0\n|1\n-|-");
	rig_close(&rig);
}
END_TEST

START_TEST(arguments_cut_by_the_policy)
{
	struct kith_image *image;

	begin();
	image = forge_exec(&rig.forge, shell, 0, "/bin/x", "x\0yy", 4);
	image->flags = KITH_IMAGE_ARGV_TRUNCATED;
	image->argv_size = 100000;
	FORGE_EXEC(&rig.forge, shell, 0, "/bin/x", "x\0yyy");
	rig_expect(&rig, "SELECT argv, argv_truncated, argv_size FROM execution ORDER BY ts",
		   "x yy|1|100000\nx yyy|0|6");
	rig_close(&rig);
}
END_TEST

/* Bytes that others chose are stored as they are. */
static const char hostile[] = "a\nb\x1b[2J\xff\xc0\x80\xed\xa0\x80'\";--\\\t\x7f%s\r";

START_TEST(hostile_text)
{
	char path[64 + 1], sql[1024], hex[2 * sizeof(path)] = "", *at = hex, *c;

	snprintf(path, sizeof(path), "/tmp/%s", hostile);
	for (c = path; *c; c++)
		at += sprintf(at, "%02X", (unsigned char)*c);
	begin();
	forge_exec(&rig.forge, shell, 0, path, path, strlen(path) + 1);
	forge_text(&rig.forge, KITH_ITEM_CWD, path);
	forge_text(&rig.forge, KITH_ITEM_SCRIPT, path);
	forge_text(&rig.forge, KITH_ITEM_ENV, path);
	snprintf(sql, sizeof(sql),
		 "SELECT hex(exe)='%s', hex(argv)='%s', hex(cwd)='%s', hex(script)='%s',"
		 " hex(env)='%s' FROM execution", hex, hex, hex, hex, hex);
	rig_expect(&rig, sql, "1|1|1|1|1");
	rig_close(&rig);
}
END_TEST

static const size_t long_sizes[] = { 255, 4095, 4096, 24576 };

START_TEST(long_text)
{
	size_t size = long_sizes[_i];
	char *argv = malloc(size), sql[128], want[64];

	ck_assert_ptr_nonnull(argv);
	memset(argv, 'x', size);
	argv[size - 2] = '\xff';
	argv[size - 1] = '\0';
	begin();
	forge_exec(&rig.forge, shell, 0, "/bin/x", argv, size);
	snprintf(want, sizeof(want), "%zu|7878FF|%zu", size - 1, size);
	snprintf(sql, sizeof(sql),
		 "SELECT length(CAST(argv AS BLOB)),"
		 " hex(substr(CAST(argv AS BLOB), -3)), argv_size FROM execution");
	rig_expect(&rig, sql, want);
	free(argv);
	rig_close(&rig);
}
END_TEST

/* comm as ps shows it: the end of exe, 15 bytes of it, or what the process chose. */
static const struct {
	const char *exe;
	const char *comm;
	const char *want;
} names[] = {
	{ "/usr/bin/ls", NULL, "ls" },
	{ "/usr/bin/ls", "ls", "ls" },
	{ "/usr/bin/ls", "kworker/0:1", "kworker/0:1" },
	{ "/usr/bin/a-name-longer-than-15", "a-name-longer-t", "a-name-longer-t" },
	{ "/usr/bin/a-name-longer-than-15", NULL, "a-name-longer-t" },
	{ "/usr/bin/fifteen-letters", "fifteen", "fifteen" },
	{ "/x", "x and 15 bytes..", "x and 15 bytes." },
};

START_TEST(names_of_processes)
{
	begin();
	FORGE_EXEC(&rig.forge, shell, 0, names[_i].exe, "x");
	forge_exit(&rig.forge, shell, 0);
	if (names[_i].comm)
		forge_text(&rig.forge, KITH_ITEM_COMM, names[_i].comm);
	rig_expect(&rig, "SELECT comm FROM process WHERE pid = 500", names[_i].want);
	rig_close(&rig);
}
END_TEST

START_TEST(failed_exec)
{
	struct kith_exec_failed *failed;

	begin();
	FORGE_EXEC(&rig.forge, shell, other, "/bin/sh", "sh");
	failed = forge_exec_failed(&rig.forge, shell, ENOENT, "./nothing");
	failed->parent = other;
	forge_item(&rig.forge, KITH_ITEM_ARGV, "nothing\0-x", 11);
	rig_expect(&rig,
		   "SELECT t(e.ts), p.pid, q.pid, e.exe, e.argv, e.script, e.env, e.uid, e.euid,"
		   " e.error FROM execution e JOIN process p USING (process_id)"
		   " LEFT JOIN process q ON q.process_id = e.parent_id ORDER BY e.ts",
		   "0|500|502|/bin/sh|sh|-|-|1000|1000|-\n"
		   "1000|500|502|./nothing|nothing -x|-|-|1000|1000|2");
	rig_check("SELECT exe, argv FROM process WHERE pid = 500", "/bin/sh|sh");
	rig_check("SELECT exe_origin, exe_device, exe_inode, exe_mode, exe_owner"
		  " FROM execution WHERE error", "-|-|-|-|-");
	rig_close(&rig);
}
END_TEST

START_TEST(failed_exec_of_an_unknown_process)
{
	begin();
	forge_exec_failed(&rig.forge, shell, EACCES, "/root/x");
	rig_expect(&rig, "SELECT exe, error, uid, euid FROM execution", "/root/x|13|1000|1000");
	rig_check("SELECT exe, incomplete FROM process", "-|1");
	rig_close(&rig);
}
END_TEST

START_TEST(failed_exec_whose_name_was_not_read)
{
	begin();
	forge_record(&rig.forge, KITH_RECORD_EXEC_FAILED, shell,
		     sizeof(struct kith_exec_failed));
	((struct kith_exec_failed *)(forge_last(&rig.forge) + 1))->error = EFAULT;
	rig_expect(&rig, "SELECT exe, argv, error, unknown FROM execution", "-|-|14|3");
	rig_close(&rig);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("apply_image");

	unit_add(suite, script_chain);
	unit_add(suite, one_script);
	unit_add(suite, exec_tells_as_whom_and_where);
	unit_add_rows(suite, flags_of_an_image, UNIT_COUNT(flags));
	unit_add(suite, origins_of_images);
	unit_add(suite, what_could_not_be_read);
	unit_add(suite, a_file_without_a_path);
	unit_add(suite, the_end_of_a_path);
	unit_add_rows(suite, joins_arguments, UNIT_COUNT(arguments));
	unit_add(suite, bytes_of_arguments);
	unit_add(suite, arguments_cut_by_the_policy);
	unit_add(suite, hostile_text);
	unit_add_rows(suite, long_text, UNIT_COUNT(long_sizes));
	unit_add_rows(suite, names_of_processes, UNIT_COUNT(names));
	unit_add(suite, failed_exec);
	unit_add(suite, failed_exec_of_an_unknown_process);
	unit_add(suite, failed_exec_whose_name_was_not_read);
	return unit_run(suite);
}
