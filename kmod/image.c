// SPDX-License-Identifier: GPL-2.0-only
/* What a process runs, as whom and where: the body of EXEC and PROCESS. */
#include "image.h"

#include "compat/namespace.h"
#include "item.h"
#include "key.h"
#include "policy.h"
#include "usermem.h"

#include <asm/word-at-a-time.h>
#include <linux/audit.h>
#include <linux/cgroup.h>
#include <linux/ipc_namespace.h>
#include <linux/kdev_t.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/pid_namespace.h>
#include <linux/tty.h>
#include <linux/user_namespace.h>
#include <linux/utsname.h>
#include <net/net_namespace.h>

enum {
	ENV_SEARCHED = 64 * 1024, /* bytes: a bound on the time in the hook */
	ENV_CANDIDATES = 256,	  /* names that begin like ours: likewise */
	ENV_VALUE = 512,	  /* bytes kept of one variable, its name included */
	CHUNK = 512,
};

/* Variables that decide what code runs, or say on whose behalf. */
#define NAME(text) { text "=", sizeof(text) }
static const struct {
	const char *text;
	size_t length;
} env_names[] = {
	NAME("BASH_ENV"),     NAME("ENV"),	    NAME("GCONV_PATH"),
	NAME("GLIBC_TUNABLES"), NAME("JAVA_TOOL_OPTIONS"), NAME("LD_AUDIT"),
	NAME("LD_LIBRARY_PATH"), NAME("LD_PRELOAD"), NAME("NODE_OPTIONS"),
	NAME("PERL5LIB"),     NAME("PERL5OPT"),	    NAME("PROMPT_COMMAND"),
	NAME("PYTHONPATH"),   NAME("PYTHONSTARTUP"), NAME("RUBYLIB"),
	NAME("RUBYOPT"),      NAME("SSH_CLIENT"),   NAME("SSH_CONNECTION"),
	NAME("SSH_ORIGINAL_COMMAND"), NAME("SUDO_COMMAND"), NAME("SUDO_USER"),
};

#undef NAME

/* Per first letter, the second letters that a wanted name can have: bit per letter. */
static u32 env_seconds[26] __ro_after_init;
static int mnt_ns_offset __ro_after_init;

void __init kith_image_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(env_names); i++)
		env_seconds[env_names[i].text[0] - 'A'] |= BIT(env_names[i].text[1] - 'A');
	mnt_ns_offset = kith_mnt_ns_find(init_task.nsproxy->mnt_ns);
}

u32 kith_image_mnt_ns(const struct task_struct *task)
{
	const struct nsproxy *proxy = READ_ONCE(task->nsproxy);

	return proxy ? kith_mnt_ns_inum(proxy->mnt_ns, mnt_ns_offset) : 0;
}

void kith_image_namespaces(struct kith_namespaces *ns, const struct task_struct *task)
{
	const struct nsproxy *proxy = READ_ONCE(task->nsproxy);
	struct pid_namespace *pid = task_active_pid_ns((struct task_struct *)task);

	if (proxy) {
		ns->mnt = kith_mnt_ns_inum(proxy->mnt_ns, mnt_ns_offset);
		ns->net = proxy->net_ns->ns.inum;
		ns->cgroup = proxy->cgroup_ns->ns.inum;
		ns->ipc = proxy->ipc_ns->ns.inum;
		ns->uts = proxy->uts_ns->ns.inum;
	}
	if (pid)
		ns->pid = pid->ns.inum;
	ns->user = rcu_dereference(task->real_cred)->user_ns->ns.inum;
}

/* What stat(2) and /proc show, in 32 bits. */
static u32 device_number(dev_t device)
{
	return MAJOR(device) << 20 | MINOR(device);
}

/* The terminal is known of current only: another's may go away as we look. */
static u32 terminal(const struct task_struct *task)
{
	struct tty_struct *tty;
	u32 number;

	if (task != current)
		return 0;
	tty = get_current_tty();
	if (!tty)
		return 0;
	number = device_number(tty_devnum(tty));
	tty_kref_put(tty);
	return number;
}

static u64 capability_bits(const kernel_cap_t *set)
{
	u64 bits;

	memcpy(&bits, set, sizeof(bits));
	return bits;
}

void kith_image_fill(struct kith_image *image, struct task_struct *task,
		     const struct cred *cred)
{
	struct pid *session = task_session(task);
	struct pid_namespace *pid_ns = task_active_pid_ns(task);

	image->parent = kith_parent_key(task);
	image->cap_permitted = capability_bits(&cred->cap_permitted);
	image->cap_effective = capability_bits(&cred->cap_effective);
	image->uid = __kuid_val(cred->uid);
	image->euid = __kuid_val(cred->euid);
	image->gid = __kgid_val(cred->gid);
	image->egid = __kgid_val(cred->egid);
	image->loginuid = __kuid_val(audit_get_loginuid(task));
	image->session = audit_get_sessionid(task);
	image->tty = terminal(task);
	image->sid = session ? pid_nr(session) : 0;
	image->ns_pid = pid_ns ? task_tgid_nr_ns(task, pid_ns) : 0;
}

