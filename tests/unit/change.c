// SPDX-License-Identifier: GPL-2.0-only
/* What was done to files' names, modes and the like, and to processes and the kernel. */
#include "program.h"
#include "rig.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

enum { FIRST = 500, PROCESSES = 2 };

static struct rig rig;
static uint64_t keys[PROCESSES]; /* their ids are one more than their places */

static void begin(void)
{
	unsigned int i;

	rig_open(&rig);
	for (i = 0; i < PROCESSES; i++) {
		keys[i] = forge_key(RIG_AT(50 + i), FIRST + i);
		forge_process(&rig.forge, keys[i], 0, "/bin/a");
	}
	rig_dumped(&rig);
	rig.forge.now = RIG_NOW + RIG_STEP;
}

static void end(void)
{
	ck_assert_uint_eq(rig.ingest.bad_records, 0);
	rig_close(&rig);
}

START_TEST(every_field)
{
	struct kith_change *body;

	begin();
	body = forge_change(&rig.forge, keys[0], KITH_CHANGE_RENAME, 12);
	forge_text(&rig.forge, KITH_ITEM_NEW_PATH, "/f/13");
	body->last = body->first + 7;
	body->count = 3;
	body->other = forge_file(13);
	body->flags = KITH_CHANGE_UNSURE | KITH_CHANGE_ROOTLESS;
	forge_write(&rig.forge, 7, keys[1], 13, 1);
	rig_expect(&rig, "SELECT t(ts), process_id, op, path, new_path, detail, error, t(last),"
			 " count, device, inode, unsure, incomplete, mnt_ns, change_id"
			 " FROM file_change",
		   "1000|1|rename|/f/12|/f/13|-|-|1007|3|8388609|12|1|1|4026531832|1");
	rig_check("SELECT replaced_id = file_access.file_id, file_change.file_id IS NOT NULL"
		  " FROM file_change, file_access",
		  "1|1");
	rig_check("SELECT received FROM account WHERE class = 'change'", "1");
	end();
}
END_TEST

#define BIG UINT64_MAX

