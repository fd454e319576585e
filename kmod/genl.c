// SPDX-License-Identifier: GPL-2.0-only
/* The generic netlink family: commands in, answers out. uapi.h is its manual. */
#include "genl.h"

#include "account.h"
#include "cgroup.h"
#include "clock.h"
#include "hook.h"
#include "load.h"
#include "object.h"
#include "policy.h"
#include "report.h"
#include "ring.h"
#include "sensor.h"
#include "snapshot.h"
#include "socket.h"
#include "stream.h"
#include "sweep.h"
#include "task.h"

#include <linux/capability.h>
#include <linux/module.h>
#include <linux/ktime.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

static const struct nla_policy attributes[KITH_A_MAX + 1] = {
	[KITH_A_LOAD_ID]	 = { .type = NLA_U64 },
	[KITH_A_POSITIONS]	 = { .type = NLA_BINARY },
	[KITH_A_POLICY_ARGV_MAX] = { .type = NLA_U32 },
	[KITH_A_POLICY_BATCH_MS] = { .type = NLA_U32 },
	[KITH_A_POLICY_SWEEP_MS] = { .type = NLA_U32 },
	[KITH_A_POLICY_CLASSES]	 = { .type = NLA_U32 },
	[KITH_A_POLICY_FILE_READS] = { .type = NLA_U32 },
	[KITH_A_POLICY_FILE_PLAIN] = { .type = NLA_NUL_STRING,
				       .len = KITH_POLICY_FILE_PATHS_SIZE - 1 },
	[KITH_A_POLICY_FILE_SECRET] = { .type = NLA_NUL_STRING,
					.len = KITH_POLICY_FILE_PATHS_SIZE - 1 },
};

struct answer {
	struct sk_buff *skb;
	void *header;
};

static int answer_begin(struct answer *answer, struct genl_info *info, size_t size)
{
	answer->skb = genlmsg_new(size, GFP_KERNEL);
	if (!answer->skb)
		return -ENOMEM;
	answer->header = genlmsg_put_reply(answer->skb, info, &kith_genl_family, 0,
					   info->genlhdr->cmd);
	if (answer->header)
		return 0;
	nlmsg_free(answer->skb);
	return -EMSGSIZE;
}

/* Or give it up, for @error, -EMSGSIZE if it is positive: an attribute did not fit. */
static int answer_send(struct answer *answer, struct genl_info *info, int error)
{
	if (error) {
		nlmsg_free(answer->skb);
		return error > 0 ? -EMSGSIZE : error;
	}
	genlmsg_end(answer->skb, answer->header);
	return genlmsg_reply(answer->skb, info);
}

static int put_u64(struct sk_buff *skb, int attribute, u64 value)
{
	return nla_put_u64_64bit(skb, attribute, value, KITH_A_PAD);
}

static bool put_info(struct sk_buff *skb)
{
	u64 boot_ns = ktime_get_boottime_ns();

	return nla_put_u32(skb, KITH_A_ABI, KITH_ABI_VERSION) ||
	       nla_put_string(skb, KITH_A_VERSION, THIS_MODULE->version) ||
	       put_u64(skb, KITH_A_LOAD_ID, kith_load_id()) ||
	       put_u64(skb, KITH_A_LOADED_NS, kith_loaded_ns()) ||
	       put_u64(skb, KITH_A_BOOT_NS, boot_ns) ||
	       put_u64(skb, KITH_A_REAL_NS, kith_clock_real_ns(boot_ns)) ||
	       nla_put_u32(skb, KITH_A_RINGS, kith_ring_count()) ||
	       nla_put_u32(skb, KITH_A_RING_HIGH_BYTES, kith_ring_bytes(KITH_RING_HIGH)) ||
	       nla_put_u32(skb, KITH_A_RING_LOW_BYTES, kith_ring_bytes(KITH_RING_LOW)) ||
	       nla_put_u32(skb, KITH_A_SUBSCRIBER, kith_stream_subscriber()) ||
	       nla_put_u32(skb, KITH_A_TASKS, kith_task_count()) ||
	       nla_put_u32(skb, KITH_A_TASKS_MAX, kith_task_max()) ||
	       put_u64(skb, KITH_A_UNTRACKED, kith_task_untracked()) ||
	       nla_put_u32(skb, KITH_A_HEALTH, kith_sweep_health()) ||
	       nla_put_u32(skb, KITH_A_SOCKETS, kith_socket_count()) ||
	       nla_put_u32(skb, KITH_A_SOCKETS_MAX, kith_socket_max()) ||
	       nla_put_u32(skb, KITH_A_FILES, kith_account_count()) ||
	       nla_put_u32(skb, KITH_A_FILES_MAX, kith_account_max());
}

