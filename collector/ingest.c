// SPDX-License-Identifier: GPL-2.0-only
/* From records to rows: streams, batches and transactions. */
#include "ingest.h"

#include "apply.h"
#include "dump.h"
#include "learner.h"
#include "reconcile.h"
#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* Rows that a restart may have to look at for processes that still live. */
	CHECKPOINT_PROCESSES = 50000,
	ANSWERS_AT_ONCE = 16, /* packets */
	CLOCK_JUMP_NS = 1000000000, /* less is what the two clocks differ by when read */
};

static int load_ids(struct ingest *ingest)
{
	struct store_last last;
	int ret = store_last(ingest->store, &last);

	if (ret)
		return ret;
	dictionary_init(&ingest->dictionary, ingest->store, &last);
	ingest->last_process = last.process;
	ingest->last_execution = last.execution;
	ingest->last_connection = last.connection;
	ingest->last_listener = last.listener;
	ingest->last_pipe = last.pipe;
	ingest->last_access = last.access;
	ingest->last_change = last.change;
	ingest->files.seed = last.file_seed;
	ingest->checkpointed = last.process;
	return segment_open(ingest->store, &ingest->segment);
}

int ingest_open(struct ingest *ingest, struct store *store)
{
	*ingest = (struct ingest){ .store = store, .window = INGEST_ALL };
	state_init(&ingest->state);
	sockets_init(&ingest->sockets);
	sockets_init(&ingest->files.going_on);
	return load_ids(ingest);
}

static void forget_stream(struct ingest *ingest)
{
	free(ingest->seqs);
	free(ingest->moved);
	free(ingest->told);
	ingest->seqs = NULL;
	ingest->moved = NULL;
	ingest->told = NULL;
	ingest->rings = 0;
	dump_forget(ingest);
	free(ingest->reconciliation);
	ingest->reconciliation = NULL;
}

void ingest_close(struct ingest *ingest)
{
	store_rollback(ingest->store);
	forget_stream(ingest);
	state_clear(&ingest->state);
	sockets_clear(&ingest->sockets);
	sockets_clear(&ingest->files.going_on);
	dictionary_clear(&ingest->dictionary);
}

int ingest_reset(struct ingest *ingest)
{
	int ret;

	ingest_close(ingest);
	alike_forget(&ingest->alike);
	if (ingest->learner)
		learner_forget(ingest->learner);
	ingest->open = false;
	ingest->records = 0;
	ingest->bytes = 0;
	memset(ingest->received, 0, sizeof(ingest->received));
	ret = load_ids(ingest);
	names_reset(ingest->names, ingest->store, ingest->last_execution);
	return ret;
}

int ingest_begin(struct ingest *ingest)
{
	int ret = 0;

	if (!ingest->open)
		ret = store_begin(ingest->store);
	ingest->open = !ret;
	return ret;
}

static int take_living(void *ingest_, const struct process *stored)
{
	struct ingest *ingest = ingest_;
	struct process *process;
	UT_hash_handle handle;

	if (state_find(&ingest->state, stored->key))
		return 0;
	process = state_add(&ingest->state, stored->key);
	if (!process)
		return -ENOMEM;
	handle = process->hh;
	*process = *stored;
	process->hh = handle;
	return 0;
}

static int take_ended(void *ingest_, uint64_t key, int64_t id)
{
	struct ingest *ingest = ingest_;

	return state_add_ended(&ingest->state, key, id);
}

static int load_living(struct ingest *ingest)
{
	int ret;

	state_clear(&ingest->state);
	dictionary_forget_containers(&ingest->dictionary);
	ret = store_living(ingest->store, ingest->load.boot, take_living, ingest);
	if (!ret)
		ret = store_ended(ingest->store, ingest->load.boot, take_ended, ingest);
	if (!ret)
		ret = apply_load_sockets(ingest);
	return ret ? ret : apply_load_files(ingest);
}

/*
 * By CLOCK_BOOTTIME @boottime the wall clock is @offset ahead of it. Has it been
 * set? Suspending and slewing move both clocks.
 */
