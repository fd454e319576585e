// SPDX-License-Identifier: GPL-2.0-only
/* Reading the database, beside the daemon that writes it. */
#include "query.h"

#include "lock.h"
#include "log.h"
#include "text.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

enum {
	CELL_MAX = 80, /* columns of a terminal that one value may take */
	/* bytes: so many characters of 4, and an escape that shows there is more */
	CELL_BYTES = 4 * CELL_MAX + 16,
};

static int exit_status(int code)
{
	switch (code & 0xff) {
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_READONLY:
		return EX_NOPERM;
	case SQLITE_ERROR:
		return 2;
	default:
		return EX_IOERR;
	}
}

/* What cannot be written at all is found out before the authorizer is asked. */
static bool would_write(sqlite3 *db)
{
	const char *message = sqlite3_errmsg(db);

	return (sqlite3_errcode(db) & 0xff) == SQLITE_AUTH ||
	       strstr(message, " because it is a view") ||
	       strstr(message, " may not be modified");
}

static int complain(sqlite3 *db, const char *what)
{
	if (would_write(db)) {
		log_error("the query would not only read: %s", sqlite3_errmsg(db));
		return EX_NOPERM;
	}
	log_error("%s: %s", what, sqlite3_errmsg(db));
	return exit_status(sqlite3_errcode(db));
}

int query_failed(sqlite3 *db)
{
	return complain(db, "the query failed");
}

/* Those that only tell; where a table or the like is named, of that. */
static const struct {
	const char *name;
	bool argument;
} pragmas[] = {
	{ "application_id", false }, { "collation_list", false }, { "compile_options", false },
	{ "database_list", false },  { "encoding", false },	  { "foreign_key_list", true },
	{ "freelist_count", false }, { "function_list", false },  { "index_info", true },
	{ "index_list", true },	     { "index_xinfo", true },	  { "integrity_check", true },
	{ "journal_mode", false },   { "module_list", false },	  { "page_count", false },
	{ "page_size", false },	     { "pragma_list", false },	  { "quick_check", true },
	{ "schema_version", false }, { "table_info", true },	  { "table_list", true },
	{ "table_xinfo", true },     { "user_version", false },
};

static bool is_harmless(const char *pragma, const char *argument)
{
	size_t i;

	for (i = 0; i < sizeof(pragmas) / sizeof(*pragmas); i++)
		if (!sqlite3_stricmp(pragma, pragmas[i].name))
			return !argument || pragmas[i].argument;
	return false;
}

/*
 * One that is opened for reading may attach others for writing, which makes them,
 * and so does VACUUM INTO: who reads as root what somebody else wrote down should
 * not come to write.
 */
static int authorize(void *context, int action, const char *first, const char *second,
		     const char *third, const char *trigger)
{
	(void)context;
	(void)third;
	(void)trigger;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_RECURSIVE:
	case SQLITE_TRANSACTION: /* of reads, so that two see the same */
		return SQLITE_OK;
	case SQLITE_UPDATE: /* table-valued functions ask for it, and write nothing */
		return strcmp(first, "sqlite_master") ? SQLITE_DENY : SQLITE_OK;
	case SQLITE_FUNCTION:
		return sqlite3_stricmp(second, "load_extension") ? SQLITE_OK : SQLITE_DENY;
	case SQLITE_PRAGMA:
		return is_harmless(first, second) ? SQLITE_OK : SQLITE_DENY;
	default:
		return SQLITE_DENY;
	}
}

/* @path as SQLite wants it if options stand behind it. The caller frees it. */
static char *make_uri(const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789/._-";
	char *uri = NULL;
	size_t size;
	FILE *stream = open_memstream(&uri, &size);

	if (!stream)
		return NULL;
	/* or what stands between two slashes would be the name of a host */
	fputs(*path == '/' ? "file://" : "file:", stream);
	for (; *path; path++)
		fprintf(stream, strchr(plain, *path) ? "%c" : "%%%02X", (unsigned char)*path);
	fputs("?immutable=1", stream);
	fclose(stream);
	return uri;
}

