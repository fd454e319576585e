// SPDX-License-Identifier: GPL-2.0-only
/* The ingest loop. */
#include "daemon.h"

#include "clock.h"
#include "ingest.h"
#include "learner.h"
#include "log.h"
#include "redump.h"
#include "request.h"
#include "seal.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>

enum {
	COMMIT_MS = 200,	 /* a record waits no longer for its commit */
	COMMIT_RECORDS = 20000,
	COMMIT_BYTES = 256 << 10, /* a quarter of a ring: it must not fill meanwhile */
	COMMIT_BYTES_REPLAYED = 8 << 20, /* a file waits, and each page is written once a commit */
	IDLE_MS = 1000,
	RETRY_MS = 1000,
	DRAIN_MS = 2000,	 /* at the end */
};

struct loop {
	struct daemon *daemon;
	struct ingest ingest;
	struct seal *seal;
	struct retention *retention;
	struct redump redump;
	int64_t opened;	   /* monotonic ms when the transaction began */
	int64_t watchdog;  /* ms between signs of life; 0: nobody asks */
	int64_t signed_at;
	int64_t asked_at; /* that it was looked whether people ask for anything */
	const char *doing; /* with the module */
	char trouble[512]; /* what was told last, so that it is told once; "": all is well */
	bool unstored;	   /* it is the database's */
	bool log_told;	   /* that the log of the database grows */
	bool ready;
	bool started; /* "collector started" is noted */
	bool stop;
	bool ended;
	bool cut_short; /* the recording is */
	bool out_of_source; /* it was the source that failed */
};

static void give_sign_of_life(struct loop *loop)
{
	int64_t now = clock_steady_ms();

	if (!loop->watchdog || now - loop->signed_at < loop->watchdog / 2)
		return;
	loop->signed_at = now;
	sd_notifyf(0, "WATCHDOG=1\nSTATUS=%" PRIu64 " records stored, %zu processes alive",
		   loop->ingest.all_records, loop->ingest.state.alive);
}

static void announce_ready(struct loop *loop)
{
	if (loop->ready)
		return;
	loop->ready = true;
	sd_notify(0, "READY=1");
}

static bool is_same_policy(const struct control_policy *a, const struct control_policy *b)
{
	return a->argv_max == b->argv_max && a->batch_ms == b->batch_ms &&
	       a->sweep_ms == b->sweep_ms && a->classes == b->classes && a->files == b->files &&
	       (!a->files ||
		(a->file_reads == b->file_reads && !strcmp(a->plain_paths, b->plain_paths) &&
		 !strcmp(a->secret_paths, b->secret_paths)));
}

/* The optional classes that the module knows. */
static uint32_t optional_classes(const struct control_info *module, bool files)
{
	uint32_t classes = KITH_POLICY_CLASSES_OPTIONAL;

	if (!files)
		classes &= ~(1u << KITH_CLASS_FILE | 1u << KITH_CLASS_CHANGE);
	if (!module->sockets_max)
		classes &= ~(1u << KITH_CLASS_CONNECTION | 1u << KITH_CLASS_CONTROL);
	return classes;
}

/* As the settings say, whatever it was before; classes of a newer module stay. */
static int set_policy(const struct daemon *daemon)
{
	struct control_policy have = { .classes = 0 }, want = *daemon->policy;
	struct control_info module;
	struct control *control;
	int ret = control_open(&control);

	if (!ret)
		ret = control_info(control, &module);
	if (!ret)
		ret = control_policy_get(control, &have);
	if (!ret) {
		const uint32_t optional = optional_classes(&module, have.files);

		want.files = have.files;
		want.classes = (have.classes & ~optional) | (want.classes & optional);
		if (!is_same_policy(&have, &want))
			ret = control_policy_set(control, &want);
	}
	control_close(control);
	return ret;
}

static int note_start(struct loop *loop)
{
	int ret;

	if (loop->started || !loop->daemon->live)
		return 0;
	ret = ingest_note(&loop->ingest, clock_wall_ns(), "collector started", NULL);
	if (!ret)
		ret = ingest_commit(&loop->ingest);
	loop->started = !ret;
	return ret;
}

static int begin_stream(struct loop *loop, const struct stream_info *info)
{
	struct ingest *ingest = &loop->ingest;
	int ret = ingest_attach(ingest, info);

	if (!ret && ingest->past)
		log_info("what the recording has of an earlier load of the module was stored "
			 "before, and is not stored again");
	if (!ret)
		ret = note_start(loop);
	if (ret)
		return ret;
	redump_restart(&loop->redump);
	loop->doing = "subscribe to";
	ret = source_start(loop->daemon->source, ingest->seqs, ingest->rings);
	if (ret)
		return ret;
	if (loop->daemon->policy) {
		loop->doing = "set the policy of";
		ret = set_policy(loop->daemon);
	}
	if (ret)
		return ret;
	if (loop->daemon->live && !loop->unstored)
		log_info("connected to module version %s", info->version);
	announce_ready(loop);
	return 0;
}

