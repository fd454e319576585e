// SPDX-License-Identifier: GPL-2.0-only
/* What kithd asks its helper, and the rows of what it is told. */
#include "names.h"

#include "cgroup.h"
#include "clock.h"
#include "helper.h"
#include "intern.h"
#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	IN_FLIGHT = 8192,  /* executions that are asked for and not answered */
	ROUND_MS = 100,	   /* between two questions of the same file */
	LOOK_BACK = 16384, /* executions that may lack a row after a kill */
	ASKED = 1024, /* users, groups, containers that need not be asked for again */
	ROWS = 256,   /* of hashes that are stored lately */
};

/* A row of hashes, as it was stored. */
struct row {
	uint64_t hash; /* 0: the place is free */
	int64_t id;
};

struct names {
	struct store *store;
	int descriptor; /* -1: there is no helper any more */
	uint32_t generation;
	struct packet out, in;
	int64_t in_flight;
	uint64_t packed, sent; /* executions in the packet, and in those before it */
	int64_t oldest;	       /* execution that may lack an answer */
	int64_t latest;
	/* Rows that names_flush() makes; mark_last 0: none. */
	int64_t mark_first, mark_last;
	enum why mark_why;
	int64_t asked_containers[ASKED];
	int64_t asked_principals[ASKED];
	struct row rows[ROWS];
	int64_t round; /* steady ms, when cohorts were asked for */
	struct cohorts cohorts;
};

struct known {
	struct hash_known *hashes;
	size_t count;
};

/* From hexadecimal digits. */
static bool parse_digest(const char *text, unsigned char digest[SHA256_SIZE])
{
	size_t i;

	for (i = 0; i < SHA256_SIZE; i++) {
		const char digits[] = { text[2 * i], text[2 * i + 1], '\0' };
		char *end;

		digest[i] = (unsigned char)strtoul(digits, &end, 16);
		if (end != digits + 2)
			return false;
	}
	return true;
}

static int take_known(void *known_, const struct store_hash *hash)
{
	struct known *known = known_;
	struct hash_known *it = &known->hashes[known->count];

	it->key = (struct hash_key){ .inode = hash->inode,
				     .changed = hash->changed,
				     .size = hash->size,
				     .device = hash->device };
	if (parse_digest(hash->sha256, it->sha256))
		known->count++;
	return 0;
}

/* Those that are stored need not be read again. */
static int start(struct names *names)
{
	struct known known = { calloc(HASH_KNOWN, sizeof(*known.hashes)), 0 };
	int ret;

	if (!known.hashes)
		return -ENOMEM;
	ret = store_known_hashes(names->store, HASH_KNOWN, take_known, &known);
	if (!ret)
		ret = helper_start(known.hashes, known.count, &names->descriptor);
	free(known.hashes);
	return ret;
}

int names_open(struct names **result, struct store *store)
{
	struct names *names = calloc(1, sizeof(*names));
	int ret;

	*result = names;
	if (!names)
		return -ENOMEM;
	names->store = store;
	names->descriptor = -1;
	ret = start(names);
	if (ret)
		log_warning(
			"cannot start the helper: %s; names and hashes will be missing",
			strerror(-ret));
	return 0;
}

void names_close(struct names *names)
{
	if (!names)
		return;
	if (names->descriptor >= 0)
		close(names->descriptor);
	free(names);
}

int names_descriptor(const struct names *names)
{
	return names ? names->descriptor : -1;
}

/* The row of hashes that is @hash; its id in *id. */
static int find_row(struct names *names, const struct store_hash *hash, int64_t *id)
{
	/* What stands for nothing is 0 in each, so equal ones have equal bytes. */
	const uint64_t sum = intern_hash(hash, sizeof(*hash));
	struct row *row = &names->rows[sum % ROWS];
	int ret;

	if (row->hash == sum && row->id) {
		*id = row->id;
		return 0;
	}
	ret = store_hash(names->store, hash, id);
	if (!ret)
		*row = (struct row){ sum, *id };
	return ret;
}