/* What each op shows. */
static const struct {
	unsigned int op;
	unsigned int kind; /* of the item with @text */
	const char *text;
	uint64_t from;
	uint64_t to;
	const char *want;
} ops[] = {
	{ KITH_CHANGE_CREATE, 0, NULL, 0, 010644, "create|/f/12|-|0644" },
	{ KITH_CHANGE_RENAME, KITH_ITEM_NEW_PATH, "/n", 0, 0, "rename|/f/12|/n|-" },
	{ KITH_CHANGE_EXCHANGE, KITH_ITEM_NEW_PATH, "/n", 0, 0, "rename|/f/12|/n|exchange" },
	{ KITH_CHANGE_UNLINK, 0, NULL, 2, 0, "unlink|/f/12|-|-" },
	{ KITH_CHANGE_LINK, KITH_ITEM_NEW_PATH, "/n", 0, 0, "link|/f/12|/n|-" },
	{ KITH_CHANGE_SYMLINK, KITH_ITEM_FILENAME, "../t", 0, 0, "symlink|/f/12|-|../t" },
	{ KITH_CHANGE_MKDIR, 0, NULL, 0, 01777, "mkdir|/f/12|-|1777" },
	{ KITH_CHANGE_RMDIR, 0, NULL, 0, 0, "rmdir|/f/12|-|-" },
	{ KITH_CHANGE_CHMOD, 0, NULL, 0100644, 0104755, "chmod|/f/12|-|0644 -> 4755" },
	{ KITH_CHANGE_CHOWN, 0, NULL, 1000 | UINT64_C(1001) << 32, 0,
	  "chown|/f/12|-|1000:1001 -> 0:0" },
	{ KITH_CHANGE_CHOWN, 0, NULL, 0, UINT64_C(0xfffffffefffffffe),
	  "chown|/f/12|-|0:0 -> 4294967294:4294967294" },
	{ KITH_CHANGE_TRUNCATE, 0, NULL, 4096, 0, "truncate|/f/12|-|4096 -> 0" },
	{ KITH_CHANGE_SETXATTR, KITH_ITEM_XATTR, "user.x", 0, 5, "setxattr|/f/12|-|user.x" },
	{ KITH_CHANGE_REMOVEXATTR, KITH_ITEM_XATTR, "user.x", 0, 0,
	  "setxattr|/f/12|-|removed user.x" },
	{ KITH_CHANGE_UTIMES, 0, NULL, 0, UINT64_C(1700000000000000000),
	  "utimes|/f/12|-|2023-11-14T22:13:20Z" },
	{ KITH_CHANGE_UTIMES, 0, NULL, UINT64_C(1700000000000000000), 0,
	  "utimes|/f/12|-|2023-11-14T22:13:20Z -> now" },
	{ KITH_CHANGE_UTIMES, 0, NULL, 0, 0, "utimes|/f/12|-|now" },
	/* without what belongs to them */
	{ KITH_CHANGE_RENAME, 0, NULL, 0, 0, "rename|/f/12|-|-" },
	{ KITH_CHANGE_SYMLINK, 0, NULL, 0, 0, "symlink|/f/12|-|-" },
	{ KITH_CHANGE_SETXATTR, KITH_ITEM_XATTR, "", 0, 0, "setxattr|/f/12|-|-" },
	{ KITH_CHANGE_REMOVEXATTR, 0, NULL, 0, 0, "setxattr|/f/12|-|-" },
	/* of a newer module; as large as can be */
	{ 15, 0, NULL, 0, 0, "-|/f/12|-|-" },
	{ UINT32_MAX, KITH_ITEM_NEW_PATH, "/n", BIG, BIG, "-|/f/12|/n|-" },
	{ KITH_CHANGE_CREATE, 0, NULL, BIG, BIG, "create|/f/12|-|7777" },
	{ KITH_CHANGE_CHMOD, 0, NULL, BIG, BIG, "chmod|/f/12|-|7777 -> 7777" },
	{ KITH_CHANGE_CHOWN, 0, NULL, BIG, BIG,
	  "chown|/f/12|-|4294967295:4294967295 -> 4294967295:4294967295" },
	{ KITH_CHANGE_TRUNCATE, 0, NULL, BIG, BIG, "truncate|/f/12|-|-1 -> -1" },
	{ KITH_CHANGE_UTIMES, 0, NULL, BIG, UINT64_C(1) << 63,
	  "utimes|/f/12|-|1970-01-01T00:00:00Z -> 1677-09-21T00:12:44Z" },
};

START_TEST(each_op)
{
	struct kith_change *body;

	begin();
	body = forge_change(&rig.forge, keys[0], ops[_i].op, 12);
	body->from = ops[_i].from;
	body->to = ops[_i].to;
	if (ops[_i].text)
		forge_text(&rig.forge, ops[_i].kind, ops[_i].text);
	rig_expect(&rig, "SELECT op, path, new_path, detail FROM file_change", ops[_i].want);
	end();
}
END_TEST

/* What was tried, and what nobody knows the outcome of. */
START_TEST(attempts)
{
	begin();
	forge_change(&rig.forge, keys[0], KITH_CHANGE_UNLINK, 12)->error = EACCES;
	forge_change(&rig.forge, keys[0], KITH_CHANGE_UNLINK, 12)->flags = KITH_CHANGE_UNSURE;
	forge_change(&rig.forge, keys[0], KITH_CHANGE_UNLINK, 12);
	rig_expect(&rig, "SELECT error, unsure FROM file_change", "13|0\n-|1\n-|0");
	end();
}
END_TEST

