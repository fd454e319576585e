/* SPDX-License-Identifier: GPL-2.0-only */
/* What a process runs, as whom and where: the body of EXEC and PROCESS. */
#ifndef _KITH_IMAGE_H
#define _KITH_IMAGE_H

#include <kith/uapi.h>
#include <linux/fs.h>
#include <linux/mm_types.h>
#include <linux/sched.h>

struct kith_env {
	size_t size;	/* bytes selected into the buffer */
	bool truncated; /* not all was searched, or something did not fit */
	bool known;	/* the environment could be read at all */
	unsigned int candidates; /* names looked at more closely */
};

void kith_image_init(void);

/* Context: RCU read section. */
void kith_image_namespaces(struct kith_namespaces *ns, const struct task_struct *task);
u32 kith_image_mnt_ns(const struct task_struct *task);

/* All of @image but file, argv and env sizes, cgroup, flags of the latter. */
void kith_image_fill(struct kith_image *image, struct task_struct *task,
		     const struct cred *cred);

/* Identity of the file, and what its nature says. */
void kith_image_file(struct kith_image *image, const struct file *file);

/* The bytes of argv that the policy keeps; the sizes go to @image. */
size_t kith_image_argv_size(struct kith_image *image, const struct mm_struct *mm);

/*
 * Select the variables worth keeping from current's environment into @text.
 * Context: preemption off or a kernel thread using @mm.
 */
struct kith_env kith_image_env(const struct mm_struct *mm, char *text, size_t size);

/* Put argv as the last item of a record. Return: KITH_KNOWN_ARGV or 0. */
struct kith_writer;
u32 kith_image_put_argv(struct kith_writer *writer, const struct mm_struct *mm,
			size_t size, u32 *flags);

#endif