static int get_info(struct sk_buff *skb, struct genl_info *info)
{
	struct answer answer;
	int ret = answer_begin(&answer, info, NLMSG_DEFAULT_SIZE);

	if (ret)
		return ret;
	return answer_send(&answer, info, put_info(answer.skb));
}

/* The positions in @info. Return: how many; 0 if there are none. */
static unsigned int get_positions(struct genl_info *info,
				  const struct kith_position **positions)
{
	const struct nlattr *attribute = info->attrs[KITH_A_POSITIONS];

	if (!attribute)
		return 0;
	*positions = nla_data(attribute);
	return nla_len(attribute) / sizeof(**positions);
}

static int subscribe(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *load_id = info->attrs[KITH_A_LOAD_ID];
	const struct kith_position *positions = NULL;
	unsigned int n = get_positions(info, &positions);
	int ret;

	if (!load_id != !positions)
		return -EINVAL;
	if (load_id && nla_get_u64(load_id) != kith_load_id())
		n = 0;
	kith_cgroup_forget();
	ret = kith_stream_subscribe(info->snd_portid, NETLINK_CB(skb).sk, positions, n);
	return ret ? ret : get_info(skb, info);
}

static int unsubscribe(struct sk_buff *skb, struct genl_info *info)
{
	return kith_stream_unsubscribe(info->snd_portid);
}

static int ack(struct sk_buff *skb, struct genl_info *info)
{
	const struct kith_position *positions = NULL;
	unsigned int n = get_positions(info, &positions);

	return kith_stream_ack(info->snd_portid, positions, n);
}

static void count_class(struct kith_counters *counters, enum kith_class class)
{
	unsigned int cpu, cause;

	counters->class_ = class;
	for_each_possible_cpu(cpu) {
		const struct kith_tally *tally = &kith_ring_cpu(cpu)->tally[class];

		counters->emitted += READ_ONCE(tally->emitted);
		for (cause = 0; cause < KITH_LOSS_CAUSES; cause++)
			counters->lost[cause] += READ_ONCE(tally->lost[cause]);
	}
}

static int put_counters(struct sk_buff *skb)
{
	struct kith_counters counters[KITH_CLASSES] = {};
	unsigned int class;

	BUILD_BUG_ON(ARRAY_SIZE(counters[0].lost) < KITH_LOSS_CAUSES);
	kith_hook_tally();
	for (class = 0; class < KITH_CLASSES; class++)
		count_class(&counters[class], class);
	return nla_put(skb, KITH_A_COUNTERS, sizeof(counters), counters);
}

static int put_last_positions(struct sk_buff *skb)
{
	size_t size = kith_ring_count() * sizeof(struct kith_position);
	struct nlattr *attribute = nla_reserve(skb, KITH_A_POSITIONS, size);

	if (!attribute)
		return -EMSGSIZE;
	memset(nla_data(attribute), 0, size);
	return kith_stream_last(nla_data(attribute));
}

static int flush(struct sk_buff *skb, struct genl_info *info)
{
	size_t size = nla_total_size(kith_ring_count() * sizeof(struct kith_position)) +
		      nla_total_size(KITH_CLASSES * sizeof(struct kith_counters));
	struct answer answer;
	int ret = answer_begin(&answer, info, size);

	if (ret)
		return ret;
	kith_report_flush();
	ret = put_counters(answer.skb) ?: put_last_positions(answer.skb);
	kith_stream_flush();
	return answer_send(&answer, info, ret);
}

