// SPDX-License-Identifier: GPL-2.0-only
/*
 * All texts that a process can choose, made to harm: stored byte for byte, and shown so
 * that no terminal, page or reader of JSON takes them for anything but text.
 */
#include "program.h"

#include "rig.h"

#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const payloads[] = {
	"a\nFORGED line\r\tb\x1b[2J\x1b]0;title\x07\x08\x0b\x0c\x7f",
	"'; DROP TABLE processes; -- \" ` \\ \\x1b %s%n $(id) `id` | & ;",
	"<script>alert(1)</script><img src=x onerror=\"alert('1')\">&amp;&lt;]]>-->",
	"\xff\xfe\xc0\x80\xc1\xbf\xed\xa0\x80\xf4\x90\x80\x80\xf8\x88\x80\x80\x80\x80\xbf\xe2\x82",
	"\xc2\x9b" "2J\xc2\x85\xe2\x80\xae\xe2\x80\x8b\xe2\x80\xa8\xe2\x80\xa9\xe2\x81\xa6"
	"\xef\xbb\xbf\xf3\xa0\x80\x81 e\xcc\x81\xcc\x81",
	"=cmd|' /C calc'!A1,\"x\"\r\n+1,-1,@1",
	"{\"a\":[1,2],\"b\":null}\\u0000\\ud800",
	"   two  blanks   and uid=0  euid=0 ",
};

/* With its NUL the longest is 4 KiB, the most of a path of Linux. */
enum { ROWS = 3, PER_ROW = UNIT_COUNT(payloads) / 2, LONGEST = 4095 };

enum field {
	EXE, ARGV, ENV, CWD, SCRIPT, VIA, COMM, FAILED, CGROUP, UNIT, SOCKET, ABSTRACT, LISTENER,
	FIFO, FILE_PATH, READ_PATH, OLD, NEW, LINK, ATTRIBUTE, ROOT, MOUNTED, DETAIL, FIELDS,
};

static struct rig rig;
static char texts[FIELDS][LONGEST + 1];

/*
 * Of @size bytes at most: a mark that tells them apart, and half of the payloads, or in the
 * last row all of them again and again.
 */
static void make_text(enum field field, int row, size_t size)
{
	char *text = texts[field];
	size_t used = (size_t)snprintf(text, size + 1, "/%c%c", 'A' + field / 26, 'A' + field % 26);
	size_t i, count = row == ROWS - 1 ? SIZE_MAX : PER_ROW;

	for (i = 0; i < count && used < size; i++)
		used += (size_t)snprintf(text + used, size + 1 - used, "%s",
					 payloads[(PER_ROW * (size_t)row + i) %
						  UNIT_COUNT(payloads)]);
}

static struct slice slice_of(enum field field)
{
	return (struct slice){ texts[field], strlen(texts[field]) };
}

static void put(enum field field, unsigned int kind)
{
	forge_item(&rig.forge, kind, texts[field], strlen(texts[field]));
}

static void forge_image(uint64_t key, uint64_t parent)
{
	forge_cgroup(&rig.forge, 7, texts[CGROUP]);
	forge_exec(&rig.forge, key, parent, texts[EXE], texts[ARGV], strlen(texts[ARGV]) + 1);
	put(ENV, KITH_ITEM_ENV);
	put(CWD, KITH_ITEM_CWD);
	put(SCRIPT, KITH_ITEM_SCRIPT);
	put(VIA, KITH_ITEM_SCRIPT);
	forge_exec_failed(&rig.forge, key, 2, texts[FAILED]);
	forge_cgroup(&rig.forge, 8, texts[UNIT]);
	forge_attach(&rig.forge, parent, key, 8);
}

static void forge_pair(uint64_t id, unsigned int protocol, struct slice name, uint64_t client,
		       uint64_t server)
{
	struct kith_connection *body = forge_unix(&rig.forge, id, protocol, name);

	body->ends[KITH_CLIENT].process = client;
	body->ends[KITH_CLIENT].opener = client;
	body->ends[KITH_SERVER].process = server;
	body->ends[KITH_SERVER].opener = server;
}

static void forge_sockets(uint64_t key, uint64_t other)
{
	struct kith_listener *listener;

	forge_pair(7, KITH_PROTOCOL_UNIX_STREAM, slice_of(SOCKET), key, other);
	/* the first byte of an abstract name is a NUL, and an @ is shown in its place */
	texts[ABSTRACT][0] = '\0';
	forge_pair(8, KITH_PROTOCOL_UNIX_DGRAM,
		   (struct slice){ texts[ABSTRACT], strlen(texts[ABSTRACT] + 1) + 1 }, key, other);
	texts[ABSTRACT][0] = '@';
	listener = forge_listener(&rig.forge, 9, key);
	listener->protocol = KITH_PROTOCOL_UNIX_STREAM;
	put(LISTENER, KITH_ITEM_SOCKET_NAME);
	forge_fifo(&rig.forge, 10, key, other, texts[FIFO]);
}