static int find_reason(struct names *names, enum why why, int64_t *id)
{
	struct store_hash hash;

	memset(&hash, 0, sizeof(hash));
	hash.why = why_text(why);
	return find_row(names, &hash, id);
}

static int store_reason(struct names *names, int64_t execution, enum why why)
{
	int64_t id;
	int ret = find_reason(names, why, &id);

	return ret ? ret : store_executable_hash(names->store, execution, id);
}

/* Those from the oldest that may lack an answer to @last get @why. */
static void mark(struct names *names, int64_t last, enum why why)
{
	if (names->oldest < last - LOOK_BACK)
		names->oldest = last - LOOK_BACK;
	if (!names->mark_last)
		names->mark_first = names->oldest;
	names->mark_last = last;
	names->mark_why = why;
	names->oldest = last + 1;
}

static bool is_anything_asked(const struct names *names)
{
	return names->in_flight || names->cohorts.waiting;
}

/* Nobody at the other end: what was asked will not be answered. */
static void lose_helper(struct names *names)
{
	log_warning("the helper has ended; names and hashes will be missing");
	if (is_anything_asked(names))
		mark(names, names->latest, WHY_HELPER);
	cohorts_clear(&names->cohorts);
	close(names->descriptor);
	names->descriptor = -1;
}

static void send_packet(struct names *names)
{
	int ret;

	ret = packet_send(&names->out, names->descriptor, MSG_DONTWAIT);
	if (!ret) {
		names->sent += names->packed;
		names->packed = 0;
	} else if (ret != -EAGAIN) {
		lose_helper(names);
	}
}

/* Return: false, it cannot be asked now. */
static bool ask(struct names *names, const struct message *asked, struct slice text)
{
	const struct slice texts[MESSAGE_TEXTS] = { text };
	struct message message = *asked;

	if (names->descriptor < 0)
		return false;
	message.generation = names->generation;
	if (packet_add(&names->out, &message, texts))
		return true;
	send_packet(names);
	return names->descriptor >= 0 && packet_add(&names->out, &message, texts);
}

static bool ask_executable(struct names *names, const struct message *message,
			   struct slice path)
{
	if (names->in_flight >= IN_FLIGHT || !ask(names, message, path))
		return false;
	names->in_flight++;
	names->packed++;
	return true;
}

/* Nothing is to be known of @asked but what is of others: these have the same root. */
static struct cohort *find_cohort(struct names *names, const struct message *asked,
				struct slice path, const struct cohort_key *same)
{
	if (asked->flags != MESSAGE_ROOTED || !same->executable)
		return NULL;
	return cohort_get(&names->cohorts, same, asked, path);
}

int names_execution(struct names *names, const struct message *asked, struct slice path,
		    const struct cohort_key *same)
{
	struct message message = *asked;
	struct cohort *cohort;

	if (names->descriptor < 0)
		return store_reason(names, asked->id, WHY_UNASKED);
	if (!is_anything_asked(names))
		names->oldest = asked->id;
	message.kind = MESSAGE_EXECUTABLE;
	cohort = find_cohort(names, &message, path, same);
	if (cohort)
		message.cohort = cohort->number;
	if (!(cohort && cohort->known && cohort_join(&names->cohorts, cohort, asked)) &&
	    !ask_executable(names, &message, path))
		return store_reason(names, asked->id, WHY_MANY);
	names->latest = asked->id;
	return 0;
}

/* Of each file that was executed since the last round, one question. */
static void ask_cohorts(struct names *names)
{
	struct message question;
	size_t i;

	for (i = 0; i < COHORTS && names->descriptor >= 0; i++) {
		struct cohort *cohort = &names->cohorts.cohorts[i];

		if (!cohort->first || cohort->asked)
			continue;
		cohort_question(&names->cohorts, cohort, &question);
		if (ask_executable(names, &question,
				   (struct slice){ cohort->path, strlen(cohort->path) }))
			continue;
		cohort->asked = 0; /* in the next round, then */
		break;
	}
	names->round = clock_steady_ms();
}

