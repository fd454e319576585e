// SPDX-License-Identifier: GPL-2.0-only
/* The ingest loop, with a source that is made up: full disks, other troubles, and load. */
#include "daemon.h"

#include "rig.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { LIVES = 300, TEXT = 4000 };

/*
 * A module: it keeps what is not acknowledged and sends it again after a restart.
 * The life of which it is asked to do something does it, once.
 */
static struct module {
	struct source source;
	struct forge forge;
	uint32_t acknowledged;
	unsigned int acknowledgements;
	uint32_t next;
	uint64_t number;
	unsigned int restarts;
	unsigned int refusals; /* to come */
	bool begun;
	uint32_t when; /* the life that calls what, 0: none */
	void (*what)(void);
} module;

static struct source_event stream_event(void)
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

	return event;
}

/* Life @number, as record @number of ring 0; the forge gives the same for the same. */
static struct source_event life_event(uint32_t number)
{
	char argv[TEXT];
	struct forge *forge = &module.forge;

	memset(argv, 'x', sizeof(argv));
	snprintf(argv, sizeof(argv), "%u", number);
	argv[strlen(argv)] = 'x';
	forge_clear(forge);
	forge->now = RIG_NOW + number * UINT64_C(1000000);
	forge->seqs[0] = number - 1;
	forge_exec(forge, forge_key(forge->now, number), 0, "/bin/x", argv, sizeof(argv));
	return (struct source_event){
		.kind = SOURCE_BATCH,
		.batch = { .number = ++module.number,
			   .boot_ns = forge->now,
			   .real_ns = (uint64_t)RIG_BOOT + forge->now },
		.data = forge->data,
		.size = forge->used,
	};
}

