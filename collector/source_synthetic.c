// SPDX-License-Identifier: GPL-2.0-only
/*
 * A server's life made up, for measurements without a kernel: a few dozen services that
 * stay, commands that they start and that come and go, requests from outside which they
 * answer with the help of one another, and files that all of these use. The same seed gives
 * the same records.
 */
#include "source.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BATCH_RECORDS = 128,
	BATCH_BYTES = BATCH_RECORDS * 512,
	PROGRAMS = 300,
	SERVICES = 40,
	CLIENTS = 5000, /* other machines */
	FILES = 200000, /* that are used again and again */
	PLAN = 16,
};

struct synthetic_source;

#define STEP_NS UINT64_C(20000) /* from one record to the next */

/* What happens next, and to whom. */
struct step {
	void (*put)(struct synthetic_source *synthetic, const struct step *step);
	uint64_t process;
	uint64_t other; /* whom it talks to, or has its data from */
	uint64_t file;
};

struct synthetic_source {
	struct source source;
	uint64_t left;
	uint64_t random;
	uint64_t now;
	uint64_t number;
	uint64_t id; /* of the last conversation, pipe or access */
	uint64_t file; /* the last that was made */
	uint32_t seq;
	uint32_t pid;
	uint64_t init;
	uint64_t services[SERVICES];
	unsigned int started; /* of these */
	struct step plan[PLAN];
	unsigned int first, planned; /* of the plan: the next one, how many there are */
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

static uint32_t pid_of(uint64_t process)
{
	return (uint32_t)(process & ((1u << KITH_KEY_PID_BITS) - 1));
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
	record->tid = pid_of(process);
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

static uint64_t pick(struct synthetic_source *synthetic, uint64_t of)
{
	return draw(synthetic) % of;
}

static uint64_t some_service(struct synthetic_source *synthetic)
{
	return synthetic->services[pick(synthetic, synthetic->started)];
}

static uint64_t new_process(struct synthetic_source *synthetic)
{
	synthetic->pid = 1000 + (synthetic->pid + 1) % 30000;
	return key_of(synthetic->now, synthetic->pid);
}

/* `other` is the creator. */
static void put_fork(struct synthetic_source *synthetic, const struct step *step)
{
	struct kith_fork *fork = put(synthetic, KITH_RECORD_FORK, step->other, sizeof(*fork));

	fork->child = step->process;
	fork->parent = step->other;
	fork->start = synthetic->now;
	fork->cgroup = 40;
	fork->flags = 0x1200000;
	fork->pid = fork->ns_pid = pid_of(step->process);
	fork->uid = fork->euid = fork->gid = 1000;
	fork->known = KITH_FORK_FLAGS;
	finish(synthetic);
}

static void put_exec(struct synthetic_source *synthetic, const struct step *step)
{
	const struct kith_namespaces namespaces = { 1, 2, 3, 4, 5, 6, 7, 0 };
	struct kith_exec *exec = put(synthetic, KITH_RECORD_EXEC, step->process, sizeof(*exec));
	unsigned int program = (unsigned int)pick(synthetic, PROGRAMS);
	char exe[64], argv[96];
	int exe_size = snprintf(exe, sizeof(exe), "/usr/bin/program-%u", program);
	int argv_size = snprintf(argv, sizeof(argv), "program-%u%c--file%c/home/user/%llu%c",
				 program, 0, 0, (unsigned long long)pick(synthetic, 100000), 0);

	exec->image.parent = step->other;
	exec->image.cgroup = 40;
	exec->image.inode = 100000 + program;
	exec->image.device = 8 << 20 | 1;
	exec->image.mode = 0100755;
	exec->image.uid = exec->image.euid = exec->image.gid = exec->image.egid = 1000;
	exec->image.loginuid = 1000;
	exec->image.session = 3;
	exec->image.ns_pid = pid_of(step->process);
	exec->image.argv_size = (uint32_t)argv_size;
	exec->image.known = KITH_KNOWN_EXE | KITH_KNOWN_ARGV | KITH_KNOWN_ENV | KITH_KNOWN_CWD |
			    KITH_KNOWN_SCRIPT | KITH_KNOWN_NS | KITH_KNOWN_ROOT;
	add_item(synthetic, KITH_ITEM_EXE, exe, (size_t)exe_size);
	add_item(synthetic, KITH_ITEM_CWD, "/home/user", 10);
	add_item(synthetic, KITH_ITEM_NAMESPACES, &namespaces, sizeof(namespaces));
	add_item(synthetic, KITH_ITEM_ARGV, argv, (size_t)argv_size);
	finish(synthetic);
}

static void put_credential(struct synthetic_source *synthetic, const struct step *step)
{
	struct kith_credential_change *change =
		put(synthetic, KITH_RECORD_CREDENTIAL, step->process, sizeof(*change));

	change->cause = KITH_CAUSE_SETUID;
	change->count = 1;
	change->first = change->last = synthetic->now;
	change->from.uid = change->from.euid = 0;
	change->to.uid = change->to.euid = (uint32_t)(1000 + pick(synthetic, 8));
	finish(synthetic);
}

static void put_exit(struct synthetic_source *synthetic, const struct step *step)
{
	struct kith_exit *exit = put(synthetic, KITH_RECORD_EXIT, step->process, sizeof(*exit));

	exit->runtime_ns = 1000000 + pick(synthetic, 1000000);
	exit->max_rss = 4 << 20;
	exit->status = pick(synthetic, 10) ? 0 : 1 << 8;
	exit->plain_reads = 10 + pick(synthetic, 20);
	exit->plain_bytes = exit->plain_reads << 11;
	finish(synthetic);
}

static struct kith_file file_of(uint64_t number)
{
	return (struct kith_file){
		.inode = 200000 + number, .real_inode = 200000 + number,
		.device = 8 << 20 | 1, .real_device = 8 << 20 | 1,
		.generation = (uint32_t)(number * 2654435761u) | 1,
		.mode = 0100644, .owner = 1000, .kind = KITH_FILE_REGULAR,
	};
}

static void add_path(struct synthetic_source *synthetic, unsigned int kind, uint64_t file,
		     const char *suffix)
{
	char path[96];
	int size = snprintf(path, sizeof(path), "/srv/data/%03llu/part-%llu%s",
			    (unsigned long long)(file % 500), (unsigned long long)file, suffix);

	add_item(synthetic, kind, path, (size_t)size);
}

/* `other`: who has written the file, if it is read; 0: it is written. */
static void put_access(struct synthetic_source *synthetic, const struct step *step)
{
	struct kith_access *access = put(synthetic, KITH_RECORD_ACCESS, 0, sizeof(*access));
	uint64_t bytes = 1 + pick(synthetic, 65536);

	access->id = ++synthetic->id;
	access->user = step->process;
	access->first = synthetic->now - 3 * STEP_NS;
	access->last = synthetic->now - STEP_NS;
	access->file = file_of(step->file);
	access->flags = KITH_ACCESS_OVER;
	access->mntns = 1;
	if (step->other) {
		access->writer = step->other;
		access->reads = 1 + bytes / 4096;
		access->bytes_read = bytes;
		access->flags |= KITH_ACCESS_CHANGED;
	} else {
		access->writes = 1 + bytes / 4096;
		access->bytes_written = bytes;
	}
	add_path(synthetic, KITH_ITEM_PATH, step->file, "");
	finish(synthetic);
}

static void put_rename(struct synthetic_source *synthetic, const struct step *step)
{
	struct kith_change *change =
		put(synthetic, KITH_RECORD_CHANGE, step->process, sizeof(*change));

	change->first = change->last = synthetic->now;
	change->file = file_of(step->file);
	change->op = KITH_CHANGE_RENAME;
	change->count = 1;
	change->mntns = 1;
	add_path(synthetic, KITH_ITEM_PATH, step->file, ".tmp");
	add_path(synthetic, KITH_ITEM_NEW_PATH, step->file, "");
	finish(synthetic);
}

static void set_address(uint8_t *address, uint32_t number)
{
	memset(address + 10, 0xff, 2);
	address[12] = 10;
	address[13] = (uint8_t)(number >> 16);
	address[14] = (uint8_t)(number >> 8);
	address[15] = (uint8_t)number;
}

static void set_end(struct synthetic_source *synthetic, struct kith_connection *connection,
		    unsigned int side, uint64_t process)
{
	struct kith_end *end = &connection->ends[side], *other = &connection->ends[!side];

	end->process = end->opener = process;
	end->sent = 100 + pick(synthetic, side == KITH_SERVER ? 20000 : 400);
	end->netns = 3;
	other->received = end->sent;
	connection->flags |= side == KITH_SERVER ? KITH_CONNECTION_SERVER : KITH_CONNECTION_CLIENT;
}

static struct kith_connection *put_conversation(struct synthetic_source *synthetic,
						enum kith_protocol protocol)
{
	struct kith_connection *connection =
		put(synthetic, KITH_RECORD_CONNECTION, 0, sizeof(*connection));

	connection->id = ++synthetic->id;
	connection->started = synthetic->now - 4 * STEP_NS;
	connection->ended = synthetic->now;
	connection->protocol = (uint8_t)protocol;
	connection->flags = KITH_CONNECTION_ESTABLISHED;
	return connection;
}

/* Another machine asks the process. */
static void put_request(struct synthetic_source *synthetic, const struct step *step)
{
	struct kith_connection *connection = put_conversation(synthetic, KITH_PROTOCOL_TCP);
	struct kith_end *server = &connection->ends[KITH_SERVER];

	connection->client_isn = (uint32_t)draw(synthetic);
	connection->server_isn = (uint32_t)draw(synthetic);
	set_end(synthetic, connection, KITH_SERVER, step->process);
	server->received = 100 + pick(synthetic, 900);
	server->port = 443;
	server->peer_port = (uint16_t)(32768 + pick(synthetic, 28000));
	set_address(server->addr, 1);
	set_address(server->peer_addr, (uint32_t)(1000 + pick(synthetic, CLIENTS)));
	finish(synthetic);
}

/* And it asks another process of this one, over a Unix socket. */
static void put_question(struct synthetic_source *synthetic, const struct step *step)
{
	struct kith_connection *connection =
		put_conversation(synthetic, KITH_PROTOCOL_UNIX_STREAM);
	char name[32];
	int size = snprintf(name, sizeof(name), "/run/service-%u.sock", pid_of(step->other));

	set_end(synthetic, connection, KITH_CLIENT, step->process);
	set_end(synthetic, connection, KITH_SERVER, step->other);
	add_item(synthetic, KITH_ITEM_SOCKET_NAME, name, (size_t)size);
	finish(synthetic);
}

static void put_pipe(struct synthetic_source *synthetic, const struct step *step)
{
	struct kith_pipe *pipe = put(synthetic, KITH_RECORD_PIPE, 0, sizeof(*pipe));

	pipe->id = ++synthetic->id;
	pipe->started = synthetic->now - 2 * STEP_NS;
	pipe->ended = synthetic->now;
	pipe->writer = step->process;
	pipe->reader = step->other;
	pipe->written = pipe->read = 1 + pick(synthetic, 4096);
	pipe->inode = synthetic->id;
	pipe->device = 12;
	finish(synthetic);
}

static void plan(struct synthetic_source *synthetic,
		 void (*put_it)(struct synthetic_source *, const struct step *), uint64_t process,
		 uint64_t other, uint64_t file)
{
	synthetic->plan[(synthetic->first + synthetic->planned++) % PLAN] =
		(struct step){ put_it, process, other, file };
}

static void plan_service(struct synthetic_source *synthetic)
{
	uint64_t service = new_process(synthetic);

	plan(synthetic, put_fork, service, synthetic->init, 0);
	plan(synthetic, put_exec, service, synthetic->init, 0);
	synthetic->services[synthetic->started++] = service;
}

static uint64_t some_file(struct synthetic_source *synthetic)
{
	return 1 + pick(synthetic, FILES);
}

/* A service has a command run, which uses a file or two, and tells it what came of that. */
static void plan_command(struct synthetic_source *synthetic)
{
	uint64_t service = some_service(synthetic), command = new_process(synthetic);

	plan(synthetic, put_fork, command, service, 0);
	plan(synthetic, put_exec, command, service, 0);
	if (!pick(synthetic, 8))
		plan(synthetic, put_credential, command, 0, 0);
	if (pick(synthetic, 2))
		plan(synthetic, put_access, command, service, some_file(synthetic));
	if (pick(synthetic, 2))
		plan(synthetic, put_access, command, 0, some_file(synthetic));
	if (!pick(synthetic, 3))
		plan(synthetic, put_pipe, command, service, 0);
	plan(synthetic, put_exit, command, 0, 0);
}

/* Somebody asks a service, which asks another, and either writes down what it did. */
static void plan_request(struct synthetic_source *synthetic)
{
	uint64_t front = some_service(synthetic), back = some_service(synthetic);
	uint64_t file = FILES + ++synthetic->file;

	plan(synthetic, put_question, front, back, 0);
	if (pick(synthetic, 2))
		plan(synthetic, put_access, back, front, some_file(synthetic));
	if (!pick(synthetic, 3)) {
		plan(synthetic, put_access, front, 0, file);
		plan(synthetic, put_rename, front, 0, file);
	}
	plan(synthetic, put_request, front, 0, 0);
}

static void put_next(struct synthetic_source *synthetic)
{
	struct step step;

	if (!synthetic->planned) {
		if (synthetic->started < SERVICES)
			plan_service(synthetic);
		else if (pick(synthetic, 2))
			plan_command(synthetic);
		else
			plan_request(synthetic);
	}
	step = synthetic->plan[synthetic->first];
	synthetic->first = (synthetic->first + 1) % PLAN;
	synthetic->planned--;
	step.put(synthetic, &step);
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
	synthetic->init = key_of(1000000000, 1);
	*source = &synthetic->source;
	return 0;
}
