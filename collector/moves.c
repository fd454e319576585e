// SPDX-License-Identifier: GPL-2.0-only
/* What moved data on this host. */
#include "moves.h"

#include "log.h"
#include "query.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

/* ?2: since, ?3: until. Columns as in struct link. */
#define WHEN(first, last) \
	first " <= ?3 AND coalesce(" last ", 9223372036854775807) >= ?2"
#define LINK_COLUMNS(source, target, first, last) \
	"SELECT " source ", " target ", " first ", " last ", "

static const char *const link_queries[] = {
	[LINK_CONNECTION] = LINK_COLUMNS("client_id", "server_id", "started", "ended")
		"bytes_to_server, bytes_to_client, route_id, connection_id FROM connection"
		" WHERE (bytes_to_server > 0 OR bytes_to_client > 0) AND started <= ?3 AND"
		" " QUERY_LASTED_SINCE("connection"),
	[LINK_PIPE] = LINK_COLUMNS("source_id", "target_id", "first", "last")
		"bytes, 0, pipe_id, pipe_id FROM flow WHERE pipe_id IS NOT NULL AND "
		WHEN("first", "last"),
	[LINK_MEMORY] = "SELECT iif(op = 'vm_read', target_id, process_id), iif(op = 'vm_read',"
		" process_id, target_id), ts, last, coalesce(value, -1), 0, 0, 0 FROM control"
		" WHERE op IN ('vm_read', 'vm_write') AND target_id IS NOT NULL AND "
		WHEN("ts", "last"),
	[LINK_FOLDED] = LINK_COLUMNS("writer_id", "process_id", "first", "last")
		"bytes_read, 0, file_id, access_id FROM folded_read WHERE writer_id IS NOT NULL"
		" AND " WHEN("first", "last"),
};

/* As in struct use. Views of these would look up what nobody asks for here. */
static const char *const use_queries[] = {
	"SELECT file, process, first, first + lasted, iif(reads IS NULL, -1, bytes_read),"
	" bytes_written, id, iif(reads IS NOT NULL OR flags & 2, 1, 0) +"
	" iif(writes IS NOT NULL, 2 + iif(flags & 512, 8, 0), 0) + iif(flags & 1024, 16, 0)"
	" FROM accesses WHERE file IS NOT NULL AND NOT flags >> 15 & 1 AND "
	WHEN("first", "first + lasted"),
	"SELECT file, process, ts, ts, -1, 0, id, 4 FROM executions"
	" WHERE file IS NOT NULL AND error IS NULL AND live IS NULL AND " WHEN("ts", "ts"),
};

static int out_of_memory(void)
{
	log_error("cannot follow what moved: out of memory");
	return EX_OSERR;
}

/* Room for one more of @size bytes each. */
static void *grow(void *array, size_t count, size_t *room, size_t size)
{
	void *larger;

	if (count < *room)
		return array;
	larger = realloc(array, 2 * (count + 512) * size);
	if (larger)
		*room = 2 * (count + 512);
	return larger;
}

static int64_t until(sqlite3_stmt *row, int column)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL ? INT64_MAX :
								 sqlite3_column_int64(row, column);
}

static struct link read_link(sqlite3_stmt *row, enum link_kind kind)
{
	return (struct link){
		.source = sqlite3_column_int64(row, 0),
		.target = sqlite3_column_int64(row, 1),
		.first = sqlite3_column_int64(row, 2),
		.last = until(row, 3),
		.forth = sqlite3_column_int64(row, 4),
		.back = sqlite3_column_int64(row, 5),
		.object = sqlite3_column_int64(row, 6),
		.key = sqlite3_column_int64(row, 7),
		.kind = kind,
	};
}

static struct use read_use(sqlite3_stmt *row)
{
	return (struct use){
		.file = sqlite3_column_int64(row, 0),
		.process = sqlite3_column_int64(row, 1),
		.first = sqlite3_column_int64(row, 2),
		.last = until(row, 3),
		.bytes_read = sqlite3_column_int64(row, 4),
		.bytes_written = sqlite3_column_int64(row, 5),
		.key = sqlite3_column_int64(row, 6),
		.flags = (unsigned int)sqlite3_column_int(row, 7),
	};
}

/* What goes from a process to itself, or between two that nobody knows, is left out. */
static int add_link(struct moves *moves, size_t *room, struct link link)
{
	struct link *links = grow(moves->links, moves->link_count, room, sizeof(*links));

	if (!links)
		return out_of_memory();
	moves->links = links;
	if (link.source != link.target && link.source >= 0 && link.target >= 0)
		links[moves->link_count++] = link;
	return 0;
}

static int add_use(struct moves *moves, size_t *room, struct use use)
{
	struct use *uses = grow(moves->uses, moves->use_count, room, sizeof(*uses));

	if (!uses)
		return out_of_memory();
	moves->uses = uses;
	if (use.process > 0)
		uses[moves->use_count++] = use;
	return 0;
}

static int prepare(sqlite3 *db, sqlite3_stmt **rows, const char *sql,
		   const struct common *common)
{
	int status = query_prepare(db, rows, sql);

	if (status)
		return status;
	sqlite3_bind_int64(*rows, 2, common->since);
	sqlite3_bind_int64(*rows, 3, common->until);
	return 0;
}

