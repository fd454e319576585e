// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attaching hooks to the entry of functions.
 *
 * By address: ftrace compares a name with all functions there are, and takes a tenth of a
 * second for it on a slow machine; and what goes with its module has to be found again.
 */
#include "entry.h"

#include "hook.h"

#include <linux/kprobes.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

enum {
	NAMES_MAX = 2 * KITH_AT_COUNT,
	GUESTS_MAX = 256,
	ENTRY_BYTES = 16, /* a function's hook is within so many of its begin */
};

/* While hooks are attached: where their functions are. */
static struct place {
	struct kprobe probe;
	int error;
} *places;
static struct kprobe **found;
static unsigned int place_count, found_count;

static const struct place *place_of(const char *symbol)
{
	unsigned int i;

	for (i = 0; i < place_count; i++)
		if (!strcmp(places[i].probe.symbol_name, symbol))
			return &places[i];
	return NULL;
}

/* The core looks it up for a probe; this one is never armed. */
static void look_up(const char *symbol)
{
	struct place *place = &places[place_count];

	if (!symbol || place_count == NAMES_MAX || place_of(symbol))
		return;
	place_count++;
	place->probe.symbol_name = symbol;
	place->probe.flags = KPROBE_FLAG_DISABLED;
	place->error = register_kprobe(&place->probe);
	if (!place->error)
		found[found_count++] = &place->probe;
}

static void look_up_all(void)
{
	const char *const *other;
	unsigned int i;

	for (i = 0; i < KITH_AT_COUNT; i++) {
		const struct kith_hook *hook = &kith_hooks[i];

		if (hook->kind != KITH_HOOK_FTRACE)
			continue;
		look_up(hook->symbol);
		look_up(hook->instead);
		look_up(hook->unless);
		for (other = hook->others; other && *other; other++)
			look_up(*other);
	}
	/* One wait for all of them. */
	unregister_kprobes(found, found_count);
}

/*
 * PERMANENT: while we are loaded, nobody can switch function hooks off with
 * kernel.ftrace_enabled (the kernel answers EBUSY): a credential change that
 * we do not see would look like an exploit later.
 */
static void prepare(struct ftrace_ops *ops, kith_entry_fn *function, void *private)
{
	memset(ops, 0, sizeof(*ops));
	ops->func = function;
	ops->private = private;
	ops->flags = KITH_FTRACE_FLAGS | FTRACE_OPS_FL_PERMANENT;
}

/* ftrace_free_filter() is not exported everywhere; an empty filter holds nothing. */
static void forget_filter(struct ftrace_ops *ops)
{
	ftrace_set_filter(ops, NULL, 0, 1);
}

/*
 * What is called rarely has one ftrace_ops in common, which finds out by address whose
 * turn it is: for each the kernel waits for all CPUs and tasks when it is detached.
 */
static struct {
	struct ftrace_ops ops;
	unsigned int count;
	struct member {
		unsigned long address;
		struct kith_hook *hook;
	} members[KITH_AT_COUNT]; /* by address, from when it is attached */
	bool attached;
} rare;

static int compare(const void *left, const void *right)
{
	const struct member *a = left, *b = right;

	return a->address < b->address ? -1 : a->address > b->address;
}

/* The one whose function begins at @ip, or a few bytes before. */
static struct kith_hook *member_at(unsigned long ip)
{
	unsigned int low = 0, high = rare.count;

	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (rare.members[middle].address <= ip)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || ip - rare.members[low - 1].address > ENTRY_BYTES)
		return NULL;
	return rare.members[low - 1].hook;
}

static void notrace enter_rare(unsigned long ip, unsigned long parent_ip,
			       struct ftrace_ops *ops, struct kith_ftrace_regs *regs)
{
	struct kith_hook *hook = member_at(ip);

	if (hook)
		hook->entry(ip, parent_ip, &hook->ops, regs);
}

/* Functions in modules, of hooks with `others`. Protected by kith_hook_lock. */
static struct {
	unsigned long address;
	struct kith_hook *hook;
} guests[GUESTS_MAX];
static unsigned int guest_count;

static struct ftrace_ops *ops_of(struct kith_hook *hook)
{
	return hook->rare ? &rare.ops : &hook->ops;
}

/* One function more. */
static int add(struct kith_hook *hook, unsigned long address)
{
	int ret;

	lockdep_assert_held(&kith_hook_lock);
	if (hook->rare && rare.count == ARRAY_SIZE(rare.members))
		return -ENOSPC;
	ret = ftrace_set_filter_ip(ops_of(hook), address, 0, 0);
	if (ret)
		return ret < 0 ? ret : -ENOENT;
	if (hook->rare)
		rare.members[rare.count++] = (struct member){ address, hook };
	return 0;
}

