/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The database, for its one writer.
 *
 * Functions return 0 or a negative errno (-ENOSPC: disk full, -EIO, -EBUSY,
 * -EUCLEAN: damaged, -EINVAL: not a Kith database or a newer one, -ENOMEM);
 * store_error() says in words what SQLite found. After an error nothing of the open transaction is
 * stored: store_rollback(), and begin again from what store_resume() tells.
 */
#ifndef KITH_STORE_H
#define KITH_STORE_H

#include "record.h"
#include "state.h"

#include <kith/uapi.h>
#include <stdbool.h>
#include <stdint.h>

struct store;

/* Ids of the last rows, to go on from. */
struct store_last {
	int64_t process;
	int64_t execution;
	int64_t string;
	int64_t executable;
	int64_t namespaces;
	int64_t container;
	int64_t context;
	int64_t credential_set;
	int64_t route;
	int64_t connection;
	int64_t listener;
	int64_t pipe;
	int64_t access;
	int64_t path;
	int64_t file_seed; /* of the ids of files: the number of the first load; 0: none yet */
};

/*
 * May @path be opened? Nothing is changed, locked or made. Return: 0, also if it is
 * not there; -EINVAL: a database of something else; -EUCLEAN: no database; or an error.
 */
int store_recognize(const char *path);

int store_open(struct store **result, const char *path);

/*
 * What is stored can be had again from where it came: a power failure may take the last
 * commits, in order, and need not be waited for at each.
 */
int store_hurry(struct store *store);
void store_close(struct store *store);
const char *store_error(const struct store *store);
const char *store_path(const struct store *store);

/* Bytes of the write-ahead log, and how many are no longer usual: sixteen times that. */
#define STORE_LOG_MAX 67108864
int64_t store_log_size(const struct store *store);

/* Has it failed since store_begin() or store_forgive()? store_error() says why. */
bool store_failed(const struct store *store);
void store_forgive(struct store *store);

int store_begin(struct store *store);
int store_commit(struct store *store);
void store_rollback(struct store *store);

int store_last(struct store *store, struct store_last *last);

/* The id of the boot @uuid, made if it is new; *fresh says so. */
int store_boot(struct store *store, const char *uuid, int64_t now, int64_t *id,
	       bool *fresh);

/*
 * The load of the module whose own number is @load; @seqs gets the positions
 * stored of it (@rings of them), if it is the latest one. *fresh: we had not
 * met it before.
 */
struct store_load {
	int64_t id;
	int64_t boot;
	uint64_t load;
	const char *version;
	int64_t loaded;
	bool latest; /* an answer, as id is */
};
int store_load(struct store *store, struct store_load *load, uint32_t *seqs,
	       size_t rings, bool *fresh);
int store_dumped(struct store *store, int64_t load, int64_t now);
int store_position(struct store *store, unsigned int ring, uint32_t seq);

/*
 * Facts and dictionary rows. Ids are the caller's, increasing. Processes,
 * executions, strings, routes, connections, pipes, accesses and changes wait until
 * store_flush(), which comes before the commit; a new process must stay where it is until then.
 */
int store_process(struct store *store, int64_t boot, const struct process *process);
int store_flush(struct store *store);

/* What stands in columns ns_pid and creator: 0 (NULL) where it is as usual. */
int64_t store_process_ns_pid(const struct process *process);
int64_t store_process_creator(const struct process *process);

int store_context(struct store *store, int64_t id, const struct context *context);
int store_string(struct store *store, int64_t id, struct slice value);
/* Of accesses and changes, likewise. */
int store_file_text(struct store *store, int64_t id, struct slice value);
int store_namespaces(struct store *store, int64_t id, const struct kith_namespaces *ns);

struct store_executable {
	struct slice path;
	bool resolved; /* the rest is known */
	uint64_t inode;
	uint32_t device;
	uint32_t mode;
	uint32_t owner;
	const char *origin; /* or NULL */
};
int store_executable(struct store *store, int64_t id,
		     const struct store_executable *executable);

struct store_container {
	int64_t boot;
	uint64_t cgroup;
	struct slice path; /* size 0: not known */
	const char *runtime;
	const char *name;
	const char *unit;
	int64_t first;
	int64_t last;
};
/* Made, or brought up to date; then a path that is not known takes none away. */
int store_container(struct store *store, int64_t id,
		    const struct store_container *container);

/* Call @take with container @cgroup of @boot, if it is stored: its path and times. */
int store_container_find(struct store *store, int64_t boot, uint64_t cgroup,
			 void (*take)(void *context, int64_t id,
				      const struct store_container *container),
			 void *context);

