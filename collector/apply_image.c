// SPDX-License-Identifier: GPL-2.0-only
/* Records of what processes run: EXEC, EXEC_FAILED and PROCESS. */
#include "apply.h"

#include "learner.h"

#include <errno.h>
#include <string.h>

enum { TEXT_MAX = 32 * 1024 };

/* Arguments, each with its NUL, to one text with a space between them. */
static struct slice join(struct slice strings, char *buffer, size_t room)
{
	size_t i, size = strings.size;

	if (size && !strings.data[size - 1])
		size--;
	if (size > room)
		size = room;
	if (size)
		memcpy(buffer, strings.data, size);
	for (i = 0; i < size; i++)
		if (!buffer[i])
			buffer[i] = ' ';
	return (struct slice){ buffer, size };
}

/* Scripts but the first, one a line. */
static struct slice join_scripts(const struct record *record, char *buffer, size_t room)
{
	size_t size = 0;
	unsigned int i;

	for (i = 1; i < record->script_count; i++) {
		struct slice script = record->scripts[i];

		if (size + script.size + 1 > room)
			break;
		if (size)
			buffer[size++] = '\n';
		memcpy(buffer + size, script.data, script.size);
		size += script.size;
	}
	return (struct slice){ buffer, size };
}

static int error_of(int64_t id)
{
	return id < 0 ? (int)id : 0;
}

/* Id of a text, 0 for an empty one, or an error. */
static int64_t text_id(struct ingest *ingest, struct slice text)
{
	return text.size ? dictionary_string(&ingest->dictionary, text) : 0;
}

/*
 * The same for arguments; of none at all, or of one that is empty, "" is known.
 * @size: bytes of all of them, of which they may be a part.
 */
static int set_argv(struct ingest *ingest, const struct record *record, uint32_t known,
		    size_t size, struct store_execution *row)
{
	char buffer[TEXT_MAX];
	struct slice text = join(record->items[KITH_ITEM_ARGV], buffer, sizeof(buffer));

	row->argv_size = -1;
	if (!text.size && !(known & KITH_KNOWN_ARGV))
		return 0;
	if (size != text.size + 1)
		row->argv_size = (int64_t)size;
	row->argv = dictionary_string(&ingest->dictionary, text);
	return error_of(row->argv);
}

static const char *origin_of(uint32_t flags)
{
	if (flags & KITH_IMAGE_MEMFD)
		return "memfd";
	if (flags & KITH_IMAGE_DELETED)
		return "deleted";
	if (flags & KITH_IMAGE_TMPFS)
		return "tmpfs";
	return "disk";
}

/*
 * The file is known even where its path is not, which whoever executes it can bring
 * about: the path is "" then.
 */
static int64_t image_executable(struct ingest *ingest, const struct record *record,
				const struct kith_image *image)
{
	struct store_executable executable = {
		.path = record->items[KITH_ITEM_EXE],
		.resolved = true,
		.inode = image->inode,
		.device = image->device,
		.mode = image->mode,
		.owner = image->owner,
		.origin = origin_of(image->flags),
	};

	if (!(image->known & KITH_KNOWN_EXE) || !executable.path.size)
		executable.path = (struct slice){ "", 0 };
	if (!executable.path.size && !image->inode)
		return 0;
	return dictionary_executable(&ingest->dictionary, &executable);
}

static void set_exe(struct process *process, struct slice path)
{
	const char *base = path.data ? memrchr(path.data, '/', path.size) : NULL;
	size_t size;

	process->exe_hash = path.size ? intern_hash(path.data, path.size) : 0;
	base = base ? base + 1 : path.data;
	size = base ? (size_t)(path.data + path.size - base) : 0;
	if (size >= sizeof(process->exe_comm))
		size = sizeof(process->exe_comm) - 1;
	memset(process->exe_comm, 0, sizeof(process->exe_comm));
	if (size)
		memcpy(process->exe_comm, base, size);
	*process->comm = '\0';
}

/*
 * Of a process in the dump the terminal is not known. If it was before, it still
 * holds, unless the process began a session since: that ends it.
 */
static void set_terminal(struct context *context, const struct record *record,
			 const struct kith_image *image)
{
	bool same_session = !image->sid || image->sid == context->sid;

	if (record->head.type != KITH_RECORD_PROCESS || image->tty || !same_session)
		context->tty = image->tty;
	if (image->sid)
		context->sid = image->sid;
}

