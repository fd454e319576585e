// SPDX-License-Identifier: GPL-2.0-only
/* Events as documents of JSON: what stands where, and that they are JSON whatever is in them. */
#include "story.h"
#include "text.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rig rig;

static const struct step story[] = {
	RAN(600, 0, "/usr/bin/bash", "bash"),
	RAN(601, 600, "/usr/bin/curl", "curl -O x", .uid = 1000),
	HAS_DIALLED(601, "198.51.100.7", 443),
	HAS_WRITTEN(601, "/home/u/x"),
	HAS_RENAMED(601, "/home/u/x", "/home/u/bin/y"),
	HAS_TAKEN(600, "2001:db8::7", 22),
	HAS_ENDED(601),
};

static void begin(void)
{
	rig_open(&rig);
	STORY_TELL(&rig, story);
}

/* Of rows of @view as @where says, the members at the paths that @members lists. */
static void check(const char *view, const char *where, const char *members, const char *want)
{
	char sql[2048];

	snprintf(sql, sizeof(sql), "SELECT %s FROM %s WHERE %s ORDER BY ts", members, view,
		 where);
	rig_check(sql, want);
}

#define AT(path) "json_extract(event, '$." path "')"

static const struct {
	const char *where;
	const char *members;
	const char *want;
} ecs[] = {
	{ "source = 'execution'",
	  AT("process.executable") ", " AT("process.command_line") ", " AT("process.name") ", "
	  AT("process.pid") ", " AT("process.parent.pid") ", " AT("user.id") ", " AT("user.name")
	  ", " AT("process.working_directory"),
	  "/usr/bin/bash|bash|bash|600|-|0|root|/var/tmp\n"
	  "/usr/bin/curl|curl -O x|curl|601|600|1000|-|/var/tmp" },
	{ "source = 'execution' AND row_key = 2",
	  AT("event.category") ", " AT("event.type") ", " AT("event.action") ", "
	  AT("event.outcome") ", " AT("event.kind") ", " AT("event.id") ", " AT("\"@timestamp\""),
	  "[\"process\"]|[\"start\"]|exec|success|event|execution/2|"
	  "2023-11-14T22:15:07.374187400Z" },
	{ "source = 'process' AND row_key = 3",
	  AT("event.type") ", " AT("event.action") ", " AT("process.exit_code") ", "
	  AT("process.executable") ", " AT("event.duration"),
	  "[\"end\"]|exit|0|/usr/bin/curl|11000" },
	{ "source = 'file_access'",
	  AT("event.category") ", " AT("event.type") ", " AT("event.action") ", "
	  AT("file.path") ", " AT("file.name") ", " AT("file.inode") ", "
	  AT("kith.bytes_written") ", " AT("process.name"),
	  "[\"file\"]|[\"creation\",\"change\"]|create|/home/u/x|x|1002|10|curl" },
	{ "source = 'file_change'",
	  AT("event.type") ", " AT("event.action") ", " AT("file.path") ", "
	  AT("kith.old_path") ", " AT("file.name"),
	  "[\"change\"]|rename|/home/u/bin/y|/home/u/x|y" },
	{ "source = 'connection'",
	  AT("event.category") ", " AT("event.type") ", " AT("event.action") ", "
	  AT("source.ip") ", " AT("source.port") ", " AT("destination.ip") ", "
	  AT("destination.port") ", " AT("source.bytes") ", " AT("destination.bytes") ", "
	  AT("network.transport") ", " AT("network.type") ", " AT("network.direction") ", "
	  AT("process.name"),
	  "[\"network\"]|[\"connection\",\"start\",\"end\"]|connection_attempted|10.0.0.1|40000|"
	  "198.51.100.7|443|100|2000|tcp|ipv4|egress|curl\n"
	  "[\"network\"]|[\"connection\",\"start\",\"end\"]|connection_accepted|2001:db8::7|40000|"
	  "10.0.0.2|22|100|2000|tcp|ipv4|ingress|bash" },
	{ "row_key = '2' AND source = 'execution'", AT("host.boot.id") ", " AT("ecs.version"),
	  "11111111-1111-4111-8111-111111111111|8.11.0" },
	{ "row_key = '3/start'",
	  AT("event.type") ", " AT("event.action") ", " AT("process.pid") ", "
	  AT("process.executable") ", " AT("process.parent.pid") ", "
	  AT("process.parent.executable") ", first = last AND last = ts",
	  "[\"start\"]|fork|601|/usr/bin/bash|600|/usr/bin/bash|1" },
	{ "source = 'connection' AND row_key = '1/client'",
	  AT("process.entity_id") " = (SELECT uuid || ':' || pid || ':' || started FROM process"
	  " JOIN boot USING (boot_id) WHERE pid = 601), " AT("kith.server") ", "
	  AT("kith.connection_id") ", " AT("kith.scope"),
	  "1|-|1|public" },
};