/*
 * A recording that cannot be written is of no use from there on, but no reason to
 * store nothing: life goes on without it. A copy that is made of a recording or
 * of made-up records can be made again, and ends.
 */
static int record(struct loop *loop, const struct source_event *event)
{
	int ret;

	if (!loop->daemon->recording || loop->cut_short)
		return 0;
	ret = recording_write(loop->daemon->recording, event);
	if (!ret)
		return 0;
	loop->cut_short = true;
	log_error("cannot write recording %s: %s; it ends here%s", loop->daemon->recording_path,
		  strerror(-ret), loop->daemon->live ? ", the database goes on" : "");
	return loop->daemon->live ? 0 : ret;
}

static int handle(struct loop *loop, const struct source_event *event)
{
	struct ingest *ingest = &loop->ingest;
	int ret = record(loop, event);

	if (ret)
		return ret;
	switch (event->kind) {
	case SOURCE_STREAM:
		return begin_stream(loop, &event->info);
	case SOURCE_DUMP:
		return ingest_dump(ingest, event->data, event->size);
	case SOURCE_CAUGHT:
		return ingest_caught(ingest, event->data,
				     event->size / sizeof(struct kith_position));
	case SOURCE_COUNTED:
		return ingest_counted(ingest, event->data,
				      event->size / sizeof(struct ingest_count));
	case SOURCE_BATCH:
		return ingest_batch(ingest, &event->batch, event->data, event->size);
	case SOURCE_END:
		loop->ended = true;
		return 0;
	default:
		return 0;
	}
}

/*
 * Nothing of the log can be written over while somebody reads what it was, however much it
 * is: neither can we do without the room, nor is it ours to end his transaction.
 */
static void watch_log(struct loop *loop)
{
	const struct store *store = loop->daemon->store;
	const int64_t size = store_log_size(store);

	if (size > STORE_LOG_MAX && !loop->log_told)
		log_warning("the log of database %s has %" PRId64 " bytes: somebody reads it in "
			    "one long transaction; it grows until that ends",
			    store_path(store), size);
	else if (size <= STORE_LOG_MAX && loop->log_told)
		log_info("the log of database %s is small again", store_path(store));
	loop->log_told = size > STORE_LOG_MAX;
}

/* Store what there is, and let the source forget it. */
static int commit(struct loop *loop)
{
	struct ingest *ingest = &loop->ingest;
	int ret = ingest_commit(ingest);

	if (!ret && loop->unstored)
		log_info("database %s can be written again", store_path(loop->daemon->store));
	if (!ret) {
		loop->unstored = false;
		*loop->trouble = '\0';
		watch_log(loop);
	}
	/* What comes now may wait as long again. */
	loop->opened = 0;
	if (ret || !ingest->seqs)
		return ret;
	return source_acknowledge(loop->daemon->source, ingest->seqs, ingest->rings);
}

static bool is_due(struct loop *loop)
{
	const struct ingest *ingest = &loop->ingest;

	if (!ingest->open) {
		loop->opened = 0;
		return false;
	}
	if (!loop->opened)
		loop->opened = clock_steady_ms();
	if (!loop->daemon->live)
		return ingest->bytes >= COMMIT_BYTES_REPLAYED;
	if (ingest->records >= COMMIT_RECORDS)
		return true;
	return ingest->bytes >= COMMIT_BYTES || clock_steady_ms() - loop->opened >= COMMIT_MS;
}

/* How long to wait for the next event. */
static int patience(const struct loop *loop)
{
	const int64_t questions = names_patience(loop->daemon->names);
	int64_t left = IDLE_MS;

	if (loop->ingest.open)
		left = loop->opened + COMMIT_MS - clock_steady_ms();
	if (questions >= 0 && questions < left)
		left = questions;
	if (loop->watchdog && left > loop->watchdog / 4)
		left = loop->watchdog / 4;
	return left > 0 ? (int)left : 0;
}

/* Wait for a signal, for the source, or for @other, -1: nothing else. Has that something? */
static bool wait_for(struct loop *loop, int other, int timeout)
{
	struct pollfd descriptors[] = {
		{ .fd = loop->daemon->signals, .events = POLLIN },
		{ .fd = source_descriptor(loop->daemon->source), .events = POLLIN },
		{ .fd = other, .events = POLLIN },
	};

	if (poll(descriptors, 3, timeout) <= 0)
		return false;
	if (descriptors[0].revents)
		loop->stop = true;
	return descriptors[2].revents;
}

