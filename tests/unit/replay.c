// SPDX-License-Identifier: GPL-2.0-only
/* kith replay: what it stores, what it tells of that, and what it refuses. */
#include "program.h"

#include "lock.h"
#include "recording.h"
#include "rig.h"

#include <inttypes.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#define RECORDING unit_path("recording")
#define WHOLE	  unit_path("whole.db")

static void synthesize(const char *records)
{
	ck_assert_int_eq(run("kithd", "--db", WHOLE, "--config", "/dev/null", "--synthetic",
			     records, "--record", RECORDING, END),
			 0);
}

/* Rows of view @name that only one of the two databases has. */
static int differing(sqlite3 *db, const char *name)
{
	sqlite3_stmt *statement;
	char sql[512];
	int count;

	snprintf(sql, sizeof(sql),
		 "SELECT (SELECT count(*) FROM (SELECT * FROM main.%s EXCEPT SELECT * FROM w.%s))"
		 " + (SELECT count(*) FROM (SELECT * FROM w.%s EXCEPT SELECT * FROM main.%s))",
		 name, name, name, name);
	ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
	count = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	return count;
}

static const char *const views[] = {
	"boot",	      "process",    "execution", "credential", "connection", "file_access",
	"file_change", "control",   "listener",	 "pipe",       "loss",	     "account",
	"container",  "sensor",
};

/* It stores what kithd stores of the same, and once. */
START_TEST(as_life)
{
	char attach[4200];
	sqlite3 *db;
	size_t i;

	synthesize("4000");
	ck_assert_int_eq(run("kith", "replay", DB, RECORDING, END), 0);
	check_in("4000 records: 4000 stored, 0 stored before, 0 left out, 0 malformed\n", printed);
	ck_assert_int_eq(sqlite3_open(unit_path("kith.db"), &db), SQLITE_OK);
	snprintf(attach, sizeof(attach), "ATTACH '%s' AS w", WHOLE);
	ck_assert_int_eq(sqlite3_exec(db, attach, NULL, NULL, NULL), SQLITE_OK);
	for (i = 0; i < UNIT_COUNT(views); i++)
		ck_assert_msg(!differing(db, views[i]), "view %s", views[i]);
	sqlite3_close(db);
	rig_check("SELECT sum(received) FROM account", "4000");
	ck_assert_int_eq(run("kith", "replay", DB, "--json", RECORDING, END), 0);
	check_in("\"whole\":true,\"records\":4000,\"stored\":0,\"stored_before\":4000,"
		 "\"left_out\":0,\"malformed\":0,\"lost\":0,\"first_ns\":null,\"last_ns\":null,",
		 printed);
	rig_check("SELECT sum(received) FROM account", "4000");
}
END_TEST

static struct forge forge;
static int64_t clock_set; /* ns, since the recording began */

static void write_batch(struct recording *recording)
{
	const struct source_event event = {
		.kind = SOURCE_BATCH,
		.batch = { 1, forge.now, (uint64_t)(RIG_BOOT + clock_set) + forge.now, 0,
			   (uint32_t)forge.used },
		.data = forge.data,
		.size = forge.used,
	};

	ck_assert_int_eq(recording_write(recording, &event), 0);
	forge_clear(&forge);
}

static void write_stream(struct recording *recording, char boot)
{
	struct source_event event = {
		.kind = SOURCE_STREAM,
		.info = { .boot = "11111111-1111-4111-8111-111111111111",
			  .version = "test",
			  .load = 77,
			  .loaded_ns = RIG_AT(10),
			  .boot_ns = (int64_t)RIG_NOW,
			  .real_ns = RIG_BOOT + (int64_t)RIG_NOW,
			  .rings = FORGE_RINGS },
	};

	memset(event.info.boot, boot, 8);
	event.info.load += (uint64_t)boot;
	event.info.real_ns += clock_set;
	ck_assert_int_eq(recording_write(recording, &event), 0);
}

static struct recording *begin_recording(const char *name)
{
	struct recording *recording;

