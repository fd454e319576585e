// SPDX-License-Identifier: GPL-2.0-only
/* A generator of records: everyday life of a server, and what happens besides. */
#include "synthetic.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILE_BITS = 17, STATES = 20000, ONE_IN = 400 /* plans is a story */ };

struct synthetic_step *synthetic_plan(struct synthetic *synthetic,
				      void (*put)(struct synthetic *,
						  const struct synthetic_step *),
				      uint64_t process, uint64_t other, uint64_t file)
{
	struct synthetic_step *step =
		&synthetic->plan[(synthetic->first + synthetic->planned++) %
				 SYNTHETIC_PLAN];

	*step = (struct synthetic_step){ .put = put,
					 .process = process,
					 .other = other,
					 .file = file,
					 .who = { .uid = 1000 } };
	step->number = (uint32_t)file;
	return step;
}

static uint64_t some_service(struct synthetic *synthetic)
{
	return synthetic->services[synthetic_pick(synthetic, synthetic->started)];
}

static uint64_t some_file(struct synthetic *synthetic)
{
	return 1 + synthetic_pick_some(synthetic, FILE_BITS);
}

static void plan_service(struct synthetic *synthetic)
{
	static const char *const roles[] = {
		[SYNTHETIC_SSHD] = "/usr/sbin/sshd",
		[SYNTHETIC_CONTAINERD] = "/usr/bin/containerd",
		[SYNTHETIC_REDIS] = "/usr/bin/redis-server",
		[SYNTHETIC_CRON] = "/usr/sbin/cron",
		[SYNTHETIC_MAKE] = "/usr/bin/make",
	};
	uint64_t service = synthetic_new_process(synthetic);
	struct synthetic_step *step;

	if (!synthetic->started) {
		step = synthetic_plan(synthetic, synthetic_cgroup, 0, 0, 0);
		step->text = "/system.slice/server.service";
	}
	synthetic_plan(synthetic, synthetic_fork, service, synthetic->init, 0);
	step = synthetic_plan(synthetic, synthetic_exec, service, synthetic->init, 0);
	if (synthetic->started < sizeof(roles) / sizeof(*roles))
		step->text = roles[synthetic->started];
	synthetic->services[synthetic->started++] = service;
}

/* A service has a command run, which uses a file or two, and tells it what came of that. */
static void plan_command(struct synthetic *synthetic)
{
	uint64_t service = some_service(synthetic),
		 command = synthetic_new_process(synthetic);
	struct synthetic_step *step;

	synthetic_plan(synthetic, synthetic_fork, command, service, 0);
	synthetic_plan(synthetic, synthetic_exec, command, service, 0);
	if (!synthetic_pick(synthetic, 8)) {
		step = synthetic_plan(synthetic, synthetic_credential, command, 0, 0);
		step->who.uid = 0;
		step->number = (uint32_t)(1000 + synthetic_pick(synthetic, 8));
	}
	if (synthetic_pick(synthetic, 2))
		synthetic_plan(synthetic, synthetic_access, command, service,
			       some_file(synthetic));
	if (synthetic_pick(synthetic, 2))
		synthetic_plan(synthetic, synthetic_access, command, 0,
			       some_file(synthetic));
	if (!synthetic_pick(synthetic, 3))
		synthetic_plan(synthetic, synthetic_pipe, command, service, 0);
	synthetic_plan(synthetic, synthetic_exit, command, 0, 0);
}

/* A file takes the place of another of that name, as is done with what is kept. */
static void plan_replacement(struct synthetic *synthetic, uint64_t process)
{
	const uint64_t file = (1u << FILE_BITS) + ++synthetic->file;
	const uint32_t name = (1u << FILE_BITS) + (uint32_t)(synthetic->file % STATES);

	synthetic_plan(synthetic, synthetic_access, process, 0, file)->number = name;
	synthetic_plan(synthetic, synthetic_rename, process, 0, file)->number = name;
}

/* Somebody asks a service, which asks another, and either writes down what it did. */
static void plan_request(struct synthetic *synthetic)
{
	const uint64_t which = synthetic_pick(synthetic, SYNTHETIC_SERVICES);
	uint64_t front = synthetic->services[which], back;

	/* each has some that it depends on */
	back = synthetic->services[(which + 1 + synthetic_pick_some(synthetic, 3)) %
				   SYNTHETIC_SERVICES];
	synthetic_plan(synthetic, synthetic_question, front, back, 0);
	if (synthetic_pick(synthetic, 2))
		synthetic_plan(synthetic, synthetic_access, back, front,
			       some_file(synthetic));
	if (!synthetic_pick(synthetic, 3))
		plan_replacement(synthetic, front);
	if (!synthetic_pick(synthetic, 20))
		synthetic_plan(synthetic, synthetic_dial, front, 0, 0)->number = 443;
	synthetic_plan(synthetic, synthetic_request, front, 0, 0)->number = 443;
}

static void put_next(struct synthetic *synthetic)
{
	struct synthetic_step step;

	if (!synthetic->planned) {
		if (synthetic->started < SYNTHETIC_SERVICES)
			plan_service(synthetic);
		else if (!synthetic_pick(synthetic, ONE_IN))
			synthetic_tell(synthetic);
		else if (synthetic_pick(synthetic, 2))
			plan_command(synthetic);
		else
			plan_request(synthetic);
	}
	step = synthetic->plan[synthetic->first];
	synthetic->first = (synthetic->first + 1) % SYNTHETIC_PLAN;
	synthetic->planned--;
	step.put(synthetic, &step);
	synthetic->left--;
}

static void begin_stream(struct synthetic *synthetic, struct stream_info *info)
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
	struct synthetic *synthetic = (struct synthetic *)source;
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
	for (i = 0; i < SYNTHETIC_BATCH && synthetic->left; i++)
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

static int synthetic_acknowledge(struct source *source, const uint32_t *seqs,
				 size_t rings)
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
	struct synthetic *synthetic = calloc(1, sizeof(*synthetic));

	if (!synthetic)
		return -ENOMEM;
	synthetic->source.operations = &operations;
	synthetic->left = count;
	synthetic->random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	synthetic->now = UINT64_C(60000000000);
	synthetic->init = synthetic_key(1000000000, 1);
	*source = &synthetic->source;
	return 0;
}