static const char *explain_module(int error)
{
	switch (-error) {
	case ENOENT:
		return "the kernel module kith is not loaded";
	case EPERM:
	case EACCES:
		return "the module asks for CAP_NET_ADMIN";
	case EBUSY:
		return "another collector is subscribed";
	case ESHUTDOWN:
		return "it is being unloaded";
	case EPROTO:
		return "the module speaks another version of the protocol: "
		       "module and collector must be of one release";
	default:
		return strerror(-error);
	}
}

static const char *explain_recording(int error)
{
	switch (-error) {
	case EPROTO:
		return "the recording is of another version of the protocol";
	case EBADMSG:
		return "the recording is damaged";
	case ENODATA:
		return "the recording is cut short";
	case EINTR:
		return "it was told to end";
	default:
		return strerror(-error);
	}
}

/* What could not be done, to what, and why. */
static void explain(const struct loop *loop, int error, char *text, size_t size)
{
	const struct store *store = loop->daemon->store;

	if (store_failed(store))
		snprintf(text, size, "cannot write database %s: %s", store_path(store),
			 store_error(store));
	else if (loop->daemon->live)
		snprintf(text, size, "cannot %s the module: %s", loop->doing,
			 explain_module(error));
	else
		snprintf(text, size, "cannot go on: %s", explain_recording(error));
}

/*
 * Nothing since the last commit is stored; the source has it all still, and
 * will send it again. So begin again, as after a restart.
 */
static int recover(struct loop *loop, int error)
{
	char text[sizeof(loop->trouble)];

	explain(loop, error, text, sizeof(text));
	if (strcmp(text, loop->trouble) != 0)
		log_error("%s; trying again every second", text);
	memcpy(loop->trouble, text, sizeof(text));
	loop->unstored = store_failed(loop->daemon->store);
	sd_notifyf(0, "STATUS=waiting: %s", text);
	source_restart(loop->daemon->source);
	wait_for(loop, -1, RETRY_MS);
	store_forgive(loop->daemon->store);
	return ingest_reset(&loop->ingest);
}

/* Ends of processes or conversations were lost: who lives still, and what is open? */
static int dump_again(struct loop *loop)
{
	struct ingest *ingest = &loop->ingest;

	if (!loop->daemon->live || !ingest_is_settled(ingest) ||
	    !redump_due(&loop->redump, ingest->lost_ends, clock_steady_ms()))
		return 0;
	return source_dump(loop->daemon->source);
}

/* Between two transactions, a little of what has time. */
static int keep_up(struct loop *loop)
{
	const int64_t now = loop->ingest.seen.at;
	int ret;

	if (loop->ingest.open)
		return 0;
	ret = request_attend(&loop->ingest, &loop->asked_at);
	ret = ret ? ret : seal_step(loop->seal, now, false);
	if (ret >= 0)
		ret = retention_step(loop->retention, now);
	return ret < 0 ? ret : 0;
}

static int step(struct loop *loop)
{
	struct source_event event;
	int timeout = loop->daemon->live ? patience(loop) : 0;
	bool answered = true; /* who has not waited does not know */
	int ret;

	loop->doing = "read from";
	if (timeout && source_descriptor(loop->daemon->source) >= 0)
		answered = wait_for(loop, names_descriptor(loop->daemon->names), timeout);
	ret = source_next(loop->daemon->source, 0, &event);
	loop->out_of_source = ret;
	if (!ret)
		ret = handle(loop, &event);
	names_send(loop->daemon->names);
	if (!ret && (answered || names_waits(loop->daemon->names)))
		ret = ingest_names(&loop->ingest);
	if (!ret && is_due(loop)) {
		ret = commit(loop);
		if (!loop->daemon->live)
			wait_for(loop, -1, 0);
	}
	if (!ret)
		ret = keep_up(loop);
	return ret ? ret : dump_again(loop);
}

/*
 * Take what the source still has at hand, but not for ever. That the module is
 * gone is no failure of ours.
 */
static int drain(struct loop *loop)
{
	int64_t deadline = clock_steady_ms() + DRAIN_MS;
	struct source_event event = { .kind = SOURCE_BATCH };
	int ret = 0;

	while (!ret && loop->daemon->live && clock_steady_ms() < deadline) {
		if (source_next(loop->daemon->source, 20, &event))
			break;
		if (event.kind == SOURCE_IDLE || event.kind == SOURCE_STREAM)
			break;
		ret = handle(loop, &event);
	}
	return ret;
}

/*
 * What came is a segment, and sealed. Of one that was to wait for its seal a restart
 * makes up: systemd's patience has an end.
 */