int64_t names_patience(const struct names *names)
{
	int64_t left;

	if (!names || !names->cohorts.waiting)
		return -1;
	left = names->round + ROUND_MS - clock_steady_ms();
	return left > 0 ? left : 0;
}

void names_send(struct names *names)
{
	if (!names || names->descriptor < 0)
		return;
	if (!names_patience(names))
		ask_cohorts(names);
	if (names->descriptor >= 0)
		send_packet(names);
}

/* Was @number asked for lately? It is now. */
static bool was_asked(int64_t asked[ASKED], int64_t number)
{
	int64_t *place = &asked[(uint64_t)number % ASKED];
	bool was = *place == number;

	*place = number;
	return was;
}

void names_container(struct names *names, int64_t id, struct slice path)
{
	const struct message message = { .kind = MESSAGE_CONTAINER, .id = id };
	struct cgroup_names cgroup;

	if (!path.size || was_asked(names->asked_containers, id))
		return;
	cgroup_parse(path.data, path.size, &cgroup);
	if (*cgroup.runtime && !ask(names, &message, path))
		names->asked_containers[(uint64_t)id % ASKED] = 0;
}

static void ask_principal(struct names *names, enum message_kind kind, uint32_t number)
{
	const struct message message = { .kind = kind, .id = number };

	/* 0 is a free place */
	if (number != UINT32_MAX &&
	    !was_asked(names->asked_principals,
		       1 + 2 * (int64_t)number + (kind == MESSAGE_GROUP)))
		(void)ask(names, &message, (struct slice){ NULL, 0 });
}

void names_user(struct names *names, uint32_t uid)
{
	ask_principal(names, MESSAGE_USER, uid);
}

void names_group(struct names *names, uint32_t gid)
{
	ask_principal(names, MESSAGE_GROUP, gid);
}

bool names_receive(struct names *names)
{
	int ret;

	if (!names || names->descriptor < 0)
		return false;
	ret = packet_receive(&names->in, names->descriptor);
	if (ret > 0)
		return true;
	if (ret != -EAGAIN)
		lose_helper(names);
	return false;
}

/* To each of the cohort its own: the file was changed between two of them. */
static int ask_each(struct names *names, struct cohort *cohort)
{
	struct message member;
	int ret = 0;

	while (!ret && cohort_leave(&names->cohorts, cohort, &member)) {
		member.cohort = cohort->number;
		if (!ask_executable(names, &member,
				    (struct slice){ cohort->path, strlen(cohort->path) }))
			ret = store_reason(names, member.id, WHY_MANY);
	}
	return ret;
}

/* Row @id of hashes is what all have run whom the question was about. */
static int store_cohort(struct names *names, struct cohort *cohort, int64_t id)
{
	struct message member;
	int ret = 0;

	while (!ret && cohort_leave(&names->cohorts, cohort, &member))
		ret = store_executable_hash(names->store, member.id, id);
	return ret;
}

/* What is said of one that was asked for alone may be of no use to others. */
static int store_row(struct names *names, const struct message *message, int64_t id)
{
	struct cohort *cohort = cohort_find(&names->cohorts, message->cohort);
	const bool unchanged = message->flags & MESSAGE_HASHED && why_lasts(message->why);

	if (names->in_flight > 0)
		names->in_flight--;
	if (!cohort || !cohort_is_asked(&names->cohorts, cohort, message->id)) {
		if (cohort && unchanged)
			cohort->known = true;
		return store_executable_hash(names->store, message->id, id);
	}
	cohort->known = unchanged;
	return unchanged ? store_cohort(names, cohort, id) : ask_each(names, cohort);
}

static int store_answer(struct names *names, const struct message *message,
			struct slice package)
{
	struct store_hash hash;
	int64_t id;
	int ret;