static bool has_beside(const char *path, const char *suffix)
{
	char other[PATH_MAX];

	return snprintf(other, sizeof(other), "%s%s", path, suffix) >= (int)sizeof(other) ||
	       !access(other, F_OK) || errno != ENOENT;
}

/*
 * A copy, which nobody writes: all of it is in the one file. kithd leaves the log
 * beside its own, and locks that before it opens it.
 */
static bool is_at_rest(const char *path)
{
	return !has_beside(path, "-wal") && !has_beside(path, "-journal") &&
	       !lock_holder(path);
}

/*
 * To read a database as one that may change, SQLite makes two files beside it; one
 * that is at rest can be read where none can be made, and is left alone.
 */
static int open_file(sqlite3 **db, const char *path, bool follow)
{
	const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
	char *uri;
	int code;

	if (follow || !is_at_rest(path))
		return sqlite3_open_v2(path, db, flags, NULL);
	uri = make_uri(path);
	if (!uri)
		return SQLITE_NOMEM;
	code = sqlite3_open_v2(uri, db, flags | SQLITE_OPEN_URI, NULL);
	free(uri);
	return code;
}

static int prepare_connection(sqlite3 *db)
{
	int code;

	sqlite3_extended_result_codes(db, 1);
	sqlite3_busy_timeout(db, 5000);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	code = sqlite3_exec(db,
			    "PRAGMA query_only = 1; PRAGMA trusted_schema = OFF;"
			    "SELECT 1 FROM meta LIMIT 1",
			    NULL, NULL, NULL);
	return code == SQLITE_OK ? sqlite3_set_authorizer(db, authorize, NULL) : code;
}

/* Return: exit status. */
static int explain_errno(int error, char *why, size_t size)
{
	snprintf(why, size, "%s", strerror(error));
	return error == EACCES || error == EPERM ? EX_NOPERM : EX_IOERR;
}

/* Why it was not opened. Return: exit status. */
static int explain(sqlite3 *db, int code, char *why, size_t size)
{
	int error = db ? sqlite3_system_errno(db) : 0;

	if (error == EACCES || error == EPERM || ((code & 0xff) == SQLITE_CANTOPEN && error))
		return explain_errno(error, why, size);
	if ((code & 0xff) == SQLITE_ERROR)
		snprintf(why, size, "it is not a database of Kith");
	else
		snprintf(why, size, "%s", db ? sqlite3_errmsg(db) : sqlite3_errstr(code));
	return EX_IOERR;
}

static int try_open(sqlite3 **db, const char *path, bool follow, char *why, size_t size)
{
	struct stat file;
	int code;

	*db = NULL;
	if (stat(path, &file))
		return explain_errno(errno, why, size);
	code = open_file(db, path, follow);
	if (code == SQLITE_OK)
		code = prepare_connection(*db);
	return code == SQLITE_OK ? 0 : explain(*db, code, why, size);
}

int query_try_open(sqlite3 **db, const char *path, char *why, size_t size)
{
	return try_open(db, path, false, why, size);
}

static int open_or_say(sqlite3 **db, const char *path, bool follow)
{
	char why[256];
	int status = try_open(db, path, follow, why, sizeof(why));

	if (status)
		log_error("cannot read database %s: %s", path, why);
	return status;
}

int query_open(sqlite3 **db, const char *path)
{
	return open_or_say(db, path, false);
}

int query_follow(sqlite3 **db, const char *path)
{
	return open_or_say(db, path, true);
}

/* Is there nothing but space, comments and semicolons in @sql? */
static bool is_nothing(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;

	while (*sql && !statement)
		if (sqlite3_prepare_v2(db, sql, -1, &statement, &sql) != SQLITE_OK)
			return false;
	sqlite3_finalize(statement);
	return !statement;
}

