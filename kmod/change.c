// SPDX-License-Identifier: GPL-2.0-only
/* Changes of files' names, modes, owners, sizes, attributes and times. */
#include "change.h"

#include "compat/fs.h"
#include "compat/xattr.h"
#include "hook.h"
#include "image.h"
#include "item.h"
#include "key.h"
#include "name.h"
#include "object.h"
#include "path.h"
#include "policy.h"
#include "ring.h"
#include "scratch.h"
#include "task.h"

#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/mount.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

enum {
	FOLDS = 4,
	NAMES_KEPT = 512, /* bytes: what has longer names is not counted but told, each time */
};

#define IDLE_NS (30 * NSEC_PER_SEC) /* after that a change is told anew */

/* A change that the thread has made, or tried. */
struct fold {
	u64 key; /* tells it from others: 0: none */
	u64 process;
	u32 tid;
	u32 again;  /* how often since it was told */
	bool known; /* its outcome */
	struct kith_change body;
	struct kith_name *path;
	struct kith_name *other;
	u16 other_kind; /* enum kith_item_kind */
};

/* task->changes. The thread's own but for what the entry's lock protects: the folds. */
struct kith_changes {
	struct fold folds[FOLDS];
	unsigned int next;
	struct fold *pending; /* the outcome is awaited */
	bool within; /* of a function whose return we see: there the outcome comes */
};

static u64 mix(u64 key, u64 value)
{
	return (key ^ value) * GOLDEN_RATIO_64;
}

static u64 mix_dentry(u64 key, const struct dentry *dentry)
{
	const struct inode *inode = d_inode(dentry);

	/* The hash of a name depends on where it is, too. */
	key = mix(key, READ_ONCE(dentry->d_name.hash_len));
	key = mix(key, (uintptr_t)READ_ONCE(dentry->d_parent));
	return inode ? mix(key, inode->i_ino + ((u64)inode->i_generation << 32)) : key;
}

static u64 key_of(const struct kith_attempt *attempt)
{
	u64 key = mix_dentry(attempt->op, attempt->dentry);

	/* Sizes and times are many. */
	if (attempt->op != KITH_CHANGE_TRUNCATE && attempt->op != KITH_CHANGE_UTIMES)
		key = mix(key, attempt->to);
	if (attempt->new_dentry)
		key = mix_dentry(key, attempt->new_dentry);
	if (attempt->text)
		key = mix(key, full_name_hash(NULL, attempt->text, strlen(attempt->text)));
	return key | 1;
}

static size_t size_of(const struct kith_name *name)
{
	return name ? name->size : 0;
}

static void emit(struct fold *fold, u32 count)
{
	size_t path = size_of(fold->path);
	size_t other = size_of(fold->other);
	struct kith_change *body;
	struct kith_record *record;
	struct kith_writer writer;

	record = kith_ring_reserve(KITH_RECORD_CHANGE, sizeof(*body),
				   kith_item_space(path) + kith_item_space(other));
	if (!record)
		return;
	record->process = fold->process;
	record->tid = fold->tid;
	body = kith_body(record);
	*body = fold->body;
	body->count = count;
	writer = kith_writer(record);
	if (path)
		kith_put(&writer, KITH_ITEM_PATH, fold->path->text, path);
	if (other)
		kith_put(&writer, fold->other_kind, fold->other->text, other);
	kith_ring_commit(record);
}

/* Context: the entry's lock, as of those below. */
static void flush_fold(struct fold *fold)
{
	if (!fold->again)
		return;
	emit(fold, fold->again);
	fold->again = 0;
}

static void clear_fold(struct fold *fold)
{
	flush_fold(fold);
	kith_name_put(fold->path);
	kith_name_put(fold->other);
	memset(fold, 0, sizeof(*fold));
}

static struct fold *find_fold(struct kith_changes *changes, u64 key)
{
	unsigned int i;

	for (i = 0; i < FOLDS; i++)
		if (changes->folds[i].key == key)
			return &changes->folds[i];
	return NULL;
}

/* @dentry's name, in a directory as the kernel resolves it. */
static struct kith_name *name_in(const struct path *dir, const struct dentry *dentry, u32 *flags)
{
	struct kith_scratch *scratch = kith_scratch();
	char *text = scratch->path[2];
	struct kith_path path;
	struct kith_root root;
	int size;