START_TEST(in_ecs)
{
	begin();
	check("ecs_event", ecs[_i].where, ecs[_i].members, ecs[_i].want);
	rig_close(&rig);
}
END_TEST

static const struct {
	const char *view;
	const char *where;
	const char *members;
	const char *want;
} ocsf[] = {
	{ "ocsf_process_activity", "activity_id = 1 AND source = 'execution'",
	  "type_uid, time, severity_id, " AT("class_uid") ", " AT("category_uid") ", "
	  AT("process.pid") ", " AT("process.cmd_line") ", " AT("process.file.path") ", "
	  AT("process.user.uid") ", " AT("actor.process.pid") ", " AT("status_id"),
	  "100701|1700000107374|1|1007|1|600|bash|/usr/bin/bash|0|-|1\n"
	  "100701|1700000107374|1|1007|1|601|curl -O x|/usr/bin/curl|1000|600|1" },
	{ "ocsf_process_activity", "activity_id = 2",
	  "type_uid, " AT("exit_code") ", " AT("process.terminated_time") ", " AT("process.name")
	  ", " AT("actor.process.pid"),
	  "100702|0|1700000107374|curl|601" },
	{ "ocsf_file_activity", "1",
	  "type_uid, " AT("file.path") ", " AT("file.name") ", " AT("file.type_id") ", "
	  AT("file_result.path") ", " AT("actor.process.name") ", " AT("actor.process.user.uid")
	  ", " AT("metadata.uid"),
	  "100101|/home/u/x|x|1|-|curl|1000|file_access/1\n"
	  "100105|/home/u/x|x|1|/home/u/bin/y|curl|1000|file_change/1" },
	{ "ocsf_network_activity", "1",
	  "category_uid, type_uid, " AT("src_endpoint.ip") ", " AT("dst_endpoint.ip") ", "
	  AT("dst_endpoint.port") ", " AT("connection_info.direction_id") ", "
	  AT("connection_info.protocol_num") ", " AT("connection_info.boundary_id") ", "
	  AT("traffic.bytes_out") ", " AT("traffic.bytes_in") ", " AT("actor.process.name"),
	  "4|400106|10.0.0.1|198.51.100.7|443|2|6|3|100|2000|curl\n"
	  "4|400106|2001:db8::7|10.0.0.2|22|1|6|3|2000|100|bash" },
	{ "ocsf_event", "1", "DISTINCT " AT("metadata.version") ", " AT("metadata.product.name"),
	  "1.5.0|Kith" },
};

START_TEST(in_ocsf)
{
	begin();
	check(ocsf[_i].view, ocsf[_i].where, ocsf[_i].members, ocsf[_i].want);
	rig_close(&rig);
}
END_TEST

/* Each row of the views that they are made of is a document, and no two have the same name. */
START_TEST(all_of_them)
{
	begin();
	rig_check("SELECT count(*), count(DISTINCT " AT("event.id") ") FROM ecs_event", "11|11");
	rig_check("SELECT count(*), count(DISTINCT " AT("metadata.uid") ") FROM ocsf_event",
		  "11|11");
	rig_check("SELECT (SELECT count(*) FROM ocsf_process_activity),"
		  " (SELECT count(*) FROM ocsf_file_activity),"
		  " (SELECT count(*) FROM ocsf_network_activity)",
		  "6|2|2");
	rig_close(&rig);
}
END_TEST

#define FAILED "source IN ('execution', 'connection')"

/* What failed says so, and why. */
START_TEST(what_failed)
{
	struct kith_connection *body;

	rig_open(&rig);
	forge_exec_failed(&rig.forge, story_key(600), 13, "/root/x");
	body = forge_connection(&rig.forge, 1, story_key(600), 0);
	forge_one_end(&rig.forge, KITH_CLIENT);
	body->flags &= (uint8_t)~KITH_CONNECTION_ESTABLISHED;
	body->error = 111;
	rig_feed(&rig);
	rig_commit(&rig);
	check("ecs_event", FAILED, AT("event.action") ", " AT("event.outcome") ", " AT("error.code")
	      ", " AT("process.executable"),
	      "exec|failure|13|/root/x\nconnection_attempted|failure|111|-");
	check("ocsf_event", FAILED, "type_uid, " AT("status_id") ", " AT("status_code"),
	      "100701|2|13\n400105|2|111");
	rig_close(&rig);
}
END_TEST

