// SPDX-License-Identifier: GPL-2.0-only
/* Which conversations somebody means. */
#include "question.h"

#include "log.h"
#include "query.h"
#include "select.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static const char any[] = "1";
/* Addresses are looked for where each stands once, in the dictionary of the schema. */
#define ROUTE(condition) "route_id IN (SELECT id FROM routes WHERE " condition ")"

static const char by_address[] =
	ROUTE("?1 IN (client_addr, server_addr, dialled_addr, seen_addr)");
static const char by_port[] = "(?5 IN (client_port, seen_port) OR " ROUTE(
	"?5 IN (server_port, dialled_port)") ")";
static const char by_both[] =
	"(client_port = ?5 AND " ROUTE("client_addr = ?1") " OR seen_port = ?5 AND " ROUTE(
		"coalesce(seen_addr, client_addr) = ?1") " OR " ROUTE(
		"?1 = server_addr AND ?5 = server_port OR ?1 = coalesce(dialled_addr,"
		" server_addr) AND ?5 = coalesce(dialled_port, server_port)") ")";

static const char by_name[] = ROUTE("name = ?1");

/* Of the ID of a container the first 12 characters will do, as runtimes show it. */
#define IN_CONTAINER                                                               \
	"container_id IN (SELECT container_id FROM container WHERE ?1 IN (name, unit," \
	" runtime_id) OR length(?1) >= 12 AND substr(runtime_id, 1, length(?1)) = ?1)"

/* Processes that it may be about: ?1, ?2 since, ?3 until. %s: a condition. */
static const char members[] = "SELECT process_id FROM process WHERE %s AND started <= ?3"
			      " AND " QUERY_LIVED_SINCE;

static bool parse_address(struct question *question, const char *text, size_t size)
{
	uint8_t address[ADDRESS_BYTES];
	char copy[ADDRESS_TEXT + 16];

	if (size >= sizeof(copy))
		return false;
	memcpy(copy, text, size);
	copy[size] = '\0';
	if (address_parse(address, copy))
		return false;
	question->text = address_text(question->address, address);
	return true;
}

/* @text: ":80" */
static bool parse_port(struct question *question, const char *text)
{
	size_t digits = *text == ':' ? strspn(text + 1, "0123456789") : 0;

	if (!digits || digits > 5 || text[digits + 1])
		return false;
	question->port = strtol(text + 1, NULL, 10);
	return question->port <= UINT16_MAX;
}

/* "[::1]", "[::1]:80" */
static bool parse_brackets(struct question *question, const char *text)
{
	const char *end = strchr(text, ']');

	if (*text != '[' || !end || !parse_address(question, text + 1, (size_t)(end - text) - 1))
		return false;
	question->connection = by_address;
	if (!end[1])
		return true;
	question->connection = by_both;
	return parse_port(question, end + 1);
}

static bool parse_end(struct question *question, const char *text)
{
	const char *colon = strrchr(text, ':');

	question->connection = by_address;
	if (parse_address(question, text, strlen(text)))
		return true;
	question->connection = by_port;
	if (parse_port(question, text))
		return true;
	if (parse_brackets(question, text))
		return true;
	question->connection = by_both;
	return colon && !memchr(text, ':', (size_t)(colon - text)) &&
	       parse_address(question, text, (size_t)(colon - text)) &&
	       parse_port(question, colon);
}

void question_understand(struct question *question, const char *what)
{
	const char *condition;

	*question = (struct question){ .connection = any };
	if (!what || parse_end(question, what))
		return;
	question->text = what;
	question->connection = by_name;
	if (*what == '@')
		return;
	question->connection = NULL;
	question->path = *what == '/';
	condition = select_condition(&question->text);
	if (*what == '#' || *what == '/' || !what[strspn(what, "0123456789")])
		snprintf(question->process, sizeof(question->process), "%s", condition);
	else
		snprintf(question->process, sizeof(question->process),
			 "(%s OR " IN_CONTAINER ")", condition);
}

void question_bind(const struct question *question, sqlite3_stmt *statement,
		   const struct common *common)
{
	if (question->text && question->connection)
		sqlite3_bind_text(statement, 1, question->text, -1, SQLITE_STATIC);
	else if (question->text)
		select_bind(statement, question->text);
	sqlite3_bind_int64(statement, 2, common->since);
	sqlite3_bind_int64(statement, 3, common->until);
	sqlite3_bind_int64(statement, 5, question->port);
}

/* Whether the processes of each are meant. */
static void look_at_each(const struct question *question, struct condition *condition)
{
	snprintf(condition->connection, sizeof(condition->connection),
		 "(%s EXISTS (SELECT 1 FROM process WHERE process_id IN (client_id,"
		 " server_id, client_opener_id, server_opener_id) AND %s))",
		 question->path ? ROUTE("name = ?1") " OR" : "", question->process);
	snprintf(condition->pipe, sizeof(condition->pipe),
		 "(%s EXISTS (SELECT 1 FROM process WHERE process_id IN (source_id, target_id)"
		 " AND %s))",
		 question->path ? "path = ?1 OR" : "", question->process);
}

/* Whether it is one of the processes that are meant. */
static void find_first(const struct question *question, struct condition *condition)
{
	char who[800];

	snprintf(who, sizeof(who), members, question->process);
	snprintf(condition->with, sizeof(condition->with), "who AS MATERIALIZED (%s),", who);
	snprintf(condition->connection, sizeof(condition->connection),
		 "(client_id IN who OR server_id IN who OR client_opener_id IN who OR"
		 " server_opener_id IN who OR connection_id IN (SELECT connection_id FROM"
		 " connection_use WHERE process_id IN who)%s)",
		 question->path ? " OR " ROUTE("name = ?1") : "");
	snprintf(condition->pipe, sizeof(condition->pipe),
		 "(source_id IN who OR target_id IN who%s)",
		 question->path ? " OR path = ?1" : "");
}

/*
 * Of many conversations it is quicker to find the processes first, once; of the few
 * that are new to look at the processes of each.
 */
void question_condition(const struct question *question, bool few,
			struct condition *condition)
{
	*condition = (struct condition){ .with = "" };
	if (question->connection) {
		snprintf(condition->connection, sizeof(condition->connection), "%s",
			 question->connection);
		snprintf(condition->pipe, sizeof(condition->pipe), "%d",
			 question->connection == any);
	} else if (few) {
		look_at_each(question, condition);
	} else {
		find_first(question, condition);
	}
}

int question_check(const struct question *question, sqlite3 *db, const char *what,
		   const struct common *common)
{
	static const char others[] = " UNION ALL SELECT 1 FROM routes WHERE name = ?1"
				     " UNION ALL SELECT 1 FROM listener WHERE name = ?1"
				     " UNION ALL SELECT 1 FROM pipe WHERE path = ?1";
	sqlite3_stmt *statement = NULL;
	int status, code;
	char sql[1280];
	size_t used;

	if (question->connection)
		return 0;
	used = (size_t)snprintf(sql, sizeof(sql), members, question->process);
	if (question->path)
		snprintf(sql + used, sizeof(sql) - used, "%s", others);
	status = query_prepare(db, &statement, sql);
	if (status)
		return status;
	question_bind(question, statement, common);
	code = sqlite3_step(statement);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		status = query_failed(db);
	sqlite3_finalize(statement);
	if (code == SQLITE_DONE) {
		log_error("no process, container or unit is known as %s", what);
		status = EX_NOINPUT;
	}
	return status;
}
