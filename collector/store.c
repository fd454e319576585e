// SPDX-License-Identifier: GPL-2.0-only
/* The database, for its one writer: opening it and its transactions. */
#include "store.h"

#include "schema.h"
#include "statement.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_OF(x)	 TEXT_AS_IT_IS(x)
#define TEXT_AS_IT_IS(x) #x

/* For every connection of the writer. */
static const char settings[] =
	"PRAGMA journal_mode = WAL;"
	"PRAGMA synchronous = FULL;" /* what is committed outlives a power failure */
	"PRAGMA foreign_keys = OFF;"
	"PRAGMA trusted_schema = OFF;"
	"PRAGMA cell_size_check = ON;"
	"PRAGMA secure_delete = OFF;"
	"PRAGMA temp_store = MEMORY;"
	"PRAGMA cache_size = -16384;"
	/* What a long reader has made it grow to is given back when the log begins anew. */
	"PRAGMA journal_size_limit = " TEXT_OF(STORE_LOG_MAX) ";";

const char *store_error(const struct store *store)
{
	return *store->error ? store->error : sqlite3_errmsg(store->db);
}

const char *store_path(const struct store *store)
{
	return sqlite3_db_filename(store->db, "main");
}

int64_t store_log_size(const struct store *store)
{
	const char *log = sqlite3_filename_wal(sqlite3_db_filename(store->db, "main"));
	struct stat status;

	return log && *log && !stat(log, &status) ? status.st_size : 0;
}

bool store_failed(const struct store *store)
{
	return *store->error;
}

void store_forgive(struct store *store)
{
	*store->error = '\0';
}

/* That SQLite cannot open a file it says without the reason. */
static int fail_to_open(struct store *store)
{
	int error = sqlite3_system_errno(store->db);

	if (!error)
		return -EACCES;
	snprintf(store->error, sizeof(store->error), "%s", strerror(error));
	return error == EPERM ? -EACCES : -error; /* EPERM is the module's alone */
}

/* Keep the words: a later call, a ROLLBACK say, would replace them. */
int store_fail(struct store *store, int code)
{
	snprintf(store->error, sizeof(store->error), "%s", sqlite3_errmsg(store->db));
	switch (code & 0xff) {
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_CANTOPEN:
		return fail_to_open(store);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		store->damaged = true;
		return -EUCLEAN;
	default:
		return -EIO;
	}
}

int store_execute(struct store *store, const char *sql)
{
	int code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? 0 : store_fail(store, code);
}

int store_prepare(struct store *store, sqlite3_stmt **statement, const char *sql)
{
	int code = sqlite3_prepare_v2(store->db, sql, -1, statement, NULL);

	return code == SQLITE_OK ? 0 : store_fail(store, code);
}

/* The one integer that @sql gives. */
static int ask(struct store *store, const char *sql, int64_t *value)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);

	*value = 0;
	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		*value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return code == SQLITE_ROW || code == SQLITE_DONE ? 0 : store_fail(store, code);
}

static int refuse(struct store *store, const char *why)
{
	snprintf(store->error, sizeof(store->error), "%s", why);
	return -EINVAL;
}

/* Ours, or empty? */
static int identify(struct store *store)
{
	int64_t application, tables;
	int ret = ask(store, "PRAGMA application_id", &application);

	if (!ret)
		ret = ask(store, "SELECT count(*) FROM sqlite_schema", &tables);
	if (ret)
		return ret;
	if (application == SCHEMA_APPLICATION_ID)
		return 0;
	if (application || tables)
		return refuse(store, "it is a database of something else");
	return store_execute(store, "PRAGMA page_size = 4096; PRAGMA auto_vacuum = NONE;");
}

/* The beginning of a file of SQLite; numbers are big-endian. */
struct file_head {
	char magic[16];
	char unused[52];
	unsigned char application[4];
	char unused_too[31];
	unsigned char tables[2]; /* on the first page of sqlite_schema */
};

_Static_assert(sizeof(struct file_head) == 105, "no padding");

