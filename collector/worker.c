// SPDX-License-Identifier: GPL-2.0-only
/* What the helper process does. */
#include "worker.h"

#include "cgroup.h"
#include "clock.h"
#include "locate.h"
#include "message.h"
#include "package.h"
#include "runtime.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum {
	HANG_S = 20,	     /* nothing takes longer, but what will never end */
	REFUSED_MS = 600000, /* then it is tried again */
	PACKETS = 8,	     /* taken at once */
	LATER = 64,	     /* containers of which nothing is known yet */
	TRIES = 4,
	FIRST_TRY_MS = 100, /* each further one after four times as long */
	NAMES = 512,	    /* of users and groups, that are told once */
	NAMES_MS = 10000,   /* how often it is looked whether these have changed */
	NAMES_TURNS = 60,   /* how often that is believed: they may stand elsewhere */
	SQLITE_MOST = 128 << 20,
};

/* A container whose runtime has not written down yet what it is. */
struct later {
	int64_t id;
	int64_t due; /* steady ms */
	int tries;   /* 0: the place is free */
	uint32_t generation;
	char path[MESSAGE_TEXT + 1];
};

/* A user or group that was asked for. */
struct told {
	uint32_t kind; /* 0: the place is free */
	int64_t number;
	char name[64]; /* "": none */
};

struct worker {
	int descriptor;
	struct worker_board *board;
	struct hasher *hasher;
	struct packages *packages;
	struct locator locator;
	struct packet in, out;
	struct later later[LATER];
	struct told told[NAMES];
	int64_t names_looked;
	int64_t names_changed; /* the sum of when what they stand in was */
	int error;
};

/* What comes now may hang: say what it is, and end if it does. */
static void begin_risk(struct worker *worker, uint64_t subject)
{
	worker->board->busy = subject;
	alarm(HANG_S);
}

static void end_risk(struct worker *worker)
{
	alarm(0);
	worker->board->busy = 0;
}

bool worker_refuses(const struct worker_board *board, uint64_t subject)
{
	size_t i;

	for (i = 0; i < WORKER_REFUSED; i++)
		if (subject && board->refused[i].subject == subject &&
		    board->refused[i].until > clock_steady_ms())
			return true;
	return false;
}

static bool is_refused(const struct worker *worker, uint64_t subject)
{
	return worker_refuses(worker->board, subject);
}

/* What hangs from now on is the file system that a path has come to. */
static bool enter(void *worker_, uint32_t device)
{
	struct worker *worker = worker_;

	worker->board->busy = device;
	return !is_refused(worker, device);
}

static void refuse(struct worker_board *board, uint64_t subject)
{
	const size_t place = board->refusals++ % WORKER_REFUSED;

	board->refused[place].subject = subject;
	board->refused[place].until = clock_steady_ms() + REFUSED_MS;
}

/* Once may be the load of the machine. What answers in between may come from a cache. */
void worker_judge(struct worker_board *board)
{
	const int64_t now = clock_steady_ms();

	if (!board->busy)
		return;
	if (board->busy == board->hung && now < board->hung_until)
		refuse(board, board->busy);
	board->hung = board->busy;
	board->hung_until = now + REFUSED_MS;
	board->busy = 0;
}

/*
 * If kithd does not read it waits: then there is nothing else to do. No file system is at
 * fault for that.
 */
static void flush(struct worker *worker)
{
	const uint64_t busy = worker->board->busy;
	const unsigned int left = alarm(0);
	int ret;

	worker->board->busy = 0;
	ret = packet_send(&worker->out, worker->descriptor, 0);
	if (ret)
		worker->error = ret;
	worker->board->busy = busy;
	if (left)
		alarm(left);
}

static void tell(struct worker *worker, struct message *message,
		 const struct slice *texts)
{
	if (packet_add(&worker->out, message, texts))
		return;
	flush(worker);
	if (!worker->error)
		(void)packet_add(&worker->out, message, texts);
}