	ck_assert_int_eq(recording_create(&recording, unit_path(name)), 0);
	write_stream(recording, '1');
	return recording;
}

/* At 100, 200 and 300 s after the boot each one execution, file and conversation; a loss. */
static void write_three(const char *name)
{
	struct recording *recording = begin_recording(name);
	unsigned int i;

	for (i = 1; i <= 3; i++) {
		const uint64_t key = forge_key(RIG_AT(UINT64_C(100) * i), 500 + i);

		forge.now = RIG_AT(UINT64_C(100) * i);
		FORGE_EXEC(&forge, key, 0, "/bin/x", "x");
		forge_write(&forge, 10 + i, key, 20 + i, 100);
		forge_connection(&forge, 30 + i, key, key);
		forge_loss(&forge, 0, KITH_CLASS_FILE, KITH_LOSS_FULL, UINT64_C(5) * i);
		write_batch(recording);
	}
	ck_assert_int_eq(recording_close(recording), 0);
}

/* A moment @seconds after the first record, as an argument. */
static const char *moment(unsigned int units)
{
	static char text[2][40];
	static unsigned int next;
	const int64_t ns = RIG_BOOT + (int64_t)RIG_AT(units);
	char *at = text[next++ % 2];

	snprintf(at, sizeof(*text), "@%" PRId64 ".%09" PRId64, ns / 1000000000, ns % 1000000000);
	return at;
}

/* Who they were is not left out, nor what was lost: else what is stored would lie. */
START_TEST(of_some_time)
{
	write_three("recording");
	ck_assert_int_eq(run("kith", "replay", DB, "--json", "--since", moment(150), "--until",
			     moment(250), RECORDING, END),
			 0);
	check_in("\"records\":12,\"stored\":6,\"stored_before\":0,\"left_out\":6,", printed);
	check_in("\"file\":{\"stored\":1,\"lost\":10}", printed);
	rig_check("SELECT group_concat(pid, ' ') FROM process", "501 502");
	rig_check("SELECT group_concat(pid, ' ') FROM execution JOIN process USING (process_id)",
		  "501 502");
	rig_check("SELECT path FROM file_access WHERE bytes_written", "/f/22");
	rig_check("SELECT count(*), min(client_id = 2) FROM connection", "1|1");
	rig_check("SELECT sum(lost) FROM loss", "10");
}
END_TEST

/* The same key, pid and times of another boot, under a clock that goes back. */
static void write_boot(struct recording *recording, const char *exe)
{
	const uint64_t key = forge_key(RIG_AT(100), 500);

	forge.now = RIG_AT(100);
	forge_exec(&forge, key, 0, exe, exe, strlen(exe) + 1);
	write_batch(recording);
	clock_set -= INT64_C(3600000000000);
	forge_exec(&forge, key, 0, "/bin/then", "then", 5);
	write_batch(recording);
	forge_exit(&forge, key, 0);
	write_batch(recording);
}

START_TEST(of_two_boots)
{
	struct recording *recording = begin_recording("recording");
	int i;

	write_boot(recording, "/bin/first");
	memset(forge.seqs, 0, sizeof(forge.seqs));
	write_stream(recording, '2');
	write_boot(recording, "/bin/second");
	ck_assert_int_eq(recording_close(recording), 0);
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(run("kith", "replay", DB, RECORDING, END), 0);
		rig_check("SELECT p.boot_id, p.pid, e.exe FROM execution e JOIN process p USING"
			  " (process_id) ORDER BY e.execution_id",
			  "1|500|/bin/first\n1|500|/bin/then\n2|500|/bin/second\n2|500|/bin/then");
		rig_check("SELECT boot_id, count(*) FROM sensor WHERE event = 'clock set'"
			  " GROUP BY boot_id",
			  "1|1\n2|1");
		rig_check("SELECT count(*), count(DISTINCT process_id) FROM process", "2|2");
	}
}
END_TEST