/* Where there is no file yet only the device is known; and a name may not be known. */
START_TEST(of_no_file)
{
	struct kith_change *body;

	begin();
	body = forge_change(&rig.forge, keys[0], KITH_CHANGE_MKDIR, 0);
	body->file.device = body->file.real_device = 5;
	rig_expect(&rig, "SELECT op, path, file_id, replaced_id, device, inode FROM file_change",
		   "mkdir|-|-|-|-|-");
	rig_check("SELECT count(*) FROM files", "0");
	end();
}
END_TEST

/* Creations and truncations by open(2) stand with what was done with the file. */
START_TEST(by_open)
{
	begin();
	forge_write(&rig.forge, 7, keys[0], 12, 10)->flags |= KITH_ACCESS_CREATED;
	forge_write(&rig.forge, 8, keys[1], 12, 10)->flags |= KITH_ACCESS_TRUNCATED;
	forge_write(&rig.forge, 9, keys[1], 13, 10)->flags |=
		KITH_ACCESS_TRUNCATED | KITH_ACCESS_CREATED | KITH_ACCESS_ROOTLESS;
	forge_write(&rig.forge, 10, keys[1], 14, 10);
	rig_expect(&rig, "SELECT t(ts), process_id, op, path, new_path, detail, error, t(last),"
			 " count, inode, replaced_id, unsure, incomplete, mnt_ns, change_id"
			 " FROM file_change",
		   "0|1|create|/f/12|-|0644|-|0|1|12|-|0|0|4026531832|-\n"
		   "1000|2|truncate|/f/12|-|by open|-|1000|1|12|-|0|0|4026531832|-\n"
		   "2000|2|create|/f/13|-|0644|-|2000|1|13|-|0|1|4026531832|-");
	end();
}
END_TEST

/* What each act shows. */
static const struct {
	unsigned int op;
	const char *path;
	const char *new_path;
	const char *detail;
	uint64_t value;
	const char *want;
} acts[] = {
	{ KITH_CONTROL_FD_PASS, "/tmp/x", NULL, NULL, 0, "fd_pass|/tmp/x|0" },
	{ KITH_CONTROL_FD_TAKE, "/tmp/x", NULL, NULL, 0, "fd_pass|taken: /tmp/x|0" },
	{ KITH_CONTROL_FD_TAKE, NULL, NULL, NULL, 0, "fd_pass|-|0" },
	{ KITH_CONTROL_PTRACE, NULL, NULL, NULL, 0x12, "ptrace|attach|18" },
	{ KITH_CONTROL_PTRACE, NULL, NULL, NULL, 9, "ptrace|read|9" },
	{ KITH_CONTROL_PTRACE, NULL, NULL, NULL, 0, "ptrace|-|0" },
	{ KITH_CONTROL_SIGNAL, NULL, NULL, NULL, 9, "signal|signal 9|9" },
	{ KITH_CONTROL_VM_READ, NULL, NULL, NULL, 4096, "vm_read|4096 bytes|4096" },
	{ KITH_CONTROL_VM_WRITE, NULL, NULL, NULL, 8, "vm_write|8 bytes|8" },
	{ KITH_CONTROL_MODULE_LOAD, NULL, NULL, "dummy", 0, "module_load|dummy|0" },
	{ KITH_CONTROL_MODULE_UNLOAD, NULL, NULL, "dummy", 0, "module_unload|dummy|0" },
	{ KITH_CONTROL_BPF_LOAD, NULL, NULL, "prog", 2, "bpf_load|prog|2" },
	{ KITH_CONTROL_MOUNT, "/mnt", NULL, "/dev/sda1, ext4", 1,
	  "mount|/dev/sda1, ext4 on /mnt|1" },
	{ KITH_CONTROL_MOUNT, "/mnt", NULL, NULL, 4096, "mount|/mnt|4096" },
	{ KITH_CONTROL_MOUNT, NULL, NULL, "tmpfs", 0, "mount|tmpfs on unknown|0" },
	{ KITH_CONTROL_UMOUNT, "/mnt", NULL, NULL, 2, "umount|/mnt|2" },
	{ KITH_CONTROL_PIVOT_ROOT, "/new", "/new/old", NULL, 0,
	  "pivot_root|/new, old root on /new/old|0" },
	{ KITH_CONTROL_PIVOT_ROOT, "/new", NULL, NULL, 0, "pivot_root|/new|0" },
	{ KITH_CONTROL_CHROOT, "/srv", NULL, NULL, 0, "chroot|/srv|0" },
	{ KITH_CONTROL_SETNS, NULL, NULL, NULL, 0x40000000, "setns|0x40000000|1073741824" },
	{ KITH_CONTROL_SETNS, NULL, NULL, NULL, 0, "setns|0x0|0" },
	{ KITH_CONTROL_UNSHARE, NULL, NULL, NULL, 0x20000, "unshare|0x20000|131072" },
	{ KITH_CONTROL_KEXEC, NULL, NULL, NULL, 1, "kexec|for a crash|1" },
	{ KITH_CONTROL_KEXEC, "/boot/vmlinuz", NULL, NULL, 0, "kexec|/boot/vmlinuz|0" },
	{ KITH_CONTROL_KEXEC, NULL, NULL, NULL, 0, "kexec|-|0" },
	{ KITH_CONTROL_KEYCTL, NULL, NULL, NULL, 0, "keyctl|operation 0|0" },
	{ KITH_CONTROL_SYSCTL, "/proc/sys/kernel/core_pattern", NULL, NULL, 0,
	  "sysctl|/proc/sys/kernel/core_pattern|0" },
	{ 19, NULL, NULL, "new", 0, "-|new|0" },
	{ UINT32_MAX, NULL, NULL, NULL, BIG, "-|-|9223372036854775807" },
	{ KITH_CONTROL_UNSHARE, NULL, NULL, NULL, BIG,
	  "unshare|0x7fffffffffffffff|9223372036854775807" },
};

