// SPDX-License-Identifier: GPL-2.0-only
/* Files: what is written where, which secrets are read, who runs what another has written. */
#include "learner.h"

#include <string.h>
#include <sys/stat.h>

enum { SET_ID = S_ISUID | S_ISGID };

/* @read: it may be a secret. */
static struct path_class classify(struct slice path, bool read)
{
	struct path_class class_;
	const struct slice inner = normal_inside(path, &class_.inside);

	class_.lasting = trait_lasting(inner);
	class_.secret = read && trait_is_secret(inner);
	return class_;
}

/* Where a file lasts, or is a secret, its whole name counts. */
static void name_file(struct normal *text, struct slice path, const struct path_class *class_)
{
	normal_clear(text);
	if (class_->lasting || class_->secret)
		normal_path(text, path);
	else
		normal_place(text, path);
}

/* Was that, or the like in the same directory, done this hour? */
static bool is_repeated(struct learner *learner, const struct actor *actor, unsigned int what,
			struct slice path, const struct path_class *class_)
{
	const struct slice base = normal_base(path);
	const char *dot = base.size ? memrchr(base.data, '.', base.size) : NULL;
	const size_t end = (size_t)(base.data - path.data);
	uint64_t place = actor_hash_of(&learner->actors, path.data,
				       class_->lasting || class_->secret ? path.size : end);

	if (dot && dot > base.data)
		place ^= actor_hash_of(&learner->actors, dot,
				       base.size - (size_t)(dot - base.data));
	return learner_seen(learner, actor->who + what, place);
}

static int sign_file(struct learner *learner, struct sign *sign, struct slice path,
		     const struct path_class *class_)
{
	struct normal text;

	name_file(&text, path, class_);
	sign->text = text.text;
	sign->object = learner_text(learner, &text);
	sign->levels = 4;
	sign->of[0] = LEVEL_HOST;
	sign->of[1] = LEVEL_DESCENT;
	sign->of[2] = LEVEL_PROGRAM;
	sign->of[3] = LEVEL_WORKLOAD;
	sign->what = path;
	return learner_sign(learner, sign);
}

/* Of a container the host's own files are none of its business. */
static unsigned int kind_of_write(const struct actor *actor, const struct path_class *class_)
{
	if (actor->flags & ACTOR_INSIDE && class_->lasting && !class_->inside)
		return RISK_WRITE_OUTSIDE;
	return risk_write(class_->lasting);
}

static void plant(struct learner *learner, const struct path_class *class_, struct slice path,
		  const struct kith_file *file, const struct origin *by, bool known)
{
	const struct slice base = normal_base(path);
	struct normal name;

	normal_clear(&name);
	normal_put(&name, "");
	if (base.size < sizeof(name.text)) {
		memcpy(name.text, base.data, base.size);
		name.text[base.size] = '\0';
	}
	origin_plant(&learner->origins, by, class_->lasting, learner_text(learner, &name),
		     file->owner, known);
}

/* @actor has changed what is at @path now. */
static int wrote(struct learner *learner, struct sign *sign, struct slice path, uint64_t id,
		 const struct kith_file *file)
{
	const struct path_class class_ = classify(path, false);
	const struct origin by = { id ? id : 1,		    sign->at,
				   sign->process,	    sign->actor->execution,
				   sign->actor->root, sign->actor->descent };

	origin_write(&learner->origins, id, sign->actor, sign->process, sign->at);
	if (class_.lasting)
		plant(learner, &class_, path, file, &by,
		      learner_root(learner, (struct actor *)sign->actor)->flags & ACTOR_KNOWN);
	if (is_repeated(learner, sign->actor, TEMPLATE_WRITE, path, &class_))
		return 0;
	sign->template_ = TEMPLATE_WRITE;
	sign->kind = kind_of_write(sign->actor, &class_);
	return sign_file(learner, sign, path, &class_);
}

static int read_secret(struct learner *learner, struct sign *sign, struct slice path,
		       const struct kith_file *file, const struct path_class *class_)
{
	const bool own = file->owner == sign->actor->uid && !class_->secret;

	if (is_repeated(learner, sign->actor, TEMPLATE_SECRET, path, class_))
		return 0;
	sign->template_ = TEMPLATE_SECRET;
	sign->kind = own ? RISK_READ_OWN : RISK_READ_SECRET;
	sign->verb = "read";
	return sign_file(learner, sign, path, class_);
}