/* The same with container @id. */
int store_container_get(struct store *store, int64_t id,
			void (*take)(void *context, int64_t id,
				     const struct store_container *container),
			void *context);

/* 0 in an id means NULL. */
struct store_execution {
	int64_t id;
	int64_t ts;
	int64_t process;
	int64_t parent;
	int64_t executable;
	int64_t argv;
	int64_t cwd;
	int64_t script;
	int64_t via;
	int64_t env;
	int64_t context;
	int64_t argv_size; /* -1: as long as argv with a NUL behind it */
	uint32_t flags;
	uint32_t unknown;
	int error;
	bool live;
	int64_t file;
	int64_t previous; /* what the process ran before, its own or its creator's */
};
int store_execution(struct store *store, const struct store_execution *execution);

int store_credential_set(struct store *store, int64_t id,
			 const struct kith_credential *set);

struct store_credential {
	int64_t ts;
	int64_t lasted;
	int64_t process;
	int64_t before;
	int64_t after;
	uint32_t tid; /* 0: the first thread */
	uint32_t count;
	uint32_t cause;
	uint32_t flags;
	const char *groups_from; /* or NULL */
	const char *groups_to;
};
int store_credential(struct store *store, const struct store_credential *credential);

/*
 * Between which addresses conversations are. What is not known of an end is as
 * the other one has it, its netns 0. Of Unix sockets addresses and ports are 0.
 * No padding.
 */
struct route {
	uint8_t client_addr[16];
	uint8_t server_addr[16];
	uint8_t dialled_addr[16]; /* whom the client asked */
	uint8_t seen_addr[16];	  /* whom the server sees */
	uint32_t client_netns;
	uint32_t server_netns;
	uint16_t server_port;
	uint16_t dialled_port;
	uint32_t protocol;
};
/* @name: of the server's socket; size 0: it has none. */
int store_route(struct store *store, int64_t id, const struct route *route,
		struct slice name);

enum connection_flag {
	CONNECTION_CLIENT = 1, /* that end is known */
	CONNECTION_SERVER = 2,
	CONNECTION_ESTABLISHED = 4,
	CONNECTION_BY_TUPLE = 8,
	CONNECTION_INCOMPLETE = 16, /* when it began is not known */
	CONNECTION_GONE = 32,	    /* it has ended, but we did not see when */
	CONNECTION_SCOPE_SHIFT = 6, /* enum scope */
	CONNECTION_ERROR_SHIFT = 8, /* errno, in the database */
};

/* How far a conversation reaches, from near to far. */
enum scope { SCOPE_CONTAINER, SCOPE_HOST, SCOPE_PRIVATE, SCOPE_PUBLIC };

/* 0 in an id means NULL. */
struct store_connection {
	int64_t id;
	int64_t started;
	int64_t lasted; /* -1: it goes on */
	int64_t route;
	int64_t client;
	int64_t server;
	int64_t client_opener;
	int64_t server_opener;
	int64_t to_server;
	int64_t to_client;
	int64_t isns; /* or how many datagrams there were */
	int64_t load;
	int64_t number; /* the module's; 0: it is over */
	uint32_t flags; /* enum connection_flag */
	uint16_t client_port;
	uint16_t seen_port;
	uint16_t error;
	bool portless; /* of Unix sockets */
};

/* What stands in columns client_port, -1 for NULL, and flags. */
static inline int64_t store_connection_ports(const struct store_connection *connection)
{
	if (connection->portless)
		return -1;
	return connection->client_port |
	       (int64_t)(connection->client_port ^ connection->seen_port) << 16;
}

static inline int64_t store_connection_flags(const struct store_connection *connection)
{
	return connection->flags | (int64_t)connection->error << CONNECTION_ERROR_SHIFT;
}

/* It gets the id that follows *last, which moves on: by one, or by a run of ids. */
int store_connection(struct store *store, struct store_connection *connection, int64_t *last);
int store_connection_update(struct store *store, const struct store_connection *connection);

/* As it is stored, or waits for that. -ENOENT: there is none, or it is one of a run. */
int store_connection_find(struct store *store, int64_t id,
			  struct store_connection *connection);

struct store_listener {
	int64_t load;
	int64_t number; /* 0: it does not listen any more */
	int64_t process;
	int64_t started;
	int64_t ended; /* INT64_MIN: not known */
	uint32_t netns;
	uint32_t flags; /* CONNECTION_INCOMPLETE, CONNECTION_GONE */
	uint16_t port;
	uint8_t protocol;
	uint8_t addr[16];
	struct slice name; /* of a Unix socket, instead of address and port; size 0: none */
};
/* Made, or brought up to date: but for its times and address, and what is not known. */
int store_listener(struct store *store, int64_t id, const struct store_listener *listener);
int store_listener_gone(struct store *store, int64_t id);