START_TEST(each_act)
{
	begin();
	forge_control(&rig.forge, keys[0], acts[_i].op, keys[1], acts[_i].path)->value =
		acts[_i].value;
	if (acts[_i].new_path)
		forge_text(&rig.forge, KITH_ITEM_NEW_PATH, acts[_i].new_path);
	if (acts[_i].detail)
		forge_text(&rig.forge, KITH_ITEM_DETAIL, acts[_i].detail);
	rig_expect(&rig, "SELECT op, detail, value FROM control WHERE process_id = 1",
		   acts[_i].want);
	end();
}
END_TEST

START_TEST(acts_together)
{
	struct kith_control *body;

	begin();
	body = forge_control(&rig.forge, keys[0], KITH_CONTROL_SIGNAL, keys[1], NULL);
	body->first = RIG_NOW;
	body->last = RIG_NOW + 5;
	body->value = 15;
	body->count = 3;
	body->flags = KITH_CONTROL_TRIED;
	/* as long as those of the first release */
	body = forge_record(&rig.forge, KITH_RECORD_CONTROL, keys[0],
			    offsetof(struct kith_control, first));
	body->op = KITH_CONTROL_FD_PASS;
	body->target = keys[1];
	rig_expect(&rig, "SELECT t(ts), t(last), process_id, target_id, op, detail, count, value,"
			 " tried FROM control",
		   "0|5|1|2|signal|signal 15|3|15|1\n2000|2000|1|2|fd_pass|-|1|-|0");
	rig_check("SELECT received FROM account WHERE class = 'control'", "2");
	end();
}
END_TEST