/* A shell or interpreter that reads what somebody wrote will do what it says. */
static int trace_script(struct learner *learner, struct actor *actor, uint64_t file, int64_t at)
{
	const struct origin *origin = origin_find(&learner->origins, file);
	const struct group *group;

	if (!(actor->traits & (TRAIT_SHELL | TRAIT_INTERPRETER)) || !origin ||
	    origin->root == actor->root || at - origin->at > INCIDENT_DAY ||
	    origin->descent == DESCENT_PACKAGE)
		return 0;
	group = incidents_group(&learner->incidents, origin->root);
	if (group && group->score >= learner->incidents.threshold / 2)
		actor->flags |= ACTOR_DROPPED;
	return learner_blame(learner, actor, origin);
}

static bool is_data(const struct kith_file *file)
{
	return file->kind == KITH_FILE_REGULAR || file->kind == KITH_FILE_BLOCK ||
	       file->kind == KITH_FILE_MEMFD;
}

int learner_access(struct learner *learner, const struct record *record,
		   const struct store_access *row)
{
	const struct kith_access *body = record->body;
	struct actor *actor = learner_actor(learner, body->user);
	const struct slice path = record->items[KITH_ITEM_PATH];
	struct sign sign = {
		.actor = actor,
		.source = "file_access",
		.row = row->id,
		.at = row->first,
		.process = row->process,
		.verb = "wrote",
	};
	struct path_class class_;
	int ret = 0;

	if (!actor || !path.size || !is_data(&body->file))
		return 0;
	if (body->writes || body->bytes_written ||
	    body->flags & (KITH_ACCESS_TRUNCATED | KITH_ACCESS_CREATED | KITH_ACCESS_WRITABLE))
		ret = wrote(learner, &sign, path, (uint64_t)row->file, &body->file);
	if (ret || !(body->reads || body->bytes_read || body->flags & KITH_ACCESS_MAPPED))
		return ret;
	class_ = classify(path, true);
	if (body->flags & KITH_ACCESS_SENSITIVE || class_.secret)
		ret = read_secret(learner, &sign, path, &body->file, &class_);
	return ret ? ret : trace_script(learner, actor, (uint64_t)row->file, row->first);
}

static bool sets_id(const struct kith_change *body)
{
	return body->op == KITH_CHANGE_CHMOD && body->to & SET_ID & ~body->from &&
	       body->to & S_IXOTH;
}

/* Of what was done. */
static bool is_log(struct slice path)
{
	bool inside;

	path = normal_inside(path, &inside);
	return slice_begins(path, "/var/log/") || slice_ends(path, "_history");
}

static int removed(struct learner *learner, struct sign *sign, struct slice path)
{
	const struct path_class class_ = classify(path, false);

	if (!class_.lasting && !is_log(path))
		return 0;
	sign->template_ = TEMPLATE_WRITE;
	sign->kind = RISK_REMOVE;
	sign->verb = "removed";
	return sign_file(learner, sign, path, &class_);
}

int learner_change(struct learner *learner, const struct record *record,
		   const struct store_change *row, int64_t id)
{
	const struct kith_change *body = record->body;
	struct actor *actor = learner_actor(learner, record->head.process);
	const struct slice path = record->items[KITH_ITEM_PATH],
			   new_path = record->items[KITH_ITEM_NEW_PATH];
	struct sign sign = {
		.actor = actor,
		.source = "file_change",
		.row = id,
		.at = row->ts,
		.process = row->process,
		.verb = "put in place",
	};
	struct path_class class_;

	if (!actor || body->error || !path.size)
		return 0;
	switch (body->op) {
	case KITH_CHANGE_RENAME:
	case KITH_CHANGE_EXCHANGE:
	case KITH_CHANGE_LINK:
		return new_path.size ? wrote(learner, &sign, new_path, (uint64_t)row->file,
					     &body->file) :
				       0;
	case KITH_CHANGE_SYMLINK:
		return wrote(learner, &sign, path, 0, &body->file);
	case KITH_CHANGE_UNLINK:
	case KITH_CHANGE_TRUNCATE:
		return removed(learner, &sign, path);
	case KITH_CHANGE_CHMOD:
	case KITH_CHANGE_SETXATTR:
		if (!sets_id(body) &&
		    !slice_is(record->items[KITH_ITEM_XATTR], "security.capability"))
			return 0;
		sign.template_ = TEMPLATE_WRITE;
		sign.kind = RISK_SETUID_MODE;
		sign.verb = "gave more rights to whoever runs";
		class_ = classify(path, false);
		return sign_file(learner, &sign, path, &class_);
	default:
		return 0;
	}
}
