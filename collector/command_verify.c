// SPDX-License-Identifier: GPL-2.0-only
/* kith verify: is the database as kithd has sealed it? */
#include "command.h"
#include "log.h"
#include "query.h"
#include "text.h"
#include "verify.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static const char doc[] =
	"Compares all segments of the database with their seals, and says which were changed, "
	"removed or put elsewhere. Who can write the database can also seal it anew: to find "
	"that out, keep the head of the chain (--print-head) where he cannot reach it, and "
	"give it back with --head or --head-file.\v"
	"Example: kith verify --head-file head.txt --exit-code";

enum { OPTION_EXIT_CODE = 256, OPTION_HEAD, OPTION_HEAD_FILE, OPTION_PRINT_HEAD };

static const struct argp_option options[] = {
	{ "exit-code", OPTION_EXIT_CODE, NULL, 0, "exit with 1 if anything is wrong", 0 },
	{ "head", OPTION_HEAD, "HEX", 0, "this seal must be in the chain", 0 },
	{ "head-file", OPTION_HEAD_FILE, "FILE", 0,
	  "the one that FILE has, from --print-head", 0 },
	{ "print-head", OPTION_PRINT_HEAD, NULL, 0,
	  "only print the last seal, to be kept or signed", 0 },
	{ 0 },
};

struct arguments {
	struct common common;
	const char *head_text;
	const char *head_file;
	bool exit_code;
	bool print_head;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->common;
		return 0;
	case OPTION_EXIT_CODE:
		arguments->exit_code = true;
		return 0;
	case OPTION_HEAD:
		arguments->head_text = text;
		return 0;
	case OPTION_HEAD_FILE:
		arguments->head_file = text;
		return 0;
	case OPTION_PRINT_HEAD:
		arguments->print_head = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "what is %s for?", text);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Of a hexadecimal digit; -1: it is none. */
static int value_of(char digit)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = digit ? strchr(digits, tolower((unsigned char)digit)) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* The digits of a digest, at the beginning of @text. */
static bool read_digest(const char *text, unsigned char digest[SHA256_SIZE])
{
	size_t i;

	for (i = 0; i < SHA256_SIZE; i++) {
		const int high = value_of(text[2 * i]);
		const int low = high < 0 ? -1 : value_of(text[2 * i + 1]);

		if (low < 0)
			return false;
		digest[i] = (unsigned char)(high << 4 | low);
	}
	return value_of(text[2 * i]) < 0;
}

/* The line that --print-head prints. Return: exit status. */
static int read_head_file(const char *path, unsigned char head[SHA256_SIZE])
{
	FILE *file = fopen(path, "re");
	char line[256] = "";
	const char *seal;

	if (!file || !fgets(line, sizeof(line), file)) {
		log_error("cannot read head %s: %s", path,
			  file && !ferror(file) ? "it is empty" : strerror(errno));
		if (file)
			fclose(file);
		return EX_IOERR;
	}
	fclose(file);
	seal = strstr(line, "seal ");
	if (seal && read_digest(seal + strlen("seal "), head))
		return 0;
	log_error("cannot use head %s: kith verify --print-head has not written it",
		  path);
	return 2;
}

/* *given: is there one? Return: exit status. */
static int read_head(const struct arguments *arguments, unsigned char head[SHA256_SIZE],
		     bool *given)
{
	*given = arguments->head_text || arguments->head_file;
	if (arguments->head_file)
		return read_head_file(arguments->head_file, head);
	if (!arguments->head_text || read_digest(arguments->head_text, head))
		return 0;
	log_error("cannot use head %s: a seal has %d hexadecimal digits",
		  arguments->head_text, 2 * SHA256_SIZE);
	return 2;
}

static void print_fault(const void *json, const struct verify_fault *fault)
{
	if (json) {
		printf("{\"fault\":\"%s\"", fault->kind);
		if (fault->segment)
			printf(",\"segment\":%" PRId64, fault->segment);
		if (fault->table)
			printf(",\"table\":\"%s\"", fault->table);
		if (fault->row != INT64_MIN)
			printf(",\"row\":%" PRId64, fault->row);
		fputs(",\"text\":", stdout);
		text_print_json(stdout, fault->text, strlen(fault->text));
		puts("}");
		return;
	}
	printf("%s: ", fault->kind);
	if (fault->segment)
		printf("segment %" PRId64 ": ", fault->segment);
	if (fault->table)
		printf("%s: ", fault->table);
	if (fault->row != INT64_MIN)
		printf("row %" PRId64 ": ", fault->row);
	text_print(stdout, fault->text, strlen(fault->text));
	putchar('\n');
}

