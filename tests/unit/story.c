// SPDX-License-Identifier: GPL-2.0-only
/* What happened on a host, told in steps. */
#include "story.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { FILES = 64, PIDS = 65536, ARGUMENTS = 1024 };

/* Who has been born, and which names files have: of the test that runs. */
static bool born[PIDS];
static struct {
	char path[128];
	uint64_t inode;
} files[FILES];
static size_t file_count;
static uint64_t number;

uint64_t story_key(uint32_t pid)
{
	return forge_key(RIG_NOW, pid);
}

static size_t find_file(const char *path)
{
	size_t i;

	for (i = 0; i < file_count; i++)
		if (!strcmp(files[i].path, path))
			return i;
	return file_count;
}

static size_t know_file(const char *path, bool *known)
{
	size_t i = find_file(path);

	*known = i < file_count;
	if (!*known) {
		assert(file_count < FILES);
		snprintf(files[i].path, sizeof(files[i].path), "%s", path);
		files[i].inode = 1000 + i;
		file_count++;
	}
	return i;
}

static void run(struct rig *rig, const struct step *step)
{
	const uint64_t process = story_key(step->pid);
	const uint64_t parent = step->parent ? story_key(step->parent) : 0;
	char argv[ARGUMENTS];
	struct kith_image *image;
	struct kith_file file;
	bool known;
	char *at;

	if (!born[step->pid]) {
		struct kith_fork *fork = forge_fork(&rig->forge, parent, process);

		fork->uid = step->uid;
		fork->euid = step->uid;
		if (step->cgroup)
			fork->cgroup = step->cgroup;
		born[step->pid] = true;
	}
	snprintf(argv, sizeof(argv), "%s", step->more);
	for (at = argv; (at = strchr(at, ' ')); at++)
		*at = '\0';
	image = forge_exec(&rig->forge, process, parent, step->text, argv,
			   strlen(step->more) + 1);
	image->uid = step->uid;
	image->euid = step->uid;
	if (step->session)
		image->session = step->session;
	if (step->cgroup)
		image->cgroup = step->cgroup;
	forge_text(&rig->forge, KITH_ITEM_CWD, "/var/tmp");
	if (step->script)
		forge_text(&rig->forge, KITH_ITEM_SCRIPT, step->script);
	file = forge_file(files[know_file(step->text, &known)].inode);
	forge_item(&rig->forge, KITH_ITEM_FILE, &file, sizeof(file));
}

static void use(struct rig *rig, const struct step *step)
{
	struct kith_access *body;
	bool known;
	const struct kith_file file = forge_file(files[know_file(step->text, &known)].inode);

	body = forge_access_of(&rig->forge, ++number, story_key(step->pid), file, step->text);
	body->flags = KITH_ACCESS_OVER;
	if (step->kind == READS) {
		body->reads = 1;
		body->bytes_read = 10;
		return;
	}
	body->writes = 1;
	body->bytes_written = 10;
	if (!known)
		body->flags |= KITH_ACCESS_CREATED;
}

static void rename_file(struct rig *rig, const struct step *step)
{
	bool known;
	size_t at = know_file(step->text, &known);
	struct kith_change *body =
		forge_change(&rig->forge, story_key(step->pid), KITH_CHANGE_RENAME, 0);

	body->file = forge_file(files[at].inode);
	forge_text(&rig->forge, KITH_ITEM_PATH, step->text);
	forge_text(&rig->forge, KITH_ITEM_NEW_PATH, step->more);
	snprintf(files[at].path, sizeof(files[at].path), "%s", step->more);
}

static void talk(struct rig *rig, const struct step *step)
{
	const unsigned int side = step->kind == DIALS ? KITH_CLIENT : KITH_SERVER;
	struct kith_connection *body = forge_connection(&rig->forge, ++number,
							story_key(step->pid),
							story_key(step->pid));
	struct kith_end *end = &body->ends[side];

	forge_one_end(&rig->forge, side);
	forge_address(end->peer_addr, step->text);
	if (step->kind == DIALS)
		end->peer_port = step->port;
	else
		end->port = step->port;
}

static void tell(struct rig *rig, const struct step *step)
{
	rig->forge.now += RIG_STEP; /* what lasted for a step ended before it began */
	switch (step->kind) {
	case RUNS:
		run(rig, step);
		break;
	case READS:
	case WRITES:
		use(rig, step);
		break;
	case RENAMES:
		rename_file(rig, step);
		break;
	case DIALS:
	case TAKES:
		talk(rig, step);
		break;
	case ENDS:
		forge_exit(&rig->forge, story_key(step->pid), 0);
		break;
	}
	if (rig->forge.used > FORGE_BYTES / 2)
		rig_feed(rig);
}

void story_tell(struct rig *rig, const struct step *steps, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		tell(rig, &steps[i]);
	rig_feed(rig);
	rig_commit(rig);
}