static void forge_files(uint64_t key, uint64_t other)
{
	forge_access_of(&rig.forge, 11, key, forge_file(12), texts[FILE_PATH])->writes = 1;
	forge_access_of(&rig.forge, 12, other, forge_file(12), texts[READ_PATH])->reads = 1;
	forge_change(&rig.forge, key, KITH_CHANGE_RENAME, 0)->file = forge_file(12);
	put(OLD, KITH_ITEM_PATH);
	put(NEW, KITH_ITEM_NEW_PATH);
	forge_change(&rig.forge, key, KITH_CHANGE_SYMLINK, 13);
	put(LINK, KITH_ITEM_FILENAME);
	forge_change(&rig.forge, key, KITH_CHANGE_SETXATTR, 12);
	put(ATTRIBUTE, KITH_ITEM_XATTR);
	forge_control(&rig.forge, key, KITH_CONTROL_CHROOT, 0, texts[ROOT]);
	forge_control(&rig.forge, key, KITH_CONTROL_FD_PASS, other, texts[MOUNTED]);
	forge_sensor(&rig.forge, KITH_SENSOR_POLICY, texts[DETAIL]);
}

/* Process 501 has them all, and is of 500, which talks and hands over with it. */
static void forge_all(int row)
{
	const uint64_t key = forge_key(RIG_AT(60), 501), other = forge_key(RIG_AT(50), 500);
	int i;

	for (i = 0; i < FIELDS; i++)
		make_text(i, row, i == COMM ? 15 : i == ENV ? 500 : LONGEST);
	rig_open(&rig);
	FORGE_EXEC(&rig.forge, other, 0, "/bin/other", "other");
	forge_fork(&rig.forge, other, key);
	forge_image(key, other);
	forge_sockets(key, other);
	forge_files(key, other);
	forge_exit(&rig.forge, key, 0);
	put(COMM, KITH_ITEM_COMM);
	rig_feed(&rig);
	rig_commit(&rig);
}

/* Where each of them is to be found, byte for byte; %s is the value. */
static const struct {
	enum field field;
	const char *view;
	const char *column;
} places[] = {
	{ EXE, "process", "exe" },	      { EXE, "execution", "exe" },
	{ EXE, "image", "exe" },	      { EXE, "sigma_process_creation", "Image" },
	{ ARGV, "process", "argv" },	      { ARGV, "execution", "argv" },
	{ ARGV, "image", "argv" },	      { ARGV, "sigma_process_creation", "CommandLine" },
	{ ENV, "execution", "env" },	      { ENV, "process", "env" },
	{ CWD, "process", "cwd" },	      { CWD, "execution", "cwd" },
	{ SCRIPT, "process", "script" },      { SCRIPT, "execution", "script" },
	{ SCRIPT, "image", "script" },	      { COMM, "process", "comm" },
	{ FAILED, "execution", "exe" },	      { CGROUP, "container", "path" },
	{ UNIT, "container", "path" },	      { SOCKET, "connection", "server_name" },
	{ ABSTRACT, "connection", "server_name" }, { LISTENER, "listener", "name" },
	{ FIFO, "pipe", "path" },	      { FILE_PATH, "file_access", "path" },
	{ READ_PATH, "file_access", "path" }, { OLD, "file_change", "path" },
	{ NEW, "file_change", "new_path" },   { LINK, "file_change", "detail" },
	{ ATTRIBUTE, "file_change", "detail" }, { ROOT, "control", "detail" },
	{ MOUNTED, "control", "detail" },     { DETAIL, "sensor", "detail" },
	{ FILE_PATH, "sigma_file_event", "TargetFilename" },
	{ SOCKET, "flow", "object" },	      { FIFO, "flow", "object" },
};

static int rows_with(sqlite3 *db, const char *view, const char *column, const char *text)
{
	sqlite3_stmt *statement;
	char sql[160];
	int count;

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s WHERE CAST(%s AS BLOB) = ?", view,
		 column);
	ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK, "%s: %s", sql,
		      sqlite3_errmsg(db));
	sqlite3_bind_blob(statement, 1, text, (int)strlen(text), SQLITE_STATIC);
	ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
	count = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	return count;
}