START_TEST(who_became_whom)
{
	rig_open(&rig);
	FORGE_EXEC(&rig.forge, story_key(600), 0, "/opt/exploit", "x");
	forge_credential(&rig.forge, story_key(600), KITH_CAUSE_NONE, 1000, 0)->flags =
		KITH_CREDENTIAL_UNEXPLAINED;
	FORGE_EXEC(&rig.forge, story_key(600), 0, "/bin/sh", "sh");
	rig_feed(&rig);
	rig_commit(&rig);
	check("ecs_event", "source = 'credential'",
	      AT("event.action") ", " AT("user.id") ", " AT("user.changes.id") ", "
	      AT("user.changes.name") ", " AT("kith.unexplained") ", " AT("process.name"),
	      "none|1000|0|root|1|exploit");
	check("ocsf_process_activity", "source = 'credential'",
	      "type_uid, severity_id, " AT("actor.user.uid") ", " AT("process.user.uid") ", "
	      AT("process.name"),
	      "100705|4|1000|0|exploit");
	rig_close(&rig);
}
END_TEST

/* A Unix socket has a name and no address. */
START_TEST(through_unix_sockets)
{
	rig_open(&rig);
	forge_unix(&rig.forge, 1, KITH_PROTOCOL_UNIX_STREAM, FORGE_NAME("/run/docker.sock"))
		->ends[KITH_CLIENT]
		.process = story_key(600);
	rig_feed(&rig);
	rig_commit(&rig);
	check("ecs_event", "row_key = '1/client'", AT("destination.address") ", "
	      AT("destination.ip") ", " AT("network.transport") ", " AT("kith.protocol") ", "
	      AT("network.direction"),
	      "/run/docker.sock|-|-|unix-stream|internal");
	check("ocsf_network_activity", "row_key = '1/client'", AT("dst_endpoint.svc_name") ", "
	      AT("src_endpoint") ", " AT("connection_info.boundary_id") ", "
	      AT("connection_info.protocol_name"),
	      "/run/docker.sock|-|1|unix-stream");
	rig_close(&rig);
}
END_TEST

/* What hostile text is made of: bytes that begin, continue and break characters. */
static const unsigned char bytes[] = {
	'A', 'z', '"', '\\', '/', 0x7f, 0x80, 0x85, 0x90, 0x9f, 0xa0, 0xa9, 0xad, 0xae, 0xbf,
	0xc0, 0xc1, 0xc2, 0xc3, 0xcd, 0xd8, 0xdf, 0xe0, 0xe1, 0xe2, 0xe3, 0xed, 0xef, 0xf0,
	0xf1, 0xf3, 0xf4, 0xf5, 0xfe, 0xff, 0xa0, 0x80, 0x8e, 0x81, 0xbe, 0xbb, 0xb8,
};

enum { HOSTILE_BYTES = 1300, PATHS = 200 };

static void fill(char *text, size_t size, unsigned int *seed)
{
	size_t i;

	for (i = 0; i < size; i++) {
		*seed = *seed * 1103515245 + 12345;
		text[i] = (char)bytes[(*seed >> 16) % sizeof(bytes)];
	}
}

/* How kith --json writes @text; the caller frees it. */
static char *as_json(const char *text, size_t size)
{
	char *result;
	size_t used;
	FILE *stream = open_memstream(&result, &used);

	ck_assert_ptr_nonnull(stream);
	text_print_json(stream, text, size);
	fclose(stream);
	return result;
}

/* The same bytes become the same JSON, by whichever way. */
START_TEST(whatever_the_bytes)
{
	static const char *const views[] = { "ecs_event", "ocsf_event" };
	char text[HOSTILE_BYTES + 1], path[PATHS + 1], sql[256];
	unsigned int seed = 4711 + (unsigned int)_i;
	char *want, *have, *want_path;
	size_t i;

	rig_open(&rig);
	fill(text, HOSTILE_BYTES, &seed);
	fill(path, PATHS, &seed);
	text[HOSTILE_BYTES] = path[PATHS] = '\0';
	want = as_json(text, HOSTILE_BYTES);
	want_path = as_json(path, PATHS);
	forge_exec(&rig.forge, story_key(600), 0, path, text, HOSTILE_BYTES + 1);
	rig_feed(&rig);
	rig_commit(&rig);
	for (i = 0; i < UNIT_COUNT(views); i++) {
		snprintf(sql, sizeof(sql), "SELECT event FROM %s WHERE source = 'execution'",
			 views[i]);
		have = rig_rows(sql);
		ck_assert_msg(strstr(have, want) != NULL, "want:\n%s\nhave:\n%s", want, have);
		ck_assert_ptr_nonnull(strstr(have, want_path));
		free(have);
	}
	free(want);
	free(want_path);
	rig_close(&rig);
}
END_TEST

