// SPDX-License-Identifier: GPL-2.0-only
/* Paths as the kernel knows them, from the root of their mount namespace. */
#include "path.h"

#include "compat/fs.h"

#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/limits.h>
#include <linux/mount.h>
#include <linux/nsproxy.h>
#include <linux/sched/task.h>
#include <linux/string.h>

/*
 * d_path() stops at current's root directory. If that is a directory inside a
 * mount (chroot), the directory above it is outside, and d_path() of it goes
 * up to the root of the mount namespace. If it is a mount's own root, there is
 * no public way up; in another mount namespace than init's it is then taken
 * for the namespace's root, as containers have it.
 */
void kith_root_of_current(struct kith_root *root)
{
	struct path init_cwd;

	kith_fs_paths(current->fs, &root->path, &root->cwd);
	kith_fs_paths(kith_init_fs(), &root->init, &init_cwd);
	root->reachable = root->path.dentry != root->path.mnt->mnt_root;
	if (path_equal(&root->path, &root->init))
		root->chrooted = false;
	else if (root->reachable)
		root->chrooted = true;
	else
		root->chrooted = current->nsproxy->mnt_ns == init_task.nsproxy->mnt_ns;
}

struct kith_path kith_path_plain(const struct path *path, char *buffer)
{
	char *text = d_path(path, buffer, PATH_MAX);

	if (!IS_ERR(text))
		return (struct kith_path){ text, strlen(text) };
	/* Too long: its end is better than nothing. */
	snprintf(buffer, PATH_MAX, ".../%pd4%s", path->dentry,
		 d_unlinked(path->dentry) ? " (deleted)" : "");
	return (struct kith_path){ buffer, strlen(buffer) };
}

/* Put @text before @result, which ends at the end of @buffer. */
static bool prepend(struct kith_path *result, const char *buffer, const char *text)
{
	size_t length = strlen(text);

	if (length > (size_t)(result->text - buffer))
		return false;
	result->text -= length;
	result->length += length;
	memcpy((char *)result->text, text, length);
	return true;
}

static bool is_below(const struct path *path, const struct path *root)
{
	/* Most are of the same mount; else all of them have to be locked. */
	return (path->mnt == root->mnt && root->dentry == root->mnt->mnt_root) ||
	       path_is_under(path, root);
}

/*
 * Of what does not lie below current's root d_path() goes up as far as it gets: to the
 * root of all, or to that of a mount that is nowhere any more, and does not tell which.
 */
static bool is_adrift(const struct path *path, const struct kith_root *root)
{
	return !(path->mnt->mnt_sb->s_flags & SB_KERNMOUNT) && !is_below(path, &root->init);
}

struct kith_path kith_path_resolve(const struct path *path,
				   const struct kith_root *root, char *buffer,
				   char *spare)
{
	struct kith_path result = kith_path_plain(path, buffer);
	struct kith_path above;
	struct path parent;

	if (*result.text != '/')
		return result;
	if (unlikely(!is_below(path, &root->path))) {
		result.part = is_adrift(path, root);
		return result;
	}
	result.part = root->chrooted && !root->reachable;
	if (likely(!root->chrooted || !root->reachable))
		return result;
	if (result.length == 1) {
		/* The root itself: its slash would be left over at the end. */
		result.text++;
		result.length = 0;
	}
	snprintf(spare, PATH_MAX, "/%pd", root->path.dentry);
	if (!prepend(&result, buffer, spare))
		return (struct kith_path){};
	parent.mnt = root->path.mnt;
	parent.dentry = READ_ONCE(root->path.dentry->d_parent);
	above = kith_path_plain(&parent, spare);
	if (*above.text != '/')
		return result;
	if (above.length > 1 && !prepend(&result, buffer, above.text))
		return (struct kith_path){};
	return result;
}
