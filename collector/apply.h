/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files that apply records share. Results are 0 or a negative errno. */
#ifndef KITH_APPLY_H
#define KITH_APPLY_H

#include "ingest.h"

/*
 * The process @key; one that we have not heard of, because its birth was lost
 * or was before our time, is made with what the key tells. NULL: no memory.
 */
struct process *apply_need(struct ingest *ingest, uint64_t key, uint64_t now);

/* Id of the process @key, 0 for nobody, or an error. */
int64_t apply_id(struct ingest *ingest, uint64_t key, uint64_t now);

/*
 * Id of the string in item @kind, which whoever made it may have chosen: cut as names are.
 * 0: there is none, or an error.
 */
int64_t apply_text(struct ingest *ingest, const struct record *record,
		   enum kith_item_kind kind);

/* The same in the dictionary of what files have. */
int64_t apply_file_text(struct ingest *ingest, const struct record *record,
			enum kith_item_kind kind);

/* More than anything moves in its life. */
static inline int64_t apply_bytes(uint64_t bytes)
{
	return bytes > INT64_MAX ? INT64_MAX : (int64_t)bytes;
}

/* The context of @process has changed. */
int apply_context(struct ingest *ingest, struct process *process);

/* Id of control group @cgroup, whose path @record tells; or an error. */
int64_t apply_container_path(struct ingest *ingest, const struct record *record,
			     uint64_t cgroup);

int apply_container(struct ingest *ingest, struct context *context, uint64_t cgroup,
		    uint64_t ts);
int apply_namespaces(struct ingest *ingest, struct context *context,
		     const struct record *record);
void apply_comm(struct process *process, struct slice comm);

/* apply_image.c */
int apply_exec(struct ingest *ingest, const struct record *record);
int apply_exec_failed(struct ingest *ingest, const struct record *record);
int apply_process(struct ingest *ingest, const struct record *record);

/* apply_socket.c, apply_listener.c, apply_pipe.c */
int apply_connection(struct ingest *ingest, const struct record *record);
int apply_use(struct ingest *ingest, const struct record *record);
int apply_listener(struct ingest *ingest, const struct record *record);
int apply_pipe(struct ingest *ingest, const struct record *record);
int apply_socket_made(struct ingest *ingest, const struct record *record);
int apply_control(struct ingest *ingest, const struct record *record);

/* apply_file.c */
int apply_access(struct ingest *ingest, const struct record *record);
int apply_reads(struct ingest *ingest, const struct record *record);
int apply_change(struct ingest *ingest, const struct record *record);

/* The id of the file in item FILE, 0 for none, or an error. */
int64_t apply_file(struct ingest *ingest, const struct record *record);

/* What goes on as far as the database knows. */
int apply_load_files(struct ingest *ingest);

/* At a commit: let go of what cannot be going on, if there is much. */
int apply_prune_files(struct ingest *ingest);

/* apply_open.c: what is open as far as the database knows; what the dump will hold. */
int apply_load_sockets(struct ingest *ingest);
void apply_begin_sockets(struct ingest *ingest);

/* The dump is over: what it has not got is over, too. */
int apply_bury_sockets(struct ingest *ingest);

#endif
