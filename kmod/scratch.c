// SPDX-License-Identifier: GPL-2.0-only
/* Per-CPU buffers for paths and strings on their way into a record. */
#include "scratch.h"

#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/slab.h>

static DEFINE_PER_CPU(struct kith_scratch *, scratch);

struct kith_scratch *kith_scratch(void)
{
	return this_cpu_read(scratch);
}

int kith_scratch_init(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		per_cpu(scratch, cpu) = kvmalloc_node(sizeof(struct kith_scratch),
						      GFP_KERNEL, cpu_to_node(cpu));
		if (!per_cpu(scratch, cpu)) {
			kith_scratch_exit();
			return -ENOMEM;
		}
	}
	return 0;
}

void kith_scratch_exit(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		kvfree(per_cpu(scratch, cpu));
		per_cpu(scratch, cpu) = NULL;
	}
}