static int close_segment(struct loop *loop)
{
	const int64_t now = loop->daemon->live ? clock_wall_ns() : loop->ingest.seen.at;
	const int64_t deadline = clock_steady_ms() + DRAIN_MS;
	int ret = ingest_close_segment(&loop->ingest, now);

	if (ret)
		return ret;
	do
		ret = seal_step(loop->seal, now, true);
	while (ret > 0 && (!loop->daemon->live || clock_steady_ms() < deadline));
	retention_look(loop->retention);
	while (ret >= 0 && !loop->daemon->live) {
		ret = retention_step(loop->retention, now);
		if (!ret)
			break;
	}
	return ret < 0 ? ret : 0;
}

static int finish(struct loop *loop)
{
	int ret;

	sd_notify(0, "STOPPING=1");
	ret = drain(loop);
	ret = ret ? ret : ingest_names(&loop->ingest);
	names_stop(loop->daemon->names);
	if (!ret && loop->daemon->live && loop->started)
		ret = ingest_note(&loop->ingest, clock_wall_ns(), "collector stopped", NULL);
	ret = ret ? ret : ingest_finish(&loop->ingest);
	/* If that fails the module sends it again to the next one, who knows it. */
	if (!ret && loop->ingest.seqs)
		(void)source_acknowledge(loop->daemon->source, loop->ingest.seqs,
					 loop->ingest.rings);
	return ret ? ret : close_segment(loop);
}

/* Trying again is no help if it was of none. */
static bool is_hopeless(const struct loop *loop, int error)
{
	return error == -EPERM || (error == -EUCLEAN && loop->unstored);
}

static int loop_until_stopped(struct loop *loop)
{
	int ret = 0;

	while (!ret && !loop->stop && !loop->ended) {
		give_sign_of_life(loop);
		ret = step(loop);
		if (ret && loop->daemon->live && !is_hopeless(loop, ret))
			ret = recover(loop, ret);
	}
	return ret;
}

static void tell_malformed(const struct loop *loop)
{
	if (loop->ingest.bad_records)
		log_warning("%" PRIu64 " records were malformed, and are left out with what "
			    "came behind them in a message",
			    loop->ingest.bad_records);
}

static struct daemon_result result_of(const struct ingest *ingest)
{
	return (struct daemon_result){
		.records = ingest->all_records,
		.repeated = ingest->repeated,
		.left_out = ingest->left_out,
		.malformed = ingest->bad_records,
		.first = ingest->first_seen,
		.last = ingest->last_seen,
	};
}

int daemon_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Who looks after what is stored. False: no memory. */
static bool open_keepers(struct loop *loop)
{
	loop->seal = seal_new(loop->daemon->store, loop->daemon->tell_seals);
	loop->retention = retention_new(loop->daemon->store, loop->daemon->limits);
	return loop->seal && loop->retention;
}

static void close_keepers(struct loop *loop)
{
	seal_free(loop->seal);
	retention_free(loop->retention);
}

int daemon_run(struct daemon *daemon)
{
	struct loop loop = { .daemon = daemon, .doing = "read from" };
	char text[sizeof(loop.trouble)];
	uint64_t watchdog;
	int ret, stored;

	if (sd_watchdog_enabled(0, &watchdog) > 0)
		loop.watchdog = (int64_t)(watchdog / 1000);
	if (!open_keepers(&loop)) {
		close_keepers(&loop);
		return -ENOMEM;
	}
	ret = ingest_open(&loop.ingest, daemon->store);
	ret = ret ? ret : learner_new(&loop.ingest.learner, &loop.ingest, daemon->store);
	ret = ret || daemon->live ? ret : store_hurry(daemon->store);
	loop.ingest.replays = !daemon->live;
	if (daemon->window)
		loop.ingest.window = *daemon->window;
	loop.ingest.names = daemon->names;
	names_reset(daemon->names, daemon->store, loop.ingest.last_execution);
	ret = ret ? ret : loop_until_stopped(&loop);
	if (!ret || (loop.out_of_source && !daemon->live)) {
		stored = finish(&loop);
		ret = stored ? stored : ret;
	}
	if (!ret && !daemon->live && !loop.ended)
		ret = -EINTR;
	if (ret && !(loop.cut_short && !daemon->live)) {
		explain(&loop, ret, text, sizeof(text));
		log_error("%s; stopped", text);
	}
	tell_malformed(&loop);
	daemon->result = result_of(&loop.ingest);
	ingest_close(&loop.ingest);
	learner_free(loop.ingest.learner);
	close_keepers(&loop);
	return ret ? ret : !daemon->live && daemon->result.malformed ? -EBADMSG : 0;
}

/* A damaged database is no reason to stay blind: the module still has what is not stored. */
int daemon_keep(struct daemon *daemon, struct writer *writer)
{
	int ret;

	daemon->store = writer->store;
	ret = daemon_run(daemon);
	if (ret != -EUCLEAN || !writer->may_set_aside)
		return ret;
	ret = writer_set_aside(writer);
	if (ret)
		return ret;
	daemon->store = writer->store;
	source_restart(daemon->source);
	return daemon_run(daemon);
}
