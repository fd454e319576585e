// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rows that wait: however those with what is seldom there stand among the plain ones, which
 * a statement of their own inserts, each row has its id and its values.
 */
#include "pending.h"
#include "statement.h"
#include "store.h"
#include "unit.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 700 };

/* Which rows are not plain: a digit of the pattern for each of so many, over and over. */
static const struct pattern {
	const char *odd;
	int each;
} patterns[] = {
	{ "0", 1 },	{ "1", 1 },	    { "01", 1 },      { "0001", 1 },
	{ "01", 63 },	{ "01", 64 },	    { "10", 65 },     { "0010", 70 },
	{ "100000", 97 }, { "0000001", 100 }, { "011101", 33 },
};

static struct store *store;
static sqlite3_stmt *rows;

static void open_store(void)
{
	ck_assert_int_eq(store_open(&store, unit_path("kith.db")), 0);
	ck_assert_int_eq(store_begin(store), 0);
}

static void flush(void)
{
	ck_assert_msg(!store_flush(store), "%s", store_error(store));
	ck_assert_int_eq(store_commit(store), 0);
}

static void read_rows(const char *sql)
{
	ck_assert_int_eq(sqlite3_prepare_v2(store->db, sql, -1, &rows, NULL), SQLITE_OK);
}

static void close_store(void)
{
	ck_assert_int_eq(sqlite3_step(rows), SQLITE_DONE);
	sqlite3_finalize(rows);
	store_close(store);
}

static bool is_odd(const struct pattern *pattern, int row)
{
	return pattern->odd[row / pattern->each % (int)strlen(pattern->odd)] == '1';
}

/* The next value of the row: @want, or NULL if that is @null. */
static void check(int *column, int64_t want, int64_t null)
{
	const int type = sqlite3_column_type(rows, *column);

	ck_assert_int_eq(type, want == null ? SQLITE_NULL : SQLITE_INTEGER);
	ck_assert_int_eq(sqlite3_column_int64(rows, *column), want == null ? 0 : want);
	++*column;
}

static struct store_connection connection_of(int row, bool odd)
{
	return (struct store_connection){
		.started = 1000 + row,
		.lasted = -1, /* so it is none of a run */
		.route = 2 + row,
		.client = 3 + row,
		.server = row % 3 ? 4 + row : 0,
		.client_opener = odd && row % 2 ? 9 + row : 3 + row,
		.server_opener = row % 3 ? 4 + row : 0,
		.to_server = 5 + row,
		.to_client = 6 + row,
		.isns = row % 5 ? row : 0,
		.load = 7,
		.number = odd && row % 2 == 0 ? 8 + row : 0,
		.portless = true,
	};
}

static void check_connection(const struct store_connection *want)
{
	int column = 0;

	ck_assert_int_eq(sqlite3_step(rows), SQLITE_ROW);
	check(&column, want->id, 0);
	check(&column, want->started, 0);
	check(&column, want->route, 0);
	check(&column, want->client, 0);
	check(&column, want->server, 0);
	check(&column, want->client_opener, want->client);
	check(&column, want->server_opener, want->server);
	check(&column, want->to_server, -1);
	check(&column, want->to_client, -1);
	check(&column, want->isns, 0);
	check(&column, want->load, 0);
	check(&column, want->number, 0);
}

/* Ids have gaps: a run takes many at once. */
START_TEST(connections_are_as_told)
{
	static struct store_connection told[ROWS];
	const struct pattern *pattern = &patterns[_i];
	int64_t last = 100;
	int row;

	open_store();
	for (row = 0; row < ROWS; row++) {
		if (row % 131 == 130)
			last += 36;
		told[row] = connection_of(row, is_odd(pattern, row));
		ck_assert_int_eq(store_connection(store, &told[row], &last), 0);
	}
	flush();
	read_rows("SELECT id, started, route, client, server, client_opener, server_opener,"
		  " to_server, to_client, isns, load, number FROM connections ORDER BY id");
	for (row = 0; row < ROWS; row++)
		check_connection(&told[row]);
	close_store();
}
END_TEST

static struct store_execution execution_of(int row, bool odd)
{
	struct store_execution execution = {
		.id = 1 + row,
		.ts = 1000 + row,
		.process = 2 + row,
		.parent = row % 7,
		.executable = 3 + row,
		.argv = 4 + row,
		.cwd = 5 + row,
		.argv_size = -1,
		.flags = (uint32_t)row,
		.unknown = 6,
		.context = 7 + row,
		.file = row % 4,
	};

	if (!odd)
		return execution;
	execution.script = row % 6 == 0 ? row : 0;
	execution.via = row % 6 == 1 ? row : 0;
	execution.env = row % 6 == 2 ? row : 0;
	execution.argv_size = row % 6 == 3 ? row : -1;
	execution.error = row % 6 == 4 ? 2 : 0;
	execution.live = row % 6 == 5;
	return execution;
}

static void check_execution(const struct store_execution *want)
{
	int column = 0;

	ck_assert_int_eq(sqlite3_step(rows), SQLITE_ROW);
	check(&column, want->id, 0);
	check(&column, want->ts, 0);
	check(&column, want->process, 0);
	check(&column, want->parent, 0);
	check(&column, want->executable, 0);
	check(&column, want->argv, 0);
	check(&column, want->cwd, 0);
	check(&column, want->script, 0);
	check(&column, want->via, 0);
	check(&column, want->env, 0);
	check(&column, want->context, 0);
	check(&column, want->flags, -1);
	check(&column, want->unknown, -1);
	check(&column, want->argv_size, -1);
	check(&column, want->error, 0);
	check(&column, want->live, 0);
	check(&column, want->file, 0);
}

