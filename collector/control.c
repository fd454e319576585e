// SPDX-License-Identifier: GPL-2.0-only
/* The module's commands, through libnl. */
#include "control.h"

#include <errno.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RECEIVE_BYTES = 128 * 1024 };

struct control {
	struct nl_sock *socket;
	int family;
};

/* One answer on its way to its taker. */
struct answer {
	int (*take)(struct nlattr **attributes, void *context);
	void *context;
	int error;
};

/* libnl has its own numbers for errors. */
static int as_errno(int error)
{
	switch (-error) {
	case NLE_SUCCESS:
		return 0;
	case NLE_PERM:
		return -EPERM;
	case NLE_NOACCESS:
		return -EACCES;
	case NLE_OBJ_NOTFOUND:
		return -ENOENT;
	case NLE_BUSY:
		return -EBUSY;
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_INVAL:
		return -EINVAL;
	case NLE_RANGE:
		return -ERANGE;
	case NLE_OPNOTSUPP:
		return -EOPNOTSUPP;
	case NLE_INTR:
		return -EINTR;
	default:
		return -EIO;
	}
}

int control_open(struct control **result)
{
	struct control *control = calloc(1, sizeof(*control));
	int ret;

	*result = control;
	if (!control)
		return -ENOMEM;
	control->socket = nl_socket_alloc();
	if (!control->socket)
		return -ENOMEM;
	ret = genl_connect(control->socket);
	if (ret < 0)
		return as_errno(ret);
	nl_socket_set_msg_buf_size(control->socket, RECEIVE_BYTES);
	ret = genl_ctrl_resolve(control->socket, KITH_FAMILY);
	if (ret < 0)
		return as_errno(ret);
	control->family = ret;
	return 0;
}

/* @control: as control_open() left it, even after an error. */
void control_close(struct control *control)
{
	if (!control)
		return;
	nl_socket_free(control->socket);
	free(control);
}

int control_family(const struct control *control)
{
	return control->family;
}

static int on_valid(struct nl_msg *message, void *answer_)
{
	struct answer *answer = answer_;
	struct nlattr *attributes[KITH_A_MAX + 1];

	if (genlmsg_parse(nlmsg_hdr(message), 0, attributes, KITH_A_MAX, NULL) < 0)
		answer->error = -EBADMSG;
	else if (!answer->error && answer->take)
		answer->error = answer->take(attributes, answer->context);
	return NL_OK;
}

static struct nl_msg *new_message(const struct control *control, int command, int flags)
{
	struct nl_msg *message = nlmsg_alloc();

	if (message && !genlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, control->family, 0,
				    flags, (uint8_t)command, KITH_ABI_VERSION)) {
		nlmsg_free(message);
		message = NULL;
	}
	return message;
}

/* Send @message, which is freed, and hand each answer to @take. */
static int ask(struct control *control, struct nl_msg *message,
	       int (*take)(struct nlattr **attributes, void *context), void *context)
{
	struct answer answer = { take, context, 0 };
	int ret;

	if (!message)
		return -ENOMEM;
	nl_socket_modify_cb(control->socket, NL_CB_VALID, NL_CB_CUSTOM, on_valid, &answer);
	ret = nl_send_auto(control->socket, message);
	nlmsg_free(message);
	if (ret >= 0)
		ret = nl_recvmsgs_default(control->socket);
	return ret < 0 ? as_errno(ret) : answer.error;
}

/* The same for a command that is not a dump: its acknowledgement comes apart. */
static int command(struct control *control, struct nl_msg *message,
		   int (*take)(struct nlattr **attributes, void *context), void *context)
{
	int ret = ask(control, message, take, context);

	if (!ret && take)
		ret = as_errno(nl_wait_for_ack(control->socket));
	return ret;
}

static void read_u32(struct nlattr **attributes, int which, uint32_t *value)
{
	if (attributes[which] && nla_len(attributes[which]) >= (int)sizeof(*value))
		*value = nla_get_u32(attributes[which]);
}

static void read_u64(struct nlattr **attributes, int which, uint64_t *value)
{
	if (attributes[which] && nla_len(attributes[which]) >= (int)sizeof(*value))
		*value = nla_get_u64(attributes[which]);
}

/* A string inside the message; "" if it is not there or has no end. */
static const char *read_string(struct nlattr **attributes, int which)
{
	const char *text;

	if (!attributes[which])
		return "";
	text = nla_data(attributes[which]);
	return memchr(text, 0, (size_t)nla_len(attributes[which])) ? text : "";
}