static void limit_files(rlim_t bytes)
{
	const struct rlimit limit = { bytes, RLIM_INFINITY };

	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* The two seconds are over. */
static volatile sig_atomic_t has_room;

static void make_room(int signal)
{
	(void)signal;
	has_room = 1;
}

static int module_next(struct source *source, int timeout, struct source_event *event)
{
	(void)source, (void)timeout;
	*event = (struct source_event){ .kind = SOURCE_IDLE };
	if (has_room)
		limit_files(RLIM_INFINITY);
	if (!module.begun) {
		module.begun = true;
		*event = stream_event();
		return 0;
	}
	if (module.next == module.when && module.what) {
		module.what();
		module.what = NULL;
	}
	if (module.next == LIVES)
		kill(getpid(), SIGTERM);
	if (module.next <= LIVES)
		*event = life_event(module.next++);
	return 0;
}

static int module_start(struct source *source, const uint32_t *seqs, size_t rings)
{
	(void)source, (void)rings;
	if (module.refusals) {
		module.refusals--;
		return -EBUSY;
	}
	module.next = seqs[0] + 1;
	return 0;
}

static int module_acknowledge(struct source *source, const uint32_t *seqs, size_t rings)
{
	(void)source, (void)rings;
	module.acknowledged = seqs[0];
	module.acknowledgements++;
	return 0;
}

static void module_restart(struct source *source)
{
	(void)source;
	module.begun = false;
	module.restarts++;
}

/* There is always something to read. */
static int module_descriptor(const struct source *source)
{
	static int descriptor = -1;

	(void)source;
	if (descriptor < 0)
		descriptor = eventfd(1, EFD_CLOEXEC);
	return descriptor;
}

static struct source_operations operations = {
	.next = module_next,
	.start = module_start,
	.acknowledge = module_acknowledge,
	.restart = module_restart,
	.descriptor = module_descriptor,
};

/* For two seconds no file may grow. */
static void fill_disk(void)
{
	limit_files(100 << 10);
	alarm(2);
}

static int stop_signal(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	ck_assert_int_eq(sigprocmask(SIG_BLOCK, &set, NULL), 0);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* The policy of the module, in place of control.c. */
static unsigned int policies_set;

int control_open(struct control **result)
{
	*result = NULL;
	return 0;
}

void control_close(struct control *control)
{
	(void)control;
}

int control_info(struct control *control, struct control_info *info)
{
	(void)control;
	*info = (struct control_info){ .sockets_max = 1 };
	return 0;
}

int control_policy_get(struct control *control, struct control_policy *policy)
{
	(void)control;
	*policy = (struct control_policy){ .classes = 0 };
	return 0;
}

int control_policy_set(struct control *control, const struct control_policy *policy)
{
	(void)control, (void)policy;
	ck_assert_uint_eq(module.refusals, 0);
	policies_set++;
	return 0;
}

static const struct control_policy *policy;

/* Run the daemon on all lives. Return: what it has said, the caller's. */
static char *run(struct recording *recording)
{
	struct daemon daemon = { .source = &module.source,
				 .recording = recording,
				 .recording_path = unit_path("recording"),
				 .policy = policy,
				 .live = true,
				 .signals = stop_signal() };
	char *said;

	signal(SIGXFSZ, SIG_IGN);
	signal(SIGALRM, make_room);
	module.source.operations = &operations;
	ck_assert_int_eq(store_open(&daemon.store, unit_path("kith.db")), 0);
	unit_capture_stderr();
	ck_assert_int_eq(daemon_run(&daemon), 0);
	said = unit_stderr();
	store_close(daemon.store);
	return said;
}

static void check_stored(void)
{
	rig_check("SELECT count(*), count(DISTINCT argv) FROM execution", "300|300");
	ck_assert_uint_eq(module.acknowledged, LIVES);
}

static unsigned int times(const char *what, const char *text)
{
	unsigned int count = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		count++;
	return count;
}

/* It says so once, tries again, and goes on without anybody's help. */
START_TEST(the_database_cannot_grow)
{
	char *said;

	module.when = 100;
	module.what = fill_disk;
	said = run(NULL);
	check_stored();
	ck_assert_uint_ge(module.restarts, 1);
	ck_assert_msg(times("cannot write database ", said) == 1 &&
			      times("kith.db: disk I/O error; trying again", said) == 1 &&
			      times("kith.db can be written again", said) == 1,
		      "%s", said);
	free(said);
}
END_TEST

static int recording_descriptor;

static void fill_disk_of_recording(void)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	ck_assert_int_ge(dup2(full, recording_descriptor), 0);
	close(full);
}

/* The recording ends; the database lacks nothing. */
START_TEST(the_recording_cannot_grow)
{
	struct recording *recording;
	char *said;

	/* it gets the lowest that is free */
	recording_descriptor = dup(STDERR_FILENO);
	close(recording_descriptor);
	ck_assert_int_eq(recording_create(&recording, unit_path("recording")), 0);
	module.when = 100;
	module.what = fill_disk_of_recording;
	said = run(recording);
	check_stored();
	ck_assert_uint_eq(module.restarts, 0);
	ck_assert_msg(times("cannot write recording ", said) == 1 &&
			      times("recording: No space left on device; it ends here, "
				    "the database goes on", said) == 1,
		      "%s", said);
	ck_assert_int_eq(recording_close(recording), -ENOSPC);
	free(said);
}
END_TEST

/* An error of the source is the source's. */
static int failing_next(struct source *source, int timeout, struct source_event *event)
{
	static bool failed;

	if (module.next < 50 || failed)
		return module_next(source, timeout, event);
	failed = true;
	return -ENOSPC;
}

START_TEST(the_module_fails)
{
	char *said;

	operations.next = failing_next;
	said = run(NULL);
	check_stored();
	ck_assert_msg(times("cannot read from the module: No space left on device; trying again",
			    said) == 1,
		      "%s", said);
	ck_assert_ptr_null(strstr(said, "database"));
	free(said);
}
END_TEST

static int slow_next(struct source *source, int timeout, struct source_event *event)
{
	usleep(2000);
	return module_next(source, timeout, event);
}

/* Under load a commit takes what came in 200 ms, or 256 KiB: not each batch its own. */
START_TEST(load_goes_on)
{
	operations.next = slow_next;
	free(run(NULL));
	check_stored();
	ck_assert_uint_ge(module.acknowledgements, 3);
	ck_assert_uint_le(module.acknowledgements, LIVES / 4);
}
END_TEST

/* What systemd is told, each time on a line of its own. */
static int listen_as_systemd(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", unit_path("notify"));
	ck_assert_int_eq(bind(descriptor, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", address.sun_path, 1), 0);
	return descriptor;
}

/* The first that names what it waits for, and READY=1 behind it. */
static void check_notified(int descriptor)
{
	char text[1024];
	int waited = 0, ready = 0;
	ssize_t size;

	while ((size = recv(descriptor, text, sizeof(text) - 1, 0)) > 0) {
		text[size] = '\0';
		if (strstr(text, "another collector is subscribed")) {
			ck_assert_int_eq(ready, 0);
			waited++;
		}
		ready += strstr(text, "READY=1") != NULL;
	}
	ck_assert_int_eq(waited, 2);
	ck_assert_int_eq(ready, 1);
}

/* It waits for its turn, and leaves the policy of who is subscribed alone. */
START_TEST(another_collector_is_subscribed)
{
	const struct control_policy wanted = { .argv_max = 64 };
	int systemd = listen_as_systemd();
	char *said;

	policy = &wanted;
	module.refusals = 2;
	said = run(NULL);
	check_stored();
	check_notified(systemd);
	ck_assert_uint_eq(policies_set, 1);
	ck_assert_str_eq(said, "kith: cannot subscribe to the module: another collector is "
			       "subscribed; trying again every second\n"
			       "kith: connected to module version test\n");
	free(said);
}
END_TEST

/* Ten lives; one more record is a loss; then nothing until there is another dump. */
enum { LIVES_OF_LOSS = 10 };

static enum { LIVING, LOST, ASKED, DUMPED, OVER } losing;
static const struct kith_position dump_end = { .ring = 0, .seq = LIVES_OF_LOSS };

static void forged(struct source_event *event, enum source_event_kind kind)
{
	event->kind = kind;
	event->batch = (struct kith_batch){ .number = ++module.number,
					    .boot_ns = module.forge.now,
					    .real_ns = (uint64_t)RIG_BOOT + module.forge.now };
	event->data = module.forge.data;
	event->size = module.forge.used;
}

static int losing_next(struct source *source, int timeout, struct source_event *event)
{
	struct forge *forge = &module.forge;

	if (module.next <= LIVES_OF_LOSS)
		return module_next(source, timeout, event);
	*event = (struct source_event){ .kind = SOURCE_IDLE };
	forge_clear(forge);
	if (losing == LIVING) {
		losing = LOST;
		forge_loss(forge, 0, KITH_CLASS_PROCESS, KITH_LOSS_FULL, 1);
		forged(event, SOURCE_BATCH);
	} else if (losing == ASKED) {
		losing = DUMPED;
		forge_process(forge, forge_key(RIG_NOW + 1000000, 1), 0, "/bin/x");
		forged(event, SOURCE_DUMP);
	} else if (losing == DUMPED) {
		losing = OVER;
		event->kind = SOURCE_CAUGHT;
		event->data = &dump_end;
		event->size = sizeof(dump_end);
	} else {
		usleep(1000);
		if (losing == OVER)
			kill(getpid(), SIGTERM);
	}
	return 0;
}

static int losing_dump(struct source *source)
{
	(void)source;
	ck_assert_int_eq(losing, LOST);
	losing = ASKED;
	return 0;
}

/* After a loss of ends of processes it asks who lives still. */
START_TEST(the_end_of_a_process_is_lost)
{
	operations.next = losing_next;
	operations.dump = losing_dump;
	free(run(NULL));
	ck_assert_int_eq(losing, OVER);
	ck_assert_uint_eq(module.restarts, 0);
	rig_check("SELECT count(*), sum(gone), max(pid) FILTER (WHERE NOT gone) FROM process",
		  "10|9|1");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon");

	unit_add(suite, the_database_cannot_grow);
	unit_add(suite, the_recording_cannot_grow);
	unit_add(suite, the_module_fails);
	unit_add(suite, load_goes_on);
	unit_add(suite, another_collector_is_subscribed);
	unit_add(suite, the_end_of_a_process_is_lost);
	return unit_run(suite);
}
