// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records of processes that come and go, for measurements without a kernel: a
 * shell forks, its child execs one of a few hundred programs, some children
 * change credentials, all exit. The same seed gives the same records.
 */
#include "source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BATCH_RECORDS = 128,
	BATCH_BYTES = BATCH_RECORDS * 512,
	PROGRAMS = 300,
	STEP_NS = 20000,
};

struct synthetic_source {
	struct source source;
	uint64_t left;
	uint64_t random;
	uint64_t now;
	uint64_t number;
	uint32_t seq;
	uint32_t pid;
	uint64_t shell;
	uint64_t child;
	unsigned int step; /* of the present child */
	bool begun;
	size_t used;
	_Alignas(8) char buffer[BATCH_BYTES];
};

/* xorshift64*, Vigna 2014 */
static uint64_t draw(struct synthetic_source *synthetic)
{
	uint64_t x = synthetic->random;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	synthetic->random = x;
	return x * UINT64_C(2685821657736338717);
}

static uint64_t key_of(uint64_t start, uint32_t pid)
{
	return (start >> KITH_KEY_SHIFT) << KITH_KEY_PID_BITS | pid;
}

/* Begin a record. Return: its body, zeroed. */
static void *put(struct synthetic_source *synthetic, unsigned int type, uint64_t process,
		 size_t body)
{
	struct kith_record *record = (struct kith_record *)(synthetic->buffer + synthetic->used);

	memset(record, 0, sizeof(*record) + body);
	record->size = (uint16_t)(sizeof(*record) + body);
	record->type = (uint8_t)type;
	record->items = (uint8_t)(record->size / 8);
	record->seq = ++synthetic->seq;
	record->ts = synthetic->now;
	record->process = process;
	record->tid = (uint32_t)(process & ((1u << KITH_KEY_PID_BITS) - 1));
	return record + 1;
}

static void add_item(struct synthetic_source *synthetic, unsigned int kind, const void *data,
		     size_t size)
{
	struct kith_record *record = (struct kith_record *)(synthetic->buffer + synthetic->used);
	struct kith_item item = { (uint16_t)kind, (uint16_t)size };
	char *at = (char *)record + record->size;

	memset(at, 0, sizeof(item) + size + 4);
	memcpy(at, &item, sizeof(item));
	memcpy(at + sizeof(item), data, size);
	record->size = (uint16_t)(record->size + sizeof(item) + ((size + 3) & ~(size_t)3));
}

static void finish(struct synthetic_source *synthetic)
{
	struct kith_record *record = (struct kith_record *)(synthetic->buffer + synthetic->used);

	memset((char *)record + record->size, 0, 8);
	record->size = (uint16_t)((record->size + 7) & ~7);
	synthetic->used += record->size;
	synthetic->now += STEP_NS;
}

static void put_fork(struct synthetic_source *synthetic)
{
	struct kith_fork *fork = put(synthetic, KITH_RECORD_FORK, synthetic->shell, sizeof(*fork));

	synthetic->pid = 1000 + (synthetic->pid + 1) % 30000;
	synthetic->child = key_of(synthetic->now, synthetic->pid);
	fork->child = synthetic->child;
	fork->parent = synthetic->shell;
	fork->start = synthetic->now;
	fork->cgroup = 40;
	fork->flags = 0x1200000;
	fork->pid = synthetic->pid;
	fork->ns_pid = synthetic->pid;
	fork->uid = fork->euid = fork->gid = 1000;
	fork->known = KITH_FORK_FLAGS;
	finish(synthetic);
}

static void put_exec(struct synthetic_source *synthetic)
{
	const struct kith_namespaces namespaces = { 1, 2, 3, 4, 5, 6, 7, 0 };
	struct kith_exec *exec =
		put(synthetic, KITH_RECORD_EXEC, synthetic->child, sizeof(*exec));
	unsigned int program = (unsigned int)(draw(synthetic) % PROGRAMS);
	char exe[64], argv[96];
	int exe_size = snprintf(exe, sizeof(exe), "/usr/bin/program-%u", program);
	int argv_size = snprintf(argv, sizeof(argv), "program-%u%c--file%c/home/user/%llu%c",
				 program, 0, 0,
				 (unsigned long long)(draw(synthetic) % 100000), 0);

	exec->image.parent = synthetic->shell;
	exec->image.cgroup = 40;
	exec->image.inode = 100000 + program;
	exec->image.device = 8 << 20 | 1;
	exec->image.mode = 0100755;
	exec->image.uid = exec->image.euid = exec->image.gid = exec->image.egid = 1000;
	exec->image.loginuid = 1000;
	exec->image.session = 3;
	exec->image.ns_pid = synthetic->pid;
	exec->image.argv_size = (uint32_t)argv_size;
	exec->image.known = KITH_KNOWN_EXE | KITH_KNOWN_ARGV | KITH_KNOWN_ENV | KITH_KNOWN_CWD |
			    KITH_KNOWN_SCRIPT | KITH_KNOWN_NS | KITH_KNOWN_ROOT;
	add_item(synthetic, KITH_ITEM_EXE, exe, (size_t)exe_size);
	add_item(synthetic, KITH_ITEM_CWD, "/home/user", 10);
	add_item(synthetic, KITH_ITEM_NAMESPACES, &namespaces, sizeof(namespaces));
	add_item(synthetic, KITH_ITEM_ARGV, argv, (size_t)argv_size);
	finish(synthetic);
}

