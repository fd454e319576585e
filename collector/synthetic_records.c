// SPDX-License-Identifier: GPL-2.0-only
/* The records of a life that is made up. */
#include "synthetic.h"

#include <stdio.h>
#include <string.h>

enum { PROGRAM_BITS = 9, ARGUMENT_BITS = 13, CLIENT_BITS = 13, HOST_CGROUP = 40 };

/* As the first one's of a host is, /proc/1/ns/mnt. */
#define MNTNS 4026531841u

#define STEP_NS SYNTHETIC_STEP_NS

/* xorshift64*, Vigna 2014 */
uint64_t synthetic_draw(struct synthetic *synthetic)
{
	uint64_t x = synthetic->random;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	synthetic->random = x;
	return x * UINT64_C(2685821657736338717);
}

uint64_t synthetic_pick(struct synthetic *synthetic, uint64_t of)
{
	return synthetic_draw(synthetic) % of;
}

uint64_t synthetic_pick_some(struct synthetic *synthetic, unsigned int bits)
{
	const uint64_t octave = UINT64_C(1) << synthetic_pick(synthetic, bits);

	return octave + synthetic_pick(synthetic, octave) - 1;
}

uint64_t synthetic_key(uint64_t start, uint32_t pid)
{
	return (start >> KITH_KEY_SHIFT) << KITH_KEY_PID_BITS | pid;
}

static uint32_t pid_of(uint64_t process)
{
	return (uint32_t)(process & ((1u << KITH_KEY_PID_BITS) - 1));
}

/* It is born in the next step of the plan. */
uint64_t synthetic_new_process(struct synthetic *synthetic)
{
	synthetic->pid = 1000 + (synthetic->pid + 1) % 30000;
	return synthetic_key(synthetic->now + synthetic->planned * STEP_NS,
			     synthetic->pid);
}