	kith_root_of_current(&root);
	path = kith_path_resolve(dir, &root, scratch->path[0], scratch->path[1]);
	if (path.part)
		*flags |= KITH_CHANGE_ROOTLESS;
	if (path.length + 1 + dentry->d_name.len < PATH_MAX)
		size = scnprintf(text, PATH_MAX, "%.*s%s%.*s", (int)path.length, path.text,
				 path.length && path.text[path.length - 1] == '/' ? "" : "/",
				 (int)dentry->d_name.len, dentry->d_name.name);
	else /* as kith_path_plain() has it: the name itself must not be lost */
		size = scnprintf(text, PATH_MAX, ".../%pd4", dentry);
	return kith_name_new(text, size);
}

static struct kith_name *name_at(const struct path *at, u32 *flags)
{
	struct kith_scratch *scratch = kith_scratch();
	struct kith_path path;
	struct kith_root root;

	kith_root_of_current(&root);
	path = kith_path_resolve(at, &root, scratch->path[0], scratch->path[1]);
	if (path.part)
		*flags |= KITH_CHANGE_ROOTLESS;
	return kith_name_new(path.text, path.length);
}

static void identify(struct kith_file *id, const struct dentry *dentry)
{
	const struct inode *inode = d_inode(dentry);

	if (inode)
		kith_object_identify_inode(id, inode, dentry);
	else
		id->device = MAJOR(dentry->d_sb->s_dev) << 20 | MINOR(dentry->d_sb->s_dev);
}

static void fill(struct fold *fold, const struct kith_attempt *attempt)
{
	struct kith_change *body = &fold->body;

	body->op = attempt->op;
	body->from = attempt->from;
	body->to = attempt->to;
	body->flags = attempt->flags;
	body->mntns = kith_image_mnt_ns(current);
	identify(&body->file, attempt->dentry);
	if (attempt->new_dentry && d_inode(attempt->new_dentry))
		identify(&body->other, attempt->new_dentry);
	fold->path = attempt->dir ? name_in(attempt->dir, attempt->dentry, &body->flags) :
				    name_at(attempt->at, &body->flags);
	if (attempt->new_dir) {
		fold->other_kind = KITH_ITEM_NEW_PATH;
		fold->other = name_in(attempt->new_dir, attempt->new_dentry, &body->flags);
	} else if (attempt->text) {
		fold->other_kind = attempt->text_kind;
		fold->other = kith_name_new(attempt->text, strnlen(attempt->text, PATH_MAX));
	}
}

static struct fold *new_fold(struct kith_changes *changes, const struct kith_attempt *attempt,
			     u64 key)
{
	struct fold *fold = &changes->folds[changes->next];

	changes->next = (changes->next + 1) % FOLDS;
	clear_fold(fold);
	fold->key = key;
	fold->process = kith_key(current);
	fold->tid = current->pid;
	fill(fold, attempt);
	return fold;
}

/* By another name, or with another mode, it may be worth something else. */
static void doubt(const struct fold *fold)
{
	if (fold->body.file.real_inode)
		kith_object_doubt(&fold->body.file);
	if (fold->body.other.real_inode)
		kith_object_doubt(&fold->body.other);
}

/* Nobody will tell how it ends. */
static void give_up(struct kith_changes *changes)
{
	struct fold *fold = changes->pending;

	changes->pending = NULL;
	flush_fold(fold);
	doubt(fold);
	fold->body.flags |= KITH_CHANGE_UNSURE;
	fold->body.last = ktime_get_boot_fast_ns();
	emit(fold, 1);
	clear_fold(fold);
}

/* Its entry, with `changes`. NULL: no room, or it is past its end, or nobody wants to know. */
static struct kith_task *entry_of_current(void)
{
	struct kith_task *task = kith_task_find(current);

	if (!kith_policy_wants(KITH_CLASS_CHANGE))
		return NULL;
	if (!task && !(current->flags & PF_EXITING))
		task = kith_task_add(current);
	if (!task || !current->fs || !current->nsproxy)
		return NULL;
	if (!task->changes)
		/* Who sees it sees that it is empty. */
		smp_store_release(&task->changes,
				  kzalloc(sizeof(*task->changes), GFP_NOWAIT | __GFP_NOWARN));
	return task->changes ? task : NULL;
}

bool kith_change_is_within(void)
{
	const struct kith_task *task = kith_task_find(current);

	return task && task->changes && task->changes->within;
}

void kith_change_begin(const struct kith_attempt *attempt)
{
	struct kith_task *task = entry_of_current();
	struct kith_changes *changes;
	struct fold *fold;
	u64 key;

	if (!task) {
		if (kith_policy_wants(KITH_CLASS_CHANGE) && current->fs && current->nsproxy)
			kith_ring_lose(KITH_CLASS_CHANGE, KITH_LOSS_UNTRACKED, 1);
		return;
	}
	changes = task->changes;
	key = key_of(attempt);
	spin_lock(&task->lock);
	/* The kernel may have to try it again. */
	if (changes->pending && changes->pending->key != key)
		give_up(changes);
	fold = find_fold(changes, key);
	if (!fold)
		fold = new_fold(changes, attempt, key);
	if (!fold->again)
		fold->body.first = ktime_get_boot_fast_ns();
	fold->body.to = attempt->to;
	changes->pending = fold;
	/* The kernel itself does it, or there was no room to watch for the return. */
	if (!changes->within)
		give_up(changes);
	spin_unlock(&task->lock);
}