static int set_clock(struct ingest *ingest, uint64_t boottime, int64_t offset)
{
	uint64_t jump = (uint64_t)offset - (uint64_t)ingest->offset;
	int64_t before = ingest_wall(ingest, boottime), now;
	char from[40], to[40], detail[96];
	bool known = boottime <= ingest->clock_known;

	ingest->offset = offset;
	if (!known)
		ingest->clock_known = boottime;
	if (known || jump + CLOCK_JUMP_NS <= 2 * (uint64_t)CLOCK_JUMP_NS)
		return 0;
	now = ingest_wall(ingest, boottime);
	snprintf(detail, sizeof(detail), "from %s to %s", text_time(from, sizeof(from), before),
		 text_time(to, sizeof(to), now));
	return ingest_note(ingest, now, "clock set", detail);
}

/*
 * @seen is of this boot: put it to the clock of the new stream @info, and say so if it
 * was set meanwhile.
 */
static int carry_clock(struct ingest *ingest, const struct stream_info *info,
		       struct store_seen *seen)
{
	int64_t offset = ingest->offset;
	int64_t shift = (int64_t)((uint64_t)offset - (uint64_t)seen->offset);
	int ret;

	ingest->clock_known = (uint64_t)seen->at - (uint64_t)seen->offset;
	if ((uint64_t)info->boot_ns <= ingest->clock_known)
		return 0; /* a recording of what is stored */
	ingest->offset = seen->offset;
	ret = set_clock(ingest, (uint64_t)info->boot_ns, offset);
	seen->at = (int64_t)((uint64_t)seen->at + (uint64_t)shift);
	return ret ? ret : store_shift_seen(ingest->store, shift);
}

/* From @seen, or the beginning of the boot, until this load nobody watched. */
static int note_unwatched(struct ingest *ingest, const struct store_seen *seen)
{
	int64_t from = ingest_wall(ingest, 0), to = ingest->load.loaded;
	int ret = 0;

	/* The clock may have been set back between two boots. */
	if (seen->at > from && (seen->at <= to || seen->boot == ingest->load.boot))
		from = seen->at;
	if (from > to)
		from = to;
	if (ingest->learner)
		ret = learner_gap(ingest->learner, from, to);
	return ret ? ret : store_unwatched(ingest->store, ingest->load.boot, from, to);
}

/* What came after the last record that we have is new to us. If @fresh this load is too. */
static int note_absence(struct ingest *ingest, const struct stream_info *info, bool fresh)
{
	struct store_seen seen;
	int ret = store_seen(ingest->store, &seen);

	ingest->seen = (struct store_seen){ .at = 0 };
	ingest->clock_known = 0;
	ingest->stored_until = 0;
	if (!ret && seen.boot == ingest->load.boot)
		ingest->stored_until = (uint64_t)seen.at - (uint64_t)seen.offset;
	if (!ret && seen.boot == ingest->load.boot)
		ret = carry_clock(ingest, info, &seen);
	ingest->since = seen.at > ingest->load.loaded ? seen.at : ingest->load.loaded;
	return ret || !fresh ? ret : note_unwatched(ingest, &seen);
}

int ingest_attach(struct ingest *ingest, const struct stream_info *info)
{
	bool fresh;
	int ret = ingest_commit(ingest);

	if (ret)
		return ret;
	forget_stream(ingest);
	alike_forget(&ingest->alike);
	ingest->seqs = calloc(info->rings, sizeof(*ingest->seqs));
	ingest->moved = calloc(info->rings, sizeof(*ingest->moved));
	ingest->told = calloc(info->rings, sizeof(*ingest->told));
	if (!ingest->seqs || !ingest->moved || !ingest->told)
		return -ENOMEM;
	ingest->rings = info->rings;
	ingest->offset = (int64_t)((uint64_t)info->real_ns - (uint64_t)info->boot_ns);
	ret = ingest_begin(ingest);
	if (!ret)
		ret = store_boot(ingest->store, info->boot, info->real_ns,
				 &ingest->load.boot, &fresh);
	if (ret)
		return ret;
	ingest->load.load = info->load;
	ingest->load.version = info->version;
	ingest->load.loaded = ingest_wall(ingest, info->loaded_ns);
	ret = store_load(ingest->store, &ingest->load, ingest->seqs, ingest->rings, &fresh);
	ingest->load.version = NULL;
	if (!ret && fresh && ingest->segment.records)
		ret = segment_close(ingest->store, &ingest->segment, info->real_ns);
	ingest->past = ingest->replays && !ingest->load.latest;
	if (!ingest->files.seed)
		ingest->files.seed = (int64_t)info->load;
	if (!ret)
		ret = note_absence(ingest, info, fresh);
	if (!ret)
		ret = load_living(ingest);
	ingest->dumped = ingest->last_process;
	ingest->dump_first = 0;
	return ret ? ret : ingest_commit(ingest);
}