static int put_paths(struct sk_buff *skb, int attribute, enum kith_path_list list)
{
	struct nlattr *place = nla_reserve(skb, attribute, KITH_POLICY_FILE_PATHS_SIZE);

	if (!place)
		return -EMSGSIZE;
	memset(nla_data(place), 0, KITH_POLICY_FILE_PATHS_SIZE);
	kith_policy_paths(list, nla_data(place), KITH_POLICY_FILE_PATHS_SIZE);
	return 0;
}

static int get_policy(struct sk_buff *skb, struct genl_info *info)
{
	struct answer answer;
	int ret = answer_begin(&answer, info, NLMSG_DEFAULT_SIZE);

	if (ret)
		return ret;
	skb = answer.skb;
	return answer_send(&answer, info,
			   nla_put_u32(skb, KITH_A_POLICY_ARGV_MAX, kith_policy.argv_max) ||
			   nla_put_u32(skb, KITH_A_POLICY_BATCH_MS, kith_policy.batch_ms) ||
			   nla_put_u32(skb, KITH_A_POLICY_SWEEP_MS, kith_policy.sweep_ms) ||
			   nla_put_u32(skb, KITH_A_POLICY_CLASSES, kith_policy.classes) ||
			   nla_put_u32(skb, KITH_A_POLICY_FILE_READS, kith_policy.file_reads) ||
			   put_paths(skb, KITH_A_POLICY_FILE_PLAIN, KITH_PATHS_PLAIN) ||
			   put_paths(skb, KITH_A_POLICY_FILE_SECRET, KITH_PATHS_SECRET));
}

static void take_u32(const struct genl_info *info, int attribute, u32 *value)
{
	if (info->attrs[attribute])
		*value = nla_get_u32(info->attrs[attribute]);
}

static const char *text_of(const struct genl_info *info, int attribute)
{
	return info->attrs[attribute] ? nla_data(info->attrs[attribute]) : NULL;
}

static void tell_policy(const struct kith_policy *policy, const char *const texts[KITH_PATHS])
{
	const char *plain = texts[KITH_PATHS_PLAIN], *secret = texts[KITH_PATHS_SECRET];
	static const char format[] =
		"argv_max=%u batch_ms=%u sweep_ms=%u classes=%#x file_reads=%u%s%s%s%s";
	char *detail;

	detail = kasprintf(GFP_KERNEL, format, policy->argv_max, policy->batch_ms,
			   policy->sweep_ms, policy->classes, policy->file_reads,
			   plain ? " plain=" : "", plain ? plain : "",
			   secret ? " secret=" : "", secret ? secret : "");
	kith_sensor_emit(KITH_SENSOR_POLICY, 0, detail);
	kfree(detail);
}

static int set_policy(struct sk_buff *skb, struct genl_info *info)
{
	const char *const texts[KITH_PATHS] = {
		[KITH_PATHS_PLAIN] = text_of(info, KITH_A_POLICY_FILE_PLAIN),
		[KITH_PATHS_SECRET] = text_of(info, KITH_A_POLICY_FILE_SECRET),
	};
	struct kith_policy policy = kith_policy;
	int ret;

	take_u32(info, KITH_A_POLICY_ARGV_MAX, &policy.argv_max);
	take_u32(info, KITH_A_POLICY_BATCH_MS, &policy.batch_ms);
	take_u32(info, KITH_A_POLICY_SWEEP_MS, &policy.sweep_ms);
	take_u32(info, KITH_A_POLICY_CLASSES, &policy.classes);
	take_u32(info, KITH_A_POLICY_FILE_READS, &policy.file_reads);
	ret = kith_policy_set(&policy, texts);
	if (ret)
		return ret;
	/* Who judged by the old lists has learned it before we forget. */
	synchronize_rcu();
	kith_object_forget();
	tell_policy(&policy, texts);
	return 0;
}

