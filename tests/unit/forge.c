// SPDX-License-Identifier: GPL-2.0-only
/* Records made by hand. */
#include "forge.h"

#include <arpa/inet.h>
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { ANYBODY = 1000, CGROUP = 7 };

/* Those of a machine that has just booted. */
static const uint32_t netns_of_host = 4026531840;
static const uint32_t mntns_of_host = 4026531832; /* of Linux 7; 4026531841 until then */

static const uint32_t everything = KITH_KNOWN_EXE | KITH_KNOWN_ARGV | KITH_KNOWN_ENV |
				   KITH_KNOWN_CWD | KITH_KNOWN_SCRIPT | KITH_KNOWN_NS |
				   KITH_KNOWN_ROOT;

uint64_t forge_key(uint64_t start, uint32_t pid)
{
	return start / 16384 % (UINT64_C(1) << 41) << 22 | pid;
}

static uint32_t pid_of(uint64_t key)
{
	return (uint32_t)(key & 0x3fffff);
}

void forge_clear(struct forge *forge)
{
	forge->used = 0;
}

struct kith_record *forge_last(struct forge *forge)
{
	return (struct kith_record *)(forge->data + forge->last);
}

void *forge_record(struct forge *forge, unsigned int type, uint64_t process, size_t body)
{
	struct kith_record *record = (struct kith_record *)(forge->data + forge->used);
	size_t size = (sizeof(*record) + body + 7) & ~(size_t)7;

	assert(forge->used + size <= FORGE_BYTES);
	memset(record, 0, size);
	record->size = (uint16_t)size;
	record->type = (uint8_t)type;
	record->items = (uint8_t)(size / 8);
	record->ring = KITH_NO_RING;
	if (forge->ring < FORGE_RINGS) {
		record->ring = (uint16_t)forge->ring;
		record->seq = ++forge->seqs[forge->ring];
	}
	record->tid = pid_of(process);
	record->ts = forge->now;
	record->process = process;
	forge->now += FORGE_STEP_NS;
	forge->last = forge->used;
	forge->used += size;
	return record + 1;
}

/*
 * Items begin at multiples of 4, records end at multiples of 8: a word of zeros
 * between two items would end them, so where one is it has to move back.
 */
void forge_item(struct forge *forge, unsigned int kind, const void *data, size_t size)
{
	struct kith_record *record = forge_last(forge);
	struct kith_item item;
	size_t at = (size_t)record->items * 8, end;

	for (;; at += sizeof(item) + ((item.size + 3u) & ~3u)) {
		if (at + sizeof(item) > record->size)
			break;
		memcpy(&item, (char *)record + at, sizeof(item));
		if (item.kind == KITH_ITEM_END)
			break;
	}
	end = (at + sizeof(item) + size + 7) & ~(size_t)7;
	assert(end <= KITH_RECORD_MAX_SIZE && forge->last + end <= FORGE_BYTES);
	item = (struct kith_item){ (uint16_t)kind, (uint16_t)size };
	memset((char *)record + at, 0, end - at);
	memcpy((char *)record + at, &item, sizeof(item));
	if (size)
		memcpy((char *)record + at + sizeof(item), data, size);
	record->size = (uint16_t)end;
	forge->used = forge->last + end;
}

void forge_text(struct forge *forge, unsigned int kind, const char *text)
{
	forge_item(forge, kind, text, strlen(text));
}

struct kith_fork *forge_fork(struct forge *forge, uint64_t creator, uint64_t child)
{
	struct kith_fork *fork = forge_record(forge, KITH_RECORD_FORK, creator, sizeof(*fork));

	fork->child = child;
	fork->parent = creator;
	fork->start = forge_last(forge)->ts;
	fork->cgroup = CGROUP;
	fork->pid = pid_of(child);
	fork->ns_pid = fork->pid;
	fork->uid = ANYBODY;
	fork->euid = ANYBODY;
	fork->gid = ANYBODY;
	return fork;
}

static void fill_image(struct kith_image *image, uint64_t process, uint64_t parent)
{
	image->parent = parent;
	image->cgroup = CGROUP;
	image->inode = 4711;
	image->device = 8 << 20 | 1;
	image->mode = 0100755;
	image->uid = ANYBODY;
	image->euid = ANYBODY;
	image->gid = ANYBODY;
	image->egid = ANYBODY;
	image->loginuid = ANYBODY;
	image->session = 3;
	image->ns_pid = pid_of(process);
	image->known = everything;
}

struct kith_image *forge_exec(struct forge *forge, uint64_t process, uint64_t parent,
			      const char *exe, const char *argv, size_t argv_size)
{
	struct kith_exec *exec = forge_record(forge, KITH_RECORD_EXEC, process, sizeof(*exec));

	fill_image(&exec->image, process, parent);
	exec->image.argv_size = (uint32_t)argv_size;
	forge_text(forge, KITH_ITEM_EXE, exe);
	if (argv_size)
		forge_item(forge, KITH_ITEM_ARGV, argv, argv_size);
	return &exec->image;
}

