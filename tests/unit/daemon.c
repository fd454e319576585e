// SPDX-License-Identifier: GPL-2.0-only
/* The ingest loop, with a source that is made up: its troubles, and load. */
#include "module.h"

#include "rig.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

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
	said = module_run(recording, NULL);
	module_check_stored();
	ck_assert_uint_eq(module.restarts, 0);
	ck_assert_msg(module_times("cannot write recording ", said) == 1 &&
			      module_times("recording: No space left on device; it ends here, "
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

	module_operations.next = failing_next;
	said = module_run(NULL, NULL);
	module_check_stored();
	ck_assert_msg(module_times("cannot read from the module: No space left on device; trying",
				   said) == 1,
		      "%s", said);
	ck_assert_ptr_null(strstr(said, "database"));
	free(said);
}
END_TEST

/* Under load a commit takes what came in 200 ms, or 256 KiB: not each batch its own. */
START_TEST(load_goes_on)
{
	module_operations.next = module_next_slowly;
	free(module_run(NULL, NULL));
	module_check_stored();
	ck_assert_uint_ge(module.acknowledgements, 3);
	ck_assert_uint_le(module.acknowledgements, MODULE_LIVES / 4);
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

	module.refusals = 2;
	said = module_run(NULL, &wanted);
	module_check_stored();
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
	module_operations.next = losing_next;
	module_operations.dump = losing_dump;
	free(module_run(NULL, NULL));
	ck_assert_int_eq(losing, OVER);
	ck_assert_uint_eq(module.restarts, 0);
	rig_check("SELECT count(*), sum(gone), max(pid) FILTER (WHERE NOT gone) FROM process",
		  "10|9|1");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon");

	unit_add(suite, the_recording_cannot_grow);
	unit_add(suite, the_module_fails);
	unit_add(suite, load_goes_on);
	unit_add(suite, another_collector_is_subscribed);
	unit_add(suite, the_end_of_a_process_is_lost);
	return unit_run(suite);
}
