// SPDX-License-Identifier: GPL-2.0-only
/* Checked access to the records of the wire contract. */
#include "record.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* The least that a record of the type has; what has come later is behind it. */
static const size_t body_sizes[KITH_RECORD_TYPES] = {
	[KITH_RECORD_FORK] = sizeof(struct kith_fork),
	[KITH_RECORD_EXEC] = sizeof(struct kith_exec),
	[KITH_RECORD_EXEC_FAILED] = sizeof(struct kith_exec_failed),
	[KITH_RECORD_EXIT] = offsetof(struct kith_exit, plain_reads),
	[KITH_RECORD_CREDENTIAL] = sizeof(struct kith_credential_change),
	[KITH_RECORD_CGROUP] = sizeof(struct kith_cgroup),
	[KITH_RECORD_CGROUP_ATTACH] = sizeof(struct kith_cgroup_attach),
	[KITH_RECORD_SENSOR] = sizeof(struct kith_sensor),
	[KITH_RECORD_LOSS] = sizeof(struct kith_loss),
	[KITH_RECORD_PROCESS] = sizeof(struct kith_process),
	[KITH_RECORD_CONNECTION] = sizeof(struct kith_connection),
	[KITH_RECORD_LISTENER] = sizeof(struct kith_listener),
	[KITH_RECORD_USE] = sizeof(struct kith_use),
	[KITH_RECORD_PIPE] = sizeof(struct kith_pipe),
	[KITH_RECORD_SOCKET] = sizeof(struct kith_socket_made),
	[KITH_RECORD_CONTROL] = offsetof(struct kith_control, first),
	[KITH_RECORD_ACCESS] = sizeof(struct kith_access),
	[KITH_RECORD_READS] = sizeof(struct kith_reads),
	[KITH_RECORD_CHANGE] = sizeof(struct kith_change),
};

static const unsigned char classes[KITH_RECORD_TYPES] = {
	[0] = KITH_CLASSES,
	[KITH_RECORD_FORK] = KITH_CLASS_PROCESS,
	[KITH_RECORD_EXEC] = KITH_CLASS_EXECUTION,
	[KITH_RECORD_EXEC_FAILED] = KITH_CLASS_FAILED_EXEC,
	[KITH_RECORD_EXIT] = KITH_CLASS_PROCESS,
	[KITH_RECORD_CREDENTIAL] = KITH_CLASS_CREDENTIAL,
	[KITH_RECORD_CGROUP] = KITH_CLASS_CGROUP,
	[KITH_RECORD_CGROUP_ATTACH] = KITH_CLASS_CGROUP,
	[KITH_RECORD_SENSOR] = KITH_CLASS_SENSOR,
	[KITH_RECORD_LOSS] = KITH_CLASSES,
	[KITH_RECORD_PROCESS] = KITH_CLASSES,
	[KITH_RECORD_CONNECTION] = KITH_CLASS_CONNECTION,
	[KITH_RECORD_LISTENER] = KITH_CLASS_CONNECTION,
	[KITH_RECORD_USE] = KITH_CLASS_CONNECTION,
	[KITH_RECORD_PIPE] = KITH_CLASS_CONNECTION,
	[KITH_RECORD_SOCKET] = KITH_CLASS_CONNECTION,
	[KITH_RECORD_CONTROL] = KITH_CLASS_CONTROL,
	[KITH_RECORD_ACCESS] = KITH_CLASS_FILE,
	[KITH_RECORD_READS] = KITH_CLASS_FILE,
	[KITH_RECORD_CHANGE] = KITH_CLASS_CHANGE,
};

unsigned int record_class(unsigned int type)
{
	return type < KITH_RECORD_TYPES ? classes[type] : KITH_CLASSES;
}

const char *record_class_name(unsigned int class_)
{
	static const char *const names[KITH_CLASSES] = {
		[KITH_CLASS_PROCESS] = "process",
		[KITH_CLASS_EXECUTION] = "execution",
		[KITH_CLASS_CREDENTIAL] = "credential",
		[KITH_CLASS_CGROUP] = "cgroup",
		[KITH_CLASS_SENSOR] = "sensor",
		[KITH_CLASS_FAILED_EXEC] = "failed-exec",
		[KITH_CLASS_CONNECTION] = "connection",
		[KITH_CLASS_CONTROL] = "control",
		[KITH_CLASS_FILE] = "file",
		[KITH_CLASS_CHANGE] = "change",
	};

	return class_ < KITH_CLASSES ? names[class_] : NULL;
}

const char *record_cause_name(unsigned int cause)
{
	static const char *const names[KITH_LOSS_CAUSES] = {
		[KITH_LOSS_FULL] = "ring-full",
		[KITH_LOSS_OVERWRITTEN] = "no-collector",
		[KITH_LOSS_MISSED] = "hook-missed",
		[KITH_LOSS_UNTRACKED] = "untracked",
	};

	if (cause == RECORD_CAUSE_ELSEWHERE)
		return "other-collector";
	return cause < KITH_LOSS_CAUSES ? names[cause] : NULL;
}

const char *record_sensor_event_name(unsigned int event)
{
	static const char *const names[] = {
		[KITH_SENSOR_LOADED] = "module loaded",
		[KITH_SENSOR_UNLOADING] = "module unloaded",
		[KITH_SENSOR_SUBSCRIBED] = "subscribed",
		[KITH_SENSOR_UNSUBSCRIBED] = "unsubscribed",
		[KITH_SENSOR_POLICY] = "policy set",
		[KITH_SENSOR_BLINDED] = "hooks blinded",
		[KITH_SENSOR_RECOVERED] = "hooks recovered",
	};

	return event < sizeof(names) / sizeof(*names) ? names[event] : NULL;
}

static void take_item(struct record *record, unsigned int kind, struct slice item)
{
	if (kind >= RECORD_ITEM_KINDS)
		return;
	record->items[kind] = item;
	if (kind == KITH_ITEM_SCRIPT && record->script_count < RECORD_SCRIPTS)
		record->scripts[record->script_count++] = item;
}

static int parse_items(const char *at, size_t left, struct record *record)
{
	struct kith_item item;

	while (left >= sizeof(item)) {
		size_t padded;

		memcpy(&item, at, sizeof(item));
		if (item.kind == KITH_ITEM_END)
			return 0;
		at += sizeof(item);
		left -= sizeof(item);
		padded = ((size_t)item.size + 3) & ~(size_t)3;
		if (padded > left)
			return -EBADMSG;
		take_item(record, item.kind, (struct slice){ at, item.size });
		at += padded;
		left -= padded;
	}
	return 0;
}

int record_parse(const void *data, size_t size, struct record *record)
{
	const char *bytes = data;
	size_t first;

	memset(record, 0, offsetof(struct record, scripts[1]));
	if (size < sizeof(record->head))
		return -EBADMSG;
	memcpy(&record->head, data, sizeof(record->head));
	first = (size_t)record->head.items * 8;
	if (record->head.size > size || record->head.size % 8 ||
	    first < sizeof(record->head) || first > record->head.size)
		return -EBADMSG;
	if (record->head.type == 0 || record->head.type >= KITH_RECORD_TYPES)
		return record->head.size;
	if (first - sizeof(record->head) < body_sizes[record->head.type])
		return -EBADMSG;
	record->body_size = first - sizeof(record->head);
	record->body = bytes + sizeof(record->head);
	if (parse_items(bytes + first, record->head.size - first, record))
		return -EBADMSG;
	return record->head.size;
}