/* All that kith show says of files and acts, the last of many, and how to see the others. */
START_TEST(shown)
{
	begin();
	forge_write(&rig.forge, 7, keys[0], 12, 10)->flags |= KITH_ACCESS_CREATED;
	forge_read(&rig.forge, 8, keys[0], 13, 20)->flags |= KITH_ACCESS_SENSITIVE;
	forge_read(&rig.forge, 9, keys[0], 14, 20)->writer = keys[1];
	forge_read(&rig.forge, 10, keys[0], 15, 20); /* of no interest */
	forge_reads(&rig.forge, 11, keys[0], keys[1], 16);
	forge_change(&rig.forge, keys[0], KITH_CHANGE_UNLINK, 12)->error = EACCES;
	forge_control(&rig.forge, keys[1], KITH_CONTROL_PTRACE, keys[0], NULL)->value = 2;
	forge_control(&rig.forge, keys[0], KITH_CONTROL_CHROOT, 0, "/srv/\x1b[2J");
	rig_feed(&rig);
	rig_commit(&rig);
	ck_assert_int_eq(run("kith", "show", DB, "500", END), 0);
	check_in("\nfile written  first=", printed);
	check_in("  path=/f/12  inode=12  writes=1  bytes_written=10  ", printed);
	check_in("  path=/f/13  inode=13  reads=1  bytes_read=20  ", printed);
	check_in("  writer_id=2  ", printed);
	check_in("  files=3  path=/f/16  reads=4  bytes_read=5000  ", printed);
	check_in("  op=unlink  path=/f/12  error=13  count=1  ", printed);
	check_in("  op=ptrace  process_id=2  target_id=1  detail=attach  ", printed);
	check_in("  detail=/srv/\\x1b[2J  ", printed);
	ck_assert_ptr_null(strstr(printed, "/f/15"));
	ck_assert_ptr_null(strstr(printed, "\nmore "));
	ck_assert_int_eq(run("kith", "show", DB, "501", END), 0);
	check_in("  op=ptrace  ", printed);
	ck_assert_ptr_null(strstr(printed, "\nfile "));
	end();
}
END_TEST

static void forge_one(int kind, unsigned int i)
{
	switch (kind) {
	case 0:
		forge_write(&rig.forge, 1 + i, keys[0], 1000 + i, 10);
		break;
	case 1:
		forge_read(&rig.forge, 1 + i, keys[0], 1000 + i, 10)->writer = keys[1];
		break;
	case 2:
		forge_change(&rig.forge, keys[0], KITH_CHANGE_UNLINK, 1000 + i);
		break;
	default:
		forge_control(&rig.forge, keys[0], KITH_CONTROL_SIGNAL, keys[1], NULL)->value = i;
	}
}

static const char *const more[] = {
	"\nmore files written  files=1  see=\"kith sql 'SELECT * FROM file_access"
	" WHERE process_id = 1'\"\n",
	"\nmore files read  files=1  see=\"kith sql 'SELECT * FROM file_access"
	" WHERE process_id = 1'\"\n",
	"\nmore changes  changes=1  see=\"kith sql 'SELECT * FROM file_change"
	" WHERE process_id = 1'\"\n",
	"\nmore controls  controls=1  see=\"kith sql 'SELECT * FROM control"
	" WHERE 1 IN (process_id, target_id)'\"\n",
};

/* The last hundred. */
START_TEST(many_shown)
{
	unsigned int i;

	begin();
	for (i = 0; i < 101; i++)
		forge_one(_i, i);
	rig_feed(&rig);
	rig_commit(&rig);
	ck_assert_int_eq(run("kith", "show", DB, "500", END), 0);
	ck_assert_ptr_nonnull(strstr(printed, more[_i]));
	ck_assert_ptr_nonnull(strstr(printed, _i == 3 ? "=\"signal 1\"" : "=/f/1001  "));
	ck_assert_ptr_null(strstr(printed, _i == 3 ? "=\"signal 0\"" : "=/f/1000  "));
	end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("change");

	unit_add(suite, every_field);
	unit_add_rows(suite, each_op, UNIT_COUNT(ops));
	unit_add(suite, attempts);
	unit_add(suite, of_no_file);
	unit_add(suite, by_open);
	unit_add_rows(suite, each_act, UNIT_COUNT(acts));
	unit_add(suite, acts_together);
	unit_add(suite, shown);
	unit_add_rows(suite, many_shown, UNIT_COUNT(more));
	return unit_run(suite);
}
