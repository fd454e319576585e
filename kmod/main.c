// SPDX-License-Identifier: GPL-2.0-only
/* Kith, the kernel's part: the order in which it begins and ends. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "account.h"
#include "async.h"
#include "flight.h"
#include "genl.h"
#include "hook.h"
#include "image.h"
#include "iter.h"
#include "load.h"
#include "openfile.h"
#include "passing.h"
#include "pipe.h"
#include "policy.h"
#include "report.h"
#include "ring.h"
#include "scratch.h"
#include "sensor.h"
#include "socket.h"
#include "stream.h"
#include "sweep.h"
#include "task.h"
#include "udp.h"

#include <kith/version.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/random.h>
#include <linux/timekeeping.h>

static u64 load_id __ro_after_init;
static u64 loaded_ns __ro_after_init;

u64 kith_load_id(void)
{
	return load_id;
}

u64 kith_loaded_ns(void)
{
	return loaded_ns;
}

static int __init kith_init(void)
{
	int ret;

	load_id = get_random_u64() | 1;
	kith_image_init();
	kith_udp_init();
	kith_flight_init();
	ret = kith_scratch_init();
	if (ret)
		goto err_scratch;
	ret = kith_ring_init();
	if (ret)
		goto err_ring;
	ret = kith_account_init();
	if (ret)
		goto err_account;
	ret = kith_task_init();
	if (ret)
		goto err_task;
	ret = kith_socket_init();
	if (ret)
		goto err_socket;
	ret = kith_iter_init();
	if (ret)
		goto err_iter;
	ret = kith_stream_init();
	if (ret)
		goto err_stream;
	ret = kith_hook_init();
	if (ret)
		goto err_hook;
	/* Before this, some hooks were not attached yet. */
	loaded_ns = ktime_get_boottime_ns();
	kith_openfile_find();
	ret = kith_sweep_init();
	if (ret)
		goto err_sweep;
	ret = kith_genl_init();
	if (ret)
		goto err_genl;
	kith_sensor_emit(KITH_SENSOR_LOADED, 0, THIS_MODULE->version);
	pr_info("version %s loaded\n", THIS_MODULE->version);
	return 0;

err_genl:
	kith_sweep_exit();
err_sweep:
	kith_hook_exit();
err_hook:
	kith_passing_exit();
	kith_stream_exit();
err_stream:
	kith_iter_stop();
err_iter:
	kith_pipe_exit();
	kith_socket_exit();
err_socket:
	kith_task_exit();
err_task:
	kith_async_exit();
	kith_account_exit();
err_account:
	kith_ring_exit();
err_ring:
	kith_scratch_exit();
err_scratch:
	return ret;
}

/*
 * The subscriber learns who unloads us, gets what the rings hold, and is let
 * go before the family disappears.
 */
static void __exit kith_exit(void)
{
	kith_sensor_emit(KITH_SENSOR_UNLOADING, 0, NULL);
	kith_sweep_exit();
	kith_report_close();
	kith_hook_exit();
	kith_stream_close();
	kith_genl_exit();
	kith_stream_exit();
	kith_passing_exit();
	kith_iter_stop();
	kith_pipe_exit();
	kith_socket_exit();
	kith_task_exit();
	kith_async_exit();
	kith_account_exit();
	kith_ring_exit();
	kith_scratch_exit();
	kith_policy_exit();
	pr_info("unloaded\n");
}

module_init(kith_init);
module_exit(kith_exit);

MODULE_DESCRIPTION("Reports processes, executions, changes of credentials, and who talks to whom");
MODULE_AUTHOR("The Kith authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(KITH_VERSION);