void kith_image_file(struct kith_image *image, const struct file *file)
{
	const struct inode *inode = file_inode(file);
	const struct super_block *sb = inode->i_sb;
	const struct dentry *dentry = file->f_path.dentry;

	image->inode = inode->i_ino;
	image->device = device_number(sb->s_dev);
	image->mode = inode->i_mode;
	image->owner = __kuid_val(inode->i_uid);
	if (!inode->i_nlink || d_unlinked(dentry))
		image->flags |= KITH_IMAGE_DELETED;
	if (sb->s_magic != TMPFS_MAGIC && sb->s_magic != RAMFS_MAGIC)
		return;
	image->flags |= KITH_IMAGE_TMPFS;
	/* memfd_create() makes nameless files of the kernel's own tmpfs. */
	if (sb->s_flags & SB_KERNMOUNT || sb->s_flags & SB_NOUSER)
		image->flags |= KITH_IMAGE_MEMFD;
}

size_t kith_image_argv_size(struct kith_image *image, const struct mm_struct *mm)
{
	size_t all = mm->arg_end - mm->arg_start;
	size_t most = READ_ONCE(kith_policy.argv_max);

	image->argv_size = min_t(size_t, all, U32_MAX);
	image->env_size = min_t(size_t, mm->env_end - mm->env_start, U32_MAX);
	if (all <= most)
		return all;
	image->flags |= KITH_IMAGE_ARGV_TRUNCATED;
	return most;
}

u32 kith_image_put_argv(struct kith_writer *writer, const struct mm_struct *mm,
			size_t size, u32 *flags)
{
	struct kith_item *item = (struct kith_item *)writer->next;
	size_t got;
	char *to;

	if (!size)
		return KITH_KNOWN_ARGV;
	to = kith_put_head(writer, KITH_ITEM_ARGV, size);
	got = kith_user_copy(to, (const void __user *)mm->arg_start, size);
	if (got == size)
		return KITH_KNOWN_ARGV;
	/* The space is taken: what is not there reads as the end of the items. */
	memset(to + got, 0, size - got);
	item->size = got;
	if (!got) {
		item->kind = KITH_ITEM_END;
		return 0;
	}
	*flags |= KITH_IMAGE_ARGV_TRUNCATED;
	return KITH_KNOWN_ARGV;
}

/* Position of the first NUL at or after @from, or @size. @text has room to 8 more. */
static size_t next_nul(const char *text, size_t from, size_t size)
{
	const struct word_at_a_time constants = WORD_AT_A_TIME_CONSTANTS;
	unsigned long word, bits;

	for (; from < size; from += sizeof(word)) {
		memcpy(&word, text + from, sizeof(word));
		if (!has_zero(word, &bits, &constants))
			continue;
		bits = prep_zero_mask(word, bits, &constants);
		from += find_zero(create_zero_mask(bits));
		return min(from, size);
	}
	return size;
}

static bool is_letter(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* Two letters rule out nearly all; in the last byte of a chunk one has to do. */
static bool may_be_wanted(const char *text, size_t left)
{
	u32 seconds = is_letter(text[0]) ? env_seconds[text[0] - 'A'] : 0;

	if (!seconds || left < 2)
		return seconds;
	return is_letter(text[1]) && seconds & BIT(text[1] - 'A');
}

static bool is_wanted(const char *text)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(env_names); i++)
		if (env_names[i].text[0] == text[0] &&
		    !strncmp(text, env_names[i].text, env_names[i].length))
			return true;
	return false;
}

/* The variable at user address @at begins like one that we want: take it if it is. */
static void select_variable(struct kith_env *env, char *text, size_t size,
			    const char __user *at)
{
	char *to = text + env->size;
	size_t room = min_t(size_t, size - env->size, ENV_VALUE);
	size_t length;

	if (room < 2) {
		env->truncated = true;
		return;
	}
	length = kith_user_string(to, at, room);
	if (!is_wanted(to))
		return;
	if (!length)
		env->truncated = true;
	env->size += length ? length : strlen(to) + 1;
}

/* Go through the chunk at user address @at; *start: a string starts there. */
static void search_chunk(struct kith_env *env, char *text, size_t size,
			 const char *chunk, size_t got, const char __user *at,
			 bool *start)
{
	size_t i = 0;

	while (i < got) {
		if (*start && may_be_wanted(chunk + i, got - i)) {
			if (++env->candidates > ENV_CANDIDATES)
				return;
			select_variable(env, text, size, at + i);
		}
		i = next_nul(chunk, i, got);
		*start = i < got;
		i++;
	}
}

struct kith_env kith_image_env(const struct mm_struct *mm, char *text, size_t size)
{
	const char __user *at = (const char __user *)mm->env_start;
	size_t all = mm->env_end - mm->env_start;
	size_t left = min_t(size_t, all, ENV_SEARCHED);
	struct kith_env env = { .truncated = all > left, .known = true };
	char chunk[CHUNK + sizeof(long)];
	bool start = true;

	while (left) {
		size_t n = min_t(size_t, left, CHUNK - offset_in_page(at) % CHUNK);

		if (copy_from_user_nofault(chunk, at, n)) {
			env.known = env.size;
			env.truncated = true;
			break;
		}
		search_chunk(&env, text, size, chunk, n, at, &start);
		if (env.candidates > ENV_CANDIDATES) {
			env.truncated = true;
			break;
		}
		at += n;
		left -= n;
	}
	return env;
}