static struct slice text_of(const char *text)
{
	return (struct slice){ text, strlen(text) };
}

static void tell_hash(void *worker_, const struct hash_waiter *waiter,
		      const struct hash_key *key, const unsigned char *sha256,
		      enum why why)
{
	struct message message = { .kind = MESSAGE_EXECUTABLE,
				   .generation = waiter->generation,
				   .id = waiter->id,
				   .cohort = waiter->cohort,
				   .why = why };
	const struct slice texts[MESSAGE_TEXTS] = { text_of(waiter->package) };

	if (key) {
		message.inode = key->inode;
		message.device = (uint32_t)key->device;
		message.changed = key->changed;
		message.size = key->size;
	}
	if (sha256) {
		message.flags |= MESSAGE_HASHED;
		memcpy(message.sha256, sha256, SHA256_SIZE);
	}
	if (waiter->packaged)
		message.flags |= MESSAGE_PACKAGED;
	tell(worker_, &message, texts);
}

/*
 * Of files of this machine: a container's packages are its own affair, and who has another
 * root can call anything /bin/ls. @at_path: nobody need look again whether it is there.
 */
static void find_package(struct worker *worker, const struct message *asked,
			 const char *path, bool at_path, struct hash_waiter *waiter)
{
	if ((asked->flags & (MESSAGE_NAMELESS | MESSAGE_ROOTED)) != MESSAGE_ROOTED ||
	    *path != '/' || !locate_is_host(&worker->locator, asked))
		return;
	if (!at_path) {
		begin_risk(worker, asked->device);
		at_path = locate_is_at(&worker->locator, asked, path);
		end_risk(worker);
	}
	if (!at_path)
		return;
	waiter->packaged = packages_find(worker->packages, path, waiter->package,
					 sizeof(waiter->package));
}

static void take_executable(struct worker *worker, const struct message *asked,
			    struct slice path)
{
	struct hash_waiter waiter = { .id = asked->id,
				      .generation = asked->generation,
				      .cohort = asked->cohort };
	char name[MESSAGE_TEXT + 1];
	struct stat status;
	bool at_path;
	int file;

	worker->board->taken++;
	worker->board->latest = asked->id;
	snprintf(name, sizeof(name), "%.*s", (int)path.size, path.size ? path.data : "");
	if (is_refused(worker, asked->device) || is_refused(worker, asked->real_device)) {
		tell_hash(worker, &waiter, NULL, NULL, WHY_SLOW);
		return;
	}
	begin_risk(worker, asked->device);
	file = locate(&worker->locator, asked, path, &status, &waiter.why,
		      &at_path);
	end_risk(worker);
	find_package(worker, asked, name, at_path, &waiter);
	if (file < 0)
		tell_hash(worker, &waiter, NULL, NULL, waiter.why);
	else
		hasher_ask(worker->hasher, file, &status,
			   (uint32_t)(major(status.st_dev) << 20 | minor(status.st_dev)),
			   &waiter);
}

static void tell_container(struct worker *worker, int64_t id, uint32_t generation,
			   const struct runtime_names *names)
{
	struct message message = { .kind = MESSAGE_CONTAINER,
				   .generation = generation,
				   .id = id };
	const struct slice texts[MESSAGE_TEXTS] = {
		[TEXT_NAME] = text_of(names->name),
		[TEXT_IMAGE] = text_of(names->image),
		[TEXT_POD] = text_of(names->pod),
	};

	tell(worker, &message, texts);
}

/* Return: false, try again later. On the @last try half of it will do. */
static bool name_container(struct worker *worker, int64_t id, uint32_t generation,
			   const char *path, bool last)
{
	struct cgroup_names cgroup;
	struct runtime_names names;
	bool found;

	cgroup_parse(path, strlen(path), &cgroup);
	begin_risk(worker, 0);
	found = runtime_find(worker->locator.root, &cgroup, path, &names);
	end_risk(worker);
	if (found || (last && *names.name))
		tell_container(worker, id, generation, &names);
	return found;
}