static int take_info(struct nlattr **attributes, void *info_)
{
	struct control_info *info = info_;

	read_u32(attributes, KITH_A_ABI, &info->abi);
	snprintf(info->version, sizeof(info->version), "%s",
		 read_string(attributes, KITH_A_VERSION));
	read_u64(attributes, KITH_A_LOAD_ID, &info->load);
	read_u64(attributes, KITH_A_LOADED_NS, &info->loaded_ns);
	read_u64(attributes, KITH_A_BOOT_NS, &info->boot_ns);
	read_u64(attributes, KITH_A_REAL_NS, &info->real_ns);
	read_u32(attributes, KITH_A_RINGS, &info->rings);
	read_u32(attributes, KITH_A_RING_HIGH_BYTES, &info->ring_high_bytes);
	read_u32(attributes, KITH_A_RING_LOW_BYTES, &info->ring_low_bytes);
	read_u32(attributes, KITH_A_SUBSCRIBER, &info->subscriber);
	read_u32(attributes, KITH_A_TASKS, &info->tasks);
	read_u32(attributes, KITH_A_TASKS_MAX, &info->tasks_max);
	read_u64(attributes, KITH_A_UNTRACKED, &info->untracked);
	read_u32(attributes, KITH_A_HEALTH, &info->health);
	read_u32(attributes, KITH_A_SOCKETS, &info->sockets);
	read_u32(attributes, KITH_A_SOCKETS_MAX, &info->sockets_max);
	return 0;
}

int control_info(struct control *control, struct control_info *info)
{
	*info = (struct control_info){ .abi = 0 };
	return command(control, new_message(control, KITH_CMD_GET_INFO, 0), take_info, info);
}

static int take_counters(struct nlattr **attributes, void *counters_)
{
	struct control_counters *counters = counters_;
	const struct nlattr *attribute = attributes[KITH_A_COUNTERS];
	size_t size = attribute ? (size_t)nla_len(attribute) : 0;

	if (size > sizeof(counters->classes))
		size = sizeof(counters->classes);
	if (attribute)
		memcpy(counters->classes, nla_data(attribute), size);
	return 0;
}

static void clear_counters(struct control_counters *counters)
{
	unsigned int class_;

	memset(counters, 0, sizeof(*counters));
	for (class_ = 0; class_ < KITH_CLASSES; class_++)
		counters->classes[class_].class_ = class_;
}

int control_stats(struct control *control, struct control_counters *counters)
{
	clear_counters(counters);
	return command(control, new_message(control, KITH_CMD_GET_STATS, 0), take_counters,
		       counters);
}

struct flushed {
	struct kith_position *positions;
	size_t count;
	struct control_counters *counters;
};

static int take_flushed(struct nlattr **attributes, void *flushed_)
{
	struct flushed *flushed = flushed_;
	const struct nlattr *attribute = attributes[KITH_A_POSITIONS];
	size_t size = attribute ? (size_t)nla_len(attribute) : 0;

	if (flushed->positions)
		return -EBADMSG;
	flushed->positions = malloc(size ? size : 1);
	if (!flushed->positions)
		return -ENOMEM;
	if (size)
		memcpy(flushed->positions, nla_data(attribute), size);
	flushed->count = size / sizeof(*flushed->positions);
	return flushed->counters ? take_counters(attributes, flushed->counters) : 0;
}

int control_flush(struct control *control, struct kith_position **positions, size_t *count,
		  struct control_counters *counters)
{
	struct flushed flushed = { .counters = counters };
	int ret;

	if (counters)
		clear_counters(counters);
	ret = command(control, new_message(control, KITH_CMD_FLUSH, 0), take_flushed,
		      &flushed);
	if (ret) {
		free(flushed.positions);
		flushed = (struct flushed){ .count = 0 };
	}
	*positions = flushed.positions;
	*count = flushed.count;
	return ret;
}