	memset(&hash, 0, sizeof(hash));
	if (message->inode) {
		hash.inode = message->inode;
		hash.device = message->device;
		hash.changed = message->changed;
		hash.size = message->size;
	}
	if (message->flags & MESSAGE_HASHED)
		sha256_text(message->sha256, hash.sha256);
	hash.packaged = message->flags & MESSAGE_PACKAGED;
	if (hash.packaged)
		memcpy(hash.package, package.data,
		       package.size < STORE_PACKAGE ? package.size : STORE_PACKAGE - 1);
	hash.why = why_text(message->why);
	ret = find_row(names, &hash, &id);
	return ret ? ret : store_row(names, message, id);
}

/*
 * What the one before had taken and not answered is lost; the rest is there still. Who
 * waits with others is not told which of both it is.
 */
static void meet_helper(struct names *names, const struct message *message)
{
	const int64_t last = message->id < names->latest ? message->id : names->latest;

	if (last >= names->oldest)
		mark(names, last, WHY_HELPER);
	if (names->cohorts.waiting) {
		mark(names, names->latest, WHY_HELPER);
		cohorts_clear(&names->cohorts);
	}
	names->in_flight = (int64_t)(names->sent + names->packed - (uint64_t)message->ts);
	memset(names->asked_containers, 0, sizeof(names->asked_containers));
	memset(names->asked_principals, 0, sizeof(names->asked_principals));
}

static int store_message(struct names *names, const struct message *message,
			 const struct slice *texts)
{
	const bool group = message->kind == MESSAGE_GROUP;

	switch (message->kind) {
	case MESSAGE_BEGIN:
		meet_helper(names, message);
		return 0;
	case MESSAGE_USER:
	case MESSAGE_GROUP:
		return store_principal(names->store,
				       group ? PRINCIPAL_GROUP : PRINCIPAL_USER,
				       message->id, clock_wall_ns(), texts[TEXT_NAME]);
	default:
		break;
	}
	if (message->generation != names->generation)
		return 0;
	if (message->kind == MESSAGE_EXECUTABLE)
		return store_answer(names, message, texts[TEXT_PACKAGE]);
	if (message->kind == MESSAGE_CONTAINER)
		return store_container_names(names->store, message->id, clock_wall_ns(),
					     texts[TEXT_NAME], texts[TEXT_IMAGE],
					     texts[TEXT_POD]);
	return 0;
}

int names_store(struct names *names)
{
	struct slice texts[MESSAGE_TEXTS];
	struct message message;
	size_t at = 0;
	int ret = 0;

	while (!ret && packet_next(&names->in, &at, &message, texts))
		ret = store_message(names, &message, texts);
	return ret;
}

bool names_waits(const struct names *names)
{
	return names && names->mark_last;
}

int names_flush(struct names *names)
{
	int64_t id;
	int ret;

	if (!names_waits(names))
		return 0;
	ret = find_reason(names, names->mark_why, &id);
	if (!ret)
		ret = store_unanswered(names->store, names->mark_first, names->mark_last,
				       id);
	names->mark_last = 0;
	return ret;
}

void names_stop(struct names *names)
{
	if (names && is_anything_asked(names))
		mark(names, names->latest, WHY_STOPPED);
}

void names_reset(struct names *names, struct store *store, int64_t last)
{
	if (!names)
		return;
	names->store = store;
	names->generation++;
	names->out.used = 0;
	names->in.used = 0;
	names->packed = 0;
	names->in_flight = 0;
	names->latest = last;
	cohorts_clear(&names->cohorts);
	memset(names->rows, 0, sizeof(names->rows));
	memset(names->asked_containers, 0, sizeof(names->asked_containers));
	memset(names->asked_principals, 0, sizeof(names->asked_principals));
	names->oldest = last - LOOK_BACK;
	names->mark_last = 0;
	mark(names, last, WHY_UNASKED);
}