START_TEST(several)
{
	struct recording *recording;
	char missing[4200];

	write_three("recording");
	recording = begin_recording("second");
	forge.now = RIG_AT(400);
	FORGE_EXEC(&forge, forge_key(RIG_AT(400), 504), 0, "/bin/x", "x");
	write_batch(recording);
	ck_assert_int_eq(recording_close(recording), 0);
	snprintf(missing, sizeof(missing), "%s", unit_path("missing"));
	ck_assert_int_eq(run("kith", "replay", DB, RECORDING, missing, unit_path("second"), END),
			 EX_IOERR);
	check_in("missing: No such file or directory", said);
	check_in("recording\n           12 records: 12 stored", printed);
	check_in("second\n           1 records: 1 stored", printed);
	rig_check("SELECT count(*) FROM execution", "4");
}
END_TEST

static void cut_by(off_t bytes)
{
	struct stat status;

	ck_assert_int_eq(stat(RECORDING, &status), 0);
	ck_assert_int_eq(truncate(RECORDING, status.st_size - bytes), 0);
}

/* All before the cut is there, and how much was not used is said; kithd does the same. */
START_TEST(a_recording_that_is_cut)
{
	write_three("recording");
	cut_by(100);
	ck_assert_int_eq(run("kith", "replay", DB, RECORDING, END), EX_IOERR);
	check_in("recording, NOT WHOLE\n           8 records: 8 stored", printed);
	check_in("recording is not used from byte ", said);
	check_in("cannot go on: the recording is cut short; stopped", said);
	rig_check("SELECT count(*) FROM execution", "2");
	ck_assert_int_eq(run("kithd", "--replay", RECORDING, "--db", WHOLE, "--config", "/dev/null",
			     END),
			 EX_IOERR);
	check_in("cannot go on: the recording is cut short; stopped", said);
}
END_TEST

static void overwrite(off_t from_end, uint32_t value)
{
	FILE *file = fopen(RECORDING, "r+");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fseek(file, -from_end, SEEK_END), 0);
	ck_assert_uint_eq(fwrite(&value, sizeof(value), 1, file), 1);
	ck_assert_int_eq(fclose(file), 0);
}

/* The last of the four records of the last batch, and then what says how long that is. */
START_TEST(a_recording_that_is_damaged)
{
	struct recording *recording;
	off_t chunk;

	write_three("recording");
	overwrite((off_t)(sizeof(struct kith_record) + sizeof(struct kith_loss)), UINT32_MAX);
	ck_assert_int_eq(run("kith", "replay", DB, RECORDING, END), EX_IOERR);
	check_in("recording, NOT WHOLE\n           11 records: 11 stored", printed);
	check_in(", 1 malformed", printed);
	rig_check("SELECT count(*) FROM execution", "3");
	recording = begin_recording("second");
	ck_assert_int_eq(recording_close(recording), 0);
	ck_assert_int_eq(rename(unit_path("second"), RECORDING), 0);
	chunk = (off_t)(sizeof(struct recording_chunk) + sizeof(struct recording_stream));
	overwrite(chunk, 77);
	ck_assert_int_eq(run("kith", "replay", DB, RECORDING, END), EX_IOERR);
	check_in("recording is not used from byte 8 on, the last ", said);
	check_in("cannot go on: the recording is damaged; stopped", said);
}
END_TEST

/* What it had committed stays; it says that this is not all. */
START_TEST(told_to_end)
{
	sigset_t set;
	pid_t pid;

	synthesize("60000");
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	ck_assert_int_eq(sigprocmask(SIG_BLOCK, &set, NULL), 0);
	pid = run_begin("kith", "replay", DB, RECORDING, END);
	ck_assert_int_eq(kill(pid, SIGTERM), 0);
	ck_assert_int_eq(run_end(pid), EX_IOERR);
	check_in("cannot go on: it was told to end; stopped", said);
	check_in("recording, NOT WHOLE\n", printed);
	rig_check("SELECT sum(received) > 0, sum(received) < 60000 FROM account", "1|1");
	ck_assert_int_eq(run("kith", "replay", DB, RECORDING, END), 0);
	rig_check("SELECT sum(received) FROM account", "60000");
}
END_TEST