/* Each character that could be taken for another, or for none. */
START_TEST(whatever_the_characters)
{
	static const unsigned int edges[] = {
		0x7e, 0x7f, 0x80, 0xa0, 0xa1, 0xad, 0x34f, 0x61c, 0x7ff, 0x800, 0x115f, 0x1680,
		0x17b4, 0x180b, 0x1fff, 0x2000, 0x200e, 0x200f, 0x2010, 0x2028, 0x202e, 0x202f,
		0x2030, 0x205f, 0x2066, 0x206f, 0x2800, 0x3000, 0x3164, 0xd7ff, 0xe000, 0xfe00,
		0xfeff, 0xffa0, 0xfff0, 0xfffb, 0xfffc, 0xfffd, 0xfffe, 0xffff, 0x10000, 0x1bca0,
		0x1d173, 0x1f41a, 0xdffff, 0xe0000, 0xe0fff, 0xe1000, 0x10ffff,
	};
	char text[UNIT_COUNT(edges) * 5 + 1], *want, *have;
	size_t i, used = 0;

	rig_open(&rig);
	for (i = 0; i < UNIT_COUNT(edges); i++) {
		unsigned int code = edges[i];

		if (code < 0x80) {
			text[used++] = (char)code;
		} else if (code < 0x800) {
			text[used++] = (char)(0xc0 | code >> 6);
			text[used++] = (char)(0x80 | (code & 0x3f));
		} else if (code < 0x10000) {
			text[used++] = (char)(0xe0 | code >> 12);
			text[used++] = (char)(0x80 | (code >> 6 & 0x3f));
			text[used++] = (char)(0x80 | (code & 0x3f));
		} else {
			text[used++] = (char)(0xf0 | code >> 18);
			text[used++] = (char)(0x80 | (code >> 12 & 0x3f));
			text[used++] = (char)(0x80 | (code >> 6 & 0x3f));
			text[used++] = (char)(0x80 | (code & 0x3f));
		}
	}
	text[used] = '\0';
	want = as_json(text, used);
	forge_exec(&rig.forge, story_key(600), 0, "/bin/x", text, used + 1);
	rig_feed(&rig);
	rig_commit(&rig);
	have = rig_rows("SELECT event FROM ecs_event WHERE source = 'execution'");
	ck_assert_msg(strstr(have, want) != NULL, "want:\n%s\nhave:\n%s", want, have);
	free(have);
	free(want);
	rig_close(&rig);
}
END_TEST

/* Quotes, ends of lines and what looks like JSON stay inside of the text. */
START_TEST(whatever_it_looks_like)
{
	rig_open(&rig);
	FORGE_EXEC(&rig.forge, story_key(600), 0, "/bin/x\n\x1b[2J",
		   "a\",\"user\":{\"id\":\"0\"},\"\t<script>\r\n");
	rig_feed(&rig);
	rig_commit(&rig);
	rig_check("SELECT json_valid(event), " AT("user.id") ", length(" AT("process.command_line")
		  "), " AT("process.command_line") " = argv, " AT("process.executable") " = exe,"
		  " event GLOB '*[' || char(1) || '-' || char(31) || ']*'"
		  " FROM ecs_event JOIN execution ON execution_id = row_key"
		  " WHERE source = 'execution'",
		  "1|1000|33|1|1|0");
	rig_close(&rig);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("documents");

	unit_add_rows(suite, in_ecs, UNIT_COUNT(ecs));
	unit_add_rows(suite, in_ocsf, UNIT_COUNT(ocsf));
	unit_add(suite, all_of_them);
	unit_add(suite, what_failed);
	unit_add(suite, who_became_whom);
	unit_add(suite, through_unix_sockets);
	unit_add_rows(suite, whatever_the_bytes, 5);
	unit_add(suite, whatever_the_characters);
	unit_add(suite, whatever_it_looks_like);
	return unit_run(suite);
}