START_TEST(executions_are_as_told)
{
	const struct pattern *pattern = &patterns[_i];
	struct store_execution execution;
	int row;

	open_store();
	for (row = 0; row < ROWS; row++) {
		execution = execution_of(row, is_odd(pattern, row));
		ck_assert_int_eq(store_execution(store, &execution), 0);
	}
	flush();
	read_rows("SELECT id, ts, process, parent, executable, argv, cwd, script, via, env,"
		  " context, flags, unknown, argv_size, error, live, file FROM executions"
		  " ORDER BY id");
	for (row = 0; row < ROWS; row++) {
		execution = execution_of(row, is_odd(pattern, row));
		check_execution(&execution);
	}
	close_store();
}
END_TEST

static struct store_change change_of(int row, bool odd)
{
	return (struct store_change){
		.ts = 1000 + row,
		.lasted = row % 2 ? row : -1,
		.process = 1 + row,
		.path = 2 + row,
		.new_path = row % 3,
		.file = 3 + row,
		.value = row,
		.to_value = -row,
		.count = 1,
		.op = 4,
		.error = odd && row % 3 == 0 ? 13 : 0,
		.text = odd && row % 3 == 1 ? 14 : 0,
		.other = odd && row % 3 == 2 ? 15 : 0,
	};
}

START_TEST(changes_are_as_told)
{
	const struct pattern *pattern = &patterns[_i];
	int row;

	open_store();
	for (row = 0; row < ROWS; row++) {
		const struct store_change change = change_of(row, is_odd(pattern, row));

		ck_assert_int_eq(store_change(store, &change), 0);
	}
	flush();
	read_rows("SELECT id, ts, lasted, count, process, op, error, path, new_path, text, file,"
		  " other, value, to_value FROM changes ORDER BY id");
	for (row = 0; row < ROWS; row++) {
		const struct store_change want = change_of(row, is_odd(pattern, row));
		int column = 0;

		ck_assert_int_eq(sqlite3_step(rows), SQLITE_ROW);
		check(&column, 1 + row, 0);
		check(&column, want.ts, 0);
		check(&column, want.lasted, -1);
		check(&column, want.count, 0);
		check(&column, want.process, 0);
		check(&column, want.op, 0);
		check(&column, want.error, 0);
		check(&column, want.path, 0);
		check(&column, want.new_path, 0);
		check(&column, want.text, 0);
		check(&column, want.file, 0);
		check(&column, want.other, 0);
		check(&column, want.value, INT64_MAX);
		check(&column, want.to_value, INT64_MAX);
	}
	close_store();
}
END_TEST

static struct process *process_of(int row, bool odd)
{
	struct process *process = calloc(1, sizeof(*process));

	ck_assert_ptr_nonnull(process);
	process->id = 50 + row + row / 200;
	process->key = (uint64_t)row << 22 | 77;
	process->ns_pid = odd ? 5 : 77;
	process->parent = 3;
	process->creator = 3;
	process->lived = -1;
	process->started = 1000 + row;
	return process;
}

static void check_process(const struct process *want)
{
	int column = 0;

	ck_assert_int_eq(sqlite3_step(rows), SQLITE_ROW);
	check(&column, want->id, 0);
	check(&column, 1, 0);
	check(&column, (int64_t)want->key, 0);
	check(&column, want->ns_pid, 77);
	check(&column, want->parent, 0);
	check(&column, want->creator, want->parent);
	check(&column, want->started, 0);
}

/* They come last made first, or in any order, and go by their ids, which have gaps. */
START_TEST(processes_go_by_id)
{
	const struct pattern *pattern = &patterns[_i];
	struct process *told[ROWS];
	int row;

	open_store();
	for (row = 0; row < ROWS; row++)
		told[row] = process_of(row, is_odd(pattern, row));
	for (row = ROWS - 1; row >= 0; row--)
		ck_assert_int_eq(store_process(store, 1, told[_i % 2 ? row * 3 % ROWS : row]),
				 0);
	flush();
	read_rows("SELECT id, boot, key, ns_pid, parent, creator, started FROM processes"
		  " ORDER BY id");
	for (row = 0; row < ROWS; row++) {
		check_process(told[row]);
		free(told[row]);
	}
	close_store();
}
END_TEST

/* Ids that are not those that SQLite would give are somebody else's doing. */
START_TEST(foreign_rows_are_noticed)
{
	const struct store_execution first = execution_of(0, false);

	open_store();
	ck_assert_int_eq(store_execute(store, "INSERT INTO executions (id) VALUES (9)"), 0);
	ck_assert_int_eq(store_execution(store, &first), 0);
	ck_assert_int_eq(store_flush(store), -EIO);
	ck_assert_str_eq(store_error(store), "somebody else has changed it");
	store_rollback(store);
	store_close(store);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pending");

	unit_add_rows(suite, connections_are_as_told, UNIT_COUNT(patterns));
	unit_add_rows(suite, executions_are_as_told, UNIT_COUNT(patterns));
	unit_add_rows(suite, changes_are_as_told, UNIT_COUNT(patterns));
	unit_add_rows(suite, processes_go_by_id, UNIT_COUNT(patterns));
	unit_add(suite, foreign_rows_are_noticed);
	return unit_run(suite);
}