static int read_links(struct moves *moves, size_t *room, sqlite3 *db, enum link_kind kind,
		      const struct common *common)
{
	sqlite3_stmt *rows = NULL;
	int status = prepare(db, &rows, link_queries[kind], common), code = SQLITE_DONE;

	while (!status && (code = sqlite3_step(rows)) == SQLITE_ROW)
		status = add_link(moves, room, read_link(rows, kind));
	if (!status && code != SQLITE_DONE)
		status = query_failed(db);
	sqlite3_finalize(rows);
	return status;
}

static int read_uses(struct moves *moves, size_t *room, sqlite3 *db, const char *sql,
		     const struct common *common)
{
	sqlite3_stmt *rows = NULL;
	int status = prepare(db, &rows, sql, common), code = SQLITE_DONE;

	while (!status && (code = sqlite3_step(rows)) == SQLITE_ROW)
		status = add_use(moves, room, read_use(rows));
	if (!status && code != SQLITE_DONE)
		status = query_failed(db);
	sqlite3_finalize(rows);
	return status;
}

static int read_all(struct moves *moves, sqlite3 *db, const struct common *common)
{
	size_t link_room = 0, use_room = 0, i;
	int status = 0;

	for (i = 0; !status && i < sizeof(link_queries) / sizeof(*link_queries); i++)
		status = read_links(moves, &link_room, db, (enum link_kind)i, common);
	for (i = 0; !status && i < sizeof(use_queries) / sizeof(*use_queries); i++)
		status = read_uses(moves, &use_room, db, use_queries[i], common);
	if (!status && (moves->link_count > UINT32_MAX || moves->use_count > UINT32_MAX))
		status = out_of_memory();
	return status;
}

static int compare_uses(const void *a_, const void *b_)
{
	const struct use *a = a_, *b = b_;

	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return (a->key > b->key) - (a->key < b->key);
}

/* @ids: that of the first thing, with @size bytes from one to the next. */
static int64_t id_of(const int64_t *ids, size_t i, size_t size)
{
	int64_t id;

	memcpy(&id, (const char *)ids + i * size, sizeof(id));
	return id;
}

/* Sorted by counting: keys of processes are small, and there is one behind another. */
static int make_index(struct by_process *index, const int64_t *ids, size_t count, size_t size)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (id_of(ids, i, size) > index->max)
			index->max = id_of(ids, i, size);
	index->heads = calloc((size_t)index->max + 2, sizeof(*index->heads));
	index->order = calloc(count + 1, sizeof(*index->order));
	if (!index->heads || !index->order)
		return out_of_memory();
	for (i = 0; i < count; i++)
		index->heads[id_of(ids, i, size) + 1]++;
	for (i = 1; i <= (size_t)index->max + 1; i++)
		index->heads[i] += index->heads[i - 1];
	/* from the back, each end moves down until it is the head of its process */
	for (i = count; i-- > 0;)
		index->order[--index->heads[id_of(ids, i, size) + 1]] = (uint32_t)i;
	memmove(index->heads, index->heads + 1, ((size_t)index->max + 1) * sizeof(uint32_t));
	index->heads[index->max + 1] = (uint32_t)count;
	return 0;
}

int moves_read(struct moves *moves, sqlite3 *db, const struct common *common)
{
	const struct link none = { .kind = LINK_CONNECTION };
	const struct use no_use = { .flags = 0 };
	const struct link *links;
	const struct use *uses;
	int status;

	*moves = (struct moves){ .link_count = 0 };
	status = read_all(moves, db, common);
	if (status)
		return status;
	if (moves->use_count)
		qsort(moves->uses, moves->use_count, sizeof(*moves->uses), compare_uses);
	links = moves->links ? moves->links : &none;
	uses = moves->uses ? moves->uses : &no_use;
	status = make_index(&moves->outward, &links->source, moves->link_count, sizeof(*links));
	if (!status)
		status = make_index(&moves->inward, &links->target, moves->link_count,
				    sizeof(*links));
	if (!status)
		status = make_index(&moves->used, &uses->process, moves->use_count,
				    sizeof(*uses));
	return status;
}

static void clear_index(struct by_process *index)
{
	free(index->heads);
	free(index->order);
}

void moves_clear(struct moves *moves)
{
	clear_index(&moves->outward);
	clear_index(&moves->inward);
	clear_index(&moves->used);
	free(moves->links);
	free(moves->uses);
	*moves = (struct moves){ .link_count = 0 };
}

void moves_of(const struct by_process *index, int64_t process, size_t *begin, size_t *end)
{
	*begin = *end = 0;
	if (process < 1 || process > index->max)
		return;
	*begin = index->heads[process];
	*end = index->heads[process + 1];
}

/* The first use that belongs to @file or one behind it. */
static size_t first_use(const struct moves *moves, int64_t file)
{
	size_t low = 0, high = moves->use_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (moves->uses[middle].file < file)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void moves_of_file(const struct moves *moves, int64_t file, size_t *begin, size_t *end)
{
	*begin = *end = first_use(moves, file);
	while (*end < moves->use_count && moves->uses[*end].file == file)
		++*end;
}