static int get_stats(struct sk_buff *skb, struct genl_info *info)
{
	struct answer answer;
	int ret = answer_begin(&answer, info, NLMSG_DEFAULT_SIZE);

	if (ret)
		return ret;
	return answer_send(&answer, info, put_counters(answer.skb));
}

static bool put_hook(struct sk_buff *skb, unsigned int i)
{
	const struct kith_hook *hook = kith_hook_get(i);

	return nla_put_string(skb, KITH_A_HOOK_EVENT, hook->event) ||
	       nla_put_string(skb, KITH_A_HOOK_SYMBOL, hook->symbol) ||
	       nla_put_u32(skb, KITH_A_HOOK_KIND, hook->kind) ||
	       (!hook->loses && nla_put_flag(skb, KITH_A_HOOK_REQUIRED)) ||
	       nla_put_s32(skb, KITH_A_HOOK_ERROR, hook->error) ||
	       nla_put_string(skb, KITH_A_HOOK_LOSES, hook->loses ? hook->loses : "") ||
	       put_u64(skb, KITH_A_HOOK_HITS, kith_hook_hits(i)) ||
	       put_u64(skb, KITH_A_HOOK_MISSED, kith_hook_missed(i));
}

static int dump_hooks(struct sk_buff *skb, struct netlink_callback *cb)
{
	for (; cb->args[0] < kith_hook_count(); cb->args[0]++) {
		void *header;

		if (kith_hook_get(cb->args[0])->needless)
			continue;
		header = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				     &kith_genl_family, NLM_F_MULTI, KITH_CMD_GET_HOOKS);
		if (!header)
			break;
		if (put_hook(skb, cb->args[0])) {
			genlmsg_cancel(skb, header);
			break;
		}
		genlmsg_end(skb, header);
	}
	return skb->len;
}

static const struct genl_ops operations[] = {
	{ .cmd = KITH_CMD_GET_INFO, .doit = get_info, .flags = GENL_ADMIN_PERM },
	{ .cmd = KITH_CMD_SUBSCRIBE, .doit = subscribe, .flags = GENL_ADMIN_PERM },
	{ .cmd = KITH_CMD_UNSUBSCRIBE, .doit = unsubscribe, .flags = GENL_ADMIN_PERM },
	{ .cmd = KITH_CMD_ACK, .doit = ack, .flags = GENL_ADMIN_PERM },
	{ .cmd = KITH_CMD_FLUSH, .doit = flush, .flags = GENL_ADMIN_PERM },
	{ .cmd = KITH_CMD_GET_POLICY, .doit = get_policy, .flags = GENL_ADMIN_PERM },
	{ .cmd = KITH_CMD_SET_POLICY, .doit = set_policy, .flags = GENL_ADMIN_PERM },
	{ .cmd = KITH_CMD_GET_STATS, .doit = get_stats, .flags = GENL_ADMIN_PERM },
	{ .cmd = KITH_CMD_GET_HOOKS, .dumpit = dump_hooks, .flags = GENL_ADMIN_PERM },
	{
		.cmd = KITH_CMD_GET_PROCESSES,
		.start = kith_snapshot_start,
		.dumpit = kith_snapshot_dump,
		.done = kith_snapshot_done,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = KITH_CMD_GET_SOCKETS,
		.start = kith_report_dump_start,
		.dumpit = kith_report_dump,
		.flags = GENL_ADMIN_PERM,
	},
};

/*
 * GENL_ADMIN_PERM asks for CAP_NET_ADMIN in the initial user namespace, not in
 * the sender's. Without .netnsok there is no family in other network namespaces.
 */
struct genl_family kith_genl_family __ro_after_init = {
	.name = KITH_FAMILY,
	.version = KITH_ABI_VERSION,
	.maxattr = KITH_A_MAX,
	.policy = attributes,
	.ops = operations,
	.n_ops = ARRAY_SIZE(operations),
	.module = THIS_MODULE,
};

int __init kith_genl_init(void)
{
	return genl_register_family(&kith_genl_family);
}

void kith_genl_exit(void)
{
	genl_unregister_family(&kith_genl_family);
}
