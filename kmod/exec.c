// SPDX-License-Identifier: GPL-2.0-only
/* Executions, successful and failed. */
#include "exec.h"

#include "cgroup.h"
#include "credential.h"
#include "hook.h"
#include "image.h"
#include "item.h"
#include "key.h"
#include "object.h"
#include "path.h"
#include "ring.h"
#include "scratch.h"
#include "task.h"
#include "usermem.h"

#include <linux/elf.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

enum {
	SCRIPTS_SIZE = 2 * PATH_MAX, /* paths of all levels of scripts, together */
	FAILED_ARGS = 32,	     /* arguments kept of a failed exec */
};

/* Everything that goes into an EXEC record, before its room is reserved. */
struct exec {
	struct kith_path exe;
	struct kith_path cwd;
	struct kith_env env;
	size_t scripts_space;
	size_t argv_size;
};

/*
 * A file that another one will interpret: remember its path, since only the
 * interpreter is left when exec has succeeded.
 */
static void add_script(struct kith_task *mine, const struct path *path)
{
	struct kith_scratch *scratch = kith_scratch();
	struct kith_root root;
	struct kith_path script;
	size_t size;
	char *all;

	kith_root_of_current(&root);
	script = kith_path_resolve(path, &root, scratch->path[0], scratch->path[1]);
	size = mine->scripts_size + script.length + 1;
	all = NULL;
	if (script.length && size <= SCRIPTS_SIZE)
		all = krealloc(mine->scripts, size, GFP_NOWAIT | __GFP_NOWARN);
	if (!all) {
		mine->scripts_lost = true;
		return;
	}
	memcpy(all + mine->scripts_size, script.text, script.length + 1);
	mine->scripts = all;
	mine->scripts_size = size;
}

static void forget_scripts(struct kith_task *mine)
{
	kfree(mine->scripts);
	mine->scripts = NULL;
	mine->scripts_size = 0;
	mine->scripts_lost = false;
}

/* Called for the file of the exec, and again for each interpreter on the way. */
KITH_ENTRY(kith_exec_checked)
{
	const struct linux_binprm *bprm = KITH_ARGUMENT(regs, 0, const struct linux_binprm *);
	struct kith_task *mine = kith_task_add(current);

	if (!mine)
		return;
	if (bprm->interp == bprm->filename)
		forget_scripts(mine);
	mine->exec_cred = bprm->cred;
	if (!kith_runs_natively(bprm->buf))
		add_script(mine, &bprm->file->f_path);
}

static size_t scripts_space(const struct kith_task *mine)
{
	const char *script = mine->scripts, *end = script + mine->scripts_size;
	size_t space = 0;

	for (; script < end; script += strlen(script) + 1)
		space += kith_item_space(strlen(script));
	return space;
}

static void put_scripts(struct kith_writer *writer, const struct kith_task *mine)
{
	const char *script = mine->scripts, *end = script + mine->scripts_size;

	for (; script < end; script += strlen(script) + 1)
		kith_put(writer, KITH_ITEM_SCRIPT, script, strlen(script));
}

/* Flags that come from how the exec went. */
static u32 exec_flags(const struct kith_task *mine, const struct linux_binprm *bprm,
		      bool by_thread, const struct kith_image *image)
{
	u32 flags = by_thread ? KITH_IMAGE_THREAD : 0;

	if (bprm->buf[EI_CLASS] == ELFCLASS32)
		flags |= KITH_IMAGE_32BIT;
	if (image->mode & S_ISUID && image->euid == image->owner &&
	    image->euid != image->uid)
		flags |= KITH_IMAGE_SETUID;
	if (image->mode & S_ISGID && image->egid != image->gid)
		flags |= KITH_IMAGE_SETGID;
	if (!mine)
		return flags;
	if (mine->scripts_size || mine->scripts_lost)
		flags |= KITH_IMAGE_SCRIPT;
	if (image->uid && image->euid &&
	    image->cap_permitted & ~kith_credential_before_exec(mine)->cap_permitted)
		flags |= KITH_IMAGE_FILECAPS;
	return flags;
}

static void gather(struct exec *exec, struct kith_image *image,
		   const struct kith_task *mine, const struct linux_binprm *bprm,
		   struct kith_scratch *scratch)
{
	struct kith_root root;