struct store_use {
	int64_t subject; /* a connection, or a pipe */
	int64_t process;
	int64_t sent;
	int64_t received;
	int64_t first;
	int64_t last;
	unsigned int side;
};
int store_use(struct store *store, const struct store_use *use);
int store_pipe_use(struct store *store, const struct store_use *use);

enum pipe_flag {
	PIPE_FIFO = 1,
	PIPE_INEXACT = 2,
	PIPE_INCOMPLETE = CONNECTION_INCOMPLETE,
	PIPE_GONE = CONNECTION_GONE,
};

/* 0 in an id means NULL. */
struct store_pipe {
	int64_t id;
	int64_t started;
	int64_t lasted; /* -1: it goes on */
	int64_t writer;
	int64_t reader;
	int64_t written;
	int64_t read;
	int64_t inode;
	int64_t path;
	int64_t load;
	int64_t number; /* the module's; 0: it is over */
	uint32_t device;
	uint32_t flags; /* enum pipe_flag */
};
int store_pipe(struct store *store, const struct store_pipe *pipe);
int store_pipe_update(struct store *store, const struct store_pipe *pipe);

/* As it is stored, or waits for that. -ENOENT: there is none. */
int store_pipe_find(struct store *store, int64_t id, struct store_pipe *pipe);

/*
 * Those that are open as far as the database knows, of @boot; what earlier boots
 * have left is closed. Each ends at an error of its taker.
 */
int store_open_connections(struct store *store, int64_t boot,
			   int (*take)(void *context,
				       const struct store_connection *connection,
				       const struct route *route),
			   void *context);
int store_open_listeners(struct store *store, int64_t boot,
			 int (*take)(void *context, int64_t id,
				     const struct store_listener *listener),
			 void *context);
int store_open_pipes(struct store *store, int64_t boot,
		     int (*take)(void *context, const struct store_pipe *pipe),
		     void *context);

struct store_socket_made {
	int64_t process;
	int64_t first;
	int64_t last;
	uint32_t count;
	uint32_t family;
	uint32_t type;
	uint32_t protocol;
};
/* A row of its own, or more of the same. */
int store_socket_made(struct store *store, const struct store_socket_made *made);

/* 0 in an id means NULL. */
struct store_control {
	int64_t ts;
	int64_t process;
	int64_t target;
	int64_t path;
	int64_t connection;
	int64_t pipe;
	int64_t last;
	int64_t count;
	int64_t value; /* -1: not known */
	int64_t new_path; /* strings, as path and detail */
	int64_t detail;
	uint32_t flags;
	uint32_t op; /* enum kith_control_op */
};
int store_control(struct store *store, const struct store_control *control);

/* In column flags of accesses, beside KITH_ACCESS_*: reads of several files. */
#define STORE_ACCESS_FOLDED (1u << 15)

/* A file, if it is not there yet; and since which segment it has been used at the least. */
struct store_file {
	int64_t id;
	struct kith_file file;
	int64_t segment;
	int64_t path;
};
int store_file(struct store *store, const struct store_file *file);

/* 0 in an id means NULL, and so does -1 in a count. */
struct store_access {
	int64_t id;
	int64_t process;
	int64_t file;
	int64_t path;
	int64_t first;
	int64_t last; /* ns after first */
	int64_t reads;
	int64_t bytes_read;
	int64_t writes;
	int64_t bytes_written; /* of folded reads: files */
	int64_t writer;
	uint32_t flags;
	uint32_t mntns;
};
/* What stands in column flags. */
int64_t store_access_flags(const struct store_access *access);

int store_access(struct store *store, const struct store_access *access);
/* But for who did it, with which file, from when on, and what is not known. */
int store_access_update(struct store *store, const struct store_access *access);

/* The access @id, which is @number to the module, goes on from now on; or no more. */
int store_access_open(struct store *store, int64_t id, int64_t load, uint64_t number);
int store_access_close(struct store *store, int64_t id);

/* Those of @load that go on; of others none does. */
int store_open_accesses(struct store *store, int64_t load,
			int (*take)(void *context, int64_t number, int64_t id),
			void *context);

/*
 * Those that go on of processes that are gone, or ended before @before: nothing comes of
 * them. @take may close them.
 */
int store_ended_accesses(struct store *store, int64_t before,
			 int (*take)(void *context, int64_t number, int64_t id),
			 void *context);