struct kith_exec_failed *forge_exec_failed(struct forge *forge, uint64_t process, int error,
					   const char *filename)
{
	struct kith_exec_failed *failed =
		forge_record(forge, KITH_RECORD_EXEC_FAILED, process, sizeof(*failed));

	failed->error = error;
	failed->known = KITH_KNOWN_EXE | KITH_KNOWN_ARGV;
	failed->uid = ANYBODY;
	failed->euid = ANYBODY;
	forge_text(forge, KITH_ITEM_FILENAME, filename);
	return failed;
}

struct kith_exit *forge_exit(struct forge *forge, uint64_t process, uint32_t status)
{
	struct kith_exit *exit = forge_record(forge, KITH_RECORD_EXIT, process, sizeof(*exit));

	exit->status = status;
	return exit;
}

static struct kith_credential credential_of(uint32_t id)
{
	return (struct kith_credential){ .uid = id,	.gid = id,   .suid = id,
					 .sgid = id,	.euid = id,  .egid = id,
					 .fsuid = id,	.fsgid = id, .userns = 4026531837,
					 .cap_bounding = 0x1ff };
}

struct kith_credential_change *forge_credential(struct forge *forge, uint64_t process,
						unsigned int cause, uint32_t from,
						uint32_t to)
{
	struct kith_credential_change *change =
		forge_record(forge, KITH_RECORD_CREDENTIAL, process, sizeof(*change));

	change->cause = cause;
	change->count = 1;
	change->first = forge_last(forge)->ts;
	change->last = change->first;
	change->from = credential_of(from);
	change->to = credential_of(to);
	return change;
}

void forge_cgroup(struct forge *forge, uint64_t id, const char *path)
{
	struct kith_cgroup *cgroup =
		forge_record(forge, KITH_RECORD_CGROUP, 0, sizeof(*cgroup));

	cgroup->id = id;
	if (path)
		forge_text(forge, KITH_ITEM_CGROUP, path);
}

void forge_attach(struct forge *forge, uint64_t mover, uint64_t target, uint64_t cgroup)
{
	struct kith_cgroup_attach *attach =
		forge_record(forge, KITH_RECORD_CGROUP_ATTACH, mover, sizeof(*attach));

	attach->target = target;
	attach->cgroup = cgroup;
}

struct kith_sensor *forge_sensor(struct forge *forge, unsigned int event, const char *detail)
{
	struct kith_sensor *sensor =
		forge_record(forge, KITH_RECORD_SENSOR, 0, sizeof(*sensor));

	sensor->event = event;
	if (detail)
		forge_text(forge, KITH_ITEM_DETAIL, detail);
	return sensor;
}

struct kith_loss *forge_loss(struct forge *forge, unsigned int cpu, unsigned int class_,
			     unsigned int cause, uint64_t total)
{
	unsigned int ring = forge->ring;
	struct kith_loss *loss;

	forge->ring = KITH_NO_RING;
	loss = forge_record(forge, KITH_RECORD_LOSS, 0, sizeof(*loss));
	forge->ring = ring;
	loss->cpu = (uint16_t)cpu;
	loss->class_ = (uint8_t)class_;
	loss->cause = (uint8_t)cause;
	loss->total = total;
	loss->first = forge_last(forge)->ts;
	loss->last = loss->first;
	return loss;
}

struct kith_process *forge_process(struct forge *forge, uint64_t process, uint64_t parent,
				   const char *exe)
{
	unsigned int ring = forge->ring;
	struct kith_process *body;

	forge->ring = KITH_NO_RING;
	body = forge_record(forge, KITH_RECORD_PROCESS, process, sizeof(*body));
	forge->ring = ring;
	forge_last(forge)->tid = 0;
	fill_image(&body->image, process, parent);
	body->start = process >> 22 << 14;
	body->pid = pid_of(process);
	if (exe)
		forge_text(forge, KITH_ITEM_EXE, exe);
	forge_text(forge, KITH_ITEM_CGROUP, "/system.slice/thing.service");
	return body;
}

void forge_address(uint8_t *address, const char *text)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (inet_pton(AF_INET6, text, address) == 1)
		return;
	memcpy(address, mapped, sizeof(mapped));
	if (inet_pton(AF_INET, text, address + sizeof(mapped)) != 1)
		assert(!"an address");
}

static struct kith_end end_of(uint64_t process, const char *addr, uint16_t port,
			      const char *peer_addr, uint16_t peer_port)
{
	struct kith_end end = {
		.process = process,
		.opener = process,
		.port = port,
		.peer_port = peer_port,
		.netns = netns_of_host,
	};

	forge_address(end.addr, addr);
	forge_address(end.peer_addr, peer_addr);
	return end;
}