static void put_credential(struct synthetic_source *synthetic)
{
	struct kith_credential_change *change =
		put(synthetic, KITH_RECORD_CREDENTIAL, synthetic->child, sizeof(*change));

	change->cause = KITH_CAUSE_SETUID;
	change->count = 1;
	change->first = change->last = synthetic->now;
	change->from.uid = change->from.euid = 0;
	change->to.uid = change->to.euid = (uint32_t)(1000 + draw(synthetic) % 8);
	finish(synthetic);
}

static void put_exit(struct synthetic_source *synthetic)
{
	struct kith_exit *exit =
		put(synthetic, KITH_RECORD_EXIT, synthetic->child, sizeof(*exit));

	exit->runtime_ns = 1000000 + draw(synthetic) % 1000000;
	exit->max_rss = 4 << 20;
	exit->status = draw(synthetic) % 10 ? 0 : 1 << 8;
	finish(synthetic);
}

/* The next step of the present child: born, exec'ed, perhaps another user, dead. */
static void put_next(struct synthetic_source *synthetic)
{
	switch (synthetic->step++) {
	case 0:
		put_fork(synthetic);
		break;
	case 1:
		put_exec(synthetic);
		break;
	case 2:
		if (draw(synthetic) % 8 == 0) {
			put_credential(synthetic);
			break;
		}
		/* fall through */
	default:
		put_exit(synthetic);
		synthetic->step = 0;
	}
	synthetic->left--;
}

static void begin_stream(struct synthetic_source *synthetic, struct stream_info *info)
{
	*info = (struct stream_info){
		.version = "synthetic",
		.load = synthetic->random | 1,
		.loaded_ns = synthetic->now,
		.boot_ns = (int64_t)synthetic->now,
		.real_ns = (int64_t)synthetic->now + INT64_C(1700000000000000000),
		.rings = 2,
	};
	snprintf(info->boot, sizeof(info->boot), "00000000-0000-4000-8000-%012llx",
		 (unsigned long long)(synthetic->random & 0xffffffffffff));
	synthetic->begun = true;
}

static int synthetic_next(struct source *source, int timeout, struct source_event *event)
{
	struct synthetic_source *synthetic = (struct synthetic_source *)source;
	unsigned int i;

	(void)timeout;
	*event = (struct source_event){ .kind = SOURCE_END };
	if (!synthetic->begun) {
		event->kind = SOURCE_STREAM;
		begin_stream(synthetic, &event->info);
		return 0;
	}
	if (!synthetic->left)
		return 0;
	synthetic->used = 0;
	for (i = 0; i < BATCH_RECORDS && synthetic->left; i++)
		put_next(synthetic);
	event->kind = SOURCE_BATCH;
	event->batch = (struct kith_batch){
		.number = ++synthetic->number,
		.boot_ns = synthetic->now,
		.real_ns = synthetic->now + UINT64_C(1700000000000000000),
		.records = i,
		.bytes = (uint32_t)synthetic->used,
	};
	event->data = synthetic->buffer;
	event->size = synthetic->used;
	return 0;
}

static int synthetic_start(struct source *source, const uint32_t *seqs, size_t rings)
{
	(void)source, (void)seqs, (void)rings;
	return 0;
}

static int synthetic_acknowledge(struct source *source, const uint32_t *seqs, size_t rings)
{
	(void)source, (void)seqs, (void)rings;
	return 0;
}

static void synthetic_restart(struct source *source)
{
	(void)source;
}

static int synthetic_descriptor(const struct source *source)
{
	(void)source;
	return -1;
}

static void synthetic_close(struct source *source)
{
	free(source);
}

static const struct source_operations operations = {
	.next = synthetic_next,
	.start = synthetic_start,
	.acknowledge = synthetic_acknowledge,
	.restart = synthetic_restart,
	.descriptor = synthetic_descriptor,
	.close = synthetic_close,
};

int source_synthetic_open(struct source **source, uint64_t count, uint64_t seed)
{
	struct synthetic_source *synthetic = calloc(1, sizeof(*synthetic));

	if (!synthetic)
		return -ENOMEM;
	synthetic->source.operations = &operations;
	synthetic->left = count;
	synthetic->random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	synthetic->now = UINT64_C(60000000000);
	synthetic->shell = key_of(1000000000, 900);
	*source = &synthetic->source;
	return 0;
}