/* The process @key of @boot, if it is stored that it wrote @file; 0: none, or an error. */
int64_t store_writer_find(struct store *store, int64_t boot, uint64_t key, int64_t file);

/* 0 in an id means NULL. */
struct store_change {
	int64_t ts;
	int64_t lasted;
	int64_t process;
	int64_t path;
	int64_t new_path;
	int64_t text;
	int64_t file;
	int64_t other;
	int64_t value;
	int64_t to_value;
	uint32_t count;
	uint32_t op; /* enum kith_change_op */
	uint32_t flags;
	uint32_t mntns;
	int error;
};
int64_t store_change_flags(const struct store_change *change);
int store_change(struct store *store, const struct store_change *change);

int store_cgroup_move(struct store *store, int64_t ts, int64_t process, int64_t target,
		      int64_t container);

/* @boot, @process 0 and @detail NULL are NULL. */
int store_sensor_event(struct store *store, int64_t ts, int64_t boot, const char *event,
		       int64_t process, struct slice detail);

/* Is there one? 1, 0 or an error. */
int store_sensor_event_find(struct store *store, const char *event, struct slice detail);

/* @count more records of @class_ are stored. */
int store_received(struct store *store, int64_t load, unsigned int class_, uint64_t count);

/* @counts gets how many records of each class are stored of @load. */
int store_received_of(struct store *store, int64_t load, uint64_t counts[KITH_CLASSES]);

/* By class, of all loads: what is stored, and what is known to be lost. */
struct store_account {
	uint64_t received[KITH_CLASSES];
	uint64_t lost[KITH_CLASSES];
};
int store_account(struct store *store, struct store_account *account);

struct store_loss {
	int64_t load;
	int64_t boot;
	int64_t cpu; /* -1: of all */
	unsigned int class_;
	unsigned int cause;
	uint64_t total; /* since the module was loaded */
	int64_t from;
	int64_t to;
	bool resumed; /* first of this subscription: earlier ones may be in it */
};
/* Adds what is new of the total, if anything. */
int store_loss(struct store *store, const struct store_loss *loss);

/* From @from to @to nobody watched, so nobody knows how much was lost. */
int store_unwatched(struct store *store, int64_t boot, int64_t from, int64_t to);

/* Until when we watched, and by which clock. */
struct store_seen {
	int64_t at;	/* wall-clock time; 0: never */
	int64_t boot;	/* 0: not known */
	int64_t offset; /* of the wall clock to CLOCK_BOOTTIME */
};
/* It ended before the latest load. */
int store_seen(struct store *store, struct store_seen *seen);
int store_set_seen(struct store *store, const struct store_seen *seen);

/* The clock was set since, @by so much. */
int store_shift_seen(struct store *store, int64_t by);

/* Remember which processes live, so that store_living() has less to look at. */
int store_checkpoint(struct store *store, const struct state *state, int64_t last);

/*
 * Call @take for each process of @boot that had not ended when last stored, with
 * all that the database knows of it. It returns 0, or an error that ends it.
 */
int store_living(struct store *store, int64_t boot,
		 int (*take)(void *context, const struct process *process),
		 void *context);

/* The same for those of the last STATE_GRAVES processes that had, the oldest first. */
int store_ended(struct store *store, int64_t boot,
		int (*take)(void *context, uint64_t key, int64_t id), void *context);

enum principal_kind { PRINCIPAL_USER = 1, PRINCIPAL_GROUP };

/* From @now on it is called @name, or nothing any more; no row if it was already. */
int store_principal(struct store *store, unsigned int kind, int64_t number, int64_t now,
		    struct slice name);
int store_container_names(struct store *store, int64_t container, int64_t now,
			  struct slice name, struct slice image, struct slice pod);

enum { STORE_PACKAGE = 160 };

struct store_hash {
	uint64_t inode; /* 0: of no file */
	int64_t changed;
	int64_t size;
	uint32_t device;
	bool packaged;		     /* what follows is known */
	char package[STORE_PACKAGE]; /* "": none */
	char sha256[68];	     /* "": there is none */
	const char *why;	     /* or NULL */
};
/* *id: of its row, which is made if it is not there. */
int store_hash(struct store *store, const struct store_hash *hash, int64_t *id);

/* The last @most that have one, the newest first. Ends at an error of @take. */
int store_known_hashes(struct store *store, int64_t most,
		       int (*take)(void *context, const struct store_hash *hash),
		       void *context);

/* What @execution has run, unless that is stored already. */
int store_executable_hash(struct store *store, int64_t execution, int64_t hash);

/* The same of all from @first to @last that succeeded. */
int store_unanswered(struct store *store, int64_t first, int64_t last, int64_t hash);

#endif