static void try_later(struct worker *worker, const struct message *asked,
		      const char *path)
{
	size_t i;

	for (i = 0; i < LATER && worker->later[i].tries; i++)
		;
	if (i == LATER) /* the first one has had its time */
		i = 0;
	worker->later[i] = (struct later){ .id = asked->id,
					   .generation = asked->generation,
					   .due = clock_steady_ms() + FIRST_TRY_MS,
					   .tries = 1 };
	snprintf(worker->later[i].path, sizeof(worker->later[i].path), "%s", path);
}

static void take_container(struct worker *worker, const struct message *asked,
			   struct slice path)
{
	char name[MESSAGE_TEXT + 1];

	snprintf(name, sizeof(name), "%.*s", (int)path.size, path.size ? path.data : "");
	if (!name_container(worker, asked->id, asked->generation, name, false))
		try_later(worker, asked, name);
}

static void try_again(struct worker *worker)
{
	const int64_t now = clock_steady_ms();
	size_t i;

	for (i = 0; i < LATER; i++) {
		struct later *later = &worker->later[i];

		if (!later->tries || later->due > now)
			continue;
		if (name_container(worker, later->id, later->generation, later->path,
				   later->tries == TRIES) ||
		    later->tries == TRIES)
			later->tries = 0;
		else
			later->due = now + ((int64_t)FIRST_TRY_MS << 2 * later->tries++);
	}
}

/* What is @number called? Whoever answers that for this machine may be far away. */
static void look_up(struct worker *worker, uint32_t kind, int64_t number, char *name,
		    size_t room)
{
	const struct passwd *user = NULL;
	const struct group *group = NULL;

	begin_risk(worker, WORKER_USERS);
	if (kind == MESSAGE_USER)
		user = getpwuid((uid_t)number);
	else
		group = getgrgid((gid_t)number);
	end_risk(worker);
	snprintf(name, room, "%s", user ? user->pw_name : group ? group->gr_name : "");
}

static void tell_name(struct worker *worker, const struct told *told)
{
	struct message message = { .kind = told->kind, .id = told->number };
	const struct slice texts[MESSAGE_TEXTS] = { [TEXT_NAME] = text_of(told->name) };

	tell(worker, &message, texts);
}

static void take_name(struct worker *worker, const struct message *asked)
{
	struct told *told =
		&worker->told[(uint64_t)(asked->id * 2 + asked->kind) % NAMES];

	if (told->kind == asked->kind && told->number == asked->id)
		return;
	if (is_refused(worker, WORKER_USERS))
		return;
	told->kind = asked->kind;
	told->number = asked->id;
	look_up(worker, told->kind, told->number, told->name, sizeof(told->name));
	if (*told->name)
		tell_name(worker, told);
}

/* Has it been a while, or the host's own file of users or groups been changed? */
static bool may_have_changed(struct worker *worker)
{
	static const char *const paths[] = { "etc/passwd", "etc/group" };
	int64_t sum = clock_steady_ms() / ((int64_t)NAMES_MS * NAMES_TURNS);
	bool changed;
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		struct stat status;

		if (!fstatat(worker->locator.root, paths[i], &status, 0))
			sum += locate_ns(status.st_mtim) / 1000;
	}
	changed = sum != worker->names_changed;
	worker->names_changed = sum;
	return changed;
}

/* Users are renamed and removed. */
static void look_up_again(struct worker *worker)
{
	const int64_t now = clock_steady_ms();
	size_t i;

	if (now - worker->names_looked < NAMES_MS || is_refused(worker, WORKER_USERS))
		return;
	worker->names_looked = now;
	if (!may_have_changed(worker))
		return;
	for (i = 0; i < NAMES; i++) {
		struct told *told = &worker->told[i];
		char name[sizeof(told->name)];

		if (!told->kind)
			continue;
		look_up(worker, told->kind, told->number, name, sizeof(name));
		if (!strcmp(name, told->name))
			continue;
		memcpy(told->name, name, sizeof(name));
		tell_name(worker, told);
	}
}