struct kith_connection *forge_connection(struct forge *forge, uint64_t id, uint64_t client,
					 uint64_t server)
{
	struct kith_connection *body =
		forge_record(forge, KITH_RECORD_CONNECTION, 0, sizeof(*body));

	body->id = id;
	body->started = forge_last(forge)->ts - FORGE_STEP_NS;
	body->ended = forge_last(forge)->ts;
	body->client_isn = (uint32_t)(3000000000u + id);
	body->server_isn = (uint32_t)(4000000000u + id);
	body->protocol = KITH_PROTOCOL_TCP;
	body->flags = KITH_CONNECTION_CLIENT | KITH_CONNECTION_SERVER |
		      KITH_CONNECTION_ESTABLISHED;
	body->ends[KITH_CLIENT] = end_of(client, "10.0.0.1", 40000, "10.0.0.2", 80);
	body->ends[KITH_SERVER] = end_of(server, "10.0.0.2", 80, "10.0.0.1", 40000);
	body->ends[KITH_CLIENT].sent = 100;
	body->ends[KITH_CLIENT].received = 2000;
	body->ends[KITH_SERVER].sent = 2000;
	body->ends[KITH_SERVER].received = 100;
	return body;
}

void forge_one_end(struct forge *forge, unsigned int side)
{
	struct kith_connection *body = (struct kith_connection *)(forge_last(forge) + 1);
	const unsigned int other = side == KITH_CLIENT ? KITH_SERVER : KITH_CLIENT;

	body->ends[other] = (struct kith_end){ .process = 0 };
	body->flags &= (uint8_t)~(KITH_CONNECTION_CLIENT | KITH_CONNECTION_SERVER);
	body->flags |= side == KITH_CLIENT ? KITH_CONNECTION_CLIENT : KITH_CONNECTION_SERVER;
}

struct kith_listener *forge_listener(struct forge *forge, uint64_t id, uint64_t process)
{
	struct kith_listener *body =
		forge_record(forge, KITH_RECORD_LISTENER, 0, sizeof(*body));

	body->id = id;
	body->process = process;
	body->started = forge_last(forge)->ts - FORGE_STEP_NS;
	forge_address(body->addr, "10.0.0.2");
	body->port = 80;
	body->protocol = KITH_PROTOCOL_TCP;
	body->netns = netns_of_host;
	return body;
}

struct kith_use *forge_use(struct forge *forge, uint64_t id, unsigned int side, uint64_t user)
{
	struct kith_use *body = forge_record(forge, KITH_RECORD_USE, 0, sizeof(*body));

	body->id = id;
	body->user = user;
	body->sent = 7;
	body->received = 8;
	body->first = forge_last(forge)->ts - FORGE_STEP_NS;
	body->last = forge_last(forge)->ts;
	body->side = side;
	return body;
}

struct kith_connection *forge_unix(struct forge *forge, uint64_t id, unsigned int protocol,
				   struct slice name)
{
	struct kith_connection *body = forge_connection(forge, id, 0, 0);
	unsigned int side;

	body->protocol = (uint8_t)protocol;
	body->client_isn = 0;
	body->server_isn = 0;
	for (side = KITH_CLIENT; side < KITH_SIDES; side++) {
		struct kith_end *end = &body->ends[side];

		memset(end->addr, 0, sizeof(end->addr));
		memset(end->peer_addr, 0, sizeof(end->peer_addr));
		end->port = 0;
		end->peer_port = 0;
	}
	if (name.size)
		forge_item(forge, KITH_ITEM_SOCKET_NAME, name.data, name.size);
	return body;
}

void forge_datagrams(struct forge *forge, uint64_t to_server, uint64_t to_client)
{
	const struct kith_datagrams datagrams = {
		.sent = { [KITH_CLIENT] = to_server, [KITH_SERVER] = to_client },
		.received = { [KITH_SERVER] = to_server, [KITH_CLIENT] = to_client },
	};

	forge_item(forge, KITH_ITEM_DATAGRAMS, &datagrams, sizeof(datagrams));
}

struct kith_pipe *forge_pipe(struct forge *forge, uint64_t id, uint64_t writer,
			     uint64_t reader)
{
	struct kith_pipe *body = forge_record(forge, KITH_RECORD_PIPE, 0, sizeof(*body));

	body->id = id;
	body->started = forge_last(forge)->ts - FORGE_STEP_NS;
	body->ended = forge_last(forge)->ts;
	body->writer = writer;
	body->reader = reader;
	body->written = 4096;
	body->read = 4000;
	body->inode = 70000 + id;
	body->device = 13;
	return body;
}