static void print_json(const struct verify_result *result)
{
	char head[SHA256_TEXT];

	printf("{\"faults\":%" PRId64 ",\"segments\":%" PRId64 ",\"sealed\":%" PRId64
	       ",\"rows\":%" PRId64 ",\"dropped\":%" PRId64 ",\"late\":%" PRId64
	       ",\"going_on\":%" PRId64 ",\"unsealed\":%" PRId64 ",\"dropping\":%s",
	       result->faults, result->segments, result->sealed, result->rows,
	       result->dropped, result->late, result->going_on, result->unsealed,
	       result->dropping ? "true" : "false");
	if (result->sealed)
		printf(",\"closed\":%" PRId64 ",\"head\":\"%s\"", result->closed,
		       sha256_text(result->head, head));
	puts("}");
}

static void print_result(const struct verify_result *result)
{
	char head[SHA256_TEXT], time[40];

	printf("%" PRId64 " of %" PRId64 " segments are sealed, with %" PRId64
	       " rows, %" PRId64 " of them dropped%s.\n",
	       result->sealed, result->segments, result->rows, result->dropped,
	       result->dropping ? ", which is under way" : "");
	printf("%" PRId64 " rows were sealed when they were over; %" PRId64
	       " go on, and have no seal but for what never changes.\n",
	       result->late, result->going_on);
	printf("%" PRId64 " rows came after the last seal.\n", result->unsealed);
	if (result->sealed)
		printf("The last segment was closed at %s, its seal is %s.\n",
		       text_time(time, sizeof(time), result->closed),
		       sha256_text(result->head, head));
	if (result->faults)
		printf("%" PRId64 " faults.\n", result->faults);
	else
		puts("Nothing was changed.");
}

/* Return: exit status. */
static int print_head(sqlite3 *db, bool json)
{
	sqlite3_stmt *statement;
	int status =
		query_prepare(db, &statement,
			      "SELECT id, closed, lower(hex(seal)) FROM segments WHERE"
			      " seal IS NOT NULL ORDER BY id DESC LIMIT 1");
	char time[40];
	int code;

	if (status)
		return status;
	code = sqlite3_step(statement);
	if (code == SQLITE_ROW && json)
		printf("{\"segment\":%lld,\"closed\":%lld,\"seal\":\"%s\"}\n",
		       sqlite3_column_int64(statement, 0),
		       sqlite3_column_int64(statement, 1),
		       (const char *)sqlite3_column_text(statement, 2));
	else if (code == SQLITE_ROW)
		printf("kith segment %lld closed %s seal %s\n",
		       sqlite3_column_int64(statement, 0),
		       text_time(time, sizeof(time), sqlite3_column_int64(statement, 1)),
		       (const char *)sqlite3_column_text(statement, 2));
	else if (code == SQLITE_DONE)
		log_error("no segment is sealed yet");
	else
		status = query_failed(db);
	sqlite3_finalize(statement);
	return code == SQLITE_DONE ? EX_UNAVAILABLE : status;
}

static int check(sqlite3 *db, const struct arguments *arguments)
{
	unsigned char head[SHA256_SIZE];
	struct verify verify = { .db = db,
				 .fault = print_fault,
				 .context = arguments->common.json ? (void *)arguments
								   : NULL };
	bool given;
	int status = read_head(arguments, head, &given);

	if (status)
		return status;
	verify.head = given ? head : NULL;
	if (verify_all(&verify) != SQLITE_OK)
		return query_failed(db);
	if (arguments->common.json)
		print_json(&verify.result);
	else
		print_result(&verify.result);
	return arguments->exit_code && verify.result.faults ? 1 : 0;
}

int command_verify(int argc, char **argv)
{
	static const struct argp argp = { options,	    parse, NULL, doc,
					  command_children, NULL,  NULL };
	struct arguments arguments = { .exit_code = false };
	sqlite3 *db;
	int status, written;

	common_init(&arguments.common);
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	status = query_open(&db, arguments.common.database);
	if (status)
		return status;
	status = arguments.print_head ? print_head(db, arguments.common.json)
				      : check(db, &arguments);
	sqlite3_close(db);
	written = command_flush();
	return written ? written : status;
}