int query_prepare(sqlite3 *db, sqlite3_stmt **statement, const char *sql)
{
	const char *rest = "";

	if (sqlite3_prepare_v2(db, sql, -1, statement, &rest) != SQLITE_OK)
		return complain(db, "cannot understand the query");
	if (!*statement || !is_nothing(db, rest)) {
		log_error("cannot understand the query: it is not one statement");
		return 2;
	}
	return 0;
}

/* The text of a value, as SQLite makes it of numbers; NULL is "". */
static const char *cell(sqlite3_stmt *statement, int column, size_t *size)
{
	const char *text = (const char *)sqlite3_column_text(statement, column);

	*size = (size_t)sqlite3_column_bytes(statement, column);
	return text ? text : "";
}

/* JSON knows no infinity: a number that is too large for anybody stands for it. */
static void print_json_float(sqlite3_stmt *statement, int column, FILE *stream)
{
	double value = sqlite3_column_double(statement, column);
	size_t size;

	if (isinf(value))
		fputs(value < 0 ? "-9e999" : "9e999", stream);
	else
		fputs(cell(statement, column, &size), stream);
}

void query_print_json_value(sqlite3_stmt *statement, int column, FILE *stream)
{
	size_t size;
	const char *text;

	switch (sqlite3_column_type(statement, column)) {
	case SQLITE_NULL:
		fputs("null", stream);
		break;
	case SQLITE_INTEGER:
		fputs(cell(statement, column, &size), stream);
		break;
	case SQLITE_FLOAT:
		print_json_float(statement, column, stream);
		break;
	default:
		text = cell(statement, column, &size);
		text_print_json(stream, text, size);
	}
}

void query_print_json_from(sqlite3_stmt *statement, int first, FILE *stream)
{
	int i, columns = sqlite3_column_count(statement);

	fputc('{', stream);
	for (i = first; i < columns; i++) {
		const char *name = sqlite3_column_name(statement, i);

		if (i > first)
			fputc(',', stream);
		text_print_json(stream, name, strlen(name));
		fputc(':', stream);
		query_print_json_value(statement, i, stream);
	}
	fputc('}', stream);
}

void query_print_json(sqlite3_stmt *statement, FILE *stream)
{
	query_print_json_from(statement, 0, stream);
}

static void print_csv_value(const char *text, size_t size, FILE *stream)
{
	size_t i;

	if (!memchr(text, ',', size) && !memchr(text, '"', size) && !memchr(text, '\n', size) &&
	    !memchr(text, '\r', size)) {
		fwrite(text, 1, size, stream);
		return;
	}
	fputc('"', stream);
	for (i = 0; i < size; i++) {
		if (text[i] == '"')
			fputc('"', stream);
		fputc(text[i], stream);
	}
	fputc('"', stream);
}

void query_print_csv(sqlite3_stmt *statement, int first, bool names, FILE *stream)
{
	int i, columns = sqlite3_column_count(statement);

	for (i = first; i < columns; i++) {
		const char *text = sqlite3_column_name(statement, i);
		size_t size = strlen(text);

		if (!names)
			text = cell(statement, i, &size);
		if (i > first)
			fputc(',', stream);
		print_csv_value(text, size, stream);
	}
	fputs("\r\n", stream);
}

/* Rows as escaped text, kept until the widths of the columns are known. */
struct grid {
	char **cells;
	size_t count; /* of cells */
	size_t room;
	int columns;
	bool failed;
};

/* Names of columns are those of who asks; of the values others have chosen many. */
typedef size_t escape_function(char *to, size_t room, const char *from, size_t size);

static void add_cell(struct grid *grid, const char *text, size_t size,
		     escape_function *escape)
{
	char *safe = malloc(CELL_BYTES);

	if (grid->count == grid->room) {
		size_t room = grid->room ? 2 * grid->room : 64;
		char **cells = realloc(grid->cells, room * sizeof(*cells));

		if (cells) {
			grid->cells = cells;
			grid->room = room;
		}
	}
	if (!safe || grid->count == grid->room) {
		free(safe);
		grid->failed = true;
		return;
	}
	escape(safe, CELL_BYTES, text, size);
	grid->cells[grid->count++] = safe;
}