	kith_image_fill(image, current, rcu_dereference(current->real_cred));
	kith_image_file(image, bprm->file);
	kith_root_of_current(&root);
	exec->exe = kith_path_resolve(&bprm->file->f_path, &root, scratch->path[0],
				      scratch->path[2]);
	exec->cwd = kith_path_resolve(&root.cwd, &root, scratch->path[1],
				      scratch->path[2]);
	exec->env = kith_image_env(current->mm, scratch->text, sizeof(scratch->text));
	exec->argv_size = kith_image_argv_size(image, current->mm);
	exec->scripts_space = mine ? scripts_space(mine) : 0;
	image->known = KITH_KNOWN_NS;
	if (exec->exe.length)
		image->known |= KITH_KNOWN_EXE;
	if (exec->cwd.length)
		image->known |= KITH_KNOWN_CWD;
	if (exec->env.known)
		image->known |= KITH_KNOWN_ENV;
	if (mine && !mine->scripts_lost && kith_hook_attached(KITH_AT_BPRM_CHECK))
		image->known |= KITH_KNOWN_SCRIPT;
	if (!root.chrooted || root.reachable)
		image->known |= KITH_KNOWN_ROOT;
	if (root.chrooted)
		image->flags |= KITH_IMAGE_CHROOT;
	if (exec->env.truncated)
		image->flags |= KITH_IMAGE_ENV_TRUNCATED;
}

/* What root executes is not to be pushed out by what others do. */
static bool is_vital(const struct kith_image *image)
{
	return !image->euid && current_user_ns() == &init_user_ns;
}

static void emit_exec(const struct kith_task *mine, const struct linux_binprm *bprm,
		      bool by_thread)
{
	struct kith_scratch *scratch = kith_scratch();
	struct kith_image image = {};
	struct kith_namespaces *ns;
	struct kith_record *record;
	struct kith_writer writer;
	struct kith_exec *body;
	struct kith_file file;
	struct exec exec;

	image.cgroup = kith_cgroup_of(current);
	gather(&exec, &image, mine, bprm, scratch);
	image.flags |= exec_flags(mine, bprm, by_thread, &image);
	record = kith_ring_reserve_vital(KITH_RECORD_EXEC, sizeof(*body),
					 kith_item_space(exec.exe.length) +
						 kith_item_space(exec.cwd.length) +
						 kith_item_space(exec.env.size) +
						 kith_item_space(sizeof(*ns)) +
						 kith_item_space(sizeof(file)) +
						 exec.scripts_space +
						 kith_item_space(exec.argv_size),
					 is_vital(&image));
	if (!record)
		return;
	writer = kith_writer(record);
	kith_put(&writer, KITH_ITEM_EXE, exec.exe.text, exec.exe.length);
	kith_put(&writer, KITH_ITEM_CWD, exec.cwd.text, exec.cwd.length);
	kith_put(&writer, KITH_ITEM_ENV, scratch->text, exec.env.size);
	if (exec.scripts_space)
		put_scripts(&writer, mine);
	ns = kith_put_head(&writer, KITH_ITEM_NAMESPACES, sizeof(*ns));
	memset(ns, 0, sizeof(*ns));
	kith_image_namespaces(ns, current);
	kith_object_identify(&file, bprm->file);
	kith_put(&writer, KITH_ITEM_FILE, &file, sizeof(file));
	image.known |= kith_image_put_argv(&writer, current->mm, exec.argv_size,
					   &image.flags);
	body = kith_body(record);
	body->image = image;
	kith_ring_commit(record);
}

/* The file whose owner, mode and capabilities count (binfmt_misc's C flag). */
static const struct inode *credential_inode(const struct linux_binprm *bprm)
{
	return file_inode(bprm->execfd_creds && bprm->executable ? bprm->executable :
								   bprm->file);
}

void kith_exec_succeeded(void *data, struct task_struct *task, pid_t old_pid,
			 struct linux_binprm *bprm)
{
	const struct inode *inode = credential_inode(bprm);
	struct kith_task *mine;