static int add_guest(struct kith_hook *hook, unsigned long address)
{
	unsigned int i;
	int ret;

	for (i = 0; i < guest_count; i++)
		if (guests[i].address == address && guests[i].hook == hook)
			return 0;
	if (guest_count == GUESTS_MAX)
		return -ENOSPC;
	ret = add(hook, address);
	if (ret)
		return ret;
	guests[guest_count].address = address;
	guests[guest_count++].hook = hook;
	return 0;
}

static int add_named(struct kith_hook *hook, const char *symbol,
		     int (*add_one)(struct kith_hook *hook, unsigned long address))
{
	const struct place *place = symbol ? place_of(symbol) : NULL;

	if (!place)
		return -ENOENT;
	return place->error ? place->error : add_one(hook, (unsigned long)place->probe.addr);
}

/*
 * ftrace keeps what is in a filter when its module goes, and would hook whatever other
 * function comes to be there. The filter does not become empty, which would mean every
 * function there is: the hook's `symbol` stays.
 */
static int module_goes(struct notifier_block *block, unsigned long state, void *module)
{
	unsigned int i = 0;

	if (state != MODULE_STATE_GOING)
		return NOTIFY_DONE;
	mutex_lock(&kith_hook_lock);
	while (i < guest_count) {
		if (!within_module(guests[i].address, module)) {
			i++;
			continue;
		}
		ftrace_set_filter_ip(ops_of(guests[i].hook), guests[i].address, 1, 0);
		guests[i] = guests[--guest_count];
	}
	mutex_unlock(&kith_hook_lock);
	return NOTIFY_DONE;
}

static struct notifier_block modules = { .notifier_call = module_goes };

int kith_entry_init(void)
{
	int ret;

	guest_count = 0;
	rare.count = 0;
	prepare(&rare.ops, enter_rare, NULL);
	place_count = 0;
	found_count = 0;
	places = kvcalloc(NAMES_MAX, sizeof(*places), GFP_KERNEL);
	found = kvcalloc(NAMES_MAX, sizeof(*found), GFP_KERNEL);
	ret = places && found ? register_module_notifier(&modules) : -ENOMEM;
	if (ret) {
		kith_entry_attached();
		return ret;
	}
	look_up_all();
	return 0;
}

void kith_entry_attached(void)
{
	kvfree(places);
	kvfree(found);
	places = NULL;
	found = NULL;
	place_count = 0;
}

void kith_entry_exit(void)
{
	unregister_module_notifier(&modules);
}

int kith_entry_attach(struct kith_hook *hook)
{
	const char *const *other;
	int ret;

	prepare(&hook->ops, hook->entry, (void *)(hook - kith_hooks));
	if (hook->unless && place_of(hook->unless) && !place_of(hook->unless)->error) {
		hook->needless = true;
		return -ENOENT;
	}
	mutex_lock(&kith_hook_lock);
	ret = add_named(hook, hook->symbol, add);
	if (ret && !add_named(hook, hook->instead, add)) {
		hook->symbol = hook->instead;
		ret = 0;
	}
	for (other = hook->others; !ret && other && *other; other++)
		add_named(hook, *other, add_guest);
	mutex_unlock(&kith_hook_lock);
	if (hook->rare)
		return ret;
	if (!ret)
		ret = register_ftrace_function(&hook->ops);
	if (ret)
		forget_filter(&hook->ops);
	return ret;
}

void kith_entry_detach(struct kith_hook *hook)
{
	if (hook->rare)
		return;
	unregister_ftrace_function(&hook->ops);
	forget_filter(&hook->ops);
}

int kith_entry_attach_rare(void)
{
	int ret;

	if (!rare.count)
		return 0;
	sort(rare.members, rare.count, sizeof(*rare.members), compare, NULL);
	ret = register_ftrace_function(&rare.ops);
	rare.attached = !ret;
	return ret;
}

void kith_entry_detach_rare(void)
{
	if (rare.attached)
		unregister_ftrace_function(&rare.ops);
	rare.attached = false;
	forget_filter(&rare.ops);
}

int kith_hook_extend(unsigned int i, unsigned long address)
{
	int ret = -ESHUTDOWN;

	mutex_lock(&kith_hook_lock);
	if (!kith_hooks[i].error)
		ret = add_guest(&kith_hooks[i], address);
	mutex_unlock(&kith_hook_lock);
	return ret;
}