static int image_context(struct ingest *ingest, struct context *context,
			 const struct record *record, const struct kith_image *image)
{
	int ret;

	context->uid = image->uid;
	context->euid = image->euid;
	context->gid = image->gid;
	context->egid = image->egid;
	context->cap_permitted = (int64_t)image->cap_permitted;
	context->cap_effective = (int64_t)image->cap_effective;
	context->loginuid = image->loginuid;
	context->session = image->session;
	set_terminal(context, record, image);
	ret = apply_container(ingest, context, image->cgroup, record->head.ts);
	if (ret || !(image->known & KITH_KNOWN_NS))
		return ret;
	return apply_namespaces(ingest, context, record);
}

/* Ids of the texts of @record; the first error there was, or 0. */
static int image_texts(struct ingest *ingest, const struct record *record,
		       const struct kith_image *image, struct store_execution *row)
{
	const int64_t *const ids[] = { &row->env, &row->via, &row->cwd, &row->script };
	int ret = set_argv(ingest, record, image->known, image->argv_size, row);
	char buffer[TEXT_MAX];
	size_t i;

	row->env = text_id(ingest, join(record->items[KITH_ITEM_ENV], buffer, sizeof(buffer)));
	row->via = text_id(ingest, join_scripts(record, buffer, sizeof(buffer)));
	row->cwd = text_id(ingest, record->items[KITH_ITEM_CWD]);
	row->script = text_id(ingest, record->scripts[0]);
	for (i = 0; !ret && i < sizeof(ids) / sizeof(*ids); i++)
		ret = error_of(*ids[i]);
	return ret;
}

static int adopt_context(struct ingest *ingest, const struct record *record,
			 const struct kith_image *image, struct process *process)
{
	int ret = image_context(ingest, &process->context, record, image);

	return ret ? ret : apply_context(ingest, process);
}

static uint32_t mount_namespace(const struct record *record)
{
	struct slice item = record->items[KITH_ITEM_NAMESPACES];
	struct kith_namespaces namespaces = { .mnt = 0 };

	if (item.size >= sizeof(namespaces))
		memcpy(&namespaces, item.data, sizeof(namespaces));
	return namespaces.mnt;
}

/* Of a process that was found running nobody knows since when it has run this. */
static int ask_hash(struct ingest *ingest, const struct record *record,
		    const struct kith_image *image, const struct process *process,
		    const struct store_execution *row)
{
	const struct slice item = record->items[KITH_ITEM_FILE];
	struct kith_file file = { .inode = 0 };
	struct message asked = { .id = row->id,
				 .ts = row->live ? process->started : row->ts,
				 .inode = image->inode,
				 .device = image->device,
				 .mntns = mount_namespace(record),
				 .pid = (uint32_t)(process->key &
						   ((1u << KITH_KEY_PID_BITS) - 1)) };
	struct cohort_key same;

	if (item.size >= sizeof(file))
		memcpy(&file, item.data, sizeof(file));
	same = (struct cohort_key){ row->executable, row->file, asked.mntns };
	asked.real_inode = file.real_inode;
	asked.real_device = file.real_device;
	if (row->live)
		asked.flags |= MESSAGE_FOUND;
	if (image->flags & (KITH_IMAGE_MEMFD | KITH_IMAGE_DELETED))
		asked.flags |= MESSAGE_NAMELESS;
	if (image->known & KITH_KNOWN_ROOT && !(image->flags & KITH_IMAGE_CHROOT))
		asked.flags |= MESSAGE_ROOTED;
	return names_execution(ingest->names, &asked, record->items[KITH_ITEM_EXE],
			       &same);
}