START_TEST(byte_for_byte)
{
	bool found[FIELDS] = { false };
	sqlite3 *db;
	size_t i;

	forge_all(_i);
	ck_assert_int_eq(sqlite3_open(unit_path("kith.db"), &db), SQLITE_OK);
	for (i = 0; i < UNIT_COUNT(places); i++) {
		ck_assert_msg(rows_with(db, places[i].view, places[i].column,
					texts[places[i].field]) > 0,
			      "%s.%s has not: %.60s", places[i].view, places[i].column,
			      texts[places[i].field]);
		found[places[i].field] = true;
	}
	for (i = 0; i < FIELDS; i++)
		ck_assert_msg(found[i] || i == VIA, "field %zu is looked for nowhere", i);
	sqlite3_close(db);
	rig_close(&rig);
}
END_TEST

/* What the last program has printed, all of it; the caller frees it. */
static unsigned char *read_printed(size_t *size)
{
	FILE *file = fopen(unit_path("printed"), "r");
	unsigned char *data = malloc(1 << 24);

	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(data);
	*size = fread(data, 1, (1 << 24) - 1, file);
	data[*size] = '\0';
	fclose(file);
	return data;
}

/* The character at @text, whose bytes are counted in @used; 0 if it is none. */
static uint32_t character(const unsigned char *text, int *used)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t value;
	int i;

	*used = *text < 0x80 ? 1 :
		*text >> 5 == 6 ? 2 :
		*text >> 4 == 14 ? 3 :
		*text >> 3 == 30 ? 4 : 0;
	if (!*used)
		return 0;
	value = *used == 1 ? *text : *text & (0x7fu >> *used);
	for (i = 1; i < *used; i++) {
		if (text[i] >> 6 != 2)
			return 0;
		value = value << 6 | (text[i] & 0x3f);
	}
	if (value < least[*used] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
		return 0;
	return value;
}

static bool is_invisible(uint32_t value)
{
	return (value >= 0x7f && value < 0xa0) || (value >= 0x200b && value < 0x2010) ||
	       (value >= 0x2028 && value < 0x202f) || (value >= 0x2060 && value < 0x2070) ||
	       value == 0xfeff || value >= 0xe0000;
}

/* Lines of text that do as they are told by nobody; if it is @plain also by no character. */
static void check_text(const char *what, bool plain)
{
	const unsigned char *at;
	unsigned char *text;
	size_t size;
	int used;

	text = read_printed(&size);
	ck_assert_msg(strlen((char *)text) == size, "%s: a NUL", what);
	for (at = text; *at; at += used) {
		uint32_t value = character(at, &used);

		ck_assert_msg(value, "%s: no UTF-8 at byte %td: %.20s", what, at - text, at);
		ck_assert_msg(value >= ' ' || value == '\n', "%s: byte %#x: %.40s", what, value,
			      at - (at - text > 20 ? 20 : at - text));
		ck_assert_msg(!plain || !is_invisible(value), "%s: character %#x", what, value);
	}
	ck_assert_msg(strncmp((char *)text, "FORGED", 6) && !strstr((char *)text, "\nFORGED"),
		      "%s: a line of his", what);
	free(text);
}