/* Ours, or as empty as ours is until its log is moved into it? */
static bool is_ours(const struct file_head *head)
{
	static const unsigned char ours[4] = { SCHEMA_APPLICATION_ID >> 24 & 255,
					       SCHEMA_APPLICATION_ID >> 16 & 255,
					       SCHEMA_APPLICATION_ID >> 8 & 255,
					       SCHEMA_APPLICATION_ID & 255 },
				   none[4] = { 0 };

	return !memcmp(head->application, ours, sizeof(ours)) ||
	       (!memcmp(head->application, none, sizeof(none)) && !head->tables[0] &&
		!head->tables[1]);
}

static int recognize(int descriptor)
{
	struct file_head head;
	struct stat status;
	ssize_t size;

	if (fstat(descriptor, &status))
		return -errno;
	if (S_ISDIR(status.st_mode))
		return -EISDIR;
	size = S_ISREG(status.st_mode) ? pread(descriptor, &head, sizeof(head), 0) : 1;
	if (size < 0)
		return -errno;
	if (!size)
		return 0;
	if (size < (ssize_t)sizeof(head) || memcmp(head.magic, "SQLite format 3", 16))
		return -EUCLEAN;
	return is_ours(&head) ? 0 : -EINVAL;
}

/* SQLite would take the log of an empty file for one of another, and delete it. */
static bool has_log(const char *path)
{
	char log[PATH_MAX];
	struct stat status;

	return snprintf(log, sizeof(log), "%s-wal", path) < (int)sizeof(log) &&
	       !stat(log, &status) && status.st_size > 0;
}

int store_recognize(const char *path)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), ret;
	struct stat status;

	if (descriptor < 0)
		return errno == ENOENT ? 0 : -errno;
	ret = recognize(descriptor);
	if (!ret && !fstat(descriptor, &status) && !status.st_size && has_log(path))
		ret = -EUCLEAN;
	close(descriptor);
	return ret;
}

/*
 * Columns that stand in new databases where they belong, and that those of earlier builds
 * get behind the others. All are of tables that there were from the first version on.
 */
static const struct {
	const char *table;
	const char *column;
} later_columns[] = {
	{ "executions", "file" },
	{ "executions", "previous" },
	{ "processes", "plain_reads" },
	{ "processes", "plain_bytes" },
};

static int add_columns(struct store *store)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < sizeof(later_columns) / sizeof(*later_columns) && !ret; i++) {
		int64_t there;
		char sql[128];

		snprintf(sql, sizeof(sql),
			 "SELECT count(*) FROM pragma_table_info('%s') WHERE name = '%s'",
			 later_columns[i].table, later_columns[i].column);
		ret = ask(store, sql, &there);
		if (ret || there)
			continue;
		snprintf(sql, sizeof(sql), "ALTER TABLE %s ADD COLUMN %s INTEGER",
			 later_columns[i].table, later_columns[i].column);
		ret = store_execute(store, sql);
	}
	return ret;
}

static int migrate_to(struct store *store, const struct schema_migration *migration)
{
	char sql[96];
	int ret;

	snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %d",
		 SCHEMA_APPLICATION_ID, migration->version);
	ret = store_execute(store, migration->sql);
	if (!ret)
		ret = add_columns(store);
	return ret ? ret : store_execute(store, sql);
}

static int migrate(struct store *store)
{
	const struct schema_migration *migration = schema_migrations;
	int64_t version;
	int ret = ask(store, "PRAGMA user_version", &version);

	for (; !ret && migration->version; migration++)
		if (migration->version > version) {
			ret = migrate_to(store, migration);
			version = migration->version;
		}
	if (!ret && version > migration[-1].version)
		return refuse(store, "a newer version of Kith has made it");
	return ret;
}

static int drop_views(struct store *store)
{
	sqlite3_stmt *statement = NULL;
	int ret = 0, code;

	code = sqlite3_prepare_v2(store->db,
				  "SELECT group_concat(printf('DROP VIEW \"%w\"', name), ';') "
				  "FROM sqlite_schema WHERE type = 'view'",
				  -1, &statement, NULL);
	if (code == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(statement, 0);
		char *sql = text ? strdup(text) : NULL;

		sqlite3_finalize(statement);
		if (sql)
			ret = store_execute(store, sql);
		free(sql);
		return ret;
	}
	sqlite3_finalize(statement);
	return store_fail(store, code);
}

static int count_views(const char *text)
{
	int count = 0;

	for (; (text = strstr(text, "\nCREATE VIEW ")); text++)
		count++;
	return count;
}