static int take_policy(struct nlattr **attributes, void *policy_)
{
	struct control_policy *policy = policy_;

	read_u32(attributes, KITH_A_POLICY_ARGV_MAX, &policy->argv_max);
	read_u32(attributes, KITH_A_POLICY_BATCH_MS, &policy->batch_ms);
	read_u32(attributes, KITH_A_POLICY_SWEEP_MS, &policy->sweep_ms);
	read_u32(attributes, KITH_A_POLICY_CLASSES, &policy->classes);
	policy->files = attributes[KITH_A_POLICY_FILE_READS];
	read_u32(attributes, KITH_A_POLICY_FILE_READS, &policy->file_reads);
	snprintf(policy->plain_paths, sizeof(policy->plain_paths), "%s",
		 read_string(attributes, KITH_A_POLICY_FILE_PLAIN));
	snprintf(policy->secret_paths, sizeof(policy->secret_paths), "%s",
		 read_string(attributes, KITH_A_POLICY_FILE_SECRET));
	return 0;
}

int control_policy_get(struct control *control, struct control_policy *policy)
{
	memset(policy, 0, sizeof(*policy));
	return command(control, new_message(control, KITH_CMD_GET_POLICY, 0), take_policy,
		       policy);
}

static int put_u32(struct nl_msg *message, int which, uint32_t value)
{
	return value == UINT32_MAX ? 0 : nla_put_u32(message, which, value);
}

static int put_files(struct nl_msg *message, const struct control_policy *policy)
{
	return policy->files &&
	       (put_u32(message, KITH_A_POLICY_FILE_READS, policy->file_reads) ||
		nla_put_string(message, KITH_A_POLICY_FILE_PLAIN, policy->plain_paths) ||
		nla_put_string(message, KITH_A_POLICY_FILE_SECRET, policy->secret_paths));
}

int control_policy_set(struct control *control, const struct control_policy *policy)
{
	struct nl_msg *message = new_message(control, KITH_CMD_SET_POLICY, NLM_F_ACK);

	if (message && (put_u32(message, KITH_A_POLICY_ARGV_MAX, policy->argv_max) ||
			put_u32(message, KITH_A_POLICY_BATCH_MS, policy->batch_ms) ||
			put_u32(message, KITH_A_POLICY_SWEEP_MS, policy->sweep_ms) ||
			put_u32(message, KITH_A_POLICY_CLASSES, policy->classes) ||
			put_files(message, policy))) {
		nlmsg_free(message);
		return -EMSGSIZE;
	}
	return command(control, message, NULL, NULL);
}

struct hook_taker {
	int (*take)(void *context, const struct control_hook *hook);
	void *context;
};

static int take_hook(struct nlattr **attributes, void *taker_)
{
	const struct hook_taker *taker = taker_;
	struct control_hook hook = {
		.event = read_string(attributes, KITH_A_HOOK_EVENT),
		.symbol = read_string(attributes, KITH_A_HOOK_SYMBOL),
		.loses = read_string(attributes, KITH_A_HOOK_LOSES),
		.required = attributes[KITH_A_HOOK_REQUIRED],
	};

	if (attributes[KITH_A_HOOK_ERROR])
		hook.error = (int)nla_get_s32(attributes[KITH_A_HOOK_ERROR]);
	read_u32(attributes, KITH_A_HOOK_KIND, &hook.kind);
	read_u64(attributes, KITH_A_HOOK_HITS, &hook.hits);
	read_u64(attributes, KITH_A_HOOK_MISSED, &hook.missed);
	return taker->take(taker->context, &hook);
}

int control_hooks(struct control *control,
		  int (*take)(void *context, const struct control_hook *hook), void *context)
{
	struct hook_taker taker = { take, context };

	return ask(control, new_message(control, KITH_CMD_GET_HOOKS, NLM_F_DUMP), take_hook,
		   &taker);
}

struct record_taker {
	int (*take)(void *context, const void *records, size_t size);
	void *context;
};

static int take_records(struct nlattr **attributes, void *taker_)
{
	const struct record_taker *taker = taker_;
	const struct nlattr *attribute = attributes[KITH_A_RECORDS];

	if (!attribute)
		return -EBADMSG;
	return taker->take(taker->context, nla_data(attribute), (size_t)nla_len(attribute));
}

int control_processes(struct control *control,
		      int (*take)(void *context, const void *records, size_t size),
		      void *context)
{
	struct record_taker taker = { take, context };

	return ask(control, new_message(control, KITH_CMD_GET_PROCESSES, NLM_F_DUMP),
		   take_records, &taker);
}

int control_sockets(struct control *control,
		    int (*take)(void *context, const void *records, size_t size),
		    void *context)
{
	struct record_taker taker = { take, context };
	int ret = ask(control, new_message(control, KITH_CMD_GET_SOCKETS, NLM_F_DUMP),
		      take_records, &taker);

	return ret == -EOPNOTSUPP ? 0 : ret;
}