static const struct {
	const char *arguments[4];
	const char *why;
} usages[] = {
	{ { NULL }, "which FILE?" },
	{ { "recording" }, "into which database?" },
	{ { "--db", "x" }, "which FILE?" },
	{ { "--db", "x", "--since", "never" }, "not a time: never" },
};

START_TEST(usage)
{
	const char *const *of = usages[_i].arguments;

	ck_assert_int_eq(run("kith", "replay", of[0], of[1], of[2], of[3], END), 2);
	check_in(usages[_i].why, said);
}
END_TEST

/* Nothing is made for what cannot be read. */
START_TEST(no_recording)
{
	ck_assert_int_eq(run("kith", "replay", DB, RECORDING, END), EX_IOERR);
	check_in("cannot replay ", said);
	check_in("recording: No such file or directory", said);
	ck_assert_int_eq(run("kith", "replay", DB, "/etc/passwd", END), EX_IOERR);
	check_in("/etc/passwd: it is not a recording of kith", said);
	ck_assert_int_ne(access(unit_path("kith.db"), F_OK), 0);
	ck_assert_int_ne(access(unit_path("kith.db.lock"), F_OK), 0);
}
END_TEST

/* It never writes where kithd does, nor into what is not a database of Kith. */
START_TEST(not_there)
{
	int lock;

	write_three("recording");
	lock = lock_take(unit_path("kith.db"));
	ck_assert_int_ge(lock, 0);
	ck_assert_int_eq(run("kith", "replay", DB, RECORDING, END), EX_UNAVAILABLE);
	check_in("kith.db.lock: another kithd writes this database", said);
	ck_assert_int_ne(access(unit_path("kith.db"), F_OK), 0);
	close(lock);
	ck_assert_int_eq(run("kith", "replay", "--db", RECORDING, RECORDING, END), EX_IOERR);
	check_in("recording: file is not a database", said);
	ck_assert_int_ne(access(unit_path("recording.lock"), F_OK), 0);
}
END_TEST

START_TEST(not_permitted)
{
	if (getuid())
		return;
	write_three("recording");
	open_to_all();
	ck_assert_int_eq(chmod(RECORDING, 0644), 0);
	as_nobody = true;
	ck_assert_int_eq(run("kith", "replay", DB, RECORDING, END), EX_NOPERM);
	check_in("kith.db.lock: Permission denied", said);
	ck_assert_int_eq(chmod(RECORDING, 0600), 0);
	ck_assert_int_eq(run("kith", "replay", DB, RECORDING, END), EX_NOPERM);
	check_in("recording: Permission denied", said);
}
END_TEST

START_TEST(no_room)
{
	synthesize("20000");
	file_limit = 1000000;
	ck_assert_int_eq(run("kith", "replay", DB, RECORDING, unit_path("second"), END), EX_IOERR);
	check_in("cannot write database ", said);
	check_in("kith.db: disk I/O error; stopped", said);
	ck_assert_ptr_null(strstr(said, "second"));
	check_in("recording, NOT WHOLE\n", printed);
	file_limit = RLIM_INFINITY;
	ck_assert_int_eq(run("kith", "replay", DB, RECORDING, END), 0);
	rig_check("SELECT sum(received) FROM account", "20000");
	to_full_disk = true;
	ck_assert_int_eq(run("kith", "replay", DB, RECORDING, END), EX_IOERR);
	check_in("cannot write the answer: No space left on device", said);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("replay");

	unit_add(suite, as_life);
	unit_add(suite, of_some_time);
	unit_add(suite, of_two_boots);
	unit_add(suite, several);
	unit_add(suite, a_recording_that_is_cut);
	unit_add(suite, a_recording_that_is_damaged);
	unit_add(suite, told_to_end);
	unit_add_rows(suite, usage, UNIT_COUNT(usages));
	unit_add(suite, no_recording);
	unit_add(suite, not_there);
	unit_add(suite, not_permitted);
	unit_add(suite, no_room);
	return unit_run(suite);
}
