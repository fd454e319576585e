/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records made by hand, as the module would send them. They are put end to end
 * into one buffer; forge.now is the time of the next one.
 */
#ifndef KITH_FORGE_H
#define KITH_FORGE_H

#include "record.h"

#include <kith/uapi.h>
#include <stddef.h>
#include <stdint.h>

enum { FORGE_BYTES = 256 << 10, FORGE_RINGS = 4, FORGE_STEP_NS = 1000 };

struct forge {
	_Alignas(8) char data[FORGE_BYTES];
	size_t used;
	size_t last; /* where the last record begins */
	uint64_t now;
	unsigned int ring; /* of the next record */
	uint32_t seqs[FORGE_RINGS];
};

/* Key of the process that started at @start, CLOCK_BOOTTIME, as @pid. */
uint64_t forge_key(uint64_t start, uint32_t pid);

/* Forget the records; go on numbering. */
void forge_clear(struct forge *forge);

/* A record without items. Return: its body, zeroed. */
void *forge_record(struct forge *forge, unsigned int type, uint64_t process, size_t body);
struct kith_record *forge_last(struct forge *forge);

/* Put an item behind the last record. */
void forge_item(struct forge *forge, unsigned int kind, const void *data, size_t size);
void forge_text(struct forge *forge, unsigned int kind, const char *text);

/* uid, gid and the like are 1000, the cgroup is 7. */
struct kith_fork *forge_fork(struct forge *forge, uint64_t creator, uint64_t child);

/*
 * @argv: strings, each ended by \0 but for the last one, whose NUL the compiler
 * adds: "ls\0-l". Everything is known.
 */
struct kith_image *forge_exec(struct forge *forge, uint64_t process, uint64_t parent,
			      const char *exe, const char *argv, size_t argv_size);
#define FORGE_EXEC(forge, process, parent, exe, argv) \
	forge_exec(forge, process, parent, exe, argv, sizeof(argv))

struct kith_exec_failed *forge_exec_failed(struct forge *forge, uint64_t process, int error,
					   const char *filename);
struct kith_exit *forge_exit(struct forge *forge, uint64_t process, uint32_t status);

/* From everything @from to everything @to. */
struct kith_credential_change *forge_credential(struct forge *forge, uint64_t process,
						unsigned int cause, uint32_t from,
						uint32_t to);
void forge_cgroup(struct forge *forge, uint64_t id, const char *path);
void forge_attach(struct forge *forge, uint64_t mover, uint64_t target, uint64_t cgroup);
struct kith_sensor *forge_sensor(struct forge *forge, unsigned int event, const char *detail);
struct kith_loss *forge_loss(struct forge *forge, unsigned int cpu, unsigned int class_,
			     unsigned int cause, uint64_t total);

/* A live process, for the dump. The key gives its pid and start. */
struct kith_process *forge_process(struct forge *forge, uint64_t process, uint64_t parent,
				   const char *exe);

/* The text of an address as the wire has it. */
void forge_address(uint8_t *address, const char *text);

/*
 * Conversation @id, over since the record before: established, both ends known, from
 * 10.0.0.1:40000 to 10.0.0.2:80, 100 bytes there and 2000 back. Who opened an end uses it.
 */
struct kith_connection *forge_connection(struct forge *forge, uint64_t id, uint64_t client,
					 uint64_t server);

/* Only the end on @side of the last one is known. */
void forge_one_end(struct forge *forge, unsigned int side);

/* On 10.0.0.2:80, since the record before. */
struct kith_listener *forge_listener(struct forge *forge, uint64_t id, uint64_t process);
struct kith_use *forge_use(struct forge *forge, uint64_t id, unsigned int side, uint64_t user);

/* As forge_connection(), but between Unix sockets; @name, if it has bytes, is the server's. */
struct kith_connection *forge_unix(struct forge *forge, uint64_t id, unsigned int protocol,
				   struct slice name);
#define FORGE_NAME(text) ((struct slice){ text, sizeof(text) - 1 })

/* How many datagrams the last conversation has: each end counts its own. */
void forge_datagrams(struct forge *forge, uint64_t to_server, uint64_t to_client);

/* Over since the record before; 4096 bytes have been written, and 4000 read. */
struct kith_pipe *forge_pipe(struct forge *forge, uint64_t id, uint64_t writer,
			     uint64_t reader);
struct kith_pipe *forge_fifo(struct forge *forge, uint64_t id, uint64_t writer,
			     uint64_t reader, const char *path);

/* So much of a pipe, by one of several. */
void forge_pipe_use(struct forge *forge, uint64_t id, uint64_t user, uint64_t written,
		    uint64_t read);

/* One socket, since the record before. */
struct kith_socket_made *forge_made(struct forge *forge, uint64_t process, uint32_t family,
				    uint32_t type, uint32_t protocol);
/* A regular file of this inode, with generation 1, on device 8:1. */
struct kith_file forge_file(uint64_t inode);

/*
 * All that @user did with the file of @inode, of one step that ended just now: nothing yet.
 * Its path is /f/INODE.
 */
struct kith_access *forge_access(struct forge *forge, uint64_t id, uint64_t user,
				 uint64_t inode);
struct kith_access *forge_access_of(struct forge *forge, uint64_t id, uint64_t user,
				    struct kith_file file, const char *path);

/* The same: 1 write, or read, of so many bytes; it is over. */
struct kith_access *forge_write(struct forge *forge, uint64_t id, uint64_t user,
				uint64_t inode, uint64_t bytes);
struct kith_access *forge_read(struct forge *forge, uint64_t id, uint64_t user, uint64_t inode,
			       uint64_t bytes);

/* 3 files, of which that of @inode is the first; 4 reads, 5000 bytes; it is over. */
struct kith_reads *forge_reads(struct forge *forge, uint64_t id, uint64_t user,
			       uint64_t writer, uint64_t inode);

/* Once, just now, to the file of @inode, which is named /f/INODE. */
struct kith_change *forge_change(struct forge *forge, uint64_t process, unsigned int op,
				 uint64_t inode);

struct kith_control *forge_control(struct forge *forge, uint64_t process, unsigned int op,
				   uint64_t target, const char *path);

#endif