/* Context: the entry's lock. */
static void finish(struct kith_changes *changes, int error)
{
	struct fold *fold = changes->pending;
	u64 now = ktime_get_boot_fast_ns();

	changes->pending = NULL;
	if (!error)
		doubt(fold);
	if (fold->known && fold->body.error == error) {
		fold->again++;
		fold->body.last = now;
		return;
	}
	flush_fold(fold);
	fold->known = true;
	fold->body.error = error;
	fold->body.last = now;
	emit(fold, 1);
	if (size_of(fold->path) + size_of(fold->other) > NAMES_KEPT)
		clear_fold(fold);
}

int kith_change_entered(enum kith_hook_index hook)
{
	struct kith_task *task;
	int ret = 1;

	kith_hook_enter();
	kith_hook_hit(hook);
	task = entry_of_current();
	if (task && !task->changes->within) {
		task->changes->within = true;
		ret = 0;
	}
	kith_hook_leave();
	return ret;
}

int kith_change_returned(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	long ret = regs_return_value(regs);
	struct kith_task *task;

	kith_hook_enter();
	task = kith_task_find(current);
	if (task && task->changes) {
		spin_lock(&task->lock);
		task->changes->within = false;
		if (task->changes->pending)
			finish(task->changes, (int)ret < 0 ? -(int)ret : 0);
		spin_unlock(&task->lock);
	}
	kith_hook_leave();
	return 0;
}

void kith_change_flush(struct kith_task *task)
{
	u64 now = ktime_get_boot_fast_ns();
	struct kith_changes *changes = READ_ONCE(task->changes);
	unsigned int i;

	if (!changes)
		return;
	spin_lock(&task->lock);
	for (i = 0; i < FOLDS; i++) {
		struct fold *fold = &changes->folds[i];

		flush_fold(fold);
		if (fold->key && fold != changes->pending && now > fold->body.last + IDLE_NS)
			clear_fold(fold);
	}
	spin_unlock(&task->lock);
}

void kith_change_release(struct kith_task *task)
{
	unsigned int i;

	if (!task->changes)
		return;
	for (i = 0; i < FOLDS; i++) {
		kith_name_put(task->changes->folds[i].path);
		kith_name_put(task->changes->folds[i].other);
	}
	kfree(task->changes);
}

static umode_t mode_of(const struct dentry *dentry)
{
	return d_inode(dentry) ? d_inode(dentry)->i_mode : 0;
}

/*
 * Return: 0 if its return is awaited. One within another, as overlayfs makes them, is
 * part of that one, whose outcome counts.
 */
static int begin_at(const struct path *at, struct kith_attempt *attempt,
		    enum kith_hook_index hook)
{
	int ret;

	kith_hook_enter();
	ret = kith_change_entered(hook);
	if (!ret || !kith_change_is_within()) {
		attempt->at = at;
		attempt->dentry = at->dentry;
		kith_change_begin(attempt);
	}
	kith_hook_leave();
	return ret;
}

#define ENTRY_ARGUMENT(regs, n, type) ((type)regs_get_kernel_argument(regs, n))

/* chmod_common(path, mode) */
int kith_change_chmod(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	const struct path *at = ENTRY_ARGUMENT(regs, 0, const struct path *);
	umode_t mode = mode_of(at->dentry);
	struct kith_attempt attempt = {
		.op = KITH_CHANGE_CHMOD, .from = mode,
		.to = (mode & S_IFMT) | (ENTRY_ARGUMENT(regs, 1, unsigned int) & S_IALLUGO),
	};

	return begin_at(at, &attempt, KITH_AT_CHMOD);
}