static void take(struct worker *worker, const struct message *asked,
		 const struct slice *texts)
{
	switch (asked->kind) {
	case MESSAGE_EXECUTABLE:
		take_executable(worker, asked, texts[TEXT_PATH]);
		break;
	case MESSAGE_CONTAINER:
		take_container(worker, asked, texts[TEXT_PATH]);
		break;
	case MESSAGE_USER:
	case MESSAGE_GROUP:
		take_name(worker, asked);
		break;
	default:
		break;
	}
}

/* What was executed lately may be gone in a moment, so all of that is opened first. */
static void take_packets(struct worker *worker)
{
	struct slice texts[MESSAGE_TEXTS];
	struct message message;
	int i, ret = 1;

	for (i = 0; i < PACKETS && ret > 0 && !worker->error; i++) {
		size_t at = 0;

		ret = packet_receive(&worker->in, worker->descriptor);
		while (ret > 0 && packet_next(&worker->in, &at, &message, texts))
			take(worker, &message, texts);
	}
	if (!ret)
		worker->error = -EPIPE;
	else if (ret < 0 && ret != -EAGAIN)
		worker->error = ret;
}

/* Milliseconds until there is something to do that nobody asks for. */
static int patience(const struct worker *worker)
{
	const int64_t now = clock_steady_ms();
	int64_t left = worker->names_looked + NAMES_MS - now;
	int hasher = hasher_patience(worker->hasher);
	size_t i;

	if (hasher >= 0 && hasher < left)
		left = hasher;
	for (i = 0; i < LATER; i++)
		if (worker->later[i].tries && worker->later[i].due - now < left)
			left = worker->later[i].due - now;
	return left > 0 ? (int)left : 0;
}

static void step(struct worker *worker)
{
	struct pollfd descriptor = { .fd = worker->descriptor, .events = POLLIN };

	flush(worker);
	(void)poll(&descriptor, 1, patience(worker));
	take_packets(worker);
	try_again(worker);
	look_up_again(worker);
	begin_risk(worker, hasher_device(worker->hasher));
	hasher_step(worker->hasher);
	end_risk(worker);
}

/* What the one before has not survived is not tried again. */
static void begin(struct worker *worker, const struct hash_known *known, size_t count)
{
	struct worker_board *board = worker->board;
	struct message message = { .kind = MESSAGE_BEGIN,
				   .id = board->latest,
				   .ts = (int64_t)board->taken };
	const struct slice texts[MESSAGE_TEXTS] = { { NULL, 0 } };
	char package[HASH_PACKAGE];
	size_t i;

	worker_judge(board);
	/* The newest are the first, and have to come last. */
	for (i = count; i > 0; i--)
		hasher_know(worker->hasher, &known[i - 1]);
	worker->names_looked = clock_steady_ms();
	/* Now that nobody waits: later, what is executed would be gone by then. */
	(void)packages_find(worker->packages, "/", package, sizeof(package));
	tell(worker, &message, texts);
}

int worker_run(int descriptor, struct worker_board *board, const struct hash_known *known,
	       size_t count)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	int ret = -ENOMEM;

	if (!worker)
		return ret;
	worker->descriptor = descriptor;
	worker->board = board;
	worker->hasher = hasher_new(tell_hash, worker);
	locator_init(&worker->locator);
	worker->locator.enter = enter;
	worker->locator.context = worker;
	worker->packages = packages_new(worker->locator.root);
	sqlite3_hard_heap_limit64(SQLITE_MOST);
	if (worker->hasher && worker->packages) {
		begin(worker, known, count);
		while (!worker->error)
			step(worker);
		ret = worker->error == -EPIPE || worker->error == -ECONNRESET
			      ? 0
			      : worker->error;
	}
	packages_free(worker->packages);
	locator_clear(&worker->locator);
	hasher_free(worker->hasher);
	free(worker);
	return ret;
}
