// SPDX-License-Identifier: GPL-2.0-only
/* kith report: what was not usual, and what shows it. */
#include "command.h"

#include "log.h"
#include "query.h"
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static const char doc[] =
	"Reports what happened that is not usual on this host: a few incidents, each with what "
	"shows it, or nothing. With --since last what is new since the last such report, and "
	"nothing at all is printed if there is none: for cron.";

enum { OPTION_ALL = 'a', OPTION_EXIT = 512 + 16, SHOWN = 5 };

static const struct argp_option options[] = {
	{ "all", OPTION_ALL, NULL, 0, "also what somebody has said something of", 0 },
	{ "exit-code", OPTION_EXIT, NULL, 0, "exit with 1 if there is an incident", 0 },
	{ 0 },
};

struct arguments {
	struct common common;
	bool all;
	bool exit_code;
	bool last;
};

struct report {
	sqlite3 *db;
	const struct arguments *arguments;
	bool coloured;
	int64_t before;	  /* revision that was reported last */
	int64_t revision; /* the greatest now */
	unsigned int count;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	(void)text;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->common;
		return 0;
	case OPTION_ALL:
		arguments->all = true;
		return 0;
	case OPTION_EXIT:
		arguments->exit_code = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* "last" is no time. */
static bool take_last(int *argc, char **argv)
{
	int i, used = 0;

	for (i = 1; i < *argc && !used; i++) {
		if (!strcmp(argv[i], "--since=last"))
			used = 1;
		else if (!strcmp(argv[i], "--since") && i + 1 < *argc &&
			 !strcmp(argv[i + 1], "last"))
			used = 2;
		if (used)
			memmove(argv + i, argv + i + used,
				(size_t)(*argc - i - used + 1) * sizeof(*argv));
	}
	*argc -= used;
	return used > 0;
}

static int path_of(const struct report *report, const char *suffix, char *path, size_t room)
{
	return snprintf(path, room, "%s.reported%s", report->arguments->common.database, suffix) <
			       (int)room ?
		       0 :
		       EX_IOERR;
}

static void read_last(struct report *report)
{
	char path[PATH_MAX];
	FILE *file = path_of(report, "", path, sizeof(path)) ? NULL : fopen(path, "re");

	if (!file)
		return;
	if (fscanf(file, "%" SCNd64, &report->before) != 1)
		report->before = 0;
	fclose(file);
}

/* What was printed, not before it was. */
static int write_last(const struct report *report)
{
	char path[PATH_MAX], fresh[PATH_MAX];
	FILE *file;
	int ret;

	if (path_of(report, "", path, sizeof(path)) ||
	    path_of(report, ".new", fresh, sizeof(fresh)))
		return EX_IOERR;
	file = fopen(fresh, "we");
	if (!file) {
		log_error("cannot write %s: %s", fresh, strerror(errno));
		return errno == EACCES ? EX_NOPERM : EX_IOERR;
	}
	fprintf(file, "%" PRId64 "\n", report->revision);
	ret = fflush(file) || fsync(fileno(file));
	if (fclose(file) || ret || rename(fresh, path)) {
		log_error("cannot write %s: %s", path, strerror(errno));
		return EX_IOERR;
	}
	return 0;
}

/* Kith's own sentences; if somebody has changed the database, even so. */
static void print_safe(const unsigned char *text)
{
	for (; text && *text; text++)
		putchar(*text < ' ' || *text == 127 ? '?' : *text);
}

static void colour(const struct report *report, const char *code)
{
	if (report->coloured)
		printf("\033[%sm", code);
}

static void print_moment(int64_t ns)
{
	char text[40];

	printf("%.19s", text_time(text, sizeof(text), ns));
}

static int for_each(struct report *report, const char *sql, int64_t key,
		    void (*print)(struct report *report, sqlite3_stmt *row))
{
	sqlite3_stmt *rows = NULL;
	int status = query_prepare(report->db, &rows, sql), code = SQLITE_DONE;

	if (status)
		return status;
	sqlite3_bind_int64(rows, 1, key);
	while ((code = sqlite3_step(rows)) == SQLITE_ROW)
		print(report, rows);
	if (code != SQLITE_DONE)
		status = query_failed(report->db);
	sqlite3_finalize(rows);
	return status;
}

static void print_evidence(struct report *report, sqlite3_stmt *row)
{
	(void)report;
	printf("   %2d. ", sqlite3_column_int(row, 0));
	print_moment(sqlite3_column_int64(row, 1));
	fputs("  ", stdout);
	print_safe(sqlite3_column_text(row, 2));
	printf("  [%s", (const char *)sqlite3_column_text(row, 3));
	if (sqlite3_column_type(row, 4) != SQLITE_NULL)
		printf(" %lld", (long long)sqlite3_column_int64(row, 4));
	puts("]");
}

static void print_branch(struct report *report, sqlite3_stmt *row)
{
	const char *exe = (const char *)sqlite3_column_text(row, 2);
	const char *argv = (const char *)sqlite3_column_text(row, 3);

	(void)report;
	printf("   %*s%lld ", 2 * sqlite3_column_int(row, 0), "",
	       (long long)sqlite3_column_int64(row, 1));
	text_print(stdout, argv ? argv : exe ? exe : "?",
		   argv ? (size_t)sqlite3_column_bytes(row, 3) :
		   exe	? (size_t)sqlite3_column_bytes(row, 2) :
			  1);
	if (!strcmp((const char *)sqlite3_column_text(row, 4), "cause"))
		fputs("  (a cause)", stdout);
	putchar('\n');
}

/* Descendants behind whoever began them. */
static const char tree[] =
	"WITH RECURSIVE t(id, depth, path) AS ("
	" SELECT process_id, 1, printf('%020d', first) || process_id FROM incident_process i"
	" WHERE incident_id = ?1 AND NOT EXISTS (SELECT 1 FROM incident_process p"
	" WHERE p.incident_id = ?1 AND p.process_id = i.parent_id)"
	" UNION SELECT i.process_id, depth + 1, path || '/' || printf('%020d', first)"
	" || i.process_id FROM t JOIN incident_process i ON i.incident_id = ?1"
	" AND i.parent_id = t.id WHERE depth < 12)"
	" SELECT t.depth, p.pid, p.exe, p.argv, i.role FROM t"
	" JOIN incident_process i ON i.incident_id = ?1 AND i.process_id = t.id"
	" LEFT JOIN process p ON p.process_id = t.id ORDER BY path LIMIT 24";

static void print_heading(struct report *report, sqlite3_stmt *row)
{
	colour(report, "1;31");
	printf("%lld. ", (long long)sqlite3_column_int64(row, 0));
	print_safe(sqlite3_column_text(row, 4));
	colour(report, "0");
	fputs("\n   ", stdout);
	print_moment(sqlite3_column_int64(row, 1));
	fputs(" to ", stdout);
	print_moment(sqlite3_column_int64(row, 2));
	printf(" UTC, score %.0f of %.0f, %s", sqlite3_column_double(row, 3),
	       sqlite3_column_double(row, 8), (const char *)sqlite3_column_text(row, 5));
	if (sqlite3_column_bytes(row, 6))
		printf(", %s", (const char *)sqlite3_column_text(row, 6));
	putchar('\n');
}

static int print_whole(struct report *report, sqlite3_stmt *row)
{
	const int64_t id = sqlite3_column_int64(row, 0);
	int status;

	print_heading(report, row);
	status = for_each(report,
			  "SELECT rank, ts, sentence, source, row_key FROM evidence"
			  " WHERE incident_id = ?1 ORDER BY rank",
			  id, print_evidence);
	if (!status)
		status = for_each(report, tree, id, print_branch);
	if (sqlite3_column_int(row, 9))
		printf("   Not all was seen: %d gaps in the hour before it or during it.\n",
		       sqlite3_column_int(row, 9));
	colour(report, "2");
	printf("   kith sql \"SELECT * FROM evidence WHERE incident_id = %lld ORDER BY rank\"\n"
	       "   kith allow add --incident %lld --reason WHY\n",
	       (long long)id, (long long)id);
	colour(report, "0");
	putchar('\n');
	return status;
}

static void print_json_row(struct report *report, sqlite3_stmt *row)
{
	printf("%s", report->count++ ? "," : "");
	query_print_json(row, stdout);
}

static int print_json(struct report *report, sqlite3_stmt *row)
{
	const unsigned int count = report->count;
	int status;

	fputs("{\"incident\":", stdout);
	query_print_json(row, stdout);
	fputs(",\"evidence\":[", stdout);
	report->count = 0;
	status = for_each(report, "SELECT * FROM evidence WHERE incident_id = ?1 ORDER BY rank",
			  sqlite3_column_int64(row, 0), print_json_row);
	fputs("],\"processes\":[", stdout);
	report->count = 0;
	if (!status)
		status = for_each(report,
				  "SELECT i.*, p.pid, p.exe, p.argv FROM incident_process i"
				  " LEFT JOIN process p USING (process_id)"
				  " WHERE i.incident_id = ?1 ORDER BY i.first, i.process_id",
				  sqlite3_column_int64(row, 0), print_json_row);
	puts("]}");
	report->count = count;
	return status;
}

static int print_row(struct report *report, sqlite3_stmt *row)
{
	const int64_t revision = sqlite3_column_int64(row, 7);

	if (revision > report->revision)
		report->revision = revision;
	report->count++;
	if (report->arguments->common.json)
		return print_json(report, row);
	if (report->count <= SHOWN)
		return print_whole(report, row);
	printf("%lld. ", (long long)sqlite3_column_int64(row, 0));
	print_safe(sqlite3_column_text(row, 4));
	putchar('\n');
	return 0;
}

static int print_incidents(struct report *report)
{
	const struct arguments *arguments = report->arguments;
	sqlite3_stmt *rows = NULL;
	int status = query_prepare(report->db, &rows,
				   "SELECT incident_id, first, last, score, title, workload,"
				   " techniques, revision, threshold, gaps, status, root_id, signs,"
				   " tactics, allow, query FROM incident WHERE last >= ?1"
				   " AND first <= ?2 AND revision > ?3 AND (?4 OR status = 'open')"
				   " ORDER BY score DESC, incident_id"),
	    code = SQLITE_DONE;

	if (status)
		return status;
	sqlite3_bind_int64(rows, 1, arguments->common.since);
	sqlite3_bind_int64(rows, 2, arguments->common.until);
	sqlite3_bind_int64(rows, 3, report->before);
	sqlite3_bind_int(rows, 4, arguments->all);
	while (!status && (code = sqlite3_step(rows)) == SQLITE_ROW)
		status = print_row(report, rows);
	if (!status && code != SQLITE_DONE)
		status = query_failed(report->db);
	sqlite3_finalize(rows);
	return status;
}

static void print_state(struct report *report, sqlite3_stmt *row)
{
	const int hours = sqlite3_column_int(row, 0);

	(void)report;
	if (sqlite3_column_type(row, 0) == SQLITE_NULL)
		puts("Nothing has been learned yet.");
	else if (hours < 72)
		printf("Nothing is usual yet: %d hours have been learned, of 72.\n", hours);
	else
		printf("Nothing unusual; %d days have been learned.\n", hours / 24);
}

static int print_report(struct report *report)
{
	int status = print_incidents(report);

	if (status || report->count || report->arguments->last || report->arguments->common.json)
		return status;
	return for_each(report,
			"SELECT (SELECT value FROM baseline_state WHERE name = 'last')"
			" / 3600000000000"
			" - (SELECT value FROM baseline_state WHERE name = 'began')",
			0, print_state);
}

int command_report(int argc, char **argv)
{
	static const struct argp argp = { options,	    parse, NULL, doc,
					  command_children, NULL,  NULL };
	struct arguments arguments = { .last = take_last(&argc, argv) };
	struct report report = { .arguments = &arguments };
	int status, written;

	common_init(&arguments.common);
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	report.coloured = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	if (arguments.last)
		read_last(&report);
	report.revision = report.before;
	status = query_open(&report.db, arguments.common.database);
	if (status)
		return status;
	status = print_report(&report);
	sqlite3_close(report.db);
	written = command_flush();
	status = written ? written : status;
	if (!status && arguments.last && report.revision > report.before)
		status = write_last(&report);
	return status ? status : arguments.exit_code && report.count ? 1 : 0;
}