/* Has this record been stored before? Its ring's position moves if not. */
static bool is_repeated(struct ingest *ingest, const struct kith_record *head)
{
	uint16_t ring = head->ring;

	if (ring == KITH_NO_RING || ring >= ingest->rings)
		return false;
	if (position_has_passed(ingest->seqs[ring], head->seq))
		return true;
	ingest->seqs[ring] = head->seq;
	ingest->moved[ring] = true;
	return false;
}

static bool is_wanted(const struct ingest *ingest, unsigned int class_, int64_t at)
{
	return at <= ingest->window.until && (at >= ingest->window.since ||
					      !(1u << class_ & KITH_POLICY_CLASSES_OPTIONAL));
}

/* It is new, and wanted. */
static void count(struct ingest *ingest, unsigned int class_, int64_t at)
{
	if (class_ < KITH_CLASSES)
		ingest->received[class_]++;
	if (!ingest->first_seen || at < ingest->first_seen)
		ingest->first_seen = at;
	if (at > ingest->last_seen)
		ingest->last_seen = at;
}

static int ingest_record(struct ingest *ingest, const struct record *record)
{
	const unsigned int class_ = record_class(record->head.type);
	const int64_t at = ingest_wall(ingest, record->head.ts);
	const bool wanted = is_wanted(ingest, class_, at);
	int ret = 0;

	/* Of older loads there are no positions to compare with. */
	if (ingest->past) {
		ingest->repeated++;
		return 0;
	}
	if (wanted)
		ingest->seen = (struct store_seen){ at, ingest->load.boot, ingest->offset };
	if (ingest->learner && wanted)
		ret = learner_tick(ingest->learner, at);
	if (!ret && ingest->dump)
		ret = dump_apply(ingest, record->head.ts);
	if (ret)
		return ret;
	if (is_repeated(ingest, &record->head)) {
		ingest->repeated++;
		return 0;
	}
	if (ingest->reconciliation)
		reconcile_record(ingest->reconciliation, &record->head);
	if (!wanted) {
		ingest->left_out++;
		return 0;
	}
	count(ingest, class_, at);
	return apply_record(ingest, record);
}

int ingest_batch(struct ingest *ingest, const struct kith_batch *batch, const void *records,
		 size_t size)
{
	const char *at = records, *end = at + size;
	int ret = ingest_begin(ingest);

	if (!ret && !ingest->past)
		ret = set_clock(ingest, batch->boot_ns,
				(int64_t)(batch->real_ns - batch->boot_ns));
	while (!ret && at < end) {
		struct record record;
		int used = record_parse(at, (size_t)(end - at), &record);

		if (used < 0) {
			/* Without its size there is no next record either. */
			ingest->bad_records++;
			break;
		}
		at += used;
		ingest->records++;
		ingest->all_records++;
		ret = ingest_record(ingest, &record);
	}
	ingest->bytes += size;
	return ret ? ret : dump_settle(ingest);
}

int ingest_note(struct ingest *ingest, int64_t now, const char *event, const char *detail)
{
	int ret = ingest_begin(ingest);

	if (ret)
		return ret;
	return store_sensor_event(ingest->store, now, ingest->load.boot, event, 0,
				  (struct slice){ detail, detail ? strlen(detail) : 0 });
}

