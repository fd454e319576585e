// SPDX-License-Identifier: GPL-2.0-only
/* What is done to a file is worth a line of its own, or not. */
#include "worth.h"

#include "account.h"
#include "image.h"
#include "object.h"
#include "path.h"
#include "policy.h"
#include "scratch.h"

#include <linux/fs.h>

enum { SECRETS_MAX = 256 /* sensitive files of a process that have a line each */ };

/* Its name, as current finds it. */
static struct kith_path resolve(const struct file *file, u32 *flags)
{
	struct kith_scratch *scratch = kith_scratch();
	struct kith_path path;
	struct kith_root root;

	kith_root_of_current(&root);
	path = kith_path_resolve(&file->f_path, &root, scratch->path[0], scratch->path[1]);
	if (path.part)
		*flags |= KITH_ACCESS_ROOTLESS;
	return path;
}

/* Not everybody may read it. */
static bool is_private(const struct kith_file *id)
{
	return !(id->mode & 0004);
}

/* What reading it is worth: see file.h of the wire. */
static enum kith_worth worth_of(const struct kith_file *id, const struct kith_path *path)
{
	if (id->kind == KITH_FILE_BLOCK)
		return KITH_WORTH_SECRET;
	if (kith_policy_is_secret(path->text, path->length))
		return KITH_WORTH_SECRET;
	if (id->kind == KITH_FILE_PSEUDO)
		return KITH_WORTH_PLAIN;
	if (is_private(id) && id->kind == KITH_FILE_REGULAR)
		return KITH_WORTH_SECRET;
	if (id->owner || id->mode & 0022)
		return KITH_WORTH_USUAL;
	return kith_policy_is_plain(path->text, path->length) ? KITH_WORTH_PLAIN :
								KITH_WORTH_USUAL;
}

/* What current begins to do with a file. */
struct use {
	struct kith_account *account;
	const struct file *file;
	struct kith_file id;
	struct kith_object object;
	struct kith_path path; /* if it is resolved */
	u32 flags;
};

static void name(struct use *use)
{
	if (!use->path.text)
		use->path = resolve(use->file, &use->flags);
}

static void judge(struct use *use)
{
	use->object = kith_object_look(&use->id, use->file);
	if (use->object.worth != KITH_WORTH_UNKNOWN)
		return;
	name(use);
	use->object.worth = worth_of(&use->id, &use->path);
	kith_object_learn(&use->id, &use->object);
}

static u32 marks_of(const struct use *use)
{
	u32 flags = 0;

	if (use->object.written)
		flags |= KITH_ACCESS_CHANGED;
	if (use->object.worth == KITH_WORTH_SECRET)
		flags |= KITH_ACCESS_SENSITIVE;
	if (!file_inode(use->file)->i_nlink && use->id.kind == KITH_FILE_REGULAR)
		flags |= KITH_ACCESS_UNLINKED;
	return flags;
}

static struct kith_line *obtain(struct use *use, enum kith_line_kind kind)
{
	struct kith_line_of of = { .kind = kind, .file = &use->id, .flags = use->flags };
	struct kith_line *line;

	if (kind != KITH_LINE_PLAIN && use->object.writer != use->account->process)
		of.writer = use->object.writer;
	line = kith_line_find(use->account, &of);
	if (line)
		return line;
	if (kind != KITH_LINE_PLAIN) {
		name(use);
		of.path = use->path.text;
		of.path_size = use->path.length;
		of.flags = use->flags;
		of.mntns = kith_image_mnt_ns(current);
	}
	if (kind != KITH_LINE_FILE)
		of.flags &= KITH_ACCESS_ROOTLESS;
	else
		of.flags |= marks_of(use);
	return kith_line_obtain(use->account, &of);
}

/* How many files have a line each is limited. */
static enum kith_line_kind kind_for_reading(const struct kith_account *account,
					    const struct kith_object *object, u32 flags)
{
	if (object->worth == KITH_WORTH_SECRET)
		return account->secrets < SECRETS_MAX ? KITH_LINE_FILE : KITH_LINE_WRITER;
	if (object->worth == KITH_WORTH_PLAIN && !object->written)
		return KITH_LINE_PLAIN;
	if (flags & KITH_ACCESS_EXECUTABLE ||
	    account->reads < READ_ONCE(kith_policy.file_reads))
		return KITH_LINE_FILE;
	return KITH_LINE_WRITER;
}

/* A line for the file, or one that it shares with others. */
static struct kith_line *line_for_reading(struct use *use)
{
	struct kith_line_of of = { .kind = KITH_LINE_FILE, .file = &use->id };
	struct kith_line *line = kith_line_find(use->account, &of);
	enum kith_line_kind kind;

	if (line)
		return line;
	judge(use);
	kind = kind_for_reading(use->account, &use->object, use->flags);
	if (kind == KITH_LINE_FILE && use->object.worth == KITH_WORTH_SECRET)
		use->account->secrets++;
	else if (kind == KITH_LINE_FILE && !(use->flags & KITH_ACCESS_EXECUTABLE))
		use->account->reads++;
	line = obtain(use, kind);
	if (line && kind != KITH_LINE_FILE)
		atomic64_inc(&line->files);
	return line;
}

static struct kith_line *line_for_writing(struct use *use)
{
	struct kith_line_of of = { .kind = KITH_LINE_FILE, .file = &use->id };
	struct kith_line *line = kith_line_find(use->account, &of);

	if (!line) {
		judge(use);
		line = obtain(use, KITH_LINE_FILE);
	}
	kith_object_written(&use->id, use->account->process);
	return line;
}

struct kith_line *kith_worth_line(struct kith_account *account, const struct file *file,
				  enum kith_file_way way, u32 flags)
{
	struct use use = { .account = account, .file = file, .flags = flags };

	kith_object_identify(&use.id, file);
	return way == KITH_FILE_WRITE ? line_for_writing(&use) : line_for_reading(&use);
}

bool kith_worth_joins(const struct kith_account *account, const struct file *file,
		      struct kith_line *line)
{
	const struct inode *inode = file_inode(file);
	const struct kith_file id = { .real_inode = inode->i_ino,
				      .real_device = kith_object_device(inode),
				      .generation = inode->i_generation,
				      .mode = inode->i_mode,
				      .owner = __kuid_val(inode->i_uid) };
	const struct kith_line_of of = { .kind = KITH_LINE_FILE, .file = &id };
	struct kith_object object;
	struct kith_line *own;

	if (line->kind == KITH_LINE_FILE)
		return false;
	object = kith_object_look(&id, file);
	if (object.worth == KITH_WORTH_UNKNOWN ||
	    line->kind != kind_for_reading(account, &object, 0))
		return false;
	if (line->kind == KITH_LINE_PLAIN || object.writer == account->process)
		object.writer = 0;
	if (line->writer != object.writer)
		return false;
	own = kith_line_is_likely(account, &of) ? kith_line_find(account, &of) : NULL;
	if (own) {
		kith_line_put(own);
		return false;
	}
	atomic64_inc(&line->files);
	return true;
}

bool kith_worth_is_plain(const struct file *file)
{
	struct kith_object object;
	struct kith_file id;

	kith_object_identify(&id, file);
	object = kith_object_look(&id, file);
	return object.worth == KITH_WORTH_PLAIN && !object.written;
}
