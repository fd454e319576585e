/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The module's commands, but for those of the hot path. Functions return 0 or a
 * negative errno: -ENOENT the module is not loaded, -EPERM no CAP_NET_ADMIN.
 */
#ifndef KITH_CONTROL_H
#define KITH_CONTROL_H

#include <kith/uapi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct control;

int control_open(struct control **result);
void control_close(struct control *control);

/* Number of the generic netlink family. */
int control_family(const struct control *control);

struct control_info {
	uint32_t abi;
	char version[32];
	uint64_t load;
	uint64_t loaded_ns;
	uint64_t boot_ns;
	uint64_t real_ns;
	uint32_t rings;
	uint32_t ring_high_bytes;
	uint32_t ring_low_bytes;
	uint32_t subscriber;
	uint32_t tasks;
	uint32_t tasks_max;
	uint64_t untracked;
	uint32_t health;
	uint32_t sockets;
	uint32_t sockets_max; /* 0: the module does not watch sockets */
};
int control_info(struct control *control, struct control_info *info);

/* Of an older module the last classes are not told: nothing of them. */
struct control_counters {
	struct kith_counters classes[KITH_CLASSES];
};
int control_stats(struct control *control, struct control_counters *counters);

/* As the module counts. */
static inline uint64_t control_lost(const struct kith_counters *counters)
{
	uint64_t sum = 0;
	unsigned int cause;

	for (cause = 0; cause < KITH_LOSS_CAUSES; cause++)
		sum += counters->lost[cause];
	return sum;
}

/* @positions: malloc()ed, the caller frees them. @counters: or NULL. */
int control_flush(struct control *control, struct kith_position **positions, size_t *count,
		  struct control_counters *counters);

/* Fields that are UINT32_MAX are left as they are. */
struct control_policy {
	uint32_t argv_max;
	uint32_t batch_ms;
	uint32_t sweep_ms;
	uint32_t classes;
	bool files; /* the module knows of files: what follows is of them */
	uint32_t file_reads;
	char plain_paths[KITH_POLICY_FILE_PATHS_SIZE];
	char secret_paths[KITH_POLICY_FILE_PATHS_SIZE];
};
int control_policy_get(struct control *control, struct control_policy *policy);
int control_policy_set(struct control *control, const struct control_policy *policy);

struct control_hook {
	const char *event;
	const char *symbol;
	const char *loses;
	uint32_t kind; /* enum kith_hook_kind */
	bool required;
	int error;
	uint64_t hits;
	uint64_t missed;
};
int control_hooks(struct control *control,
		  int (*take)(void *context, const struct control_hook *hook),
		  void *context);

/* PROCESS records, as many as come in one message. */
int control_processes(struct control *control,
		      int (*take)(void *context, const void *records, size_t size),
		      void *context);

/* The same, CONNECTION, USE and LISTENER; of an older module none. */
int control_sockets(struct control *control,
		    int (*take)(void *context, const void *records, size_t size),
		    void *context);

#endif