/* Each line, or the whole, is JSON for SQLite. */
static void check_json(const char *what, bool lines)
{
	char *text, *line, *rest;
	sqlite3_stmt *statement;
	int count = 0;
	sqlite3 *db;
	size_t size;

	ck_assert_int_eq(sqlite3_open(":memory:", &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(db, "SELECT json_valid(?)", -1, &statement, NULL),
			 SQLITE_OK);
	text = (char *)read_printed(&size);
	for (line = text; *line; line = rest, count++) {
		rest = lines ? strchr(line, '\n') : line + strlen(line) - 1;
		ck_assert_msg(rest && *rest == '\n', "%s: a line without end", what);
		*rest++ = '\0';
		sqlite3_bind_text(statement, 1, line, -1, SQLITE_STATIC);
		ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
		ck_assert_msg(sqlite3_column_int(statement, 0), "%s: no JSON: %.80s", what, line);
		sqlite3_reset(statement);
	}
	ck_assert_msg(count, "%s: nothing", what);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	free(text);
}

/* RFC 4180: each record has as many fields. */
static void check_csv(const char *what)
{
	int fields = 1, expected = 0, records = 0;
	bool quoted = false;
	unsigned char *text;
	size_t size, i;

	text = read_printed(&size);
	for (i = 0; i < size; i++) {
		if (text[i] == '"')
			quoted = !quoted;
		else if (text[i] == ',' && !quoted)
			fields++;
		else if (text[i] == '\n' && !quoted) {
			ck_assert_msg(i && text[i - 1] == '\r', "%s: a line without CR", what);
			ck_assert_msg(!expected || fields == expected, "%s: %d fields, not %d",
				      what, fields, expected);
			expected = fields;
			fields = 1;
			records++;
		}
	}
	ck_assert_msg(!quoted && records > 1, "%s: %d records", what, records);
	free(text);
}

static const char *const commands[][3] = {
	{ "tree" },		   { "tree", "500" },	   { "tree", "--threads" },
	{ "show", "501" },	   { "show", "500" },	   { "talks" },
	{ "talks", "--each" },	   { "timeline" },	   { "timeline", "501" },
	{ "timeline", "--tree", "500" }, { "trace", "500" },
};

START_TEST(commands_show)
{
	const char *const *of;
	size_t i;

	forge_all(_i);
	for (i = 0; i < UNIT_COUNT(commands); i++) {
		of = commands[i];
		ck_assert_int_eq(run("kith", of[0], DB, of[1] ? of[1] : END, of[2] ? of[2] : END,
				     END),
				 0);
		check_text(of[0], true);
		ck_assert_int_eq(run("kith", of[0], DB, "--json", of[1] ? of[1] : END,
				     of[2] ? of[2] : END, END),
				 0);
		check_text(of[0], false);
		check_json(of[0], true);
	}
	rig_close(&rig);
}
END_TEST

/* Those who take what he chose for an argument say it again. */
START_TEST(commands_that_are_given_it)
{
	static const char *const names[] = { "trace", "timeline", "tree", "show", "talks" };
	size_t i;

	forge_all(_i);
	for (i = 0; i < UNIT_COUNT(names); i++) {
		ck_assert_int_eq(run("kith", names[i], DB, i < 2 ? texts[FILE_PATH] : texts[EXE],
				     END),
				 0);
		check_text(names[i], true);
		ck_assert_int_eq(run("kith", names[i], DB, "/no/such", END), 66);
		run("kith", names[i], DB, texts[DETAIL], END);
		ck_assert_ptr_null(strpbrk(said, "\x1b\x07\r\x7f"));
		ck_assert_ptr_null(strstr(said, "\nFORGED"));
	}
	rig_close(&rig);
}
END_TEST

enum { DOCUMENTS = 2 };

static const char *const views[] = {
	"ecs_event",  "ocsf_event",  "process",	  "execution",	 "image",
	"connection", "connection_end", "listener", "pipe",	 "file_access",
	"file_change", "file_act",   "flow",	  "control",	 "container",
	"sensor",     "cgroup_move", "sigma_file_event", "sigma_process_creation",
};

START_TEST(views_show)
{
	char sql[64];

	/* Documents are put together from short texts: of long ones each takes a second. */
	forge_all(_i < DOCUMENTS ? 0 : ROWS - 1);
	snprintf(sql, sizeof(sql), "SELECT * FROM %s", views[_i]);
	ck_assert_int_eq(run("kith", "sql", DB, sql, END), 0);
	check_text(sql, true);
	ck_assert_int_eq(run("kith", "sql", DB, "--json", sql, END), 0);
	check_text(sql, false);
	check_json(sql, true);
	ck_assert_int_eq(run("kith", "sql", DB, "--csv", sql, END), 0);
	check_csv(sql);
	rig_close(&rig);
}
END_TEST

static const struct {
	const char *name;
	bool lines;
} formats[] = {
	{ "ndjson", true },    { "ecs", true },	  { "ocsf", true },
	{ "perfetto", false }, { "stix", false },
};

START_TEST(exports_show)
{
	static const char *const classes[] = { "execution", "process", "control", "file_change",
					       "connection" };
	size_t i;

	forge_all(_i);
	for (i = 0; i < UNIT_COUNT(formats); i++) {
		ck_assert_int_eq(run("kith", "export", DB, "--format", formats[i].name, END), 0);
		check_text(formats[i].name, false);
		check_json(formats[i].name, formats[i].lines);
	}
	for (i = 0; i < UNIT_COUNT(classes); i++) {
		ck_assert_int_eq(run("kith", "export", DB, "--format", "csv", "--class", classes[i],
				     END),
				 0);
		check_csv(classes[i]);
	}
	rig_close(&rig);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hostile");
	unit_add_rows(suite, byte_for_byte, ROWS);
	unit_add_rows(suite, commands_show, ROWS);
	unit_add_rows(suite, commands_that_are_given_it, ROWS);
	unit_add_rows(suite, views_show, UNIT_COUNT(views));
	unit_add_rows(suite, exports_show, ROWS);
	return unit_run(suite);
}