struct kith_pipe *forge_fifo(struct forge *forge, uint64_t id, uint64_t writer,
			     uint64_t reader, const char *path)
{
	struct kith_pipe *body = forge_pipe(forge, id, writer, reader);

	body->flags = KITH_PIPE_FIFO;
	forge_text(forge, KITH_ITEM_PATH, path);
	return body;
}

void forge_pipe_use(struct forge *forge, uint64_t id, uint64_t user, uint64_t written,
		    uint64_t read)
{
	struct kith_use *use = forge_use(forge, id, 0, user);

	use->sent = written;
	use->received = read;
}

struct kith_socket_made *forge_made(struct forge *forge, uint64_t process, uint32_t family,
				    uint32_t type, uint32_t protocol)
{
	struct kith_socket_made *body =
		forge_record(forge, KITH_RECORD_SOCKET, process, sizeof(*body));

	body->first = forge_last(forge)->ts - FORGE_STEP_NS;
	body->last = forge_last(forge)->ts;
	body->count = 1;
	body->family = family;
	body->type = type;
	body->protocol = protocol;
	return body;
}

struct kith_file forge_file(uint64_t inode)
{
	return (struct kith_file){
		.inode = inode,
		.real_inode = inode,
		.device = 8 << 20 | 1,
		.real_device = 8 << 20 | 1,
		.generation = 1,
		.mode = 0100644,
		.owner = ANYBODY,
		.kind = KITH_FILE_REGULAR,
	};
}

static const char *path_of(uint64_t inode)
{
	static char path[32];

	snprintf(path, sizeof(path), "/f/%" PRIu64, inode);
	return path;
}

struct kith_access *forge_access_of(struct forge *forge, uint64_t id, uint64_t user,
				    struct kith_file file, const char *path)
{
	struct kith_access *body = forge_record(forge, KITH_RECORD_ACCESS, 0, sizeof(*body));

	body->id = id;
	body->user = user;
	body->first = forge_last(forge)->ts - FORGE_STEP_NS;
	body->last = forge_last(forge)->ts;
	body->file = file;
	body->mntns = mntns_of_host;
	if (path)
		forge_text(forge, KITH_ITEM_PATH, path);
	return body;
}

struct kith_access *forge_access(struct forge *forge, uint64_t id, uint64_t user,
				 uint64_t inode)
{
	return forge_access_of(forge, id, user, forge_file(inode), path_of(inode));
}

struct kith_access *forge_write(struct forge *forge, uint64_t id, uint64_t user,
				uint64_t inode, uint64_t bytes)
{
	struct kith_access *body = forge_access(forge, id, user, inode);

	body->writes = 1;
	body->bytes_written = bytes;
	body->flags = KITH_ACCESS_OVER;
	return body;
}

struct kith_access *forge_read(struct forge *forge, uint64_t id, uint64_t user, uint64_t inode,
			       uint64_t bytes)
{
	struct kith_access *body = forge_access(forge, id, user, inode);

	body->reads = 1;
	body->bytes_read = bytes;
	body->flags = KITH_ACCESS_OVER;
	return body;
}

struct kith_reads *forge_reads(struct forge *forge, uint64_t id, uint64_t user,
			       uint64_t writer, uint64_t inode)
{
	struct kith_reads *body = forge_record(forge, KITH_RECORD_READS, 0, sizeof(*body));

	body->id = id;
	body->user = user;
	body->writer = writer;
	body->first = forge_last(forge)->ts - FORGE_STEP_NS;
	body->last = forge_last(forge)->ts;
	body->files = 3;
	body->reads = 4;
	body->bytes_read = 5000;
	body->file = forge_file(inode);
	body->flags = KITH_ACCESS_OVER;
	body->mntns = mntns_of_host;
	forge_text(forge, KITH_ITEM_PATH, path_of(inode));
	return body;
}

struct kith_change *forge_change(struct forge *forge, uint64_t process, unsigned int op,
				 uint64_t inode)
{
	struct kith_change *body =
		forge_record(forge, KITH_RECORD_CHANGE, process, sizeof(*body));

	body->first = forge_last(forge)->ts;
	body->last = body->first;
	body->op = op;
	body->count = 1;
	body->mntns = mntns_of_host;
	if (inode) {
		body->file = forge_file(inode);
		forge_text(forge, KITH_ITEM_PATH, path_of(inode));
	}
	return body;
}

struct kith_control *forge_control(struct forge *forge, uint64_t process, unsigned int op,
				   uint64_t target, const char *path)
{
	struct kith_control *body =
		forge_record(forge, KITH_RECORD_CONTROL, process, sizeof(*body));

	body->target = target;
	body->op = op;
	if (path)
		forge_text(forge, KITH_ITEM_PATH, path);
	return body;
}
