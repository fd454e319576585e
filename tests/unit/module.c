// SPDX-License-Identifier: GPL-2.0-only
/* A module that is made up, for the ingest loop. */
#include "module.h"

#include "rig.h"
#include "writer.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { TEXT = 4000 };

struct module module;

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

/* The time of the trouble is over. */
static volatile sig_atomic_t healed;

static void note_healed(int signal)
{
	(void)signal;
	healed = 1;
}

int module_next(struct source *source, int timeout, struct source_event *event)
{
	(void)source, (void)timeout;
	*event = (struct source_event){ .kind = SOURCE_IDLE };
	if (healed && module.heal)
		module.heal();
	if (!module.begun) {
		module.begun = true;
		*event = stream_event();
		return 0;
	}
	if (module.next == module.when && module.what) {
		module.what();
		module.what = NULL;
	}
	if (module.next == MODULE_LIVES)
		kill(getpid(), SIGTERM);
	if (module.next <= MODULE_LIVES)
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

struct source_operations module_operations = {
	.next = module_next,
	.start = module_start,
	.acknowledge = module_acknowledge,
	.restart = module_restart,
	.descriptor = module_descriptor,
};

int module_next_slowly(struct source *source, int timeout, struct source_event *event)
{
	usleep(2000);
	return module_next(source, timeout, event);
}

char *module_run(struct recording *recording, const struct control_policy *policy)
{
	struct daemon daemon = { .source = &module.source,
				 .recording = recording,
				 .recording_path = unit_path("recording"),
				 .policy = policy,
				 .live = true,
				 .signals = daemon_signals() };
	struct writer writer = { .may_set_aside = true };
	char *said;

	signal(SIGXFSZ, SIG_IGN);
	signal(SIGALRM, note_healed);
	module.source.operations = &module_operations;
	ck_assert_int_eq(writer_open(&writer, unit_path("kith.db")), 0);
	unit_capture_stderr();
	ck_assert_int_eq(daemon_keep(&daemon, &writer), 0);
	said = unit_stderr();
	writer_close(&writer);
	return said;
}

void module_check_stored(void)
{
	rig_check("SELECT count(*), count(DISTINCT argv) FROM execution", "300|300");
	ck_assert_uint_eq(module.acknowledged, MODULE_LIVES);
}

unsigned int module_times(const char *what, const char *text)
{
	unsigned int count = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		count++;
	return count;
}
