/* SPDX-License-Identifier: GPL-2.0-only */
/* What an administrator may change while the module runs. */
#ifndef _KITH_POLICY_H
#define _KITH_POLICY_H

#include <kith/uapi.h>
#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/types.h>

/* Each field is read alone, with READ_ONCE(): there is no order among them. */
struct kith_policy {
	u32 argv_max; /* bytes */
	u32 batch_ms;
	u32 sweep_ms;
	u32 classes; /* bit per enum kith_class */
	u32 file_reads;
};

extern struct kith_policy kith_policy;

static inline bool kith_policy_wants(enum kith_class class)
{
	return READ_ONCE(kith_policy.classes) & BIT(class);
}

enum kith_path_list { KITH_PATHS_PLAIN, KITH_PATHS_SECRET, KITH_PATHS };

/*
 * @texts: prefixes of paths, with ':' between them; NULL: those stay. -ERANGE if a value
 * is out of its bounds, -ENOMEM; then nothing changes. Context: process, one at a time.
 */
int kith_policy_set(const struct kith_policy *policy, const char *const texts[KITH_PATHS]);

/* One of them; at most @size bytes. Context: as above. */
size_t kith_policy_paths(enum kith_path_list list, char *text, size_t size);

/* Context: RCU read section. */
bool kith_policy_is_plain(const char *path, size_t size);
bool kith_policy_is_secret(const char *path, size_t size);

void kith_policy_exit(void);

#endif