/* chown_common(path, user, group): -1 stays as it is; ids are the caller's */
int kith_change_chown(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	const struct path *at = ENTRY_ARGUMENT(regs, 0, const struct path *);
	u32 user = ENTRY_ARGUMENT(regs, 1, unsigned int);
	u32 group = ENTRY_ARGUMENT(regs, 2, unsigned int);
	const struct inode *inode = d_inode(at->dentry);
	kuid_t uid = make_kuid(current_user_ns(), user);
	kgid_t gid = make_kgid(current_user_ns(), group);
	struct kith_attempt attempt = { .op = KITH_CHANGE_CHOWN };

	if (inode) {
		attempt.from = __kuid_val(inode->i_uid) | (u64)__kgid_val(inode->i_gid) << 32;
		if (user == (u32)-1)
			uid = inode->i_uid;
		if (group == (u32)-1)
			gid = inode->i_gid;
	}
	attempt.to = __kuid_val(uid) | (u64)__kgid_val(gid) << 32;
	return begin_at(at, &attempt, KITH_AT_CHOWN);
}

static int truncating(const struct path *at, loff_t size, u32 flags, enum kith_hook_index hook)
{
	const struct inode *inode = d_inode(at->dentry);
	struct kith_attempt attempt = {
		.op = KITH_CHANGE_TRUNCATE, .to = size, .flags = flags,
		.from = inode ? i_size_read(inode) : 0,
	};

	return begin_at(at, &attempt, hook);
}

/* vfs_truncate(path, length) */
int kith_change_truncate(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	return truncating(ENTRY_ARGUMENT(regs, 0, const struct path *),
			  ENTRY_ARGUMENT(regs, 1, loff_t), 0, KITH_AT_TRUNCATE);
}

/* do_ftruncate(file, length, small); before 6.11 do_sys_ftruncate(fd, length, small) */
int kith_change_ftruncate(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	const struct kith_hook *hook = kith_hook_get(KITH_AT_FTRUNCATE);
	bool by_number = hook->symbol == hook->instead;
	struct file *file = by_number ? fget(ENTRY_ARGUMENT(regs, 0, unsigned int)) :
					ENTRY_ARGUMENT(regs, 0, struct file *);
	int ret;

	if (!file)
		return 1;
	ret = truncating(&file->f_path, ENTRY_ARGUMENT(regs, 1, loff_t), KITH_CHANGE_BY_FD,
			 KITH_AT_FTRUNCATE);
	if (by_number)
		fput(file);
	return ret;
}

/* vfs_utimes(path, times): NULL is now */
int kith_change_utimes(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	const struct path *at = ENTRY_ARGUMENT(regs, 0, const struct path *);
	const struct timespec64 *times = ENTRY_ARGUMENT(regs, 1, const struct timespec64 *);
	struct kith_attempt attempt = { .op = KITH_CHANGE_UTIMES };

	if (times && times[1].tv_nsec != UTIME_NOW && times[1].tv_nsec != UTIME_OMIT)
		attempt.to = timespec64_to_ns(&times[1]);
	return begin_at(at, &attempt, KITH_AT_UTIMES);
}

/* overlayfs's own notes, as it copies a file for open(2). It acts as who has mounted it. */
static bool is_of_overlay(const char *name)
{
	return current_cred() != current_real_cred() &&
	       (!strncmp(name, "trusted.overlay.", 16) || !strncmp(name, "user.overlay.", 13));
}

/*
 * The mount is not known here: the one that current is in, if the file is of that file
 * system, else only the way from that one's root is.
 */
static int changing_xattr(struct pt_regs *regs, u32 op, enum kith_hook_index hook, u64 size)
{
	struct dentry *dentry = ENTRY_ARGUMENT(regs, KITH_XATTR_DENTRY, struct dentry *);
	struct kith_attempt attempt = {
		.op = op, .to = size, .text_kind = KITH_ITEM_XATTR,
		.text = ENTRY_ARGUMENT(regs, KITH_XATTR_DENTRY + 1, const char *),
	};
	struct path root, at = { .dentry = dentry };
	struct path cwd;
	int ret;

	if (!current->fs || is_of_overlay(attempt.text))
		return 1;
	rcu_read_lock();
	kith_fs_paths(current->fs, &root, &cwd);
	at.mnt = cwd.mnt->mnt_sb == dentry->d_sb ? cwd.mnt : root.mnt;
	if (at.mnt->mnt_sb != dentry->d_sb)
		attempt.flags |= KITH_CHANGE_ROOTLESS;
	ret = begin_at(&at, &attempt, hook);
	rcu_read_unlock();
	return ret;
}

/* vfs_setxattr([namespace,] dentry, name, value, size, flags) */
int kith_change_setxattr(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	return changing_xattr(regs, KITH_CHANGE_SETXATTR, KITH_AT_SETXATTR,
			      ENTRY_ARGUMENT(regs, KITH_XATTR_DENTRY + 3, size_t));
}

/* vfs_removexattr([namespace,] dentry, name) */
int kith_change_removexattr(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	return changing_xattr(regs, KITH_CHANGE_REMOVEXATTR, KITH_AT_REMOVEXATTR, 0);
}