/* Begin a record. Return: its body, zeroed. */
static void *begin(struct synthetic *synthetic, unsigned int type, uint64_t process,
		   size_t body)
{
	struct kith_record *record =
		(struct kith_record *)(synthetic->buffer + synthetic->used);

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

static void add_item(struct synthetic *synthetic, unsigned int kind, const void *data,
		     size_t size)
{
	struct kith_record *record =
		(struct kith_record *)(synthetic->buffer + synthetic->used);
	struct kith_item item = { (uint16_t)kind, (uint16_t)size };
	char *at = (char *)record + record->size;

	memset(at, 0, sizeof(item) + size + 4);
	memcpy(at, &item, sizeof(item));
	memcpy(at + sizeof(item), data, size);
	record->size =
		(uint16_t)(record->size + sizeof(item) + ((size + 3) & ~(size_t)3));
}

static void add_text(struct synthetic *synthetic, unsigned int kind, const char *text)
{
	add_item(synthetic, kind, text, strlen(text));
}

static void finish(struct synthetic *synthetic)
{
	struct kith_record *record =
		(struct kith_record *)(synthetic->buffer + synthetic->used);

	memset((char *)record + record->size, 0, 8);
	record->size = (uint16_t)((record->size + 7) & ~7);
	synthetic->used += record->size;
	synthetic->now += STEP_NS;
}

/* Its text, and its number behind a hyphen if it has one. */
static const char *name_of(const struct synthetic_step *step, char *name, size_t size)
{
	if (step->number)
		snprintf(name, size, "%s-%u", step->text, step->number);
	else
		snprintf(name, size, "%s", step->text);
	return name;
}

static struct kith_file file_of(uint64_t number)
{
	return (struct kith_file){
		.inode = 200000 + number,
		.real_inode = 200000 + number,
		.device = 8 << 20 | 1,
		.real_device = 8 << 20 | 1,
		.generation = (uint32_t)(number * 2654435761u) | 1,
		.mode = 0100644,
		.owner = 1000,
		.kind = KITH_FILE_REGULAR,
	};
}

static uint64_t cgroup_of(const struct synthetic_step *step)
{
	return step->who.cgroup ? step->who.cgroup : HOST_CGROUP;
}

/* `other` is the creator. */
void synthetic_fork(struct synthetic *synthetic, const struct synthetic_step *step)
{
	struct kith_fork *fork =
		begin(synthetic, KITH_RECORD_FORK, step->other, sizeof(*fork));

	fork->child = step->process;
	fork->parent = step->other;
	fork->start = synthetic->now;
	fork->cgroup = cgroup_of(step);
	fork->flags = 0x1200000;
	fork->pid = fork->ns_pid = pid_of(step->process);
	fork->uid = fork->euid = fork->gid = step->who.uid;
	fork->known = KITH_FORK_FLAGS;
	finish(synthetic);
}

static void fill_image(struct kith_image *image, const struct synthetic_step *step)
{
	image->parent = step->other;
	image->cgroup = cgroup_of(step);
	image->device = 8 << 20 | 1;
	image->mode = 0100755;
	image->uid = image->euid = image->gid = image->egid = step->who.uid;
	image->loginuid = step->who.session ? 1000 + step->who.session % 8 : UINT32_MAX;
	image->session = step->who.session ? step->who.session : UINT32_MAX;
	image->ns_pid = pid_of(step->process);
	image->known = KITH_KNOWN_EXE | KITH_KNOWN_ARGV | KITH_KNOWN_ENV |
		       KITH_KNOWN_CWD | KITH_KNOWN_SCRIPT | KITH_KNOWN_NS |
		       KITH_KNOWN_ROOT;
}

/* Of a program that has a name of its own. */
static unsigned int number_of(const char *text)
{
	unsigned int number = 0;

	while (*text)
		number = number * 31 + (unsigned char)*text++;
	return 1000 + number % 100000;
}

/* `text` is the program, `more` a script; `file` what it is, if it is none of the system. */
void synthetic_exec(struct synthetic *synthetic, const struct synthetic_step *step)
{
	const struct kith_namespaces namespaces = { 1, 2, 3, 4, 5, 6, 7, 0 };
	struct kith_exec *exec =
		begin(synthetic, KITH_RECORD_EXEC, step->process, sizeof(*exec));
	unsigned int program = (unsigned int)synthetic_pick_some(synthetic, PROGRAM_BITS);
	struct kith_file file = file_of(step->file);
	char exe[64], argv[160];
	int size;

	if (step->text) {
		name_of(step, exe, sizeof(exe));
		program = number_of(step->text);
		size = snprintf(argv, sizeof(argv), "%s%c%s%c", exe, 0,
				step->more ? step->more : "-v", 0);
	} else {
		snprintf(exe, sizeof(exe), "/usr/bin/program-%u", program);
		size = snprintf(
			argv, sizeof(argv), "program-%u%c--file%c/home/user/%u%c",
			program, 0, 0,
			(unsigned int)synthetic_pick_some(synthetic, ARGUMENT_BITS), 0);
	}
	fill_image(&exec->image, step);
	exec->image.inode = step->file ? file.inode : 100000 + program;
	exec->image.argv_size = (uint32_t)size;
	if (!step->file) {
		file = file_of(0);
		file.inode = file.real_inode = exec->image.inode;
	}
	add_text(synthetic, KITH_ITEM_EXE, exe);
	add_text(synthetic, KITH_ITEM_CWD, "/home/user");
	if (step->more)
		add_text(synthetic, KITH_ITEM_SCRIPT, step->more);
	add_item(synthetic, KITH_ITEM_NAMESPACES, &namespaces, sizeof(namespaces));
	add_item(synthetic, KITH_ITEM_ARGV, argv, (size_t)size);
	add_item(synthetic, KITH_ITEM_FILE, &file, sizeof(file));
	finish(synthetic);
}

/* To `number`, from the user that it is of; by nothing that explains it: that is `text`. */
void synthetic_credential(struct synthetic *synthetic, const struct synthetic_step *step)
{
	struct kith_credential_change *change =
		begin(synthetic, KITH_RECORD_CREDENTIAL, step->process, sizeof(*change));

	change->cause = step->who.uid ? KITH_CAUSE_EXEC_SETUID : KITH_CAUSE_SETUID;
	change->count = 1;
	change->first = change->last = synthetic->now;
	change->from.uid = change->from.euid = step->who.uid;
	change->to.uid = change->to.euid = step->number;
	if (step->text) {
		change->cause = KITH_CAUSE_NONE;
		change->flags = KITH_CREDENTIAL_UNEXPLAINED;
	}
	finish(synthetic);
}

void synthetic_exit(struct synthetic *synthetic, const struct synthetic_step *step)
{
	struct kith_exit *exit =
		begin(synthetic, KITH_RECORD_EXIT, step->process, sizeof(*exit));

	exit->runtime_ns = 1000000 + synthetic_pick(synthetic, 1000000);
	exit->max_rss = 4 << 20;
	exit->status = synthetic_pick(synthetic, 10) ? 0 : 1 << 8;
	exit->plain_reads = 10 + synthetic_pick(synthetic, 20);
	exit->plain_bytes = exit->plain_reads << 11;
	finish(synthetic);
}

/* `text` and `number` are its path. */
void synthetic_cgroup(struct synthetic *synthetic, const struct synthetic_step *step)
{
	struct kith_cgroup *cgroup =
		begin(synthetic, KITH_RECORD_CGROUP, 0, sizeof(*cgroup));
	char path[128];

	cgroup->id = cgroup_of(step);
	if (step->number)
		snprintf(path, sizeof(path), "%s-%08x%056u.scope", step->text,
			 step->number * 2654435761u, step->number);
	else
		snprintf(path, sizeof(path), "%s", step->text);
	add_text(synthetic, KITH_ITEM_CGROUP, path);
	finish(synthetic);
}

static void add_path(struct synthetic *synthetic, unsigned int kind,
		     const struct synthetic_step *step, const char *suffix)
{
	char path[96], name[64];

	if (step->text)
		snprintf(path, sizeof(path), "%s%s", name_of(step, name, sizeof(name)),
			 suffix);
	else
		snprintf(path, sizeof(path), "/srv/data/%03u/part-%u%s",
			 step->number % 500, step->number, suffix);
	add_text(synthetic, kind, path);
}

static bool is_secret(const struct synthetic_step *step)
{
	return step->text && !strcmp(step->text, "/etc/shadow");
}

/* `other`: who has written the file, if it is read; 0: it is written, unless it is secret. */
void synthetic_access(struct synthetic *synthetic, const struct synthetic_step *step)
{
	struct kith_access *access =
		begin(synthetic, KITH_RECORD_ACCESS, 0, sizeof(*access));
	uint64_t bytes = 1 + synthetic_pick(synthetic, 65536);

	access->id = ++synthetic->id;
	access->user = step->process;
	access->first = synthetic->now - 3 * STEP_NS;
	access->last = synthetic->now - STEP_NS;
	access->file = file_of(step->file);
	access->flags = KITH_ACCESS_OVER;
	access->mntns = MNTNS;
	if (step->other || is_secret(step)) {
		access->writer = step->other;
		access->reads = 1 + bytes / 4096;
		access->bytes_read = bytes;
		access->flags |=
			is_secret(step) ? KITH_ACCESS_SENSITIVE : KITH_ACCESS_CHANGED;
	} else {
		access->writes = 1 + bytes / 4096;
		access->bytes_written = bytes;
		access->flags |= step->text ? KITH_ACCESS_CREATED : 0;
	}
	add_path(synthetic, KITH_ITEM_PATH, step, "");
	finish(synthetic);
}

void synthetic_rename(struct synthetic *synthetic, const struct synthetic_step *step)
{
	struct kith_change *change =
		begin(synthetic, KITH_RECORD_CHANGE, step->process, sizeof(*change));

	change->first = change->last = synthetic->now;
	change->file = file_of(step->file);
	change->op = KITH_CHANGE_RENAME;
	change->count = 1;
	change->mntns = MNTNS;
	add_path(synthetic, KITH_ITEM_PATH, step, ".tmp");
	add_path(synthetic, KITH_ITEM_NEW_PATH, step, "");
	finish(synthetic);
}

static void set_address(uint8_t *address, uint32_t number)
{
	memset(address + 10, 0xff, 2);
	address[12] = (uint8_t)(number >> 24);
	address[13] = (uint8_t)(number >> 16);
	address[14] = (uint8_t)(number >> 8);
	address[15] = (uint8_t)number;
}

static void set_end(struct synthetic *synthetic, struct kith_connection *connection,
		    unsigned int side, uint64_t process)
{
	struct kith_end *end = &connection->ends[side], *other = &connection->ends[!side];

	end->process = end->opener = process;
	end->sent = 100 + synthetic_pick(synthetic, side == KITH_SERVER ? 20000 : 400);
	end->netns = 3;
	other->received = end->sent;
	connection->flags |=
		side == KITH_SERVER ? KITH_CONNECTION_SERVER : KITH_CONNECTION_CLIENT;
}

static struct kith_connection *begin_conversation(struct synthetic *synthetic,
						  enum kith_protocol protocol)
{
	struct kith_connection *connection =
		begin(synthetic, KITH_RECORD_CONNECTION, 0, sizeof(*connection));

	connection->id = ++synthetic->id;
	connection->started = synthetic->now - 4 * STEP_NS;
	connection->ended = synthetic->now;
	connection->protocol = (uint8_t)protocol;
	connection->flags = KITH_CONNECTION_ESTABLISHED;
	if (protocol == KITH_PROTOCOL_TCP) {
		connection->client_isn = (uint32_t)synthetic_draw(synthetic);
		connection->server_isn = (uint32_t)synthetic_draw(synthetic);
	}
	return connection;
}

static void set_port(struct kith_connection *connection, struct synthetic *synthetic,
		     unsigned int server_port)
{
	struct kith_end *client = &connection->ends[KITH_CLIENT];
	struct kith_end *server = &connection->ends[KITH_SERVER];

	client->port = server->peer_port =
		(uint16_t)(32768 + synthetic_pick(synthetic, 28000));
	client->peer_port = server->port = (uint16_t)server_port;
}

/* Another machine asks the process, at port `number`. */
void synthetic_request(struct synthetic *synthetic, const struct synthetic_step *step)
{
	const uint32_t client =
		10u << 24 | (uint32_t)synthetic_pick_some(synthetic, CLIENT_BITS);
	struct kith_connection *connection =
		begin_conversation(synthetic, KITH_PROTOCOL_TCP);
	struct kith_end *server = &connection->ends[KITH_SERVER];

	set_end(synthetic, connection, KITH_SERVER, step->process);
	set_port(connection, synthetic, step->number);
	server->received = 100 + synthetic_pick(synthetic, 900);
	set_address(server->addr, 10u << 24 | 1);
	set_address(server->peer_addr, client + 1000);
	connection->ends[KITH_CLIENT] = (struct kith_end){ .process = 0 };
	finish(synthetic);
}

/* It asks another machine, of 203.0.0.0/8; or `other` on this host, at port `number`. */
void synthetic_dial(struct synthetic *synthetic, const struct synthetic_step *step)
{
	const uint32_t server =
		203u << 24 | (uint32_t)synthetic_pick_some(synthetic, CLIENT_BITS);
	struct kith_connection *connection =
		begin_conversation(synthetic, KITH_PROTOCOL_TCP);
	struct kith_end *ends = connection->ends;
	const uint32_t peer = step->other ? 10u << 24 | 1 : server;

	set_end(synthetic, connection, KITH_CLIENT, step->process);
	if (step->other)
		set_end(synthetic, connection, KITH_SERVER, step->other);
	set_port(connection, synthetic, step->number);
	ends[KITH_CLIENT].received = 100 + synthetic_pick(synthetic, 9000);
	set_address(ends[KITH_CLIENT].addr, 10u << 24 | 1);
	set_address(ends[KITH_CLIENT].peer_addr, peer);
	if (step->other) {
		ends[KITH_SERVER].sent = ends[KITH_CLIENT].received;
		set_address(ends[KITH_SERVER].addr, peer);
		set_address(ends[KITH_SERVER].peer_addr, 10u << 24 | 1);
	} else {
		ends[KITH_SERVER] = (struct kith_end){ .process = 0 };
	}
	finish(synthetic);
}

/* And it asks another process of this one, over a Unix socket. */
void synthetic_question(struct synthetic *synthetic, const struct synthetic_step *step)
{
	struct kith_connection *connection =
		begin_conversation(synthetic, KITH_PROTOCOL_UNIX_STREAM);
	char name[32];

	set_end(synthetic, connection, KITH_CLIENT, step->process);
	set_end(synthetic, connection, KITH_SERVER, step->other);
	snprintf(name, sizeof(name), "/run/service-%u.sock", pid_of(step->other));
	add_text(synthetic, KITH_ITEM_SOCKET_NAME, name);
	finish(synthetic);
}

void synthetic_pipe(struct synthetic *synthetic, const struct synthetic_step *step)
{
	struct kith_pipe *pipe = begin(synthetic, KITH_RECORD_PIPE, 0, sizeof(*pipe));

	pipe->id = ++synthetic->id;
	pipe->started = synthetic->now - 2 * STEP_NS;
	pipe->ended = synthetic->now;
	pipe->writer = step->process;
	pipe->reader = step->other;
	pipe->written = pipe->read = 1 + synthetic_pick(synthetic, 4096);
	pipe->inode = synthetic->id;
	pipe->device = 12;
	finish(synthetic);
}