static int flush_processes(struct ingest *ingest)
{
	struct process *process;
	int ret = 0;

	while ((process = ingest->state.dirty) && !ret) {
		ret = store_process(ingest->store, ingest->load.boot, process);
		process->stored = true;
		process->dirty = false;
		ingest->state.dirty = process->next_dirty;
	}
	if (!ret)
		ret = store_flush(ingest->store);
	state_expire(&ingest->state);
	return ret;
}

static int flush_positions(struct ingest *ingest)
{
	size_t ring;
	int ret = 0;

	for (ring = 0; ring < ingest->rings && !ret; ring++) {
		if (!ingest->moved[ring])
			continue;
		ret = store_position(ingest->store, (unsigned int)ring, ingest->seqs[ring]);
		ingest->moved[ring] = false;
	}
	return ret;
}

static int flush_received(struct ingest *ingest)
{
	unsigned int class_;
	int ret = 0;

	for (class_ = 0; class_ < KITH_CLASSES && !ret; class_++) {
		if (!ingest->received[class_])
			continue;
		ret = store_received(ingest->store, ingest->load.id, class_,
				     ingest->received[class_]);
		ingest->received[class_] = 0;
	}
	return ret;
}

static int checkpoint(struct ingest *ingest)
{
	if (ingest->last_process - ingest->checkpointed < CHECKPOINT_PROCESSES)
		return 0;
	ingest->checkpointed = ingest->last_process;
	return store_checkpoint(ingest->store, &ingest->state, ingest->last_process);
}

static int close_segment(struct ingest *ingest, int64_t now)
{
	int ret = segment_close(ingest->store, &ingest->segment, now);

	if (!ret && segment_refresh(&ingest->segment)) {
		dictionary_forget_texts(&ingest->dictionary);
		alike_forget(&ingest->alike);
		files_forget_recent(&ingest->files);
	}
	return ret;
}

int ingest_names(struct ingest *ingest)
{
	int ret = 0, i;

	for (i = 0; i < ANSWERS_AT_ONCE && !ret && names_receive(ingest->names); i++) {
		ret = ingest_begin(ingest);
		if (!ret)
			ret = names_store(ingest->names);
	}
	if (!ret && names_waits(ingest->names))
		ret = ingest_begin(ingest);
	return ret;
}

static int close_if_full(struct ingest *ingest)
{
	ingest->segment.records += ingest->records;
	if (!ingest->seen.at || !segment_is_full(&ingest->segment, ingest->seen.at))
		return 0;
	return close_segment(ingest, ingest->seen.at);
}

int ingest_close_segment(struct ingest *ingest, int64_t now)
{
	int ret = ingest_commit(ingest);

	if (!ret)
		ret = ingest_begin(ingest);
	if (!ret)
		ret = close_segment(ingest, now);
	return ret ? ret : ingest_commit(ingest);
}

int ingest_commit(struct ingest *ingest)
{
	int ret;

	if (!ingest->open)
		return 0;
	ret = flush_processes(ingest);
	if (!ret && ingest->learner)
		ret = learner_commit(ingest->learner);
	if (!ret)
		ret = names_flush(ingest->names);
	if (!ret)
		ret = dictionary_flush_containers(&ingest->dictionary);
	if (!ret)
		ret = flush_positions(ingest);
	if (!ret)
		ret = flush_received(ingest);
	if (!ret)
		ret = checkpoint(ingest);
	if (!ret)
		ret = apply_prune_files(ingest);
	if (!ret && ingest->seen.at)
		ret = store_set_seen(ingest->store, &ingest->seen);
	if (!ret)
		ret = close_if_full(ingest);
	if (!ret)
		ret = store_commit(ingest->store);
	if (ret)
		return ret;
	ingest->open = false;
	ingest->records = 0;
	ingest->bytes = 0;
	return 0;
}

int ingest_finish(struct ingest *ingest)
{
	int ret = ingest->learner ? ingest_begin(ingest) : 0;

	if (!ret && ingest->learner)
		ret = learner_finish(ingest->learner);
	return ret ? ret : ingest_commit(ingest);
}