/* @process runs @image from now on. */
static int apply_image(struct ingest *ingest, const struct record *record,
		       const struct kith_image *image, struct process *process, bool live)
{
	const uint32_t all = KITH_KNOWN_EXE | KITH_KNOWN_ARGV | KITH_KNOWN_ENV |
			     KITH_KNOWN_CWD | KITH_KNOWN_SCRIPT | KITH_KNOWN_NS |
			     KITH_KNOWN_ROOT;
	struct store_execution row = {
		.id = ++ingest->last_execution,
		.ts = ingest_wall(ingest, record->head.ts),
		.process = process->id,
		.flags = image->flags,
		.unknown = ~image->known & all,
		.live = live,
	};
	const int64_t before = process->execution;
	int ret = adopt_context(ingest, record, image, process);

	if (!ret)
		ret = image_texts(ingest, record, image, &row);
	if (ret)
		return ret;
	row.parent = apply_id(ingest, image->parent, record->head.ts);
	row.executable = image_executable(ingest, record, image);
	if (row.parent < 0 || row.executable < 0)
		return error_of(row.parent < 0 ? row.parent : row.executable);
	row.file = apply_file(ingest, record);
	if (row.file < 0)
		return error_of(row.file);
	row.context = process->context_id;
	row.previous = process->execution;
	process->execution = row.id;
	if (image->ns_pid)
		process->ns_pid = image->ns_pid;
	set_exe(process, record->items[KITH_ITEM_EXE]);
	state_touch(&ingest->state, process);
	ret = store_execution(ingest->store, &row);
	if (!ret && ingest->learner)
		ret = learner_exec(ingest->learner, record, image, process, before, &row);
	if (ret || !ingest->names)
		return ret;
	return ask_hash(ingest, record, image, process, &row);
}

int apply_exec(struct ingest *ingest, const struct record *record)
{
	const struct kith_exec *exec = record->body;
	struct process *process =
		apply_need(ingest, record->head.process, record->head.ts);

	if (!process)
		return -ENOMEM;
	return apply_image(ingest, record, &exec->image, process, false);
}

/* Does @process run something else than we know? Of a zombie the dump knows nothing. */
static bool runs_another(const struct process *process, struct slice exe)
{
	if (process->flags & PROCESS_KTHREAD)
		return false;
	if (!exe.size)
		return !process->execution;
	return process->exe_hash != intern_hash(exe.data, exe.size);
}

/*
 * A live process, from the dump. What the stream has told of what it runs
 * stands, unless that is another file now: then an exec of it was lost.
 */
int apply_process(struct ingest *ingest, const struct record *record)
{
	const struct kith_process *body = record->body;
	struct slice exe = record->items[KITH_ITEM_EXE];
	struct process *process = state_find(&ingest->state, record->head.process);
	bool fresh = !process || process->flags & PROCESS_INCOMPLETE;
	int64_t parent, container = 0;
	int ret;

	if (body->image.cgroup)
		container = apply_container_path(ingest, record, body->image.cgroup);
	parent = apply_id(ingest, body->image.parent, record->head.ts);
	process = apply_need(ingest, record->head.process, record->head.ts);
	if (!process || parent < 0)
		return -ENOMEM;
	if (container < 0)
		return error_of(container);
	if (process->lived >= 0)
		return 0;
	process->listed = true;
	if (fresh) {
		process->started = ingest_wall(ingest, body->start);
		process->parent = parent;
		process->creator = parent;
		process->flags &= ~(uint32_t)PROCESS_INCOMPLETE;
		if (body->image.flags & KITH_IMAGE_KTHREAD)
			process->flags |= PROCESS_KTHREAD;
		state_touch(&ingest->state, process);
	}
	apply_comm(process, record->items[KITH_ITEM_COMM]);
	if (!runs_another(process, exe))
		return adopt_context(ingest, record, &body->image, process);
	ret = apply_image(ingest, record, &body->image, process, true);
	apply_comm(process, record->items[KITH_ITEM_COMM]);
	return ret;
}

int apply_exec_failed(struct ingest *ingest, const struct record *record)
{
	const struct kith_exec_failed *failed = record->body;
	struct process *process =
		apply_need(ingest, record->head.process, record->head.ts);
	struct store_executable executable = { .path = record->items[KITH_ITEM_FILENAME] };
	struct store_execution row = {
		.id = ++ingest->last_execution,
		.ts = ingest_wall(ingest, record->head.ts),
		.unknown = ~failed->known & (KITH_KNOWN_EXE | KITH_KNOWN_ARGV),
		.error = failed->error,
	};
	int ret;

	if (!process)
		return -ENOMEM;
	process->context.uid = failed->uid;
	process->context.euid = failed->euid;
	ret = apply_context(ingest, process);
	if (ret)
		return ret;
	row.process = process->id;
	row.context = process->context_id;
	row.parent = apply_id(ingest, failed->parent, record->head.ts);
	ret = set_argv(ingest, record, failed->known, record->items[KITH_ITEM_ARGV].size, &row);
	if (executable.path.size)
		row.executable = dictionary_executable(&ingest->dictionary, &executable);
	if (ret)
		return ret;
	if (row.parent < 0 || row.executable < 0)
		return error_of(row.parent < 0 ? row.parent : row.executable);
	return store_execution(ingest->store, &row);
}