/* As another build has left them, or somebody who is none of ours. */
static int views_are_ours(struct store *store, bool *same)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(store->db,
				      "SELECT value = ?1 AND (SELECT count(*) = ?2 AND"
				      " min(instr(?1, sql)) FROM sqlite_schema WHERE"
				      " type = 'view') FROM meta WHERE name = 'views'",
				      -1, &statement, NULL);

	*same = false;
	if (code != SQLITE_OK)
		return store_fail(store, code);
	sqlite3_bind_text(statement, 1, schema_views, -1, SQLITE_STATIC);
	sqlite3_bind_int(statement, 2, count_views(schema_views));
	code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		*same = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	return code == SQLITE_ROW || code == SQLITE_DONE ? 0 : store_fail(store, code);
}

static int remember_views(struct store *store)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(store->db, "REPLACE INTO meta VALUES ('views', ?)", -1,
				      &statement, NULL);

	if (code != SQLITE_OK)
		return store_fail(store, code);
	sqlite3_bind_text(statement, 1, schema_views, -1, SQLITE_STATIC);
	code = sqlite3_step(statement);
	sqlite3_finalize(statement);
	return code == SQLITE_DONE ? 0 : store_fail(store, code);
}

/* Views are code: bring those of another build up to date. */
static int renew_views(struct store *store)
{
	bool same;
	int ret = views_are_ours(store, &same);

	if (ret || same)
		return ret;
	ret = drop_views(store);
	if (!ret)
		ret = store_execute(store, schema_views);
	return ret ? ret : remember_views(store);
}

/* In one transaction: whoever opens the file sees what it was before, or all of it. */
static int bring_up_to_date(struct store *store)
{
	int ret = store_execute(store, "BEGIN IMMEDIATE");

	if (ret)
		return ret;
	ret = migrate(store);
	if (!ret)
		ret = renew_views(store);
	if (!ret)
		ret = store_execute(store, "COMMIT");
	if (ret)
		store_rollback(store);
	return ret;
}

static int prepare_file(struct store *store)
{
	int one = 1;
	int ret = identify(store);

	if (!ret)
		ret = store_execute(store, settings);
	if (!ret)
		ret = bring_up_to_date(store);
	if (ret)
		return ret;
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	/* Readers without write permission need the -wal and -shm files to be there. */
	sqlite3_file_control(store->db, "main", SQLITE_FCNTL_PERSIST_WAL, &one);
	return 0;
}

/*
 * One thread uses SQLite, so it needs no locks, which cost 15 % of an insert: none of the
 * connection (NOMUTEX), and none for memory and pages either. That is settled before SQLite
 * is used at all; where it has been, it stays as it is.
 */
int store_open(struct store **result, const char *path)
{
	struct store *store = calloc(1, sizeof(*store));
	int code, ret;

	*result = store;
	if (!store)
		return -ENOMEM;
	(void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	code = sqlite3_open_v2(path, &store->db,
			       SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
			       NULL);
	if (!store->db)
		return -ENOMEM;
	if (code != SQLITE_OK)
		return store_fail(store, code);
	sqlite3_extended_result_codes(store->db, 1);
	sqlite3_busy_timeout(store->db, 5000);
	/* Kith has none: those that are there are somebody else's. */
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	code = pending_register(store->db, &store->pending);
	if (code != SQLITE_OK)
		return store_fail(store, code);
	ret = prepare_file(store);
	return ret ? ret : statement_prepare_all(store);
}

int store_hurry(struct store *store)
{
	return store_execute(store, "PRAGMA synchronous = NORMAL;"
				    "PRAGMA wal_autocheckpoint = 8192");
}

/* @store: as store_open() left it, even after an error. */
void store_close(struct store *store)
{
	if (!store)
		return;
	statement_finalize_all(store);
	/* What is damaged is left as it was found, its log too. */
	if (store->damaged)
		sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_close(store->db);
	pending_free(&store->pending);
	free(store);
}

int store_begin(struct store *store)
{
	store_forgive(store);
	return statement_run(store, STATEMENT_BEGIN);
}

int store_commit(struct store *store)
{
	return statement_run(store, STATEMENT_COMMIT);
}

/* Some errors have rolled back already: then there is nothing to do. */
void store_rollback(struct store *store)
{
	pending_clear(&store->pending);
	if (!sqlite3_get_autocommit(store->db))
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
}