	kith_hook_enter();
	kith_hook_hit(KITH_AT_EXEC);
	mine = kith_task_add(current);
	emit_exec(mine, bprm, old_pid != task->pid);
	if (mine) {
		kith_credential_exec(mine, inode->i_mode, inode->i_uid);
		forget_scripts(mine);
	} else if (inode->i_mode & (S_ISUID | S_ISGID)) {
		/* Who it was before nobody knows any more. */
		kith_ring_lose(KITH_CLASS_CREDENTIAL, KITH_LOSS_MISSED, 1);
	}
	kith_hook_leave();
}

static int remember_call(struct kretprobe_instance *instance, struct pt_regs *regs,
			 enum kith_hook_index hook, bool at, bool compat)
{
	struct kith_exec_call *mine = (struct kith_exec_call *)instance->data;
	const struct pt_regs *user = (const struct pt_regs *)regs_get_kernel_argument(regs, 0);

	kith_hook_hit(hook);
	kith_execve_arguments(user, at, compat, &mine->call);
	return 0;
}

int kith_exec_called(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	return remember_call(instance, regs, KITH_AT_EXECVE, false, false);
}

int kith_exec_called_at(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	return remember_call(instance, regs, KITH_AT_EXECVEAT, true, false);
}

int kith_exec_called_ia32(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	return remember_call(instance, regs, KITH_AT_IA32_EXECVE, false, true);
}

int kith_exec_called_at_ia32(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	return remember_call(instance, regs, KITH_AT_IA32_EXECVEAT, true, true);
}

/* Address of argument @i, or NULL at the end of them or of what can be read. */
static const char __user *argument(const struct kith_execve *call, unsigned int i)
{
	unsigned long address = 0;
	u32 address32;

	if (call->compat) {
		if (copy_from_user_nofault(&address32, call->argv + i * sizeof(u32),
					   sizeof(u32)))
			return NULL;
		address = address32;
	} else if (copy_from_user_nofault(&address, call->argv + i * sizeof(long),
					  sizeof(address))) {
		return NULL;
	}
	return (const char __user *)address;
}

/* Arguments as the caller holds them, NUL after each. Return: bytes. */
static size_t copy_arguments(const struct kith_execve *call, char *text, size_t size,
			     bool *whole)
{
	size_t used = 0;
	unsigned int i;

	*whole = false;
	for (i = 0; i < FAILED_ARGS && used < size; i++) {
		const char __user *from = argument(call, i);
		size_t length;

		if (!from) {
			*whole = true;
			break;
		}
		length = kith_user_string(text + used, from, size - used);
		if (!length)
			return used + strlen(text + used);
		used += length;
	}
	return used;
}

static void emit_failure(const struct kith_execve *call, int error)
{
	struct kith_scratch *scratch = kith_scratch();
	char *name = scratch->path[0];
	struct kith_exec_failed *body;
	struct kith_record *record;
	struct kith_writer writer;
	size_t argv_size, name_size;
	bool whole, name_whole;

	name_whole = kith_user_string(name, call->filename, PATH_MAX);
	name_size = strlen(name);
	argv_size = copy_arguments(call, scratch->text, sizeof(scratch->text), &whole);
	record = kith_ring_reserve(KITH_RECORD_EXEC_FAILED, sizeof(*body),
				   kith_item_space(name_size) +
					   kith_item_space(argv_size));
	if (!record)
		return;
	body = kith_body(record);
	body->error = error;
	body->known = (name_whole ? KITH_KNOWN_EXE : 0) | (whole ? KITH_KNOWN_ARGV : 0);
	body->uid = __kuid_val(current_uid());
	body->euid = __kuid_val(current_euid());
	body->parent = kith_parent_key(current);
	writer = kith_writer(record);
	kith_put(&writer, KITH_ITEM_FILENAME, name, name_size);
	kith_put(&writer, KITH_ITEM_ARGV, scratch->text, argv_size);
	kith_ring_commit(record);
}

/*
 * Most failures are of names that do not exist, so before the kernel has any
 * file: what was asked for is read from user memory, and marked as such.
 */
int kith_exec_returned(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	const struct kith_exec_call *mine = (const struct kith_exec_call *)instance->data;
	long ret = regs_return_value(regs);

	if (!IS_ERR_VALUE(ret) || !current->mm)
		return 0;
	kith_hook_enter();
	emit_failure(&mine->call, -ret);
	kith_hook_leave();
	return 0;
}