/* Columns of a terminal that UTF-8 @text takes, if each character takes one. */
static int width_of(const char *text)
{
	int width = 0;

	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

/* Cut @text to @most characters, with an ellipsis, and its quote behind that. */
static void cut(char *text, int most)
{
	bool quoted = *text == '"';
	const char *end;
	int width = 0;

	if (width_of(text) <= most)
		return;
	if (quoted)
		most--;
	for (; *text; text++) {
		if ((*text & 0xc0) == 0x80)
			continue;
		if (++width == most)
			break;
	}
	end = quoted ? "…\"" : "…";
	memcpy(text, end, strlen(end) + 1);
}

static void print_grid(struct grid *grid, FILE *stream)
{
	int *widths = calloc((size_t)grid->columns, sizeof(*widths));
	size_t i;

	if (!widths) {
		grid->failed = true;
		return;
	}
	for (i = 0; i < grid->count; i++) {
		int column = (int)(i % (size_t)grid->columns), width;

		cut(grid->cells[i], CELL_MAX);
		width = width_of(grid->cells[i]);
		if (width > widths[column])
			widths[column] = width;
	}
	for (i = 0; i < grid->count; i++) {
		int column = (int)(i % (size_t)grid->columns);
		bool last = column == grid->columns - 1;
		int pad = widths[column] - width_of(grid->cells[i]);

		fprintf(stream, "%s%*s%s", grid->cells[i], last ? 0 : pad, "",
			last ? "\n" : "  ");
	}
	free(widths);
}

static void free_grid(struct grid *grid)
{
	while (grid->count)
		free(grid->cells[--grid->count]);
	free(grid->cells);
}

static bool is_null(sqlite3_stmt *statement, int column)
{
	return sqlite3_column_type(statement, column) == SQLITE_NULL;
}

static void add_row(struct grid *grid, sqlite3_stmt *statement, bool names)
{
	int i;

	for (i = 0; i < grid->columns; i++) {
		const char *text = sqlite3_column_name(statement, i);
		size_t size = strlen(text);

		if (!names)
			text = cell(statement, i, &size);
		add_cell(grid, text, size,
			 names || is_null(statement, i) ? text_escape : text_escape_word);
	}
}

static void print_row(sqlite3_stmt *statement, enum format format, struct grid *grid,
		      FILE *stream)
{
	switch (format) {
	case FORMAT_JSON:
		query_print_json(statement, stream);
		fputc('\n', stream);
		break;
	case FORMAT_CSV:
		query_print_csv(statement, 0, false, stream);
		break;
	default:
		add_row(grid, statement, false);
	}
}

void query_bind(sqlite3_stmt *statement, int parameter, const char *value)
{
	long long number = strtoll(value, NULL, 10);
	char text[32];

	snprintf(text, sizeof(text), "%lld", number);
	if (strcmp(text, value))
		sqlite3_bind_text(statement, parameter, value, -1, SQLITE_STATIC);
	else
		sqlite3_bind_int64(statement, parameter, number);
}

int query_print(sqlite3 *db, sqlite3_stmt *statement, enum format format, FILE *stream)
{
	struct grid grid = { .columns = sqlite3_column_count(statement) };
	int code;

	if (format == FORMAT_CSV)
		query_print_csv(statement, 0, true, stream);
	else if (format == FORMAT_TABLE)
		add_row(&grid, statement, true);
	while ((code = sqlite3_step(statement)) == SQLITE_ROW)
		print_row(statement, format, &grid, stream);
	if (grid.count > (size_t)grid.columns)
		print_grid(&grid, stream);
	free_grid(&grid);
	if (code != SQLITE_DONE)
		return query_failed(db);
	if (grid.failed) {
		log_error("cannot print the answer: out of memory");
		return EX_OSERR;
	}
	return 0;
}
